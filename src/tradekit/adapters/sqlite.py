"""The candle store in one SQLite file.

Decides how blocks of candles are kept in tables, how two writers are kept apart and what a failure
of SQLite means to the operator. What a block looks like and how it grows is `kernels.daybook`'s
business. Invariant: an append is there entirely, on disk, or not at all, and a stored candle never
changes.

SQLite is called straight from the coroutines: one reader needs milliseconds, and a thread of its
own would cost more than it saves. One store is used from one thread at a time; several processes
may use one file, where writers wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import sqlite3
import weakref
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from tradekit.domain.candle import empty_series
from tradekit.domain.time import Interval
from tradekit.errors import ConflictError, CorruptError, StoreError
from tradekit.kernels import daybook
from tradekit.ports.store import Appended, Holding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries

SCHEMA_VERSION: Final = 1
_WAIT_S: Final = 10.0

_SCHEMA: Final = (
    "CREATE TABLE schema (version INTEGER NOT NULL) STRICT",
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

# What SQLite's primary result codes mean to the person who reads the error.
_MEANING: Final[dict[int, tuple[type[StoreError], str]]] = {
    sqlite3.SQLITE_FULL: (StoreError, "the disk or the file size limit is full"),
    sqlite3.SQLITE_IOERR: (
        StoreError,
        "reading or writing it failed: the disk is broken, or full by a quota or file size limit",
    ),
    sqlite3.SQLITE_BUSY: (StoreError, f"another process kept it locked for {_WAIT_S:g} s"),
    sqlite3.SQLITE_LOCKED: (StoreError, "it is locked"),
    sqlite3.SQLITE_READONLY: (StoreError, "it may only be read"),
    sqlite3.SQLITE_CANTOPEN: (StoreError, "it cannot be opened"),
    sqlite3.SQLITE_PERM: (StoreError, "permission was denied"),
    sqlite3.SQLITE_CORRUPT: (CorruptError, "the file is damaged"),
    sqlite3.SQLITE_NOTADB: (CorruptError, "the file is not a database"),
}


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
        self._path = path
        self._open: sqlite3.Connection | None = None
        self._writable = False

    async def wait_ready(self) -> None:
        """Return if the store can be read or does not exist yet.

        Raises:
            StoreError: it cannot be opened, or another version of tradekit made it.
        """
        with self._failures("could not be opened"):
            self._reader()

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
        with self._failures(outcome), self._transaction() as open_:
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
        with self._failures("could not be read"):
            open_ = self._reader()
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
        with self._failures("could not be read"):
            open_ = self._reader()
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
        with self._failures("could not be read"):
            open_ = self._reader()
            count = 0
            for *key, stored_hash, block in () if open_ is None else open_.execute(_SELECT_ALL):
                _check_hash(_Key(*key), stored_hash, block)
                count += 1
        return count

    async def close(self) -> None:
        """Close the file; the store opens it again when it is next used."""
        self._let_go()

    def _reader(self) -> sqlite3.Connection | None:
        """Return the connection, None while there is no store."""
        if self._open is None and self._path.is_file() and self._path.stat().st_size:
            connection = self._connect("rw")
            if not self._has_schema(connection):
                # Made by a first write that failed; the next one finishes it.
                self._let_go()
        return self._open

    def _writer(self) -> sqlite3.Connection:
        """Return the connection to a store that exists from now on."""
        if self._open is not None and self._writable:
            return self._open
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _only_maker(self._path.parent):
            connection = self._open or self._connect("rwc")
            if not self._has_schema(connection):
                _make_schema(connection)
        self._writable = True
        return connection

    def _connect(self, mode: Literal["rw", "rwc"]) -> sqlite3.Connection:
        """Open the file; `rwc` makes it. Nothing is in a transaction unless we begin one."""
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=_WAIT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        self._open, self._close = connection, weakref.finalize(self, connection.close)
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _let_go(self) -> None:
        """Close what is open."""
        if self._open is not None:
            self._close()
        self._open, self._writable = None, False

    def _has_schema(self, connection: sqlite3.Connection) -> bool:
        """Return whether our tables are there; another version's are an error."""
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return False
        (version,) = connection.execute("SELECT version FROM schema").fetchone()
        if version != SCHEMA_VERSION:
            raise StoreError(
                f"the candle store {self._path} has schema version {version}, "
                f"this tradekit knows version {SCHEMA_VERSION}",
                fix="use the tradekit that wrote it, or set another state directory",
            )
        return True

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction that other writers wait for; an error undoes it."""
        connection = self._writer()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # SQLite has rolled back by itself after some failures of the disk.
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _failures(self, outcome: str) -> Iterator[None]:
        """Raise failures of SQLite and of the system as ours, in one sentence naming the file."""
        try:
            yield
        except sqlite3.Error as error:
            self._let_go()
            kind, meaning = meaning_of(error)
            raise kind(f"the candle store {self._path} {outcome}: {meaning}") from error
        except OSError as error:
            self._let_go()
            reason = error.strerror or str(error)
            raise StoreError(f"the candle store {self._path} {outcome}: {reason}") from error
        except StoreError:
            self._let_go()
            raise


def meaning_of(error: sqlite3.Error) -> tuple[type[StoreError], str]:
    """Return which of our errors a failure of SQLite is, and what it says."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & 0xFF
    return _MEANING.get(primary or 0, (StoreError, f"SQLite said {str(error)!r}"))


@contextlib.contextmanager
def _only_maker(directory: Path) -> Iterator[None]:
    """Keep other processes from making the same store at once; SQLite does not wait there."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _make_schema(connection: sqlite3.Connection) -> None:
    """Make the tables, all or none."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute("INSERT INTO schema (version) VALUES (?)", (SCHEMA_VERSION,))
    connection.execute("COMMIT")


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
