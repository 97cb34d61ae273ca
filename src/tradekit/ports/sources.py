"""Where a run's candles come from; nothing here says how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.instrument import Instrument
    from tradekit.domain.time import Interval


class CandleSource(Protocol):
    """Closed candles of an exchange's past."""

    @property
    def name(self) -> str:
        """The exchange's name, as in errors and manifests."""

    async def wait_ready(self) -> None:
        """Return once the source can be asked; the caller sets the deadline.

        Raises:
            NotReadyError: it never will be; the message says how it was reached.
        """

    async def symbols(self, interval: Interval) -> Sequence[str]:
        """Return the symbols it has candles of `interval` for, sorted."""

    async def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return `[first ts_ms, last ts_ms + interval)` of what it has, None without candles."""

    async def load(
        self, symbol: str, interval: Interval, since_ms: int, until_ms: int
    ) -> CandleSeries:
        """Return the candles that open in `[since_ms, until_ms)`, oldest first, holes left out."""

    def instrument(self, symbol: str) -> Instrument:
        """Return the trading rules of `symbol`."""
