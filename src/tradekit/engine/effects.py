"""What the engine wants done, in this order; an `Append` comes before the order behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tradekit.domain.journal import EventRow, Phase
    from tradekit.domain.order import Order


class Append(NamedTuple):
    """Keep this row."""

    row: EventRow


class SubmitOrder(NamedTuple):
    """Hand the order to the venue."""

    order: Order


class CancelOrder(NamedTuple):
    """Take the order off the venue."""

    order_id: str
    ts_ms: int
    phase: Phase


class AskStrategy(NamedTuple):
    """Call the deciding function; a signal comes back as `StrategyAnswered`, None as nothing."""


class AnswerCommand(NamedTuple):
    """Tell the hook whether its command was accepted, else which rule refused it."""

    accepted: bool
    rule: str = ""


Effect = Append | SubmitOrder | CancelOrder | AskStrategy | AnswerCommand
