"""Targets that move, breakeven, waiting entries; what cannot be asked for, and nonsense."""

import pytest

from tests.unit.engine.machine_builder import (
    AT_LIMIT,
    ENTRY,
    STOP,
    TARGET,
    answered,
    asked,
    at,
    cancelled,
    filled,
    machine_in,
    managed,
    orders,
    row_of,
    rows,
    stamp,
    terms,
)
from tradekit.domain.commands import (
    AverageBuy,
    Breakeven,
    CancelEntry,
    Close,
    ClosePart,
    FillEntry,
    TrailStop,
    TrailTarget,
)
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase
from tradekit.domain.order import Order, OrderType, Role
from tradekit.domain.plan import Target
from tradekit.domain.signal import Signal
from tradekit.engine.effects import AmendOrder, AnswerCommand, CancelOrder
from tradekit.engine.lifecycle import Status
from tradekit.engine.machine import Machine
from tradekit.engine.state import snapshot
from tradekit.errors import SignalError

ACCEPTED = AnswerCommand(accepted=True)
NAN, INF = float("nan"), float("inf")
BARE = Signal.long()
HALF = Signal.long(take_profit=[(120, 50)])
THIRDS = Signal.long(take_profit=[(110, 30), (120, 30), (130, 40)])

COMMANDS = [
    Close(),
    ClosePart(pct=50),
    AverageBuy(10.0, limit=50.0),
    TrailStop(price=95.0),
    TrailTarget(price=130.0),
    Breakeven(),
]


def rule_of(machine, command, *, price=100.0):
    """Return the rule that refuses the command; nothing else happened."""
    before = snapshot(machine.state)
    (answer,) = asked(machine, command, price=price)
    assert snapshot(machine.state) == before
    assert not answer.accepted
    return answer.rule


# --- targets ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "command", "tick", "price"),
    [
        (False, TrailTarget(price=130.2), 0.0, 130.2),
        (False, TrailTarget(price=130.2), 0.5, 130.5),
        (False, TrailTarget(price=101.0), 0.0, 101.0),
        (False, TrailTarget(pct=30.0), 0.0, pytest.approx(130.0)),
        (True, TrailTarget(price=70.2), 0.5, 70.0),
        (True, TrailTarget(pct=30.0), 0.0, pytest.approx(70.0)),
    ],
)
def test_the_one_target_moves_either_way(short, command, tick, price):
    machine = managed(short=short, instrument=Instrument("X", tick_size=tick))
    old = machine.state.orders[TARGET]

    answer, row, effect = asked(machine, command)

    assert answer == ACCEPTED
    assert effect == AmendOrder(old._replace(price=price))
    assert machine.state.orders[TARGET] == effect.order
    assert machine.state.targets == (Target(effect.order.price, 100.0),)
    old_price = 80.0 if short else 120.0
    assert row.data == {
        "order": "target",
        "old_price": old_price,
        "new_price": price,
        "why": "asked",
    }


@pytest.mark.parametrize(
    ("short", "command", "rule"),
    [
        (False, TrailTarget(price=100.0), "target_passed"),
        (False, TrailTarget(price=99.0), "target_passed"),
        (False, TrailTarget(price=120.0), "not_moved"),
        (True, TrailTarget(price=100.0), "target_passed"),
        (True, TrailTarget(price=80.0), "not_moved"),
    ],
)
def test_a_target_is_not_moved(short, command, rule):
    assert rule_of(managed(short=short), command) == rule


def test_several_targets_are_not_moved_the_last_of_them_is():
    machine = managed(THIRDS)
    assert rule_of(machine, TrailTarget(price=140.0)) == "several_targets"
    for number in (1, 2):
        machine.handle(filled(f"s-X-1:target{number}", 2, 100.0 + 10 * number, quantity=0.3))

    _, _, effect = asked(machine, TrailTarget(price=140.0))

    assert effect.order[:2] == ("s-X-1:target3", Role.TARGET)
    assert machine.state.targets == (Target(140.0, 40.0),)


def test_a_position_without_a_target_gets_one_for_all_of_it():
    machine = managed(BARE)

    answer, row, order = asked(machine, TrailTarget(price=130.0))

    assert answer == ACCEPTED
    assert order == Order(TARGET, Role.TARGET, OrderType.LIMIT, False, 130.0)
    assert row.data["old_price"] is None


