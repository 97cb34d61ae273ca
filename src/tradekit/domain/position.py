"""A position: its fills, average price and profit. Average-cost accounting by quantity.

Formulas are those of a cost-weighted average: buying blends by quantity, selling leaves the
average of what is left unchanged. When it closes is the engine's business.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tradekit.domain.order import Fill
from tradekit.errors import LocalProtocolError

if TYPE_CHECKING:
    from tradekit.domain.costs import CostModel
    from tradekit.domain.signal import Direction

_DUST = 1e-9
_STEPS_MAX = 1_000


@dataclass(slots=True)
class Position:
    """An open position of one direction, in entries and exits.

    Units: prices, costs, pnl in quote currency; quantity in base; percent of the invested cost.

    `peak_pct` and `drawdown_pct` are the best and worst profit in percent after all costs since
    the first entry (a DCA recomputes from its fill on); `peak_price`, `peak_ts_ms` and their like
    say where and when that was: at a fill, or in the candle that opened then.
    """

    signal_id: str
    direction: Direction
    costs: CostModel
    entries: list[Fill] = field(default_factory=list)
    exits: list[Fill] = field(default_factory=list)
    quantity: float = 0.0
    cost: float = 0.0
    cost_left: float = 0.0
    gross: float = 0.0
    fees: float = 0.0
    peak_pct: float = 0.0
    drawdown_pct: float = 0.0
    peak_price: float = 0.0
    peak_ts_ms: int = 0
    drawdown_price: float = 0.0
    drawdown_ts_ms: int = 0
    ambiguous: bool = False
    pct_slope: float = 0.0
    pct_offset: float = 0.0
    _value_left: float = 0.0
    _fees_left: float = 0.0

    @property
    def side(self) -> float:
        """+1 for a long, -1 for a short."""
        return 1.0 if self.direction == "long" else -1.0

    @property
    def average_entry_price(self) -> float:
        """The average price of what is left, before slippage."""
        return self._value_left / self.quantity if self.quantity else 0.0

    def add_entry(self, fill: Fill, cost: float) -> None:
        """Book an entry; `cost` is paid price × quantity, but exact where it was asked for."""
        self.entries.append(fill)
        self.quantity += fill.quantity
        self.cost += cost
        self.cost_left += cost
        self._value_left += fill.price * fill.quantity
        self.fees += fill.fee
        self._fees_left += fill.fee
        self._price_profit()
        self.peak_pct = self.drawdown_pct = self.pnl_pct_at(fill.price)
        self.peak_price = self.drawdown_price = fill.price
        self.peak_ts_ms = self.drawdown_ts_ms = fill.ts_ms

    def add_exit(self, fill: Fill) -> None:
        """Book an exit of part or all of what is left.

        Raises:
            LocalProtocolError: it takes off more than there is.
        """
        if fill.quantity > self.quantity * (1.0 + _DUST):
            msg = f"exit quantity was {fill.quantity!r}, must be at most {self.quantity!r} held"
            raise LocalProtocolError(msg)
        share = min(1.0, fill.quantity / self.quantity)
        cost_part = self.cost_left * share
        self.exits.append(fill)
        self.gross += self.side * (fill.paid_price * fill.quantity - cost_part)
        self.fees += fill.fee
        if 1.0 - share <= _DUST:
            self.quantity = self.cost_left = self._value_left = self._fees_left = 0.0
        else:
            self.quantity -= fill.quantity
            self.cost_left -= cost_part
            self._value_left -= self._value_left * share
            self._fees_left -= self._fees_left * share
        self._price_profit()

    def pnl_at(self, price: float) -> float:
        """Return the profit after all costs if what is left were closed at market at `price`.

        gross + side·(quantity·C − cost_left) − fees − fee(quantity·C), with C the price after
        slippage (engine spec 5.1 and 5.3, in money).
        """
        return (self.pct_slope * price + self.pct_offset) * self.cost / 100.0

    def pnl_pct_at(self, price: float) -> float:
        """Return `pnl_at` in percent of the cost of all entries."""
        return self.pct_slope * price + self.pct_offset

    def price_at(self, pnl_pct: float) -> float:
        """Return the first price, on the way to more profit, at which `pnl_pct_at` is that much.

        Exact to the last bit, so that a close beyond it and only such a close has the profit, but
        next to 0, where prices are finer than profits. NaN once nothing is left.
        """
        if not self.quantity:
            return math.nan
        price = (pnl_pct - self.pct_offset) / self.pct_slope
        less, more = -self.side * math.inf, self.side * math.inf
        for _ in range(_STEPS_MAX):
            if self.pnl_pct_at(price) >= pnl_pct:
                break
            price = math.nextafter(price, more)
        for _ in range(_STEPS_MAX):
            if self.pnl_pct_at(math.nextafter(price, less)) < pnl_pct:
                break
            price = math.nextafter(price, less)
        return price

    def net_zero_price(self) -> float:
        """Return where closing what is left earns its costs: entry and exit fees, slippage.

        side·(quantity·C − cost_left) = entry fees of what is left + fee(quantity·C), with C the
        price after slippage; without partial exits the price at which pnl is 0 (engine spec 5.1).
        NaN once nothing is left.
        """
        if not self.quantity:
            return math.nan
        side, one = self.side, self.costs.fee(1.0, maker=False)
        paid_price = (side * self.cost_left + self._fees_left) / (self.quantity * (side - one))
        return paid_price / self.costs.paid_price(1.0, buying=side < 0, maker=False)

    def observe(self, high: float, low: float, high_ts_ms: int, low_ts_ms: int) -> None:
        """Let peak and drawdown know that prices moved over [low, high] while it was open."""
        self._mark(high, high_ts_ms)
        self._mark(low, low_ts_ms)

    def settle(self) -> None:
        """Count the final profit in peak and drawdown, once everything is closed."""
        assert self.quantity == 0.0, "only a closed position settles"
        last = self.exits[-1]
        self._mark(last.price, last.ts_ms)

    def _mark(self, price: float, ts_ms: int) -> None:
        pnl_pct = self.pct_slope * price + self.pct_offset
        if pnl_pct > self.peak_pct:
            self.peak_pct, self.peak_price, self.peak_ts_ms = pnl_pct, price, ts_ms
        if pnl_pct < self.drawdown_pct:
            self.drawdown_pct, self.drawdown_price, self.drawdown_ts_ms = pnl_pct, price, ts_ms

    def snapshot(self) -> dict[str, Any]:
        """Return everything but the cost model, as plain values."""
        plain = {name: getattr(self, name) for name in self.__slots__ if name != "costs"}
        plain["entries"] = [list(each) for each in self.entries]
        plain["exits"] = [list(each) for each in self.exits]
        return plain

    @classmethod
    def restore(cls, plain: dict[str, Any], costs: CostModel) -> Position:
        """Return the position that `snapshot` described."""
        fields = {key: value for key, value in plain.items() if key not in ("entries", "exits")}
        return cls(
            costs=costs,
            entries=[Fill(*each) for each in plain["entries"]],
            exits=[Fill(*each) for each in plain["exits"]],
            **fields,
        )

    def _price_profit(self) -> None:
        """Recompute profit as a line in the price: it is read far more often than fills come."""
        side, scale = self.side, 100.0 / self.cost
        self.pct_offset = (self.gross - self.fees - side * self.cost_left) * scale
        if self.quantity == 0.0:
            self.pct_slope = 0.0
            return
        got = self.costs.paid_price(1.0, buying=side < 0, maker=False)
        kept = side - self.costs.fee(1.0, maker=False)
        self.pct_slope = self.quantity * got * kept * scale
