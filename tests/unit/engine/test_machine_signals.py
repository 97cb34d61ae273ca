"""The machine, event by event: when the strategy is asked, and what becomes of its signal."""

import pytest

from tests.unit.engine.machine_builder import (
    AT_LIMIT,
    AT_MARKET,
    ENTRY,
    SECOND_ENTRY,
    answered,
    at,
    cancelled,
    filled,
    machine_in,
    orders,
    rejected,
    row_of,
    rows,
    stamp,
)
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase
from tradekit.domain.order import OrderType, Role
from tradekit.domain.plan import Limits
from tradekit.domain.signal import Signal
from tradekit.engine.effects import AskStrategy
from tradekit.engine.events import DecisionDue
from tradekit.engine.lifecycle import Status
from tradekit.engine.state import snapshot
from tradekit.errors import SignalError

ASKED = (AskStrategy(),)
FIVE_MINUTES = 300_000


def decide(machine, minute):
    return machine.handle(DecisionDue(at(minute)))


# --- asking ---------------------------------------------------------------------------------


def test_a_flat_machine_is_asked_once_a_slot_at_the_first_moment_in_it():
    machine = machine_in(Status.IDLE, every_ms=FIVE_MINUTES)

    asked = [minute for minute in (2, 3, 4, 5, 6, 9, 17, 19, 20) if decide(machine, minute)]

    assert asked == [2, 5, 17, 20]


def test_on_boundary_asks_at_the_first_moment_of_a_slot_only():
    machine = machine_in(Status.IDLE, every_ms=FIVE_MINUTES, on_boundary=True)

    asked = [minute for minute in (2, 4, 5, 6, 11, 15, 20, 20) if decide(machine, minute)]

    assert asked == [5, 15, 20]


def test_a_slot_that_was_not_asked_stays_unused():
    machine = machine_in(Status.OPENING, every_ms=FIVE_MINUTES)
    assert decide(machine, 0) == ()

    machine.handle(rejected(minute=0))

    assert decide(machine, 1) == ASKED


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (Status.IDLE, True),
        (Status.SCHEDULED, False),
        (Status.OPENING, False),
        (Status.ACTIVE, False),
        (Status.CLOSING, True),
        (Status.TURNING, False),
    ],
)
def test_who_is_flat_or_closing_is_asked(status, asked):
    machine = machine_in(status)
    before = snapshot(machine.state)

    assert decide(machine, 2) == (ASKED if asked else ())
    assert (snapshot(machine.state) == before) is not asked


# --- a signal ---------------------------------------------------------------------------------


def test_a_market_entry_is_written_down_before_it_is_sent():
    machine = machine_in(Status.IDLE)

    row, order = machine.handle(answered(minute=4))

    assert stamp(row) == (4, Phase.DECISION, "submitted", "s-X-1")
    assert (row.symbol_index, row.seq, row.strategy, row.symbol) == (3, 1, "s", "X")
    assert row.data["entry_type"] == "market"
    assert (order.order_id, order.role, order.order_type) == (ENTRY, Role.ENTRY, OrderType.MARKET)
    assert machine.state.status is Status.OPENING
    assert machine.state.orders == {ENTRY: order}
    assert machine.state.entry_deadline_ms is None


def test_a_resting_entry_is_written_down_before_it_is_sent():
    machine = machine_in(Status.IDLE)

    row, order = machine.handle(answered(AT_LIMIT, minute=4))

    assert stamp(row) == (4, Phase.DECISION, "scheduled", "s-X-1")
    assert row.data["entry_price"] == 98.0
    assert (order.order_type, order.price) == (OrderType.LIMIT, 98.0)
    assert machine.state.status is Status.SCHEDULED
    assert machine.state.entry_deadline_ms == at(34)


@pytest.mark.parametrize("signal", [AT_MARKET, AT_LIMIT])
def test_a_closing_position_gets_its_successor_at_the_same_boundary(signal):
    machine = machine_in(Status.CLOSING)

    row, order = machine.handle(answered(signal, minute=2))

    assert stamp(row)[2:] == ("submitted" if signal is AT_MARKET else "scheduled", "s-X-2")
    assert order.order_id == SECOND_ENTRY
    assert machine.state.status is Status.TURNING


def test_signals_are_numbered_by_what_could_be_an_order():
    machine = machine_in(Status.IDLE)

    names = []
    for signal in (AT_MARKET, Signal.long(stop_loss=99.9), AT_MARKET):
        names.append(row_of(machine.handle(answered(signal))).signal_id)
        if machine.state.entry is not None:
            machine.handle(rejected(f"{names[-1]}:entry"))

    assert names == ["s-X-1", "s-X-2", "s-X-3"]
    assert machine.state.seq == 5


# --- refusals ---------------------------------------------------------------------------------


def test_a_signal_that_is_not_allowed_is_a_row():
    machine = machine_in(Status.IDLE)

    effects = machine.handle(answered(Signal.long(stop_loss=99.9, take_profit=100.1), minute=4))

    row = row_of(effects)
    assert orders(effects) == []
    assert stamp(row) == (4, Phase.DECISION, "rejected", "s-X-1")
    assert row.data == {
        "rule": "stop_too_close",
        "detail": "stop_loss_price was 99.9, 0.100 % from last close 100.0, must be at least 0.5 %;"
        " take_profit_price was 100.1, 0.100 % from last close 100.0, must be at least 0.5 %",
        "price": 100.0,
    }
    assert machine.state.status is Status.IDLE


