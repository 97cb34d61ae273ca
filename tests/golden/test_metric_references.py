"""Daily returns of four coins: figures that empyrical and quantstats define as we do agree.

The libraries' numbers are recorded; those that are not ours, or not defined alike, are listed with
the reason, so that none is forgotten.
"""

import csv
import gzip
import json
import math
from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tradekit.analysis import courses, metrics, outcomes, returns
from tradekit.analysis.metrics import Measure
from tradekit.analysis.returns import DailyEquity

# Not what tradekit tells, so nothing to compare.
NOT_OURS = {
    "empyrical.tail_ratio",
    "empyrical.stability_of_timeseries",
    "empyrical.value_at_risk_5pct",
    "empyrical.conditional_value_at_risk_5pct",
    "empyrical.downside_risk",
    "quantstats.kelly_criterion",
    "quantstats.ulcer_index",
    "quantstats.gain_to_pain_ratio",
    "quantstats.skew",
    "quantstats.kurtosis",
    "quantstats.expected_return",
    "quantstats.common_sense_ratio",
    "quantstats.cpc_index",
    "quantstats.tail_ratio",
    "quantstats.risk_of_ruin",
    "quantstats.serenity_index",
    "quantstats.ulcer_performance_index",
}
DIFFERENT = {
    "quantstats.recovery_factor": "takes the sign off a loss; ours stays below zero",
}
LABELS = {"n", "first_return", "last_return"}
ANY_COUNT = 100


def daily(changes: np.ndarray, periods: float) -> DailyEquity:
    """Return equity of these returns, in a frame that is as long as so many of them make it."""
    equity = np.concatenate(([1.0], np.cumprod(1.0 + changes)))
    return DailyEquity(equity, len(changes) * returns.YEAR_DAYS / periods, ANY_COUNT)


def figures(changes: np.ndarray, periods: float) -> dict[str, float | None]:
    """Return our figures by the libraries' names, as fractions."""
    account = daily(changes, periods)
    # A day stands for a trade where a figure is of trades.
    days = [{"pnl": change, "pnl_pct": change * 100.0} for change in changes.tolist()]
    drawdown_pct = metrics.max_drawdown_pct(account.equity, 1.0)

    def frac(measure: Measure) -> float | None:
        return None if measure.value is None else measure.value / 100.0

    growth = float(account.equity[-1]) - 1.0
    ours: dict[str, float | None] = {
        "cum_returns_final comp": growth,
        "annual_return cagr": frac(returns.yearly_return_pct(account)),
        "annual_volatility volatility": frac(returns.volatility_pct(account, periods)),
        "sharpe_ratio sharpe": returns.sharpe_ratio(account, periods).value,
        "sortino_ratio sortino": returns.sortino_ratio(account, periods).value,
        "max_drawdown": drawdown_pct / 100.0,
        "calmar_ratio": returns.calmar_ratio(account, drawdown_pct).value,
        "omega_ratio profit_factor": outcomes.profit_factor(days).value,
        "win_rate": frac(metrics.win_rate_pct(days)),
        "avg_win": outcomes.avg_win_pnl(days).value,
        "avg_loss": outcomes.avg_loss_pnl(days).value,
        "payoff_ratio": outcomes.payoff_ratio(days).value,
        "best": outcomes.best_trade_pnl(days).value,
        "worst": outcomes.worst_trade_pnl(days).value,
        "consecutive_wins": courses.max_win_streak(days),
        "consecutive_losses": courses.max_loss_streak(days),
    }
    return {
        f"{library}.{name}": value
        for names, value in ours.items()
        for name in names.split()
        for library in ("empyrical", "quantstats")
    }


def compare(ours: dict[str, float | None], theirs: dict[str, float | None]) -> set[str]:
    """Return the names of the figures that both have and that are not the same."""
    return {
        name
        for name in ours.keys() & theirs.keys()
        if (ours[name] is None) != (theirs[name] is None)
        or (
            ours[name] is not None
            and not math.isclose(ours[name], theirs[name], rel_tol=1e-9, abs_tol=1e-9)
        )
    }


@pytest.fixture(scope="module")
def changes_of(shared_data: Path):
    @cache
    def closes(symbol: str) -> tuple[np.ndarray, np.ndarray]:
        (path,) = (shared_data / "candles" / "binance-spot").glob(f"{symbol}-1d-*.csv.gz")
        with gzip.open(path, "rt") as file:
            rows = list(csv.DictReader(file))
        times = np.array([int(row["timestamp_ms"]) for row in rows])
        return times, np.array([float(row["close"]) for row in rows])

    def changes(symbol: str, first: str, last: str) -> np.ndarray:
        times, close = closes(symbol)
        since_ms, last_ms = (
            int(datetime.fromisoformat(f"{day}T00:00+00:00").timestamp() * 1000)
            for day in (first, last)
        )
        index = np.searchsorted(times, since_ms)
        window = close[index - 1 : np.searchsorted(times, last_ms) + 1]
        return window[1:] / window[:-1] - 1.0

    return changes


