"""What the market says about a symbol: steps of price and size, limits, and what may be shorted.

The only place where prices are rounded to the tick and quantities to the lot (ADR 0003).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_DUST_ULPS: Final = 8.0


@dataclass(frozen=True, slots=True)
class Instrument:
    """Trading rules of one symbol; a step or minimum of 0 means that there is none.

    Units: tick_size and min_notional in quote currency, lot_size in base currency.
    """

    symbol: str
    tick_size: float = 0.0
    lot_size: float = 0.0
    min_notional: float = 0.0
    shorts_allowed: bool = True

    def floor_quantity(self, quantity: float) -> float:
        """Return `quantity` rounded down to whole lots."""
        return _on_grid(math.floor, quantity, self.lot_size) if self.lot_size else quantity

    def floor_price(self, price: float) -> float:
        """Return `price` rounded down to a whole tick."""
        return _on_grid(math.floor, price, self.tick_size) if self.tick_size else price

    def ceil_price(self, price: float) -> float:
        """Return `price` rounded up to a whole tick."""
        return _on_grid(math.ceil, price, self.tick_size) if self.tick_size else price


def _on_grid(rounding: Callable[[float], int], value: float, step: float) -> float:
    """Round `value` to a multiple of `step`; a multiple but for float dust counts as one.

    Dust is what a few operations on floats of that size leave, far below a step at any size.
    """
    steps = value / step
    nearest = round(steps)
    if abs(steps - nearest) <= _DUST_ULPS * math.ulp(steps):
        return nearest * step
    return rounding(steps) * step
