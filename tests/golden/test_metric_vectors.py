"""The statistics vectors S1 to S3 of engine spec 11.7, restated for our definitions.

What is defined alike must be the published number. What is repaired is computed twice: the parity
formula gives the published number, ours the one that a plain loop over days gives.
"""

import math
import statistics
from collections.abc import Sequence

import numpy as np
import pytest

from tests.support.parity_statistics import DAY_MS, parity_statistics
from tradekit.analysis import courses, metrics, outcomes, returns
from tradekit.analysis.metrics import Measure

# 2024-01-01T00:00Z
START = 1_704_067_200_000
HALF_HOUR_MS = 1_800_000
CAPITAL = 10_000.0

S1 = [0.5, -0.25, 0.75, 0.25, -0.5, 1.0, -0.25, -0.25, 0.5, 1.25, -0.75, 0.25]
S2_BTC = [each / 2.0 for each in S1]
S2_ETH = [0.2, -0.15, 0.3, -0.1, 0.4, 0.15, -0.2, 0.35, -0.05, 0.45]


def trades_of(
    percents: Sequence[float],
    *,
    first_day: int = 0,
    falls: dict[int, float] | None = None,
    peaks: dict[int, float] | None = None,
) -> list[dict]:
    """Return trades of 100 each, one every other day, open for half an hour."""
    return [
        {
            "pnl": percent,
            "pnl_pct": percent,
            "entry_ts_ms": START + (first_day + 2 * number) * DAY_MS,
            "exit_ts_ms": START + (first_day + 2 * number) * DAY_MS + HALF_HOUR_MS,
            "drawdown_pct": (falls or {}).get(number),
            "peak_pct": (peaks or {}).get(number),
        }
        for number, percent in enumerate(percents)
    ]


BTC = trades_of(S2_BTC, falls={5: -3.0}, peaks={0: 0.6, 9: 1.5})
ETH = trades_of(S2_ETH, first_day=1, falls={4: -2.0}, peaks={2: 0.5, 7: 1.1})
BOTH = sorted(BTC + ETH, key=lambda trade: trade["exit_ts_ms"])
FIRST = trades_of(S1, falls={5: -3.0}, peaks={0: 0.6, 9: 1.5})


def having(trades: list[dict], name: str) -> list[dict]:
    return [trade for trade in trades if trade[name] is not None]


def close(expected: float) -> Measure:
    return pytest.approx(expected, rel=1e-9)


def per_trade_sharpe(trades: list[dict]) -> float:
    return outcomes.sqn(trades).value / math.sqrt(len(trades))


def test_s1_where_the_definition_is_ours() -> None:
    assert (metrics.win_count(FIRST), metrics.loss_count(FIRST)) == (7, 5)
    assert metrics.pnl(FIRST) == 2.5
    assert metrics.win_rate_pct(FIRST).value == close(58.333333333333336)
    assert outcomes.avg_trade_pct(FIRST).value == close(0.20833333333333334)
    assert outcomes.median_trade_pct(FIRST).value == 0.25
    assert outcomes.trade_std_dev_pct(FIRST).value == close(0.6200562046860727)
    assert per_trade_sharpe(FIRST) == close(0.33599104687422665)
    assert outcomes.payoff_ratio(FIRST).value == close(1.6071428571428572)
    assert courses.avg_win_streak_pnl(FIRST).value == close(0.9)
    assert courses.avg_loss_streak_pnl(FIRST).value == close(-0.5)
    assert courses.avg_duration_minutes(FIRST).value == 30.0
    assert courses.avg_win_duration_minutes(FIRST).value == 30.0
    assert courses.avg_loss_duration_minutes(FIRST).value == 30.0
    # Their trades may lack a peak or a fall and are left out then; ours never do.
    assert courses.avg_trade_peak_pct(having(FIRST, "peak_pct")).value == close(1.05)
    assert courses.avg_trade_drawdown_pct(having(FIRST, "drawdown_pct")).value == -3.0


def test_s1_expectancy_was_the_average_and_is_now_in_r() -> None:
    """Repair: wins and losses weighed by their shares are the mean, so it said nothing new."""
    shares = 7 / 12 * outcomes.avg_win_pct(FIRST).value
    shares += 5 / 12 * outcomes.avg_loss_pct(FIRST).value
    assert shares == close(0.20833333333333337)
    assert shares == close(outcomes.avg_trade_pct(FIRST).value)

    # A stop 2 % below the entry of each: 100 · 2 % = 2 at risk.
    assert outcomes.expectancy_r(FIRST, [2.0] * 12).value == close(2.5 / 2.0 / 12)


def test_s1_parity_formulas_give_what_was_published() -> None:
    parity = parity_statistics(FIRST)

    assert parity["annualizedSharpeRatio"] == close(4.738576379048751)
    assert parity["sortinoRatio"] == close(0.7216878364870323)
    assert parity["expectedYearlyReturns"] == close(50.75117637501228)
    assert parity["calmarRatio"] == close(14.562747883791118)
    assert parity["recoveryFactor"] == close(0.7194454128338333)


