"""Laws of managed positions: no money appears, no order of booking matters, no stop runs away."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine.dice import Dice, dice
from tests.unit.engine.journeys import journey_of, play
from tests.unit.engine.venue_builder import average, leave, market, part, venue_of
from tradekit.domain.commands import TrailStop
from tradekit.domain.costs import CostModel
from tradekit.domain.order import Fill, Role
from tradekit.domain.position import Position
from tradekit.engine.account import Account
from tradekit.engine.events import CommandIssued, OrderFilled
from tradekit.engine.machine import Machine

CHECKS = settings(max_examples=300, phases=[Stage.generate, Stage.shrink])
CAPITAL = 100_000.0

_PCT = st.sampled_from([0.0, 0.1, 0.25, 2.0])
_COSTS = st.builds(CostModel, _PCT, _PCT, _PCT, _PCT)
_PRICE = st.floats(20.0, 400.0)
_COST = st.floats(1.0, 5_000.0)
_SHARE = st.floats(0.05, 0.95)
_SHORT = st.booleans()


def close_to(value):
    return pytest.approx(value, rel=1e-9, abs=1e-9 * CAPITAL)


def direction(short):
    return "short" if short else "long"


def buy(position, price, cost):
    costs = position.costs
    paid = costs.paid_price(price, buying=position.side > 0, maker=False)
    position.add_entry(Fill(0, price, paid, cost / paid, costs.fee(cost, maker=False)), cost)


def sell(position, price, quantity):
    costs = position.costs
    paid = costs.paid_price(price, buying=position.side < 0, maker=False)
    fee = costs.fee(quantity * paid, maker=False)
    position.add_exit(Fill(0, price, paid, quantity, fee))


class Till:
    """What a position is worth by its moves: the venue's answers are only asked for their costs."""

    def __init__(self, *, short: bool):
        self.side = -1.0 if short else 1.0
        self.held = self.gained = self.spent = 0.0
        self.price: float | None = None

    def move(self, price):
        if self.price is not None:
            self.gained += self.side * self.held * (price - self.price)
        self.price = price

    def book(self, event, *, adds):
        fill = event.fill
        self.held += fill.quantity if adds else -fill.quantity
        self.spent += fill.fee + abs(fill.paid_price - fill.price) * fill.quantity

    def equity(self, venue, account):
        worth = venue.held * self.price
        return account.cash + (worth if self.side > 0 else 2.0 * venue.paid - worth)


_STEPS = st.lists(
    st.tuples(
        _PRICE, st.one_of(st.tuples(st.just("add"), _COST), st.tuples(st.just("part"), _SHARE))
    ),
    max_size=12,
)


@CHECKS
@given(_COSTS, _SHORT, _PRICE, _COST, _STEPS, _PRICE)
def test_equity_changes_by_price_moves_and_costs_alone(costs, short, price, cost, steps, last):
    account, till = Account(CAPITAL), Till(short=short)
    venue = venue_of(market(buying=not short, cost=cost), costs=costs, account=account)
    till.move(price)
    till.book(venue.entry_at_open(0, price), adds=True)

    for at_price, (kind, amount) in steps:
        till.move(at_price)
        if kind == "add":
            venue.submit(average(buying=not short, cost=amount))
            event = venue.entry_at_open(0, at_price)
        else:
            venue.submit(part(venue.held * amount, buying=short))
            event = venue.market_exit(0, at_price)
        if isinstance(event, OrderFilled):
            till.book(event, adds=kind == "add")
        assert venue.held == pytest.approx(till.held)
        assert till.equity(venue, account) == close_to(CAPITAL + till.gained - till.spent)

    till.move(last)
    venue.submit(leave(buying=short))
    till.book(venue.market_exit(0, last), adds=False)
    assert (venue.held, venue.paid) == (0.0, 0.0)
    assert account.cash == close_to(CAPITAL + till.gained - till.spent)


