"""What hooks get: a view of the position, what became of an action, events."""

import pytest

from tests.unit.engine.machine_builder import MINUTE_MS, START_MS
from tradekit.api.outcome import Event, Outcome
from tradekit.api.position import Position
from tradekit.domain.commands import Close
from tradekit.domain.costs import CostModel
from tradekit.domain.order import Fill, Order, OrderType, Role
from tradekit.domain.position import Position as HeldPosition

COSTS = CostModel(0.0, 1.0, 2.0, 0.0)


class At:
    def __init__(self, minute, price):
        self.now_ms = START_MS + round(minute * MINUTE_MS)
        self.price = price
        self.fresh_price = None
        self.index = 0


def held_position(direction="long"):
    held = HeldPosition("s-X-1", direction, COSTS)
    held.add_entry(Fill(START_MS, 100.0, 102.0, 2.0, 2.04), 204.0)
    return held


class Records:
    """What the engine keeps, by hand."""

    def __init__(self, held, *, stop=95.0, targets=(110.0,), hold_minute=60.0):
        self.position = held
        self.kept = {}
        self.hold_deadline_ms = (
            None if hold_minute is None else START_MS + round(hold_minute * MINUTE_MS)
        )
        prices = [("stop", Role.STOP, stop), *(("target", Role.TARGET, each) for each in targets)]
        self.orders = {
            f"{name}{number}": Order(name, role, OrderType.LIMIT, buying=False, price=price)
            for number, (name, role, price) in enumerate(prices)
            if price is not None
        }


def view_of(held=None, *, records=None, moment=None, issue=None, catch_up=None, **more):
    return Position(
        symbol="X",
        records=records or Records(held or held_position(), **more),
        moment=moment or At(5, 110.0),
        issue=issue or (lambda held, command: Outcome(accepted=True)),
        catch_up=catch_up or (lambda: None),
    )


def test_a_view_shows_what_is_held():
    held = held_position()
    view = view_of(held)

    assert (view.symbol, view.direction) == ("X", "long")
    assert (view.entries, view.exits) == ((held.entries[0],), ())
    assert (view.cost, view.quantity, view.average_entry_price) == (204.0, 2.0, 100.0)
    assert (view.stop_loss_price, view.take_profit_price) == (95.0, 110.0)
    assert view.is_of(held)
    assert not view.is_of(held_position())


def test_a_view_of_a_position_without_bracket():
    view = view_of(stop=None, targets=())

    assert (view.stop_loss_price, view.take_profit_price) == (None, None)


@pytest.mark.parametrize("direction", ["long", "short"])
def test_profit_is_that_of_a_close_at_the_last_close(direction):
    held = held_position(direction)
    view = view_of(held, moment=At(5, 107.0))

    assert view.pnl == held.pnl_at(107.0)
    assert view.pnl_pct == held.pnl_pct_at(107.0)
    assert (view.pnl > 0) is (direction == "long")


def test_profit_goes_by_the_price_at_hand_where_there_is_one():
    moment = At(5, 107.0)
    moment.fresh_price = 108.0
    held = held_position()

    assert view_of(held, moment=moment).pnl_pct == held.pnl_pct_at(108.0)


@pytest.mark.parametrize("name", ["peak_pct", "drawdown_pct"])
def test_extremes_take_in_what_has_closed_first(name):
    held = held_position()
    view = view_of(held, catch_up=lambda: held.observe(120.0, 90.0, 0, 0))

    expected = held.pnl_pct_at(120.0 if name == "peak_pct" else 90.0)
    assert getattr(view, name) == expected


@pytest.mark.parametrize(
    ("minute", "since", "left"), [(0, 0, 60), (5, 5, 55), (5.5, 5, 54), (60, 60, 0), (75, 75, 0)]
)
def test_minutes_are_whole(minute, since, left):
    view = view_of(moment=At(minute, 100.0))

    assert (view.minutes, view.minutes_left) == (since, left)


def test_a_position_without_end_has_no_minutes_left():
    assert view_of(hold_minute=None).minutes_left is None


def test_a_close_is_asked_of_the_engine():
    asked = []

    def issue(held, command):
        asked.append(command)
        return Outcome(accepted=False, rule="already_closing")

    outcome = view_of(issue=issue).close(note="enough")

    assert asked == [Close("enough")]
    assert not outcome
    assert outcome.rule == "already_closing"


@pytest.mark.parametrize(
    "name", ["direction", "entries", "cost", "quantity", "stop_loss_price", "pnl", "minutes"]
)
def test_a_view_is_read_not_written(name):
    with pytest.raises(AttributeError):
        setattr(view_of(), name, 1)


@pytest.mark.parametrize(
    ("outcome", "true", "text"),
    [
        (Outcome(accepted=True), True, "Outcome(accepted)"),
        (Outcome(accepted=False, rule="a_rule"), False, "Outcome(refused: a_rule)"),
    ],
)
def test_an_outcome_is_true_if_accepted(outcome, true, text):
    assert bool(outcome) is outcome.accepted is true
    assert repr(outcome) == text


def test_an_outcome_may_be_awaited_and_gives_itself_back_at_once():
    outcome = Outcome(accepted=True)

    async def waits():
        return await outcome

    coroutine = waits()
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    assert stopped.value.value is outcome


def test_an_event_has_its_fields():
    event = Event("closed", 5, "X", "s-X-1", {"pnl": 1.5})

    assert (event.kind, event.ts_ms, event.symbol, event.signal_id) == ("closed", 5, "X", "s-X-1")
    assert event.details["pnl"] == 1.5
