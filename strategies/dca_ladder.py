"""Ladder: buy, average down on each dip that is far from every entry, close when it pays.

The three rungs of management are in the parameters: how far apart entries must be, how many there
may be, and the profit of the blended position that ends it. `--set hold_minutes=50` closes after
50 minutes, `--set wakes=false` calls the hooks at every candle instead of where prices matter.
"""

from __future__ import annotations

from dataclasses import dataclass

from tradekit import Context, Frame, Position, Signal, Wake, strategy

april = Frame("apr-2026", "2026-04-01", "2026-04-28")


@dataclass(frozen=True)
class Ladder:
    """Distances and profit in percent; `hold_minutes` 0 means as long as it takes."""

    above_pct: float = 5.0
    below_pct: float = 1.0
    entries: int = 10
    target_pct: float = 3.0
    hold_minutes: int = 0
    wakes: bool = True


@strategy("dca-ladder", every="1m", hold="unlimited", cost=100, params=Ladder)
async def dca_ladder(ctx: Context[Ladder]) -> Signal:
    """Be in the market whenever flat."""
    hold = ctx.params.hold_minutes or "unlimited"
    return Signal.long(stop_loss_pct=25, take_profit_pct=50, hold=hold)


@dca_ladder.while_open
async def ladder(ctx: Context[Ladder], position: Position) -> Wake | None:
    """Buy another rung where no entry is near."""
    params = ctx.params
    if len(position.entries) >= params.entries:
        return Wake() if params.wakes else None
    if not position.near_entry(params.above_pct, params.below_pct):
        await position.average_buy(100)
    if not params.wakes:
        return None
    lowest = min(entry.price for entry in position.entries)
    return Wake(price_below=lowest * (1.0 - params.below_pct / 100.0))


@dca_ladder.while_open
async def target(ctx: Context[Ladder], position: Position) -> Wake | None:
    """Close the blended position once it has earned enough."""
    if position.pnl_pct >= ctx.params.target_pct:
        await position.close(note="target reached")
    if not ctx.params.wakes:
        return None
    return Wake(price_above=position.price_at(ctx.params.target_pct))
