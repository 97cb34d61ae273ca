"""One (strategy, symbol) in a run: machine and venue facing each other, and the user's code.

It carries effects out and hands answers back until both sides are quiet. In which order symbols
take their turns is `replay`'s business, as is time.
"""

from __future__ import annotations

import math
from copy import deepcopy
from inspect import isawaitable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, NamedTuple

from tradekit.api.context import Account as AccountView
from tradekit.api.context import Context, Windows
from tradekit.api.position import Event, Outcome, Position
from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.order import Order
from tradekit.domain.signal import Signal
from tradekit.drivers.blame import blame, is_users, name_of
from tradekit.drivers.tape import Cursor
from tradekit.engine.effects import AnswerCommand, AskStrategy, CancelOrder
from tradekit.engine.events import (
    BoundaryReached,
    CandlesClosed,
    CommandIssued,
    DecisionDue,
    OrderFilled,
    RunEnded,
    StrategyAnswered,
)
from tradekit.engine.machine import Machine
from tradekit.engine.quiet import NEVER_MS
from tradekit.engine.venue import SimVenue
from tradekit.errors import StrategyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tradekit.api.declare import Strategy
    from tradekit.domain.commands import Command
    from tradekit.domain.position import Position as HeldPosition
    from tradekit.drivers.tape import Now, Tape
    from tradekit.engine.account import Account
    from tradekit.engine.effects import Effect
    from tradekit.engine.events import OrderRejected
    from tradekit.engine.state import Terms

_AT_OPEN = Phase.OPEN
_ASK = AskStrategy()


class Shared(NamedTuple):
    """What the runners of a run have in common: the account, its view for user code, the time."""

    account: Account
    view: AccountView
    now: Now


