"""The shipped ladder on real candles, fill by fill against the plain loop of `oracle_ladder`.

Eight USDT-M perpetuals, minute by minute from 2025-05-05 to 2025-06-03 UTC, in one account and one
schedule. Where cash is plenty nothing is refused; where it is tight the symbols get in each other's
way: who is refused when depends on what all of them sold at the same open, before anybody bought.
"""

from functools import cache
from typing import NamedTuple

import pytest

from strategies.dca_ladder import Ladder, dca_ladder
from tests.support import worlds
from tests.support.oracle_bridge import differences, to_series, trades_of
from tests.support.oracle_ladder import RUNGS, LadderLoop
from tests.support.oracle_terms import Candles
from tests.support.real_candles import SINCE_MS, UNTIL_MS, read_market

MINUTE_MS = 60_000


class Case(NamedTuple):
    """What is run, and what comes of it for AVAX, BNB, …, XRP as the loop counts it."""

    hold_minutes: int
    capital: float
    trades: tuple[int, ...]
    entries: tuple[int, ...]
    refused: tuple[int, ...]
    reasons: set[str]
    deepest: int


KEPT = {"closed", "stop_loss", "frame_end"}
TIMED = {"closed", "time_expired", "frame_end"}
NONE = (0,) * 8

CASES = {
    "unlimited": Case(
        0,
        10_000.0,
        (14, 8, 7, 19, 12, 12, 19, 9),
        (54, 27, 21, 67, 51, 48, 78, 34),
        NONE,
        KEPT,
        10,
    ),
    "50_minutes": Case(
        50,
        10_000.0,
        (836, 836, 836, 836, 836, 836, 837, 836),
        (1_018, 854, 850, 945, 974, 961, 1_041, 932),
        NONE,
        TIMED,
        6,
    ),
    "unlimited_and_short_of_cash": Case(
        0,
        6_000.0,
        (14, 8, 6, 19, 12, 12, 19, 9),
        (54, 26, 16, 67, 51, 46, 78, 34),
        (0, 1_255, 689, 46, 0, 703, 0, 0),
        KEPT,
        10,
    ),
    "50_minutes_and_short_of_cash": Case(
        50,
        3_500.0,
        (836, 835, 835, 836, 835, 836, 816, 780),
        (1_001, 849, 843, 933, 955, 938, 992, 861),
        (158, 32, 42, 99, 219, 251, 1_242, 2_918),
        TIMED,
        5,
    ),
}


@pytest.fixture(scope="module")
def market(shared_data) -> dict[str, Candles]:
    return read_market(shared_data)


@pytest.fixture(scope="module")
def told(market):
    """Return a function that runs the plain loop, once a case."""

    @cache
    def run(name: str) -> LadderLoop:
        loop = LadderLoop(
            market, capital=CASES[name].capital, hold_minutes=CASES[name].hold_minutes
        )
        loop.run()
        return loop

    return run


@pytest.mark.slow
@pytest.mark.parametrize("wakes", [True, False], ids=["woken", "each_minute"])
@pytest.mark.parametrize("name", CASES)
def test_every_fill_is_that_of_the_plain_loop(name, wakes, market, told):
    case, loop = CASES[name], told(name)
    replayed = worlds.run(
        dca_ladder,
        {symbol: to_series(candles) for symbol, candles in market.items()},
        since_ms=SINCE_MS,
        until_ms=UNTIL_MS,
        capital=case.capital,
        params=Ladder(hold_minutes=case.hold_minutes, wakes=wakes),
    )
    assert not replayed.failures
    for symbol, expected in loop.symbols.items():
        mine = [row for row in replayed.rows if row.symbol == symbol]
        assert differences(expected.trades, trades_of(mine)) == [], symbol
        assert_opened_and_averaged_as_told(mine, expected.trades)
        assert refusals(mine, "insufficient_cash") == expected.short_of_cash, symbol
        assert refusals(mine, "gap_reject") == expected.gapped, symbol
    minutes = len(market) * (UNTIL_MS - SINCE_MS) // MINUTE_MS
    most_calls = max(replayed.hook_calls["ladder"], replayed.hook_calls["target"])
    assert (most_calls > 0.9 * minutes) is not wakes


def assert_opened_and_averaged_as_told(rows, trades):
    """Hold each entry's own row against the trade it became part of."""
    fills = [row for row in rows if row.kind in ("opened", "averaged")]
    entries = [entry for trade in trades for entry in trade["entries"]]
    assert [row.ts_ms for row in fills] == [entry["ts_ms"] for entry in entries]
    for row, entry in zip(fills, entries, strict=True):
        told = {"price": entry["price"], "quantity": entry["quantity"], "fee": entry["fee"]}
        assert {key: row.data[key] for key in told} == pytest.approx(told, rel=1e-9, abs=0.0)
    assert sum(row.kind == "opened" for row in fills) == len(trades)


def refusals(rows, rule):
    return [row.ts_ms for row in rows if row.kind == "rejected" and row.data["rule"] == rule]


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_what_the_plain_loop_did_is_not_nothing(name, told):
    case, loop = CASES[name], told(name)
    symbols = loop.symbols.values()
    trades = [trade for each in symbols for trade in each.trades]
    assert tuple(len(each.trades) for each in symbols) == case.trades
    counted = (sum(len(trade["entries"]) for trade in each.trades) for each in symbols)
    assert tuple(counted) == case.entries
    assert tuple(len(each.short_of_cash) for each in symbols) == case.refused
    assert {trade["reason"] for trade in trades} == case.reasons
    assert max(len(trade["entries"]) for trade in trades) == case.deepest <= RUNGS
    assert 0.0 <= loop.least_cash < case.capital
    assert (loop.least_cash < 100.1) is any(case.refused)
