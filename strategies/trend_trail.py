"""Trend: buy a new high of the last day, let the stop follow, take half off on the way."""

from __future__ import annotations

from dataclasses import dataclass

from tradekit import Context, Frame, Position, Signal, strategy

april = Frame("apr-2026", "2026-04-01", "2026-04-28")


@dataclass(frozen=True)
class TrendTrail:
    """How many hours a high must be new for, and distances in percent."""

    hours: int = 24
    trail_pct: float = 3.0
    half_at_pct: float = 2.0


@strategy("trend-trail", every="1h", hold="unlimited", warmup="25h", params=TrendTrail)
def trend_trail(ctx: Context[TrendTrail]) -> Signal | None:
    """Buy where the last close is above every high of the hours before."""
    highest = ctx.candles("1h", ctx.params.hours).high[:-1].max()
    if ctx.price <= highest:
        return None
    return Signal.long(stop_loss_pct=ctx.params.trail_pct, trail_pct=ctx.params.trail_pct)


@trend_trail.while_open
def take_half(ctx: Context[TrendTrail], position: Position) -> None:
    """Take half off once, and let the rest run at no cost."""
    if not position.exits and position.pnl_pct >= ctx.params.half_at_pct:
        position.close_part(pct=50, note="half")
        position.breakeven()
