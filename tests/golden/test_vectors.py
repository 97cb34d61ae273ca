"""The 31 rows of engine spec 12.3, restated by hand for our own minute before any code ran.

A row is what the strategy asked for once, on which candles, and every event that follows:
(kind, minute, price or reason; of a close also its reason and PnL percent). PnL is worked out from
the formula of 5.1 with 0.1 % fee and slippage: O = open · (1 ± 0.001), C = close · (1 ∓ 0.001),
percent = s · (C − O) / O · 100 − 0.1 · (1 + C / O). A frame is half-open: `frame` minutes, the last
candle is minute `frame − 1`. History before minute 0 exists, so the first question is at minute 0.

Where our rows differ from those of 12.3:

- E09, H02: the reason is `frame_end`, not `time_expired` with a flag; the price is the last close
  inside the frame, which these worlds cannot tell from the next open.
- S08: a resting entry is cancelled with `frame_end`, not `timeout`.
- E10, E11: an entry given as a price is a limit order even if the price is there already. It is
  placed (`scheduled`) and fills at the open of the same minute, hence one event more.
- E03, E04, E07 keep price and label, but not what follows: the symbol is flat, and asked, one
  minute later (`test_minute.py`).
- X13 needs no risk profile here (they come later); its story is that of the limit order alone.
- A cancellation has no price: nothing was traded.
- S10 is in `test_managed_vectors.py`. It would open at 100, the worse of limit and
  market, and expire at −0.3996 %.
"""

from dataclasses import dataclass, field

import pytest

from tests.support import worlds
from tests.support.oracle import Oracle
from tests.support.oracle_bridge import Prices, at, differences, minutes, same, to_series, trades_of
from tests.support.oracle_engine import Player, as_strategy, told_by_journal, told_by_oracle
from tests.support.oracle_strategies import Scripted
from tests.support.oracle_terms import MINUTE_MS, Plan


@dataclass(frozen=True)
class Row:
    """One row of the table; prices of `candles` hold until the next stretch begins."""

    plan: Plan
    candles: dict[int, Prices]
    events: list[tuple]
    single: dict[int, Prices] = field(default_factory=dict)
    frame: int = 60
    first_close_above: float = 0.0


def long(stop: float, target: float, hold: int | None, **more) -> Plan:
    hold_ms = None if hold is None else hold * MINUTE_MS
    return Plan("long", float(stop), float(target), hold_ms=hold_ms, **more)


def short(stop: float, target: float, hold: int | None, **more) -> Plan:
    hold_ms = None if hold is None else hold * MINUTE_MS
    return Plan("short", float(stop), float(target), hold_ms=hold_ms, **more)


def limit(entry: float) -> dict:
    return {"entry": float(entry), "entry_type": "limit"}


OPENED = ("opened", 0, 100.0)
PLACED = ("scheduled", 0, 100.0)
FLAT = {-99: 100.0}

