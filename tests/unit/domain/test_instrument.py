"""Instrument: prices to the tick, quantities to the lot, one way each, float dust forgiven."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradekit.domain.instrument import Instrument

STEPS = st.sampled_from([1e-6, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 100.0])
VALUES = st.floats(0.001, 100_000.0)


def test_without_steps_nothing_is_rounded():
    plain = Instrument("X")

    assert plain.floor_price(1.23456789) == 1.23456789
    assert plain.ceil_price(1.23456789) == 1.23456789
    assert plain.floor_quantity(1.23456789) == 1.23456789


def test_shorts_are_allowed_unless_it_says_otherwise():
    assert Instrument("X").shorts_allowed
    assert not Instrument("X", shorts_allowed=False).shorts_allowed


@pytest.mark.parametrize(
    ("price", "down", "up"),
    [
        (100.24, 100.0, 100.5),
        (100.25, 100.0, 100.5),
        (100.49, 100.0, 100.5),
        (100.5, 100.5, 100.5),
        (0.1, 0.0, 0.5),
    ],
)
def test_a_price_is_rounded_the_way_that_is_asked_for(price, down, up):
    market = Instrument("X", tick_size=0.5)

    assert market.floor_price(price) == down
    assert market.ceil_price(price) == up


@pytest.mark.parametrize(
    ("quantity", "whole"), [(2.9, 2.0), (3.0, 3.0), (3.1, 3.0), (0.999, 0.0), (0.0, 0.0)]
)
def test_a_quantity_is_rounded_down(quantity, whole):
    assert Instrument("X", lot_size=1.0).floor_quantity(quantity) == whole


@pytest.mark.parametrize("count", [1, 3, 7, 29, 57, 113, 1_001, 99_999])
@pytest.mark.parametrize("step", [0.1, 0.01, 0.001, 0.07])
def test_a_multiple_stays_where_it_is_whatever_its_float_dust(count, step):
    market = Instrument("X", tick_size=step, lot_size=step)
    value = count * step

    for dusty in (value, math.nextafter(value, 0.0), math.nextafter(value, math.inf)):
        assert market.floor_price(dusty) == value
        assert market.ceil_price(dusty) == value
        assert market.floor_quantity(dusty) == value


def test_what_is_more_than_dust_is_rounded():
    market = Instrument("X", tick_size=0.1)

    assert market.floor_price(0.3 - 1e-8) == 0.2
    assert market.ceil_price(0.3 + 1e-8) == pytest.approx(0.4)


@given(VALUES, STEPS)
def test_down_and_up_are_the_neighbours_on_the_grid(value, step):
    market = Instrument("X", tick_size=step, lot_size=step)
    dust = 1e-14 * max(step, value)

    down, up = market.floor_price(value), market.ceil_price(value)

    assert down <= value + dust
    assert up >= value - dust
    assert up - down <= step + dust
    assert market.floor_quantity(value) == down
    for rounded in (down, up):
        assert rounded == round(rounded / step) * step


def test_a_quantity_of_a_billion_lots_is_still_rounded_down():
    # Ten coins in lots of 1e-8: what would be taken for dust is more than half a lot.
    assert Instrument("X", lot_size=1e-8).floor_quantity(10.000000006) == pytest.approx(
        10.0, abs=1e-9
    )
