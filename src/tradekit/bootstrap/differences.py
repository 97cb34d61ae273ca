"""How two kept runs differ: the first event that does, and what was recorded that explains it.

Decides what counts as a cause and which of them is told first. Runs are the same if their events
are, byte by byte; what a manifest records beside that is an explanation, never a verdict. Finding
the runs is `runs`' business. Invariant: whatever is recorded and may move an event is compared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tradekit.bootstrap.runs import EVENTS, damaged, parsed_row, read_lines
from tradekit.domain.time import parse_time_ms
from tradekit.errors import SettingsError

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
_SYNTHETIC: Final = "synthetic"
# What no event can depend on: in how many processes, under which name, what was made of it after.
_IDLE: Final = frozenset({"config.workers", "config.interval", "config.frame.name"})
_UNTIL: Final = "config.frame.until"
# Where candles lie and what that is called; where they are the same ones, that moves no event.
_PLACES: Final = frozenset({"config.exchange.name", "config.exchange.directory"})
# What says which candles were meant: with another one of these there must be other candles.
_CHOOSING: Final = frozenset(
    {
        *(f"config.frame.{each}" for each in ("since", "until", "base")),
        *(f"config.exchange.{each}" for each in ("name", "kind", "directory", "seed")),
        "config.symbols",
        "config.seed",
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
    read_a, read_b = _Reading(a), _Reading(b)
    line, pair = _first_difference(read_a, read_b)
    first = None
    if pair is not None:
        first = EventPair(line, read_a.row(line, pair[0]), read_b.row(line, pair[1]))
    counts = read_a.line_count, read_b.line_count
    return Comparison(counts, first, *_Records(a, b, first).sorted())


class _Reading:
    """The events of a run read line by line; they may be far more than memory holds."""

    def __init__(self, run: KeptRun) -> None:
        self._run = run
        self.line_count = 0

    def lines(self) -> Iterator[bytes]:
        """Yield the lines.

        Raises:
            CorruptError: they are missing, or, after the last, not those of the report.
        """
        digest = hashlib.sha256()
        for line in read_lines(self._run.store, self._run.run_id, EVENTS):
            digest.update(line)
            self.line_count += 1
            yield line
        if digest.hexdigest() != self._run.report["fingerprint"]:
            what = "does not have the fingerprint that report.json has"
            raise damaged(self._run.run_id, EVENTS, what)

    def row(self, number: int, line: bytes | None) -> dict[str, Any] | None:
        """Return what a line says, None for none."""
        return None if line is None else parsed_row(self._run.run_id, EVENTS, number, line)


def _first_difference(
    a: _Reading, b: _Reading
) -> tuple[int, tuple[bytes | None, bytes | None] | None]:
    """Return number and lines of the first event that differs; both are read to their ends."""
    found: tuple[int, tuple[bytes | None, bytes | None] | None] = (0, None)
    for number, pair in enumerate(zip_longest(a.lines(), b.lines()), 1):
        if found[1] is None and pair[0] != pair[1]:
            found = number, pair
    return found


class _Records:
    """What is recorded differently of two runs, and what that can have to do with their events."""

    def __init__(self, a: KeptRun, b: KeptRun, first: EventPair | None) -> None:
        self._manifests = a.manifest, b.manifest
        plain_a, plain_b = (dict(_leaves(each)) for each in self._manifests)
        pairs = {name: (plain_a.get(name), plain_b.get(name)) for name in {**plain_a, **plain_b}}
        self._pairs = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        self._idle = set(_IDLE)
        if not any(each["config"]["exchange"]["kind"] == _SYNTHETIC for each in self._manifests):
            self._idle.add("config.seed")
        if a.manifest["data_sha256"] == b.manifest["data_sha256"]:
            self._idle |= _PLACES
        if not (a.report["gaps"] or b.report["gaps"]):
            self._idle.add("config.gaps")  # there was no hole to do anything about
        self._is_before_ends = first is not None and self._precedes_ends(first)
        if self._is_before_ends:
            self._idle.add(_UNTIL)

    def sorted(self) -> tuple[list[Difference], list[Difference], list[Difference]]:
        """Return what may matter, what follows from that, and what cannot matter."""
        lists: tuple[list[Difference], ...] = ([], [], [])
        data_follow = self._data_follow()
        for name, values in self._pairs.items():
            if (found := _recorded_as(name)) is None:
                continue
            place, cause = found
            shown = name.removeprefix(place if cause in {PARAMETER, DATA} else "config.")
            kind = 2 if name in self._idle else 1 if cause == DATA and data_follow else 0
            lists[kind].append(Difference(cause, shown, *values))
        for each in lists:
            each.sort(key=lambda difference: (CAUSES.index(difference.cause), difference.name))
        return lists[0], lists[1], lists[2]

    def _data_follow(self) -> bool:
        """Return whether other candles are but what was asked for."""
        if (_CHOOSING - self._idle).intersection(self._pairs):
            return True
        if _UNTIL not in self._pairs or not self._is_before_ends:
            return False
        # Another end means another hash, whether or not the candles before it are the same: they
        # are in doubt only where nothing else explains what happened before it.
        others = (_recorded_as(name) for name in self._pairs if name not in self._idle)
        return any(found is not None and found[1] != DATA for found in others)

    def _precedes_ends(self, first: EventPair) -> bool:
        """Return whether the first events that differ are before the end of either frame."""
        times = [row.get("ts_ms") for row in (first.a, first.b) if row is not None]
        try:
            ends = [parse_time_ms(each["config"]["frame"]["until"]) for each in self._manifests]
        except SettingsError:
            return False
        return all(isinstance(each, int) and each < min(ends) for each in times)


def _recorded_as(name: str) -> tuple[str, str] | None:
    """Return under which place of a manifest a name is, and which cause that is; None for none."""
    return next((each for each in _RECORDED.items() if _is_in(name, each[0])), None)


def _is_in(name: str, place: str) -> bool:
    return name.startswith(place) if place.endswith(".") else name == place


def _leaves(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield each value of a document that is no document itself, under its whole name."""
    for name, value in document.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", value
