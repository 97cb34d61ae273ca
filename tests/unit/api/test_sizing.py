"""Sizes of entries: worked by hand, bounded by caps in their order, and what cannot be sized."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tradekit
from tradekit.api.sizing import Sizing
from tradekit.errors import SettingsError, SignalError

NAN, INF = float("nan"), float("inf")
EQUITY = 10_000.0
PRICE = 50_000.0


def near(value):
    return pytest.approx(value, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(
    ("sizing", "known", "quantity"),
    [
        (Sizing.fixed_risk(2), {"stop": 49_000}, 0.2),
        (Sizing.kelly(0.55, 1.5, multiplier=0.25), {}, 0.0125),
        (Sizing.atr(2, multiplier=2), {"atr": 500}, 0.2),
        (Sizing.fixed_risk(50, max_position_pct=10), {"stop": 49_000}, 0.02),
        (Sizing.fixed_risk(0.01, min_quantity=0.001), {"stop": 49_900}, 0.01),
        (Sizing.fixed_risk(50, max_quantity=0.01), {"stop": 49_000}, 0.01),
        (Sizing.kelly(0.55, 1.5, multiplier=0), {}, 0.0),
    ],
)
def test_published_sizes_come_out(sizing, known, quantity):
    assert sizing.quantity(EQUITY, PRICE, **known) == near(quantity)
    assert sizing.cost(EQUITY, PRICE, **known) == near(quantity * PRICE)


def test_what_is_not_said_is_a_quarter_of_kelly_and_twice_the_range():
    assert Sizing.kelly(0.55, 1.5) == Sizing.kelly(0.55, 1.5, multiplier=0.25)
    assert Sizing.atr(2) == Sizing.atr(2, multiplier=2)


def test_a_stop_above_is_as_far_away_as_one_below():
    sizing = Sizing.fixed_risk(2)

    assert sizing.quantity(EQUITY, PRICE, stop=51_000) == near(0.2)


def test_odds_that_lose_buy_nothing():
    assert Sizing.kelly(0.3, 1.0).quantity(EQUITY, PRICE) == 0.0


def test_an_account_that_is_worth_nothing_buys_nothing():
    assert Sizing.fixed_risk(2).quantity(0.0, PRICE, stop=49_000) == 0.0


# --- caps -------------------------------------------------------------------------------------


def test_the_least_gives_way_to_the_most_in_percent():
    # 0.01 % of 10,000 at a distance of 1,000 is 0.001; 10 % of 10,000 buys 0.02.
    sizing = Sizing.fixed_risk(0.01, min_quantity=0.5, max_position_pct=10)

    assert sizing.quantity(EQUITY, PRICE, stop=49_000) == near(0.02)


def test_the_least_gives_way_to_the_most_in_quantity():
    sizing = Sizing.fixed_risk(0.01, min_quantity=0.5, max_quantity=0.3)

    assert sizing.quantity(EQUITY, PRICE, stop=49_000) == near(0.3)


@pytest.mark.parametrize(("most", "quantity"), [(0.015, 0.015), (0.03, 0.02)])
def test_the_smaller_of_two_upper_bounds_counts(most, quantity):
    sizing = Sizing.fixed_risk(50, max_position_pct=10, max_quantity=most)

    assert sizing.quantity(EQUITY, PRICE, stop=49_000) == near(quantity)


def test_the_least_lifts_even_what_odds_would_not_buy():
    assert Sizing.kelly(0.3, 1.0, min_quantity=0.01).quantity(EQUITY, PRICE) == near(0.01)


_MONEY = st.integers(1, 10**6)


@given(
    equity=_MONEY,
    price=_MONEY,
    away=st.integers(1, 1000),
    pct=st.integers(1, 100),
    least=st.sampled_from([0, 1, 50]),
    most_pct=st.sampled_from([None, 1, 60]),
    most=st.sampled_from([None, 1, 7]),
)
def test_sizes_equal_exact_fractions(equity, price, away, pct, least, most_pct, most):
    caps = {"min_quantity": float(least)}
    exact = max(Fraction(equity * pct, 100 * away), Fraction(least))
    if most_pct is not None:
        caps["max_position_pct"] = float(most_pct)
        exact = min(exact, Fraction(equity * most_pct, 100 * price))
    if most is not None:
        caps["max_quantity"] = float(most)
        exact = min(exact, Fraction(most))
    by_stop, by_range = Sizing.fixed_risk(pct, **caps), Sizing.atr(pct, multiplier=0.5, **caps)

    assert by_stop.quantity(equity, price, stop=price + away) == near(float(exact))
    assert by_range.quantity(equity, price, atr=2.0 * away) == near(float(exact))


# --- what cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sizing.fixed_risk(0), "pct was 0, must be above 0 and at most 100"),
        (lambda: Sizing.fixed_risk(100.5), "pct was 100.5, must be above 0 and at most 100"),
        (lambda: Sizing.fixed_risk(NAN), "pct was nan, must be above 0 and at most 100"),
        (lambda: Sizing.atr(-1), "pct was -1, must be above 0 and at most 100"),
        (lambda: Sizing.atr(1, multiplier=0), "multiplier was 0, must be a number above 0"),
        (lambda: Sizing.atr(1, multiplier=INF), "multiplier was inf, must be a number above 0"),
        (lambda: Sizing.kelly(0, 1), "win_rate was 0, must be between 0 and 1"),
        (lambda: Sizing.kelly(1.0, 1), "win_rate was 1.0, must be between 0 and 1"),
        (lambda: Sizing.kelly(NAN, 1), "win_rate was nan, must be between 0 and 1"),
        (lambda: Sizing.kelly(0.5, 0), "payoff was 0, must be a number above 0"),
        (lambda: Sizing.kelly(0.5, INF), "payoff was inf, must be a number above 0"),
        (
            lambda: Sizing.kelly(0.5, 1, multiplier=-0.1),
            "multiplier was -0.1, must be a number from 0 on",
        ),
        (
            lambda: Sizing.fixed_risk(1, max_position_pct=0),
            "max_position_pct was 0, must be a number above 0",
        ),
        (
            lambda: Sizing.kelly(0.5, 2, max_quantity=NAN),
            "max_quantity was nan, must be a number above 0",
        ),
    ],
)
def test_numbers_that_make_no_sense_are_told_when_it_is_made(make, message):
    with pytest.raises(SettingsError) as caught:
        make()

    assert caught.value.message == message


@pytest.mark.parametrize("least", [-1, NAN])
def test_the_least_is_0_or_more(least):
    with pytest.raises(SettingsError, match=f"min_quantity was {least!r}, must be"):
        Sizing.atr(1, min_quantity=least)


@pytest.mark.parametrize(
    ("sizing", "known", "message"),
    [
        (Sizing.fixed_risk(1), {}, "stop was None, must be a price other than 100.0"),
        (Sizing.fixed_risk(1), {"atr": 5.0}, "stop was None, must be a price other than 100.0"),
        (Sizing.fixed_risk(1), {"stop": 100}, "stop was 100, must be a price other than 100.0"),
        (Sizing.fixed_risk(1), {"stop": NAN}, "stop was nan, must be a price other than 100.0"),
        (Sizing.fixed_risk(1), {"stop": 0}, "stop was 0, must be a price other than 100.0"),
        (Sizing.atr(1), {}, "atr was None, must be a number above 0"),
        (Sizing.atr(1), {"stop": 95.0}, "atr was None, must be a number above 0"),
        (Sizing.atr(1), {"atr": 0.0}, "atr was 0.0, must be a number above 0"),
        (Sizing.atr(1), {"atr": NAN}, "atr was nan, must be a number above 0"),
    ],
)
def test_what_is_missing_for_a_size_is_told(sizing, known, message):
    with pytest.raises(SignalError) as caught:
        sizing.cost(1000.0, 100.0, **known)

    assert caught.value.message == message


@pytest.mark.parametrize("price", [0.0, -1.0, NAN, INF])
def test_a_price_is_above_0(price):
    with pytest.raises(SignalError, match=rf"price was {price!r}, must be a number above 0"):
        Sizing.kelly(0.6, 2).quantity(1000.0, price)


@pytest.mark.parametrize("equity", [-0.5, NAN, INF])
def test_equity_is_not_below_0(equity):
    with pytest.raises(SignalError, match=rf"equity was {equity!r}, must be a number from 0 on"):
        Sizing.kelly(0.6, 2).quantity(equity, 100.0)


def test_it_is_a_public_name():
    assert tradekit.Sizing is Sizing
    assert math.isinf(Sizing.fixed_risk(1).max_quantity)
