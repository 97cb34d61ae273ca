"""The machine, event by event: fills, refusals, timers, commands and the end."""

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
    orders,
    rejected,
    row_of,
    stamp,
)
from tradekit.domain.journal import Phase
from tradekit.domain.order import OrderType, Role
from tradekit.domain.plan import Defaults
from tradekit.domain.signal import Signal
from tradekit.engine.effects import AnswerCommand, CancelOrder
from tradekit.engine.events import BoundaryReached, CandlesClosed, RunEnded
from tradekit.engine.lifecycle import Status
from tradekit.engine.state import snapshot


def boundary(machine, minute):
    return machine.handle(BoundaryReached(at(minute), 100.0))


# --- entries ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [Status.OPENING, Status.SCHEDULED])
@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.INSIDE])
def test_a_filled_entry_opens_a_position_and_sends_its_bracket(status, phase):
    machine = machine_in(status)

    row, stop, target = machine.handle(filled(ENTRY, 3, price=99.0, phase=phase))

    assert stamp(row) == (3, phase, "opened", "s-X-1")
    assert row.data["at_open"] is (phase is Phase.OPEN)
    assert row.data["price"] == 99.0
    assert (stop.order_id, target.order_id) == (STOP, TARGET)
    state = machine.state
    assert (state.status, state.entry, state.entry_deadline_ms) == (Status.ACTIVE, None, None)
    assert state.plan.signal_id == state.position.signal_id == "s-X-1"
    assert list(state.orders) == [STOP, TARGET]
    assert state.targets == state.plan.targets
    assert state.hold_deadline_ms == at(63)


def test_a_position_without_hold_has_no_deadline():
    defaults = Defaults(hold_ms=None, wait_ms=60_000, cost=100.0)

    assert machine_in(Status.ACTIVE, defaults=defaults).state.hold_deadline_ms is None


def test_a_refused_entry_is_a_row():
    machine = machine_in(Status.OPENING)

    row = row_of(machine.handle(rejected(minute=3)))

    assert stamp(row) == (3, Phase.OPEN, "rejected", "s-X-1")
    assert row.data == {"rule": "a_rule", "detail": "in detail", "price": 99.0}
    assert machine.state.status is Status.IDLE
    assert machine.state.orders == {}
    assert machine.state.entry is None


def test_a_resting_entry_whose_wait_is_over_is_cancelled_at_the_boundary():
    machine = machine_in(Status.SCHEDULED)
    assert boundary(machine, 29) == ()

    assert boundary(machine, 30) == (CancelOrder(ENTRY, at(30), Phase.DECISION),)

    assert machine.state.status is Status.SCHEDULED
    row = row_of(machine.handle(cancelled(minute=30)))
    assert stamp(row) == (30, Phase.DECISION, "cancelled", "s-X-1")
    assert row.data == {"reason": "timeout"}
    assert machine.state.status is Status.IDLE
    assert machine.state.entry_deadline_ms is None


def test_a_wait_that_ends_in_a_hole_ends_at_the_next_boundary():
    machine = machine_in(Status.SCHEDULED)

    assert boundary(machine, 45) == (CancelOrder(ENTRY, at(45), Phase.DECISION),)


def test_an_entry_is_cancelled_once():
    machine = machine_in(Status.SCHEDULED)
    boundary(machine, 30)

    assert boundary(machine, 31) == ()
    assert machine.handle(RunEnded(at(31), Phase.END, "frame_end")) == ()


def test_an_entry_that_fills_while_it_is_being_cancelled_is_open():
    machine = machine_in(Status.SCHEDULED)
    boundary(machine, 30)

    machine.handle(filled(ENTRY, 30))

    assert machine.state.status is Status.ACTIVE
    assert machine.state.cancelling == {}
    assert machine.handle(cancelled(minute=31)) == ()


