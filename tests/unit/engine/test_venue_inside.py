"""The venue inside a candle: entries at their price, then the stop, then the nearest target."""

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
from tradekit.engine.events import OrderFilled


@pytest.mark.parametrize(
    ("order", "low", "high", "filled"),
    [
        (limit(98.0), 98.0, 99.0, True),
        (limit(98.0), 90.0, 99.0, True),
        (limit(98.0), 98.1, 99.0, False),
        (limit(102.0, buying=False), 101.0, 102.0, True),
        (limit(102.0, buying=False), 101.0, 101.9, False),
        (breakout(102.0), 101.0, 102.0, True),
        (breakout(102.0), 101.0, 101.9, False),
        (breakout(98.0, buying=False), 98.0, 99.0, True),
        (breakout(98.0, buying=False), 98.1, 99.0, False),
    ],
)
def test_a_resting_entry_fills_at_its_price_once_touched(order, low, high, filled):
    event = venue_of(order).entry_inside(8, low, high)

    assert (event is not None) is filled
    if filled:
        assert (event.phase, event.fill[:2]) == (Phase.INSIDE, (8, order.price))
        assert event.cash_delta == pytest.approx(-100.0)


def test_a_market_entry_waits_for_an_open():
    assert venue_of(market()).entry_inside(8, 0.0, 1e9) is None


@pytest.mark.parametrize(
    ("low", "high", "order_id", "price", "ambiguous"),
    [
        (96.0, 109.0, None, None, None),
        (95.0, 109.0, "stop", 95.0, False),
        (90.0, 109.0, "stop", 95.0, False),
        (96.0, 110.0, "target1", 110.0, False),
        (96.0, 120.0, "target1", 110.0, False),
        (95.0, 110.0, "stop", 95.0, True),
        (80.0, 130.0, "stop", 95.0, True),
    ],
)
def test_a_long_is_stopped_before_it_takes_profit(low, high, order_id, price, ambiguous):
    event = holding(stop(95.0), target(110.0)).exit_inside(8, low, high)

    if order_id is None:
        assert event is None
    else:
        assert event == OrderFilled(
            order_id, Phase.INSIDE, Fill(8, price, price, 1.0, 0.0), price, price, ambiguous
        )


@pytest.mark.parametrize(
    ("low", "high", "order_id", "price", "ambiguous"),
    [
        (91.0, 104.0, None, None, None),
        (91.0, 105.0, "stop", 105.0, False),
        (90.0, 104.0, "target1", 90.0, False),
        (90.0, 105.0, "stop", 105.0, True),
    ],
)
def test_a_short_is_stopped_before_it_takes_profit(low, high, order_id, price, ambiguous):
    venue = holding(stop(105.0, buying=True), target(90.0, buying=True), short=True)

    event = venue.exit_inside(8, low, high)

    if order_id is None:
        assert event is None
    else:
        assert (event.order_id, event.fill.price, event.ambiguous) == (order_id, price, ambiguous)
        assert event.cash_delta == pytest.approx(200.0 - price)


WAYS = [
    # entry, low, high, stop first, target first; stop 90, target 110
    (None, 91.0, 109.0, None, None),
    (None, 90.0, 109.0, "stop", "stop"),
    (None, 91.0, 110.0, "target1", "target1"),
    (None, 90.0, 110.0, "stop", "target1"),
    # To the stop of a limit entry prices only get through the entry.
    (limit(98.0), 90.0, 99.0, "stop", "stop"),
    (limit(98.0), 97.0, 110.0, None, "target1"),
    (limit(98.0), 90.0, 110.0, "stop", "target1"),
    # The low may have come before a stop entry.
    (breakout(102.0), 90.0, 103.0, "stop", None),
    (breakout(102.0), 101.0, 110.0, None, "target1"),
    (breakout(102.0), 90.0, 110.0, "stop", "target1"),
]


@pytest.mark.parametrize("target_first", [False, True])
@pytest.mark.parametrize(("entry", "low", "high", "harsh", "kind"), WAYS)
def test_each_path_through_a_candle(entry, low, high, harsh, kind, target_first):
    if entry is None:
        venue = holding(target_first=target_first)
    else:
        venue = venue_of(entry, target_first=target_first)
        venue.entry_inside(8, low, high)
    venue.submit(stop(90.0))
    venue.submit(target(110.0))

    event = venue.exit_inside(8, low, high)

    assert (event.order_id if event else None) == (kind if target_first else harsh)
    assert venue.ambiguous_candles == (harsh != kind)
    closing = event or venue.exit_inside(9, 80.0, 95.0)
    if closing is not None:
        assert closing.ambiguous is (harsh != kind)


def test_the_doubts_of_a_position_end_with_it():
    venue = holding(stop(95.0), target(110.0))
    assert venue.exit_inside(8, 80.0, 130.0).ambiguous is True
    venue.submit(market())
    venue.entry_at_open(9, 100.0)
    venue.submit(stop(95.0))

    assert venue.exit_inside(10, 80.0, 96.0).ambiguous is False


def test_a_stop_alone_is_never_ambiguous():
    assert holding(stop(95.0)).exit_inside(8, 80.0, 130.0).ambiguous is False


def test_of_several_targets_the_nearest_is_taken():
    targets = [target(price, name=f"t{price:g}") for price in (120.0, 110.0, 115.0)]

    assert holding(*targets).exit_inside(8, 99.0, 130.0).order_id == "t110"


@pytest.mark.parametrize("entry", [limit(98.0), breakout(102.0)])
def test_after_an_entry_inside_only_the_stop_is_tested_in_that_candle(entry):
    venue = venue_of(entry)
    venue.entry_inside(8, 97.0, 120.0)
    venue.submit(stop(90.0))
    venue.submit(target(110.0))

    assert venue.exit_inside(8, 97.0, 120.0) is None
    assert venue.exit_inside(9, 97.0, 120.0).order_id == "target1"


@pytest.mark.parametrize("high", [99.0, 120.0])
def test_the_stop_is_tested_in_the_candle_of_its_entry(high):
    venue = venue_of(limit(98.0))
    venue.entry_inside(8, 89.0, high)
    venue.submit(stop(90.0))
    venue.submit(target(110.0))

    event = venue.exit_inside(8, 89.0, high)

    assert (event.order_id, event.fill[:2]) == ("stop", (8, 90.0))


def test_after_an_entry_at_the_open_the_target_is_tested_in_that_candle():
    venue = venue_of(limit(98.0))
    venue.entry_at_open(7, 97.0)
    venue.submit(stop(90.0))
    venue.submit(target(110.0))

    assert venue.exit_inside(8, 96.0, 111.0).order_id == "target1"


def test_a_market_exit_is_not_for_the_inside():
    assert holding(leave()).exit_inside(8, 0.0, 1e9) is None


def test_an_entry_refused_inside_leaves_nothing():
    venue = venue_of(limit(98.0, cost=5_000.0))

    assert venue.entry_inside(8, 97.0, 99.0).rule == "insufficient_cash"
    assert venue.held == 0.0
    assert venue.exit_inside(8, 0.0, 1e9) is None
    assert venue.entry_inside(9, 97.0, 99.0) is None
