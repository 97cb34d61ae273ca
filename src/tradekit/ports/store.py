"""What the program needs of durable storage; nothing here says how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.time import Interval


@dataclass(frozen=True, slots=True)
class Holding:
    """What the store has of one exchange, symbol and interval.

    Units: `since_ms` open time of the first candle, `until_ms` that of the last plus the interval;
    `missing` counts the candles absent between them, `holes` the stretches they form.
    """

    exchange: str
    symbol: str
    interval: Interval
    since_ms: int
    until_ms: int
    candles: int
    holes: int
    missing: int


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of an append: new rows, rows that were there already, rows that differ."""

    added: int
    known: int
    conflict_ts_ms: tuple[int, ...] = ()


class CandleStore(Protocol):
    """Candles by (exchange, symbol, interval); a row that exists never changes."""

    async def wait_ready(self) -> None:
        """Return once the store can be used.

        Raises:
            StoreError: it cannot be opened; the message says where it is.
        """

    async def append(
        self, exchange: str, symbol: str, interval: Interval, series: CandleSeries
    ) -> Appended:
        """Add the candles of `series` that are not there yet, all or none.

        A candle whose time is there with other values is kept out and reported.

        Raises:
            StoreError: the disk is full or the store is broken; nothing was added.
        """

    async def load(
        self, exchange: str, symbol: str, interval: Interval, since_ms: int, until_ms: int
    ) -> CandleSeries:
        """Return the candles that open in `[since_ms, until_ms)`, oldest first."""

    async def holdings(self) -> Sequence[Holding]:
        """Return what there is, sorted by exchange, symbol and length of the interval."""

    async def close(self) -> None:
        """Let go of what is open."""
