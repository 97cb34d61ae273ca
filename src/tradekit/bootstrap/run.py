"""A backtest from its request to its run folder: the bootstrap that every run shares.

Settings, then the strategy file, then a plan, all checked without any IO to speak of; then what
must be ready, the market's facts, one runner a symbol, and what they came to. How it looks is the
command line's business, and so is the exit code. Invariant: nothing is written before everything
has been run.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from tradekit.analysis.interval import interval_document
from tradekit.analysis.report import build_report
from tradekit.bootstrap import results, wiring
from tradekit.bootstrap.market import open_market
from tradekit.bootstrap.parameters import make_params
from tradekit.bootstrap.places import find_strategy_file
from tradekit.bootstrap.plan import Mistakes, make_plan, needs_store
from tradekit.bootstrap.ready import wait_until_ready
from tradekit.bootstrap.settings import DEFAULT_SYMBOLS, read_settings
from tradekit.drivers.replay import ReplayPlan, replay
from tradekit.engine.account import falls_short
from tradekit.errors import StoppedError, TradekitError
from tradekit.registry.loader import load_anew, load_strategy_file

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from tradekit.analysis.report import RunReport
    from tradekit.bootstrap.fanout import Errand
    from tradekit.bootstrap.market import Market
    from tradekit.bootstrap.plan import Choices, RunPlan
    from tradekit.bootstrap.settings import Settings
    from tradekit.drivers.replay import Replayed, SymbolProgress
    from tradekit.registry.loader import LoadedFile

_AGAIN = (
    "symbols depend on one another through the account: replayed again in one schedule, "
    "--workers 1 would have been enough"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for: where, in which environment, with which options.

    `flags` are those of `layers.FLAG_KEYS`; `choices` those among declared things.
    """

    file: Path | None
    cwd: Path
    environ: Mapping[str, str]
    flags: Mapping[str, object]
    choices: Choices


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that makes sense."""

    settings: Settings
    loaded: LoadedFile
    plan: RunPlan
    assignments: tuple[str, ...]

    @property
    def file(self) -> str:
        """The strategy file as people write it."""
        path, root = self.loaded.path, self.settings.root.resolve()
        return str(path.relative_to(root) if path.is_relative_to(root) else path)


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


def prepare(request: Request) -> Prepared:
    """Return the request as settings, loaded file and plan, or raise everything wrong with it.

    Raises:
        TradekitError: exactly one thing is wrong.
        ExceptionGroup: several things are.
    """
    settings, wrong = read_settings(request.cwd, request.environ, request.flags)
    mistakes = Mistakes(list(wrong))
    loaded = mistakes.attempt(lambda: _load(request, settings))
    if loaded is not None:
        stored = mistakes.attempt(lambda: _stored_exchanges(loaded, settings, request.choices))
        plan = make_plan(loaded, settings, request.choices, stored=stored or (), mistakes=mistakes)
        if plan is not None:
            return Prepared(settings, loaded, plan, request.choices.assignments)
    raise mistakes.summary()


def _load(request: Request, settings: Settings) -> LoadedFile:
    file = find_strategy_file(request.file, settings, request.cwd)
    return load_strategy_file(file, root=settings.root)


def _stored_exchanges(loaded: LoadedFile, settings: Settings, choices: Choices) -> Collection[str]:
    """Return the exchanges that the embedded store has candles of, if that can matter."""
    if not needs_store(loaded, settings, choices):
        return ()
    store = wiring.open_candle_store(settings.state_dir)

    async def exchanges() -> list[str]:
        try:
            return sorted({held.exchange for held in await store.holdings()})
        finally:
            await store.close()

    return asyncio.run(exchanges())


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
        symbols=_listed(prepared),
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
    replayed, run_notes = await _replay(prepared, market, view, should_stop)
    replay_s = time.perf_counter() - began_s
    report = _report(plan, market, replayed)
    other: RunReport | None = report
    if replayed.ambiguous_candles:
        other = await _other_path(prepared, market, view, should_stop) if plan.interval else None
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
    place = store.write(results.run_id(began_ms, plan.strategy.name, report.fingerprint), files)
    failures = [*market.failures, *replayed.failures.values()]
    return FinishedRun(prepared, market, report, document, place, failures, replay_s)


def _listed(prepared: Prepared) -> tuple[str, ...]:
    """Return what a synthetic exchange lists: whatever anybody has written down as a symbol."""
    own = prepared.plan.strategy.symbols or ()
    return tuple(dict.fromkeys((*DEFAULT_SYMBOLS, *prepared.settings.symbols, *own)))


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
        strategies=(plan.strategy.name,),
        gaps=results.gap_facts(market.holes, replayed.rows, base_ms),
    )


async def _other_path(
    prepared: Prepared, market: Market, view: View, should_stop: Callable[[], bool]
) -> RunReport | None:
    """Run again with the target first; None if the strategy file is not the same any more.

    The file is loaded anew, so that what it and its modules remember of the first run is not there,
    and what it prints is not seen a second time.
    """
    view.noted("some candles are ambiguous: replayed again with the target before the stop")
    plan, loaded = prepared.plan, prepared.loaded
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: ASYNC230, PTH123  # it never blocks
        again = load_anew(loaded, root=prepared.settings.root)
        if again is None:
            return None
        strategy = again.strategies.get(plan.strategy.name)
        params = make_params(strategy, prepared.assignments)
        fresh = replace(
            prepared, loaded=again, plan=replace(plan, strategy=strategy, params=params)
        )
        replayed, _ = await _replay(fresh, market, view, should_stop, target_first=True)
    return _report(plan, market, replayed)


async def _replay(
    prepared: Prepared,
    market: Market,
    view: View,
    should_stop: Callable[[], bool],
    *,
    target_first: bool = False,
) -> tuple[Replayed, list[str]]:
    """Replay in as many processes as asked for, as long as that is the same as in one."""
    plan = prepared.plan
    shares = min(plan.workers, len(market.tapes))
    notes = []
    if shares > 1:
        from tradekit.bootstrap.fanout import replay_apart

        errands = [
            _errand(prepared, market, share, shares, target_first=target_first)
            for share in range(shares)
        ]
        apart = await replay_apart(errands, on_progress=view.progress, should_stop=should_stop)
        if not apart.used_account and not falls_short(apart.rows, plan.capital):
            return apart, []
        notes = [_AGAIN]
        view.noted(_AGAIN)
    whole = ReplayPlan(
        strategy=plan.strategy,
        params=plan.params,
        frame=plan.frame,
        tapes=market.tapes,
        costs=plan.costs,
        limits=plan.limits,
        capital=plan.capital,
        target_first=target_first,
    )
    return await replay(whole, on_progress=view.progress, should_stop=should_stop), notes


def _errand(
    prepared: Prepared, market: Market, share: int, shares: int, *, target_first: bool
) -> Errand:
    """Return what the worker of every `shares`-th symbol, from number `share` on, has to know."""
    from tradekit.bootstrap import fanout

    plan = prepared.plan
    return fanout.Errand(
        file=str(prepared.loaded.path),
        root=str(prepared.settings.root),
        strategy=plan.strategy.name,
        assignments=prepared.assignments,
        exchange=plan.exchange,
        state_dir=str(prepared.settings.state_dir),
        seed=plan.seed,
        listed=_listed(prepared),
        frame=plan.frame,
        costs=plan.costs,
        limits=plan.limits,
        capital=plan.capital,
        target_first=target_first,
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
