"""What makes rows of numbers candles."""

import math

import numpy as np
import pytest

from tests.support.candles import DAY, same, series_of
from tradekit.domain.time import MINUTE_MS, Interval
from tradekit.kernels.intake import find_contradiction, find_flaw, take

COLUMNS = ("open", "high", "low", "close", "volume")


def spoiled(**cells: tuple[int, float]):
    """Return times and columns of ten good rows with some cells replaced."""
    series = series_of(range(10))
    columns = {name: each.copy() for name, each in zip(COLUMNS, series.columns(), strict=True)}
    times = series.ts_ms.copy()
    for name, (index, value) in cells.items():
        (times if name == "times" else columns[name])[index] = value
    return times, tuple(columns.values())


def flaw_of(**cells: tuple[int, float]):
    times, columns = spoiled(**cells)
    return find_flaw(times, MINUTE_MS, columns)


def test_good_rows_have_no_flaw() -> None:
    assert flaw_of() is None


@pytest.mark.parametrize(
    ("cells", "column", "rule"),
    [
        ({"open": (3, math.nan)}, "open", "must be a finite number"),
        ({"volume": (3, math.inf)}, "volume", "must be a finite number"),
        ({"low": (3, 0.0)}, "low", "must be above 0"),
        ({"close": (3, -1.0)}, "close", "must be above 0"),
        ({"high": (3, 1e300)}, "high", "must be below 1e+15"),
        ({"volume": (3, -0.5)}, "volume", "must not be below 0"),
        ({"high": (3, 101.0)}, "high", "must not be below low 102.0"),
        ({"open": (3, 104.7)}, "open", "must be within low 102.0 and high 104.0"),
        ({"close": (3, 101.0)}, "close", "must be within low 102.0 and high 104.0"),
        ({"times": (3, DAY + 1)}, "timestamp_ms", "must be a multiple of the interval"),
    ],
)
def test_each_rule_names_row_and_column(cells, column, rule) -> None:
    flaw = flaw_of(**cells)

    assert flaw is not None
    assert (flaw.index, flaw.column, flaw.rule, flaw.rows) == (3, column, rule, 1)


def test_first_row_is_named_and_the_others_counted() -> None:
    flaw = flaw_of(volume=(7, -1.0), close=(4, math.nan))

    assert flaw is not None
    assert (flaw.index, flaw.column, flaw.rows) == (4, "close", 2)


@pytest.mark.parametrize(("excess", "is_flaw"), [(0.1, False), (0.2, True)])
def test_one_step_of_price_outside_is_let_pass(excess, is_flaw) -> None:
    # Prices of these rows have one decimal, so that a step is 0.1.
    times, columns = spoiled(close=(3, 104.0 + excess))

    assert (find_flaw(times, MINUTE_MS, columns) is not None) == is_flaw
    if not is_flaw:
        report = take("BTCUSDT", Interval.M1, times, columns)
        assert report.outside == 1
        assert report.series.close[3] == 104.0 + excess


def test_rule_for_prices_below_one_ten_thousandth() -> None:
    step = 1e-8
    times = series_of(range(2)).ts_ms
    row = np.array([6.08e-06, 6.08e-06])
    for steps, is_flaw in ((1, False), (2, True)):
        close = row + np.array([0.0, steps * step])
        columns = (row, row, row, close, row)
        assert (find_flaw(times, MINUTE_MS, columns) is not None) == is_flaw


def test_contradiction_names_both_rows() -> None:
    times, columns = spoiled(times=(7, DAY + 2 * MINUTE_MS))

    flaw = find_contradiction(times, columns)

    assert flaw is not None
    assert (flaw.index, flaw.other, flaw.column) == (7, 2, "timestamp_ms")
    assert "2026-04-01T00:02:00Z" in flaw.rule


def test_repetition_is_no_contradiction() -> None:
    series = series_of([0, 1, 1, 1, 2])

    assert find_contradiction(series.ts_ms, series.columns()) is None


def test_third_row_of_a_time_is_compared_too() -> None:
    times, columns = series_of([0, 1, 1, 1]).ts_ms, series_of([0, 1, 1, 2]).columns()

    flaw = find_contradiction(times, columns)

    assert flaw is not None
    assert flaw.index == 3


def test_repetition_and_disorder_are_put_right_and_counted() -> None:
    series = series_of([0, 1, 2, 3, 2, 3, 4, 1, 7])

    report = take("BTCUSDT", Interval.M1, series.ts_ms, series.columns())

    assert same(report.series, series_of([0, 1, 2, 3, 4, 7]))
    assert (report.rows, report.duplicates, report.disorder) == (9, 3, 2)
    assert (report.holes, report.missing) == (1, 2)


def test_zero_volume_is_counted() -> None:
    times, columns = spoiled(volume=(5, 0.0))

    assert take("BTCUSDT", Interval.M1, times, columns).zero_volume == 1


@pytest.mark.parametrize(
    ("cells", "far"),
    [
        ({"high": (9, 1_000.0 * 105.5)}, [9]),
        ({"high": (9, 999.0 * 105.5)}, []),
        ({"low": (0, 103.5 / 1_000.0)}, [0]),
        ({"low": (0, 103.5 / 999.0)}, []),
    ],
)
def test_price_far_from_the_median_is_told(cells, far) -> None:
    times, columns = spoiled(**cells)

    report = take("BTCUSDT", Interval.M1, times, columns)

    assert list(report.far_ts_ms) == [DAY + minute * MINUTE_MS for minute in far]
