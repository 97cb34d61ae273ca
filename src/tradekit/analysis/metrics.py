"""Totals of a run: its counts and sums, one function a metric; why a metric may have no value.

All trades count, whatever ended them. A metric that has no value is None with the reason why,
never 0 and never NaN. What happened is `analysis.trades`' and `analysis.equity`'s to say; how it
is written down is `analysis.report`'s. Averages and ratios of trades are in `analysis.outcomes`
and `analysis.courses`, the account over days in `analysis.returns`; the sentence that explains
each metric in `analysis.definitions`. Sums are correctly rounded (`math.fsum`), so no order of
the trades or symbols shows in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tradekit.analysis import definitions
from tradekit.kernels import curve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tradekit.domain.candle import FloatArray

    Trades = Sequence[Mapping[str, Any]]

PCT: Final = 100.0

DEFINITIONS: Final = definitions.DEFINITIONS

# Below this share of what it is compared with, a number is what rounding left.
EPS: Final = 1e-9
# Ratios of trades, and what is scaled to a year, need as many closed trades.
TRADES_MIN: Final = 10

NO_TRADES: Final = "no_trades"
TOO_FEW_TRADES: Final = "too_few_trades"
TOO_SHORT: Final = "too_short"
NO_DECISIVE_TRADE: Final = "no_decisive_trade"
NO_WINS: Final = "no_wins"
NO_LOSSES: Final = "no_losses"
NO_RISK: Final = "no_risk"
NO_VARIATION: Final = "no_variation"
NO_DRAWDOWN: Final = "no_drawdown"
NO_CANDLES: Final = "no_candles"
BLOWN_UP: Final = "blown_up"
TOO_LARGE: Final = "too_large"

# Every reason for which a metric has no value.
REASONS: Final[dict[str, str]] = {
    NO_TRADES: "nothing was traded",
    TOO_FEW_TRADES: f"fewer than {TRADES_MIN} trades",
    TOO_SHORT: "the frame is shorter than 14 days",
    NO_DECISIVE_TRADE: "every trade ended at exactly zero",
    NO_WINS: "no trade won",
    NO_LOSSES: "no trade, or no day, lost",
    NO_RISK: "no trade had a stop when it was opened",
    NO_VARIATION: "all trades, or all days, earned the same",
    NO_DRAWDOWN: "equity never fell",
    NO_CANDLES: "there were no candles",
    BLOWN_UP: "equity fell to zero or below",
    TOO_LARGE: "what it is divided by is next to nothing",
}


class Measure(NamedTuple):
    """A metric that may have no value; then `value` is None and `undefined` says why."""

    value: float | None
    undefined: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts and sums of some trades, of one symbol or of all; units in `analysis.definitions`."""

    trade_count: int
    win_count: int
    loss_count: int
    win_rate_pct: Measure
    pnl: float
    pnl_pct: float
    fees: float
    max_drawdown_pct: float
    exposure_pct: Measure
    ambiguous_count: int


def totals(
    trades: Trades, *, capital: float, equity: FloatArray, held_count: int, candle_count: int
) -> Totals:
    """Return the counts and sums of `trades`.

    Args:
        trades: closed trades of one symbol or of all, with pnl, fees and ambiguous.
        capital: what the account started with, in quote currency, above 0.
        equity: float64[n], the curve that belongs to the trades, oldest first.
        held_count: candles that closed with a position open.
        candle_count: candles in the frame, of the same symbol or of all.
    """
    return Totals(
        trade_count=trade_count(trades),
        win_count=win_count(trades),
        loss_count=loss_count(trades),
        win_rate_pct=win_rate_pct(trades),
        pnl=pnl(trades),
        pnl_pct=pnl_pct(trades, capital),
        fees=fees(trades),
        max_drawdown_pct=max_drawdown_pct(equity, capital),
        exposure_pct=exposure_pct(held_count, candle_count),
        ambiguous_count=ambiguous_count(trades),
    )


def trade_count(trades: Trades) -> int:
    """Return the number of closed trades.

    Formula: N.
    Source:  the `closed` rows of the journal.
    """
    return len(trades)


def win_count(trades: Trades) -> int:
    """Return the number of trades that won.

    Formula: W = number of trades with pnl > 0.
    Source:  the sign of the pnl after all costs.
    """
    return sum(trade["pnl"] > 0.0 for trade in trades)


