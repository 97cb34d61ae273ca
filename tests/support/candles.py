"""Candle series and candle files for tests."""

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tradekit.domain.candle import CandleSeries
from tradekit.domain.time import MINUTE_MS, parse_time_ms

DAY = parse_time_ms("2026-04-01")
HEADER = "timestamp_ms,open,high,low,close,volume"


def series_of(
    minutes: Sequence[int],
    *,
    since_ms: int = DAY,
    interval_ms: int = MINUTE_MS,
    first_price: float = 100.0,
) -> CandleSeries:
    """Return candles at the given multiples of the interval, each telling its minute by its prices.

    The candle of minute m opens at `first_price` + m and closes half above; high and low are one
    above and one below; its volume is m + 1.
    """
    numbers = np.array(minutes, np.int64)
    open_ = first_price + numbers.astype(np.float64)
    return CandleSeries(
        interval_ms,
        since_ms + numbers * interval_ms,
        open_,
        open_ + 1.0,
        open_ - 1.0,
        open_ + 0.5,
        numbers.astype(np.float64) + 1.0,
    )


def rows_of(series: CandleSeries) -> list[list[str]]:
    """Return the cells of a CSV file that holds `series`."""
    columns = (series.ts_ms, *series.columns())
    return [
        [repr(cell) for cell in row] for row in zip(*(c.tolist() for c in columns), strict=True)
    ]


def write_csv(path: Path, rows: Sequence[Sequence[str]], header: str | None = HEADER) -> Path:
    """Write a CSV file, gzipped if its name says so, and return its path."""
    lines = [] if header is None else [header]
    lines += [",".join(row) for row in rows]
    content = ("\n".join(lines) + "\n").encode()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
    return path


def same(one: CandleSeries, other: CandleSeries) -> bool:
    """Return whether two series agree to the last bit."""
    return one.interval_ms == other.interval_ms and one.content_hash() == other.content_hash()
