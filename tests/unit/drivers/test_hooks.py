"""Hooks: which is called when and in which order, what each is told, and what they may do."""

import pytest

from tests.unit.drivers.minutes import candles, minute_of, once, play, rows, without
from tradekit.api.declare import strategy
from tradekit.domain.signal import Signal

WAYS = pytest.mark.parametrize("skip", [True, False])
WRITTEN = pytest.mark.parametrize("later", [False, True])


def written(function, later):
    """Return the function as `def` or as `async def`."""

    async def coroutine(*arguments):
        return function(*arguments)

    coroutine.__name__ = function.__name__
    return coroutine if later else function


# --- when -------------------------------------------------------------------------------------


@WAYS
@WRITTEN
def test_each_hook_is_called_while_its_name_says_so(skip, later):
    called = []

    def note(name):
        def hook(ctx, *shown):
            called.append((minute_of(ctx.now), name))

        return written(hook, later)

    declared = strategy("s", hold=3, wait=2)(
        written(lambda ctx: Signal.long(entry=98) if minute_of(ctx.now) in (2, 6) else None, later)
    )
    declared.while_idle(note("idle"))
    declared.while_waiting(note("waiting"))
    declared.while_open(note("open"))

    # The first entry is taken back at 4, the second fills in the candle of minute 7.
    play(declared, candles(13, m7=(100.0, 100.0, 98.0, 100.0)), minutes=13, skip=skip)

    assert called == [
        *[(minute, "idle") for minute in (0, 1, 2)],
        # At 4 its time is over before hooks are called: nothing waits any more.
        (3, "waiting"),
        *[(minute, "idle") for minute in (4, 5, 6)],
        (7, "waiting"),
        *[(minute, "open") for minute in (8, 9, 10, 11)],
        (12, "idle"),
    ]


@WAYS
def test_at_a_boundary_hooks_come_after_timers_in_the_order_declared(skip):
    called = []
    declared = strategy("s", hold=2)(lambda ctx: called.append("decide") or Signal.long())
    for name in ("b", "a"):

        @declared.while_open
        def look(ctx, position, name=name):
            called.append((name, position.close().rule if minute_of(ctx.now) == 2 else ""))

        @declared.on("closed", "opened")
        def hear(ctx, event, name=name):
            called.append((name, event.kind))

    play(declared, minutes=4, skip=skip)

    due = [("b", "already_closing"), ("a", "already_closing")]
    assert called[:5] == ["decide", ("b", "opened"), ("a", "opened"), ("b", ""), ("a", "")]
    # At 2 the hold is over before hooks run, and the next one is asked for after them; at 3 both
    # hooks hear of the close before they hear of what opened at the same open.
    assert called[5:8] == [*due, "decide"]
    assert called[8:12] == [(n, kind) for kind in ("closed", "opened") for n in ("b", "a")]


@WAYS
@pytest.mark.parametrize("kind", ["idle", "waiting", "open"])
def test_every_hook_may_have_an_interval_of_its_own(kind, skip):
    called = []
    signal = {"idle": None, "waiting": Signal.long(entry=90, wait="1d"), "open": Signal.long()}
    declared = strategy("s", hold="unlimited")(once(signal[kind]))
    hook = getattr(declared, f"while_{kind}")
    hook(every="5m")(lambda ctx, *shown: called.append(minute_of(ctx.now)))

    play(declared, without(candles(26), 10, 11), minutes=26, skip=skip)

    # Where minute 10 is missing the first candle of the slot counts; 0 is before the signal.
    assert called == ([0] if kind == "idle" else [1]) + [5, 12, 15, 20, 25]


# --- what is heard ----------------------------------------------------------------------------

UP, DOWN = (100.0, 104.0, 100.0, 100.0), (100.0, 100.0, 96.0, 100.0)
BRACKET = Signal.long(stop_loss=90, take_profit=120)


def act(position, kind):
    """Ask for what leads to an event of that kind."""
    if kind == "averaged":
        return position.average_buy(50, mode="anywhere")
    if kind == "partial":
        return position.close_part(pct=50)
    if kind == "trailed":
        return position.trail_stop(price=95)
    return None


# Kind, signal, the candle of minute 4; when it happened and when it is heard of.
HEARD = [
    ("opened", BRACKET, UP, 0, 1),
    ("closed", Signal.long(take_profit=104), UP, 5, 5),
    ("scheduled", Signal.long(entry=90), UP, 0, 1),
    ("cancelled", Signal.long(entry=90, wait=3), UP, 3, 4),
    ("rejected", Signal.long(stop_loss=99.99), UP, 0, 1),
    ("averaged", BRACKET, UP, 3, 4),
    ("partial", BRACKET, UP, 3, 4),
    ("trailed", BRACKET, UP, 3, 4),
    ("level", BRACKET, (100.0, 102.0, 100.0, 100.0), 5, 5),
    ("breakeven", BRACKET, (99.0, 104.0, 99.0, 100.0), 1, 1),
    ("peak", BRACKET, UP, 5, 5),
    ("trough", BRACKET, DOWN, 5, 5),
]


@WAYS
@WRITTEN
@pytest.mark.parametrize(("kind", "signal", "candle", "happened", "heard"), HEARD)
def test_an_event_is_heard_once_at_the_next_boundary(
    kind, signal, candle, happened, heard, skip, later
):
    called = []
    declared = strategy("s", hold="unlimited")(once(signal))

    def hear(ctx, event):
        called.append((event.kind, minute_of(event.ts_ms), minute_of(ctx.now), event.symbol))

    def manage(ctx, position):
        called.append(minute_of(ctx.now))
        if minute_of(ctx.now) == 3:
            act(position, kind)

    declared.on(kind)(written(hear, later))
    declared.while_open(written(manage, later))

    assert not play(declared, candles(m4=candle), skip=skip).failures

    told = [each for each in called if isinstance(each, tuple)]
    assert told == [(kind, happened, heard, "X")]
    if heard in called:
        assert called.index(told[0]) < called.index(heard)


