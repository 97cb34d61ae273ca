"""A result by month, by what closed the trades and by direction.

Each table adds up to the section it belongs to. Sections by symbol and by strategy are
`analysis.report`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tradekit.analysis import metrics
from tradekit.analysis.metrics import BLOWN_UP, PCT, Measure
from tradekit.analysis.outcomes import avg_trade_pct
from tradekit.domain.journal import Phase
from tradekit.kernels.curve import known_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tradekit.analysis.metrics import Trades
    from tradekit.domain.candle import FloatArray, IntArray
    from tradekit.domain.journal import EventRow


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC, or the part of it that lies in the frame.

    `start_equity` is equity when it began, the capital in the first month; `pnl` that of the trades
    closed in it, `pnl_pct` the same in percent of start_equity; `return_pct` what equity changed
    by, open positions included, in percent of start_equity: the months' compound to the whole.
    """

    month: str
    trade_count: int
    start_equity: float
    pnl: float
    pnl_pct: Measure
    return_pct: Measure


@dataclass(frozen=True, slots=True)
class Group:
    """Trades that have something in common; the metrics of these names, of them alone."""

    trade_count: int
    win_count: int
    loss_count: int
    win_rate_pct: Measure
    pnl: float
    avg_trade_pct: Measure


def month_starts(since_ms: int, until_ms: int) -> IntArray:
    """Return the starts of all months that the window [since_ms, until_ms) touches, and the next.

    Units:   ms UTC. The first may lie before the window; the last lies at its end or after it.
    """
    first, last = np.array([since_ms, until_ms - 1], "M8[ms]").astype("M8[M]")
    return np.arange(first, last + 2, dtype="M8[M]").astype("M8[ms]").astype(np.int64)


def closing_moments(rows: Iterable[EventRow]) -> IntArray:
    """Return for each closed trade a moment inside the month that it was closed in, in order.

    What happened inside a candle, or at the frame's end, is labelled with the candle's close: at
    midnight that label lies in the day after.
    """
    closed_before = (Phase.INSIDE, Phase.END)
    return np.array(
        [row.ts_ms - (row.phase in closed_before) for row in rows if row.kind == "closed"], np.int64
    )


def months(
    trades: Trades,
    moments_ms: IntArray,
    equity: FloatArray,
    ts_ms: IntArray,
    *,
    starts_ms: IntArray,
    capital: float,
) -> list[Month]:
    """Return all months of the frame, oldest first, those without a trade too.

    Formula: pnl_pct = pnl / start_equity · 100; return_pct = (the next month's start_equity /
             start_equity - 1) · 100, at the frame's end equity there. Undefined (`blown_up`) where
             start_equity is not above 0.

    Args:
        trades: closed trades.
        moments_ms: for each of them the moment it was closed, as `closing_moments` has it.
        equity: float64[n], the curve that belongs to the trades, oldest first.
        ts_ms: int64[n], the moments of its points.
        starts_ms: int64[m + 1], as `month_starts` has it.
        capital: what the account started with, in quote currency, above 0.
    """
    held: list[list[Mapping[str, Any]]] = [[] for _ in starts_ms[:-1]]
    index = np.searchsorted(starts_ms, moments_ms, side="right") - 1
    for trade, number in zip(trades, index.tolist(), strict=True):
        held[number].append(trade)
    names = np.datetime_as_string(starts_ms.astype("M8[ms]"), unit="M").tolist()
    levels = known_at(equity, ts_ms, starts_ms, capital).tolist()
    return [
        _month(names[number], own, levels[number], levels[number + 1])
        for number, own in enumerate(held)
    ]


def groups(trades: Trades, field: str) -> dict[str, Group]:
    """Return the trades grouped by what their `field` says, by name; only groups with trades."""
    held: dict[str, list[Mapping[str, Any]]] = {}
    for trade in trades:
        held.setdefault(trade[field], []).append(trade)
    return {name: _group(held[name]) for name in sorted(held)}


def _month(
    name: str, trades: Sequence[Mapping[str, Any]], start_equity: float, end_equity: float
) -> Month:
    pnl = metrics.pnl(trades)

    def share(money: float) -> Measure:
        return Measure(money / start_equity * PCT) if start_equity > 0 else Measure(None, BLOWN_UP)

    return Month(
        month=name,
        trade_count=len(trades),
        start_equity=start_equity,
        pnl=pnl,
        pnl_pct=share(pnl),
        return_pct=share(end_equity - start_equity),
    )


def _group(trades: Trades) -> Group:
    return Group(
        trade_count=metrics.trade_count(trades),
        win_count=metrics.win_count(trades),
        loss_count=metrics.loss_count(trades),
        win_rate_pct=metrics.win_rate_pct(trades),
        pnl=metrics.pnl(trades),
        avg_trade_pct=avg_trade_pct(trades),
    )
