"""Profits of 2,151 positions that another engine opened, averaged, closed in parts and closed.

Their fills are booked at the recorded prices; when they happened is not looked at here. That engine
keeps prices before slippage and takes slippage and fees within the profit, 0.1 % each a leg unless
a run says otherwise: the same as paying them with each fill. A partial exit there is a share of
what the remaining entries cost, which under average cost is that share of the quantity.
"""

import gzip
import json
from collections import Counter

import pytest

from tradekit.domain.costs import CostModel
from tradekit.domain.order import Fill
from tradekit.domain.position import Position

EVERY_KIND = {
    "positions": 2151,
    "long": 1035,
    "short": 1116,
    "averaged": 63,
    "in parts": 60,
    "averaged and in parts": 15,
    "take_profit": 744,
    "stop_loss": 834,
    "time_expired": 336,
    "closed": 237,
    "free of costs": 59,
    "stop moved": 58,
}


def read_runs(folder):
    for path in sorted(folder.glob("*.json.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as text:
            yield json.load(text)


def costs_of(run):
    """Return what a leg costs in that run; both kinds of orders pay the same."""
    config = run["scenario"].get("config", {})
    fee, slippage = config.get("CC_PERCENT_FEE", 0.1), config.get("CC_PERCENT_SLIPPAGE", 0.1)
    return CostModel(fee, fee, slippage, slippage)


def add(position, price, cost):
    costs = position.costs
    paid = costs.paid_price(price, buying=position.side > 0, maker=False)
    fee = costs.fee(cost, maker=False)
    position.add_entry(Fill(0, price, paid, cost / paid, fee), cost)


def take_off(position, price, quantity):
    costs = position.costs
    paid = costs.paid_price(price, buying=position.side < 0, maker=False)
    fee = costs.fee(quantity * paid, maker=False)
    position.add_exit(Fill(0, price, paid, quantity, fee))


def booked(closed, costs):
    """Return the position with all its fills but the last exit."""
    position = Position("s-1", closed["position"], costs)
    partials = list(closed.get("_partial") or [])
    for count, entry in enumerate(closed["_entry"], start=1):
        add(position, entry["price"], entry["cost"])
        while partials and partials[0]["entryCountAtClose"] == count:
            partial = partials.pop(0)
            assert position.cost_left == pytest.approx(partial["costBasisAtClose"], rel=1e-9)
            take_off(
                position, partial["currentPrice"], position.quantity * partial["percent"] / 100
            )
    assert not partials
    return position


def kinds_of(closed, run):
    """Yield what is special about a position, so that none of it is missing unnoticed."""
    averaged, parted = len(closed["_entry"]) > 1, bool(closed.get("_partial"))
    yield from ("positions", closed["position"], closed["closeReason"])
    if averaged:
        yield "averaged"
    if parted:
        yield "in parts"
    if averaged and parted:
        yield "averaged and in parts"
    if costs_of(run).taker_fee_pct == 0.0:
        yield "free of costs"
    if closed["priceStopLoss"] != closed["originalPriceStopLoss"]:
        yield "stop moved"


def test_profits_are_the_recorded_ones(shared_data):
    seen = Counter()
    for run in read_runs(shared_data / "engine"):
        costs = costs_of(run)
        for closed in run["events"]:
            if closed["action"] != "closed":
                continue
            seen.update(kinds_of(closed, run))
            position, recorded = booked(closed, costs), closed["pnl"]
            price = recorded["priceClose"]
            assert position.average_entry_price == pytest.approx(closed["priceOpen"], rel=1e-9)
            assert position.pnl_pct_at(price) == pytest.approx(
                recorded["pnlPercentage"], rel=1e-9, abs=1e-9
            )
            take_off(position, price, position.quantity)
            assert position.gross - position.fees == pytest.approx(
                recorded["pnlCost"], rel=1e-9, abs=1e-9
            )
            assert position.cost == pytest.approx(recorded["pnlEntries"], rel=1e-12)
    assert seen == EVERY_KIND


def test_the_worst_profits_on_the_way_are_the_recorded_ones(shared_data):
    """The recorded drawdown is a price at some time, and the profit with the fills until then."""
    compared = 0
    for run in read_runs(shared_data / "engine"):
        costs = costs_of(run)
        for closed in run["events"]:
            if closed["action"] != "closed" or closed.get("_partial"):
                continue
            worst = closed["maxDrawdown"]
            position = Position("s-1", closed["position"], costs)
            for entry in closed["_entry"]:
                if entry["timestamp"] <= worst["timestamp"]:
                    add(position, entry["price"], entry["cost"])
            assert position.cost == pytest.approx(worst["pnlEntries"], rel=1e-12)
            assert position.pnl_pct_at(worst["price"]) == pytest.approx(
                worst["pnlPercentage"], rel=1e-9, abs=1e-9
            )
            compared += 1
    assert compared == EVERY_KIND["positions"] - EVERY_KIND["in parts"]
