"""Whether a kept run is still what was written: hashes, fingerprint, trades read off the events.

Decides what counts as damage and which file it is in. How a file is read is the run store's
business; what the hashes cover was decided by `results`. Nothing is repaired here. Invariant: a
file is named once, and only if it is wrong itself, not because another one is.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from tradekit.analysis.trades import trade_lines, trades
from tradekit.bootstrap import wiring
from tradekit.bootstrap.results import manifest_text
from tradekit.bootstrap.runs import EVENTS, MANIFEST, REPORT, TRADES, find_id, lines_of, summary
from tradekit.domain.journal import EventRow
from tradekit.errors import CorruptError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tradekit.bootstrap.runs import Project
    from tradekit.ports.runtime import RunStore


class Finding(NamedTuple):
    """A file that is wrong: `missing`, `extra`, `changed`, `truncated` or `unreadable`, and how."""

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
    contents, problems = _read_all(store, run_id, files)
    manifest, report = (_document(contents.get(name)) for name in (MANIFEST, REPORT))
    if manifest is None and report is None:
        raise CorruptError(
            f"run {run_id} can not be judged: {_state(contents, MANIFEST)}, "
            f"{_state(contents, REPORT)}",
            fix=f"look into {store.place(run_id)}, or: tradekit run rm {run_id}",
        )
    problems += _manifest_problems(manifest, contents)
    problems += _file_problems(manifest, files, contents)
    findings = {each.file: each for each in problems}
    for problem in _contradictions(manifest, report, contents, findings):
        findings.setdefault(problem.file, problem)
    return Verification(run_id, files, [findings[name] for name in sorted(findings)])


def _read_all(
    store: RunStore, run_id: str, files: list[str]
) -> tuple[dict[str, bytes], list[Finding]]:
    """Return what each file holds, and those that cannot be read."""
    contents: dict[str, bytes] = {}
    problems = []
    for name in files:
        if name.endswith("/"):
            continue
        try:
            content = store.read(run_id, name)
        except StoreError as error:
            problems.append(Finding(name, "unreadable", error.message))
            continue
        if content is None:
            problems.append(Finding(name, "unreadable", "it is a link that leads nowhere"))
        else:
            contents[name] = content
    return contents, problems


def _manifest_problems(
    manifest: dict[str, Any] | None, contents: Mapping[str, bytes]
) -> list[Finding]:
    if manifest is None:
        content = contents.get(MANIFEST)
        if content is None:
            return [Finding(MANIFEST, "missing", "the hashes of the other files are gone with it")]
        what = "changed" if content.endswith(b"}\n") else "truncated"
        return [Finding(MANIFEST, what, "it is not a JSON document any more")]
    if not _is_genuine(manifest, contents[MANIFEST]):
        detail = "it does not have its own hash; the hashes in it were not used"
        return [Finding(MANIFEST, "changed", detail)]
    return []


def _is_genuine(manifest: dict[str, Any], content: bytes) -> bool:
    """Return whether a manifest is what was written, byte by byte."""
    try:
        return manifest_text(manifest).encode() == content
    except ValueError:  # it has a NaN
        return False


def _file_problems(
    manifest: dict[str, Any] | None, files: list[str], contents: Mapping[str, bytes]
) -> list[Finding]:
    """Return what the hashes in the manifest say, if it is sound."""
    if manifest is None or not _is_genuine(manifest, contents[MANIFEST]):
        return []
    hashes = manifest["files"]
    problems = []
    for name, digest in hashes.items():
        if name not in files:
            problems.append(Finding(name, "missing", "it was written with the run"))
        elif name in contents and hashlib.sha256(contents[name]).hexdigest() != digest:
            problems.append(_changed(name, contents[name]))
    extra = [name for name in files if name not in hashes and name != MANIFEST]
    return [*problems, *(Finding(name, "extra", "the run did not write it") for name in extra)]


def _changed(name: str, content: bytes) -> Finding:
    if content.endswith(b"\n"):
        return Finding(name, "changed", "it does not have the hash that manifest.json has for it")
    return Finding(name, "truncated", "its last line is cut off" if content else "it is empty")


def _contradictions(
    manifest: dict[str, Any] | None,
    report: dict[str, Any] | None,
    contents: Mapping[str, bytes],
    wrong: Mapping[str, Finding],
) -> Iterator[Finding]:
    """Yield what files say against one another of which none is known to be wrong."""
    sound = {name: content for name, content in contents.items() if name not in wrong}
    if (
        report is not None
        and {EVENTS, REPORT} <= set(sound)
        and not _told_of(sound[EVENTS], report)
    ):
        yield Finding(EVENTS, "changed", "it does not have the fingerprint that report.json has")
        return  # then the trades need not be those of the events either
    if {EVENTS, TRADES} <= set(sound):
        yield from _trade_problems(sound[EVENTS], sound[TRADES])
    if manifest is not None and report is not None and {MANIFEST, REPORT} <= set(sound):
        yield from _summary_problems(manifest, report)


def _told_of(events: bytes, report: Mapping[str, Any]) -> bool:
    return hashlib.sha256(events).hexdigest() == report.get("fingerprint")


def _trade_problems(events: bytes, written: bytes) -> Iterator[Finding]:
    """Yield what is wrong if the trades are not those of the events."""
    try:
        rows = [_event_row(json.loads(line)) for line in events.split(b"\n") if line]
        derived = trade_lines(trades(rows))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        yield Finding(EVENTS, "unreadable", f"no trades can be read off it ({error!r})")
        return
    lines = lines_of(written.decode(errors="replace"))
    for number, pair in enumerate(zip_longest(lines, derived), 1):
        if pair[0] != pair[1]:
            yield Finding(TRADES, "changed", f"trade {number:,} is not what events.jsonl says")
            return


def _event_row(line: dict[str, Any]) -> EventRow:
    """Return a line of `events.jsonl` as a row; phase and symbol order are not asked for."""
    data = dict(line)
    named = {name: data.pop(name) for name in ("strategy", "symbol", "kind", "signal_id")}
    return EventRow(data.pop("ts_ms"), 0, 0, data.pop("seq"), **named, data=data)


def _summary_problems(manifest: dict[str, Any], report: dict[str, Any]) -> Iterator[Finding]:
    try:
        same = manifest.get("summary") == summary(report)
    except (KeyError, TypeError):
        same = False
    if not same:
        yield Finding(MANIFEST, "changed", "its summary is not that of report.json")


def _document(content: bytes | None) -> dict[str, Any] | None:
    """Return a JSON object, None if it is none."""
    try:
        document = json.loads(content or b"")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _state(contents: Mapping[str, bytes], name: str) -> str:
    return f"{name} {'is damaged' if name in contents else 'is missing'}"
