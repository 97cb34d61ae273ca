"""Bare loops that do the least there is to do; what the engine's speed is held against.

They know one symbol, one rule, no orders, no events and no account: what a hand-written backtest
of that one strategy costs.
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
