"""A curve drawn in the terminal, in Braille cells of two by four dots.

Decides how a series becomes dots and where its axis stands. What is drawn is decided by the caller;
nothing is printed here. Invariant: no line is longer than the width that was asked for, as long as
that leaves room for the labels and a few cells.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_BLANK: Final = 0x2800
# The bit of each dot of a cell, by column and row.
_DOTS: Final = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_SMALLEST: Final = 8


def curve_lines(values: Sequence[float], *, width: int, height: int) -> list[str]:
    """Return the lines of a drawing of `values` at equal distances, its range on the left.

    Args:
        values: at least one, finite.
        width: columns in all; cells left for the curve are never fewer than 8.
        height: lines.
    """
    low, high = min(values), max(values)
    labels = [f"{high:,.2f}", f"{low:,.2f}"]
    margin = max(map(len, labels))
    columns = max(width - margin - 2, _SMALLEST)
    cells = [[_BLANK] * columns for _ in range(height)]
    top = height * 4 - 1
    for x in range(columns * 2):
        lowest, highest = (
            round((each - low) / (high - low) * top) if high > low else top // 2
            for each in _span(values, x / (columns * 2), (x + 1) / (columns * 2))
        )
        for y in range(lowest, highest + 1):
            row, dot = divmod(top - y, 4)
            cells[row][x // 2] |= _DOTS[x % 2][dot]
    marks = {0: labels[0], height - 1: labels[1]}
    return [
        f"{marks.get(row, ''):>{margin}} |{''.join(map(chr, line))}".rstrip(chr(_BLANK))
        for row, line in enumerate(cells)
    ]


def _span(values: Sequence[float], since: float, until: float) -> tuple[float, float]:
    """Return the range of the curve between two places from 0 to 1, peaks and troughs included."""
    first, last = (place * (len(values) - 1) for place in (since, until))
    inside = values[math.ceil(first) : math.floor(last) + 1]
    points = [_at(values, first), *inside, _at(values, last)]
    return min(points), max(points)


def _at(values: Sequence[float], place: float) -> float:
    index = int(place)
    after = values[min(index + 1, len(values) - 1)]
    return values[index] + (after - values[index]) * (place - index)
