"""Machines for tests: their terms, the events of a venue, and the shortest way into each status."""

from typing import Any

from tradekit.domain.commands import AverageBuy, Close, Command
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.order import Fill, Order
from tradekit.domain.plan import Defaults, Limits
from tradekit.domain.signal import Signal
from tradekit.engine.effects import Effect
from tradekit.engine.events import (
    CommandIssued,
    OrderCancelled,
    OrderFilled,
    OrderRejected,
    StrategyAnswered,
)
from tradekit.engine.lifecycle import Status
from tradekit.engine.machine import Machine
from tradekit.engine.state import Terms

MINUTE_MS = 60_000
FREE = CostModel(0.0, 0.0, 0.0, 0.0)
START_MS = 1_775_001_600_000

AT_MARKET = Signal.long(stop_loss=95, take_profit=110)
AT_LIMIT = Signal.long(entry=98, stop_loss=95, take_profit=110)

ENTRY, STOP, TARGET, EXIT = "s-X-1:entry", "s-X-1:stop", "s-X-1:target1", "s-X-1:exit"
SECOND_ENTRY = "s-X-2:entry"


def at(minute: float) -> int:
    return START_MS + round(minute * MINUTE_MS)


def terms(**more: Any) -> Terms:
    usual: dict[str, Any] = {
        "strategy": "s",
        "symbol": "X",
        "symbol_index": 3,
        "base_ms": MINUTE_MS,
        "every_ms": MINUTE_MS,
        "on_boundary": False,
        "defaults": Defaults(hold_ms=60 * MINUTE_MS, wait_ms=30 * MINUTE_MS, cost=100.0),
        "limits": Limits(),
        "costs": FREE,
        "instrument": Instrument("X"),
    }
    return Terms(**(usual | more))


def answered(signal: Signal = AT_MARKET, minute: float = 0, price: float = 100.0):
    return StrategyAnswered(at(minute), price, signal)


def filled(
    order_id: str,
    minute: float = 1,
    price: float = 100.0,
    *,
    quantity: float = 1.0,
    fee: float = 0.0,
    phase: Phase = Phase.OPEN,
    **more: Any,
) -> OrderFilled:
    money = price * quantity
    adds = order_id.endswith("entry") or ":average" in order_id
    delta = -(money + fee) if adds else money - fee
    fill = Fill(at(minute), price, price, quantity, fee)
    return OrderFilled(order_id, phase, fill, money, delta, **more)


def cancelled(order_id: str = ENTRY, minute: float = 1, phase: Phase = Phase.DECISION):
    return OrderCancelled(order_id, at(minute), phase)


def rejected(order_id: str = ENTRY, minute: float = 1) -> OrderRejected:
    return OrderRejected(order_id, at(minute), Phase.OPEN, "a_rule", "in detail", 99.0)


def close(minute: float = 2, note: str = "") -> CommandIssued:
    return CommandIssued(at(minute), 100.0, Close(note))


def machine_in(status: Status, **more: Any) -> Machine:
    """Return a machine of which the first signal has come that far; TURNING has a second one."""
    machine = Machine(terms(**more), validate=True)
    steps = {
        Status.IDLE: [],
        Status.SCHEDULED: [answered(AT_LIMIT)],
        Status.OPENING: [answered()],
        Status.ACTIVE: [answered(), filled(ENTRY)],
        Status.CLOSING: [answered(), filled(ENTRY), close()],
        Status.TURNING: [answered(), filled(ENTRY), close(), answered(minute=2)],
    }
    for event in steps[status]:
        machine.handle(event)
    assert machine.state.status is status
    return machine


def asked(
    machine: Machine, command: Command, minute: float = 2, *, price: float = 100.0
) -> tuple[Effect, ...]:
    """Return what comes of a hook's command at last close `price`."""
    return machine.handle(CommandIssued(at(minute), price, command))


def bought(
    order_id: str, price: float, cost: float, model: CostModel, *, buying: bool
) -> OrderFilled:
    """Return the fill of an entry at market, at minute 1, that costs `cost`."""
    paid, fee = model.paid_price(price, buying=buying, maker=False), model.fee(cost, maker=False)
    fill = Fill(at(1), price, paid, cost / paid, fee)
    return OrderFilled(order_id, Phase.OPEN, fill, cost, -(cost + fee))


def managed(
    signal: Signal | None = None,
    *,
    short: bool = False,
    entries: tuple[float, ...] = (100.0,),
    costs: tuple[float, ...] | None = None,
    model: CostModel = FREE,
    **more: Any,
) -> Machine:
    """Return a machine that holds a position of entries at these prices, 100 each or `costs`.

    It pays what `model` says. Unless `signal` says otherwise its stop is 10 away from 100 and its
    target 20.
    """
    usual = (
        Signal.short(stop_loss=110, take_profit=80)
        if short
        else Signal.long(stop_loss=90, take_profit=120)
    )
    machine = Machine(terms(costs=model, **more), validate=True)
    machine.handle(answered(usual if signal is None else signal, price=entries[0]))
    for number, price in enumerate(entries):
        cost = 100.0 if costs is None else costs[number]
        order_id = ENTRY
        if number:
            command = AverageBuy(cost, limit=price, mode="anywhere")
            assert asked(machine, command, minute=1)[0].accepted
            order_id = f"s-X-1:average{number}"
        machine.handle(bought(order_id, price, cost, model, buying=not short))
    return machine


def rows(effects: tuple[Effect, ...]) -> list[EventRow]:
    return [effect for effect in effects if isinstance(effect, EventRow)]


def row_of(effects: tuple[Effect, ...]) -> EventRow:
    (row,) = rows(effects)
    return row


def orders(effects: tuple[Effect, ...]) -> list[Order]:
    return [effect for effect in effects if isinstance(effect, Order)]


def stamp(row: EventRow) -> tuple[int, int, str, str]:
    """Return minute, phase, kind and signal of a row."""
    return (row.ts_ms - START_MS) // MINUTE_MS, row.phase, row.kind, row.signal_id
