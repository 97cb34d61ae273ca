"""What the page's scripts draw: trades, equity and candles, packed small.

Decides how columns become text (JSON, zlib, base64) and at which interval candles are shown. Every
number arrives as the double it was. Which way they are drawn is the scripts' business.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from tradekit.adapters.html.trade_courses import STOP, TARGET, Course, key_of, trade_courses
from tradekit.domain.time import Interval, align_down, align_up
from tradekit.kernels.candles import aggregate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tradekit.analysis.equity import EquityPoint
    from tradekit.domain.candle import CandleSeries, FloatArray, IntArray

    Plain = Mapping[str, Any]

# Together they keep a page below five megabytes, ten thousand trades included.
PAGE_CANDLES: Final = 360_000
SYMBOL_CANDLES: Final = 60_000
_DIGITS_MAX: Final = 10
_SIGNIFICANT: Final = 9
_NAMED: Final = ("symbol", "strategy", "direction", "reason")
_OF_FILLS: Final = ("ts_ms", "price", "quantity", "fee")
_PLAIN: Final = (
    "signal_id",
    "entry_ts_ms",
    "entry_price",
    "exit_ts_ms",
    "exit_price",
    "cost",
    "quantity",
    "pnl",
    "pnl_pct",
    "fees",
    "peak_pct",
    "drawdown_pct",
    "ambiguous",
)


def packed(value: object) -> str:
    """Return plain values as text that may stand in any element: JSON, zlib, base64."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def trade_columns(
    trades: Sequence[Plain], events: Iterable[Plain], *, base_ms: int, shown_ms: int
) -> dict[str, Any]:
    """Return the trades as columns, with what only their events say.

    `entry_at_ms` and `exit_at_ms` are the open times of the candles in which it happened: what
    happened inside a candle is labelled with its close; it is the last number of each fill, too.
    `stop` and `target` are those at the entry. `fills` and `steps` are of those trades alone, by
    their place, that have several fills, or of which a level moved.

    Args:
        trades: rows of `trades.jsonl`, money and prices as floats.
        events: rows of `events.jsonl`.
        base_ms: the base interval.
        shown_ms: the interval of the candles shown.
    """
    keys = [key_of(row) for row in trades]
    courses = trade_courses(events, set(keys), base_ms=base_ms, shown_ms=shown_ms)
    own = [courses.get(key, Course()) for key in keys]
    columns: dict[str, Any] = {name: [row[name] for row in trades] for name in _PLAIN}
    names: dict[str, list[str]] = {}
    for name in _NAMED:
        names[name] = sorted({str(row[name]) for row in trades})
        places = {value: index for index, value in enumerate(names[name])}
        columns[name] = [places[str(row[name])] for row in trades]
    columns["entry_at_ms"] = [
        course.entry_times[0] if course.entry_times else row["entry_ts_ms"]
        for course, row in zip(own, trades, strict=True)
    ]
    columns["exit_at_ms"] = [
        course.exit_times[-1] if course.exit_times else row["exit_ts_ms"]
        for course, row in zip(own, trades, strict=True)
    ]
    columns["stop"] = [course.first(STOP) for course in own]
    columns["target"] = [course.first(TARGET) for course in own]
    columns["note"] = [" / ".join(course.notes) for course in own]
    fills = {
        str(index): [
            _fills(row["entries"], course.entry_times),
            _fills(row["exits"], course.exit_times),
        ]
        for index, (course, row) in enumerate(zip(own, trades, strict=True))
        if len(row.get("entries", ())) > 1 or len(row.get("exits", ())) > 1
    }
    steps = {str(index): moved for index, course in enumerate(own) if (moved := _moved(course))}
    return {
        "count": len(trades),
        "names": names,
        "columns": columns,
        "fills": fills,
        "steps": steps,
    }


def equity_columns(points: Sequence[EquityPoint], since_ms: int, capital: float) -> dict[str, Any]:
    """Return the account's curve as columns, the capital at the frame's start first."""
    return {
        "capital": capital,
        "ts_ms": [since_ms, *(point.ts_ms for point in points)],
        "equity": [capital, *(point.equity for point in points)],
        "drawdown_pct": [0.0, *(point.drawdown_pct for point in points)],
    }


def shown_interval(base: Interval, length_ms: int, symbol_count: int) -> Interval:
    """Return the finest interval that shows `length_ms` of each symbol within the page's bounds.

    A symbol has at most `SYMBOL_CANDLES`, all together at most `PAGE_CANDLES`; a day is as coarse
    as it gets.
    """
    most = min(SYMBOL_CANDLES, PAGE_CANDLES // max(symbol_count, 1))
    fitting = (
        each
        for each in Interval
        if each.ms % base.ms == 0 and align_up(length_ms, each.ms) // each.ms <= most
    )
    return next(fitting, Interval.D1)


def candle_columns(series: CandleSeries, interval: Interval) -> dict[str, Any]:
    """Return candles as whole numbers, each as the difference from what is known before it.

    Prices are counted in units of the last decimal place that any of them has, so they arrive
    exactly; only prices with more than ten places are cut, to nine significant digits.

    Args:
        series: base candles, at least one.
        interval: that to show; a multiple of theirs.
    """
    shown = aggregate(
        series,
        interval.ms,
        since_ms=align_down(int(series.ts_ms[0]), interval.ms),
        until_ms=align_up(int(series.ts_ms[-1]) + series.interval_ms, interval.ms),
    )
    prices = (shown.open, shown.high, shown.low, shown.close)
    digits = _digits(prices)
    open_, high, low, close = (_whole(column, digits) for column in prices)
    steps = np.diff(shown.ts_ms) // interval.ms
    (holes,) = np.nonzero(steps != 1)
    return {
        "interval_ms": interval.ms,
        "digits": digits,
        "since_ms": int(shown.ts_ms[0]),
        "steps": [[int(i) + 1, int(steps[i])] for i in holes],
        "open": (open_ - np.concatenate(([0], close[:-1]))).tolist(),
        "close": (close - open_).tolist(),
        "high": (high - np.maximum(open_, close)).tolist(),
        "low": (np.minimum(open_, close) - low).tolist(),
    }


def _digits(prices: Sequence[FloatArray]) -> int:
    """Return the decimal places that hold every price exactly, or nine significant ones."""
    for digits in range(_DIGITS_MAX + 1):
        scale = 10.0**digits
        if all((np.rint(column * scale) / scale == column).all() for column in prices):
            return digits
    largest = max(float(column.max()) for column in prices)
    return max(0, _SIGNIFICANT - 1 - int(np.floor(np.log10(largest))))


def _whole(column: FloatArray, digits: int) -> IntArray:
    counted: IntArray = np.rint(column * 10.0**digits).astype(np.int64)
    return counted


def _fills(fills: Sequence[Plain], times_ms: Sequence[int]) -> list[list[float]]:
    """Return the fills, each with the candle that it happened in, as far as events say that."""
    return [
        [*(fill[name] for name in _OF_FILLS), times_ms[i] if i < len(times_ms) else fill["ts_ms"]]
        for i, fill in enumerate(fills)
    ]


def _moved(course: Course) -> dict[str, Any]:
    """Return the steps of the levels that moved, and how often they were moved by an order."""
    steps: dict[str, Any] = {name: each for name, each in course.steps.items() if len(each) > 1}
    return {**steps, "moves": course.moves} if steps else {}
