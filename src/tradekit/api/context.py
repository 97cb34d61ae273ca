"""What a strategy sees: `Context`, its windows of closed candles, and the account.

Read-only, and the only door to data: nothing that has not closed by `now` is ever handed out.
The drivers move time; this module only reads where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import numpy as np

from tradekit.domain.journal import utf8
from tradekit.domain.time import MINUTE_MS, Interval, format_duration, parse_interval
from tradekit.errors import WarmupError
from tradekit.kernels.candles import aggregate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradekit.domain.candle import CandleSeries

Params = TypeVar("Params")


class Moment(Protocol):
    """Where a symbol is in time; a driver moves it, views read it."""

    @property
    def now_ms(self) -> int:
        """The boundary being decided at, in ms UTC."""

    @property
    def price(self) -> float:
        """The last close by then, in quote currency."""

    @property
    def fresh_price(self) -> float | None:
        """The same where it is at hand, else None; it costs less to ask."""

    @property
    def index(self) -> int:
        """How many base candles have closed by then."""


class Account:
    """The account of the run, in quote currency."""

    __slots__ = ("_cash", "_equity")

    def __init__(self, cash: Callable[[], float], equity: Callable[[], float]) -> None:
        """Read through the given functions."""
        self._cash = cash
        self._equity = equity

    @property
    def cash(self) -> float:
        """What is free to be spent."""
        return self._cash()

    @property
    def equity(self) -> float:
        """Cash plus open positions at their last close, their exit costs not yet taken."""
        return self._equity()


class Windows:
    """Closed candles of one symbol by interval; higher ones are aggregated once."""

    __slots__ = ("_base", "_closed_ms", "_higher", "_moment")

    def __init__(self, base: CandleSeries, moment: Moment) -> None:
        """Serve from `base`, cut at `moment`."""
        self._base = base
        self._moment = moment
        self._higher: dict[int, CandleSeries] = {}
        self._closed_ms: dict[int, np.ndarray[Any, np.dtype[np.int64]]] = {}

    def last(self, interval: str | Interval, count: int) -> CandleSeries:
        """Return the last `count` closed candles, as `Context.candles` does."""
        series, closed = self._closed(interval)
        if count < 1:
            msg = (
                f"candles({_text(interval)!r}, {count!r}): the count must be a whole number above 0"
            )
            raise WarmupError(msg)
        if count > closed:
            need_ms = count * series.interval_ms + (
                0 if series.interval_ms == self._base.interval_ms else series.interval_ms
            )
            # A warm-up is a time: where candles are missing it holds fewer of them.
            proviso = " if no candle were missing" if self._base.holes() else ""
            msg = (
                f"candles({_text(interval)!r}, {count}) was asked for when {closed} had closed; "
                f'@strategy(..., warmup="{format_duration(need_ms)}") would do{proviso}'
            )
            raise WarmupError(msg)
        return series.slice(closed - count, closed)

    def has(self, interval: str | Interval, count: int) -> bool:
        """Return whether that many have closed."""
        return 0 < count <= self._closed(interval)[1]

    def _closed(self, interval: str | Interval) -> tuple[CandleSeries, int]:
        interval_ms = parse_interval(interval).ms
        base_ms = self._base.interval_ms
        if interval_ms == base_ms:
            return self._base, self._moment.index
        if interval_ms < base_ms or interval_ms % base_ms:
            msg = (
                f"interval was {_text(interval)!r}, must be a multiple of the base interval of "
                f"{base_ms // MINUTE_MS} minutes"
            )
            raise WarmupError(msg)
        series = self._higher.get(interval_ms)
        if series is None:
            series = self._higher[interval_ms] = aggregate(self._base, interval_ms)
            self._closed_ms[interval_ms] = series.ts_ms + interval_ms
        closed = np.searchsorted(self._closed_ms[interval_ms], self._moment.now_ms, "right")
        return series, int(closed)


class Context(Generic[Params]):
    """What the deciding function and the hooks are called with; one a (strategy, symbol).

    `params` are the strategy's parameters. `state` is a dictionary that lasts as long as the run.
    """

    __slots__ = ("_log", "_moment", "_state", "_windows", "account", "params", "symbol")

    def __init__(
        self,
        *,
        symbol: str,
        params: Params,
        moment: Moment,
        windows: Windows,
        account: Account,
        log: Callable[[str], None],
    ) -> None:
        """Read through what the driver gives."""
        self.symbol = symbol
        self.params = params
        self._state: dict[str, Any] = {}
        self.account = account
        self._moment = moment
        self._windows = windows
        self._log = log

    @property
    def state(self) -> dict[str, Any]:
        """What the strategy keeps of this symbol; change it, it cannot be replaced."""
        return self._state

    @property
    def now(self) -> int:
        """The time of this decision in ms UTC; every candle seen has closed by then."""
        return self._moment.now_ms

    @property
    def price(self) -> float:
        """The last close, in quote currency."""
        fresh = self._moment.fresh_price
        return self._moment.price if fresh is None else fresh

    @property
    def has_book(self) -> bool:
        """Whether an order book can be asked for; history has none."""
        return False

    def candles(self, interval: str | Interval, count: int) -> CandleSeries:
        """Return exactly the last `count` closed candles of `interval`, oldest first.

        The columns `ts_ms, open, high, low, close, volume` are read-only views, no copies;
        `[-1]` is the newest.

        Raises:
            WarmupError: fewer have closed; it names the warm-up that would do.
        """
        return self._windows.last(interval, count)

    def has(self, interval: str | Interval, count: int) -> bool:
        """Return whether `candles(interval, count)` would succeed."""
        return self._windows.has(interval, count)

    def log(self, message: object) -> None:
        """Add a line to the run's log, marked with time and symbol."""
        self._log(utf8(message))


def _text(interval: str | Interval) -> str:
    return interval.plain if isinstance(interval, Interval) else interval
