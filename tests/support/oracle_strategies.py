"""The four shipped strategies and one scripted strategy, told again over plain Python lists.

Written from their definitions in words; they import nothing of the toolkit. Each is a `Decider` of
`oracle`: index `i` is the candle about to open, so only candles `..i-1` may be read.
"""

from __future__ import annotations

import csv
import gzip
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.oracle_terms import MINUTE_MS, Candles, Plan

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUARTER_MS = 15 * MINUTE_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


def read_candles(path: Path) -> Candles:
    """Return the candles of a gzipped CSV with a header, as plain lists."""
    with gzip.open(path, "rt", newline="") as text:
        rows = list(csv.DictReader(text))
    prices = ([float(row[name]) for row in rows] for name in ("open", "high", "low", "close"))
    return Candles([int(row["timestamp_ms"]) for row in rows], *prices)


class Bracket:
    """Always long: stop 1 % below and target 2 % above the last close, held a day at most."""

    every_ms = MINUTE_MS
    warmup_ms = 0

    def decide(self, candles: Candles, i: int) -> Plan | None:
        """Go long at market."""
        price = candles.close[i - 1]
        stop, target = price * (1 - 1.0 / 100), price * (1 + 2.0 / 100)
        return Plan("long", stop=stop, target=target, hold_ms=DAY_MS)

    def wants_close(self, candles: Candles, i: int, direction: str) -> bool:
        """Never close early."""
        return False


class DipLimit:
    """Buy half a percent lower with a limit order that waits an hour."""

    every_ms = QUARTER_MS
    warmup_ms = 0

    def decide(self, candles: Candles, i: int) -> Plan | None:
        """Rest a long limit entry below the last close."""
        entry = candles.close[i - 1] * (1 - 0.5 / 100)
        return Plan(
            "long",
            stop=entry * (1 - 1.5 / 100),
            target=entry * (1 + 1.0 / 100),
            entry=entry,
            entry_type="limit",
            hold_ms=12 * HOUR_MS,
            wait_ms=HOUR_MS,
        )

    def wants_close(self, candles: Candles, i: int, direction: str) -> bool:
        """Never close early."""
        return False


class Breakout:
    """Buy above the highest price of the last 24 closed hours with a stop entry."""

    every_ms = QUARTER_MS
    warmup_ms = 25 * HOUR_MS

    def decide(self, candles: Candles, i: int) -> Plan | None:
        """Rest a long stop entry at the level unless the price is there already."""
        end_ms = candles.ts_ms[i] // HOUR_MS * HOUR_MS
        first = bisect_left(candles.ts_ms, end_ms - DAY_MS)
        level = max(candles.high[first : bisect_left(candles.ts_ms, end_ms)])
        if candles.close[i - 1] >= level:
            return None
        return Plan(
            "long",
            stop=level * (1 - 1.0 / 100),
            target=level * (1 + 2.0 / 100),
            entry=level,
            entry_type="stop",
            hold_ms=DAY_MS,
            wait_ms=2 * HOUR_MS,
        )

    def wants_close(self, candles: Candles, i: int, direction: str) -> bool:
        """Never close early."""
        return False


def mean(prices: list[float]) -> float:
    """Return the mean of eight or more prices, added up in eight interleaved parts.

    Means that are equal on paper do occur on real candles (three of the eight symbols), and then
    rounding decides what is above. So the order of the additions is that of NumPy's `mean`.
    """
    whole = len(prices) - len(prices) % 8
    part = prices[:8]
    for i in range(8, whole):
        part[i % 8] += prices[i]
    total = ((part[0] + part[1]) + (part[2] + part[3])) + (
        (part[4] + part[5]) + (part[6] + part[7])
    )
    for price in prices[whole:]:
        total += price
    return total / len(prices)


@dataclass
class SmaCross:
    """Long above and short below the crossing of two means, always by market, without a bracket.

    It crosses up where the fast mean is above the slow one and was not; down the other way round.
    The close of the last base candle in a slot of `interval_ms` is the close of that slot.
    """

    interval_ms: int = QUARTER_MS
    every_ms: int = QUARTER_MS
    warmup_ms: int = 8 * HOUR_MS
    fast: int = 10
    slow: int = 30
    cost: float | None = 1000.0
    equity_pct: float | None = None
    hooked_slot: int | None = None
    _closes: list[float] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)

    def decide(self, candles: Candles, i: int) -> Plan | None:
        """Follow a cross of the last closed slot."""
        cross = self.cross(candles, i)
        if cross == 0:
            return None
        direction = "long" if cross > 0 else "short"
        return Plan(direction, cost=self.cost, equity_pct=self.equity_pct)

    def wants_close(self, candles: Candles, i: int, direction: str) -> bool:
        """Close on the opposite cross, looking once a slot."""
        slot = candles.ts_ms[i] // self.every_ms
        if slot == self.hooked_slot:
            return False
        self.hooked_slot = slot
        return self.cross(candles, i) == (-1 if direction == "long" else 1)

    def cross(self, candles: Candles, i: int) -> int:
        """Return +1 if the fast mean has just crossed above the slow one, -1 below, else 0."""
        self._read_closes(candles)
        known = bisect_left(self._ends, candles.ts_ms[i] + 1)
        if known < self.slow + 1:
            return 0
        return self._above(known) - self._above(known - 1)

    def _above(self, known: int) -> bool:
        fast = mean(self._closes[known - self.fast : known])
        return fast > mean(self._closes[known - self.slow : known])

    def _read_closes(self, candles: Candles) -> None:
        if self._closes:
            return
        last_of: dict[int, float] = {}
        for ts_ms, close in zip(candles.ts_ms, candles.close, strict=True):
            last_of[ts_ms // self.interval_ms] = close
        self._closes = list(last_of.values())
        self._ends = [(slot + 1) * self.interval_ms for slot in last_of]


@dataclass
class Scripted:
    """Answers by a function of the index, for hand-made worlds."""

    answer: Callable[[Candles, int], Plan | None]
    close: Callable[[Candles, int], bool] = lambda _candles, _i: False
    every_ms: int = MINUTE_MS
    warmup_ms: int = 0

    def decide(self, candles: Candles, i: int) -> Plan | None:
        """Return the scripted answer."""
        return self.answer(candles, i)

    def wants_close(self, candles: Candles, i: int, direction: str) -> bool:
        """Return the scripted wish."""
        return self.close(candles, i)
