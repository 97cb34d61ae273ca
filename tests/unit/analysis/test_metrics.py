"""Each metric against a number worked by hand."""

import numpy as np
import pytest

from tradekit.analysis import metrics
from tradekit.analysis.metrics import Measure, Totals


def trade(pnl: float, fees: float = 0.2, *, ambiguous: bool = False) -> dict[str, object]:
    return {"pnl": pnl, "fees": fees, "ambiguous": ambiguous}


FIVE = [trade(3.0), trade(-1.0, ambiguous=True), trade(0.0), trade(0.5), trade(-0.5)]


def test_a_trade_at_zero_is_neither_won_nor_lost() -> None:
    assert metrics.trade_count(FIVE) == 5
    assert metrics.win_count(FIVE) == 2
    assert metrics.loss_count(FIVE) == 2
    assert metrics.win_rate_pct(FIVE) == Measure(50.0)


def test_the_win_rate_needs_a_trade_that_won_or_lost() -> None:
    assert metrics.win_rate_pct([]) == Measure(None, "no_trades")
    assert metrics.win_rate_pct([trade(0.0)]) == Measure(None, "no_decisive_trade")
    assert metrics.win_rate_pct([trade(-1.0)]) == Measure(0.0)


def test_pnl_and_fees_are_sums() -> None:
    assert metrics.pnl(FIVE) == 2.0
    assert metrics.pnl_pct(FIVE, 500.0) == 0.4
    assert metrics.fees(FIVE) == 1.0
    assert metrics.pnl([]) == metrics.fees([]) == 0.0


def test_no_order_of_trades_shows_in_a_sum() -> None:
    parts = [trade(1e16), trade(1.0), trade(-1e16), trade(0.1)]

    assert metrics.pnl(parts) == metrics.pnl(parts[::-1]) == 1.1


def test_the_curve_gives_final_equity_and_drawdown() -> None:
    equity = np.array([990.0, 1100.0, 1045.0, 1090.0])

    assert metrics.final_equity(equity) == 1090.0
    # 1045 of 1100; the 990 of the first 1000 is less.
    assert metrics.max_drawdown_pct(equity, 1000.0) == pytest.approx(-5.0)
    assert metrics.max_drawdown_pct(equity[:1], 1000.0) == pytest.approx(-1.0)


def test_exposure_is_a_share_of_candles() -> None:
    assert metrics.exposure_pct(3, 12) == Measure(25.0)
    assert metrics.exposure_pct(0, 0) == Measure(None, "no_candles")


def test_totals_hold_every_metric() -> None:
    equity = np.array([1000.0, 1002.0])

    assert metrics.totals(
        FIVE, capital=1000.0, equity=equity, held_count=1, candle_count=4
    ) == Totals(
        trade_count=5,
        win_count=2,
        loss_count=2,
        win_rate_pct=Measure(50.0),
        pnl=2.0,
        pnl_pct=0.2,
        fees=1.0,
        max_drawdown_pct=0.0,
        exposure_pct=Measure(25.0),
        ambiguous_count=1,
    )
