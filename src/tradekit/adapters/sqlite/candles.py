"""The candle store in one SQLite file.

Decides how blocks of candles are written and read. What a block looks like and how it grows is
`kernels.daybook`'s business; opening, locking and failures are the file's. Invariant: an append is
there entirely, on disk, or not at all, and so is a removal; a stored candle never changes.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

from tradekit.adapters.sqlite.ledger import add_entry, read_entries
from tradekit.adapters.sqlite.tables import candle_file
from tradekit.domain.candle import concatenate, empty_series
from tradekit.domain.time import DAY_MS, Interval
from tradekit.errors import ConflictError, CorruptError
from tradekit.kernels import daybook
from tradekit.ports.store import (
    Appended,
    DamagedDay,
    Holding,
    Inspected,
    LedgerEntry,
    Pruned,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries

_SELECT_BLOCKS: Final = """
    SELECT day, block FROM candle_day
    WHERE exchange = ? AND symbol = ? AND interval = ? AND day BETWEEN ? AND ? ORDER BY day
"""
_SELECT_DAY: Final = """
    SELECT hash, block FROM candle_day
    WHERE exchange = ? AND symbol = ? AND interval = ? AND day = ?
"""
_SELECT_STORED: Final = """
    SELECT day, hash, candles, first_ms, last_ms, holes, block FROM candle_day
    WHERE exchange = ? AND symbol = ? AND interval = ? ORDER BY day
"""
# A day never ends before it begins, whatever a damaged summary says.
_SELECT_BEFORE: Final = """
    SELECT min(first_ms), max(max(last_ms, day * 86400000)), coalesce(sum(candles), 0)
    FROM candle_day WHERE exchange = ? AND symbol = ? AND interval = ?
    AND day <= ? AND (day < ? OR max(last_ms, day * 86400000) < ?)
"""
_DELETE_BEFORE: Final = """
    DELETE FROM candle_day WHERE exchange = ? AND symbol = ? AND interval = ?
    AND day <= ? AND (day < ? OR max(last_ms, day * 86400000) < ?)
"""
_SELECT_CUT_DAY: Final = """
    SELECT hash, candles, first_ms, last_ms, holes, block FROM candle_day
    WHERE exchange = ? AND symbol = ? AND interval = ? AND day = ?
    AND first_ms < ? AND last_ms >= ?
"""
_INSERT_DAY: Final = """
    INSERT INTO candle_day
    (candles, first_ms, last_ms, holes, hash, block, exchange, symbol, interval, day)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE_DAY: Final = """
    UPDATE candle_day
    SET candles = ?, first_ms = ?, last_ms = ?, holes = ?, hash = ?, block = ?
    WHERE exchange = ? AND symbol = ? AND interval = ? AND day = ? AND hash = ?
"""
_SELECT_HOLDINGS: Final = """
    SELECT exchange, symbol, interval, candles, first_ms, last_ms, holes
    FROM candle_day ORDER BY exchange, symbol, interval, day
"""


class _Key(NamedTuple):
    """What a block is stored under; `str()` says it in words."""

    exchange: str
    symbol: str
    interval: str
    day: int

    def __str__(self) -> str:
        return f"{self.exchange} {self.symbol} {self.interval} of {daybook.day_text(self.day)}"


