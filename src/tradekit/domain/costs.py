"""What a fill costs: fees and slippage, one model for every leg (engine rules never compute them).

Prices in records are before slippage; slippage moves the price that is paid, fees are a share of
what was paid or received.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tradekit.errors import SettingsError

PCT = 100.0


@dataclass(frozen=True, slots=True)
class CostModel:
    """Percent a leg; market and stop fills pay the taker fee, limit fills the maker fee."""

    maker_fee_pct: float = 0.1
    taker_fee_pct: float = 0.1
    slippage_pct: float = 0.1
    limit_slippage_pct: float = 0.1

    def __post_init__(self) -> None:
        """Refuse what no venue charges.

        Raises:
            SettingsError: a percentage is not a number in [0, 50).
        """
        for name in self.__slots__:
            value = getattr(self, name)
            if not (math.isfinite(value) and 0.0 <= value < PCT / 2):
                msg = f"{name} was {value!r}, must be a percentage from 0 to below 50"
                raise SettingsError(msg)

    def paid_price(self, price: float, *, buying: bool, maker: bool) -> float:
        """Return the price after slippage, which always goes against the one who trades."""
        slip = (self.limit_slippage_pct if maker else self.slippage_pct) / PCT
        return price * (1.0 + slip) if buying else price * (1.0 - slip)

    def fee(self, notional: float, *, maker: bool) -> float:
        """Return the fee on `notional`, both in quote currency."""
        return notional * ((self.maker_fee_pct if maker else self.taker_fee_pct) / PCT)
