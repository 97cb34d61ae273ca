"""Leaf rules of entering and leaving: which orders a plan becomes.

Pure functions of a plan; when they are used is decided elsewhere, what rows say of them in `rows`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tradekit.domain.order import Order, OrderType, Role

if TYPE_CHECKING:
    from tradekit.domain.instrument import Instrument
    from tradekit.domain.plan import Plan, Target

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_ENTRY, _AVERAGE, _STOP, _TARGET, _PART, _EXIT = Role
_AT_MARKET, _AT_LIMIT, _AT_STOP = OrderType
_ALL_PCT: Final = 100.0
_DUST: Final = 1e-9
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


def bracket_orders(plan: Plan, entered: float, instrument: Instrument) -> list[Order]:
    """Return the orders that protect and take profit once the plan is open: stop, then targets.

    `entered` is the quantity of all entries, of which each target takes its share.
    """
    orders = []
    if plan.stop_loss_price is not None:
        orders.append(stop_order(plan, plan.stop_loss_price))
    targets = plan.targets
    # One target for all of it is what most plans have, and this runs for every trade.
    if len(targets) == 1 and targets[0].share_pct == _ALL_PCT:
        orders.append(target_order(plan, targets[0].price))
    elif targets:
        orders += target_orders(plan, targets, entered, instrument)
    return orders


def target_orders(
    plan: Plan, targets: tuple[Target, ...], entered: float, instrument: Instrument
) -> list[Order]:
    """Return an order for each of `targets`, which are the last ones of the plan.

    One that completes the shares takes off whatever is left, so that no dust of a lot stays.
    """
    first = len(plan.targets) - len(targets)
    taken_pct = sum(target.share_pct for target in plan.targets[:first]) if first else 0.0
    orders = []
    for number, (price, share_pct) in enumerate(targets, first + 1):
        taken_pct += share_pct
        whole = taken_pct >= _ALL_PCT - _DUST
        quantity = None if whole else instrument.floor_quantity(entered * share_pct / _ALL_PCT)
        orders.append(target_order(plan, price, number, quantity))
    return orders


def stop_order(plan: Plan, price: float) -> Order:
    """Return the order that closes all of the plan's position at a loss, or at a trailed profit."""
    return _waiting(plan, "stop", _STOP, _AT_STOP, price)


def target_order(plan: Plan, price: float, number: int = 1, quantity: float | None = None) -> Order:
    """Return the order that takes off `quantity`, None for all, at a profit."""
    return _waiting(plan, f"target{number}", _TARGET, _AT_LIMIT, price, quantity)


def exit_order(plan: Plan) -> Order:
    """Return the market order that closes everything."""
    return Order(f"{plan.signal_id}:exit", _EXIT, _AT_MARKET, buying=plan.direction == "short")


def part_order(plan: Plan, number: int, quantity: float) -> Order:
    """Return the market order that takes off `quantity`."""
    buying = plan.direction == "short"
    return Order(f"{plan.signal_id}:part{number}", _PART, _AT_MARKET, buying, quantity=quantity)


def average_order(
    plan: Plan,
    number: int,
    cost: float,
    *,
    limit: float | None,
    guards: tuple[float | None, float | None],
) -> Order:
    """Return the order that adds `cost`: resting at `limit`, else at market between its guards."""
    long = plan.direction == "long"
    low, high = guards if limit is None else (None, None)
    return Order(
        f"{plan.signal_id}:average{number}",
        _AVERAGE,
        _AT_MARKET if limit is None else _AT_LIMIT,
        long,
        limit,
        None,
        cost,
        None,
        low,
        high,
        limit is not None and long,
    )


def _waiting(
    plan: Plan,
    name: str,
    role: Role,
    order_type: OrderType,
    price: float,
    quantity: float | None = None,
) -> Order:
    """Return an order that leaves the plan's position, or `quantity` of it, at `price`."""
    long = plan.direction == "long"
    below = long == (role is _STOP)
    return Order(
        f"{plan.signal_id}:{name}",
        role,
        order_type,
        not long,
        price,
        quantity,
        None,
        None,
        None,
        None,
        below,
    )
