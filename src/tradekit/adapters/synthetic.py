"""Made-up candles, always the same for one seed, for demonstrations and tests.

Decides what a market that does not exist looks like. It is no model of a real one: prices wander
without drift, with calm and busy hours. Invariant: a candle depends on seed, symbol and its own
time alone, never on the window that was asked for.

Each UTC day is made by itself, so that any window costs what its days cost. The price at which a
day opens comes from value noise: slow and quick waves whose heights are hashes of seed, symbol,
wave and place. Between two such openings the price walks in steps of ten seconds, bent so that it
arrives where the next day starts. Steps are sums of PCG64's raw bits, and from there on there is
only arithmetic that IEEE 754 fixes to the last bit (no NumPy distribution, no exp, no log), so that
every machine and every NumPy makes the same candles.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tradekit.domain.candle import CandleSeries, concatenate, empty_series
from tradekit.domain.time import DAY_MS, MINUTE_MS, align_down, align_up, parse_time_ms
from tradekit.errors import UnknownNameError
from tradekit.kernels.candles import aggregate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tradekit.domain.candle import FloatArray
    from tradekit.domain.instrument import Instrument
    from tradekit.domain.time import Interval

_SYMBOL: Final = re.compile(r"[A-Z0-9]{2,20}")
_FIRST_DAY: Final = "2000-01-01"
_LAST_DAY: Final = "2099-12-31"

_LEVELS: Final = {
    "BTCUSDT": 72_000.0,
    "POLUSDT": 0.21,
    "ZECUSDT": 310.0,
    "HYPEUSDT": 36.0,
    "XAUTUSDT": 4_400.0,
    "DOGEUSDT": 0.13,
    "SOLUSDT": 125.0,
    "PENGUUSDT": 0.0105,
    "HBARUSDT": 0.105,
}
_MINUTES: Final = 1440
_STEPS: Final = 6
_DAY_STEPS: Final = _MINUTES * _STEPS
_REGIME_HOURS: Final = 6
_REGIMES: Final = 24 // _REGIME_HOURS
_CHUNK_DAYS: Final = 16
# The standard deviation of a minute, as a fraction of the price, in an average hour.
_MINUTE_FRAC: Final = 0.0005
# Waves of 1 to 256 days. The height of the quickest makes days differ by 0.019, as 1440 such
# minutes would; together they keep a price between 0.54 and 1.84 of its level.
_OCTAVES: Final = 9
_WAVE_FRAC: Final = 0.0161
# Quote currency traded in an average minute.
_TURNOVER: Final = 60_000.0
# The sum of four uniform 16-bit numbers: its middle and standard deviation.
_LANES: Final = 4
_LANE_SUM_MIDDLE: Final = _LANES * 65_535 / 2
_LANE_SUM_DEVIATION: Final = 37_837.2


class _Market(NamedTuple):
    """What does not change about a symbol: where it starts, and its decimal places."""

    level: float
    price_scale: float
    volume_scale: float


class SyntheticSource:
    """Made-up candles of any symbol, from the year 2000 to 2099, on any interval.

    `seed` makes the market; `symbols` is what it lists; `rules` are those of every symbol.
    """

    def __init__(
        self, seed: int, symbols: Sequence[str], rules: Instrument, *, name: str = "synthetic"
    ) -> None:
        self._seed = seed
        self._symbols = sorted(set(symbols))
        self._rules = rules
        self._name = name
        self._span = parse_time_ms(_FIRST_DAY), parse_time_ms(_LAST_DAY) + DAY_MS

    @property
    def name(self) -> str:
        """The exchange's name."""
        return self._name

    async def wait_ready(self) -> None:
        """Return at once."""

    async def symbols(self, interval: Interval) -> Sequence[str]:  # noqa: ARG002  (has them all)
        """Return the symbols it was made with, sorted; it has candles of any other, too."""
        return self._symbols

    async def span(self, symbol: str, interval: Interval) -> tuple[int, int] | None:  # noqa: ARG002
        """Return the years that there are candles of."""
        return self._span if _SYMBOL.fullmatch(symbol) else None

    async def load(
        self, symbol: str, interval: Interval, since_ms: int, until_ms: int
    ) -> CandleSeries:
        """Return the candles that open in `[since_ms, until_ms)`, oldest first, without holes.

        Raises:
            UnknownNameError: the symbol is not 2 to 20 capital letters and digits.
        """
        if not _SYMBOL.fullmatch(symbol):
            raise UnknownNameError(
                f"symbol was {symbol!r}, must be 2 to 20 capital letters and digits "
                f"for exchange {self._name!r}"
            )
        since_ms, until_ms = max(since_ms, self._span[0]), min(until_ms, self._span[1])
        if until_ms <= since_ms:
            return empty_series(interval.ms)
        first, stop = align_down(since_ms, DAY_MS) // DAY_MS, align_up(until_ms, DAY_MS) // DAY_MS
        parts = [
            aggregate(
                _days(self._seed, symbol, day, min(day + _CHUNK_DAYS, stop)), interval.ms
            ).between(since_ms, until_ms)
            for day in range(first, stop, _CHUNK_DAYS)
        ]
        return concatenate(parts, interval.ms)

    def instrument(self, symbol: str) -> Instrument:
        """Return the trading rules of `symbol`."""
        return replace(self._rules, symbol=symbol)


