"""What the engine asks of risk profiles, and what it has at stake; they decide nothing here.

Exposures are read off the state that the engine keeps anyway, so that none outlives its signal and
all of them follow averages, partial exits and moved stops.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tradekit.domain.exposure import Exposure
from tradekit.domain.order import Role
from tradekit.domain.plan import Problem
from tradekit.engine.effects import AskRisk

if TYPE_CHECKING:
    from tradekit.domain.plan import Plan
    from tradekit.domain.sizes import Money
    from tradekit.engine.events import Verdict
    from tradekit.engine.state import EngineState, Terms

_ALL_PCT: Final = 100.0


def exposure_of(state: EngineState, terms: Terms, price: float) -> Exposure | None:
    """Return what is at stake at last close `price`, None if nothing is.

    A position on its way out counts until it is gone; where the next entry is sent already, the
    larger of the two costs counts, since the exit comes first.
    """
    held, entry, plan = state.position, state.entry, state.plan
    wanted = 0.0 if entry is None else entry.cost or 0.0
    if held is None or plan is None:
        if entry is None:
            return None
        at = entry.reference_price if entry.entry_price is None else entry.entry_price
        stop = entry.stop_loss_price
        return Exposure(terms.strategy, terms.symbol, entry.direction, wanted, at, stop, False)  # noqa: FBT003
    cost, stop = held.cost_left, None
    for order in state.orders.values():
        if order.role is Role.AVERAGE:
            cost += order.cost or 0.0
        elif order.role is Role.STOP:
            stop = order.price
    return Exposure(
        terms.strategy,
        terms.symbol,
        held.direction,
        max(cost, wanted),
        held.average_entry_price,
        stop,
        is_open=True,
        pnl=held.pnl_at(price),
    )


def settle_cost(plan: Plan, terms: Terms, money: Money | None) -> Plan:
    """Return the plan with its cost known at the decision, so that limits can be kept.

    A percentage of cash is taken of what is free now, the larger fee included: an entry that waits
    as a maker may still be sent to market.
    """
    if plan.equity_pct is None:
        return plan
    assert money is not None, "a part of the account is asked for"
    with_fee = 1.0 + max(terms.costs.fee(1.0, maker=maker) for maker in (True, False))
    cost = max(0.0, money.cash) * plan.equity_pct / _ALL_PCT / with_fee
    return plan._replace(cost=cost, equity_pct=None)


def ask_for_entry(plan: Plan) -> AskRisk:
    """Return the question whether this entry may be sent."""
    at = plan.reference_price if plan.entry_price is None else plan.entry_price
    assert plan.cost is not None, "the cost is settled before"
    return AskRisk(
        "entry", plan.direction, at, plan.stop_loss_price, plan.take_profit_price, plan.cost
    )


def as_problems(verdict: Verdict) -> list[Problem]:
    """Return a refusal as a broken rule."""
    return [Problem(verdict.rule, verdict.detail, nonsense=False)] if verdict.rule else []
