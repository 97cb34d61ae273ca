"""A store that holds what a test puts into it, and what the `data` commands do with it."""

import asyncio

from tests.support.candles import DAY, series_of
from tradekit.bootstrap import wiring
from tradekit.bootstrap.data_check import check_candles
from tradekit.bootstrap.data_export import export_candles
from tradekit.bootstrap.data_prune import find_prunable
from tradekit.domain.time import MINUTE_MS, Interval
from tradekit.ports.store import LedgerEntry


def put(state, minutes, symbol="BTCUSDT", interval=Interval.M1, exchange="local", entry=None):
    series = minutes if hasattr(minutes, "ts_ms") else series_of(minutes, interval_ms=interval.ms)
    asyncio.run(wiring.open_candle_store(state).append(exchange, symbol, interval, series, entry))
    return series


def stored(state, symbol="BTCUSDT", exchange="local", interval=Interval.M1):
    store = wiring.open_candle_store(state)
    return asyncio.run(store.load(exchange, symbol, interval, 0, 2**42))


def check(state, *symbols, **options):
    return asyncio.run(check_candles(state, symbols, **options))


def export(state, *symbols, out, exchange="local", **options):
    return asyncio.run(export_candles(state, symbols, out, exchange=exchange, **options))


def prunable(state, *symbols, **options):
    return asyncio.run(find_prunable(state, symbols, **options))


def holes(*spans, kind="fetch", at_ms=1):
    spans = tuple((DAY + since * MINUTE_MS, DAY + until * MINUTE_MS) for since, until in spans)
    return LedgerEntry(kind, at_ms, "x", "", DAY, DAY + 1, 1, 0, spans)
