"""Removing candles from the store.

Decides what is meant by the options, that nothing goes before it was looked at, and no more than
was seen then. How candles are removed is the store's business, asking whether they may be the
command line's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradekit.bootstrap import wiring
from tradekit.bootstrap.data_names import ALWAYS_MS, find_holdings
from tradekit.errors import ConflictError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tradekit.errors import TradekitError
    from tradekit.ports.store import Pruned


@dataclass(frozen=True, slots=True)
class Removal:
    """What was removed, and what is there still although the options mean it, by series.

    `freed_bytes` is what the disk got back.
    """

    removed: tuple[Pruned, ...]
    left: tuple[Pruned, ...]
    freed_bytes: int

    def failures(self) -> list[TradekitError]:
        """Return an error for each series that somebody added to between look and removal."""
        return [
            ConflictError(
                f"{each.symbol} {each.interval.plain} of exchange {each.exchange!r} has changed "
                f"since it was shown: {each.candles:,} of its candles are still there",
                fix="run the same command again",
            )
            for each in self.left
        ]


async def find_prunable(
    state_dir: Path,
    symbols: Sequence[str],
    *,
    exchange: str | None = None,
    interval: str | None = None,
    before_ms: int | None = None,
) -> tuple[Pruned, ...]:
    """Return what is to be removed, and remove nothing.

    Args:
        state_dir: where the embedded store lives.
        symbols: as people write them; all without any, as far as the other options allow.
        exchange: None for every exchange; likewise `interval`, which is as people write it.
        before_ms: candles that open before it, in ms UTC; None means all of them.

    Raises:
        ConfigError: nothing says what is meant, or a symbol is not in the store.
        StoreError: the store cannot be read.
        CorruptError: the day that `before_ms` cuts in two is damaged.
    """
    if not symbols and (exchange, interval, before_ms) == (None, None, None):
        raise SettingsError(
            "nothing says which candles to remove, must be symbols, --exchange, --interval "
            "or --before",
            fix="see what there is with: tradekit data list",
        )
    store = wiring.open_candle_store(state_dir)
    try:
        held = await find_holdings(store, symbols, exchange=exchange, interval=interval)
        limit_ms = ALWAYS_MS if before_ms is None else before_ms
        found = [
            await store.prune(each.exchange, each.symbol, each.interval, limit_ms) for each in held
        ]
    finally:
        await store.close()
    return tuple(each for each in found if each is not None)


async def prune_candles(
    state_dir: Path, found: Sequence[Pruned], before_ms: int | None = None
) -> Removal:
    """Remove what `find_prunable` found, and nothing that came to the store since then.

    Each series is removed whole or not at all, and noted in the ledger. It is left as it is where
    candles came in before the end of what was found: nobody has seen that they would go.

    Args:
        state_dir: where the embedded store lives.
        found: the series that are meant.
        before_ms: as it was given to `find_prunable`.

    Raises:
        StoreError: the store failed; series before that one are removed.
    """
    limit_ms = ALWAYS_MS if before_ms is None else before_ms
    store, clock = wiring.open_candle_store(state_dir), wiring.system_clock()
    removed, left = [], []
    try:
        for each in found:
            key = (each.exchange, each.symbol, each.interval)
            end_ms = min(limit_ms, each.until_ms)
            if await store.prune(*key, end_ms) == each:
                removed.append(await store.prune(*key, end_ms, at_ms=clock.now_ms()))
            left.append(await store.prune(*key, limit_ms))
        freed = await store.reclaim() if removed else 0
    finally:
        await store.close()
    return Removal(
        tuple(each for each in removed if each is not None),
        tuple(each for each in left if each is not None),
        freed,
    )
