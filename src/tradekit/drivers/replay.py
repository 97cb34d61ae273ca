"""Replay: a strategy over the candles of many symbols, in one time-ordered schedule.

Time is the earliest candle that anything can happen in. At each such time every symbol finishes
phase A, knowing nothing of the candle, before any symbol starts phase B, in which the venues see
it. Symbols take turns in run order. This is the one place that awaits user code. It looks whether
to stop at every step, and lets others have the loop and reports progress every 1,440.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from inspect import isawaitable
from operator import attrgetter
from types import CoroutineType
from typing import TYPE_CHECKING, Final

from tradekit.api.context import Account as AccountView
from tradekit.domain.plan import Defaults
from tradekit.drivers.cron import Cron
from tradekit.drivers.risk_book import RiskBook
from tradekit.drivers.runner import Runner
from tradekit.drivers.shared import Now, Shared
from tradekit.engine.account import Account
from tradekit.engine.quiet import NEVER_MS
from tradekit.engine.state import Terms
from tradekit.engine.watch import WATCHED
from tradekit.errors import StoppedError, StrategyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradekit.api.declare import Strategy
    from tradekit.domain.costs import CostModel
    from tradekit.domain.journal import EventRow
    from tradekit.domain.plan import Limits
    from tradekit.domain.time import Frame
    from tradekit.drivers.shared import Configured
    from tradekit.drivers.tape import Tape

YIELD_STEPS: Final = 1_440


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What is replayed; `shared_account` false lets symbols run apart (see `engine.account`).

    Each strategy has a position of its own in each of its symbols; in a symbol they take turns in
    the order given.

    `target_first` takes the other path through candles (see `engine.venue`); `sleeping` false calls
    hooks at every boundary, whatever `Wake` they returned.
    """

    strategies: tuple[Configured, ...]
    frame: Frame
    tapes: tuple[Tape, ...]
    costs: CostModel
    limits: Limits
    capital: float
    shared_account: bool = True
    target_first: bool = False
    sleeping: bool = True


@dataclass(slots=True)
class Replayed:
    """What came of it: rows in the order of `events.jsonl`, and what failed.

    Failures are by symbol, by `strategy symbol` where several strategies ran, and hook calls by
    function, by `strategy.function` likewise.
    """

    # Not in repr: asyncio.run formats a task's result on its way out (3.11), however long it is.
    rows: list[EventRow] = field(default_factory=list, repr=False)
    failures: dict[str, StrategyError] = field(default_factory=dict)
    hook_calls: dict[str, int] = field(default_factory=dict)
    logs: list[str] = field(default_factory=list, repr=False)
    used_account: bool = False
    ambiguous_candles: int = 0


@dataclass(frozen=True, slots=True)
class SymbolProgress:
    """How far a symbol is; pnl in quote currency, of closed trades and what is open."""

    symbol: str
    done_frac: float
    candles_done: int
    position: str
    pnl: float


