"""Risk profiles: rules that an entry has to pass, shared by strategies and symbols.

A profile only judges what it is shown. What is at stake is read off the engine by the drivers;
ready-made rules are in `tradekit.api.rules`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from tradekit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradekit.domain.exposure import ClosedTrade, Exposure
    from tradekit.domain.signal import Direction

    Rule = Callable[["RiskAsk"], str | None]


class RiskAsk(NamedTuple):
    """What a rule is asked: may this entry be sent, or this be added to a position?

    It is asked for every signal and every `average_buy` that breaks no other rule, and again where
    a waiting entry is sent to market. All of it is as of `now`, ms UTC, and counts whatever was
    accepted before in the same boundary.

    Units: prices and money in quote currency. `cost` is what the order would add, without fee;
    `entry_price` where it would enter, the last close for a market order. `own` is what this
    strategy holds of this symbol, None for an entry; `exposures` are all others of strategies with
    this profile, an entry's own order never among them. `closed` are trades of the profile that
    have ended, oldest first, and `sent_ms` the times of the orders it let pass. `equity` counts
    open positions at their last close; `peak_equity` and `day_equity` are the highest balance of
    closed trades so far and the one at the last midnight, UTC.
    """

    kind: Literal["entry", "average"]
    strategy: str
    symbol: str
    direction: Direction
    now: int
    price: float
    entry_price: float
    stop_loss_price: float | None
    take_profit_price: float | None
    cost: float
    own: Exposure | None
    exposures: tuple[Exposure, ...]
    closed: Sequence[ClosedTrade]
    sent_ms: Sequence[int]
    equity: float
    peak_equity: float
    day_equity: float


@dataclass(frozen=True, eq=False)
class Risk:
    """A named list of rules; strategies that name it share its limits.

    A rule is `def rule(ask: RiskAsk) -> str | None`: None lets it pass, text refuses and says why.
    An exception refuses too. Rules are asked in order, the first refusal decides.
    """

    name: str
    rules: Sequence[Rule] = field(default=())

    def __post_init__(self) -> None:
        """Check the name and that rules can be called.

        Raises:
            SettingsError: the name is empty, or a rule is no function.
        """
        if not str(self.name).strip():
            msg = f"name of a Risk was {self.name!r}, must be text"
            raise SettingsError(msg)
        object.__setattr__(self, "rules", tuple(self.rules))
        for rule in self.rules:
            _check_rule(self.name, rule)


def _check_rule(name: str, rule: object) -> None:
    if not callable(rule):
        msg = f"rule of Risk {name!r} was {rule!r}, must be a function of a RiskAsk"
        raise SettingsError(msg)
