"""SimVenue: a matching machine over candles, sans-IO; the only place prices meet orders.

It fills at the open, or inside a candle at an order's own price, under the fill model of ADR
0004. In one candle: resting stops and targets at the open, market exits, entries; then inside it
entries, then stops, then targets. After an entry inside a candle only the stop is tested in that
candle. Nobody knows the way of prices through a candle, so there is another path, which takes the
target before the stop and lets the adverse end of a candle come before a stop entry. The caller
asks for each of these groups over all symbols before the next.

It keeps what is held only to know how much an exit takes off and what the account gets for it.
Quantities are sized at the fill: floored to the lot, and never more than the account covers.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from tradekit.domain.journal import Phase
from tradekit.domain.order import Fill, Order, OrderType, Role, is_inside_guards, is_touched
from tradekit.engine.events import OrderCancelled, OrderFilled, OrderRejected

if TYPE_CHECKING:
    from tradekit.domain.costs import CostModel
    from tradekit.domain.instrument import Instrument
    from tradekit.engine.account import Account

# Looking a member up on its class is slow in Python 3.11, and this runs for every order.
_INSIDE, _DECISION, _OPEN, _END = Phase
_ENTRY, _AVERAGE, _STOP, _TARGET, _PART, _EXIT = Role
_AT_MARKET, _AT_LIMIT, _AT_STOP = OrderType

VenueEvent = OrderFilled | OrderRejected

_SHRINKS_MAX: Final = 8
_DUST: Final = 1e-9


class SimVenue:
    """The simulated venue of one symbol.

    Every method that fills returns the next event of its group or None; the caller hands it to
    the machine, carries out what that wants, and asks again until there is none.
    """

    __slots__ = (
        "_account",
        "_added_by",
        "_added_ms",
        "_averages",
        "_costs",
        "_doubted_ms",
        "_exits",
        "_in_doubt",
        "_instrument",
        "_stop",
        "_target_first",
        "_targets",
        "_unguarded",
        "ambiguous_candles",
        "entry",
        "held",
        "paid",
    )

    def __init__(
        self,
        instrument: Instrument,
        costs: CostModel,
        account: Account,
        *,
        target_first: bool = False,
    ) -> None:
        """Start without orders and holdings; `target_first` takes the other path through candles.

        `ambiguous_candles` counts those in which the two paths differ.
        """
        self._instrument = instrument
        self._costs = costs
        self._account = account
        self._target_first = target_first
        self.ambiguous_candles = 0
        self._in_doubt = False
        self._doubted_ms = -1
        self.entry: Order | None = None
        self._averages: list[Order] = []
        self._stop: Order | None = None
        self._targets: list[Order] = []
        self._exits: list[Order] = []
        self.held = 0.0
        self.paid = 0.0
        self._added_ms = -1
        self._added_by: OrderType | None = None
        self._unguarded = False

    @property
    def opens(self) -> bool:
        """Whether an order is there that would open or add."""
        return self.entry is not None or bool(self._averages)

    def submit(self, order: Order) -> None:
        """Take an order; one entry and one stop, any number of the others."""
        role = order.role
        if role is _STOP:
            assert self._stop is None, "one stop at a time"
            self._stop = order
        elif role is _TARGET:
            self._targets.append(order)
            self._targets.sort(key=_distance)
        elif role is _ENTRY:
            assert self.entry is None, "one entry at a time"
            self.entry = order
        else:
            orders = self._averages if role is _AVERAGE else self._exits
            assert order not in orders, "each order once"
            orders.append(order)

    def amend(self, order: Order) -> None:
        """Put `order` in the place of the one of its id."""
        if order.role is _STOP:
            self._stop = order
        elif order.role is _ENTRY:
            self.entry = order
        else:
            self._targets = [each for each in self._targets if each.order_id != order.order_id]
            self.submit(order)

    def cancel(self, order_id: str, ts_ms: int, phase: Phase) -> OrderCancelled | None:
        """Take off what would open or add; None if it is gone already."""
        for order in (*self._averages, *((self.entry,) if self.entry else ())):
            if order.order_id == order_id:
                self._drop(order)
                return OrderCancelled(order_id, ts_ms, phase)
        return None

    def resting_exit_at_open(self, ts_ms: int, price: float) -> VenueEvent | None:
        """Fill a stop or target that the open has reached: a stop there, a target at its price."""
        order = self._touched_stop(price, price) or self._touched_target(price, price)
        if order is None:
            return None
        at = price if order.role is _STOP else order.price
        assert at is not None
        return self._exit(order, ts_ms, _OPEN, at)

    def market_exit(self, ts_ms: int, price: float, phase: Phase = _OPEN) -> VenueEvent | None:
        """Fill the next market exit, of a part or of all, at `price`."""
        return self._exit(self._exits[0], ts_ms, phase, price) if self._exits else None

    def entry_at_open(self, ts_ms: int, price: float) -> VenueEvent | None:
        """Fill or refuse what the open decides: at market, or at a price it reached."""
        if not self.held:
            return None if self.entry is None else self._at_open(self.entry, ts_ms, price)
        for order in self._averages:
            event = self._at_open(order, ts_ms, price)
            if event is not None:
                return event
        return None

    def _at_open(self, order: Order, ts_ms: int, price: float) -> VenueEvent | None:
        if order.order_type is _AT_MARKET:
            self._unguarded = False
            if not is_inside_guards(order, price):
                detail = (
                    f"open was {price!r}, must lie between {order.guard_low!r} "
                    f"and {order.guard_high!r}"
                )
                return self._refuse(order, ts_ms, _OPEN, "gap_reject", detail, price)
        elif is_touched(order, price, price):
            self._unguarded = True
        else:
            return None
        return self._enter(order, ts_ms, _OPEN, price)

    def bracket_at_entry(self, ts_ms: int, price: float) -> VenueEvent | None:
        """Close at the same open what a resting entry opened beyond its own stop or target.

        A market entry has its guards against that.
        """
        if not self._unguarded:
            return None
        order = self._touched_stop(price, price) or self._touched_target(price, price)
        return None if order is None else self._exit(order, ts_ms, _OPEN, price)

    def entry_inside(self, ts_ms: int, low: float, high: float) -> VenueEvent | None:
        """Fill what rests to open or add, inside a candle at its price; `ts_ms` is its close."""
        resting = sorted(self._averages, key=_distance) if self.held else [self.entry]
        for order in resting:
            if order is None or order.order_type is _AT_MARKET or not is_touched(order, low, high):
                continue
            assert order.price is not None
            if self._touched_stop(order.price, order.price):
                continue  # The way there leads past a stop that was moved since.
            event = self._enter(order, ts_ms, _INSIDE, order.price)
            if isinstance(event, OrderFilled):
                self._added_ms, self._added_by = ts_ms, order.order_type
            return event
        return None

    def exit_inside(self, ts_ms: int, low: float, high: float) -> VenueEvent | None:
        """Fill a stop or the nearest target inside a candle; `ts_ms` is its close time."""
        stop, target = self._touched_stop(low, high), self._touched_target(low, high)
        if stop is None and target is None:
            return None
        stop_first = target_first = stop or target
        if self._added_ms == ts_ms:
            # The way to a limit entry's stop leads past the entry, that to a stop entry's does not.
            stop_first = stop
            target_first = target or (stop if self._added_by is _AT_LIMIT else None)
        elif stop is not None:
            target_first = target or stop
        if stop_first is not target_first:
            # A candle that fills several targets is asked about several times.
            self.ambiguous_candles += self._doubted_ms != ts_ms
            self._doubted_ms = ts_ms
            self._in_doubt = True
        order = target_first if self._target_first else stop_first
        if order is None:
            return None
        assert order.price is not None
        return self._exit(order, ts_ms, _INSIDE, order.price)

    def _touched_stop(self, low: float, high: float) -> Order | None:
        stop = self._stop
        return stop if stop is not None and is_touched(stop, low, high) else None

    def _touched_target(self, low: float, high: float) -> Order | None:
        """Return the nearest target that [low, high] touches."""
        for target in self._targets:
            if is_touched(target, low, high):
                return target
        return None

    def _enter(self, order: Order, ts_ms: int, phase: Phase, price: float) -> VenueEvent:
        maker = order.order_type is _AT_LIMIT
        paid_price = self._costs.paid_price(price, buying=order.buying, maker=maker)
        quantity, cost = self._size(order, paid_price, maker=maker)
        if order.equity_pct is not None and self._account.cash <= self._account.dust:
            detail = f"free cash was {self._account.cash!r}, must be more than nothing"
            return self._refuse(order, ts_ms, phase, "insufficient_cash", detail, price)
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
        self._drop(order)
        self._account.book(-(cost + fee))
        self.held += quantity
        self.paid += cost
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

    def _exit(self, order: Order, ts_ms: int, phase: Phase, price: float) -> VenueEvent:
        maker = order.order_type is _AT_LIMIT
        quantity, paid = self.held, self.paid
        if order.quantity is not None and order.quantity < self.held * (1.0 - _DUST):
            quantity = self._instrument.floor_quantity(order.quantity)
            paid *= quantity / self.held
        if quantity <= 0.0:
            detail = f"quantity came to 0 of {self.held!r} held, must be at least one lot"
            return self._refuse(order, ts_ms, phase, "below_lot_size", detail, price)
        paid_price = self._costs.paid_price(price, buying=order.buying, maker=maker)
        proceeds = quantity * paid_price
        if quantity != self.held and proceeds < (least := self._instrument.min_notional):
            detail = f"proceeds were {proceeds!r}, must be at least {least!r}"
            return self._refuse(order, ts_ms, phase, "below_min_notional", detail, price)
        fee = self._costs.fee(proceeds, maker=maker)
        # A short gets back what it reserved and the gain or loss on it.
        cash_delta = (2.0 * paid - proceeds if order.buying else proceeds) - fee
        if quantity == self.held:
            in_doubt, self._in_doubt = self._in_doubt, False
            # What belonged to the position goes with it, as on an exchange that links such orders.
            self._stop = None
            for orders in (self._targets, self._exits, self._averages):
                orders.clear()
            self.held = self.paid = 0.0
        else:
            in_doubt = self._in_doubt
            self._drop(order)
            self.held -= quantity
            self.paid -= paid
        self._account.book(cash_delta)
        fill = Fill(ts_ms, price, paid_price, quantity, fee)
        return OrderFilled(order.order_id, phase, fill, proceeds, cash_delta, in_doubt)

    def _drop(self, order: Order) -> None:
        """Forget an order that was filled, refused or taken off."""
        if order is self.entry:
            self.entry = None
            return
        for orders in (self._averages, self._targets, self._exits):
            if order in orders:
                orders.remove(order)

    def _refuse(
        self, order: Order, ts_ms: int, phase: Phase, rule: str, detail: str, price: float
    ) -> OrderRejected:
        self._drop(order)
        return OrderRejected(order.order_id, ts_ms, phase, rule, detail, price)


def _distance(order: Order) -> float:
    assert order.price is not None
    return -order.price if order.waits_below else order.price
