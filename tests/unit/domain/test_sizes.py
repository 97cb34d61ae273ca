"""How large a signal wants to be: a cost, a part of the cash, or what it may lose at its stop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.domain.test_signal_plan import DEFAULTS, HALVES
from tradekit.domain.instrument import Instrument
from tradekit.domain.plan import make_plan
from tradekit.domain.signal import Signal
from tradekit.domain.sizes import Money, size_of
from tradekit.errors import SignalError

NAN = float("nan")
RICH = Money(equity=10_000.0, cash=40.0)


def sized(signal, *, entry=100.0, stop=95.0, money=RICH):
    return size_of(signal, 100.0, entry=entry, stop=stop, money=money)


def refusal_of(signal, **known):
    with pytest.raises(SignalError) as caught:
        sized(signal, **known)
    return caught.value.message


def plan_of(signal, *, instrument=None, money=RICH):
    return make_plan(
        signal,
        signal_id="s-X-1",
        price=100.0,
        defaults=DEFAULTS,
        instrument=instrument or Instrument("X"),
        money=money,
    )


def test_what_is_not_said_costs_the_usual():
    assert sized(Signal.long(), money=None) == (100.0, None)
    assert sized(Signal.long(cost=30), money=None) == (30.0, None)
    assert sized(Signal.long(equity_pct=30), money=None) == (None, 30.0)


@pytest.mark.parametrize(
    ("stop", "cost"),
    # 1 % of 10,000 is lost by 1,000 at 10 %, 2,000 at 5 %, 10,000 at 1 %.
    [(90.0, 1000.0), (95.0, 2000.0), (99.0, 10_000.0), (105.0, 2000.0)],
)
def test_risked_percent_of_equity_is_lost_at_the_stop(stop, cost):
    assert sized(Signal.long(risk_pct=1), stop=stop) == (pytest.approx(cost, rel=1e-12), None)


@given(
    equity=st.floats(0.01, 1e9),
    entry=st.floats(0.01, 1e6),
    away_pct=st.floats(0.01, 90.0),
    risk_pct=st.floats(0.001, 100.0),
    short=st.booleans(),
)
def test_whatever_is_risked_is_what_a_stop_takes(equity, entry, away_pct, risk_pct, short):
    stop = entry * (1.0 + (away_pct if short else -away_pct) / 100.0)

    cost, rest = sized(
        Signal("short" if short else "long", risk_pct=risk_pct),
        entry=entry,
        stop=stop,
        money=Money(equity, 0.0),
    )

    assert rest is None
    lost = cost / entry * abs(entry - stop)
    assert lost == pytest.approx(equity * risk_pct / 100.0, rel=1e-9)


def test_an_account_below_nothing_risks_nothing():
    assert sized(Signal.long(risk_pct=1), money=Money(-5.0, 0.0)) == (0.0, None)


def test_a_plan_risks_from_its_entry_to_its_stop_on_the_grid():
    # 100 at 2 % under the entry of 80, which is 78.4 and rounds to 78: 1 % of 10,000 by 2.5 %.
    plan = plan_of(Signal.long(entry=80, stop_loss_pct=2, risk_pct=1), instrument=HALVES)

    assert (plan.stop_loss_price, plan.equity_pct) == (78.0, None)
    assert plan.cost == pytest.approx(4000.0, rel=1e-12)


def test_a_market_entry_risks_from_the_last_close():
    plan = plan_of(Signal.short(stop_loss=104, risk_pct=2))

    assert plan.cost == pytest.approx(5000.0, rel=1e-12)


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"cost": 5, "risk_pct": 1}, "cost and risk_pct"),
        ({"cost": 5, "equity_pct": 1}, "cost and equity_pct"),
        ({"equity_pct": 5, "risk_pct": 1}, "equity_pct and risk_pct"),
        ({"cost": 5, "equity_pct": 5, "risk_pct": 1}, "cost and equity_pct and risk_pct"),
    ],
)
def test_a_size_is_said_once(fields, names):
    assert refusal_of(Signal.long(**fields)) == f"{names} were both given, must be one of them"


@pytest.mark.parametrize("stop", [None, 100.0])
def test_nothing_can_be_risked_without_a_stop(stop):
    assert refusal_of(Signal.long(risk_pct=1), stop=stop) == (
        "risk_pct was 1 without a stop, must come with one"
    )


@pytest.mark.parametrize("name", ["equity_pct", "risk_pct"])
@pytest.mark.parametrize("value", [0, -1, NAN, True, "half"])
def test_a_percentage_is_a_number_above_0(name, value):
    assert refusal_of(Signal.long(**{name: value})) == (
        f"{name} was {value!r}, must be a finite number above 0, below 1e+15"
    )


@pytest.mark.parametrize("name", ["equity_pct", "risk_pct"])
def test_a_percentage_is_at_most_all(name):
    assert refusal_of(Signal.long(**{name: 100.1})) == f"{name} was 100.1, must be at most 100"
    assert sized(Signal.long(**{name: 100})) != (100.0, None)
