"""The book of risk profiles: what rules are shown, and what comes of what they say."""

import asyncio
from functools import partial
from types import SimpleNamespace

import pytest

from tests.support.candles import DAY
from tests.unit.drivers.minutes import candles, minute_of, play, rows
from tests.unit.engine.machine_builder import (
    AT_LIMIT,
    AT_MARKET,
    ENTRY,
    FREE,
    answered,
    filled,
    terms,
)
from tests.unit.engine.machine_builder import asked as commanded
from tests.unit.engine.machine_builder import rows as rows_of
from tradekit.api.declare import strategy
from tradekit.api.risk import Risk, RiskAsk
from tradekit.domain.commands import AverageBuy
from tradekit.domain.exposure import ClosedTrade, Exposure
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.signal import Signal
from tradekit.domain.time import DAY_MS, MINUTE_MS
from tradekit.drivers.risk_book import RiskBook
from tradekit.engine.events import CommandIssued
from tradekit.engine.machine import Machine

START_MS = answered().ts_ms


class Stand:
    """What the book looks at of a runner: its machine, a price, its profiles."""

    def __init__(self, *profiles, symbol="X", name="s", price=100.0):
        more = {"strategy": name, "symbol": symbol, "instrument": Instrument(symbol)}
        self.machine = Machine(terms(guarded=bool(profiles), **more), validate=True)
        self.cursor = SimpleNamespace(price=price)
        self.strategy = SimpleNamespace(risk=profiles)


def profile(*rules, name="p"):
    """Return a profile that keeps its asks, and the list of them."""
    heard = []
    return Risk(name, [heard.append, *rules]), heard


def book_of(*stands, equity=1000.0):
    book = RiskBook(1000.0, lambda: equity)
    book.watch(stands)
    return book


def closed(minute, pnl, *, phase=Phase.INSIDE, reason="stop_loss", symbol="X", name="s"):
    ts_ms = START_MS + minute * MINUTE_MS
    data = {"pnl": pnl, "reason": reason}
    return EventRow(ts_ms, phase, 0, 1, name, symbol, "closed", "s-X-1", data)


def open_one(book, stand, signal=AT_MARKET):
    book.put(stand, answered(signal))
    stand.machine.handle(filled(f"{stand.machine.state.entry.signal_id}:entry"))


# --- what is shown ----------------------------------------------------------------------------


def test_a_rule_is_shown_everything_there_is():
    risk, heard = profile()
    one = Stand(risk)
    other = Stand(risk, symbol="Y", name="t", price=103.0)
    book = book_of(one, other, equity=1003.0)
    open_one(book, other)
    book.hear(closed(-5, -20.0, symbol="Y", name="t"), (risk,))

    book.put(one, answered(AT_LIMIT, minute=7))

    assert heard[-1] == RiskAsk(
        kind="entry",
        strategy="s",
        symbol="X",
        direction="long",
        now=START_MS + 7 * MINUTE_MS,
        price=100.0,
        entry_price=98.0,
        stop_loss_price=95.0,
        take_profit_price=110.0,
        cost=100.0,
        own=None,
        exposures=(Exposure("t", "Y", "long", 100.0, 100.0, 95.0, is_open=True, pnl=3.0),),
        closed=(ClosedTrade(START_MS - 5 * MINUTE_MS, "t", "Y", "stop_loss", -20.0),),
        sent_ms=(START_MS,),
        equity=1003.0,
        peak_equity=1000.0,
        # The trade ended before midnight.
        day_equity=980.0,
    )


def test_an_average_is_shown_its_own_position_and_the_others():
    risk, heard = profile()
    one, other = Stand(risk), Stand(risk, symbol="Y")
    book = book_of(one, other)
    open_one(book, one)
    open_one(book, other)

    book.put(one, CommandIssued(START_MS + MINUTE_MS, 98.0, AverageBuy(30.0)))

    ask = heard[-1]
    assert (ask.kind, ask.cost, ask.entry_price) == ("average", 30.0, 98.0)
    assert (ask.own.symbol, ask.own.cost) == ("X", 100.0)
    assert [each.symbol for each in ask.exposures] == ["Y"]
    assert len(ask.sent_ms) == 2


