"""The same script for the oracle and for the toolkit, and one short story of what each of them did.

A `Scripted` decider answers by the index of the candle about to open; `as_strategy` asks it from
inside a real strategy. `told_by_oracle` and `told_by_journal` bring what happened to one form.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tests.support.oracle_bridge import START_MS
from tests.support.oracle_terms import MINUTE_MS
from tradekit.api.declare import Strategy, strategy
from tradekit.domain.signal import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.support.oracle_strategies import Scripted
    from tests.support.oracle_terms import Candles, Outcome, Plan
    from tradekit.api.declare import Strategy
    from tradekit.domain.journal import EventRow

Told = tuple[Any, ...]

# What of each kind of row belongs to the story, besides its time.
_TOLD_OF = {
    "scheduled": ("reference_price",),
    "opened": ("price",),
    "closed": ("exit_price", "reason", "pnl_pct"),
    "cancelled": ("reason",),
    "rejected": ("rule",),
}


def as_signal(plan: Plan) -> Signal:
    """Return the signal that asks for the same as `plan`."""
    return Signal(
        "long" if plan.direction == "long" else "short",
        stop_loss=plan.stop,
        take_profit=plan.target,
        entry=plan.entry,
        entry_type="stop" if plan.entry_type == "stop" else "limit",
        cost=plan.cost,
        equity_pct=plan.equity_pct,
        hold="unlimited" if plan.hold_ms is None else plan.hold_ms // MINUTE_MS,
        wait=plan.wait_ms // MINUTE_MS,
    )


class Player(NamedTuple):
    """A script for one symbol and the candles that it answers on."""

    script: Scripted
    candles: Candles


def as_strategy(
    players: Mapping[str, Player], *, hooked: bool = True, asked: dict[str, list[int]] | None = None
) -> Strategy:
    """Return a strategy that answers for each symbol as its script does.

    Without `hooked` it has no `while_open` hook, so that quiet candles may be skipped. The times
    of its questions are kept in `asked`. All scripts have the same `every_ms`.
    """
    index_of = {
        symbol: {ts_ms: i for i, ts_ms in enumerate(player.candles.ts_ms)}
        for symbol, player in players.items()
    }
    (every_ms,) = {player.script.every_ms for player in players.values()}

    def decide(ctx: Any) -> Signal | None:
        script, candles = players[ctx.symbol]
        if asked is not None:
            asked.setdefault(ctx.symbol, []).append(ctx.now)
        plan = script.answer(candles, index_of[ctx.symbol][ctx.now])
        return None if plan is None else as_signal(plan)

    def watch(ctx: Any, position: Any) -> None:
        script, candles = players[ctx.symbol]
        if script.close(candles, index_of[ctx.symbol][ctx.now]):
            position.close()

    declared = strategy("scripted", every=every_ms // MINUTE_MS, hold="unlimited")(decide)
    if hooked:
        declared.while_open(watch)
    return declared


def told_by_oracle(outcome: Outcome) -> list[Told]:
    """Return `(kind, minute, price or reason…)` for each event of the oracle."""
    trades = iter(outcome.trades)
    told: list[Told] = []
    for kind, ts_ms, what in outcome.events:
        rest: tuple[Any, ...] = (what,)
        if kind == "closed":
            trade = next(trades)
            rest = (what, trade["reason"], trade["pnl_pct"])
        told.append((kind, _minute(ts_ms), *rest))
    return told


def told_by_journal(rows: Iterable[EventRow], symbol: str | None = None) -> list[Told]:
    """Return the same of the journal's rows; that an order was sent is not part of the story."""
    return [
        (row.kind, _minute(row.ts_ms), *(row.data[name] for name in _TOLD_OF[row.kind]))
        for row in rows
        if row.kind in _TOLD_OF and symbol in (None, row.symbol)
    ]


def _minute(ts_ms: int) -> int:
    return (ts_ms - START_MS) // MINUTE_MS
