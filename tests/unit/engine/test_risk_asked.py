"""Profiles are asked before anything is sent that opens or adds, and nothing changes until then."""

import pytest

from tests.unit.engine.machine_builder import (
    AT_LIMIT,
    AT_MARKET,
    ENTRY,
    answered,
    asked,
    at,
    filled,
    orders,
    row_of,
    rows,
    stamp,
    terms,
)
from tradekit.domain.commands import (
    AverageBuy,
    CancelEntry,
    Close,
    ClosePart,
    FillEntry,
    TrailStop,
)
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase
from tradekit.domain.plan import Limits
from tradekit.domain.signal import Signal
from tradekit.domain.sizes import Money
from tradekit.engine.effects import AmendOrder, AnswerCommand, AskRisk
from tradekit.engine.events import CommandIssued, StrategyAnswered, Verdict
from tradekit.engine.lifecycle import Status
from tradekit.engine.machine import Machine
from tradekit.engine.risk import exposure_of
from tradekit.engine.state import snapshot
from tradekit.errors import SignalError

ALLOWED = Verdict()
REFUSED = Verdict("max_exposure", "profile 'careful': too much")


def stake(machine, price=100.0):
    return exposure_of(machine.state, machine.terms, price)


def guarded(**more):
    return Machine(terms(guarded=True, **more), validate=True)


def again(machine, event, verdict=ALLOWED):
    """Return what comes of the event once profiles have been asked about it."""
    return machine.handle(event._replace(verdict=verdict))


def assert_refused(effects, price, order):
    """Check that a command of minute 2 was refused, and that a row says so."""
    answer, row = effects
    assert answer == AnswerCommand(accepted=False, rule=REFUSED.rule)
    assert stamp(row) == (2, Phase.DECISION, "rejected", "s-X-1")
    assert row.data == {
        "rule": REFUSED.rule,
        "detail": REFUSED.detail,
        "price": price,
        "order": order,
    }


def scheduled(**more):
    """Return a guarded machine with an entry that waits at 98, let pass by its profiles."""
    machine = guarded(**more)
    again(machine, answered(AT_LIMIT))
    return machine


def holding(signal=AT_MARKET, price=100.0):
    """Return a guarded machine that holds one unit."""
    machine = guarded()
    again(machine, answered(signal))
    machine.handle(filled(ENTRY, 1, price))
    return machine


@pytest.mark.parametrize(
    ("signal", "question"),
    [
        (AT_MARKET, AskRisk("entry", "long", 100.0, 95.0, 110.0, 100.0)),
        (AT_LIMIT, AskRisk("entry", "long", 98.0, 95.0, 110.0, 100.0)),
        (
            Signal.short(entry=95, entry_type="stop", cost=40, take_profit=[(90, 50), (80, 50)]),
            AskRisk("entry", "short", 95.0, None, 90.0, 40.0),
        ),
    ],
)
def test_profiles_are_asked_once_and_nothing_changes_before_they_answer(signal, question):
    machine, event = guarded(), answered(signal)
    before = snapshot(machine.state)

    assert machine.handle(event) == (question,)
    assert snapshot(machine.state) == before

    effects = again(machine, event)

    assert not any(isinstance(effect, AskRisk) for effect in effects)
    assert len(orders(effects)) == 1
    assert stake(machine).cost == question.cost


def test_what_passes_is_sent_as_if_nobody_had_been_asked():
    for signal in (AT_MARKET, AT_LIMIT):
        plain, asking = Machine(terms(), validate=True), guarded()

        assert again(asking, answered(signal)) == plain.handle(answered(signal))
        assert snapshot(asking.state) == snapshot(plain.state)


def test_nobody_is_asked_where_there_is_no_profile():
    effects = Machine(terms(), validate=True).handle(answered())

    assert not any(isinstance(effect, AskRisk) for effect in effects)


@pytest.mark.parametrize("signal", [AT_MARKET, AT_LIMIT])
def test_a_refused_entry_is_a_row_and_nothing_else(signal):
    machine, event = guarded(), answered(signal, minute=3)
    machine.handle(event)

    (row,) = again(machine, event, REFUSED)

    assert stamp(row) == (3, Phase.DECISION, "rejected", "s-X-1")
    assert row.data == {"rule": REFUSED.rule, "detail": REFUSED.detail, "price": 100.0}
    assert machine.state.status is Status.IDLE
    assert stake(machine) is None
    assert not machine.state.orders
    # Its number is used: the next one is told apart from it.
    assert again(machine, answered(minute=4))[0].signal_id == "s-X-2"


def test_an_id_is_not_used_up_by_a_refusal():
    machine, event = guarded(), answered(Signal.long(stop_loss=95, id="mine"))

    again(machine, event, REFUSED)
    assert len(orders(again(machine, event))) == 1


def test_what_breaks_another_rule_is_not_asked_about():
    machine = guarded(limits=Limits(min_stop_pct=10.0))

    (row,) = machine.handle(answered())

    assert row.data["rule"] == "stop_too_close"


