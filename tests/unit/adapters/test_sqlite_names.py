"""The names that the candle store holds, without its candles."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.support.candles import series_of
from tradekit.adapters.sqlite.candles import SqliteCandleStore
from tradekit.adapters.sqlite.names import read_names
from tradekit.domain.time import Interval
from tradekit.errors import CorruptError, StoreError

NAMES = [("local", "BBUSDT"), ("kraken", "AAUSDT"), ("local", "AAUSDT")]


@pytest.fixture
def path(tmp_path):
    store = SqliteCandleStore(tmp_path / "candles.sqlite3")

    async def fill():
        for interval in (Interval.M1, Interval.H1):
            for exchange, symbol in NAMES:
                series = series_of([0, 1, 2000], interval_ms=interval.ms)
                await store.append(exchange, symbol, interval, series)
        await store.close()

    asyncio.run(fill())
    return tmp_path / "candles.sqlite3"


def test_names_are_each_there_once_in_order(path):
    assert read_names(path) == sorted(NAMES)


def test_reading_leaves_no_file_behind(path):
    read_names(path)

    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_names_are_read_while_somebody_writes(path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM candle_day")

        assert len(read_names(path)) == 3


def test_store_that_is_not_there_or_empty_has_none(tmp_path):
    sqlite3.connect(tmp_path / "empty").close()

    assert [read_names(tmp_path / name) for name in ("gone", "empty")] == [[], []]
    assert not (tmp_path / "gone").exists()


def test_what_is_no_store_is_told(tmp_path):
    (tmp_path / "text").write_text("no store" * 1000)

    with pytest.raises(CorruptError, match=r"text could not be read: the file is not a database"):
        read_names(tmp_path / "text")


def test_store_of_another_version_is_told(path):
    with closing(sqlite3.connect(path)) as other, other:
        other.execute("UPDATE schema SET version = 99")

    with pytest.raises(StoreError, match="has schema version 99"):
        read_names(path)


def test_library_of_numbers_is_not_imported():
    probe = "import sys, tradekit.adapters.sqlite.names; sys.exit('numpy' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
