"""The shipped portfolio on real candles, against the plain loop of `oracle_portfolio`.

Two strategies on eight USDT-M perpetuals, minute by minute from 2025-05-05 to 2025-06-03 UTC, in
one account, one schedule and under one risk profile. The candles begin with the frame, so that the
first decision comes when the longer warm-up of the two is there. Each refusal moves what everybody
may do after it: one that is missed, doubled or given to another symbol changes the rest of the run.
"""

from collections import Counter
from dataclasses import replace

import pytest

from strategies.portfolio import breakouts, careful, dips
from tests.support import worlds
from tests.support.oracle_bridge import differences, to_series, trades_of
from tests.support.oracle_portfolio import EXPOSURE, POSITIONS, PortfolioLoop
from tests.support.oracle_terms import Candles
from tests.support.real_candles import SINCE_MS, UNTIL_MS, read_market

CAPITAL = 10_000.0
WARMUP_MINUTES = 26 * 60

# Trades and entries of AVAX, BNB, …, XRP, as the loop counts them.
TRADES = {"dips": (52, 11, 9, 47, 45, 36, 48, 28), "breakouts": (15, 11, 10, 14, 13, 7, 8, 3)}
ENTRIES = {"dips": (85, 19, 15, 66, 67, 59, 78, 43), "breakouts": (15, 11, 10, 14, 13, 7, 8, 3)}
REFUSED = {
    "dips": {
        "max_open_positions": 41,
        "max_exposure": 719,
        "max_symbol_exposure": 16,
        "cooldown_after_stop": 869,
        "max_drawdown": 848,
    },
    "breakouts": {
        "max_open_positions": 54,
        "max_exposure": 41,
        "max_symbol_exposure": 2,
        "cooldown_after_stop": 5,
        "max_drawdown": 2,
    },
}


@pytest.fixture(scope="module")
def market(shared_data) -> dict[str, Candles]:
    return read_market(shared_data)


@pytest.fixture(scope="module")
def told(market) -> PortfolioLoop:
    loop = PortfolioLoop(market, capital=CAPITAL, first=WARMUP_MINUTES)
    loop.run()
    return loop


def played(market, **how):
    return worlds.run(
        how.pop("strategies", (dips, breakouts)),
        {symbol: to_series(candles) for symbol, candles in market.items()},
        since_ms=SINCE_MS + breakouts.warmup_ms,
        until_ms=UNTIL_MS,
        capital=CAPITAL,
        **how,
    )


@pytest.mark.slow
@pytest.mark.parametrize("skip", [True, False], ids=["skipping", "each_minute"])
def test_every_trade_and_every_refusal_is_that_of_the_plain_loop(skip, market, told):
    replayed = played(market, skip=skip)

    assert not replayed.failures
    for seat in told.seats:
        where = f"{seat.idea.name} {seat.symbol}"
        mine = [
            row
            for row in replayed.rows
            if (row.strategy, row.symbol) == (seat.idea.name, seat.symbol)
        ]
        assert differences(seat.trades, trades_of(mine)) == [], where
        rejected = [row for row in mine if row.kind == "rejected"]
        assert [(row.ts_ms, row.data["rule"]) for row in rejected] == seat.refused, where
        cancelled = [row.ts_ms for row in mine if row.kind == "cancelled"]
        assert cancelled == seat.cancelled, where


@pytest.mark.slow
def test_refusals_name_the_profile_and_say_why(market, told):
    replayed = played(market)

    rejected = [row for row in replayed.rows if row.kind == "rejected"]
    assert len(rejected) == sum(len(seat.refused) for seat in told.seats)
    for row in rejected:
        assert row.data["detail"].startswith("profile 'careful': ")
        assert "must be" in row.data["detail"]
        assert row.data.get("order", "entry") in ("entry", "average")


@pytest.mark.slow
def test_what_the_plain_loop_did_is_not_nothing(told):
    for name, trades in TRADES.items():
        seats = [seat for seat in told.seats if seat.idea.name == name]
        assert tuple(len(seat.trades) for seat in seats) == trades
        counted = (sum(len(trade["entries"]) for trade in seat.trades) for seat in seats)
        assert tuple(counted) == ENTRIES[name]
        assert Counter(rule for seat in seats for _, rule in seat.refused) == REFUSED[name]
    assert {trade["reason"] for seat in told.seats for trade in seat.trades} == {
        "take_profit",
        "stop_loss",
        "time_expired",
        "frame_end",
    }
    assert told.most_positions == POSITIONS
    assert 0.9 * EXPOSURE < told.most_at_stake <= EXPOSURE


@pytest.mark.slow
def test_without_the_profile_far_more_is_at_stake(market):
    """The limits of the file bind: the same two strategies without it go far beyond them."""
    free = [replace(each, risk=()) for each in (dips, breakouts)]

    replayed = played(market, strategies=free)

    assert careful in dips.risk
    assert careful in breakouts.risk
    assert not [row for row in replayed.rows if row.kind == "rejected"]
    held = most = 0.0
    for row in replayed.rows:
        if row.kind in ("opened", "averaged"):
            held += row.data["cost"]
        elif row.kind == "closed":
            held -= row.data["cost"]
        most = max(most, held)
    assert most > 1.5 * EXPOSURE
