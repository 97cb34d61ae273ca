"""The system's clock: the only place that reads it."""

from __future__ import annotations

import time


class SystemClock:
    """The time of day, as the operating system has it."""

    def now_ms(self) -> int:
        """Return the time in ms UTC."""
        return time.time_ns() // 1_000_000
