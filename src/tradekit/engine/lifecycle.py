"""The one table of how a (strategy, symbol) moves from idle to a position and back.

Every change of `Status` goes through `move`. The table cannot say when a trigger comes: timers,
fills and answers are `machine`'s business. TURNING is a position being closed whose successor
has been asked for already, at the same boundary.

What backtest-kit calls idle is IDLE, scheduled is SCHEDULED, pending or active is ACTIVE.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from tradekit.errors import LocalProtocolError


class Status(StrEnum):
    """Where a (strategy, symbol) stands.

    - idle: nothing is held and no entry is on its way; the strategy may be asked.
    - scheduled: an entry waits at the venue for its price, or until its wait is over.
    - opening: an entry goes to market and fills, or is refused, at the next open.
    - active: a position is held; its stop and target, if any, wait at the venue.
    - closing: a market order is about to close the position; the strategy may be asked for the
      next one.
    - turning: a position is about to be closed, and its successor was asked for at the same
      boundary.
    - halted: an impossible event came, and no other is taken; nothing in the table leads here.
    """

    IDLE = "idle"
    SCHEDULED = "scheduled"
    OPENING = "opening"
    ACTIVE = "active"
    CLOSING = "closing"
    TURNING = "turning"
    HALTED = "halted"


class Trigger(StrEnum):
    """What moves it.

    - entry rested: an entry was placed that waits for a price.
    - entry sent: an entry was placed that goes to market.
    - entry filled: the venue filled the entry.
    - entry gone: the entry was refused, timed out or was taken back, and nothing was bought or
      sold.
    - close sent: a hook, the end of a hold or the end of the run sent a market order that closes.
    - exit filled: the venue filled what closes the position: stop, target or market order.
    - exit filled before a resting entry: the same, with a successor that waits for a price.
    - exit filled before a market entry: the same, with a successor that goes to market.
    """

    ENTRY_RESTED = "entry rested"
    ENTRY_SENT = "entry sent"
    ENTRY_FILLED = "entry filled"
    ENTRY_GONE = "entry gone"
    CLOSE_SENT = "close sent"
    EXIT_FILLED = "exit filled"
    EXIT_FILLED_BEFORE_RESTING = "exit filled before a resting entry"
    EXIT_FILLED_BEFORE_SENT = "exit filled before a market entry"


TABLE: Final[dict[tuple[Status, Trigger], Status]] = {
    (Status.IDLE, Trigger.ENTRY_RESTED): Status.SCHEDULED,
    (Status.IDLE, Trigger.ENTRY_SENT): Status.OPENING,
    (Status.SCHEDULED, Trigger.ENTRY_FILLED): Status.ACTIVE,
    (Status.SCHEDULED, Trigger.ENTRY_SENT): Status.OPENING,
    (Status.SCHEDULED, Trigger.ENTRY_GONE): Status.IDLE,
    (Status.OPENING, Trigger.ENTRY_FILLED): Status.ACTIVE,
    (Status.OPENING, Trigger.ENTRY_GONE): Status.IDLE,
    (Status.ACTIVE, Trigger.CLOSE_SENT): Status.CLOSING,
    (Status.ACTIVE, Trigger.EXIT_FILLED): Status.IDLE,
    (Status.CLOSING, Trigger.EXIT_FILLED): Status.IDLE,
    (Status.CLOSING, Trigger.ENTRY_RESTED): Status.TURNING,
    (Status.CLOSING, Trigger.ENTRY_SENT): Status.TURNING,
    (Status.TURNING, Trigger.ENTRY_GONE): Status.CLOSING,
    (Status.TURNING, Trigger.EXIT_FILLED_BEFORE_RESTING): Status.SCHEDULED,
    (Status.TURNING, Trigger.EXIT_FILLED_BEFORE_SENT): Status.OPENING,
}


def move(status: Status, trigger: Trigger) -> Status:
    """Return the status after `trigger`.

    Raises:
        LocalProtocolError: the trigger cannot happen in this status.
    """
    after = TABLE.get((status, trigger))
    if after is None:
        msg = f"trigger was {trigger.value!r}, cannot happen while {status.value}"
        raise LocalProtocolError(msg)
    return after
