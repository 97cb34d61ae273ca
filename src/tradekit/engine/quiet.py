"""Quiet levels: between which prices, and until when, nothing can happen.

A candle strictly inside the levels, before the deadline, with no order waiting for an open,
cannot matter. Stepping and skipping use this one predicate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from tradekit.domain.order import OrderType
from tradekit.engine.lifecycle import Status

if TYPE_CHECKING:
    from tradekit.engine.state import EngineState, Terms

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_IDLE, _SCHEDULED, _OPENING, _ACTIVE, _CLOSING, _TURNING, _HALTED = Status
_AT_MARKET = OrderType.MARKET

NEVER_MS: Final = 2**62


class Quiet(NamedTuple):
    """low < candle low, candle high < high and time < deadline_ms mean that nothing happens."""

    low: float
    high: float
    deadline_ms: int


def quiet_levels(state: EngineState, terms: Terms) -> Quiet:
    """Return the levels of `state`; an order that waits for an open leaves nothing quiet."""
    low, high = -math.inf, math.inf
    for order in state.orders.values():
        if order.order_type is _AT_MARKET:
            return Quiet(math.inf, -math.inf, 0)
        assert order.price is not None
        if order.waits_below:
            low = max(low, order.price)
        elif order.price < high:
            high = order.price
    return Quiet(low, high, _deadline_ms(state, terms))


def _deadline_ms(state: EngineState, terms: Terms) -> int:
    """Return the first moment at which a timer runs or the strategy may be asked."""
    if state.status is _IDLE:
        return (state.asked_slot + 1) * terms.every_ms
    if state.status is _SCHEDULED:
        return NEVER_MS if state.entry_deadline_ms is None else state.entry_deadline_ms
    if state.status is _ACTIVE:
        return NEVER_MS if state.hold_deadline_ms is None else state.hold_deadline_ms
    return NEVER_MS if state.status is _HALTED else 0