class SqliteCandleStore:
    """Candles by (exchange, symbol, interval) in the SQLite file at `path`.

    Reading makes neither file nor directory; a store that is not there is an empty one.
    """

    def __init__(self, path: Path) -> None:
        self._file = candle_file(path)

    async def wait_ready(self) -> None:
        """Return if the store can be read or does not exist yet.

        Raises:
            StoreError: it cannot be opened, or another version of tradekit made it.
        """
        with self._file.failures("could not be opened"):
            self._file.reader()

    async def append(
        self,
        exchange: str,
        symbol: str,
        interval: Interval,
        series: CandleSeries,
        entry: LedgerEntry | None = None,
    ) -> Appended:
        """Add the candles of `series` that are not there yet, all or none; then they are on disk.

        So is `entry`, as a line of the ledger.

        Raises:
            StoreError: the disk is full, the store is broken or locked; nothing was added.
            CorruptError: a day that `series` touches is damaged; nothing was added.
        """
        added, known, conflicts = 0, 0, list[int]()
        outcome = "could not be written, nothing was added"
        with self._file.failures(outcome), self._file.transaction() as open_:
            for day, arriving in daybook.split_days(series):
                key = _Key(exchange, symbol, interval.plain, day)
                merged = _append_day(open_, key, arriving)
                added += merged.added
                known += merged.known
                conflicts.extend(merged.conflict_ts_ms)
            if entry is not None:
                add_entry(open_, (exchange, symbol, interval.plain), entry)
        return Appended(added, known, tuple(conflicts))

    async def load(
        self, exchange: str, symbol: str, interval: Interval, since_ms: int, until_ms: int
    ) -> CandleSeries:
        """Return the candles that open in `[since_ms, until_ms)`, oldest first.

        Raises:
            CorruptError: a day in it is damaged.
            StoreError: the store cannot be read.
        """
        days = (daybook.day_of(since_ms), daybook.day_of(until_ms - 1))
        with self._file.failures("could not be read"):
            open_ = self._file.reader()
            if open_ is None:
                return empty_series(interval.ms)
            where = (exchange, symbol, interval.plain)
            rows = open_.execute(_SELECT_BLOCKS, (*where, *days)).fetchall()
        try:
            series = daybook.decode([block for _, block in rows], interval.ms)
        except CorruptError:
            for day, block in rows:
                _check_block(_Key(*where, day), block)
            raise
        return series.between(since_ms, until_ms)

    async def holdings(self) -> Sequence[Holding]:
        """Return what there is, sorted by exchange, symbol and length of the interval."""
        with self._file.failures("could not be read"):
            open_ = self._file.reader()
            rows = [] if open_ is None else open_.execute(_SELECT_HOLDINGS).fetchall()
        days: dict[tuple[str, str, str], list[tuple[int, int, int, int]]] = {}
        for exchange, symbol, interval, *day in rows:
            days.setdefault((exchange, symbol, interval), []).append(tuple(day))
        found = [
            _holding(exchange, symbol, Interval(interval), each)
            for (exchange, symbol, interval), each in days.items()
        ]
        return sorted(found, key=lambda each: (each.exchange, each.symbol, each.interval.ms))

    async def ledger(self, exchange: str, symbol: str, interval: Interval) -> Sequence[LedgerEntry]:
        """Return what was noted about these candles, oldest first."""
        with self._file.failures("could not be read"):
            open_ = self._file.reader()
            where = (exchange, symbol, interval.plain)
            return [] if open_ is None else read_entries(open_, where)

    async def inspect(self, exchange: str, symbol: str, interval: Interval) -> Inspected:
        """Compare every day with its hash and its summary, and return what there is."""
        where = (exchange, symbol, interval.plain)
        parts, damaged = [], []
        with self._file.failures("could not be read"):
            open_ = self._file.reader()
            for day, *stored, block in (
                () if open_ is None else open_.execute(_SELECT_STORED, where)
            ):
                key = _Key(*where, day)
                try:
                    parts.append(_sound_day(key, tuple(stored), block, interval.ms))
                except CorruptError as error:
                    since_ms = day * DAY_MS
                    until_ms = since_ms + max(DAY_MS, interval.ms)
                    damaged.append(DamagedDay(since_ms, until_ms, stored[1], error.message))
        return Inspected(concatenate(parts, interval.ms), tuple(damaged))

    async def prune(
        self,
        exchange: str,
        symbol: str,
        interval: Interval,
        before_ms: int,
        *,
        at_ms: int | None = None,
    ) -> Pruned | None:
        """Remove the candles that open before `before_ms`, all or none; None if there are none."""
        where = (exchange, symbol, interval.plain)
        if at_ms is None:
            with self._file.failures("could not be read"):
                open_ = self._file.reader()
                found = None if open_ is None else _cut_off(open_, where, before_ms, look=True)
        else:
            outcome = "could not be written, nothing was removed"
            with self._file.failures(outcome), self._file.transaction() as open_:
                found = _cut_off(open_, where, before_ms, look=False)
                if found is not None:
                    first_ms, last_ms, candles = found
                    until_ms = last_ms + interval.ms
                    entry = LedgerEntry("prune", at_ms, "", "", first_ms, until_ms, candles)
                    add_entry(open_, where, entry)
        if found is None:
            return None
        first_ms, last_ms, candles = found
        return Pruned(exchange, symbol, interval, first_ms, last_ms + interval.ms, candles)

    async def reclaim(self) -> int:
        """Give what removed candles took back to the disk and return how many bytes that was."""
        with self._file.failures("could not be made smaller, its candles are intact"):
            return self._file.reclaim()

    async def close(self) -> None:
        """Close the file; the store opens it again when it is next used."""
        self._file.close()