def test_figures_of_years_of_days_are_the_libraries(shared_data, changes_of) -> None:
    with gzip.open(shared_data / "reference" / "daily_return_metrics.json.gz", "rt") as file:
        cases = json.load(file)["cases"]
    compared: Counter[str] = Counter()
    for key, recorded in cases.items():
        symbol, first, last, periods = key.split("|")
        changes = changes_of(symbol, first, last)
        assert len(changes) == recorded["n"]
        assert changes[0] == pytest.approx(recorded["first_return"], abs=1e-12)

        ours = figures(changes, float(periods.removeprefix("periods=")))

        assert compare(ours, recorded) == set(), key
        compared += Counter(ours.keys() & recorded.keys())
        assert recorded.keys() - ours.keys() == NOT_OURS | DIFFERENT.keys() | LABELS
    assert len(compared) == 23
    assert set(compared.values()) == {len(cases)} == {24}


def test_a_loss_is_not_recovered(shared_data, changes_of) -> None:
    """The one figure of the same name that differs, and by what."""
    with gzip.open(shared_data / "reference" / "daily_return_metrics.json.gz", "rt") as file:
        cases = json.load(file)["cases"]
    below = 0
    for key, recorded in cases.items():
        changes = changes_of(*key.split("|")[:3])
        gained_pct = math.fsum(changes) * 100.0
        drawdown_pct = metrics.max_drawdown_pct(daily(changes, 365.0).equity, 1.0)

        ours = returns.recovery_factor(ANY_COUNT, gained_pct, drawdown_pct)

        assert abs(ours.value) == pytest.approx(recorded["quantstats.recovery_factor"], rel=1e-9)
        assert (ours.value < 0.0) == (gained_pct < 0.0)
        below += ours.value < 0.0
    assert below == 8


# Figures of a short series for which we have no value, though a library has one, and why.
GATED = {
    "annual_return cagr annual_volatility volatility": "too_short",
    "sharpe_ratio sharpe sortino_ratio sortino calmar_ratio": "too_short",
    "payoff_ratio": "too_few_trades",
    "omega_ratio profit_factor": "no_wins",
    "win_rate": "no_decisive_trade",
}


@pytest.fixture(scope="module")
def short_series(shared_data: Path) -> dict[str, dict]:
    path = shared_data / "reference" / "short_series_metrics.json"
    series = json.loads(path.read_text())["series"]
    # A missing day is no day: the account always has a value.
    return {
        name: {**each, "percent": np.array([v for v in each["percent"] if v is not None])}
        for name, each in series.items()
    }


def test_what_short_series_do_not_allow_has_no_value(short_series) -> None:
    gated = {
        f"{library}.{name}"
        for names in GATED
        for name in names.split()
        for library in ("empyrical", "quantstats")
    }
    agreed: Counter[str] = Counter()
    differed: Counter[str] = Counter()
    for name, recorded in short_series.items():
        ours = figures(recorded["percent"] / 100.0, 252.0)

        different = compare(ours, recorded)

        assert different <= gated, name
        assert all(ours[each] is None for each in different)
        assert name != "noise" or not different, "sixty days are enough for all of them"
        differed += Counter(different)
        agreed += Counter((ours.keys() & recorded.keys()) - different)
    assert differed["empyrical.annual_return"] == len(short_series) - 1 == 7
    assert differed["empyrical.omega_ratio"] == differed["quantstats.win_rate"] == 1
    assert sum(agreed.values()) == 8 * 23 - sum(differed.values())
    assert sum(differed.values()) == 49


def test_reasons_are_those_listed(short_series) -> None:
    changes = short_series["all_zero"]["percent"]
    days = [{"pnl": change} for change in changes.tolist()]
    account = daily(changes, 252.0)._replace(days=13.9)

    assert returns.sharpe_ratio(account).undefined == "too_short"
    assert returns.yearly_return_pct(account).undefined == "too_short"
    assert outcomes.payoff_ratio(days).undefined == "too_few_trades"
    assert outcomes.profit_factor(days).undefined == "no_wins"
    assert metrics.win_rate_pct(days).undefined == "no_decisive_trade"


@pytest.mark.parametrize("name", ["mixed", "positive", "negative", "flat", "all_zero", "two"])
def test_formulas_of_short_series_agree_once_the_gate_is_open(name, short_series) -> None:
    recorded = short_series[name]
    account = daily(recorded["percent"] / 100.0, 252.0)._replace(days=14.0)
    volatility = returns.volatility_pct(account, 252.0).value
    ours = {
        "empyrical.annual_volatility": None if volatility is None else volatility / 100.0,
        "empyrical.sharpe_ratio": returns.sharpe_ratio(account, 252.0).value,
        "quantstats.sharpe": returns.sharpe_ratio(account, 252.0).value,
        "empyrical.sortino_ratio": returns.sortino_ratio(account, 252.0).value,
        "quantstats.sortino": returns.sortino_ratio(account, 252.0).value,
    }

    assert compare(ours, recorded) == set()
