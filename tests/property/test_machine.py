"""The machine under any events: it moves legally or halts, and a snapshot loses nothing.

Journeys (see `journeys`) lead to where something is tried.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import get_args

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings

from tests.unit.engine.dice import Dice, dice
from tests.unit.engine.journeys import KINDS, Journey, event_of, journey_of, play
from tests.unit.engine.machine_builder import cancelled, filled, rejected
from tradekit.domain.commands import Command
from tradekit.domain.journal import EventRow
from tradekit.domain.order import Order, Role
from tradekit.engine.effects import AmendOrder, AnswerCommand, AskStrategy, CancelOrder
from tradekit.engine.events import (
    BoundaryReached,
    CandlesClosed,
    CommandIssued,
    DecisionDue,
    Event,
    HookFailed,
    HookSlept,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RunEnded,
    StateKept,
    StrategyAnswered,
    Woken,
)
from tradekit.engine.lifecycle import TABLE, Status
from tradekit.engine.machine import Machine
from tradekit.engine.state import check, restore, snapshot
from tradekit.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, SignalError

EXAMPLES = 300
ROLLS = 480
EFFECTS_MAX = 32

STATUSES = [status for status in Status if status is not Status.HALTED]
# These may come at any time; the rest depends on what there is.
ALWAYS = (BoundaryReached, DecisionDue, HookSlept, Woken, StateKept, HookFailed, RunEnded)
ANSWERS = (OrderFilled, OrderRejected, OrderCancelled)
LOCAL, REMOTE = LocalProtocolError.__name__, RemoteProtocolError.__name__
MOVES = {(before, after) for (before, _), after in TABLE.items()}

CHECKS = settings(max_examples=EXAMPLES, phases=[Stage.generate, Stage.shrink])


def copy_of(machine: Machine) -> Machine:
    plain = json.loads(json.dumps(snapshot(machine.state)))
    return Machine(machine.terms, restore(plain, machine.terms.costs), validate=True)


# --- closure ----------------------------------------------------------------------------------


def assert_halts(machine: Machine, before: dict[str, object], others: list[Event]) -> None:
    """Check that nothing but the status changed, and that nothing is accepted any more."""
    halted = before | {"status": Status.HALTED.value}
    assert snapshot(machine.state) == halted
    for event in others:
        with pytest.raises(LocalProtocolError, match="has halted"):
            machine.handle(event)
    assert snapshot(machine.state) == halted


def assert_moves(machine: Machine, before: dict[str, object], effects: object) -> None:
    """Check a legal move: of the table, with gapless rows, each before the orders it explains."""
    state = machine.state
    check(state)
    was = Status(before["status"])
    assert was is state.status or (was, state.status) in MOVES
    assert len(effects) <= EFFECTS_MAX
    seq, told = before["seq"], {""}
    before_ids = {order[0] for order in before["orders"]}
    for effect in effects:
        if isinstance(effect, EventRow):
            seq += 1
            assert effect.seq == seq
            told.add(effect.signal_id)
        elif isinstance(effect, Order):
            assert effect.order_id.rpartition(":")[0] in told
            assert state.orders[effect.order_id] == effect
        elif isinstance(effect, AmendOrder):
            assert effect.order.order_id in before_ids
            assert state.orders[effect.order.order_id] == effect.order
        else:
            assert isinstance(effect, AskStrategy | AnswerCommand | CancelOrder)
    assert state.seq == seq


def expected(machine: Machine, event: Event) -> set[str]:
    """Return what may come of the event, told again from the contract."""
    state = machine.state
    if isinstance(event, StrategyAnswered):
        flat = state.status in (Status.IDLE, Status.CLOSING)
        return {"move", "signal error"} if flat else {LOCAL}
    if isinstance(event, CandlesClosed):
        return {LOCAL} if state.position is None else {"move"}
    if isinstance(event, ANSWERS):
        order = state.orders.get(event.order_id)
        known = event.order_id in state.finished if order is None else fits(machine, order, event)
        return {"move"} if known else {REMOTE}
    if isinstance(event, CommandIssued):
        return {"move", "signal error"}
    assert isinstance(event, ALWAYS)
    return {"move"}


def fits(machine: Machine, order: Order, event: OrderFilled | OrderRejected | OrderCancelled):
    """Return whether the answer can be true of a live order."""
    entry, position = order.role is Role.ENTRY, machine.state.position
    if isinstance(event, OrderCancelled):
        return entry and event.order_id in machine.state.cancelling
    if isinstance(event, OrderRejected):
        return entry or order.role in (Role.AVERAGE, Role.PART, Role.TARGET)
    quantity = event.fill.quantity
    if entry or order.role is Role.AVERAGE:
        return (position is None) is entry and quantity > 0.0
    if order.quantity is None:
        return quantity == position.quantity
    return 0.0 < quantity <= position.quantity


def one_more(journey: Journey, event: Event, others: list[Event]) -> str:
    """Hand one more event to a machine at the end of the journey and say what it did."""
    machine = journey.machine()
    before, may = snapshot(machine.state), expected(machine, event)
    try:
        effects = machine.handle(event)
    except SignalError:
        outcome = "signal error"
        assert snapshot(machine.state) == before
    except ProtocolError as error:
        outcome = type(error).__name__
        assert_halts(machine, before, others)
    else:
        outcome = "move"
        assert_moves(machine, before, effects)
    assert outcome in may
    return outcome


def test_every_event_in_every_status_moves_legally_or_halts():
    seen: Counter[tuple[Status, type]] = Counter()
    ended: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        journey = journey_of(dice)
        machine = journey.machine()
        events = [event_of(dice, machine, kind, 60) for kind in KINDS]
        for event in events:
            outcome = one_more(journey, event, events)
            seen[machine.state.status, type(event)] += 1
            ended[outcome] += 1

    walk()
    assert set(seen) == {(status, kind) for status in STATUSES for kind in KINDS}
    assert min(ended[each] for each in ("move", "signal error", LOCAL, REMOTE)) > EXAMPLES / 10


def test_an_unheard_of_order_halts_in_every_status():
    seen: Counter[Status] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        order_id = dice.pick(("s-X-99:entry", "s-X-99:stop", "t-X-1:entry", "", "entry"))
        journey = journey_of(dice)
        seen[journey.machine().state.status] += 1
        for event in (filled(order_id), rejected(order_id), cancelled(order_id)):
            assert one_more(journey, event, [event]) == REMOTE

    walk()
    assert set(seen) == set(STATUSES)


# --- snapshots --------------------------------------------------------------------------------


# What hooks leave behind beside orders: who sleeps, what is kept, told and trailed.
CARRIED = ("wakes", "kept", "levels", "breakeven_told", "trail_price", "action_count")


def test_a_snapshot_anywhere_changes_nothing_that_follows():
    taken: Counter[Status] = Counter()
    followed: Counter[str] = Counter()
    carried: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        journey = journey_of(dice)
        cut = dice.below(len(journey.events) + 1)
        straight = Journey(journey.terms, journey.events[:cut]).machine()
        resumed = copy_of(straight)
        taken[straight.state.status] += 1
        assert resumed.state == straight.state
        roles = {order.role for order in straight.state.orders.values()}
        carried.update(name for name in CARRIED if getattr(straight.state, name))
        carried.update(role.value for role in roles)
        last = event_of(dice, straight, dice.pick(KINDS), 60)
        for event in [*journey.events[cut:], last]:
            assert resumed.quiet == straight.quiet
            told = play(straight, event)
            assert play(resumed, event) == told
            assert snapshot(resumed.state) == snapshot(straight.state)
            followed[type(event).__name__] += 1

    walk()
    assert set(taken) == set(STATUSES)
    assert len(followed) == len(KINDS)
    assert all(carried[each] for each in (*CARRIED, *Role))


# --- the journal ------------------------------------------------------------------------------

# What may be told of a position as long as it is held, and until it is closed once that was sent.
CLOSING = {"closed", "partial", "averaged", "refused", "state", "error"}
WATCHED = {"level", "breakeven", "peak", "trough"}
HELD = CLOSING | WATCHED | {"average_submitted", "part_submitted", "trailed", "close_submitted"}

# What may follow in the rows of one signal; `refused` is a rejected row of what is no entry.
STORY = {
    "": {"submitted", "scheduled", "rejected"},
    "submitted": {"opened", "rejected", "cancelled"},
    "scheduled": {"opened", "rejected", "cancelled", "activated"},
    "activated": {"opened", "rejected", "cancelled"},
    "opened": HELD,
    "close_submitted": CLOSING | WATCHED,
    "closed": set(),
    "cancelled": set(),
    "rejected": set(),
}


def follows(kinds: list[str]) -> bool:
    """Return whether these kinds of rows can have come in this order."""
    stage = ""
    for kind in kinds:
        if kind not in STORY[stage]:
            return False
        stage = kind if kind in STORY else stage
    return True


def test_the_rows_of_a_signal_tell_its_story_in_order():
    told: Counter[str] = Counter()

    @settings(CHECKS, max_examples=2 * EXAMPLES)
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        journey = journey_of(dice)
        machine = Machine(journey.terms, validate=True)
        rows: list[EventRow] = []
        for event in journey.events:
            effects = play(machine, event)
            rows += [effect for effect in effects if isinstance(effect, EventRow)]
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        for signal_id in {row.signal_id for row in rows} - {""}:
            kinds = [
                "refused" if "order" in row.data and row.kind == "rejected" else row.kind
                for row in rows
                if row.signal_id == signal_id
            ]
            assert follows(kinds), kinds
            told.update(kinds)

    walk()
    assert set(told) == (set(STORY) | HELD) - {""}
    assert told["closed"] > EXAMPLES / 10
    assert min(told[kind] for kind in ("averaged", "partial", "trailed", "refused")) > 5


def test_journeys_ask_for_everything_and_are_refused_by_many_rules():
    accepted: Counter[str] = Counter()
    rules: Counter[str] = Counter()

    @settings(CHECKS, max_examples=2 * EXAMPLES)
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        journey = journey_of(dice)
        machine = Machine(journey.terms)
        for event in journey.events:
            effects = play(machine, event)
            for effect in effects:
                if isinstance(effect, AnswerCommand):
                    rules[effect.rule] += not effect.accepted
                    accepted[type(event.command).__name__] += effect.accepted

    walk()
    assert {kind.__name__ for kind in get_args(Command) if not accepted[kind.__name__]} == set()
    assert len(+rules) > 12
