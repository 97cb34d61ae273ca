"""SMA cross: long while the fast average is above the slow one, short while it is below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tradekit import Context, Frame, Position, Signal, strategy

april = Frame("apr-2026", "2026-04-01", "2026-04-28")


@dataclass(frozen=True)
class SmaCross:
    """Lengths of the averages in 15m candles, and whether to sell short."""

    fast: int = 10
    slow: int = 30
    shorts: bool = True


def crossed(ctx: Context[SmaCross]) -> Literal["up", "down"] | None:
    """Return which way the averages crossed on the last closed candle, if they did."""
    closes = ctx.candles("15m", ctx.params.slow + 1).close
    fast, slow = ctx.params.fast, ctx.params.slow
    before = closes[-fast - 1 : -1].mean() > closes[-slow - 1 : -1].mean()
    after = closes[-fast:].mean() > closes[-slow:].mean()
    if before == after:
        return None
    return "up" if after else "down"


@strategy("sma-cross", every="15m", hold="unlimited", warmup="8h", cost=1000, params=SmaCross)
def sma_cross(ctx: Context[SmaCross]) -> Signal | None:
    """Follow a cross; asked when flat, and at once when the other way was just closed."""
    cross = crossed(ctx)
    if cross == "up":
        return Signal.long()
    if cross == "down" and ctx.params.shorts:
        return Signal.short()
    return None


@sma_cross.while_open(every="15m")
def leave(ctx: Context[SmaCross], position: Position) -> None:
    """Close on a cross against the position."""
    against = "down" if position.direction == "long" else "up"
    if crossed(ctx) == against:
        position.close(note=f"crossed {against}")
