"""The journal: one row for each thing that happened, and its one canonical line.

Rows say what happened to a (strategy, symbol), never how the program got there: no run id, mode,
wall time, client order id or path. Writing them anywhere is the adapters' business.

Kinds and the fields in `data` (prices in quote currency; times in ms UTC):

- submitted: a market entry was sent: direction, entry_type ("market"), reference_price,
  stop_loss_price, take_profit_price, cost, equity_pct, hold_ms, note; where the signal has them,
  trail_pct and trail_after_pct, and of several targets `targets`: `{price, share_pct}` each.
- scheduled: a resting entry was placed: the same with entry_type "limit" or "stop", entry_price
  and wait_ms.
- opened: direction, entry_type, at_open, price, quantity, cost, fee, cash_delta, stop_loss_price,
  take_profit_price; of several targets `targets`.
- average_submitted: an order that adds was sent: cost, limit (None at market), mode.
- averaged: at_open, price, quantity, cost, fee, cash_delta, entries, average_entry_price.
- part_submitted: a market exit of a part was sent: quantity, note.
- partial: order ("part" or "target"), price, quantity, fee, cash_delta, quantity_left, cost_left.
- trailed: stop or target was moved: order, old_price (None if there was none), new_price, why
  ("asked", "breakeven", "trailed").
- activated: a resting entry was sent to market by the strategy: price, the last close.
- level, breakeven, peak, trough: only where a hook listens: how far prices came (`engine.watch`).
- close_submitted: a market close was sent: reason, note.
- closed: the fields of a trade (`trades.jsonl`), note and cash_delta. Its `entries` and `exits`
  are `{ts_ms, price, quantity, fee}` each.
- cancelled: a resting entry ended unfilled: reason ("timeout", "cancelled", "frame_end",
  "failed").
- rejected: a signal or its order was refused: rule, detail, price; order, if it was not the entry.
- state: user code changed what it keeps: scope ("symbol" or "position"), value (JSON).
- error: user code raised and the run went on: error (class name), hook.
- failed: the strategy raised: error (class name), hook.

`cash_delta` is exactly what the account's cash changed by at that fill.
"""

from __future__ import annotations

import json
import math
from enum import IntEnum
from typing import Any, Final, NamedTuple

PCT_DIGITS: Final = 9

_encode = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode


class Phase(IntEnum):
    """Where in the life of a label `ts_ms` a row belongs; rows of one time are in this order.

    INSIDE is the inside of the candle that closed at `ts_ms`; DECISION comes before the candle
    that opens at `ts_ms`; OPEN is its open; END is the end of the frame.
    """

    INSIDE = 0
    DECISION = 1
    OPEN = 2
    END = 3


class EventRow(NamedTuple):
    """One row; sorting rows sorts them as `events.jsonl` has them."""

    ts_ms: int
    phase: int
    symbol_index: int
    seq: int
    strategy: str
    symbol: str
    kind: str
    signal_id: str
    data: dict[str, Any]


def utf8(said: object) -> str:
    """Return what somebody said as text that a file can hold: half characters are replaced."""
    text = str(said)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def canonical(name: str, value: object) -> object:
    """Return `value` as JSON has it: prices and money as text, percent rounded, the rest as is.

    Args:
        name: the field's name; what ends in `_pct` is percent.
        value: a plain value, or lists and dictionaries of them.
    """
    if isinstance(value, float):
        assert math.isfinite(value), f"{name} must be a finite number, was {value!r}"
        if name.endswith("_pct"):
            return round(value, PCT_DIGITS) + 0.0
        return float.__repr__(value)
    if isinstance(value, dict):
        return canonical_fields(value)
    if isinstance(value, list | tuple):
        return [canonical(name, each) for each in value]
    return value


def canonical_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Return each field of `fields` as JSON has it."""
    return {name: canonical(name, value) for name, value in fields.items()}


def canonical_line(fields: dict[str, Any]) -> str:
    """Return one JSON line without its end: sorted keys, no spaces."""
    return _encode(canonical_fields(fields))


def event_line(row: EventRow) -> str:
    """Return the line of `events.jsonl` for `row`."""
    return canonical_line(
        {
            "ts_ms": row.ts_ms,
            "phase": Phase(row.phase).name.lower(),
            "strategy": row.strategy,
            "symbol": row.symbol,
            "seq": row.seq,
            "kind": row.kind,
            "signal_id": row.signal_id,
            **row.data,
        }
    )
