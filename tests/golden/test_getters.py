"""What hooks are shown of a position, and what they are told of it, worked out by hand.

The two vectors are those of engine spec 8.4 (getters) and 12.2 (L01), restated for our model:
candles that never move inside, an entry at the open of minute 0, extremes of candles instead of a
volume-weighted price, percent after all costs. All costs are 0.1 % a leg.

A long of 100 at 100 holds 100 / (100 * 1.001) = 0.999000999 of it and has paid a fee of 0.1. At
price p it is worth 0.999000999 * p * 0.999 less a fee of 0.1 % of that: its profit is
0.99700399600 * p - 100.1 percent of 100.
"""

import pytest

from tests.unit.drivers.minutes import candles, minute_of, once, play, rows
from tradekit.api.declare import strategy
from tradekit.domain.costs import CostModel
from tradekit.domain.signal import Signal

COSTS = CostModel(0.1, 0.1, 0.1, 0.1)
WAYS = pytest.mark.parametrize("skip", [True, False])


def steps(minutes, **prices):
    """Return candles that stand still, from minute 0 at 100; `t5=103` is the price from 5 on."""
    row, now = {}, 100.0
    for minute in range(minutes):
        now = float(prices.get(f"t{minute}", now))
        row[f"m{minute}"] = (now,) * 4
    return candles(minutes, **row)


# --- getters at minute 28 ---------------------------------------------------------------------

SHOWN = {
    "direction": "long",
    "cost": 100.0,
    "cost_left": 100.0,
    "quantity": 100.0 / 100.1,
    "held_pct": 100.0,
    "closed_pct": 0.0,
    "average_entry_price": 100.0,
    "stop_loss_price": 90.0,
    "take_profit_price": 110.0,
    "exits": (),
    # The last close is 101: 100.697403596 - 100.1.
    "pnl": 0.597403596,
    "pnl_pct": 0.597403596,
    # 103 was first seen in the candle of minute 5: 102.691411588 - 100.1. The spec's price got
    # there at 9 only, for it was an average of five candles.
    "peak_pct": 2.591411588,
    "peak_price": 103.0,
    "peak_minutes": 23,
    "below_peak_pct": 1.994007992,
    # 98 was first seen in that of minute 12: 97.706391608 - 100.1.
    "drawdown_pct": -2.393608392,
    "drawdown_price": 98.0,
    "drawdown_minutes": 16,
    "above_drawdown_pct": 2.991011988,
    "minutes": 28,
    "minutes_left": 7,
    # 100.1 / 0.997003996.
    "net_zero_price": 100.400801202,
}


def at_28(look, *, skip=True):
    """Call `look` once, at minute 28 of the vector."""
    declared = strategy("s")(once(Signal.long(stop_loss=90, take_profit=110, hold=35)))
    called = []

    @declared.while_open
    def hook(ctx, position):
        if minute_of(ctx.now) == 28:
            called.append(look(position))

    series = steps(40, t5=103, t12=98, t20=101)
    replayed = play(declared, series, minutes=40, costs=COSTS, skip=skip)
    assert not replayed.failures
    (closed,) = rows(replayed, "closed")
    assert (minute_of(closed.ts_ms), closed.data["reason"]) == (35, "time_expired")
    return called[0]


@WAYS
def test_every_getter_is_what_was_worked_out(skip):
    shown = at_28(lambda position: {name: getattr(position, name) for name in SHOWN}, skip=skip)

    for name, value in SHOWN.items():
        exact = value is None or isinstance(value, str | int | tuple)
        assert shown[name] == (value if exact else pytest.approx(value, abs=1e-9)), name


def test_peak_and_drawdown_are_as_far_apart_as_both_distances():
    apart = at_28(lambda position: position.peak_pct - position.drawdown_pct)

    assert apart == pytest.approx(4.985019980, abs=1e-9)


def test_entries_tell_of_each_fill():
    ((fill,),) = [at_28(lambda position: position.entries)]

    assert (minute_of(fill.ts_ms), fill.price) == (0, 100.0)
    assert fill.paid_price == pytest.approx(100.1)
    assert (fill.quantity, fill.fee) == pytest.approx((100.0 / 100.1, 0.1))


@pytest.mark.parametrize(
    ("price", "near"), [(101.5, True), (101.51, False), (98.5, True), (98.49, False), (None, True)]
)
def test_near_an_entry_is_within_one_and_a_half_percent_edges_included(price, near):
    assert at_28(lambda position: position.near_entry(price=price)) is near
    assert at_28(lambda position: position.near_exit(price=price)) is False


