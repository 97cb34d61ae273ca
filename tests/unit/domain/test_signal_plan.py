"""A signal becomes a plan: absolute prices on the tick, sizes, times; and what cannot be one."""

import math

import pytest

from tradekit.domain.instrument import Instrument
from tradekit.domain.plan import Defaults, Plan, Target, make_plan
from tradekit.domain.signal import Signal
from tradekit.domain.time import DAY_MS, MINUTE_MS
from tradekit.errors import SignalError

DEFAULTS = Defaults(hold_ms=DAY_MS, wait_ms=120 * MINUTE_MS, cost=100.0)
HALVES = Instrument("X", tick_size=0.5)

A_DURATION = "must be whole minutes above 0 or a text such as '90m', '4h', '3d'"


def plan_of(signal, price=100.0, instrument=None, defaults=DEFAULTS):
    return make_plan(
        signal,
        signal_id="s-X-1",
        price=price,
        defaults=defaults,
        instrument=instrument or Instrument("X"),
    )


def refusal_of(signal):
    with pytest.raises(SignalError) as caught:
        plan_of(signal)
    return caught.value.message


def test_long_and_short_say_the_direction():
    assert Signal.long(cost=5) == Signal("long", cost=5)
    assert Signal.short(note="n") == Signal("short", note="n")


def test_a_bare_signal_takes_everything_from_the_strategy():
    assert plan_of(Signal.long()) == Plan(
        signal_id="s-X-1",
        direction="long",
        entry_type="market",
        entry_price=None,
        reference_price=100.0,
        stop_loss_price=None,
        targets=(),
        cost=100.0,
        equity_pct=None,
        hold_ms=DAY_MS,
        wait_ms=120 * MINUTE_MS,
        note="",
    )


def test_a_full_signal_takes_nothing():
    signal = Signal.short(
        entry=105, stop_loss=110, take_profit=95, cost=7, hold=30, wait="15m", note="why"
    )

    assert plan_of(signal) == Plan(
        signal_id="s-X-1",
        direction="short",
        entry_type="limit",
        entry_price=105.0,
        reference_price=100.0,
        stop_loss_price=110.0,
        targets=(Target(95.0, 100.0),),
        cost=7.0,
        equity_pct=None,
        hold_ms=30 * MINUTE_MS,
        wait_ms=15 * MINUTE_MS,
        note="why",
    )


@pytest.mark.parametrize(
    ("signal", "stop", "target"),
    [
        (Signal.long(stop_loss_pct=5, take_profit_pct=10), 95.0, 110.0),
        (Signal.short(stop_loss_pct=5, take_profit_pct=10), 105.0, 90.0),
        (Signal.long(entry=200, stop_loss_pct=5, take_profit_pct=10), 190.0, 220.0),
        (Signal.short(entry=200, entry_type="stop", stop_loss_pct=5), 210.0, None),
        (Signal.long(take_profit_pct=10), None, 110.0),
        (Signal.long(stop_loss=90, take_profit_pct=10), 90.0, 110.0),
        (Signal.long(stop_loss_pct=99.5), 0.5, None),
    ],
)
def test_percent_is_of_the_entry(signal, stop, target):
    plan = plan_of(signal)

    assert plan.stop_loss_price == pytest.approx(stop)
    assert plan.take_profit_price == pytest.approx(target)


@pytest.mark.parametrize(
    ("signal", "stop", "target"),
    [
        (Signal.long(stop_loss=95.4, take_profit=109.6), 95.0, 110.0),
        (Signal.short(stop_loss=104.6, take_profit=90.4), 105.0, 90.0),
        (Signal.long(stop_loss=95.5, take_profit=109.5), 95.5, 109.5),
        (Signal.short(stop_loss=104.5, take_profit=90.5), 104.5, 90.5),
    ],
)
def test_stop_and_target_are_rounded_away_from_profit(signal, stop, target):
    plan = plan_of(signal, instrument=HALVES)

    assert (plan.stop_loss_price, plan.take_profit_price) == (stop, target)


@pytest.mark.parametrize(
    ("signal", "entry"),
    [
        (Signal.long(entry=99.7), 99.5),
        (Signal.short(entry=100.3), 100.5),
        (Signal.long(entry=100.3, entry_type="stop"), 100.5),
        (Signal.short(entry=99.7, entry_type="stop"), 99.5),
        (Signal.long(entry=99.5), 99.5),
    ],
)
def test_a_resting_entry_is_rounded_to_where_it_fills_later(signal, entry):
    assert plan_of(signal, instrument=HALVES).entry_price == entry


def test_percent_is_of_the_rounded_entry():
    signal = Signal.long(entry=99.7, stop_loss_pct=10, take_profit_pct=10)
    plan = plan_of(signal, instrument=Instrument("X", tick_size=5.0))

    # From 95: 85.5 down to 85, 104.5 up to 105.
    assert (plan.entry_price, plan.stop_loss_price, plan.take_profit_price) == (95.0, 85.0, 105.0)


