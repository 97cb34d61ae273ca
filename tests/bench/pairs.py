"""Two things timed in turn, so that a ratio holds while the machine's speed drifts."""

from __future__ import annotations

import gc
import statistics
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable


class Paired(NamedTuple):
    """Medians of both in seconds of processor time, and the median of other / own, pair by pair."""

    own_s: float
    other_s: float
    ratio: float


def time_pair(own: Callable[[], object], other: Callable[[], object], *, rounds: int) -> Paired:
    """Time both in turn, `rounds` times after one round that does not count."""
    own_s, other_s = [], []
    for number in range(rounds + 1):
        seconds = _seconds(own), _seconds(other)
        if number:
            own_s.append(seconds[0])
            other_s.append(seconds[1])
    ratio = statistics.median(b / a for a, b in zip(own_s, other_s, strict=True))
    return Paired(statistics.median(own_s), statistics.median(other_s), ratio)


def _seconds(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began
