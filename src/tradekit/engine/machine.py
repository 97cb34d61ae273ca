"""The machine: all control flow of one (strategy, symbol), sans-IO.

`handle(event)` returns effects. It runs to completion: no await, no user code, no clock, no
random number, no log. The same events give the same effects, bit for bit. It knows nothing of
where prices come from or who executes orders: whoever drives it carries the effects out in their
order and hands the answers back as events. A row comes before the order behind it, so that what
was kept explains what was sent.

It holds at most one position, and no prices: stop, target and entry are orders, compared with the
market by the venue alone. It keeps intent, lifecycle and timers, and publishes the levels between
which nothing can happen (`quiet`).

An event is checked, then applied: an impossible one raises and the machine is HALTED, nothing
half-applied. A signal that makes no sense raises `SignalError` and changes nothing. A repeated
answer of the venue changes nothing; an answer about an order that never was is its error.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tradekit.domain.journal import Phase
from tradekit.domain.order import Order, Role
from tradekit.domain.plan import Plan, Problem, find_problems, make_plan
from tradekit.engine import actions, fills, risk, watch
from tradekit.engine.effects import AmendOrder, AskStrategy, CancelOrder, Effect
from tradekit.engine.entries import entry_order
from tradekit.engine.events import (
    BoundaryReached,
    CandlesClosed,
    CommandIssued,
    DecisionDue,
    Event,
    HookFailed,
    HookSlept,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RunEnded,
    StateKept,
    StrategyAnswered,
    Woken,
)
from tradekit.engine.lifecycle import Status, Trigger, move
from tradekit.engine.quiet import DECIDER, Quiet, quiet_levels
from tradekit.engine.rows import entry_data, make_row
from tradekit.engine.state import EngineState, Terms, check
from tradekit.errors import LocalProtocolError, ProtocolError, SignalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradekit.domain.journal import EventRow

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_IDLE, _SCHEDULED, _OPENING, _ACTIVE, _CLOSING, _TURNING, _HALTED = Status
_DECISION = Phase.DECISION
_ENTRY = Role.ENTRY
_ENTRY_RESTED, _ENTRY_SENT = Trigger.ENTRY_RESTED, Trigger.ENTRY_SENT

Effects = tuple[Effect, ...]

_ASK: Effects = (AskStrategy(),)


class Machine:
    """One (strategy, symbol); see the module for its contract."""

    __slots__ = ("_handlers", "_quiet", "state", "terms", "validate")

    def __init__(
        self, terms: Terms, state: EngineState | None = None, *, validate: bool = False
    ) -> None:
        """Start idle, or from a restored state; `validate` checks every invariant every time."""
        self.terms = terms
        self.state = EngineState() if state is None else state
        self.validate = validate
        self._quiet: Quiet | None = None
        self._handlers: dict[type, Callable[[Any], Effects]] = {
            BoundaryReached: self._on_boundary,
            DecisionDue: self._on_decision,
            StrategyAnswered: self._on_answer,
            CommandIssued: partial(actions.on_command, self.state, terms),
            OrderFilled: partial(fills.on_fill, self.state, terms),
            OrderRejected: partial(fills.on_reject, self.state, terms),
            OrderCancelled: partial(fills.on_cancelled, self.state, terms),
            HookSlept: self._on_slept,
            Woken: self._on_woken,
            StateKept: self._on_kept,
            HookFailed: self._on_hook_failed,
            CandlesClosed: self._on_candles,
            RunEnded: self._on_end,
        }

    def handle(self, event: Event) -> Effects:
        """Apply one event and return what is to be done about it, in order.

        Raises:
            ProtocolError: the event cannot happen now; the machine is HALTED.
            SignalError: the strategy's signal contradicts itself; nothing was changed.
        """
        self._quiet = None
        try:
            if self.state.status is _HALTED:
                what, where = type(event).__name__, self.terms.where
                msg = f"event was {what}, the machine of {where} has halted"
                raise LocalProtocolError(msg)
            effects = self._handlers[type(event)](event)
        except ProtocolError:
            self.state.status = _HALTED
            raise
        if self.state.wakes and _changes(event, effects):
            self.state.wakes.clear()
        if self.validate:
            check(self.state)
        return effects

    @property
    def quiet(self) -> Quiet:
        """Between which prices, and until when, nothing can happen."""
        if self._quiet is None:
            self._quiet = quiet_levels(self.state, self.terms)
        return self._quiet

    # --- time -------------------------------------------------------------------------------

    def _on_boundary(self, event: BoundaryReached) -> Effects:
        state = self.state
        if state.status is _SCHEDULED and _is_due(state.entry_deadline_ms, event.ts_ms):
            return self._cancel_entry(event.ts_ms, _DECISION, "timeout")
        if state.status is not _ACTIVE:
            return ()
        if _is_due(state.hold_deadline_ms, event.ts_ms):
            moment = event.ts_ms, _DECISION
            return actions.send_close(state, self.terms, moment, "time_expired", "")
        return actions.ratchet(state, self.terms, event)

    def _on_decision(self, event: DecisionDue) -> Effects:
        state, every_ms = self.state, self.terms.every_ms
        if state.status not in (_IDLE, _CLOSING) or DECIDER in state.wakes:
            return ()
        slot, into_slot = divmod(event.ts_ms, every_ms)
        if slot <= state.asked_slot or (self.terms.on_boundary and into_slot):
            return ()
        state.asked_slot = slot
        return _ASK

    def _on_slept(self, event: HookSlept) -> Effects:
        self.state.wakes[event.hook] = event.wake
        return ()

    def _on_woken(self, event: Woken) -> Effects:
        for hook in event.hooks:
            self.state.wakes.pop(hook, None)
        if DECIDER in event.hooks and event.slot_used:
            self.state.asked_slot = event.ts_ms // self.terms.every_ms
        return ()

    def _on_kept(self, event: StateKept) -> Effects:
        state = self.state
        if event.scope == "position" and state.position is None:
            return ()
        state.kept[event.scope] = event.text
        data = {"scope": event.scope, "value": event.text}
        return (self._note((event.ts_ms, event.phase), "state", data),)

    def _on_hook_failed(self, event: HookFailed) -> Effects:
        data = {"error": event.error, "hook": event.place}
        return (self._note((event.ts_ms, event.phase), "error", data),)

    def _note(self, moment: tuple[int, Phase], kind: str, data: dict[str, Any]) -> EventRow:
        """Return a row about user code, of the position where one is held."""
        position = self.state.position
        signal_id = "" if position is None else position.signal_id
        return make_row(self.state, self.terms, moment, kind, signal_id, data)

    def _on_end(self, event: RunEnded) -> Effects:
        state, moment = self.state, (event.ts_ms, event.phase)
        effects: Effects = ()
        if event.reason == "failed":
            data = {"error": event.error, "hook": event.place}
            effects = (make_row(state, self.terms, moment, "failed", "", data),)
        if state.status in (_SCHEDULED, _OPENING, _TURNING):
            effects += self._cancel_entry(event.ts_ms, event.phase, event.reason)
        if state.status is _ACTIVE:
            return effects + actions.send_close(state, self.terms, moment, event.reason, "")
        if state.position is not None:
            state.exit_reason = event.reason
        return effects

    def _on_candles(self, event: CandlesClosed) -> Effects:
        if self.state.position is None:
            msg = f"candles were reported for {self.terms.where}, which holds no position"
            raise LocalProtocolError(msg)
        return watch.on_candles(self.state, self.terms, event)

    # --- what the strategy wants ------------------------------------------------------------

    def _on_answer(self, event: StrategyAnswered) -> Effects:
        state, terms, signal = self.state, self.terms, event.signal
        if state.status not in (_IDLE, _CLOSING):
            msg = f"a signal came for {self.terms.where} while {state.status.value}"
            raise LocalProtocolError(msg)
        if isinstance(signal.id, str) and signal.id in state.used_ids:
            return ()
        plan = make_plan(
            signal,
            signal_id=f"{terms.strategy}-{terms.symbol}-{state.signal_count + 1}",
            price=event.price,
            defaults=terms.defaults,
            instrument=terms.instrument,
            money=event.money,
        )
        problems = find_problems(plan, terms.limits, base_ms=terms.base_ms)
        if problems and any(problem.nonsense for problem in problems):
            raise SignalError("; ".join(problem.message for problem in problems))
        if plan.direction == "short" and not terms.instrument.shorts_allowed:
            text = f"direction was 'short', {terms.symbol} can only be bought here"
            problems = [Problem("short_not_available", text, nonsense=False)]
        if terms.guarded and not problems:
            plan = risk.settle_cost(plan, terms, event.money)
            if event.verdict is None:
                return (risk.ask_for_entry(plan),)
            problems = risk.as_problems(event.verdict)
        state.signal_count += 1
        if problems:
            return (self._refusal(event.ts_ms, plan, problems, event.price),)
        if signal.id is not None:
            state.used_ids[signal.id] = None
        return self._send_entry(event.ts_ms, plan)

    def _refusal(self, ts_ms: int, plan: Plan, problems: list[Problem], price: float) -> EventRow:
        data = {
            "rule": problems[0].rule,
            "detail": "; ".join(problem.message for problem in problems),
            "price": price,
        }
        return make_row(
            self.state, self.terms, (ts_ms, _DECISION), "rejected", plan.signal_id, data
        )

    def _send_entry(self, ts_ms: int, plan: Plan) -> Effects:
        state = self.state
        at_market = plan.entry_type == "market"
        trigger = _ENTRY_SENT if at_market else _ENTRY_RESTED
        state.status = move(state.status, trigger)
        state.entry = plan
        state.entry_deadline_ms = None if at_market else ts_ms + plan.wait_ms
        order = entry_order(plan)
        state.orders[order.order_id] = order
        kind = "submitted" if at_market else "scheduled"
        moment = ts_ms, _DECISION
        row = make_row(state, self.terms, moment, kind, plan.signal_id, entry_data(plan))
        return (row, order)

    def _cancel_entry(self, ts_ms: int, phase: Phase, reason: str) -> Effects:
        state = self.state
        order = state.order_of(_ENTRY)
        if order is None:
            return ()
        state.cancelling[order.order_id] = reason
        return (CancelOrder(order.order_id, ts_ms, phase),)


def _changes(event: Event, effects: Effects) -> bool:
    """Return whether the position or its orders changed, which wakes whoever sleeps."""
    if isinstance(event, OrderFilled | OrderRejected | OrderCancelled):
        return bool(effects)
    return any(isinstance(effect, Order | AmendOrder | CancelOrder) for effect in effects)


def _is_due(deadline_ms: int | None, ts_ms: int) -> bool:
    return deadline_ms is not None and ts_ms >= deadline_ms
