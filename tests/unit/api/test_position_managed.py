"""The view of a managed position: nearness to fills, what is left, and each action as a command."""

import pytest

from tests.unit.engine.machine_builder import asked, at, filled, managed
from tradekit.api.outcome import Outcome
from tradekit.api.position import Position
from tradekit.domain.commands import (
    AverageBuy,
    Breakeven,
    Close,
    ClosePart,
    TrailStop,
    TrailTarget,
)
from tradekit.domain.costs import CostModel
from tradekit.domain.signal import Signal

PARTS = Signal.long(stop_loss=80, take_profit=[(110, 30), (120, 30), (130, 40)])


class Moment:
    def __init__(self, minute, price):
        self.now_ms, self.price, self.fresh_price, self.index = at(minute), price, None, 0


def view_of(machine=None, *, minute=2, price=100.0, issue=None, catch_up=None):
    machine = machine or managed()
    return Position(
        symbol="X",
        records=machine.state,
        moment=Moment(minute, price),
        issue=issue or (lambda held, command: Outcome(accepted=True)),
        catch_up=catch_up or (lambda: None),
    )


def averaged(**more):
    """Return a machine that holds 1 at 100 and 1.25 at 80."""
    return managed(PARTS, entries=(100.0, 80.01), costs=(100.0, 100.0125), **more)


# --- nearness ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "near"),
    [(101.5, True), (101.51, False), (98.5, True), (98.49, False), (100.0, True)],
)
def test_near_an_entry_edges_included(price, near):
    """Engine spec 8.4 says so of 101.5, 101.51 and 98.5."""
    assert view_of().near_entry(price=price) is near
    assert view_of(price=price).near_entry() is near


@pytest.mark.parametrize(
    ("entry", "above_pct", "below_pct"),
    [(100.0, 1.5, 1.5), (0.07, 0.1, 0.3), (64_321.9, 3.3, 7.7), (1.1, 0.7, 0.9)],
)
def test_the_edges_are_near_whatever_their_last_digits_are(entry, above_pct, below_pct):
    view = view_of(managed(Signal.long(), entries=(entry,)))
    above, below = entry + entry * above_pct / 100, entry - entry * below_pct / 100

    assert view.near_entry(above_pct, below_pct, price=above)
    assert view.near_entry(above_pct, below_pct, price=below)
    assert not view.near_entry(above_pct, below_pct, price=above * (1 + 1e-6))
    assert not view.near_entry(above_pct, below_pct, price=below * (1 - 1e-6))


@pytest.mark.parametrize(
    ("price", "near"),
    [(104.9, True), (105.1, False), (99.1, True), (98.9, False), (84.0, True), (79.0, False)],
)
def test_near_any_entry_by_a_distance_of_its_own_each_way(price, near):
    assert view_of(averaged()).near_entry(above_pct=5, below_pct=1, price=price) is near


def test_near_an_exit():
    machine = averaged()
    assert not view_of(machine, price=110.0).near_exit()
    machine.handle(filled("s-X-1:target1", 3, 110.0, quantity=0.5))

    view = view_of(machine)

    assert view.near_exit(price=111.6)
    assert not view.near_exit(price=111.7)
    assert not view.near_exit()


# --- what is left -----------------------------------------------------------------------------


def test_what_is_held_and_closed():
    machine = averaged()
    machine.handle(filled("s-X-1:target1", 3, 110.0, quantity=0.45))
    held = machine.state.position

    view = view_of(machine)

    assert (len(view.entries), len(view.exits)) == (2, 1)
    assert view.exits == tuple(held.exits)
    assert (view.cost, view.cost_left) == (held.cost, held.cost_left)
    assert view.held_pct == pytest.approx(80.0)
    assert view.closed_pct == pytest.approx(20.0)
    assert view.average_entry_price == pytest.approx(200.0125 / 2.25)
    assert view.net_zero_price == held.net_zero_price()


@pytest.mark.parametrize(
    ("fills", "held_pct", "cost_left"),
    [
        ([("part", 30)], 70.0, 70.0),
        ([("part", 30), ("part", 40)], 42.0, 42.0),
        ([("part", 60), ("entry", 200), ("part", 80)], 16.0, 48.0),
        ([("part", 30), ("entry", 200)], 90.0, 270.0),
    ],
)
def test_the_published_shares_that_are_closed_and_left(fills, held_pct, cost_left):
    """Engine spec 5.4; there the name of the first says the opposite of what it is."""
    machine = managed(Signal.long())
    for number, (kind, amount) in enumerate(fills, start=1):
        if kind == "part":
            asked(machine, ClosePart(pct=amount))
            quantity = machine.state.orders[f"s-X-1:part{number}"].quantity
            machine.handle(filled(f"s-X-1:part{number}", 3, 110.0, quantity=quantity))
        else:
            asked(machine, AverageBuy(amount, limit=80.0))
            average = filled(f"s-X-1:average{number}", 3, 80.0, quantity=amount / 80.0)
            machine.handle(average)

    view = view_of(machine)

    assert view.held_pct == pytest.approx(held_pct)
    assert view.closed_pct == pytest.approx(100.0 - held_pct)
    assert view.cost_left == pytest.approx(cost_left)


