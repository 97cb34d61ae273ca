"""SimVenue: a matching machine over candles, sans-IO; the only place prices meet orders.

It fills at the open, or inside a candle at an order's own price, under the fill model of ADR
0004. In one candle: resting stops and targets at the open, market exits, entries; then inside it
entries, then stops, then targets. After an entry inside a candle only the stop is tested in that
candle. The caller asks for each of these groups over all symbols before the next.

It keeps what is held only to know how much an exit takes off and what the account gets for it.
Quantities are sized at the fill: floored to the lot, and never more than the account covers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tradekit.domain.journal import Phase
from tradekit.domain.order import Fill, Order, OrderType, Role, is_touched
from tradekit.engine.events import OrderCancelled, OrderFilled, OrderRejected

if TYPE_CHECKING:
    from tradekit.domain.costs import CostModel
    from tradekit.domain.instrument import Instrument
    from tradekit.engine.account import Account

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_INSIDE, _DECISION, _OPEN, _END = Phase
_ENTRY, _STOP, _TARGET, _EXIT = Role
_AT_MARKET, _AT_LIMIT, _AT_STOP = OrderType

VenueEvent = OrderFilled | OrderRejected

_SHRINKS_MAX: Final = 8


class SimVenue:
    """The simulated venue of one symbol.

    Every method that fills returns the next event of its group or None; the caller hands it to
    the machine, carries out what that wants, and asks again until there is none.
    """

    __slots__ = (
        "_account",
        "_costs",
        "_entered_ms",
        "_instrument",
        "_unguarded",
        "held",
        "orders",
        "paid",
    )

    def __init__(self, instrument: Instrument, costs: CostModel, account: Account) -> None:
        """Start without orders and holdings."""
        self._instrument = instrument
        self._costs = costs
        self._account = account
        self.orders: dict[str, Order] = {}
        self.held = 0.0
        self.paid = 0.0
        self._entered_ms = -1
        self._unguarded = False

    def submit(self, order: Order) -> None:
        """Take an order."""
        assert order.order_id not in self.orders, "an order id is used once"
        self.orders[order.order_id] = order

    def cancel(self, order_id: str, ts_ms: int, phase: Phase) -> OrderCancelled | None:
        """Take an order off; None if it is gone already."""
        if self.orders.pop(order_id, None) is None:
            return None
        return OrderCancelled(order_id, ts_ms, phase)

    def resting_exit_at_open(self, ts_ms: int, price: float) -> VenueEvent | None:
        """Fill a stop or target that the open has reached: a stop there, a target at its price."""
        order = self._touched_exit(price, price)
        if order is None:
            return None
        at = price if order.role is _STOP else order.price
        assert at is not None
        return self._exit(order, ts_ms, _OPEN, at)

    def market_exit(self, ts_ms: int, price: float, phase: Phase = _OPEN) -> VenueEvent | None:
        """Fill a market exit at `price`."""
        for order in self.orders.values():
            if order.role is _EXIT:
                return self._exit(order, ts_ms, phase, price)
        return None

    def entry_at_open(self, ts_ms: int, price: float) -> VenueEvent | None:
        """Fill or refuse an entry that the open decides: at market, or at a price it reached."""
        order = self._entry()
        if order is None:
            return None
        self._unguarded = order.order_type is not _AT_MARKET
        if not self._unguarded:
            if not _inside_guards(order, price):
                detail = (
                    f"open was {price!r}, must lie between {order.guard_low!r} "
                    f"and {order.guard_high!r}"
                )
                return self._refuse(order, ts_ms, _OPEN, "gap_reject", detail, price)
        elif not is_touched(order, price, price):
            return None
        return self._enter(order, ts_ms, _OPEN, price)

    def bracket_at_entry(self, ts_ms: int, price: float) -> VenueEvent | None:
        """Close at the same open what a resting entry opened beyond its own stop or target.

        A market entry has its guards against that.
        """
        if not self._unguarded:
            return None
        order = self._touched_exit(price, price)
        return None if order is None else self._exit(order, ts_ms, _OPEN, price)

    def entry_inside(self, ts_ms: int, low: float, high: float) -> VenueEvent | None:
        """Fill a resting entry inside a candle at its price; `ts_ms` is the candle's close time."""
        order = self._entry()
        if order is None or order.order_type is _AT_MARKET:
            return None
        if not is_touched(order, low, high):
            return None
        assert order.price is not None
        event = self._enter(order, ts_ms, _INSIDE, order.price)
        self._entered_ms = ts_ms
        return event

    def exit_inside(self, ts_ms: int, low: float, high: float) -> VenueEvent | None:
        """Fill a stop, else the nearest target, inside a candle; `ts_ms` is its close time."""
        order = self._touched_exit(low, high)
        if order is None or (self._entered_ms == ts_ms and order.role is _TARGET):
            return None
        assert order.price is not None
        ambiguous = order.role is _STOP and any(
            each.role is _TARGET and is_touched(each, low, high) for each in self.orders.values()
        )
        return self._exit(order, ts_ms, _INSIDE, order.price, ambiguous=ambiguous)

    def _entry(self) -> Order | None:
        for order in self.orders.values():
            if order.role is _ENTRY:
                return order
        return None

    def _touched_exit(self, low: float, high: float) -> Order | None:
        """Return the stop if [low, high] touches it, else the nearest target that it touches."""
        nearest = None
        for order in self.orders.values():
            if order.role is _STOP:
                if is_touched(order, low, high):
                    return order
            elif (
                order.role is _TARGET
                and is_touched(order, low, high)
                and (nearest is None or _distance(order) < _distance(nearest))
            ):
                nearest = order
        return nearest

    def _enter(self, order: Order, ts_ms: int, phase: Phase, price: float) -> VenueEvent:
        maker = order.order_type is _AT_LIMIT
        paid_price = self._costs.paid_price(price, buying=order.buying, maker=maker)
        quantity, cost = self._size(order, paid_price, maker=maker)
        if quantity <= 0.0:
            detail = f"quantity came to 0 at price {price!r}, must be at least one lot"
            return self._refuse(order, ts_ms, phase, "below_lot_size", detail, price)
        if cost < self._instrument.min_notional:
            detail = f"cost was {cost!r}, must be at least {self._instrument.min_notional!r}"
            return self._refuse(order, ts_ms, phase, "below_min_notional", detail, price)
        fee = self._costs.fee(cost, maker=maker)
        if not self._account.covers(cost + fee):
            cash = self._account.cash
            detail = f"cost and fee were {cost + fee!r}, must be at most the free cash {cash!r}"
            return self._refuse(order, ts_ms, phase, "insufficient_cash", detail, price)
        del self.orders[order.order_id]
        self._account.book(-(cost + fee))
        self.held, self.paid = quantity, cost
        fill = Fill(ts_ms, price, paid_price, quantity, fee)
        return OrderFilled(order.order_id, phase, fill, cost, -(cost + fee))

    def _size(self, order: Order, paid_price: float, *, maker: bool) -> tuple[float, float]:
        """Return quantity and cost: what was asked for, floored to the lot."""
        lot_size = self._instrument.lot_size
        if order.cost is not None:
            quantity = self._instrument.floor_quantity(order.cost / paid_price)
            return quantity, quantity * paid_price if lot_size else order.cost
        assert order.equity_pct is not None
        cash = self._account.read() * (order.equity_pct / 100.0)
        with_fee = 1.0 + self._costs.fee(1.0, maker=maker)
        quantity = self._instrument.floor_quantity(cash / (paid_price * with_fee))
        cost = quantity * paid_price
        # Float dust may make the whole cost a hair more than the cash it was made from.
        for _ in range(_SHRINKS_MAX):
            if cost + self._costs.fee(cost, maker=maker) <= cash or quantity <= 0.0:
                break
            quantity = quantity - lot_size if lot_size else math.nextafter(quantity, 0.0)
            cost = quantity * paid_price
        return quantity, cost

    def _exit(
        self, order: Order, ts_ms: int, phase: Phase, price: float, *, ambiguous: bool = False
    ) -> OrderFilled:
        maker = order.order_type is _AT_LIMIT
        quantity = self.held
        paid_price = self._costs.paid_price(price, buying=order.buying, maker=maker)
        proceeds = quantity * paid_price
        fee = self._costs.fee(proceeds, maker=maker)
        # A short gets back what it reserved and the gain or loss on it.
        cash_delta = (2.0 * self.paid - proceeds if order.buying else proceeds) - fee
        # What protected the position goes with it, as on an exchange that links such orders.
        self.orders = {k: o for k, o in self.orders.items() if o.role is _ENTRY}
        self.held = self.paid = 0.0
        self._account.book(cash_delta)
        fill = Fill(ts_ms, price, paid_price, quantity, fee)
        return OrderFilled(order.order_id, phase, fill, proceeds, cash_delta, ambiguous)

    def _refuse(
        self, order: Order, ts_ms: int, phase: Phase, rule: str, detail: str, price: float
    ) -> OrderRejected:
        del self.orders[order.order_id]
        return OrderRejected(order.order_id, ts_ms, phase, rule, detail, price)


def _inside_guards(order: Order, price: float) -> bool:
    return (order.guard_low is None or price > order.guard_low) and (
        order.guard_high is None or price < order.guard_high
    )


def _distance(order: Order) -> float:
    assert order.price is not None
    return -order.price if order.waits_below else order.price
