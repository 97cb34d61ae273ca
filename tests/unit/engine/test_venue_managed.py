"""The venue adds to a position: at an open between guards, or inside a candle at a limit."""

import pytest

from tests.unit.engine.venue_builder import (
    CAPITAL,
    DEAR,
    average,
    drain,
    exits_inside,
    holding,
    stop,
    target,
)
from tradekit.domain.journal import Phase
from tradekit.engine.account import Account
from tradekit.engine.events import OrderFilled

LOT = {"lot_size": 0.1}


def test_an_average_at_market_fills_at_the_open():
    account = Account(CAPITAL)
    venue = holding(average(), account=account)

    event = venue.entry_at_open(60, 80.0)

    assert (event.order_id, event.phase) == ("average1", Phase.OPEN)
    assert event.fill[:2] == (60, 80.0)
    assert (event.fill.quantity, event.cost, event.cash_delta) == (1.25, 100.0, -100.0)
    assert (venue.held, venue.paid, account.cash) == (2.25, 200.0, 800.0)
    assert not venue.opens
    assert venue.entry_at_open(60, 80.0) is None


@pytest.mark.parametrize(
    ("low", "high", "price", "filled"),
    [
        (90.0, 98.0, 97.9, True),
        (90.0, 98.0, 98.0, False),
        (90.0, 98.0, 90.1, True),
        (90.0, 98.0, 90.0, False),
        (90.0, None, 500.0, True),
        (None, 98.0, 1.0, True),
        (None, None, 98.0, True),
    ],
)
def test_an_open_that_has_left_its_guards_refuses_an_average(low, high, price, filled):
    venue = holding(average(low=low, high=high))

    event = venue.entry_at_open(60, price)

    assert isinstance(event, OrderFilled) is filled
    if not filled:
        assert event[:5] == (
            "average1",
            60,
            Phase.OPEN,
            "gap_reject",
            f"open was {price!r}, must lie between {low!r} and {high!r}",
        )
        assert (event.price, venue.held, venue.opens) == (price, 1.0, False)


@pytest.mark.parametrize(("price", "filled_at"), [(98.1, None), (98.0, 98.0), (95.0, 95.0)])
def test_a_waiting_average_fills_at_a_better_open(price, filled_at):
    venue = holding(average(98.0))

    event = venue.entry_at_open(60, price)

    assert (event.fill.price if event else None) == filled_at
    assert venue.bracket_at_entry(60, price) is None


@pytest.mark.parametrize(("buying", "low", "high"), [(True, 97.0, 99.0), (False, 101.0, 103.0)])
def test_a_waiting_average_fills_inside_at_its_price(buying, low, high):
    price = 98.0 if buying else 102.0
    venue = holding(average(price, buying=buying), short=not buying)

    event = venue.entry_inside(120, low, high)

    assert (event.phase, event.fill[:2]) == (Phase.INSIDE, (120, price))
    assert venue.entry_inside(120, low, high) is None
    assert venue.held == pytest.approx(1.0 + 100.0 / price)


def test_waiting_averages_fill_from_the_nearest_on():
    venue = holding(average(96.0, name="a"), average(98.0, name="b"), average(90.0, name="c"))

    assert [each[:2] for each in drain(venue.entry_inside, 120, 95.0, 99.0)] == [
        ("b", 98.0),
        ("a", 96.0),
    ]
    assert venue.opens


def test_averages_at_the_open_come_in_the_order_given():
    venue = holding(average(99.0, name="a"), average(name="b"), average(50.0, name="c"))

    assert [each[:2] for each in drain(venue.entry_at_open, 60, 98.0)] == [
        ("a", 98.0),
        ("b", 98.0),
    ]


def test_an_average_at_market_waits_for_an_open():
    venue = holding(stop(90.0))

    assert venue.entry_inside(120, 1.0, 1e9) is None
    assert venue.exit_inside(120, 91.0, 99.0) is None


