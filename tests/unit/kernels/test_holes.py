"""Filling holes, and which part of one is known."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.candles import DAY, same, series_of
from tradekit.domain.candle import empty_series
from tradekit.domain.time import MINUTE_MS
from tradekit.kernels.holes import covered, cut_out, fill_holes

minutes = st.sets(st.integers(0, 60), min_size=1).map(sorted)
spans = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 6)).map(lambda s: (s[0], s[0] + s[1])), max_size=8
)


def apart(found):
    """Return spans sorted, without those that overlap one before."""
    kept = []
    for since, until in sorted(found):
        if not kept or kept[-1][1] <= since:
            kept.append((since, until))
    return kept


def points(found):
    return [point for since, until in found for point in range(since, until)]


def at(minute):
    return DAY + minute * MINUTE_MS


@given(minutes, st.integers(0, 10))
def test_filled_series_is_what_a_plain_loop_makes(present, more) -> None:
    series = series_of(present)
    end = present[-1] + 1 + more

    filled = fill_holes(series, at(end))

    expected, last = [], 0.0
    for minute in range(present[0], end):
        if minute in present:
            index = present.index(minute)
            row = tuple(column[index].item() for column in series.columns())
            last = row[3]
        else:
            row = (last, last, last, last, 0.0)
        expected.append((at(minute), *row))
    columns = (filled.ts_ms, *filled.columns())
    assert list(zip(*(each.tolist() for each in columns), strict=True)) == expected
    assert filled.holes() == []


@given(minutes)
def test_candles_that_exist_stay_as_they_are(present) -> None:
    series = series_of(present)

    filled = fill_holes(series, at(70))

    assert same(filled.take(np.isin(filled.ts_ms, series.ts_ms)), series)


def test_nothing_to_fill() -> None:
    whole = series_of(range(5))

    assert fill_holes(whole, at(5)) is whole
    assert len(fill_holes(empty_series(MINUTE_MS), at(5))) == 0


@given(spans, spans)
def test_cut_out_leaves_the_points_that_nothing_covers(wanted, covers) -> None:
    wanted, covers = apart(wanted), apart(covers)

    left = cut_out(wanted, covers)

    assert points(left) == [each for each in points(wanted) if each not in points(covers)]
    assert all(since < until for since, until in left)


@given(st.lists(spans.map(apart), max_size=5), st.integers(1, 3))
def test_covered_points_are_those_of_so_many_sources(sources, times) -> None:
    found = covered(sources, times)

    counted = [point for source in sources for point in points(source)]
    assert points(found) == [each for each in range(40) if counted.count(each) >= times]
    assert found == sorted(found)
