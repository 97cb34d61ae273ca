"""Whether a kept run is still what was written: hashes, trades off the events, figures off those.

Decides what counts as damage and which file it is in. How a file is read is the run store's
business; what the hashes cover was decided by `results`. Nothing is repaired here. Hashes find
damage and mistakes; they are no signature, whoever can write the files can write them as well.
Invariant: a file is named once, and only if it is wrong itself, not because another one is.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from tradekit.analysis.trades import trade_lines, trades
from tradekit.bootstrap import wiring
from tradekit.bootstrap.results import manifest_text
from tradekit.bootstrap.run_shape import UNHASHED_TOLD, is_unhashed, manifest_flaw, report_flaw
from tradekit.bootstrap.runs import (
    EQUITY,
    EVENTS,
    MANIFEST,
    REPORT,
    TRADES,
    find_id,
    parsed,
    summary,
)
from tradekit.domain.journal import EventRow
from tradekit.errors import CorruptError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from tradekit.bootstrap.runs import Project
    from tradekit.ports.runtime import RunStore

    Plain = Mapping[str, Any]

# How far sums of the same fills may lie apart that were added up in another order.
_TOLERANCE = 1e-9


class Finding(NamedTuple):
    """A file that is wrong, and how.

    `what` is `missing`, `extra`, `changed`, `truncated`, `unreadable` or `unhashed`.
    """

    file: str
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What was looked at and what is wrong; nothing is if there is no finding."""

    run_id: str
    files: list[str]
    findings: list[Finding]


def verify_run(project: Project, text: str) -> Verification:
    """Compare the run that `text` names with its hashes, and its files with one another.

    Raises:
        ConfigError: no run, or not one alone, is named like that.
        StoreError: its folder cannot be read.
        CorruptError: neither manifest nor report can be read, so that nothing can be judged.
    """
    run_id = find_id(project, text)
    store = wiring.open_run_store(project.runs_dir)
    files = store.names(run_id)
    contents = _Contents()
    problems = contents.read(store, run_id, files)
    manifest, report = (contents.document(name) for name in (MANIFEST, REPORT))
    if manifest is None and report is None:
        raise CorruptError(
            f"run {run_id} can not be judged: {contents.state(MANIFEST)}, {contents.state(REPORT)}",
            fix=f"look into {store.place(run_id)}, or: tradekit run rm {run_id}",
        )
    if manifest is not None and is_unhashed(manifest):
        told = Finding(MANIFEST, "unhashed", UNHASHED_TOLD)
        return Verification(run_id, files, [told])
    problem = _manifest_problem(manifest, contents)
    if problem is not None:
        problems.append(problem)
    elif manifest is not None:
        problems += _file_problems(manifest, files, contents)
    findings = {each.file: each for each in problems}
    for each in _contradictions(manifest, report, contents, findings):
        findings.setdefault(each.file, each)
    return Verification(run_id, files, [findings[name] for name in sorted(findings)])