@CHECKS
@given(_COSTS, _SHORT, _PRICE, _COST, _STEPS, _PRICE)
def test_what_a_position_earned_is_what_the_account_got(costs, short, price, cost, steps, last):
    account = Account(CAPITAL)
    venue = venue_of(market(buying=not short, cost=cost), costs=costs, account=account)
    position = Position("s-1", direction(short), costs)
    event = venue.entry_at_open(0, price)
    position.add_entry(event.fill, event.cost)

    for at_price, (kind, amount) in steps:
        if kind == "add":
            venue.submit(average(buying=not short, cost=amount))
            event = venue.entry_at_open(0, at_price)
            if isinstance(event, OrderFilled):
                position.add_entry(event.fill, event.cost)
        else:
            venue.submit(part(venue.held * amount, buying=short))
            position.add_exit(venue.market_exit(0, at_price).fill)
        assert (position.quantity, position.cost_left) == (venue.held, pytest.approx(venue.paid))

    expected = position.pnl_at(last)
    venue.submit(leave(buying=short))
    position.add_exit(venue.market_exit(0, last).fill)
    assert account.cash - CAPITAL == close_to(position.gross - position.fees)
    assert expected == close_to(position.gross - position.fees)


@CHECKS
@given(_COSTS, _SHORT, _PRICE, _COST, _PRICE, _COST, _SHARE)
def test_splitting_an_entry_changes_nothing(costs, short, first, cost, second, more, share):
    whole = Position("s-1", direction(short), costs)
    split = Position("s-1", direction(short), costs)
    for position in (whole, split):
        buy(position, first, cost)
    buy(whole, second, more)
    buy(split, second, more * share)
    buy(split, second, more * (1.0 - share))

    assert split.average_entry_price == pytest.approx(whole.average_entry_price, rel=1e-9)
    assert split.quantity == pytest.approx(whole.quantity, rel=1e-9)
    assert split.net_zero_price() == pytest.approx(whole.net_zero_price(), rel=1e-9)
    assert split.pnl_at(first) == pytest.approx(whole.pnl_at(first), abs=1e-6)


@CHECKS
@given(_SHORT, _PRICE, _COST, _PRICE, _COST)
def test_the_average_lies_between_its_entries_and_goes_by_quantity(
    short, first, cost, second, more
):
    position = Position("s-1", direction(short), CostModel(0.0, 0.0, 0.0, 0.0))
    buy(position, first, cost)
    buy(position, second, more)

    blend = (cost + more) / (cost / first + more / second)
    assert position.average_entry_price == pytest.approx(blend, rel=1e-9)
    assert min(first, second) * (1 - 1e-9) <= blend <= max(first, second) * (1 + 1e-9)


@CHECKS
@given(
    _COSTS,
    _SHORT,
    st.lists(st.tuples(_PRICE, _COST), min_size=1, max_size=4),
    st.lists(st.tuples(_PRICE, _SHARE), min_size=1, max_size=5),
    _PRICE,
)
def test_closed_in_parts_it_earns_the_weighted_sum(costs, short, entries, parts, last):
    """Of each part's close of everything at its price, weighted by its share of the quantity."""

    def opened():
        position = Position("s-1", direction(short), costs)
        for price, cost in entries:
            buy(position, price, cost)
        return position

    position, left, expected = opened(), 1.0, 0.0
    for price, share in parts:
        average_price = position.average_entry_price
        expected += left * share * opened().pnl_at(price)
        left *= 1.0 - share
        sell(position, price, position.quantity * share)
        assert position.average_entry_price == pytest.approx(average_price, rel=1e-9)
    expected += left * opened().pnl_at(last)

    assert position.pnl_at(last) == pytest.approx(expected, rel=1e-9, abs=1e-6)
    sell(position, last, position.quantity)
    assert position.gross - position.fees == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_a_stop_is_never_moved_looser_unasked():
    seen: Counter[str] = Counter()

    @settings(CHECKS, max_examples=600)
    @given(dice(rolls=480))
    def walk(dice: Dice) -> None:
        journey = journey_of(dice)
        machine = Machine(journey.terms)
        for event in journey.events:
            before, held = stop_of(machine), machine.state.position
            play(machine, event)
            after = stop_of(machine)
            if before is None or machine.state.position is not held:
                continue
            assert after is not None, "a stop stays as long as its position"
            loosening = held.side * (after - before) < 0.0
            command = event.command if isinstance(event, CommandIssued) else None
            assert not loosening or (isinstance(command, TrailStop) and command.loosen)
            seen["looser" if loosening else "tighter" if after != before else "same"] += 1

    walk()
    assert set(seen) == {"looser", "tighter", "same"}


def stop_of(machine):
    order = machine.state.order_of(Role.STOP)
    return None if order is None else order.price
