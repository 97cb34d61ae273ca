"""The report of a run: what its rows add up to, as plain data with one spelling in JSON.

Metrics are `analysis.metrics`' business and the account's curve `analysis.equity`'s; writing the
run folder is the drivers', showing it the command line's. Nothing in here knows a run id, a mode
or a wall time: the same rows and candles give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from tradekit.analysis.equity import account_curve, equity_points
from tradekit.analysis.metrics import Measure, Totals, final_equity, totals
from tradekit.analysis.trades import trades
from tradekit.domain.journal import EventRow, canonical_fields, event_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tradekit.analysis.equity import AccountCurve, EquityPoint
    from tradekit.domain.candle import CandleSeries

SCHEMA: Final = "tradekit.report/1"


@dataclass(frozen=True, slots=True)
class Section:
    """A symbol's part of the report, or the whole: metrics and what was counted."""

    totals: Totals
    candle_count: int
    exits: dict[str, int]
    rejected: dict[str, int]
    cancelled: dict[str, int]
    failure_count: int


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to; money in quote currency, times in ms UTC.

    `first_refusals` holds what the first refusal under each rule said.
    """

    capital: float
    base_ms: int
    since_ms: int
    until_ms: int
    final_equity: float
    total: Section
    symbols: dict[str, Section]
    first_refusals: dict[str, str]
    failures: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    trades: list[dict[str, Any]]
    equity: list[EquityPoint]
    events_lines: list[str]
    fingerprint: str

    def document(self) -> dict[str, Any]:
        """Return `report.json` as plain values.

        Money is text, percent are numbers rounded to 1e-9; a metric without a value is None, and
        `undefined` beside it says why. It does not hold the trades, the curve or the events,
        which have files of their own.
        """
        return canonical_fields(
            {
                "schema": SCHEMA,
                "capital": self.capital,
                "base_ms": self.base_ms,
                "since_ms": self.since_ms,
                "until_ms": self.until_ms,
                "final_equity": self.final_equity,
                "fingerprint": self.fingerprint,
                "total": _section_document(self.total),
                "symbols": {name: _section_document(each) for name, each in self.symbols.items()},
                "first_refusals": self.first_refusals,
                "failures": self.failures,
                "gaps": self.gaps,
            },
        )


def build_report(
    rows: Sequence[EventRow],
    candles_by_symbol: Mapping[str, CandleSeries],
    *,
    capital: float,
    base_ms: int,
    since_ms: int,
    until_ms: int,
    gaps: Iterable[Mapping[str, Any]] = (),
) -> RunReport:
    """Return the report of the run that left `rows`.

    Args:
        rows: the journal, sorted as `events.jsonl` has it.
        candles_by_symbol: base candles inside the frame for each symbol of the run, none
            (`empty_series`) for one that never started.
        capital: cash at the start, in quote currency, above 0.
        base_ms: the base interval.
        since_ms: start of the frame.
        until_ms: end of the frame, outside it.
        gaps: what was noted about holes, plain values, taken over as they are.
    """
    assert all(a[:4] <= b[:4] for a, b in pairwise(rows)), "rows must be sorted"
    curve = account_curve(
        rows, candles_by_symbol, capital=capital, base_ms=base_ms, until_ms=until_ms
    )
    closed = trades(rows)
    lines = events_lines(rows)
    candle_count = sum(len(candles) for candles in candles_by_symbol.values())
    numbers = totals(
        closed,
        capital=capital,
        equity=curve.equity,
        held_count=sum(curve.held_counts.values()),
        candle_count=candle_count,
    )
    return RunReport(
        capital=capital,
        base_ms=base_ms,
        since_ms=since_ms,
        until_ms=until_ms,
        final_equity=final_equity(curve.equity),
        total=_section(numbers, candle_count, rows),
        symbols=_symbol_sections(rows, curve, candles_by_symbol, capital),
        first_refusals=_first_refusals(rows),
        failures=[_failure(row) for row in rows if row.kind == "failed"],
        gaps=[dict(gap) for gap in gaps],
        trades=closed,
        equity=equity_points(curve),
        events_lines=lines,
        fingerprint=fingerprint(lines),
    )


def report_text(document: Mapping[str, Any]) -> str:
    """Return `report.json`: sorted keys, two spaces, a final newline.

    Errors:  a number that JSON does not have (NaN, Infinity) raises ValueError.
    """
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=2)
    return text + "\n"


def events_lines(rows: Iterable[EventRow]) -> list[str]:
    """Return the lines of `events.jsonl`, without line ends."""
    return [event_line(row) for row in rows]


def fingerprint(lines: Iterable[str]) -> str:
    """Return the SHA-256, in hex, of `events.jsonl` made of these lines.

    Formula: each line ends with a newline, the last one too; UTF-8; no lines are no bytes.
    """
    return hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()


def _symbol_sections(
    rows: Sequence[EventRow],
    curve: AccountCurve,
    candles_by_symbol: Mapping[str, CandleSeries],
    capital: float,
) -> dict[str, Section]:
    own_rows: dict[str, list[EventRow]] = {symbol: [] for symbol in sorted(candles_by_symbol)}
    for row in rows:
        own_rows[row.symbol].append(row)
    sections = {}
    for symbol, own in own_rows.items():
        candle_count = len(candles_by_symbol[symbol])
        numbers = totals(
            trades(own),
            capital=capital,
            equity=curve.symbol_equity[symbol],
            held_count=curve.held_counts[symbol],
            candle_count=candle_count,
        )
        sections[symbol] = _section(numbers, candle_count, own)
    return sections


def _section(numbers: Totals, candle_count: int, rows: Sequence[EventRow]) -> Section:
    return Section(
        totals=numbers,
        candle_count=candle_count,
        exits=_counted(rows, "closed", "reason"),
        rejected=_counted(rows, "rejected", "rule"),
        cancelled=_counted(rows, "cancelled", "reason"),
        failure_count=sum(row.kind == "failed" for row in rows),
    )


def _counted(rows: Iterable[EventRow], kind: str, field: str) -> dict[str, int]:
    return dict(sorted(Counter(row.data[field] for row in rows if row.kind == kind).items()))


def _first_refusals(rows: Iterable[EventRow]) -> dict[str, str]:
    """Return what the first refusal under each rule said, and of which signal."""
    first: dict[str, str] = {}
    for row in rows:
        if row.kind == "rejected":
            first.setdefault(row.data["rule"], f"{row.data['detail']} ({row.signal_id})")
    return dict(sorted(first.items()))


def _failure(row: EventRow) -> dict[str, Any]:
    where = {"ts_ms": row.ts_ms, "symbol": row.symbol, "strategy": row.strategy}
    return {**where, "error": row.data["error"], "hook": row.data["hook"]}


def _section_document(section: Section) -> dict[str, Any]:
    plain = asdict(section)
    numbers = plain.pop("totals")
    undefined = {}
    for name in Totals.__slots__:
        if isinstance(metric := getattr(section.totals, name), Measure):
            numbers[name] = metric.value
            if metric.value is None:
                undefined[name] = metric.undefined
    return {**numbers, **plain, "undefined": undefined}
