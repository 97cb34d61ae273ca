"""Blocks of candles: what goes in comes out, and a candle that is in never changes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.candles import DAY
from tradekit.domain.candle import CandleSeries, concatenate
from tradekit.domain.time import MINUTE_MS
from tradekit.kernels import daybook

anything = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def series(draw, values=anything, minutes_max: int = 4000) -> CandleSeries:
    minutes = sorted(draw(st.sets(st.integers(0, minutes_max), max_size=30)))
    cells = draw(st.lists(values, min_size=5 * len(minutes), max_size=5 * len(minutes)))
    columns = np.array(cells, np.float64).reshape(5, len(minutes))
    return CandleSeries(MINUTE_MS, DAY + np.array(minutes, np.int64) * MINUTE_MS, *columns)


@given(series())
def test_every_bit_comes_back(one) -> None:
    blocks = [daybook.encode(day) for _, day in daybook.split_days(one)]

    assert daybook.decode(blocks, MINUTE_MS).content_hash() == one.content_hash()


# Few values and few minutes, so that candles meet, equal ones and different ones.
crowded = series(values=st.sampled_from([1.0, 2.0]), minutes_max=12)


def candles(one: CandleSeries) -> dict[int, tuple[float, ...]]:
    cells = zip(*(column.tolist() for column in one.columns()), strict=True)
    return dict(zip(one.ts_ms.tolist(), cells, strict=True))


@given(crowded, crowded)
def test_merge_is_what_a_dictionary_says(stored, arriving) -> None:
    old, new = candles(stored), candles(arriving)

    merged = daybook.merge(stored, arriving)

    assert candles(merged.series) == {**new, **old}
    assert merged.series.ts_ms.tolist() == sorted({**new, **old})
    assert merged.added == len(new.keys() - old.keys())
    assert list(merged.conflict_ts_ms) == [t for t in new if t in old and old[t] != new[t]]
    assert merged.added + merged.known + len(merged.conflict_ts_ms) == len(arriving)


@given(crowded, crowded)
def test_merging_twice_adds_nothing(stored, arriving) -> None:
    once = daybook.merge(stored, arriving)
    twice = daybook.merge(once.series, arriving)

    assert twice.added == 0
    assert twice.conflict_ts_ms == once.conflict_ts_ms
    assert daybook.encode(twice.series) == daybook.encode(once.series)


@given(series())
def test_days_together_are_the_series(one) -> None:
    days = [day for _, day in daybook.split_days(one)]

    assert concatenate(days, MINUTE_MS).content_hash() == one.content_hash()
