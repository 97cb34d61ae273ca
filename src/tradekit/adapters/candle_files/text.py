"""Candle files that are texts: CSV, and JSON with an object a line; plain or gzipped.

Decides how a text becomes rows and columns of cells. What a cell means is `cells`' business.
Invariant: rows are counted as an editor counts lines.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from typing import TYPE_CHECKING, Any, Final

from tradekit.adapters.candle_files.cells import to_number
from tradekit.adapters.candle_files.table import NAMES, Table, find_places
from tradekit.errors import CandleError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_GZIP: Final = b"\x1f\x8b"


def read_text(path: Path, content: bytes, columns: Mapping[str, str]) -> Table:
    """Return the cells of the six columns of a text, unzipped if need be.

    A text that begins with a brace is JSON with an object a line; every other one is CSV.

    Raises:
        CandleError: it is no whole text of that kind, or lacks a column.
    """
    text = _text(path, content)
    read = _read_json_lines if text.startswith("{") else _read_csv
    return read(path, text, columns)


def _text(path: Path, content: bytes) -> str:
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


def _read_csv(path: Path, text: str, columns: Mapping[str, str]) -> Table:
    """Return the cells of the file's six columns."""
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
    if header is None and columns:
        raise CandleError(f"{path} has no header, must have one for columns to be mapped")
    places = find_places(path, NAMES if header is None else header, columns)
    if header is not None:
        rows, lines = rows[1:], lines[1:]
    if not rows:
        raise CandleError(f"{path} had a header only, must have candles")
    for line, row in zip(lines, rows, strict=True):
        if len(row) != width:
            raise CandleError(
                f"row {line} of {path} had {len(row)} columns, must have {width} as the first has"
            )
    return Table(
        path,
        {name: [row[place] for row in rows] for name, place in places.items()},
        {name: name if header is None else header[place] for name, place in places.items()},
        lines,
    )


def _read_json_lines(path: Path, text: str, columns: Mapping[str, str]) -> Table:
    """Return the cells of the file's six columns; every object has the keys of the first."""
    rows: list[dict[str, Any]] = []
    lines = []
    for line, row in enumerate(text.splitlines(), 1):
        if row.strip():
            rows.append(_json_row(path, line, row, rows[0] if rows else {}))
            lines.append(line)
    header = list(rows[0])
    places = find_places(path, header, columns)
    return Table(
        path,
        {name: [str(row[header[place]]) for row in rows] for name, place in places.items()},
        {name: header[place] for name, place in places.items()},
        lines,
    )


def _json_row(path: Path, line: int, text: str, first: Mapping[str, object]) -> dict[str, Any]:
    """Return the object of one line; its numbers stay as they are written."""
    try:
        row = json.loads(text, parse_float=str, parse_int=str)
    except ValueError as error:
        raise CandleError(f"row {line} of {path} is not JSON: {error}") from error
    if not isinstance(row, dict):
        raise CandleError(f"row {line} of {path} was {text[:40]!r}, must be a JSON object")
    for key in first:
        if key not in row:
            raise CandleError(f"row {line} of {path} has no {key!r}, must have it as the first has")
    return row


def _is_data(row: list[str]) -> bool:
    """Return whether a first row is a candle already: a header has no five numbers in it."""
    return len(row) >= len(NAMES) and all(
        to_number(cell) is not None for cell in row[1 : len(NAMES)]
    )
