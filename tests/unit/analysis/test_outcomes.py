"""What trades earned, against numbers worked by hand."""

import math

import pytest

from tests.unit.analysis.journal_builder import MINUTE, START, Journal
from tradekit.analysis import outcomes
from tradekit.analysis.metrics import Measure
from tradekit.analysis.outcomes import Outcomes


def trade(pnl: float, cost: float = 100.0) -> dict[str, object]:
    return {"pnl": pnl, "pnl_pct": pnl / cost * 100.0}


# Won 3 on 100, 1 on 50; lost 2 on 100, 0.5 on 25; one at zero.
FIVE = [trade(3.0), trade(-2.0), trade(0.0), trade(1.0, 50.0), trade(-0.5, 25.0)]
# Twice the same: ten trades, seven percent won and eight lost in each half.
TEN = FIVE * 2
NONE = Measure(None, "no_trades")
FEW = Measure(None, "too_few_trades")


def test_gross_sums() -> None:
    assert outcomes.gross_profit(FIVE) == 4.0
    assert outcomes.gross_loss(FIVE) == -2.5
    assert outcomes.gross_profit([]) == outcomes.gross_loss([]) == 0.0


def test_averages_in_money_and_in_percent_of_cost() -> None:
    assert outcomes.avg_trade_pnl(FIVE) == Measure(0.3)
    # 3, -2, 0, 2 and -2 percent.
    assert outcomes.avg_trade_pct(FIVE) == Measure(0.2)
    assert outcomes.avg_win_pnl(FIVE) == Measure(2.0)
    assert outcomes.avg_loss_pnl(FIVE) == Measure(-1.25)
    assert outcomes.avg_win_pct(FIVE) == Measure(2.5)
    assert outcomes.avg_loss_pct(FIVE) == Measure(-2.0)


def test_medians_are_the_middle_or_between_two_middles() -> None:
    assert outcomes.median_trade_pnl(FIVE) == Measure(0.0)
    assert outcomes.median_trade_pct(FIVE) == Measure(0.0)
    assert outcomes.median_trade_pnl(FIVE[1:]) == Measure(-0.25)
    assert outcomes.median_trade_pct(FIVE[:1]) == Measure(3.0)


def test_extremes_are_by_money_and_by_percent() -> None:
    uneven = [trade(5.0, 1_000.0), trade(1.0, 10.0), trade(-5.0, 1_000.0), trade(-1.0, 10.0)]

    assert outcomes.best_trade_pnl(uneven) == Measure(5.0)
    assert outcomes.worst_trade_pnl(uneven) == Measure(-5.0)
    assert outcomes.best_trade_pct(uneven) == Measure(10.0)
    assert outcomes.worst_trade_pct(uneven) == Measure(-10.0)


def test_standard_deviation_is_of_a_sample_of_ten_or_more() -> None:
    # Twice 3, -2, 0, 2, -2 around 0.2: squares 2 · (7.84 + 4.84 + 0.04 + 3.24 + 4.84) = 41.6.
    assert outcomes.trade_std_dev_pct(TEN).value == pytest.approx(math.sqrt(41.6 / 9))
    assert outcomes.trade_std_dev_pct(TEN[:9]) == FEW


def test_profit_factor() -> None:
    assert outcomes.profit_factor(FIVE) == Measure(1.6)
    assert outcomes.profit_factor([trade(1.0)]) == Measure(None, "no_losses")
    assert outcomes.profit_factor([trade(-1.0)]) == Measure(None, "no_wins")
    assert outcomes.profit_factor([trade(1e6), trade(-1e-9)]) == Measure(None, "too_large")


