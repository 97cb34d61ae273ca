"""One symbol in a run: when which function is called, with what, and what becomes of it."""

import pytest

from tests.support.candles import DAY
from tests.unit.drivers.minutes import candles, minute_of, once, play, rows, without
from tradekit.api.declare import strategy
from tradekit.domain.signal import Signal
from tradekit.domain.time import MINUTE_MS

# --- order ------------------------------------------------------------------------------------


def test_at_a_boundary_news_come_first_then_timers_then_hooks_then_the_question():
    called = []
    declared = strategy("s", hold=3)(
        lambda ctx: called.append((minute_of(ctx.now), "decide")) or Signal.long()
    )

    @declared.on("opened", "closed")
    def news(ctx, event):
        called.append((minute_of(ctx.now), event.kind))

    @declared.while_open
    def first(ctx, position):
        called.append((minute_of(ctx.now), "first"))
        if minute_of(ctx.now) == 3:
            assert position.close().rule == "already_closing"

    @declared.while_open(every="1m")
    def second(ctx, position):
        called.append((minute_of(ctx.now), "second"))

    play(declared, minutes=5)

    assert called == [
        (0, "decide"),
        (1, "opened"),
        (1, "first"),
        (1, "second"),
        (2, "first"),
        (2, "second"),
        (3, "first"),
        (3, "second"),
        (3, "decide"),
        (4, "closed"),
        (4, "opened"),
        (4, "first"),
        (4, "second"),
        (5, "closed"),
    ]


def test_a_hook_with_an_interval_is_called_once_a_slot():
    called = []
    declared = strategy("s", hold="unlimited")(once(Signal.long()))

    @declared.while_open(every="5m")
    def look(ctx, position):
        called.append(minute_of(ctx.now))

    play(declared, minutes=21)

    assert called == [1, 5, 10, 15, 20]


def test_hooks_have_intervals_of_their_own():
    called = []
    declared = strategy("s", hold="unlimited")(once(Signal.long()))
    for every in (5, 3):

        @declared.while_open(every=every)
        def look(ctx, position, every=every):
            called.append((minute_of(ctx.now), every))

    play(declared, minutes=11)

    assert called == [(1, 5), (1, 3), (3, 3), (5, 5), (6, 3), (9, 3), (10, 5)]


def test_hooks_are_called_each_candle_there_is():
    called = []
    declared = strategy("s")(once(Signal.long()))

    @declared.while_open
    def look(ctx, position):
        called.append(minute_of(ctx.now))

    play(declared, without(candles(12), 4, 5, 6))

    assert called == [1, 2, 3, 7, 8, 9, 10, 11]


def test_news_carry_the_fields_of_the_row_and_a_copy_of_it():
    told = []
    declared = strategy("s")(once(Signal.long(stop_loss=90)))

    @declared.on("opened")
    def news(ctx, event):
        told.append((event.kind, minute_of(event.ts_ms), event.symbol, event.signal_id))
        assert event.details["price"] == 100.0
        event.details.clear()

    replayed = play(declared)

    assert told == [("opened", 0, "X", "s-X-1")]
    assert rows(replayed, "opened")[0].data["price"] == 100.0


@pytest.mark.parametrize(
    ("signal", "kind"),
    [
        (Signal.long(stop_loss=99.9), "rejected"),
        (Signal.long(entry=90, wait=2), "cancelled"),
        (Signal.long(stop_loss=90, hold=2), "closed"),
    ],
)
def test_every_kind_of_news_is_told_at_the_next_boundary(signal, kind):
    told = []
    declared = strategy("s")(once(signal))
    declared.on(kind)(lambda ctx, event: told.append((minute_of(ctx.now), minute_of(event.ts_ms))))

    play(declared)

    happened = 0 if kind == "rejected" else 2
    assert told == [(happened + 1, happened)]


def test_what_nobody_listens_to_is_told_to_nobody():
    declared = strategy("s")(once(Signal.long()))
    declared.on("cancelled")(lambda ctx, event: pytest.fail("nothing was cancelled"))

    assert not play(declared).failures


