"""The account over days, against numbers worked by hand."""

import math

import numpy as np
import pytest

from tests.unit.analysis.journal_builder import DAY, MINUTE, START
from tradekit.analysis import returns
from tradekit.analysis.metrics import Measure
from tradekit.analysis.returns import DailyEquity

HOUR = 60 * MINUTE
# Fourteen days of +1 %, -0.5 %, in turn.
UP, DOWN = 0.01, -0.005
CHANGES = [UP, DOWN] * 7
EQUITY = np.cumprod([1_000.0, *(1.0 + change for change in CHANGES)])
DAILY = DailyEquity(EQUITY, 14.0, 10)
# The mean is 0.0025; each return is 0.0075 from it, of fourteen thirteen count.
SCATTER = 0.0075 * math.sqrt(14 / 13)
YEAR = math.sqrt(365.0)


def test_ratios_of_daily_returns() -> None:
    assert returns.volatility_pct(DAILY).value == pytest.approx(SCATTER * YEAR * 100)
    assert returns.sharpe_ratio(DAILY).value == pytest.approx(0.0025 / SCATTER * YEAR)
    # Half of the days lost 0.005, the others count as zero.
    downside = 0.005 * math.sqrt(0.5)
    assert returns.sortino_ratio(DAILY).value == pytest.approx(0.0025 / downside * YEAR)
    assert returns.sharpe_ratio(DAILY, 252.0).value == pytest.approx(
        0.0025 / SCATTER * math.sqrt(252.0)
    )


def test_yearly_return_compounds_to_a_year() -> None:
    grown = DailyEquity(np.array([100.0, 110.0]), 73.0, 10)

    # Five times 73 days are a year.
    assert returns.yearly_return_pct(grown).value == pytest.approx((1.1**5 - 1.0) * 100)
    assert returns.yearly_return_pct(grown._replace(days=730.0)).value == pytest.approx(
        (math.sqrt(1.1) - 1.0) * 100
    )
    assert returns.yearly_return_pct(grown._replace(equity=np.array([100.0, 0.0]))) == Measure(
        -100.0
    )
    assert returns.yearly_return_pct(DailyEquity(np.array([1.0, 1e15]), 14.0, 10)) == Measure(
        None, "too_large"
    )


def test_a_yearly_return_above_100_is_shown_with_a_warning() -> None:
    def told(final: float) -> dict[str, str]:
        daily = DailyEquity(np.linspace(100.0, final, 366), 365.0, 10)
        return returns.warnings(
            returns.returns(daily, pnl_pct=1.0, max_drawdown_pct=-1.0, longest_drawdown_days=0.0)
        )

    assert told(250.0) == {"yearly_return_pct": "above_100_pct"}
    assert told(199.0) == told(1.0) == {}


def test_ratios_by_drawdown() -> None:
    yearly_pct = returns.yearly_return_pct(DAILY).value

    assert returns.calmar_ratio(DAILY, -4.0).value == pytest.approx(yearly_pct / 4.0)
    assert returns.calmar_ratio(DAILY, 0.0) == Measure(None, "no_drawdown")
    assert returns.calmar_ratio(DAILY._replace(days=13.0), -4.0) == Measure(None, "too_short")
    assert returns.recovery_factor(10, 3.0, -1.5) == Measure(2.0)
    assert returns.recovery_factor(10, -3.0, -6.0) == Measure(-0.5)
    assert returns.recovery_factor(10, 3.0, 0.0) == Measure(None, "no_drawdown")
    assert returns.recovery_factor(10, -100.0, -100.0) == Measure(None, "blown_up")
    assert returns.recovery_factor(9, 3.0, -1.5) == Measure(None, "too_few_trades")
    assert returns.recovery_factor(0, 0.0, 0.0) == Measure(None, "no_trades")


@pytest.mark.parametrize(
    ("count", "days", "reason"),
    [(0, 1.0, "no_trades"), (9, 1.0, "too_few_trades"), (10, 13.99, "too_short"), (10, 14.0, "")],
)
def test_gates_of_what_is_scaled_to_a_year(count, days, reason) -> None:
    daily = DailyEquity(EQUITY, days, count)

    for figure in (
        returns.yearly_return_pct,
        returns.volatility_pct,
        returns.sharpe_ratio,
        returns.sortino_ratio,
    ):
        assert figure(daily).undefined == reason
        assert (figure(daily).value is None) == bool(reason)


def test_an_account_below_zero_has_no_daily_returns() -> None:
    ruined = DAILY._replace(equity=np.append(EQUITY[:-1], -1.0))

    for figure in (returns.volatility_pct, returns.sharpe_ratio, returns.sortino_ratio):
        assert figure(ruined) == Measure(None, "blown_up")


def test_days_that_are_all_alike_have_no_ratio() -> None:
    still = DAILY._replace(equity=np.full(15, 1_000.0))
    rising = DAILY._replace(equity=1_000.0 * 1.01 ** np.arange(15.0))

    assert returns.volatility_pct(still) == Measure(0.0)
    assert returns.sharpe_ratio(still) == Measure(None, "no_variation")
    assert returns.sharpe_ratio(rising) == Measure(None, "no_variation")
    assert returns.sortino_ratio(rising) == Measure(None, "no_losses")
    assert returns.sortino_ratio(still) == Measure(None, "no_losses")


def test_daily_equity_is_what_was_known_at_midnight() -> None:
    # Closes at 23:00 and 00:00 of the first day, none on the second, one on the third.
    ts_ms = START + np.array([23 * HOUR, DAY, 2 * DAY + HOUR, 2 * DAY + 6 * HOUR])
    equity = np.array([101.0, 102.0, 103.0, 104.0])

    daily = returns.daily_equity(
        equity, ts_ms, capital=100.0, since_ms=START, until_ms=START + 2 * DAY + 6 * HOUR
    )

    assert daily.tolist() == [100.0, 102.0, 102.0, 104.0]


def test_a_frame_may_begin_in_the_middle_of_a_day() -> None:
    ts_ms = START + np.array([13 * HOUR, DAY])

    daily = returns.daily_equity(
        np.array([99.0, 98.0]),
        ts_ms,
        capital=100.0,
        since_ms=START + 12 * HOUR,
        until_ms=START + DAY,
    )

    assert daily.tolist() == [100.0, 98.0]


def test_the_longest_drawdown_lasts_from_peak_to_peak() -> None:
    ts_ms = START + np.arange(1, 9) * DAY
    # Below the capital for two days, at a peak on the third, then 4th to 7th below 110 again.
    equity = np.array([99.0, 100.0, 110.0, 109.0, 100.0, 110.0, 108.0, 108.5])

    def days(values: np.ndarray, times: np.ndarray) -> float:
        return returns.longest_drawdown_days(values, times, capital=100.0, since_ms=START)

    assert days(equity, ts_ms) == 3.0
    assert days(equity[:1], ts_ms[:1]) == 1.0
    # Never reached again: to the end.
    assert days(equity[3:], ts_ms[3:]) == 2.0
    assert days(np.array([90.0, 91.0, 92.0]), ts_ms[:3]) == 3.0
    assert days(np.array([100.0, 101.0, 101.0]), ts_ms[:3]) == 0.0
