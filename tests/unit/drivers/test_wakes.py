"""`Wake`: when who sleeps is called again."""

import asyncio
import json

import pytest

from tests.support.candles import DAY
from tests.support.worlds import plan_of
from tests.unit.drivers.minutes import FREE, candles, minute_of, once, play, without
from tradekit.api.declare import strategy
from tradekit.api.outcome import Wake
from tradekit.domain.commands import Wake as Bounds
from tradekit.domain.signal import Signal
from tradekit.domain.time import MINUTE_MS
from tradekit.drivers import replay
from tradekit.engine.machine import Machine
from tradekit.engine.quiet import DECIDER
from tradekit.engine.state import restore, snapshot
from tradekit.errors import SignalError

LOW = (100.0, 100.0, 97.0, 100.0)
HIGH = (100.0, 103.0, 100.0, 100.0)
BOTH = (100.0, 103.0, 97.0, 100.0)
WAYS = pytest.mark.parametrize("skip", [True, False])


def sleeper(called, *answers, every=None, signal=None):
    """Return a strategy whose hook gives these answers, then None, and notes when it is called."""
    left = list(answers)
    declared = strategy("s", hold="unlimited")(once(signal or Signal.long()))

    @declared.while_open(every=every)
    def look(ctx, position):
        called.append(minute_of(ctx.now))
        return left.pop(0) if left else None

    return declared


def calls(series, *answers, every=None, signal=None, minutes=12, skip=True):
    """Return at which minutes that hook is called."""
    called = []
    replayed = play(
        sleeper(called, *answers, every=every, signal=signal), series, minutes=minutes, skip=skip
    )
    assert not replayed.failures
    assert replayed.hook_calls["look"] == len(called)
    return called


# --- by price ---------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize(
    ("wake", "candle"),
    [
        (Wake(price_below=97), LOW),
        (Wake(price_above=103), HIGH),
        (Wake(price_below=97, price_above=110), BOTH),
        (Wake(price_below=90, price_above=103), BOTH),
    ],
)
def test_a_price_that_is_just_reached_wakes_at_the_next_boundary(wake, candle, skip):
    assert calls(candles(m5=candle), wake, skip=skip) == [1, 6, 7, 8, 9, 10, 11]


@WAYS
@pytest.mark.parametrize("wake", [Wake(price_below=96.99), Wake(price_above=103.01)])
def test_a_price_that_is_nearly_reached_wakes_nobody(wake, skip):
    assert calls(candles(m5=BOTH), wake, skip=skip) == [1]


@WAYS
def test_the_first_candle_that_is_looked_at_opens_at_the_time_it_was_returned(skip):
    wake = Wake(price_below=97)

    assert calls(candles(m0=LOW), wake, skip=skip) == [1]
    assert calls(candles(m1=LOW), wake, wake, skip=skip) == [1, 2]


@WAYS
def test_who_sleeps_again_is_woken_again(skip):
    wake = Wake(price_below=97)

    assert calls(candles(m3=LOW, m4=LOW, m8=LOW), *[wake] * 9, skip=skip) == [1, 4, 5, 9]


@WAYS
def test_a_bound_that_is_passed_already_wakes_at_each_boundary(skip):
    assert calls(candles(), *[Wake(price_below=100)] * 20, skip=skip) == list(range(1, 12))


def test_a_jump_over_a_bound_wakes():
    assert calls(candles(m5=(80.0, 80.0, 80.0, 80.0)), Wake(price_below=97))[:2] == [1, 6]


# --- by time ----------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("after", [4, "4m"])
def test_a_time_wakes_at_its_boundary(after, skip):
    assert calls(candles(), *[Wake(after=after)] * 9, skip=skip) == [1, 5, 9]


@WAYS
def test_whatever_comes_first_wakes(skip):
    wake = Wake(price_below=97, price_above=103, after=4)

    assert calls(candles(m2=LOW, m9=HIGH), *[wake] * 9, skip=skip) == [1, 3, 7, 10]


@WAYS
def test_a_time_in_a_hole_wakes_at_the_next_candle(skip):
    assert calls(without(candles(), 4, 5, 6), Wake(after=4), skip=skip) == [1, 7, 8, 9, 10, 11]


# --- by change --------------------------------------------------------------------------------


@WAYS
def test_without_a_bound_it_sleeps_until_something_changes(skip):
    assert calls(candles(), Wake(), skip=skip) == [1]