# --- actions ----------------------------------------------------------------------------------


def test_a_close_fills_at_the_open_and_the_strategy_is_asked_at_once():
    asked = []
    outcomes = []
    declared = strategy("s")(
        lambda ctx: asked.append(minute_of(ctx.now)) or (Signal.long() if len(asked) < 3 else None)
    )

    @declared.while_open
    def leave(ctx, position):
        if minute_of(ctx.now) == 4:
            outcomes.extend([position.close("enough"), position.close("again")])

    replayed = play(declared, candles(m4=(103.0, 104.0, 103.0, 104.0)))

    assert [bool(each) for each in outcomes] == [True, False]
    assert [each.rule for each in outcomes] == ["", "already_closing"]
    (closed, _) = rows(replayed, "closed")
    assert (minute_of(closed.ts_ms), closed.data["exit_price"]) == (4, 103.0)
    assert (closed.data["reason"], closed.data["note"]) == ("closed", "enough")
    assert asked[:2] == [0, 4]
    assert [minute_of(row.ts_ms) for row in rows(replayed, "opened")] == [0, 4]


def test_what_opens_beyond_its_stop_goes_at_the_same_open():
    declared = strategy("s")(once(Signal.long(entry=98, stop_loss=95)))

    (closed,) = rows(play(declared, candles(m4=(90.0, 100.0, 90.0, 100.0))), "closed")

    assert (closed.data["entry_price"], closed.data["exit_price"]) == (90.0, 90.0)
    assert (minute_of(closed.ts_ms), closed.data["reason"]) == (4, "stop_loss")


@pytest.mark.parametrize("hooked", [True, False])
@pytest.mark.parametrize(
    ("candle", "reason"),
    [((100.0, 100.0, 95.0, 100.0), "stop_loss"), ((100.0, 110.0, 100.0, 100.0), "take_profit")],
)
def test_a_level_that_is_just_reached_fills(hooked, candle, reason):
    declared = strategy("s")(once(Signal.long(stop_loss=95, take_profit=110)))
    if hooked:
        declared.while_open(lambda ctx, position: None)

    (closed,) = rows(play(declared, candles(m4=candle)), "closed")

    assert (minute_of(closed.ts_ms), closed.data["reason"]) == (5, reason)


def test_actions_may_be_awaited():
    declared = strategy("s")(once(Signal.long()))

    @declared.while_open
    async def leave(ctx, position):
        assert await position.close()

    assert rows(play(declared), "closed")[0].data["reason"] == "closed"


def test_a_view_of_a_position_that_has_ended_closes_nothing():
    kept, outcomes = [], []
    declared = strategy("s", hold=3)(lambda ctx: Signal.long())

    @declared.while_open
    def look(ctx, position):
        kept.append(position)
        if minute_of(ctx.now) == 5:
            outcomes.append(kept[0].close("of the one before"))

    replayed = play(declared)

    assert not outcomes[0]
    assert [minute_of(row.ts_ms) for row in rows(replayed, "closed")] == [3, 6, 9, 12]


class Later:
    def __await__(self):
        yield from ()


@pytest.mark.parametrize("every", [None, 2])
def test_a_hook_may_return_anything_that_can_be_awaited_to_nothing(every):
    called = []
    declared = strategy("s")(once(Signal.long()))
    declared.while_open(every=every)(lambda ctx, position: called.append(ctx.now) or Later())

    assert not play(declared).failures
    assert len(called) > 4


def test_a_strategy_may_be_written_either_way():
    def decide(ctx):
        return Signal.long(stop_loss_pct=2, take_profit_pct=3, hold=4)

    async def decide_later(ctx):
        return decide(ctx)

    plain = play(strategy("s")(decide))

    assert plain.rows == play(strategy("s")(decide_later)).rows
    assert len(rows(plain, "closed")) == 3


