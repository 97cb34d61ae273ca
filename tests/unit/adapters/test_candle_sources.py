"""Exchanges made of files, and of what a store holds."""

import asyncio
from pathlib import Path

import pytest

from tests.support.candles import DAY, rows_of, same, series_of, write_csv
from tradekit.adapters.candle_files import source as files_module
from tradekit.adapters.candle_files.source import FilesSource
from tradekit.adapters.sqlite.candles import SqliteCandleStore
from tradekit.adapters.stored import StoredSource
from tradekit.domain.instrument import Instrument
from tradekit.domain.time import MINUTE_MS, Interval
from tradekit.errors import CandleError, SettingsError

RULES = Instrument("", tick_size=0.1, lot_size=0.001, min_notional=5.0, shorts_allowed=False)
FOREVER = (0, DAY * 2)


def files_source(directory: Path) -> FilesSource:
    return FilesSource("files", directory, RULES)


def test_directory_is_an_exchange(tmp_path) -> None:
    write_csv(tmp_path / "SOLUSDT-1m.csv", rows_of(series_of([2, 3, 5])))
    write_csv(tmp_path / "BTCUSDT-1m.csv.gz", rows_of(series_of(range(4))))
    write_csv(tmp_path / "BTCUSDT-1h.csv", rows_of(series_of([0], interval_ms=3_600_000)))
    (tmp_path / "notes.csv").write_text("no candles")
    source = files_source(tmp_path)

    async def ask() -> None:
        await source.wait_ready()
        assert source.name == "files"
        assert await source.symbols(Interval.M1) == ["BTCUSDT", "SOLUSDT"]
        assert await source.symbols(Interval.H1) == ["BTCUSDT"]
        assert await source.symbols(Interval.D1) == []
        span = await source.span("SOLUSDT", Interval.M1)
        assert span == (DAY + 2 * MINUTE_MS, DAY + 6 * MINUTE_MS)
        assert await source.span("SOLUSDT", Interval.H1) is None
        series = await source.load("SOLUSDT", Interval.M1, DAY + 3 * MINUTE_MS, DAY + 5 * MINUTE_MS)
        assert same(series, series_of([3]))
        assert len(await source.load("XRPUSDT", Interval.M1, *FOREVER)) == 0

    asyncio.run(ask())


def test_each_file_is_read_once(tmp_path, monkeypatch) -> None:
    write_csv(tmp_path / "BTCUSDT-1m.csv", rows_of(series_of(range(4))))
    read = []
    reader = files_module.read_candles
    monkeypatch.setattr(
        files_module, "read_candles", lambda path: read.append(path.name) or reader(path)
    )
    source = files_source(tmp_path)

    async def ask() -> None:
        for _ in range(3):
            await source.load("BTCUSDT", Interval.M1, *FOREVER)
            await source.span("BTCUSDT", Interval.M1)

    asyncio.run(ask())

    assert read == ["BTCUSDT-1m.csv"]


def test_files_of_one_symbol_are_one_history(tmp_path) -> None:
    write_csv(tmp_path / "BTCUSDT-1m-b.csv", rows_of(series_of([0, 1, 2])))
    write_csv(tmp_path / "BTCUSDT-1m-a.csv", rows_of(series_of([2, 3, 5])))

    series = asyncio.run(files_source(tmp_path).load("BTCUSDT", Interval.M1, *FOREVER))

    assert same(series, series_of([0, 1, 2, 3, 5]))


def test_files_that_disagree_are_refused(tmp_path) -> None:
    write_csv(tmp_path / "BTCUSDT-1m-a.csv", rows_of(series_of([0, 1])))
    write_csv(tmp_path / "BTCUSDT-1m-b.csv", rows_of(series_of([1, 2], first_price=50.0)))

    with pytest.raises(CandleError, match=r"1 candles of .*-b.csv were not those"):
        asyncio.run(files_source(tmp_path).load("BTCUSDT", Interval.M1, *FOREVER))


def test_bad_file_stops_its_symbol_only(tmp_path) -> None:
    write_csv(tmp_path / "BTCUSDT-1m.csv", [["x"] * 6])
    write_csv(tmp_path / "SOLUSDT-1m.csv", rows_of(series_of([0])))
    source = files_source(tmp_path)

    assert len(asyncio.run(source.load("SOLUSDT", Interval.M1, *FOREVER))) == 1
    with pytest.raises(CandleError, match=r"BTCUSDT-1m.csv"):
        asyncio.run(source.load("BTCUSDT", Interval.M1, *FOREVER))


def test_directory_that_is_not_there(tmp_path) -> None:
    source = files_source(tmp_path / "absent")

    with pytest.raises(SettingsError, match=r"directory of exchange 'files' was .*absent"):
        asyncio.run(source.wait_ready())


def test_rules_hold_for_every_symbol(tmp_path) -> None:
    sources = (
        files_source(tmp_path),
        StoredSource(SqliteCandleStore(tmp_path / "candles.sqlite3"), "local", RULES),
    )
    for source in sources:
        assert source.instrument("SOLUSDT") == Instrument("SOLUSDT", 0.1, 0.001, 5.0, False)


def test_store_is_an_exchange(tmp_path) -> None:
    store = SqliteCandleStore(tmp_path / "candles.sqlite3")
    source = StoredSource(store, "local", RULES)

    async def ask() -> None:
        await source.wait_ready()
        assert await source.symbols(Interval.M1) == []
        assert await source.span("BTCUSDT", Interval.M1) is None
        await store.append("local", "SOLUSDT", Interval.M1, series_of([4, 9]))
        await store.append("local", "BTCUSDT", Interval.M1, series_of([0, 1]))
        await store.append("other", "XRPUSDT", Interval.M1, series_of([0, 1]))
        await store.append("local", "XRPUSDT", Interval.H1, series_of([0], interval_ms=3_600_000))
        assert source.name == "local"
        assert await source.symbols(Interval.M1) == ["BTCUSDT", "SOLUSDT"]
        assert await source.span("XRPUSDT", Interval.M1) is None
        span = await source.span("SOLUSDT", Interval.M1)
        assert span == (DAY + 4 * MINUTE_MS, DAY + 10 * MINUTE_MS)
        assert same(await source.load("SOLUSDT", Interval.M1, *FOREVER), series_of([4, 9]))
        await store.close()

    asyncio.run(ask())
