"""What hooks may do: each command becomes exact orders and rows, or is refused by its rule."""

import pytest

from tests.unit.engine.machine_builder import (
    EXIT,
    STOP,
    answered,
    asked,
    managed,
    orders,
    row_of,
    stamp,
)
from tradekit.domain.commands import (
    AverageBuy,
    Breakeven,
    Close,
    ClosePart,
    TrailStop,
    TrailTarget,
)
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase
from tradekit.domain.order import Order, OrderType, Role
from tradekit.domain.plan import Limits
from tradekit.domain.signal import Signal
from tradekit.engine.effects import AmendOrder, AnswerCommand
from tradekit.engine.lifecycle import Status
from tradekit.engine.state import ORDERS_MAX, snapshot

ACCEPTED = AnswerCommand(accepted=True)
NAN, INF = float("nan"), float("inf")
BARE = Signal.long()
PARTS = Signal.long(take_profit=[(110, 30), (120, 30), (130, 40)])
HALVES = Instrument("X", tick_size=0.5)
WHOLE = Instrument("X", lot_size=1.0)


def refusal(machine, command, *, price=100.0):
    """Return the rule that refuses the command; nothing else happened."""
    before = snapshot(machine.state)
    effects = asked(machine, command, price=price)
    assert snapshot(machine.state) == before
    (answer,) = effects
    assert answer.accepted is False
    return answer.rule


# --- averages ---------------------------------------------------------------------------------


@pytest.mark.parametrize("short", [False, True])
def test_an_average_at_market_is_guarded(short):
    machine = managed(short=short)
    price = 105.0 if short else 96.0

    effects = asked(machine, AverageBuy(50.0), price=price)

    # Better than the only entry, short of the stop.
    low, high = (100.0, 110.0) if short else (90.0, 100.0)
    order = Order(
        "s-X-1:average1",
        Role.AVERAGE,
        OrderType.MARKET,
        not short,
        cost=50.0,
        guard_low=low,
        guard_high=high,
    )
    assert effects[0] == ACCEPTED
    assert orders(effects) == [order]
    assert machine.state.orders[order.order_id] == order
    row = row_of(effects)
    assert stamp(row) == (2, Phase.DECISION, "average_submitted", "s-X-1")
    assert row.data == {"cost": 50.0, "limit": None, "mode": "new_extreme"}
    assert effects.index(row) < effects.index(order)


@pytest.mark.parametrize(
    ("mode", "price", "signal", "guards"),
    [
        ("new_extreme", 89.0, BARE, (None, 90.0)),
        ("below_effective", 94.0, BARE, (None, pytest.approx(200.0 / (1.0 + 100.0 / 90.0)))),
        ("anywhere", 500.0, BARE, (None, None)),
        ("anywhere", 94.0, Signal.long(stop_loss=80, take_profit=110), (80.0, 110.0)),
    ],
)
def test_a_mode_says_where_an_average_may_be(mode, price, signal, guards):
    machine = managed(signal, entries=(100.0, 90.0))

    (order,) = orders(asked(machine, AverageBuy(100.0, mode=mode), price=price))

    assert (order.guard_low, order.guard_high) == guards


def test_a_target_that_is_nearer_than_the_bound_is_the_guard():
    machine = managed(Signal.long(stop_loss=80), entries=(100.0,))
    asked(machine, TrailTarget(price=97.0), price=95.0)

    (order,) = orders(asked(machine, AverageBuy(100.0), price=95.0))

    assert (order.guard_low, order.guard_high) == (80.0, 97.0)


@pytest.mark.parametrize(
    ("short", "tick", "wanted", "price", "below"),
    [
        (False, 0.0, 97.3, 97.3, True),
        (False, 0.5, 97.3, 97.0, True),
        (True, 0.0, 102.3, 102.3, False),
        (True, 0.5, 102.3, 102.5, False),
    ],
)
def test_an_average_waits_at_a_limit_without_guards(short, tick, wanted, price, below):
    machine = managed(short=short, instrument=Instrument("X", tick_size=tick))

    effects = asked(machine, AverageBuy(50.0, limit=wanted))

    (order,) = orders(effects)
    assert order[1:5] == (Role.AVERAGE, OrderType.LIMIT, not short, price)
    assert (order.cost, order.guard_low, order.guard_high, order.waits_below) == (
        50.0,
        None,
        None,
        below,
    )
    assert row_of(effects).data["limit"] == price


