"""The account over time: cash, what open positions are worth, equity and drawdown.

One point for each base candle of the frame, at the moment it closed, and one for the frame's end.
Fills are read off the journal and never judged here: what one cost stands in its row
(`cash_delta`). What equity means as one number is `analysis.metrics`' business.

Invariant: equity = capital + realised pnl + open positions marked at the last close, where fees
are booked when they are paid and exit costs when the exit happens.

A row belongs to the first point at which it is known. The inside of a candle (phase INSIDE,
labelled with its close) is known when that candle closes; a fill at an open (label: that open)
when the candle it opened closes; the frame's end after the last close. In terms of candles: the
first one that opens at or after the row's label, one interval earlier for the inside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tradekit.domain.journal import EventRow, Phase, canonical
from tradekit.domain.time import DAY_MS
from tradekit.kernels.curve import carried_forward, drawdown_pct, step_values, union_of_times

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tradekit.domain.candle import CandleSeries, FloatArray, IntArray

EQUITY_HEADER: Final = "ts_ms,equity,cash,position_value,drawdown_pct"
FILL_KINDS: Final = ("opened", "averaged", "partial", "closed")


class EquityPoint(NamedTuple):
    """A row of `equity.csv`: the account at the moment `ts_ms`, money in quote currency."""

    ts_ms: int
    equity: float
    cash: float
    position_value: float
    drawdown_pct: float


@dataclass(frozen=True, slots=True, eq=False)
class AccountCurve:
    """The account at each base close, oldest first, and at the frame's end.

    Shapes:  ts_ms: int64[n + 1]; the others float64[n + 1]; n candle times of all symbols together.
             The last point is the frame's end; the one before it may carry the same label.
    Units:   ts_ms: the moment a candle closed, ms UTC; drawdown_pct in percent; the rest in quote
             currency.
    By symbol: `symbol_equity` is capital plus what this symbol alone did to it, so what it lies
             above capital adds up over the symbols to what the account does; `held_counts` is the
             number of the symbol's own candles that closed with a position open.
    NaN:     never.
    """

    ts_ms: IntArray
    cash: FloatArray
    position_value: FloatArray
    equity: FloatArray
    drawdown_pct: FloatArray
    symbol_equity: dict[str, FloatArray]
    held_counts: dict[str, int]


class _Holding(NamedTuple):
    """A position from the candle that first shows it so to the one that first shows it changed."""

    is_long: bool
    quantity: float
    cost: float
    start_ms: int
    stop_ms: int


def account_curve(
    rows: Iterable[EventRow],
    candles_by_symbol: Mapping[str, CandleSeries],
    *,
    capital: float,
    base_ms: int,
    until_ms: int,
) -> AccountCurve:
    """Return the account's curve over the frame.

    Formula: cash = capital + sum of `cash_delta` so far; a long is worth quantity · close, a short
    2 · cost - quantity · close (its reserved cost and the unrealised gain on it); equity is their
    sum. A symbol without a candle at some moment is valued at its last close.

    Args:
        rows: the journal, in order; cash is added up in this order, symbols by name, so the same
            rows give the same bits whatever the order of `candles_by_symbol`.
        candles_by_symbol: the base candles inside the frame, holes allowed.
        capital: cash at the start, in quote currency, above 0.
        base_ms: the base interval.
        until_ms: end of the frame, outside it.
    """
    series = {symbol: candles_by_symbol[symbol] for symbol in sorted(candles_by_symbol)}
    times = union_of_times([each.ts_ms for each in series.values()])
    assert len(times) == 0 or times[-1] < until_ms, "candles must lie inside the frame"
    # The end is where the candle after the frame would open: rows of phase END fall on it.
    axis = np.append(times, until_ms)
    fills = _fills(rows)
    symbol_fills: dict[str, list[EventRow]] = {symbol: [] for symbol in series}
    for row in fills:
        symbol_fills[row.symbol].append(row)

    cash = _cash(fills, axis, capital, base_ms)
    position_value = np.zeros(len(axis))
    symbol_equity: dict[str, FloatArray] = {}
    held_counts: dict[str, int] = {}
    for symbol, own in symbol_fills.items():
        symbol_equity[symbol] = _cash(own, axis, capital, base_ms)
        held_counts[symbol] = 0
        if holdings := _holdings(own, base_ms, until_ms):
            value = _position_value(holdings, series[symbol], times, axis)
            symbol_equity[symbol] += value
            position_value += value
            held_counts[symbol] = _held_count(holdings, series[symbol].ts_ms)
    equity = cash + position_value
    assert np.isfinite(equity).all(), "equity must be a number at every point"
    return AccountCurve(
        ts_ms=np.append(times + base_ms, until_ms),
        cash=cash,
        position_value=position_value,
        equity=equity,
        drawdown_pct=drawdown_pct(equity, capital),
        symbol_equity=symbol_equity,
        held_counts=held_counts,
    )


def equity_points(curve: AccountCurve) -> list[EquityPoint]:
    """Return the last point of each UTC day that has one; the last of them is the frame's end.

    A day is half-open the other way round: midnight belongs to the day that it ends, since that
    is when the day's last candle closes. So a base of one day gives a row for each candle.
    """
    day = (curve.ts_ms - 1) // DAY_MS
    is_last = np.append(day[1:] != day[:-1], True)
    (last,) = np.nonzero(is_last)
    columns = (curve.ts_ms, curve.equity, curve.cash, curve.position_value, curve.drawdown_pct)
    return [EquityPoint(*row) for row in zip(*(c[last].tolist() for c in columns), strict=True)]


def equity_lines(points: Iterable[EquityPoint]) -> list[str]:
    """Return the lines of `equity.csv` with its header, without line ends."""
    return [
        EQUITY_HEADER,
        *(
            f"{ts_ms},{equity!r},{cash!r},{value!r},{canonical('drawdown_pct', depth)!r}"
            for ts_ms, equity, cash, value, depth in points
        ),
    ]


def _fills(rows: Iterable[EventRow]) -> list[EventRow]:
    fills = []
    for row in rows:
        if row.kind in FILL_KINDS:
            fills.append(row)
        else:
            # Cash that moved without a position moving would break the invariant in silence.
            assert "cash_delta" not in row.data, f"a {row.kind!r} row must not move cash"
    return fills


def _mark_ms(row: EventRow, base_ms: int) -> int:
    """Return the moment at or after which the first candle opens that shows `row` at its close."""
    return row.ts_ms - base_ms if row.phase == Phase.INSIDE else row.ts_ms


def _cash(fills: Sequence[EventRow], axis: IntArray, capital: float, base_ms: int) -> FloatArray:
    marks = np.array([_mark_ms(row, base_ms) for row in fills], np.int64)
    # Cumulative sums add from left to right: the bits of a plain loop over the rows.
    levels = np.cumsum([capital, *(row.data["cash_delta"] for row in fills)], dtype=np.float64)
    return step_values(levels, np.searchsorted(axis, marks), len(axis))


def _holdings(fills: Sequence[EventRow], base_ms: int, until_ms: int) -> list[_Holding]:
    """Return what was held from fill to fill; what never closed is held past the frame's end."""
    held: dict[str, _Holding] = {}
    found: list[_Holding] = []
    for row in fills:
        mark_ms = _mark_ms(row, base_ms)
        before = held.pop(row.strategy, None)
        assert (before is None) == (row.kind == "opened"), "one position a strategy and symbol"
        if before is not None:
            found.append(before._replace(stop_ms=mark_ms))
        if row.kind != "closed":
            held[row.strategy] = _after(row, before, mark_ms, until_ms + 1)
    return found + list(held.values())


