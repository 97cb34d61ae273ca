"""What a machine has at stake in each status, from the signal to the end of its position."""

import pytest

from tests.unit.engine.machine_builder import (
    EXIT,
    FREE,
    STOP,
    answered,
    asked,
    at,
    bought,
    cancelled,
    filled,
    machine_in,
    managed,
    rejected,
)
from tradekit.domain.commands import (
    AverageBuy,
    CancelEntry,
    ClosePart,
    TrailStop,
)
from tradekit.domain.costs import CostModel
from tradekit.domain.exposure import Exposure
from tradekit.domain.signal import Signal
from tradekit.engine.events import BoundaryReached, CommandIssued
from tradekit.engine.lifecycle import Status
from tradekit.engine.risk import exposure_of


def stake(machine, price=100.0):
    return exposure_of(machine.state, machine.terms, price)


def exposure(cost, *, entry=100.0, stop=95.0, is_open=True, pnl=0.0, direction="long"):
    return Exposure("s", "X", direction, cost, entry, stop, is_open, pytest.approx(pnl))


def test_nothing_is_at_stake_while_idle():
    assert stake(machine_in(Status.IDLE)) is None


@pytest.mark.parametrize("price", [80.0, 100.0, 120.0])
def test_an_entry_that_waits_stakes_its_cost_and_gains_nothing(price):
    machine = machine_in(Status.SCHEDULED)

    assert stake(machine, price) == exposure(100.0, entry=98.0, is_open=False)
    assert stake(machine, price).pnl == 0.0


def test_an_entry_that_was_sent_is_expected_at_the_last_close():
    machine = machine_in(Status.OPENING)

    assert stake(machine, 90.0) == exposure(100.0, is_open=False)


@pytest.mark.parametrize(
    ("status", "gone"),
    [
        (Status.SCHEDULED, [CommandIssued(at(1), 100.0, CancelEntry()), cancelled()]),
        (Status.OPENING, [rejected()]),
        (Status.ACTIVE, [filled(STOP, 2, 95.0)]),
        (Status.CLOSING, [filled(EXIT, 3)]),
    ],
)
def test_nothing_is_at_stake_once_it_is_gone(status, gone):
    machine = machine_in(status)
    assert stake(machine) is not None

    for event in gone:
        machine.handle(event)

    assert machine.state.status is Status.IDLE
    assert stake(machine) is None


def test_a_held_position_gains_what_closing_it_would_after_costs():
    machine = managed(model=CostModel(0.0, 0.1, 0.0, 0.0))

    # One unit of 100: sold at 110 for a fee of 0.11, bought for one of 0.1.
    assert stake(machine, 110.0) == exposure(100.0, stop=90.0, pnl=10.0 - 0.11 - 0.1)


def test_a_short_gains_the_other_way_round():
    machine = managed(short=True)

    assert stake(machine, 90.0) == exposure(100.0, stop=110.0, pnl=10.0, direction="short")


def test_a_position_without_a_stop_has_none():
    assert stake(managed(Signal.long(take_profit=120))).stop_loss_price is None


def test_an_average_counts_from_when_it_is_sent():
    machine = managed()

    assert asked(machine, AverageBuy(60.0, limit=95.0))[0].accepted
    assert stake(machine) == exposure(160.0, stop=90.0)
    assert asked(machine, AverageBuy(30.0), price=96.0)[0].accepted
    assert stake(machine) == exposure(190.0, stop=90.0)

    machine.handle(bought("s-X-1:average2", 96.0, 30.0, FREE, buying=True))

    # 130 were paid for 1.3125 units; 60 still wait.
    assert stake(machine).cost == pytest.approx(190.0)
    assert stake(machine).entry_price == pytest.approx(130.0 / (1.0 + 30.0 / 96.0))


def test_an_average_that_is_refused_counts_no_more():
    machine = managed()
    asked(machine, AverageBuy(60.0), price=96.0)
    assert stake(machine).cost == 160.0

    machine.handle(rejected("s-X-1:average1"))

    assert stake(machine) == exposure(100.0, stop=90.0)


def test_a_part_that_is_closed_is_no_longer_at_stake():
    machine = managed()
    asked(machine, ClosePart(pct=40))
    assert stake(machine).cost == 100.0

    machine.handle(filled("s-X-1:part1", 3, 100.0, quantity=0.4))

    assert stake(machine) == exposure(pytest.approx(60.0), stop=90.0)


def test_a_stop_is_where_it_was_moved_to():
    machine = managed()
    asked(machine, TrailStop(price=97.0))

    assert stake(machine) == exposure(100.0, stop=97.0)


def test_a_stop_is_where_a_trailing_one_has_followed_to():
    machine = managed(Signal.long(stop_loss=90, trail_pct=5))
    machine.handle(BoundaryReached(at(2), 110.0))

    assert stake(machine).stop_loss_price == pytest.approx(104.5)


def test_a_position_on_its_way_out_counts_until_it_is_gone():
    machine = machine_in(Status.CLOSING)

    assert stake(machine) == exposure(100.0)


@pytest.mark.parametrize(("next_cost", "cost"), [(60.0, 100.0), (250.0, 250.0)])
@pytest.mark.parametrize("waits", [False, True])
def test_of_a_position_and_its_successor_the_larger_counts(next_cost, cost, waits):
    machine = machine_in(Status.CLOSING)
    after = Signal.short(entry=105 if waits else None, stop_loss=115, cost=next_cost)
    machine.handle(answered(after, minute=2))
    assert machine.state.status is Status.TURNING

    # Until it is gone the position is what is held, whatever comes after.
    assert stake(machine) == exposure(cost)

    machine.handle(filled(EXIT, 3))

    entered = exposure(
        next_cost, entry=105.0 if waits else 100.0, stop=115.0, is_open=False, direction="short"
    )
    assert stake(machine) == entered


def test_what_is_held_is_held_where_its_average_is():
    machine = managed(entries=(100.0, 92.0), costs=(100.0, 92.0))

    assert stake(machine) == exposure(
        pytest.approx(192.0), entry=pytest.approx(96.0), stop=90.0, pnl=8.0
    )
