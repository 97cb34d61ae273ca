"""Time: integer milliseconds UTC, intervals, durations and frames.

Windows are half-open, `[since_ms, until_ms)`; a candle's `ts_ms` is its open time. This module
reads no clock: whoever needs "now" is handed it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from tradekit.errors import SettingsError

MINUTE_MS: Final = 60_000
DAY_MS: Final = 86_400_000
UNLIMITED: Final = "unlimited"

_UNIT_MS: Final = {"m": MINUTE_MS, "h": 3_600_000, "d": DAY_MS, "w": 7 * DAY_MS}
_DURATION: Final = re.compile(r"(\d+)([mhdw])")
# Far enough for any exchange, and far from the seconds of the same dates.
_TIME_MIN_MS: Final = 946_684_800_000
_TIME_MAX_MS: Final = 4_102_444_800_000


class Interval(Enum):
    """The length of a candle; the value is how people write it."""

    M1 = "1m"
    M3 = "3m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H2 = "2h"
    H4 = "4h"
    H6 = "6h"
    H8 = "8h"
    H12 = "12h"
    D1 = "1d"

    @property
    def ms(self) -> int:
        """Its length in milliseconds."""
        return _INTERVAL_MS[self.value]

    @property
    def plain(self) -> str:
        """How people write it, as in `15m`."""
        return str(self.value)


_BY_TEXT: Final = {interval.plain: interval for interval in Interval}
_INTERVAL_MS: Final = {text: int(text[:-1]) * _UNIT_MS[text[-1]] for text in _BY_TEXT}


def parse_interval(text: str | Interval) -> Interval:
    """Return the interval written as `text`.

    Raises:
        SettingsError: it is none of the known intervals.
    """
    if isinstance(text, Interval):
        return text
    interval = _BY_TEXT.get(text)
    if interval is not None:
        return interval
    known = ", ".join(str(each.value) for each in Interval)
    msg = f"interval was {text!r}, must be one of {known}"
    raise SettingsError(msg)


def parse_duration_ms(value: int | str, what: str = "duration") -> int:
    """Return a duration in milliseconds from minutes (int) or text such as `90m`, `4h`, `3d`.

    Raises:
        SettingsError: it is neither, or not above zero.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value * MINUTE_MS
    if isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        duration_ms = int(match[1]) * _UNIT_MS[match[2]]
        if duration_ms > 0:
            return duration_ms
    msg = f"{what} was {value!r}, must be whole minutes above 0 or a text such as '90m', '4h', '3d'"
    raise SettingsError(msg)


def parse_time_ms(text: str | int, what: str = "time") -> int:
    """Return ISO-8601 `text` as milliseconds UTC; a time without offset is UTC.

    Raises:
        SettingsError: it is not a date or time between the years 2000 and 2100.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        ts_ms = text
    else:
        try:
            moment = datetime.fromisoformat(str(text).strip())
        except ValueError:
            msg = (
                f"{what} was {text!r}, must be a date or time as in 2026-04-01 or 2026-04-01T12:30"
            )
            raise SettingsError(msg) from None
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
        ts_ms = round(moment.timestamp() * 1000)
    if not _TIME_MIN_MS <= ts_ms < _TIME_MAX_MS:
        msg = f"{what} was {text!r}, must lie between the years 2000 and 2100 (milliseconds UTC)"
        raise SettingsError(msg)
    return ts_ms


def format_time(ts_ms: int) -> str:
    """Return `ts_ms` as ISO-8601 UTC with `Z`, milliseconds only where there are any."""
    moment = datetime.fromtimestamp(ts_ms / 1000, tz=UTC)
    text = moment.isoformat(timespec="milliseconds" if ts_ms % 1000 else "seconds")
    return text.replace("+00:00", "Z")


def format_duration(duration_ms: int) -> str:
    """Return a duration as people write it: `3d`, `36h`, `90m`."""
    for unit, length_ms in (("d", DAY_MS), ("h", 60 * MINUTE_MS)):
        if duration_ms % length_ms == 0:
            return f"{duration_ms // length_ms}{unit}"
    return f"{duration_ms // MINUTE_MS}m"


def align_down(ts_ms: int, interval_ms: int) -> int:
    """Return the last multiple of `interval_ms` since the epoch that is not after `ts_ms`."""
    return ts_ms - ts_ms % interval_ms


def align_up(ts_ms: int, interval_ms: int) -> int:
    """Return the first multiple of `interval_ms` since the epoch that is not before `ts_ms`."""
    return -(-ts_ms // interval_ms) * interval_ms


@dataclass(frozen=True, slots=True, init=False)
class Frame:
    """A named window of history, `[since_ms, until_ms)` in UTC, stepped on `base`."""

    name: str
    since_ms: int
    until_ms: int
    base: Interval

    def __init__(self, name: str, since: str | int, until: str | int, *, base: str = "1m") -> None:
        """Parse and check the window.

        Args:
            name: how `--frame` finds it.
            since: first moment inside, ISO-8601 (UTC unless it says otherwise) or milliseconds.
            until: first moment outside.
            base: the interval on which a run steps.

        Raises:
            SettingsError: a time does not parse, the window is empty or off the base's grid.
        """
        interval = parse_interval(base)
        since_ms = parse_time_ms(since, f"frame {name!r}: its start")
        until_ms = parse_time_ms(until, f"frame {name!r}: its end")
        if until_ms <= since_ms:
            msg = (
                f"frame {name!r} ends at {format_time(until_ms)}, "
                f"must end after its start {format_time(since_ms)}"
            )
            raise SettingsError(msg)
        for moment_ms in (since_ms, until_ms):
            if moment_ms % interval.ms:
                msg = (
                    f"frame {name!r}: {format_time(moment_ms)} does not lie on its base interval "
                    f"{interval.plain}"
                )
                raise SettingsError(msg)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "since_ms", since_ms)
        object.__setattr__(self, "until_ms", until_ms)
        object.__setattr__(self, "base", interval)
