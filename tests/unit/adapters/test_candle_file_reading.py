"""CSV files: how they may be written, what refuses them, and how that is said."""

import gzip
from datetime import UTC, datetime

import pytest

from tests.support.candles import DAY, rows_of, same, series_of, write_csv
from tradekit.adapters.candle_files.reading import find_files, identify, read_candles
from tradekit.domain.time import MINUTE_MS, Interval
from tradekit.errors import CandleError, ConfigError, SettingsError

NAME = "BTCUSDT-1m.csv"
GOOD = series_of(range(6))


def with_times(write) -> list[list[str]]:
    return [[write(int(row[0])), *row[1:]] for row in rows_of(GOOD)]


@pytest.mark.parametrize("name", [NAME, f"{NAME}.gz", "BTCUSDT-1m-2026-04.csv.gz"])
def test_file_is_read_to_the_last_bit(tmp_path, name) -> None:
    report = read_candles(write_csv(tmp_path / name, rows_of(GOOD)))

    assert same(report.series, GOOD)
    assert (report.symbol, report.interval, report.rows) == ("BTCUSDT", Interval.M1, 6)
    assert (report.duplicates, report.disorder, report.holes, report.zero_volume) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    "write",
    [
        str,
        lambda ms: str(ms // 1000),
        lambda ms: str(ms * 1000),
        lambda ms: str(ms * 1_000_000),
        lambda ms: f"{ms / 1000:.1f}",
        lambda ms: repr(float(ms)),
        lambda ms: datetime.fromtimestamp(ms / 1000, UTC).isoformat(),
        lambda ms: datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"),
        lambda ms: datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%MZ"),
        lambda ms: datetime.fromtimestamp(ms / 1000 + 7200, UTC).strftime("%Y-%m-%dT%H:%M+02:00"),
    ],
    ids=["ms", "s", "us", "ns", "s-float", "ms-float", "iso", "naive", "zulu", "offset"],
)
def test_times_may_be_written_in_many_ways(tmp_path, write) -> None:
    report = read_candles(write_csv(tmp_path / NAME, with_times(write)))

    assert same(report.series, GOOD)


@pytest.mark.parametrize(
    "header",
    [
        "timestamp_ms,open,high,low,close,volume",
        "Timestamp,Open,High,Low,Close,Volume",
        " ts , o , h , l , c , v ",
        "Open Time,open,high,low,close,volume",
        "open-time,O,H,L,C,Vol",
        "date,open,high,low,close,volume",
        "datetime,open,high,low,close,volume",
        "time,open,high,low,close,volume",
        None,
    ],
)
def test_usual_headers_are_known(tmp_path, header) -> None:
    assert same(read_candles(write_csv(tmp_path / NAME, rows_of(GOOD), header)).series, GOOD)


def test_columns_in_another_order_between_others(tmp_path) -> None:
    rows = [
        ["x", close, volume, ts, high, low, "", open_]
        for ts, open_, high, low, close, volume in rows_of(GOOD)
    ]
    path = write_csv(tmp_path / NAME, rows, "symbol,close,volume,timestamp,high,low,note,open")

    assert same(read_candles(path).series, GOOD)


def test_file_without_header_in_the_order_of_an_exchange(tmp_path) -> None:
    rows = [
        [*row, "1775001659999", "5806.41", "46", "80.8", "1293.5", "0"] for row in rows_of(GOOD)
    ]

    assert same(read_candles(write_csv(tmp_path / NAME, rows, None)).series, GOOD)


def test_columns_may_be_mapped(tmp_path) -> None:
    path = write_csv(tmp_path / NAME, rows_of(GOOD), "when,first,Max,min,last,turnover")
    columns = {
        "timestamp_ms": "when",
        "open": "first",
        "high": "max",
        "low": "min",
        "close": "last",
        "volume": "turnover",
    }

    assert same(read_candles(path, columns=columns).series, GOOD)


def test_own_name_is_preferred_to_an_alias(tmp_path) -> None:
    rows = [["1", *row] for row in rows_of(GOOD)]
    path = write_csv(tmp_path / NAME, rows, "date,timestamp_ms,open,high,low,close,volume")

    assert same(read_candles(path).series, GOOD)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n", "\n\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace(",", ";"),
        lambda text: text.replace(",", "\t"),
        lambda text: text.replace("100.0", '"100.0"'),
    ],
    ids=["crlf", "bom", "blank-lines", "no-end", "semicolons", "tabs", "quotes"],
)
def test_shapes_of_text_that_are_taken(tmp_path, change) -> None:
    path = write_csv(tmp_path / NAME, rows_of(GOOD))
    path.write_text(change(path.read_text()), "utf-8", newline="")

    assert same(read_candles(path).series, GOOD)


