"""What the engine is told; time arrives in the event, in ms UTC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from tradekit.domain.commands import Command, Wake
    from tradekit.domain.journal import Phase
    from tradekit.domain.order import Fill
    from tradekit.domain.signal import Signal
    from tradekit.domain.sizes import Money


class BoundaryReached(NamedTuple):
    """A candle is about to open; timers run. `price` is the last close."""

    ts_ms: int
    price: float


class DecisionDue(NamedTuple):
    """Hooks have been called; the strategy may be asked."""

    ts_ms: int


class Verdict(NamedTuple):
    """What risk profiles say: the rule that refuses and why, nothing if they let it pass."""

    rule: str = ""
    detail: str = ""


class StrategyAnswered(NamedTuple):
    """The strategy wants an entry; `price` is the last close it saw.

    `money` is what the account has, where that matters; `verdict` is what came of `AskRisk`.
    """

    ts_ms: int
    price: float
    signal: Signal
    money: Money | None = None
    verdict: Verdict | None = None


class CommandIssued(NamedTuple):
    """A hook asks for something; `price` is the last close it saw.

    `verdict` is what came of `AskRisk`.
    """

    ts_ms: int
    price: float
    command: Command
    verdict: Verdict | None = None


class HookSlept(NamedTuple):
    """A hook, by its number, wants no call before a price or a time; 0 is the deciding function."""

    ts_ms: int
    hook: int
    wake: Wake


class Woken(NamedTuple):
    """What these hooks waited for has come.

    `slot_used`: awake, the deciding function would have been asked in this slot of `every` before.
    """

    ts_ms: int
    hooks: tuple[int, ...]
    slot_used: bool = False


class StateKept(NamedTuple):
    """A hook changed what it keeps, of the symbol or of the position; `text` is JSON."""

    ts_ms: int
    phase: Phase
    scope: Literal["symbol", "position"]
    text: str


class HookFailed(NamedTuple):
    """User code raised, and the run goes on without that call."""

    ts_ms: int
    phase: Phase
    error: str
    place: str


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
    """One or more candles closed while the position was open, with these extremes.

    `ts_ms` is when the last of them closed; the other times are those at which the candles opened
    that had the extremes.
    """

    ts_ms: int
    high: float
    low: float
    high_ts_ms: int
    low_ts_ms: int


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
    | HookSlept
    | Woken
    | StateKept
    | HookFailed
    | OrderFilled
    | OrderRejected
    | OrderCancelled
    | CandlesClosed
    | RunEnded
)
