"""The candle store's ledger, its upgrade, what it says of itself, and what it gives up."""

import asyncio
import contextlib
import sqlite3

import pytest

from tests.support.candles import DAY, same, series_of
from tradekit.adapters.sqlite import file as module
from tradekit.adapters.sqlite.candles import SqliteCandleStore
from tradekit.domain.candle import empty_series
from tradekit.domain.time import DAY_MS, MINUTE_MS, Interval
from tradekit.errors import CorruptError, StoreError
from tradekit.kernels import daybook
from tradekit.ports.store import Appended, DamagedDay, LedgerEntry, Pruned

KEY = ("local", "BTCUSDT", Interval.M1)
OTHER = ("local", "SOLUSDT", Interval.M1)
THREE_DAYS = series_of([0, 1, 2, 1440, 1441, 4000])
ENTRY = LedgerEntry("import", 7, "a.csv", "ab" * 32, DAY, DAY + 9, 12, 3, ((1, 2), (5, 9)))

# Written out: the tables of version 1 are what they were.
VERSION_1 = """
    CREATE TABLE schema (version INTEGER NOT NULL) STRICT;
    CREATE TABLE candle_day (
        exchange TEXT NOT NULL, symbol TEXT NOT NULL, interval TEXT NOT NULL,
        day INTEGER NOT NULL, candles INTEGER NOT NULL, first_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL, holes INTEGER NOT NULL, hash TEXT NOT NULL,
        block BLOB NOT NULL, PRIMARY KEY (exchange, symbol, interval, day)) STRICT;
    CREATE INDEX candle_day_summary ON candle_day
        (exchange, symbol, interval, day, candles, first_ms, last_ms, holes);
    INSERT INTO schema (version) VALUES (1);
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "candles.sqlite3"


@pytest.fixture
def store(path):
    return SqliteCandleStore(path)


@pytest.fixture
def old(path):
    """Return the path of a store of version 1 with two days of candles."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.executescript("PRAGMA journal_mode = WAL;" + VERSION_1)
        for day, series in daybook.split_days(series_of([0, 1, 1440])):
            block, told = daybook.encode(series), daybook.summarise(series)
            row = (*KEY[:2], "1m", day, told.candles, told.first_ms, told.last_ms, told.holes)
            values = (*row, daybook.block_hash(block), block)
            insert = "INSERT INTO candle_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            connection.execute(insert, values)
        connection.commit()
    return path


def append(store, series, key=KEY, entry=None) -> Appended:
    return asyncio.run(store.append(*key, series, entry))


def load(store, key=KEY):
    return asyncio.run(store.load(*key, 0, 2**42))


def ledger(store, key=KEY):
    return asyncio.run(store.ledger(*key))


def inspect(store, key=KEY):
    return asyncio.run(store.inspect(*key))


def prune(store, before_ms, at_ms=None, key=KEY):
    return asyncio.run(store.prune(*key, before_ms, at_ms=at_ms))


def execute(path, statement, *values):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def test_entries_come_back_in_their_order(store, path) -> None:
    second = LedgerEntry("fetch", 8, "binance", "", DAY, DAY + 9, 0)
    append(store, THREE_DAYS, entry=ENTRY)
    append(store, THREE_DAYS, entry=second)
    append(store, THREE_DAYS, OTHER)

    assert ledger(store) == [ENTRY, second]
    assert ledger(SqliteCandleStore(path)) == [ENTRY, second]
    assert ledger(store, OTHER) == []
    assert [each.asked for each in ledger(store)] == [False, True]


