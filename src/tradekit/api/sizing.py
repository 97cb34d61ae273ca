"""How much to buy: worked out from what may be lost, from odds, or from how far prices move.

Advice only: a strategy asks for it and puts the cost into its signal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from tradekit.errors import SettingsError, SignalError

if TYPE_CHECKING:
    from typing import Unpack

_ALL_PCT = 100.0


class Caps(TypedDict, total=False):
    """Bounds of a size; units as in `Sizing`."""

    min_quantity: float
    max_position_pct: float
    max_quantity: float


@dataclass(frozen=True, slots=True)
class Sizing:
    """A way to size an entry; made by one of the constructors below.

    All of them take the same caps, applied in this order: at least `min_quantity`, at most
    `max_position_pct` percent of equity, at most `max_quantity`.

    Units: quantities in base, equity, prices and costs in quote currency, percent from 0 to 100.
    """

    risk_pct: float | None = None
    share: float = 0.0
    distance: str = "stop"
    multiplier: float = 1.0
    min_quantity: float = 0.0
    max_position_pct: float = math.inf
    max_quantity: float = math.inf

    @classmethod
    def fixed_risk(cls, pct: float, **caps: Unpack[Caps]) -> Sizing:
        """Return a sizing that loses `pct` percent of equity at the stop, costs not counted.

        Raises:
            SettingsError: a number makes no sense.
        """
        return _checked(cls(risk_pct=_pct("pct", pct), **caps))

    @classmethod
    def kelly(
        cls, win_rate: float, payoff: float, *, multiplier: float = 0.25, **caps: Unpack[Caps]
    ) -> Sizing:
        """Return a sizing by a fraction of Kelly's share of equity, `(w r - (1 - w)) / r`.

        Args:
            win_rate: w, the share of trades that win, between 0 and 1.
            payoff: r, the average win over the average loss.
            multiplier: the fraction of Kelly's share that is put in; 0 puts in nothing.
            caps: bounds, see the class.

        Raises:
            SettingsError: a number makes no sense.

        Source: J. L. Kelly, A New Interpretation of Information Rate, 1956.
        """
        if not 0.0 < win_rate < 1.0:
            raise SettingsError(f"win_rate was {win_rate!r}, must be between 0 and 1")
        if not 0.0 < payoff < math.inf:
            raise SettingsError(f"payoff was {payoff!r}, must be a number above 0")
        if not 0.0 <= multiplier < math.inf:
            raise SettingsError(f"multiplier was {multiplier!r}, must be a number from 0 on")
        share = max(0.0, (win_rate * payoff - (1.0 - win_rate)) / payoff)
        return _checked(cls(share=share * multiplier, **caps))

    @classmethod
    def atr(cls, pct: float, *, multiplier: float = 2.0, **caps: Unpack[Caps]) -> Sizing:
        """Return a sizing that loses `pct` percent of equity at `multiplier` × ATR from the entry.

        Raises:
            SettingsError: a number makes no sense.
        """
        if not 0.0 < multiplier < math.inf:
            raise SettingsError(f"multiplier was {multiplier!r}, must be a number above 0")
        sizing = cls(risk_pct=_pct("pct", pct), distance="atr", multiplier=multiplier, **caps)
        return _checked(sizing)

    def quantity(
        self, equity: float, price: float, *, stop: float | None = None, atr: float | None = None
    ) -> float:
        """Return how much to buy or sell short at `price`.

        Args:
            equity: what the account is worth.
            price: where it is entered.
            stop: the stop's price, for `fixed_risk`.
            atr: the average true range in quote currency, for `atr`.

        Raises:
            SignalError: a number is missing, or makes no sense.
        """
        if not 0.0 <= equity < math.inf:
            raise SignalError(f"equity was {equity!r}, must be a number from 0 on")
        if not 0.0 < price < math.inf:
            raise SignalError(f"price was {price!r}, must be a number above 0")
        if self.risk_pct is None:
            size = equity * self.share / price
        else:
            size = equity * self.risk_pct / _ALL_PCT / self._at_risk(price, stop, atr)
        size = max(size, self.min_quantity)
        size = min(size, equity * self.max_position_pct / _ALL_PCT / price)
        return min(size, self.max_quantity)

    def cost(
        self, equity: float, price: float, *, stop: float | None = None, atr: float | None = None
    ) -> float:
        """Return what that quantity costs: the `cost` of a signal. See `quantity`."""
        return self.quantity(equity, price, stop=stop, atr=atr) * price

    def _at_risk(self, price: float, stop: float | None, atr: float | None) -> float:
        """Return how much of each unit is lost where it goes wrong."""
        if self.distance == "stop":
            if stop is None or not 0.0 < stop < math.inf or stop == price:
                raise SignalError(f"stop was {stop!r}, must be a price other than {price!r}")
            return abs(price - stop)
        if atr is None or not 0.0 < atr < math.inf:
            raise SignalError(f"atr was {atr!r}, must be a number above 0")
        return atr * self.multiplier


def _pct(name: str, value: float) -> float:
    if not 0.0 < value <= _ALL_PCT:
        raise SettingsError(f"{name} was {value!r}, must be above 0 and at most 100")
    return value


def _checked(sizing: Sizing) -> Sizing:
    """Return the sizing if its caps make sense."""
    for name, value, least in (
        ("min_quantity", sizing.min_quantity, sizing.min_quantity >= 0.0),
        ("max_position_pct", sizing.max_position_pct, sizing.max_position_pct > 0.0),
        ("max_quantity", sizing.max_quantity, sizing.max_quantity > 0.0),
    ):
        if not least:
            raise SettingsError(f"{name} was {value!r}, must be a number above 0")
    return sizing
