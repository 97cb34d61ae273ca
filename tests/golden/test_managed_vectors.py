"""What was recorded of managed positions, C02 to C07 and their like, restated for this fill model.

All worlds are flat minutes, so an action at minute t, which goes to the open of t, gets the price
that the recorded one got. Where a number or a time differs from the recorded one, the test says
why: upstream acts on an average price of five candles, mostly a minute later, compares it with a
level instead of the candle, and fills at the level however far the market has run.
"""

import pytest

from tests.support import worlds
from tests.support.oracle_bridge import START_MS, at, minutes, to_series
from tests.unit.engine.machine_builder import asked, bought, filled, managed
from tradekit.api.declare import strategy
from tradekit.domain.commands import AverageBuy, ClosePart, TrailStop, TrailTarget
from tradekit.domain.costs import CostModel
from tradekit.domain.signal import Signal
from tradekit.engine.effects import AmendOrder

COSTS = CostModel()


class World:
    """A signal at minute 0 over flat prices, with actions by minute; what came of it."""

    def __init__(self, signal, prices, acts, *, waiting=None, override=None, count=90):
        self.answers = {}
        self.seen = {}

        @strategy("vector", every=10_000)
        def decide(ctx):
            return signal

        def manage(ctx, position):
            minute = (ctx.now - START_MS) // 60_000
            for act in acts.get(minute, ()):
                self.answers.setdefault(minute, []).append(act(position).rule)
            self.seen[minute] = position.average_entry_price, position.cost_left

        decide.while_open(manage)

        def change(ctx, order):
            if waiting and ctx.now == at(waiting[0]):
                assert waiting[1](order)

        decide.while_waiting(change)
        candles = minutes(count, {-99: 100.0, **prices}, override)
        result = worlds.run(
            decide, {"X": to_series(candles)}, since_ms=at(0), until_ms=at(count), costs=COSTS
        )
        self.rows = result.rows
        closed = [row for row in self.rows if row.kind == "closed"]
        self.trade = closed[0].data if closed else None

    def end(self):
        """Return when, at what price and why it was closed."""
        trade = self.trade
        minute = (trade["exit_ts_ms"] - START_MS) // 60_000
        return minute, trade["exit_price"], trade["reason"]

    def moved(self):
        """Return (minute, new price) of each stop or target that was moved."""
        return [
            ((row.ts_ms - START_MS) // 60_000, row.data["new_price"])
            for row in self.rows
            if row.kind == "trailed"
        ]


def leg_pct(entry, exit_price):
    """Return the profit of a long in percent, engine spec 5.1."""
    opened, closed = entry * 1.001, exit_price * 0.999
    return (closed - opened) / opened * 100.0 - 0.1 * (1.0 + closed / opened)


def average(cost, **more):
    return lambda position: position.average_buy(cost, **more)


def part(**more):
    return lambda position: position.close_part(**more)


def stop_at(price):
    return lambda position: position.trail_stop(price=price)


def target_at(price):
    return lambda position: position.trail_target(price=price)


def breakeven(position):
    return position.breakeven()


def test_c02_average_buy():
    """All as recorded, but for the extremes: they begin anew at the second average, at 80."""
    world = World(
        Signal.long(take_profit=110, stop_loss=60, hold=40),
        {10: 90, 20: 80, 30: 100},
        {5: [average(100)], 15: [average(100)], 17: [average(100)], 25: [average(200)]},
    )

    refused = "not_a_new_extreme"
    assert world.answers == {5: [refused], 15: [""], 17: [refused], 25: [""]}
    assert world.seen[16][0] == pytest.approx(94.736842105)
    assert world.seen[26] == pytest.approx((86.746987952, 400.0))
    assert world.end() == (40, 100.0, "time_expired")
    assert world.trade["pnl_pct"] == pytest.approx(14.8324050949, abs=1e-9)
    assert world.trade["pnl"] == pytest.approx(59.329620380, abs=1e-8)
    # Recorded were 0 and -15.91: a peak that never knew of an average, a trough from before it.
    assert world.trade["peak_pct"] == pytest.approx(14.8324050949, abs=1e-9)
    assert world.trade["drawdown_pct"] == pytest.approx(leg_pct(400 / 4.611111111111111, 80))


def test_c03_parts():
    """As recorded, without the refused one: a part is a part, whether it gains or loses."""
    world = World(
        Signal.long(take_profit=110, stop_loss=85, hold=50),
        {10: 104, 20: 97, 30: 106},
        {16: [part(pct=30)], 26: [part(pct=25)], 36: [part(cost=20)]},
    )

    assert [world.seen[minute][1] for minute in (17, 27, 37)] == pytest.approx([70.0, 52.5, 32.5])
    assert world.seen[37][0] == pytest.approx(100.0)
    assert world.end() == (50, 106.0, "time_expired")
    assert world.trade["pnl_pct"] == pytest.approx(3.41393988511, abs=1e-9)
    assert [fill["price"] for fill in world.trade["exits"]] == [104.0, 97.0, 106.0, 106.0]


def test_c04_a_part_of_100_percent_closes():
    """Closed with the candle of minute 16; upstream remembers it until 17."""
    world = World(
        Signal.long(take_profit=110, stop_loss=85, hold=30), {10: 104}, {16: [part(pct=100)]}
    )

    assert world.end() == (16, 104.0, "closed")
    assert world.trade["pnl_pct"] == pytest.approx(3.58841558442, abs=1e-9)


def test_c05_trailing_stop():
    """Stops as recorded. The market opens at 103, below the stop at 104: that is what one gets.

    Upstream sees 103 in its average price at minute 33 and pays out 104 all the same.
    """
    world = World(
        Signal.long(take_profit=112, stop_loss=90, hold=60),
        {10: 106, 30: 103},
        {
            16: [stop_at(95)],
            17: [stop_at(93)],
            18: [stop_at(102)],
            19: [stop_at(104)],
            20: [stop_at(110)],
            21: [stop_at(106.5)],
        },
    )

    assert [world.answers[minute] for minute in range(16, 22)] == [
        [""],
        ["not_tighter"],
        [""],
        [""],
        ["stop_passed"],
        ["stop_passed"],
    ]
    assert world.moved() == [(16, 95.0), (18, 102.0), (19, 104.0)]
    assert world.end() == (30, 103.0, "stop_loss")
    assert world.trade["pnl_pct"] == pytest.approx(2.59141158841, abs=1e-9)


def test_c05_a_stop_that_the_market_walks_into_earns_the_recorded_profit():
    world = World(
        Signal.long(take_profit=112, stop_loss=90, hold=60),
        {10: 106, 31: 103},
        {19: [stop_at(104)]},
        override={30: (106.0, 106.0, 103.0, 103.0)},
    )

    assert world.end() == (31, 104.0, "stop_loss")
    assert world.trade["pnl_pct"] == pytest.approx(3.58841558442, abs=1e-9)


def test_c06_trailing_target():
    """A target may move either way, so 110 after 109 is accepted; upstream only lets it come near.

    The open of minute 30 has reached it; upstream's average price gets there at 33.
    """
    world = World(
        Signal.long(take_profit=112, stop_loss=90, hold=60),
        {10: 104, 30: 109},
        {
            16: [target_at(115)],
            17: [target_at(109)],
            18: [target_at(110)],
            19: [target_at(103)],
            20: [target_at(108)],
        },
    )

    assert [world.answers[minute] for minute in range(16, 21)] == [
        [""],
        [""],
        [""],
        ["target_passed"],
        [""],
    ]
    assert world.moved() == [(16, 115.0), (17, 109.0), (18, 110.0), (20, 108.0)]
    assert world.end() == (30, 108.0, "take_profit")
    assert world.trade["pnl_pct"] == pytest.approx(7.57643156843, abs=1e-9)


BREAKEVEN = {5: [breakeven], 16: [breakeven], 24: [breakeven]}


def test_c07_breakeven():
    """It goes to the net-zero price, not to the entry, as soon as the market is above that.

    Upstream refuses at 100.5, its threshold being 0.6 %, and puts the stop at 100, a sure loss. The
    market opens at 99, below either.
    """
    world = World(
        Signal.long(take_profit=112, stop_loss=90, hold=60),
        {10: 100.5, 20: 100.7, 40: 99},
        BREAKEVEN,
    )

    assert world.answers == {5: ["stop_passed"], 16: [""], 24: ["not_moved"]}
    assert world.moved() == [(16, pytest.approx(100.400801, abs=1e-6))]
    assert world.end() == (40, 99.0, "stop_loss")
    assert world.trade["pnl_pct"] == pytest.approx(leg_pct(100, 99), abs=1e-9)


def test_c07_breakeven_that_the_market_walks_into_costs_nothing():
    world = World(
        Signal.long(take_profit=112, stop_loss=90, hold=60),
        {10: 100.5, 20: 100.7, 41: 99},
        BREAKEVEN,
        override={40: (100.7, 100.7, 99.0, 99.0)},
    )

    assert world.end()[::2] == (41, "stop_loss")
    assert world.trade["pnl"] == pytest.approx(0.0, abs=1e-9)


def test_x09_trailing_after_an_average():
    world = World(
        Signal.long(take_profit=120, stop_loss=85, hold=50),
        {5: 90, 20: 104},
        {12: [average(100)], 27: [stop_at(96.3684210526), stop_at(101), target_at(110)]},
    )

    assert world.answers == {12: [""], 27: ["", "", ""]}
    assert world.seen[13][0] == pytest.approx(94.7368421053)
    assert world.moved() == [(27, 96.3684210526), (27, 101.0), (27, 110.0)]
    assert world.end() == (50, 104.0, "time_expired")
    assert world.trade["pnl_pct"] == pytest.approx(9.34888311688, abs=1e-9)


def test_x10_an_average_anywhere():
    """Upstream needs a setting for that, here the call says so."""
    world = World(
        Signal.long(take_profit=120, stop_loss=85, hold=15),
        {5: 101},
        {11: [average(100)], 12: [average(100, mode="anywhere")]},
    )

    assert world.answers == {11: ["not_a_new_extreme"], 12: [""]}
    assert world.seen[13][0] == pytest.approx(100.497512437811)
    assert world.end() == (15, 101.0, "time_expired")
    assert world.trade["pnl_pct"] == pytest.approx(0.0989015984016, abs=1e-9)


WAITING = Signal.long(entry=95, take_profit=103, stop_loss=92, hold=10)


def test_s09_an_entry_that_is_taken_back():
    """At once; upstream's row comes a minute later."""
    world = World(WAITING, {}, {}, waiting=(6, lambda order: order.cancel()))

    assert [(row.kind, row.ts_ms) for row in world.rows] == [
        ("scheduled", at(0)),
        ("cancelled", at(6)),
    ]


def test_s10_an_entry_that_is_sent_to_market_pays_what_the_market_wants():
    """Upstream fills it at its limit, 5 % below the market, and earns 4.85 %."""
    world = World(WAITING, {}, {}, waiting=(6, lambda order: order.fill_now()))

    assert [row.kind for row in world.rows[:3]] == ["scheduled", "activated", "opened"]
    assert world.trade["entry_price"] == 100.0
    assert world.end() == (16, 100.0, "time_expired")
    assert world.trade["pnl_pct"] == pytest.approx(-0.3996003996, abs=1e-9)


# --- engine spec 6.2: positions managed by percent shifts, here by the prices these come to ------


def manage(direction):
    """Return a machine with the two entries of engine spec 6.2, and the second one's price."""
    short = direction == "short"
    signal = Signal(
        direction, stop_loss=55_000 if short else 45_000, take_profit=40_000 if short else 60_000
    )
    machine = managed(signal, short=short, entries=(50_000.0,), model=COSTS)
    price = 52_000.0 if short else 48_000.0
    assert asked(machine, AverageBuy(100.0), price=price)[0].accepted
    machine.handle(bought("s-X-1:average1", price, 100.0, COSTS, buying=not short))
    return machine


@pytest.mark.parametrize(
    ("direction", "effective", "stop", "target", "price"),
    [
        ("long", 48_979.591837, 47_448.979592, 56_081.632653, 48_500.0),
        ("short", 50_980.392157, 52_960.784314, 45_098.039216, 51_000.0),
    ],
)
def test_managed_stops_and_targets(direction, effective, stop, target, price):
    machine = manage(direction)
    assert machine.state.position.average_entry_price == pytest.approx(effective, abs=1e-6)

    for command, name, level in (
        (TrailStop(price=stop), "stop", stop),
        (TrailTarget(price=target), "target1", target),
    ):
        answer, _, effect = asked(machine, command, price=price)
        assert answer.accepted
        assert isinstance(effect, AmendOrder)
        assert machine.state.orders[f"s-X-1:{name}"].price == level


@pytest.mark.parametrize(
    ("price", "pnl_pct"), [(56_081.632653, 6.942918613), (47_448.979592, -0.964569331)]
)
def test_managed_parts(price, pnl_pct):
    """25 % at 47,000, 40 % of the rest at 52,000; then it would be closed at target or stop."""
    machine = manage("long")
    for number, pct, at_price in ((2, 25, 47_000.0), (3, 40, 52_000.0)):
        asked(machine, ClosePart(pct=pct), price=at_price)
        order = machine.state.orders[f"s-X-1:part{number}"]
        paid = COSTS.paid_price(at_price, buying=False, maker=False)
        event = filled(order.order_id, 3, at_price, quantity=order.quantity)
        fee = COSTS.fee(order.quantity * paid, maker=False)
        machine.handle(event._replace(fill=event.fill._replace(paid_price=paid, fee=fee)))
    position = machine.state.position

    assert position.cost_left == pytest.approx(90.0)
    assert 100.0 - position.cost_left / position.cost * 100.0 == pytest.approx(55.0)
    assert position.average_entry_price == pytest.approx(48_979.591837, abs=1e-6)
    # The two levels are printed to six digits.
    assert position.pnl_pct_at(price) == pytest.approx(pnl_pct, abs=1e-8)