def test_each_order_of_a_hook_has_a_number_of_its_own():
    machine = managed()

    sent = [
        *orders(asked(machine, AverageBuy(50.0, limit=98.0))),
        *orders(asked(machine, ClosePart(pct=10))),
        *orders(asked(machine, AverageBuy(50.0, limit=97.0))),
    ]

    assert [order.order_id for order in sent] == [
        "s-X-1:average1",
        "s-X-1:part2",
        "s-X-1:average3",
    ]


@pytest.mark.parametrize(
    ("command", "price", "rule"),
    [
        (AverageBuy(100.0), 90.0, "not_a_new_extreme"),
        (AverageBuy(100.0), 95.0, "not_a_new_extreme"),
        (AverageBuy(100.0, limit=90.0), 80.0, "not_a_new_extreme"),
        (AverageBuy(100.0, mode="below_effective"), 95.0, "not_below_effective"),
        (AverageBuy(100.0, limit=95.0, mode="below_effective"), 80.0, "not_below_effective"),
        (AverageBuy(100.0, mode="anywhere"), 60.0, "beyond_stop"),
        (AverageBuy(100.0, limit=59.0), 80.0, "beyond_stop"),
        (AverageBuy(100.0, max_entries=2), 80.0, "max_entries"),
        (AverageBuy(100.0, max_cost=299.9), 80.0, "max_cost"),
    ],
)
def test_an_average_is_refused(command, price, rule):
    machine = managed(Signal.long(stop_loss=60), entries=(100.0, 90.0))

    assert refusal(machine, command, price=price) == rule


@pytest.mark.parametrize(
    ("command", "price", "rule"),
    [
        (AverageBuy(100.0), 110.0, "not_a_new_extreme"),
        (AverageBuy(100.0), 110.1, None),
        (AverageBuy(100.0, mode="below_effective"), 104.0, "not_below_effective"),
        (AverageBuy(100.0, mode="anywhere"), 140.0, "beyond_stop"),
        (AverageBuy(100.0, limit=140.5), 120.0, "beyond_stop"),
    ],
)
def test_an_average_of_a_short_is_refused_on_the_other_side(command, price, rule):
    machine = managed(Signal.short(stop_loss=140), entries=(100.0, 110.0))

    if rule is None:
        assert asked(machine, command, price=price)[0] == ACCEPTED
    else:
        assert refusal(machine, command, price=price) == rule


def test_an_average_at_the_average_but_for_rounding_is_not_below_it():
    """Blending a price with itself leaves it, but for the last digit."""
    machine = managed(BARE, entries=(100.1, 100.1), costs=(100.0, 33.3))
    assert machine.state.position.average_entry_price > 100.1
    command = AverageBuy(100.0, mode="below_effective")

    assert refusal(machine, command, price=100.1) == "not_below_effective"


def test_one_average_at_market_at_a_time_and_any_that_wait():
    machine = managed()
    asked(machine, AverageBuy(50.0, limit=95.0))
    asked(machine, AverageBuy(50.0), price=97.0)

    assert refusal(machine, AverageBuy(50.0), price=97.0) == "average_pending"
    assert asked(machine, AverageBuy(50.0, limit=96.0))[0] == ACCEPTED