def changing(called, change, *, first):
    """Return a strategy of a hook that changes something at minute 5, and one that sleeps."""
    declared = strategy("s", hold="unlimited")(once(Signal.long(stop_loss=90, take_profit=120)))

    def act(ctx, position):
        if minute_of(ctx.now) == 5:
            assert change(position)

    def sleep(ctx, position):
        called.append(minute_of(ctx.now))
        return Wake()

    for hook in (act, sleep) if first else (sleep, act):
        declared.while_open(hook)
    return declared


CHANGES = {
    "average at market": (lambda position: position.average_buy(10, mode="anywhere"), [5, 6]),
    "average that waits": (lambda position: position.average_buy(10, limit=95), [5]),
    "part": (lambda position: position.close_part(pct=50), [5, 6]),
    "stop": (lambda position: position.trail_stop(price=95), [5]),
    "target": (lambda position: position.trail_target(price=110), [5]),
}


@WAYS
@pytest.mark.parametrize(("change", "woken"), CHANGES.values(), ids=CHANGES)
def test_what_changes_position_or_orders_wakes_everybody(change, woken, skip):
    called = []
    # Who is declared later sleeps no longer when its turn comes, at that very boundary.
    play(changing(called, change, first=True), skip=skip)
    assert called == [1, *woken]

    called.clear()
    play(changing(called, change, first=False), skip=skip)
    assert called == [1, 6]


@WAYS
def test_a_refused_action_wakes_nobody(skip):
    called = []

    play(
        changing(called, lambda position: not position.trail_stop(price=80), first=True), skip=skip
    )

    assert called == [1]


@WAYS
@pytest.mark.parametrize(
    ("signal", "candle"),
    [
        (Signal.long(take_profit=[(103, 50), (110, 50)]), HIGH),
        (Signal.long(trail_pct=2.0), (100.0, 103.0, 100.0, 103.0)),
    ],
)
def test_what_the_market_changes_wakes_everybody(signal, candle, skip):
    series = candles(m5=candle, **{f"m{m}": (103.0,) * 4 for m in range(6, 12)})

    assert calls(series, *[Wake()] * 9, signal=signal, skip=skip)[-1] == 6


@WAYS
def test_a_new_position_starts_awake(skip):
    called = []
    declared = strategy("s", hold=4)(lambda ctx: Signal.long())

    @declared.while_open
    def look(ctx, position):
        called.append(minute_of(ctx.now))
        return Wake()

    play(declared, skip=skip)

    # Held from 0, 4 and 8 on: at 4 the close is sent before hooks run, which wakes.
    assert called == [1, 4, 5, 8, 9]


# --- intervals --------------------------------------------------------------------------------


@WAYS
def test_who_has_an_interval_is_called_in_no_other_slots_for_having_slept(skip):
    # Called in each slot it would have been called at 5 and 10, never in between.
    wake = Wake(price_below=97)

    assert calls(candles(21, m6=LOW), wake, every="5m", minutes=21, skip=skip) == [1, 10, 15, 20]


@WAYS
def test_a_slot_slept_into_is_used_for_the_next_position_too(skip):
    called = []
    declared = strategy("s", hold="unlimited")(lambda ctx: Signal.long(stop_loss=97))

    @declared.while_open(every="5m")
    def look(ctx, position):
        called.append(minute_of(ctx.now))
        return Wake()

    # Stopped in the candle of minute 6, and open again from 7 on: awake it was called at 5.
    play(declared, candles(m6=LOW), skip=skip)

    assert called == [1, 10]


@WAYS
def test_the_deciding_function_is_asked_in_no_other_slots_for_having_slept(skip):
    asked = []
    wakes = [Wake(price_below=97), Wake(after=7), Wake(price_below=90)]

    def decide(ctx):
        asked.append(minute_of(ctx.now))
        return wakes.pop(0)

    play(strategy("s", every="5m")(decide), candles(26, m6=LOW), minutes=26, skip=skip)

    assert asked == [0, 10, 20]


# --- who may sleep ----------------------------------------------------------------------------


@WAYS
def test_the_deciding_function_and_idle_hooks_may_sleep(skip):
    called = []
    declared = strategy("s")(
        lambda ctx: called.append((minute_of(ctx.now), "decide")) or Wake(price_below=97)
    )

    @declared.while_idle
    def idle(ctx):
        called.append((minute_of(ctx.now), "idle"))
        return Wake(after=8)

    play(declared, candles(m5=LOW), skip=skip)

    assert called == [(0, "idle"), (0, "decide"), (6, "decide"), (8, "idle")]


