"""The first candle that leaves the quiet levels, against a plain loop."""

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradekit.kernels.touch import first_touch

INF = math.inf


def plainly(low, high, start, stop, quiet_low, quiet_high):
    for index in range(start, stop):
        if low[index] <= quiet_low or high[index] >= quiet_high:
            return index
    return stop


LEVELS = st.sampled_from([-INF, INF, 0.0, 3.0, 4.0, 5.0, 6.0, 7.0, 10.0])


@given(
    st.lists(st.tuples(st.integers(3, 7), st.integers(0, 2)), max_size=30),
    LEVELS,
    LEVELS,
    st.data(),
)
def test_short_stretches(candles, quiet_low, quiet_high, data):
    low = np.array([each for each, _ in candles], np.float64)
    high = low + [span for _, span in candles]
    start = data.draw(st.integers(0, len(candles)))
    stop = data.draw(st.integers(start, len(candles)))

    found = first_touch(low, high, start, stop, quiet_low, quiet_high)

    assert found == plainly(low, high, start, stop, quiet_low, quiet_high)
    assert type(found) is int


@pytest.mark.parametrize(
    "at", [0, 1, 1_023, 1_024, 1_025, 5_119, 5_120, 21_503, 21_504, 37_888, 49_999, 50_000]
)
@pytest.mark.parametrize("start", [0, 1, 777])
@pytest.mark.parametrize("side", ["low", "high", "both"])
def test_across_the_borders_of_its_pieces(at, start, side):
    count = 50_000
    low, high = np.full(count, 10.0), np.full(count, 11.0)
    if start + at < count:
        low[start + at] = 9.0
        high[start + at] = 12.0
    quiet_low = 9.0 if side in ("low", "both") else -INF
    quiet_high = 12.0 if side in ("high", "both") else INF

    assert first_touch(low, high, start, count, quiet_low, quiet_high) == min(start + at, count)


def test_what_lies_outside_the_stretch_does_not_count():
    low = np.array([1.0, 10.0, 10.0, 1.0])

    assert first_touch(low, low + 1, 1, 3, 5.0, INF) == 3
    assert first_touch(low, low + 1, 2, 2, 5.0, INF) == 2


def test_levels_that_leave_nothing_quiet_stop_at_once():
    low = np.full(5, 10.0)

    assert first_touch(low, low, 2, 5, INF, -INF) == 2


def test_without_levels_nothing_is_looked_at():
    assert first_touch(None, None, 3, 9, -INF, INF) == 9


def test_a_level_is_touched_by_equality():
    low, high = np.array([10.0]), np.array([11.0])

    assert first_touch(low, high, 0, 1, 10.0, INF) == 0
    assert first_touch(low, high, 0, 1, math.nextafter(10.0, 0.0), INF) == 1
    assert first_touch(low, high, 0, 1, -INF, 11.0) == 0
    assert first_touch(low, high, 0, 1, -INF, math.nextafter(11.0, 12.0)) == 1


def test_the_stretches_of_a_long_walk():
    dice = random.Random(7)
    closes = 100.0 + np.cumsum([dice.gauss(0, 0.05) for _ in range(20_000)])
    low, high = closes - 0.1, closes + 0.1
    for _ in range(40):
        start = dice.randrange(20_000)
        levels = closes[start] - dice.random() * 4, closes[start] + dice.random() * 4
        found = first_touch(low, high, start, 20_000, *levels)
        assert found == plainly(low.tolist(), high.tolist(), start, 20_000, *levels)
