"""The engine and the oracle do the same in every nasty little world, skipping or stepping."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import worlds
from tests.support.oracle import Oracle, run_together
from tests.support.oracle_bridge import differences, to_series, trades_of
from tests.support.oracle_engine import Player, as_strategy, told_by_journal, told_by_oracle
from tests.support.oracle_terms import Outcome, Purse
from tests.support.oracle_worlds import World, interval_name, rule_of
from tests.support.oracle_worlds import worlds as drawn
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument

EXAMPLES = 300


def told(world: World, *, target_first: bool = False) -> dict[str, Outcome]:
    """Run the oracle, all symbols out of one purse."""
    purse = Purse(world.capital)
    oracles = [
        Oracle(
            candles,
            world.script(symbol),
            world.since_ms,
            world.until_ms,
            interval_ms=world.interval_ms,
            costs=world.costs,
            purse=purse,
            lot_size=world.lot_size,
            target_first=target_first,
        )
        for symbol, candles in world.candles.items()
    ]
    return dict(zip(world.candles, run_together(oracles), strict=True))


def run(world: World, *, skip: bool, target_first: bool):
    asked = {}
    costs = world.costs
    players = {
        symbol: Player(world.script(symbol), candles) for symbol, candles in world.candles.items()
    }
    replayed = worlds.run(
        as_strategy(players, hooked=world.hooked, asked=asked),
        {
            symbol: to_series(candles, world.interval_ms)
            for symbol, candles in world.candles.items()
        },
        since_ms=world.since_ms,
        until_ms=world.until_ms,
        base=interval_name(world.interval_ms),
        capital=world.capital,
        costs=CostModel(
            costs.maker_fee_pct,
            costs.taker_fee_pct,
            costs.slippage_pct,
            costs.limit_slippage_pct,
        ),
        instruments={
            symbol: Instrument(symbol, lot_size=world.lot_size) for symbol in world.candles
        },
        skip=skip,
        target_first=target_first,
    )
    return replayed, asked


def assert_same(world: World, *, target_first: bool = False) -> None:
    outcomes = told(world, target_first=target_first)
    skipped, asked = run(world, skip=True, target_first=target_first)
    stepped, asked_stepping = run(world, skip=False, target_first=target_first)
    assert not skipped.failures
    ambiguous = sum(outcome.ambiguous_candles for outcome in outcomes.values())
    assert skipped.ambiguous_candles == stepped.ambiguous_candles == ambiguous
    assert skipped.rows == stepped.rows
    assert asked == asked_stepping
    for symbol, outcome in outcomes.items():
        assert asked.get(symbol, []) == outcome.asked
        # What a close earned is compared below, with everything else of the trade.
        want = [rule_of(each)[:4] for each in told_by_oracle(outcome)]
        assert [rule_of(each)[:4] for each in told_by_journal(skipped.rows, symbol)] == want
        assert differences(outcome.trades, trades_of(skipped.rows, symbol)) == []


def test_the_worlds_are_nasty():
    """Every way in and out occurs, often enough that agreement on it means something."""
    seen = Counter()

    @settings(max_examples=EXAMPLES)
    @given(drawn(symbols_max=2, cash_is_short=True))
    def look(world):
        for outcome in told(world).values():
            seen.update(f"{kind} {what}" for kind, _, what in outcome.events if type(what) is str)
            seen.update(trade["reason"] for trade in outcome.trades)
            for trade in outcome.trades:
                seen["ambiguous"] += trade["ambiguous"]
                seen["in and out at once"] += trade["entry_ts_ms"] == trade["exit_ts_ms"]
                seen[trade["direction"]] += 1
        for outcome in told(world, target_first=True).values():
            seen["kinder way"] += outcome.ambiguous_candles

    look()
    expected = {
        *("stop_loss", "take_profit", "time_expired", "closed", "frame_end", "long", "short"),
        *(
            "cancelled timeout",
            "cancelled frame_end",
            "ambiguous",
            "in and out at once",
            "kinder way",
        ),
        *("rejected gap_reject", "rejected insufficient_cash", "rejected signal"),
    }
    assert {name for name in expected if seen[name] < 20} == set()


@settings(max_examples=EXAMPLES)
@given(drawn(), st.booleans())
def test_one_symbol(world, target_first):
    assert_same(world, target_first=target_first)


@settings(max_examples=EXAMPLES)
@given(drawn(cash_is_short=True), st.booleans())
def test_one_symbol_that_runs_out_of_cash(world, target_first):
    assert_same(world, target_first=target_first)


@settings(max_examples=EXAMPLES)
@given(drawn(symbols_max=3), st.booleans())
def test_symbols_that_share_an_account_with_room_for_all(world, target_first):
    assert_same(world, target_first=target_first)


@settings(max_examples=EXAMPLES)
@given(drawn(symbols_max=3, cash_is_short=True), st.booleans())
def test_symbols_that_compete_for_one_account(world, target_first):
    assert_same(world, target_first=target_first)


@settings(max_examples=EXAMPLES)
@given(drawn(symbols_max=2, cash_is_short=True))
def test_without_an_ambiguous_candle_both_paths_are_one(world):
    harsh, _ = run(world, skip=True, target_first=False)
    kind, _ = run(world, skip=True, target_first=True)

    assert (harsh.ambiguous_candles == 0) == (kind.ambiguous_candles == 0)
    assert harsh.ambiguous_candles or harsh.rows == kind.rows
