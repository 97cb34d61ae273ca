"""Rows and candles written by hand or drawn, for the tests of `analysis`.

The money of a fill is worked out here in the plainest way: a buy pays quantity · price and its
fee, a short reserves its cost and gets it back with the gain.
"""

from collections import Counter
from typing import Any

import numpy as np

from tradekit.domain.candle import CandleSeries
from tradekit.domain.journal import EventRow, Phase

MINUTE = 60_000
DAY = 86_400_000
# 2026-04-01T00:00Z
START = 1_775_001_600_000
CAPITAL = 1_000.0


def candles(ts_ms: list[int], close: list[float], base_ms: int = MINUTE) -> CandleSeries:
    """Return a series with these closes; nothing else of a candle matters to the account."""
    price = np.array(close, np.float64)
    volume = np.ones(len(price))
    return CandleSeries(base_ms, np.array(ts_ms, np.int64), price, price, price, price, volume)


class Journal:
    """Collects rows; symbols are numbered as they are first named, or as `order` has them."""

    def __init__(self, order: tuple[str, ...] = ()) -> None:
        self._order = list(order)
        self._seq: Counter[tuple[str, str]] = Counter()
        self._rows: list[EventRow] = []
        self._open: dict[tuple[str, str], dict[str, Any]] = {}

    @property
    def rows(self) -> list[EventRow]:
        return sorted(self._rows)

    def add(
        self,
        kind: str,
        ts_ms: int,
        phase: Phase,
        data: dict[str, Any],
        symbol: str = "BTCUSDT",
        strategy: str = "s",
        signal_id: str = "",
    ) -> None:
        if symbol not in self._order:
            self._order.append(symbol)
        seq = self._seq[strategy, symbol]
        self._seq[strategy, symbol] += 1
        name = signal_id or f"{strategy}-{symbol}-{seq}"
        index = self._order.index(symbol)
        self._rows.append(
            EventRow(ts_ms, int(phase), index, seq, strategy, symbol, kind, name, data)
        )

    def opened(
        self,
        ts_ms: int,
        phase: Phase = Phase.OPEN,
        *,
        price: float,
        quantity: float,
        fee: float = 0.0,
        direction: str = "long",
        stop_loss_price: float | None = None,
        symbol: str = "BTCUSDT",
        strategy: str = "s",
    ) -> None:
        cost = quantity * price
        data = {
            "direction": direction,
            "price": price,
            "quantity": quantity,
            "cost": cost,
            "fee": fee,
            "cash_delta": -(cost + fee),
            "stop_loss_price": stop_loss_price,
        }
        self._open[strategy, symbol] = {**data, "ts_ms": ts_ms}
        self.add("opened", ts_ms, phase, data, symbol, strategy, f"{strategy}-{symbol}-id")

    def closed(
        self,
        ts_ms: int,
        phase: Phase = Phase.INSIDE,
        *,
        price: float,
        fee: float = 0.0,
        reason: str = "take_profit",
        symbol: str = "BTCUSDT",
        strategy: str = "s",
        ambiguous: bool = False,
    ) -> None:
        entry = self._open.pop((strategy, symbol))
        quantity, cost = entry["quantity"], entry["cost"]
        gain = quantity * price - cost
        gain = gain if entry["direction"] == "long" else -gain
        pnl = gain - fee - entry["fee"]
        data = {
            "direction": entry["direction"],
            "entry_ts_ms": entry["ts_ms"],
            "entry_price": entry["price"],
            "exit_ts_ms": ts_ms,
            "exit_price": price,
            "reason": reason,
            "cost": cost,
            "quantity": quantity,
            "pnl": pnl,
            "pnl_pct": pnl / cost * 100.0,
            "fees": fee + entry["fee"],
            "entries": [],
            "exits": [{"ts_ms": ts_ms, "price": price, "quantity": quantity, "fee": fee}],
            "peak_pct": 0.5,
            "drawdown_pct": -0.25,
            "ambiguous": ambiguous,
            "cash_delta": cost + gain - fee,
        }
        self.add("closed", ts_ms, phase, data, symbol, strategy, f"{strategy}-{symbol}-id")
