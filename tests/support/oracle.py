"""One symbol under the minute of the fill model, candle by candle, as plainly as it can be said.

Written from the design documents alone and importing nothing of the toolkit, so that its trade
lists are answers from outside. It knows one account with one symbol: the schedule of several
symbols, skipping, journals and files are not its business. Fast it need not be.

A step at candle T has two halves. `_decide` knows nothing of candle T: timers, the close hook, the
question. `_open` and `_inside` show candle T to the orders. What happens at the open is labelled T,
what happens inside is labelled T + one interval.
"""

from __future__ import annotations

import math
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

    def count(self, kind: str) -> int:
        """Return how many events of `kind` there were."""
        return sum(each[0] == kind for each in self.events)


def reached(price: float, level: float | None, direction: int) -> bool:
    """Say whether `price` is at `level` or beyond it, upwards (+1) or downwards (-1)."""
    return level is not None and direction * (price - level) >= 0.0


@dataclass
class Oracle:
    """The loop and what it remembers between candles.

    `distance_min_pct` and `stop_distance_max_pct` are the settings' limits of a signal.
    """

    candles: Candles
    strategy: Decider
    since_ms: int
    until_ms: int
    interval_ms: int = MINUTE_MS
    costs: Costs = field(default_factory=Costs)
    cash: float = math.inf
    lot_size: float = 0.0
    distance_min_pct: float = 0.5
    stop_distance_max_pct: float = 100.0

    def __post_init__(self) -> None:
        """Start flat, with an unused slot and nothing ordered."""
        self.out = Outcome()
        self.held: Held | None = None
        self.close_reason: str | None = None
        self.ordered: Plan | None = None
        self.ordered_ts_ms = 0
        self.used_slot: int | None = None
        self.entered_inside = False

    def run(self) -> Outcome:
        """Step over every candle of the frame."""
        last = None
        for i, ts_ms in enumerate(self.candles.ts_ms):
            if not self.since_ms <= ts_ms < self.until_ms:
                continue
            last = i
            self._decide(i, ts_ms)
            self._open(i, ts_ms)
            self._inside(i, ts_ms)
        if last is not None:
            self._frame_end(self.candles.close[last])
        return self.out

    # ------------------------------------------------------------------ A: before candle T

    def _decide(self, i: int, ts_ms: int) -> None:
        self._timers(ts_ms)
        if not self._knows_enough(i, ts_ms):
            return
        if (
            self.held
            and self.close_reason is None
            and self.strategy.wants_close(self.candles, i, self.held.plan.direction)
        ):
            self.close_reason = "closed"
        flat = self.held is None and self.ordered is None
        slot = ts_ms // self.strategy.every_ms
        if (flat or self.close_reason is not None) and slot != self.used_slot:
            self.used_slot = slot
            self._ask(i, ts_ms)

    def _timers(self, ts_ms: int) -> None:
        if self.ordered and ts_ms - self.ordered_ts_ms >= self.ordered.wait_ms:
            self._cancel("timeout", ts_ms)
        held = self.held
        if held and held.plan.hold_ms is not None and ts_ms - held.entry_ts_ms >= held.plan.hold_ms:
            self.close_reason = "time_expired"

    def _knows_enough(self, i: int, ts_ms: int) -> bool:
        """A candle must have closed, and as much history as the warm-up wants must be there."""
        return i > 0 and ts_ms - self.candles.ts_ms[0] >= self.strategy.warmup_ms

    def _ask(self, i: int, ts_ms: int) -> None:
        self.out.asked.append(ts_ms)
        price = self.candles.close[i - 1]
        plan = self.strategy.decide(self.candles, i)
        if plan is None:
            return
        if plan.entry_type == "market" and self._passed(plan, price):
            self._event("rejected", ts_ms, "gap_reject")
        elif self._mistakes(plan, price):
            self._event("rejected", ts_ms, "signal")
        else:
            self.ordered, self.ordered_ts_ms = plan, ts_ms
            if plan.entry_type != "market":
                self._event("scheduled", ts_ms, price)

    def _passed(self, plan: Plan, price: float) -> bool:
        """Say whether `price` does not lie strictly between stop and target."""
        side = plan.side
        return reached(price, plan.stop, -side) or reached(price, plan.target, side)

    def _mistakes(self, plan: Plan, price: float) -> list[str]:
        """Rules B4 to B7 of a signal on the entry's own price; C where it would fill at once."""
        side = plan.side
        base = price if plan.entry is None else plan.entry
        found = []
        for name, level, away in (("stop", plan.stop, -side), ("target", plan.target, side)):
            if level is None:
                continue
            distance_pct = away * (level - base) / base * 100.0
            if distance_pct < self.distance_min_pct - DUST:
                found.append(f"{name} too close or on the wrong side")
            if name == "stop" and distance_pct > self.stop_distance_max_pct + DUST:
                found.append("stop too far")
        if self._fills_now(plan, price) and self._passed(plan, price):
            found.append("the price has left the bracket already")
        return found

    def _fills_now(self, plan: Plan, price: float) -> bool:
        if plan.entry_type == "market":
            return True
        toward = -plan.side if plan.entry_type == "limit" else plan.side
        return reached(price, plan.entry, toward)

    # ------------------------------------------------------------------ B: candle T

    def _open(self, i: int, ts_ms: int) -> None:
        price = self.candles.open[i]
        self.entered_inside = False
        self._exits_at_open(price, ts_ms)
        plan = self.ordered
        if plan is None or not self._fills_now(plan, price):
            return
        self.ordered = None
        stop_passed = reached(price, plan.stop, -plan.side)
        target_passed = reached(price, plan.target, plan.side)
        if plan.entry_type == "market" and (stop_passed or target_passed):
            self._event("rejected", ts_ms, "gap_reject")
            return
        self._enter(plan, price, ts_ms)
        if self.held and stop_passed:
            self._exit(price, "stop_loss", ts_ms)
        elif self.held and target_passed:
            self._exit(price, "take_profit", ts_ms)

    def _exits_at_open(self, price: float, ts_ms: int) -> None:
        if self.held is None:
            return
        plan = self.held.plan
        if reached(price, plan.stop, -plan.side):
            self._exit(price, "stop_loss", ts_ms)
        elif plan.target is not None and reached(price, plan.target, plan.side):
            self._exit(plan.target, "take_profit", ts_ms)
        elif self.close_reason is not None:
            self._exit(price, self.close_reason, ts_ms)

    def _inside(self, i: int, ts_ms: int) -> None:
        high, low = self.candles.high[i], self.candles.low[i]
        label_ms = ts_ms + self.interval_ms
        plan = self.ordered
        if plan is not None and plan.entry is not None and self._touched_entry(plan, high, low):
            self.ordered = None
            self.entered_inside = self._enter(plan, plan.entry, label_ms)
        held = self.held
        if held is None:
            return
        side = held.plan.side
        best, worst = (high, low) if side > 0 else (low, high)
        stop_touched = reached(worst, held.plan.stop, -side)
        target_touched = reached(best, held.plan.target, side)
        if held.plan.stop is not None and stop_touched:
            self._exit(held.plan.stop, "stop_loss", label_ms, ambiguous=target_touched)
        elif held.plan.target is not None and target_touched and not self.entered_inside:
            self._exit(held.plan.target, "take_profit", label_ms)
        elif not self.entered_inside:
            self._mark(held, best)
            self._mark(held, worst)

    def _touched_entry(self, plan: Plan, high: float, low: float) -> bool:
        return self._fills_now(plan, high) or self._fills_now(plan, low)

    def _frame_end(self, close: float) -> None:
        if self.ordered:
            self._cancel("frame_end", self.until_ms)
        if self.held:
            self._exit(close, "frame_end", self.until_ms)

    # ------------------------------------------------------------------ money

    def _enter(self, plan: Plan, price: float, ts_ms: int) -> bool:
        """Open a position unless its cost and fee are more than the free cash."""
        maker = plan.entry_type == "limit"
        fee_frac = self._fee_frac(maker=maker)
        paid = self._paid(price, plan.side, maker=maker)
        if plan.equity_pct is None:
            quantity = (plan.cost or 0.0) / paid
        else:
            quantity = self.cash * plan.equity_pct / 100.0 / (1.0 + fee_frac) / paid
        if self.lot_size > 0.0:
            quantity = math.floor(quantity / self.lot_size + DUST) * self.lot_size
        if quantity <= 0.0:
            self._event("rejected", ts_ms, "less than a lot")
            return False
        held = Held(plan, ts_ms, price, paid, quantity, quantity * paid * fee_frac)
        if held.cost + held.fee > self.cash * (1.0 + DUST):
            self._event("rejected", ts_ms, "insufficient_cash")
            return False
        self.cash -= held.cost + held.fee
        self.held = held
        held.peak_pct = held.drawdown_pct = self._pnl(held, price, maker=False)[1]
        self._event("opened", ts_ms, price)
        return True

    def _exit(self, price: float, reason: str, ts_ms: int, *, ambiguous: bool = False) -> None:
        held = self.held
        assert held is not None, "only what is open can be closed"
        maker = reason == "take_profit"
        paid = self._paid(price, -held.plan.side, maker=maker)
        fee = held.quantity * paid * self._fee_frac(maker=maker)
        pnl, pnl_pct = self._pnl(held, price, maker=maker)
        self._raise_marks(held, pnl_pct)
        self.cash += held.cost + pnl + held.fee
        self.out.trades.append(
            {
                "direction": held.plan.direction,
                "entry_ts_ms": held.entry_ts_ms,
                "entry_price": held.entry_price,
                "exit_ts_ms": ts_ms,
                "exit_price": price,
                "reason": reason,
                "cost": held.cost,
                "quantity": held.quantity,
                "pnl": pnl,
                "pnl_pct": pnl_pct,
                "fees": held.fee + fee,
                "entries": [held.fill(held.entry_ts_ms, held.entry_price, held.fee)],
                "exits": [held.fill(ts_ms, price, fee)],
                "peak_pct": held.peak_pct,
                "drawdown_pct": held.drawdown_pct,
                "ambiguous": ambiguous,
            }
        )
        self._event("closed", ts_ms, price)
        self.held = None
        self.close_reason = None

    def _pnl(self, held: Held, price: float, *, maker: bool) -> tuple[float, float]:
        """Return what closing at `price` would earn after all costs, in quote and in percent."""
        side = held.plan.side
        paid = self._paid(price, -side, maker=maker)
        exit_fee = held.quantity * paid * self._fee_frac(maker=maker)
        pnl = side * (paid - held.paid) * held.quantity - held.fee - exit_fee
        return pnl, pnl / held.cost * 100.0

    def _mark(self, held: Held, price: float) -> None:
        self._raise_marks(held, self._pnl(held, price, maker=False)[1])

    def _raise_marks(self, held: Held, pnl_pct: float) -> None:
        held.peak_pct = max(held.peak_pct, pnl_pct)
        held.drawdown_pct = min(held.drawdown_pct, pnl_pct)

    def _paid(self, price: float, trade_side: int, *, maker: bool) -> float:
        """Slippage moves the price against whoever trades: a buyer (+1) pays more."""
        slip_pct = self.costs.limit_slippage_pct if maker else self.costs.slippage_pct
        return price * (1.0 + trade_side * slip_pct / 100.0)

    def _fee_frac(self, *, maker: bool) -> float:
        return (self.costs.maker_fee_pct if maker else self.costs.taker_fee_pct) / 100.0

    # ------------------------------------------------------------------ records

    def _cancel(self, reason: str, ts_ms: int) -> None:
        self.ordered = None
        self._event("cancelled", ts_ms, reason)

    def _event(self, kind: str, ts_ms: int, what: float | str) -> None:
        self.out.events.append((kind, ts_ms, what))
