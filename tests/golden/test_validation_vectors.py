"""Table 2.5 of the engine spec: which signals are refused at a last close of 100, and what is said.

The limits are those of the table: stop at most 20 % away, hold at most 1440 minutes. What cannot
be read at all (a hold of 1.5 minutes, a price that is no number) raises before it is judged.
"""

from typing import NamedTuple

import pytest

from tradekit.domain.instrument import Instrument
from tradekit.domain.plan import Defaults, Limits, Plan, find_problems, make_plan
from tradekit.domain.signal import Signal
from tradekit.domain.time import DAY_MS, MINUTE_MS
from tradekit.errors import SignalError

LAST_CLOSE = 100.0
LIMITS = Limits(max_stop_pct=20.0, max_hold_ms=1440 * MINUTE_MS)
STRATEGY = Defaults(hold_ms=DAY_MS, wait_ms=120 * MINUTE_MS, cost=100.0)


class Refused(NamedTuple):
    """A signal and, for each message that it must earn, the words that have to be in it."""

    signal: Signal
    messages: list[tuple[str, ...]]


REFUSED = {
    "target and stop below": Refused(
        Signal.long(take_profit=99, stop_loss=98),
        [("take_profit_price", "99.0", "above", "100.0"), ("take_profit_price", "-1.000 %", "0.5")],
    ),
    "target too near": Refused(
        Signal.long(take_profit=100.4, stop_loss=98),
        [("take_profit_price", "100.4", "0.400 %", "at least 0.5 %")],
    ),
    "stop too near": Refused(
        Signal.long(take_profit=102, stop_loss=99.6),
        [("stop_loss_price", "99.6", "0.400 %", "at least 0.5 %")],
    ),
    "stop too far": Refused(
        Signal.long(take_profit=102, stop_loss=79),
        [("stop_loss_price", "79.0", "21.000 %", "at most 20 %")],
    ),
    "hold too long": Refused(
        Signal.long(take_profit=102, stop_loss=98, hold=1441), [("hold", "1441", "1440")]
    ),
    "short limit with the market above its stop": Refused(
        Signal.short(entry=95, take_profit=90, stop_loss=99),
        [("last close", "100.0", "stop_loss_price", "99.0")],
    ),
}

UNREADABLE = {
    "hold of a fraction": (
        Signal.long(take_profit=102, stop_loss=98, hold=1.5),
        ("hold", "1.5", "whole minutes"),
    ),
    "target that is no number": (
        Signal.long(take_profit=float("nan"), stop_loss=98),
        ("take_profit", "nan", "finite"),
    ),
}

ACCEPTED = {
    "at the least distances": (Signal.long(take_profit=100.5, stop_loss=99.5, hold=10), 10),
    "without a hold": (Signal.long(take_profit=102, stop_loss=98), 1440),
}


def plan_of(signal: Signal) -> Plan:
    return make_plan(
        signal,
        signal_id="s-BTCUSDT-1",
        price=LAST_CLOSE,
        defaults=STRATEGY,
        instrument=Instrument("BTCUSDT"),
    )


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name):
    signal, messages = REFUSED[name]
    problems = find_problems(plan_of(signal), LIMITS)
    assert len(problems) == len(messages)
    for problem, words in zip(problems, messages, strict=True):
        for word in words:
            assert word in problem.message, problem.message


@pytest.mark.parametrize("name", UNREADABLE)
def test_unreadable(name):
    signal, words = UNREADABLE[name]
    with pytest.raises(SignalError) as caught:
        plan_of(signal)
    for word in words:
        assert word in caught.value.message


@pytest.mark.parametrize("name", ACCEPTED)
def test_accepted(name):
    signal, hold_minutes = ACCEPTED[name]
    plan = plan_of(signal)
    assert find_problems(plan, LIMITS) == []
    assert plan.hold_ms == hold_minutes * MINUTE_MS


def test_the_table_has_ten_rows():
    assert len(REFUSED) + len(UNREADABLE) + len(ACCEPTED) == 10


@pytest.mark.parametrize(
    "signal",
    [
        Signal.long(take_profit=102, stop_loss=79),
        Signal.long(take_profit=102, stop_loss=98, hold=1441),
        Signal.long(take_profit=102, stop_loss=98, hold="unlimited"),
    ],
)
def test_the_default_limits_are_wider_than_the_table_s(signal):
    """Maximum stop distance 100 %, maximum hold unlimited."""
    assert find_problems(plan_of(signal), LIMITS) != []
    assert find_problems(plan_of(signal), Limits()) == []
