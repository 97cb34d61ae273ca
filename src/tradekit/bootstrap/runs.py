"""Runs that were kept: which one is meant, what it says of itself, all of them in a list.

Decides how a run is named (whole, by its beginning, `last`) and what a damaged one looks like.
What a run's files hold is `results`' business, whether they are still what was written that of
`verification`, and how two runs differ that of `differences`. A run is removed here or not at all,
never changed.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol

from tradekit.bootstrap import wiring
from tradekit.bootstrap.run_shape import is_unhashed, manifest_flaw, report_flaw
from tradekit.errors import (
    CorruptError,
    NothingRegisteredError,
    StoreError,
    UnknownNameError,
    did_you_mean,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tradekit.analysis.equity import EquityPoint
    from tradekit.ports.runtime import RunStore

LAST: Final = "last"
MANIFEST: Final = "manifest.json"
REPORT: Final = "report.json"
EVENTS: Final = "events.jsonl"
TRADES: Final = "trades.jsonl"
EQUITY: Final = "equity.csv"
TEXT_KEYS: Final = ("symbol", "strategy", "signal_id", "direction", "reason")
_LISTED: Final = 10


class Project(Protocol):
    """Where runs are kept, as settings and layers know it."""

    @property
    def runs_dir(self) -> Path:
        """Where run folders are made."""


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run whose manifest and report have the shape that `run_shape` asks for.

    Both documents are as their files have them: money and prices are text, percent are numbers.
    """

    run_id: str
    place: Path
    manifest: dict[str, Any]
    report: dict[str, Any]
    store: RunStore = field(repr=False)

    def trades(self) -> list[dict[str, Any]]:
        """Return the rows of `trades.jsonl`, with money, prices and quantities as floats.

        Raises:
            CorruptError: the file is missing or damaged.
        """
        rows = read_rows(self.store, self.run_id, TRADES)
        try:
            return [_as_numbers(row) for row in rows]
        except ValueError:
            raise damaged(self.run_id, TRADES, "has a text where a number must be") from None

    def equity(self) -> list[EquityPoint]:
        """Return the rows of `equity.csv`.

        Raises:
            CorruptError: the file is missing or damaged.
        """
        from tradekit.analysis.equity import EquityPoint

        lines = lines_of(read_text(self.store, self.run_id, EQUITY))[1:]
        try:
            points = [
                EquityPoint(int(first), *map(float, rest))
                for first, *rest in (line.split(",") for line in lines)
            ]
        except (TypeError, ValueError):
            raise damaged(self.run_id, EQUITY, "is damaged") from None
        if not all(math.isfinite(value) for point in points for value in point[1:]):
            raise damaged(self.run_id, EQUITY, "has a number that is none")
        return points

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of `events.jsonl` as the file has them, one by one: they may be a million.

        Raises:
            CorruptError: the file is missing or damaged.
        """
        for number, line in enumerate(read_lines(self.store, self.run_id, EVENTS), 1):
            yield parsed_row(self.run_id, EVENTS, number, line)


def find_run(project: Project, text: str) -> KeptRun:
    """Return the run that `text` names: its id, the beginning of one id alone, or `last`.

    Raises:
        UnknownNameError: no run or several begin like that; the message has the nearest.
        NothingRegisteredError: there are no runs.
        CorruptError: its manifest or its report is missing or damaged, or lacks what is read.
    """
    run_id = find_id(project, text)
    store = wiring.open_run_store(project.runs_dir)
    manifest = _read_manifest(store, run_id)
    report = _read_report(store, run_id)
    return KeptRun(run_id, store.place(run_id), manifest, report, store)


def find_id(project: Project, text: str) -> str:
    """Return the id that `text` names; the run itself is not looked at.

    Raises:
        UnknownNameError: no run or several begin like that; the message has the nearest.
        NothingRegisteredError: there are no runs.
    """
    ids = wiring.open_run_store(project.runs_dir).ids()
    if not ids:
        raise NothingRegisteredError(
            f"there are no runs in {project.runs_dir}", fix="make one: tradekit backtest FILE"
        )
    if text in ids:
        return text
    if text == LAST:
        return ids[0]
    found = [each for each in ids if text and each.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        rest = f" and {len(found) - _LISTED:,} more" if len(found) > _LISTED else ""
        raise UnknownNameError(
            f"run was {text!r}, which {len(found):,} runs begin with: "
            f"{', '.join(found[:_LISTED])}{rest}",
            fix="write more of it",
        )
    raise UnknownNameError(
        f"run was {text!r}, which no run in {project.runs_dir} begins with"
        f"{did_you_mean(text, ids)}",
        fix=f"the last one is {ids[0]}; see: tradekit run list",
    )


@dataclass(frozen=True, slots=True)
class RunList:
    """The newest runs, a row each as JSON has it, and how many there are in all.

    A row whose `damage` is not None has nothing else but the run's id.
    """

    rows: list[dict[str, Any]]
    run_count: int


def list_runs(project: Project, *, limit: int) -> RunList:
    """Return the newest `limit` runs, the newest first; all of them if it is 0.

    Raises:
        SettingsError: the place of runs is not a folder.
        StoreError: it cannot be read.
    """
    store = wiring.open_run_store(project.runs_dir)
    ids = store.ids()
    shown = ids[:limit] if limit else ids
    return RunList([_listed(store, run_id) for run_id in shown], len(ids))


def summary(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a list of runs says of the run with that `report.json`."""
    total = report["total"]
    return {
        "trade_count": total["trade_count"],
        "pnl": total["pnl"],
        "final_equity": report["final_equity"],
        "max_drawdown_pct": total["max_drawdown_pct"],
    }


