"""Replays of a prepared run: in one process or in several, and again in another way.

Decides when symbols may run apart, and that a second run begins from a fresh load of the strategy
file. What the runs come to is `run`'s business.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, NamedTuple, Protocol

from tradekit.bootstrap.choices import configure
from tradekit.bootstrap.settings import DEFAULT_SYMBOLS
from tradekit.domain.time import format_time
from tradekit.drivers.replay import ReplayPlan, replay
from tradekit.engine.account import falls_short
from tradekit.errors import VerdictError
from tradekit.registry.loader import load_anew

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradekit.bootstrap.fanout import Errand
    from tradekit.bootstrap.market import Market
    from tradekit.bootstrap.request import Prepared
    from tradekit.drivers.replay import Replayed, SymbolProgress

_AGAIN = (
    "symbols depend on one another through the account: replayed again in one schedule, "
    "--workers 1 would have been enough"
)


class View(Protocol):
    """Where a run is watched."""

    def waiting(self, names: Sequence[str]) -> None:
        """Say what is being waited for."""

    def started(self, prepared: Prepared, market: Market) -> None:
        """Say what is about to run."""

    def progress(self, progress: Sequence[SymbolProgress]) -> None:
        """Say how far it is; called often."""

    def noted(self, note: str) -> None:
        """Say something that came up on the way."""


class Way(NamedTuple):
    """How a run is replayed; the fields are those of `ReplayPlan`."""

    target_first: bool = False
    sleeping: bool = True


FIRST_WAY = Way()


def listed_symbols(prepared: Prepared) -> tuple[str, ...]:
    """Return what a synthetic exchange lists: whatever anybody has written down as a symbol."""
    own = [each.strategy.symbols or () for each in prepared.plan.strategies]
    return tuple(dict.fromkeys((*DEFAULT_SYMBOLS, *prepared.settings.symbols, *chain(*own))))


async def replay_anew(
    prepared: Prepared, market: Market, view: View, should_stop: Callable[[], bool], way: Way
) -> Replayed | None:
    """Replay once more in another way; None if the strategy file is not the same any more.

    The file is loaded anew, so that what it and its modules remember of the first run is not there,
    and what it prints is not seen a second time.
    """
    plan, loaded = prepared.plan, prepared.loaded
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: ASYNC230, PTH123  # it never blocks
        again = load_anew(loaded, root=prepared.settings.root)
        if again is None:
            return None
        strategies = configure(again, plan.chosen(), prepared.assignments)
        fresh = replace(prepared, loaded=again, plan=replace(plan, strategies=strategies))
        return (await replay_prepared(fresh, market, view, should_stop, way))[0]


def check_wakes(slept: Replayed, awake: Replayed | None) -> None:
    """Compare a run with what it would have been without any `Wake`.

    Raises:
        VerdictError: they differ, or the strategy file changed in between; it names the first
            event of which only one of them knows.
    """
    if awake is None:
        raise VerdictError("--check-wakes: the strategy file changed while it ran")
    for with_wake, without in zip_longest(slept.rows, awake.rows):
        if with_wake != without:
            # Where one has a row more, the other's next one is innocent: the earlier row is it.
            row = min((each for each in (without, with_wake) if each), key=lambda each: each[:4])
            told = "with Wake" if row is with_wake else "without Wake"
            raise VerdictError(
                "--check-wakes: hooks that sleep miss something, the first difference is "
                f"{row.kind} of {row.symbol} at {format_time(row.ts_ms)} ({told})",
                fix="return a Wake that comes earlier: a price or a time before it matters",
            )


async def replay_prepared(
    prepared: Prepared,
    market: Market,
    view: View,
    should_stop: Callable[[], bool],
    way: Way = FIRST_WAY,
) -> tuple[Replayed, list[str]]:
    """Replay in as many processes as asked for, as long as that is the same as in one.

    Returns what happened, and what there is to say about how.
    """
    plan = prepared.plan
    shares = min(plan.workers, len(market.tapes))
    notes = []
    if shares > 1 and plan.tied_by:
        # The header has said so; whoever finds the run later has only this.
        notes = [f"{plan.tied_by}: replayed in one schedule, whatever --workers says"]
    elif shares > 1:
        from tradekit.bootstrap.fanout import replay_apart

        errands = [_errand(prepared, market, share, shares, way=way) for share in range(shares)]
        apart = await replay_apart(errands, on_progress=view.progress, should_stop=should_stop)
        if not apart.used_account and not falls_short(apart.rows, plan.capital):
            return apart, []
        notes = [_AGAIN]
        view.noted(_AGAIN)
    whole = ReplayPlan(
        strategies=plan.strategies,
        frame=plan.frame,
        tapes=market.tapes,
        costs=plan.costs,
        limits=plan.limits,
        capital=plan.capital,
        target_first=way.target_first,
        sleeping=way.sleeping,
    )
    return await replay(whole, on_progress=view.progress, should_stop=should_stop), notes


def _errand(prepared: Prepared, market: Market, share: int, shares: int, *, way: Way) -> Errand:
    """Return what the worker of every `shares`-th symbol, from number `share` on, has to know."""
    from tradekit.bootstrap import fanout

    plan = prepared.plan
    return fanout.Errand(
        file=str(prepared.loaded.path),
        root=str(prepared.settings.root),
        strategies=plan.chosen(),
        assignments=prepared.assignments,
        exchange=plan.exchange,
        state_dir=str(prepared.settings.state_dir),
        seed=plan.seed,
        listed=listed_symbols(prepared),
        frame=plan.frame,
        costs=plan.costs,
        limits=plan.limits,
        capital=plan.capital,
        target_first=way.target_first,
        sleeping=way.sleeping,
        stretches=tuple(
            fanout.Stretch(
                tape.symbol,
                tape.symbol_index,
                int(tape.candles.ts_ms[0]),
                int(tape.candles.ts_ms[tape.first_index]),
                market.filled_until_ms(tape),
            )
            for tape in market.tapes[share::shares]
        ),
    )
