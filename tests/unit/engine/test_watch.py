"""Levels, breakeven, peaks and troughs of an open position: what is told of them, and when.

The position is entered at 100 with its stop 10 away and its target 20, so that a level toward the
stop is 1 and one toward the target 2; it pays nothing but where a test says so.
"""

import pytest

from tests.unit.engine.machine_builder import (
    FREE,
    SECOND_ENTRY,
    answered,
    asked,
    at,
    bought,
    filled,
    managed,
    rows,
    stamp,
)
from tradekit.domain.commands import AverageBuy, Breakeven, ClosePart, TrailStop, TrailTarget
from tradekit.domain.costs import CostModel
from tradekit.domain.journal import Phase
from tradekit.domain.signal import Signal
from tradekit.engine.events import CandlesClosed
from tradekit.engine.machine import Machine
from tradekit.engine.state import restore, snapshot
from tradekit.engine.watch import WATCHED

SIDES = pytest.mark.parametrize("short", [False, True])


def watching(*kinds, short=False, **more):
    return managed(short=short, watched=frozenset(kinds), **more)


def price_of(profit, *, short=False):
    """Return the price that is `profit` away from 100 on the winning side."""
    return 100.0 - profit if short else 100.0 + profit


def candle(machine, worst, best, *, short=False, minute=3):
    """Return the rows of a candle that lost at worst and won at best so much."""
    prices = price_of(worst, short=short), price_of(best, short=short)
    closed_ms, opened_ms = at(minute), at(minute - 1)
    event = CandlesClosed(closed_ms, max(prices), min(prices), opened_ms, opened_ms)
    return rows(machine.handle(event))


def levels(told):
    return [(row.data["toward"], row.data["level_pct"], row.data["price"]) for row in told]


# --- levels -----------------------------------------------------------------------------------


@SIDES
def test_every_tenth_of_the_way_to_target_and_stop_is_told_once(short):
    machine = watching("level", short=short)
    told = []
    for step in range(1, 10):
        told += levels(candle(machine, -1.0 * step, 2.0 * step, short=short))
        assert candle(machine, -1.0 * step, 2.0 * step, short=short) == []
        assert candle(machine, 0.0, 0.0, short=short) == []

    assert told == [
        each
        for step in range(1, 10)
        for each in (
            ("target", 10.0 * step, price_of(2.0 * step, short=short)),
            ("stop", 10.0 * step, price_of(-1.0 * step, short=short)),
        )
    ]


@SIDES
def test_a_candle_tells_all_levels_it_reached_from_the_nearest_on(short):
    machine = watching("level", short=short)

    told = candle(machine, -2.5, 6.0, short=short)

    assert levels(told) == [
        *(("target", 10.0 * n, price_of(2.0 * n, short=short)) for n in (1, 2, 3)),
        *(("stop", 10.0 * n, price_of(-1.0 * n, short=short)) for n in (1, 2)),
    ]
    assert [stamp(row) for row in told] == [(3, Phase.INSIDE, "level", "s-X-1")] * 5


@SIDES
def test_a_price_just_before_a_level_has_not_reached_it(short):
    machine = watching("level", short=short)

    assert candle(machine, -0.999, 1.999, short=short) == []
    assert len(candle(machine, -1.0, 2.0, short=short)) == 2


@SIDES
def test_an_average_that_moves_the_way_repeats_no_level(short):
    machine = watching("level", short=short)
    assert len(candle(machine, -4.0, 0.0, short=short)) == 4

    # 1 at 100 and 1 at 96 are 2 at 98: 8 from the stop, of which 60 % are at 93.2.
    deep = price_of(-4.0, short=short)
    asked(machine, AverageBuy(deep, limit=deep), price=price_of(-3.0, short=short))
    machine.handle(bought("s-X-1:average1", deep, deep, FREE, buying=not short))
    assert machine.state.position.average_entry_price == price_of(-2.0, short=short)

    assert candle(machine, -5.999, 0.0, short=short) == []
    ((toward, level_pct, price),) = levels(candle(machine, -6.1, 0.0, short=short))
    assert (toward, level_pct) == ("stop", 50.0)
    assert price == pytest.approx(price_of(-6.0, short=short), abs=1e-12)
    assert [each[1] for each in levels(candle(machine, -6.9, 0.0, short=short))] == [60.0]


@SIDES
def test_a_stop_or_target_that_moved_is_what_levels_are_measured_to(short):
    machine = watching("level", short=short)
    asked(machine, TrailStop(price_of(-5.0, short=short)), price=100.0)
    asked(machine, TrailTarget(price_of(10.0, short=short)), price=100.0)

    assert levels(candle(machine, -0.5, 1.0, short=short)) == [
        ("target", 10.0, price_of(1.0, short=short)),
        ("stop", 10.0, price_of(-0.5, short=short)),
    ]


