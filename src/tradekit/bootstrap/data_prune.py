"""Removing candles from the store.

Decides what is meant by the options and that nothing goes before it was looked at. How candles are
removed is the store's business, asking whether they may be the command line's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradekit.bootstrap import wiring
from tradekit.bootstrap.data_names import ALWAYS_MS, find_holdings
from tradekit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tradekit.ports.store import Pruned


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
        CorruptError: the day that `before_ms` lies in is damaged.
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
) -> tuple[tuple[Pruned, ...], int]:
    """Remove what `find_prunable` found; return what went, and the bytes that the disk got back.

    Each series is removed whole or not at all, and noted in the ledger.

    Args:
        state_dir: where the embedded store lives.
        found: the series that are meant.
        before_ms: as it was given to `find_prunable`.

    Raises:
        StoreError: the store failed; series before that one are removed.
    """
    limit_ms = ALWAYS_MS if before_ms is None else before_ms
    store, clock = wiring.open_candle_store(state_dir), wiring.system_clock()
    gone = []
    try:
        for each in found:
            key = (each.exchange, each.symbol, each.interval)
            gone.append(await store.prune(*key, limit_ms, at_ms=clock.now_ms()))
        freed = await store.reclaim() if gone else 0
    finally:
        await store.close()
    return tuple(each for each in gone if each is not None), freed
