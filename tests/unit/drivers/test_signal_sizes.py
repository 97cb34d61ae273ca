"""Sizes that depend on the account: what a run takes them of, with a profile and without one."""

import pytest

from tests.unit.drivers.minutes import candles, minute_of, play, rows
from tradekit.api import rules
from tradekit.api.declare import strategy
from tradekit.api.risk import Risk
from tradekit.domain.costs import CostModel
from tradekit.domain.signal import Signal

WAYS = pytest.mark.parametrize("skip", [True, False])
JUDGED = pytest.mark.parametrize("risk", [(), Risk("wide", [lambda ask: None])], ids=["", "judged"])


def sized(signal, *, risk=(), skip=True, costs=None):
    """Hold X for 1000 while it rises by a tenth, and want `signal` in Y at minute 5."""

    @strategy("s", risk=risk, hold=60, cost=1000)
    def decide(ctx):
        if ctx.symbol == "X":
            return Signal.long() if minute_of(ctx.now) == 1 else None
        return signal if minute_of(ctx.now) == 5 else None

    risen = candles(m3=(100.0, 110.0, 100.0, 110.0), m4=(110.0,) * 4, m5=(110.0,) * 4)
    more = {} if costs is None else {"costs": costs}
    return play(decide, {"X": risen, "Y": candles()}, skip=skip, **more)


def wanted(replayed, kind="submitted"):
    return next(row.data for row in rows(replayed, kind) if row.symbol == "Y")


@WAYS
@JUDGED
def test_a_risk_is_taken_of_equity_at_the_decision_open_positions_counted(skip, risk):
    replayed = sized(Signal.long(stop_loss_pct=5, risk_pct=1), risk=risk, skip=skip)

    # 1 % of 10,100 is lost by 2020 at 5 %.
    assert wanted(replayed)["cost"] == pytest.approx(2020.0)
    assert wanted(replayed)["equity_pct"] is None
    assert wanted(replayed, "opened")["cost"] == pytest.approx(2020.0)


@WAYS
def test_what_was_risked_is_what_the_stop_takes(skip):
    @strategy("s", hold=60)
    def decide(ctx):
        return Signal.short(stop_loss=104, risk_pct=2) if minute_of(ctx.now) == 1 else None

    replayed = play(decide, candles(m4=(100.0, 104.0, 100.0, 104.0)), skip=skip)

    (closed,) = rows(replayed, "closed")
    assert (closed.data["reason"], closed.data["pnl"]) == ("stop_loss", pytest.approx(-200.0))


@WAYS
def test_a_risk_that_cash_does_not_cover_is_refused(skip):
    replayed = sized(Signal.long(stop_loss_pct=1, risk_pct=1), skip=skip)

    (row,) = rows(replayed, "rejected")
    assert row.data["rule"] == "insufficient_cash"


@WAYS
@pytest.mark.parametrize("entry", [None, 99.0])
def test_under_a_profile_a_part_of_the_cash_is_settled_at_the_decision(skip, entry):
    costs = CostModel(0.02, 0.1, 0.0, 0.0)
    risk = Risk("wide", [rules.max_exposure(1e6)])
    signal = Signal.long(entry=entry, equity_pct=50)

    replayed = sized(signal, risk=risk, skip=skip, costs=costs)

    sent = wanted(replayed, "submitted" if entry is None else "scheduled")
    free = 10_000.0 - 1000.0 - 1.0
    assert sent["equity_pct"] is None
    # The larger fee, since a waiting entry may still be sent to market.
    assert sent["cost"] == pytest.approx(free / 2.0 / 1.001)


@WAYS
def test_without_a_profile_a_part_of_the_cash_is_taken_at_the_fill(skip):
    assert wanted(sized(Signal.long(equity_pct=50), skip=skip))["cost"] is None


@WAYS
def test_all_of_the_cash_can_be_put_in_under_a_profile(skip):
    costs = CostModel(0.02, 0.1, 0.0, 0.0)
    risk = Risk("wide", [rules.max_exposure(1e6)])

    replayed = sized(Signal.long(equity_pct=100), risk=risk, skip=skip, costs=costs)

    assert not rows(replayed, "rejected")
    assert wanted(replayed, "opened")["cost"] == pytest.approx(8999.0 / 1.001)


@WAYS
@pytest.mark.parametrize("entry", [None, 99.0])
def test_no_cash_left_is_told_as_such_under_a_profile(skip, entry):
    @strategy("s", hold=60, risk=Risk("wide"))
    def decide(ctx):
        return Signal.long(equity_pct=100) if minute_of(ctx.now) == 1 else None

    replayed = play(decide, {"X": candles(), "Y": candles()}, capital=500.0, skip=skip)

    assert [row.symbol for row in rows(replayed, "opened")] == ["X"]
    (row,) = rows(replayed, "rejected")
    assert (row.symbol, row.data["rule"]) == ("Y", "insufficient_cash")
