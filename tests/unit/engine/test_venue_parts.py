"""The venue takes off parts, fills several targets, and moves what waits; its cash."""

import pytest

from tests.unit.engine.venue_builder import (
    CAPITAL,
    DEAR,
    average,
    breakout,
    drain,
    exits_inside,
    holding,
    leave,
    limit,
    part,
    stop,
    target,
    venue_of,
)
from tradekit.domain.journal import Phase
from tradekit.engine.account import Account
from tradekit.engine.events import OrderRejected

LOT = {"lot_size": 0.1}


def share(price, quantity, *, buying=False, name="target1"):
    """Return a target that takes off `quantity`."""
    return target(price, buying=buying, name=name)._replace(quantity=quantity)


# --- parts and several targets ----------------------------------------------------------------


def test_parts_go_in_the_order_given_and_the_last_takes_what_is_left():
    venue = holding(part(0.3, name="a"), part(0.7, name="b"), stop(90.0))

    assert drain(venue.market_exit, 60, 120.0) == [("a", 120.0, 0.3), ("b", 120.0, 0.7)]
    assert (venue.held, venue.paid) == (0.0, 0.0)
    assert venue.exit_inside(120, 1.0, 1e9) is None


def test_an_exit_of_everything_takes_all_that_waits_with_it():
    venue = holding(
        part(0.3), leave(), part(0.2, name="late"), average(), average(50.0, name="deep")
    )

    assert [each[0] for each in drain(venue.market_exit, 60, 100.0)] == ["part1", "exit"]
    assert not venue.opens
    assert venue.entry_at_open(60, 40.0) is None
    assert venue.entry_inside(120, 40.0, 60.0) is None


def test_a_part_that_a_target_left_less_than_takes_the_rest():
    venue = holding(share(110.0, 0.6), part(0.5))

    assert drain(venue.resting_exit_at_open, 60, 111.0) == [("target1", 110.0, 0.6)]
    assert drain(venue.market_exit, 60, 111.0) == [("part1", 111.0, pytest.approx(0.4))]
    assert venue.held == 0.0


def test_all_but_dust_is_all():
    venue = holding(part(1.0 - 1e-12))

    assert drain(venue.market_exit, 60, 100.0) == [("part1", 100.0, 1.0)]


@pytest.mark.parametrize("short", [False, True])
def test_one_candle_fills_several_targets_from_the_nearest_on(short):
    prices = (90.0, 80.0, 70.0) if short else (110.0, 120.0, 130.0)
    low, high = (80.0, 101.0) if short else (99.0, 120.0)
    venue = holding(
        share(prices[1], 0.3, buying=short, name="target2"),
        target(prices[2], buying=short, name="target3"),
        share(prices[0], 0.2, buying=short, name="target1"),
        short=short,
    )

    assert exits_inside(venue, 120, low, high) == [
        ("target1", prices[0], 0.2),
        ("target2", prices[1], 0.3),
    ]
    assert venue.held == pytest.approx(0.5)
    assert venue.ambiguous_candles == 0


def test_an_open_beyond_several_targets_fills_each_at_its_own_price():
    venue = holding(share(110.0, 0.2), target(120.0, name="target2"))

    assert drain(venue.resting_exit_at_open, 60, 150.0) == [
        ("target1", 110.0, 0.2),
        ("target2", 120.0, 0.8),
    ]


def test_a_stop_comes_before_targets_and_takes_everything():
    venue = holding(stop(90.0), share(110.0, 0.2), target(120.0, name="target2"))

    event = venue.exit_inside(120, 89.0, 130.0)

    assert (event.order_id, event.fill.quantity, event.ambiguous) == ("stop", 1.0, True)
    assert venue.exit_inside(120, 89.0, 130.0) is None
    assert venue.ambiguous_candles == 1


def test_on_the_other_path_targets_come_first_and_the_stop_takes_the_rest():
    venue = holding(stop(90.0), share(110.0, 0.2), target(120.0, name="target2"), target_first=True)

    assert exits_inside(venue, 120, 89.0, 115.0) == [("target1", 110.0, 0.2), ("stop", 90.0, 0.8)]
    assert venue.ambiguous_candles == 1


def test_a_candle_in_doubt_counts_once_whatever_it_fills():
    venue = holding(stop(90.0), share(110.0, 0.2), target(120.0, name="target2"), target_first=True)

    assert exits_inside(venue, 120, 89.0, 130.0) == [
        ("target1", 110.0, 0.2),
        ("target2", 120.0, 0.8),
    ]
    assert venue.ambiguous_candles == 1


def test_a_doubt_stays_with_the_position_until_it_is_closed():
    venue = holding(stop(90.0), share(110.0, 0.2), target(120.0, name="target2"), target_first=True)

    first = venue.exit_inside(120, 89.0, 115.0)
    second = venue.exit_inside(120, 89.0, 115.0)

    assert (first.ambiguous, second.ambiguous) == (True, True)