def test_the_log_keeps_time_and_symbol():
    declared = strategy("s", every=5)(lambda ctx: ctx.log(f"at {ctx.price}"))

    assert play(declared).logs == [
        f"{DAY + minute * MINUTE_MS} X at 100.0" for minute in (0, 5, 10)
    ]


def test_the_state_lasts_as_long_as_the_run():
    def decide(ctx):
        ctx.state["asked"] = ctx.state.get("asked", 0) + 1
        ctx.log(ctx.state["asked"])

    logs = play(strategy("s", every=5)(decide)).logs
    assert [line.rsplit(" ", 1)[1] for line in logs] == ["1", "2", "3"]


def test_calls_are_counted_by_name():
    declared = strategy("s", hold="unlimited")(once(Signal.long(entry=99)))
    calls = []

    @declared.while_open
    def look(ctx, position):
        calls.append(ctx.now)

    # The entry fills inside candle 4: the candle is looked at while nothing is open.
    replayed = play(declared, candles(m4=(100.0, 100.0, 98.0, 100.0)))

    assert len(calls) == 7
    assert replayed.hook_calls["look"] == 7
    assert replayed.hook_calls["decide"] == 1


@pytest.mark.parametrize("skip", [True, False])
def test_calls_are_counted_the_same_however_candles_are_visited(skip):
    declared = strategy("s", every=5, hold=2)(lambda ctx: Signal.long())
    calls = []

    @declared.while_open
    def look(ctx, position):
        calls.append(ctx.now)

    replayed = play(declared, skip=skip)

    assert replayed.hook_calls == {"<lambda>": 3, "look": len(calls)}


# --- peak and drawdown ------------------------------------------------------------------------


def extremes(replayed):
    (row,) = rows(replayed, "closed")
    return pytest.approx((row.data["peak_pct"], row.data["drawdown_pct"]))


WILD = (100.0, 104.0, 97.0, 100.0)


def test_an_entry_at_the_open_counts_its_candle():
    declared = strategy("s", hold=3)(once(Signal.long()))

    assert extremes(play(declared, candles(m0=WILD))) == (4.0, -3.0)


def test_an_entry_inside_does_not_count_its_candle():
    declared = strategy("s", hold=3)(once(Signal.long(entry=99)))
    after = (100.0, 101.0, 99.0, 100.0)

    # At 99 a price of 101 is 2.02 %.
    replayed = play(declared, candles(m0=WILD, m1=after))
    assert extremes(replayed) == (200 / 99, 0.0)


def test_the_candle_of_the_exit_counts_its_price_only():
    declared = strategy("s")(once(Signal.long(stop_loss=95, take_profit=110)))
    series = candles(m2=(100.0, 102.0, 100.0, 100.0), m5=(100.0, 109.0, 94.0, 100.0))

    assert extremes(play(declared, series)) == (2.0, -5.0)


def test_a_close_at_the_open_does_not_count_its_candle():
    declared = strategy("s", hold=3)(once(Signal.long()))

    assert extremes(play(declared, candles(m2=(100.0, 101.0, 99.0, 100.0), m3=WILD))) == (1.0, -1.0)


def test_a_hook_sees_the_extremes_of_what_has_closed():
    seen = []
    declared = strategy("s", hold=6)(once(Signal.long()))

    @declared.while_open(every=2)
    def look(ctx, position):
        seen.append((minute_of(ctx.now), round(position.peak_pct), round(position.drawdown_pct)))

    series = candles(m1=(100.0, 103.0, 100.0, 100.0), m3=(100.0, 100.0, 96.0, 100.0))
    replayed = play(declared, series)

    assert seen == [(1, 0, 0), (2, 3, 0), (4, 3, -4), (6, 3, -4)]
    assert extremes(replayed) == (3.0, -4.0)


def test_a_position_that_the_frame_ends_counts_its_last_candle():
    declared = strategy("s", hold="unlimited")(once(Signal.long()))

    assert extremes(play(declared, candles(m11=WILD))) == (4.0, -3.0)
