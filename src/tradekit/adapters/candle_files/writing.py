"""What a file of candles holds: CSV, plain or gzipped, JSON lines or Parquet.

Decides what such a file looks like. Reading it back gives the same candles to the last bit. What is
written, where, and that the file is there whole or not at all, is its caller's business.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Final

from tradekit.adapters.candle_files.table import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries


def candle_pieces(path: Path, series: CandleSeries, form: str) -> Iterator[bytes]:
    """Yield what a file of `series` in the format `form` holds, piece by piece.

    Args:
        path: the file, for messages.
        series: the candles.
        form: one of `FORMATS`.

    Raises:
        ConfigError: Parquet is wanted and pyarrow is not installed.
    """
    return FORMATS[form](path, series)


def _csv(_path: Path, series: CandleSeries) -> Iterator[bytes]:
    yield f"{','.join(NAMES)}\n".encode()
    for row in _rows(series):
        yield f"{','.join(map(repr, row))}\n".encode()


def _gzipped_csv(path: Path, series: CandleSeries) -> Iterator[bytes]:
    # Without a time in it, the same candles are the same bytes.
    yield gzip.compress(b"".join(_csv(path, series)), mtime=0)


def _json_lines(_path: Path, series: CandleSeries) -> Iterator[bytes]:
    for ts_ms, *numbers in _rows(series):
        row = {NAMES[0]: ts_ms, **dict(zip(NAMES[1:], map(repr, numbers), strict=True))}
        yield f"{json.dumps(row, sort_keys=True, separators=(',', ':'))}\n".encode()


def _parquet(path: Path, series: CandleSeries) -> Iterator[bytes]:
    from tradekit.adapters.candle_files.parquet import parquet_bytes  # noqa: PLC0415

    yield parquet_bytes(path, series)


FORMATS: Final[dict[str, Callable[[Path, CandleSeries], Iterator[bytes]]]] = {
    "csv": _csv,
    "csv.gz": _gzipped_csv,
    "jsonl": _json_lines,
    "parquet": _parquet,
}


def _rows(series: CandleSeries) -> Iterator[tuple[float, ...]]:
    columns = (series.ts_ms, *series.columns())
    return zip(*(column.tolist() for column in columns), strict=True)
