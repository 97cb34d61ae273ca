"""A symbol's candles as a run goes over them, and where on them it is.

Arrays live as long as the run; Python numbers only for the stretch that is being stepped over,
one UTC day at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tradekit.domain.time import DAY_MS, align_down
from tradekit.engine.quiet import NEVER_MS
from tradekit.kernels.touch import first_touch

if TYPE_CHECKING:
    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.instrument import Instrument
    from tradekit.drivers.shared import Now

_PAGE_GROWTH: Final = 4


@dataclass(frozen=True, slots=True)
class Tape:
    """One symbol's part of a run.

    `candles` begins with the warm-up and ends at the frame's end; `first_index` is the candle that
    opens at the first decision, which needs a closed candle before it.
    """

    symbol: str
    symbol_index: int
    candles: CandleSeries
    first_index: int
    instrument: Instrument

    def __post_init__(self) -> None:
        """Check what the caller promised."""
        assert self.first_index >= 1, "the first decision needs a closed candle"


class Cursor:
    """Where a symbol is: the candle before which it stands, of which nothing is known yet.

    A symbol that skips stands before a candle of the future; what has closed by now is asked with
    `index` and `price`. `fresh_price` is that price while the schedule is at the very candle, else
    None: it is read far more often than anything else.

    The lists are the page around the candle: `lows[k]` is its low, `closes[k]` the close *before*
    it.
    """

    __slots__ = (
        "_candles",
        "_close_at",
        "_contiguous",
        "_end",
        "_first_ms",
        "_high_at",
        "_interval_ms",
        "_low_at",
        "_open_at",
        "_page_size",
        "_price",
        "_priced_ms",
        "_ts_at",
        "closes",
        "count",
        "fresh_price",
        "highs",
        "k",
        "lows",
        "now",
        "offset",
        "times",
    )

    def __init__(self, tape: Tape, now: Now) -> None:
        """Start before the first decision."""
        self.now = now
        self._candles = tape.candles
        self._end = len(tape.candles)
        # Single candles are read far more often than arrays: one look-up less for each.
        self._ts_at = tape.candles.ts_ms.item
        self._open_at = tape.candles.open.item
        self._low_at = tape.candles.low.item
        self._high_at = tape.candles.high.item
        self._close_at = tape.candles.close.item
        self._interval_ms = tape.candles.interval_ms
        self._first_ms = int(tape.candles.ts_ms[0])
        # On a grid and strictly rising, so that as many as fit are all there.
        span_ms = int(tape.candles.ts_ms[-1]) - self._first_ms
        self._contiguous = span_ms == (self._end - 1) * self._interval_ms
        self.fresh_price: float | None = None
        # Several ask for it at one time, about symbols that stand elsewhere.
        self._priced_ms, self._price = -1, 0.0
        self.times: list[int] = []
        self.place(tape.first_index)

    @property
    def now_ms(self) -> int:
        """The time of the run."""
        return self.now.ms

    @property
    def index(self) -> int:
        """The number of candles that have closed by now; also the index of one that opens now."""
        if self.count and self.times[self.k] == self.now.ms:
            return self.offset + self.k
        return self.index_at(self.now.ms)

    @property
    def price(self) -> float:
        """The last close by now."""
        now_ms = self.now.ms
        if now_ms != self._priced_ms:
            self._priced_ms, self._price = now_ms, self.close_before(now_ms)
        return self._price

    @property
    def open_price(self) -> float:
        """The open of the current candle; for the venue only."""
        return self._open_at(self.offset + self.k)

    def place(self, index: int) -> int:
        """Go to candle `index` and return its time, `NEVER_MS` past the end."""
        self.offset, self.k, self._page_size = index, 0, 1
        if index >= self._end:
            self.count = 0
            return NEVER_MS
        ts_ms = self._ts_at(index)
        self.times = [ts_ms]
        self.lows = [self._low_at(index)]
        self.highs = [self._high_at(index)]
        self.closes = [self._close_at(index - 1)]
        self.count = 1
        return ts_ms

    def step(self) -> int:
        """Go to the next candle and return its time, `NEVER_MS` past the end."""
        self.k += 1
        if self.k < self.count:
            return self.times[self.k]
        index, size = self.offset + self.k, self._page_size
        next_ms = self.place(index) if size == 1 else self._turn_to(index, size)
        self._page_size = size * _PAGE_GROWTH
        return next_ms

    def skip(self, quiet_low: float, quiet_high: float, deadline_ms: int) -> int:
        """Go to the first later candle that is not quiet and return its time."""
        start = self.offset + self.k + 1
        if deadline_ms <= self.times[self.k] + self._interval_ms:
            return self.step()
        stop = max(start, self.index_at(deadline_ms))
        candles = self._candles
        return self.place(
            first_touch(candles.low, candles.high, start, stop, quiet_low, quiet_high)
        )

    def extremes(self, start: int, stop: int) -> tuple[float, float, int, int]:
        """Return highest high, lowest low of candles `start..stop-1` and the times of those."""
        candles = self._candles
        # Where the extreme is costs a third of what it is, and this is asked for every trade.
        highest = start + int(candles.high[start:stop].argmax())
        lowest = start + int(candles.low[start:stop].argmin())
        times = self._ts_at(highest), self._ts_at(lowest)
        return self._high_at(highest), self._low_at(lowest), *times

    def last_close(self) -> float:
        """Return the close of the tape's last candle."""
        return float(self._candles.close[-1])

    def close_before(self, now_ms: int) -> float:
        """Return the close of the last candle that had closed by `now_ms`."""
        return self._close_at(max(0, self.index_at(now_ms) - 1))

    def opened(self, since_ms: int, until_ms: int) -> bool:
        """Return whether a candle opened from `since_ms` on and before `until_ms`."""
        return self.index_at(since_ms) < self.index_at(until_ms)

    def index_at(self, ts_ms: int) -> int:
        """Return the index of the first candle that opens at `ts_ms` or later."""
        if not self._contiguous:
            return int(self._candles.ts_ms.searchsorted(ts_ms))
        steps = -((self._first_ms - ts_ms) // self._interval_ms)
        return min(max(0, steps), self._end)

    def _turn_to(self, index: int, size: int) -> int:
        """Open the page that starts at `index`; pages grow while one is stepped over."""
        candles, self.offset, self.k = self._candles, index, 0
        if index >= self._end:
            self.count = 0
            return NEVER_MS
        midnight = align_down(candles.ts_ms.item(index), DAY_MS) + DAY_MS
        stop = min(index + size, self.index_at(midnight))
        self.times = candles.ts_ms[index:stop].tolist()
        self.lows = candles.low[index:stop].tolist()
        self.highs = candles.high[index:stop].tolist()
        self.closes = candles.close[index - 1 : stop - 1].tolist()
        self.count = stop - index
        return int(self.times[0])