@pytest.mark.parametrize("percent", [100, 100.5, 1e6])
def test_what_is_a_hundred_percent_below_is_no_order_at_all(percent):
    assert plan_of(Signal.long(stop_loss_pct=percent)).stop_loss_price is None
    assert plan_of(Signal.short(take_profit_pct=percent)).targets == ()


def test_equity_pct_stands_in_for_cost():
    plan = plan_of(Signal.long(equity_pct=25))

    assert (plan.cost, plan.equity_pct) == (None, 25.0)
    assert plan_of(Signal.long(equity_pct=100)).equity_pct == 100.0


def test_hold_may_be_unlimited():
    assert plan_of(Signal.long(hold="unlimited")).hold_ms is None
    for_ever = DEFAULTS._replace(hold_ms=None)
    assert plan_of(Signal.long(), defaults=for_ever).hold_ms is None
    assert plan_of(Signal.long(hold="4h"), defaults=for_ever).hold_ms == 240 * MINUTE_MS


@pytest.mark.parametrize(
    ("note", "text"), [(5, "5"), ("Fülle €", "Fülle €"), ("half \ud800", "half ?")]
)
def test_a_note_is_text_that_a_file_can_hold(note, text):
    assert plan_of(Signal.long(note=note)).note == text


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (Signal("up"), "direction was 'up', must be 'long' or 'short'"),
        (Signal("long", entry_type="market"), "entry_type was 'market', must be 'limit' or 'stop'"),
        (
            Signal.long(stop_loss=95, stop_loss_pct=5),
            "stop_loss and stop_loss_pct were both given, must be one of them",
        ),
        (
            Signal.long(take_profit=105, take_profit_pct=5),
            "take_profit and take_profit_pct were both given, must be one of them",
        ),
        (
            Signal.long(cost=5, equity_pct=5),
            "cost and equity_pct were both given, must be one of them",
        ),
        (Signal.long(equity_pct=100.1), "equity_pct was 100.1, must be at most 100"),
        (
            Signal.long(hold="soon"),
            "hold was 'soon', must be whole minutes above 0 or a text such as '90m', '4h', '3d'",
        ),
        (
            Signal.long(wait="unlimited"),
            f"wait was 'unlimited', {A_DURATION}",
        ),
    ],
)
def test_what_contradicts_itself_is_said_in_one_sentence(signal, message):
    assert refusal_of(signal) == message


@pytest.mark.parametrize(
    "name",
    [
        "entry",
        "stop_loss",
        "stop_loss_pct",
        "take_profit",
        "take_profit_pct",
        "cost",
        "equity_pct",
    ],
)
@pytest.mark.parametrize("value", [0, -1, 0.0, math.nan, math.inf, -math.inf, True, "much", {}])
def test_a_number_is_finite_and_above_zero(name, value):
    assert refusal_of(Signal.long(**{name: value})) == (
        f"{name} was {value!r}, must be a finite number above 0, below 1e+15"
    )


def test_a_number_beyond_all_floats_is_refused():
    assert refusal_of(Signal.long(cost=10**400)).startswith("cost was 1000")


def test_a_cost_of_the_strategy_is_a_number_too():
    with pytest.raises(
        SignalError, match=r"cost was -5, must be a finite number above 0, below 1e\+15"
    ):
        plan_of(Signal.long(), defaults=DEFAULTS._replace(cost=-5))


def test_a_number_may_come_from_numpy():
    numpy = pytest.importorskip("numpy")

    entry = plan_of(Signal.long(entry=numpy.float64(99.5))).entry_price

    assert entry == 99.5
    assert type(entry) is float


def test_an_entry_is_at_least_a_tick():
    with pytest.raises(SignalError) as caught:
        plan_of(Signal.long(entry=0.4), instrument=HALVES)

    assert caught.value.message == "entry was 0.4, must be at least a tick of 0.5"
    assert plan_of(Signal.long(entry=0.5), instrument=HALVES).entry_price == 0.5


def test_a_level_below_a_tick_is_no_order_at_all():
    assert plan_of(Signal.long(stop_loss=0.4), instrument=HALVES).stop_loss_price is None
    assert plan_of(Signal.short(take_profit=0.4), instrument=HALVES).targets == ()
    assert plan_of(Signal.short(stop_loss=0.4), instrument=HALVES).stop_loss_price == 0.5


def test_a_percentage_leads_to_a_price():
    assert refusal_of(Signal.long(entry=1e5, take_profit_pct=9e14)) == (
        "take_profit_pct was 900000000000000.0, must lead to a price below 1e+15"
    )