def test_a_profile_sees_whoever_is_under_it_and_nobody_else():
    mine, mine_heard = profile(name="mine")
    ours, ours_heard = profile(name="ours")
    both, only_mine, only_ours, free = (
        Stand(mine, ours, name="both"),
        Stand(mine, name="mine"),
        Stand(ours, name="ours"),
        Stand(name="free"),
    )
    book = book_of(both, only_mine, only_ours, free)
    for each in (only_mine, only_ours, free):
        open_one(book, each)

    book.put(both, answered())

    assert [each.strategy for each in mine_heard[-1].exposures] == ["mine"]
    assert [each.strategy for each in ours_heard[-1].exposures] == ["ours"]
    assert (len(mine_heard[-1].sent_ms), len(ours_heard[-1].sent_ms)) == (1, 1)


def test_trades_that_ended_are_those_of_the_profile():
    mine, mine_heard = profile(name="mine")
    ours, ours_heard = profile(name="ours")
    stand = Stand(mine, ours)
    book = book_of(stand)
    book.hear(closed(1, -1.0), (mine,))
    book.hear(closed(2, 2.0, reason="take_profit"), (mine, ours))

    book.put(stand, answered(minute=3))

    assert [trade.pnl for trade in mine_heard[-1].closed] == [-1.0, 2.0]
    assert [trade.reason for trade in ours_heard[-1].closed] == ["take_profit"]


def test_what_nobody_is_asked_about_is_handed_on_unseen():
    stand = Stand()
    book = book_of(stand)

    effects = book.put(stand, answered())

    assert [row.kind for row in rows_of(effects)] == ["submitted"]
    assert commanded(stand.machine, AverageBuy(5.0))[0].rule == "no_open_position"


class TestBalances:
    def asked_at(self, minute, *trades):
        """Return the peak and the day's balance that a rule is shown then."""
        risk, heard = profile()
        stand = Stand(risk)
        book = book_of(stand)
        for trade in trades:
            book.hear(trade, (risk,))
        book.put(stand, answered(minute=minute))
        return heard[-1].peak_equity, heard[-1].day_equity

    def test_the_first_is_the_capital(self):
        assert self.asked_at(0) == (1000.0, 1000.0)

    def test_the_highest_counts_closed_trades(self):
        trades = [closed(1, 50.0), closed(2, -80.0), closed(3, 20.0)]

        assert self.asked_at(4, *trades) == (1050.0, 1000.0)

    def test_a_day_begins_with_what_the_last_one_left(self):
        day = DAY_MS // MINUTE_MS
        # The start is a midnight.
        assert START_MS % DAY_MS == 0
        trades = [closed(1, 50.0), closed(day - 1, -80.0), closed(day + 5, 10.0)]

        assert self.asked_at(day + 6, *trades) == (1050.0, 970.0)
        assert self.asked_at(2 * day, *trades) == (1050.0, 980.0)
        assert self.asked_at(5 * day + 7, *trades) == (1050.0, 980.0)

    @pytest.mark.parametrize(("phase", "left"), [(Phase.INSIDE, 950.0), (Phase.OPEN, 1000.0)])
    def test_what_ends_inside_the_last_candle_of_a_day_is_of_that_day(self, phase, left):
        midnight = DAY_MS // MINUTE_MS

        assert self.asked_at(midnight, closed(midnight, -50.0, phase=phase)) == (1000.0, left)


@pytest.mark.parametrize("listens", [False, True])
def test_trades_of_strategies_without_a_profile_are_in_the_balances(listens):
    asks = []

    @strategy("free", hold=1, cost=1000)
    def free(ctx):
        return Signal.long() if minute_of(ctx.now) == 1 else None

    if listens:
        free.on("closed")(lambda ctx, event: None)

    @strategy("careful", risk=Risk("p", [asks.append]))
    def careful(ctx):
        return Signal.long() if minute_of(ctx.now) == 6 else None

    # Bought at 100, sold at 110 a minute later.
    series = candles(m2=(110.0,) * 4, m3=(100.0,) * 4)
    play([free, careful], series, costs=FREE)

    (ask,) = asks
    assert ask.closed == ()
    assert (ask.equity, ask.peak_equity, ask.day_equity) == pytest.approx((10_100, 10_100, 10_000))


