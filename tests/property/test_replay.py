"""Replay over random worlds: what must hold whatever the candles and whatever the strategy does."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings

from tests.unit.drivers.random_worlds import (
    GRID,
    LOWEST,
    MINUTE_MS,
    ROOMY,
    START_MS,
    TIGHT,
    Played,
    World,
    play,
    world_of,
)
from tests.unit.engine.dice import Dice, dice
from tradekit.api.declare import HOOK_EVENTS
from tradekit.domain.candle import CandleSeries
from tradekit.domain.journal import EventRow, Phase, event_line
from tradekit.engine.account import Account, falls_short

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = 50
ROLLS = 1_200

# Shrinking a world takes minutes: it is left to the long search.
LONG = settings.get_current_profile_name() == "long"
CHECKS = settings() if LONG else settings(max_examples=EXAMPLES, phases=[Stage.generate])


def fills(row: EventRow) -> list[tuple[int, float]]:
    """Return time and price of the fills that the row tells of, without those told before."""
    if row.kind == "opened":
        return [(row.ts_ms, row.data["price"])]
    if row.kind == "closed":
        return [(fill["ts_ms"], fill["price"]) for fill in row.data["exits"]]
    return []


def assert_same(one: Played, other: Played) -> None:
    """Check that two runs did and saw the same."""
    assert one.lines == other.lines
    assert one.calls == other.calls
    assert one.replayed.used_account == other.replayed.used_account


def test_skipping_equals_stepping_and_every_run_its_repetition():
    seen: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        world = world_of(dice)
        skipped = play(world)
        assert_same(skipped, play(world))
        assert_same(skipped, play(world, skip=False))
        assert not skipped.replayed.failures
        seen.update(row.kind for row in skipped.replayed.rows)
        seen.update(row.data.get("reason", "") for row in skipped.replayed.rows)
        seen.update(row.data.get("rule", "") for row in skipped.replayed.rows)

    walk()
    assert seen["closed"] > 10 * EXAMPLES
    for rare in ("stop_loss", "take_profit", "time_expired", "frame_end", "gap_reject", "timeout"):
        assert seen[rare] > EXAMPLES / 10, rare
    assert seen["insufficient_cash"] > EXAMPLES / 10


# --- fills ------------------------------------------------------------------------------------


def assert_fills_are_prices_of_their_candle(world: World, rows: list[EventRow]) -> Counter[str]:
    """Check each fill against the candle it belongs to.

    The one fill that may lie outside is that of a target over which the open jumped: it gets its
    own price, which is worse than anything that was traded in that candle.
    """
    kinds: Counter[str] = Counter()
    for row in rows:
        series = world.candles[row.symbol]
        for ts_ms, price in fills(row):
            assert ts_ms == row.ts_ms
            opens_ms = ts_ms - MINUTE_MS if row.phase == Phase.INSIDE else ts_ms
            k = int(np.searchsorted(series.ts_ms, opens_ms))
            kinds[Phase(row.phase).name] += 1
            if row.phase in (Phase.DECISION, Phase.END):
                assert price == series.close[k - 1]
                continue
            assert series.ts_ms[k] == opens_ms
            if series.low[k] <= price <= series.high[k]:
                continue
            kinds["beyond"] += 1
            assert row.data["reason"] == "take_profit"
            assert row.phase == Phase.OPEN
            long = row.data["direction"] == "long"
            assert price < series.low[k] if long else price > series.high[k]
    return kinds


def test_no_fill_lies_outside_its_candle():
    seen: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        world = world_of(dice)
        symbol, ts_ms = dice.pick(list(world.candles)), START_MS + dice.below(40) * MINUTE_MS
        if dice.pick((False, True)):
            # With a hook, so that something may be open when it fails.
            style = replace(world.style, hooks=((None, 9),))
            world = replace(world, style=style).failing(symbol, ts_ms, "hook")
        seen.update(assert_fills_are_prices_of_their_candle(world, play(world).replayed.rows))

    walk()
    assert seen["OPEN"] > 10 * EXAMPLES
    assert seen["INSIDE"] > EXAMPLES
    assert min(seen["END"], seen["DECISION"], seen["beyond"]) > EXAMPLES / 20


# --- the account ------------------------------------------------------------------------------


@contextmanager
def lowest_cash() -> Iterator[list[float]]:
    """Yield a list in which the lowest cash so far and the last one are kept."""
    kept = [float("inf"), 0.0]
    book = Account.book

    def booked(account: Account, cash_delta: float) -> None:
        book(account, cash_delta)
        kept[:] = [min(kept[0], account.cash), account.cash]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Account, "book", booked)
        yield kept


def test_cash_is_never_negative():
    """A short may lose more than it reserved, and that comes out of the cash of others.

    So prices are bounded here: from 60 to 110, less than twice the least, costs included. Every
    entry is refused that the cash does not cover, and every exit then frees something.
    """
    seen: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        world = world_of(dice, tight=True)
        with lowest_cash() as kept:
            played = play(world)
        assert kept[0] >= 0.0
        rows = played.replayed.rows
        assert all(row.data["cash_delta"] > 0.0 for row in rows if row.kind == "closed")
        seen.update(row.kind for row in rows)
        seen.update(row.data.get("rule", "") for row in rows)
        seen["nearly all spent"] += kept[0] < 0.05 * world.capital

    walk()
    assert seen["closed"] > 5 * EXAMPLES
    assert seen["insufficient_cash"] > EXAMPLES / 5
    assert seen["nearly all spent"] > EXAMPLES / 10
    assert TIGHT[1] / TIGHT[0] < 1.9
    assert TIGHT[0] > LOWEST


def test_cash_at_the_end_is_capital_and_profit():
    closed = 0

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        nonlocal closed
        world = world_of(dice)
        with lowest_cash() as kept:
            rows = play(world).replayed.rows
        profit = sum(row.data["pnl"] for row in rows if row.kind == "closed")
        moved = sum(row.data.get("cash_delta", 0.0) for row in rows)
        if moved or profit:
            assert kept[1] == pytest.approx(world.capital + profit, rel=1e-9)
            assert kept[1] == pytest.approx(world.capital + moved, rel=1e-9)
        for row in rows:
            if row.kind == "closed":
                closed += 1
                entered = -sum(
                    each.data["cash_delta"]
                    for each in rows
                    if each.kind == "opened" and each.signal_id == row.signal_id
                )
                pnl = row.data["pnl"]
                assert row.data["cash_delta"] - entered == pytest.approx(pnl, abs=1e-9 * entered)
        opened = [row.signal_id for row in rows if row.kind == "opened"]
        assert sorted(opened) == sorted(row.signal_id for row in rows if row.kind == "closed")

    walk()
    assert closed > 10 * EXAMPLES


# --- no look-ahead ----------------------------------------------------------------------------


def changed(dice: Dice, series: CandleSeries, ts_ms: int) -> CandleSeries:
    """Return the candles with everything at `ts_ms` or later different, and fewer of them.

    The candle at `ts_ms` stays in its place, as a symbol decides only where it has a candle.
    """
    at = int(np.searchsorted(series.ts_ms, ts_ms))
    way = dice.pick((0, 1, 2))
    factor = dice.pick((3.0, 0.25, 1.01))
    columns = [column.copy() for column in series.columns()]
    for column in columns:
        if way == 0:
            column[at:] *= factor
        elif way == 1:
            column[at:] = column[at:][::-1] + GRID
        else:
            column[at:] = np.mean(column) * factor
    ts = series.ts_ms.copy()
    kept = np.ones(len(ts), bool)
    kept[at + 1 :] = [dice.below(4) != 3 for _ in range(len(ts) - at - 1)]
    return CandleSeries(series.interval_ms, ts[kept], *(column[kept] for column in columns))


def known(played: Played, ts_ms: int) -> tuple[list[EventRow], list[object]]:
    """Return what was decided and shown up to `ts_ms`, and what had happened by then."""
    rows = [row for row in played.replayed.rows if row[:2] <= (ts_ms, Phase.DECISION)]
    return rows, [call for call in played.calls if call[0] <= ts_ms]


def test_no_candle_changes_a_decision_before_it():
    seen: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        world = world_of(dice)
        played = play(world)
        for _ in range(2):
            symbols = dice.pick((list(world.candles), [dice.pick(list(world.candles))]))
            ts_ms = START_MS + dice.below((world.until_ms - START_MS) // MINUTE_MS) * MINUTE_MS
            candles = world.candles | {
                symbol: changed(dice, world.candles[symbol], ts_ms) for symbol in symbols
            }
            other = play(world, candles=candles)
            rows, calls = known(played, ts_ms)
            assert known(other, ts_ms) == (rows, calls)
            seen["decided"] += sum(row.phase == Phase.DECISION for row in rows)
            seen["at that very time"] += sum(call[0] == ts_ms for call in calls)
            seen["changed later"] += other.lines != played.lines

    walk()
    assert seen["decided"] > 10 * EXAMPLES
    assert seen["at that very time"] > EXAMPLES / 2
    assert seen["changed later"] > EXAMPLES


# --- failures ---------------------------------------------------------------------------------


def test_a_failure_stops_its_own_symbol_only():
    seen: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        # With cash for all, so that nobody feels what another one frees.
        world = replace(world_of(dice, by_cost=True), capital=ROOMY)
        well = play(world)
        symbol, ts_ms = dice.pick(list(world.candles)), START_MS + dice.below(90) * MINUTE_MS
        failing = play(world.failing(symbol, ts_ms))
        for other in set(world.candles) - {symbol}:
            assert failing.lines_of(other) == well.lines_of(other)
        failed = [row for row in failing.replayed.rows if row.kind == "failed"]
        if not failed:  # It was never called again.
            assert_same(failing, well)
            return
        (failure,) = failed
        assert failure.symbol == symbol
        assert failure.ts_ms >= ts_ms
        assert failing.replayed.failures.keys() == {symbol}
        moment = (failure.ts_ms, Phase.END if failure.ts_ms == world.until_ms else Phase.DECISION)
        rows = [row for row in failing.replayed.rows if row.symbol == symbol]
        before = [row for row in rows if row[:2] < moment]
        assert before == [r for r in well.replayed.rows if r.symbol == symbol and r[:2] < moment]
        assert rows[-1][:2] == moment
        ended = [row.data["reason"] for row in rows[rows.index(failure) :] if "reason" in row.data]
        assert set(ended) <= {"failed"}
        seen["failed"] += 1
        seen["closed"] += rows[-1].kind == "closed"
        seen["others"] += len(failing.replayed.rows) - len(rows)

    walk()
    assert seen["failed"] > EXAMPLES / 3
    assert seen["closed"] > 1
    assert seen["others"] > 5 * EXAMPLES


# --- symbols apart ----------------------------------------------------------------------------


def test_symbols_apart_are_merged_to_the_one_schedule():
    seen: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        world = world_of(dice, by_cost=dice.often())
        together = play(world)
        apart = [
            play(world, candles=world.of(symbol), shared_account=False) for symbol in world.candles
        ]
        rows = sorted(row for each in apart for row in each.replayed.rows)
        if any(each.replayed.used_account for each in apart):
            seen["used"] += 1
        elif falls_short(rows, world.capital):
            seen["short of cash"] += 1
            seen["and refused"] += together.lines != [event_line(row) for row in rows]
        else:
            seen["the same"] += 1
            seen["trades"] += together.count("closed")
            assert together.replayed.rows == rows
            assert not together.replayed.used_account
            assert sorted(call for each in apart for call in each.calls) == sorted(together.calls)

    walk()
    assert seen["the same"] > EXAMPLES / 3
    assert seen["trades"] > 10 * EXAMPLES
    assert min(seen["used"], seen["short of cash"], seen["and refused"]) > 1


# --- time -------------------------------------------------------------------------------------


def first_candle(world: World, symbol: str, ts_ms: int) -> int:
    """Return when the first candle at `ts_ms` or later opens, the frame's end if there is none."""
    times = world.candles[symbol].ts_ms
    at = int(np.searchsorted(times, ts_ms))
    return int(times[at]) if at < len(times) else world.until_ms


