"""Candles with known defects planted in them, and a store that takes whatever it is given."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np

from tradekit.bootstrap import wiring
from tradekit.domain.candle import CandleSeries
from tradekit.domain.time import DAY_MS, Interval
from tradekit.kernels import daybook
from tradekit.kernels.defects import Kind

Row = list[float]
Expected = set[tuple[Kind, int]]
Plant = Callable[[list[Row], int, random.Random], Kind]

# How many rows on either side of a planted defect stay as they are.
APART = 10


def rows_of(series: CandleSeries) -> list[Row]:
    """Return the rows of a series as lists of numbers."""
    columns = (series.ts_ms, *series.columns())
    return [list(row) for row in zip(*(each.tolist() for each in columns), strict=True)]


def series_of_rows(rows: list[Row], interval_ms: int) -> CandleSeries:
    """Return rows as a series, whatever is wrong with them."""
    ts_ms = np.array([int(row[0]) for row in rows], np.int64)
    floats = np.array([row[1:] for row in rows], np.float64).reshape(len(rows), 5)
    return CandleSeries(interval_ms, ts_ms, *(floats[:, i].copy() for i in range(5)))


def _same_twice(rows: list[Row], index: int, dice: random.Random) -> Kind:
    rows.insert(index + 1, list(rows[index]))
    return Kind.DUPLICATE


def _other_of_one_time(rows: list[Row], index: int, dice: random.Random) -> Kind:
    rows.insert(index + 1, [*rows[index][:5], rows[index][5] + 1.0])
    return Kind.DUPLICATE


def _exchanged(rows: list[Row], index: int, dice: random.Random) -> Kind:
    rows[index], rows[index + 1] = rows[index + 1], rows[index]
    return Kind.DISORDER


def _missing(count: int) -> Plant:
    def plant(rows: list[Row], index: int, dice: random.Random) -> Kind:
        del rows[index : index + count]
        return Kind.HOLE

    return plant


def _spike_up(rows: list[Row], index: int, dice: random.Random) -> Kind:
    rows[index][2] *= dice.uniform(1.5, 3.0)
    return Kind.SPIKE


def _spike_down(rows: list[Row], index: int, dice: random.Random) -> Kind:
    rows[index][3] /= dice.uniform(1.5, 3.0)
    return Kind.SPIKE


def _ten_times(rows: list[Row], index: int, dice: random.Random) -> Kind:
    rows[index][1:5] = [price * 10.0 for price in rows[index][1:5]]
    return Kind.SPIKE


def _no_volume(rows: list[Row], index: int, dice: random.Random) -> Kind:
    rows[index][2] = max(rows[index][2], rows[index][3] * 1.0001)
    rows[index][5] = 0.0
    return Kind.MOVED


def _impossible(column: int, spoil: Callable[[Row], float]) -> Plant:
    def plant(rows: list[Row], index: int, dice: random.Random) -> Kind:
        rows[index][column] = spoil(rows[index])
        return Kind.IMPOSSIBLE

    return plant


_PLANTS: dict[str, Plant] = {
    "same twice": _same_twice,
    "another of one time": _other_of_one_time,
    "two exchanged": _exchanged,
    "one missing": _missing(1),
    "five missing": _missing(5),
    "spike up": _spike_up,
    "spike down": _spike_down,
    "ten times": _ten_times,
    "no volume": _no_volume,
    "nan": _impossible(4, lambda _: float("nan")),
    "infinite": _impossible(2, lambda _: float("inf")),
    "zero price": _impossible(3, lambda _: 0.0),
    "negative volume": _impossible(5, lambda _: -1.0),
    "high below low": _impossible(2, lambda row: row[3] * 0.999),
    "open outside": _impossible(1, lambda row: row[2] * 1.01),
    "close outside": _impossible(4, lambda row: row[3] * 0.99),
}
OFF_GRID = "off the grid"
KINDS = (*_PLANTS, OFF_GRID)


def plant(
    rows: list[Row], kind: str, index: int, interval_ms: int, dice: random.Random
) -> tuple[Kind, int]:
    """Put one defect at row `index`, and return the kind and the time that have to be found."""
    ts_ms = int(rows[index][0])
    if kind != OFF_GRID:
        return _PLANTS[kind](rows, index, dice), ts_ms
    rows[index][0] = ts_ms + dice.randrange(1, interval_ms)
    return Kind.OFF_GRID, int(rows[index][0])


def plant_everywhere(
    series: CandleSeries, places: dict[int, str], dice: random.Random
) -> tuple[CandleSeries, Expected]:
    """Return a copy of `series` with a defect at each index of `places`, and what they are."""
    rows = rows_of(series)
    expected: Expected = set()
    for index in sorted(places, reverse=True):
        expected.add(plant(rows, places[index], index, series.interval_ms, dice))
    return series_of_rows(rows, series.interval_ms), expected


def store_rows(
    state_dir: Path, exchange: str, symbol: str, interval: Interval, series: CandleSeries
) -> None:
    """Write rows into a store that exists as they are, past every rule of the border."""
    path = state_dir / wiring.CANDLE_STORE_FILE
    days = series.ts_ms // DAY_MS
    with closing(sqlite3.connect(path)) as connection, connection:
        for day in np.unique(days).tolist():
            own = series.take(days == day)
            block = daybook.encode(own)
            summary = daybook.summarise(own)
            connection.execute(
                "INSERT OR REPLACE INTO candle_day VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(exchange, symbol, interval.plain, day),
                    *(summary.candles, summary.first_ms, summary.last_ms, summary.holes),
                    *(daybook.block_hash(block), block),
                ),
            )


def damage_day(state_dir: Path, exchange: str, symbol: str, day: int) -> None:
    """Change one bit of what is stored of a UTC day, counted from the epoch."""
    path = state_dir / wiring.CANDLE_STORE_FILE
    where = "exchange = ? AND symbol = ? AND day = ?"
    with closing(sqlite3.connect(path)) as connection, connection:
        select = f"SELECT block FROM candle_day WHERE {where}"  # noqa: S608
        (block,) = connection.execute(select, (exchange, symbol, day)).fetchone()
        spoiled = bytearray(block)
        spoiled[len(spoiled) // 2] ^= 1
        update = f"UPDATE candle_day SET block = ? WHERE {where}"  # noqa: S608
        connection.execute(update, (bytes(spoiled), exchange, symbol, day))
