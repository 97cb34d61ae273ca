"""The ledger of the candle store: where candles came from, and which holes their sources had.

Decides how an entry is kept in a table. What an entry means is `ports.store`'s business, opening
and locking the file's. Invariant: entries are added, never changed and never removed.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from tradekit.ports.store import LedgerEntry

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

LEDGER_SCHEMA: Final = (
    """
    CREATE TABLE ledger (
        entry INTEGER PRIMARY KEY,
        exchange TEXT NOT NULL,
        symbol TEXT NOT NULL,
        interval TEXT NOT NULL,
        kind TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        source TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        since_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL,
        rows INTEGER NOT NULL,
        duplicates INTEGER NOT NULL,
        holes TEXT NOT NULL
    ) STRICT
    """,
    "CREATE INDEX ledger_by_series ON ledger (exchange, symbol, interval, entry)",
)
_EXISTS: Final = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'ledger'"
_INSERT: Final = """
    INSERT INTO ledger
    (exchange, symbol, interval, kind, at_ms, source, sha256, since_ms, until_ms, rows, duplicates,
    holes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_SELECT: Final = """
    SELECT kind, at_ms, source, sha256, since_ms, until_ms, rows, duplicates, holes FROM ledger
    WHERE exchange = ? AND symbol = ? AND interval = ? ORDER BY entry
"""


def add_entry(open_: sqlite3.Connection, where: tuple[str, str, str], entry: LedgerEntry) -> None:
    """Add an entry about (exchange, symbol, interval) inside the transaction that is open."""
    open_.execute(
        _INSERT,
        (
            *where,
            entry.kind,
            entry.at_ms,
            entry.source,
            entry.sha256,
            entry.since_ms,
            entry.until_ms,
            entry.rows,
            entry.duplicates,
            json.dumps(entry.holes, separators=(",", ":")),
        ),
    )


def read_entries(open_: sqlite3.Connection, where: tuple[str, str, str]) -> Sequence[LedgerEntry]:
    """Return the entries about (exchange, symbol, interval), oldest first."""
    if not open_.execute(_EXISTS).fetchone()[0]:
        return []  # a file of version 1 that nobody has written to since
    entries = []
    for *values, holes in open_.execute(_SELECT, where):
        spans = tuple((since_ms, until_ms) for since_ms, until_ms in json.loads(holes))
        entries.append(LedgerEntry(*(*values, spans)))
    return entries