@SIDES
def test_a_stop_in_profit_is_no_way_to_lose(short):
    machine = watching("level", short=short)
    candle(machine, 0.0, 6.0, short=short)
    asked(machine, TrailStop(price_of(3.0, short=short)), price=price_of(6.0, short=short))

    assert candle(machine, -9.0, 6.0, short=short) == []


def test_without_stop_and_target_there_is_no_way():
    machine = managed(Signal.long(), watched=frozenset({"level"}))

    assert candle(machine, -50.0, 50.0) == []


def test_the_way_leads_to_the_nearest_of_several_targets():
    signal = Signal.long(stop_loss=90, take_profit=[(110, 50), (120, 50)])
    machine = managed(signal, watched=frozenset({"level"}))
    assert levels(candle(machine, 0.0, 5.0))[-1] == ("target", 50.0, 105.0)

    fill = machine.handle(filled("s-X-1:target1", minute=4, price=110.0, quantity=0.5))

    rest = [("target", 50.0 + 10.0 * step, 105.0 + step) for step in range(1, 6)]
    assert levels(fill[:-1]) == rest
    assert fill[-1].kind == "partial"
    assert levels(candle(machine, 0.0, 12.0, minute=5)) == []


@pytest.mark.parametrize("short", [False, True])
def test_a_stop_that_fills_has_come_all_the_way(short):
    sign = -1.0 if short else 1.0
    make = Signal.short if short else Signal.long
    signal = make(stop_loss=100 - 10 * sign, take_profit=100 + 10 * sign)
    machine = managed(signal, watched=frozenset({"level"}))

    fill = machine.handle(filled("s-X-1:stop", minute=4, price=100.0 - 12.0 * sign))

    way = [("stop", 10.0 * step, 100.0 - step * sign) for step in range(1, 11)]
    assert levels(fill[:-1]) == way
    assert fill[-1].kind == "closed"


def test_a_stop_that_was_trailed_into_profit_is_no_way_to_a_loss():
    machine = managed(Signal.long(stop_loss=90), watched=frozenset({"level"}))
    asked(machine, TrailStop(price=105.0), price=110.0)

    (closed,) = machine.handle(filled("s-X-1:stop", minute=4, price=105.0))

    assert closed.kind == "closed"


def test_the_next_position_is_told_its_levels_anew():
    machine = watching("level", "breakeven")
    assert len(candle(machine, -3.0, 6.0)) == 7
    machine.handle(filled("s-X-1:stop", minute=4, price=90.0))
    assert managed_again(machine) == "s-X-2"

    assert len(candle(machine, -3.0, 6.0)) == 7


def managed_again(machine):
    machine.handle(answered(Signal.long(stop_loss=90, take_profit=120), minute=4))
    machine.handle(filled(SECOND_ENTRY, minute=5))
    return machine.state.position.signal_id


# --- breakeven --------------------------------------------------------------------------------

# A tenth of a percent of fee and of slippage a leg: what cost 100 is worth 100.4004… at net zero.
COSTLY = CostModel(0.1, 0.1, 0.1, 0.1)


@pytest.mark.parametrize(
    ("short", "zero"),
    [
        # long: q = 1/1.001; (q·100·p·0.999)·0.999 = 100.1 with p the price over 100.
        (False, 100.0 * 1.001 * 1.001 / (0.999 * 0.999)),
        # short: sold at 99.9, bought back at p·1.001, fees of 0.1 and p·q·1.001·0.001.
        (True, 100.0 * 0.999 * 0.999 / (1.001 * 1.001)),
    ],
)
def test_breakeven_is_told_once_when_closing_would_earn_its_costs(short, zero):
    machine = watching("breakeven", short=short, model=COSTLY)
    away = -1e-6 if short else 1e-6

    assert candle(machine, 0.0, abs(zero - away - 100.0), short=short) == []
    (told,) = candle(machine, 0.0, abs(zero + away - 100.0), short=short)

    assert stamp(told) == (3, Phase.INSIDE, "breakeven", "s-X-1")
    assert told.data == {"price": pytest.approx(zero, rel=1e-12)}
    assert asked(machine, Breakeven(), price=zero + 2 * away)[0].accepted
    assert candle(machine, 0.0, 5.0, short=short) == []


# --- peaks and troughs ------------------------------------------------------------------------


