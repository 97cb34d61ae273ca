"""The tables of the candle store.

Decides which there are, and how those of an older version become ours. What is kept in them is the
business of `candles` and `ledger`. Invariant: nothing that takes long to load is needed to look
into the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tradekit.adapters.sqlite.file import SqliteFile
from tradekit.adapters.sqlite.ledger import LEDGER_SCHEMA

if TYPE_CHECKING:
    from pathlib import Path

_VERSION: Final = 2
_TABLES: Final = (
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
    # What lists the store reads this index alone: rows with a block are each a page of their own.
    """
    CREATE INDEX candle_day_summary ON candle_day
    (exchange, symbol, interval, day, candles, first_ms, last_ms, holes)
    """,
    *LEDGER_SCHEMA,
)
_UPGRADES: Final = {1: LEDGER_SCHEMA}


def candle_file(path: Path) -> SqliteFile:
    """Return the file of a candle store at `path`, not opened yet."""
    return SqliteFile(path, "candle store", _TABLES, _VERSION, _UPGRADES)