@pytest.mark.parametrize(
    ("column", "text", "sentence"),
    [
        (1, "nan", "open was 'nan', must be a finite number"),
        (2, "inf", "high was 'inf', must be a finite number"),
        (5, "1e999", "volume was '1e999', must be a finite number"),
        (3, "", "low was '', must be a number"),
        (4, "12,5", None),
        (4, "abc", "close was 'abc', must be a number"),
        (4, "1_03", "close was '1_03', must be written without an underscore"),
        (4, "0", "close was '0', must be above 0"),
        (1, "-3", "open was '-3', must be above 0"),
        (2, "100.5", "high was '100.5', must not be below low 102.0"),
        (4, "104.7", "close was '104.7', must be within low 102.0 and high 104.0"),
        (1, "101.8", "open was '101.8', must be within low 102.0 and high 104.0"),
        (5, "-1", "volume was '-1', must not be below 0"),
        (0, str(DAY + 1), f"timestamp_ms was '{DAY + 1}', must be a multiple of the interval"),
        (0, str(DAY), "must be the only candle of 2026-04-01T00:00:00Z"),
        (0, "17", "timestamp_ms was '17', must lie between the years 2000 and 2100, in ms"),
        (
            0,
            str(DAY // 1000),
            "must lie between the years 2000 and 2100, in ms as in the first row",
        ),
        (0, "soon", "timestamp_ms was 'soon', must be a whole number of ms, as in the first row"),
        (0, "", "timestamp_ms was '', must be a whole number of ms, as in the first row"),
        (0, "inf", "timestamp_ms was 'inf', must be a whole number of ms, as in the first row"),
    ],
)
def test_one_spoiled_cell_refuses_the_file(tmp_path, column, text, sentence) -> None:
    rows = rows_of(GOOD)
    rows[3][column] = text
    path = write_csv(tmp_path / NAME, rows)

    with pytest.raises(CandleError) as refusal:
        read_candles(path)

    assert refusal.value.exit_code == 4
    assert "row 5 of" in str(refusal.value)
    assert str(path) in str(refusal.value)
    assert sentence is None or sentence in str(refusal.value)


def test_contradiction_names_the_other_row(tmp_path) -> None:
    rows = rows_of(GOOD)
    rows[4][0] = rows[1][0]

    with pytest.raises(CandleError, match=r"as row 3 is \(row 6 of "):
        read_candles(write_csv(tmp_path / NAME, rows))


def test_rows_are_counted_as_lines_are(tmp_path) -> None:
    rows = rows_of(GOOD)
    rows[2][4] = rows[4][4] = "nan"
    path = write_csv(tmp_path / NAME, rows)
    path.write_text(path.read_text().replace("\n", "\n\n"))

    with pytest.raises(CandleError, match=r"\(row 7 of .*; 2 rows break a rule\)"):
        read_candles(path)


def test_first_row_without_a_time_refuses_the_file(tmp_path) -> None:
    rows = [["31/12/2026", *row[1:]] for row in rows_of(GOOD)]

    with pytest.raises(CandleError, match="'31/12/2026', must be an ISO-8601 time"):
        read_candles(write_csv(tmp_path / NAME, rows))


def test_mapped_column_is_named_as_the_file_has_it(tmp_path) -> None:
    rows = rows_of(GOOD)
    rows[0][0] = "17"

    with pytest.raises(CandleError, match=r"timestamp_ms \(column 'Time'\) was '17'"):
        read_candles(write_csv(tmp_path / NAME, rows, "Time,open,high,low,close,volume"))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "was empty, must have candles"),
        (b"\n\n", "was empty, must have candles"),
        (b"timestamp_ms,open,high,low,close,volume\n", "had a header only, must have candles"),
        (b"timestamp_ms,open,high,low,close\n1,2,3,4,5\n", "has no column 'volume'"),
        (b"hello\n", "has no column 'timestamp_ms'"),
        (b"\xff\xfe\x00\x01\x02", "is not a text file: byte 0xff at position 0"),
        (b"PAR1\x15\x04", "is not a whole Parquet file"),
        (b'timestamp_ms,open,high,low,close,volume\n"1,2,3,4,5,6\n', "is not a CSV file"),
        (
            b"timestamp_ms,open,high,low,close,volume\n1,2,3\n",
            "row 2 of .* had 3 columns, must have 6",
        ),
        (
            b"timestamp_ms,open,high,low,close,volume\n1,2,3,4,5,6,7\n",
            "row 2 of .* had 7 columns, must have 6",
        ),
    ],
)
def test_file_that_is_no_table_of_candles(tmp_path, content, sentence) -> None:
    path = tmp_path / NAME
    path.write_bytes(content)

    with pytest.raises(CandleError, match=sentence):
        read_candles(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-9],
        lambda content: content[:30],
        lambda content: content[:40] + bytes([content[40] ^ 0xFF]) + content[41:],
        lambda content: content[:-8] + b"\0\0\0\0" + content[-4:],
        lambda content: content + b"left over",
    ],
    ids=["end", "beginning", "middle", "checksum", "left over"],
)
def test_broken_gzip_refuses_the_file(tmp_path, damage) -> None:
    path = write_csv(tmp_path / f"{NAME}.gz", rows_of(series_of(range(200))))
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(CandleError, match="is not a whole gzip file"):
        read_candles(path)


