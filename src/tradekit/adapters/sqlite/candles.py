"""The candle store in one SQLite file.

Decides how blocks of candles are kept in a table. What a block looks like and how it grows is
`kernels.daybook`'s business; opening, locking and failures are the file's. Invariant: an append is
there entirely, on disk, or not at all, and a stored candle never changes.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final, NamedTuple

from tradekit.adapters.sqlite.file import SqliteFile
from tradekit.domain.candle import empty_series
from tradekit.domain.time import Interval
from tradekit.errors import ConflictError, CorruptError
from tradekit.kernels import daybook
from tradekit.ports.store import Appended, Holding

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries

SCHEMA_VERSION: Final = 1
_SCHEMA: Final = (
    """
    CREATE TABLE candle_day (
        exchange TEXT NOT NULL,
        symbol TEXT NOT NULL,
        interval TEXT NOT NULL,
        day INTEGER NOT NULL,
        candles INTEGER NOT NULL,
        first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        holes INTEGER NOT NULL,
        hash TEXT NOT NULL,
        block BLOB NOT NULL,
        PRIMARY KEY (exchange, symbol, interval, day)
    ) STRICT
    """,
    # holdings() reads this index alone: rows with a block in them are each a page of their own.
    """
    CREATE INDEX candle_day_summary ON candle_day
    (exchange, symbol, interval, day, candles, first_ms, last_ms, holes)
    """,
)
_SELECT_BLOCKS: Final = """
    SELECT day, block FROM candle_day
    WHERE exchange = ? AND symbol = ? AND interval = ? AND day BETWEEN ? AND ? ORDER BY day
"""
_SELECT_DAY: Final = """
    SELECT hash, block FROM candle_day
    WHERE exchange = ? AND symbol = ? AND interval = ? AND day = ?
"""
_SELECT_ALL: Final = "SELECT exchange, symbol, interval, day, hash, block FROM candle_day"
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
        self._file = SqliteFile(path, "candle store", _SCHEMA, SCHEMA_VERSION)

    async def wait_ready(self) -> None:
        """Return if the store can be read or does not exist yet.

        Raises:
            StoreError: it cannot be opened, or another version of tradekit made it.
        """
        with self._file.failures("could not be opened"):
            self._file.reader()

    async def append(
        self, exchange: str, symbol: str, interval: Interval, series: CandleSeries
    ) -> Appended:
        """Add the candles of `series` that are not there yet, all or none; then they are on disk.

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

    async def verify(self) -> int:
        """Compare every block with its hash and return their number.

        Raises:
            CorruptError: one does not match; the message says which day to remove.
        """
        with self._file.failures("could not be read"):
            open_ = self._file.reader()
            count = 0
            for *key, stored_hash, block in () if open_ is None else open_.execute(_SELECT_ALL):
                _check_hash(_Key(*key), stored_hash, block)
                count += 1
        return count

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
