"""The engine and the oracle manage positions alike in every nasty little world."""

from collections import Counter

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.support import worlds
from tests.support.oracle import run_together
from tests.support.oracle_bridge import differences, to_series, trades_of
from tests.support.oracle_engine import as_signal
from tests.support.oracle_manage import ManagedOracle
from tests.support.oracle_manage_worlds import GRID, ManagedWorld, managed_worlds
from tests.support.oracle_terms import MINUTE_MS, Purse
from tests.support.oracle_worlds import interval_name, rule_of
from tradekit.api.declare import strategy
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument

EXAMPLES = 300
# Explaining a failure takes minutes here and says little.
CHECKS = settings(max_examples=EXAMPLES, phases=[Phase.generate, Phase.shrink])

# What of each kind of row belongs to the story, besides its time.
TOLD_OF = {
    "scheduled": "reference_price",
    "opened": "price",
    "averaged": "price",
    "partial": "price",
    "trailed": "new_price",
    "closed": "exit_price",
    "cancelled": "reason",
    "rejected": "rule",
}


def told(managed: ManagedWorld, *, target_first: bool = False):
    """Run the oracle, all symbols out of one purse."""
    world, purse = managed.world, Purse(managed.world.capital)
    oracles = {
        symbol: ManagedOracle(
            candles,
            managed.script(symbol),
            world.since_ms,
            world.until_ms,
            interval_ms=world.interval_ms,
            costs=world.costs,
            purse=purse,
            lot_size=world.lot_size,
            target_first=target_first,
            hook_every=managed.hook_every,
        )
        for symbol, candles in world.candles.items()
    }
    run_together(list(oracles.values()))
    return oracles, purse


def declared(managed: ManagedWorld, refused: dict):
    """Return the strategy that does what the scripts say and keeps which rules refused it."""
    world = managed.world
    scripts = {symbol: managed.script(symbol) for symbol in world.candles}
    index_of = {
        symbol: {ts_ms: i for i, ts_ms in enumerate(candles.ts_ms)}
        for symbol, candles in world.candles.items()
    }
    every_minutes = world.interval_ms // MINUTE_MS

    def where(ctx):
        symbol = ctx.symbol
        return scripts[symbol], world.candles[symbol], index_of[symbol][ctx.now]

    @strategy("scripted", every=world.every * every_minutes, hold="unlimited")
    def decide(ctx):
        script, candles, i = where(ctx)
        plan = script.answer(candles, i)
        if plan is None:
            return None
        signal = as_signal(plan)
        signal.take_profit = list(plan.targets) or None
        signal.trail_pct, signal.trail_after_pct = plan.trail_pct, plan.trail_after_pct
        return signal

    def manage(ctx, position):
        script, candles, i = where(ctx)
        for ask in script.acts(candles, i, position.direction):
            outcome = act(position, ask)
            if not outcome:
                refused.setdefault(ctx.symbol, []).append((ctx.now, outcome.rule))

    def change(ctx, order):
        script, candles, i = where(ctx)
        wish = script.waits(candles, i)
        if wish:
            outcome = {"cancel": order.cancel, "fill_now": order.fill_now}[wish]()
            assert outcome or (wish, outcome.rule) == ("fill_now", "price_passed")

    hook_every = None if managed.hook_every == 1 else managed.hook_every * every_minutes
    decide.while_open(every=hook_every)(manage)
    decide.while_waiting(change)
    return decide


def act(position, ask):
    if ask.kind == "average_buy":
        return position.average_buy(
            ask.cost,
            limit=ask.price,
            mode=ask.mode,
            max_entries=ask.max_entries,
            max_cost=ask.max_cost,
        )
    if ask.kind == "close_part":
        return position.close_part(pct=ask.pct, cost=ask.cost if ask.pct is None else None)
    if ask.kind == "trail_stop":
        return position.trail_stop(price=ask.price, pct=ask.pct, loosen=ask.loosen)
    if ask.kind == "trail_target":
        return position.trail_target(price=ask.price, pct=ask.pct)
    return getattr(position, ask.kind)()


