"""The candle store when the disk is full, when many write, and when a writer is killed."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.candles import DAY, same, series_of
from tradekit.adapters.sqlite.candles import SqliteCandleStore
from tradekit.domain.time import Interval
from tradekit.ports.store import Appended

ROOT = Path(__file__).resolve().parents[2]
KEY = ("local", "BTCUSDT", Interval.M1)
FEW, MANY = range(30), range(30, 20 * 1440)


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Start Python on `code` in a process of its own."""
    prelude = """
        import asyncio, resource, sys
        sys.dont_write_bytecode = True  # a limit on files would cut it short
        from pathlib import Path
        from tests.support.candles import series_of
        from tradekit.adapters.sqlite.candles import SqliteCandleStore
        from tradekit.domain.time import Interval
        from tradekit.errors import StoreError
        KEY = ("local", "BTCUSDT", Interval.M1)
        store = SqliteCandleStore(Path(sys.argv[1]))
    """
    return subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(prelude) + textwrap.dedent(code),
            *map(str, arguments),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def output(process: subprocess.Popen[str]) -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return out


def load(path):
    return asyncio.run(SqliteCandleStore(path).load(*KEY, 0, 2 * DAY))


def append(path, minutes) -> Appended:
    return asyncio.run(SqliteCandleStore(path).append(*KEY, series_of(minutes)))


LIMITED = """
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    try:
        print(asyncio.run(store.append(*KEY, series_of(range(30, 20 * 1440)))))
    except StoreError as error:
        print(type(error).__name__, error.exit_code, error)
    print(len(asyncio.run(store.load(*KEY, 0, 2**42))))
"""


@pytest.mark.parametrize("limit", [0, 4096, 60_000, 100_000, 400_000, 1_000_000])
def test_full_disk_leaves_the_store_as_it_was(tmp_path, limit) -> None:
    path = tmp_path / "candles.sqlite3"
    append(path, FEW)

    told, readable = output(python(LIMITED, path, limit)).splitlines()

    assert told.startswith(f"StoreError 1 the candle store {path} could not be written, nothing")
    assert told.endswith(("is full", "or full by a quota or file size limit"))
    assert readable == "30"
    assert same(load(path), series_of(FEW))
    assert append(path, MANY) == Appended(len(MANY), 0)
    assert not asyncio.run(SqliteCandleStore(path).inspect(*KEY)).damaged


@pytest.mark.parametrize("limit", [0, 1, 2000, 5000, 20_000, 40_000])
def test_full_disk_at_the_first_write_leaves_an_empty_store(tmp_path, limit) -> None:
    path = tmp_path / "state" / "candles.sqlite3"

    told, readable = output(python(LIMITED, path, limit)).splitlines()

    assert told.startswith("StoreError 1 ")
    assert readable == "0"
    assert len(load(path)) == 0
    assert append(path, FEW) == Appended(30, 0)
    assert same(load(path), series_of(FEW))


def test_enough_room_is_no_failure(tmp_path) -> None:
    path = tmp_path / "candles.sqlite3"

    added, count = output(python(LIMITED, path, 50_000_000)).splitlines()

    assert added == str(Appended(len(MANY), 0))
    assert count == str(len(MANY))


APPEND_AND_CRASH = """
    import os
    asyncio.run(store.append(*KEY, series_of(range(30))))
    os._exit(0)
"""
READ_WITHOUT_ROOM = """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    for _ in range(2):
        print(len(asyncio.run(store.load(*KEY, 0, 2**42))))
"""


def test_full_disk_does_not_hide_what_a_crashed_writer_left_in_the_log(tmp_path) -> None:
    path = tmp_path / "candles.sqlite3"
    output(python(APPEND_AND_CRASH, path))
    log = path.with_name("candles.sqlite3-wal")
    assert log.stat().st_size > 0
    path.with_name("candles.sqlite3-shm").unlink()

    assert output(python(READ_WITHOUT_ROOM, path)).split() == ["30", "30"]

    assert log.stat().st_size > 0
    assert same(load(path), series_of(FEW))


READ_WITH_ROOM_AGAIN = """
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    print(len(asyncio.run(store.load(*KEY, 0, 2**42))))
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    other = SqliteCandleStore(Path(sys.argv[1]))
    asyncio.run(other.append(*KEY, series_of([30, 31])))
    print(len(asyncio.run(store.load(*KEY, 0, 2**42))))
    asyncio.run(store.append(*KEY, series_of([32])))
    print(len(asyncio.run(other.load(*KEY, 0, 2**42))))
"""


def test_store_notices_that_there_is_room_again(tmp_path) -> None:
    path = tmp_path / "candles.sqlite3"
    append(path, FEW)

    assert output(python(READ_WITH_ROOM_AGAIN, path)).split() == ["30", "32", "33"]


APPEND_ONE_BY_ONE = """
    which, of = int(sys.argv[2]), int(sys.argv[3])
    print("ready", flush=True)
    sys.stdin.readline()
    for minute in range(which, 240, of):
        appended = asyncio.run(store.append(*KEY, series_of([minute, 1440 + minute])))
        assert appended.added == 2, appended
"""


def test_several_processes_append_to_one_day_at_once(tmp_path) -> None:
    # None of them finds a store: they also make it at the same time.
    path = tmp_path / "state" / "candles.sqlite3"
    writers = [python(APPEND_ONE_BY_ONE, path, which, 3) for which in range(3)]

    for writer in writers:
        assert writer.stdout.readline() == "ready\n"

    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        output(writer)

    expected = [*range(240), *range(1440, 1680)]
    assert same(load(path), series_of(expected))
    assert not asyncio.run(SqliteCandleStore(path).inspect(*KEY)).damaged


APPEND_FOR_EVER = """
    minute = 0
    while True:
        asyncio.run(store.append(*KEY, series_of([minute, 1440 + minute])))
        print(minute, flush=True)
        minute += 1
"""


@pytest.mark.slow
def test_killed_writer_loses_nothing_it_reported(tmp_path) -> None:
    path = tmp_path / "candles.sqlite3"
    writer = python(APPEND_FOR_EVER, path)
    for _ in range(25):
        writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    told, _ = writer.communicate(timeout=60)
    reported = 25 + sum(line.endswith("\n") for line in told.splitlines(keepends=True))

    kept = load(path)

    minutes = len(kept) // 2
    assert minutes in {reported, reported + 1}
    assert same(kept, series_of([*range(minutes), *range(1440, 1440 + minutes)]))


def test_reader_sees_a_whole_append_or_none(tmp_path) -> None:
    path = tmp_path / "candles.sqlite3"
    append(path, FEW)
    reader = SqliteCandleStore(path)
    assert len(asyncio.run(reader.load(*KEY, 0, 2 * DAY))) == 30
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM candle_day")

        assert len(asyncio.run(reader.load(*KEY, 0, 2 * DAY))) == 30

        other.execute("ROLLBACK")
    append(path, MANY)

    assert len(asyncio.run(reader.load(*KEY, 0, 2 * DAY))) == 20 * 1440
