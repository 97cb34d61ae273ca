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

from tradekit.domain.time import Interval, align_down, align_up
from tradekit.kernels.candles import aggregate

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from tradekit.analysis.equity import EquityPoint
    from tradekit.domain.candle import CandleSeries, FloatArray, IntArray

    Plain = Mapping[str, Any]
    _Key = tuple[str, str, str]

# Together they keep a page below five megabytes, ten thousand trades included.
PAGE_CANDLES: Final = 360_000
SYMBOL_CANDLES: Final = 60_000
_DIGITS_MAX: Final = 10
_SIGNIFICANT: Final = 9
_NAMED: Final = ("symbol", "strategy", "direction", "reason")
_OF_EVENTS: Final = ("phase", "stop_loss_price", "take_profit_price")
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


def trade_columns(trades: Sequence[Plain], events: Iterable[Plain], base_ms: int) -> dict[str, Any]:
    """Return the trades as columns, with what only their events say.

    `entry_at_ms` and `exit_at_ms` are the open times of the candles in which it happened: what
    happened inside a candle is labelled with its close. `stop` and `target` are those at the entry.

    Args:
        trades: rows of `trades.jsonl`, money and prices as floats.
        events: rows of `events.jsonl`.
        base_ms: the base interval.
    """
    keys = [_key(row) for row in trades]
    opened, closed, notes = _by_trade(events, set(keys))
    columns: dict[str, Any] = {name: [row[name] for row in trades] for name in _PLAIN}
    names: dict[str, list[str]] = {}
    for name in _NAMED:
        names[name] = sorted({str(row[name]) for row in trades})
        places = {value: index for index, value in enumerate(names[name])}
        columns[name] = [places[str(row[name])] for row in trades]
    columns["entry_at_ms"] = [
        row["entry_ts_ms"] - _inside(opened.get(key), base_ms)
        for key, row in zip(keys, trades, strict=True)
    ]
    columns["exit_at_ms"] = [
        row["exit_ts_ms"] - _inside(closed.get(key), base_ms)
        for key, row in zip(keys, trades, strict=True)
    ]
    columns["stop"] = [_price(opened.get(key), "stop_loss_price") for key in keys]
    columns["target"] = [_price(opened.get(key), "take_profit_price") for key in keys]
    columns["note"] = [" / ".join(notes.get(key, ())) for key in keys]
    fills = {
        str(index): [[_fill(each) for each in row[side]] for side in ("entries", "exits")]
        for index, row in enumerate(trades)
        if len(row.get("entries", ())) > 1 or len(row.get("exits", ())) > 1
    }
    return {"count": len(trades), "names": names, "columns": columns, "fills": fills}


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


def _key(row: Plain) -> _Key:
    return row["strategy"], row["symbol"], row["signal_id"]


def _by_trade(
    events: Iterable[Plain], wanted: Container[_Key]
) -> tuple[dict[_Key, Plain], dict[_Key, Plain], dict[_Key, list[str]]]:
    """Return of each trade what its opening and its closing event say, and what was noted of it.

    Nothing is kept of all other events: there may be far more of them than of trades.
    """
    opened: dict[_Key, Plain] = {}
    closed: dict[_Key, Plain] = {}
    notes: dict[_Key, list[str]] = {}
    for event in events:
        key = _key(event)
        if key not in wanted:
            continue
        kind = event["kind"]
        if kind in {"opened", "closed"}:
            kept = {name: event[name] for name in _OF_EVENTS if name in event}
            (opened if kind == "opened" else closed)[key] = kept
        if note := event.get("note"):
            told = notes.setdefault(key, [])
            if note not in told:
                told.append(str(note))
    return opened, closed, notes


def _inside(event: Plain | None, base_ms: int) -> int:
    return base_ms if event is not None and event.get("phase") == "inside" else 0


def _price(event: Plain | None, name: str) -> float | None:
    value = None if event is None else event.get(name)
    return None if value is None else float(value)


def _fill(fill: Plain) -> list[float]:
    return [fill["ts_ms"], fill["price"], fill["quantity"], fill["fee"]]
