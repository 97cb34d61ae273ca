"""Stretches of time without candles: telling known ones apart, and filling them.

Decides what a made-up candle looks like and which part of a hole has been confirmed. What becomes
of a run over a hole is bootstrap's business, keeping what is known the store's. Invariant: a candle
that exists stays as it is. A span is `[since_ms, until_ms)` in ms UTC.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from tradekit.domain.candle import CandleSeries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Span = tuple[int, int]


def fill_holes(series: CandleSeries, until_ms: int) -> CandleSeries:
    """Return `series` without holes from its first candle to `until_ms`.

    A missing candle opens, closes, is highest and lowest at the last close before it and has no
    volume. Before the first candle there is no such close, so nothing is made up there.

    Args:
        series: on the grid of its interval.
        until_ms: where the made-up candles end; on the same grid, not before the last candle's end.

    NaN:     not allowed, as in every series.
    Cost:    O(n); a series without holes is returned as it is.
    """
    if not len(series):
        return series
    step = series.interval_ms
    wanted = np.arange(int(series.ts_ms[0]), until_ms, step, dtype=np.int64)
    if len(wanted) == len(series):
        return series
    last = np.searchsorted(series.ts_ms, wanted, side="right") - 1
    is_made = series.ts_ms[last] != wanted
    close = series.close[last]
    filled = [np.where(is_made, close, column[last]) for column in series.columns()]
    filled[-1][is_made] = 0.0
    return CandleSeries(step, wanted, *filled)


def cut_out(spans: Iterable[Span], covers: Sequence[Span]) -> list[Span]:
    """Return the parts of `spans` that `covers`, sorted and apart, leave uncovered."""
    left: list[Span] = []
    for since_ms, until_ms in spans:
        at_ms = since_ms
        for start_ms, stop_ms in covers[bisect_right(covers, since_ms, key=_end) :]:
            if start_ms >= until_ms:
                break
            if at_ms < start_ms:
                left.append((at_ms, start_ms))
            at_ms = stop_ms
        if at_ms < until_ms:
            left.append((at_ms, until_ms))
    return left


def _end(span: Span) -> int:
    return span[1]


def covered(sources: Iterable[Sequence[Span]], times: int) -> list[Span]:
    """Return the spans that so many of the sources cover, sorted and apart.

    Args:
        sources: for each source the spans it speaks of; those of one source do not overlap.
        times: by how many sources at least, 1 or more.
    """
    edges = sorted(
        edge
        for spans in sources
        for since_ms, until_ms in spans
        for edge in ((since_ms, 1), (until_ms, -1))
    )
    found: list[Span] = []
    depth, since_ms = 0, 0
    for ts_ms, change in edges:
        if depth < times <= depth + change:
            since_ms = ts_ms
        elif depth + change < times <= depth and since_ms < ts_ms:
            found.append((since_ms, ts_ms))
        depth += change
    return found
