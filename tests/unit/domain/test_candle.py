"""Candle series: read-only views, windows, holes, hash."""

import hashlib
import struct

import numpy as np
import pytest

from tests.support.candles import DAY, series_of
from tradekit.domain.candle import COLUMNS, CandleSeries, concatenate, empty_series
from tradekit.domain.time import MINUTE_MS


def minutes_of(series):
    return ((series.ts_ms - DAY) // MINUTE_MS).tolist()


@pytest.mark.parametrize("name", ["ts_ms", *COLUMNS])
def test_columns_are_read_only(name):
    column = getattr(series_of(range(3)), name)

    with pytest.raises(ValueError, match="read-only"):
        column[0] = 1


@pytest.mark.parametrize("name", ["ts_ms", *COLUMNS])
def test_columns_of_a_part_are_views_and_read_only(name):
    series = series_of(range(5))
    part = getattr(series.slice(1, 3), name)

    assert part.tolist() == getattr(series, name)[1:3].tolist()
    assert np.shares_memory(part, getattr(series, name))
    with pytest.raises(ValueError, match="read-only"):
        part[0] = 1


def test_a_series_does_not_change():
    with pytest.raises(AttributeError):
        series_of(range(3)).interval_ms = 1


def test_columns_are_equally_long():
    with pytest.raises(AssertionError, match="equally long"):
        CandleSeries(MINUTE_MS, np.arange(3), *(np.zeros(2) for _ in COLUMNS))


def test_columns_in_order():
    series = series_of(range(3))

    assert [column.tolist() for column in series.columns()] == [
        [100.0, 101.0, 102.0],
        [101.0, 102.0, 103.0],
        [99.0, 100.0, 101.0],
        [100.5, 101.5, 102.5],
        [1.0, 2.0, 3.0],
    ]
    assert len(series) == 3


@pytest.mark.parametrize(
    ("since", "until", "inside"),
    [
        (0, 6, [0, 1, 2, 4, 5]),
        (-9, 99, [0, 1, 2, 4, 5]),
        (1, 4, [1, 2]),
        (2, 5, [2, 4]),
        (3, 4, []),
        (3, 3, []),
        (6, 9, []),
        (-9, 0, []),
    ],
)
def test_between_is_half_open(since, until, inside):
    series = series_of([0, 1, 2, 4, 5])

    part = series.between(DAY + since * MINUTE_MS, DAY + until * MINUTE_MS)

    assert minutes_of(part) == inside
    assert part.interval_ms == MINUTE_MS


def test_between_counts_open_times_to_the_millisecond():
    series = series_of(range(4))

    assert minutes_of(series.between(DAY + 1, DAY + 2 * MINUTE_MS + 1)) == [1, 2]


@pytest.mark.parametrize(
    ("minutes", "holes"),
    [
        ([], []),
        ([7], []),
        ([0, 1, 2], []),
        ([0, 2, 3], [(1, 2)]),
        ([0, 5, 6, 9], [(1, 5), (7, 9)]),
    ],
)
def test_holes_are_what_is_missing_inside(minutes, holes):
    expected = [(DAY + a * MINUTE_MS, DAY + b * MINUTE_MS) for a, b in holes]

    assert series_of(minutes).holes() == expected


def test_holes_go_by_the_interval():
    hour = 60 * MINUTE_MS

    assert series_of([0, 1, 3], interval_ms=hour).holes() == [(DAY + 2 * hour, DAY + 3 * hour)]


def test_an_empty_series():
    series = empty_series(MINUTE_MS)

    assert len(series) == 0
    assert series.ts_ms.dtype == np.int64
    assert {column.dtype for column in series.columns()} == {np.dtype(np.float64)}
    assert len(series.between(0, 2**60)) == 0


def test_parts_are_put_together():
    whole = series_of([0, 1, 2, 4, 5])

    again = concatenate([whole.slice(0, 2), whole.slice(2, 2), whole.slice(2, 5)], MINUTE_MS)

    assert again.content_hash() == whole.content_hash()
    assert concatenate([], MINUTE_MS).content_hash() == empty_series(MINUTE_MS).content_hash()


def test_the_hash_is_that_of_the_content():
    whole = series_of(range(4))
    digest = hashlib.sha256(b"60000")
    digest.update(struct.pack("<3q", *whole.ts_ms[:3].tolist()))
    for column in whole.columns():
        digest.update(struct.pack("<3d", *column[:3].tolist()))

    assert whole.slice(0, 3).content_hash() == series_of(range(3)).content_hash()
    assert whole.slice(0, 3).content_hash() == digest.hexdigest()


def test_every_cell_and_the_interval_count_in_the_hash():
    series = series_of(range(3))
    columns = [series.ts_ms, *series.columns()]
    hashes = {series.content_hash()}
    for number, column in enumerate(columns):
        changed = column.copy()
        changed[1] += 1
        parts = [*columns[:number], changed, *columns[number + 1 :]]
        hashes.add(CandleSeries(MINUTE_MS, *parts).content_hash())
    hashes.add(CandleSeries(2 * MINUTE_MS, *columns).content_hash())

    assert len(hashes) == 8
