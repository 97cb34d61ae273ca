"""The shipped portfolio as one plain loop: two strategies, all symbols, one account, one profile.

Written from the rules in words; nothing of the toolkit is imported, and of the other oracles only
the columns of candles. It knows these two strategies: one waits below the market and averages, one
buys new highs. Before anything is sent, five limits are looked at, in the order of the profile.

At each candle T, for all symbols before the next half: what is decided, knowing only candles before
T; then what the open fills, which is labelled T; then what the inside touches, labelled a minute
later. In each half symbols take turns, and in a symbol the dips come before the breakouts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.oracle_terms import Candles, Trade

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
COST = 300.0
FEE = SLIPPAGE = 0.001
DUST = 1e-9

POSITIONS = 12
EXPOSURE, SYMBOL_EXPOSURE = 4_000.0, 1_000.0
COOLDOWN_MS = 6 * HOUR_MS
DAY_LOSS_PCT = 1.0


@dataclass
class Wanted:
    """An entry, sent at `since_ms`: at market without a `price`, else waiting for it."""

    stop: float
    goal: float
    since_ms: int
    price: float | None = None


@dataclass
class Held:
    """What is held of a symbol; `fees` are those of its entries."""

    stop: float
    goal: float
    entries: list[Trade] = field(default_factory=list)
    quantity: float = 0.0
    cost: float = 0.0
    fees: float = 0.0
    peak_pct: float = 0.0
    drawdown_pct: float = 0.0
    ambiguous: bool = False

    def pnl_pct(self, price: float) -> float:
        """Return what selling it all at `price` would have earned, in percent of its cost."""
        got = self.quantity * price * (1.0 - SLIPPAGE)
        return (got * (1.0 - FEE) - self.cost - self.fees) / self.cost * 100.0

    def lowest(self) -> float:
        """Return the lowest entry; another one is only ever bought below it."""
        return float(min(entry["price"] for entry in self.entries))

    def mark(self, pnl_pct: float) -> None:
        """Remember the profit if it is the best or the worst."""
        self.peak_pct = max(self.peak_pct, pnl_pct)
        self.drawdown_pct = min(self.drawdown_pct, pnl_pct)


class Idea(Protocol):
    """A strategy in words; index `i` is the candle about to open, only `..i-1` is known."""

    name: str
    every_ms: int
    hold_ms: int

    def wants(self, candles: Candles, i: int) -> Wanted | None:
        """Answer the question that it is asked when it holds nothing."""

    def averages(self, held: Held, price: float) -> bool:
        """Say whether another entry is wanted at last close `price`."""


class Dips:
    """A limit 1 % below the last close for two hours, up to three entries 1 % below one another."""

    name, every_ms, hold_ms = "dips", 30 * MINUTE_MS, 3 * DAY_MS

    def wants(self, candles: Candles, i: int) -> Wanted | None:
        """Wait below the market, whatever it does."""
        price = candles.close[i - 1] * (1.0 - 1.0 / 100.0)
        stop, goal = price * (1.0 - 4.0 / 100.0), price * (1.0 + 1.5 / 100.0)
        return Wanted(stop, goal, candles.ts_ms[i], price)

    def averages(self, held: Held, price: float) -> bool:
        """Want one more on a close a percent below the lowest."""
        return len(held.entries) < 3 and price <= held.lowest() * (1.0 - 1.0 / 100.0)


class Breakouts:
    """At market above the highs of 24 closed hours, the newest closed one not counted."""

    name, every_ms, hold_ms = "breakouts", HOUR_MS, DAY_MS

    def wants(self, candles: Candles, i: int) -> Wanted | None:
        """Buy a close above all of them."""
        price, now = candles.close[i - 1], candles.ts_ms[i]
        end = i - (now % HOUR_MS + HOUR_MS) // MINUTE_MS
        if price <= max(candles.high[end - 24 * 60 : end]):
            return None
        return Wanted(price * (1.0 - 2.0 / 100.0), price * (1.0 + 4.0 / 100.0), now)

    def averages(self, held: Held, price: float) -> bool:
        """Never add."""
        del held, price
        return False


@dataclass
class Seat:
    """One strategy on one symbol: what it holds, what it has sent, what came of it.

    `asked_slot` and `looked_slot` are the last slots in which it was asked and in which it looked
    whether to average; `refused` are (time, rule).
    """

    idea: Idea
    symbol: str
    candles: Candles
    held: Held | None = None
    leaving: bool = False
    wanted: Wanted | None = None
    adding: bool = False
    entered_inside: bool = False
    asked_slot: int = -1
    looked_slot: int = -1
    trades: list[Trade] = field(default_factory=list)
    refused: list[tuple[int, str]] = field(default_factory=list)
    cancelled: list[int] = field(default_factory=list)

    def at_stake(self) -> float | None:
        """Return what it has in the market or wants to have there, None if nothing."""
        wanted = COST if self.wanted else 0.0
        if self.held is None:
            return wanted or None
        return max(self.held.cost + (COST if self.adding else 0.0), wanted)


class PortfolioLoop:
    """Both strategies on all symbols, the cash and the limits they share."""

    def __init__(self, market: Mapping[str, Candles], *, capital: float, first: int) -> None:
        """Start flat before candle `first`; the candles of all symbols are of the same minutes."""
        self.cash = self.balance = self.day_balance = capital
        self.first = first
        self.stops: dict[str, int] = {}
        self.most_at_stake = 0.0
        self.most_positions = 0
        self.seats = [
            Seat(idea, symbol, candles)
            for symbol, candles in market.items()
            for idea in (Dips(), Breakouts())
        ]

    def run(self) -> list[Seat]:
        """Go from the first decision to the end."""
        times = self.seats[0].candles.ts_ms
        assert all(each.candles.ts_ms == times for each in self.seats), "one time for all"
        for i in range(self.first, len(times)):
            if times[i] % DAY_MS == 0:
                self.day_balance = self.balance
            self.step(i)
        until_ms = times[-1] + MINUTE_MS
        for each in self.seats:
            if each.wanted:
                each.cancelled.append(until_ms)
            if each.held:
                self.sell(each, each.candles.close[-1], "frame_end", until_ms)
        return self.seats

    def step(self, i: int) -> None:
        """Play candle `i`: each half for all before the next."""
        for each in self.seats:
            self.decide(each, i)
        self.look_at_limits()
        for each in self.seats:
            self.exit_at_open(each, i)
        for each in self.seats:
            self.enter_at_open(each, i)
        for each in self.seats:
            self.enter_inside(each, i)
        for each in self.seats:
            self.exit_inside(each, i)

    # --- what is decided before the candle ---------------------------------------------------

    def decide(self, each: Seat, i: int) -> None:
        """Go by the clock, average, and ask where nothing will be held."""
        now, held = each.candles.ts_ms[i], each.held
        if each.wanted and now - each.wanted.since_ms >= 2 * HOUR_MS:
            each.wanted = None
            each.cancelled.append(now)
        if held and now - held.entries[0]["ts_ms"] >= each.idea.hold_ms:
            each.leaving = True
        if held and now // (15 * MINUTE_MS) > each.looked_slot:
            each.looked_slot = now // (15 * MINUTE_MS)
            self.average(each, held, i)
        slot = now // each.idea.every_ms
        if (each.leaving or not held) and not each.wanted and slot > each.asked_slot:
            each.asked_slot = slot
            wanted = each.idea.wants(each.candles, i)
            if wanted and self.allows(each, i, average=False):
                each.wanted = wanted

    def average(self, each: Seat, held: Held, i: int) -> None:
        """Send another entry if it is wanted and may be, at a new low above the stop."""
        price = each.candles.close[i - 1]
        if each.leaving or not each.idea.averages(held, price) or price <= held.stop:
            return
        each.adding = self.allows(each, i, average=True)

    def allows(self, each: Seat, i: int, *, average: bool) -> bool:
        """Ask the limits in their order; the first that is broken is noted."""
        rule = self.broken(each, i, average=average)
        if rule:
            each.refused.append((each.candles.ts_ms[i], rule))
        return not rule

    def broken(self, asking: Seat, i: int, *, average: bool) -> str:
        """Return the limit that what `asking` wants would break, empty if none."""
        now = asking.candles.ts_ms[i]
        others = [
            (each.symbol, cost)
            for each in self.seats
            if each is not asking and (cost := each.at_stake()) is not None
        ]
        own = (asking.at_stake() or 0.0) if average else 0.0
        if not average and len(others) >= POSITIONS:
            return "max_open_positions"
        if sum(cost for _, cost in others) + own + COST > EXPOSURE * (1.0 + DUST):
            return "max_exposure"
        same = sum(cost for symbol, cost in others if symbol == asking.symbol)
        if same + own + COST > SYMBOL_EXPOSURE * (1.0 + DUST):
            return "max_symbol_exposure"
        stopped_ms = self.stops.get(asking.symbol)
        if not average and stopped_ms is not None and now - stopped_ms < COOLDOWN_MS:
            return "cooldown_after_stop"
        if (self.day_balance - self.equity(i)) / self.day_balance * 100.0 >= DAY_LOSS_PCT - DUST:
            return "max_drawdown"
        return ""

    def equity(self, i: int) -> float:
        """Return the cash and what is held at the last close."""
        return self.cash + sum(
            each.held.quantity * each.candles.close[i - 1] for each in self.seats if each.held
        )

    def look_at_limits(self) -> None:
        """Remember how much was ever at stake."""
        stakes = [cost for each in self.seats if (cost := each.at_stake()) is not None]
        self.most_at_stake = max(self.most_at_stake, sum(stakes))
        self.most_positions = max(self.most_positions, len(stakes))

    # --- what the candle does ----------------------------------------------------------------

    def exit_at_open(self, each: Seat, i: int) -> None:
        """Fill what rests there, the stop at the open and the goal at its price; then the close."""
        held, price, now = each.held, each.candles.open[i], each.candles.ts_ms[i]
        if held and price <= held.stop:
            self.sell(each, price, "stop_loss", now)
        elif held and price >= held.goal:
            self.sell(each, held.goal, "take_profit", now)
        elif held and each.leaving:
            self.sell(each, price, "time_expired", now)

    def enter_at_open(self, each: Seat, i: int) -> None:
        """Fill what goes to market inside its bracket, and what waits if the open is at its price.

        Another entry must still be a new low. A limit that opens beyond its stop is bought and
        sold again at that open.
        """
        price, now = each.candles.open[i], each.candles.ts_ms[i]
        wanted, held, adding, each.adding = each.wanted, each.held, each.adding, False
        if held and adding:
            if held.stop < price < held.lowest():
                self.buy(held, price, now)
            else:
                each.refused.append((now, "gap_reject"))
        elif wanted and wanted.price is None:
            each.wanted = None
            if wanted.stop < price < wanted.goal:
                self.open(each, wanted, price, now)
            else:
                each.refused.append((now, "gap_reject"))
        elif wanted and wanted.price is not None and price <= wanted.price:
            self.open(each, wanted, price, now)
            if price <= wanted.stop:
                self.sell(each, price, "stop_loss", now)

    def enter_inside(self, each: Seat, i: int) -> None:
        """Fill what waits where the candle touches it."""
        each.entered_inside = False
        wanted = each.wanted
        if wanted and wanted.price is not None and each.candles.low[i] <= wanted.price:
            each.entered_inside = True
            self.open(each, wanted, wanted.price, each.candles.ts_ms[i] + MINUTE_MS)

    def exit_inside(self, each: Seat, i: int) -> None:
        """Fill the stop, else the goal, which whoever entered inside does not have yet.

        A candle in which the goal may as well have come first is in doubt; one that ends nothing
        leaves its extremes, unless the entry was inside.
        """
        held = each.held
        if not held:
            return
        high, low = each.candles.high[i], each.candles.low[i]
        close_ms = each.candles.ts_ms[i] + MINUTE_MS
        if high >= held.goal and (low <= held.stop or each.entered_inside):
            held.ambiguous = True
        if low <= held.stop:
            self.sell(each, held.stop, "stop_loss", close_ms)
        elif high >= held.goal and not each.entered_inside:
            self.sell(each, held.goal, "take_profit", close_ms)
        elif not each.entered_inside:
            held.mark(held.pnl_pct(high))
            held.mark(held.pnl_pct(low))

    # --- money -------------------------------------------------------------------------------

    def open(self, each: Seat, wanted: Wanted, price: float, ts_ms: int) -> None:
        """Hold what was wanted."""
        each.wanted, each.held = None, Held(wanted.stop, wanted.goal)
        self.buy(each.held, price, ts_ms)

    def buy(self, held: Held, price: float, ts_ms: int) -> None:
        """Add an entry; the limits keep far below the cash."""
        fee = COST * FEE
        assert COST + fee <= self.cash, "cash is never short"
        self.cash -= COST + fee
        quantity = COST / (price * (1.0 + SLIPPAGE))
        held.entries.append({"ts_ms": ts_ms, "price": price, "quantity": quantity, "fee": fee})
        held.quantity += quantity
        held.cost += COST
        held.fees += fee
        held.peak_pct = held.drawdown_pct = held.pnl_pct(price)

    def sell(self, each: Seat, price: float, reason: str, ts_ms: int) -> None:
        """Sell all that is held and write the trade down."""
        held, each.held, each.leaving = each.held, None, False
        assert held is not None, "only what is held can be sold"
        got = held.quantity * price * (1.0 - SLIPPAGE)
        fee = got * FEE
        self.cash += got - fee
        pnl = got - fee - held.cost - held.fees
        self.balance += pnl
        if reason == "stop_loss":
            self.stops[each.symbol] = ts_ms
        held.mark(held.pnl_pct(price))
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
                "pnl": pnl,
                "pnl_pct": held.pnl_pct(price),
                "fees": held.fees + fee,
                "entries": held.entries,
                "exits": [{"ts_ms": ts_ms, "price": price, "quantity": held.quantity, "fee": fee}],
                "peak_pct": held.peak_pct,
                "drawdown_pct": held.drawdown_pct,
                "ambiguous": held.ambiguous,
            }
        )
