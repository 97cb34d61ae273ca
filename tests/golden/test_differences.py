"""What docs/differences.md says of small worlds, worked out by hand.

Here are the claims that no other test proves. A price alone is a candle that never moved, minute 0
is the first that a strategy is asked at. Costs are the default ones: a long that opens at O and
closes at C earns (C · 0.999 - O · 1.001) / (O · 1.001) less fees of 0.1 % of each side.
"""

import pytest

from tests.support import worlds
from tests.support.oracle_bridge import START_MS, at, minutes, to_series
from tradekit import Signal, strategy
from tradekit.domain.time import MINUTE_MS

COUNT = 40


def minute_of(ts_ms):
    return (ts_ms - START_MS) // MINUTE_MS


def told(rows, *kinds):
    """Return (kind, minute, price) of the rows of those kinds."""
    return [
        (row.kind, minute_of(row.ts_ms), row.data["price"]) for row in rows if row.kind in kinds
    ]


def play(signal, prices, act=None, *, when=lambda ctx: True, override=None, count=COUNT):
    """Ask for `signal` once `when` says so, let `act(ctx, position)` manage it; return the rows."""

    @strategy("differs", hold="unlimited")
    def differs(ctx):
        if ctx.state.get("asked") or not when(ctx):
            return None
        ctx.state["asked"] = True
        return signal

    if act is not None:
        differs.while_open(act)
    series = to_series(minutes(count, {-99: 100.0, **prices}, override))
    result = worlds.run(differs, {"X": series}, since_ms=at(0), until_ms=at(count))
    assert not result.failures
    return result.rows


def trade_of(rows):
    (trade,) = [row.data for row in rows if row.kind == "closed"]
    return trade


def test_q01_who_buys_after_a_jump_pays_the_price_after_it():
    """The market goes from 100 to 110 at minute 10; the mean of five minutes would still be 102."""
    rows = play(
        Signal.long(stop_loss=99, take_profit=120), {10: 110.0}, when=lambda ctx: ctx.price > 105
    )

    assert told(rows, "opened") == [("opened", 11, 110.0)]
    assert trade_of(rows)["pnl_pct"] == pytest.approx(-0.3996003996)


def test_q01_a_stop_is_not_filled_where_nothing_was_traded():
    """The stop is at 97, the price falls from 100 to 50 at minute 7."""
    trade = trade_of(play(Signal.long(stop_loss=97, take_profit=103), {7: 50.0}))

    assert (trade["reason"], trade["exit_price"]) == ("stop_loss", 50.0)


def test_q02_a_hook_has_one_price_and_trades_at_a_later_one():
    """The price rises by 0.1 a minute; a short that adds gets the open that its hook never saw."""
    prices = {minute: 100.0 + minute / 10 for minute in range(COUNT)}
    seen = {}

    def add_once(ctx, position):
        seen[minute_of(ctx.now)] = ctx.price, float(ctx.candles("1m", 1).close[-1])
        if minute_of(ctx.now) == 6:
            assert position.average_buy(100)

    rows = play(Signal.short(), prices, add_once)

    # At 6 the last close is that of minute 5, by every way to ask; minute 6 opens at 100.6.
    assert seen[6] == (100.5, 100.5)
    assert told(rows, "averaged") == [("averaged", 6, 100.6)]


def test_q12_extremes_are_those_of_candles_and_of_the_exit():
    """A wick to 108 in minute 5, a stop at 98 in minute 20."""
    override = {5: (100.0, 108.0, 100.0, 100.0), 20: (100.0, 100.0, 97.0, 99.0)}
    trade = trade_of(play(Signal.long(stop_loss=98), {}, override=override))

    assert trade["exit_price"] == 98.0
    assert trade["peak_pct"] == pytest.approx(7.5764315684)
    # Exactly the loss it ended with, not that of the candle's low.
    assert trade["drawdown_pct"] == pytest.approx(-2.3936083916)
    assert trade["drawdown_pct"] == trade["pnl_pct"]


