"""What must hold of metrics whatever was traded: no order shows, money scales, parts add up."""

import math
from dataclasses import fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.analysis.journal_builder import DAY, START, Journal, candles
from tradekit.analysis import courses, outcomes
from tradekit.analysis.courses import Courses
from tradekit.analysis.definitions import MONEY, UNITS
from tradekit.analysis.metrics import Measure
from tradekit.analysis.outcomes import Outcomes
from tradekit.analysis.report import RunReport, build_report
from tradekit.kernels.curve import longest_below_peak_ms

DAYS = 40
CAPITAL = 1_000.0
ORDERED = {"max_win_streak", "max_loss_streak", "avg_win_streak_pnl", "avg_loss_streak_pnl"}
SYMBOLS = ("A", "B", "C")
COUNTS = ("trade_count", "win_count", "loss_count", "ambiguous_count")

# To the cent, and never so near to zero that a sum is all rounding.
money = st.integers(-500, 500).map(lambda cents: cents / 100.0)


@st.composite
def drawn_trades(draw: st.DrawFn) -> tuple[list[dict], list[float | None]]:
    pnl = draw(st.lists(money, max_size=30))
    trades = [
        {
            "pnl": each,
            "pnl_pct": each / draw(st.sampled_from([10.0, 50.0, 100.0])) * 100.0,
            "entry_ts_ms": START,
            "exit_ts_ms": START + 60_000 * draw(st.integers(0, 5_000)),
            "peak_pct": max(0.0, each) + draw(st.integers(0, 3)),
            "drawdown_pct": min(0.0, each) - draw(st.integers(0, 3)),
        }
        for each in pnl
    ]
    risk = st.none() | st.integers(1, 20).map(float)
    return trades, draw(st.lists(risk, min_size=len(pnl), max_size=len(pnl)))


def numbers(trades: list[dict], risks: list[float | None]) -> dict[str, object]:
    parts = (outcomes.outcomes(trades, risks), courses.courses(trades, 40.0))
    return {field.name: getattr(part, field.name) for part in parts for field in fields(part)}


@given(drawn_trades(), st.randoms(use_true_random=False))
def test_no_order_of_trades_shows_except_in_streaks(drawn, random) -> None:
    trades, risks = drawn
    order = list(range(len(trades)))
    random.shuffle(order)

    shuffled = numbers([trades[n] for n in order], [risks[n] for n in order])

    same = numbers(trades, risks)
    assert same.keys() >= ORDERED
    for name in same.keys() - ORDERED:
        assert shuffled[name] == same[name], name


@given(drawn_trades(), st.sampled_from([0.25, 2.0, 1024.0]))
def test_money_scales_and_ratios_stay(drawn, scale) -> None:
    """A power of two scales without rounding, so every digit must stay."""
    trades, risks = drawn
    larger = [{**trade, "pnl": trade["pnl"] * scale} for trade in trades]

    scaled = numbers(larger, [None if risk is None else risk * scale for risk in risks])

    for name, value in numbers(trades, risks).items():
        factor = scale if UNITS[name] == MONEY else 1.0
        if isinstance(value, Measure):
            expected = None if value.value is None else value.value * factor
            assert scaled[name] == Measure(expected, value.undefined), name
        else:
            assert scaled[name] == value * factor, name


@given(drawn_trades())
def test_averages_lie_between_extremes(drawn) -> None:
    got = numbers(*drawn)
    if not drawn[0]:
        return
    for unit in ("pnl", "pct"):
        low, high = got[f"worst_trade_{unit}"].value, got[f"best_trade_{unit}"].value
        for middle in ("avg", "median"):
            value = got[f"{middle}_trade_{unit}"].value
            assert low - 1e-9 <= value <= high + 1e-9
    total = math.fsum(trade["pnl"] for trade in drawn[0])
    assert got["gross_profit"] + got["gross_loss"] == pytest.approx(total, abs=1e-9)


