"""Whose fault it was, said in one sentence: what, where in the file, which symbol, when."""

import functools

import pytest

from tests.unit.engine.machine_builder import terms
from tradekit.domain.time import parse_duration_ms
from tradekit.drivers.blame import blame, name_of
from tradekit.errors import (
    CandleError,
    LookaheadError,
    SettingsError,
    SignalError,
    StrategyError,
    WarmupError,
)

NOON_MS = 1_775_044_800_000
TERMS = terms(strategy="dip", symbol="SOLUSDT")


def caught(function):
    with pytest.raises(Exception) as raised:  # noqa: PT011 - any error is to be blamed on someone
        function()
    return raised.value


def told(error):
    return blame(error, TERMS, "decide", NOON_MS)


def divide():
    return 1 / 0


def test_a_sentence_says_what_where_which_and_when():
    error = caught(divide)

    raised = told(error)

    line = divide.__code__.co_firstlineno + 1
    assert raised.message == (
        "ZeroDivisionError: division by zero "
        f"(strategy 'dip', decide (test_blame.py:{line}), SOLUSDT at 2026-04-01T12:00:00Z)"
    )
    assert type(raised) is StrategyError
    assert raised.__cause__ is error
    assert raised.place == "decide"


def test_it_is_one_line_however_many_the_error_has():
    assert told(ValueError("one\n  two\tthree")).message.startswith("ValueError: one two three (")


def test_an_error_without_words_is_named():
    assert told(KeyError()).message.startswith("KeyError (strategy 'dip', decide, SOLUSDT at ")


@pytest.mark.parametrize("kind", [SignalError, WarmupError, StrategyError])
def test_our_own_sentence_and_kind_are_kept(kind):
    raised = told(kind("cost was 0, must be above 0", fix="give more"))

    assert type(raised) is kind
    assert raised.message.startswith("cost was 0, must be above 0 (strategy 'dip', decide, SOL")
    assert raised.fix == "give more"


@pytest.mark.parametrize("kind", [CandleError, LookaheadError])
def test_what_the_data_did_is_the_strategys_failure_with_a_hint(kind):
    raised = told(kind("close was nan"))

    assert type(raised) is StrategyError
    assert raised.message.startswith("close was nan (strategy")
    assert raised.fix == "check the candles"
    assert told(kind("close was nan", fix="import again")).fix == "import again"


def test_any_other_error_of_ours_is_the_strategys_failure():
    raised = told(SettingsError("time was 'x'"))

    assert type(raised) is StrategyError
    assert (raised.message[:12], raised.fix) == ("time was 'x'", "")


def ask_for_nonsense():
    parse_duration_ms("soon")


def test_the_line_is_the_users_not_ours():
    line = ask_for_nonsense.__code__.co_firstlineno + 1

    assert f"decide (test_blame.py:{line})" in told(caught(ask_for_nonsense)).message


class Decider:
    def __call__(self, ctx):
        return None


@pytest.mark.parametrize(
    ("function", "name"),
    [(divide, "divide"), (Decider(), "Decider"), (functools.partial(divide), "partial")],
)
def test_a_function_is_called_what_the_user_calls_it(function, name):
    assert name_of(function) == name