ROWS = {
    # Minute 10 opens at 110, beyond the target: sold at the target.
    "E01_long_tp": Row(
        long(98, 102, 30),
        {-99: 100.0, 10: 110.0},
        [OPENED, ("closed", 10, 102.0, "take_profit", 1.594407592408)],
    ),
    "E02_short_tp": Row(
        short(102, 98, 30),
        {-99: 100.0, 10: 90.0},
        [OPENED, ("closed", 10, 98.0, "take_profit", 1.605607607608)],
    ),
    # Minute 10 opens at 90, beyond the stop: sold at the open.
    "E03_long_sl": Row(
        long(98, 102, 30),
        {-99: 100.0, 10: 90.0},
        [OPENED, ("closed", 10, 90.0, "stop_loss", -10.369640359640)],
    ),
    "E04_short_sl": Row(
        short(102, 98, 30),
        {-99: 100.0, 10: 110.0},
        [OPENED, ("closed", 10, 110.0, "stop_loss", -10.430440440440)],
    ),
    # Opened at minute 0, held 20 minutes: sold at the open of minute 20.
    "E05_time_expired": Row(
        long(90, 110, 20),
        {-99: 100.0, 5: 101.0},
        [OPENED, ("closed", 20, 101.0, "time_expired", 0.597403596404)],
    ),
    # The wick of minute 7 is real; it is known when minute 7 has closed.
    "E06_wick_ignored": Row(
        long(97, 103, 20),
        FLAT,
        [OPENED, ("closed", 8, 97.0, "stop_loss", -3.390612387612)],
        single={7: (100, 100, 90, 100)},
    ),
    "E07_gap_sl": Row(
        long(97, 103, 20),
        {-99: 100.0, 7: 50.0},
        [OPENED, ("closed", 7, 50.0, "stop_loss", -50.249800199800)],
    ),
    # The entry candle itself spans 95 to 105: stop before target.
    "E08_zero_volume": Row(
        long(97, 103, 20),
        {-99: (100, 105, 95, 100), 6: (103, 109, 101, 104)},
        [OPENED, ("closed", 1, 97.0, "stop_loss", -3.390612387612)],
    ),
    "E09_frame_end": Row(
        long(90, 110, 60),
        {-99: 100.0, 10: 101.0},
        [OPENED, ("closed", 15, 101.0, "frame_end", 0.597403596404)],
        frame=15,
    ),
    # A buy limit at 101 with the market at 100 gets the open.
    "E10_imm_long_priceopen": Row(
        long(98, 103, 5, **limit(101)),
        FLAT,
        [PLACED, OPENED, ("closed", 5, 100.0, "time_expired", -0.399600399600)],
        frame=20,
    ),
    "E11_imm_short_priceopen": Row(
        short(102, 97, 5, **limit(99)),
        FLAT,
        [PLACED, OPENED, ("closed", 5, 100.0, "time_expired", -0.400400400400)],
        frame=20,
    ),
    # Touched inside minute 8 (equality touches): open from minute 9 on, for ten minutes.
    "S01_sched_long_exact_low": Row(
        long(92, 98, 10, **limit(95)),
        {-99: 100.0, 9: 96.0},
        [PLACED, ("opened", 9, 95.0), ("closed", 19, 96.0, "time_expired", 0.649877490930)],
        single={8: (100, 100, 95, 99)},
    ),
    # One candle through limit and stop: filled, then stopped.
    "S02_sched_long_sl_same_candle": Row(
        long(92, 98, 10, **limit(95)),
        FLAT,
        [PLACED, ("opened", 9, 95.0), ("closed", 9, 92.0, "stop_loss", -3.548034071192)],
        single={8: (100, 100, 91, 99)},
    ),
    "S03_sched_timeout": Row(
        long(92, 98, 10, **limit(95)), FLAT, [PLACED, ("cancelled", 120, "timeout")], frame=200
    ),
    # The wait of 120 minutes is over before candle 120 is seen.
    "S04_sched_touch_at_timeout_candle": Row(
        long(92, 98, 10, **limit(95)),
        FLAT,
        [PLACED, ("cancelled", 120, "timeout")],
        single={120: (100, 100, 95, 100)},
        frame=200,
    ),
    "S05_sched_touch_at_119": Row(
        long(92, 103, 10, **limit(95)),
        FLAT,
        [PLACED, ("opened", 120, 95.0), ("closed", 130, 100.0, "time_expired", 4.847789053052)],
        single={119: (100, 100, 95, 100)},
        frame=200,
    ),
    # Placed before minute 0 opens, so minute 0 may fill it.
    "S06_sched_touch_first_candle": Row(
        long(92, 103, 10, **limit(95)),
        FLAT,
        [PLACED, ("opened", 1, 95.0), ("closed", 11, 100.0, "time_expired", 4.847789053052)],
        single={0: (100, 100, 95, 100)},
    ),
    "S07_sched_short": Row(
        short(108, 102, 10, **limit(105)),
        {-99: 100.0, 9: 104.0},
        [PLACED, ("opened", 9, 105.0), ("closed", 19, 104.0, "time_expired", 0.554841508175)],
        single={8: (100, 105, 100, 101)},
    ),
    "S08_sched_frame_end": Row(
        long(92, 98, 10, **limit(95)), FLAT, [PLACED, ("cancelled", 30, "frame_end")], frame=30
    ),
    "L01_levels": Row(
        long(90, 110, 50),
        {-99: 100.0, 10: 105.0, 20: 98.0, 30: 108.0},
        [OPENED, ("closed", 50, 108.0, "time_expired", 7.576431568432)],
        frame=90,
    ),
    "H01_infinity": Row(
        long(90, 105, None),
        {-99: 100.0, 1500: 110.0},
        [OPENED, ("closed", 1500, 105.0, "take_profit", 4.585419580420)],
        frame=3000,
    ),
    "H02_infinity_frame_end": Row(
        long(90, 105, None),
        FLAT,
        [OPENED, ("closed", 1200, 100.0, "frame_end", -0.399600399600)],
        frame=1200,
    ),
    # Nothing traded above 95 after the fill: no phantom target.
    "X01_phantom_tp": Row(
        long(92, 97, 10, **limit(95)),
        {-99: 100.0, 9: 95.0},
        [PLACED, ("opened", 9, 95.0), ("closed", 19, 95.0, "time_expired", -0.399600399600)],
        single={8: (100, 100, 94.9, 95)},
        frame=40,
    ),
    "X02_short_sl_same_candle": Row(
        short(108, 102, 10, **limit(105)),
        FLAT,
        [PLACED, ("opened", 9, 105.0), ("closed", 9, 108.0, "stop_loss", -3.266126126126)],
        single={8: (100, 109, 100, 101)},
        frame=40,
    ),
    # Volume plays no part in a fill: X03 and X04 differ in nothing else.
    "X03_low_volume_spike": Row(
        long(98, 101, 10),
        FLAT,
        [OPENED, ("closed", 7, 101.0, "take_profit", 0.597403596404)],
        single={6: (100, 120, 100, 110)},
        frame=30,
    ),
    "X04_high_volume_spike": Row(
        long(98, 101, 10),
        FLAT,
        [OPENED, ("closed", 7, 101.0, "take_profit", 0.597403596404)],
        single={6: (100, 120, 100, 110)},
        frame=30,
    ),
    # The hold is over at minute 10, whose open is beyond the target: the resting target is first.
    "X05_expiry_beats_tp": Row(
        long(95, 105, 10),
        {-99: 100.0, 10: 200.0},
        [OPENED, ("closed", 10, 105.0, "take_profit", 4.585419580420)],
        frame=30,
    ),
    "X06_custom_cost": Row(
        long(95, 105, 10, cost=250.0),
        {-99: 100.0, 5: 110.0},
        [OPENED, ("closed", 5, 105.0, "take_profit", 4.585419580420)],
        frame=30,
    ),
    # Asked at minute 11, after minute 10 closed at 110: the market is beyond the target already.
    "X11_stale_entry": Row(
        long(99, 107, 20),
        {-99: 100.0, 10: 110.0},
        [("rejected", 11, "gap_reject")],
        frame=40,
        first_close_above=105.0,
    ),
    # Filled inside minute 8; minute 9 opens at 100, beyond the target.
    "X13_self_rejecting_risk": Row(
        long(92, 98, 10, **limit(95)),
        FLAT,
        [PLACED, ("opened", 9, 95.0), ("closed", 9, 98.0, "take_profit", 2.748833271991)],
        single={8: (100, 100, 95, 99)},
        frame=30,
    ),
}


