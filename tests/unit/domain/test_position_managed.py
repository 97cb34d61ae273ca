"""A managed position: where and when its best and worst were, and where it comes to nothing."""

import math

import pytest

from tradekit.domain.costs import CostModel
from tradekit.domain.order import Fill
from tradekit.domain.position import Position

COSTS = CostModel()
FREE = CostModel(0.0, 0.0, 0.0, 0.0)
DEAR = CostModel(1.0, 2.0, 3.0, 4.0)


def buy(position, price, cost, ts_ms=0):
    costs = position.costs
    paid = costs.paid_price(price, buying=position.side > 0, maker=False)
    position.add_entry(Fill(ts_ms, price, paid, cost / paid, costs.fee(cost, maker=False)), cost)


def sell(position, price, share, ts_ms=0):
    costs, quantity = position.costs, position.quantity * share
    paid = costs.paid_price(price, buying=position.side < 0, maker=False)
    fee = costs.fee(quantity * paid, maker=False)
    position.add_exit(Fill(ts_ms, price, paid, quantity, fee))


def opened(direction="long", costs=COSTS, price=100.0, cost=100.0, ts_ms=0):
    position = Position("s-X-1", direction, costs)
    buy(position, price, cost, ts_ms)
    return position


def best(position):
    return position.peak_price, position.peak_ts_ms


def worst(position):
    return position.drawdown_price, position.drawdown_ts_ms


# --- best and worst ---------------------------------------------------------------------------


def test_both_begin_with_the_entry():
    position = opened(ts_ms=7)

    assert best(position) == worst(position) == (100.0, 7)
    assert position.peak_pct == position.drawdown_pct == position.pnl_pct_at(100.0)


@pytest.mark.parametrize(
    ("direction", "top", "bottom"),
    [("long", (120.0, 5), (80.0, 6)), ("short", (80.0, 6), (120.0, 5))],
)
def test_extremes_say_where_and_when(direction, top, bottom):
    position = opened(direction)

    position.observe(110.0, 90.0, 3, 4)
    position.observe(120.0, 80.0, 5, 6)
    position.observe(120.0, 80.0, 7, 8)
    position.observe(119.0, 81.0, 9, 10)

    assert (best(position), worst(position)) == (top, bottom)
    assert position.peak_pct == position.pnl_pct_at(top[0])
    assert position.drawdown_pct == position.pnl_pct_at(bottom[0])


def test_they_begin_anew_at_an_average():
    position = opened()
    position.observe(150.0, 50.0, 3, 4)

    buy(position, 80.0, 100.0, ts_ms=5)

    assert best(position) == worst(position) == (80.0, 5)
    assert position.peak_pct == position.drawdown_pct == position.pnl_pct_at(80.0)


def test_they_go_on_over_a_part():
    position = opened()
    position.observe(150.0, 50.0, 3, 4)
    before = position.peak_pct, position.drawdown_pct

    sell(position, 120.0, 0.5, ts_ms=5)
    assert (position.peak_pct, position.drawdown_pct) == before
    position.observe(170.0, 40.0, 6, 7)

    # Half was sold at 120: 170 for the rest is less than 150 was for all, 40 no worse than 50.
    assert (best(position), worst(position)) == ((150.0, 3), (50.0, 4))
    position.observe(181.0, 1.0, 8, 9)
    assert best(position) == (181.0, 8)
    assert position.peak_pct == position.pnl_pct_at(181.0)


@pytest.mark.parametrize(("price", "which"), [(200.0, best), (10.0, worst)])
def test_the_end_counts_as_what_it_brought(price, which):
    position = opened()
    position.observe(150.0, 50.0, 3, 4)

    sell(position, price, 1.0, ts_ms=9)
    position.settle()

    assert which(position) == (price, 9)
    earned = (position.gross - position.fees) / position.cost * 100.0
    assert {best: position.peak_pct, worst: position.drawdown_pct}[which] == pytest.approx(earned)


