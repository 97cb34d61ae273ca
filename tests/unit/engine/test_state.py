"""The state: what must always hold, what it remembers, the way to plain values and back."""

import json
from dataclasses import fields

import pytest

from tests.unit.engine.machine_builder import (
    AT_LIMIT,
    ENTRY,
    EXIT,
    SECOND_ENTRY,
    STOP,
    TARGET,
    answered,
    filled,
    machine_in,
)
from tradekit.domain.order import OrderType, Role
from tradekit.domain.signal import Signal
from tradekit.engine.events import CandlesClosed, DecisionDue, RunEnded
from tradekit.engine.lifecycle import Status
from tradekit.engine.machine import Machine
from tradekit.engine.state import (
    FINISHED_MAX,
    ORDERS_MAX,
    SNAPSHOT_VERSION,
    EngineState,
    check,
    restore,
    snapshot,
)
from tradekit.errors import RemoteProtocolError

REACHED = [status for status in Status if status is not Status.HALTED]


def state_in(status):
    return machine_in(status).state


def halted():
    machine = machine_in(Status.ACTIVE)
    with pytest.raises(RemoteProtocolError):
        machine.handle(filled("s-X-9:entry"))
    return machine


@pytest.mark.parametrize("status", REACHED)
def test_what_is_reached_holds(status):
    check(state_in(status))


def test_a_halted_state_holds_with_whatever_is_open():
    check(halted().state)


# (status, what is broken, what is said about it)
BREACHES = [
    (Status.IDLE, lambda s: setattr(s, "status", Status.ACTIVE), "a position exactly while"),
    (Status.ACTIVE, lambda s: setattr(s, "status", Status.IDLE), "a position exactly while"),
    (Status.ACTIVE, lambda s: setattr(s, "position", None), "a position exactly while"),
    (Status.IDLE, lambda s: setattr(s, "status", Status.OPENING), "an entry exactly while"),
    (Status.OPENING, lambda s: setattr(s, "entry", None), "an entry exactly while"),
    (Status.ACTIVE, lambda s: setattr(s, "entry", s.plan), "an entry exactly while"),
    (Status.ACTIVE, lambda s: setattr(s, "plan", None), "a held position knows its plan"),
    (Status.ACTIVE, lambda s: setattr(s, "status", Status.CLOSING), ""),
    (Status.CLOSING, lambda s: setattr(s, "status", Status.ACTIVE), ""),
    (Status.CLOSING, lambda s: s.cancelling.update({EXIT: "x"}), ""),
    (Status.ACTIVE, lambda s: s.position.entries.clear(), "a position has entries"),
    (Status.ACTIVE, lambda s: setattr(s.position, "quantity", 0.0), "holds something"),
    (Status.ACTIVE, lambda s: setattr(s.position, "peak_pct", -9.0), ""),
    (Status.SCHEDULED, lambda s: setattr(s, "entry_deadline_ms", None), "has a deadline"),
    (
        Status.SCHEDULED,
        lambda s: s.orders.update({ENTRY: s.orders[ENTRY]._replace(order_type=OrderType.MARKET)}),
        "",
    ),
    (
        Status.ACTIVE,
        lambda s: s.orders.update({str(n): s.orders[STOP] for n in range(ORDERS_MAX)}),
        "orders are bounded",
    ),
    (
        Status.IDLE,
        lambda s: s.finished.update(dict.fromkeys(map(str, range(FINISHED_MAX + 1)))),
        "memory of ended orders is bounded",
    ),
    (Status.IDLE, lambda s: s.cancelling.update({"x": "y"}), "only resting orders are cancelled"),
    (Status.IDLE, lambda s: setattr(s, "seq", -1), ""),
    (Status.IDLE, lambda s: setattr(s, "signal_count", -1), ""),
]


@pytest.mark.parametrize(("status", "spoil", "words"), BREACHES)
def test_what_may_not_be_is_found(status, spoil, words):
    state = state_in(status)
    spoil(state)

    with pytest.raises(AssertionError, match=words or None):
        check(state)


def test_a_machine_that_validates_finds_it_at_the_next_event():
    machine = machine_in(Status.ACTIVE)
    machine.state.seq = -5

    with pytest.raises(AssertionError):
        machine.handle(CandlesClosed(0, 101.0, 99.0, 0, 0))
    trusting = Machine(machine.terms, machine.state)
    trusting.handle(CandlesClosed(0, 101.0, 99.0, 0, 0))


def test_an_order_is_found_by_its_role_unless_it_is_being_cancelled():
    state = state_in(Status.ACTIVE)

    assert state.order_of(Role.STOP).order_id == STOP
    assert state.order_of(Role.TARGET).order_id == TARGET
    assert state.order_of(Role.EXIT) is None
    state.cancelling[STOP] = "why"
    assert state.order_of(Role.STOP) is None


def test_an_order_that_ended_is_no_longer_cancelled():
    state = state_in(Status.SCHEDULED)
    state.cancelling[ENTRY] = "timeout"

    state.finish(ENTRY)

    assert (state.orders, state.cancelling, list(state.finished)) == ({}, {}, [ENTRY])


def test_the_memory_of_ended_orders_is_bounded_and_loses_the_oldest():
    state = EngineState()
    order = state_in(Status.SCHEDULED).orders[ENTRY]
    for number in range(FINISHED_MAX + 3):
        state.orders[str(number)] = order
        state.finish(str(number))

    assert list(state.finished) == [str(number) for number in range(3, FINISHED_MAX + 3)]


@pytest.mark.parametrize("status", REACHED)
def test_a_snapshot_is_what_json_can_carry(status):
    machine = machine_in(status)

    again = restore(json.loads(json.dumps(snapshot(machine.state))), machine.terms.costs)

    assert again == machine.state
    assert snapshot(again) == snapshot(machine.state)


def test_a_halted_machine_stays_halted():
    machine = halted()

    again = restore(json.loads(json.dumps(snapshot(machine.state))), machine.terms.costs)

    assert again.status is Status.HALTED
    assert again == machine.state


def test_a_snapshot_holds_every_field():
    assert set(snapshot(EngineState())) == {"version"} | {f.name for f in fields(EngineState)}


def test_a_state_full_of_everything_comes_back():
    machine = machine_in(Status.IDLE, every_ms=300_000)
    machine.handle(DecisionDue(1_775_001_600_000))
    machine.handle(answered(Signal.long(stop_loss=95, id="once", note="n", hold="unlimited")))
    machine.handle(filled(ENTRY))
    machine.handle(CandlesClosed(0, 103.3, 97.7, 0, 0))
    machine.handle(filled(STOP, price=95.0))
    machine.handle(answered(AT_LIMIT))
    machine.handle(RunEnded(1_775_001_700_000, 3, "frame_end"))
    state = machine.state

    again = restore(json.loads(json.dumps(snapshot(state))), machine.terms.costs)

    assert again == state
    assert list(again.used_ids) == ["once"]
    assert list(again.finished) == [ENTRY, STOP]
    assert again.cancelling == {SECOND_ENTRY: "frame_end"}


def test_a_snapshot_of_another_version_is_not_read():
    plain = snapshot(EngineState()) | {"version": SNAPSHOT_VERSION + 1}

    with pytest.raises(AssertionError, match="another version"):
        restore(plain, machine_in(Status.IDLE).terms.costs)


def test_what_may_not_be_is_not_restored():
    plain = snapshot(EngineState()) | {"status": "active"}

    with pytest.raises(AssertionError):
        restore(plain, machine_in(Status.IDLE).terms.costs)
