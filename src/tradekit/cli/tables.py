"""Tables of a command's result: drawn on a terminal, plain columns into a pipe.

Decides how rows look. What is in them is decided by each command; how a run is watched and told is
`render`'s business.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import typer

from tradekit.cli.verdict import printable

# Drawing takes milliseconds a row; nobody waits seconds for lines around a long list.
_DRAWN: Final = 100


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, plain columns into a pipe, nothing without rows.

    More than a hundred rows are plain columns on a terminal, too. A cell is one line: what it holds
    of control characters, new lines and tabs is spelled out.
    """
    if not rows:
        return
    cells = [[_one_line(cell) for cell in row] for row in rows]
    if sys.stdout.isatty() and len(cells) <= _DRAWN:
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        table = Table(*headers)
        for row in cells:
            table.add_row(*map(escape, row))
        Console().print(table)
        return
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    for line in (headers, *cells):
        padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def _one_line(cell: str) -> str:
    return printable(cell).replace("\n", r"\n").replace("\t", r"\t")
