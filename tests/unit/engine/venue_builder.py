"""Venues for tests: orders by hand, and a position that was opened at no cost."""

from typing import Any

from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.order import Order, OrderType, Role
from tradekit.engine.account import Account
from tradekit.engine.events import OrderFilled
from tradekit.engine.venue import SimVenue

FREE = CostModel(0.0, 0.0, 0.0, 0.0)
DEAR = CostModel(maker_fee_pct=1.0, taker_fee_pct=2.0, slippage_pct=4.0, limit_slippage_pct=5.0)
CAPITAL = 1_000.0


def venue_of(
    *orders: Order,
    costs: CostModel = FREE,
    account: Account | None = None,
    target_first: bool = False,
    **rules: Any,
):
    instrument, purse = Instrument("X", **rules), account or Account(CAPITAL)
    venue = SimVenue(instrument, costs, purse, target_first=target_first)
    for order in orders:
        venue.submit(order)
    return venue


def market(*, buying: bool = True, cost: float | None = 100.0, **more: Any) -> Order:
    return Order("entry", Role.ENTRY, OrderType.MARKET, buying, cost=cost, **more)


def limit(price: float, *, buying: bool = True, cost: float | None = 100.0, **more: Any) -> Order:
    return Order(
        "entry", Role.ENTRY, OrderType.LIMIT, buying, price, cost=cost, waits_below=buying, **more
    )


def breakout(price: float, *, buying: bool = True, cost: float = 100.0) -> Order:
    return Order(
        "entry", Role.ENTRY, OrderType.STOP, buying, price, cost=cost, waits_below=not buying
    )


def stop(price: float, *, buying: bool = False) -> Order:
    return Order("stop", Role.STOP, OrderType.STOP, buying, price, waits_below=not buying)


def target(price: float, *, buying: bool = False, name: str = "target1") -> Order:
    return Order(name, Role.TARGET, OrderType.LIMIT, buying, price, waits_below=buying)


def average(
    price: float | None = None,
    *,
    buying: bool = True,
    cost: float = 100.0,
    name: str = "average1",
    low: float | None = None,
    high: float | None = None,
) -> Order:
    """Return what adds to a position: at market between `low` and `high`, or at `price`."""
    order_type = OrderType.MARKET if price is None else OrderType.LIMIT
    below = price is not None and buying
    return Order(name, Role.AVERAGE, order_type, buying, price, None, cost, None, low, high, below)


def part(quantity: float, *, buying: bool = False, name: str = "part1") -> Order:
    return Order(name, Role.PART, OrderType.MARKET, buying, quantity=quantity)


def leave(*, buying: bool = False) -> Order:
    return Order("exit", Role.EXIT, OrderType.MARKET, buying)


def holding(*orders: Order, short: bool = False, **more: Any) -> SimVenue:
    """Return a venue at which 1 was bought (or sold short) at 100 at time 0; then `orders` came."""
    venue = venue_of(market(buying=not short), **more)
    assert venue.entry_at_open(0, 100.0) is not None
    for order in orders:
        venue.submit(order)
    return venue


def drain(ask, *arguments):
    """Return every fill of a group as (order id, price, quantity)."""
    told = []
    while event := ask(*arguments):
        assert isinstance(event, OrderFilled)
        told.append((event.order_id, event.fill.price, event.fill.quantity))
    return told


def exits_inside(venue: SimVenue, ts_ms: int, low: float, high: float):
    """Return the same of the exits inside a candle."""
    told = []
    while venue.held and (event := venue.exit_inside(ts_ms, low, high)):
        told.append((event.order_id, event.fill.price, event.fill.quantity))
    return told
