"""`tradekit data verify`, `export` and `prune`: candles that are in the store already.

Decides how the options read, how the outcome looks as a table or as the data of a JSON document,
and that nobody loses candles without having said so. The work is `bootstrap`'s; printing that
document and choosing the exit code is `cli.app`'s.
"""

from __future__ import annotations

import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tradekit.cli import completion
from tradekit.cli.data_rows import OfInterval, OnExchange, StoredSymbols, here, named, told
from tradekit.cli.options import AsJson, epilog
from tradekit.cli.tables import print_table
from tradekit.cli.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tradekit.bootstrap.data_check import CheckOutcome, Found
    from tradekit.bootstrap.data_prune import Removal
    from tradekit.ports.store import Pruned

# So many rows of one kind and series are shown; the JSON document has all of them.
_ROWS_SHOWN: Final = 20
_NOTHING: Final = "nothing was removed"

VERIFY_EPILOG: Final = epilog(
    ["tradekit data verify", "tradekit data verify BTCUSDT SOLUSDT --exchange local --json"],
    "0 nothing is wrong, 1 the store cannot be read, 2 wrong options or an unknown symbol, "
    "4 there are defects",
)
EXPORT_EPILOG: Final = epilog(
    [
        "tradekit data export BTCUSDT --out btc.parquet --from 2026-04-01 --to 2026-05-01",
        "tradekit data export BTCUSDT SOLUSDT --interval 1h --format csv.gz --out candles/",
    ],
    "0 done, 1 a file could not be written, 2 wrong options, an unknown symbol or no pyarrow, "
    "5 the store is damaged, 6 there are no candles in the window",
)
PRUNE_EPILOG: Final = epilog(
    [
        "tradekit data prune --before 2025-01-01 --yes",
        "tradekit data prune BTCUSDT --exchange local --interval 1m",
    ],
    "0 done, or nothing to remove, 1 the store failed or has changed meanwhile, 2 wrong options, "
    "an unknown symbol, or --yes is missing where nobody can be asked, 5 the store is damaged",
)


def verify(
    symbols: StoredSymbols = None,
    exchange: OnExchange = None,
    interval: OfInterval = None,
    as_json: AsJson = False,
) -> Verdict:
    """Look for defects in the candles of the store: all of them, or these symbols'."""
    import asyncio

    from tradekit.bootstrap.data_check import check_candles

    outcome = asyncio.run(
        check_candles(here().state_dir, symbols or [], exchange=exchange, interval=interval)
    )
    if not as_json:
        print_table(
            ["exchange", "symbol", "interval", "kind", "when", "candles", "values"],
            list(_finding_rows(outcome)),
        )
        typer.echo(_total(outcome))
    return Verdict(_check_data(outcome), outcome.failures())


def export(
    symbols: Annotated[
        list[str],
        typer.Argument(metavar="SYMBOL...", autocompletion=completion.stored_symbols),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR|FILE", help="A folder, or the file of one symbol."),
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="csv|csv.gz|parquet|jsonl",
            help="Else from the file's name, else csv.",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="First moment, ISO-8601, UTC.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="First moment after the last candle.")
    ] = None,
    exchange: Annotated[
        str,
        typer.Option(
            "--exchange",
            metavar="NAME",
            help="The name that the candles are kept under.",
            autocompletion=completion.stored_exchanges,
        ),
    ] = "local",
    interval: Annotated[
        str,
        typer.Option("--interval", help="Such as 1m or 1h.", autocompletion=completion.intervals),
    ] = "1m",
    as_json: AsJson = False,
) -> Verdict:
    """Write candles of the store to files that import takes back; a file there is replaced."""
    import asyncio

    from tradekit.bootstrap.data_export import export_candles
    from tradekit.domain.time import parse_time_ms

    window = {}
    if since is not None:
        window["since_ms"] = parse_time_ms(since, "--from")
    if until is not None:
        window["until_ms"] = parse_time_ms(until, "--to")
    written = asyncio.run(
        export_candles(
            here().state_dir,
            symbols,
            out,
            exchange=exchange,
            interval=interval,
            form=form,
            **window,
        )
    )
    if not as_json:
        print_table(
            ["file", "symbol", "interval", "from", "to", "candles"],
            [[str(each.path), *named(each), f"{each.candles:,}"] for each in written],
        )
    rows = [
        {
            "file": str(each.path),
            **told(each),
            "candles": each.candles,
            "content_hash": each.content_hash,
        }
        for each in written
    ]
    return Verdict({"exchange": exchange, "files": rows})


