"""How long the account's curve takes: 9 symbols, 27 days of minutes, 603 trades."""

import math
from itertools import pairwise

import pytest

from tests.unit.analysis.journal_builder import MINUTE, START, Journal, candles
from tradekit.analysis.equity import account_curve
from tradekit.domain.candle import CandleSeries
from tradekit.domain.journal import EventRow

SIZE = 27 * 1_440
SYMBOLS = 9
TRADES = 67


def world(*, holes: bool) -> tuple[list[EventRow], dict[str, CandleSeries]]:
    journal = Journal()
    series = {}
    for number in range(SYMBOLS):
        symbol = f"S{number}"
        first_hole = 1_000 * (number + 1)
        hole = range(first_hole, first_hole + 10 + number) if holes else range(0)
        own = [index for index in range(SIZE) if index not in hole]
        times = [START + index * MINUTE for index in own]
        closes = [100.0 + 10.0 * math.sin(index / 500.0 + number) for index in own]
        series[symbol] = candles(times, closes)
        marks = range(0, len(own), len(own) // (2 * TRADES))[: 2 * TRADES]
        for turn, (first, last) in enumerate(list(pairwise(marks))[::2]):
            direction = "short" if turn % 2 else "long"
            journal.opened(
                times[first], price=closes[first], quantity=1.0, direction=direction, symbol=symbol
            )
            journal.closed(times[last] + MINUTE, price=closes[last], symbol=symbol)
    return journal.rows, series


@pytest.mark.parametrize("holes", [False, True], ids=["one_axis", "nine_axes"])
def test_account_curve(benchmark, holes: bool) -> None:
    rows, series = world(holes=holes)

    curve = benchmark(
        account_curve,
        rows,
        series,
        capital=10_000.0,
        base_ms=MINUTE,
        until_ms=START + SIZE * MINUTE,
    )

    assert len(rows) == 2 * SYMBOLS * TRADES
    assert len(curve.ts_ms) == SIZE + 1
