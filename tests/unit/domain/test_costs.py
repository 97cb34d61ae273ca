"""Costs: slippage goes against the one who trades, fees are a share of what changes hands."""

import math

import pytest

from tradekit.domain.costs import CostModel
from tradekit.errors import SettingsError

DEAR = CostModel(maker_fee_pct=1.0, taker_fee_pct=2.0, slippage_pct=4.0, limit_slippage_pct=8.0)


def test_every_leg_costs_a_tenth_of_a_percent_by_default():
    assert CostModel() == CostModel(0.1, 0.1, 0.1, 0.1)


@pytest.mark.parametrize(
    ("buying", "maker", "paid"),
    [(True, False, 104.0), (False, False, 96.0), (True, True, 108.0), (False, True, 92.0)],
)
def test_slippage_goes_against_the_one_who_trades(buying, maker, paid):
    assert DEAR.paid_price(100.0, buying=buying, maker=maker) == pytest.approx(paid, rel=1e-15)


@pytest.mark.parametrize(("maker", "fee"), [(True, 5.0), (False, 10.0)])
def test_the_maker_pays_his_own_fee(maker, fee):
    assert DEAR.fee(500.0, maker=maker) == pytest.approx(fee, rel=1e-15)


def test_nothing_costs_nothing():
    free = CostModel(0.0, 0.0, 0.0, 0.0)

    assert free.paid_price(123.45, buying=True, maker=False) == 123.45
    assert free.fee(123.45, maker=True) == 0.0


@pytest.mark.parametrize(
    "name", ["maker_fee_pct", "taker_fee_pct", "slippage_pct", "limit_slippage_pct"]
)
@pytest.mark.parametrize("value", [-0.001, 50.0, 1000.0, math.nan, math.inf, -math.inf])
def test_what_no_venue_charges_is_refused(name, value):
    with pytest.raises(SettingsError) as caught:
        CostModel(**{name: value})

    assert caught.value.message == f"{name} was {value!r}, must be a percentage from 0 to below 50"


def test_just_below_fifty_percent_is_a_price():
    assert CostModel(slippage_pct=49.9).paid_price(100.0, buying=False, maker=False) > 0.0