@pytest.mark.parametrize("target_first", [False, True])
def test_the_way_to_the_stop_leads_past_a_waiting_average(target_first):
    venue = holding(stop(90.0), average(95.0), target_first=target_first)

    assert drain(venue.entry_inside, 120, 89.0, 99.0) == [("average1", 95.0, 100.0 / 95.0)]
    assert exits_inside(venue, 120, 89.0, 99.0) == [("stop", 90.0, 1.0 + 100.0 / 95.0)]
    assert venue.ambiguous_candles == 0


@pytest.mark.parametrize("level", [95.0, 97.0])
@pytest.mark.parametrize("short", [False, True])
def test_a_stop_that_was_moved_past_a_waiting_average_comes_first(level, short):
    """Buying at 95 what the stop at 97 has sold already would be money out of nothing."""
    where, low, high = (level, 80.0, 99.0) if not short else (200.0 - level, 101.0, 120.0)
    limit_price = 95.0 if not short else 105.0
    venue = holding(stop(where, buying=short), average(limit_price, buying=not short), short=short)

    assert venue.entry_inside(120, low, high) is None
    assert exits_inside(venue, 120, low, high) == [("stop", where, 1.0)]
    assert not venue.opens


PATHS = [
    # low, high, stop first, target first; average at 95, stop 90, target 110
    (94.0, 109.0, [], []),
    (94.0, 110.0, [], ["target1"]),
    (90.0, 109.0, ["stop"], ["stop"]),
    (90.0, 110.0, ["stop"], ["target1"]),
]


@pytest.mark.parametrize("target_first", [False, True])
@pytest.mark.parametrize(("low", "high", "harsh", "kind"), PATHS)
def test_each_path_through_a_candle_that_averaged_inside(low, high, harsh, kind, target_first):
    venue = holding(stop(90.0), target(110.0), average(95.0), target_first=target_first)
    assert len(drain(venue.entry_inside, 120, low, high)) == 1

    assert [each[0] for each in exits_inside(venue, 120, low, high)] == (
        kind if target_first else harsh
    )
    assert venue.ambiguous_candles == (harsh != kind)


def test_the_candle_after_an_average_is_like_any_other():
    venue = holding(stop(90.0), target(110.0), average(95.0))
    venue.entry_inside(120, 94.0, 110.0)

    assert exits_inside(venue, 180, 94.0, 110.0)[0][:2] == ("target1", 110.0)


def test_an_average_that_was_refused_inside_hides_no_target():
    venue = holding(target(105.0), average(95.0, cost=10 * CAPITAL))

    assert venue.entry_inside(120, 94.0, 106.0).rule == "insufficient_cash"
    assert exits_inside(venue, 120, 94.0, 106.0) == [("target1", 105.0, 1.0)]
    assert venue.ambiguous_candles == 0


def test_an_average_after_an_open_is_no_average_inside():
    venue = holding(stop(90.0), target(110.0), average())
    venue.entry_at_open(60, 95.0)

    assert exits_inside(venue, 120, 94.0, 110.0)[0][0] == "target1"


@pytest.mark.parametrize(
    ("order", "rules", "rule"),
    [
        (average(cost=CAPITAL), {}, "insufficient_cash"),
        (average(cost=4.0), LOT, "below_lot_size"),
        (average(cost=4.0), {"min_notional": 5.0}, "below_min_notional"),
    ],
)
def test_an_average_is_refused_like_an_entry(order, rules, rule):
    venue = holding(order, **rules)
    held, cash = venue.held, venue.paid

    event = venue.entry_at_open(60, 50.0)

    assert (event.rule, event.order_id) == (rule, "average1")
    assert (venue.held, venue.paid, venue.opens) == (held, cash, False)


def test_an_average_is_floored_to_the_lot_and_costs_what_it_is():
    venue = holding(average(cost=100.0), **LOT)

    event = venue.entry_at_open(60, 77.0)

    assert event.fill.quantity == pytest.approx(1.2)
    assert event.cost == pytest.approx(92.4)


def test_a_waiting_average_is_a_maker():
    venue = holding(average(95.0), costs=DEAR, account=Account(CAPITAL))

    event = venue.entry_inside(120, 95.0, 96.0)

    assert event.fill.paid_price == pytest.approx(95.0 * 1.05)
    assert event.fill.fee == pytest.approx(1.0)
