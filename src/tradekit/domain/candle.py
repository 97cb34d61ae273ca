"""Candles as columns, and what makes a candle possible.

A series is a struct of arrays that is read-only once made, so that slices of it can be handed
out without a copy. Where candles come from is the adapters' business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]

COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class CandleSeries:
    """Closed candles of one symbol and interval, oldest first.

    Shapes:  ts_ms: int64[n], strictly increasing; the others: float64[n].
    Units:   ts_ms: open time in ms UTC; prices in quote currency; volume in base currency.
    NaN:     never: refused where candles enter (import, fetch).
    """

    interval_ms: int
    ts_ms: IntArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    volume: FloatArray

    def __post_init__(self) -> None:
        """Freeze the columns; views of them are handed to strategies."""
        for column in (self.ts_ms, *self.columns()):
            assert column.shape == self.ts_ms.shape, "columns of a series must be equally long"
            if column.flags.writeable:
                column.setflags(write=False)

    def __len__(self) -> int:
        """Return the number of candles."""
        return len(self.ts_ms)

    def columns(self) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return open, high, low, close and volume."""
        return self.open, self.high, self.low, self.close, self.volume

    def slice(self, start: int, stop: int) -> CandleSeries:
        """Return candles `start..stop-1` as views, without a copy."""
        return CandleSeries(
            self.interval_ms, self.ts_ms[start:stop], *(c[start:stop] for c in self.columns())
        )

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> CandleSeries:
        """Return a copy of the candles that `rows` names, by index or by a mask."""
        return CandleSeries(self.interval_ms, self.ts_ms[rows], *(c[rows] for c in self.columns()))

    def between(self, since_ms: int, until_ms: int) -> CandleSeries:
        """Return the candles that open in `[since_ms, until_ms)`, as views."""
        start, stop = np.searchsorted(self.ts_ms, (since_ms, until_ms))
        return self.slice(int(start), int(stop))

    def content_hash(self) -> str:
        """Return the SHA-256 over interval, times and all columns (little-endian bytes)."""
        digest = hashlib.sha256(str(self.interval_ms).encode())
        digest.update(self.ts_ms.astype("<i8", copy=False).tobytes())
        for column in self.columns():
            digest.update(column.astype("<f8", copy=False).tobytes())
        return digest.hexdigest()

    def holes(self) -> list[tuple[int, int]]:
        """Return the missing stretches between first and last candle as `[since_ms, until_ms)`."""
        (after,) = np.nonzero(np.diff(self.ts_ms) != self.interval_ms)
        return [
            (int(self.ts_ms[i]) + self.interval_ms, int(self.ts_ms[i + 1])) for i in after.tolist()
        ]


def empty_series(interval_ms: int) -> CandleSeries:
    """Return a series without candles."""
    return CandleSeries(interval_ms, np.empty(0, np.int64), *(np.empty(0) for _ in COLUMNS))


def concatenate(parts: list[CandleSeries], interval_ms: int) -> CandleSeries:
    """Return the parts, which follow one another in time, as one series."""
    if not parts:
        return empty_series(interval_ms)
    return CandleSeries(
        interval_ms,
        np.concatenate([part.ts_ms for part in parts]),
        *(np.concatenate(each) for each in zip(*(p.columns() for p in parts), strict=True)),
    )
