"""The lines of trades.jsonl come from `closed` rows and nothing else."""

import json

import pytest

from tests.unit.analysis.journal_builder import MINUTE, START, Journal
from tradekit.analysis.trades import TRADE_KEYS, trade_lines, trades
from tradekit.domain.journal import Phase


@pytest.fixture
def journal() -> Journal:
    journal = Journal()
    journal.opened(START, price=100.0, quantity=2.0, fee=0.2, symbol="AAAUSDT")
    journal.opened(START, price=50.0, quantity=4.0, fee=0.2, symbol="BBBUSDT", direction="short")
    journal.add("rejected", START + MINUTE, Phase.DECISION, {"rule": "gap_reject"})
    journal.closed(START + 3 * MINUTE, price=110.0, fee=0.22, symbol="AAAUSDT", ambiguous=True)
    journal.closed(START + 2 * MINUTE, price=51.0, fee=0.204, symbol="BBBUSDT", reason="stop_loss")
    return journal


def test_a_trade_has_exactly_the_promised_fields(journal: Journal) -> None:
    promised = (
        "symbol strategy signal_id direction entry_ts_ms entry_price exit_ts_ms exit_price reason "
        "cost quantity pnl pnl_pct fees entries exits peak_pct drawdown_pct ambiguous"
    )

    assert tuple(promised.split()) == TRADE_KEYS
    assert [tuple(trade) for trade in trades(journal.rows)] == [TRADE_KEYS, TRADE_KEYS]


def test_trades_come_in_the_order_of_their_exits(journal: Journal) -> None:
    assert [trade["symbol"] for trade in trades(journal.rows)] == ["BBBUSDT", "AAAUSDT"]


def test_what_a_trade_says_is_what_its_row_says(journal: Journal) -> None:
    _, long = trades(journal.rows)

    assert long["strategy"] == "s"
    assert long["signal_id"] == "s-AAAUSDT-id"
    assert long["entry_ts_ms"] == START
    assert long["exit_ts_ms"] == START + 3 * MINUTE
    # 2 · 110 - 200 - 0.2 - 0.22
    assert long["pnl"] == pytest.approx(19.58)
    assert long["fees"] == pytest.approx(0.42)
    assert long["ambiguous"] is True


def test_a_closed_row_without_a_field_is_a_mistake(journal: Journal) -> None:
    rows = journal.rows
    del rows[-1].data["peak_pct"]

    with pytest.raises(KeyError, match="peak_pct"):
        trades(rows)


def test_a_line_spells_money_as_text_and_percent_as_numbers(journal: Journal) -> None:
    line = trade_lines(trades(journal.rows))[0]

    fields = json.loads(line)
    assert list(fields) == sorted(TRADE_KEYS)
    assert fields["entry_price"] == "50.0"
    assert fields["exits"][0]["fee"] == "0.204"
    assert fields["drawdown_pct"] == -0.25
    assert fields["exit_ts_ms"] == START + 2 * MINUTE
    assert fields["ambiguous"] is False
    assert ": " not in line


def test_no_rows_make_no_trades() -> None:
    assert trades([]) == []
    assert trade_lines([]) == []
