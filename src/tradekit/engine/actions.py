"""What hooks may do, and the rules of each: a command becomes orders and rows, or is refused.

Functions over the state, for `machine` to call. A refusal is data: the rule's name, nothing
changed. A command that contradicts itself (not a number, both or neither of two ways to say
something) raises, like such a signal. Prices are compared with the last close here; what the next
open says is the venue's business, which is why market orders carry guards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tradekit.domain.commands import (
    AverageBuy,
    Breakeven,
    CancelEntry,
    Close,
    ClosePart,
    FillEntry,
    TrailStop,
    TrailTarget,
)
from tradekit.domain.journal import Phase, utf8
from tradekit.domain.order import Role, is_inside_guards
from tradekit.domain.plan import Target
from tradekit.domain.signal import positive
from tradekit.engine import risk
from tradekit.engine.effects import AmendOrder, AnswerCommand, AskRisk, CancelOrder
from tradekit.engine.entries import (
    average_order,
    entry_order,
    exit_order,
    part_order,
    stop_order,
    target_order,
)
from tradekit.engine.lifecycle import Status, Trigger, move
from tradekit.engine.rows import make_row
from tradekit.engine.state import ORDERS_MAX
from tradekit.errors import SignalError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tradekit.domain.order import Order
    from tradekit.domain.plan import Plan
    from tradekit.domain.position import Position
    from tradekit.engine.effects import Effect
    from tradekit.engine.events import BoundaryReached, CommandIssued
    from tradekit.engine.state import EngineState, Terms

    Effects = tuple[Effect, ...]

_DUST: Final = 1e-9
_ALL_PCT: Final = 100.0
# Room is kept for what is never refused: a stop, a target, the exit, the entry after it.
_SENT_MAX: Final = ORDERS_MAX - 4
_MODES: Final = ("new_extreme", "below_effective", "anywhere")
_ACCEPTED: Final = AnswerCommand(accepted=True)
_DECISION = Phase.DECISION


class _Ask(NamedTuple):
    """A command to a held position, and what is known of it; `judged` is about risk profiles."""

    state: EngineState
    terms: Terms
    ts_ms: int
    price: float
    plan: Plan
    position: Position
    judged: bool = True

    @property
    def side(self) -> float:
        return self.position.side

    def row(self, kind: str, data: dict[str, Any]) -> Effect:
        moment = self.ts_ms, _DECISION
        return make_row(self.state, self.terms, moment, kind, self.plan.signal_id, data)


def on_command(state: EngineState, terms: Terms, event: CommandIssued) -> Effects:
    """Carry the command out, refuse it, or have risk profiles asked about it first.

    Raises:
        SignalError: it contradicts itself; nothing was changed.
    """
    judged = not terms.guarded or (event.verdict is not None and not event.verdict.rule)
    effects = _on_command(state, terms, event, judged=judged)
    if event.verdict is None or not isinstance(effects[0], AskRisk):
        return effects
    verdict = event.verdict
    plan = state.plan or state.entry
    assert plan is not None, "only what is held or waits can be asked about"
    data = {"rule": verdict.rule, "detail": verdict.detail, "price": event.price}
    data["order"] = (Role.ENTRY if state.plan is None else Role.AVERAGE).value
    moment = event.ts_ms, _DECISION
    row = make_row(state, terms, moment, "rejected", plan.signal_id, data)
    return (*_refused(verdict.rule), row)


def _on_command(state: EngineState, terms: Terms, event: CommandIssued, *, judged: bool) -> Effects:
    command = event.command
    if isinstance(command, CancelEntry | FillEntry):
        return _on_waiting(state, terms, event, judged=judged)
    if state.status in (Status.CLOSING, Status.TURNING):
        return _refused("already_closing")
    if state.status is not Status.ACTIVE or state.plan is None or state.position is None:
        return _refused("no_open_position")
    ask = _Ask(state, terms, event.ts_ms, event.price, state.plan, state.position, judged)
    effects = _HANDLERS[type(command)](ask, command)
    if isinstance(effects, str):
        return _refused(effects)
    return effects if isinstance(effects[0], AskRisk) else (_ACCEPTED, *effects)


def send_close(
    state: EngineState, terms: Terms, moment: tuple[int, Phase], reason: str, note: str
) -> Effects:
    """Send the market order that closes everything, and say why."""
    assert state.plan is not None, "only a held position is closed"
    state.status = move(state.status, Trigger.CLOSE_SENT)
    state.exit_reason, state.exit_note = reason, note
    order = exit_order(state.plan)
    state.orders[order.order_id] = order
    data = {"reason": reason, "note": note}
    return (make_row(state, terms, moment, "close_submitted", state.plan.signal_id, data), order)


def ratchet(state: EngineState, terms: Terms, event: BoundaryReached) -> Effects:
    """Let the trailing stop of a held position follow the last close, if it has one."""
    plan, position = state.plan, state.position
    if plan is None or position is None or plan.trail_pct is None:
        return ()
    if state.trail_price is None or position.side * (event.price - state.trail_price) > 0.0:
        state.trail_price = event.price
    if trail_start(state) is not None:
        return ()
    ask = _Ask(state, terms, event.ts_ms, event.price, plan, position)
    wanted = state.trail_price * (1.0 - ask.side * plan.trail_pct / _ALL_PCT)
    effects = move_stop(ask, wanted, "trailed")
    return () if isinstance(effects, str) else effects


def trail_start(state: EngineState) -> float | None:
    """Return the close at which the trailing stop starts to follow, None if one was there."""
    plan, position, best = state.plan, state.position, state.trail_price
    assert plan is not None, "a held position has a plan"
    assert position is not None, "only a held position is trailed"
    after_pct = plan.trail_after_pct or 0.0
    start = position.average_entry_price * (1.0 + position.side * after_pct / _ALL_PCT)
    started = not after_pct or (best is not None and position.side * (best - start) >= 0.0)
    return None if started else start


def _refused(rule: str) -> Effects:
    return (AnswerCommand(accepted=False, rule=rule),)


def _on_waiting(state: EngineState, terms: Terms, event: CommandIssued, *, judged: bool) -> Effects:
    """Take the resting entry back, or send it to market."""
    order = state.order_of(Role.ENTRY)
    if state.status is not Status.SCHEDULED or order is None or state.entry is None:
        return _refused("no_waiting_entry")
    if isinstance(event.command, CancelEntry):
        state.cancelling[order.order_id] = "cancelled"
        return (_ACCEPTED, CancelOrder(order.order_id, event.ts_ms, _DECISION))
    plan = state.entry._replace(entry_type="market", entry_price=None, reference_price=event.price)
    market = entry_order(plan)
    if not is_inside_guards(market, event.price):
        return _refused("price_passed")
    if not judged:
        return (risk.ask_for_entry(plan),)
    state.status = move(state.status, Trigger.ENTRY_SENT)
    state.entry, state.entry_deadline_ms = plan, None
    state.orders[market.order_id] = market
    moment = event.ts_ms, _DECISION
    data = {"price": event.price}
    row = make_row(state, terms, moment, "activated", plan.signal_id, data)
    return (_ACCEPTED, row, AmendOrder(market))


def _close(ask: _Ask, command: Close) -> Effects | str:
    moment = ask.ts_ms, _DECISION
    return send_close(ask.state, ask.terms, moment, "closed", utf8(command.note))


def _close_part(ask: _Ask, command: ClosePart) -> Effects | str:
    pct, cost = command.pct, command.cost
    if (pct is None) == (cost is None):
        raise SignalError("close_part was given pct and cost, must be one of them")
    position = ask.position
    pending = sum(each.quantity or 0.0 for each in _orders(ask, Role.PART))
    free = position.quantity - pending
    if cost is not None:
        share = positive("cost", cost) / position.cost_left
    else:
        share = positive("pct", pct) / _ALL_PCT * free / position.quantity
    if share * position.quantity > free * (1.0 + _DUST):
        return "more_than_held"
    if share >= 1.0 - _DUST:
        return _close(ask, Close(command.note))
    quantity = ask.terms.instrument.floor_quantity(min(free, share * position.quantity))
    # Where there are no lots, halves of halves would go on for ever.
    if quantity <= _DUST * max(fill.quantity for fill in position.entries):
        return "below_lot_size"
    if quantity * ask.price < ask.terms.instrument.min_notional:
        return "below_min_notional"
    if len(ask.state.orders) >= _SENT_MAX:
        return "too_many_orders"
    order = part_order(ask.plan, _next_number(ask), quantity)
    data = {"quantity": quantity, "note": utf8(command.note)}
    return _sent(ask, order, "part_submitted", data)


def _average_buy(ask: _Ask, command: AverageBuy) -> Effects | str:
    cost = positive("cost", command.cost)
    if command.mode not in _MODES:
        raise SignalError(f"mode was {command.mode!r}, must be one of {', '.join(_MODES)}")
    limit = None
    if command.limit is not None:
        rounded = ask.terms.instrument
        limit = positive("limit", command.limit)
        limit = rounded.floor_price(limit) if ask.side > 0 else rounded.ceil_price(limit)
        if limit <= 0.0:
            raise SignalError(f"limit was {command.limit!r}, must be at least a tick")
    price = ask.price if limit is None else limit
    bound = _average_bound(ask, command.mode)
    rule = _too_much(ask, command, cost)
    if rule:
        return rule
    if bound is not None and ask.side * (bound - price) <= 0.0:
        return "not_a_new_extreme" if command.mode == "new_extreme" else "not_below_effective"
    # One at market, which has no price, and one at each price.
    if any(each.price == limit for each in _orders(ask, Role.AVERAGE)):
        return "average_pending"
    stop, target = _level(ask, Role.STOP), _level(ask, Role.TARGET)
    if stop is not None and ask.side * (price - stop) <= 0.0:
        return "beyond_stop"
    worse = [each for each in (bound, target) if each is not None]
    near = (min(worse) if ask.side > 0 else max(worse)) if worse else None
    guards = (stop, near) if ask.side > 0 else (near, stop)
    if not ask.judged:
        direction = ask.position.direction
        return (AskRisk("average", direction, price, stop, target, cost),)
    order = average_order(ask.plan, _next_number(ask), cost, limit=limit, guards=guards)
    data = {"cost": cost, "limit": limit, "mode": command.mode}
    return _sent(ask, order, "average_submitted", data)


def _average_bound(ask: _Ask, mode: str) -> float | None:
    """Return the price that an average must be better than."""
    if mode == "anywhere":
        return None
    if mode == "below_effective":
        # What differs from the average in its last digits is no better than it.
        return ask.position.average_entry_price * (1.0 - ask.side * _DUST)
    prices = [fill.price for fill in ask.position.entries]
    return min(prices) if ask.side > 0 else max(prices)


def _too_much(ask: _Ask, command: AverageBuy, cost: float) -> str:
    """Return the cap that one more entry of `cost` breaks, if any."""
    limits, position = ask.terms.limits, ask.position
    most, money = command.max_entries, command.max_cost
    if most is not None and (type(most) is not int or most < 1):
        raise SignalError(f"max_entries was {most!r}, must be a whole number above 0")
    if money is not None:
        money = positive("max_cost", money)
    pending = _orders(ask, Role.AVERAGE)
    count = len(position.entries) + len(pending) + 1
    total = position.cost + sum(each.cost or 0.0 for each in pending) + cost
    if any(cap is not None and count > cap for cap in (most, limits.max_entries)):
        return "max_entries"
    if any(
        cap is not None and total > cap * (1.0 + _DUST) for cap in (money, limits.max_position_cost)
    ):
        return "max_cost"
    return "too_many_orders" if len(ask.state.orders) >= _SENT_MAX else ""


def _trail_stop(ask: _Ask, command: TrailStop) -> Effects | str:
    wanted = _wanted("trail_stop", ask, command.price, command.pct, away=-1.0)
    return move_stop(ask, wanted, "asked", loosen=command.loosen)


def _breakeven(ask: _Ask, command: Breakeven) -> Effects | str:
    del command
    return move_stop(ask, ask.position.net_zero_price(), "breakeven", closer=True)


def move_stop(
    ask: _Ask, wanted: float, why: str, *, loosen: bool = False, closer: bool = False
) -> Effects | str:
    """Put the stop at `wanted`, rounded to the tick: away from profit, or `closer` to it."""
    rules, long = ask.terms.instrument, ask.side > 0
    price = rules.ceil_price(wanted) if long == closer else rules.floor_price(wanted)
    stop = _level(ask, Role.STOP)
    if ask.side * (ask.price - price) <= 0.0:
        return "stop_passed"
    if stop is not None and price == stop:
        return "not_moved"
    if stop is not None and ask.side * (price - stop) < 0.0:
        if not loosen:
            return "not_tighter"
        average = ask.position.average_entry_price
        distance_pct = ask.side * (average - price) / average * _ALL_PCT
        if ask.terms.limits.max_stop_pct and distance_pct > ask.terms.limits.max_stop_pct + _DUST:
            return "stop_too_far"
    if price <= 0.0:
        return "stop_too_far"
    return _moved(ask, stop_order(ask.plan, price), stop, why)


def _trail_target(ask: _Ask, command: TrailTarget) -> Effects | str:
    wanted = _wanted("trail_target", ask, command.price, command.pct, away=1.0)
    targets = _orders(ask, Role.TARGET)
    if len(targets) > 1:
        return "several_targets"
    rules = ask.terms.instrument
    price = rules.ceil_price(wanted) if ask.side > 0 else rules.floor_price(wanted)
    if ask.side * (price - ask.price) <= 0.0:
        return "target_passed"
    if price <= 0.0:
        return "target_too_far"
    old = _level(ask, Role.TARGET)
    if old == price:
        return "not_moved"
    # A new one gets a number of its own: that of an order that ended would be taken for it.
    number = len(ask.plan.targets) + 1
    order = targets[0]._replace(price=price) if targets else target_order(ask.plan, price, number)
    share_pct = ask.state.targets[-1].share_pct if ask.state.targets else _ALL_PCT
    ask.state.targets = (Target(price, share_pct),)
    return _moved(ask, order, old, "asked")


def _moved(ask: _Ask, order: Order, old: float | None, why: str) -> Effects:
    """Place or move what waits for a price; the row says from where and to where."""
    ask.state.orders[order.order_id] = order
    data = {"order": order.role.value, "old_price": old, "new_price": order.price, "why": why}
    return (ask.row("trailed", data), order if old is None else AmendOrder(order))


def _wanted(name: str, ask: _Ask, price: float | None, pct: float | None, *, away: float) -> float:
    """Return the level meant by a price, or by percent from the last close."""
    if (price is None) == (pct is None):
        raise SignalError(f"{name} was given price and pct, must be one of them")
    if price is not None:
        return positive("price", price)
    return ask.price * (1.0 + away * ask.side * positive("pct", pct) / _ALL_PCT)


def _sent(ask: _Ask, order: Order, kind: str, data: dict[str, Any]) -> Effects:
    ask.state.orders[order.order_id] = order
    ask.state.action_count += 1
    return (ask.row(kind, data), order)


def _orders(ask: _Ask, role: Role) -> list[Order]:
    return [order for order in ask.state.orders.values() if order.role is role]


def _level(ask: _Ask, role: Role) -> float | None:
    """Return the price of the stop, or of the nearest target, None without one."""
    prices = [order.price for order in _orders(ask, role) if order.price is not None]
    if not prices:
        return None
    return min(prices) if ask.side > 0 else max(prices)


def _next_number(ask: _Ask) -> int:
    return ask.state.action_count + 1


_HANDLERS: Final[dict[type, Callable[[_Ask, Any], Effects | str]]] = {
    Close: _close,
    ClosePart: _close_part,
    AverageBuy: _average_buy,
    TrailStop: _trail_stop,
    TrailTarget: _trail_target,
    Breakeven: _breakeven,
}