class Runner:
    """A strategy on a symbol.

    What the schedule reads at every step are plain attributes: `next_ms`, the time of the candle
    it stands before; `deadline_ms`, before which no timer, hook interval or question is due; the
    quiet levels; `step_hooks`, called at every candle; `stepping`, whether there are any;
    `fast_calls` counts how often the schedule called them itself; `number` is its place there.
    """

    __slots__ = (
        "_calls",
        "_hook_slots",
        "_listened",
        "_notices",
        "_now",
        "_observed_from",
        "_outcome",
        "_skip",
        "_strategy",
        "context",
        "cursor",
        "deadline_ms",
        "failure",
        "fast_calls",
        "logs",
        "machine",
        "next_ms",
        "number",
        "quiet_high",
        "quiet_low",
        "rows",
        "step_hooks",
        "stepping",
        "touched",
        "venue",
        "view",
    )

    def __init__(
        self,
        *,
        strategy: Strategy,
        params: object,
        tape: Tape,
        terms: Terms,
        shared: Shared,
        target_first: bool,
        skip: bool,
        validate: bool,
    ) -> None:
        """Stand before the first decision of `tape`; `skip` false visits every candle."""
        self.number = 0
        self._strategy = strategy
        self._listened = strategy.event_hooks
        self._skip = skip
        self._notices: list[EventRow] = []
        self._observed_from = 0
        self._outcome = Outcome(accepted=False)
        self._hook_slots = [-1] * len(strategy.open_hooks)
        self.rows: list[EventRow] = []
        self.logs: list[str] = []
        self._calls: dict[str, int] = {}
        self.fast_calls = 0
        self.failure: StrategyError | None = None
        self.machine = Machine(terms, validate=validate)
        self.venue = SimVenue(
            tape.instrument, terms.costs, shared.account, target_first=target_first
        )
        self.cursor = Cursor(tape, shared.now)
        self._now = shared.now
        self.next_ms = self.cursor.times[0] if self.cursor.count else NEVER_MS
        self.view: Position | None = None
        self.touched = False
        self.step_hooks: tuple[Callable[..., Any], ...] = ()
        self.context: Context[Any] = Context(
            symbol=tape.symbol,
            params=params,
            moment=self.cursor,
            windows=Windows(tape.candles, self.cursor),
            account=shared.view,
            log=self._log,
        )
        self.refresh()

    # --- phase A ----------------------------------------------------------------------------

    async def decide(self, now_ms: int) -> None:
        """Go through phase A: news, timers, hooks, the question.

        The candle counts as loud after that, so that phase B takes over what changed.

        Raises:
            StrategyError: user code failed.
        """
        self.quiet_low = math.inf
        self.touched = False
        if self._notices:
            await self._deliver_news(now_ms)
        state = self.machine.state
        if (state.position or state.entry) and now_ms >= self.machine.quiet.deadline_ms:
            self._carry_out(self.machine.handle(BoundaryReached(now_ms)))
        if self.view is not None:
            await self._call_open_hooks(now_ms)
        await self.ask(now_ms)

    async def ask(self, now_ms: int) -> None:
        """Ask for a signal if one is due.

        Raises:
            StrategyError: user code failed, or its signal contradicts itself.
        """
        self.touched = False
        if _ASK not in self.machine.handle(DecisionDue(now_ms)):
            return
        decide = self._strategy.decide
        answer = await self._call(decide, now_ms, self.context)
        if answer is None:
            return
        if not isinstance(answer, Signal):
            text = f"{name_of(decide)} returned {answer!r}, must be a Signal or None"
            raise blame(StrategyError(text), self.machine.terms, name_of(decide), now_ms)
        try:
            effects = self.machine.handle(StrategyAnswered(now_ms, self.cursor.price, answer))
        except StrategyError as error:
            raise blame(error, self.machine.terms, name_of(decide), now_ms) from error
        self._carry_out(effects)

    async def finish_hook(self, hook: Callable[..., Any], answer: object, now_ms: int) -> None:
        """Await what a hook returned, if it has to be; it must come to None."""
        if type(answer) is CoroutineType or isawaitable(answer):
            answer = await answer
        if answer is not None:
            text = f"{name_of(hook)} returned {answer!r}, must be None"
            raise blame(StrategyError(text), self.machine.terms, name_of(hook), now_ms)

    async def _call(self, function: Callable[..., Any], now_ms: int, *arguments: object) -> object:
        name = name_of(function)
        self._calls[name] = self._calls.get(name, 0) + 1
        try:
            answer: object = function(*arguments)
            if type(answer) is CoroutineType or isawaitable(answer):
                return await answer
        except BaseException as error:
            if not is_users(error):
                raise
            raise blame(error, self.machine.terms, name, now_ms) from error
        return answer

    async def _deliver_news(self, now_ms: int) -> None:
        rows, self._notices = self._notices, []
        for row in rows:
            # A copy to the bottom: what the hook does to it must not reach the journal.
            event = Event(row.kind, row.ts_ms, row.symbol, row.signal_id, deepcopy(row.data))
            for hook in self._strategy.event_hooks[row.kind]:
                answer = await self._call(hook.call, now_ms, self.context, event)
                await self.finish_hook(hook.call, answer, now_ms)

    async def _call_open_hooks(self, now_ms: int) -> None:
        for number, hook in enumerate(self._strategy.open_hooks):
            if hook.every_ms is not None:
                slot = now_ms // hook.every_ms
                if slot <= self._hook_slots[number]:
                    continue
                self._hook_slots[number] = slot
            answer = await self._call(hook.call, now_ms, self.context, self.view)
            await self.finish_hook(hook.call, answer, now_ms)

    # --- phase B ----------------------------------------------------------------------------

    def exit_at_open(self, now_ms: int) -> None:
        """Let the venue fill, at the open, resting stops and targets, then market exits."""
        venue = self.venue
        if venue.held:
            price = self.cursor.open_price
            event = venue.resting_exit_at_open(now_ms, price) or venue.market_exit(now_ms, price)
            if event is not None:
                self.meet(event)

    def enter_at_open(self, now_ms: int) -> None:
        """Let the venue fill or refuse, at the open, what opens a position there."""
        venue = self.venue
        if venue.held or venue.entry is None:
            return
        price = self.cursor.open_price
        event = venue.entry_at_open(now_ms, price)
        if event is None:
            return
        self.meet(event)
        event = venue.bracket_at_entry(now_ms, price)
        if event is not None:
            self.meet(event)

    def enter_inside(self, close_ms: int) -> None:
        """Let the venue fill a resting entry inside the current candle."""
        cursor, venue = self.cursor, self.venue
        if venue.entry is not None and not venue.held:
            k = cursor.k
            event = venue.entry_inside(close_ms, cursor.lows[k], cursor.highs[k])
            if event is not None:
                self.meet(event)

    def exit_inside(self, close_ms: int) -> None:
        """Let the venue fill a stop or target inside the current candle."""
        cursor, venue = self.cursor, self.venue
        if venue.held:
            k = cursor.k
            event = venue.exit_inside(close_ms, cursor.lows[k], cursor.highs[k])
            if event is not None:
                self.meet(event)

    def meet(self, event: OrderFilled | OrderRejected) -> None:
        """Hand the venue's event to the machine and carry out the rest."""
        if isinstance(event, OrderFilled):
            if self.venue.held == 0.0:
                self._catch_up()
            else:
                index = self.cursor.index
                self._observed_from = index if event.phase is _AT_OPEN else index + 1
        self._carry_out(self.machine.handle(event))

    def refresh(self) -> None:
        """Take over what the machine published, for the schedule to read."""
        self.quiet_low, self.quiet_high, deadline_ms = self.machine.quiet
        hooks = self._strategy.open_hooks
        if hooks:
            held = self.machine.state.position
            if held is None:
                self.view, self.step_hooks = None, ()
            elif self.view is None or not self.view.is_of(held):
                self._show(held)
            if held is not None:
                for hook, slot in zip(hooks, self._hook_slots, strict=True):
                    if hook.every_ms is not None:
                        deadline_ms = min(deadline_ms, (slot + 1) * hook.every_ms)
        self.deadline_ms = 0 if self._notices else deadline_ms
        self.stepping = bool(self.step_hooks) or not self._skip
        if not self._skip:
            self.quiet_low = math.inf

    def advance(self) -> None:
        """Go to the next candle at which anything can happen."""
        if self.stepping:
            self.next_ms = self.cursor.step()
        else:
            self.next_ms = self.cursor.skip(self.quiet_low, self.quiet_high, self.deadline_ms)

    def end(self, ts_ms: int, error: StrategyError | None = None) -> None:
        """Cancel what rests and close what is open at the last close; nothing comes after this.

        Without an error it is the frame that ends, not the strategy that failed.
        """
        phase = Phase.END if error is None else Phase.DECISION
        price = self.cursor.last_close() if error is None else self.cursor.price
        cause, place = "", ""
        if error is not None:
            cause, place = type(error.__cause__ or error).__name__, error.place
        self.failure, self.next_ms, self.cursor.fresh_price = error, NEVER_MS, None
        event = RunEnded(ts_ms, phase, "frame_end" if error is None else "failed", cause, place)
        self._carry_out(self.machine.handle(event))
        closing = self.venue.market_exit(ts_ms, price, phase)
        if closing is not None:
            self.meet(closing)
        self.refresh()

    def count_calls(self) -> dict[str, int]:
        """Return how often each function of the strategy was called, by name."""
        calls = dict(self._calls)
        for hook in self._strategy.open_hooks:
            if hook.every_ms is None and self.fast_calls:
                name = name_of(hook.call)
                calls[name] = calls.get(name, 0) + self.fast_calls
        return calls

    # --- in between -------------------------------------------------------------------------

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, EventRow):
                self.rows.append(effect)
                if effect.kind in self._listened:
                    self._notices.append(effect)
            elif isinstance(effect, Order):
                self.venue.submit(effect)
            elif isinstance(effect, CancelOrder):
                cancelled = self.venue.cancel(effect.order_id, effect.ts_ms, effect.phase)
                if cancelled is not None:
                    self._carry_out(self.machine.handle(cancelled))
            elif isinstance(effect, AnswerCommand):
                self._outcome = Outcome(accepted=effect.accepted, rule=effect.rule)
            else:
                msg = f"{effect!r} is asked for where it is due, never on the way"
                raise AssertionError(msg)  # noqa: TRY004 - our own mistake

    def _issue(self, held: HeldPosition, command: Command) -> Outcome:
        """Hand a hook's command to the machine, unless it comes from another turn or position."""
        if self._now.turn != self.number:
            return Outcome(accepted=False, rule="not_in_turn")
        if self.machine.state.position is not held:
            return Outcome(accepted=False, rule="no_open_position")
        self._carry_out(self.machine.handle(CommandIssued(self._now.ms, command)))
        self.touched = True
        self.quiet_low = math.inf
        return self._outcome

    def _show(self, held: HeldPosition) -> None:
        state, hooks = self.machine.state, self._strategy.open_hooks
        assert state.plan is not None
        self.step_hooks = tuple(hook.call for hook in hooks if hook.every_ms is None)
        self.view = Position(
            symbol=self.context.symbol,
            held=held,
            plan=state.plan,
            hold_deadline_ms=state.hold_deadline_ms,
            moment=self.cursor,
            issue=self._issue,
            catch_up=self._catch_up,
        )

    def _catch_up(self) -> None:
        """Tell the machine the extremes of the candles that closed since it last heard of any."""
        start, stop = self._observed_from, self.cursor.index
        if start < stop and self.machine.state.position is not None:
            self._observed_from = stop
            self.machine.handle(CandlesClosed(*self.cursor.extremes(start, stop)))

    def _log(self, message: str) -> None:
        self.logs.append(f"{self.cursor.now_ms} {self.context.symbol} {message}")
