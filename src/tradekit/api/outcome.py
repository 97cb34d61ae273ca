"""What passes between hooks and the engine beside views: outcomes, events, when to wake."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from tradekit.domain.signal import NUMBER_MAX
from tradekit.domain.time import format_duration, parse_duration_ms
from tradekit.errors import SettingsError, SignalError

if TYPE_CHECKING:
    from collections.abc import Generator


class Wake:
    """When to call a hook again, returned by it; whatever comes first does.

    `price_below` and `price_above` are reached by the low or high of a candle that opens from now
    on; `after` is so long from now, minutes or text such as `4h`. Any change of the position or of
    its orders wakes every hook. Without any of the three it sleeps until then.
    """

    __slots__ = ("after_ms", "price_above", "price_below")

    def __init__(
        self,
        *,
        price_below: float | None = None,
        price_above: float | None = None,
        after: int | str | None = None,
    ) -> None:
        """Take the bounds, in quote currency.

        Raises:
            SignalError: a price is no number, or the time does not parse. One at or below 0 is what
                `price_at` says of a profit that no price brings, or every price.
        """
        self.price_below = _bound("price_below", price_below)
        self.price_above = _bound("price_above", price_above)
        try:
            self.after_ms = None if after is None else parse_duration_ms(after, "Wake after")
        except SettingsError as error:
            raise SignalError(error.message) from None

    def __repr__(self) -> str:
        """Return it as it is written."""
        bounds = {"price_below": self.price_below, "price_above": self.price_above}
        told = [f"{name}={value!r}" for name, value in bounds.items() if value is not None]
        if self.after_ms is not None:
            told.append(f"after={format_duration(self.after_ms)!r}")
        return f"Wake({', '.join(told)})"


class Outcome:
    """Whether an action was accepted, and if not, which rule refused it.

    True if accepted. Awaiting it is allowed, does nothing and gives it back.
    """

    __slots__ = ("accepted", "rule")

    def __init__(self, *, accepted: bool, rule: str = "") -> None:
        """Keep both."""
        self.accepted = accepted
        self.rule = rule

    def __bool__(self) -> bool:
        """Return whether it was accepted."""
        return self.accepted

    def __await__(self) -> Generator[Any, None, Outcome]:
        """Give itself back at once, so that actions read the same in `def` and `async def`."""
        yield from ()
        return self

    def __repr__(self) -> str:
        """Return accepted, or the rule that refused."""
        return "Outcome(accepted)" if self.accepted else f"Outcome(refused: {self.rule})"


def _bound(name: str, price: object) -> float | None:
    if price is None:
        return None
    try:
        number = math.nan if isinstance(price, bool | str | bytes) else float(price)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if abs(number) < NUMBER_MAX:
        return number
    msg = f"{name} was {price!r}, must be a finite number, below {NUMBER_MAX:g}"
    raise SignalError(msg)


class Event(NamedTuple):
    """Something that happened, as `on(...)` hooks get it; `details` are the journal's fields.

    Units: ts_ms in ms UTC; prices and money in `details` in quote currency.
    """

    kind: str
    ts_ms: int
    symbol: str
    signal_id: str
    details: dict[str, Any]
