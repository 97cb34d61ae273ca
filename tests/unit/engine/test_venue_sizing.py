"""The venue's money: sizes, lots, the least notional, the cash, fees and slippage of every fill."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.venue_builder import (
    CAPITAL,
    DEAR,
    breakout,
    holding,
    leave,
    limit,
    market,
    stop,
    target,
    venue_of,
)
from tradekit.domain.costs import CostModel
from tradekit.domain.journal import Phase
from tradekit.engine.account import Account
from tradekit.engine.events import OrderFilled, OrderRejected


def test_a_cost_is_spent_exactly():
    venue = venue_of(market(), costs=DEAR)

    event = venue.entry_at_open(7, 50.0)

    # Bought at 52 for 100, and 2 % of that as the fee.
    assert event.cost == 100.0
    assert event.fill.paid_price == pytest.approx(52.0)
    assert event.fill.quantity == pytest.approx(100.0 / 52.0)
    assert event.fill.fee == pytest.approx(2.0)
    assert event.cash_delta == pytest.approx(-102.0)


def test_a_short_is_paid_less_than_the_price():
    event = venue_of(market(buying=False), costs=DEAR).entry_at_open(7, 50.0)

    assert event.fill.paid_price == pytest.approx(48.0)
    assert event.cash_delta == pytest.approx(-102.0)


def test_a_limit_entry_pays_as_a_maker_and_a_stop_entry_as_a_taker():
    resting = venue_of(limit(50.0), costs=DEAR).entry_inside(8, 49.0, 51.0)
    breaking = venue_of(breakout(50.0), costs=DEAR).entry_inside(8, 49.0, 51.0)

    assert (resting.fill.paid_price, resting.fill.fee) == pytest.approx((52.5, 1.0))
    assert (breaking.fill.paid_price, breaking.fill.fee) == pytest.approx((52.0, 2.0))


@pytest.mark.parametrize(
    ("order", "close", "paid", "fee_pct"),
    [
        (stop(95.0), "stop", 95.0 * 0.96, 2.0),
        (target(110.0), "target1", 110.0 * 0.95, 1.0),
        (leave(), "exit", 100.0 * 0.96, 2.0),
    ],
)
def test_a_target_leaves_as_a_maker_all_else_as_a_taker(order, close, paid, fee_pct):
    venue = holding(order, costs=DEAR)
    quantity = venue.held

    event = venue.market_exit(8, 100.0) or venue.exit_inside(8, 94.0, 111.0)

    assert event.order_id == close
    assert event.fill.paid_price == pytest.approx(paid)
    assert event.fill.fee == pytest.approx(quantity * paid * fee_pct / 100)
    assert event.cost == pytest.approx(quantity * paid)
    assert event.cash_delta == pytest.approx(quantity * paid * (1 - fee_pct / 100))


def test_a_short_gets_back_what_it_reserved_with_its_gain():
    venue = holding(leave(buying=True), short=True, costs=DEAR)
    quantity = venue.held

    event = venue.market_exit(8, 80.0)

    spent = quantity * 80.0 * 1.04
    assert event.cash_delta == pytest.approx(100.0 + (100.0 - spent) - spent * 0.02)


def test_a_short_may_lose_more_than_it_reserved():
    account = Account(CAPITAL)
    venue = holding(leave(buying=True), short=True, account=account)

    assert venue.market_exit(8, 350.0).cash_delta == pytest.approx(-150.0)
    assert account.cash == pytest.approx(CAPITAL - 250.0)


@pytest.mark.parametrize(
    ("price", "quantity", "cost"), [(30.0, 3.0, 90.0), (25.0, 4.0, 100.0), (50.1, 1.0, 50.1)]
)
def test_a_quantity_is_floored_to_the_lot(price, quantity, cost):
    event = venue_of(market(), lot_size=1.0).entry_at_open(7, price)

    assert (event.fill.quantity, event.cost) == (quantity, pytest.approx(cost))
    assert event.cash_delta == pytest.approx(-cost)


def test_less_than_a_lot_is_refused():
    account = Account(CAPITAL)
    event = venue_of(market(), lot_size=1.0, account=account).entry_at_open(7, 100.5)

    assert event == OrderRejected(
        "entry",
        7,
        Phase.OPEN,
        "below_lot_size",
        "quantity came to 0 at price 100.5, must be at least one lot",
        100.5,
    )
    assert account.cash == CAPITAL


@pytest.mark.parametrize(("cost", "rule"), [(10.0, None), (9.9, "below_min_notional")])
def test_the_least_notional_may_be_met_exactly(cost, rule):
    event = venue_of(market(cost=cost), min_notional=10.0).entry_at_open(7, 100.0)

    assert getattr(event, "rule", None) == rule
    if rule:
        assert event.detail == "cost was 9.9, must be at least 10.0"


def test_the_least_notional_is_that_of_whole_lots():
    event = venue_of(market(cost=10.0), min_notional=10.0, lot_size=1.0).entry_at_open(7, 4.0)

    assert event.detail == "cost was 8.0, must be at least 10.0"


@pytest.mark.parametrize(("cost", "refused"), [(980.0, False), (981.0, True)])
def test_cost_and_fee_must_be_there(cost, refused):
    account = Account(CAPITAL)
    costs = CostModel(0.0, 2.0, 0.0, 0.0)

    event = venue_of(market(cost=cost), costs=costs, account=account).entry_at_open(7, 10.0)

    assert isinstance(event, OrderRejected) is refused
    assert account.cash == pytest.approx(CAPITAL if refused else 0.4)
    if refused:
        assert event.rule == "insufficient_cash"
        assert event.detail == ("cost and fee were 1000.62, must be at most the free cash 1000.0")


def test_all_the_cash_may_be_spent():
    assert isinstance(venue_of(market(cost=CAPITAL)).entry_at_open(7, 10.0), OrderFilled)


def test_an_account_that_is_not_shared_refuses_nothing():
    account = Account(CAPITAL, shared=False)

    assert isinstance(
        venue_of(market(cost=5_000.0), account=account).entry_at_open(7, 10.0), OrderFilled
    )
    assert not account.was_read


def test_equity_pct_is_of_the_free_cash_fee_included():
    account = Account(CAPITAL)
    order = market(cost=None, equity_pct=51.0)
    venue = venue_of(order, costs=CostModel(0.0, 2.0, 0.0, 0.0), account=account)

    event = venue.entry_at_open(7, 10.0)

    assert event.cost == pytest.approx(500.0)
    assert event.cash_delta == pytest.approx(-510.0)
    assert account.was_read


def test_equity_pct_is_sized_after_what_others_paid_and_got():
    account = Account(CAPITAL)
    venue = venue_of(market(cost=None, equity_pct=50.0), account=account)
    account.book(-600.0)

    assert venue.entry_at_open(7, 10.0).cost == pytest.approx(200.0)


def test_equity_pct_can_always_be_spent_to_the_last():
    # The quantity that a division gives may cost a hair more than the cash it was made from.
    for number in range(1, 400):
        cash = 10.0 + number / 7
        order = market(cost=None, equity_pct=100.0)
        venue = venue_of(order, costs=DEAR, account=Account(cash))

        event = venue.entry_at_open(7, 0.3 * number)

        assert isinstance(event, OrderFilled)
        assert -event.cash_delta == pytest.approx(cash, rel=1e-12)


def test_equity_pct_takes_a_lot_less_where_dust_made_one_too_many():
    cash = math.nextafter(100.0, 0.0)
    order = market(cost=None, equity_pct=100.0)

    event = venue_of(order, account=Account(cash), lot_size=1.0).entry_at_open(7, 10.0)

    assert event.fill.quantity == 9.0


def test_equity_pct_without_cash_buys_nothing():
    account = Account(CAPITAL)
    account.book(-CAPITAL)

    event = venue_of(market(cost=None, equity_pct=50.0), account=account).entry_at_open(7, 10.0)

    assert event.rule == "insufficient_cash"


@given(
    cash=st.floats(0.5, 1e7),
    percent=st.sampled_from([100.0, 99.9, 50.0, 33.3, 7.0]),
    price=st.floats(0.001, 1e5),
    lot_size=st.sampled_from([0.0, 1e-5, 0.001, 0.1, 1.0]),
    fee_pct=st.sampled_from([0.0, 0.075, 0.1, 2.0]),
    slippage_pct=st.sampled_from([0.0, 0.1]),
    buying=st.booleans(),
)
def test_equity_pct_never_spends_more_than_its_share(
    cash, percent, price, lot_size, fee_pct, slippage_pct, buying
):
    account = Account(cash)
    costs = CostModel(fee_pct, fee_pct, slippage_pct, slippage_pct)
    order = market(cost=None, equity_pct=percent, buying=buying)

    event = venue_of(order, costs=costs, account=account, lot_size=lot_size).entry_at_open(7, price)

    share = cash * percent / 100.0
    if isinstance(event, OrderRejected):
        # Not even one lot.
        assert event.rule == "below_lot_size"
        assert share < lot_size * costs.paid_price(price, buying=buying, maker=False) * (
            1 + fee_pct / 100
        ) * (1 + 1e-6)
        return
    assert account.cash >= 0.0
    assert cash - account.cash <= share * (1 + 1e-12)
    # And not a lot less.
    room = (lot_size * event.fill.paid_price) * (1 + fee_pct / 100)
    assert cash - account.cash >= share * (1 - 1e-9) - 2 * room - 1e-9 * cash


def test_a_lot_below_all_float_steps_ends_the_search_for_a_size_too():
    for number in range(300):
        account = Account(1_000.0 + number / 7)
        share = account.cash / 2
        order = market(cost=None, equity_pct=50.0)
        venue = venue_of(order, costs=DEAR, account=account, lot_size=1e-18)

        event = venue.entry_at_open(7, 0.0123)

        assert isinstance(event, OrderFilled)
        assert -event.cash_delta == pytest.approx(share, rel=1e-12)