def account() -> returns.DailyEquity:
    """Return the account of S1 over its 24 days: a trade of 100 ends on every other one."""
    daily = [CAPITAL]
    for percent in S1:
        daily += [daily[-1] + percent] * 2
    return returns.DailyEquity(np.array(daily), 24.0, len(S1))


def test_s1_the_account_earns_what_a_plain_loop_over_days_says() -> None:
    """Repair: daily returns of money on capital, not of trades that each take all of it."""
    daily = account()
    changes = [
        after / before - 1.0
        for before, after in zip(daily.equity[:-1], daily.equity[1:], strict=True)
    ]
    assert len(changes) == 24
    mean, scatter = statistics.fmean(changes), statistics.stdev(changes)
    downside = math.sqrt(sum(change**2 for change in changes if change < 0) / 24)
    # 10,002.5 of 10,000 in 24 days; deepest from 10,003.0 to 10,002.25.
    yearly_pct = (1.00025 ** (365 / 24) - 1) * 100
    drawdown_pct = metrics.max_drawdown_pct(daily.equity, CAPITAL)

    assert drawdown_pct == close(-0.75 / 10_003.0 * 100)
    assert returns.sharpe_ratio(daily).value == close(mean / scatter * math.sqrt(365))
    assert returns.sortino_ratio(daily).value == close(mean / downside * math.sqrt(365))
    assert returns.volatility_pct(daily).value == close(scatter * math.sqrt(365) * 100)
    assert returns.yearly_return_pct(daily).value == close(yearly_pct)
    assert returns.calmar_ratio(daily, drawdown_pct).value == close(yearly_pct / -drawdown_pct)
    assert returns.recovery_factor(12, 0.025, drawdown_pct).value == close(0.025 / -drawdown_pct)


def test_s1_repairs_change_the_numbers() -> None:
    daily, parity = account(), parity_statistics(FIRST)
    drawdown_pct = metrics.max_drawdown_pct(daily.equity, CAPITAL)
    ours = {
        "annualizedSharpeRatio": returns.sharpe_ratio(daily).value,
        "sortinoRatio": returns.sortino_ratio(daily).value,
        "expectedYearlyReturns": returns.yearly_return_pct(daily).value,
        "calmarRatio": returns.calmar_ratio(daily, drawdown_pct).value,
        "recoveryFactor": returns.recovery_factor(12, 0.025, drawdown_pct).value,
        "maxDrawdown": -drawdown_pct,
    }

    for name, value in ours.items():
        assert value != pytest.approx(parity[name], rel=0.01), name


@pytest.mark.parametrize(
    ("trades", "expected"),
    [
        (BTC, (12, 1.25, 0.31002810234303635, 0.33599104687422665, 0.125, 1.6071428571428572)),
        (ETH, (10, 1.35, 0.2427275564633457, 0.5561791251352475, 0.175, 2.466666666666666)),
        (BOTH, (22, 2.6, 0.2753981769078289, 0.4291307208666514, 0.1375, 1.8923076923076922)),
    ],
    ids=["BTCUSDT", "ETHUSDT", "portfolio"],
)
def test_s2_by_symbol_and_in_total(trades, expected) -> None:
    count, pnl, scatter, sharpe, median, payoff = expected

    assert metrics.trade_count(trades) == count
    assert metrics.pnl(trades) == close(pnl)
    assert outcomes.trade_std_dev_pct(trades).value == close(scatter)
    assert per_trade_sharpe(trades) == close(sharpe)
    assert outcomes.median_trade_pct(trades).value == close(median)
    assert outcomes.payoff_ratio(trades).value == close(payoff)


@pytest.mark.parametrize(
    ("trades", "factor", "streaks", "means"),
    [(BTC, 2.25, (2, 2), (0.45, -0.25)), (ETH, 3.7, (2, 1), (0.37, -0.125))],
    ids=["BTCUSDT", "ETHUSDT"],
)
def test_s2_streaks_and_profit_factor_by_symbol(trades, factor, streaks, means) -> None:
    assert outcomes.profit_factor(trades).value == close(factor)
    assert (courses.max_win_streak(trades), courses.max_loss_streak(trades)) == streaks
    assert courses.avg_win_streak_pnl(trades).value == close(means[0])
    assert courses.avg_loss_streak_pnl(trades).value == close(means[1])


