"""Between the oracle's plain lists and the toolkit: candles one way, trades the other.

What is equal is decided here, once: times, reasons and directions exactly, prices and money to
1e-9 of themselves, percent to 1e-9. How the trades came about is not this module's business.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.support.oracle_terms import MINUTE_MS, Candles
from tradekit.domain.candle import CandleSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.support.oracle_terms import Trade
    from tradekit.domain.journal import EventRow

Prices = float | tuple[float, float, float, float]

# 2024-01-01T00:00:00Z, minute 0 of the hand-made worlds; history goes back 99 minutes.
START_MS = 1_704_067_200_000
HISTORY = 99

_TOLERANCE = 1e-9


def at(minute: int) -> int:
    """Return minute `minute` of a hand-made world in milliseconds."""
    return START_MS + minute * MINUTE_MS


def minutes(
    count: int,
    ranges: dict[int, Prices],
    override: dict[int, Prices] | None = None,
    *,
    history: int = HISTORY,
    missing: frozenset[int] = frozenset(),
) -> Candles:
    """Return minutes `-history..count-1`.

    `ranges` maps the first minute of a stretch to its price or (open, high, low, close), `override`
    single minutes; a price alone is a candle that never moved.
    """
    single = override or {}
    times, rows = [], []
    now: Prices = ranges[min(ranges)]
    for minute in range(min(-history, *ranges), count):
        now = ranges.get(minute, now)
        if minute < -history or minute in missing:
            continue
        price = single.get(minute, now)
        rows.append(price if isinstance(price, tuple) else (price,) * 4)
        times.append(at(minute))
    return Candles(times, *([float(row[column]) for row in rows] for column in range(4)))


def to_series(candles: Candles, interval_ms: int = MINUTE_MS) -> CandleSeries:
    """Return the same candles as the toolkit has them, with a volume of 100 each."""
    return CandleSeries(
        interval_ms,
        np.array(candles.ts_ms, np.int64),
        open=np.array(candles.open, np.float64),
        high=np.array(candles.high, np.float64),
        low=np.array(candles.low, np.float64),
        close=np.array(candles.close, np.float64),
        volume=np.full(len(candles.ts_ms), 100.0),
    )


def trades_of(rows: Iterable[EventRow], symbol: str | None = None) -> list[dict[str, Any]]:
    """Return what the journal says of each closed trade, of one symbol or of all."""
    closed = (row for row in rows if row.kind == "closed")
    return [dict(row.data) for row in closed if symbol in (None, row.symbol)]


def differences(expected: Sequence[Trade], actual: Sequence[dict[str, Any]]) -> list[str]:
    """Return a sentence for each field in which the trade lists differ, none if they agree."""
    found = []
    if len(expected) != len(actual):
        found.append(f"{len(actual)} trades, must be {len(expected)}")
    for number, (want, got) in enumerate(zip(expected, actual, strict=False)):
        found += [
            f"trade {number}: {name} was {got.get(name)!r}, must be {value!r}"
            for name, value in want.items()
            if not same(value, got.get(name), name)
        ]
    return found


def same(want: object, got: object, name: str = "") -> bool:
    """Say whether two values are equal: floats nearly, everything else exactly.

    Profit may be as good as nothing, so it and percent are also equal when they are 1e-9 apart.
    """
    if isinstance(want, float) and isinstance(got, float):
        near = _TOLERANCE if name == "pnl" or name.endswith("_pct") else 0.0
        return math.isclose(want, got, rel_tol=_TOLERANCE, abs_tol=near)
    if isinstance(want, dict) and isinstance(got, dict):
        return want.keys() == got.keys() and all(
            same(value, got[key], key) for key, value in want.items()
        )
    if isinstance(want, list) and isinstance(got, list):
        return len(want) == len(got) and all(map(same, want, got))
    return type(want) is type(got) and want == got