def test_payoff_ratio() -> None:
    assert outcomes.payoff_ratio(TEN) == Measure(1.6)
    assert outcomes.payoff_ratio(FIVE) == FEW
    assert outcomes.payoff_ratio([trade(1.0)] * 10) == Measure(None, "no_losses")
    assert outcomes.payoff_ratio([trade(-1.0)] * 10) == Measure(None, "no_wins")
    # Three wins of 1, seven losses of 1: a factor of 3/7, a payoff of 1.
    unlike = [trade(1.0)] * 3 + [trade(-1.0)] * 7
    assert outcomes.payoff_ratio(unlike) == Measure(1.0)
    assert outcomes.profit_factor(unlike).value == pytest.approx(3 / 7)


def test_expectancy_is_in_what_the_first_stop_put_at_risk() -> None:
    # 3/2, -2/2, -, 1/0.5, -0.5/1: 1.5 - 1 + 2 - 0.5 = 2 over four trades, twice and a half.
    risks = [2.0, 2.0, None, 0.5, 1.0]

    assert outcomes.risk_trade_count(risks) == 4
    assert outcomes.expectancy_r(FIVE * 3, risks * 3) == Measure(0.5)
    assert outcomes.expectancy_r(TEN, risks * 2) == FEW
    assert outcomes.expectancy_r(TEN, [None] * 10) == Measure(None, "no_risk")


def test_system_quality_is_the_mean_in_standard_errors() -> None:
    # Twice 3, -2, 0, 1, -0.5 around 0.3: squares 2 · (7.29 + 5.29 + 0.09 + 0.49 + 0.64) = 27.6.
    expected = 0.3 / (math.sqrt(27.6 / 9) / math.sqrt(10))

    assert outcomes.sqn(TEN).value == pytest.approx(expected)
    assert outcomes.sqn(TEN[:9]) == FEW
    assert outcomes.sqn([trade(0.1)] * 10) == Measure(None, "no_variation")
    assert outcomes.sqn([trade(0.0)] * 10) == Measure(None, "no_variation")


def test_without_trades_nothing_has_a_value() -> None:
    empty = outcomes.outcomes([], [])

    numbers = [getattr(empty, name) for name in Outcomes.__slots__]
    assert {each for each in numbers if isinstance(each, Measure)} == {NONE}
    assert [each for each in numbers if not isinstance(each, Measure)] == [0.0, 0.0, 0]


def test_without_winners_or_losers_they_have_no_average() -> None:
    flat = [trade(0.0)]

    assert outcomes.avg_win_pnl(flat) == outcomes.avg_win_pct(flat) == Measure(None, "no_wins")
    assert outcomes.avg_loss_pnl(flat) == outcomes.avg_loss_pct(flat) == Measure(None, "no_losses")


@pytest.mark.parametrize(
    ("direction", "stop", "risk"),
    [
        ("long", 95.0, 10.0),
        ("short", 105.0, 10.0),
        ("long", None, None),
        # Filled beyond the stop: there was nothing left to risk.
        ("long", 101.0, None),
        ("short", 99.0, None),
        ("long", 100.0, None),
    ],
)
def test_initial_risk_is_the_distance_of_the_first_stop(direction, stop, risk) -> None:
    journal = Journal()
    journal.opened(
        START, price=100.0, quantity=2.0, fee=1.0, direction=direction, stop_loss_price=stop
    )
    journal.closed(START + MINUTE, price=100.0)

    assert outcomes.initial_risks(journal.rows) == [risk]


def test_risks_come_in_the_order_of_the_exits() -> None:
    journal = Journal()
    for number, symbol in enumerate("AB"):
        journal.opened(
            START + number * MINUTE,
            price=10.0,
            quantity=1.0,
            stop_loss_price=9.0 - number,
            symbol=symbol,
        )
    journal.closed(START + 3 * MINUTE, price=11.0, symbol="B")
    journal.closed(START + 4 * MINUTE, price=11.0, symbol="A")
    journal.opened(START + 5 * MINUTE, price=10.0, quantity=1.0, symbol="A")

    assert outcomes.initial_risks(journal.rows) == [2.0, 1.0]
