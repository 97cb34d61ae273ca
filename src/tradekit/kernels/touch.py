"""Where quiet ends: the first candle that reaches a level. NumPy, in growing pieces.

It may only answer "no candle before index k can matter"; what happens at k is the venue's
business.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tradekit.domain.candle import FloatArray

_PIECE_FIRST: Final = 1_024
_PIECE_MAX: Final = 16_384


def first_touch(
    low: FloatArray, high: FloatArray, start: int, stop: int, quiet_low: float, quiet_high: float
) -> int:
    """Return the first index in [start, stop) that is not strictly inside the levels, else `stop`.

    Shapes:  low, high: float64[n], oldest first; 0 <= start <= stop <= n.
    Units:   prices in quote currency; a level that is infinite is never reached.
    NaN:     not allowed (refused where candles enter).
    Promise: never later than the first candle with low <= quiet_low or high >= quiet_high.
    Cost:    O(answer - start); looks at most one piece past the answer.
    """
    below, above = quiet_low > -math.inf, quiet_high < math.inf
    if not below and not above:
        return stop
    piece = _PIECE_FIRST
    while start < stop:
        end = min(start + piece, stop)
        lows, highs = low[start:end], high[start:end]
        # Whether a piece is touched at all costs far less than where.
        first = end
        if below and lows[lows.argmin()] <= quiet_low:
            first = start + int((lows <= quiet_low).argmax())
        if above and highs[highs.argmax()] >= quiet_high:
            first = min(first, start + int((highs >= quiet_high).argmax()))
        if first < end:
            return first
        start = end
        piece = min(piece * 4, _PIECE_MAX)
    return stop
