"""Dip limit: rest a buy order a little below the market and wait for a dip."""

from __future__ import annotations

from dataclasses import dataclass

from tradekit import Context, Frame, Signal, strategy

april = Frame("apr-2026", "2026-04-01", "2026-04-28")


@dataclass(frozen=True)
class DipLimit:
    """Percent below the last close for the entry, and from the entry for stop and target."""

    dip_pct: float = 0.5
    stop_pct: float = 1.5
    target_pct: float = 1.0


@strategy("dip-limit", every="15m", wait="1h", hold="12h", cost=100, params=DipLimit)
async def dip_limit(ctx: Context[DipLimit]) -> Signal:
    """Place the order; what does not fill within the hour is taken back and placed anew."""
    params = ctx.params
    return Signal.long(
        entry=ctx.price * (1 - params.dip_pct / 100),
        stop_loss_pct=params.stop_pct,
        take_profit_pct=params.target_pct,
    )