def test_a_new_target_never_takes_the_id_of_one_that_was_filled():
    machine = managed(HALF)
    fill = filled(TARGET, 2, 120.0, quantity=0.5)
    machine.handle(fill)

    _, _, order = asked(machine, TrailTarget(price=130.0), price=121.0)

    assert order.order_id not in machine.state.finished
    before = snapshot(machine.state)
    assert machine.handle(fill) == ()
    assert snapshot(machine.state) == before


# --- breakeven --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "tick", "price"),
    [
        (False, 0.0, pytest.approx(100.400801, abs=1e-6)),
        (False, 0.5, 100.5),
        (True, 0.0, pytest.approx(99.600799, abs=1e-6)),
        (True, 0.5, 99.5),
    ],
)
def test_breakeven_is_where_all_costs_are_earned_and_rounded_towards_profit(short, tick, price):
    """The position was entered at 100 with 0.1 % fee and slippage a leg; see engine spec 5.1."""
    machine = managed(short=short, model=CostModel(), instrument=Instrument("X", tick))

    answer, row, effect = asked(machine, Breakeven(), price=90.0 if short else 110.0)

    assert answer == ACCEPTED
    assert effect.order.order_id == STOP
    assert effect.order.price == price
    assert (row.data["why"], row.data["new_price"]) == ("breakeven", effect.order.price)


@pytest.mark.parametrize(
    ("stop", "price", "rule"),
    [(90.0, 100.0, "stop_passed"), (100.0, 105.0, "not_moved"), (101.0, 105.0, "not_tighter")],
)
def test_breakeven_is_refused(stop, price, rule):
    machine = managed()
    if stop > 90.0:
        asked(machine, TrailStop(price=stop), price=105.0)

    assert rule_of(machine, Breakeven(), price=price) == rule


# --- when nothing can be asked for ------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
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
def test_what_is_not_held_is_not_managed(command, status, rule):
    assert rule_of(machine_in(status), command) == rule


@pytest.mark.parametrize("command", [CancelEntry(), FillEntry()])
@pytest.mark.parametrize("status", [each for each in Status if each not in ("scheduled", "halted")])
def test_only_an_entry_that_waits_is_changed(command, status):
    assert rule_of(machine_in(status), command) == "no_waiting_entry"


# --- waiting entries --------------------------------------------------------------------------


def test_a_waiting_entry_is_taken_back():
    machine = machine_in(Status.SCHEDULED)

    assert asked(machine, CancelEntry()) == (ACCEPTED, CancelOrder(ENTRY, at(2), Phase.DECISION))
    assert rule_of(machine, CancelEntry()) == "no_waiting_entry"
    assert rule_of(machine, FillEntry()) == "no_waiting_entry"
    effects = machine.handle(cancelled(minute=2))

    assert stamp(row_of(effects)) == (2, Phase.DECISION, "cancelled", "s-X-1")
    assert row_of(effects).data == {"reason": "cancelled"}
    assert machine.state.status is Status.IDLE


def test_a_waiting_entry_is_sent_to_market_between_its_stop_and_target():
    machine = machine_in(Status.SCHEDULED)

    answer, row, effect = asked(machine, FillEntry(), price=99.0)

    assert answer == ACCEPTED
    assert stamp(row) == (2, Phase.DECISION, "activated", "s-X-1")
    assert row.data == {"price": 99.0}
    assert effect == AmendOrder(
        Order(
            ENTRY,
            Role.ENTRY,
            OrderType.MARKET,
            True,
            cost=100.0,
            guard_low=95.0,
            guard_high=110.0,
        )
    )
    assert machine.state.orders == {ENTRY: effect.order}
    assert (machine.state.status, machine.state.entry_deadline_ms) == (Status.OPENING, None)
    assert rule_of(machine, FillEntry()) == "no_waiting_entry"


def test_an_entry_sent_to_market_opens_as_one():
    machine = machine_in(Status.SCHEDULED)
    asked(machine, FillEntry())

    effects = machine.handle(filled(ENTRY, 2, 101.0))

    assert (row_of(effects).kind, row_of(effects).data["entry_type"]) == ("opened", "market")
    assert [order.price for order in orders(effects)] == [95.0, 110.0]


def test_an_entry_that_waits_behind_a_close_is_no_waiting_entry_yet():
    machine = machine_in(Status.CLOSING)
    machine.handle(answered(AT_LIMIT, minute=2))
    assert machine.state.status is Status.TURNING

    assert rule_of(machine, CancelEntry()) == "no_waiting_entry"


# --- nonsense ---------------------------------------------------------------------------------

