"""What trades earned: averages, extremes, scatter, and the ratios made of them.

Money weighs each trade by its size, percent of its own cost does not; both are told, and ratios
are made of money. Nothing here depends on the order of the trades; what does, and how long they
took, is `analysis.courses`' business, counts and sums are `analysis.metrics`'.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tradekit.analysis.metrics import (
    NO_LOSSES,
    NO_RISK,
    NO_VARIATION,
    NO_WINS,
    TOO_FEW_TRADES,
    TRADES_MIN,
    Measure,
    averaged,
    is_noise,
    mean,
    missing,
    quotient,
    sample_std_dev,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tradekit.analysis.metrics import Trades
    from tradekit.domain.journal import EventRow

    Risks = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What some trades earned; units in `analysis.definitions`."""

    gross_profit: float
    gross_loss: float
    avg_trade_pnl: Measure
    median_trade_pnl: Measure
    best_trade_pnl: Measure
    worst_trade_pnl: Measure
    avg_trade_pct: Measure
    median_trade_pct: Measure
    best_trade_pct: Measure
    worst_trade_pct: Measure
    trade_std_dev_pct: Measure
    avg_win_pnl: Measure
    avg_loss_pnl: Measure
    avg_win_pct: Measure
    avg_loss_pct: Measure
    profit_factor: Measure
    payoff_ratio: Measure
    risk_trade_count: int
    expectancy_r: Measure
    sqn: Measure


def outcomes(trades: Trades, risks: Risks) -> Outcomes:
    """Return what `trades` earned.

    Args:
        trades: closed trades with pnl and pnl_pct.
        risks: for each of them its initial risk, as `initial_risks` has it.
    """
    return Outcomes(
        gross_profit=gross_profit(trades),
        gross_loss=gross_loss(trades),
        avg_trade_pnl=avg_trade_pnl(trades),
        median_trade_pnl=median_trade_pnl(trades),
        best_trade_pnl=best_trade_pnl(trades),
        worst_trade_pnl=worst_trade_pnl(trades),
        avg_trade_pct=avg_trade_pct(trades),
        median_trade_pct=median_trade_pct(trades),
        best_trade_pct=best_trade_pct(trades),
        worst_trade_pct=worst_trade_pct(trades),
        trade_std_dev_pct=trade_std_dev_pct(trades),
        avg_win_pnl=avg_win_pnl(trades),
        avg_loss_pnl=avg_loss_pnl(trades),
        avg_win_pct=avg_win_pct(trades),
        avg_loss_pct=avg_loss_pct(trades),
        profit_factor=profit_factor(trades),
        payoff_ratio=payoff_ratio(trades),
        risk_trade_count=risk_trade_count(risks),
        expectancy_r=expectancy_r(trades, risks),
        sqn=sqn(trades),
    )


def initial_risks(rows: Iterable[EventRow]) -> list[float | None]:
    """Return for each closed trade what its first stop put at risk, in the order of `trades`.

    Formula: quantity · (price - stop) of a long's first entry, mirrored for a short; prices before
             slippage, and without the costs of the exit, as R is usually counted. None without a
             stop, or where the entry filled beyond it.
    Units:   quote currency, above 0.
    """
    opened: dict[tuple[str, str, str], Mapping[str, Any]] = {}
    risks = []
    for row in rows:
        if row.kind == "opened":
            opened[row.strategy, row.symbol, row.signal_id] = row.data
        elif row.kind == "closed":
            risks.append(_risk(opened.pop((row.strategy, row.symbol, row.signal_id))))
    return risks


def gross_profit(trades: Trades) -> float:
    """Return what the winners earned; 0.0 without any.

    Formula: sum of pnl over pnl > 0.
    Source:  the field's usual meaning, after costs.
    """
    return math.fsum(_wins(trades, "pnl"))


def gross_loss(trades: Trades) -> float:
    """Return what the losers earned, never above 0; 0.0 without any.

    Formula: sum of pnl over pnl < 0.
    Source:  the field's usual meaning, after costs.
    """
    return math.fsum(_losses(trades, "pnl"))


def avg_trade_pnl(trades: Trades) -> Measure:
    """Return the mean pnl of a trade.

    Formula: sum of pnl / N.
    Undefined: `no_trades`.
    Source:  the arithmetic mean; equals win share · average win + loss share · average loss.
    """
    return averaged(_column(trades, "pnl"), trades)


