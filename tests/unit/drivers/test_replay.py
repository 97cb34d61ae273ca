"""The one schedule of many symbols: phases, turns, the account, the end, progress and stopping."""

import asyncio
from dataclasses import replace as with_changes

import pytest

from tests.support.candles import DAY
from tests.support.worlds import plan_of
from tests.unit.drivers.minutes import FREE, candles, minute_of, once, play, rows, without
from tradekit.api.declare import strategy
from tradekit.domain.journal import Phase
from tradekit.domain.signal import Signal
from tradekit.domain.time import MINUTE_MS
from tradekit.drivers.replay import YIELD_STEPS, replay
from tradekit.errors import StoppedError

STOPPED_AT_5 = candles(m5=(100.0, 100.0, 90.0, 100.0))


def planned(declared, series, *, minutes=12):
    return plan_of(declared, series, since_ms=DAY, until_ms=DAY + minutes * MINUTE_MS, costs=FREE)


# --- phases -----------------------------------------------------------------------------------


def test_every_symbol_decides_before_any_symbol_trades():
    seen = []

    def decide(ctx):
        seen.append((minute_of(ctx.now), ctx.symbol, ctx.account.cash))
        return Signal.long(hold=2)

    play(strategy("s")(decide), {"A": candles(), "B": candles()}, minutes=3, capital=1000.0)

    assert seen == [
        (0, "A", 1000.0),
        (0, "B", 1000.0),
        (2, "A", 800.0),
        (2, "B", 800.0),
    ]


def test_what_happened_inside_a_candle_is_known_at_its_close():
    seen = {}

    def decide(ctx):
        seen[minute_of(ctx.now)] = ctx.account.cash
        return Signal.long(stop_loss=95) if ctx.symbol == "A" and ctx.now == DAY else None

    play(strategy("s")(decide), {"A": STOPPED_AT_5, "B": candles()}, capital=1000.0)

    assert (seen[5], seen[6]) == (900.0, 995.0)


def test_exits_at_an_open_free_cash_for_entries_of_symbols_before():
    def decide(ctx):
        if minute_of(ctx.now) == (0 if ctx.symbol == "B" else 3):
            return Signal.long(hold=3)
        return None

    series = {"A": candles(), "B": candles()}
    replayed = play(strategy("s")(decide), series, capital=100.0)

    assert [(minute_of(r.ts_ms), r.symbol) for r in rows(replayed, "opened")] == [
        (0, "B"),
        (3, "A"),
    ]
    assert rows(replayed, "rejected") == []


def test_entries_inside_never_live_on_exits_inside():
    def decide(ctx):
        if ctx.symbol == "A":
            return Signal.long(stop_loss=95) if ctx.now == DAY else None
        return Signal.long(entry=95) if minute_of(ctx.now) == 4 else None

    replayed = play(strategy("s")(decide), {"A": STOPPED_AT_5, "B": STOPPED_AT_5}, capital=150.0)

    assert rows(replayed, "rejected")[0].data["rule"] == "insufficient_cash"


def test_symbols_take_turns_in_run_order_however_they_are_given():
    plan = planned(strategy("s")(lambda ctx: Signal.long()), {"B": candles(), "A": candles()})
    turned = with_changes(plan, tapes=plan.tapes[::-1], capital=100.0)

    replayed = asyncio.run(replay(turned))

    assert [row.symbol for row in rows(replayed, "opened")] == ["B"]
    assert [row.symbol for row in replayed.rows[:2]] == ["B", "A"]


# --- the account ------------------------------------------------------------------------------


def test_equity_is_cash_and_positions_at_their_last_close():
    seen = []

    def decide(ctx):
        if ctx.symbol == "C":
            seen.append((ctx.account.cash, ctx.account.equity))
            return None
        return Signal.long() if ctx.symbol == "A" else Signal.short(cost=50)

    series = {
        "A": candles(m1=(100.0, 110.0, 100.0, 110.0)),
        "B": candles(m1=(100.0, 120.0, 100.0, 120.0)),
        "C": candles(),
    }
    declared = strategy("s", hold="unlimited")(decide)
    replayed = play(declared, series, minutes=3, capital=1000.0)

    # 100 bought at 100 are worth 110; 50 sold short at 100 have lost 10.
    assert seen == [(1000.0, 1000.0), (850.0, 1000.0), (850.0, pytest.approx(1000.0))]
    assert replayed.used_account


def test_equity_of_a_position_over_a_hole_goes_by_the_close_before_it():
    seen = {}

    def decide(ctx):
        if ctx.symbol == "B":
            seen[minute_of(ctx.now)] = ctx.account.equity
            return None
        return Signal.long()

    series = {
        "A": without(candles(m1=(100.0, 110.0, 100.0, 110.0)), 2, 3, 4),
        "B": candles(),
    }
    play(strategy("s", hold="unlimited")(decide), series, minutes=6, capital=1000.0)

    assert [seen[minute] for minute in (1, 2, 3, 4, 5)] == pytest.approx([1000.0] + [1010.0] * 4)


@pytest.mark.parametrize(
    ("signal", "reads", "used"),
    [
        (Signal.long(), False, False),
        (Signal.long(), True, True),
        (Signal.long(equity_pct=50), False, True),
    ],
)
def test_it_is_known_whether_the_account_was_used(signal, reads, used):
    def decide(ctx):
        if reads:
            assert ctx.account.equity > 0
        return signal

    assert play(strategy("s")(decide), shared_account=False).used_account is used


def test_symbols_that_run_apart_are_refused_nothing():
    replayed = play(strategy("s")(lambda ctx: Signal.long()), capital=1.0, shared_account=False)

    assert rows(replayed, "opened")


