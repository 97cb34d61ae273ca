"""Journeys of a machine: events that some venue, strategy and driver could have sent.

Each is made with a look at where the machine stands, so that every status is reached and answers
come for orders that are live, ended or unheard of. None of them halts the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from tests.unit.engine.machine_builder import (
    MINUTE_MS,
    START_MS,
    cancelled,
    filled,
    rejected,
    terms,
)
from tradekit.domain.commands import (
    AverageBuy,
    Breakeven,
    CancelEntry,
    Close,
    ClosePart,
    Command,
    FillEntry,
    TrailStop,
    TrailTarget,
    Wake,
)
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase
from tradekit.domain.plan import Defaults
from tradekit.domain.signal import Signal
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
from tradekit.engine.lifecycle import Status
from tradekit.engine.machine import Machine
from tradekit.engine.state import check, restore, snapshot
from tradekit.engine.watch import WATCHED
from tradekit.errors import ProtocolError, SignalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.engine.dice import Dice
    from tradekit.engine.state import Terms

STEPS_MAX = 28
KINDS = get_args(Event)
PHASES = tuple(Phase)

_PRICES = (100.0, 99.6, 100.4, 95.0, 101.0, 105.0, 90.0, 110.0, 0.004)
_ODD_SIZES = (("cost", 5.0), ("cost", 0.0), ("equity_pct", 50.0), ("equity_pct", 150.0))
_SHARES = (((2.0, 30.0), (10.0, 30.0), (20.0, 40.0)), ((3.0, 50.0),), ((2.0, 60.0), (4.0, 60.0)))
_TRAILS = ({"trail_pct": 2.0}, {"trail_pct": 1.0, "trail_after_pct": 3.0}, {"trail_after_pct": 1.0})
_CLOSES = (100.0, 97.0, 104.0, 95.0, 109.0)
_NAMES = ("entry", "stop", "target1", "exit", "target2", "average1", "part1", "part2")


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


def journey_of(dice: Dice) -> Journey:
    """Make events that do not halt the machine; some raise `SignalError`."""
    journey = Journey(_terms(dice), [])
    machine = Machine(journey.terms)
    minute = 0
    for _ in range(dice.below(STEPS_MAX)):
        minute += dice.pick((0, 1, 0, 1, 2, 6))
        likely = _LIKELY[machine.state.status] if dice.often() else KINDS
        event = event_of(dice, machine, dice.pick(likely), minute)
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


def event_of(dice: Dice, machine: Machine, kind: type, minute: int) -> Event:
    """Make an event of that kind, with a look at the machine."""
    ts_ms = START_MS + minute * MINUTE_MS
    pick = dice.pick
    makers: dict[type, Callable[[], Event]] = {
        BoundaryReached: lambda: BoundaryReached(ts_ms, pick(_CLOSES)),
        DecisionDue: lambda: DecisionDue(ts_ms),
        StrategyAnswered: lambda: StrategyAnswered(ts_ms, pick((100.0, 97.0)), _signal(dice)),
        CommandIssued: lambda: CommandIssued(ts_ms, pick(_CLOSES), command_of(dice)),
        HookSlept: lambda: HookSlept(ts_ms, dice.below(3), Wake(pick((None, 95.0)), None, ts_ms)),
        Woken: lambda: Woken(ts_ms, (dice.below(3), 2)),
        StateKept: lambda: StateKept(
            ts_ms, Phase.DECISION, pick(("symbol", "position")), '{"a":1}'
        ),
        HookFailed: lambda: HookFailed(ts_ms, Phase.DECISION, "ValueError", "manage"),
        OrderFilled: lambda: _fill(dice, machine, minute),
        OrderRejected: lambda: rejected(_order_id(dice, machine), minute),
        OrderCancelled: lambda: cancelled(_order_id(dice, machine), minute, pick(PHASES)),
        CandlesClosed: lambda: CandlesClosed(
            ts_ms, 100.0 + dice.below(20) / 3, 99.0 - dice.below(9) / 3, ts_ms, ts_ms
        ),
        RunEnded: lambda: RunEnded(
            ts_ms, pick(PHASES), pick(("frame_end", "failed")), "ValueError", "decide"
        ),
    }
    return makers[kind]()


def command_of(dice: Dice) -> Command:
    """Make a command; few are nonsense, many are refused."""
    pick = dice.pick

    def average() -> AverageBuy:
        return AverageBuy(
            pick((50.0, 20.0, 50.0, 20.0, 0.0)),
            pick((None, 99.0, 104.0, 96.0)),
            pick(("anywhere", "anywhere", "new_extreme", "below_effective", "deep")),
            pick((None, None, None, 2)),
            pick((None, None, None, 150.0)),
        )

    makers: tuple[Callable[[], Command], ...] = (
        average,
        average,
        average,
        average,
        lambda: ClosePart(pct=pick((30.0, 50.0, 99.0, 100.0, 101.0, -1.0))),
        lambda: ClosePart(cost=pick((20.0, 50.0, 500.0)), note="n"),
        lambda: TrailStop(pick((98.0, 99.0, 102.0, 80.0)), None, pick((False, True))),
        lambda: TrailStop(pct=pick((1.0, 3.0, 100.0))),
        lambda: TrailTarget(pick((110.0, 90.0, 101.0, None))),
        Breakeven,
        FillEntry,
        CancelEntry,
        lambda: Close(pick(("", "note"))),
    )
    return pick(makers)()


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
    if not dice.often() or dice.pick((False, True)):
        fields["take_profit_pct"] = dice.pick(_SHARES)
    if not dice.often():
        fields |= dice.pick(_TRAILS)
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
        watched=dice.pick((frozenset(), WATCHED)),
    )


def _order_id(dice: Dice, machine: Machine) -> str:
    state = machine.state
    if state.orders and dice.often():
        # Often the newest: what a hook has just asked for.
        newest_first = list(state.orders)[::-1]
        return dice.pick(newest_first if dice.pick((False, True)) else newest_first[:1])
    number = 1 + dice.below(state.signal_count + 1)
    return f"s-X-{number}:{dice.pick(_NAMES)}"


def _fill(dice: Dice, machine: Machine, minute: int) -> OrderFilled:
    """Make a fill, most of the time of as much as the order is for."""
    order_id = _order_id(dice, machine)
    order, position = machine.state.orders.get(order_id), machine.state.position
    quantity = dice.pick((1.0, 0.25, 2.0, 1.0, 0.0, -1.0))
    adds = order_id.endswith("entry") or ":average" in order_id
    if position is not None and not adds and dice.often():
        quantity = position.quantity
        if order is not None and order.quantity is not None:
            quantity = min(quantity, order.quantity)
    return filled(
        order_id,
        minute,
        dice.pick((100.0, 90.0, 107.3)),
        quantity=quantity,
        fee=dice.pick((0.0, 0.1)),
        phase=dice.pick(PHASES),
        ambiguous=dice.pick((False, True)),
    )


# What is likely to lead on, so that journeys get somewhere.
_LIKELY = {
    Status.IDLE: [StrategyAnswered, StrategyAnswered, DecisionDue],
    Status.SCHEDULED: [OrderFilled, BoundaryReached, OrderCancelled, CommandIssued],
    Status.OPENING: [OrderFilled, OrderRejected],
    Status.ACTIVE: [
        CommandIssued,
        CandlesClosed,
        OrderFilled,
        BoundaryReached,
        CommandIssued,
        OrderFilled,
        CommandIssued,
        OrderRejected,
    ],
    Status.CLOSING: [StrategyAnswered, OrderFilled, DecisionDue],
    Status.TURNING: [OrderFilled, RunEnded, OrderRejected],
}
