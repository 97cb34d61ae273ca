"""Several targets in a signal, with shares; a stop that follows."""

import math

import pytest

from tradekit.domain.instrument import Instrument
from tradekit.domain.plan import Defaults, Limits, Target, find_problems, make_plan
from tradekit.domain.signal import Signal
from tradekit.domain.time import DAY_MS, MINUTE_MS
from tradekit.errors import SignalError

DEFAULTS = Defaults(hold_ms=DAY_MS, wait_ms=120 * MINUTE_MS, cost=100.0)
HALVES = Instrument("X", tick_size=0.5)


def plan_of(signal, *, price=100.0, instrument=None):
    return make_plan(
        signal,
        signal_id="s-X-1",
        price=price,
        defaults=DEFAULTS,
        instrument=instrument or Instrument("X"),
    )


def refusal_of(signal, **more):
    with pytest.raises(SignalError) as caught:
        plan_of(signal, **more)
    return caught.value.message


def rules_of(signal):
    return [problem.rule for problem in find_problems(plan_of(signal), Limits())]


@pytest.mark.parametrize(
    ("signal", "targets"),
    [
        (Signal.long(take_profit=110), [(110.0, 100.0)]),
        (Signal.long(take_profit=[(110, 100)]), [(110.0, 100.0)]),
        (Signal.long(take_profit=[(110, 30)]), [(110.0, 30.0)]),
        (Signal.long(take_profit=((120, 50), (110, 50))), [(110.0, 50.0), (120.0, 50.0)]),
        (Signal.short(take_profit=[(80, 20), (90, 30)]), [(90.0, 30.0), (80.0, 20.0)]),
        (Signal.long(take_profit_pct=[(20, 50), [10, 50]]), [(110.0, 50.0), (120.0, 50.0)]),
        (Signal.short(take_profit_pct=[(20, 50), (10, 50)]), [(90.0, 50.0), (80.0, 50.0)]),
        (Signal.long(entry=90, take_profit_pct=[(10, 40)]), [(99.0, 40.0)]),
    ],
)
def test_targets_are_sorted_the_nearest_first(signal, targets):
    plan = plan_of(signal)

    assert [tuple(each) for each in plan.targets] == [
        (pytest.approx(price), share) for price, share in targets
    ]
    assert plan.take_profit_price == plan.targets[0].price


def test_a_signal_without_targets_has_none():
    plan = plan_of(Signal.long())

    assert (plan.targets, plan.take_profit_price) == ((), None)


@pytest.mark.parametrize(
    ("make", "levels", "expected"),
    [
        (Signal.long, (110.2, 120.0), (110.5, 120.0)),
        (Signal.short, (80.0, 69.9), (80.0, 69.5)),
    ],
)
def test_targets_are_rounded_away_from_profit(make, levels, expected):
    plan = plan_of(make(take_profit=[(level, 10) for level in levels]), instrument=HALVES)

    assert plan.targets == tuple(Target(price, 10.0) for price in expected)


def test_a_target_of_a_short_at_nothing_is_no_target():
    plan = plan_of(Signal.short(take_profit_pct=[(10, 50), (100, 50)]))

    assert plan.targets == (Target(90.0, 50.0),)


def test_shares_may_come_to_all_of_it_but_for_rounding():
    plan = plan_of(Signal.long(take_profit=[(110 + n, 100 / 7) for n in range(7)]))

    assert sum(target.share_pct for target in plan.targets) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (
            Signal.long(take_profit=[(110, 60), (120, 60)]),
            "the shares of take_profit came to 120 %, must be at most 100",
        ),
        (
            Signal.long(take_profit=[(110, 50), (110.0, 50)]),
            "two targets of take_profit came to one price, must differ by a tick",
        ),
        (
            Signal.long(take_profit=[(110, 50)], take_profit_pct=10),
            "take_profit and take_profit_pct were both given, must be one of them",
        ),
        (
            Signal.long(take_profit=110, take_profit_pct=[(10, 50)]),
            "take_profit and take_profit_pct were both given, must be one of them",
        ),
        (
            Signal.long(take_profit=[110, 120]),
            "take_profit had 110, must be pairs of a price or percent and a share",
        ),
        (
            Signal.long(take_profit=[(110, 50, 1)]),
            "take_profit had (110, 50, 1), must be pairs of a price or percent and a share",
        ),
        (Signal.long(take_profit=[]), "take_profit was [], must name one to 8 targets"),
    ],
)
def test_targets_that_contradict_themselves_are_an_error(signal, message):
    assert refusal_of(signal) == message


def test_targets_that_round_to_one_price_are_an_error():
    signal = Signal.long(take_profit=[(110.1, 50), (110.2, 50)])

    assert "differ by a tick" in refusal_of(signal, instrument=HALVES)
    assert len(plan_of(signal).targets) == 2


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, True, "much", None])
def test_levels_and_shares_are_numbers_above_zero(value):
    assert refusal_of(Signal.long(take_profit=[(110, value)])).startswith(f"share was {value!r}")
    if value is not None:
        wrong = refusal_of(Signal.long(take_profit=[(value, 50)]))
        assert wrong.startswith(f"take_profit was {value!r}")
        wrong = refusal_of(Signal.long(take_profit_pct=[(value, 50)]))
        assert wrong.startswith(f"take_profit_pct was {value!r}")


@pytest.mark.parametrize(
    ("signal", "rules"),
    [
        (Signal.long(stop_loss=90, take_profit=[(110, 50), (120, 50)]), []),
        (Signal.long(take_profit=[(100.4, 50), (120, 50)]), ["target_too_close"]),
        (
            Signal.long(take_profit=[(90, 50), (120, 50)]),
            ["target_side", "target_too_close"],
        ),
        (
            Signal.long(take_profit=[(100.1, 50), (100.2, 50)]),
            ["target_too_close", "target_too_close"],
        ),
        (
            Signal.long(stop_loss=90, take_profit=[(99, 50), (120, 50)]),
            ["gap_reject", "target_too_close"],
        ),
    ],
)
def test_each_target_keeps_the_rules_of_one(signal, rules):
    assert rules_of(signal) == rules


# --- a stop that follows ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "trail"),
    [
        (Signal.long(), (None, None)),
        (Signal.long(trail_pct=2), (2.0, None)),
        (Signal.short(trail_pct=2.5, trail_after_pct=1), (2.5, 1.0)),
        (Signal.long(trail_pct=99.9, trail_after_pct=1000), (99.9, 1000.0)),
    ],
)
def test_a_plan_says_how_the_stop_follows(signal, trail):
    plan = plan_of(signal)

    assert (plan.trail_pct, plan.trail_after_pct) == trail


@pytest.mark.parametrize(
    ("signal", "message"),
    [
        (Signal.long(trail_after_pct=1), "trail_after_pct was given without trail_pct"),
        (Signal.long(trail_pct=100), "trail_pct was 100, must be below 100"),
        (Signal.short(trail_pct=250.5), "trail_pct was 250.5, must be below 100"),
    ],
)
def test_a_trailing_stop_that_makes_no_sense_is_an_error(signal, message):
    assert refusal_of(signal) == message


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, True, "much", []])
def test_how_a_stop_follows_is_a_number_above_zero(value):
    assert refusal_of(Signal.long(trail_pct=value)).startswith(f"trail_pct was {value!r}")
    wrong = refusal_of(Signal.long(trail_pct=1, trail_after_pct=value))
    assert wrong.startswith(f"trail_after_pct was {value!r}")
