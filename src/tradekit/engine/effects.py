"""What the engine wants done, in this order.

Two of the effects are what they are about: an `EventRow` is to be appended to the journal, an
`Order` to be submitted to the venue. A row comes before the order behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tradekit.domain.journal import EventRow
from tradekit.domain.order import Order

if TYPE_CHECKING:
    from tradekit.domain.journal import Phase
    from tradekit.domain.signal import Direction


class CancelOrder(NamedTuple):
    """Take the order off the venue."""

    order_id: str
    ts_ms: int
    phase: Phase


class AmendOrder(NamedTuple):
    """Put this order in the place of the one of its id, which waits at the venue."""

    order: Order


class AskStrategy(NamedTuple):
    """Call the deciding function; a signal comes back as `StrategyAnswered`, None as nothing."""


class AskRisk(NamedTuple):
    """Ask the risk profiles, then hand in the same event again with their verdict.

    Nothing was changed until then. `cost` is what the order would add, in quote currency.
    """

    kind: Literal["entry", "average"]
    direction: Direction
    entry_price: float
    stop_loss_price: float | None
    take_profit_price: float | None
    cost: float


class AnswerCommand(NamedTuple):
    """Tell the hook whether its command was accepted, else which rule refused it."""

    accepted: bool
    rule: str = ""


Effect = EventRow | Order | AmendOrder | CancelOrder | AskStrategy | AskRisk | AnswerCommand