def test_what_cannot_be_shorted_is_not_asked_about():
    machine = guarded(instrument=Instrument("X", shorts_allowed=False))

    (row,) = machine.handle(answered(Signal.short(stop_loss=105)))

    assert row.data["rule"] == "short_not_available"


def test_nonsense_is_not_asked_about():
    machine = guarded()
    before = snapshot(machine.state)

    with pytest.raises(SignalError):
        machine.handle(answered(Signal.long(stop_loss=105)))
    assert snapshot(machine.state) == before


@pytest.mark.parametrize(
    "signal",
    [
        Signal.long(stop_loss=95, equity_pct=50),
        Signal.long(entry=98, stop_loss=95, equity_pct=50),
    ],
)
def test_a_part_of_the_cash_is_known_before_it_is_judged(signal):
    machine = guarded(costs=CostModel(0.02, 0.1, 0.0, 0.0))
    event = answered(signal)._replace(money=Money(equity=9000.0, cash=400.0))
    (question,) = machine.handle(event)

    assert question.cost == pytest.approx(200.0 / 1.001, rel=1e-12)

    (order,) = orders(again(machine, event))
    assert (order.cost, order.equity_pct) == (question.cost, None)
    assert stake(machine).cost == question.cost


def test_what_is_risked_is_known_before_it_is_judged():
    machine = guarded()
    signal = Signal.long(stop_loss=95, risk_pct=1)
    event = StrategyAnswered(at(0), 100.0, signal, Money(equity=1000.0, cash=0.0))

    (question,) = machine.handle(event)

    assert question.cost == pytest.approx(200.0, rel=1e-12)


# --- a waiting entry is sent to market --------------------------------------------------------


def test_an_entry_sent_to_market_is_asked_about_where_the_market_is():
    machine = scheduled()
    event = CommandIssued(at(2), 99.0, FillEntry())
    before = snapshot(machine.state)

    assert machine.handle(event) == (AskRisk("entry", "long", 99.0, 95.0, 110.0, 100.0),)
    assert snapshot(machine.state) == before

    answer, row, amended = again(machine, event)

    assert answer == AnswerCommand(accepted=True)
    assert stamp(row) == (2, Phase.DECISION, "activated", "s-X-1")
    assert isinstance(amended, AmendOrder)
    assert machine.state.status is Status.OPENING


def test_an_entry_that_may_not_go_to_market_waits_on():
    machine = scheduled()
    before = snapshot(machine.state)
    event = CommandIssued(at(2), 99.0, FillEntry())

    assert_refused(again(machine, event, REFUSED), 99.0, "entry")
    assert snapshot(machine.state) == before | {"seq": before["seq"] + 1}


def test_taking_an_entry_back_needs_nobodys_leave():
    effects = asked(scheduled(), CancelEntry())

    assert effects[0] == AnswerCommand(accepted=True)


# --- a position is added to -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "price", "entered"),
    [(AverageBuy(50.0), 98.0, 98.0), (AverageBuy(50.0, limit=97.0), 99.0, 97.0)],
)
def test_an_average_is_asked_about_before_it_is_sent(command, price, entered):
    machine, event = holding(), CommandIssued(at(2), price, command)
    before = snapshot(machine.state)

    assert machine.handle(event) == (AskRisk("average", "long", entered, 95.0, 110.0, 50.0),)
    assert snapshot(machine.state) == before

    answer, row, order = again(machine, event)

    assert answer == AnswerCommand(accepted=True)
    assert row.kind == "average_submitted"
    assert order.cost == 50.0


def test_a_refused_average_is_a_row_and_its_rule():
    machine, event = holding(), CommandIssued(at(2), 98.0, AverageBuy(50.0))
    before = snapshot(machine.state)

    assert_refused(again(machine, event, REFUSED), 98.0, "average")
    assert snapshot(machine.state) == before | {"seq": before["seq"] + 1}


@pytest.mark.parametrize(
    ("command", "price", "rule"),
    [
        (AverageBuy(50.0), 101.0, "not_a_new_extreme"),
        (AverageBuy(50.0, max_entries=1), 98.0, "max_entries"),
        (AverageBuy(50.0, mode="anywhere"), 94.0, "beyond_stop"),
    ],
)
def test_an_average_that_breaks_another_rule_is_not_asked_about(command, price, rule):
    assert asked(holding(), command, price=price) == (AnswerCommand(accepted=False, rule=rule),)


@pytest.mark.parametrize("command", [Close(), ClosePart(pct=50), TrailStop(price=97.0)])
def test_whatever_takes_risk_away_needs_nobodys_leave(command):
    effects = asked(holding(), command)

    assert effects[0] == AnswerCommand(accepted=True)
    assert rows(effects)


def test_the_next_one_is_asked_about_while_the_last_is_on_its_way_out():
    machine = holding()
    asked(machine, Close())
    event = answered(Signal.short(stop_loss=105, cost=30), minute=2)

    assert machine.handle(event) == (AskRisk("entry", "short", 100.0, 105.0, None, 30.0),)
    assert row_of(again(machine, event, REFUSED)).kind == "rejected"
    assert machine.state.status is Status.CLOSING