def test_caps_count_what_waits_and_come_from_call_and_settings():
    machine = managed(limits=Limits(max_entries=3, max_position_cost=250.0))
    asked(machine, AverageBuy(50.0, limit=98.0))

    assert refusal(machine, AverageBuy(10.0, limit=97.0, max_entries=2)) == "max_entries"
    assert refusal(machine, AverageBuy(10.0, limit=97.0, max_cost=159.0)) == "max_cost"
    assert refusal(machine, AverageBuy(100.1, limit=97.0)) == "max_cost"
    assert asked(machine, AverageBuy(100.0, limit=97.0, max_cost=250.0))[0] == ACCEPTED
    assert refusal(machine, AverageBuy(1.0, limit=96.0)) == "max_entries"


@pytest.mark.parametrize(
    "commands",
    [[AverageBuy(1.0, limit=99.0 - step) for step in range(20)], [ClosePart(pct=1.0)] * 20],
    ids=["averages", "parts"],
)
def test_orders_of_hooks_leave_room_for_stop_target_exit_and_the_next_entry(commands):
    machine = managed(BARE)
    answers = [asked(machine, command)[0] for command in commands]

    accepted = [answer.accepted for answer in answers]
    assert accepted == sorted(accepted, reverse=True)
    assert {answer.rule for answer in answers if not answer.accepted} == {"too_many_orders"}
    assert len(machine.state.orders) < ORDERS_MAX
    for more in (TrailStop(price=90.0), TrailTarget(price=120.0), Close()):
        assert asked(machine, more)[0] == ACCEPTED
    machine.handle(answered(minute=2))
    assert len(machine.state.orders) <= ORDERS_MAX


def test_averages_wait_one_at_each_price():
    machine = managed(BARE)
    assert asked(machine, AverageBuy(50.0, limit=98.0))[0] == ACCEPTED

    assert refusal(machine, AverageBuy(50.0, limit=98.0)) == "average_pending"
    assert asked(machine, AverageBuy(50.0, limit=97.0))[0] == ACCEPTED
    assert asked(machine, AverageBuy(50.0), price=96.0)[0] == ACCEPTED
    assert refusal(machine, AverageBuy(50.0), price=95.0) == "average_pending"


# --- parts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("short", [False, True])
@pytest.mark.parametrize("command", [ClosePart(pct=25, note="n"), ClosePart(cost=25, note="n")])
def test_a_part_goes_to_market(command, short):
    machine = managed(short=short)

    effects = asked(machine, command)

    order = Order("s-X-1:part1", Role.PART, OrderType.MARKET, short, quantity=0.25)
    assert effects[0] == ACCEPTED
    assert orders(effects) == [order]
    row = row_of(effects)
    assert stamp(row) == (2, Phase.DECISION, "part_submitted", "s-X-1")
    assert row.data == {"quantity": 0.25, "note": "n"}


def test_percent_is_of_what_is_not_on_its_way_out_and_cost_of_all_that_is_held():
    machine = managed()

    (first,) = orders(asked(machine, ClosePart(pct=40)))
    (second,) = orders(asked(machine, ClosePart(pct=50)))
    (third,) = orders(asked(machine, ClosePart(cost=20)))

    quantities = [order.quantity for order in (first, second, third)]
    assert quantities == [0.4, pytest.approx(0.3), pytest.approx(0.2)]
    assert refusal(machine, ClosePart(cost=10.1)) == "more_than_held"
    assert asked(machine, ClosePart(pct=100))[0] == ACCEPTED
    assert machine.state.status is Status.ACTIVE


def test_a_part_is_floored_to_the_lot():
    machine = managed(entries=(100.0,), costs=(700.0,), instrument=WHOLE)

    (order,) = orders(asked(machine, ClosePart(pct=50)))

    assert order.quantity == 3.0


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        (ClosePart(pct=14.2), "below_lot_size"),
        (ClosePart(cost=99.0), "below_lot_size"),
        (ClosePart(pct=100.1), "more_than_held"),
        (ClosePart(cost=700.1), "more_than_held"),
    ],
)
def test_a_part_is_refused(command, rule):
    machine = managed(entries=(100.0,), costs=(700.0,), instrument=WHOLE)

    assert refusal(machine, command) == rule


