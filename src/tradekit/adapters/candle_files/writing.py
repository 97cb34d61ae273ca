"""Writing candles to one file: CSV, plain or gzipped, JSON lines or Parquet.

Decides what such a file looks like and that it is there whole or not at all. Reading it back gives
the same candles to the last bit. What is written, and where, is its caller's business.
"""

from __future__ import annotations

import gzip
import json
import os
from typing import TYPE_CHECKING, Final

from tradekit.adapters.candle_files.table import NAMES
from tradekit.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries


def write_candles(path: Path, series: CandleSeries, form: str) -> None:
    """Write `series` to `path` in the format `form`, whole or not at all; a file there is replaced.

    Args:
        form: one of `FORMATS`.

    Raises:
        SettingsError: the folder does not exist.
        ConfigError: Parquet is wanted and pyarrow is not installed.
        StoreError: the disk is full or the file may not be written; what was there is there still.
    """
    draft = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        FORMATS[form](draft, series)
        _sync(draft)
        draft.replace(path)
        _sync(path.parent)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SettingsError(
            f"{path} cannot be written: there is no folder {path.parent}"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"{path} could not be written, nothing was: {reason}") from error
    finally:
        draft.unlink(missing_ok=True)


def _write_csv(place: Path, series: CandleSeries) -> None:
    place.write_text(_csv(series), "utf-8")


def _write_gzipped_csv(place: Path, series: CandleSeries) -> None:
    # Without a time in it, the same candles are the same bytes.
    place.write_bytes(gzip.compress(_csv(series).encode(), mtime=0))


def _write_json_lines(place: Path, series: CandleSeries) -> None:
    with place.open("w", encoding="utf-8") as file:
        for ts_ms, *numbers in _rows(series):
            row = {NAMES[0]: ts_ms, **dict(zip(NAMES[1:], map(repr, numbers), strict=True))}
            file.write(json.dumps(row, sort_keys=True, separators=(",", ":")) + "\n")


def _write_parquet(place: Path, series: CandleSeries) -> None:
    from tradekit.adapters.candle_files.parquet import write_parquet  # noqa: PLC0415

    write_parquet(place, series)


FORMATS: Final[dict[str, Callable[[Path, CandleSeries], None]]] = {
    "csv": _write_csv,
    "csv.gz": _write_gzipped_csv,
    "jsonl": _write_json_lines,
    "parquet": _write_parquet,
}


def _csv(series: CandleSeries) -> str:
    lines = [",".join(NAMES), *(",".join(map(repr, row)) for row in _rows(series))]
    return "\n".join(lines) + "\n"


def _rows(series: CandleSeries) -> Iterator[tuple[float, ...]]:
    columns = (series.ts_ms, *series.columns())
    return zip(*(column.tolist() for column in columns), strict=True)


def _sync(place: Path) -> None:
    """Wait until a file or a folder is on disk."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
