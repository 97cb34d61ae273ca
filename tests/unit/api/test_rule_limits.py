"""Ready-made rules that cannot be: a limit that makes no sense is told when the rule is made."""

import math

import pytest

from tradekit.api import rules
from tradekit.errors import SettingsError

NAN, INF = float("nan"), float("inf")
MINUTES_OR_TEXT = "must be whole minutes above 0 or a text such as '90m', '4h', '3d'"
A_NUMBER = "must be a finite number above 0, below 1e+15"
MADE = {
    "max_open_positions": (1,),
    "max_exposure": (1,),
    "max_symbol_exposure": (1,),
    "max_correlated": ({"a": ("X",)}, 1),
    "cooldown_after_stop": (1,),
    "stop_guard": (1, 1),
    "max_drawdown": (1,),
    "min_reward_risk": (1,),
    "min_stop_distance": (1,),
    "trading_hours": ("00:00", "01:00"),
    "max_orders": (1,),
}


@pytest.mark.parametrize("name", MADE)
def test_a_rule_is_known_by_the_name_it_is_made_with(name):
    assert getattr(rules, name)(*MADE[name]).__name__ == name


def test_every_rule_is_tried_here():
    public = [name for name, each in vars(rules).items() if getattr(each, "__module__", "") ==
              rules.__name__ and not name.startswith("_")]  # fmt: skip
    assert sorted(public) == sorted(MADE)


WHOLE = [0, -1, 2.0, True, "3", None]
AMOUNT = [0, -5, NAN, INF, "many", True, None]


@pytest.mark.parametrize("count", WHOLE)
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("max_open_positions", rules.max_open_positions),
        ("max_correlated", lambda count: rules.max_correlated({}, count)),
        ("stop_guard", lambda count: rules.stop_guard(count, 60)),
        ("max_orders", rules.max_orders),
    ],
)
def test_a_count_is_a_whole_number_above_0(name, make, count):
    with pytest.raises(SettingsError) as caught:
        make(count)

    assert caught.value.message == f"{name} was {count!r}, must be a whole number above 0"


@pytest.mark.parametrize("amount", AMOUNT)
@pytest.mark.parametrize(
    "name",
    [
        "max_exposure",
        "max_symbol_exposure",
        "max_drawdown",
        "min_reward_risk",
        "min_stop_distance",
    ],
)
def test_an_amount_is_a_number_above_0(name, amount):
    with pytest.raises(SettingsError) as caught:
        getattr(rules, name)(amount)

    assert caught.value.message.startswith(
        f"{name} was {amount!r}, must be a finite number above 0"
    )


@pytest.mark.parametrize("duration", [0, -1, 1.5, "4 hours", "", None, math.inf])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("cooldown_after_stop", rules.cooldown_after_stop),
        ("stop_guard within", lambda time: rules.stop_guard(1, time)),
        ("max_orders within", lambda time: rules.max_orders(1, within=time)),
    ],
)
def test_a_time_is_minutes_or_text(name, make, duration):
    with pytest.raises(SettingsError) as caught:
        make(duration)

    assert caught.value.message == f"{name} was {duration!r}, {MINUTES_OR_TEXT}"


@pytest.mark.parametrize("time", ["24:01", "25:00", "12:60", "noon", "", 8, None, "-1:00"])
def test_a_time_of_day_is_one_of_a_clock(time):
    for name, times in (("since", (time, "20:00")), ("until", ("08:00", time))):
        with pytest.raises(SettingsError) as caught:
            rules.trading_hours(*times)
        assert caught.value.message == (
            f"{name} of trading_hours was {time!r}, must be a time from 00:00 to 24:00"
        )


def test_other_words_are_told_with_those_there_are():
    with pytest.raises(SettingsError) as caught:
        rules.trading_hours("08:00", "20:00", days=["mon", "Friday"])
    assert caught.value.message == (
        "day of trading_hours was 'Friday', must be one of mon, tue, wed, thu, fri, sat, sun"
    )
    with pytest.raises(SettingsError) as caught:
        rules.max_drawdown(5, since="week")
    assert caught.value.message == "max_drawdown since was 'week', must be 'day' or 'run'"