def test_gzip_is_known_by_its_first_bytes(tmp_path) -> None:
    path = write_csv(tmp_path / NAME, rows_of(GOOD))
    path.write_bytes(gzip.compress(path.read_bytes()))

    assert same(read_candles(path).series, GOOD)


def test_what_is_taken_is_also_reported(tmp_path) -> None:
    rows = rows_of(series_of([0, 1, 2, 2, 1, 5, 6, 9]))
    rows[6][5] = "0.0"

    report = read_candles(write_csv(tmp_path / NAME, rows))

    assert report.series.ts_ms.tolist() == [DAY + m * MINUTE_MS for m in (0, 1, 2, 5, 6, 9)]
    assert (report.rows, report.duplicates, report.disorder) == (8, 2, 1)
    assert (report.holes, report.missing, report.zero_volume) == (2, 4, 1)


def test_file_that_is_not_there(tmp_path) -> None:
    with pytest.raises(ConfigError, match=r"BTCUSDT-1m\.csv could not be read: No such file"):
        read_candles(tmp_path / NAME)


def test_mapping_of_a_name_that_is_not_ours(tmp_path) -> None:
    path = write_csv(tmp_path / NAME, rows_of(GOOD))

    with pytest.raises(SettingsError, match="mapped to 'price', must be timestamp_ms, open"):
        read_candles(path, columns={"price": "close"})


def test_mapping_to_a_column_that_is_not_there(tmp_path) -> None:
    path = write_csv(tmp_path / NAME, rows_of(GOOD))

    with pytest.raises(CandleError, match="has no column 'last', its 6 columns are timestamp_ms"):
        read_candles(path, columns={"close": "last"})


def test_mapping_needs_a_header(tmp_path) -> None:
    path = write_csv(tmp_path / NAME, rows_of(GOOD), None)

    with pytest.raises(CandleError, match="has no header"):
        read_candles(path, columns={"close": "last"})


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("BTCUSDT-1m.csv", ("BTCUSDT", Interval.M1)),
        ("1000PEPEUSDT-15m-2026.csv.gz", ("1000PEPEUSDT", Interval.M15)),
        ("ETHUSDT-1h_part2.csv", ("ETHUSDT", Interval.H1)),
        ("ETHUSDT-1d", ("ETHUSDT", Interval.D1)),
        ("ETHUSDT-7m.csv", None),
        ("ETHUSDT-1month.csv", None),
        ("ETHUSDT-1M.csv", None),
        ("ethusdt-1m.csv", None),
        ("candles.csv", None),
    ],
)
def test_name_of_a_file_tells_symbol_and_interval(tmp_path, name, expected) -> None:
    assert identify(tmp_path / name) == expected


def test_symbol_and_interval_may_be_given(tmp_path) -> None:
    path = write_csv(tmp_path / "candles.csv", rows_of(GOOD))

    report = read_candles(path, symbol="SOLUSDT", interval=Interval.M1)

    assert (report.symbol, report.interval) == ("SOLUSDT", Interval.M1)
    with pytest.raises(SettingsError, match=r"'candles.csv' does not begin with a symbol"):
        read_candles(path, symbol="SOLUSDT")


def test_given_interval_wins_over_the_name(tmp_path) -> None:
    path = write_csv(tmp_path / NAME, rows_of(GOOD))

    with pytest.raises(CandleError, match=r"must be a multiple of the interval \(row 3 "):
        read_candles(path, interval=Interval.H1)


def test_csv_files_of_a_directory(tmp_path) -> None:
    names = ["b.csv", "a.csv.gz", "c.txt", "d.csv.bak"]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "e.csv").mkdir()

    assert [path.name for path in find_files(tmp_path)] == ["a.csv.gz", "b.csv"]
