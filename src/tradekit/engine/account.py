"""One account in quote currency: cash, and whether it covers an entry.

A position of either direction reserves its cost; equity is the drivers' sum of cash and what is
open. Cash stays at or above zero as long as no short loses more than it reserved.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from tradekit.domain.journal import Phase

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tradekit.domain.journal import EventRow

_DUST: Final = 1e-9
_ENTRIES: Final = ("opened", "averaged")


class Account:
    """Free cash of a run, in quote currency.

    `shared` false lets symbols run apart: nothing is refused, and `was_read` tells whether
    anything asked what there is, which makes their results depend on one another.
    """

    __slots__ = ("capital", "cash", "dust", "shared", "was_read")

    def __init__(self, capital: float, *, shared: bool = True) -> None:
        """Start with `capital` in cash."""
        self.capital = capital
        self.cash = capital
        #: So little that it is nothing: what sums of money differ by in their last digits.
        self.dust = capital * _DUST
        self.shared = shared
        self.was_read = False

    def read(self) -> float:
        """Return the free cash."""
        self.was_read = True
        return self.cash

    def covers(self, amount: float) -> bool:
        """Return whether an entry that takes `amount`, fee included, may be made."""
        return not self.shared or amount <= self.cash

    def book(self, cash_delta: float) -> None:
        """Change the cash by a fill."""
        self.cash += cash_delta


def falls_short(rows: Iterable[EventRow], capital: float) -> bool:
    """Return whether one account might not have covered the fills of symbols that ran apart.

    Early is only slow: on a yes the run is made again in one schedule. So every doubt counts as a
    yes: within one open or one inside, entries are booked before what they open is closed again,
    and cash must stay above a dust of the capital, as sums in another order differ in the last
    digits.

    Args:
        rows: all rows in the order of `events.jsonl`.
        capital: the cash at the start, in quote currency.
    """
    cash = capital
    for (_, phase), moment in groupby(rows, key=_moment):
        fills = [row for row in moment if "cash_delta" in row.data]
        entered = {row.signal_id for row in fills if row.kind == "opened"}
        for row in fills:
            if row.kind not in _ENTRIES and phase == Phase.OPEN and row.signal_id not in entered:
                cash += row.data["cash_delta"]
        for row in fills:
            if row.kind in _ENTRIES:
                cash += row.data["cash_delta"]
                if cash < capital * _DUST:
                    return True
        for row in fills:
            if row.kind not in _ENTRIES and (phase != Phase.OPEN or row.signal_id in entered):
                cash += row.data["cash_delta"]
    return False


def _moment(row: EventRow) -> tuple[int, int]:
    return row.ts_ms, row.phase
