"""Checking the candles of the store.

Decides what is looked at, and which holes are known ones. What counts as a defect is
`kernels.defects`' business, comparing blocks with their hashes the store's, how the outcome looks
the command line's. Invariant: nothing is changed; one symbol is in memory at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from tradekit.bootstrap import wiring
from tradekit.bootstrap.data_names import find_holdings
from tradekit.domain.time import format_time
from tradekit.errors import CandleError
from tradekit.kernels.defects import Finding, Kind, check_series, compare
from tradekit.kernels.holes import covered, cut_out

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.time import Interval
    from tradekit.errors import TradekitError
    from tradekit.ports.store import CandleStore, Holding


@dataclass(frozen=True, slots=True)
class Found:
    """A finding and where it was made.

    `ledger` says of a hole what the ledger knows: `unknown`, `seen` where a source had it too,
    `confirmed` where the exchange was asked twice; it is empty for every other kind.
    """

    exchange: str
    symbol: str
    interval: Interval
    finding: Finding
    ledger: str = ""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """What was looked at, and what was found in it, by series, kind and time."""

    series_count: int
    candle_count: int
    found: tuple[Found, ...]

    @property
    def defects(self) -> list[Found]:
        """What is wrong."""
        return [each for each in self.found if not each.finding.kind.is_note]

    @property
    def notes(self) -> list[Found]:
        """What is only worth knowing."""
        return [each for each in self.found if each.finding.kind.is_note]

    def failures(self) -> list[TradekitError]:
        """Return what a person has to look at: one error if there is any defect."""
        defects = self.defects
        if not defects:
            return []
        first = defects[0]
        are_holes = all(each.finding.kind is Kind.HOLE for each in defects)
        others = f", and {len(defects) - 1:,} more defects" if len(defects) > 1 else ""
        return [
            CandleError(
                f"{first.symbol} {first.interval.plain} of exchange {first.exchange!r} has a "
                f"defect ({first.finding.kind.value}) at {format_time(first.finding.since_ms)}"
                f"{others}",
                fix="import what is missing"
                if are_holes
                else "remove these candles with tradekit data prune, then import better ones",
            )
        ]


async def check_candles(
    state_dir: Path,
    symbols: Sequence[str],
    *,
    exchange: str | None = None,
    interval: str | None = None,
) -> CheckOutcome:
    """Look for defects in the candles of these symbols, of all without any.

    Args:
        state_dir: where the embedded store lives.
        symbols: as people write them.
        exchange: None for every exchange; likewise `interval`, which is as people write it.

    Raises:
        ConfigError: a symbol is not in the store, or the interval is none. Several are a group.
        StoreError: the store cannot be read.
    """
    store = wiring.open_candle_store(state_dir)
    try:
        wanted = await find_holdings(store, symbols, exchange=exchange, interval=interval)
        # All intervals of a symbol: the shorter ones are what the longer ones are compared with.
        names = {(each.exchange, each.symbol) for each in wanted}
        held = [each for each in await store.holdings() if (each.exchange, each.symbol) in names]
        found: list[Found] = []
        for _, group in groupby(held, key=lambda each: (each.exchange, each.symbol)):
            found += await _check_symbol(store, list(group), wanted)
    finally:
        await store.close()
    return CheckOutcome(len(wanted), sum(each.candles for each in wanted), tuple(found))


async def _check_symbol(
    store: CandleStore, held: Sequence[Holding], wanted: Sequence[Holding]
) -> list[Found]:
    """Return what is wrong with a symbol's candles, its intervals from the shortest on."""
    found = []
    shorter: list[CandleSeries] = []
    for each in held:
        key = (each.exchange, each.symbol, each.interval)
        inspected = await store.inspect(*key)
        entries = await store.ledger(*key)
        seen = covered([entry.holes for entry in entries], 1)
        confirmed = covered([entry.holes for entry in entries if entry.asked], 2)
        damaged = [(day.since_ms, day.until_ms) for day in inspected.damaged]
        checked = check_series(inspected.series, damaged=damaged, confirmed=confirmed)
        findings = [
            *(
                Finding(Kind.DAMAGED, day.since_ms, day.until_ms, day.candles, day.reason)
                for day in inspected.damaged
            ),
            *checked.findings,
            *compare(shorter, checked.sound),
        ]
        shorter.append(checked.sound)
        if each in wanted:
            found += [Found(*key, finding, _known(finding, seen)) for finding in findings]
    return found


def _known(finding: Finding, seen: Sequence[tuple[int, int]]) -> str:
    """Return what the ledger says about a hole, nothing about anything else."""
    if finding.kind is Kind.CONFIRMED:
        return "confirmed"
    if finding.kind is not Kind.HOLE:
        return ""
    return "unknown" if cut_out([(finding.since_ms, finding.until_ms)], seen) else "seen"
