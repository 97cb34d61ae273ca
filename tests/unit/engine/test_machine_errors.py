"""The machine and what cannot be: it raises, halts, is left as it was, and refuses all the rest."""

import pytest

from tests.unit.engine.machine_builder import (
    AT_LIMIT,
    ENTRY,
    EXIT,
    SECOND_ENTRY,
    STOP,
    TARGET,
    answered,
    at,
    cancelled,
    close,
    filled,
    machine_in,
    rejected,
)
from tradekit.domain.journal import Phase
from tradekit.engine.events import BoundaryReached, CandlesClosed, DecisionDue, RunEnded
from tradekit.engine.lifecycle import Status
from tradekit.engine.state import snapshot
from tradekit.errors import LocalProtocolError, RemoteProtocolError

UNKNOWN = "s-X-7:entry"
CANDLES = CandlesClosed(0, 101.0, 99.0, 0, 0)

EVERY_EVENT = [
    BoundaryReached(at(9), 100.0),
    DecisionDue(at(9)),
    answered(),
    close(),
    filled(ENTRY),
    rejected(),
    cancelled(),
    CANDLES,
    RunEnded(at(9), Phase.END, "frame_end"),
]

VENUE, DRIVER = RemoteProtocolError, LocalProtocolError

# (status, event, whose error, words of the message)
IMPOSSIBLE = {
    "a fill of nothing known": (Status.IDLE, filled(ENTRY), VENUE, f"'{ENTRY}', no order of"),
    "a fill of another signal": (Status.ACTIVE, filled(UNKNOWN), VENUE, "of strategy 's', X"),
    "a refusal of another signal": (Status.ACTIVE, rejected(UNKNOWN), VENUE, UNKNOWN),
    "a cancel of another signal": (Status.ACTIVE, cancelled(UNKNOWN), VENUE, UNKNOWN),
    "an exit that was never sent": (Status.ACTIVE, filled(EXIT), VENUE, EXIT),
    "a target that never was": (Status.ACTIVE, filled("s-X-1:target2"), VENUE, "no order of"),
    "a stop before its entry": (Status.OPENING, filled(STOP), VENUE, STOP),
    "a stop refused": (Status.ACTIVE, rejected(STOP), VENUE, "rejected (a_rule), it protects"),
    "an exit refused": (Status.CLOSING, rejected(EXIT), VENUE, "rejected (a_rule), it protects"),
    "a limit cancelled": (Status.SCHEDULED, cancelled(), VENUE, "which nobody asked for"),
    "an entry cancelled": (Status.OPENING, cancelled(), VENUE, "which nobody asked for"),
    "a stop cancelled": (Status.ACTIVE, cancelled(STOP), VENUE, "which nobody asked for"),
    "two positions": (Status.TURNING, filled(SECOND_ENTRY), VENUE, "was filled while turning"),
    "an exit of a part": (Status.ACTIVE, filled(STOP, quantity=0.4), VENUE, "must take off all"),
    "an exit of more than is held": (Status.ACTIVE, filled(STOP, quantity=1.1), VENUE, "1.1"),
    "an exit of nothing": (Status.ACTIVE, filled(STOP, quantity=0.0), VENUE, STOP),
    "an entry of nothing": (Status.OPENING, filled(ENTRY, quantity=0.0), VENUE, ENTRY),
    "an entry below nothing": (Status.OPENING, filled(ENTRY, quantity=-1.0), VENUE, ENTRY),
    "an entry for nothing": (Status.OPENING, filled(ENTRY)._replace(cost=0.0), VENUE, ENTRY),
    "a signal while waiting": (Status.SCHEDULED, answered(), DRIVER, "a signal came for strategy"),
    "a signal while opening": (Status.OPENING, answered(), DRIVER, "while opening"),
    "a signal while active": (Status.ACTIVE, answered(), DRIVER, "while active"),
    "a signal while turning": (Status.TURNING, answered(), DRIVER, "while turning"),
    "candles while idle": (Status.IDLE, CANDLES, DRIVER, "which holds no position"),
    "candles while waiting": (Status.SCHEDULED, CANDLES, DRIVER, "which holds no position"),
    "candles while opening": (Status.OPENING, CANDLES, DRIVER, "which holds no position"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_what_cannot_be_raises_and_halts_with_nothing_half_applied(name):
    status, event, error, words = IMPOSSIBLE[name]
    machine = machine_in(status)
    before = snapshot(machine.state)

    with pytest.raises(error) as caught:
        machine.handle(event)

    assert words in caught.value.message
    assert machine.state.status is Status.HALTED
    assert snapshot(machine.state) == before | {"status": "halted"}


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: type(event).__name__)
def test_a_halted_machine_refuses_everything(event):
    machine = machine_in(Status.ACTIVE)
    with pytest.raises(RemoteProtocolError):
        machine.handle(filled(UNKNOWN))
    before = snapshot(machine.state)

    with pytest.raises(LocalProtocolError) as caught:
        machine.handle(event)

    assert caught.value.message == (
        f"event was {type(event).__name__}, the machine of strategy 's', X has halted"
    )
    assert snapshot(machine.state) == before


@pytest.mark.parametrize(
    "event", [filled(ENTRY), rejected(), cancelled()], ids=lambda event: type(event).__name__
)
@pytest.mark.parametrize("status", [Status.ACTIVE, Status.CLOSING, Status.TURNING])
def test_an_answer_about_an_entry_that_was_filled_changes_nothing(status, event):
    machine = machine_in(status)
    before = snapshot(machine.state)

    assert machine.handle(event) == ()
    assert snapshot(machine.state) == before


@pytest.mark.parametrize("order_id", [STOP, TARGET, EXIT, ENTRY])
def test_an_answer_about_a_signal_that_has_ended_changes_nothing(order_id):
    machine = machine_in(Status.CLOSING)
    machine.handle(filled(EXIT))
    before = snapshot(machine.state)

    for event in (filled(order_id), rejected(order_id), cancelled(order_id)):
        assert machine.handle(event) == ()
    assert snapshot(machine.state) == before


def test_a_repeated_refusal_changes_nothing():
    machine = machine_in(Status.OPENING)
    machine.handle(rejected())
    before = snapshot(machine.state)

    assert machine.handle(rejected()) == ()
    assert machine.handle(filled(ENTRY)) == ()
    assert snapshot(machine.state) == before


def test_an_entry_plan_lost_is_the_venues_error():
    # Two things that only a damaged state could bring together.
    machine = machine_in(Status.ACTIVE)
    machine.state.position = None

    with pytest.raises(RemoteProtocolError, match="exit 's-X-1:stop' was filled while active"):
        machine.handle(filled(STOP))


def test_the_error_names_the_strategy_and_the_symbol():
    machine = machine_in(Status.IDLE, strategy="dip", symbol="SOLUSDT")
    machine.handle(answered(AT_LIMIT))

    with pytest.raises(LocalProtocolError) as caught:
        machine.handle(answered())

    assert caught.value.message == "a signal came for strategy 'dip', SOLUSDT while scheduled"
