"""Quiet levels: between which prices, and until when, nothing can happen.

A candle strictly inside the levels, before the deadline, with no order waiting for an open,
cannot matter. Stepping and skipping use this one predicate.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from tradekit.domain.order import OrderType, Role
from tradekit.engine.actions import trail_start
from tradekit.engine.lifecycle import Status
from tradekit.engine.watch import narrowed

if TYPE_CHECKING:
    from tradekit.engine.state import EngineState, Terms

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_IDLE, _SCHEDULED, _OPENING, _ACTIVE, _CLOSING, _TURNING, _HALTED = Status
_AT_MARKET = OrderType.MARKET

NEVER_MS: Final = 2**62
DECIDER: Final = 0  # the number of the deciding function among hooks


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
    plan = state.plan
    if plan is not None and (plan.trail_pct is not None or terms.watched):
        if plan.trail_pct is not None and state.status is _ACTIVE:
            low, high = _trailed(state, terms, low, high)
        low, high = narrowed(state, terms, low, high)
    quiet = Quiet(low, high, _deadline_ms(state, terms))
    return _woken(state, quiet) if state.wakes else quiet


def _woken(state: EngineState, quiet: Quiet) -> Quiet:
    """Narrow the levels to where somebody who sleeps wants to be woken."""
    low, high, deadline_ms = quiet
    for wake in state.wakes.values():
        low = low if wake.price_below is None else max(low, wake.price_below)
        high = high if wake.price_above is None else min(high, wake.price_above)
        deadline_ms = deadline_ms if wake.at_ms is None else min(deadline_ms, wake.at_ms)
    return Quiet(low, high, deadline_ms)


def _trailed(state: EngineState, terms: Terms, low: float, high: float) -> tuple[float, float]:
    """Narrow the levels to where a close can move a trailing stop."""
    position, best = state.position, state.trail_price
    assert position is not None, "only a held position is trailed"
    if best is None:
        return math.inf, -math.inf
    plan, stop = state.plan, state.order_of(Role.STOP)
    assert plan is not None, "a held position has a plan"
    assert plan.trail_pct is not None, "it is trailed"
    wanted = best * (1.0 - position.side * plan.trail_pct / 100.0)
    rules = terms.instrument
    wanted = rules.floor_price(wanted) if position.side > 0 else rules.ceil_price(wanted)
    behind = stop is None or stop.price is None or position.side * (wanted - stop.price) > 0.0
    if behind and trail_start(state) is None:
        return math.inf, -math.inf
    return (low, min(high, best)) if position.side > 0 else (max(low, best), high)


def _deadline_ms(state: EngineState, terms: Terms) -> int:
    """Return the first moment at which a timer runs or the strategy may be asked."""
    if state.status is _IDLE:
        if DECIDER in state.wakes:
            return NEVER_MS
        return (state.asked_slot + 1) * terms.every_ms
    if state.status is _SCHEDULED:
        return NEVER_MS if state.entry_deadline_ms is None else state.entry_deadline_ms
    if state.status is _ACTIVE:
        return NEVER_MS if state.hold_deadline_ms is None else state.hold_deadline_ms
    return NEVER_MS if state.status is _HALTED else 0
