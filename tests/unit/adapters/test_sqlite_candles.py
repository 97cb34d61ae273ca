"""The candle store in a SQLite file: what goes in stays, and what fails leaves it as it was."""

import asyncio
import contextlib
import re
import sqlite3

import pytest

from tests.support.candles import DAY, same, series_of
from tradekit.adapters.sqlite import file as module
from tradekit.adapters.sqlite.candles import SqliteCandleStore
from tradekit.adapters.sqlite.file import meaning_of
from tradekit.domain.candle import empty_series
from tradekit.domain.time import DAY_MS, MINUTE_MS, Interval
from tradekit.errors import CorruptError, StoreError
from tradekit.kernels import daybook
from tradekit.ports.store import Appended, Holding

FOREVER = (0, DAY * 2)
KEY = ("local", "BTCUSDT", Interval.M1)
THREE_DAYS = series_of([0, 1, 2, 1440, 1441, 4000])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "candles.sqlite3"


@pytest.fixture
def store(path):
    return SqliteCandleStore(path)


def append(store, series, key=KEY) -> Appended:
    return asyncio.run(store.append(*key, series))


def load(store, since_ms=0, until_ms=DAY * 2, key=KEY):
    return asyncio.run(store.load(*key, since_ms, until_ms))


def inspect(store, key=KEY):
    return asyncio.run(store.inspect(*key))


def execute(path, statement, *values) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def test_candles_come_back(store) -> None:
    assert append(store, THREE_DAYS) == Appended(6, 0)
    assert same(load(store), THREE_DAYS)


def test_candles_outlive_the_store_object(store, path) -> None:
    append(store, THREE_DAYS)
    asyncio.run(store.close())

    assert same(load(SqliteCandleStore(path)), THREE_DAYS)
    assert same(load(store), THREE_DAYS)
    assert append(store, series_of([3])) == Appended(1, 0)


@pytest.mark.parametrize(
    ("since", "until", "minutes"),
    [
        (0, 5000, [0, 1, 2, 1440, 1441, 4000]),
        (1, 1441, [1, 2, 1440]),
        (2, 3, [2]),
        (3, 1440, []),
        (1440, 1440, []),
        (4000, 4001, [4000]),
        (4001, 9000, []),
    ],
)
def test_window_is_half_open(store, since, until, minutes) -> None:
    append(store, THREE_DAYS)

    series = load(store, DAY + since * MINUTE_MS, DAY + until * MINUTE_MS)

    assert same(series, series_of(minutes))


def test_day_grows_and_known_candles_are_counted(store) -> None:
    append(store, series_of([0, 1, 5]))

    assert append(store, series_of([1, 2, 5, 7])) == Appended(2, 2)
    assert same(load(store), series_of([0, 1, 2, 5, 7]))
    assert append(store, series_of([0, 7])) == Appended(0, 2)


def test_other_values_are_kept_out_and_told(store) -> None:
    append(store, series_of([0, 1, 2]))
    differing = series_of([1, 1440], first_price=99.0)

    appended = append(store, differing)

    assert appended == Appended(1, 0, (DAY + MINUTE_MS,))
    assert same(load(store, until_ms=DAY + DAY_MS), series_of([0, 1, 2]))
    assert len(load(store)) == 4


def test_symbols_intervals_and_exchanges_are_apart(store) -> None:
    append(store, series_of([0, 1]))
    append(store, series_of([5]), ("other", "BTCUSDT", Interval.M1))
    append(store, series_of([6]), ("local", "ETHUSDT", Interval.M1))
    append(store, series_of([0], interval_ms=3_600_000), ("local", "BTCUSDT", Interval.H1))

    assert same(load(store), series_of([0, 1]))
    assert load(store, key=("local", "BTCUSDT", Interval.H1)).interval_ms == 3_600_000


def test_holdings_are_sorted_and_add_up(store) -> None:
    append(store, series_of([0, 2, 3, 1439, 1440, 2880, 2882]))
    append(store, series_of([0, 1], interval_ms=DAY_MS), ("local", "BTCUSDT", Interval.D1))
    append(store, series_of([7]), ("local", "ADAUSDT", Interval.M5))
    append(store, series_of([7]), ("abroad", "ZECUSDT", Interval.M1))

    holdings = asyncio.run(store.holdings())

    assert [(h.exchange, h.symbol, h.interval.plain) for h in holdings] == [
        ("abroad", "ZECUSDT", "1m"),
        ("local", "ADAUSDT", "5m"),
        ("local", "BTCUSDT", "1m"),
        ("local", "BTCUSDT", "1d"),
    ]
    assert holdings[2] == Holding(*KEY, DAY, DAY + 2883 * MINUTE_MS, 7, 4, 2876)
    assert holdings[3] == Holding("local", "BTCUSDT", Interval.D1, DAY, DAY + 2 * DAY_MS, 2, 0, 0)


