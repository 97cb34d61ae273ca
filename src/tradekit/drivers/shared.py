"""What the symbols of a run share: its one time, its account, and the way it is replayed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tradekit.api.context import Account as AccountView
    from tradekit.engine.account import Account


class Now:
    """The one time of a run, in ms UTC, and the number of the runner whose turn it is, if any.

    User code may keep what it was handed and use it in another symbol's turn: everything it can
    reach asks here what time it is, never where its own symbol stands.
    """

    __slots__ = ("ms", "turn")

    def __init__(self, ms: int) -> None:
        """Start at `ms`, in nobody's turn."""
        self.ms = ms
        self.turn = -1


class Shared(NamedTuple):
    """What the runners of a run have in common: the account, its view for user code, the time.

    `skip` false visits every candle, `validate` checks every invariant; the other two are those of
    the replay's plan.
    """

    account: Account
    view: AccountView
    now: Now
    skip: bool
    validate: bool
    target_first: bool
    sleeping: bool
