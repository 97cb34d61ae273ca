"""What fills and refusals do to a managed position: averages, parts, targets, ids, rows."""

import pytest

from tests.unit.engine.machine_builder import (
    ENTRY,
    EXIT,
    STOP,
    TARGET,
    answered,
    asked,
    at,
    cancelled,
    close,
    filled,
    managed,
    orders,
    rejected,
    row_of,
    rows,
    stamp,
)
from tradekit.domain.commands import AverageBuy, ClosePart, TrailTarget
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase
from tradekit.domain.order import Role
from tradekit.domain.plan import Target
from tradekit.domain.signal import Signal
from tradekit.engine.effects import AmendOrder
from tradekit.engine.lifecycle import Status
from tradekit.engine.state import snapshot
from tradekit.errors import RemoteProtocolError

PARTS = Signal.long(take_profit=[(110, 30), (120, 30), (130, 40)])
AVERAGE, PART = "s-X-1:average1", "s-X-1:part1"
INSIDE = {"phase": Phase.INSIDE}


def averaging(signal=None, *, price=90.0, **more):
    """Return a machine with one average on its way."""
    usual = Signal.long(stop_loss=80, take_profit=120)
    machine = managed(signal or usual, **more)
    assert asked(machine, AverageBuy(90.0, limit=price, mode="anywhere"))[0].accepted
    return machine


def parting(pct=40.0, signal=None, **more):
    machine = managed(signal, **more)
    assert asked(machine, ClosePart(pct=pct))[0].accepted
    return machine


def assert_halts(machine, event, match):
    """Check that the event is the venue's error, and that nothing else changed."""
    before = snapshot(machine.state)
    with pytest.raises(RemoteProtocolError, match=match):
        machine.handle(event)
    assert snapshot(machine.state) == before | {"status": Status.HALTED.value}


# --- averages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.INSIDE])
def test_an_average_is_booked(phase):
    machine = averaging()

    effects = machine.handle(filled(AVERAGE, 5, 90.0, quantity=1.0, fee=0.5, phase=phase))

    row = row_of(effects)
    assert stamp(row) == (5, phase, "averaged", "s-X-1")
    assert row.data == {
        "at_open": phase is Phase.OPEN,
        "price": 90.0,
        "quantity": 1.0,
        "cost": 90.0,
        "fee": 0.5,
        "cash_delta": -90.5,
        "entries": 2,
        "average_entry_price": 95.0,
    }
    position = machine.state.position
    assert (position.quantity, position.cost, position.fees) == (2.0, 190.0, 0.5)
    assert AVERAGE not in machine.state.orders
    assert machine.handle(filled(AVERAGE, 5, 90.0)) == ()


def test_an_average_moves_neither_stop_nor_target_nor_the_end_of_its_time():
    machine = averaging()
    orders_before = {name: machine.state.orders[name] for name in (STOP, TARGET)}
    deadline_ms = machine.state.hold_deadline_ms

    machine.handle(filled(AVERAGE, 5, 90.0))

    assert machine.state.orders == orders_before
    assert machine.state.hold_deadline_ms == deadline_ms


def test_targets_that_wait_are_made_larger():
    machine = averaging(PARTS)
    assert [machine.state.orders[f"s-X-1:target{n}"].quantity for n in (1, 2, 3)] == [
        pytest.approx(0.3),
        pytest.approx(0.3),
        None,
    ]
    machine.handle(filled(TARGET, 3, 110.0, quantity=0.3, **INSIDE))

    effects = machine.handle(filled(AVERAGE, 5, 90.0))

    # What is left of 1 is 0.7, of 2 entered the second target takes 0.6, the last one the rest.
    (amended,) = [effect for effect in effects if isinstance(effect, AmendOrder)]
    assert amended.order.order_id == "s-X-1:target2"
    assert amended.order.quantity == pytest.approx(0.6)
    assert machine.state.orders["s-X-1:target2"] == amended.order
    assert machine.state.orders["s-X-1:target3"].quantity is None


def test_a_target_that_was_moved_is_made_larger_where_it_is():
    machine = averaging(Signal.long(take_profit=[(110, 30), (120, 50)]))
    machine.handle(filled(TARGET, 3, 110.0, quantity=0.3, **INSIDE))
    asked(machine, TrailTarget(price=140.0), 4, price=105.0)

    effects = machine.handle(filled(AVERAGE, 5, 90.0))

    (amended,) = [effect for effect in effects if isinstance(effect, AmendOrder)]
    assert amended.order[:5] == ("s-X-1:target2", Role.TARGET, "limit", False, 140.0)
    assert amended.order.quantity == pytest.approx(1.0)


