"""Seven ways in which limits of one account go wrong elsewhere, each shown to go right here.

Candles are flat at 100 but where a test says otherwise; all costs 100 unless said otherwise.
"""

import pytest

from tests.unit.drivers.minutes import candles, minute_of, play, rows
from tradekit.api import rules
from tradekit.api.declare import strategy
from tradekit.api.risk import Risk
from tradekit.domain.signal import Signal

WAYS = pytest.mark.parametrize("skip", [True, False])


class Ear:
    """A rule that keeps what it was asked, and answers what it is told to, then None."""

    def __init__(self, *answers):
        self.asks = []
        self.answers = list(answers)

    def __call__(self, ask):
        self.asks.append(ask)
        return self.answers.pop(0) if self.answers else None

    def at(self, minute, symbol):
        """Return what was asked then, exposures by symbol."""
        (ask,) = [
            each for each in self.asks if (minute_of(each.now), each.symbol) == (minute, symbol)
        ]
        return {each.symbol: each for each in ask.exposures}


def declared(risk, plan, **more):
    """Return a strategy that wants the signals of `plan`, by (minute, symbol)."""

    @strategy("s", risk=risk, hold=60, **more)
    def decide(ctx):
        return plan.get((minute_of(ctx.now), ctx.symbol))

    return decide


def flat(*symbols, minutes=12, **prices):
    return {symbol: candles(minutes, **prices) for symbol in symbols}


def story(replayed, *kinds):
    """Return minute, symbol, kind and rule of rows of these kinds."""
    return [
        (minute_of(row.ts_ms), row.symbol, row.kind, row.data.get("rule", ""))
        for row in replayed.rows
        if row.kind in kinds
    ]


ONE = (rules.max_open_positions(1), rules.max_exposure(100), rules.max_orders(2))


@WAYS
def test_q07_a_waiting_entry_that_fills_does_not_count_itself(skip):
    chosen = declared(Risk("one", ONE), {(1, "X"): Signal.long(entry=98)})

    replayed = play(chosen, flat("X", m3=(100.0, 100.0, 98.0, 99.0)), skip=skip)

    assert story(replayed, "scheduled", "opened", "rejected", "cancelled") == [
        (1, "X", "scheduled", ""),
        (4, "X", "opened", ""),
    ]


@WAYS
def test_q07_a_waiting_entry_that_is_sent_to_market_does_not_count_itself(skip):
    ear = Ear()
    chosen = declared(Risk("one", (ear, *ONE)), {(1, "X"): Signal.long(entry=98)})
    outcomes = []

    @chosen.while_waiting
    def hurry(ctx, order):
        if minute_of(ctx.now) == 3:
            outcomes.append(order.fill_now())

    replayed = play(chosen, flat("X"), skip=skip)

    assert [bool(outcome) for outcome in outcomes] == [True]
    assert [(ask.kind, ask.own, ask.exposures) for ask in ear.asks] == [("entry", None, ())] * 2
    assert story(replayed, "scheduled", "activated", "opened", "rejected") == [
        (1, "X", "scheduled", ""),
        (3, "X", "activated", ""),
        (3, "X", "opened", ""),
    ]


@WAYS
def test_q08_a_refusal_by_the_second_profile_leaves_no_trace_in_the_first(skip):
    first, second = Ear(), Ear("not yet", "not yet")
    limits = [rules.max_open_positions(1), rules.max_orders(1, within=60)]
    chosen = declared(
        [Risk("first", [first, *limits]), Risk("second", [second])],
        {(minute, "X"): Signal.long() for minute in range(1, 9)},
    )

    replayed = play(chosen, flat("X"), skip=skip)

    assert story(replayed, "rejected", "submitted", "opened") == [
        (1, "X", "rejected", "Ear"),
        (2, "X", "rejected", "Ear"),
        (3, "X", "submitted", ""),
        (3, "X", "opened", ""),
    ]
    assert [(ask.exposures, ask.sent_ms) for ask in first.asks] == [((), ())] * 3
    assert [(ask.exposures, ask.sent_ms) for ask in second.asks] == [((), ())] * 3


