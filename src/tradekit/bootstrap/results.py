"""What a run leaves: its id, the files of its folder, and what they say beside the figures.

Decides which facts go where. The figures are `analysis.report`'s; making the files durable is the
run store's, reading them again that of `runs`. Invariants: manifest.json alone may differ between
two runs of the same inputs, and it has the hash of every other file and of itself.
"""

from __future__ import annotations

import hashlib
import platform
from bisect import bisect_right
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tradekit.analysis.equity import FILL_KINDS, equity_lines
from tradekit.analysis.report import report_text
from tradekit.analysis.trades import trade_lines
from tradekit.bootstrap.run_shape import MANIFEST_SCHEMA
from tradekit.bootstrap.runs import EQUITY, EVENTS, MANIFEST, REPORT, TRADES, summary
from tradekit.domain.journal import Phase, canonical
from tradekit.domain.time import format_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tradekit.analysis.report import RunReport
    from tradekit.bootstrap.market import Market
    from tradekit.bootstrap.plan import RunPlan
    from tradekit.domain.journal import EventRow
    from tradekit.drivers.replay import Replayed
    from tradekit.registry.loader import LoadedFile

_NAME_MAX: Final = 80
_FINGERPRINT_SHOWN: Final = 8
OWN_HASH: Final = "manifest_sha256"