@dataclass(slots=True)
class _Contents:
    """What is needed of each file that could be read: hash and last line, and a little more.

    Events may be far more than memory holds; of them the closed trades are kept.
    """

    hashes: dict[str, str] = field(default_factory=dict)
    last_lines: dict[str, bytes] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    trades: list[bytes] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    open_count: int = 0
    events_error: str = ""

    def read(self, store: RunStore, run_id: str, files: Iterable[str]) -> list[Finding]:
        """Read all files, and return those that cannot be read."""
        problems = []
        for name in files:
            if name.endswith("/"):
                continue
            try:
                is_there = self._scan(store, run_id, name)
            except StoreError as error:
                problems.append(Finding(name, "unreadable", error.message))
                continue
            if not is_there:
                problems.append(Finding(name, "unreadable", "it is a link that leads nowhere"))
        return problems

    def document(self, name: str) -> dict[str, Any] | None:
        """Return the JSON object in a file, None if there is none."""
        return parsed(self.texts.get(name, b""))

    def state(self, name: str) -> str:
        """Return what is wrong with a file that has no document."""
        return f"{name} {'is damaged' if name in self.hashes else 'is missing'}"

    def _scan(self, store: RunStore, run_id: str, name: str) -> bool:
        lines = store.lines(run_id, name)
        if lines is None:
            return False
        takers: dict[str, Callable[[bytes], None]] = {
            EVENTS: self._take_event,
            TRADES: self.trades.append,
        }
        pieces: list[bytes] = []
        take = takers.get(name, pieces.append if name in {MANIFEST, REPORT, EQUITY} else None)
        digest = hashlib.sha256()
        line = b""
        for line in lines:
            digest.update(line)
            if take is not None:
                take(line)
        self.hashes[name], self.last_lines[name] = digest.hexdigest(), line
        self.texts[name] = b"".join(pieces)
        return True

    def _take_event(self, line: bytes) -> None:
        """Note the trade that an event closes, or that it is no event."""
        if self.events_error:
            return
        try:
            row = _event_row(parsed(line) or {})
            self.closed += trade_lines(trades([row]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.events_error = repr(error)
            return
        self.open_count += (row.kind == "opened") - (row.kind == "closed")


def _manifest_problem(manifest: dict[str, Any] | None, contents: _Contents) -> Finding | None:
    if manifest is None:
        if MANIFEST not in contents.hashes:
            return Finding(MANIFEST, "missing", "the hashes of the other files are gone with it")
        what = "changed" if contents.texts[MANIFEST].endswith(b"}\n") else "truncated"
        return Finding(MANIFEST, what, "it is not a JSON document any more")
    if not _is_genuine(manifest, contents.texts[MANIFEST]):
        detail = "it does not have its own hash; the hashes in it were not used"
        return Finding(MANIFEST, "changed", detail)
    if flaw := manifest_flaw(manifest):
        return Finding(MANIFEST, "changed", f"it {flaw}")
    return None


def _is_genuine(manifest: dict[str, Any], content: bytes) -> bool:
    """Return whether a manifest is what was written, byte by byte."""
    return manifest_text(manifest).encode() == content


def _file_problems(manifest: Plain, files: list[str], contents: _Contents) -> list[Finding]:
    """Return what the hashes in a sound manifest say."""
    hashes = manifest["files"]
    problems = []
    for name, digest in hashes.items():
        if name not in files:
            problems.append(Finding(name, "missing", "it was written with the run"))
        elif contents.hashes.get(name, digest) != digest:
            problems.append(_changed(name, contents.last_lines[name]))
    extra = [name for name in files if name not in hashes and name != MANIFEST]
    return [*problems, *(Finding(name, "extra", "the run did not write it") for name in extra)]


def _changed(name: str, last_line: bytes) -> Finding:
    if last_line.endswith(b"\n"):
        return Finding(name, "changed", "it does not have the hash that manifest.json has for it")
    return Finding(name, "truncated", "its last line is cut off" if last_line else "it is empty")


def _contradictions(
    manifest: Plain | None, report: Plain | None, contents: _Contents, wrong: Plain
) -> Iterator[Finding]:
    """Yield what files say against one another of which none is known to be wrong."""
    sound = contents.hashes.keys() - wrong.keys()
    if REPORT not in sound:
        report = None
    elif flaw := "is not a JSON document" if report is None else report_flaw(report):
        yield Finding(REPORT, "changed", f"it {flaw}")
        report = None
    if EVENTS in sound and (problem := _event_problem(report, contents)):
        yield problem
        return  # then the trades need not be those of the events either
    if {EVENTS, TRADES} <= sound and (problem := _trade_problem(contents)):
        yield problem
        sound.remove(TRADES)
    if report is not None:
        yield from _report_problems(report, manifest, contents, sound)


def _event_problem(report: Plain | None, contents: _Contents) -> Finding | None:
    if report is not None and contents.hashes[EVENTS] != report["fingerprint"]:
        detail = "it does not have the fingerprint that report.json has"
        return Finding(EVENTS, "changed", detail)
    if contents.events_error:
        detail = f"no trades can be read off it ({contents.events_error})"
        return Finding(EVENTS, "unreadable", detail)
    return None


def _report_problems(
    report: Plain, manifest: Plain | None, contents: _Contents, sound: Collection[str]
) -> Iterator[Finding]:
    """Yield what the report and the other files say against one another."""
    if manifest is not None and MANIFEST in sound:
        yield from _manifest_against(report, manifest)
    if TRADES in sound:
        yield from _figure_problems(report, contents, is_whole=EVENTS in sound)
    if EQUITY in sound:
        yield from _equity_problems(report, contents)


def _manifest_against(report: Plain, manifest: Plain) -> Iterator[Finding]:
    if manifest["summary"] != summary(report):
        yield Finding(MANIFEST, "changed", "its summary is not that of report.json")
    elif manifest["config"]["capital"] != float(report["capital"]):
        yield Finding(REPORT, "changed", "its capital is not that of manifest.json")


def _event_row(line: dict[str, Any]) -> EventRow:
    """Return a line of `events.jsonl` as a row; phase and symbol order are not asked for."""
    data = dict(line)
    named = {name: data.pop(name) for name in ("strategy", "symbol", "kind", "signal_id")}
    return EventRow(data.pop("ts_ms"), 0, 0, data.pop("seq"), **named, data=data)


def _trade_problem(contents: _Contents) -> Finding | None:
    """Return what is wrong if the trades are not those of the events."""
    for number, (line, derived) in enumerate(zip_longest(contents.trades, contents.closed), 1):
        if derived is None or line != f"{derived}\n".encode():
            detail = f"trade {number:,} is not what events.jsonl says"
            return Finding(TRADES, "changed", detail)
    return None


def _figure_problems(report: Plain, contents: _Contents, *, is_whole: bool) -> Iterator[Finding]:
    """Yield what is wrong if the report's figures are not what its trades add up to.

    Args:
        report: has the shape of one.
        contents: the trades.
        is_whole: whether the events have been read, so that open positions are known.
    """
    try:
        rows = [_figures(parsed(line) or {}) for line in contents.trades]
    except (KeyError, TypeError, ValueError) as error:
        yield Finding(TRADES, "unreadable", f"a line of it is no trade ({error!r})")
        return
    wrong = [
        told
        for name, section, own in _parts(report, rows)
        for told in _sums_told(name, section, own)
    ]
    capital, final = float(report["capital"]), float(report["final_equity"])
    gained = math.fsum(row["pnl"] for row in rows)
    slack = _TOLERANCE * (capital + math.fsum(abs(row["pnl"]) for row in rows))
    if is_whole and contents.open_count <= 0 and abs(capital + gained - final) > slack:
        wrong.append(f"its final_equity is {final}, capital and trades make {capital + gained}")
    if wrong:
        yield Finding(REPORT, "changed", wrong[0])


def _parts(report: Plain, rows: Sequence[Plain]) -> Iterator[tuple[str, Plain, Sequence[Plain]]]:
    """Yield each section of a report with its name and its trades."""
    yield "total", report["total"], rows
    for place, key in (("symbols", "symbol"), ("strategies", "strategy")):
        for name, section in (report.get(place) or {}).items():
            yield f"{place}.{name}", section, [row for row in rows if row[key] == name]


def _sums_told(name: str, section: Plain, rows: Sequence[Plain]) -> Iterator[str]:
    if section["trade_count"] != len(rows):
        yield f"its {name}.trade_count is {section['trade_count']}, of trades there are {len(rows)}"
    for key in ("pnl", "fees"):
        made = math.fsum(row[key] for row in rows)
        if float(section[key]) != made:
            yield f"its {name}.{key} is {section[key]}, the trades add up to {made}"


def _figures(row: Plain) -> dict[str, Any]:
    return {
        "symbol": row["symbol"],
        "strategy": row["strategy"],
        "pnl": float(row["pnl"]),
        "fees": float(row["fees"]),
    }


def _equity_problems(report: Plain, contents: _Contents) -> Iterator[Finding]:
    """Yield what is wrong if the account does not end where the report says."""
    cells = contents.last_lines[EQUITY].decode(errors="replace").split(",")
    try:
        is_same = float(cells[1]) == float(report["final_equity"])
    except (IndexError, ValueError):
        is_same = False
    if not is_same:
        yield Finding(EQUITY, "changed", "it does not end with the final_equity of report.json")
