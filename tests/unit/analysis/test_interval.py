"""The interval of a result: both totals, and whether one is a profit and the other is not."""

import json

import pytest

from tests.unit.analysis.journal_builder import CAPITAL, MINUTE, START, Journal, candles
from tradekit.analysis.interval import interval_document
from tradekit.analysis.report import RunReport, build_report

UNTIL = START + 2 * MINUTE


def bought_at_100_and_sold_at(price: float | None) -> RunReport:
    journal = Journal()
    if price is not None:
        journal.opened(START, price=100.0, quantity=1.0, fee=0.5)
        journal.closed(START + MINUTE, price=price, fee=0.5)
    series = {"BTCUSDT": candles([START, START + MINUTE], [100, 100])}
    return build_report(
        journal.rows, series, capital=CAPITAL, base_ms=MINUTE, since_ms=START, until_ms=UNTIL
    )


@pytest.mark.parametrize(
    ("first", "second", "changes"),
    [(90.0, 110.0, True), (110.0, 90.0, True), (90.0, 99.0, False), (102.0, 110.0, False)],
)
def test_the_sign_changes_between_a_profit_and_a_loss(first, second, changes):
    document = interval_document(
        bought_at_100_and_sold_at(first), bought_at_100_and_sold_at(second), 3
    )

    assert document["sign_changes"] is changes
    assert document["ambiguous_candles"] == 3
    assert document["stop_first"]["pnl"] == repr(first - 101.0)
    assert document["target_first"]["final_equity"] == repr(CAPITAL + second - 101.0)
    assert document["target_first"]["pnl_pct"] == pytest.approx((second - 101.0) / 10.0)


def test_to_earn_nothing_is_no_profit():
    document = interval_document(
        bought_at_100_and_sold_at(101.0), bought_at_100_and_sold_at(90.0), 1
    )

    assert document["sign_changes"] is False


def test_a_path_that_nobody_took_has_no_totals():
    document = interval_document(bought_at_100_and_sold_at(90.0), None, 2)

    assert (document["target_first"], document["sign_changes"]) == (None, None)


def test_a_run_without_trades_has_an_interval_too():
    report = bought_at_100_and_sold_at(None)
    document = interval_document(report, report, 0)

    assert document["stop_first"] == document["target_first"]
    assert document["stop_first"]["win_rate_pct"] is None
    json.dumps(document, allow_nan=False)
