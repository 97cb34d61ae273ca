"""Blocks of a day's candles: their bytes, how they are checked, how they grow."""

import struct

import numpy as np
import pytest

from tests.support.candles import DAY, same, series_of
from tradekit.domain.candle import empty_series
from tradekit.domain.time import DAY_MS, MINUTE_MS
from tradekit.errors import CorruptError
from tradekit.kernels import daybook


def test_bytes_of_a_block_are_as_documented() -> None:
    block = daybook.encode(series_of([0, 2]))

    magic, count, _ = struct.unpack_from("<8sII", block)
    assert (magic, count, len(block)) == (b"candles1", 2, 16 + 2 * 6 * 8)
    assert struct.unpack_from("<2q", block, 16) == (DAY, DAY + 2 * MINUTE_MS)
    assert struct.unpack_from("<10d", block, 32) == (
        *(100.0, 102.0),
        *(101.0, 103.0),
        *(99.0, 101.0),
        *(100.5, 102.5),
        *(1.0, 3.0),
    )


def test_blocks_come_back_as_one_series() -> None:
    one, other = series_of(range(5)), series_of([9, 11])

    back = daybook.decode([daybook.encode(one), daybook.encode(other)], MINUTE_MS)

    assert same(back, series_of([0, 1, 2, 3, 4, 9, 11]))
    assert not back.open.flags.writeable
    assert same(daybook.decode([], MINUTE_MS), empty_series(MINUTE_MS))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda block: block[:10], "was 10 bytes, must be 16 or more"),
        (lambda block: b"X" + block[1:], "must begin with"),
        (lambda block: block[:-8], "was 104 bytes, must be 112 for 2 candles"),
        (lambda block: block[:50] + b"\xff" + block[51:], "checksum"),
        (lambda block: block[:-1] + b"\x01", "checksum"),
    ],
)
def test_damage_is_found(damage, message) -> None:
    block = damage(daybook.encode(series_of([0, 2])))

    with pytest.raises(CorruptError, match=message):
        daybook.decode([block], MINUTE_MS)


def test_series_is_cut_at_midnight_utc() -> None:
    series = series_of([0, 1439, 1440, 4319])

    parts = list(daybook.split_days(series))

    first = DAY // DAY_MS
    assert [day for day, _ in parts] == [first, first + 1, first + 2]
    assert [len(part) for _, part in parts] == [2, 1, 1]
    assert daybook.day_text(first + 2) == "2026-04-03"
    assert list(daybook.split_days(empty_series(MINUTE_MS))) == []


def test_merge_adds_what_is_new_in_order() -> None:
    merged = daybook.merge(series_of([1, 2, 5]), series_of([0, 2, 3, 6]))

    assert same(merged.series, series_of([0, 1, 2, 3, 5, 6]))
    assert (merged.added, merged.known, merged.conflict_ts_ms) == (3, 1, ())


@pytest.mark.parametrize("column", range(5))
def test_merge_keeps_the_stored_candle_and_tells_the_other(column) -> None:
    stored, arriving = series_of([0, 1, 2]), series_of([1, 2, 3])
    changed = [each.copy() for each in arriving.columns()]
    changed[column][1] += 0.25
    arriving = type(arriving)(MINUTE_MS, arriving.ts_ms, *changed)

    merged = daybook.merge(stored, arriving)

    assert same(merged.series, series_of([0, 1, 2, 3]))
    assert (merged.added, merged.known) == (1, 1)
    assert merged.conflict_ts_ms == (DAY + 2 * MINUTE_MS,)


def test_merge_into_nothing() -> None:
    series = series_of([4, 5])

    merged = daybook.merge(empty_series(MINUTE_MS), series)

    assert same(merged.series, series)
    assert (merged.added, merged.known) == (2, 0)


def test_summary_of_a_day() -> None:
    summary = daybook.summarise(series_of([3, 4, 7, 9]))

    assert summary == daybook.DaySummary(4, DAY + 3 * MINUTE_MS, DAY + 9 * MINUTE_MS, 2)


def test_hash_changes_with_any_byte() -> None:
    block = daybook.encode(series_of([0, 2]))
    hashes = {
        daybook.block_hash(block[:i] + bytes([block[i] ^ 1]) + block[i + 1 :])
        for i in range(len(block))
    }

    assert len(hashes | {daybook.block_hash(block)}) == len(block) + 1
    assert np.frombuffer(block[16:24], "<i8")[0] == DAY