def test_entry_is_there_with_its_candles_or_not_at_all(store, path) -> None:
    append(store, THREE_DAYS)
    execute(path, "UPDATE candle_day SET hash = 'x' WHERE day = ?", DAY // DAY_MS)

    with pytest.raises(CorruptError):
        append(store, series_of([3]), entry=ENTRY)

    assert ledger(store) == []


def test_old_store_is_read_as_it_is(old) -> None:
    store = SqliteCandleStore(old)

    assert same(load(store), series_of([0, 1, 1440]))
    assert ledger(store) == []
    assert inspect(store).damaged == ()
    assert execute(old, "SELECT version FROM schema") == [(1,)]


def test_old_store_is_upgraded_by_the_first_write(old) -> None:
    store = SqliteCandleStore(old)
    before = execute(old, "SELECT * FROM candle_day ORDER BY day")

    append(store, series_of([5000]), entry=ENTRY)

    assert execute(old, "SELECT version FROM schema") == [(2,)]
    assert execute(old, "SELECT * FROM candle_day ORDER BY day")[:2] == before
    assert same(load(store), series_of([0, 1, 1440, 5000]))
    assert ledger(SqliteCandleStore(old)) == [ENTRY]


def test_upgraded_store_is_laid_out_like_a_new_one(old, tmp_path) -> None:
    new = tmp_path / "new.sqlite3"
    for path in (old, new):
        append(SqliteCandleStore(path), series_of([7]), OTHER)
    layout = "SELECT type, name, tbl_name FROM sqlite_master ORDER BY name"

    assert execute(old, layout) == execute(new, layout)
    columns = "SELECT name, type, pk FROM pragma_table_info('ledger')"
    assert execute(old, columns) == execute(new, columns)


def test_upgrade_that_fails_leaves_the_old_store(old, monkeypatch) -> None:
    store = SqliteCandleStore(old)
    store._file._upgrades = {1: ("CREATE TABLE ledger (x INTEGER)", "no statement")}

    with pytest.raises(StoreError, match="nothing was added"):
        append(store, series_of([7]))

    assert execute(old, "SELECT version FROM schema") == [(1,)]
    assert execute(old, "SELECT name FROM sqlite_master WHERE name = 'ledger'") == []
    assert same(load(SqliteCandleStore(old)), series_of([0, 1, 1440]))
    assert append(SqliteCandleStore(old), series_of([7])) == Appended(1, 0)


def test_sound_store_is_inspected_whole(store) -> None:
    append(store, THREE_DAYS)

    inspected = inspect(store)

    assert same(inspected.series, THREE_DAYS)
    assert inspected.damaged == ()


def flip(path, day):
    ((block,),) = execute(path, "SELECT block FROM candle_day WHERE day = ?", day)
    spoiled = bytearray(block)
    spoiled[40] ^= 1
    execute(path, "UPDATE candle_day SET block = ? WHERE day = ?", bytes(spoiled), day)


def exchange(path, day):
    other = daybook.encode(series_of([1440, 1442]))
    execute(path, "UPDATE candle_day SET block = ? WHERE day = ?", other, day)


def miscount(path, day):
    execute(path, "UPDATE candle_day SET candles = candles WHERE day = ?", day)
    execute(path, "UPDATE candle_day SET last_ms = last_ms + 60000 WHERE day = ?", day)


def misplace(path, day):
    series = series_of([0, 2])
    block = daybook.encode(series)
    told = daybook.summarise(series)
    execute(
        path,
        "UPDATE candle_day SET block = ?, hash = ?, first_ms = ?, last_ms = ?, holes = ? "
        "WHERE day = ?",
        *(block, daybook.block_hash(block), told.first_ms, told.last_ms, told.holes, day),
    )


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (flip, "the checksum of its block does not match"),
        (exchange, "their hash does not match"),
        (miscount, "are not those that its summary tells of"),
        (misplace, "are not all of that day"),
    ],
)
def test_damaged_day_is_told_and_the_others_are_there(store, path, spoil, reason) -> None:
    append(store, THREE_DAYS)
    day = DAY // DAY_MS + 1
    spoil(path, day)

    inspected = inspect(store)

    assert same(inspected.series, series_of([0, 1, 2, 4000]))
    (damaged,) = inspected.damaged
    assert (damaged.since_ms, damaged.until_ms, damaged.candles) == (
        DAY + DAY_MS,
        DAY + 2 * DAY_MS,
        2,
    )
    assert damaged.reason.startswith("the stored candles of local BTCUSDT 1m of 2026-04-02 ")
    assert damaged.reason.endswith(reason)
    assert isinstance(damaged, DamagedDay)