def run_id(started_ms: int, strategy: str, fingerprint: str) -> str:
    """Return the name of a run's folder: when, which strategy, and what came of it."""
    moment = datetime.fromtimestamp(started_ms / 1000, tz=UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{moment}-{strategy[:_NAME_MAX]}-{fingerprint[:_FINGERPRINT_SHOWN]}"


def tradekit_version() -> str:
    """Return the installed version."""
    try:
        return version("tradekit")
    except PackageNotFoundError:
        return "unknown"


def engine_sha256() -> str:
    """Return the SHA-256 of all sources of tradekit: there is hardly one that can move no event.

    Formula: of each file, sorted by its path below the package: the path, a zero byte, the file's
    own SHA-256 as 32 bytes.
    """
    package = Path(__file__).resolve().parents[1]
    whole = hashlib.sha256()
    names = {path.relative_to(package).as_posix(): path for path in package.rglob("*.py")}
    for name in sorted(names):
        whole.update(f"{name}\0".encode())
        whole.update(hashlib.sha256(names[name].read_bytes()).digest())
    return whole.hexdigest()


def gap_facts(
    holes: Mapping[str, Sequence[tuple[int, int]]], rows: Iterable[EventRow], base_ms: int
) -> list[dict[str, Any]]:
    """Return for each symbol with holes how many there are, and the trades that met one.

    A trade met a hole if any of the time from its first entry to its last exit is in it. It was
    `inside` if one of its fills was: where holes are filled, at a price that was made up.

    Args:
        holes: by symbol, `[since_ms, until_ms)` of each, sorted and apart.
        rows: the journal, a trade's `opened` before its `closed`.
        base_ms: the base interval.
    """
    filled: dict[tuple[str, str], list[int]] = {}
    met: dict[str, list[dict[str, Any]]] = {symbol: [] for symbol, own in holes.items() if own}
    for row in rows:
        if row.kind not in FILL_KINDS or row.symbol not in met:
            continue
        key = row.symbol, row.signal_id
        if row.kind != "closed":
            filled.setdefault(key, []).append(_candle_ms(row, base_ms))
            continue
        times = filled.pop(key, [row.data["entry_ts_ms"]])
        times.append(_candle_ms(row, base_ms))
        passed = [_holes_before(holes[row.symbol], each) for each in times]
        is_inside = any(each.within for each in passed)
        if is_inside or passed[0].begun < passed[-1].begun:
            told = {"signal_id": row.signal_id, "pnl": row.data["pnl"], "inside": is_inside}
            met[row.symbol].append(told)
    facts = []
    for symbol, over in met.items():
        own = holes[symbol]
        since_ms, until_ms = max(own, key=lambda hole: hole[1] - hole[0])
        facts.append(
            {
                "symbol": symbol,
                "holes": len(own),
                "missing": sum(stop - start for start, stop in own) // base_ms,
                "longest_since_ms": since_ms,
                "longest_until_ms": until_ms,
                "trades_over_holes": over,
            }
        )
    return facts


class _Passed(NamedTuple):
    """How many holes begin at a candle or before it, and whether the candle is in the last."""

    begun: int
    within: bool


def _holes_before(holes: Sequence[tuple[int, int]], ts_ms: int) -> _Passed:
    count = bisect_right(holes, ts_ms, key=itemgetter(0))
    return _Passed(count, count > 0 and ts_ms < holes[count - 1][1])


def _candle_ms(row: EventRow, base_ms: int) -> int:
    """Return when the candle opened whose price a row has: of its open it is the label itself."""
    return row.ts_ms if row.phase == Phase.OPEN else row.ts_ms - base_ms


def report_document(report: RunReport, market: Market) -> dict[str, Any]:
    """Return `report.json`: the figures, and what a reader of them must know."""
    return {
        **report.document(),
        "notes": market.notes,
        "warnings": market.warnings,
        "not_started": [error.message for error in market.failures],
    }


def trade_documents(report: RunReport) -> object:
    """Return the rows of `trades.jsonl` as plain values."""
    return canonical("", report.trades)


def manifest(
    *,
    plan: RunPlan,
    loaded: LoadedFile,
    file: str,
    market: Market,
    replayed: Replayed,
    notes: Sequence[str],
    times_ms: tuple[int, int],
) -> dict[str, Any]:
    """Return what went into the run, and how it went: `manifest.json` but for what files add.

    Args:
        plan: what was run.
        loaded: the strategy file.
        file: that file's place, as messages show it.
        market: the candles.
        replayed: what happened.
        notes: what was said about how the run was made.
        times_ms: when it began and ended, ms UTC.
    """
    began_ms, ended_ms = times_ms
    return {
        "schema": MANIFEST_SCHEMA,
        "began": format_time(began_ms),
        "ended": format_time(ended_ms),
        "config": plan.config(),
        "strategy_file": {
            "path": file,
            "sha256": loaded.source_hash,
            "modules": dict(loaded.module_hashes),
        },
        "data_sha256": market.hashes(),
        "lead_ms": plan.lead_ms,
        "versions": {
            "tradekit": tradekit_version(),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "engine_sha256": engine_sha256(),
        },
        "seed": plan.seed,
        "hook_calls": replayed.hook_calls,
        "failures": {symbol: error.message for symbol, error in replayed.failures.items()},
        "notes": list(notes),
    }


def run_files(
    report: RunReport,
    document: Mapping[str, Any],
    manifest: Mapping[str, Any],
    logs: Sequence[str],
) -> dict[str, Iterable[str]]:
    """Return the files of a run folder, name → text in pieces, to be taken in this order.

    `manifest.json` is the last: it has the hashes of the others, which are known when they have
    been taken, and a summary, so that a list of runs takes one small file of each.
    """
    contents = {
        EVENTS: _ended(report.events_lines),
        TRADES: _ended(trade_lines(report.trades)),
        EQUITY: _ended(equity_lines(report.equity)),
        REPORT: iter([report_text(document)]),
    }
    if logs:
        contents["log.txt"] = _ended(logs)
    hashes: dict[str, str] = {}
    files: dict[str, Iterable[str]] = {
        name: _hashed(name, pieces, hashes) for name, pieces in contents.items()
    }
    files[MANIFEST] = _manifest_pieces({**manifest, "summary": summary(document)}, hashes)
    return files


def manifest_text(document: Mapping[str, Any]) -> str:
    """Return `manifest.json` with its own hash: that of its text without the hash's line."""
    plain = {name: value for name, value in document.items() if name != OWN_HASH}
    digest = hashlib.sha256(report_text(plain).encode()).hexdigest()
    return report_text({**plain, OWN_HASH: digest})


def _manifest_pieces(manifest: Mapping[str, Any], hashes: Mapping[str, str]) -> Iterator[str]:
    yield manifest_text({**manifest, "files": dict(hashes)})


def _hashed(name: str, pieces: Iterable[str], hashes: dict[str, str]) -> Iterator[str]:
    """Yield the pieces of a file and note its hash when they have all been taken."""
    digest = hashlib.sha256()
    for piece in pieces:
        digest.update(piece.encode())
        yield piece
    hashes[name] = digest.hexdigest()


def _ended(lines: Iterable[str]) -> Iterable[str]:
    return (f"{line}\n" for line in lines)
