"""The account over days: yearly growth, scatter, and the ratios made of daily returns.

A day ends at midnight UTC, and the frame's end ends the last one; a day without candles earned
nothing. Returns are those of equity on the whole capital, so trades weigh what they cost and may
overlap. Trades themselves are `analysis.outcomes`' business, the curve `analysis.equity`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from tradekit.analysis.metrics import (
    BLOWN_UP,
    EPS,
    NO_DRAWDOWN,
    NO_LOSSES,
    NO_TRADES,
    NO_VARIATION,
    PCT,
    TOO_FEW_TRADES,
    TOO_LARGE,
    TOO_SHORT,
    TRADES_MIN,
    Measure,
    is_noise,
    mean,
    sample_std_dev,
)
from tradekit.domain.time import DAY_MS
from tradekit.kernels import curve as kernel

if TYPE_CHECKING:
    from tradekit.domain.candle import FloatArray, IntArray

DAYS_MIN: Final = 14
YEAR_DAYS: Final = 365.0
YEARLY_RETURN_WARN_PCT: Final = 100.0
# What `warnings` says of a yearly return above that.
ABOVE_100_PCT: Final = "above_100_pct"
# exp of more than this is not a number that can be written.
_EXPONENT_MAX: Final = 700.0


class DailyEquity(NamedTuple):
    """Equity at the ends of days, and what decides whether figures of it mean anything.

    Shapes:  equity: float64[d + 1], oldest first, the capital and then a point a day.
    Units:   equity in quote currency; days: length of the frame.
    """

    equity: FloatArray
    days: float
    trade_count: int


@dataclass(frozen=True, slots=True)
class Returns:
    """How an account fared over days; units in `analysis.definitions`."""

    yearly_return_pct: Measure
    volatility_pct: Measure
    sharpe_ratio: Measure
    sortino_ratio: Measure
    calmar_ratio: Measure
    recovery_factor: Measure
    longest_drawdown_days: float


def returns(
    daily: DailyEquity, *, pnl_pct: float, max_drawdown_pct: float, longest_drawdown_days: float
) -> Returns:
    """Return how the account fared.

    Args:
        daily: equity at the ends of days.
        pnl_pct: pnl in percent of the capital.
        max_drawdown_pct: deepest drawdown on base closes, never above 0.
        longest_drawdown_days: as the function of that name has it.
    """
    return Returns(
        yearly_return_pct=yearly_return_pct(daily),
        volatility_pct=volatility_pct(daily),
        sharpe_ratio=sharpe_ratio(daily),
        sortino_ratio=sortino_ratio(daily),
        calmar_ratio=calmar_ratio(daily, max_drawdown_pct),
        recovery_factor=recovery_factor(daily.trade_count, pnl_pct, max_drawdown_pct),
        longest_drawdown_days=longest_drawdown_days,
    )


def daily_equity(
    equity: FloatArray, ts_ms: IntArray, *, capital: float, since_ms: int, until_ms: int
) -> FloatArray:
    """Return the capital and then equity at each midnight in the frame and at the frame's end.

    Shapes:  equity, ts_ms: [n], oldest first; the answer float64[d + 1], d days begun.
    Units:   quote currency; times in ms UTC.
    """
    first = (since_ms // DAY_MS + 1) * DAY_MS
    ends = np.append(np.arange(first, until_ms, DAY_MS, dtype=np.int64), until_ms)
    return np.append(capital, kernel.known_at(equity, ts_ms, ends, capital))


def yearly_return_pct(daily: DailyEquity) -> Measure:
    """Return the compound yearly growth.

    Formula: ((final equity / capital)^(365 / days) - 1) · 100; -100 where nothing is left.
    Undefined: `no_trades`; `too_few_trades` below ten; `too_short` below 14 days; `too_large`.
    Source:  `empyrical.annual_return`, with the days of the frame.
    """
    if reason := _gate(daily):
        return Measure(None, reason)
    growth = float(daily.equity[-1] / daily.equity[0])
    if growth <= 0.0:
        return Measure(-PCT)
    exponent = math.log(growth) * YEAR_DAYS / daily.days
    if exponent > _EXPONENT_MAX:
        return Measure(None, TOO_LARGE)
    return Measure(math.expm1(exponent) * PCT)


def volatility_pct(daily: DailyEquity, periods: float = YEAR_DAYS) -> Measure:
    """Return the scatter of daily returns, scaled to a year.

    Formula: sample standard deviation of daily returns · √365 · 100.
    Undefined: `no_trades`; `too_few_trades` below ten; `too_short` below 14 days; `blown_up`.
    Source:  `empyrical.annual_volatility`, `quantstats.stats.volatility`.
    """
    if reason := _gate(daily) or _ruin(daily):
        return Measure(None, reason)
    return Measure(sample_std_dev(_changes(daily)) * math.sqrt(periods) * PCT)


def sharpe_ratio(daily: DailyEquity, periods: float = YEAR_DAYS) -> Measure:
    """Return the mean of daily returns by their scatter, scaled to a year.

    Formula: mean / sample standard deviation of daily returns · √365, no risk-free rate.
    Undefined: `no_trades`; `too_few_trades` below ten; `too_short` below 14 days; `blown_up`;
             `no_variation`.
    Source:  `empyrical.sharpe_ratio`, `quantstats.stats.sharpe`.
    """
    if reason := _gate(daily) or _ruin(daily):
        return Measure(None, reason)
    changes = _changes(daily)
    scatter = sample_std_dev(changes)
    if is_noise(scatter, changes):
        return Measure(None, NO_VARIATION)
    return Measure(mean(changes) / scatter * math.sqrt(periods))


def sortino_ratio(daily: DailyEquity, periods: float = YEAR_DAYS) -> Measure:
    """Return the mean of daily returns by the scatter of those below zero, scaled to a year.

    Formula: mean / √(sum of min(0, return)² / days) · √365, over all days, those above zero too.
    Undefined: `no_trades`; `too_few_trades` below ten; `too_short` below 14 days; `blown_up`;
             `no_losses` where no day was below zero.
    Source:  `empyrical.sortino_ratio`, `quantstats.stats.sortino`.
    """
    if reason := _gate(daily) or _ruin(daily):
        return Measure(None, reason)
    changes = _changes(daily)
    downside = math.sqrt(mean([min(0.0, change) ** 2 for change in changes]))
    if is_noise(downside, changes):
        return Measure(None, NO_LOSSES)
    return Measure(mean(changes) / downside * math.sqrt(periods))


def calmar_ratio(daily: DailyEquity, max_drawdown_pct: float) -> Measure:
    """Return yearly return by the deepest drawdown.

    Formula: yearly_return_pct / |max_drawdown_pct|, drawdown on base closes.
    Undefined: where the yearly return is; `no_drawdown`.
    Source:  `empyrical.calmar_ratio`; not clamped.
    """
    yearly = yearly_return_pct(daily)
    if yearly.value is None:
        return yearly
    if max_drawdown_pct >= -EPS:
        return Measure(None, NO_DRAWDOWN)
    return Measure(yearly.value / -max_drawdown_pct)


def recovery_factor(trade_count: int, pnl_pct: float, max_drawdown_pct: float) -> Measure:
    """Return pnl by the deepest drawdown.

    Formula: pnl_pct / |max_drawdown_pct|.
    Undefined: `no_trades`; `too_few_trades` below ten; `blown_up`; `no_drawdown`.
    Source:  net profit by drawdown, without compounding; not clamped.
    """
    if trade_count < TRADES_MIN:
        return Measure(None, TOO_FEW_TRADES if trade_count else NO_TRADES)
    if max_drawdown_pct <= -PCT:
        return Measure(None, BLOWN_UP)
    if max_drawdown_pct >= -EPS:
        return Measure(None, NO_DRAWDOWN)
    return Measure(pnl_pct / -max_drawdown_pct)


def longest_drawdown_days(
    equity: FloatArray, ts_ms: IntArray, *, capital: float, since_ms: int
) -> float:
    """Return the longest time from a highest equity until it was reached again.

    Formula: longest time between two points at the running peak with points below it between
             them, the capital at the frame's start and the frame's end counting as such points.
    Source:  the duration of a drawdown from peak to recovery, as backtesting.py counts it.
    """
    return kernel.longest_below_peak_ms(equity, ts_ms, capital, since_ms) / DAY_MS


def warnings(figures: Returns) -> dict[str, str]:
    """Return which figures are shown but not to be taken at their word, name → why."""
    yearly = figures.yearly_return_pct.value
    if yearly is not None and yearly > YEARLY_RETURN_WARN_PCT:
        return {"yearly_return_pct": ABOVE_100_PCT}
    return {}


def _gate(daily: DailyEquity) -> str:
    if daily.trade_count < TRADES_MIN:
        return TOO_FEW_TRADES if daily.trade_count else NO_TRADES
    return TOO_SHORT if daily.days < DAYS_MIN else ""


def _ruin(daily: DailyEquity) -> str:
    return BLOWN_UP if daily.equity.min() <= 0.0 else ""


def _changes(daily: DailyEquity) -> list[float]:
    changes: list[float] = (daily.equity[1:] / daily.equity[:-1] - 1.0).tolist()
    return changes
