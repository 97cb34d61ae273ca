"""Reading candles from one file: CSV, JSON lines or Parquet.

Decides which format a file has, and that the rules of the border hold for all alike. How each
format is taken apart is the business of `text` and `parquet`, which rows are impossible that of
`kernels.intake`, keeping them the store's. Invariant: a file is taken whole or not at all, and what
refuses it names the row.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tradekit.adapters.candle_files.cells import read_floats, read_times
from tradekit.adapters.candle_files.table import check_columns
from tradekit.adapters.candle_files.text import read_text
from tradekit.domain.candle import COLUMNS
from tradekit.domain.time import Interval
from tradekit.errors import ConfigError, SettingsError
from tradekit.kernels.intake import ReadReport, find_contradiction, find_flaw, take

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tradekit.adapters.candle_files.table import Table
    from tradekit.kernels.intake import Flaw

_FILE_NAME: Final = re.compile(r"([A-Z0-9]+)-(\d+[mhd])(?![A-Za-z0-9])")
_SUFFIXES: Final = (".csv", ".csv.gz", ".jsonl", ".parquet")
_PARQUET: Final = b"PAR1"


def identify(path: Path) -> tuple[str, Interval] | None:
    """Return symbol and interval from a file's name `SYMBOL-INTERVAL…`, None if it has none."""
    match = _FILE_NAME.match(path.name)
    known = {each.value: each for each in Interval}
    return None if match is None or match[2] not in known else (match[1], known[match[2]])


def find_files(directory: Path) -> list[Path]:
    """Return the candle files in `directory`, sorted; what is in them is not looked at."""
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
    """Return the candles of a file and what was noticed in it.

    Times may be written in s, ms, µs or ns since the epoch, or as ISO-8601, which is UTC unless
    it says otherwise; in Parquet they may be timestamps or dates too. A CSV file without a header
    has time, open, high, low, close, volume first.

    Args:
        path: the file; a text may be gzipped; whatever its name ends in.
        symbol: None takes that of a name `SYMBOL-INTERVAL…`; likewise `interval`.
        interval: what the candles' times must be multiples of.
        columns: our names of columns to the file's, where they are not the usual ones.

    Raises:
        ConfigError: there is no such file, symbol, interval or a name in `columns` is unknown, or
            it is a Parquet file and what reads those is not installed.
        CandleError: a candle is impossible, or the file is not a whole file of candles.
    """
    named = identify(path)
    if named is None and (symbol is None or interval is None):
        raise SettingsError(
            f"{path.name!r} does not begin with a symbol and an interval such as BTCUSDT-1m",
            fix="rename the file, or give --symbol and --interval",
        )
    symbol = symbol or (named[0] if named else "")
    interval = interval or (named[1] if named else Interval.M1)
    check_columns(columns or {})
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} could not be read: {error.strerror}") from error
    table = _read_table(path, content, columns or {})
    _refuse_underscores(table)
    times = read_times(table)
    numbers = tuple(read_floats(table, name) for name in COLUMNS)
    _refuse_flaw(table, find_flaw(times.values, times.interval(interval), numbers))
    ts_ms = times.ms()
    _refuse_flaw(table, find_contradiction(ts_ms, numbers))
    report = take(symbol, interval, ts_ms, numbers)
    return replace(report, sha256=hashlib.sha256(content).hexdigest())


def _read_table(path: Path, content: bytes, columns: Mapping[str, str]) -> Table:
    if content.startswith(_PARQUET):
        from tradekit.adapters.candle_files.parquet import read_parquet  # noqa: PLC0415

        return read_parquet(path, content, columns)
    return read_text(path, content, columns)


def _refuse_underscores(table: Table) -> None:
    """Refuse 1_000, which Python reads as a number and no market data means as one."""
    for name, cells in table.cells.items():
        if isinstance(cells[0], str) and "_" in "".join(cells):
            index = next(i for i, cell in enumerate(cells) if "_" in cell)
            table.refuse(name, index, "must be written without an underscore")


def _refuse_flaw(table: Table, flaw: Flaw | None) -> None:
    """Raise what refuses the file if there is a flaw."""
    if flaw is None:
        return
    rule = flaw.rule
    if flaw.other is not None:
        rule += f", as row {table.lines[flaw.other]} is"
    table.refuse(flaw.column, flaw.index, rule, rows=flaw.rows)
