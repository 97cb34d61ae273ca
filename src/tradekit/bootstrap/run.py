"""A backtest from what was prepared to its run folder: the bootstrap that every run shares.

What must be ready, the market's facts, one runner a symbol, and what they came to. How it looks is
the command line's business, and so is the exit code. Invariant: nothing is written before
everything has been run.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tradekit.analysis.interval import interval_document
from tradekit.analysis.report import build_report
from tradekit.bootstrap import results, wiring
from tradekit.bootstrap.market import open_market
from tradekit.bootstrap.ready import wait_until_ready
from tradekit.bootstrap.replays import (
    Way,
    check_wakes,
    listed_symbols,
    replay_anew,
    replay_prepared,
)
from tradekit.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tradekit.analysis.report import RunReport
    from tradekit.bootstrap.market import Market
    from tradekit.bootstrap.plan import RunPlan
    from tradekit.bootstrap.replays import View
    from tradekit.bootstrap.request import Prepared
    from tradekit.drivers.replay import Replayed
    from tradekit.errors import TradekitError


@dataclass(frozen=True, slots=True)
class FinishedRun:
    """A finished run: its figures, its folder, and what went wrong with single symbols."""

    prepared: Prepared
    market: Market
    report: RunReport
    document: dict[str, Any]
    place: Path
    failures: list[TradekitError]
    replay_s: float


async def run_backtest(
    prepared: Prepared, view: View, *, should_stop: Callable[[], bool]
) -> FinishedRun:
    """Run what was prepared and keep it in a run folder.

    A symbol that fails does not stop the others; it is in the outcome's `failures`.

    Args:
        prepared: what to run.
        view: told what is going on.
        should_stop: asked now and then; nothing is written after it said so.

    Raises:
        TradekitError: nothing could be run, or the result could not be written.
        VerdictError: `--check-wakes` found a difference; nothing is written.
        StoppedError: `should_stop` said so.
        ExceptionGroup: several reasons.
    """
    settings, plan = prepared.settings, prepared.plan
    clock = wiring.system_clock()
    began_ms = clock.now_ms()
    source = wiring.make_source(
        plan.exchange,
        state_dir=settings.state_dir,
        seed=plan.seed,
        symbols=listed_symbols(prepared),
        base_dir=prepared.loaded.path.parent,
    )
    store = wiring.open_run_store(settings.runs_dir)
    await wait_until_ready(
        {f"exchange {source.name!r}": source.wait_ready, "the run folder": store.wait_ready},
        wait_s=settings.ready.wait_s,
        on_waiting=view.waiting,
    )
    market = await open_market(source, plan)
    view.started(prepared, market)
    began_s = time.perf_counter()
    replayed, run_notes = await replay_prepared(prepared, market, view, should_stop)
    replay_s = time.perf_counter() - began_s
    if plan.check_wakes:
        view.noted("--check-wakes: replayed again with every hook called at every boundary")
        way = Way(sleeping=False)
        check_wakes(replayed, await replay_anew(prepared, market, view, should_stop, way))
        view.noted("--check-wakes: no event differs")
    report = _report(plan, market, replayed)
    other: RunReport | None = report
    if replayed.ambiguous_candles and plan.interval:
        view.noted("some candles are ambiguous: replayed again with the target before the stop")
        way = Way(target_first=True)
        anew = await replay_anew(prepared, market, view, should_stop, way)
        other = None if anew is None else _report(plan, market, anew)
    elif replayed.ambiguous_candles:
        other = None
    interval = interval_document(report, other, replayed.ambiguous_candles)
    document = {**results.report_document(report, market), "interval": interval}
    manifest = results.manifest(
        plan=plan,
        loaded=prepared.loaded,
        file=prepared.file,
        market=market,
        replayed=replayed,
        notes=run_notes,
        times_ms=(began_ms, clock.now_ms()),
    )
    if should_stop():
        raise StoppedError
    files = results.run_files(report, document, manifest, replayed.logs)
    place = store.write(results.run_id(began_ms, plan.name, report.fingerprint), files)
    failures = [*market.failures, *replayed.failures.values()]
    return FinishedRun(prepared, market, report, document, place, failures, replay_s)


def _report(plan: RunPlan, market: Market, replayed: Replayed) -> RunReport:
    """Return what came of it in figures."""
    frame, base_ms = plan.frame, plan.frame.base.ms
    return build_report(
        replayed.rows,
        market.inside(frame.since_ms, frame.until_ms, base_ms),
        capital=plan.capital,
        base_ms=base_ms,
        since_ms=frame.since_ms,
        until_ms=frame.until_ms,
        strategies=tuple(each.strategy.name for each in plan.strategies),
        gaps=results.gap_facts(market.holes, replayed.rows, base_ms),
    )
