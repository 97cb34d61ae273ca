"""Machines for tests: their terms, the events of a venue, and the shortest way into each status."""

from typing import Any

from tradekit.domain.commands import Close
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.order import Fill, Order
from tradekit.domain.signal import Defaults, Limits, Signal
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
        "costs": CostModel(0.0, 0.0, 0.0, 0.0),
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
    delta = -(money + fee) if order_id.endswith("entry") else money - fee
    fill = Fill(at(minute), price, price, quantity, fee)
    return OrderFilled(order_id, phase, fill, money, delta, **more)


def cancelled(order_id: str = ENTRY, minute: float = 1, phase: Phase = Phase.DECISION):
    return OrderCancelled(order_id, at(minute), phase)


def rejected(order_id: str = ENTRY, minute: float = 1) -> OrderRejected:
    return OrderRejected(order_id, at(minute), Phase.OPEN, "a_rule", "in detail", 99.0)


def close(minute: float = 2, note: str = "") -> CommandIssued:
    return CommandIssued(at(minute), Close(note))


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