# --- what goes wrong --------------------------------------------------------------------------

PLACES = ["decide", "idle", "open", "open every", "hear"]


def failing(place, on_error, later, called):
    """Return a strategy of which one function raises at minutes 3 and 4."""

    def raises(ctx, *shown):
        called.append(minute_of(ctx.now))
        if minute_of(ctx.now) in (3, 4):
            raise ZeroDivisionError("no luck")

    hook = written(raises, later)
    signal = None if place in ("decide", "idle") else BRACKET
    make = strategy("s", hold=2, on_error=on_error)
    declared = make(hook if place == "decide" else lambda ctx: signal)
    if place == "idle":
        declared.while_idle(hook)
    elif place == "hear":
        declared.on("opened")(hook)
    elif place != "decide":
        declared.while_open(every=1 if place == "open every" else None)(hook)
    return declared


@WAYS
@WRITTEN
@pytest.mark.parametrize("place", PLACES)
def test_a_hook_that_raises_stops_its_symbol_where_that_is_wanted(place, skip, later):
    called = []
    replayed = play(failing(place, "stop", later, called), skip=skip)

    assert called[-1] == 3
    (failed,) = rows(replayed, "failed")
    assert (minute_of(failed.ts_ms), failed.data["error"]) == (3, "ZeroDivisionError")
    assert failed.data["hook"] == "raises"
    message = replayed.failures["X"].message
    assert message.startswith("ZeroDivisionError: no luck (strategy 's', raises (test_hooks.py:")
    assert replayed.hook_calls["raises"] == len(called)
    if place in ("open", "open every"):
        assert rows(replayed, "closed")[-1].data["reason"] == "failed"
    assert not rows(replayed, "error")


@WAYS
@WRITTEN
@pytest.mark.parametrize("place", PLACES)
def test_a_hook_that_raises_is_counted_and_left_out_where_that_is_wanted(place, skip, later):
    called = []
    replayed = play(failing(place, "continue", later, called), skip=skip)

    assert not replayed.failures
    assert not rows(replayed, "failed")
    assert called[-1] > 4
    told = [minute_of(row.ts_ms) for row in rows(replayed, "error")]
    assert told == [minute for minute in called if minute in (3, 4)]
    for row in rows(replayed, "error"):
        assert row.data == {"error": "ZeroDivisionError", "hook": "raises"}
    assert sum("no luck" in line and "test_hooks.py:" in line for line in replayed.logs) == len(
        told
    )


def test_one_symbol_that_stops_leaves_the_others():
    declared = strategy("s", hold="unlimited")(lambda ctx: BRACKET)

    @declared.while_open
    def look(ctx, position):
        if ctx.symbol == "Y" and minute_of(ctx.now) == 4:
            position.average_buy(-1)

    replayed = play(declared, {name: candles() for name in ("X", "Y", "Z")})

    assert list(replayed.failures) == ["Y"]
    assert replayed.failures["Y"].message.startswith("cost was -1, must be")
    reasons = {row.symbol: row.data["reason"] for row in rows(replayed, "closed")}
    assert reasons == {"X": "frame_end", "Y": "failed", "Z": "frame_end"}


# --- what they may do -------------------------------------------------------------------------


def test_views_are_read_only_and_lists_are_copies():
    declared = strategy("s", hold="unlimited")(once(BRACKET))
    seen = []

    @declared.while_open
    def vandal(ctx, position):
        seen.append((position.entries, position.quantity, position.stop_loss_price))
        for name in ("quantity", "stop_loss_price", "pnl_pct", "entries"):
            with pytest.raises(AttributeError):
                setattr(position, name, 0)
        assert isinstance(position.entries, tuple)

    replayed = play(declared)

    assert not replayed.failures
    assert set(seen) == {seen[0]}
    assert rows(replayed, "closed")[0].data["quantity"] == seen[0][1]


ACTIONS = {
    "close": lambda position: position.close(),
    "close_part": lambda position: position.close_part(pct=50),
    "average_buy": lambda position: position.average_buy(10, mode="anywhere"),
    "trail_stop": lambda position: position.trail_stop(price=95),
    "trail_target": lambda position: position.trail_target(price=130),
    "breakeven": lambda position: position.breakeven(),
}


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_nothing_is_done_to_a_position_that_ended_or_in_the_turn_of_another(action):
    kept, rules = {}, []
    declared = strategy("s", hold=3)(lambda ctx: BRACKET)

    @declared.while_open
    def look(ctx, position):
        kept.setdefault(ctx.symbol, position)
        if ctx.symbol == "Y" and minute_of(ctx.now) == 2:
            rules.append(action(kept["X"]).rule)
        if ctx.symbol == "Y" and minute_of(ctx.now) == 5:
            rules.append(action(kept["Y"]).rule)

    replayed = play(declared, {"X": candles(), "Y": candles()})

    assert rules == ["not_in_turn", "no_open_position"]
    assert not {"trailed", "averaged", "partial"} & {row.kind for row in replayed.rows}


@pytest.mark.parametrize("action", ["cancel", "fill_now"])
def test_nothing_is_done_to_an_entry_that_waits_no_longer(action):
    kept, rules = [], []
    declared = strategy("s", wait=2)(once(Signal.long(entry=90)))
    declared.while_waiting(lambda ctx, order: kept.append(order))
    declared.while_idle(lambda ctx: rules.extend(getattr(o, action)().rule for o in kept[:1]))

    play(declared)

    assert set(rules) == {"no_waiting_entry"}
