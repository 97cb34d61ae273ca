"""A source of candles that a test hands over, and a plan that runs on it."""

import asyncio

from tests.support.candles import DAY
from tradekit.api.declare import Exchange, strategy
from tradekit.bootstrap.market import open_market
from tradekit.bootstrap.plan import RunPlan
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.plan import Limits
from tradekit.domain.time import MINUTE_MS, Frame, Interval
from tradekit.drivers.shared import Configured
from tradekit.errors import CandleError

HOUR = Frame("hour", DAY, DAY + 60 * MINUTE_MS)


class FakeSource:
    """Candles of `series` by (symbol, interval)."""

    name = "fake"

    def __init__(self, series, broken=()):
        self._series = {
            (key, Interval.M1) if isinstance(key, str) else key: each
            for key, each in series.items()
        }
        self._broken = broken

    async def wait_ready(self):
        """Be ready."""

    async def symbols(self, interval):
        return sorted(symbol for symbol, kept in self._series if kept is interval)

    async def span(self, symbol, interval):
        series = self._series[symbol, interval]
        if not len(series):
            return None
        return int(series.ts_ms[0]), int(series.ts_ms[-1]) + interval.ms

    async def load(self, symbol, interval, since_ms, until_ms):
        if symbol in self._broken:
            raise CandleError("high was 1.0, must not be below low 2.0")
        return self._series[symbol, interval].between(since_ms, until_ms)

    def instrument(self, symbol):
        return Instrument(symbol, tick_size=0.1)


def plan(*symbols, named=True, gaps="refuse", frame=HOUR, **options):
    return RunPlan(
        strategies=(Configured(strategy("s", **options)(lambda ctx: None)),),
        exchange=Exchange.local(),
        frame=frame,
        symbols=symbols or ("A",),
        symbols_named=named,
        costs=CostModel(),
        limits=Limits(),
        capital=1000.0,
        gaps=gaps,
        workers=1,
        seed=0,
    )


def opened(series, run_plan=None, **options):
    series = series if isinstance(series, dict) else {"A": series}
    return asyncio.run(open_market(FakeSource(series, **options), run_plan or plan()))


def first_minute(market, index=0):
    tape = market.tapes[index]
    return (int(tape.candles.ts_ms[tape.first_index]) - DAY) // MINUTE_MS


def minutes_loaded(market, index=0):
    times = market.tapes[index].candles.ts_ms
    return (int(times[0]) - DAY) // MINUTE_MS, (int(times[-1]) - DAY) // MINUTE_MS
