"""What hooks may listen for while a position is open: levels, breakeven, new peaks and troughs.

Rows only where somebody listens; nothing here changes an order. The levels are 10, 20, … 100 % of
the way from the average entry to the nearest target and to the stop, each once a position: 100 % is
where the target or the stop is filled. Prices at which the next of these happens narrow the quiet
levels, so that the candle which brings it is never passed over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tradekit.domain.journal import Phase
from tradekit.domain.order import Role
from tradekit.engine.rows import make_row

if TYPE_CHECKING:
    from tradekit.domain.order import Order
    from tradekit.domain.position import Position
    from tradekit.engine.effects import Effect
    from tradekit.engine.events import CandlesClosed
    from tradekit.engine.state import EngineState, Terms

WATCHED: Final = frozenset({"level", "breakeven", "peak", "trough"})
_STEP_PCT: Final = 10
_LAST_PCT: Final = 90
_ALL_PCT: Final = 100
_DUST: Final = 1e-9


def on_candles(state: EngineState, terms: Terms, event: CandlesClosed) -> tuple[Effect, ...]:
    """Let the position know of closed candles, and return the rows of what came with them."""
    position = state.position
    assert position is not None, "somebody has looked"
    peak_pct, trough_pct = position.peak_pct, position.drawdown_pct
    position.observe(event.high, event.low, event.high_ts_ms, event.low_ts_ms)
    watched = terms.watched
    if not watched:
        return ()
    best, worst = (event.high, event.low) if position.side > 0 else (event.low, event.high)
    found: list[tuple[str, dict[str, object]]] = []
    if "peak" in watched and position.peak_pct > peak_pct:
        found.append(("peak", {"price": position.peak_price, "pnl_pct": position.peak_pct}))
    if "trough" in watched and position.drawdown_pct < trough_pct:
        price, pnl_pct = position.drawdown_price, position.drawdown_pct
        found.append(("trough", {"price": price, "pnl_pct": pnl_pct}))
    if "breakeven" in watched and not state.breakeven_told:
        price = position.net_zero_price()
        if position.side * (best - price) >= 0.0:
            state.breakeven_told = True
            found.append(("breakeven", {"price": price}))
    if "level" in watched:
        for toward, price in (("target", best), ("stop", worst)):
            found += _levels(state, position, toward, price)
    moment = event.ts_ms, Phase.INSIDE
    return tuple(
        make_row(state, terms, moment, kind, position.signal_id, data) for kind, data in found
    )


def on_exit(
    state: EngineState, terms: Terms, order: Order, moment: tuple[int, Phase]
) -> tuple[Effect, ...]:
    """Return a row for each level that is left on the way to a stop or target that was filled."""
    position, end = state.position, order.price
    if "level" not in terms.watched or position is None or end is None:
        return ()
    toward, sign = ("target", 1.0) if order.role is Role.TARGET else ("stop", -1.0)
    start = position.average_entry_price
    if sign * position.side * (end - start) <= _DUST * start:
        return ()
    told = state.levels.get(toward, 0)
    state.levels[toward] = _ALL_PCT
    return tuple(
        make_row(
            state,
            terms,
            moment,
            "level",
            position.signal_id,
            _level_data(toward, pct, _on_the_way(start, end, pct)),
        )
        for pct in range(told + _STEP_PCT, _ALL_PCT + _STEP_PCT, _STEP_PCT)
    )


def narrowed(state: EngineState, terms: Terms, low: float, high: float) -> tuple[float, float]:
    """Return the quiet levels, narrowed to where the next thing is that somebody listens for."""
    position, watched = state.position, terms.watched
    if position is None:
        return low, high
    prices = []
    if "peak" in watched:
        prices.append((1.0, position.peak_price))
    if "trough" in watched:
        prices.append((-1.0, position.drawdown_price))
    if "breakeven" in watched and not state.breakeven_told:
        prices.append((1.0, position.net_zero_price()))
    if "level" in watched:
        for toward, sign in (("target", 1.0), ("stop", -1.0)):
            price = _level_price(state, position, toward)
            if price is not None:
                prices.append((sign, price))
    for sign, price in prices:
        if sign * position.side > 0:
            high = min(high, price)
        else:
            low = max(low, price)
    return low, high


def _levels(
    state: EngineState, position: Position, toward: str, price: float
) -> list[tuple[str, dict[str, object]]]:
    """Return a row for each further level that `price` has reached."""
    found = []
    while (level := _level_price(state, position, toward)) is not None:
        sign = position.side if toward == "target" else -position.side
        if sign * (price - level) < 0.0:
            break
        state.levels[toward] = state.levels.get(toward, 0) + _STEP_PCT
        found.append(("level", _level_data(toward, state.levels[toward], level)))
    return found


def _level_data(toward: str, level_pct: int, price: float) -> dict[str, object]:
    return {"toward": toward, "level_pct": float(level_pct), "price": price}


def _on_the_way(start: float, end: float, pct: int) -> float:
    """Return the price at that much of the way; all of it is the end to the last digit."""
    return end if pct == _ALL_PCT else start + (end - start) * pct / _ALL_PCT


def _level_price(state: EngineState, position: Position, toward: str) -> float | None:
    """Return the price of the next level, None behind the last one or without a way there."""
    level_pct = state.levels.get(toward, 0) + _STEP_PCT
    if level_pct > _LAST_PCT:
        return None
    role, sign = (Role.TARGET, 1.0) if toward == "target" else (Role.STOP, -1.0)
    prices = [
        order.price
        for order in state.orders.values()
        if order.role is role and order.price is not None
    ]
    if not prices:
        return None
    end = min(prices) if position.side > 0 else max(prices)
    start = position.average_entry_price
    if sign * position.side * (end - start) <= _DUST * start:
        return None
    return _on_the_way(start, end, level_pct)