# --- exits ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("order_id", "reason"), [(STOP, "stop_loss"), (TARGET, "take_profit")])
@pytest.mark.parametrize("phase", [Phase.OPEN, Phase.INSIDE])
def test_a_bracket_closes_the_position(order_id, reason, phase):
    machine = machine_in(Status.ACTIVE)

    row = row_of(machine.handle(filled(order_id, 5, price=97.0, phase=phase)))

    assert stamp(row) == (5, phase, "closed", "s-X-1")
    assert (row.data["reason"], row.data["note"]) == (reason, "")
    assert row.data["pnl"] == pytest.approx(-3.0)
    assert row.data["cash_delta"] == 97.0
    state = machine.state
    assert (state.status, state.position, state.plan) == (Status.IDLE, None, None)
    assert (state.orders, state.targets, state.hold_deadline_ms) == ({}, (), None)
    assert list(state.finished) == ["s-X-1:entry", "s-X-1:stop", "s-X-1:target1"]


def test_whether_a_candle_touched_both_is_kept():
    machine = machine_in(Status.ACTIVE)

    assert row_of(machine.handle(filled(STOP, ambiguous=True))).data["ambiguous"] is True


def test_a_hold_that_is_over_closes_at_market():
    machine = machine_in(Status.ACTIVE)
    assert boundary(machine, 60) == ()

    row, order = boundary(machine, 61)

    assert stamp(row) == (61, Phase.DECISION, "close_submitted", "s-X-1")
    assert row.data == {"reason": "time_expired", "note": ""}
    assert (order.order_id, order.role, order.order_type, order.buying) == (
        EXIT,
        Role.EXIT,
        OrderType.MARKET,
        False,
    )
    assert machine.state.status is Status.CLOSING
    assert boundary(machine, 62) == ()
    closed = row_of(machine.handle(filled(EXIT, 61)))
    assert (closed.data["reason"], closed.data["note"]) == ("time_expired", "")


def test_a_hook_closes_at_market_with_its_note():
    machine = machine_in(Status.ACTIVE)

    answer, row, order = machine.handle(close(7, note="enough"))

    assert answer == AnswerCommand(accepted=True)
    assert stamp(row) == (7, Phase.DECISION, "close_submitted", "s-X-1")
    assert row.data == {"reason": "closed", "note": "enough"}
    assert order.order_id == EXIT
    closed = row_of(machine.handle(filled(EXIT, 7)))
    assert (closed.data["reason"], closed.data["note"]) == ("closed", "enough")


@pytest.mark.parametrize(
    ("status", "rule"),
    [
        (Status.IDLE, "no_open_position"),
        (Status.SCHEDULED, "no_open_position"),
        (Status.OPENING, "no_open_position"),
        (Status.CLOSING, "already_closing"),
        (Status.TURNING, "already_closing"),
    ],
)
def test_a_close_that_cannot_be_is_refused_and_changes_nothing(status, rule):
    machine = machine_in(status)
    before = snapshot(machine.state)

    assert machine.handle(close()) == (AnswerCommand(accepted=False, rule=rule),)
    assert snapshot(machine.state) == before


def test_a_stop_that_comes_before_the_close_gives_its_own_reason_and_no_note():
    machine = machine_in(Status.ACTIVE)
    machine.handle(close(7, note="enough"))

    closed = row_of(machine.handle(filled(STOP, 7, price=90.0)))

    assert (closed.data["reason"], closed.data["note"]) == ("stop_loss", "")
    assert machine.state.orders == {}
    assert machine.handle(filled(EXIT, 7)) == ()


def test_a_note_does_not_outlive_its_position():
    machine = machine_in(Status.ACTIVE)
    machine.handle(close(7, note="enough"))
    machine.handle(filled(STOP, 7))
    machine.handle(answered(minute=8))
    machine.handle(filled(SECOND_ENTRY, 8))
    boundary(machine, 68)

    closed = row_of(machine.handle(filled("s-X-2:exit", 68)))

    assert (closed.data["reason"], closed.data["note"]) == ("time_expired", "")