def test_q12_who_never_gained_has_a_peak_of_what_the_entry_cost():
    trade = trade_of(play(Signal.long(stop_loss=90), {5: 99.0, 10: 89.0}))

    assert trade["peak_pct"] == pytest.approx(-0.3996003996)


def test_q15_where_an_average_may_be_is_said_by_name_and_how_often_is_capped():
    """At 90 after an entry at 100: new. At 92: no new low, but below the average of 94.7."""
    answers = {}
    asked = {6: {}, 12: {}, 14: {"mode": "below_effective", "max_entries": 2}}
    asked |= {16: {"mode": "below_effective", "max_cost": 250}, 18: {"mode": "below_effective"}}

    def add(ctx, position):
        minute = minute_of(ctx.now)
        if minute in asked:
            answers[minute] = position.average_buy(100, **asked[minute]).rule

    rows = play(Signal.long(), {5: 90.0, 11: 92.0}, add)

    refused = {12: "not_a_new_extreme", 14: "max_entries", 16: "max_cost"}
    assert answers == {6: "", **refused, 18: ""}
    assert told(rows, "averaged") == [("averaged", 6, 90.0), ("averaged", 18, 92.0)]


def test_q32_an_entry_that_waited_says_so_even_if_its_first_candle_filled_it():
    override = {0: (100.0, 100.0, 95.0, 100.0)}
    rows = play(Signal.long(entry=95), {}, override=override)

    opened = next(row for row in rows if row.kind == "opened")
    assert opened.data["entry_type"] == "limit"
    assert [row.kind for row in rows if row.kind != "state"][:2] == ["scheduled", "opened"]
    assert trade_of(rows)["entry_ts_ms"] == at(1)


def test_trap_percent_of_a_part_is_of_what_is_held():
    """Half and half again leaves a quarter."""
    held = {}

    def halve(ctx, position):
        minute = minute_of(ctx.now)
        held[minute] = position.held_pct, position.closed_pct, position.cost_left
        if minute in (2, 4):
            assert position.close_part(pct=50)

    play(Signal.long(), {}, halve)

    assert held[3] == pytest.approx((50.0, 50.0, 50.0))
    assert held[5] == pytest.approx((25.0, 75.0, 25.0))


def test_trap_percent_of_a_trailing_stop_is_of_the_price():
    """Five percent below 104 are 98.8; the entry at 100 and its stop at 90 play no part."""
    stops = {}

    def follow(ctx, position):
        minute = minute_of(ctx.now)
        if minute == 12:
            assert position.trail_stop(pct=5)
        stops[minute] = position.stop_loss_price

    play(Signal.long(stop_loss=90), {10: 104.0}, follow)

    assert stops[11] == 90.0
    assert stops[12] == pytest.approx(98.8)


def test_trap_profit_is_after_the_costs_of_leaving():
    """At the price of its entry a position is worth less than it cost."""
    seen = {}

    def look(ctx, position):
        seen[minute_of(ctx.now)] = position.pnl_pct, position.net_zero_price

    play(Signal.long(), {}, look)

    assert seen[1][0] == pytest.approx(-0.3996003996)
    assert seen[1][1] == pytest.approx(100.4008, abs=1e-4)


def test_trap_levels_are_tenths_of_the_way():
    """From 100 to the target at 110 each percent is a level; at 110 it is filled."""
    rows = []

    @strategy("watches", hold="unlimited")
    def watches(ctx):
        return None if rows else Signal.long(stop_loss=90, take_profit=110)

    @watches.on("level")
    def hear(ctx, event):
        rows.append((event.details["toward"], event.details["level_pct"]))

    series = to_series(minutes(COUNT, {-99: 100.0, 10: 109.9, 20: 111.0}))
    worlds.run(watches, {"X": series}, since_ms=at(0), until_ms=at(COUNT))

    assert rows == [("target", 10.0 * step) for step in range(1, 11)]