def test_the_nearest_target_is_shown():
    machine = averaged()
    assert view_of(machine).take_profit_price == 110.0
    machine.handle(filled("s-X-1:target1", 3, 110.0, quantity=0.5))
    assert view_of(machine).take_profit_price == 120.0

    short = managed(Signal.short(take_profit=[(80, 10), (90, 10)]), short=True)
    assert view_of(short).take_profit_price == 90.0


# --- peak and drawdown ------------------------------------------------------------------------


def test_the_published_getters():
    """Engine spec 8.4: long 100, 103 from minute 5, 98 from minute 12, 101 at minute 28.

    There the peak is said to be at minute 9, when the average price of five candles had got to 103,
    and the trough at 16; here a candle counts at once, so they are at 5 and 12 and minutes since
    then are more. Prices and percent are the published ones.
    """
    machine = managed(Signal.long(stop_loss=90, take_profit=110, hold=35), model=CostModel())
    held = machine.state.position
    held.observe(103.0, 98.0, at(5), at(12))

    # The entry of `managed` is at minute 1; the published one at 0, with 28 minutes until then.
    view = view_of(machine, minute=29, price=101.0)

    assert view.pnl_pct == pytest.approx(0.597403596, abs=1e-9)
    assert (view.peak_price, view.drawdown_price) == (103.0, 98.0)
    assert view.peak_pct == pytest.approx(2.591411588, abs=1e-9)
    assert view.drawdown_pct == pytest.approx(-2.393608392, abs=1e-9)
    assert (view.minutes, view.minutes_left) == (28, 7)
    assert (view.peak_minutes, view.drawdown_minutes) == (24, 17)
    assert view.below_peak_pct == pytest.approx(1.994007992, abs=1e-9)
    assert view.above_drawdown_pct == pytest.approx(2.991011988, abs=1e-9)
    assert view.peak_pct - view.drawdown_pct == pytest.approx(4.985019980, abs=1e-9)
    assert view.peak_price >= view.net_zero_price


@pytest.mark.parametrize(("price", "below", "above"), [(120.0, 0.0, 20.0), (70.0, 30.0, 0.0)])
def test_beyond_the_extremes_the_distance_is_nothing(price, below, above):
    view = view_of(managed(Signal.long()), price=price)

    assert view.below_peak_pct == pytest.approx(below)
    assert view.above_drawdown_pct == pytest.approx(above)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("peak_price", 130.0),
        ("drawdown_price", 70.0),
        ("peak_minutes", 6),
        ("drawdown_minutes", 5),
        ("below_peak_pct", 30.0),
        ("above_drawdown_pct", 30.0),
    ],
)
def test_extremes_take_in_what_has_closed_first(name, value):
    machine = managed()
    held = machine.state.position
    view = view_of(machine, minute=10, catch_up=lambda: held.observe(130.0, 70.0, at(4), at(5)))

    assert getattr(view, name) == pytest.approx(value)


# --- actions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("act", "command"),
    [
        (lambda view: view.close(), Close()),
        (lambda view: view.close_part(pct=30, note="n"), ClosePart(30, None, "n")),
        (lambda view: view.close_part(cost=30), ClosePart(None, 30)),
        (lambda view: view.average_buy(50), AverageBuy(50)),
        (
            lambda view: view.average_buy(
                50, limit=90, mode="anywhere", max_entries=3, max_cost=200
            ),
            AverageBuy(50, 90, "anywhere", 3, 200),
        ),
        (lambda view: view.trail_stop(price=95), TrailStop(95)),
        (lambda view: view.trail_stop(pct=5, loosen=True), TrailStop(None, 5, loosen=True)),
        (lambda view: view.trail_target(price=130), TrailTarget(130)),
        (lambda view: view.trail_target(pct=5), TrailTarget(None, 5)),
        (lambda view: view.breakeven(), Breakeven()),
    ],
)
def test_each_action_is_asked_of_the_engine(act, command):
    machine, seen = managed(), []

    def issue(held, command):
        seen.append((held, command))
        return Outcome(accepted=False, rule="a_rule")

    outcome = act(view_of(machine, issue=issue))

    assert seen == [(machine.state.position, command)]
    assert (outcome.accepted, outcome.rule) == (False, "a_rule")


def test_nothing_rests_for_a_position_that_has_ended():
    machine = managed()
    view = view_of(machine)
    machine.handle(filled("s-X-1:stop", 3, 90.0))

    assert (view.stop_loss_price, view.take_profit_price, view.minutes_left) == (None, None, None)
    assert view.quantity == 0.0
