"""What user code keeps: how long it lasts, what it may be, and what the journal says of it."""

import json

import pytest

from tests.unit.drivers.minutes import FREE, minute_of, once, play, rows
from tests.unit.engine.machine_builder import at, filled, machine_in
from tradekit.api.declare import strategy
from tradekit.domain.journal import Phase
from tradekit.domain.signal import Signal
from tradekit.engine.events import StateKept
from tradekit.engine.lifecycle import Status
from tradekit.engine.machine import Machine
from tradekit.engine.state import restore, snapshot

EVERY = pytest.mark.parametrize("every", [None, "1m"])  # called by the schedule, and by `decide`


def keeping(keep, *, every=None, hold="unlimited", again=False):
    declared = strategy("s", hold=hold)(
        (lambda ctx: Signal.long()) if again else once(Signal.long())
    )
    declared.while_open(every=every)(keep)
    return declared


def told(replayed):
    return [
        (minute_of(row.ts_ms), row.data["scope"], row.data["value"])
        for row in rows(replayed, "state")
    ]


@EVERY
def test_the_state_of_a_position_ends_with_it_and_that_of_the_symbol_does_not(every):
    seen = []

    def keep(ctx, position):
        seen.append((minute_of(ctx.now), ctx.state.get("n", 0), position.state.get("n", 0)))
        ctx.state["n"] = ctx.state.get("n", 0) + 1
        position.state["n"] = position.state.get("n", 0) + 1

    play(keeping(keep, every=every, hold=3, again=True), minutes=7)

    # At 3 and 6 the old one is about to be closed; what opens there is first shown at 4.
    assert seen == [(1, 0, 0), (2, 1, 1), (3, 2, 2), (4, 3, 0), (5, 4, 1), (6, 5, 2)]


@EVERY
def test_a_change_is_journaled_once_and_what_stays_is_not(every):
    def keep(ctx, position):
        if minute_of(ctx.now) in (2, 5):
            ctx.state["b"] = [1, {"x": None}]
            ctx.state["a"] = minute_of(ctx.now) > 2
            position.state["rungs"] = 1.5

    assert told(play(keeping(keep, every=every))) == [
        (2, "symbol", '{"a":false,"b":[1,{"x":null}]}'),
        (2, "position", '{"rungs":1.5}'),
        (5, "symbol", '{"a":true,"b":[1,{"x":null}]}'),
    ]


@EVERY
def test_a_change_deep_inside_is_journaled(every):
    def keep(ctx, position):
        ctx.state.setdefault("list", []).append(0) if minute_of(ctx.now) in (1, 4) else None

    assert told(play(keeping(keep, every=every))) == [
        (1, "symbol", '{"list":[0]}'),
        (4, "symbol", '{"list":[0,0]}'),
    ]


@EVERY
@pytest.mark.parametrize("scope", ["symbol", "position"])
def test_a_state_that_is_emptied_is_journaled_at_that_boundary(every, scope):
    def keep(ctx, position):
        state = ctx.state if scope == "symbol" else position.state
        if minute_of(ctx.now) == 2:
            state["n"] = 1
        if minute_of(ctx.now) == 5:
            state.clear()

    assert told(play(keeping(keep, every=every))) == [(2, scope, '{"n":1}'), (5, scope, "{}")]


def test_the_deciding_function_and_event_hooks_keep_state_too():
    declared = strategy("s", every="5m", hold=3)(lambda ctx: ctx.state.update(asked=ctx.price))

    @declared.on("rejected", "opened")
    def news(ctx, event):
        ctx.state["news"] = event.kind

    assert told(play(declared)) == [(0, "symbol", '{"asked":100.0}')]
    declared = strategy("s")(once(Signal.long()))
    declared.on("opened")(news)
    assert told(play(declared)) == [(1, "symbol", '{"news":"opened"}')]


@EVERY
@pytest.mark.parametrize("value", [{1, 2}, object, float("nan"), float("inf"), b"x", 1j])
@pytest.mark.parametrize("scope", ["ctx", "position"])
def test_what_json_cannot_hold_is_one_sentence_that_names_the_hook(every, value, scope):
    def keep(ctx, position):
        (ctx if scope == "ctx" else position).state["odd"] = value

    failure = play(keeping(keep, every=every)).failures["X"]

    assert failure.message.startswith(f"{scope}.state was {{'odd': ")
    assert "must hold JSON values only" in failure.message
    assert "(strategy 's', keep, X at 2026-04-01T00:01:00Z)" in failure.message
    assert "\n" not in failure.message


def test_a_snapshot_of_the_machine_carries_what_was_kept():
    machine = machine_in(Status.ACTIVE)
    for scope, text in (("symbol", '{"a":1}'), ("position", '{"b":[2]}')):
        machine.handle(StateKept(at(2), Phase.DECISION, scope, text))

    plain = json.loads(json.dumps(snapshot(machine.state)))
    resumed = Machine(machine.terms, restore(plain, FREE), validate=True)

    assert resumed.state.kept == {"symbol": '{"a":1}', "position": '{"b":[2]}'}
    resumed.handle(filled("s-X-1:stop", minute=3, price=95.0))
    assert resumed.state.kept == {"symbol": '{"a":1}'}


def test_who_starts_from_a_snapshot_finds_what_was_kept(monkeypatch):
    kept = {"symbol": '{"a":1}'}
    seen = []
    declared = strategy("s")(lambda ctx: seen.append(dict(ctx.state)))

    def restored(terms, **more):
        machine = Machine(terms, **more)
        machine.state.kept.update(kept)
        return machine

    monkeypatch.setattr("tradekit.drivers.runner.Machine", restored)
    replayed = play(declared, minutes=2)

    assert seen == [{"a": 1}] * 2
    assert told(replayed) == []