def prune(
    symbols: StoredSymbols = None,
    before: Annotated[
        str | None,
        typer.Option("--before", metavar="TIME", help="Only candles that open before it."),
    ] = None,
    exchange: OnExchange = None,
    interval: OfInterval = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
    as_json: AsJson = False,
) -> Verdict:
    """Remove candles from the store: of these symbols, or as far as the options say."""
    import asyncio

    from tradekit.bootstrap.data_prune import Removal, find_prunable, prune_candles
    from tradekit.domain.time import parse_time_ms
    from tradekit.errors import SettingsError, TradekitError

    before_ms = None if before is None else parse_time_ms(before, "--before")
    state_dir = here().state_dir
    found = asyncio.run(
        find_prunable(
            state_dir, symbols or [], exchange=exchange, interval=interval, before_ms=before_ms
        )
    )
    if not as_json:
        _print_prunable(found)
    if found and not yes:
        if not sys.stdin.isatty():
            refusal = SettingsError(
                f"{_NOTHING}: --yes was not given, and there is no terminal to ask at",
                fix="add --yes",
            )
            return Verdict(_prune_data(found, Removal((), (), 0)), [refusal])
        if not typer.confirm("remove them for good?", err=True):
            return Verdict(_prune_data(found, Removal((), (), 0)), [TradekitError(_NOTHING)])
    done = asyncio.run(prune_candles(state_dir, found, before_ms))
    if not as_json:
        count = sum(each.candles for each in done.removed)
        freed = done.freed_bytes
        typer.echo(f"removed {count:,} candles, the disk got {freed:,} bytes back", err=True)
    return Verdict(_prune_data(found, done), done.failures())


def _finding_rows(outcome: CheckOutcome) -> Iterator[list[str]]:
    """Yield the rows of the table, of many of one kind the first ones and how many more."""
    from tradekit.domain.time import format_time

    def place(each: Found) -> tuple[str, str, str, str]:
        return each.exchange, each.symbol, each.interval.plain, each.finding.kind.value

    for key, group in groupby(outcome.found, key=place):
        found = list(group)
        for each in found[:_ROWS_SHOWN]:
            finding = each.finding
            known = f"{each.ledger}; " if each.ledger else ""
            when = format_time(finding.since_ms)
            yield [*key, when, f"{finding.candles:,}", f"{known}{finding.values}"]
        if more := found[_ROWS_SHOWN:]:
            candles = sum(each.finding.candles for each in more)
            yield [*key, "later", f"{candles:,}", f"{len(more):,} more, all of them with --json"]


def _total(outcome: CheckOutcome) -> str:
    """Return the last line: what was looked at and what was found."""
    defects, notes = len(outcome.defects), len(outcome.notes)
    series = "1 series" if outcome.series_count == 1 else f"{outcome.series_count:,} series"
    return (
        f"{_count(outcome.candle_count, 'candle')} in {series} looked at: "
        f"{_count(defects, 'defect')}, {_count(notes, 'note')}"
    )


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _check_data(outcome: CheckOutcome) -> dict[str, Any]:
    """Return what the JSON document of a check says."""
    from tradekit.domain.time import format_time

    def row(each: Found) -> dict[str, Any]:
        finding = each.finding
        return {
            "exchange": each.exchange,
            "symbol": each.symbol,
            "interval": each.interval.plain,
            "kind": finding.kind.value,
            "from": format_time(finding.since_ms),
            "to": format_time(finding.until_ms),
            "candles": finding.candles,
            "values": finding.values,
            **({"ledger": each.ledger} if each.ledger else {}),
        }

    return {
        "series": outcome.series_count,
        "candles": outcome.candle_count,
        "defects": [row(each) for each in outcome.defects],
        "notes": [row(each) for each in outcome.notes],
    }


def _print_prunable(found: Sequence[Pruned]) -> None:
    print_table(
        ["exchange", "symbol", "interval", "from", "to", "candles"],
        [[each.exchange, *named(each), f"{each.candles:,}"] for each in found],
    )
    if not found:
        typer.echo("the store has no such candles", err=True)


def _prune_data(found: Sequence[Pruned], done: Removal) -> dict[str, Any]:
    """Return what the JSON document of a removal says."""

    def rows(pruned: Sequence[Pruned]) -> list[dict[str, Any]]:
        return [
            {"exchange": each.exchange, **told(each), "candles": each.candles} for each in pruned
        ]

    return {
        "found": rows(found),
        "removed": rows(done.removed),
        "left": rows(done.left),
        "freed_bytes": done.freed_bytes,
    }
