"""How trades ran: in which order they won and lost, how long they took, how well they stood.

What they earned is `analysis.outcomes`' business. Streaks alone depend on the order of the trades,
which is that of their exits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from tradekit.analysis.metrics import (
    NO_LOSSES,
    NO_WINS,
    Measure,
    averaged,
    missing,
)
from tradekit.domain.time import MINUTE_MS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradekit.analysis.metrics import Trades


@dataclass(frozen=True, slots=True)
class Courses:
    """How some trades ran; units in `analysis.definitions`."""

    max_win_streak: int
    max_loss_streak: int
    avg_win_streak_pnl: Measure
    avg_loss_streak_pnl: Measure
    avg_duration_minutes: Measure
    avg_win_duration_minutes: Measure
    avg_loss_duration_minutes: Measure
    avg_trade_peak_pct: Measure
    avg_trade_drawdown_pct: Measure
    best_trade_peak_pct: Measure
    worst_trade_drawdown_pct: Measure
    trades_per_day: float


def courses(trades: Trades, days: float) -> Courses:
    """Return how `trades` ran.

    Args:
        trades: closed trades in order of exit, with pnl, times, peak_pct and drawdown_pct.
        days: length of the frame, above 0.
    """
    return Courses(
        max_win_streak=max_win_streak(trades),
        max_loss_streak=max_loss_streak(trades),
        avg_win_streak_pnl=avg_win_streak_pnl(trades),
        avg_loss_streak_pnl=avg_loss_streak_pnl(trades),
        avg_duration_minutes=avg_duration_minutes(trades),
        avg_win_duration_minutes=avg_win_duration_minutes(trades),
        avg_loss_duration_minutes=avg_loss_duration_minutes(trades),
        avg_trade_peak_pct=avg_trade_peak_pct(trades),
        avg_trade_drawdown_pct=avg_trade_drawdown_pct(trades),
        best_trade_peak_pct=best_trade_peak_pct(trades),
        worst_trade_drawdown_pct=worst_trade_drawdown_pct(trades),
        trades_per_day=trades_per_day(trades, days),
    )


def max_win_streak(trades: Trades) -> int:
    """Return the length of the longest row of winners; 0 without any.

    Formula: longest run of pnl > 0 in order of exit; a trade at exactly zero ends every run.
    Source:  `quantstats.stats.consecutive_wins`, of trades instead of days.
    """
    return max(map(len, _streaks(trades, 1)), default=0)


def max_loss_streak(trades: Trades) -> int:
    """Return the length of the longest row of losers; 0 without any.

    Formula: longest run of pnl < 0 in order of exit; a trade at exactly zero ends every run.
    Source:  `quantstats.stats.consecutive_losses`, of trades instead of days.
    """
    return max(map(len, _streaks(trades, -1)), default=0)


def avg_win_streak_pnl(trades: Trades) -> Measure:
    """Return what a row of winners earned on average.

    Formula: gross profit / number of runs of pnl > 0.
    Undefined: `no_trades`; `no_wins`.
    Source:  the mean over runs of the sum of pnl in a run.
    """
    return averaged([math.fsum(run) for run in _streaks(trades, 1)], trades, NO_WINS)


def avg_loss_streak_pnl(trades: Trades) -> Measure:
    """Return what a row of losers earned on average.

    Formula: gross loss / number of runs of pnl < 0.
    Undefined: `no_trades`; `no_losses`.
    Source:  the mean over runs of the sum of pnl in a run.
    """
    return averaged([math.fsum(run) for run in _streaks(trades, -1)], trades, NO_LOSSES)


def avg_duration_minutes(trades: Trades) -> Measure:
    """Return how long a trade was open on average.

    Formula: mean of (exit_ts_ms - entry_ts_ms) / 60,000.
    Undefined: `no_trades`.
    Source:  first entry to last exit.
    """
    return averaged([_minutes(trade) for trade in trades], trades)


def avg_win_duration_minutes(trades: Trades) -> Measure:
    """Return how long a winner was open on average.

    Formula: mean of (exit_ts_ms - entry_ts_ms) / 60,000 over pnl > 0.
    Undefined: `no_trades`; `no_wins`.
    Source:  first entry to last exit.
    """
    minutes = [_minutes(trade) for trade in trades if trade["pnl"] > 0.0]
    return averaged(minutes, trades, NO_WINS)


def avg_loss_duration_minutes(trades: Trades) -> Measure:
    """Return how long a loser was open on average.

    Formula: mean of (exit_ts_ms - entry_ts_ms) / 60,000 over pnl < 0.
    Undefined: `no_trades`; `no_losses`.
    Source:  first entry to last exit.
    """
    minutes = [_minutes(trade) for trade in trades if trade["pnl"] < 0.0]
    return averaged(minutes, trades, NO_LOSSES)


def avg_trade_peak_pct(trades: Trades) -> Measure:
    """Return the mean of the trades' highest profit while open.

    Formula: mean of peak_pct.
    Undefined: `no_trades`.
    Source:  the maximum favourable excursion, in percent of cost after costs.
    """
    return averaged([trade["peak_pct"] for trade in trades], trades)


def avg_trade_drawdown_pct(trades: Trades) -> Measure:
    """Return the mean of the trades' lowest profit while open.

    Formula: mean of drawdown_pct of the trades.
    Undefined: `no_trades`.
    Source:  the maximum adverse excursion, in percent of cost after costs.
    """
    return averaged([trade["drawdown_pct"] for trade in trades], trades)


def best_trade_peak_pct(trades: Trades) -> Measure:
    """Return the highest profit that any trade stood at.

    Formula: max of peak_pct.
    Undefined: `no_trades`.
    Source:  the maximum favourable excursion, in percent of cost after costs.
    """
    if not trades:
        return missing(trades)
    return Measure(max(trade["peak_pct"] for trade in trades))


def worst_trade_drawdown_pct(trades: Trades) -> Measure:
    """Return the lowest profit that any trade stood at.

    Formula: min of drawdown_pct of the trades.
    Undefined: `no_trades`.
    Source:  the maximum adverse excursion, in percent of cost after costs.
    """
    if not trades:
        return missing(trades)
    return Measure(min(trade["drawdown_pct"] for trade in trades))


def trades_per_day(trades: Trades, days: float) -> float:
    """Return how many trades were closed for each day of the frame.

    Formula: N / days of the frame.
    Source:  the frame's length, so that it does not depend on when the first trade came.
    """
    return len(trades) / days


def _sign(trade: Mapping[str, Any]) -> int:
    pnl: float = trade["pnl"]
    return (pnl > 0.0) - (pnl < 0.0)


def _streaks(trades: Trades, sign: int) -> list[list[float]]:
    """Return the pnl of each unbroken row of trades that ended with `sign`."""
    return [
        [trade["pnl"] for trade in run] for found, run in groupby(trades, _sign) if found == sign
    ]


def _minutes(trade: Mapping[str, Any]) -> float:
    minutes: float = (trade["exit_ts_ms"] - trade["entry_ts_ms"]) / MINUTE_MS
    return minutes
