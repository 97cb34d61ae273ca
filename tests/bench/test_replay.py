"""How fast a replay is beside a bare loop that does the least there is to do, in the same run.

What is timed is the replay call with its event rows in memory: no start of the process, no loading,
no writing. Goals stand beside the figures; nothing here fails for being slow.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from strategies.bracket import bracket
from tests.bench.floors import bracket_floor, every_minute_floor, world
from tests.bench.pairs import time_pair
from tests.support.worlds import plan_of
from tradekit import Signal, strategy
from tradekit.drivers.replay import replay

if TYPE_CHECKING:
    from tradekit import Context, Position
    from tradekit.drivers.replay import ReplayPlan

SYMBOLS, CANDLES, MINUTE_MS = 9, 38_880, 60_000
TOTAL = SYMBOLS * CANDLES


@pytest.fixture(scope="module")
def candles():
    return world(SYMBOLS, CANDLES)


def plan(declared, candles) -> ReplayPlan:
    since_ms = int(next(iter(candles.values())).ts_ms[0])
    until_ms = since_ms + CANDLES * MINUTE_MS
    return plan_of(declared, candles, since_ms=since_ms, until_ms=until_ms)


def test_bracket_asked_only_when_flat(candles, capsys) -> None:
    ours = plan(bracket, candles)

    async def decide(price: float) -> tuple[float, float]:
        return price * 0.99, price * 1.02

    closed = [row for row in asyncio.run(replay(ours)).rows if row.kind == "closed"]
    bare = asyncio.run(bracket_floor(candles.values(), decide))
    closed.sort(key=lambda row: (row.symbol_index, row.seq))
    assert [row.data["exit_price"] for row in closed] == [trade[3] for trade in bare]

    timed = time_pair(
        lambda: asyncio.run(replay(ours)),
        lambda: asyncio.run(bracket_floor(candles.values(), decide)),
        rounds=25,
    )
    with capsys.disabled():
        print(
            f"\nbracket, {len(closed)} trades: {TOTAL / timed.own_s / 1e6:.1f} M candles/s "
            f"(goal 8), floor {TOTAL / timed.other_s / 1e6:.1f}, "
            f"ratio {timed.ratio:.3f} (goal 0.15)"
        )


@strategy("watcher", every="1m", hold="unlimited")
async def watcher(ctx: Context[None]) -> Signal:
    """Buy once and hold; the hook is what is measured."""
    return Signal.long()


@watcher.while_open
async def look(ctx: Context[None], position: Position) -> None:
    """Read price and profit, as any managing hook does first."""
    if ctx.price < 0.0 or position.pnl_pct < -1e9:
        position.close()


def test_while_open_every_minute(candles, capsys) -> None:
    ours = plan(watcher, candles)

    async def hook(price: float, pnl_pct: float) -> None:
        if price < 0.0 or pnl_pct < -1e9:
            raise AssertionError

    calls = asyncio.run(replay(ours)).hook_calls["look"]
    series = list(candles.values())
    assert calls == asyncio.run(every_minute_floor(series, hook)) - SYMBOLS

    timed = time_pair(
        lambda: asyncio.run(replay(ours)),
        lambda: asyncio.run(every_minute_floor(series, hook)),
        rounds=9,
    )
    with capsys.disabled():
        print(
            f"\nwhile_open, {calls} calls: {TOTAL / timed.own_s / 1e6:.2f} M candles/s, floor "
            f"{TOTAL / timed.other_s / 1e6:.2f}, ratio {timed.ratio:.3f} (goal 0.35)"
        )
