"""What hooks get: the open position, what became of an action, and events.

Views read the engine's own records and ask the engine for everything else; they decide nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tradekit.domain.commands import Close
from tradekit.domain.time import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tradekit.api.context import Moment
    from tradekit.domain.commands import Command
    from tradekit.domain.order import Fill
    from tradekit.domain.position import Position as HeldPosition
    from tradekit.domain.signal import Direction, Plan


class Outcome:
    """Whether an action was accepted, and if not, which rule refused it.

    True if accepted. Awaiting it is allowed, does nothing and gives it back.
    """

    __slots__ = ("accepted", "rule")

    def __init__(self, *, accepted: bool, rule: str = "") -> None:
        """Keep both."""
        self.accepted = accepted
        self.rule = rule

    def __bool__(self) -> bool:
        """Return whether it was accepted."""
        return self.accepted

    def __await__(self) -> Generator[Any, None, Outcome]:
        """Give itself back at once, so that actions read the same in `def` and `async def`."""
        yield from ()
        return self

    def __repr__(self) -> str:
        """Return accepted, or the rule that refused."""
        return "Outcome(accepted)" if self.accepted else f"Outcome(refused: {self.rule})"


class Position:
    """The open position as a hook sees it at `ctx.now`.

    Units: prices, cost, pnl in quote currency; quantity in base; `_pct` in percent of the cost of
    all entries, after all costs, as if closed at market at `ctx.price`.
    """

    __slots__ = ("_catch_up", "_held", "_hold_deadline_ms", "_issue", "_moment", "_plan", "symbol")

    def __init__(
        self,
        *,
        symbol: str,
        held: HeldPosition,
        plan: Plan,
        hold_deadline_ms: int | None,
        moment: Moment,
        issue: Callable[[HeldPosition, Command], Outcome],
        catch_up: Callable[[], None],
    ) -> None:
        """Read through what the driver gives."""
        self.symbol = symbol
        self._held = held
        self._plan = plan
        self._hold_deadline_ms = hold_deadline_ms
        self._moment = moment
        self._issue = issue
        self._catch_up = catch_up

    def is_of(self, held: HeldPosition) -> bool:
        """Return whether this view shows that position."""
        return self._held is held

    @property
    def direction(self) -> Direction:
        """`"long"` or `"short"`."""
        return self._held.direction

    @property
    def entries(self) -> tuple[Fill, ...]:
        """The entries so far, oldest first."""
        return tuple(self._held.entries)

    @property
    def exits(self) -> tuple[Fill, ...]:
        """The exits so far, oldest first."""
        return tuple(self._held.exits)

    @property
    def cost(self) -> float:
        """What all entries cost, fees not counted."""
        return self._held.cost

    @property
    def quantity(self) -> float:
        """What is held."""
        return self._held.quantity

    @property
    def average_entry_price(self) -> float:
        """The average price of what is held, before slippage."""
        return self._held.average_entry_price

    @property
    def stop_loss_price(self) -> float | None:
        """Where the stop rests, None without one."""
        return self._plan.stop_loss_price

    @property
    def take_profit_price(self) -> float | None:
        """Where the nearest target rests, None without one."""
        return self._plan.take_profit_price

    @property
    def pnl(self) -> float:
        """The profit after all costs."""
        return self._held.pnl_at(self._moment.price)

    @property
    def pnl_pct(self) -> float:
        """The profit after all costs, in percent."""
        held, price = self._held, self._moment.fresh_price
        if price is None:
            price = self._moment.price
        return held.pct_slope * price + held.pct_offset

    @property
    def peak_pct(self) -> float:
        """The best profit so far, by the extremes of closed candles."""
        self._catch_up()
        return self._held.peak_pct

    @property
    def drawdown_pct(self) -> float:
        """The worst profit so far, by the extremes of closed candles."""
        self._catch_up()
        return self._held.drawdown_pct

    @property
    def minutes(self) -> int:
        """Whole minutes since the first entry."""
        return (self._moment.now_ms - self._held.entries[0].ts_ms) // MINUTE_MS

    @property
    def minutes_left(self) -> int | None:
        """Whole minutes until it may no longer be held, None if it may for ever."""
        if self._hold_deadline_ms is None:
            return None
        return max(0, self._hold_deadline_ms - self._moment.now_ms) // MINUTE_MS

    def close(self, note: str = "") -> Outcome:
        """Close it all at the open of the next candle.

        Refused if that is under way, if the position has ended, or in another symbol's turn.
        """
        return self._issue(self._held, Close(note))


class Event(NamedTuple):
    """Something that happened, as `on(...)` hooks get it; `details` are the journal's fields.

    Units: ts_ms in ms UTC; prices and money in `details` in quote currency.
    """

    kind: str
    ts_ms: int
    symbol: str
    signal_id: str
    details: dict[str, Any]
