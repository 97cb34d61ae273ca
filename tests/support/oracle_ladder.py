"""The shipped ladder as one plain loop over the candles of all symbols, in one account.

Written from the rules in words; nothing of the toolkit is imported, and of the other oracles only
the columns of candles. It knows this one strategy: a long at every chance, one more rung wherever
no entry is near, out when the blended position has earned its target.

At each candle T, for all symbols before the next half: what is decided, knowing only candles before
T; then what the open fills, which is labelled T; then what the inside touches, labelled a minute
later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.oracle_terms import Candles, Trade

MINUTE_MS = 60_000
RUNG = 100.0
RUNGS = 10
STOP_PCT, GOAL_PCT = 25.0, 50.0
ABOVE_PCT, BELOW_PCT, ENOUGH_PCT = 5.0, 1.0, 3.0
FEE = SLIPPAGE = 0.001
DUST = 1e-9


@dataclass
class Held:
    """An open ladder; `fees` are those of its entries."""

    stop: float
    goal: float
    entries: list[Trade] = field(default_factory=list)
    quantity: float = 0.0
    cost: float = 0.0
    fees: float = 0.0
    peak_pct: float = 0.0
    drawdown_pct: float = 0.0

    def pnl_pct(self, price: float) -> float:
        """Return what selling it all at `price` would have earned, in percent of its cost."""
        got = self.quantity * price * (1.0 - SLIPPAGE)
        return (got * (1.0 - FEE) - self.cost - self.fees) / self.cost * 100.0

    def is_near(self, price: float) -> bool:
        """Say whether `price` is at most 5 % above or 1 % below any entry."""
        return any(
            entry["price"] * (1.0 - BELOW_PCT / 100.0 - DUST)
            <= price
            <= entry["price"] * (1.0 + ABOVE_PCT / 100.0 + DUST)
            for entry in self.entries
        )

    def lowest(self) -> float:
        """Return the lowest entry; a rung is only ever bought below it."""
        return float(min(entry["price"] for entry in self.entries))

    def mark(self, pnl_pct: float) -> None:
        """Remember the profit if it is the best or the worst."""
        self.peak_pct = max(self.peak_pct, pnl_pct)
        self.drawdown_pct = min(self.drawdown_pct, pnl_pct)


@dataclass
class Symbol:
    """One symbol: what is held, what the next open is asked to do, what came of it."""

    candles: Candles
    held: Held | None = None
    leaving: str = ""
    opening: Held | None = None
    adding: bool = False
    trades: list[Trade] = field(default_factory=list)
    short_of_cash: list[int] = field(default_factory=list)
    gapped: list[int] = field(default_factory=list)


class LadderLoop:
    """All symbols and the cash they share; `hold_minutes` 0 holds for as long as it takes."""

    def __init__(
        self, market: Mapping[str, Candles], *, capital: float, hold_minutes: int = 0
    ) -> None:
        """Start flat; the candles of all symbols are of the same minutes."""
        self.cash = self.least_cash = capital
        self.hold_ms = hold_minutes * MINUTE_MS
        self.symbols = {name: Symbol(candles) for name, candles in market.items()}

    def run(self) -> dict[str, Symbol]:
        """Go from the second candle, the first that has one before it, to the end."""
        symbols = list(self.symbols.values())
        times = symbols[0].candles.ts_ms
        assert all(each.candles.ts_ms == times for each in symbols), "one time for all"
        for i in range(1, len(times)):
            for each in symbols:
                self.decide(each, i)
            for each in symbols:
                self.exit_at_open(each, i)
            for each in symbols:
                self.enter_at_open(each, i)
            self.least_cash = min(self.least_cash, self.cash)
            for each in symbols:
                self.look_inside(each, i)
        for each in symbols:
            self.sell(each, each.candles.close[-1], "frame_end", times[-1] + MINUTE_MS)
        return self.symbols

    def decide(self, each: Symbol, i: int) -> None:
        """Close by the clock, add a rung, close for profit, and ask where nothing will be held."""
        price, now = each.candles.close[i - 1], each.candles.ts_ms[i]
        held = each.held
        if held:
            if self.hold_ms and now - held.entries[0]["ts_ms"] >= self.hold_ms:
                each.leaving = "time_expired"
            else:
                each.adding = (
                    len(held.entries) < RUNGS
                    and not held.is_near(price)
                    and held.stop < price < held.lowest()
                )
                if held.pnl_pct(price) >= ENOUGH_PCT:
                    each.leaving = "closed"
        if not held or each.leaving:
            stop, goal = price * (1.0 - STOP_PCT / 100.0), price * (1.0 + GOAL_PCT / 100.0)
            each.opening = Held(stop, goal)

    def exit_at_open(self, each: Symbol, i: int) -> None:
        """Fill what rests there, the stop at the open and the goal at its price; then the close."""
        held, price, now = each.held, each.candles.open[i], each.candles.ts_ms[i]
        if held and price <= held.stop:
            self.sell(each, price, "stop_loss", now)
        elif held and price >= held.goal:
            self.sell(each, held.goal, "take_profit", now)
        elif held and each.leaving:
            self.sell(each, price, each.leaving, now)

    def enter_at_open(self, each: Symbol, i: int) -> None:
        """Fill the first rung between stop and goal, another only as a new low above the stop."""
        price, now = each.candles.open[i], each.candles.ts_ms[i]
        opening, adding, held = each.opening, each.adding, each.held
        each.opening, each.adding = None, False
        if opening and not opening.stop < price < opening.goal:
            each.gapped.append(now)
        elif opening and self.buy(each, opening, price, now):
            each.held = opening
        elif held and adding:
            if held.stop < price < held.lowest():
                self.buy(each, held, price, now)
            else:
                each.gapped.append(now)

    def look_inside(self, each: Symbol, i: int) -> None:
        """Fill the stop, else the goal; a candle that ends nothing leaves its extremes."""
        held = each.held
        if not held:
            return
        high, low = each.candles.high[i], each.candles.low[i]
        close_ms = each.candles.ts_ms[i] + MINUTE_MS
        if low <= held.stop:
            self.sell(each, held.stop, "stop_loss", close_ms)
        elif high >= held.goal:
            self.sell(each, held.goal, "take_profit", close_ms)
        else:
            held.mark(held.pnl_pct(high))
            held.mark(held.pnl_pct(low))

    def buy(self, each: Symbol, held: Held, price: float, ts_ms: int) -> bool:
        """Add a rung unless its cost and fee are more than the free cash."""
        fee = RUNG * FEE
        if RUNG + fee > self.cash * (1.0 + DUST):
            each.short_of_cash.append(ts_ms)
            return False
        self.cash -= RUNG + fee
        quantity = RUNG / (price * (1.0 + SLIPPAGE))
        held.entries.append({"ts_ms": ts_ms, "price": price, "quantity": quantity, "fee": fee})
        held.quantity += quantity
        held.cost += RUNG
        held.fees += fee
        held.peak_pct = held.drawdown_pct = held.pnl_pct(price)
        return True

    def sell(self, each: Symbol, price: float, reason: str, ts_ms: int) -> None:
        """Sell all that is held, if anything, and write the trade down."""
        held, each.held, each.leaving = each.held, None, ""
        if not held:
            return
        got = held.quantity * price * (1.0 - SLIPPAGE)
        fee = got * FEE
        self.cash += got - fee
        held.mark(held.pnl_pct(price))
        last = {"ts_ms": ts_ms, "price": price, "quantity": held.quantity, "fee": fee}
        each.trades.append(
            {
                "direction": "long",
                "entry_ts_ms": held.entries[0]["ts_ms"],
                "entry_price": held.entries[0]["price"],
                "exit_ts_ms": ts_ms,
                "exit_price": price,
                "reason": reason,
                "cost": held.cost,
                "quantity": held.quantity,
                "pnl": got - fee - held.cost - held.fees,
                "pnl_pct": held.pnl_pct(price),
                "fees": held.fees + fee,
                "entries": held.entries,
                "exits": [last],
                "peak_pct": held.peak_pct,
                "drawdown_pct": held.drawdown_pct,
                "ambiguous": False,
            }
        )
