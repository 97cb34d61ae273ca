"""What the journal says of what the machine did: a row, and the fields of each kind.

Rows never decide anything; the kinds are listed in `domain.journal`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tradekit.domain.journal import EventRow

if TYPE_CHECKING:
    from tradekit.domain.journal import Phase
    from tradekit.domain.order import Fill
    from tradekit.domain.plan import Plan
    from tradekit.domain.position import Position
    from tradekit.engine.events import OrderFilled
    from tradekit.engine.state import EngineState, Terms

_QUANTITY = attrgetter("quantity")


def make_row(
    state: EngineState,
    terms: Terms,
    moment: tuple[int, Phase],
    kind: str,
    signal_id: str,
    data: dict[str, Any],
) -> EventRow:
    """Return the next row of the stream; `moment` is its label and phase."""
    state.seq = seq = state.seq + 1
    ts_ms, phase = moment
    return EventRow(
        ts_ms, phase, terms.symbol_index, seq, terms.strategy, terms.symbol, kind, signal_id, data
    )


def entry_data(plan: Plan) -> dict[str, Any]:
    """Return the fields of a `submitted` or `scheduled` row."""
    data: dict[str, Any] = {
        "direction": plan.direction,
        "entry_type": plan.entry_type,
        "reference_price": plan.reference_price,
        "stop_loss_price": plan.stop_loss_price,
        "take_profit_price": plan.take_profit_price,
        "cost": plan.cost,
        "equity_pct": plan.equity_pct,
        "hold_ms": plan.hold_ms,
        "note": plan.note,
    }
    if plan.entry_type != "market":
        data["entry_price"] = plan.entry_price
        data["wait_ms"] = plan.wait_ms
    if plan.trail_pct is not None:
        data["trail_pct"] = plan.trail_pct
        data["trail_after_pct"] = plan.trail_after_pct
    return _with_targets(data, plan)


def opened_data(plan: Plan, event: OrderFilled, *, at_open: bool) -> dict[str, Any]:
    """Return the fields of an `opened` row."""
    data = {
        "direction": plan.direction,
        "entry_type": plan.entry_type,
        "at_open": at_open,
        "price": event.fill.price,
        "quantity": event.fill.quantity,
        "cost": event.cost,
        "fee": event.fill.fee,
        "cash_delta": event.cash_delta,
        "stop_loss_price": plan.stop_loss_price,
        "take_profit_price": plan.take_profit_price,
    }
    return _with_targets(data, plan)


def _with_targets(data: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """Add the targets where there is more than the one that is named anyway."""
    if len(plan.targets) > 1:
        data["targets"] = [target._asdict() for target in plan.targets]
    return data


def averaged_data(position: Position, event: OrderFilled, *, at_open: bool) -> dict[str, Any]:
    """Return the fields of an `averaged` row."""
    return {
        "at_open": at_open,
        "price": event.fill.price,
        "quantity": event.fill.quantity,
        "cost": event.cost,
        "fee": event.fill.fee,
        "cash_delta": event.cash_delta,
        "entries": len(position.entries),
        "average_entry_price": position.average_entry_price,
    }


def partial_data(position: Position, event: OrderFilled, order: str) -> dict[str, Any]:
    """Return the fields of a `partial` row; `order` is the role of what was filled."""
    return {
        "order": order,
        "price": event.fill.price,
        "quantity": event.fill.quantity,
        "fee": event.fill.fee,
        "cash_delta": event.cash_delta,
        "quantity_left": position.quantity,
        "cost_left": position.cost_left,
    }


def closed_data(position: Position, reason: str, note: str, cash_delta: float) -> dict[str, Any]:
    """Return the fields of a `closed` row: those of a trade, and what the account got."""
    first, last = position.entries[0], position.exits[-1]
    return {
        "direction": position.direction,
        "entry_ts_ms": first.ts_ms,
        "entry_price": first.price,
        "exit_ts_ms": last.ts_ms,
        "exit_price": last.price,
        "reason": reason,
        "note": note,
        "cost": position.cost,
        "quantity": sum(map(_QUANTITY, position.entries)),
        "pnl": position.gross - position.fees,
        "pnl_pct": position.pct_offset,
        "fees": position.fees,
        "entries": [_fill_data(fill) for fill in position.entries],
        "exits": [_fill_data(fill) for fill in position.exits],
        "peak_pct": position.peak_pct,
        "drawdown_pct": position.drawdown_pct,
        "ambiguous": position.ambiguous,
        "cash_delta": cash_delta,
    }


def _fill_data(fill: Fill) -> dict[str, Any]:
    return {"ts_ms": fill.ts_ms, "price": fill.price, "quantity": fill.quantity, "fee": fill.fee}
