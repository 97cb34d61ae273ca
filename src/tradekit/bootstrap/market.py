"""What the market has to say about a plan: which symbols there are, and what of the frame.

Decides which symbols run, where each starts, and what is said about the others. Reading candles is
the source's business, running over them the driver's. Invariant: a tape has a closed candle before
its first decision and, where gaps are refused or filled, none missing after its first.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tradekit.domain.candle import empty_series
from tradekit.domain.time import Interval, format_duration, format_time
from tradekit.drivers.tape import Tape
from tradekit.errors import (
    CandleGapError,
    CandlesMissingError,
    DataError,
    TradekitError,
    UnknownNameError,
    nearest,
    together,
)
from tradekit.kernels.holes import fill_holes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tradekit.bootstrap.plan import RunPlan
    from tradekit.domain.candle import CandleSeries
    from tradekit.ports.sources import CandleSource

# Symbols share their quote currency; nearer than that is a typing mistake.
_NEAR: Final = 0.8


@dataclass(slots=True)
class Market:
    """What a run goes over.

    `symbols` are those of the run in its order, `tapes` those of them that can start, `failures`
    why the others cannot. `holes` are what `--gaps skip` passes over and `--gaps fill` fills from
    a symbol's first candle on, by symbol, in ms UTC: a candle inside one is made up. `stored` has
    what was read of the symbols whose tapes are filled.
    """

    symbols: tuple[str, ...]
    tapes: tuple[Tape, ...] = ()
    failures: list[TradekitError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    holes: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    stored: dict[str, CandleSeries] = field(default_factory=dict)

    def hashes(self) -> dict[str, str]:
        """Return the content hash of what the run reads of each symbol, warm-up included.

        Candles that fill a hole are not read but made up, and count for nothing here.
        """
        return {
            tape.symbol: self.stored.get(tape.symbol, tape.candles).content_hash()
            for tape in self.tapes
        }

    def filled_until_ms(self, tape: Tape) -> int | None:
        """Return where the made-up candles of a tape end at the latest, None if it has none."""
        if tape.symbol not in self.stored:
            return None
        return int(tape.candles.ts_ms[-1]) + tape.candles.interval_ms

    def inside(self, since_ms: int, until_ms: int, base_ms: int) -> dict[str, CandleSeries]:
        """Return each symbol's candles inside the frame, none for one that cannot start."""
        inside = dict.fromkeys(self.symbols, empty_series(base_ms))
        for tape in self.tapes:
            inside[tape.symbol] = tape.candles.between(since_ms, until_ms)
        return inside


class _Lack(NamedTuple):
    """Why a symbol cannot start; `text` has `{symbols}` where those it is true of are named."""

    kind: type[TradekitError]
    text: str
    fix: str


class _Opened(NamedTuple):
    """A symbol's tape, or why there is none, and what to say about it."""

    tape: Tape | None = None
    lack: _Lack | None = None
    notes: tuple[str, ...] = ()
    holes: tuple[tuple[int, int], ...] = ()
    stored: CandleSeries | None = None


async def open_market(source: CandleSource, plan: RunPlan) -> Market:
    """Return what the plan can run on.

    Raises:
        UnknownNameError: a symbol that was asked for by name is not listed.
        CandlesMissingError: nothing is left to run on.
        ExceptionGroup: several of those.
    """
    symbols, warnings = await _listed_symbols(source, plan)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_open_or_tell(source, plan, symbol, index))
            for index, symbol in enumerate(symbols)
        ]
    opened = [task.result() for task in tasks]
    market = Market(symbols, warnings=warnings)
    market.tapes = tuple(each.tape for each in opened if each.tape is not None)
    lacks = [(s, each.lack) for s, each in zip(symbols, opened, strict=True) if each.lack]
    market.failures = [
        lack.kind(lack.text.replace("{symbols}", names), fix=lack.fix)
        for names, lack in _grouped(lacks)
    ]
    notes = [(s, n) for s, each in zip(symbols, opened, strict=True) for n in each.notes]
    market.notes = [f"{names}: {note}" for names, note in _grouped(notes)]
    market.holes = {s: list(each.holes) for s, each in zip(symbols, opened, strict=True)}
    market.stored = {
        s: x.stored for s, x in zip(symbols, opened, strict=True) if x.stored is not None
    }
    if not market.tapes:
        raise together("no symbol can start", market.failures)
    return market


