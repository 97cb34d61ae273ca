"""The interval of a result: what a run came to on either of two paths through its candles.

A candle that touches two orders does not say which came first. A run takes the harsher way, *stop
first*; where any candle left a doubt it is made again on the kinder one, *target first*. Two paths,
not bounds: the trade after a doubtful one starts elsewhere. Which way fills what is decided by
`engine.venue`, whether there is a second run by whoever makes the first.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tradekit.domain.journal import canonical_fields

if TYPE_CHECKING:
    from tradekit.analysis.report import RunReport

_SHOWN = ("trade_count", "win_count", "loss_count", "pnl", "pnl_pct", "fees", "max_drawdown_pct")


def interval_document(
    stop_first: RunReport, target_first: RunReport | None, ambiguous_candles: int
) -> dict[str, Any]:
    """Return both totals, the doubtful candles of the first path, and whether the sign changes.

    Args:
        stop_first: the run.
        target_first: the run on the other path; the same one where no candle was in doubt, None
            where nobody made it: then there is no second total and no answer about the sign.
        ambiguous_candles: candles in which the two paths differ.

    Units: as in `analysis.metrics`; money as text, percent as numbers.
    """
    changes = None
    if target_first is not None:
        changes = (_pnl(stop_first) > 0.0) != (_pnl(target_first) > 0.0)
    return {
        "ambiguous_candles": ambiguous_candles,
        "stop_first": _totals(stop_first),
        "target_first": None if target_first is None else _totals(target_first),
        "sign_changes": changes,
    }


def _pnl(report: RunReport) -> float:
    return report.total.totals.pnl


def _totals(report: RunReport) -> dict[str, Any]:
    numbers = asdict(report.total.totals)
    shown = {name: numbers[name] for name in _SHOWN}
    shown["win_rate_pct"] = report.total.totals.win_rate_pct.value
    shown["final_equity"] = report.final_equity
    shown["failure_count"] = report.total.failure_count
    return canonical_fields(shown)
