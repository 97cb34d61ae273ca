"""What the page's scripts are handed: trades in their candles, candles to the last bit."""

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.candles import DAY, series_of
from tests.unit.adapters.run_page import block, event, kept, trade
from tradekit.adapters.html.page import page
from tradekit.adapters.html.payload import (
    PAGE_CANDLES,
    SYMBOL_CANDLES,
    candle_columns,
    shown_interval,
    trade_columns,
)
from tradekit.domain.candle import CandleSeries
from tradekit.domain.time import DAY_MS, MINUTE_MS, Interval


def test_trades_stand_in_the_candle_in_which_they_happened():
    one = trade(1, entry=5, left=9, symbol="AUSDT")
    events = [
        event("opened", one, phase="open", stop_loss_price="99.5", take_profit_price=None),
        event("closed", one, phase="inside", note="why"),
    ]

    data = block(page(kept(trades=[one], events=events)), "run-data")["trades"]["columns"]

    assert data["entry_at_ms"] == [DAY + 5 * MINUTE_MS]
    assert data["exit_at_ms"] == [DAY + 8 * MINUTE_MS]
    assert (data["stop"], data["target"], data["note"]) == ([99.5], [None], ["why"])


def test_events_of_refused_entries_are_forgotten_one_by_one():
    """A run may refuse half a million entries: what is held of them does not grow with them."""
    one = trade(1)
    refused = {"kind": "rejected", "phase": "decision", "strategy": "mine", "symbol": "AUSDT"}

    def rows():
        yield event("opened", one, stop_loss_price="99.5", take_profit_price="120.0")
        for number in range(50_000):
            note = f"{number}".ljust(200, "x")
            yield {**refused, "signal_id": f"mine-AUSDT-r{number}", "note": note, "seq": number}
        yield event("closed", one, phase="inside")

    tracemalloc.start()
    try:
        columns = trade_columns([one], rows(), base_ms=MINUTE_MS, shown_ms=MINUTE_MS)["columns"]
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert (columns["stop"], columns["target"]) == ([99.5], [120.0])
    assert most < 1_000_000  # the notes alone are ten times that


def test_several_fills_are_kept_and_a_single_one_is_not():
    fill = {"ts_ms": DAY, "price": 100.0, "quantity": 1.0, "fee": 0.1}
    trades = [trade(1, entries=[fill, fill], exits=[fill]), trade(2, entries=[fill], exits=[fill])]

    fills = block(page(kept(trades=trades)), "run-data")["trades"]["fills"]

    assert fills == {"0": [[[DAY, 100.0, 1.0, 0.1, DAY]] * 2, [[DAY, 100.0, 1.0, 0.1, DAY]]]}


def decoded(packed):
    """Return (ts_ms, open, high, low, close) of each candle, as the page's script makes them."""
    skips, unit = dict(packed["steps"]), 10 ** packed["digits"]
    ms, last, made = packed["since_ms"], 0, []
    columns = zip(packed["open"], packed["close"], packed["high"], packed["low"], strict=True)
    for index, (open_, close, high, low) in enumerate(columns):
        ms += packed["interval_ms"] * skips.get(index, 1) if index else 0
        first = last + open_
        last = first + close
        made.append(
            (
                ms,
                first / unit,
                (max(first, last) + high) / unit,
                (min(first, last) - low) / unit,
                last / unit,
            )
        )
    return made


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=50, unique=True).map(sorted),
    st.integers(0, 8),
    st.data(),
)
def test_candles_arrive_to_the_last_bit_holes_included(minutes, digits, data):
    count = len(minutes)
    cents = st.lists(st.integers(1, 10**7), min_size=4, max_size=4).map(sorted)
    prices = np.array([data.draw(cents) for _ in range(count)]) / 10**digits
    low, one, other, high = prices.T
    series = CandleSeries(
        MINUTE_MS, DAY + np.array(minutes) * MINUTE_MS, one, high, low, other, np.ones(count)
    )

    packed = candle_columns(series, Interval.M1)

    columns = (series.ts_ms, series.open, series.high, series.low, series.close)
    assert decoded(packed) == list(zip(*(c.tolist() for c in columns), strict=True))


def test_candles_of_a_longer_interval_cover_the_trades_at_the_edges():
    packed = candle_columns(series_of(range(3, 14)), Interval.M5)

    first, *_, last = decoded(packed)
    assert len(decoded(packed)) == 3
    assert first == (DAY, 103.0, 105.0, 102.0, 104.5)
    assert last[0] == DAY + 10 * MINUTE_MS


@given(
    st.sampled_from(Interval),
    st.integers(1, 3000).map(lambda days: days * DAY_MS),
    st.integers(1, 200),
)
def test_shown_interval_is_the_finest_within_the_bounds(base, length_ms, symbols):
    shown = shown_interval(base, length_ms, symbols)
    finer = [each for each in Interval if base.ms <= each.ms < shown.ms and each.ms % base.ms == 0]
    most = min(SYMBOL_CANDLES, PAGE_CANDLES // symbols)

    assert shown.ms % base.ms == 0
    assert shown is Interval.D1 or -(-length_ms // shown.ms) <= most
    assert all(-(-length_ms // each.ms) > most for each in finer)


def test_nine_symbols_of_four_weeks_are_shown_in_minutes():
    assert shown_interval(Interval.M1, 27 * DAY_MS, 9) is Interval.M1
