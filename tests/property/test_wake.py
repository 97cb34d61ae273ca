"""With `Wake` equals without: on random worlds, and on real candles with the shipped ladder."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings

from tests.support import worlds
from tests.support.oracle_bridge import to_series
from tests.support.real_candles import SINCE_MS, UNTIL_MS, read_market
from tests.unit.drivers.sound_sleepers import play, sleepers_of
from tests.unit.engine.dice import Dice, dice
from tradekit.domain.journal import event_line

if TYPE_CHECKING:
    from tradekit.api.declare import Strategy
    from tradekit.drivers.replay import Replayed

EXAMPLES = 80
ROLLS = 1_400
CHECKS = settings(max_examples=EXAMPLES, phases=[Stage.generate])

LADDER = Path(__file__).resolve().parents[2] / "strategies" / "dca_ladder.py"


def lines(replayed: Replayed) -> list[str]:
    """Return the rows as `events.jsonl` has them."""
    return [event_line(row) for row in replayed.rows]


def calls(replayed: Replayed) -> int:
    return sum(replayed.hook_calls.values())


def test_sound_sleepers_miss_nothing_however_candles_are_visited():
    seen: Counter[str] = Counter()
    called: Counter[bool] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        sleepers = sleepers_of(dice)
        slept, awake = (play(sleepers, sleeping=sleeping) for sleeping in (True, False))
        assert not slept.failures
        assert lines(slept) == lines(awake)
        assert slept.ambiguous_candles == awake.ambiguous_candles
        for sleeping, skipped in ((True, slept), (False, awake)):
            stepped = play(sleepers, sleeping=sleeping, skip=False)
            assert lines(stepped) == lines(skipped)
            assert stepped.hook_calls == skipped.hook_calls
            called[sleeping] += calls(skipped)
        for row in slept.rows:
            seen[row.kind] += 1
            seen[row.data.get("reason") or row.data.get("why") or ""] += 1

    walk()
    assert called[False] > 3 * called[True]
    for kind in ("opened", "closed", "trailed", "state", "cancelled"):
        assert seen[kind] > EXAMPLES, kind
    for rare in ("averaged", "partial", "stop_loss", "time_expired", "level", "peak"):
        assert seen[rare] > EXAMPLES / 5, rare
    for rare in ("activated", "asked", "breakeven"):
        assert seen[rare], rare


def test_rows_of_a_symbol_are_numbered_in_the_order_they_are_written():
    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        replayed = play(sleepers_of(dice), sleeping=True)
        for symbol in {row.symbol for row in replayed.rows}:
            numbers = [row.seq for row in replayed.rows if row.symbol == symbol]
            assert numbers == list(range(1, len(numbers) + 1))

    walk()


# --- real candles -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def market(shared_data) -> dict[str, Any]:
    """Return the candles of a quiet and of a lively symbol."""
    candles = read_market(shared_data)
    return {symbol: to_series(candles[symbol]) for symbol in ("BTCUSDT", "SUIUSDT")}


def ladder() -> Strategy:
    spec = importlib.util.spec_from_file_location("shipped_ladder", LADDER)
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.dca_ladder


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hold_minutes", "trades", "saved"), [(50, 1600, 20), (0, 5, 100)], ids=["50 min", "unlimited"]
)
def test_the_ladder_trades_the_same_asleep_or_awake(market, hold_minutes, trades, saved):
    declared = ladder()

    def run(*, wakes: bool, sleeping: bool = True) -> Replayed:
        plan = worlds.plan_of(
            declared,
            market,
            since_ms=SINCE_MS,
            until_ms=UNTIL_MS,
            params=declared.params(hold_minutes=hold_minutes, wakes=wakes),
        )
        return asyncio.run(worlds.replay(replace(plan, sleeping=sleeping)))

    slept = run(wakes=True)

    assert not slept.failures
    assert sum(row.kind == "closed" for row in slept.rows) >= trades
    assert sum(row.kind == "averaged" for row in slept.rows) > 10
    for other in (run(wakes=False), run(wakes=True, sleeping=False)):
        assert lines(other) == lines(slept)
        hooks = [
            sum(run.hook_calls[name] for name in ("ladder", "target")) for run in (other, slept)
        ]
        assert hooks[0] > saved * hooks[1]