def run(managed: ManagedWorld, *, skip: bool, target_first: bool):
    world, refused = managed.world, {}
    costs = world.costs
    replayed = worlds.run(
        declared(managed, refused),
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
            symbol: Instrument(symbol, tick_size=GRID, lot_size=world.lot_size)
            for symbol in world.candles
        },
        skip=skip,
        target_first=target_first,
    )
    return replayed, refused


def story_of(rows, symbol):
    """Return (kind, time, price or rule) of each row that the oracle has a word for."""
    told = []
    for row in rows:
        if row.kind in TOLD_OF and row.symbol == symbol:
            more = f" {row.data['order']}" if row.kind == "trailed" else ""
            told.append(rule_of((row.kind + more, row.ts_ms, row.data[TOLD_OF[row.kind]])))
    return told


def assert_same(managed: ManagedWorld, *, target_first: bool = False) -> None:
    oracles, purse = told(managed, target_first=target_first)
    skipped, refused = run(managed, skip=True, target_first=target_first)
    stepped, refused_stepping = run(managed, skip=False, target_first=target_first)
    assert not skipped.failures
    assert skipped.rows == stepped.rows
    assert refused == refused_stepping
    for symbol, oracle in oracles.items():
        assert refused.get(symbol, []) == oracle.refused
        assert story_of(skipped.rows, symbol) == [rule_of(each) for each in oracle.out.events]
        assert differences(oracle.out.trades, trades_of(skipped.rows, symbol)) == []
    ambiguous = sum(oracle.out.ambiguous_candles for oracle in oracles.values())
    assert skipped.ambiguous_candles == stepped.ambiguous_candles == ambiguous
    booked = sum(row.data.get("cash_delta", 0.0) for row in skipped.rows)
    assert managed.world.capital + booked == pytest.approx(purse.cash, rel=1e-9, abs=1e-6)


def test_the_worlds_are_nasty():
    """Everything that can be done to a position happens, and each rule refuses, often enough."""
    seen = Counter()

    @settings(CHECKS, max_examples=2 * EXAMPLES)
    @given(managed_worlds(symbols_max=2, cash_is_short=True))
    def look(managed):
        oracles, _ = told(managed)
        for oracle in oracles.values():
            seen.update(kind for kind, _, _ in oracle.out.events)
            seen.update(rule for _, rule in oracle.refused)
            for trade in oracle.out.trades:
                seen[trade["direction"]] += 1
                seen["ambiguous"] += trade["ambiguous"]
                seen["averaged " + trade["reason"]] += len(trade["entries"]) > 1
                seen["in parts " + trade["reason"]] += len(trade["exits"]) > 1

    look()
    expected = {
        *("averaged", "partial", "trailed stop", "trailed target", "long", "short", "ambiguous"),
        *("average_pending", "beyond_stop", "max_cost", "max_entries", "more_than_held"),
        *("not_a_new_extreme", "not_below_effective", "not_moved", "not_tighter", "stop_passed"),
        *("already_closing", "several_targets", "stop_too_far", "target_passed"),
        *("below_lot_size", "cancelled", "rejected"),
        *(f"averaged {reason}" for reason in ("stop_loss", "take_profit", "closed", "frame_end")),
        *(f"in parts {reason}" for reason in ("stop_loss", "take_profit", "closed", "frame_end")),
    }
    assert {name for name in expected if seen[name] < 5} == set()


@CHECKS
@given(managed_worlds(), st.booleans())
def test_one_symbol(managed, target_first):
    assert_same(managed, target_first=target_first)


@CHECKS
@given(managed_worlds(symbols_max=2, cash_is_short=True), st.booleans())
def test_symbols_that_compete_for_one_account(managed, target_first):
    assert_same(managed, target_first=target_first)


@CHECKS
@given(managed_worlds(symbols_max=2, trailed=True), st.booleans())
def test_stops_that_follow(managed, target_first):
    assert_same(managed, target_first=target_first)