@SIDES
def test_peaks_and_troughs_are_told_each_time_they_are_new(short):
    machine = watching("peak", "trough", short=short)
    story = []
    for worst, best in [(0, 0), (-1, 2), (-1, 2), (-0.5, 3), (-2, 1), (0, 0)]:
        told = candle(machine, worst, best, short=short)
        story += [(row.kind, row.data["price"], row.data["pnl_pct"]) for row in told]

    assert story == [
        ("peak", price_of(2, short=short), pytest.approx(2.0)),
        ("trough", price_of(-1, short=short), pytest.approx(-1.0)),
        ("peak", price_of(3, short=short), pytest.approx(3.0)),
        ("trough", price_of(-2, short=short), pytest.approx(-2.0)),
    ]


def test_peak_and_trough_both_start_at_what_the_entry_lost_by_its_costs():
    """Q-12a: 100 / 1.001 buy it, sold for 0.999 of the price less 0.1 %, less a fee of 0.1."""
    position = watching(model=COSTLY).state.position

    assert position.peak_pct == position.drawdown_pct == pytest.approx(-0.3996003996, abs=1e-9)


def test_after_an_average_the_peak_is_one_of_the_blended_position():
    """Q-12b: bought at 100 and 80, a way up to 95 is a profit, and its peak."""
    signal = Signal.long(stop_loss=60, take_profit=120)
    machine = managed(signal, entries=(100.0, 80.0), watched=frozenset({"peak"}))

    (told,) = candle(machine, -20.0, -5.0)

    # 1 at 100 and 1.25 at 80; 2.25 at 95 are 213.75.
    assert told.data == {"price": 95.0, "pnl_pct": pytest.approx(13.75 / 2.0)}


def test_the_exit_counts():
    """Q-12c: what was closed by its stop had a drawdown as deep as that."""
    machine = watching("trough")

    (closed,) = rows(machine.handle(filled("s-X-1:stop", minute=4, price=90.0)))

    assert closed.data["drawdown_pct"] == pytest.approx(-10.0)


# --- who is told, and what is looked at -------------------------------------------------------


def test_nothing_is_told_that_nobody_listens_for():
    assert candle(watching(), -9.0, 19.0) == []
    for kind in WATCHED:
        assert {row.kind for row in candle(watching(kind), -9.0, 19.0)} == {kind}
    told = candle(watching(*WATCHED), -1.0, 2.0)
    assert [row.kind for row in told] == ["peak", "trough", "breakeven", "level", "level"]
    assert [row.seq for row in told] == list(range(told[0].seq, told[0].seq + 5))


def test_what_was_told_is_remembered_in_a_snapshot():
    machine = watching("level", "breakeven")
    candle(machine, -3.0, 6.0)
    resumed = Machine(machine.terms, restore(snapshot(machine.state), FREE))

    assert candle(resumed, -3.0, 6.0) == []
    assert len(candle(resumed, -4.0, 8.0)) == 2


@pytest.mark.parametrize(
    ("kinds", "low", "high"),
    [
        ((), 90.0, 120.0),
        (("level",), 99.0, 102.0),
        (("peak",), 90.0, 100.0),
        (("trough",), 100.0, 120.0),
        (("breakeven",), 90.0, 100.0),
    ],
)
def test_quiet_ends_where_the_next_thing_is_told(kinds, low, high):
    assert watching(*kinds).quiet[:2] == (low, high)


@SIDES
def test_quiet_moves_on_with_what_was_told(short):
    machine = watching("level", short=short)
    candle(machine, -3.5, 4.0, short=short)
    assert sorted(machine.quiet[:2]) == sorted(price_of(each, short=short) for each in (-4.0, 6.0))
    candle(machine, -9.5, 19.0, short=short)
    ends = sorted(price_of(each, short=short) for each in (-10.0, 20.0))
    assert sorted(machine.quiet[:2]) == ends

    told = watching("breakeven", short=short)
    candle(told, -1.0, 1.0, short=short)
    assert sorted(told.quiet[:2]) == ends


def test_a_part_that_was_closed_low_needs_a_lower_price_for_a_new_trough():
    machine = watching("trough")
    candle(machine, -4.0, 0.0)
    asked(machine, ClosePart(pct=50.0), price=98.0)
    machine.handle(filled("s-X-1:part1", minute=3, price=98.0, quantity=0.5))
    assert machine.quiet.low == 96.0

    # 0.5 lost 1 and 0.5 lose 3 at 94: no deeper than 4 % of before.
    assert candle(machine, -6.0, 0.0, minute=4) == []
    (told,) = candle(machine, -6.5, 0.0, minute=5)
    assert told.data == {"price": 93.5, "pnl_pct": pytest.approx(-4.25)}
