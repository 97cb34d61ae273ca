"""The stored form of candles: one block of bytes for each UTC day, and how a block grows.

Every store that keeps candles keeps these same bytes. Decides what a block looks like, whether it
is whole, and what becomes of candles that meet others of the same time. Where blocks are kept, and
how two writers are kept apart, is the adapters' business. Invariant: a candle in a block never
changes; a block only gains candles.

A block is a header, then six columns one after another: ts_ms as int64, then open, high, low,
close, volume as float64, all little-endian. The header is the eight letters `candles1`, the number
of candles and the CRC-32 of the columns, both as uint32. Times are written out, so a hole costs
nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import struct
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from tradekit.domain.candle import COLUMNS, CandleSeries, empty_series
from tradekit.domain.time import DAY_MS, format_time
from tradekit.errors import CorruptError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MAGIC: Final = b"candles1"
_HEADER: Final = struct.Struct("<8sII")
_CELL: Final = 8
_ROW: Final = _CELL * (1 + len(COLUMNS))


@dataclass(frozen=True, slots=True)
class Merged:
    """A day after candles were added: all of it, how many are new, known, and which differ."""

    series: CandleSeries
    added: int
    known: int
    conflict_ts_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DaySummary:
    """What can be said of a block without reading it; times are open times in ms UTC."""

    candles: int
    first_ms: int
    last_ms: int
    holes: int


def encode(series: CandleSeries) -> bytes:
    """Return the block of `series`."""
    columns = [series.ts_ms.astype("<i8", copy=False).tobytes()]
    columns += [column.astype("<f8", copy=False).tobytes() for column in series.columns()]
    body = b"".join(columns)
    return _HEADER.pack(_MAGIC, len(series), zlib.crc32(body)) + body


def decode(blocks: Sequence[bytes], interval_ms: int) -> CandleSeries:
    """Return the candles of `blocks`, which follow one another in time, as one series.

    Raises:
        CorruptError: a block is not as it was written; the message leaves out where it was kept.
    """
    if not blocks:
        return empty_series(interval_ms)
    times, prices = [], []
    for block in blocks:
        count = check(block)
        times.append(np.frombuffer(block, "<i8", count, _HEADER.size))
        floats = np.frombuffer(block, "<f8", len(COLUMNS) * count, _HEADER.size + _CELL * count)
        prices.append(floats.reshape(len(COLUMNS), count))
    rows = np.concatenate(prices, axis=1).astype(np.float64, copy=False)
    return CandleSeries(
        interval_ms, np.concatenate(times).astype(np.int64, copy=False), *(row for row in rows)
    )


def check(block: bytes) -> int:
    """Return the number of candles in `block`.

    Raises:
        CorruptError: its header, its length or its checksum is wrong.
    """
    if len(block) < _HEADER.size:
        raise CorruptError(f"its block was {len(block)} bytes, must be {_HEADER.size} or more")
    magic, count, checksum = _HEADER.unpack_from(block)
    if magic != _MAGIC:
        raise CorruptError(f"its block began with {magic!r}, must begin with {_MAGIC!r}")
    if len(block) != _HEADER.size + count * _ROW:
        raise CorruptError(
            f"its block was {len(block)} bytes, must be {_HEADER.size + count * _ROW} "
            f"for {count} candles"
        )
    if zlib.crc32(memoryview(block)[_HEADER.size :]) != checksum:
        raise CorruptError("the checksum of its block does not match")
    return int(count)


def block_hash(block: bytes) -> str:
    """Return what compare-and-set compares: the SHA-256 of `block`."""
    return hashlib.sha256(block).hexdigest()


def day_of(ts_ms: int) -> int:
    """Return the UTC day that `ts_ms` lies in, counted from the epoch."""
    return ts_ms // DAY_MS


def day_text(day: int) -> str:
    """Return a UTC day, counted from the epoch, as people write it."""
    return format_time(day * DAY_MS)[: len("2000-01-01")]


def split_days(series: CandleSeries) -> Iterator[tuple[int, CandleSeries]]:
    """Yield each UTC day that has candles, and its candles as views, oldest first."""
    if not len(series):
        return
    days = series.ts_ms // DAY_MS
    cuts = [0, *(np.flatnonzero(np.diff(days)) + 1).tolist(), len(series)]
    for start, stop in itertools.pairwise(cuts):
        yield int(days[start]), series.slice(start, stop)


def merge(stored: CandleSeries, arriving: CandleSeries) -> Merged:
    """Return `stored` with the candles of `arriving` whose times it does not have.

    A time that both have keeps its stored values; where those differ it is listed.
    """
    position = np.searchsorted(stored.ts_ms, arriving.ts_ms)
    met = np.zeros(len(arriving), bool)
    inside = position < len(stored)
    met[inside] = stored.ts_ms[position[inside]] == arriving.ts_ms[inside]
    differs = np.zeros(len(arriving), bool)
    for old, new in zip(stored.columns(), arriving.columns(), strict=True):
        differs[met] |= old[position[met]] != new[met]
    conflicts = tuple(arriving.ts_ms[differs].tolist())
    new_count = int(np.count_nonzero(~met))
    known = len(arriving) - new_count - len(conflicts)
    if not new_count:
        return Merged(stored, 0, known, conflicts)
    ts_ms = np.concatenate((stored.ts_ms, arriving.ts_ms[~met]))
    order = np.argsort(ts_ms, kind="stable")
    columns = (
        np.concatenate((old, new[~met]))[order]
        for old, new in zip(stored.columns(), arriving.columns(), strict=True)
    )
    return Merged(
        CandleSeries(stored.interval_ms, ts_ms[order], *columns), new_count, known, conflicts
    )


def summarise(series: CandleSeries) -> DaySummary:
    """Return the summary of a day's candles, at least one."""
    return DaySummary(len(series), int(series.ts_ms[0]), int(series.ts_ms[-1]), len(series.holes()))
