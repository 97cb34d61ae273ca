"""What makes rows of numbers candles: the rules at the border, and what is put in order there.

Decides which rows are impossible and what happens to repeated and disordered ones. Reading rows
from a file or an exchange, and saying where a bad one stood, is the adapters' business. Invariant:
no number is changed here; a set of rows is taken as it is, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import numpy as np

from tradekit.domain.candle import COLUMNS, CandleSeries
from tradekit.domain.signal import NUMBER_MAX
from tradekit.domain.time import format_time

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tradekit.domain.candle import FloatArray, IntArray
    from tradekit.domain.time import Interval

    Mask = NDArray[np.bool_]
    Check = tuple[str, Mask, Callable[[int], str]]

FAR_FACTOR: Final = 1000.0
_DUST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Flaw:
    """The first row that breaks a rule: its index, the column, the rule, how many rows do so.

    `other` is the index of the row that it contradicts, where it is a contradiction.
    """

    index: int
    column: str
    rule: str
    rows: int
    other: int | None = None


@dataclass(frozen=True, slots=True)
class ReadReport:
    """Candles as they were read, and what was noticed about the rows they came in.

    Units: `rows` counts rows; `duplicates` those dropped because an equal one was there;
    `disorder` the places where time steps back; `outside` candles with an open or close beyond
    high or low by no more than one step of price; `far_ts_ms` the times of candles whose high or
    low is 1000 times the median or more, or a thousandth of it or less. `sha256` is that of what
    was read, empty where it was no file.
    """

    symbol: str
    interval: Interval
    series: CandleSeries
    rows: int
    duplicates: int
    disorder: int
    outside: int
    zero_volume: int
    far_ts_ms: tuple[int, ...]
    sha256: str = ""

    @property
    def holes(self) -> int:
        """The number of stretches without candles between the first and the last."""
        return len(self.series.holes())

    @property
    def missing(self) -> int:
        """The number of candles absent between the first and the last."""
        since_ms, until_ms = int(self.series.ts_ms[0]), int(self.series.ts_ms[-1])
        return (until_ms - since_ms) // self.interval.ms + 1 - len(self.series)


def find_flaw(times: IntArray, step: int, columns: tuple[FloatArray, ...]) -> Flaw | None:
    """Return the first row that cannot be a candle, None if every row can.

    Shapes:  times: int64[n] in any order; columns: open, high, low, close, volume, float64[n].
    Units:   times and `step`, the interval, in one and the same unit.
    NaN:     allowed here, and a flaw.
    """
    # Only where it matters: the step of price is costly to find.
    slack = price_slack(columns) if outside(columns).any() else 0.0
    return _first_flaw(row_checks(times, step, columns, slack))


def row_checks(
    times: IntArray, step: int, columns: tuple[FloatArray, ...], slack: float | FloatArray
) -> list[Check]:
    """Return the rules that a row alone must keep: the column, which rows break it, the rule.

    Shapes:  as in `find_flaw`; slack: how far open and close may lie beyond high and low, for all
             rows or float64[n].
    NaN:     allowed here, and broken rules.
    """
    open_, high, low, close, volume = columns

    def side(index: int) -> str:
        return f"must be within low {low[index].item()!r} and high {high[index].item()!r}"

    checks: list[Check] = [
        (name, ~np.isfinite(column), lambda _: "must be a finite number")
        for name, column in zip(COLUMNS, columns, strict=True)
    ]
    checks += [
        check
        for name, column in zip(COLUMNS[:4], columns[:4], strict=True)
        for check in (
            (name, column <= 0.0, lambda _: "must be above 0"),
            (name, column >= NUMBER_MAX, lambda _: f"must be below {NUMBER_MAX:g}"),
        )
    ]
    with np.errstate(invalid="ignore"):  # infinite prices, refused above
        beyond = [
            (name, (price - high > slack) | (low - price > slack), side)
            for name, price in (("open", open_), ("close", close))
        ]
    checks += [
        ("volume", volume < 0.0, lambda _: "must not be below 0"),
        ("high", high < low, lambda index: f"must not be below low {low[index].item()!r}"),
        *beyond,
        ("timestamp_ms", times % step != 0, lambda _: "must be a multiple of the interval"),
    ]
    return checks


def _first_flaw(checks: list[Check]) -> Flaw | None:
    """Return the flaw of the earliest row; of one row, that of the earliest check."""
    bad = np.logical_or.reduce([mask for _, mask, _ in checks])
    if not bad.any():
        return None
    index = int(bad.argmax())
    column, rule = next((name, rule(index)) for name, mask, rule in checks if mask[index])
    return Flaw(index, column, rule, int(np.count_nonzero(bad)))


def find_contradiction(ts_ms: IntArray, columns: tuple[FloatArray, ...]) -> Flaw | None:
    """Return the first row whose time an earlier row has with other values, None without one.

    Shapes:  ts_ms: int64[n] in any order; columns: float64[n] each, without NaN.
    """
    order = np.argsort(ts_ms, kind="stable")
    same_time = ts_ms[order[1:]] == ts_ms[order[:-1]]
    if not same_time.any():
        return None
    differs = np.logical_or.reduce([each[order[1:]] != each[order[:-1]] for each in columns])
    (pairs,) = np.nonzero(same_time & differs)
    if not len(pairs):
        return None
    pair = pairs[order[pairs + 1].argmin()]
    rule = f"must be the only candle of {format_time(int(ts_ms[order[pair]]))}, or equal to it"
    return Flaw(int(order[pair + 1]), "timestamp_ms", rule, len(pairs), int(order[pair]))


def take(
    symbol: str, interval: Interval, ts_ms: IntArray, columns: tuple[FloatArray, ...]
) -> ReadReport:
    """Return the rows as a series, sorted and without repetitions, and what was noticed.

    The rows have passed `find_flaw` and `find_contradiction`.
    """
    disorder = int(np.count_nonzero(np.diff(ts_ms) < 0))
    unique_ms, first = np.unique(ts_ms, return_index=True)
    series = CandleSeries(interval.ms, unique_ms, *(each[first] for each in columns))
    usual_high, usual_low = _median(series.high), _median(series.low)
    far = (series.high >= usual_high * FAR_FACTOR) | (series.low <= usual_low / FAR_FACTOR)
    return ReadReport(
        symbol=symbol,
        interval=interval,
        series=series,
        rows=len(ts_ms),
        duplicates=len(ts_ms) - len(series),
        disorder=disorder,
        outside=int(np.count_nonzero(outside(series.columns()))),
        zero_volume=int(np.count_nonzero(series.volume == 0.0)),
        far_ts_ms=tuple(series.ts_ms[far].tolist()),
    )


def _median(values: FloatArray) -> float:
    """Return the median; NumPy's own would import its masked arrays for it."""
    below, above = (len(values) - 1) // 2, len(values) // 2
    parted = np.partition(values, (below, above))
    return float(parted[below] + parted[above]) / 2.0


def outside(columns: tuple[FloatArray, ...]) -> Mask:
    """Return which candles open or close beyond their own high or low, by however little."""
    open_, high, low, close, _ = columns
    beyond: Mask = (np.maximum(open_, close) > high) | (np.minimum(open_, close) < low)
    return beyond


def price_slack(columns: tuple[FloatArray, ...]) -> FloatArray:
    """Return how far open and close may lie beyond high and low: one step of price."""
    slack: FloatArray = _price_step(columns) + _DUST * np.abs(columns[1])
    return slack


def _price_step(columns: tuple[FloatArray, ...]) -> float:
    """Return the smallest decimal step that the prices show, at most 0.1.

    Sources that build candles from trades or from averages are off by one such step at times;
    more than that is a mistake. The step is the last decimal place in use, because a file does
    not say what its market's own is.
    """
    prices = np.unique(np.concatenate(columns[:4]))
    places = (Decimal(repr(price)).as_tuple().exponent for price in prices.tolist())
    return float(10.0 ** min((place for place in places if isinstance(place, int)), default=0))
