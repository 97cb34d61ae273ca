"""What rules are asked, for tests: a question, what others hold, and trades that ended."""

from typing import Any

from tradekit.api.risk import RiskAsk
from tradekit.domain.exposure import ClosedTrade, Exposure
from tradekit.domain.time import parse_time_ms

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
NOW_MS = parse_time_ms("2026-04-01T12:00")  # a Wednesday


def ask_of(**changes: Any) -> RiskAsk:
    """Return whether a long of X for 100 may be opened at 100, unless `changes` say otherwise."""
    usual: dict[str, Any] = {
        "kind": "entry",
        "strategy": "s",
        "symbol": "X",
        "direction": "long",
        "now": NOW_MS,
        "price": 100.0,
        "entry_price": 100.0,
        "stop_loss_price": 95.0,
        "take_profit_price": 110.0,
        "cost": 100.0,
        "own": None,
        "exposures": (),
        "closed": (),
        "sent_ms": (),
        "equity": 1000.0,
        "peak_equity": 1000.0,
        "day_equity": 1000.0,
    }
    return RiskAsk(**(usual | changes))


def held(symbol: str = "Y", cost: float = 100.0, *, is_open: bool = True, strategy: str = "s"):
    """Return an open position, or an entry that waits."""
    return Exposure(strategy, symbol, "long", cost, 100.0, 95.0, is_open)


def ended(ago_ms: int, symbol: str = "X", reason: str = "stop_loss") -> ClosedTrade:
    """Return a trade that ended so long ago."""
    return ClosedTrade(NOW_MS - ago_ms, "s", symbol, reason, -5.0)
