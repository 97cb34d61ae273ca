"""What user code does wrong: who is named, what is kept, what is closed."""

import pytest

from tests.unit.drivers.minutes import candles, minute_of, once, play, rows
from tradekit.api.declare import strategy
from tradekit.domain.signal import Signal
from tradekit.errors import SignalError, StrategyError, WarmupError


def failure_of(replayed):
    return replayed.failures["X"]


@pytest.mark.parametrize("answer", [5, "long", True, [Signal.long()]])
def test_an_answer_is_a_signal_or_none(answer):
    failure = failure_of(play(strategy("s")(lambda ctx: answer)))

    assert failure.message.startswith(
        f"<lambda> returned {answer!r}, must be a Signal, a Wake or None "
        "(strategy 's', <lambda>, X at 2026-04-01"
    )


@pytest.mark.parametrize("minute", [1, 2])
@pytest.mark.parametrize("listening", [True, False])
def test_a_hook_returns_nothing(minute, listening):
    declared = strategy("s")(once(Signal.long()))
    if listening:
        declared.on("opened")(lambda ctx, event: None)

    @declared.while_open
    def look(ctx, position):
        return "well" if minute_of(ctx.now) == minute else None

    failure = failure_of(play(declared))

    assert failure.message.startswith(
        "look returned 'well', must be None or a Wake (strategy 's', look, X at"
    )
    assert failure.message.endswith(f"T00:0{minute}:00Z)")


def test_an_event_hook_returns_nothing():
    declared = strategy("s")(once(Signal.long()))
    declared.on("opened")(lambda ctx, event: 7)

    assert (
        "<lambda> returned 7, must be None (strategy 's', <lambda>"
        in failure_of(play(declared)).message
    )


def breaking(where, error):
    """Return a strategy that raises in one of its functions."""
    declared = strategy("s", hold=5)(once(Signal.long()))

    def fails(*arguments):
        raise error

    async def fails_later(*arguments):
        raise error

    if where == "decide":
        return strategy("s")(fails)
    if where == "awaited":
        return strategy("s")(fails_later)
    if where in ("hook", "awaited hook"):
        declared.while_open(fails if where == "hook" else fails_later)
    if where in ("slow hook", "slow awaited hook"):
        declared.while_open(every=3)(fails if where == "slow hook" else fails_later)
    if where == "news":
        declared.on("opened")(fails)
    return declared


WHERE = ["decide", "awaited", "hook", "awaited hook", "slow hook", "slow awaited hook", "news"]


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ValueError("bad luck"), StrategyError, "ValueError: bad luck (strategy 's', fails"),
        (WarmupError("too early"), WarmupError, "too early (strategy 's', fails"),
        (SystemExit(3), StrategyError, "SystemExit: 3 (strategy 's', fails"),
    ],
)
def test_a_function_that_raises_is_named_once(where, error, kind, words):
    replayed = play(breaking(where, error))

    failure = failure_of(replayed)
    assert type(failure) is kind
    assert failure.message.startswith(words)
    assert failure.message.count("strategy 's'") == 1
    assert "(test_runner_failures.py:" in failure.message
    (failed,) = rows(replayed, "failed")
    assert failed.data["error"] == type(error).__name__
    assert failed.data["hook"] in ("fails", "fails_later")


@pytest.mark.parametrize("where", WHERE)
def test_who_stops_the_run_is_not_the_strategy(where):
    with pytest.raises(KeyboardInterrupt):
        play(breaking(where, KeyboardInterrupt()))


def test_a_failure_closes_at_the_last_close_and_keeps_the_trades():
    declared = strategy("s", hold=3)(lambda ctx: Signal.long())

    @declared.while_open
    def look(ctx, position):
        if minute_of(ctx.now) == 5:
            raise ValueError

    series = candles(m4=(100.0, 103.0, 100.0, 102.0), m5=(107.0, 108.0, 106.0, 107.0))
    replayed = play(declared, series)

    first, second = rows(replayed, "closed")
    assert (first.data["reason"], second.data["reason"]) == ("time_expired", "failed")
    assert (minute_of(second.ts_ms), second.data["exit_price"]) == (5, 102.0)
    # Its last candle counts, the one that opens at the failure does not.
    assert second.data["peak_pct"] == pytest.approx(3.0)
    assert replayed.rows[-1] == second


def test_a_failure_takes_off_what_was_just_sent():
    declared = strategy("s", hold=3)(lambda ctx: Signal.long(entry=99))
    declared.on("rejected")(lambda ctx, event: None)

    @declared.while_open
    def look(ctx, position):
        position.close()
        raise ValueError

    replayed = play(declared, candles(m0=(100.0, 100.0, 99.0, 100.0)))

    (closed,) = rows(replayed, "closed")
    assert (minute_of(closed.ts_ms), closed.data["reason"]) == (1, "failed")
    assert rows(replayed, "close_submitted")[0].data["reason"] == "closed"


def test_a_signal_that_contradicts_itself_fails_where_it_was_made():
    replayed = play(strategy("s")(lambda ctx: Signal.long(stop_loss=101)))

    failure = failure_of(replayed)
    assert type(failure) is SignalError
    assert failure.message.startswith("stop_loss_price was 101.0, must be below last close 100.0")
    assert "(strategy 's', <lambda>, X at 2026-04-01T00:00:00Z)" in failure.message


@pytest.mark.parametrize("signal", [Signal.long(id=["news"]), Signal.long(cost=10**400)])
def test_a_signal_that_cannot_be_read_fails_its_symbol_only(signal):
    replayed = play(strategy("s")(lambda ctx: signal))

    assert isinstance(failure_of(replayed), StrategyError)


def test_candles_that_have_not_closed_yet_are_told_with_the_warm_up_that_would_do():
    replayed = play(strategy("s")(lambda ctx: ctx.candles("1m", 5) and None))

    failure = failure_of(replayed)
    assert type(failure) is WarmupError
    assert failure.message.startswith(
        "candles('1m', 5) was asked for when 1 had closed; "
        "@strategy(..., warmup=\"5m\") would do (strategy 's',"
    )
