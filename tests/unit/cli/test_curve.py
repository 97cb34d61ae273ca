"""A curve in Braille: its dots, counted one by one."""

import pytest

from tradekit.cli.curve import curve_lines

# Dots of a cell from top to bottom, left column then right, as the Unicode standard numbers them.
BITS = ((0, 1, 2, 6), (3, 4, 5, 7))


def dots(lines):
    """Return the heights of the dots in each column of dots, 0 at the bottom."""
    cells = [line.split("|")[1] for line in lines]
    width = max(map(len, cells))
    columns = []
    for place in range(width):
        for bits in BITS:
            heights = set()
            for row, line in enumerate(cells):
                code = ord(line[place]) - 0x2800 if place < len(line) else 0
                heights |= {
                    len(lines) * 4 - 1 - row * 4 - n for n in range(4) if code >> bits[n] & 1
                }
            columns.append(heights)
    return columns


def test_line_from_bottom_to_top():
    lines = curve_lines([0.0, 7.0], width=4 + 2 + 8, height=2)

    # 16 columns of dots for 8 levels: column x covers x/16 to (x + 1)/16 of the way.
    assert [(min(each), max(each)) for each in dots(lines)] == [
        (round(x / 16 * 7), round((x + 1) / 16 * 7)) for x in range(16)
    ]


def test_labels_are_the_range():
    lines = curve_lines([10_000.0, 9_500.5, 12_000.0], width=60, height=3)

    assert [line.split("|")[0] for line in lines] == ["12,000.00 ", "          ", " 9,500.50 "]


def test_peak_between_two_columns_is_drawn():
    lines = curve_lines([5.0] * 503 + [100.0] + [5.0] * 497, width=60, height=3)

    assert max(max(each) for each in dots(lines)) == 11
    assert [min(each) for each in dots(lines)] == [0] * (60 - 8) * 2


@pytest.mark.parametrize("values", [[1.0], [1.0, 1.0], [2.5] * 100])
def test_flat_curve_is_a_line_in_the_middle(values):
    lines = curve_lines(values, width=30, height=4)

    assert all(each == {7} for each in dots(lines))


@pytest.mark.parametrize("width", [30, 40, 79, 80, 200])
def test_no_line_is_longer_than_the_width(width):
    lines = curve_lines([float(n % 7) * 1e6 for n in range(50)], width=width, height=5)

    assert max(map(len, lines)) <= width
    assert len(lines) == 5


def test_narrow_terminal_still_gets_a_curve():
    assert len(curve_lines([1.0, 2.0], width=1, height=1)[0]) > 4
