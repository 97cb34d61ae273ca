"""The statistics that tradekit repairs, as backtest-kit defines them, by plain loops.

They show what a published number was made of, and so that a difference is that of the definition:
each trade takes the whole account and compounds, and a year is made of the time between trades.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Trades = Sequence[Mapping[str, Any]]

DAY_MS = 86_400_000


class Compounded(NamedTuple):
    """What became of 1.0 when every trade took all of it."""

    final: float
    max_drawdown_pct: float
    blown: bool


def parity_statistics(trades: Trades) -> dict[str, float | None]:
    """Return the repaired statistics by the names they were published under.

    Args:
        trades: pnl_pct, drawdown_pct (None where unknown), entry_ts_ms and exit_ts_ms of each, in
            order of exit.
    """
    yearly_trades = _trades_per_year(trades)
    sharpe = _sharpe(trades)
    account = _compounded(trades)
    yearly = _yearly_return(account, yearly_trades, len(trades))
    return {
        "tradesPerYear": yearly_trades,
        "annualizedSharpeRatio": (
            None if sharpe is None or yearly_trades is None else sharpe * math.sqrt(yearly_trades)
        ),
        "sortinoRatio": _sortino(trades),
        "expectedYearlyReturns": yearly,
        "calmarRatio": _by_drawdown(yearly, account),
        "recoveryFactor": (
            None
            if len(trades) < 10 or account.blown
            else _by_drawdown((account.final - 1.0) * 100.0, account)
        ),
        "maxDrawdown": account.max_drawdown_pct if trades else None,
    }


def _sharpe(trades: Trades) -> float | None:
    values = [trade["pnl_pct"] for trade in trades]
    if len(values) < 10:
        return None
    mean = sum(values) / len(values)
    scatter = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    return None if scatter <= 1e-9 else mean / scatter


def _sortino(trades: Trades) -> float | None:
    values = [trade["pnl_pct"] for trade in trades]
    if len(values) < 10:
        return None
    downside = math.sqrt(sum(min(0.0, value) ** 2 for value in values) / len(values))
    return None if downside <= 1e-9 else sum(values) / len(values) / downside


def _trades_per_year(trades: Trades) -> float | None:
    if len(trades) < 10:
        return None
    last = max(trade["exit_ts_ms"] for trade in trades)
    days = (last - min(trade["entry_ts_ms"] for trade in trades)) / DAY_MS
    if days < 14.0:
        return None
    count = len(trades) / days * 365.0
    return count if count <= 365.0 else None


def _compounded(trades: Trades) -> Compounded:
    equity = peak = 1.0
    deepest = 0.0
    for trade in trades:
        fall = trade["drawdown_pct"]
        trough = equity * (1.0 + fall / 100.0) if fall is not None and fall < 0.0 else equity
        equity *= 1.0 + trade["pnl_pct"] / 100.0
        if trough <= 0.0 or equity <= 0.0:
            return Compounded(equity, 100.0, blown=True)
        deepest = max(deepest, (peak - trough) / peak * 100.0)
        peak = max(peak, equity)
        deepest = max(deepest, (peak - equity) / peak * 100.0)
    return Compounded(equity, deepest, blown=False)


def _yearly_return(account: Compounded, yearly_trades: float | None, count: int) -> float | None:
    if yearly_trades is None:
        return None
    if account.blown:
        return -100.0
    yearly: float = (account.final ** (yearly_trades / count) - 1.0) * 100.0
    return yearly if abs(yearly) <= 100.0 else None


def _by_drawdown(gain: float | None, account: Compounded) -> float | None:
    if gain is None or account.max_drawdown_pct <= 0.0:
        return None
    return max(-1000.0, min(1000.0, gain / account.max_drawdown_pct))
