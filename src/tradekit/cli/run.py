"""`tradekit backtest`: its options, and what happens between them and the bootstrap.

Decides how the options read. What they mean is the bootstrap's business, how a run looks that of
`render`, and exit codes are `app`'s. Heavy libraries are imported when a command runs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from tradekit.cli import completion
from tradekit.cli.stopping import STOP
from tradekit.cli.verdict import Verdict

if TYPE_CHECKING:
    from tradekit.bootstrap.replays import View
    from tradekit.bootstrap.request import Prepared
    from tradekit.bootstrap.run import FinishedRun

EPILOG: Final = (
    "Examples:\n\n"
    "tradekit backtest strategies/bracket.py --exchange synthetic --seed 7\n\n"
    "tradekit backtest strategies/sma_cross.py --exchange synthetic --from 2026-04-01 --to 30d "
    "--symbols BTCUSDT --set fast=12 --fee 0.05\n\n"
    "Exit codes: 0 done, 1 a strategy failed (its symbol stopped, the others finished) or the disk "
    "is full, 2 wrong usage or configuration, 3 a dependency did not answer, 4 bad candles, 5 the "
    "store needs a person, 6 candles are missing, 130 and 143 stopped by a signal"
)


def backtest(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="The strategy file; else the configured one, else the only one in strategies/.",
            autocompletion=completion.strategy_files,
        ),
    ] = None,
    *,
    strategies: Annotated[
        list[str] | None,
        typer.Option(
            "--strategy",
            help="A strategy of the file, by name; repeatable; else its first.",
            autocompletion=completion.strategies,
        ),
    ] = None,
    all_strategies: Annotated[
        bool,
        typer.Option("--all-strategies", help="All strategies of the file, in one account."),
    ] = False,
    exchange: Annotated[
        str | None,
        typer.Option(
            help="An exchange of the file, `local` or `synthetic`.",
            autocompletion=completion.exchanges,
        ),
    ] = None,
    frame: Annotated[
        str | None,
        typer.Option(
            help="A frame of the file, by name; else its first.", autocompletion=completion.frames
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", help="First moment (ISO-8601, UTC), or a length before --to."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option("--to", help="First moment after the end, or a length such as 30d."),
    ] = None,
    symbols: Annotated[
        str | None,
        typer.Option(help="Symbols with commas between them.", autocompletion=completion.symbols),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that share the symbols; the result is the same.")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A parameter of the strategy; repeatable."
        ),
    ] = None,
    gaps: Annotated[
        str | None,
        typer.Option(help="Missing candles: `refuse` the symbol, `skip` or `fill` them."),
    ] = None,
    capital: Annotated[float | None, typer.Option(help="Cash at the start, in quote.")] = None,
    fee: Annotated[float | None, typer.Option(help="Fee of every fill, in percent.")] = None,
    slippage: Annotated[
        float | None, typer.Option(help="Slippage of every fill, in percent.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of synthetic candles.")] = None,
    no_interval: Annotated[
        bool,
        typer.Option("--no-interval", help="Skip the second run that ambiguous candles ask for."),
    ] = False,
    check_wakes: Annotated[
        bool,
        typer.Option("--check-wakes", help="Run without any Wake too; exit 4 at a difference."),
    ] = False,
    wait: Annotated[
        float | None, typer.Option(help="Seconds that everything has to become ready.")
    ] = None,
    runs_dir: Annotated[
        Path | None, typer.Option(help="Where the run folder goes; else runs/.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, nothing else.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print the result only.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Print without colours.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Print tracebacks of errors.")] = False,
) -> Verdict:
    """Replay a strategy over past candles of many symbols, and keep the result in a run folder."""
    del debug  # `app` looks for it, since it must hold where the options themselves are wrong
    from tradekit.bootstrap.choices import Choices
    from tradekit.bootstrap.request import Request, prepare

    flags: dict[str, object] = {
        "--capital": capital,
        "--gaps": gaps,
        "--seed": seed,
        "--workers": workers,
        "--no-interval": False if no_interval else None,
        "--fee": fee,
        "--slippage": slippage,
        "--runs-dir": runs_dir,
        "--wait": wait,
    }
    set_ = tuple(assignments or ())
    named = tuple(strategies or ())
    choices = Choices(
        named, exchange, frame, since, until, symbols, set_, check_wakes, all_strategies
    )
    # What a strategy prints must not get between the lines of the document.
    with contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext():
        prepared = prepare(Request(file, Path.cwd(), os.environ, flags, choices))
        outcome = _watched(prepared, silent=as_json or quiet, colored=not no_color)
    if not as_json:
        from tradekit.cli.render import print_outcome

        print_outcome(outcome, colored=not no_color)
    return Verdict(_data(outcome), outcome.failures)


def _watched(prepared: Prepared, *, silent: bool, colored: bool) -> FinishedRun:
    """Run what was prepared under a view, and stop it gently at the first signal."""
    import asyncio

    from tradekit.bootstrap.run import run_backtest
    from tradekit.cli.render import open_view
    from tradekit.errors import StoppedError

    async def run(view: View) -> FinishedRun:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"
        # The flag ends a replay at its next step; cancelling ends whatever else is awaited.
        with STOP.gently(lambda: loop.call_soon_threadsafe(task.cancel)):
            return await run_backtest(prepared, view, should_stop=STOP.requested)

    with open_view(silent=silent, colored=colored) as view:
        try:
            return asyncio.run(run(view))
        except asyncio.CancelledError:
            raise StoppedError from None


def _data(outcome: FinishedRun) -> dict[str, Any]:
    """Return what the JSON document says: the report, its trades, and where all of it is."""
    from tradekit.bootstrap.results import trade_documents

    return {
        "run_id": outcome.place.name,
        "run_dir": str(outcome.place),
        "report": outcome.document,
        "trades": trade_documents(outcome.report),
    }
