"""One symbol X over minutes of candles that are flat at 100 but where a test says otherwise."""

from typing import Any

from tests.support.candles import DAY
from tests.support.worlds import run, series_of
from tradekit.domain.costs import CostModel
from tradekit.domain.time import MINUTE_MS

FREE = CostModel(0.0, 0.0, 0.0, 0.0)
FLAT = (100.0, 100.0, 100.0, 100.0)


def minute_of(ts_ms: int) -> int:
    return (ts_ms - DAY) // MINUTE_MS


def candles(minutes: int = 12, **prices: tuple[float, float, float, float]):
    """Return candles from the minute before the start; `m5=(o, h, l, c)` sets minute 5."""
    rows = [(DAY + m * MINUTE_MS, *prices.get(f"m{m}", FLAT), 1.0) for m in range(-1, minutes)]
    return series_of(rows)


def without(series, *minutes: int):
    """Return the candles but for those of `minutes`."""
    columns = [column.tolist() for column in (series.ts_ms, *series.columns())]
    rows = zip(*columns, strict=True)
    return series_of([row for row in rows if minute_of(row[0]) not in minutes])


def play(declared, series=None, *, minutes: int = 12, costs: CostModel = FREE, **world: Any):
    """Replay over `series`, candles by symbol, or flat candles."""
    series = candles(minutes) if series is None else series
    return run(
        declared,
        series if isinstance(series, dict) else {"X": series},
        since_ms=DAY,
        until_ms=DAY + minutes * MINUTE_MS,
        costs=costs,
        **world,
    )


def once(signal):
    """Return a deciding function that wants `signal` the first time it is asked."""
    wanted = [signal]

    def decide(ctx):
        return wanted.pop() if wanted else None

    return decide


def rows(replayed, kind: str):
    return [row for row in replayed.rows if row.kind == kind]
