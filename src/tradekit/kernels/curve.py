"""Equity curves as arrays: one time axis for many symbols, running peak, drawdown.

What an account is worth at a candle is `analysis.equity`'s business. Every function is causal:
element k of an answer depends on elements 0..k of the values only. Answers are bit for bit those
of a plain loop that adds and compares in the same order; nothing here sums pairwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.domain.candle import FloatArray, IntArray

_PCT = 100.0


def union_of_times(times: Sequence[IntArray]) -> IntArray:
    """Return every moment that occurs in any of `times`, once, oldest first.

    Shapes:  each int64[n_i], strictly increasing; the answer int64[n], n ≥ max(n_i).
    Units:   ms UTC, whatever moment of a candle the caller labels it with.
    Note:    where all axes are equal the first is returned itself, not a copy.
    Cost:    O(n) when all are equal, else one merge of sorted runs.
    """
    if not times:
        return np.empty(0, np.int64)
    first = times[0]
    if all(each is first or np.array_equal(each, first) for each in times):
        return first
    # The stable sort merges runs that are sorted already; the default one starts from nothing.
    merged = np.sort(np.concatenate(times), kind="stable")
    keep = np.ones(len(merged), np.bool_)
    np.not_equal(merged[1:], merged[:-1], out=keep[1:])
    return merged[keep]


def carried_forward(values: FloatArray, ts_ms: IntArray, axis_ms: IntArray) -> FloatArray:
    """Return for each moment of `axis_ms` the last of `values` known by then.

    Shapes:  values, ts_ms: [n], n ≥ 1, ts_ms strictly increasing; axis_ms: int64[m], increasing;
             the answer float64[m].
    Units:   those of `values`; times in ms UTC.
    NaN:     none in, none out: before the first time there is nothing to carry, and the answer is
             the first value, which the caller must not use.
    """
    assert len(values) == len(ts_ms) > 0, "there must be a value to carry"
    if ts_ms is axis_ms or np.array_equal(ts_ms, axis_ms):
        return values
    index = np.searchsorted(ts_ms, axis_ms, side="right") - 1
    return values[np.maximum(index, 0)]


def step_values(levels: FloatArray, changes: IntArray, count: int) -> FloatArray:
    """Return a step function as an array: `levels[j + 1]` from index `changes[j]` on.

    Shapes:  levels: float64[k + 1], levels[0] before any change; changes: int64[k], never falling,
             each in 0..count; the answer float64[count].
    Note:    of several changes at one index the last wins; one at `count` is never seen.
    """
    assert len(levels) == len(changes) + 1, "one level before the first change, one after each"
    edges = np.concatenate((np.zeros(1, np.int64), changes, np.full(1, count, np.int64)))
    lengths = np.diff(edges)
    assert not (lengths < 0).any(), "changes must be in order of time"
    return np.repeat(levels, lengths)


def running_peak(equity: FloatArray, first_peak: float) -> FloatArray:
    """Return the highest equity so far, `first_peak` counted as a point before the first.

    Formula: peak[k] = max(first_peak, equity[0], …, equity[k]).
    Shapes:  equity: float64[n], oldest first; the answer float64[n].
    Units:   quote currency.
    NaN:     not allowed.
    """
    return np.maximum(np.maximum.accumulate(equity), first_peak)


def drawdown_pct(equity: FloatArray, first_peak: float) -> FloatArray:
    """Return how far equity is below its running peak, in percent of that peak, never above 0.

    Formula: (equity[k] - peak[k]) / peak[k] · 100, peak as in `running_peak`.
    Shapes:  equity: float64[n], oldest first; the answer float64[n].
    Units:   equity in quote currency; `first_peak` above 0; the answer in percent, and below -100
             where equity is negative.
    NaN:     not allowed; none in the answer.
    """
    assert first_peak > 0.0, "a percentage needs a peak above zero"
    peak = running_peak(equity, first_peak)
    return (equity - peak) / peak * _PCT


def max_drawdown_pct(equity: FloatArray, first_peak: float) -> float:
    """Return the deepest drawdown in percent of the running peak, 0.0 where there is none.

    Formula: min(0, min over k of drawdown_pct[k]).
    Shapes:  equity: float64[n], oldest first, n ≥ 0.
    Units:   percent, never above 0.
    NaN:     not allowed.
    """
    return float(drawdown_pct(equity, first_peak).min(initial=0.0))


def known_at(
    values: FloatArray, ts_ms: IntArray, moments_ms: IntArray, before: float
) -> FloatArray:
    """Return for each of `moments_ms` the last of `values` known by then, `before` where none was.

    Shapes:  values, ts_ms: [n], n ≥ 0, ts_ms never falling; moments_ms: int64[m]; the answer
             float64[m].
    Units:   those of `values`; times in ms UTC. Of several values at one moment the last counts.
    NaN:     none in, none out.
    """
    index = np.searchsorted(ts_ms, moments_ms, side="right")
    return np.append(before, values)[index]


def longest_below_peak_ms(
    equity: FloatArray, ts_ms: IntArray, first_peak: float, since_ms: int
) -> int:
    """Return the longest time from a peak until it was reached again, 0 where equity never fell.

    Formula: max of ts_ms[j] - ts_ms[i] over neighbours i < j among the points at their peak with
             points below it between them; `first_peak` is a point at `since_ms`, and a peak that
             was never reached again lasts to the last point.
    Shapes:  equity: float64[n], oldest first; ts_ms: int64[n], never falling; n ≥ 0.
    Units:   equity in quote currency; times in ms UTC, the answer in ms.
    NaN:     not allowed.
    """
    (at_peak,) = np.nonzero(equity >= running_peak(equity, first_peak))
    index = np.concatenate(([-1], at_peak, [len(equity)]))
    moments = np.concatenate(([since_ms], ts_ms, ts_ms[-1:]))
    began, ended = index[:-1], index[1:]
    fell = ended - began > 1
    lasted = moments[ended[fell] + 1] - moments[began[fell] + 1]
    return int(lasted.max(initial=0))