# --- where it comes to nothing ----------------------------------------------------------------


@pytest.mark.parametrize(("direction", "price"), [("long", 100.400801), ("short", 99.600799)])
def test_the_published_net_zero_prices(direction, price):
    assert opened(direction).net_zero_price() == pytest.approx(price, abs=1e-6)


def root(earned, low, high):
    """Return where `earned` crosses 0, by halving."""
    rising = earned(high) > earned(low)
    for _ in range(200):
        middle = (low + high) / 2.0
        low, high = (middle, high) if (earned(middle) < 0.0) is rising else (low, middle)
    return middle


@pytest.mark.parametrize("direction", ["long", "short"])
@pytest.mark.parametrize("costs", [COSTS, FREE, DEAR])
@pytest.mark.parametrize("others", [(), (80.0,), (90.0, 70.0), (120.0, 60.0)])
def test_without_parts_it_is_where_the_profit_is_nothing(direction, costs, others):
    position = opened(direction, costs)
    for price in others:
        buy(position, price, 150.0)

    assert position.net_zero_price() == pytest.approx(root(position.pnl_at, 1.0, 1000.0), rel=1e-9)


@pytest.mark.parametrize("direction", ["long", "short"])
@pytest.mark.parametrize("costs", [COSTS, FREE, DEAR])
def test_after_parts_it_is_where_what_is_held_earns_its_own_costs(direction, costs):
    """What parts have brought is no reason to give some of the rest away."""
    position = opened(direction, costs)
    sell(position, 150.0, 0.4)
    buy(position, 80.0, 100.0)
    sell(position, 60.0, 0.25)
    side, fee = position.side, costs.taker_fee_pct / 100.0

    def earned(price):
        worth = position.quantity * costs.paid_price(price, buying=side < 0, maker=False)
        return side * (worth - position.cost_left) - fee * (worth + position.cost_left)

    assert position.net_zero_price() == pytest.approx(root(earned, 1.0, 1000.0), rel=1e-9)
    assert earned(position.net_zero_price()) == pytest.approx(0.0, abs=1e-9)


def test_selling_leaves_it_where_it_was():
    position = opened()
    buy(position, 80.0, 100.0)
    before = position.net_zero_price()

    sell(position, 130.0, 0.5)

    assert position.net_zero_price() == pytest.approx(before, rel=1e-12)


def test_net_zero_carries_the_fees_of_what_is_left():
    """Half of what cost a fee of 2 is sold, then more comes for no fee: 1 is left to be earned."""
    position = Position("s-X-1", "long", CostModel(0.0, 0.0, 0.0, 0.0))
    position.add_entry(Fill(0, 100.0, 100.0, 10.0, 2.0), 1000.0)
    position.add_exit(Fill(60_000, 100.0, 100.0, 5.0, 0.0))
    position.add_entry(Fill(120_000, 100.0, 100.0, 5.0, 0.0), 500.0)

    assert position.net_zero_price() == pytest.approx(100.1)


@pytest.mark.parametrize(("direction", "pnl_pct"), [("long", -100.0), ("short", 100.0)])
def test_the_price_of_losing_or_winning_everything_is_about_nothing(direction, pnl_pct):
    position = Position("s-X-1", direction, CostModel(0.0, 0.0, 0.0, 0.0))
    position.add_entry(Fill(0, 100.0, 100.0, 1.0, 0.0), 100.0)

    assert position.price_at(pnl_pct) == pytest.approx(0.0, abs=1e-9)


def test_what_has_ended_has_no_such_prices():
    position = Position("s-X-1", "long", CostModel(0.0, 0.0, 0.0, 0.0))
    position.add_entry(Fill(0, 100.0, 100.0, 1.0, 0.0), 100.0)
    position.add_exit(Fill(60_000, 101.0, 101.0, 1.0, 0.0))

    assert math.isnan(position.price_at(1.0))
    assert math.isnan(position.net_zero_price())