def test_a_refused_target_leaves_the_others_as_they_were_meant():
    """Of lots of 1 a share of 1 % is nothing; the last target still takes all that is left."""
    shares = Signal.long(take_profit=[(110, 1), (120, 49), (130, 50)])
    machine = averaging(shares, costs=(1000.0,), instrument=Instrument("X", lot_size=1.0))
    machine.handle(rejected(TARGET, 3))
    assert machine.state.targets == (Target(120.0, 49.0), Target(130.0, 50.0))
    machine.handle(filled("s-X-1:target2", 4, 120.0, quantity=4.0))

    machine.handle(filled(AVERAGE, 5, 90.0))

    assert machine.state.orders["s-X-1:target3"].quantity is None


@pytest.mark.parametrize("quantity", [0.0, -1.0])
def test_an_average_of_nothing_is_the_venues_error(quantity):
    assert_halts(averaging(), filled(AVERAGE, 5, 90.0, quantity=quantity), "must be above 0")


# --- parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "role", "price"), [(PART, "part", 105.0), (TARGET, "target", 110.0)]
)
def test_a_part_is_booked(name, role, price):
    machine = parting(signal=PARTS)
    quantity = machine.state.orders[name].quantity

    effects = machine.handle(filled(name, 5, price, quantity=quantity, fee=0.5, ambiguous=True))

    (row,) = effects
    assert stamp(row) == (5, Phase.OPEN, "partial", "s-X-1")
    assert row.data == {
        "order": role,
        "price": price,
        "quantity": quantity,
        "fee": 0.5,
        "cash_delta": pytest.approx(price * quantity - 0.5),
        "quantity_left": pytest.approx(1.0 - quantity),
        "cost_left": pytest.approx(100.0 * (1.0 - quantity)),
    }
    assert machine.state.status is Status.ACTIVE
    assert machine.state.position.ambiguous
    assert name not in machine.state.orders
    assert machine.handle(filled(name, 5, price, quantity=quantity)) == ()


def test_a_filled_target_is_forgotten_and_a_part_leaves_targets_alone():
    machine = parting(signal=PARTS)
    machine.handle(filled(PART, 5, quantity=0.4))
    assert len(machine.state.targets) == 3

    machine.handle(filled(TARGET, 6, 110.0, quantity=0.3))

    assert machine.state.targets == (Target(120.0, 30.0), Target(130.0, 40.0))


@pytest.mark.parametrize(
    ("name", "reason"), [(PART, "closed"), (TARGET, "take_profit"), (STOP, "stop_loss")]
)
def test_what_takes_off_the_last_of_it_is_why_it_was_closed(name, reason):
    machine = parting(signal=Signal.long(stop_loss=90, take_profit=[(110, 30), (120, 70)]))

    (row,) = machine.handle(filled(name, 5, 100.0, quantity=1.0))

    assert (row.kind, row.data["reason"], row.data["note"]) == ("closed", reason, "")
    assert machine.state.status is Status.IDLE
    assert (machine.state.orders, machine.state.targets) == ({}, ())


def test_all_but_dust_is_all():
    """Whatever a venue computes in its last digits, nothing that has no size stays open."""
    machine = parting(99.0)

    (row,) = machine.handle(filled(PART, 5, quantity=1.0 - 5e-10))

    assert row.kind == "closed"
    assert machine.state.status is Status.IDLE


@pytest.mark.parametrize("quantity", [0.0, -0.1, 1.1])
def test_a_part_of_more_than_there_is_or_of_nothing_is_the_venues_error(quantity):
    assert_halts(parting(), filled(PART, 5, quantity=quantity), "must take off at most")


@pytest.mark.parametrize("name", [STOP, TARGET])
def test_what_takes_all_cannot_take_a_part(name):
    assert_halts(managed(), filled(name, 5, quantity=0.5), "must take off all of")


def test_parts_before_a_close_leave_their_own_rows():
    machine = parting()
    machine.handle(close(note="enough"))

    (first,) = machine.handle(filled(PART, 3, quantity=0.4))
    (second,) = machine.handle(filled(EXIT, 3, quantity=0.6))

    assert (first.kind, second.kind) == ("partial", "closed")
    assert (second.data["reason"], second.data["note"]) == ("closed", "enough")


