"""Candle files in Parquet: the only module that knows pyarrow, which is an extra.

Decides which types of columns are taken, and what a file holds. What a cell means is `cells`'
business. Invariant: without pyarrow there is one sentence that names the extra.
"""

from __future__ import annotations

from array import array
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tradekit.adapters.candle_files.table import TIME, Table, find_places
from tradekit.domain.candle import COLUMNS
from tradekit.errors import CandleError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from tradekit.domain.candle import CandleSeries

    # pyarrow ships no types.
    PyArrow: TypeAlias = Any
    Column: TypeAlias = Any

_UNITS: Final = {"s": "s", "ms": "ms", "us": "µs", "ns": "ns"}


def read_parquet(path: Path, content: bytes, columns: Mapping[str, str]) -> Table:
    """Return the cells of the six columns of a Parquet file.

    Prices may be floats of any width, integers, decimals or texts; times are timestamps of any
    unit (those without a zone are UTC), dates, or written as in CSV.

    Raises:
        ConfigError: pyarrow is not installed.
        CandleError: it is no whole Parquet file, lacks a column, or has one of another type.
    """
    pa, pq = _pyarrow(path)
    with _refusing(path):
        header = pq.read_schema(pa.BufferReader(content)).names
        places = find_places(path, header, columns)
        wanted = list(dict.fromkeys(header[place] for place in places.values()))
        stored = pq.read_table(pa.BufferReader(content), columns=wanted)
        if not stored.num_rows:
            raise CandleError(f"{path} had no rows, must have candles")
        headers = {name: header[place] for name, place in places.items()}
        cells: dict[str, Sequence[Any]] = {}
        time_unit = None
        for name, theirs in headers.items():
            column = _plain_column(pa, stored.column(theirs))
            if column.null_count:
                row = column.is_null().to_pylist().index(True) + 1
                raise CandleError(f"{name} was null, must not be (row {row} of {path})")
            if name == TIME and pa.types.is_timestamp(column.type):
                time_unit = _UNITS[column.type.unit]
                column = column.cast(pa.int64())
            cells[name] = _cells(pa, path, name, column)
    return Table(path, cells, headers, range(1, stored.num_rows + 1), time_unit)


def parquet_bytes(path: Path, series: CandleSeries) -> bytes:
    """Return the file of `series`: `timestamp_ms` as int64, the others as float64.

    Raises:
        ConfigError: pyarrow is not installed.
    """
    pa, pq = _pyarrow(path)
    named = zip(COLUMNS, series.columns(), strict=True)
    table = pa.table({TIME: series.ts_ms, **dict(named)})
    buffer = pa.BufferOutputStream()
    pq.write_table(table, buffer, compression="zstd")
    content: bytes = buffer.getvalue().to_pybytes()
    return content


def _pyarrow(path: Path) -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError as error:
        raise ConfigError(
            f"{path} is a Parquet file, which needs pyarrow, and that is not installed",
            fix="install the extra: pip install 'tradekit[parquet]'",
        ) from error


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Raise what pyarrow says of a file as ours, in one line."""
    try:
        yield
    except (OSError, ValueError, NotImplementedError, KeyError) as error:
        text = " ".join(str(error).split())
        raise CandleError(f"{path} is not a whole Parquet file: {text}") from error


def _plain_column(pa: PyArrow, column: Column) -> Column:
    """Return a column without what only says how it is kept."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("ms"))
    return column


def _cells(pa: PyArrow, path: Path, name: str, column: Column) -> Sequence[Any]:
    """Return the cells of a column whose type can hold numbers."""
    types = pa.types
    kind = column.type
    if types.is_floating(kind) and name != TIME:
        return array("d", column.cast(pa.float64()).to_numpy().tobytes())
    if types.is_integer(kind) or types.is_string(kind) or types.is_large_string(kind):
        cells: list[Any] = column.to_pylist()
        return cells
    if types.is_floating(kind) or types.is_decimal(kind):
        return [str(cell) for cell in column.to_pylist()]
    raise CandleError(f"{name} of {path} is a column of {kind}, must be one of numbers")