def _after(row: EventRow, before: _Holding | None, start_ms: int, stop_ms: int) -> _Holding:
    """Return what is held after a fill that is not the last one."""
    data = row.data
    if before is None:
        is_long = data["direction"] == "long"
        return _Holding(is_long, data["quantity"], data["cost"], start_ms, stop_ms)
    if row.kind == "partial":
        quantity, cost = data["quantity_left"], data["cost_left"]
    else:
        quantity, cost = before.quantity + data["quantity"], before.cost + data["cost"]
    return _Holding(before.is_long, quantity, cost, start_ms, stop_ms)


def _spans(holdings: Sequence[_Holding], ts_ms: IntArray) -> list[tuple[int, int]]:
    """Return for each holding the half-open range of indices of `ts_ms` in which it is held."""
    starts = np.searchsorted(ts_ms, [each.start_ms for each in holdings])
    stops = np.searchsorted(ts_ms, [each.stop_ms for each in holdings])
    return list(zip(starts.tolist(), stops.tolist(), strict=True))


def _position_value(
    holdings: Sequence[_Holding], candles: CandleSeries, times: IntArray, axis: IntArray
) -> FloatArray:
    close = carried_forward(candles.close, candles.ts_ms, times)
    close = np.append(close, close[-1])
    value = np.zeros(len(axis))
    for holding, (start, stop) in zip(holdings, _spans(holdings, axis), strict=True):
        worth = holding.quantity * close[start:stop]
        value[start:stop] += worth if holding.is_long else 2.0 * holding.cost - worth
    return value


def _held_count(holdings: Sequence[_Holding], ts_ms: IntArray) -> int:
    held = np.zeros(len(ts_ms), np.bool_)
    for start, stop in _spans(holdings, ts_ms):
        held[start:stop] = True
    return int(np.count_nonzero(held))
