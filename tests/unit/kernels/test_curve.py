"""Curves against numbers worked by hand."""

import numpy as np
import pytest

from tradekit.kernels.curve import (
    carried_forward,
    drawdown_pct,
    known_at,
    longest_below_peak_ms,
    max_drawdown_pct,
    running_peak,
    step_values,
    union_of_times,
)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float64)


def test_the_union_of_no_axes_is_empty() -> None:
    assert union_of_times([]).tolist() == []
    assert union_of_times([ints(), ints()]).tolist() == []


def test_equal_axes_are_not_copied() -> None:
    first = ints(1, 2, 3)

    assert union_of_times([first, ints(1, 2, 3)]) is first


def test_the_union_holds_every_moment_once() -> None:
    axes = [ints(1, 3, 5), ints(2, 3, 9), ints(), ints(5)]

    assert union_of_times(axes).tolist() == [1, 2, 3, 5, 9]
    assert union_of_times([ints(), ints(4)]).tolist() == [4]


def test_a_value_is_carried_over_a_hole_and_past_the_end() -> None:
    carried = carried_forward(floats(10, 20, 40), ints(2, 3, 6), ints(2, 3, 4, 5, 6, 7))

    assert carried.tolist() == [10, 20, 20, 20, 40, 40]


def test_before_the_first_value_stands_the_first_value() -> None:
    assert carried_forward(floats(10), ints(5), ints(3, 4, 5)).tolist() == [10, 10, 10]


def test_values_on_the_same_axis_are_not_copied() -> None:
    values = floats(1, 2)

    assert carried_forward(values, ints(1, 2), ints(1, 2)) is values


def test_nothing_cannot_be_carried() -> None:
    with pytest.raises(AssertionError):
        carried_forward(floats(), ints(), ints(1))


def test_steps_last_until_the_next_change() -> None:
    levels = floats(10, 9, 7, 8)

    assert step_values(levels, ints(1, 3, 3), 5).tolist() == [10, 9, 9, 8, 8]
    assert step_values(levels, ints(0, 0, 2), 3).tolist() == [7, 7, 8]
    assert step_values(levels, ints(0, 1, 2), 2).tolist() == [9, 7]


def test_without_changes_the_level_stays() -> None:
    assert step_values(floats(10), ints(), 3).tolist() == [10, 10, 10]


def test_changes_that_go_back_in_time_are_a_mistake() -> None:
    with pytest.raises(AssertionError):
        step_values(floats(1, 2, 3), ints(2, 1), 4)


def test_the_peak_starts_with_the_first_peak() -> None:
    assert running_peak(floats(90, 110, 100, 120), 100.0).tolist() == [100, 110, 110, 120]


def test_drawdown_is_percent_of_the_running_peak() -> None:
    # 90 of 100; a new peak; 99 of 110; back at the peak; below zero.
    drawdown = drawdown_pct(floats(90, 110, 99, 110, -11), 100.0)

    assert drawdown.tolist() == pytest.approx([-10, 0, -10, 0, -110])
    assert max_drawdown_pct(floats(90, 110, 99, 110, -11), 100.0) == pytest.approx(-110)


def test_a_curve_that_only_rises_has_no_drawdown() -> None:
    assert max_drawdown_pct(floats(100, 101, 102), 100.0) == 0.0
    assert max_drawdown_pct(floats(), 100.0) == 0.0
    # An exact zero, not a negative one: it is written to files.
    assert str(max_drawdown_pct(floats(100), 100.0)) == "0.0"


def test_a_percentage_of_nothing_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        drawdown_pct(floats(1), 0.0)


def test_of_several_values_at_one_moment_the_last_is_known() -> None:
    known = known_at(floats(10, 20, 30), ints(2, 4, 4), ints(1, 2, 3, 4, 5), 7.0)

    assert known.tolist() == [7, 10, 10, 30, 30]
    assert known_at(floats(), ints(), ints(1), 7.0).tolist() == [7]


def test_the_longest_time_below_a_peak() -> None:
    # The capital is a peak at 0; reached again at 30, left at 40, never reached again.
    times = ints(10, 20, 30, 40, 50, 70)

    assert longest_below_peak_ms(floats(9, 9, 10, 11, 10, 10), times, 10.0, 0) == 30
    assert longest_below_peak_ms(floats(9, 9, 9, 9, 9, 9), times, 10.0, 0) == 70
    assert longest_below_peak_ms(floats(9, 9, 10, 11, 10, 11), times, 10.0, 0) == 30
    assert longest_below_peak_ms(floats(10, 11, 12, 12, 12, 13), times, 10.0, 0) == 0
    assert longest_below_peak_ms(floats(), ints(), 10.0, 0) == 0