def _days(seed: int, symbol: str, first: int, stop: int) -> CandleSeries:
    """Return the 1m candles of the days `first..stop-1`, counted from the epoch."""
    market = _market(symbol)
    opens = np.array([_opening(seed, symbol, day) for day in range(first, stop + 1)])
    raw = np.stack([_raw(seed, symbol, day) for day in range(first, stop)])
    busy = _busyness(seed, symbol, first, stop)
    path = _paths(opens, _lane_sums(raw[:, :_DAY_STEPS]), busy)
    inside = path[:, 1:].reshape(-1, _MINUTES, _STEPS)
    open_ = path[:, :-1:_STEPS]
    high = np.maximum(inside.max(axis=2), open_)
    low = np.minimum(inside.min(axis=2), open_)
    chance = 1.0 + _lane_sums(raw[:, _DAY_STEPS:]) / _LANE_SUM_MIDDLE
    ranged = 0.25 + (high - low) / (open_ * _MINUTE_FRAC)
    lots = np.rint(chance * ranged * busy * (_TURNOVER / market.level * market.volume_scale))
    minutes = np.arange(first * _MINUTES, stop * _MINUTES, dtype=np.int64)
    # Dividing whole numbers gives the double nearest to the decimal, which multiplying does not.
    columns = [each / market.price_scale for each in (open_, high, low, path[:, _STEPS::_STEPS])]
    columns.append(np.maximum(lots, 1.0) / market.volume_scale)
    return CandleSeries(MINUTE_MS, minutes * MINUTE_MS, *(each.reshape(-1) for each in columns))


def _paths(opens: FloatArray, sums: FloatArray, busy: FloatArray) -> FloatArray:
    """Return the prices of each day at every step, first and last included, in whole ticks.

    Shapes:  opens: float64[days + 1], in ticks. sums: float64[days, steps]. busy: [days, minutes].
    """
    step_frac = _MINUTE_FRAC / math.sqrt(_STEPS) / _LANE_SUM_DEVIATION
    steps = sums.reshape(-1, _MINUTES, _STEPS) * (busy * step_frac)[:, :, None]
    walk = np.cumsum(steps.reshape(len(sums), _DAY_STEPS), axis=1)
    gone = np.arange(1, _DAY_STEPS + 1) / _DAY_STEPS
    start, end = opens[:-1, None], opens[1:, None]
    walk += gone * ((end - start) / start - walk[:, -1:])
    path = np.empty((len(sums), _DAY_STEPS + 1))
    path[:, :1] = start
    path[:, 1:] = np.maximum(np.rint(start * (1.0 + walk)), 1.0)
    return path


def _opening(seed: int, symbol: str, day: int) -> float:
    """Return the price at which a day opens, in whole ticks."""
    market = _market(symbol)
    height = 0.0
    for wave in range(_OCTAVES):
        place, rest = divmod(day, 2**wave)
        part = rest / 2**wave
        eased = part * part * (3.0 - 2.0 * part)
        here = _noise(seed, symbol, f"level{wave}", place)
        there = _noise(seed, symbol, f"level{wave}", place + 1)
        # Waves twice as long are as much higher as a random walk gets in that time.
        height += math.sqrt(2.0**wave) * (here + (there - here) * eased)
    moved = height * _WAVE_FRAC
    ratio = 1.0 + moved if moved >= 0.0 else 1.0 / (1.0 - moved)
    return max(1.0, float(round(market.level * ratio * market.price_scale)))


def _busyness(seed: int, symbol: str, first: int, stop: int) -> FloatArray:
    """Return how lively each minute is: 1 on average in squares, from 0.4 to 1.9."""
    places = range(first * _REGIMES, stop * _REGIMES + 1)
    chances = np.array([0.5 + 0.5 * _noise(seed, symbol, "busy", place) for place in places])
    heights = 0.4 + 1.5 * chances * chances
    part = np.arange(60 * _REGIME_HOURS) / (60 * _REGIME_HOURS)
    busy: FloatArray = heights[:-1, None] + (heights[1:] - heights[:-1])[:, None] * part
    return busy.reshape(stop - first, _MINUTES)


def _noise(seed: int, symbol: str, what: str, place: int) -> float:
    """Return a number in [-1, 1) that hangs on the arguments alone."""
    return int.from_bytes(_digest(seed, symbol, what, place)[:8], "little") / 2.0**63 - 1.0


def _digest(seed: int, symbol: str, what: str, place: int) -> bytes:
    """Return the hash that stands for the arguments."""
    return hashlib.sha256(f"synthetic 1\n{seed}\n{symbol}\n{what}\n{place}".encode()).digest()


def _raw(seed: int, symbol: str, day: int) -> NDArray[np.uint64]:
    """Return the random bits of a day: those of its steps, then those of its volumes."""
    own_seed = int.from_bytes(_digest(seed, symbol, "day", day), "little")
    bits: NDArray[np.uint64] = np.random.PCG64(own_seed).random_raw(_DAY_STEPS + _MINUTES)
    return bits


def _lane_sums(raw: NDArray[np.uint64]) -> FloatArray:
    """Return for each word the sum of its four 16-bit lanes, less the sum's middle."""
    mask = np.uint64(0x0000_FFFF_0000_FFFF)
    pairs = (raw & mask) + ((raw >> np.uint64(16)) & mask)
    sums = (pairs & np.uint64(0xFFFF_FFFF)) + (pairs >> np.uint64(32))
    centred: FloatArray = sums.astype(np.float64) - _LANE_SUM_MIDDLE
    return centred


@lru_cache(maxsize=1024)
def _market(symbol: str) -> _Market:
    """Return level and decimal places of a symbol; those of an unknown one come from its name."""
    level = _LEVELS.get(symbol)
    if level is None:
        digest = _digest(0, symbol, "market", 0)
        level = float(f"{100 + digest[0] * 3}e{digest[1] % 6 - 5}")
    return _Market(
        level,
        10.0 ** max(0, 5 - _magnitude(level)),
        10.0 ** max(0, 4 - _magnitude(_TURNOVER / level)),
    )


def _magnitude(number: float) -> int:
    """Return the power of ten of the number's first digit."""
    return int(f"{number:e}".partition("e")[2])
