"""67 published sets of closed trades: the recorded statistics, or the repair that differs.

A set is fed in file order, a trade of 100 a row, so its pnl in money is its pnl in percent. What
the set was published with is told for all trades together (twice) and for each symbol.
"""

import gzip
import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.parity_statistics import parity_statistics
from tradekit.analysis import courses, metrics, outcomes
from tradekit.analysis.metrics import Measure

Row = dict[str, Any]

# Sets with more trades than the publisher kept: only the newest 250 were counted.
CUT = {
    "backtest_44": 350,
    "backtest_46": 350,
    "backtest_47": 280,
    "backtest_49": 350,
    "backtest_50": 350,
    "backtest_52": 350,
    "backtest_53": 450,
}
KEPT_MAX = 250
# A row that never closed: left out for all trades together, but counted for its symbol.
NEVER_CLOSED = {"backtest_100"}
# Nothing but losers: the same ratio was 0 for all trades together and nothing for the symbol.
NEVER_WON = {"backtest_8", "backtest_25", "backtest_80", "backtest_91"}
# Made by compounding percents, of a year between trades, or of prices at which trades ended.
REPAIRED = {
    "tradesPerYear": "trades_per_day, of the frame",
    "annualizedSharpeRatio": "sharpe_ratio, of daily returns of the account",
    "sortinoRatio": "sortino_ratio, of daily returns of the account",
    "expectedYearlyReturns": "yearly_return_pct, of the account, above 100 with a warning",
    "calmarRatio": "calmar_ratio, of the account",
    "recoveryFactor": "recovery_factor, of the account",
    "maxDrawdown": "max_drawdown_pct, of the account",
}
DROPPED = {
    "medianStepSize",
    "buyerPressure",
    "sellerPressure",
    "buyerStrength",
    "sellerStrength",
    "pressureImbalance",
    "trend",
    "trendStrength",
    "trendConfidence",
}


@pytest.fixture(scope="module")
def sets(shared_data: Path) -> dict[str, list[Row]]:
    with gzip.open(shared_data / "upstream" / "measure_inputs.jsonl.gz", "rt") as file:
        return {each["set"]: each["rows"] for each in map(json.loads, file)}


@pytest.fixture(scope="module")
def published(shared_data: Path) -> dict[str, Row]:
    with gzip.open(shared_data / "upstream" / "measure_expected.json.gz", "rt") as file:
        return json.load(file)


def trade(row: Row) -> Row:
    pnl_pct = row["pnl"]["pnlPercentage"]
    return {
        "symbol": row["symbol"],
        "pnl": pnl_pct,
        "pnl_pct": pnl_pct,
        "entry_ts_ms": row["pendingAt"],
        "exit_ts_ms": row["updatedAt"],
        "peak_pct": row.get("peakProfit", {}).get("pnlPercentage"),
        "drawdown_pct": row.get("maxDrawdown", {}).get("pnlPercentage"),
    }


def closed(rows: list[Row]) -> list[Row]:
    return [trade(row) for row in rows if row["pendingAt"] > 0 and row["updatedAt"] > 0]


def having(trades: list[Row], name: str) -> list[Row]:
    """Return the trades that have it: a trade of ours always does."""
    return [trade for trade in trades if trade[name] is not None]


def of_trade(trades: list[Row]) -> dict[str, float | None]:
    """Return our figures by the published names."""
    peaked, fallen = having(trades, "peak_pct"), having(trades, "drawdown_pct")
    measures = {
        "winRate": metrics.win_rate_pct(trades),
        "avgPnl": outcomes.avg_trade_pct(trades),
        "medianPnl": outcomes.median_trade_pct(trades),
        "stdDev": outcomes.trade_std_dev_pct(trades),
        "certaintyRatio": outcomes.payoff_ratio(trades),
        "profitFactor": outcomes.profit_factor(trades),
        "avgWin": outcomes.avg_win_pct(trades),
        "avgLoss": outcomes.avg_loss_pct(trades),
        "avgPeakPnl": courses.avg_trade_peak_pct(peaked),
        "avgFallPnl": courses.avg_trade_drawdown_pct(fallen),
        "peakProfitPnl": courses.best_trade_peak_pct(peaked),
        "maxDrawdownPnl": courses.worst_trade_drawdown_pct(fallen),
        "avgDuration": courses.avg_duration_minutes(trades),
        "avgWinDuration": courses.avg_win_duration_minutes(trades),
        "avgLossDuration": courses.avg_loss_duration_minutes(trades),
        "avgConsecutiveWinPnl": courses.avg_win_streak_pnl(trades),
        "avgConsecutiveLossPnl": courses.avg_loss_streak_pnl(trades),
        # The average in money; there, too, only from ten trades on.
        "expectancy": (
            outcomes.avg_trade_pnl(trades) if len(trades) >= metrics.TRADES_MIN else Measure(None)
        ),
    }
    sqn = outcomes.sqn(trades).value
    return {
        "totalSignals": len(trades),
        "totalTrades": len(trades),
        "winCount": metrics.win_count(trades),
        "lossCount": metrics.loss_count(trades),
        "totalPnl": metrics.pnl(trades),
        "maxWinStreak": courses.max_win_streak(trades),
        "maxLossStreak": courses.max_loss_streak(trades),
        # Ours is of money and grows with the root of the count.
        "sharpeRatio": None if sqn is None else sqn / math.sqrt(len(trades)),
        **{name: measure.value for name, measure in measures.items()},
    }


