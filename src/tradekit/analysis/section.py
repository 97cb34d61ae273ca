"""A section of a report: every figure of a whole run, of one strategy or of one symbol.

One function computes it from rows and a curve, one spells it as JSON; a figure that a section has,
every section has. Which sections there are is `analysis.report`'s business, what a figure means
`analysis.definitions`'.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tradekit.analysis import returns as daily
from tradekit.analysis.breakdowns import closing_moments, groups, month_starts, months
from tradekit.analysis.courses import courses
from tradekit.analysis.definitions import MONEY, UNITS
from tradekit.analysis.metrics import Measure, totals
from tradekit.analysis.outcomes import initial_risks, outcomes
from tradekit.domain.journal import PCT_DIGITS, canonical
from tradekit.domain.time import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _typeshed import DataclassInstance

    from tradekit.analysis.breakdowns import Group, Month
    from tradekit.analysis.courses import Courses
    from tradekit.analysis.metrics import Totals, Trades
    from tradekit.analysis.outcomes import Outcomes
    from tradekit.analysis.returns import Returns
    from tradekit.domain.candle import FloatArray, IntArray
    from tradekit.domain.journal import EventRow

# Money that is no metric of its own.
_MONEY: Final = {"start_equity"}


class Window(NamedTuple):
    """What an account started with, in quote currency, and the frame, ms UTC."""

    capital: float
    since_ms: int
    until_ms: int

    @property
    def days(self) -> float:
        """Length of the frame in days."""
        return (self.until_ms - self.since_ms) / DAY_MS


@dataclass(frozen=True, slots=True)
class Section:
    """A symbol's or strategy's part of the report, or the whole: metrics and what was counted."""

    totals: Totals
    candle_count: int
    exits: dict[str, int]
    rejected: dict[str, int]
    cancelled: dict[str, int]
    failure_count: int
    outcomes: Outcomes
    courses: Courses
    returns: Returns
    months: list[Month]
    by_reason: dict[str, Group]
    by_direction: dict[str, Group]


def section(
    rows: Sequence[EventRow],
    closed: Trades,
    equity: FloatArray,
    ts_ms: IntArray,
    window: Window,
    *,
    held_count: int,
    candle_count: int,
) -> Section:
    """Return the section of what `rows` did.

    Args:
        rows: the rows that belong to it, in order.
        closed: the trades of these rows.
        equity: float64[n], the capital plus what these rows did to it, oldest first.
        ts_ms: int64[n], the moments of its points, ms UTC.
        window: capital and frame.
        held_count: candles that closed with a position open.
        candle_count: candles in the frame, of the same symbols.
    """
    capital, since_ms, until_ms = window
    numbers = totals(
        closed, capital=capital, equity=equity, held_count=held_count, candle_count=candle_count
    )
    by_day = daily.daily_equity(
        equity, ts_ms, capital=capital, since_ms=since_ms, until_ms=until_ms
    )
    return Section(
        totals=numbers,
        candle_count=candle_count,
        exits=_counted(rows, "closed", "reason"),
        rejected=_counted(rows, "rejected", "rule"),
        cancelled=_counted(rows, "cancelled", "reason"),
        failure_count=sum(row.kind == "failed" for row in rows),
        outcomes=outcomes(closed, initial_risks(rows)),
        courses=courses(closed, window.days),
        returns=daily.returns(
            daily.DailyEquity(by_day, window.days, len(closed)),
            pnl_pct=numbers.pnl_pct,
            max_drawdown_pct=numbers.max_drawdown_pct,
            longest_drawdown_days=daily.longest_drawdown_days(
                equity, ts_ms, capital=capital, since_ms=since_ms
            ),
        ),
        months=months(
            closed,
            closing_moments(rows),
            equity,
            ts_ms,
            starts_ms=month_starts(since_ms, until_ms),
            capital=capital,
        ),
        by_reason=groups(closed, "reason"),
        by_direction=groups(closed, "direction"),
    )


def section_document(section: Section) -> dict[str, Any]:
    """Return the section as JSON has it, all metrics side by side.

    Money is text, other numbers are rounded to 1e-9. What has no value is None, and `undefined`
    says why; `warnings` names figures that are shown but not to be taken at their word.
    """
    undefined: dict[str, str] = {}
    document: dict[str, Any] = {"undefined": undefined, "warnings": daily.warnings(section.returns)}
    for part in (section.totals, section.outcomes, section.courses, section.returns):
        spelled = _spelled(part)
        undefined.update(spelled.pop("undefined"))
        document.update(spelled)
    return {
        **document,
        "candle_count": section.candle_count,
        "exits": section.exits,
        "rejected": section.rejected,
        "cancelled": section.cancelled,
        "failure_count": section.failure_count,
        "months": [_spelled(month) for month in section.months],
        "by_reason": {name: _spelled(group) for name, group in section.by_reason.items()},
        "by_direction": {name: _spelled(group) for name, group in section.by_direction.items()},
    }


def _counted(rows: Iterable[EventRow], kind: str, field: str) -> dict[str, int]:
    return dict(sorted(Counter(row.data[field] for row in rows if row.kind == kind).items()))


def _spelled(part: DataclassInstance) -> dict[str, Any]:
    """Return the fields of a dataclass as JSON has them, and why some have no value."""
    document: dict[str, Any] = {}
    undefined = {}
    for field in fields(part):
        value = getattr(part, field.name)
        if isinstance(value, Measure):
            if value.value is None:
                undefined[field.name] = value.undefined
            value = value.value
        document[field.name] = _number(field.name, value)
    return {**document, "undefined": undefined}


def _number(name: str, value: object) -> object:
    is_money = name in _MONEY or UNITS.get(name) == MONEY
    if isinstance(value, float) and not is_money:
        return round(value, PCT_DIGITS) + 0.0
    return canonical(name, value)
