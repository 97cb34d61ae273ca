"""What the symbols of a run share: strategies, one time, an account, and the way it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tradekit.api.context import Account as AccountView
    from tradekit.api.declare import Strategy
    from tradekit.drivers.risk_book import RiskBook
    from tradekit.engine.account import Account


@dataclass(frozen=True, slots=True)
class Configured:
    """A strategy with its parameters, and the symbols that it trades, None for all of a run."""

    strategy: Strategy
    params: object | None = None
    symbols: frozenset[str] | None = None

    def trades(self, symbol: str) -> bool:
        """Return whether it trades that symbol."""
        return self.symbols is None or symbol in self.symbols


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
    """What the runners of a run have in common.

    The account, its view for user code, what its risk profiles know, the time; `skip` false visits
    every candle, `validate` checks every invariant; the other two are those of the replay's plan.
    """

    account: Account
    view: AccountView
    book: RiskBook
    now: Now
    skip: bool
    validate: bool
    target_first: bool
    sleeping: bool
