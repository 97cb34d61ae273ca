"""Breakout: buy once the price passes the high of the last day, with a stop entry."""

from __future__ import annotations

from dataclasses import dataclass

from tradekit import Context, Frame, Signal, strategy

april = Frame("apr-2026", "2026-04-01", "2026-04-28")


@dataclass(frozen=True)
class Breakout:
    """How many hours make the high, and percent from the entry for stop and target."""

    hours: int = 24
    stop_pct: float = 1.0
    target_pct: float = 2.0


@strategy("breakout", every="15m", wait="2h", hold="1d", warmup="25h", cost=100, params=Breakout)
def breakout(ctx: Context[Breakout]) -> Signal | None:
    """Wait at the high; none is placed while the price is above it already."""
    params = ctx.params
    level = float(ctx.candles("1h", params.hours).high.max())
    if ctx.price >= level:
        return None
    return Signal.long(
        entry=level,
        entry_type="stop",
        stop_loss_pct=params.stop_pct,
        take_profit_pct=params.target_pct,
    )
