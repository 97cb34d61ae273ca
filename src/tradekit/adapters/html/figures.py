"""The tables of figures: the total, each strategy, each symbol, and how trades closed.

Decides nothing about figures: whatever `report.json` holds is shown, under its known label or its
own words, and where it has no value the reason why.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tradekit.adapters.html.markup import Markup, el, join, table
from tradekit.adapters.html.words import (
    GROUPS,
    exact,
    exact_text,
    label,
    missing,
    plain,
    rounded,
    section_scalars,
)
from tradekit.analysis.definitions import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    Plain = Mapping[str, Any]

_SECTIONS: Final = {"strategies": "By strategy", "symbols": "By symbol"}
_NAMES: Final = {
    "exits": "How trades closed",
    "by_reason": "By close reason",
    "by_direction": "By direction",
    "rejected": "Refused orders",
    "cancelled": "Resting entries that ended unfilled",
}
# They have places of their own on the page.
_ELSEWHERE: Final = frozenset({"undefined", "warnings", "months"})
_OTHER: Final = "More"


def figures(report: Plain) -> Markup:
    """Return the tables of figures of `report.json`."""
    total = dict(report.get("total", {}))
    if "final_equity" in report:
        total.setdefault("final_equity", report["final_equity"])
    parts = [
        el("div", _groups(total), class_="groups"),
        el("div", [_nested(name, each) for name, each in total.items()], class_="groups"),
    ]
    for name, title in _SECTIONS.items():
        if sections := report.get(name):
            parts += [el("h3", title), _sections(title, sections)]
    return join(parts)


def _groups(total: dict[str, Any]) -> list[Markup]:
    names = section_scalars(total)
    undefined = total.get("undefined", {})
    groups = {title: [n for n in names if n in known] for title, known in GROUPS.items()}
    groups[_OTHER] = [n for n in names if not any(n in known for known in GROUPS.values())]
    return [
        el(
            "section",
            el("h3", title),
            el(
                "dl",
                [_entry(n, known.get(n), total[n], undefined.get(n)) for n in members],
                class_="figures",
            ),
        )
        for title, members in groups.items()
        if members
        for known in [GROUPS.get(title, {})]
    ]


def _entry(name: str, known: str | None, value: object, reason: str | None) -> Markup:
    text = known or label(name)
    meaning = DEFINITIONS.get(name)
    term = el("dt", el("abbr", text, title=meaning) if meaning else text)
    shown = missing(reason) if value is None else exact(name, value)
    return el("div", term, el("dd", shown, data_metric=name))


def _nested(name: str, value: object) -> Markup | None:
    """Return counts or figures by something, such as by the reason of a close."""
    if name in _ELSEWHERE or not isinstance(value, dict) or not value:
        return None
    title = _NAMES.get(name, label(name))
    if any(isinstance(each, dict) for each in value.values()):
        return el("section", el("h3", title), _sections(title, value), class_="wide")
    rows = [
        el("div", el("dt", plain(key)), el("dd", _cell(key, each), data_metric=f"{name}.{key}"))
        for key, each in value.items()
    ]
    return el("section", el("h3", title), el("dl", rows, class_="figures"))


def _sections(title: str, sections: Plain) -> Markup:
    """Return a row for each section, a column for each figure that any of them has."""
    named = {name: each for name, each in sections.items() if isinstance(each, dict)}
    columns = section_scalars({key: each[key] for each in named.values() for key in each})
    columns = [
        c for c in columns if not all(isinstance(s.get(c), dict | list) for s in named.values())
    ]
    rows = [
        [
            plain(name) if title not in _SECTIONS.values() else name,
            *(_section_cell(column, section) for column in columns),
        ]
        for name, section in named.items()
    ]
    head = ["", *(_head(column) for column in columns)]
    return table(head, rows, caption=title, class_="numbers", scrolls=True)


def _head(column: str) -> Markup:
    meaning = DEFINITIONS.get(column)
    return el("abbr", label(column), title=meaning) if meaning else join(label(column))


def _section_cell(name: str, section: Plain) -> Markup:
    if section.get(name) is None:
        return missing(section.get("undefined", {}).get(name))
    return rounded(name, section[name])


def _cell(name: str, value: object) -> Markup:
    return missing(None) if value is None else exact(name, exact_text(value))