@pytest.mark.parametrize(
    ("before", "gone", "stays"),
    [
        (1440, [0, 1, 2], [1440, 1441, 4000]),
        (1441, [0, 1, 2, 1440], [1441, 4000]),
        (1, [0], [1, 2, 1440, 1441, 4000]),
        (3, [0, 1, 2], [1440, 1441, 4000]),
        (3999, [0, 1, 2, 1440, 1441], [4000]),
        (90_000, [0, 1, 2, 1440, 1441, 4000], []),
    ],
)
def test_candles_before_a_time_are_removed(store, path, before, gone, stays) -> None:
    append(store, THREE_DAYS)
    append(store, THREE_DAYS, OTHER)
    before_ms = DAY + before * MINUTE_MS
    expected = Pruned(*KEY, DAY, DAY + (gone[-1] + 1) * MINUTE_MS, len(gone))

    assert prune(store, before_ms) == expected
    assert same(load(store), THREE_DAYS)
    assert prune(store, before_ms, 99) == expected

    assert same(load(store), series_of(stays))
    assert inspect(store).damaged == ()
    assert same(load(store, OTHER), THREE_DAYS)
    (entry,) = ledger(store)
    assert (entry.kind, entry.at_ms, entry.rows) == ("prune", 99, len(gone))
    held = asyncio.run(store.holdings())
    assert sum(each.candles for each in held) == len(stays) + 6
    assert append(store, THREE_DAYS) == Appended(len(gone), len(stays))


def test_nothing_before_a_time(store) -> None:
    append(store, THREE_DAYS)

    assert prune(store, DAY) is None
    assert prune(store, DAY, 99) is None
    assert prune(store, DAY + 2**40, key=OTHER) is None
    assert ledger(store) == []


def test_damaged_day_goes_as_a_whole_and_is_never_cut(store, path) -> None:
    append(store, THREE_DAYS)
    flip(path, DAY // DAY_MS + 1)

    with pytest.raises(CorruptError, match="of 2026-04-02 are damaged"):
        prune(store, DAY + 1441 * MINUTE_MS, 99)
    assert len(inspect(store).series) == 4

    prune(store, DAY + 1442 * MINUTE_MS, 99)
    assert same(load(store), series_of([4000]))


@pytest.mark.parametrize("day", range(3))
@pytest.mark.parametrize("last_ms", [0, 2**41])
def test_what_is_shown_is_what_goes_though_a_summary_is_wrong(store, path, day, last_ms) -> None:
    append(store, THREE_DAYS)
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        wrong = "UPDATE candle_day SET last_ms = ? WHERE day = ?"
        other.execute(wrong, (last_ms, DAY // DAY_MS + day))

    before = sum(minute < day * 1440 for minute in (0, 1, 2, 1440, 1441, 4000))
    found = prune(store, DAY + day * DAY_MS)
    assert (found.candles if found else 0) == before
    shown = prune(store, 2**42)
    assert prune(store, shown.until_ms) == shown
    assert prune(store, shown.until_ms, 99) == shown
    assert asyncio.run(store.holdings()) == []


def test_space_is_given_back(store, path) -> None:
    append(store, series_of(range(40 * 1440)))
    append(store, THREE_DAYS, OTHER)
    asyncio.run(store.reclaim())
    before = path.stat().st_size
    prune(store, DAY + 30 * DAY_MS, 99)

    freed = asyncio.run(store.reclaim())

    assert freed == before - path.stat().st_size > 30 * 1440 * 40
    assert same(load(store), series_of(range(30 * 1440, 40 * 1440)))
    assert same(load(store, OTHER), THREE_DAYS)
    assert asyncio.run(store.reclaim()) == 0


def test_locked_store_is_not_pruned(store, path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_WAIT_S", 0.01)
    append(store, THREE_DAYS)
    asyncio.run(store.close())
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(StoreError, match="nothing was removed: another process kept it"):
            prune(store, DAY + DAY_MS, 99)
        assert same(load(store), THREE_DAYS)
        with pytest.raises(StoreError, match="could not be made smaller, its candles are intact"):
            asyncio.run(store.reclaim())

    assert prune(store, DAY + DAY_MS, 99).candles == 3


def test_store_that_is_not_there_has_nothing_to_say(store, path) -> None:
    assert ledger(store) == []
    assert same(inspect(store).series, empty_series(MINUTE_MS))
    assert prune(store, DAY) is None
    assert asyncio.run(store.reclaim()) == 0
    assert not path.exists()