@pytest.mark.parametrize(
    ("above_pct", "below_pct", "price", "near"),
    [(5, 1, 105.0, True), (5, 1, 105.1, False), (5, 1, 99.0, True), (5, 1, 98.9, False)],
)
def test_near_has_a_width_upwards_and_one_downwards(above_pct, below_pct, price, near):
    assert at_28(lambda position: position.near_entry(above_pct, below_pct, price)) is near


def test_a_profit_has_the_price_at_which_it_is_reached():
    # (3 + 100.1) * 1.001 / (0.999 * 0.999) = 103.2031 / 0.998001.
    assert at_28(lambda position: position.price_at(3.0)) == pytest.approx(103.409816223, abs=1e-9)


# --- closed is closed, held is held -----------------------------------------------------------


def test_what_was_closed_and_what_is_held_have_their_own_names():
    """C03 of the spec: 30 % of all, 25 % of the rest, then 20 of cost leave 70, 52.5, 32.5."""
    declared = strategy("s", hold="unlimited")(once(Signal.long(stop_loss=85, take_profit=110)))
    seen = []

    @declared.while_open
    def hook(ctx, position):
        seen.append((position.held_pct, position.closed_pct, position.cost_left))
        part = {16: {"pct": 30}, 26: {"pct": 25}, 36: {"cost": 20}}.get(minute_of(ctx.now))
        assert part is None or position.close_part(**part)
        if minute_of(ctx.now) == 17:
            assert position.near_exit(price=104.0)
            assert not position.near_exit(price=101.0)

    assert not play(declared, steps(45, t10=104, t20=97, t30=106), minutes=45, costs=COSTS).failures

    assert seen[15] == pytest.approx((100.0, 0.0, 100.0))
    assert seen[16] == pytest.approx((70.0, 30.0, 70.0))
    assert seen[26] == pytest.approx((52.5, 47.5, 52.5))
    assert seen[36] == pytest.approx((32.5, 67.5, 32.5))


# --- L01: what is told ------------------------------------------------------------------------

# A candle is told of when it has closed, a minute after the spec's ping; all of a jump at once,
# where the spec's average took five minutes.
L01 = {
    "peak": [(11, 105.0), (31, 108.0)],
    "trough": [(21, 98.0)],
    "breakeven": [(11, 100.400801202)],
    "target": [
        *[(11, 10.0, 101.0), (11, 20.0, 102.0), (11, 30.0, 103.0), (11, 40.0, 104.0)],
        *[(11, 50.0, 105.0), (31, 60.0, 106.0), (31, 70.0, 107.0), (31, 80.0, 108.0)],
    ],
    "stop": [(21, 10.0, 99.0), (21, 20.0, 98.0)],
}


@WAYS
@pytest.mark.parametrize("hooked", [True, False])
def test_levels_peaks_troughs_and_breakeven_are_told_when_their_candle_has_closed(skip, hooked):
    signal = Signal.long(stop_loss=90, take_profit=110, hold=50)
    declared = strategy("s")(once(signal))
    heard = []
    declared.on("level", "peak", "trough", "breakeven")(
        lambda ctx, event: heard.append((minute_of(ctx.now), event.kind, event.details["price"]))
    )
    if hooked:
        declared.while_open(lambda ctx, position: None)

    series = steps(60, t10=105, t20=98, t30=108)
    replayed = play(declared, series, minutes=60, costs=COSTS, skip=skip)

    for kind in ("peak", "trough", "breakeven"):
        found = [(minute_of(row.ts_ms), row.data["price"]) for row in rows(replayed, kind)]
        assert [each[0] for each in found] == [each[0] for each in L01[kind]]
        assert [p for _, p in found] == pytest.approx([p for _, p in L01[kind]], abs=1e-9)
    for toward in ("target", "stop"):
        assert L01[toward] == [
            (minute_of(row.ts_ms), row.data["level_pct"], row.data["price"])
            for row in rows(replayed, "level")
            if row.data["toward"] == toward
        ]
    assert [each[0] for each in heard] == [11] * 7 + [21] * 3 + [31] * 4
    (closed,) = rows(replayed, "closed")
    assert (minute_of(closed.ts_ms), closed.data["reason"]) == (50, "time_expired")
    profits = [closed.data[name] for name in ("pnl_pct", "peak_pct", "drawdown_pct")]
    assert profits == pytest.approx([7.57643156843, 7.57643156843, -2.39360839161], abs=1e-9)
