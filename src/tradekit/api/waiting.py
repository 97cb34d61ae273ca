"""The entry that waits for its price, as hooks see it; it decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradekit.domain.commands import CancelEntry, FillEntry
from tradekit.domain.time import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradekit.api.context import Moment
    from tradekit.api.outcome import Outcome
    from tradekit.domain.commands import Command
    from tradekit.domain.plan import Plan
    from tradekit.domain.signal import Direction


class WaitingEntry:
    """The entry that waits for its price, as a `while_waiting` hook sees it at `ctx.now`.

    Units: prices in quote currency.
    """

    __slots__ = ("_issue", "_moment", "_plan", "_scheduled_ms", "symbol")

    def __init__(
        self,
        *,
        symbol: str,
        plan: Plan,
        deadline_ms: int,
        moment: Moment,
        issue: Callable[[Plan, Command], Outcome],
    ) -> None:
        """Read through what the driver gives; it stops waiting at `deadline_ms`."""
        self.symbol = symbol
        self._plan = plan
        self._scheduled_ms = deadline_ms - plan.wait_ms
        self._moment = moment
        self._issue = issue

    def is_of(self, plan: Plan) -> bool:
        """Return whether this view shows that entry."""
        return self._plan is plan

    @property
    def direction(self) -> Direction:
        """`"long"` or `"short"`."""
        return self._plan.direction

    @property
    def entry_price(self) -> float:
        """The price it waits for."""
        assert self._plan.entry_price is not None, "what waits has a price"
        return self._plan.entry_price

    @property
    def age_minutes(self) -> int:
        """Whole minutes since it was placed."""
        return (self._moment.now_ms - self._scheduled_ms) // MINUTE_MS

    @property
    def minutes_left(self) -> int:
        """Whole minutes until it is taken back."""
        return max(0, self._plan.wait_ms // MINUTE_MS - self.age_minutes)

    def cancel(self) -> Outcome:
        """Take it back, before the candle that opens now."""
        return self._issue(self._plan, CancelEntry())

    def fill_now(self) -> Outcome:
        """Send it to market instead, at the open of the next candle, between stop and target."""
        return self._issue(self._plan, FillEntry())
