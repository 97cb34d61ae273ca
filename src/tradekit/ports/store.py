"""What the program needs of durable storage; nothing here says how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.time import Interval


@dataclass(frozen=True, slots=True)
class Holding:
    """What the store has of one exchange, symbol and interval.

    Units: `since_ms` open time of the first candle, `until_ms` that of the last plus the interval;
    `missing` counts the candles absent between them, `holes` the stretches they form.
    """

    exchange: str
    symbol: str
    interval: Interval
    since_ms: int
    until_ms: int
    candles: int
    holes: int
    missing: int


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of an append: new rows, rows that were there already, rows that differ."""

    added: int
    known: int
    conflict_ts_ms: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What is known about where candles came from, or went; written once, never changed.

    `kind` is `import`, `synth`, `fetch` or `prune`; `source` the file's name or what stood for one,
    `sha256` that of the file, empty without one. `since_ms` and `until_ms` span the candles, which
    came as `rows`, of which `duplicates` were dropped; of a prune, `rows` candles were removed.
    `holes` are the `[since_ms, until_ms)` that the source has no candles for.
    """

    kind: str
    at_ms: int
    source: str
    sha256: str
    since_ms: int
    until_ms: int
    rows: int
    duplicates: int = 0
    holes: tuple[tuple[int, int], ...] = ()

    @property
    def asked(self) -> bool:
        """Whether the exchange itself was asked: two such entries confirm a hole, no file does."""
        return self.kind == "fetch"


@dataclass(frozen=True, slots=True)
class DamagedDay:
    """A UTC day whose candles are not what was written; `[since_ms, until_ms)` in ms UTC."""

    since_ms: int
    until_ms: int
    candles: int
    reason: str


@dataclass(frozen=True, slots=True)
class Inspected:
    """The rows of all days that are as they were written, as they are, and the other days."""

    series: CandleSeries
    damaged: tuple[DamagedDay, ...] = ()


@dataclass(frozen=True, slots=True)
class Pruned:
    """What a removal took, or would take, of one exchange, symbol and interval.

    Units: as in `Holding`, of the removed candles alone; a damaged day counts what it should have.
    """

    exchange: str
    symbol: str
    interval: Interval
    since_ms: int
    until_ms: int
    candles: int


class CandleStore(Protocol):
    """Candles by (exchange, symbol, interval); a row that exists never changes."""

    async def wait_ready(self) -> None:
        """Return once the store can be used.

        Raises:
            StoreError: it cannot be opened; the message says where it is.
        """

    async def append(
        self,
        exchange: str,
        symbol: str,
        interval: Interval,
        series: CandleSeries,
        entry: LedgerEntry | None = None,
    ) -> Appended:
        """Add the candles of `series` that are not there yet, all or none.

        A candle whose time is there with other values is kept out and reported. With the candles
        the ledger gains `entry`, also where none of them is new.

        Raises:
            StoreError: the disk is full or the store is broken; nothing was added.
        """

    async def load(
        self, exchange: str, symbol: str, interval: Interval, since_ms: int, until_ms: int
    ) -> CandleSeries:
        """Return the candles that open in `[since_ms, until_ms)`, oldest first."""

    async def holdings(self) -> Sequence[Holding]:
        """Return what there is, sorted by exchange, symbol and length of the interval."""

    async def ledger(self, exchange: str, symbol: str, interval: Interval) -> Sequence[LedgerEntry]:
        """Return what was noted about these candles, oldest first.

        Raises:
            StoreError: the store cannot be read.
        """

    async def inspect(self, exchange: str, symbol: str, interval: Interval) -> Inspected:
        """Compare every day with its hash and its summary, and return what there is.

        The rows are as they are kept: nothing promises that they are sorted or possible.

        Raises:
            StoreError: the store cannot be read.
        """

    async def prune(
        self,
        exchange: str,
        symbol: str,
        interval: Interval,
        before_ms: int,
        *,
        at_ms: int | None = None,
    ) -> Pruned | None:
        """Remove the candles that open before `before_ms`, all or none; None if there are none.

        Days that end before it go as a whole, damaged ones too; one that it cuts in two keeps the
        candles from it on.

        Args:
            before_ms: time in ms UTC.
            at_ms: when that is, for the ledger; None looks what would go, and removes nothing.

        Raises:
            StoreError: the store is broken or locked; nothing was removed.
            CorruptError: the day that `before_ms` cuts in two is damaged; nothing was removed.
        """

    async def reclaim(self) -> int:
        """Give what removed candles took back to the disk and return how many bytes that was.

        Raises:
            StoreError: there is no room to do so, or the store is locked; the candles are intact.
        """

    async def close(self) -> None:
        """Let go of what is open."""
