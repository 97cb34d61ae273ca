"""The heat map of months, and of the days in them.

The percent of a month are the report's where it has them; otherwise, and for days, they are the
change of equity from one row of `equity.csv` to the next. Colour says no more than the number.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from tradekit.adapters.html.markup import Markup, el, join, table
from tradekit.adapters.html.words import label, missing, rounded
from tradekit.domain.journal import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tradekit.adapters.html.markup import Child
    from tradekit.analysis.equity import EquityPoint

    Plain = Mapping[str, Any]

_MONTHS: Final = [
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
]
_DAYS: Final = 31
_STEPS: Final = 5
_NAMED: Final = ("return_pct", "pnl_pct")


def months(report: Plain, equity: Sequence[EquityPoint], capital: float) -> Markup:
    """Return the months as a table of percent, and below it the days as a map.

    Args:
        report: `report.json`, with or without a monthly table.
        equity: the rows of `equity.csv`.
        capital: cash at the start, in quote currency.
    """
    ends = _ends(equity)
    by_day = _changes(ends, capital)
    told = _told(report)
    by_month = told or _changes({day[:7]: value for day, value in ends.items()}, capital)
    if not by_month:
        return el("p", "No day has ended.", class_="quiet")
    rows = report.get("total", {}).get("months", ())
    return join(
        _month_table(by_month, _years(ends, capital)),
        el("p", "Change of equity in percent, by month and by year.", class_="quiet"),
        _day_map(by_day),
        _all_figures(rows) if rows else None,
    )


def _ends(equity: Sequence[EquityPoint]) -> dict[str, float]:
    """Return equity at the end of each UTC day; midnight belongs to the day that it ends."""
    return {
        datetime.fromtimestamp((point.ts_ms - 1) / 1000, tz=UTC).strftime("%Y-%m-%d"): point.equity
        for point in equity
    }


def _changes(ends: dict[str, float], capital: float) -> dict[str, float]:
    """Return the change in percent from one end to the next, the first from the capital."""
    values = [capital, *ends.values()]
    changes = [(b / a - 1.0) * 100.0 if a > 0.0 else 0.0 for a, b in pairwise(values)]
    return dict(zip(ends, changes, strict=True))


def _years(ends: dict[str, float], capital: float) -> dict[str, float]:
    return _changes({day[:4]: value for day, value in ends.items()}, capital)


def _told(report: Plain) -> dict[str, Any]:
    """Return the report's own months, `2026-04` → percent, none if it has no such table."""
    told = {}
    for row in report.get("total", {}).get("months", ()):
        values = [row[name] for name in _NAMED if row.get(name) is not None]
        if values:
            told[row["month"]] = values[0]
    return told


def _all_figures(rows: Sequence[Plain]) -> Markup:
    """Return every figure that the report has of each month, folded away."""
    columns = [n for n, value in rows[0].items() if n != "month" and not isinstance(value, dict)]
    cells = [
        [
            row["month"],
            *(
                missing(row.get("undefined", {}).get(name))
                if row.get(name) is None
                else rounded(name, row[name])
                for name in columns
            ),
        ]
        for row in rows
    ]
    head = ["Month", *(label(name) for name in columns)]
    return el(
        "details",
        el("summary", "All figures by month"),
        table(head, cells, caption="Figures by month", class_="numbers", scrolls=True),
    )


def _month_table(by_month: Mapping[str, Any], by_year: Mapping[str, float]) -> Markup:
    largest = max((abs(float(value)) for value in by_month.values()), default=0.0)
    rows = []
    for year in sorted({month[:4] for month in by_month}):
        cells: list[Child] = [year]
        for number in range(1, 13):
            value = by_month.get(f"{year}-{number:02}")
            cells.append(_cell(value, largest))
        total = by_year.get(year)
        cells.append(missing(None) if total is None else rounded("pnl_pct", _plain(total)))
        rows.append(cells)
    return table(
        ["Year", *_MONTHS, "Year"],
        rows,
        caption="Change by month in percent",
        class_="heat",
        scrolls=True,
    )


def _cell(value: float | None, largest: float) -> Markup | None:
    if value is None:
        return None
    shown = _plain(value)
    return el("span", rounded("", shown), class_=f"cell {_shade(shown, largest)}")


def _day_map(by_day: Mapping[str, float]) -> Markup:
    """Return a row of small fields for each month; each says its day and its change."""
    largest = max((abs(value) for value in by_day.values()), default=0.0)
    rows = []
    for month in sorted({day[:7] for day in by_day}):
        fields = []
        for number in range(1, _DAYS + 1):
            day = f"{month}-{number:02}"
            value = by_day.get(day)
            if value is None:
                fields.append(el("i"))
            else:
                shown = _plain(value)
                fields.append(
                    el("i", class_=_shade(shown, largest), title=f"{day}: {shown:+.2f} %")
                )
        rows.append(el("div", el("span", month), fields, class_="days"))
    worst, best = min(by_day, key=by_day.__getitem__), max(by_day, key=by_day.__getitem__)
    told = (
        f"{len(by_day):,} days. Best {best}, {_plain(by_day[best]):+.2f} %; "
        f"worst {worst}, {_plain(by_day[worst]):+.2f} %."
    )
    return el(
        "figure",
        el("div", rows, class_="daymap", role="img", aria_label=told),
        el("figcaption", told),
    )


def _plain(value: float) -> float:
    rounded_value = canonical("change_pct", float(value))
    assert isinstance(rounded_value, float), "percent are numbers"
    return rounded_value


def _shade(value: float, largest: float) -> str:
    """Return the class of a field: which way, and how strongly on a scale of five."""
    if not value or not largest:
        return "even"
    step = min(_STEPS, 1 + int(abs(value) / largest * _STEPS))
    return f"{'up' if value > 0 else 'down'}{step}"
