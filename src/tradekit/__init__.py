"""tradekit: one strategy file, replayed over history, on live prices, or with real orders.

The names for strategy files are here and are imported when first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tradekit.api.context import Context
    from tradekit.api.declare import Exchange, strategy
    from tradekit.api.outcome import Event, Outcome, Wake
    from tradekit.api.position import Position
    from tradekit.api.risk import Risk, RiskAsk
    from tradekit.api.run import Run
    from tradekit.api.sizing import Sizing
    from tradekit.api.waiting import WaitingEntry
    from tradekit.domain.signal import Signal
    from tradekit.domain.time import Frame

__all__ = [
    "Context",
    "Event",
    "Exchange",
    "Frame",
    "Outcome",
    "Position",
    "Risk",
    "RiskAsk",
    "Run",
    "Signal",
    "Sizing",
    "WaitingEntry",
    "Wake",
    "strategy",
]

_HOMES = {
    "Context": "tradekit.api.context",
    "Event": "tradekit.api.outcome",
    "Exchange": "tradekit.api.declare",
    "Frame": "tradekit.domain.time",
    "Outcome": "tradekit.api.outcome",
    "Position": "tradekit.api.position",
    "Risk": "tradekit.api.risk",
    "RiskAsk": "tradekit.api.risk",
    "Run": "tradekit.api.run",
    "Signal": "tradekit.domain.signal",
    "Sizing": "tradekit.api.sizing",
    "WaitingEntry": "tradekit.api.waiting",
    "Wake": "tradekit.api.outcome",
    "strategy": "tradekit.api.declare",
}


def __getattr__(name: str) -> object:
    """Import a public name from where it lives."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module 'tradekit' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
