"""The part of docs/metrics.md that follows from the code: each metric, and why one has no value.

    python -m tests.support.metrics_page

prints it; a test holds the page to it.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import TYPE_CHECKING, Final

from tradekit.analysis import courses, metrics, outcomes, returns
from tradekit.analysis.definitions import DEFINITIONS, UNITS

if TYPE_CHECKING:
    from types import ModuleType

GROUPS: Final[dict[str, ModuleType]] = {
    "Counts and sums": metrics,
    "What trades earned": outcomes,
    "How trades ran": courses,
    "The account over days": returns,
}
_FIELD: Final = re.compile(
    r"^(Formula|Undefined|Source): *(.*?)(?=^\w+: |\Z)", re.DOTALL | re.MULTILINE
)


def home(name: str) -> ModuleType:
    """Return the one module that has the metric's function."""
    (module,) = (
        each
        for each in GROUPS.values()
        if inspect.isfunction(found := getattr(each, name, None))
        and found.__module__ == each.__name__
    )
    return module


def told(name: str) -> dict[str, str]:
    """Return what the docstring of the metric's function says, by heading, each in one line."""
    text = inspect.getdoc(getattr(home(name), name)) or ""
    return {heading: " ".join(body.split()) for heading, body in _FIELD.findall(text)}


def entry(name: str) -> str:
    """Return the lines of one metric."""
    says = told(name)
    undefined = says.get("Undefined", "never.")
    return "\n".join(
        (
            _wrapped(f"- **`{name}`** ({UNITS[name]}). {DEFINITIONS[name]}", "  "),
            _wrapped(f"  - Formula: {says['Formula']}", "    "),
            _wrapped(f"  - Without a value: {undefined}", "    "),
            _wrapped(f"  - Source: {says['Source']}", "    "),
        )
    )


def groups_text() -> str:
    """Return all metrics under their headings."""
    parts = []
    for title, module in GROUPS.items():
        names = [name for name in DEFINITIONS if home(name) is module]
        parts += [f"## {title}", *map(entry, names)]
    return "\n\n".join(parts) + "\n"


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(
        text,
        100,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def reasons_text() -> str:
    """Return the table of reasons."""
    rows = [f"| `{reason}` | {meaning} |" for reason, meaning in metrics.REASONS.items()]
    return "\n".join(("| reason | meaning |", "|---|---|", *rows)) + "\n"


if __name__ == "__main__":
    print(groups_text())
    print(reasons_text())
