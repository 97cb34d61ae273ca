"""Every symbol signals in the same minute: who is served, who is not and why, and always the same.

Each wants 300 out of 1000 at a flat price of 100, so that cash covers three.
"""

import random

import pytest

from tests.unit.drivers.minutes import FREE, candles, minute_of, play
from tradekit.api import rules
from tradekit.api.declare import strategy
from tradekit.api.risk import Risk
from tradekit.domain.costs import CostModel
from tradekit.domain.journal import Phase, event_line
from tradekit.domain.signal import Signal

SYMBOLS = tuple(f"{letter}USDT" for letter in "ABCDEFGHI")
SIGNALS_AT = 3
PAID = CostModel(0.0, 0.1, 0.0, 0.0)
ORDERS = [SYMBOLS, SYMBOLS[::-1], tuple(random.Random(5).sample(SYMBOLS, len(SYMBOLS)))]

WAYS = pytest.mark.parametrize("skip", [True, False])
IN_ANY_ORDER = pytest.mark.parametrize("order", ORDERS, ids=["up", "down", "mixed"])
THREE = pytest.mark.parametrize(
    "rule",
    [rules.max_open_positions(3), rules.max_exposure(1000), rules.max_orders(3)],
    ids=lambda rule: rule.__name__,
)


def stormed(order, *, risk=(), costs=FREE, capital=1000.0, entry=None, skip=True):
    """Replay the minute in which all of them signal."""

    @strategy("storm", risk=risk, hold=60, cost=300)
    def storm(ctx):
        return Signal.long(entry=entry) if minute_of(ctx.now) == SIGNALS_AT else None

    # The price of 99 is there once, in the minute after they signalled.
    series = candles(m4=(100.0, 100.0, 99.0, 100.0))
    return play(storm, dict.fromkeys(order, series), costs=costs, capital=capital, skip=skip)


def told(replayed, kind):
    return [(row.ts_ms, row.symbol) for row in replayed.rows if row.kind == kind]


def symbols_of(replayed, kind):
    return tuple(row.symbol for row in replayed.rows if row.kind == kind)


def refusals(replayed):
    """Return rule and detail of all that was refused, each once."""
    return {
        (row.data["rule"], row.data["detail"]) for row in replayed.rows if row.kind == "rejected"
    }


@WAYS
@IN_ANY_ORDER
def test_cash_serves_the_first_three_of_the_run_and_tells_the_others(skip, order):
    replayed = stormed(order, costs=PAID, skip=skip)

    assert symbols_of(replayed, "submitted") == order
    assert symbols_of(replayed, "opened") == order[:3]
    assert symbols_of(replayed, "rejected") == order[3:]
    # Three times 300 and a fee of 0.1 % are gone.
    cash = 1000.0 - 300.3 - 300.3 - 300.3
    detail = f"cost and fee were 300.3, must be at most the free cash {cash!r}"
    assert refusals(replayed) == {("insufficient_cash", detail)}
    assert {row.phase for row in replayed.rows if row.kind == "rejected"} == {Phase.OPEN}


@WAYS
@IN_ANY_ORDER
def test_entries_that_wait_for_the_same_price_are_served_likewise(skip, order):
    replayed = stormed(order, entry=99, skip=skip)

    assert symbols_of(replayed, "scheduled") == order
    assert symbols_of(replayed, "opened") == order[:3]
    assert symbols_of(replayed, "rejected") == order[3:]
    assert {minute_of(ts_ms) for ts_ms, _ in told(replayed, "opened")} == {SIGNALS_AT + 2}


