"""Which longer candles short ones form, and what is in them."""

import numpy as np
import pytest

from tests.support.candles import DAY, same, series_of
from tradekit.domain.candle import empty_series
from tradekit.domain.time import MINUTE_MS
from tradekit.kernels.candles import aggregate

FIVE = 5 * MINUTE_MS


def opens(minutes, **window) -> list[int]:
    """Return the minutes at which the 5m candles of these 1m candles open."""
    formed = aggregate(series_of(minutes), FIVE, **window)
    return ((formed.ts_ms - DAY) // MINUTE_MS).tolist()


def test_figures_of_a_long_candle() -> None:
    formed = aggregate(series_of(range(10)), FIVE)

    assert formed.interval_ms == FIVE
    assert formed.ts_ms.tolist() == [DAY, DAY + FIVE]
    assert formed.open.tolist() == [100.0, 105.0]
    assert formed.high.tolist() == [105.0, 110.0]
    assert formed.low.tolist() == [99.0, 104.0]
    assert formed.close.tolist() == [104.5, 109.5]
    assert formed.volume.tolist() == [15.0, 40.0]


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (range(5), [0]),
        (range(4), []),
        (range(9), [0]),
        (range(1, 10), [5]),
        (range(5, 10), [5]),
        (range(1, 4), []),
        ([0, 1, 2, 3, 5], [0]),
        ([0, 4], [0]),
        ([0, 1, 7], [0]),
        ([0, 1, 7, 9], [0, 5]),
        ([0, 9], [0, 5]),
        ([2, 6, 9], [5]),
        ([0, 14], [0, 10]),
    ],
)
def test_only_closed_and_whole_candles_exist(minutes, expected) -> None:
    assert opens(minutes) == expected


def test_window_closes_a_candle_whose_last_part_is_a_hole() -> None:
    assert opens([0, 1]) == []
    assert opens([0, 1], until_ms=DAY + FIVE) == [0]
    assert opens([0, 1], until_ms=DAY + FIVE - 1) == []


def test_window_completes_a_candle_whose_first_part_is_a_hole() -> None:
    assert opens([2, 3, 4]) == []
    assert opens([2, 3, 4], since_ms=DAY) == [0]
    assert opens([2, 3, 4], since_ms=DAY + 1) == []


def test_hole_inside_is_left_out_of_the_figures() -> None:
    formed = aggregate(series_of([0, 3, 4]), FIVE)

    assert formed.volume.tolist() == [1.0 + 4.0 + 5.0]
    assert formed.close.tolist() == [104.5]


def test_own_interval_returns_the_series_itself() -> None:
    series = series_of([3, 4, 6])

    assert aggregate(series, MINUTE_MS) is series


def test_nothing_gives_nothing() -> None:
    assert same(aggregate(empty_series(MINUTE_MS), FIVE), empty_series(FIVE))


def test_interval_that_is_no_multiple_is_our_mistake() -> None:
    with pytest.raises(AssertionError, match="whole short ones"):
        aggregate(series_of(range(10)), MINUTE_MS + MINUTE_MS // 2)


def test_result_is_read_only() -> None:
    formed = aggregate(series_of(range(10)), FIVE)

    assert not any(column.flags.writeable for column in formed.columns())
    assert formed.ts_ms.dtype == np.int64
