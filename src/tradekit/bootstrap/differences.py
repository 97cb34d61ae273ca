"""How two kept runs differ: the first event that does, and what was recorded that explains it.

Decides what counts as a cause and which of them is told first. Runs are the same if their events
are, byte by byte; what a manifest records beside that is an explanation, never a verdict. Finding
the runs is `runs`' business. Invariant: whatever is recorded and may move an event is compared.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tradekit.bootstrap.runs import EVENTS, damaged, lines_of, read_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tradekit.bootstrap.runs import KeptRun

CODE: Final = "code"
PARAMETER: Final = "parameter"
DATA: Final = "data"
SETTINGS: Final = "settings"
ENGINE: Final = "engine"
UNKNOWN: Final = "unknown"
# The most telling first. What a file says, somebody has written; a version has changed by itself.
CAUSES: Final = (CODE, PARAMETER, DATA, SETTINGS, ENGINE)
# Where in a manifest each cause is recorded; a name that ends with a dot stands for all below it.
_RECORDED: Final = {
    "strategy_file.sha256": CODE,
    "strategy_file.modules.": CODE,
    "config.strategy": CODE,
    "config.params.": PARAMETER,
    "data_sha256.": DATA,
    "config.": SETTINGS,
    "versions.": ENGINE,
}
# What no event can depend on: in how many processes, under which name, what was made of it after.
_IDLE: Final = frozenset({"config.workers", "config.interval", "config.frame.name"})
# What says which candles were meant: with another one of these there must be other candles.
_CHOOSING: Final = frozenset(
    {
        *(f"config.frame.{each}" for each in ("since", "until", "base")),
        *(f"config.exchange.{each}" for each in ("name", "kind", "directory", "seed")),
        "config.symbols",
        "config.seed",
        "config.gaps",
        "lead_ms",
    }
)


class Difference(NamedTuple):
    """Something that two manifests record differently; None is what one does not record."""

    cause: str
    name: str
    a: object
    b: object


class EventPair(NamedTuple):
    """The first events that differ: their line, from 1, and both rows; None where one has ended."""

    line: int
    a: dict[str, Any] | None
    b: dict[str, Any] | None

    def fields(self) -> dict[str, tuple[object, object]]:
        """Return the fields that differ with both values; None is also what one does not have."""
        a, b = self.a or {}, self.b or {}
        return {
            name: (a.get(name), b.get(name))
            for name in sorted({*a, *b})
            if (name in a, a.get(name)) != (name in b, b.get(name))
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two runs differ in; `first` is None if their events are the same.

    `differences` may have moved an event, the most telling first; `implied` follow from those, and
    `idle` cannot have moved any.
    """

    event_counts: tuple[int, int]
    first: EventPair | None
    differences: list[Difference]
    implied: list[Difference]
    idle: list[Difference]

    @property
    def causes(self) -> list[str]:
        """Why the events differ, the most telling first; empty if they do not."""
        if self.first is None:
            return []
        found = {each.cause for each in self.differences}
        return [cause for cause in CAUSES if cause in found] or [UNKNOWN]

    def document(self) -> dict[str, Any]:
        """Return all of it as JSON has it."""
        first = None
        if self.first is not None:
            pairs = self.first.fields().items()
            fields = {name: {"a": one, "b": other} for name, (one, other) in pairs}
            first = {**self.first._asdict(), "fields": fields}
        return {
            "same": self.first is None,
            "event_counts": dict(zip("ab", self.event_counts, strict=True)),
            "first_difference": first,
            "causes": self.causes,
            "differences": [each._asdict() for each in self.differences],
            "implied": [each._asdict() for each in self.implied],
            "without_effect": [each._asdict() for each in self.idle],
        }


def compare_runs(a: KeptRun, b: KeptRun) -> Comparison:
    """Return how two runs differ.

    Raises:
        CorruptError: the events of one are missing, or not those that its report tells of.
    """
    lines_a, lines_b = _event_lines(a), _event_lines(b)
    first = None
    for number, (one, other) in enumerate(zip_longest(lines_a, lines_b), 1):
        if one != other:
            first = EventPair(number, _row(one), _row(other))
            break
    counts = len(lines_a), len(lines_b)
    return Comparison(counts, first, *_recorded(a.manifest, b.manifest))


def _row(line: str | None) -> dict[str, Any] | None:
    row: dict[str, Any] | None = None if line is None else json.loads(line)
    return row


def _event_lines(run: KeptRun) -> list[str]:
    text = read_text(run.store, run.run_id, EVENTS)
    if hashlib.sha256(text.encode()).hexdigest() != run.report.get("fingerprint"):
        raise damaged(run.run_id, EVENTS, "does not have the fingerprint that report.json has")
    return lines_of(text)


def _recorded(
    a: Mapping[str, Any], b: Mapping[str, Any]
) -> tuple[list[Difference], list[Difference], list[Difference]]:
    """Return what is recorded differently: what may matter, what follows from that, what cannot."""
    plain_a, plain_b = dict(_leaves(a)), dict(_leaves(b))
    pairs = {name: (plain_a.get(name), plain_b.get(name)) for name in {**plain_a, **plain_b}}
    changed = [name for name, (one, other) in pairs.items() if one != other]
    idle_names = {*_IDLE, *([] if _is_synthetic(a) or _is_synthetic(b) else ["config.seed"])}
    others_meant = bool((_CHOOSING - idle_names).intersection(changed))
    lists: tuple[list[Difference], ...] = ([], [], [])
    for name in changed:
        found = next((each for each in _RECORDED.items() if _is_in(name, each[0])), None)
        if found is not None:
            place, cause = found
            shown = name.removeprefix(place if cause in {PARAMETER, DATA} else "config.")
            follows = cause == DATA and others_meant
            kind = 2 if name in idle_names else 1 if follows else 0
            lists[kind].append(Difference(cause, shown, *pairs[name]))
    for each in lists:
        each.sort(key=lambda difference: (CAUSES.index(difference.cause), difference.name))
    return lists[0], lists[1], lists[2]


def _is_in(name: str, place: str) -> bool:
    return name.startswith(place) if place.endswith(".") else name == place


def _is_synthetic(manifest: Mapping[str, Any]) -> bool:
    exchange = manifest.get("config", {}).get("exchange", {})
    return bool(exchange.get("kind") == "synthetic")


def _leaves(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield each value of a document that is no document itself, under its whole name."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
