"""Position maths: entries, exits, profit as a line in the price, extremes, the way to plain values.

The vectors of the specification are golden cases; here each rule stands alone.
"""

import json

import pytest

from tradekit.domain.costs import CostModel
from tradekit.domain.order import Fill
from tradekit.domain.position import Position
from tradekit.errors import LocalProtocolError

FREE = CostModel(0.0, 0.0, 0.0, 0.0)
COSTS = CostModel(maker_fee_pct=0.0, taker_fee_pct=1.0, slippage_pct=2.0, limit_slippage_pct=0.0)


def fill(price, quantity, fee=0.0, paid=None, ts_ms=0):
    return Fill(ts_ms, price, price if paid is None else paid, quantity, fee)


def held(direction="long", price=100.0, quantity=2.0, costs=FREE, fee=0.0):
    position = Position("s-X-1", direction, costs)
    position.add_entry(fill(price, quantity, fee), price * quantity)
    return position


def test_an_entry_is_booked():
    position = held(fee=1.5)

    assert position.entries == [fill(100.0, 2.0, 1.5)]
    assert (position.quantity, position.cost, position.cost_left) == (2.0, 200.0, 200.0)
    assert (position.average_entry_price, position.fees, position.gross) == (100.0, 1.5, 0.0)


def test_nothing_held_has_no_average():
    assert Position("s-X-1", "long", FREE).average_entry_price == 0.0


@pytest.mark.parametrize(("direction", "side"), [("long", 1.0), ("short", -1.0)])
def test_profit_goes_with_the_side(direction, side):
    position = held(direction)

    assert position.side == side
    assert position.pnl_at(100.0) == 0.0
    assert position.pnl_at(110.0) == pytest.approx(side * 20.0)
    assert position.pnl_pct_at(110.0) == pytest.approx(side * 10.0)


def test_profit_of_a_long_is_after_all_costs():
    # Bought at 102 with a fee of 2.04; sold at 110 it would fetch 107.8 less 1.078.
    position = Position("s-X-1", "long", COSTS)
    position.add_entry(fill(100.0, 2.0, 2.04, paid=102.0), 204.0)

    assert position.pnl_at(110.0) == pytest.approx(2 * 107.8 * 0.99 - 204.0 - 2.04)
    assert position.pnl_pct_at(110.0) == pytest.approx(position.pnl_at(110.0) / 204.0 * 100)


def test_profit_of_a_short_is_after_all_costs():
    # Sold at 98 with a fee of 1.96; bought back at 90 it would take 91.8 and a fee of 0.918.
    position = Position("s-X-1", "short", COSTS)
    position.add_entry(fill(100.0, 2.0, 1.96, paid=98.0), 196.0)

    assert position.pnl_at(90.0) == pytest.approx(196.0 - 2 * 91.8 * 1.01 - 1.96)


def test_an_exit_of_everything_leaves_the_profit_and_no_slope():
    position = held(fee=1.0)

    position.add_exit(fill(110.0, 2.0, 3.0))

    assert position.exits == [fill(110.0, 2.0, 3.0)]
    assert (position.quantity, position.cost_left, position.average_entry_price) == (0.0, 0.0, 0.0)
    assert position.gross == pytest.approx(20.0)
    assert position.fees == 4.0
    for price in (1.0, 1000.0):
        assert position.pnl_at(price) == pytest.approx(16.0)
        assert position.pnl_pct_at(price) == pytest.approx(8.0)


def test_an_exit_of_a_part_leaves_the_average():
    position = held(quantity=4.0)

    position.add_exit(fill(110.0, 1.0))

    assert (position.quantity, position.cost_left, position.cost) == (3.0, 300.0, 400.0)
    assert position.average_entry_price == pytest.approx(100.0)
    assert position.gross == pytest.approx(10.0)
    assert position.pnl_at(90.0) == pytest.approx(10.0 - 30.0)


def test_a_second_entry_blends_by_quantity():
    position = held(quantity=1.0)

    position.add_entry(fill(80.0, 3.0), 240.0)

    assert position.average_entry_price == pytest.approx(85.0)
    assert (position.cost, position.quantity) == (340.0, 4.0)
    assert position.pnl_at(85.0) == pytest.approx(0.0)


def test_an_exit_of_everything_but_dust_is_one_of_everything():
    position = held(quantity=0.3)

    position.add_exit(fill(100.0, 0.1 + 0.2))

    assert position.quantity == 0.0
    almost = held(quantity=0.3)
    almost.add_exit(fill(100.0, 0.3 * (1 - 1e-12)))
    assert almost.quantity == 0.0


def test_an_exit_takes_off_what_is_there():
    position = held()
    before = position.snapshot()

    with pytest.raises(LocalProtocolError) as caught:
        position.add_exit(fill(100.0, 2.1))

    assert caught.value.message == "exit quantity was 2.1, must be at most 2.0 held"
    assert position.snapshot() == before


def test_extremes_begin_at_the_net_profit_of_the_entry():
    position = held(costs=COSTS)

    assert position.peak_pct == position.drawdown_pct == position.pnl_pct_at(100.0)
    assert position.peak_pct < 0.0


@pytest.mark.parametrize("direction", ["long", "short"])
def test_extremes_only_ever_widen(direction):
    position = held(direction)
    position.observe(105.0, 98.0, 0, 0)
    inner = (position.peak_pct, position.drawdown_pct)
    position.observe(101.0, 99.0, 0, 0)

    assert inner == pytest.approx((5.0, -2.0) if direction == "long" else (2.0, -5.0))
    assert (position.peak_pct, position.drawdown_pct) == inner


def test_a_second_entry_starts_extremes_anew():
    position = held()
    position.observe(150.0, 50.0, 0, 0)

    position.add_entry(fill(100.0, 2.0), 200.0)

    assert position.peak_pct == position.drawdown_pct == pytest.approx(0.0)


@pytest.mark.parametrize(
    ("price", "peak", "worst"), [(150.0, 50.0, -2.0), (60.0, 5.0, -40.0), (100.0, 5.0, -2.0)]
)
def test_the_last_profit_counts_once_all_is_closed(price, peak, worst):
    position = held()
    position.observe(105.0, 98.0, 0, 0)
    position.add_exit(fill(price, 2.0))

    position.settle()

    assert (position.peak_pct, position.drawdown_pct) == pytest.approx((peak, worst))


def test_only_a_closed_position_settles():
    with pytest.raises(AssertionError, match="only a closed position settles"):
        held().settle()


def test_a_position_comes_back_from_json():
    position = held("short", quantity=0.3, costs=COSTS, fee=0.1)
    position.observe(101.7, 93.3, 0, 0)
    position.add_exit(fill(97.0, 0.1, 0.2, ts_ms=60_000))
    position.ambiguous = True

    again = Position.restore(json.loads(json.dumps(position.snapshot())), COSTS)

    assert again == position
    for each in (position, again):
        each.add_exit(fill(95.0, each.quantity))
    assert again.snapshot() == position.snapshot()
