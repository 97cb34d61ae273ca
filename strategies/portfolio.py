"""Portfolio: dips are bought and breakouts followed, in one account and under one risk profile.

`--all-strategies` runs both; each has a position of its own in a symbol, and the profile counts
those of both. What it refuses is in the journal, by the name of the rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from tradekit import Context, Frame, Position, Risk, Signal, strategy
from tradekit.api.rules import (
    cooldown_after_stop,
    max_drawdown,
    max_exposure,
    max_open_positions,
    max_symbol_exposure,
)

april = Frame("apr-2026", "2026-04-01", "2026-04-28")

careful = Risk(
    "careful",
    rules=[
        max_open_positions(12),
        max_exposure(4_000),
        max_symbol_exposure(1_000),
        cooldown_after_stop("6h"),
        max_drawdown(1, since="day"),
    ],
)


@dataclass(frozen=True)
class Dips:
    """Percent below the last close for the entry, and from there for the rest; cost of each."""

    dip_pct: float = 1.0
    rung_pct: float = 1.0
    entries: int = 3
    stop_pct: float = 4.0
    target_pct: float = 1.5
    cost: float = 300.0


@dataclass(frozen=True)
class Breakouts:
    """How many hours a high must be new for, and distances in percent."""

    hours: int = 24
    stop_pct: float = 2.0
    target_pct: float = 4.0


@strategy("dips", every="30m", wait="2h", hold="3d", params=Dips, risk=careful)
def dips(ctx: Context[Dips]) -> Signal:
    """Wait a little below the market; an entry that waits counts as exposure already."""
    params = ctx.params
    return Signal.long(
        entry=ctx.price * (1 - params.dip_pct / 100),
        stop_loss_pct=params.stop_pct,
        take_profit_pct=params.target_pct,
        cost=params.cost,
    )


@dips.while_open(every="15m")
def average(ctx: Context[Dips], position: Position) -> None:
    """Buy another rung below the lowest; the profile is asked for each of them."""
    params = ctx.params
    lowest = min(entry.price for entry in position.entries)
    if len(position.entries) < params.entries and ctx.price <= lowest * (1 - params.rung_pct / 100):
        position.average_buy(params.cost)


@strategy(
    "breakouts", every="1h", hold="1d", warmup="26h", cost=300, params=Breakouts, risk=careful
)
def breakouts(ctx: Context[Breakouts]) -> Signal | None:
    """Buy where the last close is above every high of the hours before."""
    params = ctx.params
    if ctx.price <= ctx.candles("1h", params.hours + 1).high[:-1].max():
        return None
    return Signal.long(stop_loss_pct=params.stop_pct, take_profit_pct=params.target_pct)