# --- what is said -----------------------------------------------------------------------------


class Moody:
    """A rule that is an object."""

    def __call__(self, ask):
        return "no"


def named(ask, *, text):
    return text


def refusal(rule):
    """Return rule and detail of the row that comes of it."""
    stand = Stand(Risk("p", [rule]))
    (row,) = book_of(stand).put(stand, answered())
    assert row.kind == "rejected"
    return row.data["rule"], row.data["detail"]


def raising(error):
    def rule(ask):
        raise error

    return rule


@pytest.mark.parametrize(
    ("rule", "name", "reason"),
    [
        (Moody(), "Moody", "no"),
        (partial(named, text="no"), "partial", "no"),
        (lambda ask: " in words \n", "<lambda>", "in words"),
        (lambda ask: "", "<lambda>", "<lambda>"),
        (lambda ask: "\n", "<lambda>", "<lambda>"),
        (lambda ask: True, "<lambda>", "answer was a 'bool', must be text"),
        (lambda ask: False, "<lambda>", "answer was a 'bool', must be text"),
        (lambda ask: 0, "<lambda>", "answer was a 'int', must be text"),
        (lambda ask: Moody(), "<lambda>", "answer was a 'Moody', must be text"),
        (raising(ValueError("two\n lines")), "rule", "rule raised ValueError: two lines"),
        (raising(AssertionError()), "rule", "rule raised AssertionError"),
        (raising(SystemExit(3)), "rule", "rule raised SystemExit: 3"),
    ],
)
def test_a_refusal_is_known_by_its_rule_and_says_why(rule, name, reason):
    assert refusal(rule) == (name, f"profile 'p': {reason}")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), asyncio.CancelledError()])
def test_whoever_stops_the_run_is_not_taken_for_a_refusal(error):
    with pytest.raises(type(error)):
        refusal(raising(error))


def test_the_first_refusal_decides_and_nobody_is_asked_after_it():
    first, first_heard = profile(lambda ask: "one", lambda ask: "two", name="first")
    second, second_heard = profile(lambda ask: "three", name="second")
    stand = Stand(first, second)

    (row,) = book_of(stand).put(stand, answered())

    assert row.data["detail"] == "profile 'first': one"
    assert (len(first_heard), len(second_heard)) == (1, 0)


def test_an_order_counts_once_everybody_has_let_it_pass():
    first, heard = profile(name="first")
    answers = ["no", None, None]
    second = Risk("second", [lambda ask: answers.pop(0)])
    stand = Stand(first, second)
    book = book_of(stand)

    book.put(stand, answered())
    book.put(stand, answered(minute=1))
    stand.machine.handle(filled("s-X-2:entry", 1))
    book.put(stand, CommandIssued(START_MS + 2 * MINUTE_MS, 98.0, AverageBuy(30.0)))

    assert [ask.sent_ms for ask in heard] == [(), (), (START_MS + MINUTE_MS,)]


def test_a_profile_of_no_rules_lets_everything_pass():
    stand = Stand(Risk("p"))

    effects = book_of(stand).put(stand, answered())

    assert [row.kind for row in rows_of(effects)] == ["submitted"]


def test_the_same_refusal_reads_the_same_in_every_run():
    def told():
        chosen = strategy("s", risk=Risk("p", [lambda ask: object()]))(lambda ctx: Signal.long())
        return [row.data["detail"] for row in rows(play(chosen), "rejected")]

    # Kept alive, so that another object cannot have the same address.
    kept = [object() for _ in range(9)]
    assert told() == told()
    assert kept


def test_the_day_of_these_tests_begins_at_midnight():
    assert DAY % DAY_MS == 0
    assert ENTRY == "s-X-1:entry"
