"""Real candle files through the importer, the dirty ones too, and copies that are spoiled."""

import asyncio
import gzip
from typing import NamedTuple

import pytest

from tests.support.candles import write_csv
from tradekit.adapters.candle_files.reading import read_candles
from tradekit.bootstrap import data, wiring
from tradekit.domain.time import Interval
from tradekit.errors import CandleError


class Known(NamedTuple):
    """What the data's own manifest says of a file."""

    candles: int
    holes: int
    missing: int
    zero_volume: int
    duplicates: int = 0
    disorder: int = 0


DIRTY = {
    "ADAUSDT-1m-bybit-paging-holes": Known(20_000, 99, 79_299, 34),
    "BRDBTC-1m-illiquid": Known(15_406, 2, 434, 5_888),
    "BTCUSDC-1m-binanceus-depeg": Known(30_240, 0, 0, 12_971),
    "BTCUSDT-1m-bybit-testnet-like": Known(15_000, 74, 59_274, 3_574),
    "BTCUSDT-1m-overlapping-pages": Known(2_680, 0, 0, 0, duplicates=70, disorder=2),
    "USDCUSDT-1m-flat-zero-volume": Known(10_080, 0, 0, 2_325),
    "XRPETH-1m-sparse": Known(2_469, 676, 1_091, 0),
}


@pytest.mark.parametrize("name", DIRTY)
def test_dirty_file_is_taken_and_its_dirt_told(shared_data, name) -> None:
    report = read_candles(shared_data / "dirty" / f"{name}.csv.gz")

    known = DIRTY[name]
    assert known == Known(
        len(report.series),
        report.holes,
        report.missing,
        report.zero_volume,
        report.duplicates,
        report.disorder,
    )
    assert report.rows == known.candles + known.duplicates
    assert report.outside == 0


@pytest.mark.slow
def test_real_files_come_back_from_the_store_bit_by_bit(shared_data, tmp_path) -> None:
    folder = shared_data / "candles" / "binance-usdm"
    paths = sorted(folder.glob("*.csv.gz"))
    assert len(paths) == 8

    outcome = asyncio.run(data.import_files(tmp_path, [folder]))

    assert not outcome.refused
    assert [each.path for each in outcome.taken] == paths
    assert {each.added for each in outcome.taken} == {41_760}
    store = wiring.open_candle_store(tmp_path)
    for path, taken in zip(paths, outcome.taken, strict=True):
        series = asyncio.run(store.load("local", taken.symbol, Interval.M1, 0, 2**42))
        lines = gzip.decompress(path.read_bytes()).decode().splitlines()[1:]
        cells = [tuple(map(float, line.split(","))) for line in lines]
        columns = (series.ts_ms, *series.columns())
        assert list(zip(*(column.tolist() for column in columns), strict=True)) == cells
    holdings = asyncio.run(store.holdings())
    assert [(each.candles, each.holes) for each in holdings] == [(41_760, 0)] * 8


SPOILED = [
    ("open", "nan", "must be a finite number"),
    ("high", "", "must be a number"),
    ("low", "0.0", "must be above 0"),
    ("close", "-0.1", "must be above 0"),
    ("high", "1e-07", "must not be below low"),
    ("close", "1.0", "must be within low"),
    ("open", "1e-07", "must be within low"),
    ("volume", "-1.0", "must not be below 0"),
    ("timestamp_ms", "1618877700001", "must be a multiple of the interval"),
    ("timestamp_ms", "1618876800000", "must be the only candle of 2021-04-20T00:00:00Z"),
]


@pytest.mark.parametrize(("column", "text", "rule"), SPOILED)
def test_copy_with_one_spoiled_cell_is_refused(shared_data, tmp_path, column, text, rule) -> None:
    content = gzip.decompress((shared_data / "dirty" / "BRDBTC-1m-illiquid.csv.gz").read_bytes())
    header, *rows = [line.split(",") for line in content.decode().splitlines()]
    rows[1_000][header.index(column)] = text
    path = write_csv(tmp_path / "BRDBTC-1m.csv.gz", rows, ",".join(header))

    outcome = asyncio.run(data.import_files(tmp_path / "state", [path]))

    (refused,) = outcome.refused
    assert isinstance(refused.error, CandleError)
    assert f"{column} was {text!r}, {rule}" in str(refused.error)
    assert f"row 1002 of {path}" in str(refused.error)
    assert not (tmp_path / "state").exists()


def test_copy_that_was_cut_off_is_refused(shared_data, tmp_path) -> None:
    content = (shared_data / "dirty" / "XRPETH-1m-sparse.csv.gz").read_bytes()
    path = tmp_path / "XRPETH-1m.csv.gz"
    path.write_bytes(content[: len(content) // 2])

    with pytest.raises(CandleError, match="is not a whole gzip file"):
        read_candles(path)
