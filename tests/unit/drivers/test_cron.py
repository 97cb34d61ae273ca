"""`cron` on virtual time: once a boundary for all symbols, wherever their candles are."""

import pytest

from tests.support.candles import DAY
from tests.unit.drivers.minutes import candles, minute_of, once, play, rows, without
from tradekit import Run, Signal, strategy
from tradekit.domain.time import MINUTE_MS
from tradekit.errors import SettingsError, StrategyError


def idle(**says):
    """Return a strategy that wants nothing."""

    @strategy("idle", every="1m", **says)
    def decide(ctx):
        return None

    return decide


@pytest.mark.parametrize("skip", [False, True])
def test_it_is_called_once_at_each_whole_multiple_for_all_symbols(skip) -> None:
    declared, called = idle(), []

    @declared.cron("5m")
    def every_five(run: Run) -> None:
        called.append((minute_of(run.now), tuple(run.contexts)))

    replayed = play(declared, {"X": candles(), "Y": candles()}, skip=skip)

    both = ("X", "Y")
    assert called == [(0, both), (5, both), (10, both)]
    assert replayed.hook_calls["every_five"] == 3


def test_it_comes_in_the_order_declared_between_news_and_everything_else() -> None:
    @strategy("ordered", every="1m")
    def ordered(ctx):
        called.append((minute_of(ctx.now), ctx.symbol, "decide"))
        return Signal.long() if minute_of(ctx.now) == 1 else None

    called = []

    @ordered.on("opened")
    def opened(ctx, event):
        called.append((minute_of(ctx.now), ctx.symbol, "opened"))

    @ordered.while_open
    def hook(ctx, position):
        called.append((minute_of(ctx.now), ctx.symbol, "hook"))

    @ordered.cron("2m")
    async def first(run):
        called.append((minute_of(run.now), "", "first"))

    @ordered.cron(1)
    def second(run):
        called.append((minute_of(run.now), "", "second"))

    play(ordered, {"X": candles(), "Y": candles()}, minutes=3)

    assert [each for each in called if each[0] == 2] == [
        (2, "X", "opened"),
        (2, "Y", "opened"),
        (2, "", "first"),
        (2, "", "second"),
        (2, "X", "hook"),
        (2, "Y", "hook"),
    ]


def test_it_runs_where_no_symbol_has_a_candle_and_sees_what_has_closed_by_then() -> None:
    declared, seen = idle(), []

    @declared.cron(1)
    def look(run):
        context = run.contexts["X"]
        seen.append((minute_of(run.now), minute_of(int(context.candles("1m", 1).ts_ms[-1]))))

    play(declared, without(candles(), 3, 4), minutes=7)

    assert seen == [(0, -1), (1, 0), (2, 1), (3, 2), (4, 2), (5, 2), (6, 5)]


def test_a_symbol_without_a_closed_candle_is_not_shown() -> None:
    declared, seen = idle(), {}

    @declared.cron(1)
    def look(run):
        seen[minute_of(run.now)] = tuple(run.contexts)

    late = without(candles(), -1, 0, 1, 2)
    play(declared, {"X": candles(), "LATE": late}, minutes=6)

    assert seen == {0: ("X",), 1: ("X",), 2: ("X",), 3: ("X",), 4: ("X", "LATE"), 5: ("X", "LATE")}


def test_what_it_leaves_in_a_state_is_read_and_journaled() -> None:
    @strategy("ranked", every="1m")
    def ranked(ctx):
        return Signal.long(id="one") if ctx.state.get("rank") == 1 else None

    @ranked.cron("4m")
    def rank(run):
        if minute_of(run.now) == 4:
            run.contexts["Y"].state["rank"] = 1
        run.log(f"equity {run.account.equity:g}")

    replayed = play(ranked, {"X": candles(), "Y": candles()})

    (kept,) = rows(replayed, "state")
    assert (kept.symbol, minute_of(kept.ts_ms), kept.data["value"]) == ("Y", 4, '{"rank":1}')
    (opened,) = rows(replayed, "opened")
    assert (opened.symbol, minute_of(opened.ts_ms)) == ("Y", 4)
    assert replayed.logs[0] == f"{DAY} * equity 10000"