def assert_timers_run(world: World, rows: list[EventRow]) -> int:
    """Check that nothing outlives its wait or hold but over a hole; return how often one ran."""
    due_ms: dict[str, int | None] = {}
    hold_ms: dict[str, int | None] = {}
    ran = 0
    for row in rows:
        if row.kind in ("submitted", "scheduled"):
            hold_ms[row.signal_id] = row.data["hold_ms"]
            due_ms[row.signal_id] = row.ts_ms + row.data.get("wait_ms", 0)
        elif row.signal_id in due_ms:
            due = due_ms[row.signal_id]
            last = world.until_ms if due is None else first_candle(world, row.symbol, due)
            assert row.ts_ms <= last
            if row.data.get("reason") in ("timeout", "time_expired"):
                assert row.ts_ms == last or row.kind == "closed"
                ran += 1
            if row.kind == "opened":
                hold = hold_ms[row.signal_id]
                due_ms[row.signal_id] = None if hold is None else row.ts_ms + hold
    return ran


def test_timers_run_and_news_arrive_as_soon_as_there_is_a_candle():
    seen: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        world = world_of(dice)
        world = replace(world, style=replace(world.style, listens=True))
        played = play(world)
        rows = played.replayed.rows
        assert all(one[:4] < other[:4] for one, other in pairwise(rows))
        seen["timers"] += assert_timers_run(world, rows)
        told = sorted(call[:3] for call in played.calls if call[2] in HOOK_EVENTS)
        expected = [(world.until_ms, symbol, "done") for symbol in world.candles]
        for row in rows:
            if row.kind in HOOK_EVENTS:
                at = first_candle(world, row.symbol, row.ts_ms + (row.phase != Phase.INSIDE))
                expected.append((min(at, world.until_ms), row.symbol, row.kind))
        assert told == sorted(expected)
        seen["news"] += len(told)

    walk()
    assert seen["timers"] > EXAMPLES
    assert seen["news"] > 10 * EXAMPLES
