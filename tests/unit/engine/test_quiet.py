"""Quiet levels: which prices and which time end the quiet, in each status."""

import math

import pytest

from tests.unit.engine.machine_builder import AT_LIMIT, answered, at, close, filled, machine_in
from tradekit.domain.plan import Defaults
from tradekit.domain.signal import Signal
from tradekit.engine.events import DecisionDue, StrategyAnswered
from tradekit.engine.lifecycle import Status
from tradekit.engine.machine import Machine
from tradekit.engine.quiet import NEVER_MS, Quiet
from tradekit.errors import RemoteProtocolError

LOUD = Quiet(math.inf, -math.inf, 0)


@pytest.mark.parametrize("status", [Status.OPENING, Status.CLOSING, Status.TURNING])
def test_an_order_that_waits_for_an_open_leaves_nothing_quiet(status):
    assert machine_in(status).quiet == LOUD


def test_nothing_is_asked_before_the_next_slot():
    machine = machine_in(Status.IDLE, every_ms=15 * 60_000)

    assert machine.quiet == machine.quiet == Quiet(-math.inf, math.inf, 0)
    machine.handle(DecisionDue(at(7)))
    assert machine.quiet == Quiet(-math.inf, math.inf, at(15))


@pytest.mark.parametrize(
    ("signal", "low", "high"),
    [
        (Signal.long(entry=98), 98.0, math.inf),
        (Signal.long(entry=102, entry_type="stop"), -math.inf, 102.0),
        (Signal.short(entry=102), -math.inf, 102.0),
        (Signal.short(entry=98, entry_type="stop"), 98.0, math.inf),
    ],
)
def test_a_resting_entry_waits_at_its_price_until_its_time_is_over(signal, low, high):
    machine = machine_in(Status.IDLE)
    machine.handle(answered(signal))

    assert machine.quiet == Quiet(low, high, at(30))


@pytest.mark.parametrize(
    ("signal", "low", "high"),
    [
        (Signal.long(stop_loss=95, take_profit=110), 95.0, 110.0),
        (Signal.short(stop_loss=105, take_profit=90), 90.0, 105.0),
        (Signal.long(stop_loss=95), 95.0, math.inf),
        (Signal.long(take_profit=110), -math.inf, 110.0),
        (Signal.short(stop_loss=105), -math.inf, 105.0),
        (Signal.short(take_profit=90), 90.0, math.inf),
        (Signal.long(), -math.inf, math.inf),
    ],
)
def test_a_position_is_quiet_between_stop_and_target_until_its_hold_is_over(signal, low, high):
    machine = machine_in(Status.IDLE)
    machine.handle(answered(signal))
    machine.handle(filled("s-X-1:entry", minute=1))

    assert machine.quiet == Quiet(low, high, at(61))


def test_a_hold_without_end_has_no_deadline():
    defaults = Defaults(hold_ms=None, wait_ms=60_000, cost=100.0)

    assert machine_in(Status.ACTIVE, defaults=defaults).quiet == Quiet(95.0, 110.0, NEVER_MS)


def test_the_nearest_of_several_levels_counts():
    machine = machine_in(Status.ACTIVE)
    orders = machine.state.orders
    for number, price in enumerate((109.0, 120.0), 2):
        name = f"s-X-1:target{number}"
        orders[name] = orders["s-X-1:target1"]._replace(order_id=name, price=price)
    orders["s-X-1:stop2"] = orders["s-X-1:stop"]._replace(order_id="s-X-1:stop2", price=90.0)
    fresh = Machine(machine.terms, machine.state)

    assert fresh.quiet[:2] == (95.0, 109.0)


def test_levels_follow_every_event():
    machine = machine_in(Status.ACTIVE)
    assert machine.quiet.low == 95.0

    machine.handle(filled("s-X-1:stop", minute=5, price=95.0))

    assert machine.quiet == Quiet(-math.inf, math.inf, 0)


def test_a_halted_machine_waits_for_nothing():
    machine = machine_in(Status.IDLE)
    with pytest.raises(RemoteProtocolError):
        machine.handle(filled("s-X-9:entry"))

    assert machine.quiet.deadline_ms == NEVER_MS


def test_a_scheduled_entry_keeps_its_deadline_after_turning():
    machine = machine_in(Status.CLOSING)
    machine.handle(StrategyAnswered(at(2), 100.0, AT_LIMIT))
    assert machine.quiet == LOUD

    machine.handle(filled("s-X-1:exit", minute=2))

    assert machine.quiet == Quiet(98.0, math.inf, at(32))


def test_a_refused_command_changes_no_level():
    machine = machine_in(Status.SCHEDULED)
    before = machine.quiet

    machine.handle(close())

    assert machine.quiet == before