def test_s2_averages_over_symbols_are_now_over_trades() -> None:
    """Repair: what was an average of the symbols' averages is that of all trades together."""
    peaked, fallen = having(BOTH, "peak_pct"), having(BOTH, "drawdown_pct")
    weighed = (12 * 1.05 + 10 * 0.8) / 22
    assert weighed == close(0.9363636364)
    assert courses.avg_trade_peak_pct(peaked).value == close((0.6 + 1.5 + 0.5 + 1.1) / 4)
    assert courses.avg_trade_drawdown_pct(fallen).value == -2.5
    assert courses.best_trade_peak_pct(peaked).value == 1.5
    assert courses.worst_trade_drawdown_pct(fallen).value == -3.0

    # Streaks run through the trades of both as they ended, not through each symbol's own.
    signs = "".join("+" if trade["pnl"] > 0 else "-" for trade in BOTH)
    won = [run for run in signs.split("-") if run]
    assert courses.max_win_streak(BOTH) == max(map(len, won)) == 3
    gross = sum(trade["pnl"] for trade in BOTH if trade["pnl"] > 0)
    assert courses.avg_win_streak_pnl(BOTH).value == close(gross / len(won))
    assert courses.avg_win_streak_pnl(BOTH).value != pytest.approx(0.4136363636)


@pytest.mark.parametrize(
    ("trades", "expected"),
    [
        (
            BTC,
            {
                "tradesPerYear": 198.90255439924317,
                "annualizedSharpeRatio": 4.738576379048751,
                "sortinoRatio": 0.7216878364870323,
                "maxDrawdown": 3.2425,
                "expectedYearlyReturns": 22.90089483877944,
                "calmarRatio": 7.062727783740763,
                "recoveryFactor": 0.38607432557352733,
            },
        ),
        (
            ETH,
            {
                "tradesPerYear": 202.5433526011561,
                "annualizedSharpeRatio": 7.915414858471756,
                "sortinoRatio": 1.5588457268119895,
                "maxDrawdown": 2.098,
                "expectedYearlyReturns": 31.352382961173152,
                "calmarRatio": 14.943938494362854,
                "recoveryFactor": 0.6461155049549037,
            },
        ),
        (
            BOTH,
            {
                "tradesPerYear": 364.6546830652791,
                "annualizedSharpeRatio": 8.194651785206906,
                "sortinoRatio": 0.9723448696087957,
                "expectedYearlyReturns": 53.63112122902609,
                "calmarRatio": 17.877040409675363,
                "recoveryFactor": 0.8747885775510851,
            },
        ),
    ],
    ids=["BTCUSDT", "ETHUSDT", "portfolio"],
)
def test_s2_parity_formulas_give_what_was_published(trades, expected) -> None:
    parity = parity_statistics(trades)

    # The drawdown was published to four decimals.
    for name, value in expected.items():
        tolerance = 1e-4 if name == "maxDrawdown" else 1e-9
        assert parity[name] == pytest.approx(value, rel=tolerance), name


def test_s3_streaks() -> None:
    trades = trades_of([1, 1, 1, -1, -1, -1, 1, -1, 1, 1])

    assert (courses.max_win_streak(trades), courses.max_loss_streak(trades)) == (3, 3)


def test_s3_profit_factor_leaves_out_what_ended_at_zero() -> None:
    assert outcomes.profit_factor(trades_of([2, 3, 5, -1, -4, 1] + [0] * 6)).value == close(2.2)


def test_s3_expectancy_is_the_average() -> None:
    trades = trades_of([2] * 5 + [-1] * 3 + [0] * 2)

    assert outcomes.avg_trade_pct(trades).value == close(0.7)
    assert outcomes.expectancy_r(trades, [1.0] * 10).value == close(0.7)


def test_s3_what_a_trade_fell_by_inside_is_in_the_account_not_compounded() -> None:
    """Repair: 12 trades that each fall by 18 % of their cost, a hundredth of the account."""
    trades = trades_of([2.0] * 12, falls=dict.fromkeys(range(12), -18.0))
    assert parity_statistics(trades)["maxDrawdown"] == close(18.0)

    # Capital 10,000; each trade takes equity 18 below where it was and ends 2 above.
    equity = [CAPITAL + 2.0 * number + step for number in range(12) for step in (-18.0, 2.0)]
    assert metrics.max_drawdown_pct(np.array(equity), CAPITAL) == close(-0.18)
    assert courses.worst_trade_drawdown_pct(trades).value == -18.0


def test_s3_nine_trades_are_too_few() -> None:
    nine = trades_of(S1[:9])
    gated = Measure(None, "too_few_trades")
    daily = returns.DailyEquity(account().equity, 24.0, 9)

    assert outcomes.trade_std_dev_pct(nine) == outcomes.sqn(nine) == gated
    assert outcomes.payoff_ratio(nine) == outcomes.expectancy_r(nine, [1.0] * 9) == gated
    assert returns.sharpe_ratio(daily) == returns.sortino_ratio(daily) == gated
    assert returns.recovery_factor(9, 1.0, -1.0) == returns.yearly_return_pct(daily) == gated


def test_s3_ten_equal_trades_have_no_ratio() -> None:
    assert outcomes.sqn(trades_of([0.1] * 10)) == Measure(None, "no_variation")


def test_s3_three_hundred_trades_all_count() -> None:
    """Repair: not the newest 250."""
    assert metrics.trade_count(trades_of([1.0] * 300)) == 300
    assert metrics.pnl(trades_of([1.0] * 300)) == 300.0
