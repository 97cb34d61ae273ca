"""The venue at an open, group by group: resting exits, market exits, entries, their brackets."""

import pytest

from tests.unit.engine.venue_builder import (
    breakout,
    holding,
    leave,
    limit,
    market,
    stop,
    target,
    venue_of,
)
from tradekit.domain.journal import Phase
from tradekit.domain.order import Fill
from tradekit.engine.events import OrderCancelled, OrderFilled, OrderRejected

# --- orders -----------------------------------------------------------------------------------


def test_an_empty_venue_does_nothing():
    venue = venue_of()

    assert venue.resting_exit_at_open(1, 100.0) is None
    assert venue.market_exit(1, 100.0) is None
    assert venue.entry_at_open(1, 100.0) is None
    assert venue.bracket_at_entry(1, 100.0) is None
    assert venue.entry_inside(1, 0.0, 1e9) is None
    assert venue.exit_inside(1, 0.0, 1e9) is None
    assert (venue.held, venue.paid) == (0.0, 0.0)


def test_an_entry_that_is_cancelled_never_fills():
    venue = venue_of(limit(98.0))

    assert venue.cancel("entry", 5, Phase.DECISION) == OrderCancelled("entry", 5, Phase.DECISION)
    assert venue.cancel("entry", 5, Phase.DECISION) is None
    assert venue.entry_at_open(5, 98.0) is None


def test_what_is_gone_or_unknown_cannot_be_cancelled():
    venue = venue_of(market())
    assert venue.cancel("another", 5, Phase.DECISION) is None
    venue.entry_at_open(5, 100.0)

    assert venue.cancel("entry", 5, Phase.DECISION) is None


@pytest.mark.parametrize("order", [market(), stop(95.0), leave()])
def test_an_order_is_handed_in_once(order):
    venue = venue_of(order)

    with pytest.raises(AssertionError):
        venue.submit(order)


# --- stops and targets ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "open_price", "order_id", "price"),
    [
        (False, 95.0, "stop", 95.0),
        (False, 90.0, "stop", 90.0),
        (False, 110.0, "target1", 110.0),
        (False, 120.0, "target1", 110.0),
        (True, 105.0, "stop", 105.0),
        (True, 120.0, "stop", 120.0),
        (True, 90.0, "target1", 90.0),
        (True, 50.0, "target1", 90.0),
    ],
)
def test_a_gap_fills_a_stop_at_the_open_and_a_target_at_its_price(
    short, open_price, order_id, price
):
    bracket = (
        (stop(105.0, buying=True), target(90.0, buying=True))
        if short
        else (stop(95.0), target(110.0))
    )
    venue = holding(*bracket, short=short)

    event = venue.resting_exit_at_open(7, open_price)

    proceeds = 200.0 - price if short else price
    assert event == OrderFilled(
        order_id, Phase.OPEN, Fill(7, price, price, 1.0, 0.0), price, proceeds
    )
    assert (venue.held, venue.paid) == (0.0, 0.0)


@pytest.mark.parametrize("open_price", [95.1, 100.0, 109.9])
def test_between_stop_and_target_an_open_fills_nothing(open_price):
    assert holding(stop(95.0), target(110.0)).resting_exit_at_open(7, open_price) is None


def test_of_several_targets_the_nearest_comes_first():
    targets = [target(price, name=f"t{price:g}") for price in (120.0, 110.0, 115.0)]

    assert holding(*targets).resting_exit_at_open(7, 118.0).order_id == "t110"
    bought_back = [target(price, name=f"t{price:g}", buying=True) for price in (80.0, 90.0, 85.0)]
    assert holding(*bought_back, short=True).resting_exit_at_open(7, 82.0).order_id == "t90"


def test_what_protected_the_position_goes_with_it():
    venue = holding(stop(95.0), target(110.0), leave())

    venue.resting_exit_at_open(7, 90.0)

    assert venue.resting_exit_at_open(7, 90.0) is None
    assert venue.market_exit(7, 90.0) is None
    assert venue.exit_inside(8, 0.0, 1e9) is None


def test_a_new_entry_outlives_the_position_before_it():
    venue = holding(stop(95.0), leave(), limit(89.0))

    venue.resting_exit_at_open(7, 90.0)

    assert venue.entry_inside(8, 88.0, 91.0).order_id == "entry"


# --- market exits -----------------------------------------------------------------------------


def test_a_market_exit_fills_at_the_open():
    venue = holding(stop(95.0), target(110.0), leave())

    assert venue.market_exit(7, 101.0) == OrderFilled(
        "exit", Phase.OPEN, Fill(7, 101.0, 101.0, 1.0, 0.0), 101.0, 101.0
    )
    assert venue.resting_exit_at_open(7, 90.0) is None


