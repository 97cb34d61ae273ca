"""A stop that follows the best close: when it starts, where it goes, and when nothing is quiet."""

import json
import math

import pytest

from tests.unit.engine.machine_builder import (
    STOP,
    answered,
    asked,
    at,
    close,
    filled,
    managed,
    row_of,
    stamp,
    terms,
)
from tradekit.domain.commands import AverageBuy, Close, TrailStop
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase
from tradekit.domain.signal import Signal
from tradekit.engine.effects import AmendOrder
from tradekit.engine.events import BoundaryReached
from tradekit.engine.machine import Machine
from tradekit.engine.state import restore, snapshot


def follow(machine, minute, price):
    """Let a candle have closed at `price`; return where the stop is after that."""
    machine.handle(BoundaryReached(at(minute), price))
    stop = machine.state.orders.get(STOP)
    return None if stop is None else stop.price


def stops(machine, closes):
    return [follow(machine, minute, price) for minute, price in enumerate(closes, start=2)]


@pytest.mark.parametrize(
    ("short", "closes", "expected"),
    [
        (False, [100, 110, 105, 111, 90], [98.0, 107.8, 107.8, 108.78, 108.78]),
        (True, [100, 90, 95, 89, 110], [102.0, 91.8, 91.8, 90.78, 90.78]),
    ],
)
def test_the_stop_follows_the_best_close_and_never_goes_back(short, closes, expected):
    signal = Signal.short(trail_pct=2) if short else Signal.long(trail_pct=2)

    assert stops(managed(signal, short=short), closes) == pytest.approx(expected)


def test_a_stop_that_is_nearer_stays():
    machine = managed(Signal.long(stop_loss=99, trail_pct=2))

    assert stops(machine, [100, 101, 102]) == [99.0, 99.0, pytest.approx(99.96)]


@pytest.mark.parametrize(
    ("short", "closes", "expected"),
    [
        (False, [102, 104.9, 105, 103, 106], [None, None, 102.9, 102.9, 103.88]),
        (True, [98, 95.1, 95, 97, 94], [None, None, 96.9, 96.9, 95.88]),
    ],
)
def test_it_starts_once_a_close_was_far_enough(short, closes, expected):
    make = Signal.short if short else Signal.long
    machine = managed(make(trail_pct=2, trail_after_pct=5), short=short)

    found = stops(machine, closes)

    assert found[:2] == expected[:2]
    assert found[2:] == pytest.approx(expected[2:])


def test_far_enough_is_counted_from_the_average_entry_price():
    machine = managed(Signal.long(trail_pct=2, trail_after_pct=5))
    asked(machine, AverageBuy(80.0, limit=80.0))
    machine.handle(filled("s-X-1:average1", 2, 80.0, quantity=1.0))

    assert stops(machine, [94.4]) == [None]
    assert stops(machine, [94.5]) == [pytest.approx(92.61)]


@pytest.mark.parametrize(("short", "expected"), [(False, 97.5), (True, 102.5)])
def test_it_is_rounded_away_from_profit(short, expected):
    make = Signal.short if short else Signal.long
    machine = managed(make(trail_pct=2.3), short=short, instrument=Instrument("X", tick_size=0.5))

    assert stops(machine, [100]) == [expected]


def test_a_move_is_a_row_at_the_boundary_and_an_order():
    machine = managed(Signal.long(stop_loss=90, trail_pct=2))

    row, amended = machine.handle(BoundaryReached(at(2), 110.0))

    assert stamp(row) == (2, Phase.DECISION, "trailed", "s-X-1")
    assert row.data == {
        "order": "stop",
        "old_price": 90.0,
        "new_price": pytest.approx(107.8),
        "why": "trailed",
    }
    assert amended == AmendOrder(machine.state.orders[STOP])
    assert machine.handle(BoundaryReached(at(3), 110.0)) == ()


def test_a_stop_that_was_moved_looser_is_taken_back():
    machine = managed(Signal.long(trail_pct=2))
    stops(machine, [100])
    asked(machine, TrailStop(price=90.0, loosen=True))

    assert follow(machine, 3, 99.5) == 98.0


