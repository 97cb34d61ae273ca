"""Which orders a plan becomes, and the fields of the rows."""

import pytest

from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase
from tradekit.domain.order import Fill, Order, OrderType, Role
from tradekit.domain.plan import Plan, Target
from tradekit.domain.position import Position
from tradekit.engine.entries import (
    bracket_orders,
    entry_order,
    exit_order,
)
from tradekit.engine.events import OrderFilled
from tradekit.engine.rows import closed_data, entry_data, opened_data


def plan_of(direction="long", entry_type="market", entry=None, stop=95.0, target=110.0, **more):
    plan = Plan(
        signal_id="s-X-1",
        direction=direction,
        entry_type=entry_type,
        entry_price=entry,
        reference_price=100.0,
        stop_loss_price=stop,
        targets=() if target is None else (Target(target, 100.0),),
        cost=50.0,
        equity_pct=None,
        hold_ms=60_000,
        wait_ms=120_000,
        note="why",
    )
    return plan._replace(**more)


@pytest.mark.parametrize(
    ("plan", "buying", "low", "high"),
    [
        (plan_of("long", stop=95.0, target=110.0), True, 95.0, 110.0),
        (plan_of("short", stop=105.0, target=90.0), False, 90.0, 105.0),
        (plan_of("long", stop=None, target=None), True, None, None),
        (plan_of("short", stop=105.0, target=None), False, None, 105.0),
        (plan_of("long", stop=None, target=110.0), True, None, 110.0),
    ],
)
def test_a_market_entry_carries_its_bracket_as_guards(plan, buying, low, high):
    assert entry_order(plan) == Order(
        "s-X-1:entry",
        Role.ENTRY,
        OrderType.MARKET,
        buying,
        cost=50.0,
        guard_low=low,
        guard_high=high,
    )


@pytest.mark.parametrize(
    ("direction", "entry_type", "order_type", "below"),
    [
        ("long", "limit", OrderType.LIMIT, True),
        ("long", "stop", OrderType.STOP, False),
        ("short", "limit", OrderType.LIMIT, False),
        ("short", "stop", OrderType.STOP, True),
    ],
)
def test_a_resting_entry_has_a_price_and_no_guards(direction, entry_type, order_type, below):
    plan = plan_of(direction, entry_type, 100.0, None, None)

    assert entry_order(plan) == Order(
        "s-X-1:entry",
        Role.ENTRY,
        order_type,
        buying=direction == "long",
        price=100.0,
        cost=50.0,
        waits_below=below,
    )


def test_an_entry_may_be_sized_by_equity():
    order = entry_order(plan_of(cost=None, equity_pct=25.0))

    assert (order.cost, order.equity_pct) == (None, 25.0)


@pytest.mark.parametrize(("direction", "buying"), [("long", False), ("short", True)])
def test_the_bracket_leaves_on_the_other_side(direction, buying):
    stop, target = (95.0, 110.0) if direction == "long" else (105.0, 90.0)

    assert bracket_orders(plan_of(direction, stop=stop, target=target), 1.0, Instrument("X")) == [
        Order(
            "s-X-1:stop",
            Role.STOP,
            OrderType.STOP,
            buying,
            price=stop,
            waits_below=direction == "long",
        ),
        Order(
            "s-X-1:target1",
            Role.TARGET,
            OrderType.LIMIT,
            buying,
            price=target,
            waits_below=direction == "short",
        ),
    ]


def test_a_bracket_has_what_was_asked_for():
    assert bracket_orders(plan_of(stop=None, target=None), 1.0, Instrument("X")) == []
    assert [order.role for order in bracket_orders(plan_of(target=None), 1.0, Instrument("X"))] == [
        Role.STOP
    ]
    assert [order.role for order in bracket_orders(plan_of(stop=None), 1.0, Instrument("X"))] == [
        Role.TARGET
    ]


def test_several_targets_are_numbered():
    plan = plan_of(targets=(Target(103.0, 40.0), Target(106.0, 60.0)))

    assert [
        (order.order_id, order.price) for order in bracket_orders(plan, 1.0, Instrument("X"))
    ] == [
        ("s-X-1:stop", 95.0),
        ("s-X-1:target1", 103.0),
        ("s-X-1:target2", 106.0),
    ]


@pytest.mark.parametrize(("direction", "buying"), [("long", False), ("short", True)])
def test_a_market_exit_takes_off_everything(direction, buying):
    assert exit_order(plan_of(direction)) == Order(
        "s-X-1:exit", Role.EXIT, OrderType.MARKET, buying
    )


def test_fields_of_a_submitted_row():
    assert entry_data(plan_of()) == {
        "direction": "long",
        "entry_type": "market",
        "reference_price": 100.0,
        "stop_loss_price": 95.0,
        "take_profit_price": 110.0,
        "cost": 50.0,
        "equity_pct": None,
        "hold_ms": 60_000,
        "note": "why",
    }


def test_a_scheduled_row_says_price_and_wait_too():
    plan = plan_of(entry_type="limit", entry=99.0)

    assert entry_data(plan) == entry_data(plan_of()) | {
        "entry_type": "limit",
        "entry_price": 99.0,
        "wait_ms": 120_000,
    }


@pytest.mark.parametrize("at_open", [True, False])
def test_fields_of_an_opened_row(at_open):
    fill = Fill(5, 99.0, 100.0, 0.5, 0.25)
    event = OrderFilled("s-X-1:entry", Phase.OPEN, fill, 50.0, -50.25)

    assert opened_data(plan_of(), event, at_open=at_open) == {
        "direction": "long",
        "entry_type": "market",
        "at_open": at_open,
        "price": 99.0,
        "quantity": 0.5,
        "cost": 50.0,
        "fee": 0.25,
        "cash_delta": -50.25,
        "stop_loss_price": 95.0,
        "take_profit_price": 110.0,
    }


def test_fields_of_a_closed_row():
    position = Position("s-X-1", "long", CostModel(0.0, 0.0, 0.0, 0.0))
    position.add_entry(Fill(5, 100.0, 100.0, 1.0, 1.0), 100.0)
    position.add_entry(Fill(6, 80.0, 80.0, 1.0, 1.0), 80.0)
    position.add_exit(Fill(7, 99.0, 99.0, 2.0, 2.0))
    position.settle()

    data = closed_data(position, "closed", "enough", 196.0)

    percent = 14.0 / 180.0 * 100.0
    assert data.pop("pnl_pct") == pytest.approx(percent)
    assert data.pop("peak_pct") == pytest.approx(percent)
    assert data.pop("drawdown_pct") == pytest.approx((2 * 80.0 - 180.0 - 2.0) / 180.0 * 100.0)
    assert data == {
        "direction": "long",
        "entry_ts_ms": 5,
        "entry_price": 100.0,
        "exit_ts_ms": 7,
        "exit_price": 99.0,
        "reason": "closed",
        "note": "enough",
        "cost": 180.0,
        "quantity": 2.0,
        "pnl": 14.0,
        "fees": 4.0,
        "entries": [
            {"ts_ms": 5, "price": 100.0, "quantity": 1.0, "fee": 1.0},
            {"ts_ms": 6, "price": 80.0, "quantity": 1.0, "fee": 1.0},
        ],
        "exits": [{"ts_ms": 7, "price": 99.0, "quantity": 2.0, "fee": 2.0}],
        "ambiguous": False,
        "cash_delta": 196.0,
    }
