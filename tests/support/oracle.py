"""The minute of the fill model, candle by candle, as plainly as it can be said.

Written from the design documents alone and importing nothing of the toolkit, so that its trade
lists are answers from outside. Skipping, journals and files are not its business. Fast it need not
be.

A step at candle T has two halves, and every symbol finishes the first before any starts the second.
`decide` knows nothing of candle T: timers, the close hook, the question. The others show candle T
to the orders, each over all symbols before the next. What happens at the open is labelled T, what
happens inside is labelled T + one interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.support.oracle_terms import (
    DUST,
    MINUTE_MS,
    Candles,
    Costs,
    Decider,
    Held,
    Outcome,
    Plan,
    Purse,
    reached,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


def run_together(oracles: Sequence[Oracle]) -> list[Outcome]:
    """Step all symbols over their frame in one schedule, in the given order at each time."""
    times = sorted({ts_ms for oracle in oracles for ts_ms in oracle.index_of})
    for ts_ms in times:
        due = [(oracle, oracle.index_of[ts_ms]) for oracle in oracles if ts_ms in oracle.index_of]
        for oracle, i in due:
            oracle.decide(i, ts_ms)
        for oracle, i in due:
            oracle.resting_exits_at_open(i, ts_ms)
        for oracle, i in due:
            oracle.market_exit_at_open(i, ts_ms)
        for oracle, i in due:
            oracle.entry_at_open(i, ts_ms)
        for oracle, i in due:
            oracle.entry_inside(i, ts_ms)
        for oracle, i in due:
            oracle.exit_inside(i, ts_ms)
    for oracle in oracles:
        oracle.end_frame()
    return [oracle.out for oracle in oracles]


@dataclass
class Oracle:
    """One symbol, and what it remembers between candles.

    `distance_min_pct` and `stop_distance_max_pct` are the settings' limits of a signal;
    `target_first` looks at what a candle touches in the kinder order.
    """

    candles: Candles
    strategy: Decider
    since_ms: int
    until_ms: int
    interval_ms: int = MINUTE_MS
    costs: Costs = field(default_factory=Costs)
    purse: Purse = field(default_factory=lambda: Purse(math.inf))
    lot_size: float = 0.0
    distance_min_pct: float = 0.5
    stop_distance_max_pct: float = 100.0
    target_first: bool = False

    def __post_init__(self) -> None:
        """Start flat, with an unused slot and nothing ordered."""
        self.out = Outcome()
        self.held: Held | None = None
        self.close_reason: str | None = None
        self.ordered: Plan | None = None
        self.ordered_ts_ms = 0
        self.used_slot: int | None = None
        self.entered_inside = False
        self.index_of = {
            ts_ms: i
            for i, ts_ms in enumerate(self.candles.ts_ms)
            if self.since_ms <= ts_ms < self.until_ms
        }

    def run(self) -> Outcome:
        """Run this symbol alone."""
        return run_together([self])[0]

    # ------------------------------------------------------------------ A: before candle T

    def decide(self, i: int, ts_ms: int) -> None:
        """Timers, the close hook, the question."""
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

    def resting_exits_at_open(self, i: int, ts_ms: int) -> None:
        """Fill a stop at the open that has passed it, a target at its own price."""
        price, held = self.candles.open[i], self.held
        if held is None:
            return
        plan = held.plan
        if reached(price, plan.stop, -plan.side):
            self._exit(price, "stop_loss", ts_ms)
        elif plan.target is not None and reached(price, plan.target, plan.side):
            self._exit(plan.target, "take_profit", ts_ms)

    def market_exit_at_open(self, i: int, ts_ms: int) -> None:
        """Fill what was decided to close, unless a resting order was first."""
        if self.held and self.close_reason is not None:
            self._exit(self.candles.open[i], self.close_reason, ts_ms)

    def entry_at_open(self, i: int, ts_ms: int) -> None:
        """Fill a market entry inside its guard, and a resting one whose price is there."""
        price, plan = self.candles.open[i], self.ordered
        if plan is None or not self._fills_now(plan, price):
            return
        self.ordered = None
        if plan.entry_type == "market" and self._passed(plan, price):
            self._event("rejected", ts_ms, "gap_reject")
            return
        opened = self._enter(plan, price, ts_ms)
        if opened and reached(price, plan.stop, -plan.side):
            self._exit(price, "stop_loss", ts_ms)
        elif opened and reached(price, plan.target, plan.side):
            self._exit(price, "take_profit", ts_ms)

    def entry_inside(self, i: int, ts_ms: int) -> None:
        """Fill a resting entry that the candle touches, at its own price."""
        plan = self.ordered
        self.entered_inside = False
        if plan is not None and plan.entry is not None and self._touches_entry(plan, i):
            self.ordered = None
            self.entered_inside = self._enter(plan, plan.entry, ts_ms + self.interval_ms)

    def exit_inside(self, i: int, ts_ms: int) -> None:
        """Fill a stop or target that the candle touches; otherwise mark its extremes.

        A candle that filled the entry inside marks none.
        """
        held = self.held
        if held is None:
            return
        high, low = self.candles.high[i], self.candles.low[i]
        plan, label_ms = held.plan, ts_ms + self.interval_ms
        best, worst = (high, low) if plan.side > 0 else (low, high)
        touched = {
            "stop": reached(worst, plan.stop, -plan.side),
            "target": reached(best, plan.target, plan.side),
        }
        hits = {
            kind: next(
                (each for each in self._visits(plan, target_first=kind) if touched[each]), ""
            )
            for kind in (False, True)
        }
        if hits[False] != hits[True]:
            held.ambiguous = True
            self.out.ambiguous_candles += 1
        hit = hits[self.target_first]
        if hit == "stop" and plan.stop is not None:
            self._exit(plan.stop, "stop_loss", label_ms)
        elif hit == "target" and plan.target is not None:
            self._exit(plan.target, "take_profit", label_ms)
        elif not self.entered_inside:
            self._mark(held, best)
            self._mark(held, worst)

    def _visits(self, plan: Plan, *, target_first: bool) -> list[str]:
        """Return what prices can come to after the entry, or from the open on, in their order.

        The harsh way ends at the stop for whoever entered inside. The kind way has passed the stop
        of a stop entry before that entry; to the stop of a limit entry it only gets through it.
        """
        if not self.entered_inside:
            return ["target", "stop"] if target_first else ["stop", "target"]
        if not target_first:
            return ["stop"]
        return ["target", "stop"] if plan.entry_type == "limit" else ["target"]

    def _touches_entry(self, plan: Plan, i: int) -> bool:
        high, low = self.candles.high[i], self.candles.low[i]
        return self._fills_now(plan, high) or self._fills_now(plan, low)

    def end_frame(self) -> None:
        """Cancel what rests; close what is open at the last close inside the frame."""
        if self.ordered:
            self._cancel("frame_end", self.until_ms)
        if self.held:
            close = self.candles.close[max(self.index_of.values())]
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
            quantity = self.purse.cash * plan.equity_pct / 100.0 / (1.0 + fee_frac) / paid
        if self.lot_size > 0.0:
            quantity = math.floor(quantity / self.lot_size + DUST) * self.lot_size
        if quantity <= 0.0:
            self._event("rejected", ts_ms, "less than a lot")
            return False
        held = Held(plan, ts_ms, price, paid, quantity, quantity * paid * fee_frac)
        if held.cost + held.fee > self.purse.cash * (1.0 + DUST):
            self._event("rejected", ts_ms, "insufficient_cash")
            return False
        self.purse.cash -= held.cost + held.fee
        self.held = held
        held.peak_pct = held.drawdown_pct = self._pnl(held, price, maker=False)[1]
        self._event("opened", ts_ms, price)
        return True

    def _exit(self, price: float, reason: str, ts_ms: int) -> None:
        held = self.held
        assert held is not None, "only what is open can be closed"
        maker = reason == "take_profit"
        paid = self._paid(price, -held.plan.side, maker=maker)
        fee = held.quantity * paid * self._fee_frac(maker=maker)
        pnl, pnl_pct = self._pnl(held, price, maker=maker)
        self._raise_marks(held, pnl_pct)
        self.purse.cash += held.cost + pnl + held.fee
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
                "ambiguous": held.ambiguous,
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
