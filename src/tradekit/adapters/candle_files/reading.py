"""Reading candles from one CSV file, plain or gzipped.

Decides how the text of a file becomes rows of numbers: its header, its columns, its unit of time.
Which rows are impossible is `kernels.intake`'s business; keeping them is the store's. Invariant: a
file is taken whole or not at all, and what refuses it names the row as an editor numbers lines.
"""

from __future__ import annotations

import csv
import gzip
import io
import math
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tradekit.domain.candle import COLUMNS
from tradekit.domain.time import Interval
from tradekit.errors import CandleError, ConfigError, SettingsError
from tradekit.kernels.intake import ReadReport, find_contradiction, find_flaw, take

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

    from tradekit.domain.candle import FloatArray, IntArray
    from tradekit.kernels.intake import Flaw

TIME: Final = "timestamp_ms"
NAMES: Final = (TIME, *COLUMNS)
# Headers that are taken for ours, in order of preference; case, spaces and dashes do not matter.
_ALIASES: Final[dict[str, tuple[str, ...]]] = {
    TIME: (TIME, "timestamp", "time", "ts", "date", "datetime", "open_time", "opentime"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "v", "vol"),
}
_FILE_NAME: Final = re.compile(r"([A-Z0-9]+)-(\d+[mhd])(?![A-Za-z0-9])")
_SUFFIXES: Final = (".csv", ".csv.gz")
_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# The years 2000 to 2100 in seconds: times in s, ms, µs and ns of these years never overlap.
_EARLIEST_S: Final = 946_684_800
_LATEST_S: Final = 4_102_444_800
_MILLI: Final = 1000
_UNITS_PER_S: Final = {"s": 1, "ms": _MILLI, "µs": _MILLI**2, "ns": _MILLI**3}


@dataclass(frozen=True, slots=True)
class _Table:
    """The cells of a file by our names for the columns, and how to speak of one."""

    path: Path
    cells: dict[str, Sequence[str]]
    headers: dict[str, str]
    lines: Sequence[int]

    def refuse(self, name: str, index: int, rule: str, *, rows: int = 1) -> NoReturn:
        """Raise what refuses the file for the cell of column `name` in row `index`."""
        what = name if self.headers[name] == name else f"{name} (column {self.headers[name]!r})"
        more = f"; {rows} rows break a rule" if rows > 1 else ""
        raise CandleError(
            f"{what} was {self.cells[name][index]!r}, {rule} "
            f"(row {self.lines[index]} of {self.path}{more})"
        )


