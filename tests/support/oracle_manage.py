"""The minute of the fill model for positions that are managed, as plainly as it can be said.

What `oracle` says of entering and asking holds; here are averages, parts, several targets, and
stops and targets that move. Written from the design documents alone, importing nothing of the
toolkit. Money is summed over all fills at the end, never carried along as an average.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.support.oracle import Oracle
from tests.support.oracle_held import (
    Goal,
    Holding,
    ManagedPlan,
    Waiting,
    better,
    bound_of,
    guarded,
    halved,
    hits,
    left,
)
from tests.support.oracle_terms import DUST, Plan, reached

if TYPE_CHECKING:
    from tests.support.oracle_held import Ask, ManagedScript


@dataclass
class ManagedOracle(Oracle):
    """One symbol with a script that manages what it holds; `refused` are (ts_ms, rule) in order."""

    tick: float = 0.25
    hook_every: int = 1
    hook_slot: int = -1
    refused: list[tuple[int, str]] = field(default_factory=list)
    holding: Holding | None = None

    def decide(self, i: int, ts_ms: int) -> None:
        """Timers, the trailing stop, hooks in the order of their asking, the question."""
        self._timers(ts_ms)
        if not self._knows_enough(i, ts_ms):
            return
        close = self.candles.close[i - 1]
        holding, script = self.holding, self._script
        if holding is not None and ts_ms >= holding.deadline_ms:
            self.close_reason = "time_expired"
        if holding is not None and self.close_reason is None:
            self._follow(holding, close, ts_ms)
        slot = ts_ms // (self.hook_every * self.interval_ms)
        hooked = slot > self.hook_slot
        if hooked and holding is not None:
            self.hook_slot = slot
            for ask in script.acts(self.candles, i, holding.plan.direction):
                rule = self._act(holding, ask, close, ts_ms)
                if rule:
                    self.refused.append((ts_ms, rule))
        elif holding is None and self.ordered is not None:
            self._change_entry(script.waits(self.candles, i), close, ts_ms)
        slot = ts_ms // self.strategy.every_ms
        flat = self.holding is None and self.ordered is None
        if (flat or self.close_reason is not None) and slot != self.used_slot:
            self.used_slot = slot
            self._ask(i, ts_ms)

    @property
    def _script(self) -> ManagedScript:
        return self.strategy  # type: ignore[return-value]  # it is made of nothing else

    def _change_entry(self, wish: str, close: float, ts_ms: int) -> None:
        assert self.ordered is not None, "only what waits can be changed"
        if wish == "cancel":
            self._cancel("cancelled", ts_ms)
        elif wish == "fill_now" and not left(self.ordered, close):
            self.ordered = replace(self.ordered, entry=None, entry_type="market")

    def _follow(self, holding: Holding, close: float, ts_ms: int) -> None:
        """Let the trailing stop follow the best close, once one was far enough."""
        plan, side = holding.plan, holding.plan.side
        if plan.trail_pct is None:
            return
        if holding.best is None or side * (close - holding.best) > 0.0:
            holding.best = close
        if plan.trail_after_pct is not None:
            start = holding.average * (1.0 + side * plan.trail_after_pct / 100.0)
            if side * (holding.best - start) < -DUST:
                return
        wanted = holding.best * (1.0 - side * plan.trail_pct / 100.0)
        self._move_stop(holding, self._grid(wanted, -side), close, ts_ms, loosen=False)

    def _act(self, holding: Holding, ask: Ask, close: float, ts_ms: int) -> str:
        """Do what is asked for; return the rule that refuses it."""
        if self.close_reason is not None:
            return "already_closing"
        if ask.kind == "close":
            self.close_reason = "closed"
            return ""
        if ask.kind == "average_buy":
            return self._average_buy(holding, ask, close)
        if ask.kind == "close_part":
            return self._close_part(holding, ask)
        return self._move(holding, ask, close, ts_ms)

    def _move(self, holding: Holding, ask: Ask, close: float, ts_ms: int) -> str:
        side = holding.plan.side
        if ask.kind == "breakeven":
            wanted = self._grid(self._net_zero(holding), side)
            return self._move_stop(holding, wanted, close, ts_ms, loosen=False)
        away = side if ask.kind == "trail_target" else -side
        wanted = ask.price if ask.price is not None else close * (1 + away * ask.percent / 100)
        wanted = self._grid(wanted, away)
        if ask.kind == "trail_target":
            return self._move_target(holding, wanted, close, ts_ms)
        return self._move_stop(holding, wanted, close, ts_ms, loosen=ask.loosen)

    def _average_buy(self, holding: Holding, ask: Ask, close: float) -> str:
        side, price = holding.plan.side, close if ask.price is None else ask.price
        bound = bound_of(holding, ask.mode)
        waiting = holding.averages
        if ask.max_entries and len(holding.entries) + len(waiting) + 1 > ask.max_entries:
            return "max_entries"
        asked_for = sum(each.cost for each in waiting) + ask.cost
        if ask.max_cost and holding.cost + asked_for > ask.max_cost * (1.0 + DUST):
            return "max_cost"
        if bound is not None and not better(price, bound, side):
            extreme = ask.mode == "new_extreme"
            return "not_a_new_extreme" if extreme else "not_below_effective"
        if any(each.limit == ask.price for each in waiting):
            return "average_pending"
        if reached(price, holding.stop, -side):
            return "beyond_stop"
        target = holding.goals[0].price if holding.goals else None
        waiting.append(Waiting(ask.cost, ask.price, holding.stop, bound, target))
        return ""

    def _close_part(self, holding: Holding, ask: Ask) -> str:
        free = holding.quantity - sum(holding.parts)
        if ask.pct is None:
            want = ask.cost / holding.cost_left * holding.quantity
        else:
            want = ask.pct / 100.0 * free
        if want > free * (1.0 + DUST):
            return "more_than_held"
        if want >= holding.quantity * (1.0 - DUST):
            self.close_reason = "closed"
            return ""
        part = self._lots(min(free, want))
        if part <= 0.0:
            return "below_lot_size"
        holding.parts.append(part)
        return ""

    def _move_stop(
        self, holding: Holding, price: float, close: float, ts_ms: int, *, loosen: bool
    ) -> str:
        side, old = holding.plan.side, holding.stop
        if reached(close, price, -side):
            return "stop_passed"
        if price == old:
            return "not_moved"
        if old is not None and side * (price - old) < 0.0:
            if not loosen:
                return "not_tighter"
            distance_pct = side * (holding.average - price) / holding.average * 100.0
            if distance_pct > self.stop_distance_max_pct + DUST:
                return "stop_too_far"
        if price <= 0.0:
            return "stop_too_far"
        holding.stop = price
        self._event("trailed stop", ts_ms, price)
        return ""

    def _move_target(self, holding: Holding, price: float, close: float, ts_ms: int) -> str:
        if len(holding.goals) > 1:
            return "several_targets"
        if reached(close, price, holding.plan.side):
            return "target_passed"
        if price <= 0.0:
            return "target_too_far"
        if holding.goals and holding.goals[0].price == price:
            return "not_moved"
        goal = holding.goals[0] if holding.goals else Goal(price, 100.0, takes_all=True)
        holding.goals = [replace(goal, price=price)]
        self._event("trailed target", ts_ms, price)
        return ""

    def _net_zero(self, holding: Holding) -> float:
        """Return where a close of what is held pays its entry and exit, by halving."""
        side, fee = holding.plan.side, self._fee_frac(maker=False)
        entry = holding.cost_left / holding.quantity

        def earned(price: float) -> float:
            paid = self._paid(price, -side, maker=False)
            return side * (
                side * (paid - entry) - fee * paid - holding.fees_left / holding.quantity
            )

        return halved(earned, 0.0, entry * 4.0)

    def resting_exits_at_open(self, i: int, ts_ms: int) -> None:
        """Fill a stop at the open that has passed it, targets at their own prices."""
        price, holding = self.candles.open[i], self.holding
        if holding is None:
            return
        side = holding.plan.side
        if reached(price, holding.stop, -side):
            self._take_all(price, "stop_loss", ts_ms)
            return
        while self.holding and holding.goals and reached(price, holding.goals[0].price, side):
            self._reach_goal(holding, ts_ms)

    def market_exit_at_open(self, i: int, ts_ms: int) -> None:
        """Fill parts in the order given, then the close of everything."""
        price, holding = self.candles.open[i], self.holding
        while holding is not None and self.holding and holding.parts:
            self._take(price, holding.parts.pop(0), "closed", ts_ms)
        if self.holding and self.close_reason is not None:
            self._take_all(price, self.close_reason, ts_ms)

    def entry_at_open(self, i: int, ts_ms: int) -> None:
        """Fill what the open lets in: an entry, or averages in the order given."""
        price, holding = self.candles.open[i], self.holding
        if holding is None:
            self._first_entry_at_open(price, ts_ms)
            return
        side = holding.plan.side
        for each in list(holding.averages):
            if each.limit is None:
                holding.averages.remove(each)
                if guarded(each, price, side):
                    self._add(holding, each, price, ts_ms)
                else:
                    self._event("rejected", ts_ms, "gap_reject")
            elif reached(price, each.limit, -side):
                holding.averages.remove(each)
                self._add(holding, each, price, ts_ms)

    def _first_entry_at_open(self, price: float, ts_ms: int) -> None:
        plan = self.ordered
        if plan is None or not self._fills_now(plan, price):
            return
        self.ordered = None
        if plan.entry_type == "market" and self._passed(plan, price):
            self._event("rejected", ts_ms, "gap_reject")
        elif self._enter(plan, price, ts_ms):
            if reached(price, plan.stop, -plan.side):
                self._take_all(price, "stop_loss", ts_ms)
            while self.holding and hits(self.holding, "target", price, price):
                self._reach_goal(self.holding, ts_ms, price)

    def entry_inside(self, i: int, ts_ms: int) -> None:
        """Fill a waiting entry, or waiting averages, the nearest first; none beyond the stop."""
        self.entered_inside, self.way_past_stop = False, True
        label_ms, holding, plan = ts_ms + self.interval_ms, self.holding, self.ordered
        if holding is None:
            if plan is not None and plan.entry is not None and self._touches_entry(plan, i):
                self.ordered = None
                self.entered_inside = self._enter(plan, plan.entry, label_ms)
                self.way_past_stop = plan.entry_type == "limit"
            return
        side = holding.plan.side
        worst = self.candles.low[i] if side > 0 else self.candles.high[i]
        for each in sorted(holding.averages, key=lambda each: -side * (each.limit or 0.0)):
            assert each.limit is not None, "what goes to market was decided at the open"
            if reached(worst, each.limit, -side) and not reached(each.limit, holding.stop, -side):
                holding.averages.remove(each)
                self.entered_inside |= self._add(holding, each, each.limit, label_ms)

    def exit_inside(self, i: int, ts_ms: int) -> None:
        """Fill what the candle touches, on the way that is taken; mark the extremes of others."""
        holding = self.holding
        if holding is None:
            return
        high, low = self.candles.high[i], self.candles.low[i]
        side, label_ms = holding.plan.side, ts_ms + self.interval_ms
        best, worst = (high, low) if side > 0 else (low, high)
        ways = {kind: self._way(target_first=kind) for kind in (False, True)}
        first = {
            kind: next((each for each in way if hits(holding, each, best, worst)), "")
            for kind, way in ways.items()
        }
        if first[False] != first[True]:
            holding.ambiguous = True
            self.out.ambiguous_candles += 1
        for each in ways[self.target_first]:
            while self.holding and hits(holding, each, best, worst):
                if each == "stop":
                    assert holding.stop is not None
                    self._take_all(holding.stop, "stop_loss", label_ms)
                else:
                    self._reach_goal(holding, label_ms)
        if self.holding and not self.entered_inside:
            holding.mark(self._earned(holding, best))
            holding.mark(self._earned(holding, worst))

    def _way(self, *, target_first: bool) -> list[str]:
        if not self.entered_inside:
            return ["target", "stop"] if target_first else ["stop", "target"]
        if not target_first:
            return ["stop"]
        return ["target", "stop"] if self.way_past_stop else ["target"]

    def end_frame(self) -> None:
        """Cancel what rests; close what is open at the last close inside the frame."""
        if self.ordered:
            self._cancel("frame_end", self.until_ms)
        if self.holding:
            close = self.candles.close[max(self.index_of.values())]
            self._take_all(close, "frame_end", self.until_ms)

    # ------------------------------------------------------------------ money

    def _take_all(self, price: float, reason: str, ts_ms: int) -> None:
        self._take(price, math.inf, reason, ts_ms)

    def _enter(self, plan: Plan, price: float, ts_ms: int) -> bool:
        assert isinstance(plan, ManagedPlan)
        holding = Holding(plan, ts_ms, plan.stop, plan.goals())
        cost = plan.cost
        if cost is None:
            fee_frac = self._fee_frac(maker=plan.entry_type == "limit")
            cost = self.purse.cash * (plan.equity_pct or 0.0) / 100.0 / (1.0 + fee_frac)
        if not self._buy(holding, cost, price, ts_ms, maker=plan.entry_type == "limit"):
            return False
        self.holding = holding
        self._event("opened", ts_ms, price)
        return True

    def _add(self, holding: Holding, each: Waiting, price: float, ts_ms: int) -> bool:
        maker = each.limit is not None
        if not self._buy(holding, each.cost, price, ts_ms, maker=maker):
            return False
        holding.best = None
        self._event("averaged", ts_ms, price)
        return True

    def _buy(self, holding: Holding, cost: float, price: float, ts_ms: int, *, maker: bool) -> bool:
        paid = self._paid(price, holding.plan.side, maker=maker)
        quantity = self._lots(cost / paid)
        fee = quantity * paid * self._fee_frac(maker=maker)
        if quantity <= 0.0:
            self._event("rejected", ts_ms, "less than a lot")
            return False
        if quantity * paid + fee > self.purse.cash * (1.0 + DUST):
            self._event("rejected", ts_ms, "insufficient_cash")
            return False
        self.purse.cash -= quantity * paid + fee
        holding.enter(ts_ms, price, paid, quantity, fee)
        holding.peak_pct = holding.drawdown_pct = self._earned(holding, price)
        return True

    def _reach_goal(self, holding: Holding, ts_ms: int, price: float | None = None) -> None:
        """Take off the share of the nearest target, at its own price unless told another."""
        goal = holding.goals.pop(0)
        share = self._lots(holding.entered * goal.share_pct / 100.0)
        quantity = holding.quantity if goal.takes_all else share
        at = goal.price if price is None else price
        if quantity <= 0.0:
            self._event("rejected", ts_ms, "less than a lot")
        else:
            self._take(at, quantity, "take_profit", ts_ms)

    def _take(self, price: float, quantity: float, reason: str, ts_ms: int) -> None:
        holding = self.holding
        assert holding is not None, "only what is held is taken off"
        maker, side = reason == "take_profit", holding.plan.side
        paid = self._paid(price, -side, maker=maker)
        whole = quantity >= holding.quantity * (1.0 - DUST)
        quantity = holding.quantity if whole else quantity
        fee = quantity * paid * self._fee_frac(maker=maker)
        freed = holding.leave(ts_ms, price, paid, quantity, fee)
        self.purse.cash += freed + side * (quantity * paid - freed) - fee
        if not whole:
            self._event("partial", ts_ms, price)
            return
        holding.mark(holding.pnl / holding.cost * 100.0)
        self.out.trades.append(holding.trade(reason))
        self._event("closed", ts_ms, price)
        self.holding = self.close_reason = None

    def _earned(self, holding: Holding, price: float) -> float:
        """Return what closing at market at `price` would have earned in all, in percent."""
        paid = self._paid(price, -holding.plan.side, maker=False)
        rest = holding.quantity * paid
        pnl = holding.pnl + holding.plan.side * rest - rest * self._fee_frac(maker=False)
        return pnl / holding.cost * 100.0

    def _lots(self, quantity: float) -> float:
        if self.lot_size == 0.0:
            return quantity
        return math.floor(quantity / self.lot_size + DUST) * self.lot_size

    def _grid(self, price: float, away: int) -> float:
        """Return the price on the grid at or beyond `price`, upwards (+1) or downwards (-1)."""
        steps = away * price / self.tick
        return away * math.ceil(steps - DUST) * self.tick