@WAYS
def test_q16_a_part_that_was_closed_frees_its_part_of_the_limit(skip):
    ear = Ear()
    wanted = {(1, "X"): Signal.long()} | {(minute, "Y"): Signal.long() for minute in range(2, 7)}
    chosen = declared(Risk("shared", [ear, rules.max_exposure(150)]), wanted)

    @chosen.while_open
    def halve(ctx, position):
        if minute_of(ctx.now) == 4 and ctx.symbol == "X":
            assert position.close_part(pct=50)

    replayed = play(chosen, flat("X", "Y"), skip=skip)

    # Sent at 4 and filled at the open of that candle, it is seen from 5 on.
    assert [ear.at(minute, "Y")["X"].cost for minute in range(2, 6)] == [100.0, 100.0, 100.0, 50.0]
    assert story(replayed, "rejected", "partial", "opened") == [
        (1, "X", "opened", ""),
        (2, "Y", "rejected", "max_exposure"),
        (3, "Y", "rejected", "max_exposure"),
        (4, "Y", "rejected", "max_exposure"),
        (4, "X", "partial", ""),
        (5, "Y", "opened", ""),
    ]
    assert rows(replayed, "rejected")[0].data["detail"] == (
        "profile 'shared': exposure would be 200, must be at most 150"
    )


@WAYS
def test_q17_an_average_is_at_stake_from_when_it_is_sent(skip):
    ear = Ear()
    wanted = {(1, "X"): Signal.long()} | {(minute, "Y"): Signal.long() for minute in range(2, 7)}
    chosen = declared(Risk("shared", [ear, rules.max_exposure(240)]), wanted)

    @chosen.while_open
    def add(ctx, position):
        if minute_of(ctx.now) == 2 and ctx.symbol == "X":
            assert position.average_buy(50, limit=96)

    series = {"X": candles(m4=(100.0, 100.0, 96.0, 100.0)), "Y": candles()}
    replayed = play(chosen, series, skip=skip)

    assert [ear.at(minute, "Y")["X"].cost for minute in (2, 3, 6)] == pytest.approx([150.0] * 3)
    assert [ear.at(minute, "Y")["X"].entry_price for minute in (4, 5)] == pytest.approx(
        [100.0, 150.0 / (1.0 + 50.0 / 96.0)]
    )
    assert {told[2:] for told in story(replayed, "rejected")} == {("rejected", "max_exposure")}
    assert [row.symbol for row in rows(replayed, "opened")] == ["X"]


@WAYS
def test_q17_an_average_beyond_a_limit_is_refused(skip):
    ear, outcomes = Ear(), []
    chosen = declared(Risk("shared", [ear, rules.max_exposure(149)]), {(1, "X"): Signal.long()})

    @chosen.while_open
    def add(ctx, position):
        outcomes.append(position.average_buy(50, mode="anywhere"))

    replayed = play(chosen, flat("X"), minutes=4, skip=skip)

    assert [outcome.rule for outcome in outcomes] == ["max_exposure"] * 2
    asked = ear.asks[-1]
    assert (asked.kind, asked.own.cost, asked.cost, asked.exposures) == ("average", 100.0, 50.0, ())
    assert [row.data["order"] for row in rows(replayed, "rejected")] == ["average"] * 2


@WAYS
def test_q17_a_stop_is_seen_where_it_was_moved_to(skip):
    ear = Ear("no", "no", "no", "no", "no", "no")
    wanted = {(1, "X"): Signal.long(stop_loss=90, trail_pct=5)}
    wanted |= {(minute, "Y"): Signal.long() for minute in range(2, 6)}
    ear.answers.insert(0, None)
    chosen = declared(Risk("shared", [ear]), wanted)

    @chosen.while_open
    def follow(ctx, position):
        if minute_of(ctx.now) == 3:
            assert position.trail_stop(price=98)

    # The close of 110 is known at 5, and takes the trailing stop with it.
    rise = candles(m4=(100.0, 110.0, 100.0, 110.0), m5=(110.0,) * 4)
    play(chosen, {"X": rise, "Y": candles()}, skip=skip)

    # At 2 it follows the close of 100 for the first time.
    stops = [ear.at(minute, "Y")["X"].stop_loss_price for minute in range(2, 6)]
    assert stops == pytest.approx([95.0, 98.0, 98.0, 104.5])


