"""An exchange made of a directory of candle files.

Decides which files belong to which symbol, and that each is read once. What is in a file is
`reading`'s business. Invariant: files that overlap agree, else none of them is used.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tradekit.adapters.candle_files.reading import find_files, identify, read_candles
from tradekit.domain.candle import empty_series
from tradekit.errors import CandleError, SettingsError
from tradekit.kernels.daybook import merge

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.instrument import Instrument
    from tradekit.domain.time import Interval


class FilesSource:
    """The candle files of `directory` named `SYMBOL-INTERVAL…`, each read once, when first needed.

    Several files of one symbol and interval are one history; where they overlap they must agree.
    """

    def __init__(self, name: str, directory: Path, rules: Instrument) -> None:
        self._name = name
        self._directory = directory
        self._rules = rules
        self._files: dict[tuple[str, Interval], list[Path]] | None = None
        self._series: dict[tuple[str, Interval], CandleSeries] = {}

    @property
    def name(self) -> str:
        """The exchange's name."""
        return self._name

    async def wait_ready(self) -> None:
        """Return if the directory is there.

        Raises:
            SettingsError: it is not.
        """
        self._index()

    async def symbols(self, interval: Interval) -> Sequence[str]:
        """Return the symbols that have a file of `interval`, sorted."""
        return sorted(symbol for symbol, each in self._index() if each is interval)

    async def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:
        """Return `[first ts_ms, last ts_ms + interval)` of the symbol's files, None without."""
        series = self._read(symbol, interval)
        if not len(series):
            return None
        return int(series.ts_ms[0]), int(series.ts_ms[-1]) + interval.ms

    async def load(
        self, symbol: str, interval: Interval, since_ms: int, until_ms: int
    ) -> CandleSeries:
        """Return the candles that open in `[since_ms, until_ms)`, oldest first, holes left out.

        Raises:
            CandleError: a file of the symbol has an impossible candle, or two files disagree.
        """
        return self._read(symbol, interval).between(since_ms, until_ms)

    def instrument(self, symbol: str) -> Instrument:
        """Return the trading rules of `symbol`."""
        return replace(self._rules, symbol=symbol)

    def _index(self) -> dict[tuple[str, Interval], list[Path]]:
        """Return the files by what their names say is in them."""
        if self._files is None:
            if not self._directory.is_dir():
                raise SettingsError(
                    f"the directory of exchange {self._name!r} was {str(self._directory)!r}, "
                    "must be a directory that exists"
                )
            self._files = {}
            for path in find_files(self._directory):
                if key := identify(path):
                    self._files.setdefault(key, []).append(path)
        return self._files

    def _read(self, symbol: str, interval: Interval) -> CandleSeries:
        """Return all candles of the symbol's files."""
        key = (symbol, interval)
        if key not in self._series:
            series = empty_series(interval.ms)
            for path in self._index().get(key, ()):
                merged = merge(series, read_candles(path).series)
                if merged.conflict_ts_ms:
                    raise CandleError(
                        f"{len(merged.conflict_ts_ms)} candles of {path} were not those that "
                        f"other files of {symbol} {interval.plain} have, must be equal to them"
                    )
                series = merged.series
            self._series[key] = series
        return self._series[key]
