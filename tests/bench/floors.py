"""Bare loops that do the least there is to do; what the engine's speed is held against.

They know one rule and one fill model, no orders, no events and no journal: what a hand-written
backtest of that one strategy costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from tradekit.domain.candle import CandleSeries

FEE = SLIPPAGE = 0.001
PIECE = 256

Trade = tuple[int, float, int, float, str, float, float, float]
LadderTrade = tuple[list[tuple[int, float]], int, float, str, float, float, float]


def world(symbols: int, candles: int, *, seed: int = 1) -> dict[str, CandleSeries]:
    """Return random walks: four steps a minute, 0.05 % a minute, rounded to the cent."""
    from tradekit.domain.candle import CandleSeries as Series

    rng = np.random.default_rng(seed)
    since_ms = 1_775_001_600_000
    found = {}
    for number in range(symbols):
        path = 100.0 * np.exp(rng.normal(0.0, 0.00025, (candles, 4)).ravel().cumsum())
        steps = path.reshape(candles, 4)
        close = steps[:, 3]
        open_ = np.concatenate(([100.0], close[:-1]))
        high = np.maximum(steps.max(axis=1), open_)
        low = np.minimum(steps.min(axis=1), open_)
        found[f"S{number}USDT"] = Series(
            60_000,
            since_ms + 60_000 * np.arange(candles, dtype=np.int64),
            *(np.round(column, 2) for column in (open_, high, low, close)),
            np.ones(candles),
        )
    return found


async def bracket_floor(
    series: Iterable[CandleSeries],
    decide: Callable[[float], Awaitable[tuple[float, float]]],
    *,
    hold: int = 1_440,
) -> list[Trade]:
    """Await `decide` when flat, then look for the exit with NumPy in growing pieces."""
    trades = []
    for candles in series:
        opens, high, low, close = candles.open, candles.high, candles.low, candles.close
        count, i = len(opens), 1
        while i < count:
            stop, target = await decide(float(close[i - 1]))
            entry = float(opens[i])
            if not stop < entry < target:
                i += 1
                continue
            end, start, piece = min(i + hold, count), i, PIECE
            j, price, reason = end, float(close[end - 1]), "time_expired"
            while start < end:
                until = min(start + piece, end)
                touched = (low[start:until] <= stop) | (high[start:until] >= target)
                at = int(touched.argmax())
                if touched[at]:
                    j = start + at
                    first = float(opens[j])
                    if low[j] <= stop:
                        price, reason = min(first, stop) if j > i else stop, "stop_loss"
                    else:
                        price, reason = target, "take_profit"
                    break
                start, piece = until, piece * 4
            best = float(high[i : j + 1].max())
            worst = float(low[i : j + 1].min())
            paid, got = entry * (1 + SLIPPAGE), price * (1 - SLIPPAGE)
            quantity = 100.0 / paid
            pnl = quantity * (got - paid) - FEE * quantity * (got + paid)
            trades.append((i, entry, j, price, reason, pnl, best, worst))
            i = j if reason == "time_expired" else j + 1
    return trades


async def every_minute_floor(
    series: list[CandleSeries], hook: Callable[[float, float], Awaitable[None]]
) -> int:
    """Await `hook` with price and profit on every candle of all symbols, in one schedule."""
    columns = [
        (c.low.tolist(), c.high.tolist(), c.close.tolist(), float(c.open[1])) for c in series
    ]
    count, calls = len(series[0]), 0
    for k in range(1, count):
        for low, high, close, entry in columns:
            price = close[k - 1]
            paid, got = entry * (1 + SLIPPAGE), price * (1 - SLIPPAGE)
            pnl_pct = ((got - paid) - FEE * (got + paid)) / paid * 100.0
            await hook(price, pnl_pct)
            calls += 1
            if low[k] <= 0.0 or high[k] >= 1e12:
                return calls
    return calls


async def ladder_floor(
    series: Iterable[CandleSeries],
    decide: Callable[[float], Awaitable[tuple[float, float]]],
    manage: Callable[[float, float, list[float]], Awaitable[str]],
    *,
    capital: float = 10_000.0,
) -> list[list[LadderTrade]]:
    """Await `manage` on every candle held, all symbols in one schedule; return trades by symbol.

    It gets the last close, the profit after costs in percent and the prices of the rungs, and
    returns "rung", "close" or "": what the next open fills. `decide` is awaited when flat.
    """
    ladders = [FloorLadder(candles) for candles in series]
    tapes = [
        (each, each.candles.low.tolist(), each.candles.high.tolist(), each.candles.close.tolist())
        for each in ladders
    ]
    cash, kept = capital, (1.0 - SLIPPAGE) * (1.0 - FEE)
    for k in range(1, len(tapes[0][1])):
        for ladder, low, high, close in tapes:
            price, asked, bracket = close[k - 1], "open", None
            if ladder.prices:
                pnl = ladder.quantity * price * kept - ladder.paid
                asked = await manage(price, pnl / ladder.cost * 100.0, ladder.prices)
                if not asked and low[k] > ladder.stop and high[k] < ladder.target:
                    continue
            if asked in ("open", "close"):
                bracket = await decide(price)
            cash += ladder.turn(k, cash, asked, bracket)
    for ladder, _, _, close in tapes:
        if ladder.prices:
            cash += ladder.sell(len(close), close[-1], "frame_end")
    return [ladder.trades for ladder in ladders]


class FloorLadder:
    """The ladder of one symbol: what it holds, and what its few loud candles do to it."""

    __slots__ = (
        "candles",
        "cost",
        "fills",
        "paid",
        "prices",
        "quantity",
        "since",
        "stop",
        "target",
        "trades",
    )

    def __init__(self, candles: CandleSeries) -> None:
        """Start with nothing held."""
        self.candles = candles
        self.trades: list[LadderTrade] = []
        self.prices: list[float] = []
        self.fills: list[tuple[int, float]] = []
        self.quantity = self.cost = self.paid = self.stop = self.target = 0.0
        self.since = 0

    def turn(self, k: int, cash: float, asked: str, bracket: tuple[float, float] | None) -> float:
        """Play candle `k`, its open first, and return what that does to the cash."""
        first, delta = self.candles.open.item(k), 0.0
        if self.prices:
            if first <= self.stop:
                delta += self.sell(k, first, "stop_loss")
            elif first >= self.target:
                delta += self.sell(k, self.target, "take_profit")
            elif asked == "close":
                delta += self.sell(k, first, "closed")
        if bracket is not None and bracket[0] < first < bracket[1]:
            self.stop, self.target = bracket
            delta += self.buy(k, first, cash + delta)
        elif asked == "rung" and self.prices and first < min(self.prices):
            delta += self.buy(k, first, cash + delta)
        if self.prices and self.candles.low.item(k) <= self.stop:
            delta += self.sell(k + 1, self.stop, "stop_loss")
        elif self.prices and self.candles.high.item(k) >= self.target:
            delta += self.sell(k + 1, self.target, "take_profit")
        return delta

    def buy(self, k: int, price: float, cash: float, cost: float = 100.0) -> float:
        """Add a rung if the cash is there."""
        fee = cost * FEE
        if cost + fee > cash:
            return 0.0
        self.fills.append((k, price))
        self.prices.append(price)
        self.quantity += cost / (price * (1.0 + SLIPPAGE))
        self.cost += cost
        self.paid += cost + fee
        self.since = k
        return -(cost + fee)

    def sell(self, k: int, price: float, reason: str) -> float:
        """Sell it all, write the trade down and return what it brought."""
        got = self.quantity * price * (1.0 - SLIPPAGE) * (1.0 - FEE)
        last = self.fills[-1][1]
        until = k if reason in ("closed", "frame_end") else k - 1
        seen = slice(self.since, max(until, self.since))
        best = max(price, last, self.candles.high[seen].max(initial=last))
        worst = min(price, last, self.candles.low[seen].min(initial=last))
        pnl = got - self.paid
        self.trades.append((self.fills, k, price, reason, pnl, float(best), float(worst)))
        self.prices, self.fills = [], []
        self.quantity = self.cost = self.paid = 0.0
        return got
