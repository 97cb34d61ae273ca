"""Small worlds for tests: candles from numbers, and a strategy run over them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

from tradekit.api.declare import Strategy
from tradekit.domain.candle import CandleSeries
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.plan import Limits
from tradekit.domain.time import Frame, parse_interval
from tradekit.drivers.replay import Replayed, ReplayPlan, replay
from tradekit.drivers.shared import Configured
from tradekit.drivers.tape import Tape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


Row = tuple[int, float, float, float, float, float]


def series_of(rows: Sequence[Row], interval: str = "1m") -> CandleSeries:
    """Return candles from rows of ts_ms, open, high, low, close, volume."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * 6
    return CandleSeries(
        parse_interval(interval).ms,
        np.array(columns[0], np.int64),
        *(np.array(column, np.float64) for column in columns[1:]),
    )


def plan_of(
    strategy: Strategy | Sequence[Strategy],
    candles: Mapping[str, CandleSeries],
    *,
    since_ms: int,
    until_ms: int,
    base: str = "1m",
    capital: float = 10_000.0,
    costs: CostModel | None = None,
    limits: Limits | None = None,
    params: Any = None,
    instruments: Mapping[str, Instrument] | None = None,
    shared_account: bool = True,
    target_first: bool = False,
) -> ReplayPlan:
    """Return the plan; decisions start at the first candle in the frame that has one before it."""
    several = [strategy] if isinstance(strategy, Strategy) else strategy
    tapes = []
    for index, (symbol, series) in enumerate(candles.items()):
        kept = series.slice(0, int(np.searchsorted(series.ts_ms, until_ms)))
        first = max(1, int(np.searchsorted(kept.ts_ms, since_ms)))
        instrument = (instruments or {}).get(symbol, Instrument(symbol))
        tapes.append(Tape(symbol, index, kept, first, instrument))
    return ReplayPlan(
        strategies=tuple(_configured(each, params) for each in several),
        frame=Frame("world", since_ms, until_ms, base=base),
        tapes=tuple(tapes),
        costs=costs or CostModel(),
        limits=limits or Limits(),
        capital=capital,
        shared_account=shared_account,
        target_first=target_first,
    )


def _configured(strategy: Strategy, params: Any) -> Configured:
    """Return the strategy with its parameters, their defaults if none are given."""
    if params is None and strategy.params is not None:
        params = strategy.params()
    return Configured(strategy, params)


def run(
    strategy: Strategy | Sequence[Strategy],
    candles: Mapping[str, CandleSeries],
    *,
    skip: bool = True,
    validate: bool = True,
    **world: Any,
) -> Replayed:
    """Replay `strategy` over `candles`; the other arguments are those of `plan_of`."""
    plan = plan_of(strategy, candles, **world)
    return asyncio.run(replay(plan, skip=skip, validate=validate))