def median_trade_pnl(trades: Trades) -> Measure:
    """Return the median pnl of a trade.

    Formula: the middle pnl, the mean of the two middles where N is even.
    Undefined: `no_trades`.
    Source:  the median.
    """
    return _median(trades, "pnl")


def best_trade_pnl(trades: Trades) -> Measure:
    """Return the highest pnl of a trade.

    Formula: max of pnl.
    Undefined: `no_trades`.
    Source:  `quantstats.stats.best`, of trades instead of days.
    """
    return _extreme(trades, "pnl", 1.0)


def worst_trade_pnl(trades: Trades) -> Measure:
    """Return the lowest pnl of a trade.

    Formula: min of pnl.
    Undefined: `no_trades`.
    Source:  `quantstats.stats.worst`, of trades instead of days.
    """
    return _extreme(trades, "pnl", -1.0)


def avg_trade_pct(trades: Trades) -> Measure:
    """Return the mean of the trades' pnl in percent of their own cost.

    Formula: sum of pnl_pct / N.
    Undefined: `no_trades`.
    Source:  the arithmetic mean, each trade weighing the same.
    """
    return averaged(_column(trades, "pnl_pct"), trades)


def median_trade_pct(trades: Trades) -> Measure:
    """Return the median of the trades' pnl in percent of their own cost.

    Formula: the middle pnl_pct, the mean of the two middles where N is even.
    Undefined: `no_trades`.
    Source:  the median.
    """
    return _median(trades, "pnl_pct")


def best_trade_pct(trades: Trades) -> Measure:
    """Return the highest pnl of a trade in percent of its own cost.

    Formula: max of pnl_pct.
    Undefined: `no_trades`.
    Source:  `quantstats.stats.best`, of trades instead of days.
    """
    return _extreme(trades, "pnl_pct", 1.0)


def worst_trade_pct(trades: Trades) -> Measure:
    """Return the lowest pnl of a trade in percent of its own cost.

    Formula: min of pnl_pct.
    Undefined: `no_trades`.
    Source:  `quantstats.stats.worst`, of trades instead of days.
    """
    return _extreme(trades, "pnl_pct", -1.0)


def trade_std_dev_pct(trades: Trades) -> Measure:
    """Return the standard deviation of the trades' pnl in percent of their own cost.

    Formula: √(sum of (pnl_pct - mean)² / (N - 1)).
    Undefined: `no_trades`; `too_few_trades` below ten.
    Source:  the sample standard deviation.
    """
    if len(trades) < TRADES_MIN:
        return missing(trades, TOO_FEW_TRADES)
    return Measure(sample_std_dev(_column(trades, "pnl_pct")))


def avg_win_pnl(trades: Trades) -> Measure:
    """Return the mean pnl of a winner.

    Formula: sum of pnl over pnl > 0 / W.
    Undefined: `no_trades`; `no_wins`.
    Source:  `quantstats.stats.avg_win`, of trades instead of days.
    """
    return averaged(_wins(trades, "pnl"), trades, NO_WINS)


def avg_loss_pnl(trades: Trades) -> Measure:
    """Return the mean pnl of a loser.

    Formula: sum of pnl over pnl < 0 / L.
    Undefined: `no_trades`; `no_losses`.
    Source:  `quantstats.stats.avg_loss`, of trades instead of days.
    """
    return averaged(_losses(trades, "pnl"), trades, NO_LOSSES)


def avg_win_pct(trades: Trades) -> Measure:
    """Return the mean pnl of a winner in percent of its own cost.

    Formula: sum of pnl_pct over pnl > 0 / W.
    Undefined: `no_trades`; `no_wins`.
    Source:  `quantstats.stats.avg_win`, of trades instead of days.
    """
    return averaged(_wins(trades, "pnl_pct"), trades, NO_WINS)


def avg_loss_pct(trades: Trades) -> Measure:
    """Return the mean pnl of a loser in percent of its own cost.

    Formula: sum of pnl_pct over pnl < 0 / L.
    Undefined: `no_trades`; `no_losses`.
    Source:  `quantstats.stats.avg_loss`, of trades instead of days.
    """
    return averaged(_losses(trades, "pnl_pct"), trades, NO_LOSSES)