@pytest.mark.parametrize("phase", [Phase.END, Phase.DECISION])
def test_a_market_exit_may_belong_to_another_moment(phase):
    assert holding(leave()).market_exit(7, 101.0, phase).phase is phase


def test_without_a_market_exit_none_fills():
    assert holding(stop(95.0)).market_exit(7, 90.0) is None


# --- entries ----------------------------------------------------------------------------------


def test_a_market_entry_fills_at_the_open():
    venue = venue_of(market())

    assert venue.entry_at_open(7, 50.0) == OrderFilled(
        "entry", Phase.OPEN, Fill(7, 50.0, 50.0, 2.0, 0.0), 100.0, -100.0
    )
    assert (venue.held, venue.paid) == (2.0, 100.0)
    assert venue.entry_at_open(7, 50.0) is None


@pytest.mark.parametrize("open_price", [95.0, 94.0, 110.0, 111.0])
@pytest.mark.parametrize("buying", [True, False])
def test_a_market_entry_beyond_its_guards_is_refused(buying, open_price):
    venue = venue_of(market(buying=buying, guard_low=95.0, guard_high=110.0))

    assert venue.entry_at_open(7, open_price) == OrderRejected(
        "entry",
        7,
        Phase.OPEN,
        "gap_reject",
        f"open was {open_price!r}, must lie between 95.0 and 110.0",
        open_price,
    )
    assert venue.held == 0.0
    assert venue.entry_at_open(8, 100.0) is None


@pytest.mark.parametrize(
    ("guards", "open_price", "filled"),
    [
        ({"guard_low": 95.0}, 95.1, True),
        ({"guard_low": 95.0}, 95.0, False),
        ({"guard_low": 95.0}, 1e9, True),
        ({"guard_high": 110.0}, 109.9, True),
        ({"guard_high": 110.0}, 110.0, False),
        ({"guard_high": 110.0}, 0.1, True),
        ({}, 0.1, True),
    ],
)
def test_a_guard_may_be_missing(guards, open_price, filled):
    event = venue_of(market(**guards)).entry_at_open(7, open_price)

    assert isinstance(event, OrderFilled) is filled


@pytest.mark.parametrize(
    ("order", "open_price", "filled"),
    [
        (limit(98.0), 98.1, False),
        (limit(98.0), 98.0, True),
        (limit(98.0), 90.0, True),
        (limit(102.0, buying=False), 101.9, False),
        (limit(102.0, buying=False), 102.0, True),
        (limit(102.0, buying=False), 110.0, True),
        (breakout(102.0), 101.9, False),
        (breakout(102.0), 102.0, True),
        (breakout(102.0), 110.0, True),
        (breakout(98.0, buying=False), 98.1, False),
        (breakout(98.0, buying=False), 98.0, True),
        (breakout(98.0, buying=False), 90.0, True),
    ],
)
def test_a_resting_entry_that_the_open_reaches_fills_at_the_open(order, open_price, filled):
    event = venue_of(order).entry_at_open(7, open_price)

    assert (event is not None) is filled
    if filled:
        assert event.fill[:2] == (7, open_price)
        assert event.phase is Phase.OPEN


# --- what a resting entry opened beyond its bracket ---------------------------------------------


@pytest.mark.parametrize(
    ("entry", "bracket", "open_price", "order_id"),
    [
        (limit(98.0), (stop(95.0), target(110.0)), 95.0, "stop"),
        (limit(98.0), (stop(95.0), target(110.0)), 90.0, "stop"),
        (breakout(102.0), (stop(99.0), target(104.0)), 104.0, "target1"),
        (breakout(102.0), (stop(99.0), target(104.0)), 106.0, "target1"),
    ],
)
def test_what_opens_beyond_its_bracket_goes_at_the_same_open(entry, bracket, open_price, order_id):
    venue = venue_of(entry)
    venue.entry_at_open(7, open_price)
    for order in bracket:
        venue.submit(order)

    event = venue.bracket_at_entry(7, open_price)

    assert (event.order_id, event.phase) == (order_id, Phase.OPEN)
    assert event.fill[:2] == (7, open_price)
    assert event.cash_delta == pytest.approx(100.0)


def test_what_opens_inside_its_bracket_stays():
    venue = venue_of(limit(98.0))
    venue.entry_at_open(7, 97.0)
    venue.submit(stop(95.0))
    venue.submit(target(110.0))

    assert venue.bracket_at_entry(7, 97.0) is None
    assert venue.held > 0.0
