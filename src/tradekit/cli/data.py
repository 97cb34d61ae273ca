"""`tradekit data`: import candle files, list what the store has, make candles up.

Decides how the options read and how the outcome looks as a table or as the data of a JSON document.
The work is `bootstrap`'s, the other commands of the group are those of `data_upkeep`; printing that
document and choosing the exit code is `cli.app`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tradekit.cli import data_upkeep
from tradekit.cli.data_rows import here, named, told
from tradekit.cli.options import AsJson, epilog
from tradekit.cli.tables import print_table
from tradekit.cli.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.bootstrap.data import ImportedFile, ImportOutcome

_CONFLICTS_SHOWN: Final = 100

app = typer.Typer(
    name="data",
    help="Import, check, list, export, make and remove candles.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help, as the other commands have it
)

app.command("verify", epilog=data_upkeep.VERIFY_EPILOG)(data_upkeep.verify)
app.command("export", epilog=data_upkeep.EXPORT_EPILOG)(data_upkeep.export)
app.command("prune", epilog=data_upkeep.PRUNE_EPILOG)(data_upkeep.prune)

ExchangeName = Annotated[
    str, typer.Option("--exchange", metavar="NAME", help="The name to keep the candles under.")
]


@app.command(
    "import",
    epilog=epilog(
        [
            "tradekit data import candles/BTCUSDT-1m-2026.csv.gz",
            "tradekit data import btc.csv --symbol BTCUSDT --interval 1m --map timestamp_ms=date",
        ],
        "0 all files were taken, 1 the store failed, 2 wrong options or no such file, "
        "4 a file was refused or contradicts the store (the rest was taken), 5 the store is broken",
    ),
)
def import_files(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE|DIR...", help="CSV, JSON lines or Parquet.")
    ],
    exchange: ExchangeName = "local",
    symbol: Annotated[
        str | None, typer.Option("--symbol", help="Of all files; else from SYMBOL-INTERVAL names.")
    ] = None,
    interval: Annotated[
        str | None, typer.Option("--interval", help="Of all files, such as 1m or 1h.")
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OURS=THEIRS,...", help="Columns named otherwise."),
    ] = None,
    as_json: AsJson = False,
) -> Verdict:
    """Take candle files into the store, each whole or not at all."""
    import asyncio

    from tradekit.bootstrap import data

    outcome = asyncio.run(
        data.import_files(
            here().state_dir,
            files,
            exchange=exchange,
            symbol=symbol,
            interval=interval,
            columns=_columns(columns or []),
        )
    )
    if not as_json:
        _show_import(outcome)
    return Verdict(_import_data(outcome), outcome.failures())


@app.command(
    "list",
    epilog=epilog(
        ["tradekit data list", "tradekit data list --json"],
        "0 done, 1 the store cannot be read, 2 wrong options, 5 the store is damaged",
    ),
)
def list_holdings(as_json: AsJson = False) -> Verdict:
    """List the candles that the store has."""
    import asyncio

    from tradekit.bootstrap import data

    holdings = asyncio.run(data.list_holdings(here().state_dir))
    if not as_json:
        print_table(
            ["exchange", "symbol", "interval", "from", "to", "candles", "holes"],
            [
                [each.exchange, *named(each), f"{each.candles:,}", f"{each.holes:,}"]
                for each in holdings
            ],
        )
        if not holdings:
            typer.echo("the store has no candles; see: tradekit data import --help", err=True)
    rows = [
        {
            "exchange": each.exchange,
            **told(each),
            "candles": each.candles,
            "holes": each.holes,
            "missing": each.missing,
        }
        for each in holdings
    ]
    return Verdict({"holdings": rows})


@app.command(
    "synth",
    epilog=epilog(
        [
            "tradekit data synth BTCUSDT --from 2026-04-01 --to 2026-04-28",
            "tradekit data synth BTCUSDT SOLUSDT --from 2025-01-01 --to 2026-01-01 --interval 1h",
        ],
        "0 done, 1 the store failed, 2 wrong options or other candles are there, "
        "5 the store is damaged",
    ),
)
def synthesise(
    symbols: Annotated[list[str], typer.Argument(metavar="SYMBOL...")],
    since: Annotated[str, typer.Option("--from", help="First moment, ISO-8601, UTC.")],
    until: Annotated[str, typer.Option("--to", help="First moment after the last candle.")],
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, help="The same seed, the same candles.")
    ] = None,
    exchange: ExchangeName = "local",
    interval: Annotated[str, typer.Option("--interval", help="Such as 1m or 1h.")] = "1m",
    as_json: AsJson = False,
) -> Verdict:
    """Write made-up candles to the store, always the same for one seed."""
    import asyncio

    from tradekit.bootstrap.data_synth import synthesise as make_up
    from tradekit.domain.time import parse_time_ms

    settings = here()
    seed = settings.backtest.seed if seed is None else seed
    made = asyncio.run(
        make_up(
            settings.state_dir,
            symbols,
            parse_time_ms(since, "--from"),
            parse_time_ms(until, "--to"),
            seed=seed,
            exchange=exchange,
            interval=interval,
        )
    )
    if not as_json:
        print_table(
            ["exchange", "symbol", "interval", "from", "to", "candles", "new"],
            [[exchange, *named(each), f"{each.candles:,}", f"{each.added:,}"] for each in made],
        )
    rows = [{**told(each), "candles": each.candles, "added": each.added} for each in made]
    return Verdict({"exchange": exchange, "seed": seed, "symbols": rows})


def _columns(mappings: Sequence[str]) -> dict[str, str]:
    """Return `--map` as our names to theirs."""
    from tradekit.errors import SettingsError

    columns: dict[str, str] = {}
    for pair in (each for text in mappings for each in text.split(",") if each.strip()):
        ours, sign, theirs = (part.strip() for part in pair.partition("="))
        if not (ours and sign and theirs):
            raise SettingsError(f"--map was {pair!r}, must be OURS=THEIRS as in open=o")
        columns[ours] = theirs
    return columns


def _show_import(outcome: ImportOutcome) -> None:
    """Print what was taken, and how much was not."""
    print_table(
        ["file", "symbol", "interval", "from", "to", "candles", "new", "noticed"],
        [
            [
                each.path.name,
                *named(each),
                f"{each.candles:,}",
                f"{each.added:,}",
                ", ".join(_noticed(each)),
            ]
            for each in outcome.taken
        ],
    )
    if outcome.left_out:
        names = ", ".join(path.name for path in outcome.left_out)
        typer.echo(f"left out, no symbol and known interval in the name: {names}", err=True)
    if outcome.refused:
        refused, taken = len(outcome.refused), len(outcome.taken)
        typer.echo(
            f"{refused} of {refused + taken} files refused, {taken} taken into "
            f"{outcome.exchange!r}",
            err=True,
        )


def _noticed(each: ImportedFile) -> list[str]:
    """Return what is worth saying about a file that was taken."""
    notes = [
        (each.duplicates, "duplicates dropped"),
        (each.disorder, "steps back in time sorted"),
        (each.holes, f"holes ({each.missing:,} candles missing)"),
        (each.zero_volume, "without volume"),
        (each.outside, "open or close one price step outside high and low"),
        (len(each.far_ts_ms), "1000 times off the median price"),
        (len(each.conflict_ts_ms), "differ from stored ones and were kept out"),
    ]
    return [f"{count:,} {what}" for count, what in notes if count]


def _import_data(outcome: ImportOutcome) -> dict[str, Any]:
    """Return what the JSON document of an import says."""
    from tradekit.domain.time import format_time

    return {
        "exchange": outcome.exchange,
        "files": [
            {
                "file": str(each.path),
                **told(each),
                "rows": each.rows,
                "candles": each.candles,
                "added": each.added,
                "known": each.known,
                "conflicts": len(each.conflict_ts_ms),
                "first_conflicts": [
                    format_time(ts_ms) for ts_ms in each.conflict_ts_ms[:_CONFLICTS_SHOWN]
                ],
                "duplicates": each.duplicates,
                "disorder": each.disorder,
                "outside": each.outside,
                "zero_volume": each.zero_volume,
                "far_from_median": len(each.far_ts_ms),
                "holes": each.holes,
                "missing": each.missing,
            }
            for each in outcome.taken
        ],
        "refused": [
            {"file": str(each.path), "message": each.error.message} for each in outcome.refused
        ],
        "left_out": [str(path) for path in outcome.left_out],
    }