BOTH = "must be one of them"
NUMBER = "must be a finite number above 0"


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (ClosePart(), f"close_part was given pct and cost, {BOTH}"),
        (ClosePart(pct=10, cost=10), f"close_part was given pct and cost, {BOTH}"),
        (TrailStop(), f"trail_stop was given price and pct, {BOTH}"),
        (TrailStop(price=95, pct=5), f"trail_stop was given price and pct, {BOTH}"),
        (TrailTarget(), f"trail_target was given price and pct, {BOTH}"),
        (TrailTarget(price=130, pct=5), f"trail_target was given price and pct, {BOTH}"),
        (AverageBuy(10.0, mode="low"), "mode was 'low', must be one of new_extreme, below_effec"),
    ],
)
def test_a_command_that_contradicts_itself_is_an_error(command, text):
    assert nonsense(managed(), command).startswith(text)


@pytest.mark.parametrize("value", [0, -1, NAN, INF, -INF, True, "much", None, [], 1e15, 10**400])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("pct", lambda value: ClosePart(pct=value)),
        ("cost", lambda value: ClosePart(cost=value)),
        ("cost", AverageBuy),
        ("limit", lambda value: AverageBuy(10.0, limit=value)),
        ("price", lambda value: TrailStop(price=value)),
        ("pct", lambda value: TrailStop(pct=value)),
        ("price", lambda value: TrailTarget(price=value)),
        ("pct", lambda value: TrailTarget(pct=value)),
    ],
)
def test_what_is_no_number_above_zero_is_an_error(name, command, value):
    made = command(value)
    if value is None and not isinstance(made, AverageBuy):
        assert nonsense(managed(), made).endswith(BOTH)
    elif value is None and made.cost == 10.0:
        assert asked(managed(), made, price=95.0)[0] == ACCEPTED
    else:
        assert nonsense(managed(), made).startswith(f"{name} was ")
        assert NUMBER in nonsense(managed(), made)


def nonsense(machine, command):
    """Return what is said of the command; nothing was changed and the machine goes on."""
    before = snapshot(machine.state)
    with pytest.raises(SignalError) as caught:
        asked(machine, command, price=95.0)
    assert snapshot(machine.state) == before
    assert asked(machine, Close())[0] == ACCEPTED
    return caught.value.message


def test_a_refusal_leaves_no_row():
    machine = managed()

    assert rows(asked(machine, AverageBuy(10.0))) == []
    assert machine.state.seq == 2


def test_a_limit_that_the_tick_rounds_to_nothing_is_nonsense():
    machine = managed(BARE, instrument=Instrument("X", tick_size=1.0))

    with pytest.raises(SignalError, match=r"limit was 0\.4, must be at least a tick"):
        asked(machine, AverageBuy(50.0, limit=0.4))


def test_a_target_of_a_short_cannot_be_below_nothing():
    machine = managed(Signal.short())

    assert rule_of(machine, TrailTarget(pct=100.0)) == "target_too_far"
    assert rule_of(machine, TrailTarget(pct=150.0)) == "target_too_far"


@pytest.mark.parametrize(("price", "rule"), [(95.0, "price_passed"), (96.0, "price_passed")])
def test_an_entry_whose_target_is_passed_is_not_sent_to_market(price, rule):
    machine = Machine(terms())
    machine.handle(answered(Signal.long(entry=90, stop_loss=85, take_profit=95)))

    assert rule_of(machine, FillEntry(), price=price) == rule
    assert asked(machine, FillEntry(), price=94.9)[0] == ACCEPTED


def test_a_part_below_the_least_notional_is_refused_at_once():
    machine = managed(BARE, instrument=Instrument("X", min_notional=20.0))

    assert rule_of(machine, ClosePart(pct=19.0)) == "below_min_notional"
    assert asked(machine, ClosePart(pct=20.0))[0] == ACCEPTED


@pytest.mark.parametrize("cost", ["100", b"100", True])
def test_text_is_no_number(cost):
    with pytest.raises(SignalError, match="cost was"):
        asked(managed(BARE), AverageBuy(cost, limit=90.0))


def test_halves_of_halves_come_to_an_end():
    machine = managed(BARE)
    for minute in range(200):
        answer, *effects = asked(machine, ClosePart(pct=50), minute=minute)
        if not answer.accepted:
            break
        (order,) = orders(effects)
        machine.handle(filled(order.order_id, minute=minute, price=100.0, quantity=order.quantity))

    assert answer.rule == "below_lot_size"
    assert 25 < minute < 35
