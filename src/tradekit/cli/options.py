"""What commands have in common: options that read the same, and the end of their help.

Decides nothing else. Imported by the commands' modules only, when one of them is wanted.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tradekit.cli import completion

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]
StrategyFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="The strategy file; else the configured one, else the only one in strategies/.",
        autocompletion=completion.strategy_files,
    ),
]


def epilog(examples: Sequence[str], codes: str) -> str:
    """Return what ends a command's help: two examples and the exit codes."""
    return "\n\n".join(["Examples:", *examples, f"Exit codes: {codes}"])


def aside(*, as_json: bool) -> contextlib.AbstractContextManager[Any]:
    """Keep what a strategy file prints while it is loaded out of the JSON document."""
    return contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
