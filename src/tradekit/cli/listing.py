"""`tradekit list`: what there is to choose from for a run.

Decides how it looks. Finding it is `bootstrap.listing`'s work.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradekit.cli import completion
from tradekit.cli.options import AsJson, aside, epilog
from tradekit.cli.project import frame_data, strategy_data
from tradekit.cli.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradekit.bootstrap.listing import LoadedFiles
    from tradekit.bootstrap.settings import Settings

app = typer.Typer(name="list", rich_markup_mode=None)

_CODES = "0 done, 2 a strategy file or a setting is wrong (the other files are listed)"

AnyFile = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="A strategy file; else the configured one and all in strategies/.",
        autocompletion=completion.strategy_files,
    ),
]


@app.command(
    "strategies",
    epilog=epilog(
        ["tradekit list strategies", "tradekit list strategies strategies/bracket.py --json"],
        _CODES,
    ),
)
def strategies(file: AnyFile = None, *, as_json: AsJson = False) -> Verdict:
    """List the strategies of the files."""
    headers = ["name", "every", "hold", "wait", "warmup", "file"]
    return _declared("strategies", file, strategy_data, headers, as_json=as_json)


@app.command(
    "exchanges",
    epilog=epilog(
        ["tradekit list exchanges", "tradekit list exchanges strategies/bracket.py --json"],
        "0 done, 1 the store cannot be read, 2 a strategy file or a setting is wrong (the other "
        "files are listed), 5 the store is damaged",
    ),
)
def exchanges(file: AnyFile = None, *, as_json: AsJson = False) -> Verdict:
    """List the exchanges of the files, the built-in ones, and those with stored candles."""
    from tradekit.bootstrap.listing import list_exchanges

    files, settings = _load(file, as_json=as_json)
    found = list_exchanges(files, settings)
    rows = [{"name": each.name, "kind": each.kind, "origin": each.origin} for each in found]
    if not as_json:
        _print(["name", "kind", "origin"], [list(row.values()) for row in rows], "exchanges")
    return Verdict({"exchanges": rows}, files.failures)


@app.command(
    "frames",
    epilog=epilog(
        ["tradekit list frames", "tradekit list frames strategies/bracket.py --json"], _CODES
    ),
)
def frames(file: AnyFile = None, *, as_json: AsJson = False) -> Verdict:
    """List the frames of the files."""
    return _declared(
        "frames", file, frame_data, ["name", "from", "to", "base", "file"], as_json=as_json
    )


@app.command(
    "symbols",
    epilog=epilog(
        ["tradekit list symbols", "tradekit list symbols --exchange local --json"],
        "0 done, 1 the store cannot be read, 2 there is no such exchange, or a file or a setting "
        "is wrong, 4 bad candles, 5 the store is damaged",
    ),
)
def symbols(
    file: AnyFile = None,
    *,
    exchange: Annotated[
        str | None,
        typer.Option(
            help="Those that it has candles of; else the symbols of the settings.",
            autocompletion=completion.exchanges,
        ),
    ] = None,
    as_json: AsJson = False,
) -> Verdict:
    """List the symbols of the settings, or those of an exchange."""
    from tradekit.bootstrap.listing import LoadedFiles, list_symbols

    files, settings = _load(file, as_json=as_json)
    found = list_symbols(exchange, files, settings)
    rows = [{"symbol": each.symbol, "intervals": list(each.intervals)} for each in found]
    if not as_json:
        headers = ["symbol", *(["intervals"] if exchange else [])]
        lines = [[each.symbol, " ".join(each.intervals)][: len(headers)] for each in found]
        _print(headers, lines, "symbols")
    # Files matter here only where one of them was to declare the exchange.
    failures = files.failures if file is not None else LoadedFiles().failures
    return Verdict({"exchange": exchange, "symbols": rows}, failures)


def _declared(
    what: str,
    file: Path | None,
    data_of: Callable[[Any], dict[str, Any]],
    headers: Sequence[str],
    *,
    as_json: bool,
) -> Verdict:
    """List what the files declare of one kind, with the file that does."""
    from tradekit.bootstrap.listing import shown

    files, settings = _load(file, as_json=as_json)
    rows = [
        {**data_of(item), "file": shown(each.path, settings)}
        for each in files.loaded
        for item in getattr(each, what)
    ]
    if not as_json:
        _print(headers, [[row[key] for key in headers] for row in rows], what)
    return Verdict({what: rows}, files.failures)


def _load(file: Path | None, *, as_json: bool) -> tuple[LoadedFiles, Settings]:
    from tradekit.bootstrap.listing import load_files
    from tradekit.bootstrap.settings import load_settings

    settings = load_settings(Path.cwd(), os.environ)
    with aside(as_json=as_json):
        return load_files(file, settings, Path.cwd()), settings


def _print(headers: Sequence[str], rows: Sequence[Sequence[str]], what: str) -> None:
    from tradekit.cli.tables import print_table

    print_table(headers, rows)
    if not rows:
        typer.echo(f"there are no {what}", err=True)
