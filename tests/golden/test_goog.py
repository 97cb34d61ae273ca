"""GOOG, daily: the published crossover run by a plain loop, by the oracle and by the engine."""

import math

import pytest

from tests.support import worlds
from tests.support.oracle import Oracle
from tests.support.oracle_bridge import differences, to_series, trades_of
from tests.support.oracle_goog import (
    CAPITAL,
    DAY_MS,
    FAST,
    FEE_PCT,
    SLOW,
    assert_equity_is_published,
    assert_trades_are_published,
    read_goog,
    read_reference,
)
from tests.support.oracle_strategies import SmaCross
from tests.support.oracle_terms import Candles, Costs, Outcome, Purse
from tradekit import Signal, strategy
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument


@pytest.fixture(scope="module")
def candles(shared_data) -> Candles:
    return read_goog(shared_data)


@pytest.fixture(scope="module")
def references(shared_data) -> dict[str, dict]:
    return {name: read_reference(shared_data, name) for name in FEE_PCT}


def cross(ctx) -> int:
    """Return +1 if the fast mean has just crossed above the slow one, -1 if below, else 0."""
    closes = ctx.candles("1d", SLOW + 1).close
    above = closes[-FAST:].mean() > closes[-SLOW:].mean()
    before = closes[-FAST - 1 : -1].mean() > closes[-SLOW - 1 : -1].mean()
    return int(above) - int(before)


def sma_cross():
    @strategy("goog-cross", every="1d", hold="unlimited")
    def decide(ctx):
        turn = cross(ctx) if ctx.has("1d", SLOW + 1) else 0
        if turn == 0:
            return None
        return Signal.long(equity_pct=100) if turn > 0 else Signal.short(equity_pct=100)

    @decide.while_open
    def leave(ctx, position):
        if cross(ctx) == (-1 if position.direction == "long" else 1):
            position.close()

    return decide


def run(candles: Candles, fee_pct: float, *, skip: bool):
    return worlds.run(
        sma_cross(),
        {"GOOG": to_series(candles, DAY_MS)},
        since_ms=candles.ts_ms[0],
        until_ms=candles.ts_ms[-1] + DAY_MS,
        base="1d",
        capital=CAPITAL,
        costs=CostModel(fee_pct, fee_pct, 0.0, 0.0),
        instruments={"GOOG": Instrument("GOOG", lot_size=1.0)},
        skip=skip,
    )


def oracle_run(candles: Candles, fee_pct: float) -> Outcome:
    return Oracle(
        candles,
        SmaCross(interval_ms=DAY_MS, every_ms=DAY_MS, warmup_ms=0, cost=None, equity_pct=100.0),
        candles.ts_ms[0],
        candles.ts_ms[-1] + DAY_MS,
        interval_ms=DAY_MS,
        costs=Costs(fee_pct, fee_pct, 0.0, 0.0),
        purse=Purse(CAPITAL),
        lot_size=1.0,
    ).run()


def equity_of(rows, candles: Candles) -> list[float]:
    """Return the equity at each candle's close from what changed cash and what was held."""
    cash, held, equity = CAPITAL, None, []
    events = [row for row in rows if row.kind in ("opened", "closed")]
    for ts_ms, close in zip(candles.ts_ms, candles.close, strict=True):
        while events and events[0].ts_ms <= ts_ms:
            row = events.pop(0)
            cash += row.data["cash_delta"]
            held = row.data if row.kind == "opened" else None
        value = 0.0
        if held is not None:
            side = 1 if held["direction"] == "long" else -1
            value = held["cost"] + side * (close - held["price"]) * held["quantity"]
        equity.append(cash + value)
    return equity


@pytest.mark.parametrize("name", FEE_PCT)
def test_a_plain_loop_makes_the_published_run(name, candles, references):
    """Before anything of the toolkit: the rule as the reference states it, in a few lines."""
    fee, decider = FEE_PCT[name] / 100.0, SmaCross(interval_ms=DAY_MS, every_ms=DAY_MS)
    cash, size, paid, entered, trades, equity = CAPITAL, 0, 0.0, 0, [], []
    for i, price in enumerate(candles.open):
        turn = decider.cross(candles, i)
        if turn and turn * size <= 0:
            if size:
                cash += abs(size) * paid + size * (price - paid) - abs(size) * price * fee
                trades.append((size, entered, i, paid, price))
            count = math.floor(cash / (price * (1.0 + fee)))
            size, paid, entered = turn * count, price, i
            cash -= count * price * (1.0 + fee)
        equity.append(cash + abs(size) * paid + size * (candles.close[i] - paid))
    wanted = ("Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice")
    reference = references[name]
    assert trades == [tuple(each[key] for key in wanted) for each in reference["trades"][:-1]]
    assert_equity_is_published(equity, reference)


@pytest.mark.parametrize("name", FEE_PCT)
def test_the_oracle_makes_the_published_run(name, candles, references):
    outcome = oracle_run(candles, FEE_PCT[name])
    assert_trades_are_published(outcome.trades, candles, references[name])


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("name", FEE_PCT)
def test_the_engine_makes_the_published_run(name, skip, candles, references):
    replayed = run(candles, FEE_PCT[name], skip=skip)
    assert not replayed.failures
    trades = trades_of(replayed.rows)
    assert_trades_are_published(trades, candles, references[name])
    assert_equity_is_published(equity_of(replayed.rows, candles), references[name])
    assert differences(oracle_run(candles, FEE_PCT[name]).trades, trades) == []