def _listed(store: RunStore, run_id: str) -> dict[str, Any]:
    """Return a run's row, from its manifest alone: that is a thousand small files, not two."""
    try:
        manifest = _read_manifest(store, run_id)
        # What kept no hashes kept no summary either; then it does take the second file.
        facts = summary(_read_report(store, run_id)) if is_unhashed(manifest) else None
    except StoreError as error:
        return {"run_id": run_id, "damage": error.message}
    config = manifest["config"]
    return {
        "run_id": run_id,
        "began": manifest["began"],
        "strategy": config["strategy"],
        "frame": config["frame"]["name"],
        "symbols": config["symbols"],
        **(facts or manifest["summary"]),
        "damage": None,
    }


def _read_manifest(store: RunStore, run_id: str) -> dict[str, Any]:
    manifest = read_document(store, run_id, MANIFEST)
    if flaw := manifest_flaw(manifest):
        raise damaged(run_id, MANIFEST, flaw)
    return manifest


def _read_report(store: RunStore, run_id: str) -> dict[str, Any]:
    report = read_document(store, run_id, REPORT)
    if flaw := report_flaw(report):
        raise damaged(run_id, REPORT, flaw)
    return report


def remove_runs(project: Project, run_ids: Sequence[str]) -> None:
    """Remove the runs of these ids, one after the other.

    Raises:
        StoreError: one may not be removed; those before it are gone.
    """
    store = wiring.open_run_store(project.runs_dir)
    for run_id in run_ids:
        store.remove(run_id)


def read_document(store: RunStore, run_id: str, name: str) -> dict[str, Any]:
    """Return the JSON document of that name.

    Raises:
        CorruptError: the file is missing or is no JSON object.
    """
    document = parsed(read_text(store, run_id, name))
    if document is None:
        raise damaged(run_id, name, "is not a JSON document")
    return document


def parsed(text: str | bytes) -> dict[str, Any] | None:
    """Return the JSON object that a text is, None if it is none that JSON could have again."""
    try:
        plain = text if isinstance(text, str) else text.decode()
        document = _DECODER.decode(plain)
        if "\\ud" in plain.lower():
            json.dumps(document, ensure_ascii=False).encode()  # half a character is none
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


# Made once: a run may have a million lines.
_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_finite)


def read_rows(store: RunStore, run_id: str, name: str) -> list[dict[str, Any]]:
    """Return the JSON objects of a file that has one in each line.

    Raises:
        CorruptError: the file is missing, or a line is no JSON object.
    """
    lines = lines_of(read_text(store, run_id, name))
    return [parsed_row(run_id, name, number, line) for number, line in enumerate(lines, 1)]


def parsed_row(run_id: str, name: str, number: int, line: str | bytes) -> dict[str, Any]:
    """Return the JSON object that line `number` of a file is.

    Raises:
        CorruptError: it is none.
    """
    row = parsed(line)
    if row is None:
        raise damaged(run_id, name, f"is damaged in line {number}")
    return row


def read_lines(store: RunStore, run_id: str, name: str) -> Iterator[bytes]:
    """Return the lines of a file one after the other, line ends included.

    Raises:
        CorruptError: it is missing.
        StoreError: it cannot be read.
    """
    lines = store.lines(run_id, name)
    if lines is None:
        raise damaged(run_id, name, "is missing")
    return lines


def read_text(store: RunStore, run_id: str, name: str) -> str:
    """Return the text of a file.

    Raises:
        CorruptError: it is missing or not text.
    """
    content = store.read(run_id, name)
    if content is None:
        raise damaged(run_id, name, "is missing")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise damaged(run_id, name, "is not text") from None


def lines_of(text: str) -> list[str]:
    """Return the lines of a text; what ends one is a newline and nothing else."""
    return text.removesuffix("\n").split("\n") if text else []


def damaged(run_id: str, name: str, what: str) -> CorruptError:
    """Return the error for a file that does not serve."""
    return CorruptError(
        f"{name} of run {run_id} {what}", fix=f"look at the rest: tradekit run verify {run_id}"
    )


def _as_numbers(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with every text that is a number as one."""
    return {name: _number(name, value) for name, value in row.items()}


def _number(name: str, value: object) -> object:
    if isinstance(value, str):
        return value if name in TEXT_KEYS else float(value)
    if isinstance(value, list):
        return [_as_numbers(each) if isinstance(each, dict) else each for each in value]
    return value
