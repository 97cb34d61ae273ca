"""The report of a run: what its rows add up to, in total, by strategy and by symbol.

What a section of it holds and how that is spelled is `analysis.section`'s business, the account's
curve `analysis.equity`'s; writing the run folder is the drivers', showing it the command line's.
Nothing in here knows a run id, a mode or a wall time: the same rows and candles give the same
bytes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tradekit.analysis.equity import account_curve, equity_points
from tradekit.analysis.metrics import final_equity
from tradekit.analysis.section import Section, Window, section, section_document
from tradekit.analysis.trades import trades
from tradekit.domain.journal import EventRow, canonical_fields, event_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tradekit.analysis.equity import AccountCurve, EquityPoint
    from tradekit.analysis.metrics import Trades
    from tradekit.domain.candle import CandleSeries

    Candles = Mapping[str, CandleSeries]

__all__ = [
    "SCHEMA",
    "RunReport",
    "Section",
    "build_report",
    "events_lines",
    "fingerprint",
    "report_text",
]

T = TypeVar("T")

SCHEMA: Final = "tradekit.report/1"


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to; money in quote currency, times in ms UTC.

    `first_refusals` holds what the first refusal under each rule said, `failures` what stopped a
    symbol, `errors` what user code raised without stopping one, counted by symbol and place. A
    strategy's section is of what it alone did to the capital.
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
    strategies: dict[str, Section] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """Return `report.json` as plain values.

        Money is text, other numbers are rounded to 1e-9; a metric without a value is None, and
        `undefined` beside it says why. It does not hold the trades, the curve or the events,
        which have files of their own.
        """
        return {
            **canonical_fields(self._facts()),
            "total": section_document(self.total),
            "symbols": {name: section_document(each) for name, each in self.symbols.items()},
            "strategies": {name: section_document(each) for name, each in self.strategies.items()},
        }

    def _facts(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "capital": self.capital,
            "base_ms": self.base_ms,
            "since_ms": self.since_ms,
            "until_ms": self.until_ms,
            "final_equity": self.final_equity,
            "fingerprint": self.fingerprint,
            "first_refusals": self.first_refusals,
            "failures": self.failures,
            "errors": self.errors,
            "gaps": self.gaps,
        }


def build_report(
    rows: Sequence[EventRow],
    candles_by_symbol: Candles,
    *,
    capital: float,
    base_ms: int,
    since_ms: int,
    until_ms: int,
    gaps: Iterable[Mapping[str, Any]] = (),
    strategies: Iterable[str] = (),
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
        strategies: names of the strategies that ran; those that left rows are known anyway.
    """
    assert all(a[:4] <= b[:4] for a, b in pairwise(rows)), "rows must be sorted"
    window = Window(capital, since_ms, until_ms)
    account = partial(
        account_curve,
        candles_by_symbol=candles_by_symbol,
        capital=capital,
        base_ms=base_ms,
        until_ms=until_ms,
    )
    curve = account(rows)
    closed = trades(rows)
    total = _whole(rows, closed, curve, candles_by_symbol, window)
    by_strategy = _parted(rows, attrgetter("strategy"), strategies)
    lines = events_lines(rows)
    return RunReport(
        capital=capital,
        base_ms=base_ms,
        since_ms=since_ms,
        until_ms=until_ms,
        final_equity=final_equity(curve.equity),
        total=total,
        symbols=_symbol_sections(rows, closed, curve, candles_by_symbol, window),
        first_refusals=_first_refusals(rows),
        failures=[_failure(row) for row in rows if row.kind == "failed"],
        gaps=[dict(gap) for gap in gaps],
        trades=closed,
        equity=equity_points(curve),
        events_lines=lines,
        fingerprint=fingerprint(lines),
        strategies={
            # One that was alone is the total.
            name: total
            if len(by_strategy) == 1
            else _whole(own, trades(own), account(own), candles_by_symbol, window)
            for name, own in by_strategy.items()
        },
        errors=_errors(rows),
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


def _whole(
    rows: Sequence[EventRow],
    closed: Trades,
    curve: AccountCurve,
    candles_by_symbol: Candles,
    window: Window,
) -> Section:
    """Return the section of all symbols together."""
    return section(
        rows,
        closed,
        curve.equity,
        curve.ts_ms,
        window,
        held_count=sum(curve.held_counts.values()),
        candle_count=sum(len(candles) for candles in candles_by_symbol.values()),
    )


def _symbol_sections(
    rows: Iterable[EventRow],
    closed: Trades,
    curve: AccountCurve,
    candles_by_symbol: Candles,
    window: Window,
) -> dict[str, Section]:
    own_trades = _parted(closed, itemgetter("symbol"), candles_by_symbol)
    return {
        symbol: section(
            own,
            own_trades[symbol],
            curve.symbol_equity[symbol],
            curve.ts_ms,
            window,
            held_count=curve.held_counts[symbol],
            candle_count=len(candles_by_symbol[symbol]),
        )
        for symbol, own in _parted(rows, attrgetter("symbol"), candles_by_symbol).items()
    }


def _parted(
    things: Iterable[T], name_of: Callable[[T], str], names: Iterable[str]
) -> dict[str, list[T]]:
    """Return the things of each symbol or strategy by name, none for one that has none."""
    held: dict[str, list[T]] = {name: [] for name in names}
    for thing in things:
        held.setdefault(name_of(thing), []).append(thing)
    return dict(sorted(held.items()))


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


def _errors(rows: Iterable[EventRow]) -> list[dict[str, Any]]:
    """Return what was raised where the run went on: how often in each place, and when first."""
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        if row.kind == "error":
            first = {**_failure(row), "count": 0}
            key = row.symbol, row.strategy, first["hook"], first["error"]
            found.setdefault(key, first)["count"] += 1
    return [found[key] for key in sorted(found)]
