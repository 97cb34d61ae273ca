"""Candles to a file and back: every format, and what Parquet files of others look like."""

import datetime as dt
import decimal
import json
import math
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.candles import DAY, same, series_of
from tradekit.adapters.candle_files.reading import find_files, read_candles
from tradekit.adapters.candle_files.source import FilesSource
from tradekit.adapters.candle_files.writing import FORMATS
from tradekit.bootstrap.wiring import write_candle_file as write_candles
from tradekit.domain.candle import CandleSeries
from tradekit.domain.instrument import Instrument
from tradekit.domain.time import MINUTE_MS, Interval
from tradekit.errors import CandleError, ConfigError, SettingsError, StoreError

GOOD = series_of([0, 1, 5])
NAMES = ("timestamp_ms", "open", "high", "low", "close", "volume")


@st.composite
def histories(draw):
    """Return any possible candles: prices and volumes of every size, with holes."""
    minutes = sorted(draw(st.sets(st.integers(0, 5000), min_size=1, max_size=30)))
    price = st.floats(1e-12, 1e12, allow_subnormal=False)
    rows = []
    for _ in minutes:
        low, *between, high = sorted(draw(st.lists(price, min_size=4, max_size=4)))
        open_, close = draw(st.permutations(between))
        rows.append((open_, high, low, close, draw(st.floats(0.0, 1e15))))
    columns = np.array(rows).T
    ts_ms = DAY + np.array(minutes) * MINUTE_MS
    return CandleSeries(MINUTE_MS, ts_ms, *(each.copy() for each in columns))


@pytest.mark.parametrize("form", FORMATS)
@given(series=histories())
def test_what_is_written_is_read_back_to_the_last_bit(form, series) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"BTCUSDT-1m.{form}"

        write_candles(path, series, form)

        report = read_candles(path)
        assert same(report.series, series)
        assert [each.name for each in Path(folder).iterdir()] == [path.name]


@pytest.mark.parametrize("form", FORMATS)
def test_same_candles_are_the_same_bytes(tmp_path, form) -> None:
    for name in ("a", "b"):
        write_candles(tmp_path / name, GOOD, form)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_csv_is_what_it_was_always(tmp_path) -> None:
    write_candles(tmp_path / "x.csv", series_of([0]), "csv")

    assert (tmp_path / "x.csv").read_text().splitlines() == [
        "timestamp_ms,open,high,low,close,volume",
        f"{DAY},100.0,101.0,99.0,100.5,1.0",
    ]


def test_json_lines_have_prices_as_texts(tmp_path) -> None:
    write_candles(tmp_path / "x.jsonl", series_of([0]), "jsonl")

    assert json.loads((tmp_path / "x.jsonl").read_text()) == {
        "timestamp_ms": DAY,
        "open": "100.0",
        "high": "101.0",
        "low": "99.0",
        "close": "100.5",
        "volume": "1.0",
    }


def test_file_that_is_there_is_replaced(tmp_path) -> None:
    path = tmp_path / "BTCUSDT-1m.csv"
    path.write_text("old")

    write_candles(path, GOOD, "csv")

    assert same(read_candles(path).series, GOOD)


def test_folder_that_is_not_there(tmp_path) -> None:
    with pytest.raises(SettingsError, match="there is no folder"):
        write_candles(tmp_path / "gone" / "x.csv", GOOD, "csv")


def test_failure_leaves_what_was_there(tmp_path, monkeypatch) -> None:
    path = tmp_path / "x.csv"
    path.write_text("old")

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StoreError, match="could not be written: the disk is full"):
        write_candles(path, GOOD, "csv")

    assert [each.read_bytes() for each in tmp_path.iterdir()] == [b"old"]


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (['{"timestamp_ms": 1, "open": 1', "{}"], "row 1 of .* is not JSON"),
        (['{"timestamp_ms": 1, "open": 1}'], "has no column 'high'"),
    ],
)
def test_json_lines_that_are_no_candles(tmp_path, lines, sentence) -> None:
    path = tmp_path / "BTCUSDT-1m.jsonl"
    path.write_text("\n".join(lines))

    with pytest.raises(CandleError, match=sentence):
        read_candles(path)


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [("[1]", "must be a JSON object"), ('{"timestamp_ms": 1}', "has no 'close', must have it")],
)
def test_line_unlike_the_first(tmp_path, bad, sentence) -> None:
    path = tmp_path / "BTCUSDT-1m.jsonl"
    write_candles(path, GOOD, "jsonl")
    path.write_text(path.read_text() + "\n" + bad + "\n")

    with pytest.raises(CandleError, match=f"row 5 of .*{sentence}"):
        read_candles(path)


