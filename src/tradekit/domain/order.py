"""Orders and fills: what is asked of a venue and what it answers.

An order never changes once made; that it was sent, filled or cancelled is the engine's state.
Comparing its price with the market is the venue's business alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What an order is for."""

    ENTRY = "entry"
    AVERAGE = "average"
    STOP = "stop"
    TARGET = "target"
    PART = "part"
    EXIT = "exit"


class OrderType(StrEnum):
    """How an order fills: at the open, at its price or better, or once its price is passed."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"


class Order(NamedTuple):
    """An instruction to a venue.

    Units: price, guards and cost in quote currency; quantity in base currency.

    What opens or adds (entry, average) is sized at its fill, from cost or from equity_pct of the
    free cash; everything else takes off `quantity`, at most what is held, None meaning all of it. A
    market order whose price would not lie strictly between its guards is refused. `waits_below`
    says whether a lower price fills it: true of a sell stop and a buy limit, false of a buy stop
    and a sell limit.
    """

    order_id: str
    role: Role
    order_type: OrderType
    buying: bool
    price: float | None = None
    quantity: float | None = None
    cost: float | None = None
    equity_pct: float | None = None
    guard_low: float | None = None
    guard_high: float | None = None
    waits_below: bool = False


class Fill(NamedTuple):
    """An execution; `price` is before slippage, `paid_price` after it.

    Units: ts_ms in ms UTC; prices, fee in quote currency; quantity in base currency.
    """

    ts_ms: int
    price: float
    paid_price: float
    quantity: float
    fee: float


def is_touched(order: Order, low: float, high: float) -> bool:
    """Return whether a market that moved over [low, high] reached the order's price.

    The one touch function; equality touches.
    """
    assert order.price is not None
    return low <= order.price if order.waits_below else high >= order.price


def is_inside_guards(order: Order, price: float) -> bool:
    """Return whether a market order may fill at `price`: strictly between its guards."""
    low, high = order.guard_low, order.guard_high
    return (low is None or price > low) and (high is None or price < high)
