"""What the engine is told; time arrives in the event, in ms UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from tradekit.domain.commands import Command
    from tradekit.domain.journal import Phase
    from tradekit.domain.order import Fill
    from tradekit.domain.signal import Signal


class BoundaryReached(NamedTuple):
    """A candle is about to open; timers run."""

    ts_ms: int


class DecisionDue(NamedTuple):
    """Hooks have been called; the strategy may be asked."""

    ts_ms: int


class StrategyAnswered(NamedTuple):
    """The strategy wants an entry; `price` is the last close it saw."""

    ts_ms: int
    price: float
    signal: Signal


class CommandIssued(NamedTuple):
    """A hook asks for something."""

    ts_ms: int
    command: Command


class OrderFilled(NamedTuple):
    """An order was executed in full.

    Units: cost (quantity × paid price) and cash_delta in quote currency.
    """

    order_id: str
    phase: Phase
    fill: Fill
    cost: float
    cash_delta: float
    ambiguous: bool = False


class OrderRejected(NamedTuple):
    """The venue refused an order for good."""

    order_id: str
    ts_ms: int
    phase: Phase
    rule: str
    detail: str
    price: float


class OrderCancelled(NamedTuple):
    """An order is off the venue."""

    order_id: str
    ts_ms: int
    phase: Phase


class CandlesClosed(NamedTuple):
    """One or more candles closed while the position was open, with these extremes."""

    high: float
    low: float


class RunEnded(NamedTuple):
    """Nothing comes after this: cancel what rests, close what is open; `error` says what failed."""

    ts_ms: int
    phase: Phase
    reason: Literal["frame_end", "failed"]
    error: str = ""
    place: str = ""


Event = (
    BoundaryReached
    | DecisionDue
    | StrategyAnswered
    | CommandIssued
    | OrderFilled
    | OrderRejected
    | OrderCancelled
    | CandlesClosed
    | RunEnded
)
