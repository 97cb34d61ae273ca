"""The journal's line: one spelling of every value, rows in one order."""

import json
import math

import pytest

from tradekit.domain.journal import EventRow, Phase, canonical, canonical_line, event_line


def row(ts_ms=0, phase=Phase.OPEN, index=0, seq=1, **data):
    return EventRow(ts_ms, phase, index, seq, "s", "X", "opened", "s-X-1", data)


@pytest.mark.parametrize(
    ("name", "value", "plain"),
    [
        ("price", 0.1, "0.1"),
        ("price", 1e-7, "1e-07"),
        ("price", 100.0, "100.0"),
        ("quantity", 1 / 3, "0.3333333333333333"),
        ("pnl_pct", 1 / 3, 0.333333333),
        ("pnl_pct", -1e-12, 0.0),
        ("ts_ms", 5, 5),
        ("note", "ä", "ä"),
        ("note", None, None),
        ("at_open", True, True),
        ("entries", [{"price": 1.5, "ts_ms": 1}], [{"price": "1.5", "ts_ms": 1}]),
        ("entries", ({"pnl_pct": 0.1},), [{"pnl_pct": 0.1}]),
        ("prices", [1.5], ["1.5"]),
        ("shares_pct", [1.0000000001], [1.0]),
    ],
)
def test_money_is_text_and_percent_is_rounded(name, value, plain):
    assert canonical(name, value) == plain


def test_no_percent_is_minus_zero():
    assert math.copysign(1.0, canonical("pnl_pct", -1e-12)) == 1.0


def test_a_price_comes_back_to_the_last_bit():
    for price in (0.1 + 0.2, 1e300, 5e-324, 123456.789):
        assert float(canonical("price", price)) == price


def test_a_line_has_sorted_keys_and_no_spaces():
    assert canonical_line({"b": 1, "a": {"d": "é", "c": None}}) == '{"a":{"c":null,"d":"é"},"b":1}'


@pytest.mark.parametrize("name", ["pnl_pct", "price"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_never_reaches_a_line(name, value):
    with pytest.raises(AssertionError, match=f"{name} must be a finite number"):
        canonical_line({"entries": [{name: value}]})


def test_the_line_of_a_row():
    line = event_line(row(ts_ms=60_000, phase=Phase.INSIDE, price=1.5))

    assert json.loads(line) == {
        "ts_ms": 60_000,
        "phase": "inside",
        "strategy": "s",
        "symbol": "X",
        "seq": 1,
        "kind": "opened",
        "signal_id": "s-X-1",
        "price": "1.5",
    }


def test_a_line_does_not_show_the_place_of_the_symbol():
    assert event_line(row(index=0)) == event_line(row(index=5))


def test_rows_are_in_order_of_time_phase_symbol_and_number():
    in_order = [
        row(1, Phase.END, 9, 9),
        row(2, Phase.INSIDE, 1, 1),
        row(2, Phase.DECISION, 0, 7),
        row(2, Phase.OPEN, 0, 8),
        row(2, Phase.OPEN, 1, 2),
        row(2, Phase.OPEN, 1, 3),
        row(2, Phase.END, 0, 9),
    ]

    upside_down = in_order[::-1]
    assert sorted(upside_down) == in_order