def same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)


def compared(ours: dict[str, float | None], theirs: Row) -> tuple[Counter[str], set[str]]:
    """Return how often which figure was the same, and which were not."""
    names = ours.keys() & theirs.keys()
    different = {name for name in names if not same(ours[name], theirs[name])}
    return Counter(names - different), different


def test_statistics_of_all_trades_are_those_published(sets, published) -> None:
    agreed: Counter[str] = Counter()
    for name, rows in sets.items():
        ours = of_trade(closed(rows)[-KEPT_MAX:])
        for pool in ("backtest_pool", "live_pool"):
            equal, different = compared(ours, published[name][pool])
            agreed += equal
            assert different == ({"certaintyRatio"} if name in NEVER_WON else set()), name
    # totalSignals has another name in the second pool.
    assert agreed.pop("totalSignals") == len(sets) == 67
    assert agreed.pop("certaintyRatio") == 2 * (67 - len(NEVER_WON))
    assert len(agreed) == 16
    assert set(agreed.values()) == {2 * 67}


def test_statistics_by_symbol_are_those_published(sets, published) -> None:
    agreed: Counter[str] = Counter()
    for name, rows in sets.items():
        for theirs in published[name]["heat"]["symbols"]:
            own = [row for row in rows if row["symbol"] == theirs["symbol"]]
            equal, different = compared(of_trade(closed(own)[-KEPT_MAX:]), theirs)
            if name in NEVER_CLOSED:
                assert theirs["totalTrades"] == len(own) == len(closed(own)) + 1
            else:
                assert not different, (name, theirs["symbol"], different)
                agreed += equal
    assert len(agreed) == 25
    assert set(agreed.values()) == {87}


def test_all_trades_count_not_the_newest_ones(sets, published) -> None:
    """Repair: statistics are over all trades, never over a buffer."""
    assert {name: len(rows) for name, rows in sets.items() if len(rows) > KEPT_MAX} == CUT
    for name, count in CUT.items():
        every = closed(sets[name])

        assert metrics.trade_count(every) == count
        assert published[name]["backtest_pool"]["totalSignals"] == KEPT_MAX
    changed = [
        name
        for name in CUT
        if not same(metrics.pnl(closed(sets[name])), published[name]["backtest_pool"]["totalPnl"])
    ]
    assert len(changed) == 7


def test_nothing_has_one_meaning(sets, published) -> None:
    """Repair: what has no value is None wherever it is shown, not 0 in one place of two."""
    for name in NEVER_WON:
        trades = closed(sets[name])

        assert outcomes.payoff_ratio(trades) == Measure(None, "no_wins")
        assert published[name]["backtest_pool"]["certaintyRatio"] == 0
        assert [each["certaintyRatio"] for each in published[name]["heat"]["symbols"]] == [None]


def test_repaired_statistics_were_made_by_compounding_trades(sets, published) -> None:
    """Repair: the account's own curve and its days stand in for what is computed here."""
    agreed: Counter[str] = Counter()
    known: Counter[str] = Counter()
    for name, rows in sets.items():
        # The buffer held the newest first, so trades that ended together compounded backwards.
        newest_first = closed(rows)[-KEPT_MAX:][::-1]
        expected = parity_statistics(sorted(newest_first, key=lambda trade: trade["exit_ts_ms"]))
        equal, different = compared(expected, published[name]["backtest_pool"])
        assert not different, (name, different)
        agreed += equal
        known += Counter(key for key in equal if expected[key] is not None)
    assert set(agreed) == REPAIRED.keys() - {"tradesPerYear", "maxDrawdown"}
    assert set(agreed.values()) == {67}
    assert min(known.values()) >= 20, known


def test_every_published_statistic_is_accounted_for(sets, published) -> None:
    ours = of_trade(closed(next(iter(sets.values())))).keys()
    labels = {"symbol", "totalEvents", "totalClosed"}
    for each in published.values():
        for theirs in (each["backtest_pool"], each["live_pool"], *each["heat"]["symbols"]):
            assert theirs.keys() - ours - REPAIRED.keys() - labels == DROPPED