@pytest.mark.parametrize("command", [ClosePart(pct=100, note="n"), ClosePart(cost=100, note="n")])
def test_all_of_it_closes_the_position(command):
    machine = managed()

    effects = asked(machine, command)

    (order,) = orders(effects)
    assert (order.order_id, order.role, order.quantity) == (EXIT, Role.EXIT, None)
    assert row_of(effects).kind == "close_submitted"
    assert row_of(effects).data == {"reason": "closed", "note": "n"}
    assert machine.state.status is Status.CLOSING
    assert refusal(machine, ClosePart(pct=10)) == "already_closing"


# --- stops and targets that move ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "command", "tick", "price"),
    [
        (False, TrailStop(price=95.3), 0.0, 95.3),
        (False, TrailStop(price=95.3), 0.5, 95.0),
        (False, TrailStop(pct=2.0), 0.0, pytest.approx(98.0)),
        (True, TrailStop(price=104.3), 0.0, 104.3),
        (True, TrailStop(price=104.3), 0.5, 104.5),
        (True, TrailStop(pct=2.0), 0.0, pytest.approx(102.0)),
    ],
)
def test_a_stop_moves_at_once_and_is_rounded_away_from_profit(short, command, tick, price):
    machine = managed(short=short, instrument=Instrument("X", tick_size=tick))
    old = machine.state.orders[STOP]

    answer, row, effect = asked(machine, command)

    assert answer == ACCEPTED
    assert effect == AmendOrder(old._replace(price=price))
    assert machine.state.orders[STOP] == effect.order
    assert stamp(row) == (2, Phase.DECISION, "trailed", "s-X-1")
    old_price = 110.0 if short else 90.0
    assert row.data == {"order": "stop", "old_price": old_price, "new_price": price, "why": "asked"}


def test_a_position_without_a_stop_gets_one():
    machine = managed(BARE)

    answer, row, order = asked(machine, TrailStop(price=95.0))

    assert answer == ACCEPTED
    assert order == Order(STOP, Role.STOP, OrderType.STOP, False, 95.0, waits_below=True)
    assert row.data["old_price"] is None


@pytest.mark.parametrize(
    ("short", "command", "price", "rule"),
    [
        (False, TrailStop(price=100.0), 100.0, "stop_passed"),
        (False, TrailStop(price=101.0), 100.0, "stop_passed"),
        (False, TrailStop(price=90.0), 100.0, "not_moved"),
        (False, TrailStop(price=89.9), 100.0, "not_tighter"),
        (False, TrailStop(pct=20.0), 100.0, "not_tighter"),
        (False, TrailStop(price=79.9, loosen=True), 100.0, "stop_too_far"),
        (True, TrailStop(price=100.0), 100.0, "stop_passed"),
        (True, TrailStop(price=110.0), 100.0, "not_moved"),
        (True, TrailStop(price=110.1), 100.0, "not_tighter"),
        (True, TrailStop(price=120.1, loosen=True), 100.0, "stop_too_far"),
        (False, Breakeven(), 100.0, "stop_passed"),
        (True, Breakeven(), 100.0, "stop_passed"),
    ],
)
def test_a_stop_is_not_moved(short, command, price, rule):
    machine = managed(short=short, limits=Limits(max_stop_pct=20.0))

    assert refusal(machine, command, price=price) == rule


@pytest.mark.parametrize(("short", "price"), [(False, 80.0), (True, 120.0)])
def test_a_stop_is_moved_looser_where_that_is_asked_for(short, price):
    """The largest distance is counted from the average entry price, not from the last close."""
    machine = managed(short=short, limits=Limits(max_stop_pct=20.0))

    effects = asked(machine, TrailStop(price=price, loosen=True), price=150.0 - price / 2.0)

    assert effects[0] == ACCEPTED
    assert machine.state.orders[STOP].price == price


def test_a_stop_at_nothing_is_too_far():
    machine = managed(BARE)

    assert refusal(machine, TrailStop(pct=100.0)) == "stop_too_far"
    assert refusal(machine, TrailStop(pct=250.0, loosen=True)) == "stop_too_far"