@WAYS
@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ("", "profile 'p': moody"),
        ("  ", "profile 'p': moody"),
        ("too late in the day", "profile 'p': too late in the day"),
        (ValueError("bad luck"), "profile 'p': moody raised ValueError: bad luck"),
        (ZeroDivisionError(), "profile 'p': moody raised ZeroDivisionError"),
    ],
)
def test_q18_whatever_is_not_none_refuses(skip, answer, detail):
    asked_after = Ear()

    def moody(ask):
        if isinstance(answer, Exception):
            raise answer
        return answer

    chosen = declared(Risk("p", [moody, asked_after]), {(1, "X"): Signal.long()})

    replayed = play(chosen, flat("X"), skip=skip)

    (row,) = replayed.rows
    assert (row.kind, row.data["rule"], row.data["detail"]) == ("rejected", "moody", detail)
    assert not asked_after.asks
    assert not replayed.failures


@WAYS
def test_q19_an_entry_that_has_not_filled_gains_nothing(skip):
    ear = Ear()
    wanted = {(1, "X"): Signal.long(entry=95), (1, "W"): Signal.long(), (5, "Y"): Signal.long()}
    chosen = declared(Risk("shared", [ear]), wanted)
    risen = candles(m4=(100.0, 120.0, 100.0, 120.0), m5=(120.0,) * 4)

    play(chosen, {"W": risen, "X": risen, "Y": candles()}, skip=skip)

    seen = ear.at(5, "Y")
    assert (seen["X"].is_open, seen["X"].entry_price, seen["X"].pnl) == (False, 95.0, 0.0)
    # What is held has gained by then, so the price was known.
    assert (seen["W"].is_open, seen["W"].pnl) == (True, pytest.approx(20.0))


@WAYS
@pytest.mark.parametrize("order", [("X", "Y", "Z"), ("Z", "Y", "X"), ("Y", "X", "Z")])
def test_q22_whoever_is_first_in_time_is_first_whatever_its_symbol(skip, order):
    ear = Ear()
    wanted = {(7, "X"): Signal.long(), (2, "Y"): Signal.long(hold=3), (4, "Z"): Signal.long()}
    chosen = declared(Risk("one", [ear, rules.max_open_positions(1)]), wanted)

    replayed = play(chosen, flat(*order), skip=skip)

    assert [(minute_of(ask.now), ask.symbol) for ask in ear.asks] == [(2, "Y"), (4, "Z"), (7, "X")]
    # Y ended at 5: when X asks there is room again.
    assert story(replayed, "opened", "rejected") == [
        (2, "Y", "opened", ""),
        (4, "Z", "rejected", "max_open_positions"),
        (7, "X", "opened", ""),
    ]


@WAYS
@pytest.mark.parametrize("order", [("X", "Y", "Z"), ("Z", "X", "Y")])
def test_q22_at_one_time_they_take_turns_in_the_order_of_the_run(skip, order):
    ear = Ear()
    wanted = {(2, symbol): Signal.long() for symbol in order}
    chosen = declared(Risk("one", [ear, rules.max_open_positions(1)]), wanted)

    replayed = play(chosen, flat(*order), skip=skip)

    assert [ask.symbol for ask in ear.asks] == list(order)
    assert [row.symbol for row in rows(replayed, "opened")] == [order[0]]


@WAYS
def test_q22_prices_of_others_are_those_of_the_same_time(skip):
    ear = Ear()
    chosen = declared(
        Risk("shared", [ear]), {(1, "X"): Signal.long()} | {(m, "Y"): Signal.long() for m in (4, 5)}
    )
    ear.answers = [None, "wait"]
    # Held without a stop X is quiet: nothing makes anybody look at it but the question.
    rising = candles(
        m2=(100.0, 101.0, 100.0, 101.0),
        m3=(101.0, 103.0, 101.0, 103.0),
        m4=(103.0, 109.0, 103.0, 109.0),
    )

    play(chosen, {"X": rising, "Y": candles()}, skip=skip)

    assert [ear.at(minute, "Y")["X"].pnl for minute in (4, 5)] == pytest.approx([3.0, 9.0])
    assert [ask.equity for ask in ear.asks] == pytest.approx([10_000.0, 10_003.0, 10_009.0])