@pytest.mark.parametrize(
    ("successor", "status"), [(None, Status.OPENING), (AT_LIMIT, Status.SCHEDULED)]
)
@pytest.mark.parametrize("order_id", [EXIT, STOP, TARGET])
def test_the_successor_stays_when_the_position_is_gone(successor, status, order_id):
    machine = machine_in(Status.CLOSING)
    machine.handle(answered(minute=2) if successor is None else answered(successor, minute=2))

    assert row_of(machine.handle(filled(order_id, 2))).kind == "closed"

    assert machine.state.status is status
    assert list(machine.state.orders) == [SECOND_ENTRY]
    assert machine.state.entry.signal_id == "s-X-2"
    assert row_of(machine.handle(filled(SECOND_ENTRY, 2))).signal_id == "s-X-2"


def test_a_successor_may_be_refused_before_the_position_is_gone():
    machine = machine_in(Status.TURNING)

    assert row_of(machine.handle(rejected(SECOND_ENTRY, 2))).signal_id == "s-X-2"

    assert machine.state.status is Status.CLOSING
    assert machine.state.position is not None


# --- peak and drawdown ------------------------------------------------------------------------


def test_candles_widen_the_extremes_and_want_nothing():
    machine = machine_in(Status.ACTIVE)

    assert machine.handle(CandlesClosed(0, 104.0, 97.0, 0, 0)) == ()

    closed = row_of(machine.handle(filled(STOP, 5, price=95.0)))
    assert closed.data["peak_pct"] == pytest.approx(4.0)
    assert closed.data["drawdown_pct"] == pytest.approx(-5.0)


# --- the end ----------------------------------------------------------------------------------


def end(machine, reason="frame_end", phase=Phase.END):
    return machine.handle(RunEnded(at(9), phase, reason, "ValueError", "decide"))


def test_nothing_open_ends_without_a_word():
    assert end(machine_in(Status.IDLE)) == ()


@pytest.mark.parametrize("status", [Status.SCHEDULED, Status.OPENING])
def test_an_entry_is_taken_off_at_the_end(status):
    machine = machine_in(status)

    assert end(machine) == (CancelOrder(ENTRY, at(9), Phase.END),)

    row = row_of(machine.handle(cancelled(minute=9, phase=Phase.END)))
    assert stamp(row) == (9, Phase.END, "cancelled", "s-X-1")
    assert row.data == {"reason": "frame_end"}


def test_a_position_is_closed_at_the_end():
    machine = machine_in(Status.ACTIVE)

    row, order = end(machine)

    assert stamp(row) == (9, Phase.END, "close_submitted", "s-X-1")
    assert row.data["reason"] == "frame_end"
    assert order.role is Role.EXIT
    closed = row_of(machine.handle(filled(EXIT, 9, phase=Phase.END)))
    assert closed.data["reason"] == "frame_end"


@pytest.mark.parametrize("reason", ["frame_end", "failed"])
def test_a_close_that_is_under_way_at_the_end_says_how_it_ended(reason):
    machine = machine_in(Status.CLOSING)

    effects = end(machine, reason)

    assert orders(effects) == []
    assert row_of(machine.handle(filled(EXIT, 9, phase=Phase.END))).data["reason"] == reason


def test_of_two_only_the_position_is_left_to_close_at_the_end():
    machine = machine_in(Status.TURNING)

    assert end(machine) == (CancelOrder(SECOND_ENTRY, at(9), Phase.END),)

    machine.handle(cancelled(SECOND_ENTRY, 9, Phase.END))
    assert machine.state.status is Status.CLOSING
    assert row_of(machine.handle(filled(EXIT, 9))).data["reason"] == "frame_end"


@pytest.mark.parametrize("status", [Status.IDLE, Status.SCHEDULED, Status.ACTIVE, Status.TURNING])
def test_a_failure_is_told_first(status):
    machine = machine_in(status)

    failed, *rest = end(machine, "failed", Phase.DECISION)

    assert stamp(failed) == (9, Phase.DECISION, "failed", "")
    assert failed.data == {"error": "ValueError", "hook": "decide"}
    assert bool(rest) is (status is not Status.IDLE)


def test_a_short_is_bought_back():
    machine = machine_in(Status.IDLE)
    machine.handle(answered(Signal.short(stop_loss=105)))
    machine.handle(filled(ENTRY))

    assert orders(machine.handle(close()))[0].buying is True
