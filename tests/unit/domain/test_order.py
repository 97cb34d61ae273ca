"""Orders: the one touch function."""

import pytest

from tradekit.domain.order import Order, OrderType, Role, is_touched


def order(*, waits_below):
    return Order("x", Role.STOP, OrderType.STOP, buying=False, price=95.0, waits_below=waits_below)


@pytest.mark.parametrize(
    ("low", "high", "below", "above"),
    [
        (96.0, 99.0, False, True),
        (95.0, 99.0, True, True),
        (94.0, 99.0, True, True),
        (90.0, 95.0, True, True),
        (90.0, 94.0, True, False),
        (95.0, 95.0, True, True),
    ],
)
def test_equality_touches(low, high, below, above):
    assert is_touched(order(waits_below=True), low, high) is below
    assert is_touched(order(waits_below=False), low, high) is above


def test_an_order_at_market_has_no_price_to_touch():
    with pytest.raises(AssertionError):
        is_touched(Order("x", Role.EXIT, OrderType.MARKET, buying=False), 1.0, 2.0)
