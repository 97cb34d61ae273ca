"""How large a signal wants its entry to be, in quote currency or in percent of what there is.

What the account can pay for is its own business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tradekit.domain.signal import positive
from tradekit.errors import SignalError

if TYPE_CHECKING:
    from tradekit.domain.signal import Signal

_ALL_PCT: Final = 100.0
_WAYS: Final = ("cost", "equity_pct", "risk_pct")


class Money(NamedTuple):
    """What an account is worth, and what of it is free, in quote currency."""

    equity: float
    cash: float


def size_of(
    signal: Signal, usual: float, *, entry: float, stop: float | None, money: Money | None
) -> tuple[float | None, float | None]:
    """Return what the entry costs, else which percent of free cash it takes at its fill.

    Args:
        signal: says at most one of cost, equity_pct and risk_pct.
        usual: the cost if it says none.
        entry: where it enters, as far as is known.
        stop: where it stops.
        money: what there is now; `risk_pct` is of its equity.

    Raises:
        SignalError: the signal says a thing twice, no percent, or risks without a stop.
    """
    if signal.equity_pct is None and signal.risk_pct is None:
        return positive("cost", usual if signal.cost is None else signal.cost), None
    said = [name for name in _WAYS if getattr(signal, name) is not None]
    if len(said) > 1:
        msg = f"{' and '.join(said)} were both given, must be one of them"
        raise SignalError(msg)
    if signal.equity_pct is not None:
        return None, _percent("equity_pct", signal.equity_pct)
    assert signal.risk_pct is not None, "one of the three was said"
    risk_pct = _percent("risk_pct", signal.risk_pct)
    if stop is None or stop == entry:
        msg = f"risk_pct was {signal.risk_pct!r} without a stop, must come with one"
        raise SignalError(msg)
    assert money is not None, "what is risked is a part of the account"
    at_risk = abs(entry - stop) / entry
    # What is worth nothing risks nothing: such an entry is refused as too small, not as nonsense.
    return max(0.0, money.equity) * risk_pct / _ALL_PCT / at_risk, None


def _percent(name: str, value: float) -> float:
    percent = positive(name, value)
    if percent > _ALL_PCT:
        msg = f"{name} was {value!r}, must be at most 100"
        raise SignalError(msg)
    return percent
