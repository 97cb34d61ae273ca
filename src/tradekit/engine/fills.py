"""What answers of the venue do: entries and averages fill, parts and all of it go, orders end.

Functions over the state, for `machine` to call; each checks everything before it changes anything.
A repeated answer about an order that ended changes nothing; one about an order that never was is
the venue's error, and so is an answer that cannot be true.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tradekit.domain.journal import Phase
from tradekit.domain.order import Role
from tradekit.domain.position import Position
from tradekit.engine.effects import AmendOrder
from tradekit.engine.entries import bracket_orders, target_orders
from tradekit.engine.lifecycle import Trigger, move
from tradekit.engine.rows import averaged_data, closed_data, make_row, opened_data, partial_data
from tradekit.engine.watch import on_exit
from tradekit.errors import RemoteProtocolError

if TYPE_CHECKING:
    from tradekit.domain.order import Order
    from tradekit.domain.plan import Plan
    from tradekit.engine.effects import Effect
    from tradekit.engine.events import OrderCancelled, OrderFilled, OrderRejected
    from tradekit.engine.state import EngineState, Terms

    Effects = tuple[Effect, ...]

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_ENTRY, _AVERAGE, _STOP, _TARGET, _PART, _EXIT = Role
_OPEN = Phase.OPEN
_ENTRY_FILLED, _ENTRY_GONE = Trigger.ENTRY_FILLED, Trigger.ENTRY_GONE
_EXIT_FILLED = Trigger.EXIT_FILLED
_EXIT_FILLED_BEFORE_RESTING = Trigger.EXIT_FILLED_BEFORE_RESTING
_EXIT_FILLED_BEFORE_SENT = Trigger.EXIT_FILLED_BEFORE_SENT

_EXIT_REASON = {_STOP: "stop_loss", _TARGET: "take_profit", _PART: "closed"}
_DUST: Final = 1e-9


def on_fill(state: EngineState, terms: Terms, event: OrderFilled) -> Effects:
    """Book a fill.

    Raises:
        RemoteProtocolError: it cannot have happened.
    """
    order = _known_order(state, terms, event.order_id)
    if order is None:
        return ()
    if order.role is _ENTRY or order.role is _AVERAGE:
        if event.fill.quantity <= 0.0 or event.cost <= 0.0:
            msg = (
                f"entry {event.order_id!r} was filled with {event.fill.quantity!r}, must be above 0"
            )
            raise RemoteProtocolError(msg)
        return (_open if order.role is _ENTRY else _average)(state, terms, event)
    return _take_off(state, terms, order, event)


def on_reject(state: EngineState, terms: Terms, event: OrderRejected) -> Effects:
    """Forget an order that the venue refused.

    Raises:
        RemoteProtocolError: it refused one that it cannot refuse.
    """
    order = _known_order(state, terms, event.order_id)
    if order is None:
        return ()
    data: dict[str, Any] = {"rule": event.rule, "detail": event.detail, "price": event.price}
    if order.role is _ENTRY and state.entry is not None:
        return _entry_gone(state, terms, order, (event.ts_ms, event.phase), "rejected", data)
    if state.plan is None or order.role in (_ENTRY, _STOP, _EXIT):
        msg = f"order {event.order_id!r} was rejected ({event.rule}), it protects a position"
        raise RemoteProtocolError(msg)
    state.finish(order.order_id)
    if order.role is _TARGET:
        state.targets = tuple(each for each in state.targets if each.price != order.price)
    data["order"] = order.role.value
    moment = event.ts_ms, event.phase
    return (make_row(state, terms, moment, "rejected", state.plan.signal_id, data),)


def on_cancelled(state: EngineState, terms: Terms, event: OrderCancelled) -> Effects:
    """Forget an order that was taken off.

    Raises:
        RemoteProtocolError: nobody asked for that.
    """
    order = _known_order(state, terms, event.order_id)
    if order is None:
        return ()
    reason = state.cancelling.get(event.order_id)
    if reason is None or order.role is not _ENTRY:
        msg = f"order {event.order_id!r} was cancelled, which nobody asked for"
        raise RemoteProtocolError(msg)
    moment = event.ts_ms, event.phase
    return _entry_gone(state, terms, order, moment, "cancelled", {"reason": reason})


def _known_order(state: EngineState, terms: Terms, order_id: str) -> Order | None:
    """Return the live order, None if it ended before."""
    order = state.orders.get(order_id)
    if order is None and order_id not in state.finished:
        msg = f"order id was {order_id!r}, no order of {terms.where}"
        raise RemoteProtocolError(msg)
    return order


def _open(state: EngineState, terms: Terms, event: OrderFilled) -> Effects:
    plan = state.entry
    if plan is None or state.position is not None:
        msg = f"entry {event.order_id!r} was filled while {state.status.value}"
        raise RemoteProtocolError(msg)
    state.status = move(state.status, _ENTRY_FILLED)
    state.finish(event.order_id)
    position = Position(plan.signal_id, plan.direction, terms.costs)
    position.add_entry(event.fill, event.cost)
    state.position, state.plan, state.targets = position, plan, plan.targets
    state.action_count, state.trail_price, state.breakeven_told = 0, None, False
    state.levels.clear()
    state.entry = state.entry_deadline_ms = None
    state.hold_deadline_ms = None if plan.hold_ms is None else event.fill.ts_ms + plan.hold_ms
    data = opened_data(plan, event, at_open=event.phase is _OPEN)
    moment = event.fill.ts_ms, event.phase
    effects: list[Effect] = [make_row(state, terms, moment, "opened", plan.signal_id, data)]
    for order in bracket_orders(plan, event.fill.quantity, terms.instrument):
        state.orders[order.order_id] = order
        effects.append(order)
    return tuple(effects)


def _average(state: EngineState, terms: Terms, event: OrderFilled) -> Effects:
    plan, position = state.plan, state.position
    if plan is None or position is None:
        msg = f"average {event.order_id!r} was filled while {state.status.value}"
        raise RemoteProtocolError(msg)
    state.finish(event.order_id)
    position.add_entry(event.fill, event.cost)
    # The best close so far was best for another average: from here on the stop follows anew.
    state.trail_price = None
    data = averaged_data(position, event, at_open=event.phase is _OPEN)
    moment = event.fill.ts_ms, event.phase
    effects: list[Effect] = [make_row(state, terms, moment, "averaged", plan.signal_id, data)]
    entered = sum(fill.quantity for fill in position.entries)
    for order in target_orders(plan, state.targets, entered, terms.instrument):
        if state.orders.get(order.order_id, order) != order:
            moved = state.orders[order.order_id]._replace(quantity=order.quantity)
            state.orders[order.order_id] = moved
            effects.append(AmendOrder(moved))
    return tuple(effects)


def _take_off(state: EngineState, terms: Terms, order: Order, event: OrderFilled) -> Effects:
    """Book an exit of a part, or of all of it."""
    position, quantity = state.position, event.fill.quantity
    if position is None:
        msg = f"exit {event.order_id!r} was filled while {state.status.value}"
        raise RemoteProtocolError(msg)
    may_leave = order.quantity is not None
    most = position.quantity
    # The same dust as in the position, which holds nothing after that.
    is_all = quantity >= most * (1.0 - _DUST)
    if not (quantity == most or (may_leave and 0.0 < quantity < most)):
        rule = "at most" if may_leave else "all of"
        msg = f"exit {event.order_id!r} was filled with {quantity!r}, must take off {rule} {most!r}"
        raise RemoteProtocolError(msg)
    position.ambiguous |= event.ambiguous
    moment = event.fill.ts_ms, event.phase
    levels = on_exit(state, terms, order, moment) if terms.watched else ()
    if not is_all:
        position.add_exit(event.fill)
        state.finish(order.order_id)
        if order.role is _TARGET:
            state.targets = tuple(each for each in state.targets if each.price != order.price)
        data = partial_data(position, event, order.role.value)
        return (*levels, make_row(state, terms, moment, "partial", position.signal_id, data))
    position.add_exit(event.fill)
    position.settle()
    trigger = _EXIT_FILLED if state.entry is None else _exit_trigger(state.entry)
    state.status = move(state.status, trigger)
    reason = state.exit_reason if order.role is _EXIT else _EXIT_REASON[order.role]
    note = state.exit_note if order.role is _EXIT else ""
    data = closed_data(position, reason, note, event.cash_delta)
    # What belonged to the position is void with it: the venue takes it off by itself.
    for left in [o.order_id for o in state.orders.values() if o.role is not _ENTRY]:
        state.finish(left)
    state.position = state.plan = state.hold_deadline_ms = None
    state.targets, state.exit_reason, state.exit_note = (), "", ""
    state.kept.pop("position", None)
    return (*levels, make_row(state, terms, moment, "closed", position.signal_id, data))


def _exit_trigger(entry: Plan) -> Trigger:
    """Return what an exit is that another entry was sent behind."""
    if entry.entry_type == "market":
        return _EXIT_FILLED_BEFORE_SENT
    return _EXIT_FILLED_BEFORE_RESTING


def _entry_gone(
    state: EngineState,
    terms: Terms,
    order: Order,
    moment: tuple[int, Phase],
    kind: str,
    data: dict[str, Any],
) -> Effects:
    assert state.entry is not None, "an entry order without its plan"
    state.status = move(state.status, _ENTRY_GONE)
    state.finish(order.order_id)
    signal_id = state.entry.signal_id
    state.entry = state.entry_deadline_ms = None
    return (make_row(state, terms, moment, kind, signal_id, data),)
