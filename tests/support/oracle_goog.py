"""The published run on GOOG, 2004 to 2013, and what it means to have made the same one.

The reference is a moving-average crossover run with `backtesting` 0.6.6; only its numbers are used.
It fills market orders at the next open, buys whole units with all cash, closes before it opens and
sells short. The days follow the exchange's calendar: weekends are holes.

Of its 66 trades the first 65 must be ours. The last is open at the end: the reference closes it at
the last candle's open, we close it at the last close inside the frame with reason `frame_end`. So
its exit and the equity of the last candle differ, and nothing else does.
"""

from __future__ import annotations

import gzip
import json
import math
from typing import TYPE_CHECKING, Any

from tests.support.oracle_strategies import read_candles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tests.support.oracle_terms import Candles

DAY_MS = 86_400_000
FAST, SLOW = 10, 30
CAPITAL = 10_000.0
FEE_PCT = {"no_costs": 0.0, "commission_0.2pct": 0.2}


def candle_file(shared_data: Path) -> Path:
    """Return where the candles are."""
    return shared_data / "reference" / "GOOG-1d.csv.gz"


def read_goog(shared_data: Path) -> Candles:
    """Return the candles."""
    return read_candles(candle_file(shared_data))


def read_reference(shared_data: Path, name: str) -> dict[str, Any]:
    """Return the published run, one of `FEE_PCT`."""
    file = shared_data / "reference" / f"backtesting_py_sma_cross_GOOG_{name}.json.gz"
    found: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return found


def assert_trades_are_published(
    trades: Sequence[Mapping[str, Any]], candles: Candles, reference: Mapping[str, Any]
) -> None:
    """Compare size, candles, prices and profit of the first 65 trades, and how the 66th differs."""
    index_of = {ts_ms: i for i, ts_ms in enumerate(candles.ts_ms)}
    published = reference["trades"]
    assert len(trades) == len(published) == 66
    for trade, want in zip(trades, published, strict=True):
        side = 1 if trade["direction"] == "long" else -1
        assert side * float(trade["quantity"]) == want["Size"]
        assert index_of[trade["entry_ts_ms"]] == want["EntryBar"]
        assert close_to(trade["entry_price"], want["EntryPrice"])
    for trade, want in zip(trades[:-1], published[:-1], strict=True):
        assert index_of[trade["exit_ts_ms"]] == want["ExitBar"]
        assert close_to(trade["exit_price"], want["ExitPrice"])
        assert close_to(trade["pnl"], want["PnL"])
        assert trade["reason"] == "closed"
    last = trades[-1]
    assert last["reason"] == "frame_end"
    assert last["exit_ts_ms"] == candles.ts_ms[-1] + DAY_MS
    assert float(last["exit_price"]) == candles.close[-1]
    assert published[-1]["ExitPrice"] == candles.open[-1]


def assert_equity_is_published(equity: Sequence[float], reference: Mapping[str, Any]) -> None:
    """Compare the equity at the close of every candle but the last."""
    published = reference["equity"]
    assert len(equity) == len(published)
    for i, (got, want) in enumerate(zip(equity[:-1], published[:-1], strict=True)):
        assert close_to(got, want), f"equity of candle {i} was {got!r}, must be {want!r}"


def close_to(got: float | str, want: float) -> bool:
    """Say whether a number, maybe written as text, is `want` to 1e-9 of it."""
    return math.isclose(float(got), want, rel_tol=1e-9, abs_tol=1e-9)
