"""What a risk profile costs: the ladder in one schedule, with three rules and without any.

The limits are wide, so that both runs make the same trades; one that refuses is another run. The
rules are asked all the same, for each entry and each rung. Ladder as in `test_ladder`, one-minute
candles of nine symbols over 27 days. Prints a ratio and fails for wrong trades, not for being slow.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from strategies.dca_ladder import Ladder, dca_ladder
from tests.bench.floors import world
from tests.bench.pairs import time_pair
from tests.support.worlds import plan_of
from tradekit import Risk
from tradekit.api.rules import max_drawdown, max_exposure, max_open_positions
from tradekit.drivers.replay import replay

if TYPE_CHECKING:
    from tradekit.api.declare import Strategy
    from tradekit.drivers.replay import ReplayPlan

SYMBOLS, CANDLES, MINUTE_MS = 9, 38_880, 60_000
TOTAL = SYMBOLS * CANDLES
GOAL = 0.8

WIDE = Risk("wide", [max_open_positions(SYMBOLS), max_exposure(50_000), max_drawdown(90)])


@pytest.fixture(scope="module")
def candles():
    return world(SYMBOLS, CANDLES)


def plan(declared: Strategy, candles, params: Ladder) -> ReplayPlan:
    since_ms = int(next(iter(candles.values())).ts_ms[0])
    until_ms = since_ms + CANDLES * MINUTE_MS
    return plan_of(declared, candles, since_ms=since_ms, until_ms=until_ms, params=params)


@pytest.mark.parametrize(
    "params",
    [Ladder(wakes=False), Ladder(), Ladder(hold_minutes=50)],
    ids=["each_minute", "woken", "50_minutes"],
)
def test_ladder_with_a_profile(params, candles, capsys) -> None:
    guarded = plan(replace(dca_ladder, risk=(WIDE,)), candles, params)
    free = plan(dca_ladder, candles, params)
    rows = asyncio.run(replay(guarded)).rows
    assert rows == asyncio.run(replay(free)).rows
    asked = sum(row.kind in ("submitted", "average_submitted") for row in rows)

    timed = time_pair(
        lambda: asyncio.run(replay(guarded)), lambda: asyncio.run(replay(free)), rounds=9
    )
    with capsys.disabled():
        print(
            f"\nladder with three rules, {asked} times asked: {TOTAL / timed.own_s / 1e6:.2f} M "
            f"candles/s, without {TOTAL / timed.other_s / 1e6:.2f}, ratio {timed.ratio:.3f} "
            f"(goal {GOAL})"
        )
