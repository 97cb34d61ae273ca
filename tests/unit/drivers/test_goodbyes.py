"""`error` and `done`: what a strategy hears of its own failures, and that its run has ended."""

import pytest

from tests.unit.drivers.minutes import candles, minute_of, play, rows
from tradekit import Signal, strategy
from tradekit.domain.journal import Phase


def holding(**says):
    """Return a strategy that opens once and holds."""

    @strategy("holds", every="1m", hold="unlimited", **says)
    def decide(ctx):
        return Signal.long(id="one")

    return decide


def listener(declared, *kinds):
    """Return what a hook on those kinds hears: symbol, minute, kind, details."""
    heard = []

    @declared.on(*kinds)
    async def hear(ctx, event):
        heard.append((ctx.symbol, minute_of(ctx.now), event.kind, event.details))

    return heard


def test_done_comes_last_for_each_symbol_after_what_the_end_of_the_frame_closed() -> None:
    declared = holding()
    heard = listener(declared, "closed", "done")

    play(declared, {"X": candles(), "Y": candles()})

    told = [(symbol, minute, kind, details["reason"]) for symbol, minute, kind, details in heard]
    assert told == [
        ("X", 12, "closed", "frame_end"),
        ("X", 12, "done", "frame_end"),
        ("Y", 12, "closed", "frame_end"),
        ("Y", 12, "done", "frame_end"),
    ]


def test_done_sees_the_money_of_all_symbols_and_leaves_a_state() -> None:
    declared, cash = holding(), []

    @declared.on("done")
    def done(ctx, event):
        cash.append((ctx.account.cash, ctx.account.equity, len(ctx.candles("1m", 12))))
        ctx.state["ended"] = True

    replayed = play(declared, {"X": candles(), "Y": candles()})

    assert cash == [(10_000.0, 10_000.0, 12)] * 2
    kept = rows(replayed, "state")
    assert [(row.symbol, row.phase) for row in kept] == [("X", Phase.END), ("Y", Phase.END)]
    assert replayed.rows == sorted(replayed.rows)
    assert [row.seq for row in replayed.rows if row.symbol == "X"] == list(range(1, 6))


def test_a_failure_is_heard_of_before_done_and_once() -> None:
    declared = holding()
    heard = listener(declared, "error", "closed", "done")

    @declared.while_open
    def fail(ctx, position):
        if ctx.symbol == "X" and minute_of(ctx.now) == 4:
            raise KeyError("x")

    replayed = play(declared, {"X": candles(), "Y": candles()})

    assert [each for each in heard if each[0] == "X"] == [
        ("X", 4, "error", {"error": "KeyError", "hook": "fail"}),
        ("X", 4, "closed", rows(replayed, "closed")[0].data),
        ("X", 4, "done", {"reason": "failed"}),
    ]
    assert [each[2] for each in heard if each[0] == "Y"] == ["closed", "done"]


def test_an_error_that_stops_nothing_is_heard_of_at_the_next_boundary() -> None:
    declared = holding(on_error="continue")
    heard = listener(declared, "error")

    @declared.while_open
    def fail(ctx, position):
        if minute_of(ctx.now) in (4, 11):
            raise KeyError("x")

    replayed = play(declared)

    assert not replayed.failures
    details = {"error": "KeyError", "hook": "fail"}
    assert heard == [("X", 5, "error", details), ("X", 12, "error", details)]


def test_a_listener_to_errors_that_fails_is_not_told_of_itself() -> None:
    declared = holding(on_error="continue")
    heard = listener(declared, "opened")

    @declared.on("error", "opened")
    def hear(ctx, event):
        raise KeyError("again")

    replayed = play(declared)

    told = [(minute_of(row.ts_ms), row.data["hook"]) for row in rows(replayed, "error")]
    assert told == [(1, "hear"), (2, "hear")]
    assert len(heard) == 1


@pytest.mark.parametrize("kind", ["closed", "done"])
def test_a_failure_at_the_very_end_fails_the_symbol(kind) -> None:
    declared = holding()

    @declared.on(kind)
    def fail(ctx, event):
        raise KeyError("late")

    replayed = play(declared, {"X": candles(), "Y": candles()})

    assert list(replayed.failures) == ["X", "Y"]
    failed = rows(replayed, "failed")
    assert [(row.symbol, minute_of(row.ts_ms), row.phase) for row in failed] == [
        ("X", 12, Phase.END),
        ("Y", 12, Phase.END),
    ]
    assert [row.data["reason"] for row in rows(replayed, "closed")] == ["frame_end"] * 2


def test_a_failure_after_a_failure_is_logged() -> None:
    declared = holding()

    @declared.while_open
    def fail(ctx, position):
        raise KeyError("first")

    @declared.on("done")
    def fail_again(ctx, event):
        raise KeyError("second")

    replayed = play(declared)

    assert "first" in str(replayed.failures["X"])
    assert any("second" in line for line in replayed.logs)
    assert len(rows(replayed, "failed")) == 1
