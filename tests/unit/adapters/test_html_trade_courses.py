"""What the page is told of managed trades: fills in their candles, and how levels moved."""

from tests.support.candles import DAY
from tests.unit.adapters.run_page import block, event, kept, trade
from tradekit.adapters.html.page import page
from tradekit.adapters.html.payload import trade_columns
from tradekit.domain.time import MINUTE_MS


def at(minute):
    return DAY + minute * MINUTE_MS


def fill(minute, price, quantity=1.0):
    return {"ts_ms": at(minute), "price": price, "quantity": quantity, "fee": 0.1}


def told(one, *events, shown=1):
    """Return the payload of one trade."""
    return trade_columns([one], events, base_ms=MINUTE_MS, shown_ms=shown * MINUTE_MS)


def opened(one, *, stop="99.0", target="120.0", phase="open"):
    levels = {"stop_loss_price": stop, "take_profit_price": target}
    return event("opened", one, phase=phase, price="105.0", **levels)


def averaged(one, minute, average, phase="open"):
    return event("averaged", one, phase=phase, ts_ms=at(minute), average_entry_price=average)


def trailed(one, minute, price, order="stop"):
    moment = {"phase": "decision", "ts_ms": at(minute)}
    return event("trailed", one, **moment, order=order, old_price=None, new_price=price, why="x")


def partial(one, minute, price, order="target"):
    return event("partial", one, phase="inside", ts_ms=at(minute), order=order, price=price)


def test_each_fill_stands_in_the_candle_in_which_it_happened():
    entries = [fill(5, 105.0), fill(7, 100.0), fill(8, 95.0)]
    exits = [fill(9, 101.0, 2.0), fill(12, 104.0)]
    one = trade(1, entry=5, left=12, entries=entries, exits=exits)

    data = told(
        one,
        opened(one, phase="inside"),
        averaged(one, 7, "102.5"),
        averaged(one, 8, "100.0", phase="inside"),
        partial(one, 9, "101.0", order="part"),
        event("closed", one, phase="open"),
    )

    ((first, second, third), (part, last)) = data["fills"]["0"]
    assert first == [at(5), 105.0, 1.0, 0.1, at(4)]
    assert (second[4], third[4], part[4], last[4]) == (at(7), at(7), at(8), at(12))
    assert data["columns"]["entry_at_ms"] == [at(4)]
    assert data["columns"]["exit_at_ms"] == [at(12)]


def test_average_price_moves_with_each_entry_and_stays_with_an_exit():
    one = trade(1, entry=5, left=30)

    data = told(
        one,
        opened(one),
        averaged(one, 7, "102.5"),
        partial(one, 8, "101.0", order="part"),
        averaged(one, 20, "98.25"),
        event("closed", one, phase="inside"),
    )

    steps = data["steps"]["0"]
    assert steps["average"] == [[at(5), 105.0], [at(7), 102.5], [at(20), 98.25]]
    assert steps["moves"] == {}
    assert "stop" not in steps


def test_stop_and_target_move_from_those_at_the_entry():
    one = trade(1, entry=5, left=30)

    data = told(
        one,
        opened(one, stop=None),
        trailed(one, 6, "101.0"),
        trailed(one, 6, "118.0", order="target"),
        trailed(one, 9, "103.0"),
        event("closed", one, phase="inside", reason="stop_loss", exit_price="103.0"),
    )

    steps = data["steps"]["0"]
    assert steps["stop"] == [[at(5), None], [at(6), 101.0], [at(9), 103.0]]
    assert steps["target"] == [[at(5), 120.0], [at(6), 118.0]]
    assert steps["moves"] == {"stop": 2, "target": 1}
    assert data["columns"]["stop"] == [None]
    assert data["columns"]["target"] == [120.0]


def test_of_several_steps_in_one_candle_shown_the_last_one_is_kept():
    one = trade(1, entry=5, left=30)
    minutes = (6, 7, 9, 10, 14, 15)

    data = told(one, opened(one), *(trailed(one, m, repr(100.0 + m)) for m in minutes), shown=5)

    steps = data["steps"]["0"]
    assert steps["stop"] == [[at(5), 99.0], [at(9), 109.0], [at(14), 114.0], [at(15), 115.0]]
    assert steps["moves"] == {"stop": 6}


def test_farther_targets_are_known_once_they_fill():
    one = trade(1, entry=5, left=30)

    data = told(
        one,
        opened(one, target="110.0"),
        partial(one, 8, "110.0"),
        partial(one, 12, "112.0"),
        event("closed", one, phase="inside", reason="take_profit", exit_price="115.0"),
    )

    assert data["steps"]["0"]["target"] == [[at(5), 110.0], [at(7), 112.0], [at(11), 115.0]]


def test_target_that_never_filled_after_another_one_is_not_made_up():
    one = trade(1, entry=5, left=30)

    data = told(
        one,
        opened(one, target="110.0"),
        partial(one, 8, "110.0"),
        event("closed", one, phase="inside", reason="stop_loss", exit_price="99.0"),
    )

    assert data["steps"]["0"]["target"] == [[at(5), 110.0], [at(7), None]]


def test_trade_that_was_left_alone_has_no_steps():
    one = trade(1, entry=5, left=30, entries=[fill(5, 105.0)], exits=[fill(30, 104.0)])
    events = [opened(one), event("closed", one, phase="inside", reason="stop_loss")]

    data = block(page(kept(trades=[one], events=events)), "run-data")["trades"]

    assert (data["steps"], data["fills"]) == ({}, {})