def _append_day(open_: sqlite3.Connection, key: _Key, arriving: CandleSeries) -> daybook.Merged:
    """Grow the block of `key`, or make it, inside the transaction that is open."""
    row = open_.execute(_SELECT_DAY, key).fetchone()
    if row is None:
        open_.execute(_INSERT_DAY, (*_day_values(arriving), *key))
        return daybook.Merged(arriving, len(arriving), 0, ())
    stored_hash, block = row
    _check_hash(key, stored_hash, block)
    merged = daybook.merge(daybook.decode([block], arriving.interval_ms), arriving)
    if merged.added:
        cursor = open_.execute(_UPDATE_DAY, (*_day_values(merged.series), *key, stored_hash))
        if cursor.rowcount != 1:
            raise ConflictError(f"the candles of {key} were changed by another writer")
    return merged


def _sound_day(
    key: _Key, stored: tuple[str, int, int, int, int], block: bytes, interval_ms: int
) -> CandleSeries:
    """Return the candles of a day, or raise CorruptError unless hash and summary are theirs."""
    _check_hash(key, stored[0], block)
    series = daybook.decode([block], interval_ms)
    if not len(series) or daybook.summarise(series) != daybook.DaySummary(*stored[1:]):
        raise CorruptError(f"the stored candles of {key} are not those that its summary tells of")
    if (series.ts_ms // DAY_MS != key.day).any():
        raise CorruptError(f"the stored candles of {key} are not all of that day")
    return series


def _cut_off(
    open_: sqlite3.Connection, where: tuple[str, str, str], before_ms: int, *, look: bool
) -> tuple[int, int, int] | None:
    """Remove what opens before `before_ms`, or only look; return first, last and how many."""
    key = _Key(*where, daybook.day_of(before_ms))
    until = (*key, key.day, before_ms)
    first_ms, last_ms, candles = open_.execute(_SELECT_BEFORE, until).fetchone()
    if not look:
        open_.execute(_DELETE_BEFORE, until)
    row = open_.execute(_SELECT_CUT_DAY, (*key, before_ms, before_ms)).fetchone()
    if before_ms % DAY_MS and row is not None:
        *stored, block = row
        series = _sound_day(key, tuple(stored), block, Interval(key.interval).ms)
        going, staying = (
            series.take(series.ts_ms < before_ms),
            series.take(series.ts_ms >= before_ms),
        )
        first_ms = int(going.ts_ms[0]) if first_ms is None else first_ms
        last_ms, candles = int(going.ts_ms[-1]), candles + len(going)
        if not look:
            open_.execute(_UPDATE_DAY, (*_day_values(staying), *key, stored[0]))
    return None if first_ms is None else (first_ms, last_ms, candles)


def _day_values(series: CandleSeries) -> tuple[int, int, int, int, str, bytes]:
    """Return the columns of a day's row that follow from its candles."""
    block = daybook.encode(series)
    day = daybook.summarise(series)
    return day.candles, day.first_ms, day.last_ms, day.holes, daybook.block_hash(block), block


def _check_hash(key: _Key, stored_hash: str, block: bytes) -> None:
    """Raise CorruptError unless the block is the one that was hashed."""
    _check_block(key, block)
    if daybook.block_hash(block) != stored_hash:
        raise CorruptError(f"the stored candles of {key} are damaged: their hash does not match")


def _check_block(key: _Key, block: bytes) -> None:
    """Raise CorruptError that says where, unless the block is whole."""
    try:
        daybook.check(block)
    except CorruptError as error:
        raise CorruptError(f"the stored candles of {key} are damaged: {error}") from error


def _holding(
    exchange: str, symbol: str, interval: Interval, days: list[tuple[int, int, int, int]]
) -> Holding:
    """Return what the days of one symbol, in order, add up to."""
    since_ms, last_ms = days[0][1], days[-1][2]
    candles = sum(day[0] for day in days)
    between = sum(
        later[1] - earlier[2] != interval.ms for earlier, later in itertools.pairwise(days)
    )
    return Holding(
        exchange=exchange,
        symbol=symbol,
        interval=interval,
        since_ms=since_ms,
        until_ms=last_ms + interval.ms,
        candles=candles,
        holes=between + sum(day[3] for day in days),
        missing=(last_ms - since_ms) // interval.ms + 1 - candles,
    )