def _grouped(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return each distinct second once, with the names it came with."""
    names: dict[Any, list[str]] = {}
    for name, what in pairs:
        names.setdefault(what, []).append(name)
    return [(", ".join(each), what) for what, each in names.items()]


async def _listed_symbols(source: CandleSource, plan: RunPlan) -> tuple[tuple[str, ...], list[str]]:
    """Return the plan's symbols that are listed, and a warning about those of the default list."""
    base = plan.frame.base
    listed = await source.symbols(base)
    unknown = [symbol for symbol in plan.symbols if symbol not in listed]
    if not unknown:
        return plan.symbols, []
    if not listed:
        raise CandlesMissingError(
            f"exchange {source.name!r} has no candles of {base.plain}",
            fix="import some with `tradekit data import`, or choose another --exchange",
        )
    known = tuple(symbol for symbol in plan.symbols if symbol in listed)
    if plan.symbols_named:
        raise await _unknown_symbols(source, unknown, listed, base)
    names = ", ".join(unknown)
    if not known:
        raise CandlesMissingError(
            f"exchange {source.name!r} has no {base.plain} candles of the default symbols {names}",
            fix=f"choose with --symbols among {_shortened(listed)}",
        )
    verb = "is" if len(unknown) == 1 else "are"
    return known, [f"{names} {verb} not listed on exchange {source.name!r} and left out"]


async def _unknown_symbols(
    source: CandleSource, unknown: Sequence[str], listed: Sequence[str], base: Interval
) -> Exception:
    """Return what to raise for symbols that are not there, or only with other intervals."""
    elsewhere: dict[str, list[str]] = {}
    for interval in Interval:
        if interval is not base:
            for symbol in set(unknown).intersection(await source.symbols(interval)):
                elsewhere.setdefault(symbol, []).append(interval.plain)
    found: list[TradekitError] = [
        CandlesMissingError(
            f"exchange {source.name!r} has candles of {symbol} for {' and '.join(intervals)}, not "
            f"for the frame's base interval {base.plain}",
            fix=f'step on it with Frame(..., base="{intervals[0]}")',
        )
        for symbol, intervals in sorted(elsewhere.items())
    ]
    if strangers := [symbol for symbol in unknown if symbol not in elsewhere]:
        hints = [
            f"{meant} for {symbol}"
            for symbol in strangers
            if (meant := nearest(symbol, listed, near=_NEAR))
        ]
        hint = f"; did you mean {' and '.join(hints)}?" if hints else ""
        found.append(
            UnknownNameError(
                f"symbol {', '.join(strangers)} is not listed on exchange {source.name!r}{hint}",
                fix=f"known: {_shortened(listed)}",
            )
        )
    return together("no symbol can start", found)


def _shortened(names: Sequence[str], most: int = 12) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


async def _open_or_tell(source: CandleSource, plan: RunPlan, symbol: str, index: int) -> _Opened:
    """Open the symbol; candles that are no good stop it alone."""
    try:
        return await _open(source, plan, symbol, index)
    except DataError as error:
        return _Opened(lack=_Lack(type(error), error.message, error.fix))


async def _open(source: CandleSource, plan: RunPlan, symbol: str, index: int) -> _Opened:
    """Return the symbol's tape from its warm-up to the frame's end, if it may run."""
    frame, refuse = plan.frame, plan.gaps == "refuse"
    base = frame.base
    span = await source.span(symbol, base)
    needs = f"frame {frame.name!r} needs {_span(frame.since_ms, frame.until_ms)}"
    if span is None:
        text = f"exchange {source.name!r} has no {base.plain} candles of {{symbols}}, {needs}"
        return _Opened(lack=_Lack(CandlesMissingError, text, "import them"))
    has = f"exchange {source.name!r} has {{symbols}} from {_span(*span)}, {needs}"
    outside = span[0] >= frame.until_ms or span[1] <= frame.since_ms
    if outside or (refuse and span[1] < frame.until_ms):
        fix = "import what is missing, or choose a frame inside with --from and --to"
        return _Opened(lack=_Lack(CandlesMissingError, has, fix))
    origin_ms = max(frame.since_ms - plan.lead_ms, span[0])
    candles = await source.load(symbol, base, origin_ms, frame.until_ms)
    end_ms = min(span[1], frame.until_ms)
    holes = tuple(_holes(candles, origin_ms, end_ms))
    if holes and refuse:
        return _Opened(lack=_gap(holes, source.name, base))
    stored = candles if holes and plan.gaps == "fill" else None
    if stored is not None:
        candles = fill_holes(stored, end_ms)
    # With the whole warm-up before the frame this is the frame's start.
    earliest_ms = max(frame.since_ms, origin_ms + plan.lead_ms)
    first = max(1, int(np.searchsorted(candles.ts_ms, earliest_ms)))
    if first >= len(candles):
        text = f"{has} after a warm-up of {format_duration(plan.lead_ms)}: no candle is left"
        return _Opened(
            lack=_Lack(CandlesMissingError, text, "import more, or choose a later frame")
        )
    notes = _notes(plan, span, int(candles.ts_ms[first]))
    if stored is not None and (made := len(candles) - len(stored)):
        what = "1 candle is" if made == 1 else f"{made:,} candles are"
        notes += (f"{what} made up, flat at the last close: --gaps fill",)
    tape = Tape(symbol, index, candles, first, source.instrument(symbol))
    return _Opened(tape, notes=notes, holes=holes, stored=stored)


def _notes(plan: RunPlan, span: tuple[int, int], first_ms: int) -> tuple[str, ...]:
    """Return what a reader of the result must know about when the symbol could trade."""
    notes = []
    frame, warmup_ms = plan.frame, plan.warmup_ms
    if span[0] > frame.since_ms:
        notes.append(f"starts late, the first candle is of {format_time(span[0])}")
    if warmup_ms and span[0] > frame.since_ms - warmup_ms:
        notes.append(
            f"first decision at {format_time(first_ms)}, the warm-up of "
            f"{format_duration(warmup_ms)} is not there before"
        )
    if span[1] < frame.until_ms:
        notes.append(f"ends early, the last candle closes at {format_time(span[1])}")
    return tuple(notes)


def _holes(candles: CandleSeries, since_ms: int, until_ms: int) -> list[tuple[int, int]]:
    """Return the stretches of `[since_ms, until_ms)` without candles, its ends included."""
    if not len(candles):
        return [(since_ms, until_ms)]
    first_ms, end_ms = int(candles.ts_ms[0]), int(candles.ts_ms[-1]) + candles.interval_ms
    edges = [(since_ms, first_ms), *candles.holes(), (end_ms, until_ms)]
    return [(start, stop) for start, stop in edges if start < stop]


def _gap(holes: Sequence[tuple[int, int]], exchange: str, base: Interval) -> _Lack:
    missing = sum(stop - start for start, stop in holes) // base.ms
    stretches = f"in {len(holes)} stretches, the first" if len(holes) > 1 else "in one stretch,"
    candles = "candle is" if missing == 1 else "candles are"
    text = (
        f"{missing} {base.plain} {candles} missing of {{symbols}} on exchange {exchange!r} "
        f"{stretches} from {_span(*holes[0])}"
    )
    return _Lack(
        CandleGapError, text, "import what is missing, or pass over it with --gaps skip or fill"
    )


def _span(since_ms: int, until_ms: int) -> str:
    return f"{format_time(since_ms)} to {format_time(until_ms)}"