@WAYS
@IN_ANY_ORDER
@THREE
def test_a_profile_lets_the_first_three_pass_and_tells_the_others(skip, order, rule):
    replayed = stormed(order, risk=Risk("three", [rule]), capital=9000.0, skip=skip)

    assert symbols_of(replayed, "submitted") == order[:3]
    assert symbols_of(replayed, "opened") == order[:3]
    assert symbols_of(replayed, "rejected") == order[3:]
    said = {
        "max_open_positions": "3 positions are open or wanted, must be at most 3",
        "max_exposure": "exposure would be 1200, must be at most 1000",
        "max_orders": "3 orders within 1h, must be fewer than 3",
    }
    name = rule.__name__
    assert refusals(replayed) == {(name, f"profile 'three': {said[name]}")}
    assert {row.phase for row in replayed.rows if row.kind == "rejected"} == {Phase.DECISION}


@WAYS
@THREE
def test_what_cash_would_refuse_is_never_sent_where_a_profile_does(skip, rule):
    replayed = stormed(SYMBOLS, risk=Risk("three", [rule]), costs=PAID, skip=skip)

    assert {name for name, _ in refusals(replayed)} == {rule.__name__}
    assert symbols_of(replayed, "opened") == SYMBOLS[:3]


@IN_ANY_ORDER
@pytest.mark.parametrize("risk", [(), Risk("three", [rules.max_open_positions(3)])])
def test_it_is_the_same_three_every_time(order, risk):
    runs = [
        [event_line(row) for row in stormed(order, risk=risk, costs=PAID, skip=skip).rows]
        for skip in (True, True, False)
    ]

    assert runs[0] == runs[1] == runs[2]


@WAYS
@pytest.mark.parametrize("capital", [1000.0, 9000.0])
def test_two_strategies_take_turns_in_each_symbol(skip, capital):
    @strategy("one", cost=300, risk=(both := Risk("three", [rules.max_open_positions(3)])))
    def one(ctx):
        return Signal.long() if minute_of(ctx.now) == SIGNALS_AT else None

    @strategy("two", cost=300, risk=both)
    def two(ctx):
        return Signal.short() if minute_of(ctx.now) == SIGNALS_AT else None

    series = dict.fromkeys(SYMBOLS, candles())
    replayed = play([one, two], series, capital=capital, skip=skip)

    opened = [(row.symbol, row.strategy) for row in replayed.rows if row.kind == "opened"]
    assert opened == [("AUSDT", "one"), ("AUSDT", "two"), ("BUSDT", "one")]
    assert len(symbols_of(replayed, "rejected")) == 2 * len(SYMBOLS) - 3


@WAYS
def test_cash_that_exits_free_at_that_open_serves_entries_of_the_same_open(skip):
    # Held for three minutes, the first three end at the open at which all sent anew want in.
    @strategy("storm", hold=3, cost=300)
    def storm(ctx):
        early = ctx.symbol in SYMBOLS[-3:]
        return Signal.long() if minute_of(ctx.now) == (0 if early else SIGNALS_AT) else None

    replayed = play(storm, dict.fromkeys(SYMBOLS, candles()), capital=1000.0, skip=skip)

    assert symbols_of(replayed, "opened") == (*SYMBOLS[-3:], *SYMBOLS[:3])
    assert symbols_of(replayed, "rejected") == SYMBOLS[3:6]


@WAYS
def test_positions_on_their_way_out_keep_their_places_until_they_are_gone(skip):
    @strategy("storm", hold=3, cost=300, risk=Risk("three", [rules.max_open_positions(3)]))
    def storm(ctx):
        early = ctx.symbol in SYMBOLS[-3:]
        minutes = (0,) if early else (SIGNALS_AT, SIGNALS_AT + 1)
        return Signal.long() if minute_of(ctx.now) in minutes else None

    replayed = play(storm, dict.fromkeys(SYMBOLS, candles()), skip=skip)

    # At 3 they are still there when the others ask, and gone when those ask again.
    assert [(minute_of(ts_ms), symbol) for ts_ms, symbol in told(replayed, "opened")] == [
        *((0, symbol) for symbol in SYMBOLS[-3:]),
        *((SIGNALS_AT + 1, symbol) for symbol in SYMBOLS[:3]),
    ]
    assert len(symbols_of(replayed, "rejected")) == 6 + 3