async def replay(
    plan: ReplayPlan,
    *,
    on_progress: Callable[[Sequence[SymbolProgress]], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    skip: bool = True,
    validate: bool = False,
) -> Replayed:
    """Run the plan to the end of its frame and return what happened.

    Args:
        plan: what to run.
        on_progress: told now and then, and at the end, how far each symbol is.
        should_stop: asked before every step.
        skip: pass over candles in which nothing can happen; false visits each one, for tests.
        validate: check every invariant after every event.

    Raises:
        StoppedError: `should_stop` said so; nothing is returned.
    """
    schedule = _Schedule(plan, skip=skip, validate=validate)

    async def breathe() -> None:
        if on_progress is not None:
            on_progress(schedule.progress())
        await asyncio.sleep(0)

    await breathe()
    while await schedule.run(YIELD_STEPS, should_stop or _never):
        await breathe()
    await schedule.end()
    if on_progress is not None:
        on_progress(schedule.progress())
    return schedule.result()


class _Schedule:
    """All symbols of a run, and whose turn it is."""

    def __init__(self, plan: ReplayPlan, *, skip: bool, validate: bool) -> None:
        self._plan = plan
        self._base_ms = plan.frame.base.ms
        self._several = len(plan.strategies) > 1
        self._account = Account(plan.capital, shared=plan.shared_account)
        self._now = Now(plan.frame.since_ms)
        view = AccountView(self._account.read, self._equity)
        book = RiskBook(
            plan.capital, self._equity, asked=any(each.strategy.risk for each in plan.strategies)
        )
        shared = Shared(
            self._account, view, book, self._now, skip, validate, plan.target_first, plan.sleeping
        )
        self._runners = [
            Runner(
                strategy=each.strategy,
                params=each.params,
                tape=tape,
                terms=_terms(plan, each.strategy, tape),
                shared=shared,
            )
            for tape in sorted(plan.tapes, key=attrgetter("symbol_index"))
            for each in plan.strategies
            if each.trades(tape.symbol)
        ]
        book.watch(self._runners)
        for number, runner in enumerate(self._runners):
            runner.number = number
        self._crons = [
            Cron(
                each.strategy,
                each.params,
                plan.frame,
                view,
                [runner for runner in self._runners if runner.strategy is each.strategy],
            )
            for each in plan.strategies
            if each.strategy.cron_hooks
        ]
        self._cron_ms = min((cron.next_ms for cron in self._crons), default=NEVER_MS)
        # When each runner is next due, by its number: what is looked at before every step.
        self._times = [runner.next_ms for runner in self._runners]

    async def run(self, steps: int, should_stop: Callable[[], bool]) -> bool:
        """Make that many steps; return whether there are more."""
        runners, times = self._runners, self._times
        for _ in range(steps):
            if should_stop():
                raise StoppedError
            now_ms = min((self._cron_ms, *times))
            if now_ms >= NEVER_MS:
                return False
            self._now.ms = now_ms
            count = times.count(now_ms)
            if count == len(times):
                due = runners
            elif count == 1:
                due = [runners[times.index(now_ms)]]
            else:
                due = [runner for runner in runners if runner.next_ms == now_ms]
            if now_ms == self._cron_ms:
                due = await self._call_cron(due, now_ms)
            if not await self._decide(due, now_ms):
                due = [runner for runner in due if runner.failure is None]
            self._match(due, now_ms)
        return True

    async def _decide(self, due: list[Runner], now_ms: int) -> bool:
        """Phase A; return whether nobody failed.

        What is called at every candle is called here, without a detour.
        """
        now = self._now
        failed: list[tuple[Runner, StrategyError]] = []
        for runner in due:
            now.turn = runner.number
            cursor = runner.cursor
            cursor.fresh_price = cursor.closes[cursor.k]
            try:
                if now_ms >= runner.deadline_ms:
                    await runner.decide(now_ms)
                    continue
                hooks = runner.step_hooks
                if hooks:
                    runner.fast_calls += 1
                callbacks = runner.callbacks
                states = callbacks.states
                for hook in hooks:
                    try:
                        answer = hook.call(*callbacks.arguments)
                        if type(answer) is CoroutineType or (
                            answer is not None and isawaitable(answer)
                        ):
                            answer = await answer
                        if answer is not None or states[0] or states[-1] or callbacks.kept:
                            runner.answered(hook, answer, now_ms)
                    except BaseException as error:  # noqa: BLE001  # the user's, or raised again
                        callbacks.excuse(hook.call, error, now_ms)
                        runner.touched = True
                if runner.touched:
                    await runner.ask(now_ms)
                    runner.refresh()
            except StrategyError as error:
                failed.append((runner, error))
        now.turn = -1
        await self._fail(failed, now_ms)
        return not failed

    async def _call_cron(self, due: list[Runner], now_ms: int) -> list[Runner]:
        """Call what comes once for all symbols, after what event hooks hear; return who is due."""
        failed: list[tuple[Runner, StrategyError]] = []
        for runner in due:
            self._now.turn = runner.number
            try:
                if now_ms >= runner.deadline_ms:
                    await runner.hear(now_ms)
            except StrategyError as error:
                failed.append((runner, error))
        self._now.turn = -1
        await self._fail(failed, now_ms)
        for cron in self._crons:
            stopped = await cron.call_due(now_ms)
            if stopped is not None:
                running = [each for each in cron.runners if not each.failure]
                await self._fail([(each, stopped) for each in running], now_ms)
        self._cron_ms = min(cron.next_ms for cron in self._crons)
        self._times[:] = [runner.next_ms for runner in self._runners]
        return [runner for runner in self._runners if runner.next_ms == now_ms]

    async def _fail(self, failed: list[tuple[Runner, StrategyError]], now_ms: int) -> None:
        """End runners once all have decided: nobody sees at this time what a failure frees."""
        for runner, error in failed:
            runner.end(now_ms, error)
            self._times[runner.number] = runner.next_ms
        for runner, _ in failed:
            await runner.say_goodbye(now_ms)

    def _match(self, due: list[Runner], now_ms: int) -> None:
        """Phase B. Quiet candles need no venue; the others go group by group."""
        times, loud = self._times, []
        for runner in due:
            cursor = runner.cursor
            cursor.fresh_price = None
            k = cursor.k
            if not (cursor.lows[k] > runner.quiet_low and cursor.highs[k] < runner.quiet_high):
                loud.append(runner)
                continue
            k += 1
            if runner.stepping and k < cursor.count:
                cursor.k = k
                times[runner.number] = runner.next_ms = cursor.times[k]
            else:
                times[runner.number] = runner.advance()
        if loud:
            self._fill(loud, now_ms)
            for runner in loud:
                times[runner.number] = runner.advance()

    def _fill(self, loud: list[Runner], now_ms: int) -> None:
        """Let the venues see the candle: at the open, then inside, each group over all symbols.

        Exits of all symbols come before entries of any, so that what they free can be spent; inside
        a candle nobody knows what came first, so entries never live on exits of the same candle.
        """
        for runner in loud:
            runner.exit_at_open(now_ms)
        for runner in loud:
            runner.enter_at_open(now_ms)
        close_ms = now_ms + self._base_ms
        for runner in loud:
            runner.enter_inside(close_ms)
        for runner in loud:
            runner.exit_inside(close_ms)
            runner.wake_up(close_ms)
            runner.refresh()

    async def end(self) -> None:
        """End the frame for whoever is still running."""
        until_ms = self._now.ms = self._plan.frame.until_ms
        running = [runner for runner in self._runners if runner.failure is None]
        for runner in running:
            runner.end(until_ms)
        for runner in running:
            await runner.say_goodbye(until_ms)

    def result(self) -> Replayed:
        """Gather what every symbol left behind."""
        result = Replayed(used_account=self._account.was_read)
        for runner in self._runners:
            result.rows += runner.rows
            result.logs += runner.logs
            result.ambiguous_candles += runner.venue.ambiguous_candles
            if runner.failure is not None:
                result.failures[self._named(runner)] = runner.failure
        callers: list[Cron | Runner] = [*self._crons, *self._runners]
        for each in callers:
            prefix = f"{each.strategy.name}." if self._several else ""
            for name, calls in each.count_calls().items():
                result.hook_calls[prefix + name] = result.hook_calls.get(prefix + name, 0) + calls
        for cron in self._crons:
            result.logs += cron.logs
        result.rows.sort()
        result.logs.sort(key=lambda line: int(line.split(" ", 1)[0]))
        return result

    def progress(self) -> list[SymbolProgress]:
        """Return how far each symbol is."""
        return [self._progress_of(runner) for runner in self._runners]

    def _progress_of(self, runner: Runner) -> SymbolProgress:
        frame, position = self._plan.frame, runner.machine.state.position
        ended = runner.next_ms >= NEVER_MS
        until_ms = frame.until_ms if ended else min(self._now.ms, runner.next_ms)
        done = (until_ms - frame.since_ms) / (frame.until_ms - frame.since_ms)
        pnl = sum(row.data["pnl"] for row in runner.rows if row.kind == "closed")
        if position is not None:
            pnl += position.pnl_at(runner.cursor.price)
        return SymbolProgress(
            symbol=self._named(runner),
            done_frac=min(1.0, max(0.0, done)),
            candles_done=(until_ms - frame.since_ms) // self._base_ms,
            position="" if position is None else position.direction,
            pnl=pnl,
        )

    def _named(self, runner: Runner) -> str:
        """Return how the runner is told from others: by symbol, with the strategy if need be."""
        symbol = runner.context.symbol
        return f"{runner.strategy.name} {symbol}" if self._several else symbol

    def _equity(self) -> float:
        equity = self._account.read()
        for runner in self._runners:
            venue, position = runner.venue, runner.machine.state.position
            if position is not None:
                value = venue.held * runner.cursor.price
                equity += value if position.direction == "long" else 2.0 * venue.paid - value
        return equity


def _never() -> bool:
    return False


def _terms(plan: ReplayPlan, strategy: Strategy, tape: Tape) -> Terms:
    """Return what is fixed for the tape's symbol; nothing is shorter than a base interval."""
    base_ms = plan.frame.base.ms
    return Terms(
        strategy=strategy.name,
        symbol=tape.symbol,
        symbol_index=tape.symbol_index,
        base_ms=base_ms,
        every_ms=max(strategy.every_ms, base_ms),
        on_boundary=strategy.on_boundary,
        defaults=Defaults(strategy.hold_ms, max(strategy.wait_ms, base_ms), strategy.cost),
        limits=plan.limits,
        costs=plan.costs,
        instrument=tape.instrument,
        guarded=bool(strategy.risk),
        watched=WATCHED.intersection(strategy.event_hooks),
    )