def scripted(row: Row) -> Scripted:
    """Answer once, at the first question whose last close is above the row's threshold."""
    answers = [row.plan]

    def answer(candles, i):
        ready = answers and candles.close[i - 1] > row.first_close_above
        return answers.pop() if ready else None

    return Scripted(answer)


def candles_of(row: Row):
    return minutes(row.frame, row.candles, row.single)


def assert_told(told: list[tuple], events: list[tuple]) -> None:
    assert [each[:2] for each in told] == [each[:2] for each in events]
    for got, want in zip(told, events, strict=True):
        assert same(list(want), list(got)), f"was {got}, must be {want}"


def test_the_table_has_all_rows_but_s10():
    assert len(ROWS) == 31 - 1


@pytest.mark.parametrize("name", ROWS)
def test_oracle_tells_the_row(name):
    row = ROWS[name]
    outcome = Oracle(candles_of(row), scripted(row), at(0), at(row.frame)).run()
    assert_told(told_by_oracle(outcome), row.events)


@pytest.mark.parametrize("skip", [True, False])
@pytest.mark.parametrize("name", ROWS)
def test_engine_tells_the_row(name, skip):
    row = ROWS[name]
    candles = candles_of(row)
    replayed = worlds.run(
        as_strategy({"BTCUSDT": Player(scripted(row), candles)}, hooked=False),
        {"BTCUSDT": to_series(candles)},
        since_ms=at(0),
        until_ms=at(row.frame),
        skip=skip,
    )
    assert_told(told_by_journal(replayed.rows), row.events)
    expected = Oracle(candles, scripted(row), at(0), at(row.frame)).run()
    assert differences(expected.trades, trades_of(replayed.rows)) == []


def test_custom_cost_earns_in_proportion():
    row = ROWS["X06_custom_cost"]
    (trade,) = Oracle(candles_of(row), scripted(row), at(0), at(row.frame)).run().trades
    assert trade["pnl"] == pytest.approx(11.463548951049, abs=1e-9)