# --- the frame --------------------------------------------------------------------------------


def test_the_end_of_the_frame_closes_at_the_last_close():
    declared = strategy("s", hold="unlimited")(lambda ctx: Signal.long())

    replayed = play(declared, candles(m11=(100.0, 104.0, 99.0, 103.0)))

    closed = replayed.rows[-1]
    assert (minute_of(closed.ts_ms), closed.phase, closed.kind) == (12, Phase.END, "closed")
    assert (closed.data["reason"], closed.data["exit_price"]) == ("frame_end", 103.0)


def test_the_end_of_the_frame_takes_off_what_rests():
    replayed = play(strategy("s")(once(Signal.long(entry=90))))

    cancelled = replayed.rows[-1]
    assert (minute_of(cancelled.ts_ms), cancelled.kind) == (12, "cancelled")
    assert cancelled.data == {"reason": "frame_end"}


def test_a_fill_inside_the_last_candle_comes_before_the_end():
    declared = strategy("s")(once(Signal.long(stop_loss=95)))

    replayed = play(declared, candles(m11=(100.0, 100.0, 90.0, 100.0)))

    assert replayed.rows[-1].data["reason"] == "stop_loss"
    assert (minute_of(replayed.rows[-1].ts_ms), replayed.rows[-1].phase) == (12, Phase.INSIDE)


def test_a_symbol_that_begins_later_decides_later():
    seen = []
    declared = strategy("s", every=5)(lambda ctx: seen.append((minute_of(ctx.now), ctx.symbol)))

    play(declared, {"A": without(candles(), *range(-1, 4)), "B": candles()})

    assert seen == [(0, "B"), (5, "A"), (5, "B"), (10, "A"), (10, "B")]


def test_a_symbol_without_a_candle_to_decide_at_does_nothing():
    declared = strategy("s")(lambda ctx: Signal.long())

    replayed = play(declared, {"A": without(candles(), *range(1, 12)), "B": candles()})

    assert {row.symbol for row in replayed.rows} == {"A", "B"}
    replayed = play(declared, {"A": without(candles(), *range(12)), "B": candles()})
    assert {row.symbol for row in replayed.rows} == {"B"}


def test_a_run_without_symbols_ends():
    plan = planned(strategy("s")(lambda ctx: None), {})

    replayed = asyncio.run(replay(plan))

    assert (replayed.rows, replayed.failures, replayed.hook_calls) == ([], {}, {})


def test_a_timer_that_ends_in_a_hole_runs_at_the_next_candle():
    declared = strategy("s", hold=5)(once(Signal.long()))
    series = without(candles(m9=(107.0, 107.0, 107.0, 107.0)), *range(3, 9))

    (closed,) = rows(play(declared, series), "closed")

    assert (minute_of(closed.ts_ms), closed.data["exit_price"]) == (9, 107.0)
    assert closed.data["reason"] == "time_expired"


# --- failures ---------------------------------------------------------------------------------


def test_who_fails_stops_and_the_others_go_on():
    def decide(ctx):
        if ctx.symbol == "B" and minute_of(ctx.now) == 4:
            raise ValueError
        return Signal.long(hold=2)

    series = {name: candles() for name in "ABC"}
    replayed = play(strategy("s")(decide), series)

    assert replayed.failures.keys() == {"B"}
    assert [minute_of(r.ts_ms) for r in replayed.rows if r.symbol == "B"][-1] == 4
    for name in "AC":
        opened = [minute_of(r.ts_ms) for r in rows(replayed, "opened") if r.symbol == name]
        assert opened == [0, 2, 4, 6, 8, 10]


def test_counts_of_calls_are_those_of_all_symbols():
    declared = strategy("s", every=6)(lambda ctx: None)

    assert play(declared, {name: candles() for name in "ABC"}).hook_calls == {"<lambda>": 6}


# --- progress and stopping ----------------------------------------------------------------------


def watched(declared, series, *, minutes=12):
    told = []
    plan = planned(declared, series, minutes=minutes)
    asyncio.run(replay(plan, on_progress=lambda each: told.append(list(each))))
    return told


def test_progress_is_told_at_the_start_and_at_the_end():
    first, last = watched(strategy("s")(lambda ctx: Signal.long()), {"A": candles()})

    assert (first[0].symbol, first[0].done_frac, first[0].candles_done) == ("A", 0.0, 0)
    assert (first[0].position, first[0].pnl) == ("", 0.0)
    assert (last[0].done_frac, last[0].candles_done) == (1.0, 12)


def test_progress_tells_the_open_position_and_its_profit():
    minutes = 2 * YIELD_STEPS
    declared = strategy("s", hold="unlimited")(once(Signal.short()))
    declared.while_open(lambda ctx, position: None)
    series = {"A": candles(minutes, m1438=(90.0,) * 4)}

    told = watched(declared, series, minutes=minutes)

    assert len(told) >= 3
    assert told[1][0].position == "short"
    assert told[1][0].pnl == pytest.approx(10.0)
    assert told[1][0].done_frac == pytest.approx(0.5, abs=1e-3)
    fractions = [each[0].done_frac for each in told]
    assert fractions == sorted(fractions)


def test_a_run_that_is_stopped_returns_nothing():
    plan = planned(strategy("s")(lambda ctx: None), {"A": candles()})
    asked = []

    def should_stop():
        asked.append(None)
        return len(asked) > 3

    with pytest.raises(StoppedError):
        asyncio.run(replay(plan, should_stop=should_stop))
    assert len(asked) == 4


def test_a_run_that_is_not_stopped_ends():
    plan = planned(strategy("s")(lambda ctx: Signal.long()), {"A": candles()})

    assert asyncio.run(replay(plan, should_stop=lambda: False)).rows
