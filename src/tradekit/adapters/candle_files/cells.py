"""What the cells of a candle file mean: numbers, and times in whichever unit they are written.

Decides which texts and numbers are taken. Which rows are impossible is `kernels.intake`'s business.
Invariant: a number is exactly what its cell says.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tradekit.adapters.candle_files.table import TIME

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradekit.adapters.candle_files.table import Table
    from tradekit.domain.candle import FloatArray, IntArray
    from tradekit.domain.time import Interval

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# The years 2000 to 2100 in seconds: times in s, ms, µs and ns of these years never overlap.
_EARLIEST_S: Final = 946_684_800
_LATEST_S: Final = 4_102_444_800
_MILLI: Final = 1000
_UNITS_PER_S: Final = {"s": 1, "ms": _MILLI, "µs": _MILLI**2, "ns": _MILLI**3}


class Times(NamedTuple):
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


def to_number(cell: str | float) -> float | None:
    """Return the number that a cell is, None if it is none; NaN and infinity are numbers here."""
    try:
        return float(cell)
    except ValueError:
        return None


def read_floats(table: Table, name: str) -> FloatArray:
    """Return a column as numbers, each exactly what its text says."""
    cells = table.cells[name]
    try:
        return np.fromiter(map(float, cells), np.float64, len(cells))
    except ValueError:
        index = next(i for i, cell in enumerate(cells) if to_number(cell) is None)
        table.refuse(name, index, "must be a number")


def read_times(table: Table) -> Times:
    """Return the column of times; the first row says how all of them are written."""
    cells = table.cells[TIME]
    first = to_number(cells[0])
    if table.time_unit is not None:
        values, unit = list(cells), table.time_unit
    elif first is None:
        values = [_parsed(table, i, _iso_us, "an ISO-8601 time") for i in range(len(cells))]
        unit = "µs"
    else:
        values, unit = _numeric_times(table, first)
    per_s = _UNITS_PER_S[unit]
    earliest, latest = _EARLIEST_S * per_s, _LATEST_S * per_s
    if min(values) < earliest or max(values) >= latest:
        index = next(i for i, value in enumerate(values) if not earliest <= value < latest)
        told = first is None or table.time_unit is not None
        like = "" if told else f", in {unit} as in the first row"
        table.refuse(TIME, index, f"must lie between the years 2000 and 2100{like}")
    return Times(np.array(values, np.int64), per_s)


def _numeric_times(table: Table, first: float) -> tuple[list[int], str]:
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


def _parsed(table: Table, index: int, parse: Callable[[str], int], rule: str) -> int:
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
