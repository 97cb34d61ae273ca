"""A symbol whose code fails stops alone, at once, and says where."""

from __future__ import annotations

import sys

import pytest

from tests.support.candles import series_of
from tests.support.worlds import run
from tradekit import Signal, strategy
from tradekit.domain.time import MINUTE_MS

MINUTES = 200
CANDLES = series_of(range(MINUTES))
SINCE = int(CANDLES.ts_ms[0])
WORLD = {"since_ms": SINCE, "until_ms": SINCE + MINUTES * MINUTE_MS}


def failing(error, *, hook_async):
    @strategy("fails", every="1m", hold="unlimited")
    def fails(ctx):
        return Signal.long()

    def fail(ctx, position):
        if ctx.symbol == "B" and position.minutes >= 5:
            raise error

    async def fail_later(ctx, position):
        fail(ctx, position)

    fails.while_open(fail_later if hook_async else fail)
    return fails


@pytest.mark.parametrize("hook_async", [False, True])
@pytest.mark.parametrize("error", [ZeroDivisionError("no"), SystemExit(3), KeyError("x")])
def test_hook_that_raises_stops_its_symbol_only(error, hook_async) -> None:
    declared = failing(error, hook_async=hook_async)

    replayed = run(declared, {"A": CANDLES, "B": CANDLES, "C": CANDLES}, **WORLD)

    assert list(replayed.failures) == ["B"]
    name = "fail_later" if hook_async else "fail"
    sentence = str(replayed.failures["B"])
    assert sentence.startswith(type(error).__name__)
    assert f"strategy 'fails', {name} (test_failures.py:" in sentence
    closed = {row.symbol: row for row in replayed.rows if row.kind == "closed"}
    assert closed["B"].data["reason"] == "failed"
    assert closed["B"].ts_ms == SINCE + 6 * MINUTE_MS
    assert closed["A"].data["reason"] == closed["C"].data["reason"] == "frame_end"
    (failed,) = [row for row in replayed.rows if row.kind == "failed"]
    assert failed.data == {"error": type(error).__name__, "hook": name}


@pytest.mark.parametrize("answer", [5, "long", object(), [Signal.long()]])
def test_answer_that_is_no_signal_is_named(answer) -> None:
    @strategy("odd", every="1m")
    def odd(ctx):
        return answer

    replayed = run(odd, {"A": CANDLES}, **WORLD)

    assert "odd returned " in str(replayed.failures["A"])
    assert "must be a Signal, a Wake or None" in str(replayed.failures["A"])


def test_hook_that_returns_something_is_named() -> None:
    @strategy("talks", every="1m")
    def talks(ctx):
        return Signal.long()

    @talks.while_open
    def answer(ctx, position):
        return sys.maxsize

    replayed = run(talks, {"A": CANDLES}, **WORLD)

    assert f"answer returned {sys.maxsize}, must be None or a Wake" in str(replayed.failures["A"])


def test_cause_is_kept_for_those_who_debug() -> None:
    declared = failing(ZeroDivisionError("no"), hook_async=False)

    replayed = run(declared, {"B": CANDLES}, **WORLD)

    assert isinstance(replayed.failures["B"].__cause__, ZeroDivisionError)
