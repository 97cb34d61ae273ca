"""How trades ran, against numbers worked by hand."""

import pytest

from tradekit.analysis import courses
from tradekit.analysis.courses import Courses
from tradekit.analysis.metrics import Measure

MINUTE = 60_000


def trade(
    pnl: float, minutes: float = 1.0, peak: float = 0.0, fall: float = 0.0
) -> dict[str, object]:
    return {
        "pnl": pnl,
        "entry_ts_ms": 5 * MINUTE,
        "exit_ts_ms": round((5 + minutes) * MINUTE),
        "peak_pct": peak,
        "drawdown_pct": fall,
    }


def row(*pnl: float) -> list[dict[str, object]]:
    return [trade(each) for each in pnl]


@pytest.mark.parametrize(
    ("trades", "won", "lost"),
    [
        (row(), 0, 0),
        (row(1, 1, -1, 1), 2, 1),
        (row(1, 0, 1, 1, -1, 0, -1), 2, 1),
        (row(-1, -2, -3), 0, 3),
        (row(0, 0), 0, 0),
    ],
)
def test_a_trade_at_zero_ends_every_streak(trades, won, lost) -> None:
    assert courses.max_win_streak(trades) == won
    assert courses.max_loss_streak(trades) == lost


def test_streaks_earn_what_their_trades_do_together() -> None:
    # Won 1 + 2, then 3, then 4: ten in three rows. Lost 5 and 6 + 7.
    trades = row(1, 2, -5, 3, 0, 4, -6, -7)

    assert courses.avg_win_streak_pnl(trades).value == pytest.approx(10 / 3)
    assert courses.avg_loss_streak_pnl(trades) == Measure(-9.0)
    assert courses.avg_win_streak_pnl(row(-1)) == Measure(None, "no_wins")
    assert courses.avg_loss_streak_pnl(row(1)) == Measure(None, "no_losses")


def test_durations_are_in_minutes_with_their_fractions() -> None:
    trades = [trade(1.0, 10), trade(2.0, 21), trade(-1.0, 2.5), trade(0.0, 60)]

    assert courses.avg_duration_minutes(trades) == Measure(93.5 / 4)
    assert courses.avg_win_duration_minutes(trades) == Measure(15.5)
    assert courses.avg_loss_duration_minutes(trades) == Measure(2.5)
    assert courses.avg_win_duration_minutes(row(0)) == Measure(None, "no_wins")
    assert courses.avg_loss_duration_minutes(row(0)) == Measure(None, "no_losses")


def test_how_well_and_badly_trades_stood() -> None:
    trades = [trade(1.0, peak=3.0, fall=-0.5), trade(-1.0, peak=-0.2, fall=-4.5)]

    assert courses.avg_trade_peak_pct(trades) == Measure(1.4)
    assert courses.avg_trade_drawdown_pct(trades) == Measure(-2.5)
    assert courses.best_trade_peak_pct(trades) == Measure(3.0)
    assert courses.worst_trade_drawdown_pct(trades) == Measure(-4.5)


def test_trades_per_day_are_of_the_frame() -> None:
    assert courses.trades_per_day(row(1, 2, 3), 2.0) == 1.5
    assert courses.trades_per_day([], 2.0) == 0.0


def test_without_trades_nothing_has_a_value() -> None:
    empty = courses.courses([], 1.0)

    numbers = [getattr(empty, name) for name in Courses.__slots__]
    assert {each for each in numbers if isinstance(each, Measure)} == {Measure(None, "no_trades")}
    assert [each for each in numbers if not isinstance(each, Measure)] == [0, 0, 0.0]
