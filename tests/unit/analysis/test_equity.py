"""The account's curve against numbers worked by hand."""

import numpy as np
import pytest

from tests.unit.analysis.journal_builder import CAPITAL, DAY, MINUTE, START, Journal, candles
from tradekit.analysis.equity import (
    AccountCurve,
    account_curve,
    equity_lines,
    equity_points,
)
from tradekit.domain.candle import CandleSeries, empty_series
from tradekit.domain.journal import Phase


def minutes(*numbers: int) -> list[int]:
    return [START + number * MINUTE for number in numbers]


def curve_of(
    journal: Journal,
    series: dict[str, CandleSeries],
    until_ms: int = START + 4 * MINUTE,
    base_ms: int = MINUTE,
) -> AccountCurve:
    return account_curve(journal.rows, series, capital=CAPITAL, base_ms=base_ms, until_ms=until_ms)


FOUR = {"BTCUSDT": candles(minutes(0, 1, 2, 3), [100, 110, 90, 95])}


def test_a_long_from_an_open_to_a_touch_inside_a_candle() -> None:
    journal = Journal()
    # Pays 2 · 101 and 0.2: cash 797.8. Gets 2 · 94 less 0.188: cash 985.612.
    journal.opened(START, price=101.0, quantity=2.0, fee=0.2)
    journal.closed(START + 4 * MINUTE, price=94.0, fee=0.188, reason="stop_loss")

    curve = curve_of(journal, FOUR)

    assert curve.ts_ms.tolist() == [*minutes(1, 2, 3, 4), START + 4 * MINUTE]
    assert curve.cash == pytest.approx([797.8, 797.8, 797.8, 985.612, 985.612])
    assert curve.position_value.tolist() == [200, 220, 180, 0, 0]
    assert curve.equity == pytest.approx([997.8, 1017.8, 977.8, 985.612, 985.612])
    assert curve.drawdown_pct == pytest.approx(
        [-0.22, 0.0, -40 / 10.178, -32.188 / 10.178, -32.188 / 10.178]
    )
    assert curve.held_counts == {"BTCUSDT": 3}


def test_a_short_is_worth_its_cost_and_the_gain_on_it() -> None:
    journal = Journal()
    # Sells 2 at 99: reserves 198 and pays 0.198. Buys back at 92: gains 14 less 0.184.
    journal.opened(START, price=99.0, quantity=2.0, fee=0.198, direction="short")
    journal.closed(START + 3 * MINUTE, Phase.OPEN, price=92.0, fee=0.184)

    curve = curve_of(journal, FOUR)

    assert curve.position_value.tolist() == [196, 176, 216, 0, 0]
    assert curve.cash == pytest.approx([801.802] * 3 + [1013.618] * 2)
    assert curve.equity == pytest.approx([997.802, 977.802, 1017.802, 1013.618, 1013.618])


def test_an_entry_inside_a_candle_shows_when_that_candle_closes() -> None:
    journal = Journal()
    journal.opened(START + 2 * MINUTE, Phase.INSIDE, price=105.0, quantity=1.0)

    curve = curve_of(journal, FOUR)

    assert curve.cash.tolist() == [1000, 895, 895, 895, 895]
    # Never closed: marked at the last close to the end.
    assert curve.position_value.tolist() == [0, 110, 90, 95, 95]
    assert curve.held_counts == {"BTCUSDT": 3}


def test_in_and_out_within_one_candle_moves_cash_only() -> None:
    journal = Journal()
    journal.opened(START + MINUTE, price=105.0, quantity=1.0)
    journal.closed(START + 2 * MINUTE, price=108.0)
    journal.opened(START + 2 * MINUTE, price=100.0, quantity=1.0)
    journal.closed(START + 2 * MINUTE, Phase.OPEN, price=99.0)

    curve = curve_of(journal, FOUR)

    assert curve.equity.tolist() == [1000, 1003, 1002, 1002, 1002]
    assert not curve.position_value.any()
    assert curve.held_counts == {"BTCUSDT": 0}


def test_the_frames_end_changes_the_last_point_only() -> None:
    journal = Journal()
    journal.opened(START + 3 * MINUTE, price=90.0, quantity=1.0)
    journal.closed(START + 4 * MINUTE, Phase.END, price=95.0, fee=0.1, reason="frame_end")

    curve = curve_of(journal, FOUR)

    assert curve.equity == pytest.approx([1000, 1000, 1000, 1005, 1004.9])
    assert curve.cash == pytest.approx([1000, 1000, 1000, 910, 1004.9])
    assert curve.held_counts == {"BTCUSDT": 1}


def test_symbols_with_different_candles_share_one_axis() -> None:
    journal = Journal()
    series = {
        "LATE": candles(minutes(2, 3, 5), [10, 11, 13]),
        "HOLE": candles(minutes(0, 1, 4, 5), [50, 60, 40, 45]),
    }
    journal.opened(START + MINUTE, price=55.0, quantity=1.0, symbol="HOLE")
    journal.opened(START + 2 * MINUTE, price=10.0, quantity=10.0, symbol="LATE")
    journal.closed(START + 5 * MINUTE, price=45.0, symbol="HOLE")

    curve = curve_of(journal, series, until_ms=START + 8 * MINUTE)

    assert curve.ts_ms.tolist() == [*minutes(1, 2, 3, 4, 5, 6), START + 8 * MINUTE]
    # HOLE stays at 60 over minutes 2 and 3 and is sold inside minute 4; LATE waits in minute 4.
    assert curve.position_value.tolist() == [0, 60, 160, 170, 110, 130, 130]
    assert curve.cash.tolist() == [1000, 945, 845, 845, 890, 890, 890]
    assert curve.symbol_equity["HOLE"].tolist() == [1000, 1005, 1005, 1005, 990, 990, 990]
    assert curve.symbol_equity["LATE"].tolist() == [1000, 1000, 1000, 1010, 1010, 1030, 1030]
    # Own candles only: HOLE closed one with a position, LATE all three.
    assert curve.held_counts == {"HOLE": 1, "LATE": 3}


