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

from typing import TYPE_CHECKING, Any

from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.order import Order, Role
from tradekit.domain.position import Position
from tradekit.domain.signal import Plan, Problem, find_problems, make_plan
from tradekit.engine.effects import (
    AnswerCommand,
    AskStrategy,
    CancelOrder,
    Effect,
)
from tradekit.engine.entries import (
    bracket_orders,
    closed_data,
    entry_data,
    entry_order,
    exit_order,
    opened_data,
)
from tradekit.engine.events import (
    BoundaryReached,
    CandlesClosed,
    CommandIssued,
    DecisionDue,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RunEnded,
    StrategyAnswered,
)
from tradekit.engine.lifecycle import Status, Trigger, move
from tradekit.engine.quiet import Quiet, quiet_levels
from tradekit.engine.state import EngineState, Terms, check
from tradekit.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, SignalError

if TYPE_CHECKING:
    from collections.abc import Callable

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_IDLE, _SCHEDULED, _OPENING, _ACTIVE, _CLOSING, _TURNING, _HALTED = Status
_INSIDE, _DECISION, _OPEN, _END = Phase
_ENTRY, _STOP, _TARGET, _EXIT = Role
(
    _ENTRY_RESTED,
    _ENTRY_SENT,
    _ENTRY_FILLED,
    _ENTRY_GONE,
    _CLOSE_SENT,
    _EXIT_FILLED,
    _EXIT_FILLED_BEFORE_RESTING,
    _EXIT_FILLED_BEFORE_SENT,
) = Trigger

Effects = tuple[Effect, ...]

