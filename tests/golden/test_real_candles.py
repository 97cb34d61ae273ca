"""The shipped strategies on real candles, trade by trade against `tests.support.oracle`.

Eight USDT-M perpetuals, minute by minute from 2025-05-05 to 2025-06-03 UTC, in one account. The
candles begin with the frame and there is none before it, so the first question comes at the second
candle, or when the warm-up is there. Cash never falls short, but for `sma_cross`: it reserves 1,000
a symbol and loses, so that the account cannot carry all eight to the end.
"""

import importlib.util
import sys
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support import worlds
from tests.support.oracle import Oracle, run_together
from tests.support.oracle_bridge import differences, to_series, trades_of
from tests.support.oracle_strategies import Bracket, Breakout, DipLimit, SmaCross, read_candles
from tests.support.oracle_terms import Candles, Decider, Outcome, Purse
from tradekit.api.declare import Strategy

STRATEGIES = Path(__file__).resolve().parents[2] / "strategies"
SINCE_MS = 1_746_403_200_000  # 2025-05-05T00:00:00Z
UNTIL_MS = 1_748_908_800_000  # 2025-06-03T00:00:00Z
CANDLES_A_SYMBOL = 41_760
CAPITAL = 10_000.0
SYMBOLS = ("AVAX", "BNB", "BTC", "ETH", "LINK", "SOL", "SUI", "XRP")


class Case(NamedTuple):
    """What is run and how much must come of it, so that nothing passes by being empty."""

    decider: type[Decider]
    trades: tuple[int, ...]
    reasons: set[str]
    refused: int = 0


BRACKETED = {"stop_loss", "take_profit", "time_expired", "frame_end"}
TURNED = {"closed", "frame_end"}

# Trades of AVAX, BNB, …, XRP, and entries refused for want of cash, as the oracle counts them.
CASES = {
    "bracket": Case(Bracket, (338, 88, 61, 259, 274, 238, 408, 187), BRACKETED),
    "dip_limit": Case(DipLimit, (248, 65, 65, 192, 235, 199, 319, 146), BRACKETED),
    "breakout": Case(Breakout, (40, 22, 23, 38, 31, 36, 44, 32), BRACKETED),
    "sma_cross": Case(
        SmaCross, (106, 108, 112, 104, 107, 98, 93, 78), {"closed", "frame_end"}, refused=50
    ),
}


@pytest.fixture(scope="module")
def market(shared_data) -> dict[str, Candles]:
    """Return the candles of all eight symbols as plain lists."""
    folder = shared_data / "candles" / "binance-usdm"
    files = {name: folder / f"{name}USDT-1m-20250505_20250602.csv.gz" for name in SYMBOLS}
    return {f"{name}USDT": read_candles(file) for name, file in files.items()}


def load(name: str) -> Strategy:
    spec = importlib.util.spec_from_file_location(f"shipped_{name}", STRATEGIES / f"{name}.py")
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (found,) = (each for each in vars(module).values() if isinstance(each, Strategy))
    return found


@pytest.fixture(scope="module")
def told(market):
    """Return a function that runs the oracle over all symbols, once a strategy."""

    @cache
    def run(name: str) -> dict[str, Outcome]:
        decider, purse = CASES[name].decider, Purse(CAPITAL)
        oracles = [
            Oracle(candles, decider(), SINCE_MS, UNTIL_MS, purse=purse)
            for candles in market.values()
        ]
        return dict(zip(market, run_together(oracles), strict=True))

    return run


def test_the_frame_is_whole(market):
    for candles in market.values():
        assert len(candles.ts_ms) == CANDLES_A_SYMBOL
        assert (candles.ts_ms[0], candles.ts_ms[-1]) == (SINCE_MS, UNTIL_MS - 60_000)


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_trades_are_those_of_the_oracle(name, market, told):
    case, strategy = CASES[name], load(name)
    replayed = worlds.run(
        strategy,
        {symbol: to_series(candles) for symbol, candles in market.items()},
        since_ms=SINCE_MS + strategy.warmup_ms,  # a warm-up that is not there takes from the frame
        until_ms=UNTIL_MS,
        capital=CAPITAL,
    )
    assert not replayed.failures
    assert_cash_stays_above_zero(replayed.rows)
    refused = [row.data["rule"] for row in replayed.rows if row.kind == "rejected"]
    assert refused == ["insufficient_cash"] * case.refused
    reasons = set()
    for (symbol, outcome), count in zip(told(name).items(), case.trades, strict=True):
        actual = trades_of(replayed.rows, symbol)
        assert differences(outcome.trades, actual) == [], symbol
        assert len(actual) == count
        mine = [row for row in replayed.rows if row.symbol == symbol]
        for kind in ("scheduled", "opened", "cancelled", "rejected"):
            assert sum(row.kind == kind for row in mine) == outcome.count(kind), (symbol, kind)
        reasons |= {trade["reason"] for trade in actual}
    assert reasons == case.reasons


def assert_cash_stays_above_zero(rows):
    """Add up by moment: rows of one open are in the order of symbols, not of exits and entries."""
    cash = CAPITAL
    for _, moment in groupby(rows, key=lambda row: (row.ts_ms, row.phase)):
        cash += sum(row.data.get("cash_delta", 0.0) for row in moment)
        assert cash > 0.0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bracket", "dip_limit"])
def test_stepping_every_candle_changes_nothing(name, market):
    one = {"SUIUSDT": to_series(market["SUIUSDT"])}
    skipped, stepped = (
        worlds.run(load(name), one, since_ms=SINCE_MS, until_ms=UNTIL_MS, skip=skip)
        for skip in (True, False)
    )
    assert len(skipped.rows) > 500
    assert skipped.rows == stepped.rows


def test_the_first_question_is_at_the_second_candle(told):
    for outcome in told("bracket").values():
        assert outcome.asked[0] == SINCE_MS + 60_000
