"""What must hold of risk profiles in every world, whatever its candles and its strategies."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from zlib import crc32

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.risk_worlds import (
    Stake,
    by_cost,
    fine,
    lines,
    run,
    stakes_at,
    strategy_of,
    streams,
    turned,
)
from tests.support.oracle_manage_worlds import managed_worlds
from tradekit.api import rules
from tradekit.api.risk import Risk
from tradekit.domain.journal import Phase

EXAMPLES = 60
CHECKS = settings(max_examples=EXAMPLES, phases=[Stage.generate, Stage.shrink])

ROOMY = managed_worlds(symbols_max=4).map(fine)
SHORT = managed_worlds(symbols_max=3, cash_is_short=True).map(fine)
TRAILED = managed_worlds(symbols_max=3, trailed=True).map(fine)
FRACTIONS = st.one_of(st.none(), st.floats(0.0, 1.0))

COUNTS = st.sampled_from([1, 2, 3])
AMOUNTS = st.sampled_from([150.0, 240.0, 400.0])
LIMITS = st.fixed_dictionaries({"positions": COUNTS, "exposure": AMOUNTS, "symbol": AMOUNTS})


def limited(limits, name="limits"):
    """Return a profile with those limits."""
    return Risk(
        name,
        [
            rules.max_open_positions(limits["positions"]),
            rules.max_exposure(limits["exposure"]),
            rules.max_symbol_exposure(limits["symbol"]),
        ],
    )


def moody(ask):
    """Refuse a part of what is asked, by all of what is shown."""
    return "in a mood" if crc32(repr(ask).encode()) % 4 == 0 else None


def picky(ask):
    """Refuse a part of what is asked, by nothing that is shared."""
    return "not that" if crc32(repr((ask.symbol, ask.now)).encode()) % 4 == 0 else None


def failing(managed, fraction):
    """Return a symbol, and from when on its strategy fails there."""
    world = managed.world
    if fraction is None:
        return None
    return "S0USDT", world.since_ms + int(fraction * (world.until_ms - world.since_ms))


def pair(managed, *risk, fails=None):
    """Return two strategies that do different things, under the same profiles."""
    return [
        strategy_of(managed, *risk, name="one", fails=fails),
        strategy_of(turned(managed), *risk, name="two"),
    ]


def refusals(replayed, *names):
    return sum(row.kind == "rejected" and row.data["rule"] in names for row in replayed.rows)


# --- what is shown is what is there -----------------------------------------------------------


def assert_shown(replayed, asks, order):
    """Check that each question showed what rows tell of that time, and nothing else."""
    for ask in asks:
        there = stakes_at(replayed, ask, order)
        mine = there.pop((ask.symbol, ask.strategy), Stake())
        told = {key: stake.shown() for key, stake in there.items() if stake.shown() is not None}
        seen = {
            (each.symbol, each.strategy): (
                each.direction,
                pytest.approx(each.cost, rel=1e-9),
                each.stop_loss_price,
                each.is_open,
            )
            for each in ask.exposures
        }
        assert seen == told
        assert list(seen) == list(told)
        assert all(each.is_open or each.pnl == 0.0 for each in ask.exposures)
        if ask.kind == "entry":
            assert ask.own is None
        else:
            assert ask.own.direction == mine.direction


@pytest.mark.parametrize("drawn", [ROOMY, TRAILED], ids=["plain", "trailed"])
def test_no_reservation_outlives_its_signal(drawn):
    """Whatever is refused, cancelled, closed or fails is not shown any more, all else is."""
    seen = Counter()

    @CHECKS
    @given(drawn, FRACTIONS, st.booleans())
    def look(managed, fraction, several):
        asks = []
        risk = Risk("ear", [asks.append, moody])
        fails = failing(managed, fraction)
        alone = [strategy_of(managed, risk, name="one", fails=fails)]
        chosen = pair(managed, risk, fails=fails) if several else alone
        replayed = run(managed, chosen)

        assert_shown(replayed, asks, [each.name for each in chosen])
        left = {}
        for row in replayed.rows:
            left.setdefault((row.strategy, row.symbol), Stake()).take(row)
        assert all(stake.shown() is None for stake in left.values())
        seen.update(row.kind for row in replayed.rows)
        seen["refused"] += refusals(replayed, "moody")
        seen["asked"] += len(asks)
        seen["shown"] += sum(len(ask.exposures) for ask in asks)
        seen.update(each.is_open for ask in asks for each in ask.exposures)

    look()
    for kind in ("refused", "cancelled", "averaged", "partial", "closed", "failed", True, False):
        assert seen[kind] > EXAMPLES / 30, kind
    assert seen["shown"] > EXAMPLES


# --- limits are limits ------------------------------------------------------------------------


def assert_within(rows, limits, *, several):
    """Check the limits after every row by a plain loop over what rows tell.

    Two strategies in one symbol number their rows each for itself: there it is the turn of the
    symbol that counts, not a row.
    """
    stakes: dict[tuple[str, str], Stake] = {}
    turns = (
        [list(turn) for _, turn in groupby(rows, lambda row: row[:3])]
        if several
        else [[row] for row in rows]
    )
    highest = 0.0
    for turn in turns:
        for row in turn:
            stakes.setdefault((row.strategy, row.symbol), Stake()).take(row)
        there = {key: each.cost for key, each in stakes.items() if each.shown() is not None}
        highest = max(highest, sum(there.values()))
        assert len(there) <= limits["positions"]
        assert sum(there.values()) <= limits["exposure"] * (1.0 + 1e-9)
        for symbol in {symbol for _, symbol in there}:
            in_symbol = sum(cost for key, cost in there.items() if key[1] == symbol)
            assert in_symbol <= limits["symbol"] * (1.0 + 1e-9)
    return highest


@pytest.mark.parametrize("several", [False, True])
def test_limits_are_never_exceeded_at_any_instant_of_any_run(several):
    seen = Counter()

    @CHECKS
    @given(ROOMY, LIMITS, FRACTIONS)
    def look(managed, limits, fraction):
        risk, fails = limited(limits), failing(managed, fraction)
        chosen = pair(managed, risk, fails=fails) if several else strategy_of(managed, risk)
        replayed = run(managed, chosen)

        highest = assert_within(replayed.rows, limits, several=several)
        seen["reached"] += highest > 0.8 * limits["exposure"]
        seen.update(row.data["rule"] for row in replayed.rows if row.kind == "rejected")
        seen.update(row.kind for row in replayed.rows)
        seen["average refused"] += sum(
            row.data.get("order") == "average" and row.phase == Phase.DECISION
            for row in replayed.rows
            if row.kind == "rejected"
        )

    look()
    assert seen["reached"] > EXAMPLES / 10
    for each in ("max_open_positions", "max_exposure", "max_symbol_exposure", "average refused"):
        assert seen[each] > EXAMPLES / 10, each
    assert seen["averaged"] > EXAMPLES / 5


def test_limits_hold_where_cash_is_short_too():
    seen = Counter()

    @CHECKS
    @given(SHORT, LIMITS)
    def look(managed, limits):
        rows = run(managed, strategy_of(managed, limited(limits))).rows

        assert_within(rows, limits, several=False)
        seen.update(row.data["rule"] for row in rows if row.kind == "rejected")

    look()
    assert seen["insufficient_cash"] > EXAMPLES / 5
    assert seen["max_exposure"] > EXAMPLES / 10


# --- what a result depends on -----------------------------------------------------------------


@CHECKS
@given(ROOMY.map(by_cost), st.booleans(), st.randoms(use_true_random=False))
def test_the_order_of_symbols_means_nothing_where_nothing_is_shared(managed, judged, random):
    own = Risk("own", [picky, rules.min_stop_distance(1)])
    chosen = strategy_of(managed, *([own] if judged else []))
    symbols = list(managed.world.candles)
    random.shuffle(symbols)

    assert streams(run(managed, chosen)) == streams(run(managed, chosen, symbols=symbols))


@pytest.mark.parametrize("rule", [None, moody], ids=["limits", "moods"])
def test_the_result_is_the_same_on_every_run_and_whatever_is_skipped(rule):
    refused = 0

    @CHECKS
    @given(st.one_of(ROOMY, SHORT, TRAILED), LIMITS, FRACTIONS)
    def look(managed, limits, fraction):
        nonlocal refused
        risk, fails = Risk("moods", [rule]) if rule else limited(limits), failing(managed, fraction)
        first = run(managed, pair(managed, risk, fails=fails))

        assert lines(first) == lines(run(managed, pair(managed, risk, fails=fails)))
        assert lines(first) == lines(run(managed, pair(managed, risk, fails=fails), skip=False))
        refused += refusals(first, "moody", "max_exposure", "max_open_positions")

    look()
    assert refused > EXAMPLES


@CHECKS
@given(st.one_of(ROOMY, SHORT, TRAILED).map(by_cost), st.booleans())
def test_a_profile_that_always_allows_changes_nothing(managed, several):
    asks = []
    profiles = [Risk("always", [asks.append]), Risk("empty"), Risk("wide", [lambda ask: None])]
    plain, judged = run(managed, pair(managed)), run(managed, pair(managed, *profiles))
    if not several:
        plain = run(managed, strategy_of(managed))
        judged = run(managed, strategy_of(managed, *profiles))

    assert lines(judged) == lines(plain)
    sent = sum(row.kind in ("submitted", "scheduled", "activated") for row in judged.rows)
    sent += sum(row.kind == "average_submitted" for row in judged.rows)
    assert len(asks) >= sent


@CHECKS
@given(ROOMY.map(by_cost), LIMITS, st.booleans(), FRACTIONS)
def test_strategies_that_share_nothing_do_together_what_each_does_alone(
    managed, limits, judged, fraction
):
    first, second = ([limited(limits, name)] if judged else [] for name in ("mine", "yours"))
    one = strategy_of(managed, *first, name="one", fails=failing(managed, fraction))
    two = strategy_of(turned(managed), *second, name="two")

    together = run(managed, [one, two])

    alone = run(managed, one), run(managed, two)
    assert streams(together) == streams(alone[0]) | streams(alone[1])
    assert len(together.failures) == len(alone[0].failures) + len(alone[1].failures)


def test_a_shared_profile_ties_strategies_together():
    """What the law before this one rests on: with one profile for both it does not hold."""
    differ = 0

    @CHECKS
    @given(ROOMY.map(by_cost), LIMITS)
    def look(managed, limits):
        nonlocal differ
        one, two = pair(managed, limited(limits))
        alone = streams(run(managed, one)) | streams(run(managed, two))
        differ += streams(run(managed, [one, two])) != alone

    look()
    assert differ > EXAMPLES / 3
