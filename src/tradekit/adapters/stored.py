"""An exchange whose past is what a candle store holds under its name.

Decides nothing: it asks the store. Filling the store is the business of import, synth and fetch.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.instrument import Instrument
    from tradekit.domain.time import Interval
    from tradekit.ports.store import CandleStore


class StoredSource:
    """The candles that `store` holds for the exchange `name`.

    `rules` are the market's, the same for every symbol.
    """

    def __init__(self, store: CandleStore, name: str, rules: Instrument) -> None:
        self._store = store
        self._name = name
        self._rules = rules

    @property
    def name(self) -> str:
        """The exchange's name."""
        return self._name

    async def wait_ready(self) -> None:
        """Return if the store can be read.

        Raises:
            StoreError: it cannot.
        """
        await self._store.wait_ready()

    async def symbols(self, interval: Interval) -> Sequence[str]:
        """Return the symbols that the store has candles of `interval` for, sorted."""
        return sorted(
            held.symbol
            for held in await self._store.holdings()
            if held.exchange == self._name and held.interval is interval
        )

    async def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return `[first ts_ms, last ts_ms + interval)` of what the store has, None without."""
        for held in await self._store.holdings():
            if (held.exchange, held.symbol, held.interval) == (self._name, symbol, interval):
                return held.since_ms, held.until_ms
        return None

    async def load(
        self, symbol: str, interval: Interval, since_ms: int, until_ms: int
    ) -> CandleSeries:
        """Return the candles that open in `[since_ms, until_ms)`, oldest first, holes left out."""
        return await self._store.load(self._name, symbol, interval, since_ms, until_ms)

    def instrument(self, symbol: str) -> Instrument:
        """Return the trading rules of `symbol`."""
        return replace(self._rules, symbol=symbol)
