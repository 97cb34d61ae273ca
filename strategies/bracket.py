"""Bracket: buy whenever flat, with a stop below and a target above. The simplest strategy."""

from __future__ import annotations

from dataclasses import dataclass

from tradekit import Context, Frame, Signal, strategy

april = Frame("apr-2026", "2026-04-01", "2026-04-28")


@dataclass(frozen=True)
class Bracket:
    """How far stop and target are from the last close, in percent."""

    stop_pct: float = 1.0
    target_pct: float = 2.0


@strategy("bracket", every="1m", hold="1d", cost=100, params=Bracket)
async def bracket(ctx: Context[Bracket]) -> Signal:
    """Buy at the next open; asked only when flat."""
    return Signal.long(stop_loss_pct=ctx.params.stop_pct, take_profit_pct=ctx.params.target_pct)