def test_a_target_of_less_than_a_lot_is_refused_and_the_next_one_fills():
    venue = holding(share(110.0, 0.04), target(120.0, name="target2"), **LOT)

    event = venue.exit_inside(120, 100.0, 130.0)

    assert isinstance(event, OrderRejected)
    assert (event.order_id, event.rule, event.phase) == ("target1", "below_lot_size", Phase.INSIDE)
    assert exits_inside(venue, 120, 100.0, 130.0) == [("target2", 120.0, 1.0)]


@pytest.mark.parametrize("target_first", [False, True])
def test_after_a_stop_entry_the_low_may_have_come_before(target_first):
    venue = venue_of(breakout(102.0), target_first=target_first)
    venue.entry_inside(120, 90.0, 111.0)
    for order in (stop(95.0), share(110.0, 0.2), target(130.0, name="target2")):
        venue.submit(order)

    assert [each[0] for each in exits_inside(venue, 120, 90.0, 111.0)] == (
        ["target1"] if target_first else ["stop"]
    )


# --- what moves -------------------------------------------------------------------------------


def test_a_stop_is_moved():
    venue = holding(stop(90.0))
    venue.amend(stop(97.0))

    assert exits_inside(venue, 120, 97.0, 99.0) == [("stop", 97.0, 1.0)]


def test_a_target_is_moved_past_another_and_keeps_its_id():
    venue = holding(share(110.0, 0.2), target(120.0, name="target2"))
    venue.amend(share(125.0, 0.4))

    assert exits_inside(venue, 120, 100.0, 130.0) == [("target2", 120.0, 1.0)]


def test_a_waiting_entry_becomes_one_at_market():
    venue = venue_of(limit(90.0))
    order = average()._replace(order_id="entry", role=limit(90.0).role, guard_low=99.0)
    venue.amend(order)

    assert venue.entry_inside(60, 80.0, 99.0) is None
    assert venue.entry_at_open(120, 100.0).fill.price == 100.0


def test_averages_and_entries_are_taken_off():
    venue = holding(average(98.0), average(97.0, name="b"))

    assert venue.cancel("average1", 60, Phase.DECISION)[0] == "average1"
    assert venue.cancel("average1", 60, Phase.DECISION) is None
    assert [each[0] for each in drain(venue.entry_inside, 120, 90.0, 99.0)] == ["b"]
    assert venue_of(limit(90.0)).cancel("entry", 60, Phase.DECISION)[0] == "entry"


# --- money ------------------------------------------------------------------------------------


@pytest.mark.parametrize("short", [False, True])
def test_cash_of_a_managed_position_by_hand(short):
    """1 at 100, 100 more at 80 (1.25), half off at 90, the rest at 110; all without costs."""
    account = Account(CAPITAL)
    venue = holding(account=account, short=short)
    venue.submit(average(buying=not short))
    venue.entry_at_open(60, 80.0)
    assert account.cash == pytest.approx(800.0)

    venue.submit(part(1.125, buying=short))
    event = venue.market_exit(120, 90.0)
    # A short gets back the 100 that this half reserved and 100 - 101.25 of it.
    assert event.cash_delta == pytest.approx(98.75 if short else 101.25)
    assert (venue.held, venue.paid) == (1.125, 100.0)

    venue.submit(leave(buying=short))
    event = venue.market_exit(180, 110.0)
    assert event.cash_delta == pytest.approx(76.25 if short else 123.75)
    assert account.cash == pytest.approx(CAPITAL + (-25.0 if short else 25.0))


@pytest.mark.parametrize("short", [False, True])
def test_costs_of_a_part_by_hand(short):
    """A part at market pays 4 % slippage and 2 % fee, a target 5 % and 1 %."""
    venue = holding(costs=DEAR, short=short)
    paid, side = venue.paid, -1.0 if short else 1.0
    held = venue.held
    venue.submit(part(held / 2, buying=short))
    venue.submit(target(50.0 if short else 150.0, buying=short))

    event = venue.market_exit(60, 100.0)
    worth = held / 2 * (104.0 if short else 96.0)
    gain = side * (worth - paid / 2)
    assert event.fill.fee == pytest.approx(worth * 0.02)
    assert event.cash_delta == pytest.approx(paid / 2 + gain - worth * 0.02)

    event = venue.exit_inside(120, 50.0, 150.0)
    worth = held / 2 * (52.5 if short else 142.5)
    gain = side * (worth - paid / 2)
    assert event.cash_delta == pytest.approx(paid / 2 + gain - worth * 0.01)


def test_a_part_below_the_least_notional_is_refused_and_the_rest_may_go():
    venue = holding(part(0.3), stop(90.0), min_notional=50.0)

    event = venue.market_exit(60, 100.0)
    assert (event.rule, event.detail) == (
        "below_min_notional",
        "proceeds were 30.0, must be at least 50.0",
    )
    assert (venue.held, venue.market_exit(60, 100.0)) == (1.0, None)
    assert venue.exit_inside(120, 20.0, 100.0).fill.price == 90.0
