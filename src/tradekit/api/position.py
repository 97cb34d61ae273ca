"""The open position, as hooks see it, and what they can do to it.

Views read the engine's own records and ask the engine for everything else; they decide nothing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from tradekit.domain.commands import (
    AverageBuy,
    Breakeven,
    Close,
    ClosePart,
    TrailStop,
    TrailTarget,
)
from tradekit.domain.order import Role
from tradekit.domain.time import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradekit.api.context import Moment
    from tradekit.api.outcome import Outcome
    from tradekit.domain.commands import AverageMode, Command
    from tradekit.domain.order import Fill, Order
    from tradekit.domain.position import Position as HeldPosition
    from tradekit.domain.signal import Direction

_DUST = 1e-9


class Records(Protocol):
    """What the engine keeps of a symbol, as far as it is shown here."""

    position: HeldPosition | None
    orders: dict[str, Order]
    hold_deadline_ms: int | None
    kept: dict[str, str]


class Position:
    """The open position as a hook sees it at `ctx.now`.

    Units: prices, cost, pnl in quote currency; quantity in base; `_pct` in percent of the cost of
    all entries, after all costs, as if closed at market at `ctx.price`.

    Actions return an `Outcome`: accepted, or refused with the rule's name and nothing changed. What
    is sent to market fills at the open of the next candle. All of them are refused once the
    position is being closed or has ended, and in another symbol's turn.

    `state` is a dictionary of JSON values that lasts as long as the position, and is journaled.
    """

    __slots__ = ("_catch_up", "_held", "_issue", "_moment", "_records", "_state", "symbol")

    def __init__(
        self,
        *,
        symbol: str,
        records: Records,
        moment: Moment,
        issue: Callable[[HeldPosition, Command], Outcome],
        catch_up: Callable[[], None],
    ) -> None:
        """Read through what the driver gives; there is a position in `records`."""
        assert records.position is not None, "only an open position is shown"
        self.symbol = symbol
        self._state: dict[str, Any] = json.loads(records.kept.get("position", "{}"))
        self._records = records
        self._held = records.position
        self._moment = moment
        self._issue = issue
        self._catch_up = catch_up

    def is_of(self, held: HeldPosition) -> bool:
        """Return whether this view shows that position."""
        return self._held is held

    @property
    def state(self) -> dict[str, Any]:
        """What hooks keep of this position; change it, it cannot be replaced."""
        return self._state

    # --- what it is -------------------------------------------------------------------------

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
    def cost_left(self) -> float:
        """What the entries of what is still held cost."""
        return self._held.cost_left

    @property
    def quantity(self) -> float:
        """What is held."""
        return self._held.quantity

    @property
    def held_pct(self) -> float:
        """How much of the cost of all entries is still held."""
        return self._held.cost_left / self._held.cost * 100.0

    @property
    def closed_pct(self) -> float:
        """How much of the cost of all entries has been closed."""
        return 100.0 - self.held_pct

    @property
    def average_entry_price(self) -> float:
        """The average price of what is held, before slippage."""
        return self._held.average_entry_price

    @property
    def stop_loss_price(self) -> float | None:
        """Where the stop rests, None without one."""
        return self._resting(Role.STOP)

    @property
    def take_profit_price(self) -> float | None:
        """Where the nearest target rests, None without one."""
        return self._resting(Role.TARGET)

    @property
    def waiting_prices(self) -> tuple[float, ...]:
        """Where averages rest that have not filled yet, in the order they were asked for."""
        orders = self._records.orders.values() if self._open else ()
        waiting = (order.price for order in orders if order.role is Role.AVERAGE)
        return tuple(price for price in waiting if price is not None)

    @property
    def net_zero_price(self) -> float:
        """Where closing what is held at market earns exactly its costs."""
        return self._held.net_zero_price()

    def price_at(self, pnl_pct: float) -> float:
        """Return the price at which `pnl_pct` would be that much: what a `Wake` can wait for."""
        return self._held.price_at(pnl_pct)

    def near_entry(
        self, above_pct: float = 1.5, below_pct: float = 1.5, price: float | None = None
    ) -> bool:
        """Return whether `price`, else the last close, is that near to any entry, edges included.

        Entries are those that have filled; where others rest is in `waiting_prices`.

        Args:
            above_pct: how far it may be above an entry, in percent of the entry.
            below_pct: how far it may be below.
            price: in quote currency.
        """
        return self._near(self._held.entries, above_pct, below_pct, price)

    def near_exit(
        self, above_pct: float = 1.5, below_pct: float = 1.5, price: float | None = None
    ) -> bool:
        """Return whether a price is near to any exit so far; see `near_entry`."""
        return self._near(self._held.exits, above_pct, below_pct, price)

    # --- how it does ------------------------------------------------------------------------

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
        return self._seen.peak_pct

    @property
    def peak_price(self) -> float:
        """The price of the best profit so far."""
        return self._seen.peak_price

    @property
    def peak_minutes(self) -> int:
        """Whole minutes since the candle of the best profit opened."""
        return self._since(self._seen.peak_ts_ms)

    @property
    def below_peak_pct(self) -> float:
        """How far the profit is below the best so far, never below 0."""
        return max(0.0, self.peak_pct - self.pnl_pct)

    @property
    def drawdown_pct(self) -> float:
        """The worst profit so far, by the extremes of closed candles."""
        return self._seen.drawdown_pct

    @property
    def drawdown_price(self) -> float:
        """The price of the worst profit so far."""
        return self._seen.drawdown_price

    @property
    def drawdown_minutes(self) -> int:
        """Whole minutes since the candle of the worst profit opened."""
        return self._since(self._seen.drawdown_ts_ms)

    @property
    def above_drawdown_pct(self) -> float:
        """How far the profit is above the worst so far, never below 0."""
        return max(0.0, self.pnl_pct - self.drawdown_pct)

    @property
    def minutes(self) -> int:
        """Whole minutes since the first entry."""
        return self._since(self._held.entries[0].ts_ms)

    @property
    def minutes_left(self) -> int | None:
        """Whole minutes until it may no longer be held, None if it may for ever."""
        deadline_ms = self._records.hold_deadline_ms if self._open else None
        if deadline_ms is None:
            return None
        return max(0, deadline_ms - self._moment.now_ms) // MINUTE_MS

    # --- what can be done -------------------------------------------------------------------

    def close(self, note: str = "") -> Outcome:
        """Close it all at the open of the next candle."""
        return self._issue(self._held, Close(note))

    def close_part(
        self, *, pct: float | None = None, cost: float | None = None, note: str = ""
    ) -> Outcome:
        """Close a part at the open of the next candle: all of it closes the position.

        Args:
            pct: percent of what is held and not on its way out already, or
            cost: so much of `cost_left`.
            note: kept in the journal.

        Refused as `more_than_held`, `below_lot_size`.
        """
        return self._issue(self._held, ClosePart(pct, cost, note))

    def average_buy(
        self,
        cost: float,
        *,
        limit: float | None = None,
        mode: AverageMode = "new_extreme",
        max_entries: int | None = None,
        max_cost: float | None = None,
    ) -> Outcome:
        """Add `cost` to the position (a short sells more), at the next open or resting at `limit`.

        Args:
            cost: in quote currency, fee on top.
            limit: a price to wait for, as long as the position lasts.
            mode: `new_extreme`, only below every entry so far (above, for a short);
                `below_effective`, only below their average; `anywhere`.
            max_entries: so many entries at most, this one and waiting ones counted.
            max_cost: so much cost of all entries at most, counted likewise.

        Refused as `not_a_new_extreme`, `not_below_effective`, `max_entries`, `max_cost`,
        `average_pending`, `beyond_stop`, `too_many_orders`. An open that has left the bounds of the
        mode, or stop or target, is a `rejected` row (`gap_reject`).
        """
        return self._issue(self._held, AverageBuy(cost, limit, mode, max_entries, max_cost))

    def trail_stop(
        self, *, price: float | None = None, pct: float | None = None, loosen: bool = False
    ) -> Outcome:
        """Move the stop at once to `price`, or to `pct` percent from the last close.

        Refused as `stop_passed`, `not_moved`, and, unless `loosen`, `not_tighter`; loosened it is
        refused beyond the largest distance allowed (`stop_too_far`).
        """
        return self._issue(self._held, TrailStop(price, pct, loosen))

    def trail_target(self, *, price: float | None = None, pct: float | None = None) -> Outcome:
        """Move the target at once to `price`, or to `pct` percent from the last close.

        Refused as `target_passed`, `not_moved`, `several_targets`.
        """
        return self._issue(self._held, TrailTarget(price, pct))

    def breakeven(self) -> Outcome:
        """Move the stop at once to where closing what is held earns its costs, slippage included.

        Refused as `stop_passed`, `not_moved`, `not_tighter`.
        """
        return self._issue(self._held, Breakeven())

    # --- in between -------------------------------------------------------------------------

    @property
    def _open(self) -> bool:
        return self._records.position is self._held

    @property
    def _seen(self) -> HeldPosition:
        """The record, once it knows of every closed candle."""
        self._catch_up()
        return self._held

    def _since(self, ts_ms: int) -> int:
        return (self._moment.now_ms - ts_ms) // MINUTE_MS

    def _resting(self, role: Role) -> float | None:
        """Return the price of the nearest order of that role."""
        orders = self._records.orders.values() if self._open else ()
        prices = [order.price for order in orders if order.role is role and order.price is not None]
        if not prices:
            return None
        return min(prices) if self._held.side > 0 else max(prices)

    def _near(
        self, fills: list[Fill], above_pct: float, below_pct: float, price: float | None
    ) -> bool:
        at = self._moment.fresh_price if price is None else price
        if at is None:
            at = self._moment.price
        low, high = 1.0 - below_pct / 100.0 - _DUST, 1.0 + above_pct / 100.0 + _DUST
        # Asked at every candle: a loop costs a third of a generator, and the newest is likeliest.
        for fill in reversed(fills):
            near_to = fill.price
            if near_to * low <= at <= near_to * high:
                return True
        return False
