"""Leaf rules of entering and leaving: which orders a plan becomes, and the rows that say so.

Pure functions of a plan, a position and the terms; `machine` decides when to use them.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tradekit.domain.order import Order, OrderType, Role

if TYPE_CHECKING:
    from tradekit.domain.order import Fill
    from tradekit.domain.position import Position
    from tradekit.domain.signal import Plan
    from tradekit.engine.events import OrderFilled

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_ENTRY, _STOP, _TARGET, _EXIT = Role
_AT_MARKET, _AT_LIMIT, _AT_STOP = OrderType
_QUANTITY = attrgetter("quantity")
_ENTRY_TYPES = {"market": _AT_MARKET, "limit": _AT_LIMIT, "stop": _AT_STOP}


def entry_order(plan: Plan) -> Order:
    """Return the order that opens the plan; a market one carries its bracket as guards."""
    long = plan.direction == "long"
    at_market = plan.entry_type == "market"
    stop, target = plan.stop_loss_price, plan.take_profit_price
    low, high = (stop, target) if long else (target, stop)
    below = not at_market and long == (plan.entry_type == "limit")
    return Order(
        f"{plan.signal_id}:entry",
        _ENTRY,
        _ENTRY_TYPES[plan.entry_type],
        long,
        plan.entry_price,
        None,
        plan.cost,
        plan.equity_pct,
        low if at_market else None,
        high if at_market else None,
        below,
    )


def bracket_orders(plan: Plan) -> list[Order]:
    """Return the orders that protect and take profit once the plan is open: stop, then targets."""
    orders = []
    if plan.stop_loss_price is not None:
        orders.append(_waiting(plan, "stop", _STOP, _AT_STOP, plan.stop_loss_price))
    for number, target in enumerate(plan.targets, 1):
        orders.append(_waiting(plan, f"target{number}", _TARGET, _AT_LIMIT, target.price))
    return orders


def exit_order(plan: Plan) -> Order:
    """Return the market order that closes everything."""
    return Order(f"{plan.signal_id}:exit", _EXIT, _AT_MARKET, buying=plan.direction == "short")


def _waiting(plan: Plan, name: str, role: Role, order_type: OrderType, price: float) -> Order:
    """Return an order that leaves the plan's position at `price`."""
    long = plan.direction == "long"
    below = long == (role is _STOP)
    return Order(
        f"{plan.signal_id}:{name}",
        role,
        order_type,
        not long,
        price,
        None,
        None,
        None,
        None,
        None,
        below,
    )


def entry_data(plan: Plan) -> dict[str, Any]:
    """Return the fields of a `submitted` or `scheduled` row."""
    data: dict[str, Any] = {
        "direction": plan.direction,
        "entry_type": plan.entry_type,
        "reference_price": plan.reference_price,
        "stop_loss_price": plan.stop_loss_price,
        "take_profit_price": plan.take_profit_price,
        "cost": plan.cost,
        "equity_pct": plan.equity_pct,
        "hold_ms": plan.hold_ms,
        "note": plan.note,
    }
    if plan.entry_type != "market":
        data["entry_price"] = plan.entry_price
        data["wait_ms"] = plan.wait_ms
    return data


def opened_data(plan: Plan, event: OrderFilled, *, at_open: bool) -> dict[str, Any]:
    """Return the fields of an `opened` row."""
    return {
        "direction": plan.direction,
        "entry_type": plan.entry_type,
        "at_open": at_open,
        "price": event.fill.price,
        "quantity": event.fill.quantity,
        "cost": event.cost,
        "fee": event.fill.fee,
        "cash_delta": event.cash_delta,
        "stop_loss_price": plan.stop_loss_price,
        "take_profit_price": plan.take_profit_price,
    }


def closed_data(position: Position, reason: str, note: str, cash_delta: float) -> dict[str, Any]:
    """Return the fields of a `closed` row: those of a trade, and what the account got."""
    first, last = position.entries[0], position.exits[-1]
    return {
        "direction": position.direction,
        "entry_ts_ms": first.ts_ms,
        "entry_price": first.price,
        "exit_ts_ms": last.ts_ms,
        "exit_price": last.price,
        "reason": reason,
        "note": note,
        "cost": position.cost,
        "quantity": sum(map(_QUANTITY, position.entries)),
        "pnl": position.gross - position.fees,
        "pnl_pct": position.pct_offset,
        "fees": position.fees,
        "entries": [_fill_data(fill) for fill in position.entries],
        "exits": [_fill_data(fill) for fill in position.exits],
        "peak_pct": position.peak_pct,
        "drawdown_pct": position.drawdown_pct,
        "ambiguous": position.ambiguous,
        "cash_delta": cash_delta,
    }


def _fill_data(fill: Fill) -> dict[str, Any]:
    return {"ts_ms": fill.ts_ms, "price": fill.price, "quantity": fill.quantity, "fee": fill.fee}