def test_a_close_that_has_passed_the_way_back_moves_nothing():
    machine = managed(Signal.long(trail_pct=2))
    stops(machine, [100])
    asked(machine, TrailStop(price=90.0, loosen=True))

    assert follow(machine, 3, 98.0) == 90.0


def test_nothing_follows_without_a_trailing_stop_or_once_it_is_being_closed():
    plain = managed()
    assert follow(plain, 2, 115.0) == 90.0
    closing = managed(Signal.long(stop_loss=90, trail_pct=2))
    closing.handle(close())
    assert follow(closing, 2, 115.0) == 90.0


def test_the_end_of_its_time_comes_first():
    machine = managed(Signal.long(stop_loss=90, trail_pct=2, hold=1))

    effects = machine.handle(BoundaryReached(at(2), 110.0))

    assert row_of(effects).kind == "close_submitted"
    assert machine.state.orders[STOP].price == 90.0


def test_the_best_close_is_that_of_one_position():
    machine = managed(Signal.long(trail_pct=2))
    stops(machine, [150])
    machine.handle(filled(STOP, 3, 147.0))
    machine.handle(answered(Signal.long(trail_pct=2), minute=3))
    machine.handle(filled("s-X-2:entry", 4))

    machine.handle(BoundaryReached(at(5), 100.0))

    assert machine.state.orders["s-X-2:stop"].price == pytest.approx(98.0)


def test_a_snapshot_remembers_how_far_it_has_come():
    straight = managed(Signal.long(trail_pct=2, trail_after_pct=5))
    stops(straight, [103, 110])
    plain = json.loads(json.dumps(snapshot(straight.state)))
    resumed = Machine(terms(), restore(plain, terms().costs), validate=True)

    assert resumed.quiet == straight.quiet
    for minute, price in enumerate((108, 112, 111), start=9):
        assert follow(resumed, minute, price) == follow(straight, minute, price)


# --- quiet candles ----------------------------------------------------------------------------


@pytest.mark.parametrize("short", [False, True])
def test_before_the_first_close_nothing_is_quiet(short):
    make = Signal.short if short else Signal.long
    quiet = managed(make(trail_pct=2), short=short).quiet

    assert (quiet.low, quiet.high) == (math.inf, -math.inf)


@pytest.mark.parametrize(
    ("short", "closes", "low", "high"),
    [(False, [100, 110], 107.8, 110.0), (True, [100, 90], 90.0, 91.8)],
)
def test_a_candle_that_reaches_the_best_close_is_looked_at(short, closes, low, high):
    """And one that reaches the stop."""
    make = Signal.short if short else Signal.long
    machine = managed(make(trail_pct=2), short=short)
    stops(machine, closes)

    assert (machine.quiet.low, machine.quiet.high) == pytest.approx((low, high))


def test_a_nearer_target_bounds_what_is_quiet():
    machine = managed(Signal.long(take_profit=105, trail_pct=10))
    stops(machine, [106])

    assert machine.quiet.high == 105.0


def test_once_it_is_being_closed_an_open_is_waited_for():
    machine = managed(Signal.long(trail_pct=2))
    stops(machine, [100])
    asked(machine, Close())

    assert (machine.quiet.low, machine.quiet.high) == (math.inf, -math.inf)


@pytest.mark.parametrize("short", [False, True])
def test_after_an_average_the_best_close_is_looked_for_anew(short):
    """From 100 with +8 %, averaged at 80 to about 90: only a close 10 % beyond that starts it."""
    sign = -1.0 if short else 1.0
    make = Signal.short if short else Signal.long
    machine = managed(make(trail_pct=3, trail_after_pct=10), short=short)
    assert follow(machine, 2, 100 + 8 * sign) is None
    asked(machine, AverageBuy(100.0), minute=3, price=100 - 20 * sign)
    machine.handle(filled("s-X-1:average1", minute=3, price=100 - 20 * sign, quantity=1.0))

    assert follow(machine, 4, 100 - 15 * sign) is None
    assert follow(machine, 5, 100 - 2 * sign) is None
    start = (100.0 - 10.0 * sign) * (1.0 + 0.1 * sign)
    assert follow(machine, 6, start + sign) == pytest.approx((start + sign) * (1.0 - 0.03 * sign))