def test_numbers_in_json_lines_are_taken_as_they_are_written(tmp_path) -> None:
    path = tmp_path / "BTCUSDT-1m.jsonl"
    path.write_text(f'{{"t": {DAY}, "o": 0.1, "h": 1e0, "l": 0.1, "c": 1, "v": "3"}}\n')

    series = read_candles(path, columns={"timestamp_ms": "t"}).series

    assert [column.tolist() for column in series.columns()] == [[0.1], [1.0], [0.1], [1.0], [3.0]]


# ---- Parquet files of others


def write_parquet(path, **columns):
    named = dict(zip(NAMES, (GOOD.ts_ms, *GOOD.columns()), strict=True))
    pq.write_table(pa.table({**named, **columns}), path)
    return path


@pytest.fixture
def path(tmp_path):
    return tmp_path / "BTCUSDT-1m.parquet"


TIMES = GOOD.ts_ms.tolist()
MOMENTS = [dt.datetime.fromtimestamp(t / 1000, dt.UTC) for t in TIMES]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(TIMES, pa.int64()),
        pa.array([t // 1000 for t in TIMES], pa.int64()),
        pa.array([t // 1000 for t in TIMES], pa.uint32()),
        pa.array([float(t) for t in TIMES], pa.float64()),
        pa.array(MOMENTS, pa.timestamp("s")),
        pa.array(MOMENTS, pa.timestamp("ms")),
        pa.array(MOMENTS, pa.timestamp("us")),
        pa.array(MOMENTS, pa.timestamp("ns")),
        pa.array(MOMENTS, pa.timestamp("ms", tz="UTC")),
        pa.array(MOMENTS, pa.timestamp("us", tz="Asia/Seoul")),
        pa.array([str(t) for t in TIMES]),
        pa.array([each.isoformat() for each in MOMENTS]),
        pa.array([each.isoformat() for each in MOMENTS], pa.large_string()),
        pa.array([decimal.Decimal(t) for t in TIMES]),
    ],
    ids=lambda column: str(column.type),
)
def test_times_of_every_type(path, column) -> None:
    write_parquet(path, timestamp_ms=column)

    assert same(read_candles(path).series, GOOD)


def test_dates_are_the_starts_of_days(tmp_path) -> None:
    path = tmp_path / "BTCUSDT-1d.parquet"
    days = series_of([0, 1, 2], interval_ms=1440 * MINUTE_MS)
    named = dict(zip(NAMES, (days.ts_ms, *days.columns()), strict=True))
    for kind in (pa.date32(), pa.date64()):
        moments = [dt.date(2026, 4, day) for day in (1, 2, 3)]
        pq.write_table(pa.table({**named, "timestamp_ms": pa.array(moments, kind)}), path)

        assert same(read_candles(path).series, days)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(GOOD.open, pa.float32()),
        pa.array([decimal.Decimal(str(each)) for each in GOOD.open.tolist()]),
        pa.array([int(each) for each in GOOD.open.tolist()], pa.int32()),
        pa.array([str(each) for each in GOOD.open.tolist()]),
        pa.array([str(each) for each in GOOD.open.tolist()]).dictionary_encode(),
        pa.array(GOOD.open.astype(np.float16), pa.float16()),
    ],
    ids=lambda column: str(column.type),
)
def test_prices_of_every_type(path, column) -> None:
    write_parquet(path, open=column)

    assert same(read_candles(path).series, GOOD)


def test_float32_is_taken_for_exactly_what_it_is(path) -> None:
    prices = np.array([0.1, 0.1, 0.1], np.float32)
    write_parquet(path, **dict.fromkeys(("open", "high", "low", "close"), prices))

    assert read_candles(path).series.open.tolist() == [float(np.float32(0.1))] * 3


