"""Totals of a run, one function a metric, and `DEFINITIONS`, the sentence that docs quote for each.

All trades count, whatever ended them. A metric that has no value is None with the reason why,
never 0 and never NaN. What happened is `analysis.trades`' and `analysis.equity`'s to say; how it
is written down is `analysis.report`'s. Sums are correctly rounded (`math.fsum`), so no order of
the trades or symbols shows in them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tradekit.kernels import curve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tradekit.domain.candle import FloatArray

    Trades = Sequence[Mapping[str, Any]]

PCT: Final = 100.0

NO_TRADES: Final = "no_trades"
NO_DECISIVE_TRADE: Final = "no_decisive_trade"
NO_CANDLES: Final = "no_candles"

DEFINITIONS: Final[dict[str, str]] = {
    "trade_count": "Closed trades, whatever closed them, the frame's end included.",
    "win_count": "Trades whose pnl after all costs is above zero.",
    "loss_count": "Trades whose pnl after all costs is below zero.",
    "win_rate_pct": (
        "Winners in percent of winners and losers; trades that ended at exactly zero are neither."
    ),
    "pnl": "Sum of the trades' pnl after all costs, in quote currency.",
    "pnl_pct": "Pnl in percent of the whole account's capital, for a single symbol too.",
    "fees": "Sum of the fees that the trades paid, entries and exits, in quote currency.",
    "final_equity": (
        "What the account was worth at the frame's end, in quote currency, "
        "with the costs of the exits made there taken."
    ),
    "max_drawdown_pct": (
        "The deepest fall of equity below its highest value so far, in percent of that value and "
        "never above zero, measured at every close of a base candle and at the frame's end, with "
        "the capital as the first peak; of a symbol: of the capital plus what that symbol alone "
        "did to it."
    ),
    "exposure_pct": (
        "Candles that closed with a position open, in percent of all base candles of the symbol "
        "in the frame; a position that was opened and closed inside one candle adds none, and the "
        "total is over the candles of all symbols together."
    ),
    "ambiguous_count": "Trades with a candle that touched both stop and target.",
}


class Measure(NamedTuple):
    """A metric that may have no value; then `value` is None and `undefined` says why."""

    value: float | None
    undefined: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """The metrics of some trades, of one symbol or of all; units as in `DEFINITIONS`."""

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
    """Return every metric of `trades`.

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
    """Return the number of closed trades."""
    return len(trades)


def win_count(trades: Trades) -> int:
    """Return the number of trades with pnl > 0."""
    return sum(trade["pnl"] > 0.0 for trade in trades)


def loss_count(trades: Trades) -> int:
    """Return the number of trades with pnl < 0."""
    return sum(trade["pnl"] < 0.0 for trade in trades)


def win_rate_pct(trades: Trades) -> Measure:
    """Return winners in percent of the trades that won or lost.

    Formula: W / (W + L) · 100, W trades with pnl > 0, L with pnl < 0.
    Units:   percent.
    Undefined: `no_trades`; `no_decisive_trade` where every pnl is exactly 0.
    """
    if not trades:
        return Measure(None, NO_TRADES)
    wins = win_count(trades)
    decisive = wins + loss_count(trades)
    return Measure(wins / decisive * PCT) if decisive else Measure(None, NO_DECISIVE_TRADE)


def pnl(trades: Trades) -> float:
    """Return the sum of pnl after all costs, in quote currency; 0.0 without trades."""
    return math.fsum(trade["pnl"] for trade in trades)


def pnl_pct(trades: Trades, capital: float) -> float:
    """Return pnl in percent of `capital`.

    Formula: pnl / capital · 100.
    Units:   percent; `capital` in quote currency, above 0, that of the whole account.
    """
    return pnl(trades) / capital * PCT


def fees(trades: Trades) -> float:
    """Return the sum of the fees of entries and exits, in quote currency."""
    return math.fsum(trade["fees"] for trade in trades)


def final_equity(equity: FloatArray) -> float:
    """Return the last value of the curve, in quote currency: after the frame's end."""
    return float(equity[-1])


def max_drawdown_pct(equity: FloatArray, capital: float) -> float:
    """Return the deepest drawdown of the curve.

    Formula: min(0, min over k of (equity[k] - peak[k]) / peak[k] · 100), where
             peak[k] = max(capital, equity[0], …, equity[k]).
    Units:   percent of the running peak, never above 0.
    """
    return curve.max_drawdown_pct(equity, capital)


def exposure_pct(held_count: int, candle_count: int) -> Measure:
    """Return the share of candles that closed with a position open.

    Formula: held_count / candle_count · 100.
    Units:   percent.
    Undefined: `no_candles`.
    """
    return Measure(held_count / candle_count * PCT) if candle_count else Measure(None, NO_CANDLES)


def ambiguous_count(trades: Trades) -> int:
    """Return the number of trades that had a candle touching both stop and target."""
    return sum(bool(trade["ambiguous"]) for trade in trades)
