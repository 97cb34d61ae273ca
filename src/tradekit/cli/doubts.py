"""Sentences about what there is to doubt in a result, as a backtest and `run show` print them.

They are made of a report's document; what makes a doubt is decided where the report is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any


def counted(counts: Mapping[str, int]) -> str:
    """Return counts by name as words."""
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def interval_lines(interval: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what ambiguous candles leave open: PnL on either path, and whether it is a profit."""
    if not interval or not interval["ambiguous_candles"]:
        return
    count, other = interval["ambiguous_candles"], interval["target_first"]
    candles = "1 candle" if count == 1 else f"{count:,} candles"
    first = f"{float(interval['stop_first']['pnl']):+,.2f}"
    then = "target first was not run"
    if other is not None:
        then = f"{float(other['pnl']):+,.2f} target first"
    sign = ", THE SIGN CHANGES" if interval["sign_changes"] else ""
    yield f"ambiguous: {candles}; PnL {first} stop first, {then}{sign}"


def went_on(errors: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield which errors of hooks stopped nothing, and how often they came."""
    for each in errors:
        yield f"went on: {each['symbol']}: {each['count']:,} {each['error']} in {each['hook']}"
