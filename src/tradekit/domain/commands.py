"""What a hook asks of the engine; prices and money in quote currency, `_pct` in percent."""

from __future__ import annotations

from typing import Literal, NamedTuple

AverageMode = Literal["new_extreme", "below_effective", "anywhere"]


class Close(NamedTuple):
    """Close the open position at the open of the next candle."""

    note: str = ""


class ClosePart(NamedTuple):
    """Close a part at the open of the next candle: percent of what is held, or cost of it."""

    pct: float | None = None
    cost: float | None = None
    note: str = ""


class AverageBuy(NamedTuple):
    """Add to the position, at the open of the next candle or resting at `limit`.

    `mode` says where a price may be: beyond every entry so far on the losing side, beyond their
    average, or anywhere. `max_entries` and `max_cost` count what is there and what is asked for.
    """

    cost: float
    limit: float | None = None
    mode: AverageMode = "new_extreme"
    max_entries: int | None = None
    max_cost: float | None = None


class TrailStop(NamedTuple):
    """Move the stop to a price, or to percent from the last close; looser only if asked for."""

    price: float | None = None
    pct: float | None = None
    loosen: bool = False


class TrailTarget(NamedTuple):
    """Move the one target to a price, or to percent from the last close."""

    price: float | None = None
    pct: float | None = None


class Breakeven(NamedTuple):
    """Move the stop to where closing what is left earns exactly its costs."""


class Wake(NamedTuple):
    """When a hook wants to be called again: a low, a high or a time, whatever comes first.

    None is never. Candles that open from now on are looked at, and `at_ms` is in ms UTC.
    """

    price_below: float | None
    price_above: float | None
    at_ms: int | None


class CancelEntry(NamedTuple):
    """Take the resting entry back."""


class FillEntry(NamedTuple):
    """Turn the resting entry into one at market, at the open of the next candle."""


Command = (
    Close | ClosePart | AverageBuy | TrailStop | TrailTarget | Breakeven | CancelEntry | FillEntry
)
