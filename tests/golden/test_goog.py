"""GOOG 2004 to 2013, daily: a moving-average crossover against another library's published run.

The reference fills market orders at the next open, buys whole units with all cash, closes before
it opens and sells short. It was run with `backtesting` 0.6.6; only its numbers are used. The days
follow the exchange's calendar, so weekends are holes and the gap policy is `skip`.

Of its 66 trades the first 65 must be ours. The last is open at the end: the reference closes it at
the last candle's open, we close it at the last close inside the frame with reason `frame_end`. So
its exit and the equity of the last candle differ, and nothing else does.
"""

import csv
import gzip
import json
import math

import pytest

from tests.support import worlds
from tests.support.oracle import Oracle
from tests.support.oracle_bridge import differences, to_series, trades_of
from tests.support.oracle_strategies import SmaCross
from tests.support.oracle_terms import Candles, Costs, Purse
from tradekit import Signal, strategy
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument

DAY_MS = 86_400_000
FAST, SLOW = 10, 30
CAPITAL = 10_000.0
RUNS = {"no_costs": 0.0, "commission_0.2pct": 0.2}


@pytest.fixture(scope="module")
def candles(shared_data) -> Candles:
    with gzip.open(shared_data / "reference" / "GOOG-1d.csv.gz", "rt", newline="") as text:
        rows = list(csv.DictReader(text))
    prices = ([float(row[name]) for row in rows] for name in ("open", "high", "low", "close"))
    return Candles([int(row["timestamp_ms"]) for row in rows], *prices)


@pytest.fixture(scope="module")
def references(shared_data) -> dict[str, dict]:
    found = {}
    for name in RUNS:
        file = shared_data / "reference" / f"backtesting_py_sma_cross_GOOG_{name}.json.gz"
        found[name] = json.loads(gzip.decompress(file.read_bytes()))
    return found


def cross(closes) -> int:
    """Return +1 if the fast mean has just crossed above the slow one, -1 if below, else 0."""
    fast, slow = closes[-FAST:].mean(), closes[-SLOW:].mean()
    fast_before, slow_before = closes[-FAST - 1 : -1].mean(), closes[-SLOW - 1 : -1].mean()
    if fast > slow and not fast_before > slow_before:
        return 1
    return -1 if fast < slow and not fast_before < slow_before else 0


def sma_cross():
    @strategy("sma-cross", every="1d", hold="unlimited")
    def decide(ctx):
        if not ctx.has("1d", SLOW + 1):
            return None
        now = cross(ctx.candles("1d", SLOW + 1).close)
        if now == 0:
            return None
        return Signal.long(equity_pct=100) if now > 0 else Signal.short(equity_pct=100)

    @decide.while_open
    def turn(ctx, position):
        now = cross(ctx.candles("1d", SLOW + 1).close)
        if now == (-1 if position.direction == "long" else 1):
            position.close()

    return decide


def run(candles: Candles, fee_pct: float, **more):
    return worlds.run(
        sma_cross(),
        {"GOOG": to_series(candles, DAY_MS)},
        since_ms=candles.ts_ms[0],
        until_ms=candles.ts_ms[-1] + DAY_MS,
        base="1d",
        capital=CAPITAL,
        costs=CostModel(fee_pct, fee_pct, 0.0, 0.0),
        instruments={"GOOG": Instrument("GOOG", lot_size=1.0)},
        **more,
    )


def assert_is_reference(trades: list[dict], candles: Candles, reference: dict) -> None:
    """Compare size, candles and prices of the first 65 trades, and how the 66th differs."""
    index_of = {ts_ms: i for i, ts_ms in enumerate(candles.ts_ms)}
    assert len(trades) == len(reference["trades"]) == 66
    for trade, want in zip(trades[:-1], reference["trades"][:-1], strict=True):
        side = 1 if trade["direction"] == "long" else -1
        assert side * trade["quantity"] == want["Size"]
        assert index_of[trade["entry_ts_ms"]] == want["EntryBar"]
        assert index_of[trade["exit_ts_ms"]] == want["ExitBar"]
        assert trade["entry_price"] == pytest.approx(want["EntryPrice"], rel=1e-12)
        assert trade["exit_price"] == pytest.approx(want["ExitPrice"], rel=1e-12)
        assert trade["pnl"] == pytest.approx(want["PnL"], rel=1e-9)
        assert trade["reason"] == "closed"
    last, want = trades[-1], reference["trades"][-1]
    assert last["quantity"] == want["Size"]
    assert index_of[last["entry_ts_ms"]] == want["EntryBar"]
    assert last["reason"] == "frame_end"
    assert last["exit_ts_ms"] == candles.ts_ms[-1] + DAY_MS
    assert last["exit_price"] == candles.close[-1]
    assert want["ExitPrice"] == candles.open[-1]


def equity_of(rows, candles: Candles) -> list[float]:
    """Return the equity at each candle's close from what changed cash and what was held."""
    cash, held, out = CAPITAL, None, []
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
        out.append(cash + value)
    return out


def assert_equity_is_reference(equity: list[float], reference: dict) -> None:
    assert len(equity) == len(reference["equity"])
    assert equity[:-1] == pytest.approx(reference["equity"][:-1], rel=1e-9)


@pytest.mark.parametrize("name", RUNS)
def test_a_plain_loop_gets_the_reference(name, candles, references):
    """Before anything of the toolkit: the rule as the reference states it, in a few lines."""
    fee = RUNS[name] / 100.0
    decider = SmaCross(interval_ms=DAY_MS, every_ms=DAY_MS, warmup_ms=0)
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
    assert_equity_is_reference(equity, reference)


@pytest.mark.parametrize("name", RUNS)
def test_the_oracle_gets_the_reference(name, candles, references):
    assert_is_reference(oracle_run(candles, RUNS[name]).trades, candles, references[name])


def oracle_run(candles: Candles, fee_pct: float):
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


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("name", RUNS)
def test_the_engine_gets_the_reference(name, skip, candles, references):
    replayed = run(candles, RUNS[name], skip=skip)
    assert not replayed.failures
    trades = trades_of(replayed.rows)
    assert_is_reference(trades, candles, references[name])
    assert_equity_is_reference(equity_of(replayed.rows, candles), references[name])
    assert differences(oracle_run(candles, RUNS[name]).trades, trades) == []
