"""Longer candles: the way taken does not matter, and the kernel is what plain Python says."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.candles import DAY
from tradekit.domain.candle import CandleSeries
from tradekit.domain.time import MINUTE_MS
from tradekit.kernels.candles import aggregate

FIVE, QUARTER = 5 * MINUTE_MS, 15 * MINUTE_MS

# Whole volumes, so that their sums are exact and the way taken cannot show in the last bit.
prices = st.floats(0.01, 1e6, allow_nan=False)
rows = st.tuples(prices, prices, prices, prices, st.integers(0, 1_000_000).map(float))


@st.composite
def series(draw, *, gapless: bool = False) -> CandleSeries:
    if gapless:
        start = draw(st.integers(0, 40))
        minutes = list(range(start, start + draw(st.integers(0, 70))))
    else:
        minutes = sorted(draw(st.sets(st.integers(0, 100), max_size=70)))
    cells = [draw(rows) for _ in minutes]
    columns = np.array(cells, np.float64).reshape(len(minutes), 5).T.copy()
    return CandleSeries(MINUTE_MS, DAY + np.array(minutes, np.int64) * MINUTE_MS, *columns)


windows = st.tuples(st.integers(-20, 10), st.integers(90, 130)).map(
    lambda each: {"since_ms": DAY + each[0] * MINUTE_MS, "until_ms": DAY + each[1] * MINUTE_MS}
)


def equal(one: CandleSeries, other: CandleSeries) -> bool:
    return one.content_hash() == other.content_hash()


def naive(one: CandleSeries, interval_ms: int, since_ms: int, until_ms: int) -> list[tuple]:
    """Return the candles as the definition reads, one at a time."""
    found = []
    for open_ms in range(since_ms - since_ms % interval_ms, until_ms, interval_ms):
        inside = one.between(open_ms, open_ms + interval_ms)
        if open_ms >= since_ms and open_ms + interval_ms <= until_ms and len(inside):
            found.append(
                (
                    open_ms,
                    inside.open.tolist()[0],
                    max(inside.high.tolist()),
                    min(inside.low.tolist()),
                    inside.close.tolist()[-1],
                    sum(inside.volume.tolist()),
                )
            )
    return found


@given(series(), windows)
def test_by_way_of_five_minutes_or_at_once(one, window) -> None:
    at_once = aggregate(one, QUARTER, **window)
    in_steps = aggregate(aggregate(one, FIVE, **window), QUARTER, **window)

    assert equal(at_once, in_steps)


@given(series(gapless=True))
def test_by_way_of_five_minutes_without_a_window(one) -> None:
    assert equal(aggregate(one, QUARTER), aggregate(aggregate(one, FIVE), QUARTER))


@given(series(), windows)
def test_as_plain_python_does_it(one, window) -> None:
    formed = aggregate(one, FIVE, **window)
    columns = (formed.ts_ms, *formed.columns())

    assert list(zip(*(c.tolist() for c in columns), strict=True)) == naive(one, FIVE, **window)


@given(series(), st.integers(0, 100))
def test_later_candles_change_nothing_that_is_closed(one, minute) -> None:
    seen_until_ms = DAY + minute * MINUTE_MS
    seen = one.between(DAY, seen_until_ms)
    window = {"since_ms": DAY, "until_ms": seen_until_ms}

    before = aggregate(seen, FIVE, **window)
    after = aggregate(one, FIVE, since_ms=DAY, until_ms=DAY + 200 * MINUTE_MS)

    assert equal(before, after.slice(0, len(before)))
