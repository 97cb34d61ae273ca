"""Candles of a short interval to candles of a longer one.

Decides which of the longer candles exist: those whose whole span was looked at and that have at
least one candle in them. Who may see them, and when, is the engine's business. Invariant: going
from 1m to 15m in one step or by way of 5m gives the same candles, for one and the same window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tradekit.domain.candle import CandleSeries, empty_series
from tradekit.domain.time import align_down, align_up

if TYPE_CHECKING:
    from tradekit.domain.candle import IntArray


def aggregate(
    series: CandleSeries,
    interval_ms: int,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
) -> CandleSeries:
    """Return the closed candles of `interval_ms` that the candles of `series` form.

    A long candle opens at a multiple of its interval since the epoch, UTC. It exists if it lies
    inside the window that `series` covers and at least one candle is in it; holes inside it are
    left out of its figures. Without a window the series covers what lies between its first and
    its last candle, so a first candle off the grid leaves its long candle out, and so does a last
    candle that does not end one.

    Args:
        series: the short candles; their interval divides `interval_ms`.
        interval_ms: length of the long candles in ms.
        since_ms: start of the window that `series` covers, where that is before its first candle.
        until_ms: its end, where that is after its last candle has closed.

    Shapes:  as CandleSeries; volume is a float sum, so its last bits depend on the way taken.
    NaN:     not allowed, as in every series.
    Cost:    O(n); a series that has the interval already is returned as it is.
    """
    assert interval_ms % series.interval_ms == 0, "a long candle consists of whole short ones"
    if interval_ms == series.interval_ms:
        return series
    if len(series) == 0:
        return empty_series(interval_ms)
    covered_since_ms = int(series.ts_ms[0]) if since_ms is None else since_ms
    covered_until_ms = int(series.ts_ms[-1]) + series.interval_ms if until_ms is None else until_ms
    whole = series.between(
        align_up(covered_since_ms, interval_ms), align_down(covered_until_ms, interval_ms)
    )
    if len(whole) == 0:
        return empty_series(interval_ms)
    opens_ms: IntArray = whole.ts_ms - whole.ts_ms % interval_ms
    starts = np.concatenate(([0], np.flatnonzero(np.diff(opens_ms)) + 1))
    last = np.concatenate((starts[1:], [len(whole)])) - 1
    return CandleSeries(
        interval_ms,
        opens_ms[starts],
        whole.open[starts],
        np.maximum.reduceat(whole.high, starts),
        np.minimum.reduceat(whole.low, starts),
        whole.close[last],
        np.add.reduceat(whole.volume, starts),
    )
