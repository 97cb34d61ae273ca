"""Every metric has its sentence, its unit, its function and its place in docs/metrics.md."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from tests.support import metrics_page
from tradekit.analysis import breakdowns, metrics, section
from tradekit.analysis.courses import Courses
from tradekit.analysis.definitions import DEFINITIONS, UNITS
from tradekit.analysis.metrics import Totals
from tradekit.analysis.outcomes import Outcomes
from tradekit.analysis.returns import ABOVE_100_PCT, Returns

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "metrics.md").read_text(encoding="utf-8")
PARTS = (Totals, Outcomes, Courses, Returns)


def test_every_metric_has_its_sentence() -> None:
    names = {field.name for part in PARTS for field in fields(part)} | {"final_equity"}

    assert DEFINITIONS.keys() == UNITS.keys() == names
    assert sum(len(fields(part)) for part in PARTS) + 1 == len(names) == 50
    assert metrics.DEFINITIONS is DEFINITIONS
    for text in DEFINITIONS.values():
        assert text.endswith(".")
        assert text[0].isupper()


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_metric_has_its_function_that_says_how(name) -> None:
    says = metrics_page.told(name)

    assert says["Formula"].endswith(".")
    assert says["Source"].endswith(".")
    quoted = set(re.findall(r"`(\w+)`", says.get("Undefined", "")))
    assert quoted <= metrics.REASONS.keys()


def test_percents_and_nothing_else_are_named_so() -> None:
    assert all(name.endswith("_pct") == (unit == "percent") for name, unit in UNITS.items())
    assert all(name.endswith("_count") <= (unit == "count") for name, unit in UNITS.items())
    assert all(name.endswith("_minutes") == (unit == "minutes") for name, unit in UNITS.items())
    assert all(name.endswith("_days") == (unit == "days") for name, unit in UNITS.items())


def test_the_page_says_what_the_code_says() -> None:
    """`python -m tests.support.metrics_page` prints what the page must hold."""
    assert metrics_page.groups_text() in PAGE
    assert metrics_page.reasons_text() in PAGE
    assert PAGE.count("- Formula: ") == len(DEFINITIONS)


def test_the_page_names_what_stands_beside_the_metrics() -> None:
    plain = {field.name for field in fields(section.Section)} - {
        "totals",
        "outcomes",
        "courses",
        "returns",
    }
    table = {field.name for row in (breakdowns.Month, breakdowns.Group) for field in fields(row)}

    for name in plain | table | {"undefined", "warnings", ABOVE_100_PCT}:
        assert f"`{name}`" in PAGE, name
