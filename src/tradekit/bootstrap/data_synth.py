"""Writing made-up candles to the store.

Decides that they are never put beside candles of another origin. What they look like is the
synthetic exchange's business. Invariant: the same seed twice adds nothing the second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradekit.api.declare import Exchange
from tradekit.bootstrap import wiring
from tradekit.bootstrap.data_names import (
    ALWAYS_MS,
    LOCAL,
    check_exchange,
    check_interval,
    check_symbol,
    check_window,
)
from tradekit.domain.time import Interval, format_time
from tradekit.errors import ConfigError, raise_all
from tradekit.ports.store import LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries


@dataclass(frozen=True, slots=True)
class Synthesised:
    """What was made of one symbol: candles in all, and those that the store did not have yet."""

    symbol: str
    interval: Interval
    since_ms: int
    until_ms: int
    candles: int
    added: int


async def synthesise(
    state_dir: Path,
    symbols: Sequence[str],
    since_ms: int,
    until_ms: int,
    *,
    seed: int,
    exchange: str = LOCAL,
    interval: str = "1m",
) -> tuple[Synthesised, ...]:
    """Write the made-up candles that open in `[since_ms, until_ms)` to the store.

    The same seed twice adds nothing the second time. Made-up candles are never put beside candles
    of another origin, whatever their times: nobody could tell them apart afterwards.

    Raises:
        ConfigError: the window, a symbol or the exchange makes no sense, or the store has other
            candles there; nothing was written. Several are a group.
        StoreError: the store failed; symbols before that one were written.
    """
    check_exchange(exchange)
    step = check_interval(interval)
    check_window(since_ms, until_ms, step)
    names = list(dict.fromkeys(check_symbol(each) for each in symbols))
    source = wiring.make_source(
        Exchange.synthetic(seed), state_dir=state_dir, seed=seed, symbols=names, base_dir=state_dir
    )
    store, clock = wiring.open_candle_store(state_dir), wiring.system_clock()
    try:
        clashes = []
        for name in names:
            held = await store.load(exchange, name, step, 0, ALWAYS_MS)
            if len(held):
                first_ms, end_ms = int(held.ts_ms[0]), int(held.ts_ms[-1]) + step.ms
                if not _same(held, await source.load(name, step, first_ms, end_ms)):
                    clashes.append(_clash(exchange, name, step, held))
        raise_all("candles of another origin are in the way", clashes)
        written = []
        for name in names:
            series = await source.load(name, step, since_ms, until_ms)
            entry = LedgerEntry(
                "synth", clock.now_ms(), f"seed {seed}", "", since_ms, until_ms, len(series)
            )
            added = (await store.append(exchange, name, step, series, entry)).added
            written.append(Synthesised(name, step, since_ms, until_ms, len(series), added))
    finally:
        await store.close()
    return tuple(written)


def _same(held: CandleSeries, made: CandleSeries) -> bool:
    """Return whether the candles held are those made of the same times."""
    positions = made.ts_ms.searchsorted(held.ts_ms)
    return all(
        bool((ours[positions] == theirs).all())
        for ours, theirs in zip(made.columns(), held.columns(), strict=True)
    )


def _clash(exchange: str, symbol: str, interval: Interval, held: CandleSeries) -> ConfigError:
    """Return the mistake of writing made-up candles over others."""
    return ConfigError(
        f"exchange {exchange!r} already has other {interval.plain} candles of {symbol} from "
        f"{format_time(int(held.ts_ms[0]))} to {format_time(int(held.ts_ms[-1]))}, "
        "must have none or those of the same --seed",
        fix="give another --exchange or the same --seed",
    )
