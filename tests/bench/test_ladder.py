"""The ladder, every hook called each minute, beside a bare loop; and what `Wake` is worth.

Nine symbols × 27 days of minutes, held for as long as it takes, all in one schedule. The floor
awaits one function a minute and symbol. The shipped strategy awaits two, so one that says the same
in one hook is timed as well. Goals stand beside the figures; nothing here fails for being slow.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from strategies.dca_ladder import Ladder, dca_ladder
from tests.bench.floors import FEE, SLIPPAGE, ladder_floor, world
from tests.bench.pairs import time_pair
from tests.support.worlds import plan_of
from tradekit import Signal, strategy
from tradekit.drivers.replay import replay

if TYPE_CHECKING:
    from tests.bench.floors import LadderTrade
    from tradekit import Context, Position
    from tradekit.domain.journal import EventRow
    from tradekit.drivers.replay import ReplayPlan

SYMBOLS, CANDLES, MINUTE_MS = 9, 38_880, 60_000
TOTAL = SYMBOLS * CANDLES


@strategy("one-hook", every="1m", hold="unlimited", cost=100)
async def one_hook(ctx: Context[None]) -> Signal:
    """Be in the market whenever flat, as the shipped ladder is."""
    return Signal.long(stop_loss_pct=25, take_profit_pct=50)


@one_hook.while_open
async def rung_or_close(ctx: Context[None], position: Position) -> None:
    """Do what the two hooks of the shipped ladder do."""
    if len(position.entries) < 10 and not position.near_entry(above_pct=5, below_pct=1):
        await position.average_buy(100)
    if position.pnl_pct >= 3.0:
        await position.close()


async def decide(price: float) -> tuple[float, float]:
    return price * 0.75, price * 1.5


async def manage(price: float, pnl_pct: float, rungs: list[float]) -> str:
    if len(rungs) < 10:
        for rung in rungs:
            if rung * 0.99 <= price <= rung * 1.05:
                break
        else:
            return "rung"
    return "close" if pnl_pct >= 3.0 else ""


@pytest.fixture(scope="module")
def candles():
    return world(SYMBOLS, CANDLES)


def plan(declared, candles, params: Ladder | None = None) -> ReplayPlan:
    since_ms = int(next(iter(candles.values())).ts_ms[0])
    until_ms = since_ms + CANDLES * MINUTE_MS
    return plan_of(declared, candles, since_ms=since_ms, until_ms=until_ms, params=params)


def assert_same_trades(
    rows: list[EventRow], floor: list[list[LadderTrade]], since_ms: int
) -> tuple[int, int]:
    """Hold every trade of the engine against the floor's; return how many, and their entries."""
    closed = [row for row in rows if row.kind == "closed"]
    closed.sort(key=lambda row: (row.symbol_index, row.seq))
    bare = [trade for trades in floor for trade in trades]
    for row, (fills, k, price, reason, pnl, best, worst) in zip(closed, bare, strict=True):
        data = row.data
        entries = [
            ((entry["ts_ms"] - since_ms) // MINUTE_MS, entry["price"]) for entry in data["entries"]
        ]
        assert entries == fills
        assert ((data["exit_ts_ms"] - since_ms) // MINUTE_MS, data["reason"]) == (k, reason)
        quantity, spent = data["quantity"], data["cost"] + 0.1 * len(fills)
        kept = quantity * (1.0 - SLIPPAGE) * (1.0 - FEE)
        peak_pct, drawdown_pct = (
            (kept * each - spent) / data["cost"] * 100.0 for each in (best, worst)
        )
        actual = [data[name] for name in ("exit_price", "pnl", "peak_pct", "drawdown_pct")]
        assert actual == pytest.approx([price, pnl, peak_pct, drawdown_pct], rel=1e-9, abs=1e-9)
    assert all(row.kind != "rejected" for row in rows), "the floor knows no want of cash"
    return len(bare), sum(len(trade[0]) for trade in bare)


@pytest.mark.parametrize("hooks", ["one_hook", "two_hooks"])
def test_ladder_every_minute(hooks, candles, capsys) -> None:
    declared, params = (
        (one_hook, None) if hooks == "one_hook" else (dca_ladder, Ladder(wakes=False))
    )
    ours, series = plan(declared, candles, params), list(candles.values())
    replayed = asyncio.run(replay(ours))
    bare = asyncio.run(ladder_floor(series, decide, manage))
    trades, entries = assert_same_trades(replayed.rows, bare, int(series[0].ts_ms[0]))
    calls = sum(replayed.hook_calls.values())

    timed = time_pair(
        lambda: asyncio.run(replay(ours)),
        lambda: asyncio.run(ladder_floor(series, decide, manage)),
        rounds=9,
    )
    with capsys.disabled():
        print(
            f"\nladder, {hooks}, {trades} trades, {entries} entries, {calls} calls: "
            f"{TOTAL / timed.own_s / 1e6:.2f} M candles/s, floor "
            f"{TOTAL / timed.other_s / 1e6:.2f}, ratio {timed.ratio:.3f} (goal 0.35)"
        )


def test_ladder_with_wake(candles, capsys) -> None:
    woken, each_minute = (plan(dca_ladder, candles, Ladder(wakes=wakes)) for wakes in (True, False))
    seldom, often = asyncio.run(replay(woken)), asyncio.run(replay(each_minute))
    assert seldom.rows == often.rows

    timed = time_pair(
        lambda: asyncio.run(replay(woken)), lambda: asyncio.run(replay(each_minute)), rounds=9
    )
    with capsys.disabled():
        print(
            f"\nladder with Wake, {sum(seldom.hook_calls.values())} calls: "
            f"{TOTAL / timed.own_s / 1e6:.1f} M candles/s, each minute "
            f"{TOTAL / timed.other_s / 1e6:.2f}, {timed.ratio:.0f} times (goal 10)"
        )