_ASK: Effects = (AskStrategy(),)
_EXIT_REASON = {_STOP: "stop_loss", _TARGET: "take_profit"}


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
            CommandIssued: self._on_command,
            OrderFilled: self._on_fill,
            OrderRejected: self._on_reject,
            OrderCancelled: self._on_cancelled,
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
                msg = f"event was {type(event).__name__}, the machine of {self._where} has halted"
                raise LocalProtocolError(msg)
            effects = self._handlers[type(event)](event)
        except ProtocolError:
            self.state.status = _HALTED
            raise
        if self.validate:
            check(self.state)
        return effects

    @property
    def quiet(self) -> Quiet:
        """Between which prices, and until when, nothing can happen."""
        if self._quiet is None:
            self._quiet = quiet_levels(self.state, self.terms)
        return self._quiet

    @property
    def _where(self) -> str:
        return f"strategy {self.terms.strategy!r}, {self.terms.symbol}"

    def _row(
        self, ts_ms: int, phase: Phase, kind: str, signal_id: str, data: dict[str, Any]
    ) -> EventRow:
        terms = self.terms
        self.state.seq = seq = self.state.seq + 1
        return EventRow(
            ts_ms,
            phase,
            terms.symbol_index,
            seq,
            terms.strategy,
            terms.symbol,
            kind,
            signal_id,
            data,
        )

    # --- time -------------------------------------------------------------------------------

    def _on_boundary(self, event: BoundaryReached) -> Effects:
        state = self.state
        if state.status is _SCHEDULED and _is_due(state.entry_deadline_ms, event.ts_ms):
            return self._cancel_entry(event.ts_ms, _DECISION, "timeout")
        if state.status is _ACTIVE and _is_due(state.hold_deadline_ms, event.ts_ms):
            return self._send_close(event.ts_ms, _DECISION, "time_expired", "")
        return ()

    def _on_decision(self, event: DecisionDue) -> Effects:
        state, every_ms = self.state, self.terms.every_ms
        if state.status not in (_IDLE, _CLOSING):
            return ()
        slot, into_slot = divmod(event.ts_ms, every_ms)
        if slot <= state.asked_slot or (self.terms.on_boundary and into_slot):
            return ()
        state.asked_slot = slot
        return _ASK

    def _on_end(self, event: RunEnded) -> Effects:
        state = self.state
        effects: Effects = ()
        if event.reason == "failed":
            data = {"error": event.error, "hook": event.place}
            effects = (self._row(event.ts_ms, event.phase, "failed", "", data),)
        if state.status in (_SCHEDULED, _OPENING, _TURNING):
            effects += self._cancel_entry(event.ts_ms, event.phase, event.reason)
        if state.status is _ACTIVE:
            return effects + self._send_close(event.ts_ms, event.phase, event.reason, "")
        if state.position is not None:
            state.exit_reason = event.reason
        return effects

    def _on_candles(self, event: CandlesClosed) -> Effects:
        if self.state.position is None:
            msg = f"candles were reported for {self._where}, which holds no position"
            raise LocalProtocolError(msg)
        self.state.position.observe(event.high, event.low)
        return ()

    # --- what the strategy wants ------------------------------------------------------------

    def _on_answer(self, event: StrategyAnswered) -> Effects:
        state, terms, signal = self.state, self.terms, event.signal
        if state.status not in (_IDLE, _CLOSING):
            msg = f"a signal came for {self._where} while {state.status.value}"
            raise LocalProtocolError(msg)
        if isinstance(signal.id, str) and signal.id in state.used_ids:
            return ()
        plan = make_plan(
            signal,
            signal_id=f"{terms.strategy}-{terms.symbol}-{state.signal_count + 1}",
            price=event.price,
            defaults=terms.defaults,
            instrument=terms.instrument,
        )
        problems = find_problems(plan, terms.limits, base_ms=terms.base_ms)
        if problems and any(problem.nonsense for problem in problems):
            raise SignalError("; ".join(problem.message for problem in problems))
        state.signal_count += 1
        if plan.direction == "short" and not terms.instrument.shorts_allowed:
            text = f"direction was 'short', {terms.symbol} can only be bought here"
            problems = [Problem("short_not_available", text, nonsense=False)]
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
        return self._row(ts_ms, _DECISION, "rejected", plan.signal_id, data)

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
        row = self._row(ts_ms, _DECISION, kind, plan.signal_id, entry_data(plan))
        return (row, order)

    def _on_command(self, event: CommandIssued) -> Effects:
        status = self.state.status
        if status in (_CLOSING, _TURNING):
            return (AnswerCommand(accepted=False, rule="already_closing"),)
        if status is not _ACTIVE:
            return (AnswerCommand(accepted=False, rule="no_open_position"),)
        note = str(event.command.note)
        effects = self._send_close(event.ts_ms, _DECISION, "closed", note)
        return (AnswerCommand(accepted=True), *effects)

    # --- orders -----------------------------------------------------------------------------

    def _send_close(self, ts_ms: int, phase: Phase, reason: str, note: str) -> Effects:
        state = self.state
        assert state.plan is not None, "only a held position is closed"
        state.status = move(state.status, _CLOSE_SENT)
        state.exit_reason, state.exit_note = reason, note
        order = exit_order(state.plan)
        state.orders[order.order_id] = order
        data = {"reason": reason, "note": note}
        row = self._row(ts_ms, phase, "close_submitted", state.plan.signal_id, data)
        return (row, order)

    def _cancel_entry(self, ts_ms: int, phase: Phase, reason: str) -> Effects:
        state = self.state
        order = state.order_of(_ENTRY)
        if order is None:
            return ()
        state.cancelling[order.order_id] = reason
        return (CancelOrder(order.order_id, ts_ms, phase),)

    def _order(self, order_id: str) -> Order | None:
        """Return the live order, None if it ended before.

        Raises:
            RemoteProtocolError: there never was one of that id.
        """
        order = self.state.orders.get(order_id)
        if order is None and order_id not in self.state.finished:
            msg = f"order id was {order_id!r}, no order of {self._where}"
            raise RemoteProtocolError(msg)
        return order

    def _on_fill(self, event: OrderFilled) -> Effects:
        order = self._order(event.order_id)
        if order is None:
            return ()
        if order.role is _ENTRY:
            return self._open(event)
        return self._close(order, event)

    def _open(self, event: OrderFilled) -> Effects:
        state, plan = self.state, self.state.entry
        if plan is None or state.position is not None:
            msg = f"entry {event.order_id!r} was filled while {state.status.value}"
            raise RemoteProtocolError(msg)
        if event.fill.quantity <= 0.0 or event.cost <= 0.0:
            msg = (
                f"entry {event.order_id!r} was filled with {event.fill.quantity!r}, must be above 0"
            )
            raise RemoteProtocolError(msg)
        state.status = move(state.status, _ENTRY_FILLED)
        state.finish(event.order_id)
        position = Position(plan.signal_id, plan.direction, self.terms.costs)
        position.add_entry(event.fill, event.cost)
        state.position, state.plan, state.targets = position, plan, plan.targets
        state.entry = state.entry_deadline_ms = None
        state.hold_deadline_ms = None if plan.hold_ms is None else event.fill.ts_ms + plan.hold_ms
        data = opened_data(plan, event, at_open=event.phase is _OPEN)
        effects: list[Effect] = [
            self._row(event.fill.ts_ms, event.phase, "opened", plan.signal_id, data)
        ]
        for order in bracket_orders(plan):
            state.orders[order.order_id] = order
            effects.append(order)
        return tuple(effects)

    def _close(self, order: Order, event: OrderFilled) -> Effects:
        state, position = self.state, self.state.position
        if position is None:
            msg = f"exit {event.order_id!r} was filled while {state.status.value}"
            raise RemoteProtocolError(msg)
        if event.fill.quantity != position.quantity:
            msg = (
                f"exit {event.order_id!r} was filled with {event.fill.quantity!r}, must take off "
                f"all of the {position.quantity!r} held"
            )
            raise RemoteProtocolError(msg)
        position.add_exit(event.fill)
        position.settle()
        position.ambiguous |= event.ambiguous
        state.status = move(state.status, self._exit_trigger())
        reason = _EXIT_REASON.get(order.role) or state.exit_reason
        note = state.exit_note if order.role is _EXIT else ""
        data = closed_data(position, reason, note, event.cash_delta)
        # What protected the position is void with it: the venue takes it off by itself.
        for left in [o.order_id for o in state.orders.values() if o.role is not _ENTRY]:
            state.finish(left)
        state.position = state.plan = state.hold_deadline_ms = None
        state.targets, state.exit_reason, state.exit_note = (), "", ""
        return (self._row(event.fill.ts_ms, event.phase, "closed", position.signal_id, data),)

    def _exit_trigger(self) -> Trigger:
        entry = self.state.entry
        if entry is None:
            return _EXIT_FILLED
        if entry.entry_type == "market":
            return _EXIT_FILLED_BEFORE_SENT
        return _EXIT_FILLED_BEFORE_RESTING

    def _on_reject(self, event: OrderRejected) -> Effects:
        order = self._order(event.order_id)
        if order is None:
            return ()
        if order.role is not _ENTRY or self.state.entry is None:
            msg = f"order {event.order_id!r} was rejected ({event.rule}), it protects a position"
            raise RemoteProtocolError(msg)
        data = {"rule": event.rule, "detail": event.detail, "price": event.price}
        return self._entry_gone(order, event.ts_ms, event.phase, "rejected", data)

    def _on_cancelled(self, event: OrderCancelled) -> Effects:
        order = self._order(event.order_id)
        if order is None:
            return ()
        reason = self.state.cancelling.get(event.order_id)
        if reason is None or order.role is not _ENTRY:
            msg = f"order {event.order_id!r} was cancelled, which nobody asked for"
            raise RemoteProtocolError(msg)
        return self._entry_gone(order, event.ts_ms, event.phase, "cancelled", {"reason": reason})

    def _entry_gone(
        self, order: Order, ts_ms: int, phase: Phase, kind: str, data: dict[str, Any]
    ) -> Effects:
        state = self.state
        assert state.entry is not None, "an entry order without its plan"
        state.status = move(state.status, _ENTRY_GONE)
        state.finish(order.order_id)
        signal_id = state.entry.signal_id
        state.entry = state.entry_deadline_ms = None
        return (self._row(ts_ms, phase, kind, signal_id, data),)


def _is_due(deadline_ms: int | None, ts_ms: int) -> bool:
    return deadline_ms is not None and ts_ms >= deadline_ms
