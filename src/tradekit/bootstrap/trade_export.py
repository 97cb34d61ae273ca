"""The trades of a kept run for other programs: CSV, Parquet or JSON lines.

Decides the columns and their types. What a trade is stands in `analysis.trades`, reading the run is
`runs`' business. Invariant: no number is changed on the way: CSV and JSON lines have the text of
`trades.jsonl`, Parquet the same as 64-bit floats.
"""

from __future__ import annotations

import csv
import io
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from tradekit.analysis.trades import TRADE_KEYS
from tradekit.bootstrap import wiring
from tradekit.bootstrap.runs import TEXT_KEYS, TRADES, damaged, read_rows, read_text
from tradekit.domain.time import format_time
from tradekit.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from tradekit.bootstrap.runs import KeptRun

CSV: Final = "csv"
PARQUET: Final = "parquet"
JSONL: Final = "jsonl"
FORMATS: Final = (CSV, PARQUET, JSONL)
_TIMES: Final = {"entry_time": "entry_ts_ms", "exit_time": "exit_ts_ms"}
_FILLS: Final = ("entries", "exits")


def columns() -> list[str]:
    """Return the columns of CSV and Parquet: each time twice, in ms and as ISO-8601."""
    names = []
    for key in TRADE_KEYS:
        names.append(key)
        names += [name for name, source in _TIMES.items() if source == key]
    return names


def trades_text(run: KeptRun, form: str) -> str:
    """Return the trades as CSV or as JSON lines.

    Raises:
        CorruptError: the run's trades are missing or damaged.
    """
    rows = read_rows(run.store, run.run_id, TRADES)
    if form == JSONL:
        return read_text(run.store, run.run_id, TRADES)
    out = io.StringIO()
    writer = csv.DictWriter(out, columns(), lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in _told(run, row).items()})
    return out.getvalue()


def export_trades(run: KeptRun, form: str, target: Path) -> int:
    """Write the trades to a file, whole or not at all, and return its length in bytes.

    What was there is replaced if it is a regular file; a link is followed.

    Raises:
        CorruptError: the run's trades are missing or damaged.
        SettingsError: Parquet was asked for and pyarrow is not installed, or the target is no place
            for a file.
        StoreError: the file may not be written.
    """
    content = _parquet(run) if form == PARQUET else trades_text(run, form).encode()
    return wiring.write_file(target, [content])


def _parquet(run: KeptRun) -> bytes:
    table = _parquet_table(run)
    out = io.BytesIO()
    import_module("pyarrow.parquet").write_table(table, out)
    return out.getvalue()


def _parquet_table(run: KeptRun) -> Any:  # noqa: ANN401  # the library has no types
    """Return the trades as a table; fills are lists of structs, times also timestamps."""
    try:
        pa = import_module("pyarrow")
    except ImportError:
        raise SettingsError(
            "--trades was parquet, which needs pyarrow, and that is not installed",
            fix="pip install 'tradekit[parquet]', or take csv or jsonl",
        ) from None
    fill = pa.struct(
        [("ts_ms", pa.int64()), *((n, pa.float64()) for n in ("price", "quantity", "fee"))]
    )
    kinds = {
        **dict.fromkeys(TEXT_KEYS, pa.string()),
        **dict.fromkeys(_TIMES.values(), pa.int64()),
        **dict.fromkeys(_TIMES, pa.timestamp("ms", "UTC")),
        **dict.fromkeys(_FILLS, pa.list_(fill)),
        "ambiguous": pa.bool_(),
    }
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in columns()])
    rows = [
        {**row, **{name: row[source] for name, source in _TIMES.items()}}
        for row in run.trades()
        if _is_whole(run, row)
    ]
    try:
        return pa.Table.from_pylist(rows, schema)
    except (pa.ArrowException, TypeError, ValueError, ArithmeticError) as error:
        what = f"has a value of the wrong kind: {' '.join(str(error).split())}"
        raise damaged(run.run_id, TRADES, what) from None


def _is_whole(run: KeptRun, row: dict[str, Any]) -> bool:
    """Return True.

    Raises:
        CorruptError: the trade lacks a field, or its times are none.
    """
    if not all(type(row.get(name)) is int for name in _TIMES.values()):
        raise damaged(run.run_id, TRADES, "has a trade without its times")
    if lacking := [name for name in TRADE_KEYS if row.get(name) is None]:
        raise damaged(run.run_id, TRADES, f"has a trade without {', '.join(lacking)}")
    return True


def _told(run: KeptRun, row: dict[str, Any]) -> dict[str, Any]:
    _is_whole(run, row)
    try:
        times = {name: format_time(row[source]) for name, source in _TIMES.items()}
    except (ValueError, ArithmeticError):
        raise damaged(run.run_id, TRADES, "has a trade without its times") from None
    return {**row, **times}


def _cell(value: object) -> object:
    """Return a value as a cell has it: fills and truth as JSON."""
    return (
        json.dumps(value, separators=(",", ":")) if isinstance(value, list | dict | bool) else value
    )