def test_columns_named_otherwise_and_others_beside_them(path) -> None:
    names = ("when", "O", "H", "L", "last", "vol")
    named = dict(zip(names, (GOOD.ts_ms, *GOOD.columns()), strict=True))
    pq.write_table(pa.table({**named, "trades": ["x", "y", "z"]}), path)

    with pytest.raises(CandleError, match=r"no column 'timestamp_ms', its 7 columns are when, O"):
        read_candles(path)
    series = read_candles(path, columns={"timestamp_ms": "when", "close": "last"}).series

    assert same(series, GOOD)


def test_file_without_a_telling_name_or_ending(tmp_path) -> None:
    path = write_parquet(tmp_path / "candles")

    assert same(read_candles(path, symbol="BTCUSDT", interval=Interval.M1).series, GOOD)


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"high": [200.0, math.nan, 1.0]}, r"high was nan, must be a finite number \(row 2 of "),
        ({"high": [200.0, None, 1.0]}, r"high was null, must not be \(row 2 of "),
        ({"low": [0.0, 1.0, 1.0]}, r"low was 0.0, must be above 0 \(row 1 of "),
        ({"high": ["a", "b", "c"]}, r"high was 'a', must be a number \(row 1 of "),
        ({"high": ["1_0", "b", "c"]}, "high was '1_0', must be written without an underscore"),
        ({"high": [True, False, True]}, "high of .* is a column of bool, must be one of numbers"),
        ({"timestamp_ms": pa.array([*MOMENTS[:2], None])}, r"timestamp_ms was null"),
        ({"timestamp_ms": [1, 2, 3]}, "timestamp_ms was 1, must be a time between the years"),
        ({"timestamp_ms": [DAY, DAY + 1, DAY + 2]}, r"was \d+, must be a multiple .* \(row 2 of "),
        ({"timestamp_ms": [DAY, DAY + 0.5, DAY + 60_000]}, "must be a whole number of ms"),
        (
            {"timestamp_ms": pa.array([0, 1, 2], pa.timestamp("s"))},
            "timestamp_ms was 0, must lie between the years 2000 and 2100 ",
        ),
        ({"timestamp_ms": [DAY, DAY, DAY]}, "must be the only candle of .*, as row 1 is"),
    ],
)
def test_parquet_file_that_is_refused(path, columns, sentence) -> None:
    write_parquet(path, **columns)

    with pytest.raises(CandleError, match=sentence):
        read_candles(path)


def test_parquet_file_without_rows(path) -> None:
    pq.write_table(pa.table({name: pa.array([], pa.float64()) for name in NAMES}), path)

    with pytest.raises(CandleError, match="had no rows, must have candles"):
        read_candles(path)


@pytest.mark.parametrize("keep", [8, 100, -20, -1])
def test_parquet_file_that_was_cut_off(path, keep) -> None:
    write_parquet(path)
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(CandleError, match="is not a whole Parquet file: "):
        read_candles(path)


def test_parquet_file_with_damage_inside(path) -> None:
    write_parquet(path)
    content = bytearray(path.read_bytes())
    content[30:60] = b"\xff" * 30
    path.write_bytes(bytes(content))

    with pytest.raises(CandleError):
        read_candles(path)


def test_without_pyarrow_one_sentence_names_the_extra(path, tmp_path, monkeypatch) -> None:
    write_parquet(path)
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    for attempt in (
        lambda: read_candles(path),
        lambda: write_candles(tmp_path / "x.parquet", GOOD, "parquet"),
    ):
        with pytest.raises(ConfigError, match="needs pyarrow, and that is not installed") as told:
            attempt()
        assert told.value.exit_code == 2
        assert told.value.fix == "install the extra: pip install 'tradekit[parquet]'"
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_folder_of_files_of_every_format_is_one_exchange(tmp_path) -> None:
    import asyncio

    for number, form in enumerate(FORMATS):
        part = series_of([number, number + 1])
        write_candles(tmp_path / f"BTCUSDT-1m-{number}.{form}", part, form)
    source = FilesSource("files", tmp_path, Instrument("", 0.1, 0.1, 0.0, shorts_allowed=True))

    series = asyncio.run(source.load("BTCUSDT", Interval.M1, 0, 2 * DAY))

    assert len(find_files(tmp_path)) == 4
    assert same(series, series_of(range(5)))


def test_hash_of_the_file_is_in_the_report(path) -> None:
    import hashlib

    write_parquet(path)

    assert read_candles(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