def test_limits_are_those_of_the_terms():
    machine = machine_in(Status.IDLE, limits=Limits(min_stop_pct=10.0))

    assert row_of(machine.handle(answered())).data["rule"] == "stop_too_close"


@pytest.mark.parametrize(
    "signal", [Signal.short(), Signal.short(stop_loss=100.1), Signal.short(entry=105)]
)
def test_a_short_where_there_are_none_is_refused(signal):
    machine = machine_in(Status.IDLE, instrument=Instrument("X", shorts_allowed=False))

    effects = machine.handle(answered(signal))

    assert row_of(effects).data == {
        "rule": "short_not_available",
        "detail": "direction was 'short', X can only be bought here",
        "price": 100.0,
    }
    assert orders(effects) == []
    assert orders(machine.handle(answered(AT_MARKET)))


def test_a_refusal_while_closing_changes_nothing_else():
    machine = machine_in(Status.CLOSING)

    row = row_of(machine.handle(answered(Signal.long(stop_loss=99.9), minute=2)))

    assert row.kind == "rejected"
    assert machine.state.status is Status.CLOSING


@pytest.mark.parametrize(
    ("signal", "words"),
    [
        (Signal.long(stop_loss=101), "stop_loss_price was 101.0, must be below last close"),
        (Signal.short(stop_loss=99), "stop_loss_price was 99.0, must be above last close"),
        (Signal.long(take_profit=99), "take_profit_price was 99.0, must be above last close"),
        (Signal.long(cost=-5), "cost was -5"),
        (Signal.long(entry=99, wait=1, hold=1, cost=5, equity_pct=5), "were both given"),
    ],
)
@pytest.mark.parametrize("status", [Status.IDLE, Status.CLOSING])
def test_nonsense_raises_and_changes_nothing(status, signal, words):
    machine = machine_in(status)
    before = snapshot(machine.state)

    with pytest.raises(SignalError, match=words):
        machine.handle(answered(signal, minute=2))

    assert snapshot(machine.state) == before
    assert orders(machine.handle(answered(minute=2)))


def test_nonsense_is_told_with_everything_else_that_is_wrong():
    with pytest.raises(SignalError) as caught:
        machine_in(Status.IDLE).handle(answered(Signal.long(stop_loss=101, hold=7)))

    assert "must be below last close" in caught.value.message
    assert "; stop_loss_price was 101.0, -1.000 % from" in caught.value.message


def test_times_off_the_base_interval_are_nonsense():
    machine = machine_in(Status.IDLE, base_ms=FIVE_MINUTES)

    with pytest.raises(SignalError, match="hold was 7 minutes, must be a multiple of the base"):
        machine.handle(answered(Signal.long(hold=7)))


# --- ids --------------------------------------------------------------------------------------


def test_an_id_is_consumed_for_ever():
    machine = machine_in(Status.IDLE)
    signal = Signal.long(stop_loss=95, id="news-7")
    assert orders(machine.handle(answered(signal)))
    machine.handle(filled(ENTRY))
    machine.handle(filled("s-X-1:stop"))

    assert machine.handle(answered(signal, minute=9)) == ()
    assert machine.state.signal_count == 1
    assert orders(machine.handle(answered(Signal.long(id="news-8"), minute=9)))


def test_an_id_whose_order_ended_unfilled_is_consumed_too():
    machine = machine_in(Status.IDLE)
    signal = Signal.long(entry=98, id="news-7")
    machine.handle(answered(signal))
    machine.state.cancelling[ENTRY] = "timeout"
    machine.handle(cancelled())

    assert machine.handle(answered(signal, minute=9)) == ()


def test_an_id_is_not_consumed_by_a_refusal():
    machine = machine_in(Status.IDLE)
    too_close = Signal.long(stop_loss=99.9, id="news-7")
    assert rows(machine.handle(answered(too_close)))

    assert orders(machine.handle(answered(Signal.long(stop_loss=95, id="news-7"))))


def test_an_id_that_is_no_text_is_the_strategys_error():
    with pytest.raises(SignalError):
        machine_in(Status.IDLE).handle(answered(Signal.long(id=["news", 7])))


# --- what no order can be made of -------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "tick_size"),
    [
        # Rounded down to the tick they would rest at a price of 0.
        pytest.param(Signal.long(entry=0.004, stop_loss=0.002), 0.01, id="below a tick"),
        pytest.param(Signal.long(entry=0.004), 0.01, id="below a tick, without a stop"),
        # More ticks than there are floats.
        pytest.param(Signal.long(take_profit_pct=1e308), 0.5, id="beyond all floats"),
    ],
)
def test_a_price_that_cannot_be_is_the_strategys_error_and_never_an_order(signal, tick_size):
    machine = machine_in(Status.IDLE, instrument=Instrument("X", tick_size=tick_size))

    try:
        effects = machine.handle(answered(signal))
    except SignalError:
        effects = ()

    assert orders(effects) == []
    assert machine.state.status is Status.IDLE
