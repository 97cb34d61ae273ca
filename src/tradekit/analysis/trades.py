"""Round-trip trades: the lines of `trades.jsonl`, read off the `closed` rows of the journal.

What a trade earned was settled at its fills and stands in the row; nothing is computed here, so
that a trade in the list and its row in the journal cannot disagree. Totals over trades are
`analysis.metrics`' business, writing files the drivers'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tradekit.domain.journal import canonical_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tradekit.domain.journal import EventRow


# Who traded stands in the row itself; the rest is what the engine wrote at the close.
_ROW_KEYS: Final = ("symbol", "strategy", "signal_id")
_DATA_KEYS: Final = (
    "direction",
    "entry_ts_ms",
    "entry_price",
    "exit_ts_ms",
    "exit_price",
    "reason",
    "cost",
    "quantity",
    "pnl",
    "pnl_pct",
    "fees",
    "entries",
    "exits",
    "peak_pct",
    "drawdown_pct",
    "ambiguous",
)
TRADE_KEYS: Final = _ROW_KEYS + _DATA_KEYS


def trades(rows: Iterable[EventRow]) -> list[dict[str, Any]]:
    """Return the closed trades in the order of `rows`, each with exactly `TRADE_KEYS`.

    Units:   prices (before slippage) and money in quote currency, quantity in base currency,
             times in ms UTC, `_pct` in percent; pnl is after all costs.
    Order:   that of the exits, since a trade becomes one when it closes.
    Errors:  a `closed` row without one of the fields is a mistake of ours and raises KeyError.
    """
    return [_trade(row) for row in rows if row.kind == "closed"]


def trade_lines(closed: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return a line of `trades.jsonl` for each trade, without line ends."""
    return [canonical_line(dict(trade)) for trade in closed]


def _trade(row: EventRow) -> dict[str, Any]:
    data = row.data
    return {
        "symbol": row.symbol,
        "strategy": row.strategy,
        "signal_id": row.signal_id,
        **{key: data[key] for key in _DATA_KEYS},
    }
