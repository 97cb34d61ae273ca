"""What a strategy wants: the `Signal` it returns, in prices or in percent.

What it means in absolute terms and whether that may be traded is `domain.plan`'s business.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Final, Literal, TypedDict

from tradekit.errors import SignalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

Direction = Literal["long", "short"]
EntryType = Literal["market", "limit", "stop"]

# Beyond this floats have no cents any more, and whoever typed it meant something else.
NUMBER_MAX: Final = 1e15
_NO_NUMBERS: Final = (bool, str, bytes)


class SignalFields(TypedDict, total=False):
    """The fields of a `Signal` other than its direction."""

    stop_loss: float | None
    stop_loss_pct: float | None
    take_profit: float | Sequence[tuple[float, float]] | None
    take_profit_pct: float | Sequence[tuple[float, float]] | None
    trail_pct: float | None
    trail_after_pct: float | None
    entry: float | None
    entry_type: Literal["limit", "stop"]
    cost: float | None
    equity_pct: float | None
    risk_pct: float | None
    hold: int | str | None
    wait: int | str | None
    id: str | None
    note: str


@dataclass(slots=True)
class Signal:
    """One entry that a strategy wants, with its way out; read once, when it is returned.

    Give stop and target as prices or as percent of the entry, not both; leave them out to have
    none. Several targets are a list of (price or percent, share), the share in percent of what was
    entered. `trail_pct` lets the stop follow the best close at that distance, from
    `trail_after_pct` of profit in price on. Its size is a `cost`, or `equity_pct` percent of the
    free cash at its fill, or what loses `risk_pct` percent of equity at the stop. Without `entry`
    it is a market order at the open of the next candle.

    Units: prices and cost in quote currency; `_pct` in percent (1.5 is 1.5 %); hold and wait in
    minutes or text such as `4h`, hold also `"unlimited"`. None means the strategy's own value.
    """

    direction: Direction
    _: KW_ONLY
    stop_loss: float | None = None
    stop_loss_pct: float | None = None
    take_profit: float | Sequence[tuple[float, float]] | None = None
    take_profit_pct: float | Sequence[tuple[float, float]] | None = None
    trail_pct: float | None = None
    trail_after_pct: float | None = None
    entry: float | None = None
    entry_type: Literal["limit", "stop"] = "limit"
    cost: float | None = None
    equity_pct: float | None = None
    risk_pct: float | None = None
    hold: int | str | None = None
    wait: int | str | None = None
    id: str | None = None
    note: str = ""

    @classmethod
    def long(cls, **fields: Unpack[SignalFields]) -> Signal:
        """Return a signal to buy first; `fields` are those of the class."""
        return cls("long", **fields)

    @classmethod
    def short(cls, **fields: Unpack[SignalFields]) -> Signal:
        """Return a signal to sell first; `fields` are those of the class."""
        return cls("short", **fields)


def positive(name: str, value: object) -> float:
    """Return `value` as a float above 0; neither bool nor text is a number.

    Raises:
        SignalError: it is none.
    """
    if type(value) is float and 0.0 < value < NUMBER_MAX:
        return value
    if isinstance(value, _NO_NUMBERS):
        number = math.nan
    else:
        try:
            number = float(value)  # type: ignore[arg-type]  # it refuses what is no number
        except (TypeError, ValueError, OverflowError):
            number = math.nan
    if not 0.0 < number < NUMBER_MAX:
        msg = f"{name} was {value!r}, must be a finite number above 0, below {NUMBER_MAX:g}"
        raise SignalError(msg)
    return number