def loss_count(trades: Trades) -> int:
    """Return the number of trades that lost.

    Formula: L = number of trades with pnl < 0.
    Source:  the sign of the pnl after all costs.
    """
    return sum(trade["pnl"] < 0.0 for trade in trades)


def win_rate_pct(trades: Trades) -> Measure:
    """Return winners in percent of the trades that won or lost.

    Formula: W / (W + L) · 100.
    Undefined: `no_trades`; `no_decisive_trade` where every pnl is exactly 0.
    Source:  `quantstats.stats.win_rate`, of trades instead of days.
    """
    if not trades:
        return Measure(None, NO_TRADES)
    wins = win_count(trades)
    decisive = wins + loss_count(trades)
    return Measure(wins / decisive * PCT) if decisive else Measure(None, NO_DECISIVE_TRADE)


def pnl(trades: Trades) -> float:
    """Return the sum of pnl after all costs; 0.0 without trades.

    Formula: sum of pnl.
    Source:  what the fills did to cash.
    """
    return math.fsum(trade["pnl"] for trade in trades)


def pnl_pct(trades: Trades, capital: float) -> float:
    """Return pnl in percent of `capital`.

    Formula: pnl / capital · 100.
    Units:   `capital` in quote currency, above 0, that of the whole account.
    Source:  money on capital; percents of single trades are never compounded.
    """
    return pnl(trades) / capital * PCT


def fees(trades: Trades) -> float:
    """Return the sum of the fees of entries and exits.

    Formula: sum of fees.
    Source:  the fees of the fills.
    """
    return math.fsum(trade["fees"] for trade in trades)


def final_equity(equity: FloatArray) -> float:
    """Return the last value of the curve: after the frame's end.

    Formula: the last point of the curve.
    Source:  `equity.csv`, its last line.
    """
    return float(equity[-1])


def max_drawdown_pct(equity: FloatArray, capital: float) -> float:
    """Return the deepest drawdown of the curve.

    Formula: min(0, min over k of (equity[k] - peak[k]) / peak[k] · 100), where
             peak[k] = max(capital, equity[0], …, equity[k]).
    Units:   percent of the running peak, never above 0.
    Source:  `empyrical.max_drawdown` and `quantstats.stats.max_drawdown`, at base closes.
    """
    return curve.max_drawdown_pct(equity, capital)


def exposure_pct(held_count: int, candle_count: int) -> Measure:
    """Return the share of candles that closed with a position open.

    Formula: candles held / candles · 100.
    Undefined: `no_candles`.
    Source:  the time in the market, counted in base candles.
    """
    return Measure(held_count / candle_count * PCT) if candle_count else Measure(None, NO_CANDLES)


def ambiguous_count(trades: Trades) -> int:
    """Return the number of trades that had a candle touching both stop and target.

    Formula: number of trades marked ambiguous.
    Source:  the venue marks a trade when such a candle closes it.
    """
    return sum(bool(trade["ambiguous"]) for trade in trades)


def missing(trades: Trades, reason: str = NO_TRADES) -> Measure:
    """Return no value: for lack of trades where there are none, else for `reason`."""
    return Measure(None, reason if trades else NO_TRADES)


def averaged(values: Sequence[float], trades: Trades, reason: str = NO_TRADES) -> Measure:
    """Return the mean of `values`, which come from `trades`, or why there is none."""
    return Measure(mean(values)) if values else missing(trades, reason)


def mean(values: Sequence[float]) -> float:
    """Return the correctly rounded sum by the count, which must be above 0."""
    return math.fsum(values) / len(values)


def sample_std_dev(values: Sequence[float]) -> float:
    """Return the standard deviation with n - 1 below, of at least two values."""
    middle = mean(values)
    return math.sqrt(math.fsum((value - middle) ** 2 for value in values) / (len(values) - 1))


def quotient(above: float, below: float) -> Measure:
    """Return `above` / `below`, below > 0, unless nothing but rounding stands below."""
    return Measure(above / below) if below > EPS * abs(above) else Measure(None, TOO_LARGE)


def is_noise(scatter: float, values: Sequence[float]) -> bool:
    """Tell whether `scatter` is no more than what rounding leaves of equal `values`."""
    return scatter <= EPS * max(map(abs, values))