@WAYS
def test_a_hook_of_a_waiting_entry_may_sleep(skip):
    called = []
    declared = strategy("s")(once(Signal.long(entry=95, wait=9)))

    @declared.while_waiting
    def look(ctx, order):
        called.append(minute_of(ctx.now))
        return Wake(price_above=103)

    play(declared, candles(m3=HIGH, m6=HIGH), skip=skip)

    assert called == [1, 4, 7]


def test_async_hooks_may_sleep():
    called = []
    declared = strategy("s", hold="unlimited")(once(Signal.long()))

    @declared.while_open
    async def look(ctx, position):
        called.append(minute_of(ctx.now))
        return Wake(after=5)

    play(declared)

    assert called == [1, 6, 11]


# --- what is kept, what is wrong --------------------------------------------------------------


def test_pending_wakes_are_in_the_snapshot():
    """Whoever restores it sleeps on: what was waited for is the machine's, not the hook's."""
    wakes = {0: Wake(price_below=90, after=30), 1: Wake(price_above=110), 2: Wake()}
    declared = strategy("s")(lambda ctx: wakes[DECIDER])
    declared.while_idle(lambda ctx: wakes[1])
    declared.while_idle(lambda ctx: wakes[2])
    plan = plan_of(
        declared, {"X": candles()}, since_ms=DAY, until_ms=DAY + 12 * MINUTE_MS, costs=FREE
    )
    schedule = replay._Schedule(plan, skip=True, validate=True)
    asyncio.run(schedule.run(1, lambda: False))
    machine = schedule._runners[0].machine

    plain = json.loads(json.dumps(snapshot(machine.state)))
    resumed = Machine(machine.terms, restore(plain, FREE))

    assert resumed.state.wakes == {
        DECIDER: Bounds(90.0, None, DAY + 30 * MINUTE_MS),
        1: Bounds(None, 110.0, None),
        2: Bounds(None, None, None),
    }
    assert resumed.quiet == machine.quiet == (90.0, 110.0, DAY + 30 * MINUTE_MS)


@pytest.mark.parametrize("answer", [0, False, "4m", (97.0, None), Wake, Signal.long()])
def test_a_hook_that_returns_something_else_is_told_what_it_may(answer):
    failure = play(sleeper([], answer)).failures["X"]

    assert failure.message.startswith(f"look returned {answer!r}, must be None or a Wake (")
    assert failure.message.count("\n") == 0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"price_below": True}, "price_below was True, must be"),
        ({"price_above": float("inf")}, "price_above was inf, must be"),
        ({"price_below": float("nan")}, "price_below was nan, must be"),
        ({"price_above": "high"}, "price_above was 'high', must be"),
        ({"after": "soon"}, "Wake after"),
        ({"after": 0}, "Wake after"),
    ],
)
def test_a_wake_that_makes_no_sense_is_one_sentence(fields, message):
    with pytest.raises(SignalError, match=message) as caught:
        Wake(**fields)
    assert "\n" not in caught.value.message

    @strategy("s")
    def decide(ctx):
        return Wake(**fields)

    failure = play(decide).failures["X"]
    assert caught.value.message in failure.message
    assert "(strategy 's', decide (test_wakes.py:" in failure.message


@WAYS
def test_a_profit_that_no_price_brings_or_every_price_can_be_waited_for(skip):
    """A part that earned more than what is waited for leaves `price_at` below 0."""
    seen = []
    declared = strategy("s", hold="unlimited")(once(Signal.long(take_profit=[(150, 50)])))

    @declared.while_open
    def look(ctx, position):
        seen.append((minute_of(ctx.now), position.price_at(-30) < 0, position.price_at(-130) < 0))
        if len(seen) == 1:
            return Wake(price_below=position.price_at(-130))
        return Wake(price_above=position.price_at(-30))

    replayed = play(declared, candles(m3=(100.0, 150.0, 100.0, 100.0)), minutes=7, skip=skip)

    assert not replayed.failures
    # 0.5 earned 25 and 0.5 can lose 50: from minute 4 on -30 % is out of reach.
    assert seen == [(1, False, True), *((minute, True, True) for minute in (4, 5, 6))]
