"""Draws docs/lifecycle.md from the lifecycle table and the docstrings beside it.

    python -m tests.support.draw_lifecycle

A test compares the committed page with what this draws, so the page cannot fall behind the table.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradekit.engine.lifecycle import TABLE, Status, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from enum import StrEnum

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "lifecycle.md"

_ENTRY: Final = re.compile(r"^- ([\w ]+): (.+?)(?=^- |\Z)", re.DOTALL | re.MULTILINE)
_HEAD: Final = """\
# Lifecycle

Where one strategy stands on one symbol. This page is drawn from the table in
`src/tradekit/engine/lifecycle.py` by `make docs`; a change belongs there. A trigger that has no
row for a status cannot happen in it: the engine takes it for a mistake of the program and halts.
What backtest-kit calls idle, scheduled, and pending or active, is idle, scheduled, and active here.
"""


def meanings(kind: type[StrEnum]) -> dict[str, str]:
    """Return the sentence that the class docstring has for each member's value.

    Raises:
        ValueError: a member has no sentence, or a sentence has no member.
    """
    told = _ENTRY.findall(inspect.getdoc(kind) or "")
    found = {name: " ".join(text.split()).removesuffix(".") for name, text in told}
    values = [member.value for member in kind]
    if list(found) != values:
        msg = f"docstring of {kind.__name__} explained {list(found)}, must explain {values}"
        raise ValueError(msg)
    return found


def diagram(table: Mapping[tuple[Status, Trigger], Status]) -> list[str]:
    """Return the lines of a Mermaid state diagram."""
    apart = [each.value for each in Status if not _in_table(each, table)]
    arrows = [f"    {was} --> {after} : {by}" for (was, by), after in table.items()]
    start = f"    [*] --> {next(iter(Status))}"
    return ["```mermaid", "stateDiagram-v2", start, *arrows, *(f"    {s}" for s in apart), "```"]


def page() -> str:
    """Return the whole page."""
    statuses = _rows(("status", "meaning"), meanings(Status).items())
    triggers = _rows(("trigger", "meaning"), meanings(Trigger).items())
    moves = _rows(("status", "trigger", "next"), [(was, by, to) for (was, by), to in TABLE.items()])
    parts = [diagram(TABLE), ["## Statuses", "", *statuses], ["## Triggers", "", *triggers]]
    parts.append(["## Table", "", *moves])
    return "\n".join([_HEAD, *("\n".join([*part, ""]) for part in parts)])


def _in_table(status: Status, table: Mapping[tuple[Status, Trigger], Status]) -> bool:
    return status in table.values() or any(status is was for was, _ in table)


def _rows(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [f"| {' | '.join(cells)} |" for cells in (head, *rows)]
    return [lines[0], "|---" * len(head) + "|", *lines[1:]]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