class _Times(NamedTuple):
    """Times as a file has them: whole numbers, how many of them make a second."""

    values: IntArray
    per_s: int

    def interval(self, interval: Interval) -> int:
        """Return the length of `interval` in these units."""
        return interval.ms * self.per_s // _MILLI

    def ms(self) -> IntArray:
        """Return the times in ms UTC; those on the grid are exact."""
        if self.per_s < _MILLI:
            return self.values * (_MILLI // self.per_s)
        return self.values // (self.per_s // _MILLI)


def identify(path: Path) -> tuple[str, Interval] | None:
    """Return symbol and interval from a file's name `SYMBOL-INTERVAL…`, None if it has none."""
    match = _FILE_NAME.match(path.name)
    known = {each.value: each for each in Interval}
    return None if match is None or match[2] not in known else (match[1], known[match[2]])


def find_files(directory: Path) -> list[Path]:
    """Return the CSV files in `directory`, sorted; what is in them is not looked at."""
    return sorted(
        path for path in directory.iterdir() if path.name.endswith(_SUFFIXES) and path.is_file()
    )


def read_candles(
    path: Path,
    *,
    symbol: str | None = None,
    interval: Interval | None = None,
    columns: Mapping[str, str] | None = None,
) -> ReadReport:
    """Return the candles of a CSV file and what was noticed in it.

    Times may be written in s, ms, µs or ns since the epoch, or as ISO-8601, which is UTC unless
    it says otherwise. A file without a header has time, open, high, low, close, volume first.

    Args:
        path: the file, gzipped or not, whatever its name ends in.
        symbol: None takes that of a name `SYMBOL-INTERVAL…`; likewise `interval`.
        interval: what the candles' times must be multiples of.
        columns: our names of columns to the file's, where they are not the usual ones.

    Raises:
        ConfigError: there is no such file, or symbol, interval or a name in `columns` is unknown.
        CandleError: a candle is impossible, or the file is not a whole CSV file of candles.
    """
    named = identify(path)
    if named is None and (symbol is None or interval is None):
        raise SettingsError(
            f"{path.name!r} does not begin with a symbol and an interval such as BTCUSDT-1m",
            fix="rename the file, or give --symbol and --interval",
        )
    symbol = symbol or (named[0] if named else "")
    interval = interval or (named[1] if named else Interval.M1)
    table = _read_table(path, columns or {})
    _refuse_underscores(table)
    times = _times(table)
    numbers = tuple(_floats(table, name) for name in COLUMNS)
    _refuse_flaw(table, find_flaw(times.values, times.interval(interval), numbers))
    ts_ms = times.ms()
    _refuse_flaw(table, find_contradiction(ts_ms, numbers))
    return take(symbol, interval, ts_ms, numbers)


def _refuse_underscores(table: _Table) -> None:
    """Refuse 1_000, which Python reads as a number and no market data means as one."""
    for name, cells in table.cells.items():
        if "_" in "".join(cells):
            index = next(i for i, cell in enumerate(cells) if "_" in cell)
            table.refuse(name, index, "must be written without an underscore")


def _refuse_flaw(table: _Table, flaw: Flaw | None) -> None:
    """Raise what refuses the file if there is a flaw."""
    if flaw is None:
        return
    rule = flaw.rule
    if flaw.other is not None:
        rule += f", as row {table.lines[flaw.other]} is"
    table.refuse(flaw.column, flaw.index, rule, rows=flaw.rows)


def _read_text(path: Path) -> str:
    """Return the text of a file, unzipped if need be."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} could not be read: {error.strerror}") from error
    if content.startswith(_PARQUET):
        raise CandleError(f"{path} is a Parquet file, must be CSV, plain or gzipped")
    if content.startswith(_GZIP):
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise CandleError(f"{path} is not a whole gzip file: {error}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"byte {content[error.start]:#04x} at position {error.start}"
        raise CandleError(f"{path} is not a text file: {byte} is not UTF-8") from error


def _read_table(path: Path, columns: Mapping[str, str]) -> _Table:
    """Return the cells of the file's six columns."""
    text = _read_text(path)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        all_rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CandleError(f"{path} is not a CSV file: {error}") from error
    lines: Sequence[int] = range(1, len(all_rows) + 1)
    rows = [row for row in all_rows if row]
    if len(rows) < len(all_rows):
        lines = [line for line, row in zip(lines, all_rows, strict=True) if row]
    if not rows:
        raise CandleError(f"{path} was empty, must have candles")
    header = None if _is_data(rows[0]) else rows[0]
    width = len(rows[0])
    places = _places(path, header, width, columns)
    if header is not None:
        rows, lines = rows[1:], lines[1:]
    if not rows:
        raise CandleError(f"{path} had a header only, must have candles")
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            raise CandleError(
                f"row {line} of {path} had {len(row)} columns, must have {width} as the first has"
            )
    return _Table(
        path,
        {name: [row[place] for row in rows] for name, place in places.items()},
        {name: name if header is None else header[place] for name, place in places.items()},
        lines,
    )


def _is_data(row: list[str]) -> bool:
    """Return whether a first row is a candle already: a header has no five numbers in it."""
    return len(row) >= len(NAMES) and all(_number(cell) is not None for cell in row[1 : len(NAMES)])


def _places(
    path: Path, header: list[str] | None, width: int, columns: Mapping[str, str]
) -> dict[str, int]:
    """Return which column of the file is which of ours."""
    unknown = [name for name in columns if name not in NAMES]
    if unknown:
        raise SettingsError(f"a column was mapped to {unknown[0]!r}, must be {', '.join(NAMES)}")
    if header is None:
        if columns:
            raise CandleError(f"{path} has no header, must have one for columns to be mapped")
        return {name: place for place, name in enumerate(NAMES)}
    found = {_plain(cell): place for place, cell in reversed(list(enumerate(header)))}
    places = {}
    for name in NAMES:
        wanted = (_plain(columns[name]),) if name in columns else _ALIASES[name]
        place = next((found[each] for each in wanted if each in found), None)
        if place is None:
            raise CandleError(
                f"{path} has no column {columns.get(name, name)!r}, its {width} columns are "
                f"{', '.join(header)}",
                fix=f"name the column that holds it: --map {name}=NAME",
            )
        places[name] = place
    return places


def _plain(header: str) -> str:
    """Return a header without what does not matter in it."""
    return re.sub(r"[\s_-]+", "_", header.strip().lower())


def _number(cell: str) -> float | None:
    """Return the number that a cell is, None if it is none; NaN and infinity are numbers here."""
    try:
        return float(cell)
    except ValueError:
        return None


def _floats(table: _Table, name: str) -> FloatArray:
    """Return a column as numbers, each exactly what its text says."""
    cells = table.cells[name]
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        index = next(i for i, cell in enumerate(cells) if _number(cell) is None)
        table.refuse(name, index, "must be a number")


def _times(table: _Table) -> _Times:
    """Return the column of times; the first row says how all of them are written."""
    cells = table.cells[TIME]
    first = _number(cells[0])
    if first is None:
        values = [_parsed(table, i, _iso_us, "an ISO-8601 time") for i in range(len(cells))]
        unit = "µs"
    else:
        values, unit = _numeric_times(table, first)
    per_s = _UNITS_PER_S[unit]
    earliest, latest = _EARLIEST_S * per_s, _LATEST_S * per_s
    if min(values) < earliest or max(values) >= latest:
        index = next(i for i, value in enumerate(values) if not earliest <= value < latest)
        like = "" if first is None else f", in {unit} as in the first row"
        table.refuse(TIME, index, f"must lie between the years 2000 and 2100{like}")
    return _Times(np.array(values, np.int64), per_s)


def _numeric_times(table: _Table, first: float) -> tuple[list[int], str]:
    """Return times written as numbers, and their unit."""
    cells = table.cells[TIME]
    unit = next(
        (
            unit
            for unit, per_s in _UNITS_PER_S.items()
            if _EARLIEST_S * per_s <= first < _LATEST_S * per_s
        ),
        None,
    )
    if unit is None:
        table.refuse(TIME, 0, "must be a time between the years 2000 and 2100 in s, ms, µs or ns")
    try:
        return list(map(int, cells)), unit
    except ValueError:
        rule = f"a whole number of {unit}"
        return [_parsed(table, i, _whole, rule) for i in range(len(cells))], unit


def _parsed(table: _Table, index: int, parse: Callable[[str], int], rule: str) -> int:
    """Return the time in row `index`."""
    try:
        return parse(table.cells[TIME][index])
    except ValueError:
        table.refuse(TIME, index, f"must be {rule}, as in the first row")


def _whole(cell: str) -> int:
    """Return a number that may be written with a point or an exponent but is whole."""
    number = float(cell)
    if not math.isfinite(number) or not number.is_integer():
        raise ValueError(cell)
    return int(number)


def _iso_us(cell: str) -> int:
    """Return an ISO-8601 time in µs since the epoch; without an offset it is UTC."""
    moment = datetime.fromisoformat(cell.strip())
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (moment - _EPOCH) // _MICROSECOND
