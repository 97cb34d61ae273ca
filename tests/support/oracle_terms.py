"""The words of the oracle: candles, costs, plans, what is held and what came of it.

Like the oracle itself these import nothing of the toolkit. The rules are not here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

Trade = dict[str, Any]

MINUTE_MS = 60_000
DUST = 1e-9  # what rounding may add to a sum that is exact on paper


@dataclass(frozen=True)
class Candles:
    """Columns of closed candles, oldest first; `ts_ms` is the open time."""

    ts_ms: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]


@dataclass(frozen=True)
class Costs:
    """Percent a leg; limit orders (limit entries, targets) are makers, the rest are takers."""

    maker_fee_pct: float = 0.1
    taker_fee_pct: float = 0.1
    slippage_pct: float = 0.1
    limit_slippage_pct: float = 0.1


@dataclass(frozen=True)
class Plan:
    """What a decision asks for; `entry` None is a market entry."""

    direction: str
    stop: float | None = None
    target: float | None = None
    entry: float | None = None
    entry_type: str = "market"
    cost: float | None = 100.0
    equity_pct: float | None = None
    hold_ms: int | None = None
    wait_ms: int = 120 * MINUTE_MS

    @property
    def side(self) -> int:
        """+1 for long, -1 for short."""
        return 1 if self.direction == "long" else -1


class Decider(Protocol):
    """A strategy for the oracle: index `i` is the candle about to open; only `..i-1` is known."""

    every_ms: int
    warmup_ms: int

    def decide(self, candles: Candles, i: int) -> Plan | None:
        """Answer the question that a flat symbol is asked."""

    def wants_close(self, candles: Candles, i: int, direction: str) -> bool:
        """Answer whether an open position is to be closed by market."""


@dataclass
class Purse:
    """The free cash of an account; several symbols may share one."""

    cash: float


@dataclass
class Held:
    """An open position."""

    plan: Plan
    entry_ts_ms: int
    entry_price: float
    paid: float
    quantity: float
    fee: float
    peak_pct: float = 0.0
    drawdown_pct: float = 0.0
    ambiguous: bool = False

    @property
    def cost(self) -> float:
        """Quote paid for the entry, without its fee."""
        return self.quantity * self.paid

    def fill(self, ts_ms: int, price: float, fee: float) -> Trade:
        """Describe a fill of the whole quantity."""
        return {"ts_ms": ts_ms, "price": price, "quantity": self.quantity, "fee": fee}


@dataclass
class Outcome:
    """What a run left behind; `events` are `(kind, ts_ms, price or rule)` in order."""

    trades: list[Trade] = field(default_factory=list)
    events: list[tuple[str, int, float | str]] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    ambiguous_candles: int = 0

    def count(self, kind: str) -> int:
        """Return how many events of `kind` there were."""
        return sum(each[0] == kind for each in self.events)


def reached(price: float, level: float | None, direction: int) -> bool:
    """Say whether `price` is at `level` or beyond it, upwards (+1) or downwards (-1)."""
    return level is not None and direction * (price - level) >= 0.0