def test_one_that_raises_stops_all_symbols_and_is_named_once_each() -> None:
    @strategy("fails", every="1m", hold="unlimited")
    def fails(ctx):
        return Signal.long()

    @fails.cron("3m")
    def explode(run):
        if minute_of(run.now) == 6:
            raise ZeroDivisionError("no")

    replayed = play(fails, {"X": candles(), "Y": candles()})

    assert list(replayed.failures) == ["X", "Y"]
    sentence = str(replayed.failures["X"])
    assert sentence.startswith("ZeroDivisionError: no (strategy 'fails', explode (test_cron.py:")
    assert ", all symbols at " in sentence
    closed = rows(replayed, "closed")
    assert [(row.symbol, minute_of(row.ts_ms), row.data["reason"]) for row in closed] == [
        ("X", 6, "failed"),
        ("Y", 6, "failed"),
    ]
    assert replayed.hook_calls["explode"] == 3


def test_one_that_raises_is_counted_and_goes_on_where_asked() -> None:
    declared = idle(on_error="continue")

    @declared.cron("3m")
    def explode(run):
        raise ZeroDivisionError("no")

    replayed = play(declared, {"X": candles(), "Y": candles()})

    assert not replayed.failures
    errors = rows(replayed, "error")
    assert [(row.symbol, minute_of(row.ts_ms)) for row in errors] == [
        ("X", 0),
        ("X", 3),
        ("X", 6),
        ("X", 9),
    ]
    assert errors[0].data == {"error": "ZeroDivisionError", "hook": "explode"}


@pytest.mark.parametrize("skip", [False, True])
def test_its_error_is_heard_of_at_once_wherever_the_symbol_stands(skip) -> None:
    @strategy("waits", every="1d", on_error="continue")
    def waits(ctx):
        return None

    heard = []

    @waits.on("error")
    def hear(ctx, event):
        heard.append((ctx.symbol, minute_of(ctx.now), event.details["hook"]))

    @waits.cron("5m")
    def explode(run):
        if minute_of(run.now):
            raise ZeroDivisionError("no")

    play(waits, {"X": without(candles(), 10), "Y": candles()}, skip=skip)

    assert heard == [("X", 5, "explode"), ("X", 11, "explode")]


def test_it_returns_nothing() -> None:
    declared = idle()

    @declared.cron("3m")
    def talks(run):
        return 5

    replayed = play(declared)

    assert "talks returned 5, must be None" in str(replayed.failures["X"])


def test_a_state_that_json_cannot_hold_names_the_function() -> None:
    declared = idle()

    @declared.cron("3m")
    def stows(run):
        run.contexts["X"].state["what"] = object()

    replayed = play(declared)

    assert "ctx.state was {'what': <object" in str(replayed.failures["X"])
    assert "strategy 'idle', stows" in str(replayed.failures["X"])


def test_it_goes_on_to_the_end_of_the_frame_while_the_strategy_sleeps() -> None:
    @strategy("dozes", every="1m", hold="unlimited")
    def dozes(ctx):
        return Signal.long(id="one")

    called = []

    @dozes.cron("4m")
    def tick(run):
        called.append(minute_of(run.now))

    play(dozes, minutes=20)

    assert called == [0, 4, 8, 12, 16]


def test_it_cannot_act_on_a_position_that_it_was_handed() -> None:
    declared = strategy("keeps", every="1m", hold="unlimited")(once(Signal.long()))
    kept, outcomes = [], []
    declared.while_open(lambda ctx, position: kept.append(position))

    @declared.cron("4m")
    def act(run):
        if kept:
            outcomes.append(kept[-1].close().rule)

    replayed = play(declared)

    assert outcomes == ["not_in_turn", "not_in_turn"]
    assert rows(replayed, "closed")[0].data["reason"] == "frame_end"


def test_a_frame_that_starts_off_its_grid_waits_for_the_first_boundary() -> None:
    declared, called = idle(), []

    @declared.cron("1h")
    def tick(run):
        called.append(run.now)

    from tests.support.worlds import run

    series = candles(150)
    run(
        declared,
        {"X": series},
        since_ms=DAY + 30 * MINUTE_MS,
        until_ms=DAY + 120 * MINUTE_MS,
    )

    assert called == [DAY + 60 * MINUTE_MS]


def test_an_interval_that_is_no_time_is_refused() -> None:
    with pytest.raises(SettingsError, match="cron of strategy 'idle'"):
        idle().cron("soon")


def test_a_failure_of_its_own_kind_keeps_its_sentence() -> None:
    declared = idle()

    @declared.cron("3m")
    def asks(run):
        raise StrategyError("the weather was bad")

    assert str(play(declared).failures["X"]).startswith(
        "the weather was bad (strategy 'idle', asks"
    )
