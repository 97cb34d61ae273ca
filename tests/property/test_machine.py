"""The machine under any events: it moves legally or halts, and a snapshot loses nothing.

A journey is a list of events that some venue, strategy and driver could have sent: each is made
with a look at where the machine stands, so that every status is reached and answers come for
orders that are live, ended or unheard of.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings

from tests.unit.engine.dice import Dice, dice
from tests.unit.engine.machine_builder import (
    MINUTE_MS,
    START_MS,
    cancelled,
    close,
    filled,
    rejected,
    terms,
)
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.order import Order, Role
from tradekit.domain.signal import Defaults, Signal
from tradekit.engine.effects import AnswerCommand, AskStrategy, CancelOrder
from tradekit.engine.events import (
    BoundaryReached,
    CandlesClosed,
    CommandIssued,
    DecisionDue,
    Event,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    RunEnded,
    StrategyAnswered,
)
from tradekit.engine.lifecycle import TABLE, Status
from tradekit.engine.machine import Machine
from tradekit.engine.state import check, restore, snapshot
from tradekit.errors import LocalProtocolError, ProtocolError, RemoteProtocolError, SignalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradekit.engine.state import Terms

EXAMPLES = 300
STEPS_MAX = 24
ROLLS = 320
EFFECTS_MAX = 8

KINDS = get_args(Event)
PHASES = tuple(Phase)
STATUSES = [status for status in Status if status is not Status.HALTED]
# These may come at any time; the rest depends on what there is.
ALWAYS = (BoundaryReached, DecisionDue, CommandIssued, RunEnded)
ANSWERS = (OrderFilled, OrderRejected, OrderCancelled)
LOCAL, REMOTE = LocalProtocolError.__name__, RemoteProtocolError.__name__
MOVES = {(before, after) for (before, _), after in TABLE.items()}

CHECKS = settings(max_examples=EXAMPLES, phases=[Stage.generate, Stage.shrink])


@dataclass(frozen=True)
class Journey:
    """Events, none of which halts a machine of these terms."""

    terms: Terms
    events: list[Event]

    def machine(self) -> Machine:
        machine = Machine(self.terms, validate=True)
        for event in self.events:
            play(machine, event)
        return machine


def play(machine: Machine, event: Event) -> object:
    """Return the effects, or which error was raised."""
    try:
        return machine.handle(event)
    except (ProtocolError, SignalError) as error:
        return type(error), error.message


def copy_of(machine: Machine) -> Machine:
    plain = json.loads(json.dumps(snapshot(machine.state)))
    return Machine(machine.terms, restore(plain, machine.terms.costs), validate=True)


_PRICES = (100.0, 99.6, 100.4, 95.0, 101.0, 105.0, 90.0, 110.0, 0.004)
_ODD_SIZES = (("cost", 5.0), ("cost", 0.0), ("equity_pct", 50.0), ("equity_pct", 150.0))


def _signal(dice: Dice) -> Signal:
    fields: dict[str, object] = {
        "id": dice.pick((None, None, None, "a", "b")),
        "hold": dice.pick((None, None, 1, 5, 7, "unlimited")),
        "wait": dice.pick((None, None, 1, 5, 7)),
    }
    for name in ("stop_loss", "take_profit"):
        if dice.often():
            fields[f"{name}_pct"] = dice.pick((2.0, 0.5, 10.0))
        elif not dice.often():
            fields[name] = dice.pick(_PRICES)
    if dice.pick((False, True)):
        fields["entry"] = dice.pick(_PRICES)
        fields["entry_type"] = dice.pick(("limit", "stop"))
    if not dice.often():
        name, value = dice.pick(_ODD_SIZES)
        fields[name] = value
    return Signal(dice.pick(("long", "short")), **fields)


def _terms(dice: Dice) -> Terms:
    return terms(
        every_ms=dice.pick((1, 5)) * MINUTE_MS,
        on_boundary=dice.pick((False, True)),
        base_ms=dice.pick((1, 1, 5)) * MINUTE_MS,
        defaults=Defaults(dice.pick((5 * MINUTE_MS, None)), 5 * MINUTE_MS, 100.0),
        instrument=Instrument("X", tick_size=dice.pick((0.0, 0.5)), shorts_allowed=dice.often()),
    )


def _order_id(dice: Dice, machine: Machine) -> str:
    state = machine.state
    if state.orders and dice.often():
        return dice.pick(list(state.orders))
    number = 1 + dice.below(state.signal_count + 1)
    return f"s-X-{number}:{dice.pick(('entry', 'stop', 'target1', 'exit', 'target2'))}"


def _fill(dice: Dice, machine: Machine, minute: int) -> OrderFilled:
    order_id = _order_id(dice, machine)
    position = machine.state.position
    whole = position is not None and not order_id.endswith("entry") and dice.often()
    return filled(
        order_id,
        minute,
        dice.pick((100.0, 90.0, 107.3)),
        quantity=position.quantity if whole else dice.pick((1.0, 0.25, 2.0, 1.0, 0.0, -1.0)),
        fee=dice.pick((0.0, 0.1)),
        phase=dice.pick(PHASES),
        ambiguous=dice.pick((False, True)),
    )


def _event(dice: Dice, machine: Machine, kind: type, minute: int) -> Event:
    """Make an event of that kind, with a look at the machine."""
    ts_ms = START_MS + minute * MINUTE_MS
    pick = dice.pick
    makers: dict[type, Callable[[], Event]] = {
        BoundaryReached: lambda: BoundaryReached(ts_ms),
        DecisionDue: lambda: DecisionDue(ts_ms),
        StrategyAnswered: lambda: StrategyAnswered(ts_ms, pick((100.0, 97.0)), _signal(dice)),
        CommandIssued: lambda: close(minute, pick(("", "note"))),
        OrderFilled: lambda: _fill(dice, machine, minute),
        OrderRejected: lambda: rejected(_order_id(dice, machine), minute),
        OrderCancelled: lambda: cancelled(_order_id(dice, machine), minute, pick(PHASES)),
        CandlesClosed: lambda: CandlesClosed(100.0 + dice.below(20) / 3, 99.0 - dice.below(9) / 3),
        RunEnded: lambda: RunEnded(
            ts_ms, pick(PHASES), pick(("frame_end", "failed")), "ValueError", "decide"
        ),
    }
    return makers[kind]()


# What is likely to lead on, so that journeys get somewhere.
_LIKELY = {
    Status.IDLE: [StrategyAnswered, StrategyAnswered, DecisionDue],
    Status.SCHEDULED: [OrderFilled, BoundaryReached, OrderCancelled],
    Status.OPENING: [OrderFilled, OrderRejected],
    Status.ACTIVE: [CommandIssued, CandlesClosed, OrderFilled, BoundaryReached],
    Status.CLOSING: [StrategyAnswered, OrderFilled, DecisionDue],
    Status.TURNING: [OrderFilled, RunEnded, OrderRejected],
}


def journey_of(dice: Dice) -> Journey:
    """Make events that do not halt the machine; some raise `SignalError`."""
    journey = Journey(_terms(dice), [])
    machine = Machine(journey.terms)
    minute = 0
    for _ in range(dice.below(STEPS_MAX)):
        minute += dice.pick((0, 1, 0, 1, 2, 6))
        likely = _LIKELY[machine.state.status] if dice.often() else KINDS
        event = _event(dice, machine, dice.pick(likely), minute)
        if not halts(machine, event):
            play(machine, event)
            journey.events.append(event)
    return journey


def halts(machine: Machine, event: Event) -> bool:
    """Return whether the event halts the machine, or breaks it, which others look at."""
    trial = Machine(machine.terms, restore(snapshot(machine.state), machine.terms.costs))
    try:
        trial.handle(event)
        check(trial.state)
    except SignalError:
        return False
    except Exception:  # noqa: BLE001 - a journey only leads to where something is tried
        return True
    return False


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
    for effect in effects:
        if isinstance(effect, EventRow):
            seq += 1
            assert effect.seq == seq
            told.add(effect.signal_id)
        elif isinstance(effect, Order):
            assert effect.order_id.rpartition(":")[0] in told
            assert state.orders[effect.order_id] == effect
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
    assert isinstance(event, ALWAYS)
    return {"move"}


def fits(machine: Machine, order: Order, event: OrderFilled | OrderRejected | OrderCancelled):
    """Return whether the answer can be true of a live order."""
    entry, position = order.role is Role.ENTRY, machine.state.position
    if isinstance(event, OrderFilled):
        if entry:
            return position is None and event.fill.quantity > 0.0
        return event.fill.quantity == position.quantity
    return entry and (
        isinstance(event, OrderRejected) or event.order_id in machine.state.cancelling
    )


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
        events = [_event(dice, machine, kind, 60) for kind in KINDS]
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


def test_a_snapshot_anywhere_changes_nothing_that_follows():
    taken: Counter[Status] = Counter()
    followed: Counter[str] = Counter()

    @CHECKS
    @given(dice(rolls=ROLLS))
    def walk(dice: Dice) -> None:
        journey = journey_of(dice)
        cut = dice.below(len(journey.events) + 1)
        straight = Journey(journey.terms, journey.events[:cut]).machine()
        resumed = copy_of(straight)
        taken[straight.state.status] += 1
        assert resumed.state == straight.state
        last = _event(dice, straight, dice.pick(KINDS), 60)
        for event in [*journey.events[cut:], last]:
            assert resumed.quiet == straight.quiet
            told = play(straight, event)
            assert play(resumed, event) == told
            assert snapshot(resumed.state) == snapshot(straight.state)
            followed[type(event).__name__] += 1

    walk()
    assert set(taken) == set(STATUSES)
    assert len(followed) == len(KINDS)


# --- the journal ------------------------------------------------------------------------------

# What may follow in the rows of one signal.
STORY = {
    "": {"submitted", "scheduled", "rejected"},
    "submitted": {"opened", "rejected", "cancelled"},
    "scheduled": {"opened", "rejected", "cancelled"},
    "opened": {"close_submitted", "closed"},
    "close_submitted": {"closed"},
    "closed": set(),
    "cancelled": set(),
    "rejected": set(),
}


def test_the_rows_of_a_signal_tell_its_story_in_order():
    told: Counter[str] = Counter()

    @CHECKS
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
            kinds = ["", *(row.kind for row in rows if row.signal_id == signal_id)]
            assert all(after in STORY[before] for before, after in pairwise(kinds))
            told[kinds[-1]] += 1

    walk()
    assert set(told) == set(STORY) - {""}
    assert told["closed"] > EXAMPLES / 10
