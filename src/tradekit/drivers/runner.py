"""One (strategy, symbol) in a run: machine and venue facing each other, and its callbacks.

It carries effects out and hands answers back until both sides are quiet. In which order symbols
take their turns is `replay`'s business, as is time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tradekit.api.context import Context, Windows
from tradekit.api.outcome import Outcome
from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.order import Order
from tradekit.domain.plan import Plan
from tradekit.domain.sizes import Money
from tradekit.drivers.callbacks import Callbacks, Hands
from tradekit.drivers.tape import Cursor
from tradekit.engine.effects import AmendOrder, AnswerCommand, AskStrategy, CancelOrder
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
    from collections.abc import Iterable

    from tradekit.api.declare import Hook, Strategy
    from tradekit.domain.commands import Command
    from tradekit.domain.position import Position as HeldPosition
    from tradekit.drivers.shared import Shared
    from tradekit.drivers.tape import Tape
    from tradekit.engine.effects import Effect
    from tradekit.engine.events import Event, OrderRejected
    from tradekit.engine.state import Terms

_AT_OPEN = Phase.OPEN
_ASK = AskStrategy()


class Runner:
    """A strategy on a symbol.

    What the schedule reads at every step are plain attributes: `next_ms`, the time of the candle
    it stands before; `deadline_ms`, before which no timer, hook interval or question is due; the
    quiet levels; `step_hooks`, called at every candle with what `callbacks` shows; `stepping`,
    whether there are any; `fast_calls` counts how often the schedule called them itself; `number`
    is its place there.
    """

    __slots__ = (
        "_attentive",
        "_book",
        "_hooked",
        "_listened",
        "_now",
        "_observed_from",
        "_outcome",
        "_skip",
        "callbacks",
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
        "stirred",
        "strategy",
        "touched",
        "venue",
    )

    def __init__(
        self,
        *,
        strategy: Strategy,
        params: object,
        tape: Tape,
        terms: Terms,
        shared: Shared,
    ) -> None:
        """Stand before the first decision of `tape`."""
        self.number = self.fast_calls = self._observed_from = 0
        self.strategy = strategy
        self._skip = shared.skip
        self._hooked = strategy.hook_count > 0
        self._attentive = bool(terms.watched)
        self.stirred = self.touched = False
        self._outcome = Outcome(accepted=False)
        self.rows: list[EventRow] = []
        self.logs: list[str] = []
        self.failure: StrategyError | None = None
        self.machine = Machine(terms, validate=shared.validate)
        self.venue = SimVenue(
            tape.instrument, terms.costs, shared.account, target_first=shared.target_first
        )
        self._book = shared.book
        self.cursor = Cursor(tape, shared.now)
        self._now = shared.now
        self.next_ms = self.cursor.times[0] if self.cursor.count else NEVER_MS
        self.step_hooks: tuple[Hook, ...] = ()
        self.context: Context[Any] = Context(
            symbol=tape.symbol,
            params=params,
            moment=self.cursor,
            windows=Windows(tape.candles, self.cursor),
            account=shared.view,
            log=self._log,
        )
        self.callbacks = Callbacks(
            strategy,
            self.machine,
            self.context,
            Hands(self.cursor, self._issue, self._catch_up, self._tell, self.cursor.opened),
            sleeping=shared.sleeping,
        )
        self._listened = self.callbacks.listened | ({"closed"} if shared.book.asked else set())
        self.refresh()

    # --- phase A ----------------------------------------------------------------------------

    async def hear(self, now_ms: int) -> None:
        """Begin phase A: wake who waited for the time, tell event hooks what happened.

        Raises:
            StrategyError: user code failed.
        """
        if self.machine.state.wakes:
            self.callbacks.wake_by_time(now_ms)
        if self._attentive:
            self._catch_up()
        if self.callbacks.news:
            await self.callbacks.deliver_news(now_ms)

    async def decide(self, now_ms: int) -> None:
        """Go through phase A: news, timers, hooks, the question.

        The candle counts as loud after that, so that phase B takes over what changed.

        Raises:
            StrategyError: user code failed.
        """
        self.quiet_low = math.inf
        self.touched = self.stirred = False
        state = self.machine.state
        if state.wakes or self._attentive or self.callbacks.news:
            await self.hear(now_ms)
        if state.position or state.entry:
            self._carry_out(self.machine.handle(BoundaryReached(now_ms, self.cursor.price)))
        if self._hooked:
            self.callbacks.look(now_ms, called=False)
            await self.callbacks.call_due(now_ms)
        await self.ask(now_ms)

    async def ask(self, now_ms: int) -> None:
        """Ask for a signal if one is due.

        Raises:
            StrategyError: user code failed, or its signal contradicts itself.
        """
        self.touched = False
        if _ASK not in self.machine.handle(DecisionDue(now_ms)):
            return
        signal = await self.callbacks.ask(now_ms)
        if signal is None:
            return
        money = None
        if signal.risk_pct is not None or (signal.equity_pct is not None and self.strategy.risk):
            money = Money(self.context.account.equity, self.context.account.cash)
        try:
            answered = StrategyAnswered(now_ms, self.cursor.price, signal, money)
            effects = self._book.put(self, answered)
        except StrategyError as error:
            raise self.callbacks.blamed(error, self.strategy.decide, now_ms) from error
        self._carry_out(effects)

    def answered(self, hook: Hook, answer: object, now_ms: int) -> None:
        """Take what a hook returned that the schedule called itself, and what it keeps.

        Raises:
            StrategyError: it is neither None nor a `Wake`, or JSON cannot hold what it keeps.
        """
        if answer is not None:
            self.callbacks.sleep(hook, answer, now_ms)
            self.touched = True
        self.callbacks.keep_state(hook.call, now_ms)

    # --- phase B ----------------------------------------------------------------------------

    def exit_at_open(self, now_ms: int) -> None:
        """Let the venue fill, at the open, resting stops and targets, then market exits."""
        venue = self.venue
        if venue.held:
            price = self.cursor.open_price
            while event := (
                venue.resting_exit_at_open(now_ms, price) or venue.market_exit(now_ms, price)
            ):
                self.meet(event)

    def enter_at_open(self, now_ms: int) -> None:
        """Let the venue fill or refuse, at the open, what opens a position there."""
        venue = self.venue
        if not venue.opens:
            return
        price = self.cursor.open_price
        while event := venue.entry_at_open(now_ms, price):
            self.meet(event)
            while event := venue.bracket_at_entry(now_ms, price):
                self.meet(event)

    def enter_inside(self, close_ms: int) -> None:
        """Let the venue fill a resting entry inside the current candle."""
        cursor, venue = self.cursor, self.venue
        if venue.opens:
            k = cursor.k
            while event := venue.entry_inside(close_ms, cursor.lows[k], cursor.highs[k]):
                self.meet(event)

    def exit_inside(self, close_ms: int) -> None:
        """Let the venue fill a stop or target inside the current candle."""
        cursor, venue = self.cursor, self.venue
        k = cursor.k
        while venue.held and (
            event := venue.exit_inside(close_ms, cursor.lows[k], cursor.highs[k])
        ):
            self.meet(event)

    def wake_up(self, close_ms: int) -> None:
        """Wake hooks whose price the current candle has reached, and look whether it moves more.

        What follows from a candle's close, or from its extremes where somebody listens, is found
        out at the next boundary.
        """
        state, cursor = self.machine.state, self.cursor
        plan = state.plan
        watched = plan is not None and (self._attentive or plan.trail_pct is not None)
        if not (watched or state.wakes):
            return
        low, high = cursor.lows[cursor.k], cursor.highs[cursor.k]
        if state.wakes:
            self.callbacks.wake_by_price(close_ms, low, high)
        if watched:
            quiet = self.machine.quiet
            self.stirred = not (low > quiet.low and high < quiet.high)

    def meet(self, event: OrderFilled | OrderRejected) -> None:
        """Hand the venue's event to the machine and carry out the rest."""
        if isinstance(event, OrderFilled):
            position = self.machine.state.position
            if position is not None and self.venue.held < position.quantity:
                self._catch_up()
            else:
                # A candle that opened with an entry counts for it, one that had it inside does not.
                index = self.cursor.index
                self._observed_from = index if event.phase is _AT_OPEN else index + 1
        self._carry_out(self.machine.handle(event))

    def refresh(self) -> None:
        """Take over what the machine published, for the schedule to read.

        Hooks that are called at each candle are left to it as long as none of their kind sleeps or
        has an interval of its own; else it is `decide` that finds out whose turn it is.
        """
        self.quiet_low, self.quiet_high, deadline_ms = self.machine.quiet
        if self._hooked:
            callbacks = self.callbacks
            callbacks.look(self._now.ms, called=True)
            plain, due_ms = callbacks.plan_calls(NEVER_MS)
            self._leave(plain)
            deadline_ms = min(deadline_ms, due_ms)
        self.deadline_ms = 0 if self.callbacks.news or self.stirred else deadline_ms
        self.stepping = bool(self.step_hooks) or not self._skip
        if not self._skip:
            self.quiet_low = math.inf

    def _leave(self, hooks: tuple[Hook, ...]) -> None:
        """Leave those hooks to the schedule, and count the calls of the ones it had."""
        if hooks != self.step_hooks:
            self.callbacks.count(self.step_hooks, self.fast_calls)
            self.step_hooks, self.fast_calls = hooks, 0

    def advance(self) -> int:
        """Go to the next candle at which anything can happen and return its time."""
        if self.stepping:
            self.next_ms = self.cursor.step()
        else:
            self.next_ms = self.cursor.skip(self.quiet_low, self.quiet_high, self.deadline_ms)
        return self.next_ms

    def end(self, ts_ms: int, error: StrategyError | None = None) -> None:
        """Cancel what rests and close what is open at the last close: only news comes after.

        Without an error it is the frame that ends, not the strategy that failed.
        """
        phase = self.callbacks.phase = self.callbacks.phase if error else Phase.END
        price = self.cursor.last_close() if error is None else self.cursor.price
        cause, place = "", ""
        if error is not None:
            cause, place = type(error.__cause__ or error).__name__, error.place
        if self._attentive:
            self._catch_up()
        self.failure, self.next_ms, self.cursor.fresh_price = error, NEVER_MS, None
        event = RunEnded(ts_ms, phase, "frame_end" if error is None else "failed", cause, place)
        self._carry_out(self.machine.handle(event))
        while closing := self.venue.market_exit(ts_ms, price, phase):
            self.meet(closing)
        self.refresh()

    async def say_goodbye(self, ts_ms: int) -> None:
        """Let event hooks hear of what is left to tell; a failure of theirs is the symbol's."""
        try:
            await self.callbacks.say_goodbye(ts_ms, "failed" if self.failure else "frame_end")
        except StrategyError as error:
            if self.failure is None:
                self.end(ts_ms, error)
            else:
                self._log(error.message)

    def recall(self, now_ms: int) -> None:
        """Come back to the first candle from `now_ms` on: something is to be told."""
        self.next_ms = self.cursor.place(self.cursor.index_at(now_ms))
        self.refresh()

    def count_calls(self) -> dict[str, int]:
        """Return how often each function of the strategy was called, by name."""
        self._leave(())
        return self.callbacks.calls

    # --- in between -------------------------------------------------------------------------

    def _carry_out(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, EventRow):
                self.rows.append(effect)
                if effect.kind in self._listened:
                    self.callbacks.hear(effect)
                    if effect.kind == "closed":
                        self._book.hear(effect, self.strategy.risk)
            elif isinstance(effect, Order):
                self.venue.submit(effect)
            elif isinstance(effect, AmendOrder):
                self.venue.amend(effect.order)
            elif isinstance(effect, CancelOrder):
                cancelled = self.venue.cancel(effect.order_id, effect.ts_ms, effect.phase)
                if cancelled is not None:
                    self._carry_out(self.machine.handle(cancelled))
            elif isinstance(effect, AnswerCommand):
                self._outcome = Outcome(accepted=effect.accepted, rule=effect.rule)
            else:
                msg = f"{effect!r} is asked for where it is due, never on the way"
                raise AssertionError(msg)  # noqa: TRY004 - our own mistake

    def _issue(self, shown: HeldPosition | Plan, command: Command) -> Outcome:
        """Hand a hook's command to the machine, unless it is another's turn or too late."""
        state = self.machine.state
        if self._now.turn != self.number:
            return Outcome(accepted=False, rule="not_in_turn")
        if shown is not state.position and shown is not state.entry:
            waiting = isinstance(shown, Plan)
            rule = "no_waiting_entry" if waiting else "no_open_position"
            return Outcome(accepted=False, rule=rule)
        event = CommandIssued(self._now.ms, self.cursor.price, command)
        self._carry_out(self._book.put(self, event))
        self.touched = True
        self.quiet_low = math.inf
        return self._outcome

    def _catch_up(self) -> None:
        """Tell the machine the extremes of the candles that closed since it last heard of any."""
        start, stop = self._observed_from, self.cursor.index
        if start < stop and self.machine.state.position is not None:
            self._observed_from = stop
            extremes = self.cursor.extremes(start, stop)
            if effects := self.machine.handle(CandlesClosed(self._now.ms, *extremes)):
                self._carry_out(effects)

    def _tell(self, event: Event) -> None:
        """Hand the machine what user code did, and carry out the rest."""
        self._carry_out(self.machine.handle(event))

    def _log(self, message: str) -> None:
        self.logs.append(f"{self.cursor.now_ms} {self.context.symbol} {message}")
