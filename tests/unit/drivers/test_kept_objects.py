"""What user code keeps for another turn shows that turn's past, and acts on nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.floors import world
from tests.support.worlds import run
from tradekit import Signal, strategy
from tradekit.domain.time import MINUTE_MS

CANDLES = world(3, 600, seed=5)
SINCE = int(CANDLES["S0USDT"].ts_ms[0])
WORLD = {"since_ms": SINCE, "until_ms": SINCE + 600 * MINUTE_MS}


def spying(seen, *, every="1m", stop_pct=0.5):
    """Return a strategy whose last symbol looks at what the others were handed."""
    kept = {}

    @strategy("spy", every=every, hold="unlimited")
    def spy(ctx):
        kept[ctx.symbol] = ctx
        if ctx.symbol != "S2USDT":
            return Signal.long(stop_loss_pct=stop_pct, take_profit_pct=stop_pct)
        for symbol, other in kept.items():
            if other.has("1m", 2):
                seen.append((ctx.now, symbol, other.now, other.price, other.candles("1m", 2)))
        return None

    @spy.while_open(every="7m")
    def look(ctx, position):
        seen.append((ctx.now, ctx.symbol, ctx.now, ctx.price, ctx.candles("1m", 2)))

    return spy


@given(st.sampled_from(["1m", "3m", "5m"]), st.sampled_from([0.5, 0.7, 3.0]))
def test_a_kept_context_shows_what_had_closed_by_the_time_of_the_run(every, stop_pct) -> None:
    seen = []

    replayed = run(spying(seen, every=every, stop_pct=stop_pct), CANDLES, **WORLD)

    assert not replayed.failures
    assert len(seen) > 100
    for now_ms, symbol, other_now_ms, price, candles in seen:
        assert other_now_ms == now_ms
        assert int(candles.ts_ms[-1]) == now_ms - MINUTE_MS
        whole = CANDLES[symbol]
        assert price == candles.close[-1] == whole.close[(now_ms - SINCE) // MINUTE_MS - 1]


def closing_for_another(outcomes):
    kept = {}

    @strategy("meddler", every="1m", hold="unlimited")
    def meddler(ctx):
        return Signal.long()

    @meddler.while_open
    def meddle(ctx, position):
        kept.setdefault(ctx.symbol, position)
        if ctx.symbol == "S1USDT" and position.minutes == 30:
            outcomes.append(kept["S0USDT"].close("not mine"))
            outcomes.append(kept["S0USDT"].peak_pct)

    return meddler


def test_a_position_is_closed_in_its_own_turn_only() -> None:
    outcomes = []

    replayed = run(closing_for_another(outcomes), CANDLES, **WORLD)

    refused, peak_pct = outcomes
    assert (refused.accepted, refused.rule) == (False, "not_in_turn")
    closed = {row.symbol: row for row in replayed.rows if row.kind == "closed"}
    assert closed["S0USDT"].data["reason"] == "frame_end"
    assert closed["S0USDT"].data["peak_pct"] >= peak_pct


def test_what_a_hook_does_to_its_event_stays_with_it() -> None:
    @strategy("vandal", every="1m", hold=5)
    def vandal(ctx):
        return Signal.long()

    @vandal.on("closed")
    def scribble(ctx, event):
        event.details["entries"][0]["price"] = 1.0
        event.details["exits"].clear()

    replayed = run(vandal, CANDLES, **WORLD)

    closed = [row for row in replayed.rows if row.kind == "closed"]
    assert len(closed) > 100
    assert all(row.data["exits"] and row.data["entries"][0]["price"] > 1.0 for row in closed)


def test_nobody_sees_in_its_turn_what_the_failure_of_another_frees() -> None:
    cash = {}

    @strategy("frail", every="1m", hold="unlimited", cost=1000)
    def frail(ctx):
        return Signal.long()

    @frail.while_open
    def fail(ctx, position):
        cash.setdefault(ctx.now, []).append(ctx.account.cash)
        if ctx.symbol == "S0USDT" and position.minutes == 5:
            raise ValueError

    replayed = run(frail, CANDLES, **WORLD)

    assert list(replayed.failures) == ["S0USDT"]
    assert all(len(set(values)) == 1 for values in cash.values())


class Odd(BaseException):
    """An error that is no Exception."""


def test_any_error_of_user_code_stops_its_symbol_only() -> None:
    @strategy("odd", every="1m", hold="unlimited")
    async def odd(ctx):
        if ctx.symbol == "S1USDT":
            raise Odd("no")
        return Signal.long()

    replayed = run(odd, CANDLES, **WORLD)

    assert list(replayed.failures) == ["S1USDT"]
    assert str(replayed.failures["S1USDT"]).startswith("Odd: no (strategy 'odd'")