def profit_factor(trades: Trades) -> Measure:
    """Return what winners earned by what losers lost.

    Formula: gross profit / |gross loss|.
    Undefined: `no_trades`; `no_wins`; `no_losses`; `too_large` above 10⁹.
    Source:  `quantstats.stats.profit_factor`, of the trades' money instead of daily returns.
    """
    won, lost = gross_profit(trades), gross_loss(trades)
    if not won or not lost:
        return missing(trades, NO_LOSSES if won else NO_WINS)
    return quotient(won, -lost)


def payoff_ratio(trades: Trades) -> Measure:
    """Return the average win by the average loss; some call it certainty.

    Formula: (gross profit / W) / |gross loss / L|.
    Undefined: `no_trades`; `too_few_trades` below ten; `no_wins`; `no_losses`; `too_large` above
             10⁹.
    Source:  `quantstats.stats.payoff_ratio`, of the trades' money instead of daily returns.
    """
    if len(trades) < TRADES_MIN:
        return missing(trades, TOO_FEW_TRADES)
    wins, losses = _wins(trades, "pnl"), _losses(trades, "pnl")
    if not wins or not losses:
        return Measure(None, NO_LOSSES if wins else NO_WINS)
    return quotient(mean(wins), -mean(losses))


def risk_trade_count(risks: Risks) -> int:
    """Return the number of trades with an initial risk.

    Formula: number of trades whose first stop lay on the losing side of the entry.
    Source:  the `opened` rows of the journal.
    """
    return sum(risk is not None for risk in risks)


def expectancy_r(trades: Trades, risks: Risks) -> Measure:
    """Return the mean pnl of a trade in multiples of its initial risk.

    Formula: mean of pnl / risk, with risk = first quantity · |entry price - stop price|, over the
             trades that have one. A trade stopped without a gap is a little below -1: its costs.
    Undefined: `no_trades`; `no_risk`; `too_few_trades` below ten trades with a risk.
    Source:  Van Tharp's R multiples.
    """
    multiples = [
        trade["pnl"] / risk for trade, risk in zip(trades, risks, strict=True) if risk is not None
    ]
    if len(multiples) < TRADES_MIN:
        return missing(trades, TOO_FEW_TRADES if multiples else NO_RISK)
    return Measure(mean(multiples))


def sqn(trades: Trades) -> Measure:
    """Return the mean pnl by its standard error.

    Formula: √N · mean of pnl / sample standard deviation of pnl.
    Undefined: `no_trades`; `too_few_trades` below ten; `no_variation` where all earned the same.
    Source:  Van Tharp's system quality number, in money as backtesting.py has it; by √N it is the
             Sharpe ratio of single trades.
    """
    if len(trades) < TRADES_MIN:
        return missing(trades, TOO_FEW_TRADES)
    values = _column(trades, "pnl")
    scatter = sample_std_dev(values)
    if is_noise(scatter, values):
        return Measure(None, NO_VARIATION)
    return Measure(math.sqrt(len(values)) * mean(values) / scatter)


def _risk(opened: Mapping[str, Any]) -> float | None:
    stop = opened["stop_loss_price"]
    if stop is None:
        return None
    distance = opened["price"] - stop if opened["direction"] == "long" else stop - opened["price"]
    risk: float = opened["quantity"] * distance
    return risk if risk > 0.0 else None


def _column(trades: Trades, name: str) -> list[float]:
    return [trade[name] for trade in trades]


def _wins(trades: Trades, name: str) -> list[float]:
    return [trade[name] for trade in trades if trade["pnl"] > 0.0]


def _losses(trades: Trades, name: str) -> list[float]:
    return [trade[name] for trade in trades if trade["pnl"] < 0.0]


def _median(trades: Trades, name: str) -> Measure:
    values = sorted(_column(trades, name))
    middle, is_odd = divmod(len(values), 2)
    return averaged(values[middle - 1 + is_odd : middle + 1], trades)


def _extreme(trades: Trades, name: str, sign: float) -> Measure:
    values = _column(trades, name)
    return Measure(sign * max(sign * value for value in values)) if values else missing(trades)