@st.composite
def drawn_run(draw: st.DrawFn) -> tuple[Journal, dict]:
    """Return a journal of trades of a day or more each, on days of candles."""
    closes = {
        symbol: draw(st.lists(st.integers(80, 120), min_size=DAYS, max_size=DAYS))
        for symbol in SYMBOLS
    }
    journal = Journal(SYMBOLS)
    for symbol in SYMBOLS:
        for strategy in ("x", "y"):
            marks = sorted(draw(st.sets(st.integers(0, DAYS - 1), max_size=12)))
            for first, last in list(pairwise(marks))[::2]:
                journal.opened(
                    START + first * DAY,
                    price=float(closes[symbol][first]),
                    quantity=0.5,
                    fee=0.05,
                    direction=draw(st.sampled_from(["long", "short"])),
                    stop_loss_price=draw(st.sampled_from([None, 50.0, 200.0])),
                    symbol=symbol,
                    strategy=strategy,
                )
                journal.closed(
                    START + last * DAY,
                    price=float(closes[symbol][last]),
                    fee=0.05,
                    reason=draw(st.sampled_from(["stop_loss", "take_profit"])),
                    symbol=symbol,
                    strategy=strategy,
                )
    times = [START + number * DAY for number in range(DAYS)]
    return journal, {symbol: candles(times, closes[symbol], DAY) for symbol in SYMBOLS}


def report_of(journal: Journal, series: dict) -> RunReport:
    return build_report(
        journal.rows,
        series,
        capital=CAPITAL,
        base_ms=DAY,
        since_ms=START,
        until_ms=START + DAYS * DAY,
    )


@given(drawn_run())
def test_symbols_and_strategies_and_breakdowns_add_up(drawn) -> None:
    report = report_of(*drawn)
    total = report.total

    for parts in (report.symbols.values(), report.strategies.values()):
        for name in COUNTS:
            assert sum(getattr(each.totals, name) for each in parts) == getattr(total.totals, name)
        for name in ("pnl", "fees"):
            added = math.fsum(getattr(each.totals, name) for each in parts)
            assert added == pytest.approx(getattr(total.totals, name), abs=1e-9)
        risked = sum(each.outcomes.risk_trade_count for each in parts)
        assert risked == total.outcomes.risk_trade_count
    for section in (total, *report.symbols.values(), *report.strategies.values()):
        for table in (section.months, section.by_reason.values(), section.by_direction.values()):
            assert sum(each.trade_count for each in table) == section.totals.trade_count
            added = math.fsum(each.pnl for each in table)
            assert added == pytest.approx(section.totals.pnl, abs=1e-9)


@given(drawn_run())
def test_months_compound_to_the_whole(drawn) -> None:
    report = report_of(*drawn)

    growth = math.prod(1.0 + month.return_pct.value / 100.0 for month in report.total.months)

    assert len(report.total.months) == 2
    assert growth == pytest.approx(report.final_equity / CAPITAL)
    assert report.final_equity == pytest.approx(CAPITAL + report.total.totals.pnl)


@given(st.lists(st.integers(5, 15), min_size=1, max_size=30), st.integers(5, 15))
def test_time_below_a_peak_is_that_of_a_plain_loop(levels, capital) -> None:
    times = [10 * (number + 1) for number in range(len(levels))]
    longest, peak, at_ms = 0, capital, 0
    below = False
    for level, ts_ms in zip(levels, times, strict=True):
        if level >= peak:
            longest = max(longest, ts_ms - at_ms if below else 0)
            peak, at_ms, below = level, ts_ms, False
        else:
            below = True
    longest = max(longest, times[-1] - at_ms if below else 0)

    equity = np.array(levels, np.float64)
    assert longest_below_peak_ms(equity, np.array(times), float(capital), 0) == longest


def test_every_figure_of_trades_is_looked_at() -> None:
    assert len(numbers([], [])) == len(Outcomes.__slots__) + len(Courses.__slots__) == 32
