"""Rows beyond 12.3: what the two halves of a minute decide, each first worked out by hand.

Of minute T the first half knows nothing: timers, hooks, the question. The second half shows candle
T to the orders: at the open (labelled T), then inside (labelled T + 1). So what leaves a symbol
flat in the first half lets it be asked at T; what the open does is found one minute later.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from tests.support import worlds
from tests.support.oracle import Oracle
from tests.support.oracle_bridge import Prices, at, differences, minutes, same, to_series, trades_of
from tests.support.oracle_engine import Player, as_strategy, told_by_journal, told_by_oracle
from tests.support.oracle_strategies import Scripted
from tests.support.oracle_terms import MINUTE_MS, Plan
from tradekit import Signal, strategy

COSTS_ONLY = -0.399600399600  # a long closed where it was opened


@dataclass(frozen=True)
class Row:
    """What is asked for: a plan, or a function of the last close; once unless `repeat`."""

    plan: Plan | Callable[[float], Plan]
    candles: dict[int, Prices]
    events: list[tuple]
    single: dict[int, Prices] = field(default_factory=dict)
    frame: int = 12
    close_at: int | None = None
    repeat: bool = True
    missing: frozenset[int] = frozenset()
    every: int = 1


def long(stop, target, hold=None, **more) -> Plan:
    hold_ms = None if hold is None else hold * MINUTE_MS
    return Plan("long", stop, target, hold_ms=hold_ms, **more)


def around(price: float) -> Plan:
    """A long with its stop 5 % below and its target 10 % above the last close."""
    return long(price * 0.95, price * 1.10)


def around_for_five_minutes(price: float) -> Plan:
    return long(price * 0.95, price * 1.10, hold=5)


def resting(entry, entry_type, wait=120) -> dict:
    return {"entry": entry, "entry_type": entry_type, "wait_ms": wait * MINUTE_MS}


FLAT = {-99: 100.0}
OPENED = ("opened", 0, 100.0)

ROWS = {
    # The question of minute 7 came before its open did: asked again at 8 only.
    "stop gapped at the open, asked one minute later": Row(
        around,
        {-99: 100.0, 7: 90.0},
        [
            OPENED,
            ("closed", 7, 90.0, "stop_loss", -10.369640359640),
            ("opened", 8, 90.0),
            ("closed", 12, 90.0, "frame_end", COSTS_ONLY),
        ],
    ),
    "target gapped at the open, asked one minute later": Row(
        around,
        {-99: 100.0, 7: 120.0},
        [
            OPENED,
            ("closed", 7, 110.00000000000001, "take_profit", 9.570439560440),
            ("opened", 8, 120.0),
            ("closed", 12, 120.0, "frame_end", COSTS_ONLY),
        ],
    ),
    # Asked for at 7 with the last close at 100, refused by its guard where 7 opens; flat at 8.
    "market entry gapped beyond its stop, asked one minute later": Row(
        lambda price: replace(around(price), hold_ms=7 * MINUTE_MS),
        {-99: 100.0, 7: 90.0},
        [
            OPENED,
            ("closed", 7, 90.0, "stop_loss", -10.369640359640),
            ("rejected", 7, "gap_reject"),
            ("opened", 8, 90.0),
            ("closed", 12, 90.0, "frame_end", COSTS_ONLY),
        ],
    ),
    "stop inside, asked at the close of its candle": Row(
        long(95.0, 110.0),
        FLAT,
        [
            OPENED,
            ("closed", 8, 95.0, "stop_loss", -5.384620379620),
            ("opened", 8, 100.0),
            ("closed", 12, 100.0, "frame_end", COSTS_ONLY),
        ],
        single={7: (100.0, 100.0, 94.0, 100.0)},
    ),
    "expiry at T, asked at T": Row(
        long(90.0, 110.0, hold=5),
        FLAT,
        [
            OPENED,
            ("closed", 5, 100.0, "time_expired", COSTS_ONLY),
            ("opened", 5, 100.0),
            ("closed", 10, 100.0, "time_expired", COSTS_ONLY),
            ("opened", 10, 100.0),
            ("closed", 12, 100.0, "frame_end", COSTS_ONLY),
        ],
    ),
    # The close is accepted at 5, then minute 5 opens beyond the target: the resting target comes
    # first, and the new entry, asked for at 5 as well, is refused by its own guard.
    "expiry at T, but the open gaps the target": Row(
        around_for_five_minutes,
        {-99: 100.0, 5: 120.0},
        [
            OPENED,
            ("closed", 5, 110.00000000000001, "take_profit", 9.570439560440),
            ("rejected", 5, "gap_reject"),
            ("opened", 6, 120.0),
            ("closed", 11, 120.0, "time_expired", COSTS_ONLY),
            ("opened", 11, 120.0),
            ("closed", 12, 120.0, "frame_end", COSTS_ONLY),
        ],
    ),
    "user close at T, asked at T": Row(
        long(90.0, 110.0),
        FLAT,
        [
            OPENED,
            ("closed", 5, 100.0, "closed", COSTS_ONLY),
            ("opened", 5, 100.0),
            ("closed", 12, 100.0, "frame_end", COSTS_ONLY),
        ],
        close_at=5,
    ),
    # Slots of five minutes: flat from 5 on in the unused slot 5..9, hence asked at once.
    "user close at T of an unused slot, asked at T": Row(
        long(90.0, 110.0),
        FLAT,
        [
            OPENED,
            ("closed", 7, 100.0, "closed", COSTS_ONLY),
            ("opened", 7, 100.0),
            ("closed", 12, 100.0, "frame_end", COSTS_ONLY),
        ],
        close_at=7,
        every=5,
    ),
    "user close in a used slot, asked in the next": Row(
        long(90.0, 110.0),
        FLAT,
        [
            OPENED,
            ("closed", 3, 100.0, "closed", COSTS_ONLY),
            ("opened", 5, 100.0),
            ("closed", 12, 100.0, "frame_end", COSTS_ONLY),
        ],
        close_at=3,
        every=5,
    ),
    # A resting order cannot be taken back: it fills at 90, beyond its stop, and goes at once.
    "limit gapped beyond its stop": Row(
        long(92.0, 98.0, **resting(95.0, "limit")),
        {-99: 100.0, 8: 90.0},
        [
            ("scheduled", 0, 100.0),
            ("opened", 8, 90.0),
            ("closed", 8, 90.0, "stop_loss", COSTS_ONLY),
        ],
        repeat=False,
    ),
    "stop entry gapped beyond its target": Row(
        long(99.0, 104.0, **resting(102.0, "stop")),
        {-99: 100.0, 8: 106.0},
        [
            ("scheduled", 0, 100.0),
            ("opened", 8, 106.0),
            ("closed", 8, 106.0, "take_profit", COSTS_ONLY),
        ],
        repeat=False,
    ),
    "stop entry gapped, short of its target": Row(
        long(99.0, 110.0, **resting(102.0, "stop")),
        {-99: 100.0, 8: 106.0},
        [
            ("scheduled", 0, 100.0),
            ("opened", 8, 106.0),
            ("closed", 12, 106.0, "frame_end", COSTS_ONLY),
        ],
        repeat=False,
    ),
    # Inside its own candle an entry can be stopped but not taken off at the target.
    "stop entry touched inside, target in the same candle": Row(
        long(99.0, 104.0, **resting(102.0, "stop")),
        FLAT,
        [
            ("scheduled", 0, 100.0),
            ("opened", 9, 102.0),
            ("closed", 10, 104.0, "take_profit", 1.555309396486),
        ],
        single={8: (100.0, 105.0, 100.0, 103.0), 9: (103.0, 104.0, 103.0, 104.0)},
        repeat=False,
    ),
    "wait over at T, asked at T": Row(
        long(92.0, 98.0, **resting(95.0, "limit", wait=5)),
        FLAT,
        [
            ("scheduled", 0, 100.0),
            ("cancelled", 5, "timeout"),
            ("scheduled", 5, 100.0),
            ("cancelled", 10, "timeout"),
            ("scheduled", 10, 100.0),
            ("cancelled", 12, "frame_end"),
        ],
    ),
    # Nothing is decided in a hole; the timer runs on the clock, the order fills at the next open.
    "hold over inside a hole": Row(
        long(90.0, 110.0, hold=3),
        {-99: 100.0, 6: 101.0},
        [
            OPENED,
            ("closed", 6, 101.0, "time_expired", 0.597403596404),
        ],
        missing=frozenset((2, 3, 4, 5)),
        repeat=False,
    ),
    "stop passed inside a hole": Row(
        long(95.0, 110.0),
        {-99: 100.0, 6: 90.0},
        [OPENED, ("closed", 6, 90.0, "stop_loss", -10.369640359640)],
        missing=frozenset((2, 3, 4, 5)),
        repeat=False,
    ),
}


def scripted(row: Row) -> Scripted:
    answered = []

    def answer(candles, i):
        if answered and not row.repeat:
            return None
        answered.append(i)
        return row.plan if isinstance(row.plan, Plan) else row.plan(candles.close[i - 1])

    def close(candles, i):
        return row.close_at is not None and candles.ts_ms[i] == at(row.close_at)

    return Scripted(answer, close, every_ms=row.every * MINUTE_MS)


def candles_of(row: Row):
    return minutes(row.frame, row.candles, row.single, missing=row.missing)


def assert_told(told, events):
    assert [each[:2] for each in told] == [each[:2] for each in events]
    for got, want in zip(told, events, strict=True):
        assert same(list(want), list(got)), f"was {got}, must be {want}"


@pytest.mark.parametrize("name", ROWS)
def test_oracle_tells_the_row(name):
    row = ROWS[name]
    outcome = Oracle(candles_of(row), scripted(row), at(0), at(row.frame)).run()
    assert_told(told_by_oracle(outcome), row.events)


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("name", ROWS)
def test_engine_tells_the_row(name, skip):
    row = ROWS[name]
    candles = candles_of(row)
    replayed = worlds.run(
        as_strategy({"BTCUSDT": Player(scripted(row), candles)}, hooked=row.close_at is not None),
        {"BTCUSDT": to_series(candles)},
        since_ms=at(0),
        until_ms=at(row.frame),
        skip=skip,
    )
    assert_told(told_by_journal(replayed.rows), row.events)
    expected = Oracle(candles, scripted(row), at(0), at(row.frame)).run()
    assert differences(expected.trades, trades_of(replayed.rows)) == []


def seen_cash(order, candles, *, frame=10, **fields):
    """Return the cash that the watching symbol saw at each minute, the other one trading once."""
    seen = {}
    traded = []

    @strategy("watcher", every=1, hold="unlimited")
    def watcher(ctx):
        if ctx.symbol == "WATCHUSDT":
            seen[(ctx.now - at(0)) // MINUTE_MS] = ctx.account.cash
        elif not traded:
            traded.append(ctx.now)
            return Signal.long(cost=1000, **fields)
        return None

    flat = minutes(frame, FLAT)
    series = {"TRADEUSDT": to_series(candles), "WATCHUSDT": to_series(flat)}
    replayed = worlds.run(
        watcher, {name: series[name] for name in order}, since_ms=at(0), until_ms=at(frame)
    )
    return seen, replayed


ORDERS = [("TRADEUSDT", "WATCHUSDT"), ("WATCHUSDT", "TRADEUSDT")]
# 10,000 less the entry's 1,000 and its fee of 1; the exit of 100 · 0.999 · 1000 / 100.1 less fee.
BEFORE, HELD = 10_000.0, 10_000.0 - 1_000.0 - 1.0


def cash_after(exit_price):
    proceeds = 1_000.0 / (100.0 * 1.001) * exit_price * 0.999
    return HELD + proceeds - proceeds * 0.001


@pytest.mark.parametrize("order", ORDERS)
def test_an_exit_inside_minute_t_is_not_seen_by_the_other_s_decision_at_t(order):
    """Bought at the open of 0 (seen at 1), stopped inside 5 (labelled 6, seen at 6)."""
    candles = minutes(10, FLAT, {5: (100.0, 100.0, 94.0, 100.0)})
    seen, replayed = seen_cash(order, candles, stop_loss=95)
    (trade,) = trades_of(replayed.rows)
    assert (trade["exit_ts_ms"], trade["exit_price"]) == (at(6), 95.0)
    expected = [BEFORE] + [HELD] * 5 + [cash_after(95.0)] * 4
    assert [seen[minute] for minute in range(10)] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_an_exit_at_the_open_of_minute_t_is_not_seen_by_the_other_s_decision_at_t(order):
    """Minute 5 opens at 90, beyond the stop: labelled 5, seen at 6."""
    seen, replayed = seen_cash(order, minutes(10, {-99: 100.0, 5: 90.0}), stop_loss=95)
    (trade,) = trades_of(replayed.rows)
    assert (trade["exit_ts_ms"], trade["exit_price"]) == (at(5), 90.0)
    expected = [BEFORE] + [HELD] * 5 + [cash_after(90.0)] * 4
    assert [seen[minute] for minute in range(10)] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("order", ORDERS)
def test_cash_that_one_symbol_frees_at_an_open_pays_the_other_s_entry_there(order):
    """All exits of an open come before all entries of it, whichever symbol is first."""
    asked = []

    @strategy("relay", every=1, hold=5)
    def relay(ctx):
        minute = (ctx.now - at(0)) // MINUTE_MS
        asked.append((ctx.symbol, minute))
        wanted = {"TRADEUSDT": 0, "WATCHUSDT": 5}
        return Signal.long(cost=900) if minute == wanted[ctx.symbol] else None

    series = to_series(minutes(8, FLAT))
    replayed = worlds.run(
        relay, dict.fromkeys(order, series), since_ms=at(0), until_ms=at(8), capital=1_000.0
    )
    assert told_by_journal(replayed.rows, "TRADEUSDT")[:2] == [
        OPENED,
        ("closed", 5, 100.0, "time_expired", pytest.approx(COSTS_ONLY, rel=1e-9)),
    ]
    assert told_by_journal(replayed.rows, "WATCHUSDT")[0] == ("opened", 5, 100.0)


def test_a_symbol_that_fails_is_closed_at_its_last_close_and_the_other_goes_on():
    """The hook raises at minute 5, after minute 4 closed at 101; minute 5 itself opens at 90."""

    @strategy("fragile", every=1, hold="unlimited")
    def fragile(ctx):
        return Signal.long(stop_loss=50.0)

    @fragile.while_open
    def watch(ctx, position):
        if ctx.symbol == "BADUSDT" and ctx.now == at(5):
            raise ValueError("cannot go on")

    candles = to_series(minutes(8, {-99: 100.0, 3: 101.0, 5: 90.0}))
    replayed = worlds.run(
        fragile, {"BADUSDT": candles, "GOODUSDT": candles}, since_ms=at(0), until_ms=at(8)
    )
    assert list(replayed.failures) == ["BADUSDT"]
    bad, good = (told_by_journal(replayed.rows, name) for name in ("BADUSDT", "GOODUSDT"))
    assert [each[:4] for each in bad] == [OPENED, ("closed", 5, 101.0, "failed")]
    assert [each[:4] for each in good] == [OPENED, ("closed", 8, 90.0, "frame_end")]
