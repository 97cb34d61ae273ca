"""A SQLite file as a store's ground: opening, making, writing in one piece, telling failures.

Decides how writers are kept apart, when a write is on disk and what a failure of SQLite means to
the operator. Which tables there are is the stores' business. Invariant: a transaction is on disk
entirely or not at all, and reading makes no file and no directory for good.

SQLite is called straight from the coroutines: one reader needs milliseconds, and a thread of its
own would cost more than it saves. One store is used from one thread at a time; several processes
may use one file, where writers wait for each other.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import weakref
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tradekit.errors import CorruptError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_WAIT_S: Final = 10.0

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
_NO_ROOM: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_READONLY,
    }
)


class SqliteFile:
    """The file at `path`, which is made by the first transaction.

    `what` is its name in errors; `schema` the statements that make its tables, those of `version`;
    `upgrades` the statements that make tables of an older version those of the next. The first
    transaction upgrades an older file; until then it is read as it is.
    """

    def __init__(
        self,
        path: Path,
        what: str,
        schema: Sequence[str],
        version: int,
        upgrades: Mapping[int, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self._path = path
        self._what = what
        self._upgrades = upgrades
        self._schema = (
            "CREATE TABLE schema (version INTEGER NOT NULL) STRICT",
            *schema,
        )
        self._version = version
        self._open: sqlite3.Connection | None = None
        self._writable = False
        self._for_one_use = False

    def reader(self) -> sqlite3.Connection | None:
        """Return a connection to read with, None while there is no store."""
        if self._for_one_use:
            self.close()
        if self._open is None and self._path.is_file() and self._path.stat().st_size:
            try:
                found = self._has_schema(self._connect("mode=rw"))
            except sqlite3.OperationalError as error:
                if _primary_code(error) not in _NO_ROOM:
                    raise
                self.close()
                found = self._has_schema(self._connect_without_room())
            if not found:
                # Made by a first write that failed; the next one finishes it.
                self.close()
        return self._open

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block as one transaction that other writers wait for; an error undoes it."""
        with _in_one_piece(self._writer()) as connection:
            yield connection

    @contextlib.contextmanager
    def failures(self, outcome: str) -> Iterator[None]:
        """Raise failures of SQLite and of the system as ours, in one sentence naming the file.

        Args:
            outcome: what did not come about, as in `could not be read`.
        """
        try:
            yield
        except sqlite3.Error as error:
            self.close()
            kind, meaning = meaning_of(error)
            raise kind(f"the {self._what} {self._path} {outcome}: {meaning}") from error
        except OSError as error:
            self.close()
            reason = error.strerror or str(error)
            raise StoreError(f"the {self._what} {self._path} {outcome}: {reason}") from error
        except StoreError:
            self.close()
            raise

    def reclaim(self) -> int:
        """Give back to the disk what removed rows took, and return how many bytes that was."""
        if self.reader() is None:
            return 0
        connection = self._writer()
        sizes = []
        for statement in ("SELECT 1", "VACUUM"):
            connection.execute(statement)
            # The log goes into the file first, or it would be counted beside what it holds.
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            sizes.append(self._path.stat().st_size)
        return max(0, sizes[0] - sizes[1])

    def close(self) -> None:
        """Close what is open; it is opened again when it is next used."""
        if self._open is not None:
            self._close()
        self._open, self._writable, self._for_one_use = None, False, False

    def _writer(self) -> sqlite3.Connection:
        """Return the connection to a store that exists from now on."""
        if self._for_one_use:
            self.close()
        if self._open is not None and self._writable:
            return self._open
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with _only_maker(self._path.parent):
            connection = self._open or self._connect("mode=rwc")
            if not self._has_schema(connection):
                self._make_schema(connection)
            self._upgrade(connection)
        self._writable = True
        return connection

    def _connect(self, how: str, *first: str) -> sqlite3.Connection:
        """Open the file; `mode=rwc` makes it. Nothing is in a transaction unless we begin one.

        Args:
            how: SQLite's URI parameters.
            first: what is executed before the file is looked into.
        """
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?{how}",
            uri=True,
            timeout=_WAIT_S,
            isolation_level=None,
            check_same_thread=False,
        )
        self._open, self._close = connection, weakref.finalize(self, connection.close)
        for statement in (*first, "PRAGMA synchronous = FULL"):
            connection.execute(statement)
        return connection

    def _connect_without_room(self) -> sqlite3.Connection:
        """Open the file to read where SQLite cannot make the shared memory that it reads with.

        That is on a full disk and on one that may only be read. The connection is for one use:
        what others write meanwhile would not be seen through it, or they would have to wait.
        """
        log = self._path.with_name(f"{self._path.name}-wal")
        if log.is_file() and log.stat().st_size:
            connection = self._connect("mode=rw", "PRAGMA locking_mode = EXCLUSIVE")
        else:
            connection = self._connect("mode=ro&immutable=1")
        self._for_one_use = True
        return connection

    def _has_schema(self, connection: sqlite3.Connection) -> bool:
        """Return whether our tables are there; another version's are an error."""
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return False
        version = _version_of(connection)
        if version != self._version and version not in self._upgrades:
            raise StoreError(
                f"the {self._what} {self._path} has schema version {version}, "
                f"this tradekit knows version {self._version}",
                fix="use the tradekit that wrote it, or set another state directory",
            )
        return True

    def _make_schema(self, connection: sqlite3.Connection) -> None:
        """Make the tables, all or none."""
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        for statement in self._schema:
            connection.execute(statement)
        connection.execute("INSERT INTO schema (version) VALUES (?)", (self._version,))
        connection.execute("COMMIT")

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        """Make the tables of an older version those of ours, all or none, with all their rows."""
        if _version_of(connection) == self._version:
            return
        with _in_one_piece(connection):
            while (version := _version_of(connection)) != self._version:
                for statement in self._upgrades[version]:
                    connection.execute(statement)
                connection.execute("UPDATE schema SET version = ?", (version + 1,))


@contextlib.contextmanager
def _in_one_piece(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # SQLite has rolled back by itself after some failures of the disk.
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _version_of(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT version FROM schema").fetchone()[0])


def meaning_of(error: sqlite3.Error) -> tuple[type[StoreError], str]:
    """Return which of our errors a failure of SQLite is, and what it says."""
    return _MEANING.get(_primary_code(error), (StoreError, f"SQLite said {str(error)!r}"))


def _primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's result code without what it adds to it, 0 for Python's own errors."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


@contextlib.contextmanager
def _only_maker(directory: Path) -> Iterator[None]:
    """Keep other processes from making the same store at once; SQLite does not wait there."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