def test_a_closed_row_tells_of_all_fills():
    machine = averaging(Signal.long(stop_loss=80, take_profit=[(110, 30), (120, 70)]))
    machine.handle(filled(AVERAGE, 5, 90.0, fee=0.5))
    machine.handle(filled(TARGET, 7, 110.0, quantity=0.6, fee=0.25, **INSIDE))

    (row,) = machine.handle(filled(STOP, 9, 80.0, quantity=1.4, fee=0.125, **INSIDE))

    assert row.data == {
        "direction": "long",
        "entry_ts_ms": at(1),
        "entry_price": 100.0,
        "exit_ts_ms": at(9),
        "exit_price": 80.0,
        "reason": "stop_loss",
        "note": "",
        "cost": 190.0,
        "quantity": 2.0,
        "pnl": pytest.approx(0.6 * 110 + 1.4 * 80 - 190 - 0.875),
        "pnl_pct": pytest.approx((0.6 * 110 + 1.4 * 80 - 190 - 0.875) / 1.9),
        "fees": 0.875,
        "entries": [
            {"ts_ms": at(1), "price": 100.0, "quantity": 1.0, "fee": 0.0},
            {"ts_ms": at(5), "price": 90.0, "quantity": 1.0, "fee": 0.5},
        ],
        "exits": [
            {"ts_ms": at(7), "price": 110.0, "quantity": 0.6, "fee": 0.25},
            {"ts_ms": at(9), "price": 80.0, "quantity": 1.4, "fee": 0.125},
        ],
        # Anew since the average at 90, and then the profit at the end.
        "peak_pct": pytest.approx((2 * 90 - 190 - 0.5) / 1.9),
        "drawdown_pct": pytest.approx((0.6 * 110 + 1.4 * 80 - 190 - 0.875) / 1.9),
        "ambiguous": False,
        "cash_delta": pytest.approx(1.4 * 80 - 0.125),
    }


def test_what_waited_for_a_position_is_void_with_it_but_not_the_next_entry():
    machine = averaging(PARTS)
    asked(machine, ClosePart(pct=10))
    machine.handle(close())
    machine.handle(answered(minute=2))
    assert machine.state.status is Status.TURNING

    machine.handle(filled(EXIT, 3, quantity=1.0))

    assert list(machine.state.orders) == ["s-X-2:entry"]
    for late in (AVERAGE, "s-X-1:part2", "s-X-1:target3"):
        assert machine.handle(filled(late, 4)) == ()


def test_the_numbers_of_a_hooks_orders_begin_anew():
    machine = parting(99.0)
    machine.handle(filled(PART, 3, quantity=1.0))
    machine.handle(answered(minute=3))
    machine.handle(filled("s-X-2:entry", 4))

    (order,) = orders(asked(machine, ClosePart(pct=50), 5))

    assert order.order_id == "s-X-2:part1"


# --- refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "role"), [(AVERAGE, "average"), (TARGET, "target")])
def test_a_refusal_of_what_is_no_entry_leaves_the_position(name, role):
    machine = averaging()
    position = machine.state.position.snapshot()

    effects = machine.handle(rejected(name, 5))

    (row,) = rows(effects)
    assert stamp(row) == (5, Phase.OPEN, "rejected", "s-X-1")
    assert row.data == {"rule": "a_rule", "detail": "in detail", "price": 99.0, "order": role}
    assert machine.state.position.snapshot() == position
    assert machine.state.status is Status.ACTIVE
    assert name not in machine.state.orders
    assert machine.handle(rejected(name, 5)) == ()


def test_a_refused_part_leaves_the_position():
    machine = parting()

    (row,) = machine.handle(rejected(PART, 5))

    assert (row.kind, row.data["order"]) == ("rejected", "part")
    assert machine.state.position.quantity == 1.0


@pytest.mark.parametrize("name", [STOP, EXIT])
def test_what_protects_a_position_cannot_be_refused(name):
    machine = managed()
    machine.handle(close())

    assert_halts(machine, rejected(name, 5), "it protects a position")


@pytest.mark.parametrize("name", [STOP, TARGET, AVERAGE])
def test_what_belongs_to_a_position_cannot_be_cancelled(name):
    assert_halts(averaging(), cancelled(name, 5), "which nobody asked for")


def test_a_second_entry_into_one_position_is_the_venues_error():
    machine = managed()

    assert machine.handle(filled(ENTRY, 5)) == ()
    assert_halts(machine, filled("s-X-2:entry", 5), "no order of")
