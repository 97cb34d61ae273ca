"""What a (strategy, symbol) has at stake: an open position, or an entry that may still become one.

Whether that is too much is decided by risk profiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tradekit.domain.signal import Direction


class Exposure(NamedTuple):
    """One position, or one entry that was sent or waits.

    Units: cost and prices in quote currency; cost counts what is still held and what was sent to be
    added to it, without fees; `entry_price` is the average of what is held, else where it is wanted
    to be entered; `pnl` is after all costs at the last close, 0 while nothing is held.
    """

    strategy: str
    symbol: str
    direction: Direction
    cost: float
    entry_price: float
    stop_loss_price: float | None
    is_open: bool
    pnl: float = 0.0


class ClosedTrade(NamedTuple):
    """A trade that ended at `ts_ms` (UTC); pnl in quote currency, reasons as in `trades.jsonl`."""

    ts_ms: int
    strategy: str
    symbol: str
    reason: str
    pnl: float