def test_reading_makes_nothing(store, path) -> None:
    async def read() -> None:
        await store.wait_ready()
        assert await store.holdings() == []
        assert same((await store.inspect(*KEY)).series, empty_series(MINUTE_MS))
        assert await store.ledger(*KEY) == []
        assert await store.prune(*KEY, DAY) is None
        assert await store.reclaim() == 0
        assert same(await store.load(*KEY, *FOREVER), empty_series(MINUTE_MS))
        await store.close()

    asyncio.run(read())

    assert not path.parent.exists()


@pytest.mark.parametrize("content", [None, b""])
def test_store_left_unfinished_is_empty_and_is_finished_later(store, path, content) -> None:
    path.parent.mkdir()
    if content is None:
        execute(path, "PRAGMA journal_mode = WAL")
    else:
        path.write_bytes(content)

    assert len(load(store)) == 0
    append(store, THREE_DAYS)
    assert same(load(store), THREE_DAYS)


def test_writes_are_made_to_last(store) -> None:
    append(store, THREE_DAYS)
    (mode,) = store._file._open.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = store._file._open.execute("PRAGMA synchronous").fetchone()

    assert (mode, synchronous) == ("wal", 2)


def test_damaged_block_is_named(store, path) -> None:
    append(store, THREE_DAYS)
    block = bytearray(daybook.encode(series_of([1440, 1441])))
    block[-1] ^= 1
    second = DAY // DAY_MS + 1
    execute(path, "UPDATE candle_day SET block = ? WHERE day = ?", bytes(block), second)
    where = "local BTCUSDT 1m of 2026-04-02 are damaged: the checksum"

    with pytest.raises(CorruptError, match=where) as damage:
        load(store)
    assert damage.value.exit_code == 5
    assert same(load(store, until_ms=DAY + DAY_MS), series_of([0, 1, 2]))


def test_exchanged_block_is_found_by_its_hash(store, path) -> None:
    append(store, THREE_DAYS)
    assert inspect(store).damaged == ()
    other = daybook.encode(series_of([1440, 1442]))
    execute(path, "UPDATE candle_day SET block = ? WHERE day = ?", other, DAY // DAY_MS + 1)
    where = "local BTCUSDT 1m of 2026-04-02 are damaged: their hash"

    (damaged,) = inspect(store).damaged
    assert re.search(where, damaged.reason)
    with pytest.raises(CorruptError, match=where):
        append(store, series_of([1443]))


def test_append_is_all_or_none(store, path) -> None:
    append(store, THREE_DAYS)
    execute(path, "UPDATE candle_day SET hash = 'x' WHERE day = ?", DAY // DAY_MS + 1)

    with pytest.raises(CorruptError):
        append(store, series_of([3, 4, 1442, 5000]))

    assert same(load(store), THREE_DAYS)


def test_newer_schema_is_refused(store, path) -> None:
    append(store, THREE_DAYS)
    asyncio.run(store.close())
    execute(path, "UPDATE schema SET version = 3")

    for _ in range(2):
        with pytest.raises(StoreError, match="schema version 3, this tradekit knows version 2"):
            load(store)
        with pytest.raises(StoreError, match="schema version 3"):
            append(store, THREE_DAYS)


def test_file_that_is_no_database(store, path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, but long enough to be taken for one" * 40)

    with pytest.raises(CorruptError, match=r"could not be read: the file is not a database"):
        load(store)
    with pytest.raises(CorruptError, match=r"nothing was added: the file is not a database"):
        append(store, THREE_DAYS)


def test_directory_that_cannot_be_made(tmp_path) -> None:
    (tmp_path / "state").write_text("a file is in the way")
    store = SqliteCandleStore(tmp_path / "state" / "candles.sqlite3")

    with pytest.raises(StoreError, match="nothing was added"):
        append(store, THREE_DAYS)


def test_locked_store_says_so(store, path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_WAIT_S", 0.01)
    append(store, THREE_DAYS)
    asyncio.run(store.close())
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreError, match="nothing was added: another process kept it locked"):
            append(store, series_of([9]))
        assert same(load(store), THREE_DAYS)

    assert append(store, series_of([9])) == Appended(1, 0)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StoreError),
        (sqlite3.SQLITE_IOERR, StoreError),
        (sqlite3.SQLITE_IOERR_WRITE, StoreError),
        (sqlite3.SQLITE_BUSY, StoreError),
        (sqlite3.SQLITE_LOCKED, StoreError),
        (sqlite3.SQLITE_READONLY, StoreError),
        (sqlite3.SQLITE_CANTOPEN, StoreError),
        (sqlite3.SQLITE_PERM, StoreError),
        (sqlite3.SQLITE_CORRUPT, CorruptError),
        (sqlite3.SQLITE_NOTADB, CorruptError),
        (sqlite3.SQLITE_MISUSE, StoreError),
        (None, StoreError),
    ],
)
def test_failures_of_sqlite_become_ours(code, kind) -> None:
    failure = sqlite3.OperationalError("what SQLite says")
    if code is not None:
        failure.sqlite_errorcode = code

    found, meaning = meaning_of(failure)

    assert found is kind
    known = code is not None and (code & 0xFF) in module._MEANING
    assert ("what SQLite says" in meaning) != known
