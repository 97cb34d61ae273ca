"""The words of the oracle for managed positions: what is asked for, what waits, what is held.

Nothing of the toolkit is imported. What happens when is not said here, only how things stand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.oracle_strategies import Scripted
from tests.support.oracle_terms import DUST, Candles, Plan, Trade, reached

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Ask:
    """What a hook asks of an open position; `price` is a limit, a stop or a target."""

    kind: str
    price: float | None = None
    pct: float | None = None
    cost: float = 0.0
    mode: str = "new_extreme"
    loosen: bool = False
    max_entries: int | None = None
    max_cost: float | None = None

    @property
    def percent(self) -> float:
        """The percent, where there is no price."""
        assert self.pct is not None
        return self.pct


@dataclass(frozen=True)
class Goal:
    """A target with its share of what was entered; one of them takes all that is left."""

    price: float
    share_pct: float
    takes_all: bool


@dataclass(frozen=True)
class ManagedPlan(Plan):
    """A plan with several targets, nearest first, and a stop that follows."""

    targets: tuple[tuple[float, float], ...] = ()
    trail_pct: float | None = None
    trail_after_pct: float | None = None

    def goals(self) -> list[Goal]:
        """Return the targets with who takes all: the one that makes the shares 100."""
        goals, shared = [], 0.0
        for price, share_pct in self.targets:
            shared += share_pct
            goals.append(Goal(price, share_pct, takes_all=shared >= 100.0 - DUST))
        return goals


@dataclass(frozen=True)
class Waiting:
    """An average on its way: at market between its guards, or resting at `limit`."""

    cost: float
    limit: float | None
    stop: float | None
    bound: float | None
    target: float | None


def _no_acts(_candles: Candles, _i: int, _direction: str) -> list[Ask]:
    return []


@dataclass
class ManagedScript(Scripted):
    """A script that also says what hooks do: with what is open, and with an entry that waits."""

    acts: Callable[[Candles, int, str], list[Ask]] = _no_acts
    waits: Callable[[Candles, int], str] = lambda _candles, _i: ""


@dataclass
class Holding:
    """An open position with all its fills; `average` is before slippage."""

    plan: ManagedPlan
    opened_ms: int
    stop: float | None
    goals: list[Goal]
    entries: list[Trade] = field(default_factory=list)
    exits: list[Trade] = field(default_factory=list)
    averages: list[Waiting] = field(default_factory=list)
    parts: list[float] = field(default_factory=list)
    average: float = 0.0
    quantity: float = 0.0
    entered: float = 0.0
    cost: float = 0.0
    cost_left: float = 0.0
    fees_left: float = 0.0
    pnl: float = 0.0
    fees: float = 0.0
    peak_pct: float = 0.0
    drawdown_pct: float = 0.0
    ambiguous: bool = False
    best: float | None = None

    @property
    def deadline_ms(self) -> float:
        """When it has been held for long enough."""
        return math.inf if self.plan.hold_ms is None else self.opened_ms + self.plan.hold_ms

    def enter(self, ts_ms: int, price: float, paid: float, quantity: float, fee: float) -> None:
        """Buy (or sell short); `pnl` is what the fills so far have brought or taken."""
        value = self.average * self.quantity + price * quantity
        self.entries.append({"ts_ms": ts_ms, "price": price, "quantity": quantity, "fee": fee})
        self.quantity += quantity
        self.entered += quantity
        self.average = value / self.quantity
        self.cost += quantity * paid
        self.cost_left += quantity * paid
        self.pnl -= self.plan.side * quantity * paid + fee
        self.fees += fee
        self.fees_left += fee

    def leave(self, ts_ms: int, price: float, paid: float, quantity: float, fee: float) -> float:
        """Take off a quantity and return what it had cost."""
        freed = self.cost_left * quantity / self.quantity
        self.exits.append({"ts_ms": ts_ms, "price": price, "quantity": quantity, "fee": fee})
        self.fees_left -= self.fees_left * quantity / self.quantity
        self.quantity -= quantity
        self.cost_left -= freed
        self.pnl += self.plan.side * quantity * paid - fee
        self.fees += fee
        return freed

    def mark(self, pnl_pct: float) -> None:
        """Remember the profit if it is the best or the worst."""
        self.peak_pct = max(self.peak_pct, pnl_pct)
        self.drawdown_pct = min(self.drawdown_pct, pnl_pct)

    def trade(self, reason: str) -> Trade:
        """Return what the journal has to say of it, now that it is closed."""
        return {
            "direction": self.plan.direction,
            "entry_ts_ms": self.entries[0]["ts_ms"],
            "entry_price": self.entries[0]["price"],
            "exit_ts_ms": self.exits[-1]["ts_ms"],
            "exit_price": self.exits[-1]["price"],
            "reason": reason,
            "cost": self.cost,
            "quantity": self.entered,
            "pnl": self.pnl,
            "pnl_pct": self.pnl / self.cost * 100.0,
            "fees": self.fees,
            "entries": self.entries,
            "exits": self.exits,
            "peak_pct": self.peak_pct,
            "drawdown_pct": self.drawdown_pct,
            "ambiguous": self.ambiguous,
        }


def bound_of(holding: Holding, mode: str) -> float | None:
    """Return the price that an average has to be better than."""
    prices: list[float] = [each["price"] for each in holding.entries]
    worst = min(prices) if holding.plan.side > 0 else max(prices)
    bounds: dict[str, float | None] = {
        "new_extreme": worst,
        "below_effective": holding.average,
        "anywhere": None,
    }
    return bounds[mode]


def guarded(each: Waiting, price: float, side: int) -> bool:
    """Say whether the open is still better than the bound and short of the target, past no stop."""
    if reached(price, each.stop, -side) or reached(price, each.target, side):
        return False
    return each.bound is None or better(price, each.bound, side)


def better(price: float, bound: float, side: int) -> bool:
    """Say whether `price` is better than `bound` by more than what rounding may do."""
    return side * (bound - price) > DUST * bound


def hits(holding: Holding, each: str, best: float, worst: float) -> bool:
    """Say whether prices from `worst` to `best` touch the stop, or the nearest target."""
    if each == "stop":
        return reached(worst, holding.stop, -holding.plan.side)
    return bool(holding.goals) and reached(best, holding.goals[0].price, holding.plan.side)


def halved(rises: Callable[[float], float], low: float, high: float) -> float:
    """Return where a rising function comes through 0, by halving."""
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if rises(middle) < 0.0 else (low, middle)
    return high


def left(plan: Plan, price: float) -> bool:
    """Say whether `price` is no longer between the plan's stop and its nearest target."""
    targets = plan.goals() if isinstance(plan, ManagedPlan) else []
    nearest = targets[0].price if targets else plan.target
    return reached(price, plan.stop, -plan.side) or reached(price, nearest, plan.side)