def test_a_close_decided_in_a_hole_shows_at_the_next_candle_of_any_symbol() -> None:
    journal = Journal()
    series = {
        "HOLE": candles(minutes(0, 3), [50, 70]),
        "OTHER": candles(minutes(0, 1, 2, 3), [1, 1, 1, 1]),
    }
    journal.opened(START, price=50.0, quantity=1.0, symbol="HOLE")
    journal.closed(START + 2 * MINUTE, Phase.DECISION, price=50.0, symbol="HOLE", reason="failed")

    curve = curve_of(journal, series)

    assert curve.position_value.tolist() == [50, 50, 0, 0, 0]
    assert curve.equity.tolist() == [1000] * 5


def test_two_strategies_on_one_symbol_add_up() -> None:
    journal = Journal()
    journal.opened(START, price=100.0, quantity=1.0, strategy="a")
    journal.opened(START + MINUTE, price=100.0, quantity=2.0, strategy="b")
    journal.closed(START + 2 * MINUTE, Phase.OPEN, price=110.0, strategy="a")

    curve = curve_of(journal, FOUR)

    assert curve.position_value.tolist() == [100, 330, 180, 190, 190]
    # A candle counts once, however many positions it closed with.
    assert curve.held_counts == {"BTCUSDT": 4}


def test_without_candles_there_is_the_end_alone() -> None:
    curve = curve_of(Journal(), {"BTCUSDT": empty_series(MINUTE)})

    assert equity_points(curve) == [(START + 4 * MINUTE, CAPITAL, CAPITAL, 0.0, 0.0)]
    assert curve.held_counts == {"BTCUSDT": 0}


def test_other_rows_must_not_move_cash() -> None:
    journal = Journal()
    journal.add("funding", START, Phase.DECISION, {"cash_delta": -1.0})

    with pytest.raises(AssertionError, match="funding"):
        curve_of(journal, FOUR)


def test_a_second_position_of_one_stream_is_a_mistake() -> None:
    journal = Journal()
    journal.opened(START, price=100.0, quantity=1.0)
    journal.opened(START + MINUTE, price=100.0, quantity=1.0)

    with pytest.raises(AssertionError, match="one position"):
        curve_of(journal, FOUR)


def test_candles_after_the_frame_are_a_mistake() -> None:
    with pytest.raises(AssertionError, match="frame"):
        curve_of(Journal(), FOUR, until_ms=START + 3 * MINUTE)


def test_there_is_a_row_a_day_and_midnight_belongs_to_the_day_it_ends() -> None:
    hour = 3_600_000
    times = [START + n * hour for n in range(50)]
    series = {"BTCUSDT": candles(times, [100.0 + n for n in range(50)], hour)}
    journal = Journal()
    journal.opened(START, price=100.0, quantity=1.0)
    journal.closed(START + 50 * hour, Phase.END, price=149.0, fee=1.0, reason="frame_end")

    points = equity_points(curve_of(journal, series, START + 50 * hour, hour))

    assert [point.ts_ms for point in points] == [START + n * hour for n in (24, 48, 50)]
    # Candle 23 closed at 123, candle 47 at 147; the end has paid its fee and has no second row.
    assert [point.equity for point in points] == [1023, 1047, 1048]
    assert points[-1].drawdown_pct == pytest.approx(-100 / 1049)


def test_a_day_without_candles_has_no_row_and_the_end_always_has() -> None:
    times = [START, START + 3 * DAY]
    series = {"BTCUSDT": candles(times, [100, 100])}

    points = equity_points(curve_of(Journal(), series, until_ms=START + 6 * DAY))

    expected = [START + MINUTE, START + 3 * DAY + MINUTE, START + 6 * DAY]
    assert [point.ts_ms for point in points] == expected


def test_a_base_of_a_day_has_a_row_for_each_candle() -> None:
    # Off midnight too.
    times = [START + 3_600_000 + n * DAY for n in range(4)]
    series = {"BTCUSDT": candles(times, [100, 101, 102, 103], DAY)}

    points = equity_points(curve_of(Journal(), series, times[-1] + DAY, DAY))

    assert [point.ts_ms for point in points] == [ts_ms + DAY for ts_ms in times]


def test_lines_have_a_header_exact_money_and_rounded_percent() -> None:
    journal = Journal()
    journal.opened(START, price=101.0, quantity=0.1, fee=0.1)

    lines = equity_lines(equity_points(curve_of(journal, FOUR)))

    assert lines == [
        "ts_ms,equity,cash,position_value,drawdown_pct",
        # 1000 - 10.2 + 9.5, the peak 1000.8 at the second close.
        f"{START + 4 * MINUTE},999.3,989.8,9.5,-0.149880096",
    ]


def test_cash_has_the_bits_of_a_plain_loop() -> None:
    # Cash is added up from left to right: 0.1 thrice is 0.30000000000000004.
    journal = Journal()
    for n in range(3):
        journal.opened(START + n * MINUTE, price=1.0, quantity=1.0)
        journal.closed(START + n * MINUTE, Phase.OPEN, price=1.0, fee=0.1)

    curve = account_curve(
        journal.rows, FOUR, capital=1.0, base_ms=MINUTE, until_ms=START + 4 * MINUTE
    )

    expected = 1.0
    for _ in range(3):
        expected = expected - 1.0 + (1.0 - 0.1)
    assert curve.cash[-1] == expected
    assert isinstance(curve.cash, np.ndarray)
