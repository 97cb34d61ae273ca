"""The report adds up, spells its numbers one way, and hashes the bytes of events.jsonl."""

import hashlib
import json
import math

import pytest

from tests.unit.analysis.journal_builder import CAPITAL, MINUTE, START, Journal, candles
from tradekit.analysis.definitions import DEFINITIONS, UNITS
from tradekit.analysis.metrics import REASONS
from tradekit.analysis.report import (
    RunReport,
    build_report,
    events_lines,
    fingerprint,
    report_text,
)
from tradekit.domain.candle import empty_series
from tradekit.domain.journal import EventRow, Phase

UNTIL = START + 4 * MINUTE
TIMES = [START + n * MINUTE for n in range(4)]
SERIES = {
    "BTCUSDT": candles(TIMES, [100, 110, 90, 95]),
    "ETHUSDT": candles(TIMES, [10, 10, 10, 12]),
    "NONE": empty_series(MINUTE),
}


@pytest.fixture
def rows() -> list[EventRow]:
    journal = Journal(("ETHUSDT", "BTCUSDT", "NONE"))
    journal.opened(START, price=100.0, quantity=1.0, fee=0.1)
    journal.closed(START + 3 * MINUTE, price=90.0, fee=0.09, reason="stop_loss", ambiguous=True)
    journal.opened(START + MINUTE, price=10.0, quantity=10.0, fee=0.1, symbol="ETHUSDT")
    journal.closed(UNTIL, Phase.END, price=12.0, fee=0.12, symbol="ETHUSDT", reason="frame_end")
    for ts_ms, rule in ((1, "gap_reject"), (2, "gap_reject"), (2, "insufficient_cash")):
        journal.add(
            "rejected",
            START + ts_ms * MINUTE,
            Phase.DECISION,
            {"rule": rule, "detail": f"{rule} it was"},
        )
    journal.add("cancelled", START + MINUTE, Phase.DECISION, {"reason": "timeout"})
    failure = {"error": "ZeroDivisionError", "hook": "decide"}
    journal.add("failed", START + 3 * MINUTE, Phase.DECISION, failure)
    return journal.rows


def report_of(rows: list[EventRow], gaps: tuple[dict[str, object], ...] = ()) -> RunReport:
    return build_report(
        rows, SERIES, capital=CAPITAL, base_ms=MINUTE, since_ms=START, until_ms=UNTIL, gaps=gaps
    )


def test_the_total_is_that_of_its_parts(rows: list[EventRow]) -> None:
    report = report_of(rows)

    total = report.total
    # BTC: 90 - 100 - 0.19; ETH: 120 - 100 - 0.22.
    assert report.symbols["BTCUSDT"].totals.pnl == pytest.approx(-10.19)
    assert report.symbols["ETHUSDT"].totals.pnl == pytest.approx(19.78)
    assert total.totals.pnl == pytest.approx(9.59)
    assert total.totals.pnl_pct == pytest.approx(0.959)
    assert total.totals.fees == pytest.approx(0.41)
    assert report.final_equity == pytest.approx(CAPITAL + 9.59)
    assert total.totals.win_rate_pct.value == 50.0
    assert report.symbols["BTCUSDT"].totals.win_rate_pct.value == 0.0
    assert (total.totals.trade_count, total.totals.ambiguous_count) == (2, 1)


def test_exposure_and_drawdown_by_symbol_and_in_total(rows: list[EventRow]) -> None:
    report = report_of(rows)

    # BTC closes two of its four candles with a position, ETH three.
    assert report.symbols["BTCUSDT"].totals.exposure_pct.value == 50.0
    assert report.symbols["ETHUSDT"].totals.exposure_pct.value == 75.0
    assert report.total.totals.exposure_pct.value == 62.5
    # BTC alone: 999.9, 1009.9, 989.81. ETH alone: 1019.9 and then the fee of the frame's end.
    assert report.symbols["BTCUSDT"].totals.max_drawdown_pct == pytest.approx(-20.09 / 10.099)
    assert report.symbols["ETHUSDT"].totals.max_drawdown_pct == pytest.approx(-12 / 1019.9)
    # Together: 999.9, 1009.8, 989.71, 1009.71.
    assert report.total.totals.max_drawdown_pct == pytest.approx(-20.09 / 10.098)


def test_what_happened_is_counted(rows: list[EventRow]) -> None:
    report = report_of(rows)

    assert report.total.exits == {"frame_end": 1, "stop_loss": 1}
    assert report.total.rejected == {"gap_reject": 2, "insufficient_cash": 1}
    assert report.total.cancelled == {"timeout": 1}
    assert report.total.failure_count == 1
    assert report.symbols["BTCUSDT"].rejected == report.total.rejected
    assert report.symbols["ETHUSDT"].rejected == {}
    assert report.failures == [
        {
            "ts_ms": START + 3 * MINUTE,
            "symbol": "BTCUSDT",
            "strategy": "s",
            "error": "ZeroDivisionError",
            "hook": "decide",
        }
    ]


def test_what_stopped_nothing_is_counted_by_place() -> None:
    journal = Journal(("BTCUSDT", "ETHUSDT"))
    raised = [
        *((1, "ETHUSDT", "ValueError", "look"), (1, "BTCUSDT", "ValueError", "look")),
        *((2, "BTCUSDT", "KeyError", "look"), (3, "BTCUSDT", "ValueError", "look")),
    ]
    for minute, symbol, error, hook in raised:
        data = {"error": error, "hook": hook}
        journal.add("error", START + minute * MINUTE, Phase.DECISION, data, symbol)

    report = report_of(journal.rows)

    assert [(each["symbol"], each["error"], each["count"]) for each in report.errors] == [
        ("BTCUSDT", "KeyError", 1),
        ("BTCUSDT", "ValueError", 2),
        ("ETHUSDT", "ValueError", 1),
    ]
    assert report.errors[1]["ts_ms"] == START + MINUTE
    assert report.total.failure_count == 0
    assert report.document()["errors"] == report.errors


def test_the_document_is_json_with_one_spelling(rows: list[EventRow]) -> None:
    gap: dict[str, object] = {"symbol": "ETHUSDT", "since_ms": START, "until_ms": START + MINUTE}

    text = report_text(report_of(rows, gaps=(gap,)).document())

    document = json.loads(text)
    assert text == json.dumps(document, indent=2, sort_keys=True) + "\n"
    assert document["schema"] == "tradekit.report/1"
    assert document["capital"] == "1000.0"
    assert document["gaps"] == [gap]
    assert document["fingerprint"] == fingerprint(events_lines(rows))
    assert list(document["symbols"]) == ["BTCUSDT", "ETHUSDT", "NONE"]
    bitcoin = document["symbols"]["BTCUSDT"]
    assert float(bitcoin["pnl"]) == pytest.approx(-10.19)
    assert isinstance(bitcoin["pnl"], str)
    assert bitcoin["max_drawdown_pct"] == round(-20.09 / 10.099, 9)
    assert bitcoin["exits"] == {"stop_loss": 1}
    assert bitcoin["candle_count"] == 4


def test_what_has_no_value_says_why(rows: list[EventRow]) -> None:
    document = report_of(rows).document()

    nothing = document["symbols"]["NONE"]
    assert nothing["win_rate_pct"] is None
    assert nothing["exposure_pct"] is None
    assert nothing["undefined"].pop("exposure_pct") == "no_candles"
    assert set(nothing["undefined"].values()) == {"no_trades"}
    total = document["total"]["undefined"]
    assert total["sharpe_ratio"] == total["payoff_ratio"] == "too_few_trades"
    assert {name for name in total if document["total"][name] is not None} == set()


def test_a_number_that_json_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        report_text({"x": math.nan})


def test_the_fingerprint_is_the_hash_of_the_file(rows: list[EventRow]) -> None:
    report = report_of(rows)

    content = "\n".join(report.events_lines) + "\n"
    assert report.events_lines == events_lines(rows)
    assert len(report.events_lines) == len(rows)
    assert (
        report.fingerprint
        == fingerprint(events_lines(rows))
        == hashlib.sha256(content.encode()).hexdigest()
    )
    assert fingerprint(events_lines(rows[:-1])) != report.fingerprint
    assert fingerprint([]) == hashlib.sha256(b"").hexdigest()


def test_the_order_of_symbols_does_not_show(rows: list[EventRow]) -> None:
    turned = dict(reversed(SERIES.items()))

    other = build_report(
        rows, turned, capital=CAPITAL, base_ms=MINUTE, since_ms=START, until_ms=UNTIL
    )

    report = report_of(rows)
    assert report_text(other.document()) == report_text(report.document())
    assert list(other.symbols) == list(report.symbols) == ["BTCUSDT", "ETHUSDT", "NONE"]
    assert other.equity == report.equity
    assert other.trades == report.trades


def test_a_strategy_that_was_alone_is_the_total(rows: list[EventRow]) -> None:
    report = report_of(rows)

    assert report.strategies == {"s": report.total}
    assert report.document()["strategies"]["s"] == report.document()["total"]


def test_each_strategy_has_what_it_alone_did() -> None:
    journal = Journal(("BTCUSDT", "ETHUSDT"))
    for strategy, quantity in (("a", 1.0), ("b", 2.0)):
        journal.opened(START, price=100.0, quantity=quantity, strategy=strategy)
        journal.closed(START + 2 * MINUTE, price=110.0, strategy=strategy)
    journal.opened(START, price=10.0, quantity=5.0, symbol="ETHUSDT", strategy="b")
    journal.closed(UNTIL, Phase.END, price=8.0, symbol="ETHUSDT", strategy="b")
    rejection = {"rule": "gap_reject", "detail": "no"}
    journal.add("rejected", START, Phase.DECISION, rejection, strategy="c")

    report = build_report(
        journal.rows,
        SERIES,
        capital=CAPITAL,
        base_ms=MINUTE,
        since_ms=START,
        until_ms=UNTIL,
        strategies=("d",),
    )

    parts = report.strategies
    assert list(parts) == ["a", "b", "c", "d"]
    assert [each.totals.pnl for each in parts.values()] == [10.0, 10.0, 0.0, 0.0]
    assert [each.totals.trade_count for each in parts.values()] == [1, 2, 0, 0]
    assert parts["c"].rejected == {"gap_reject": 1}
    # Of 8 candles one closes with BTC held, by a and by b, and four with ETH held by b.
    assert parts["a"].totals.exposure_pct.value == 12.5
    assert parts["b"].totals.exposure_pct.value == 62.5
    # a alone: never below. b alone: 1000, 1020, 1020, 1030 with ETH at 12, 1010 after its exit.
    assert parts["a"].totals.max_drawdown_pct == 0.0
    assert parts["b"].totals.max_drawdown_pct == pytest.approx(-20 / 1_030 * 100)
    assert report.total.totals.pnl == 20.0


def test_every_figure_has_one_place_and_its_unit_shows(rows: list[EventRow]) -> None:
    document = report_of(rows).document()

    for section in (document["total"], *document["symbols"].values()):
        assert DEFINITIONS.keys() - section.keys() == {"final_equity"}
        for name, unit in UNITS.items():
            if name in section and section[name] is not None:
                assert isinstance(section[name], str) == (unit == "quote currency"), name
        assert section["undefined"].keys() <= DEFINITIONS.keys()
        assert set(section["undefined"].values()) <= set(REASONS)


def test_breakdowns_add_up_to_their_section(rows: list[EventRow]) -> None:
    document = report_of(rows).document()

    for section in (document["total"], *document["symbols"].values()):
        for table in (
            section["months"],
            section["by_reason"].values(),
            section["by_direction"].values(),
        ):
            assert sum(each["trade_count"] for each in table) == section["trade_count"]
            total = math.fsum(float(each["pnl"]) for each in table)
            assert total == pytest.approx(float(section["pnl"]))
    assert document["total"]["months"][0]["month"] == "2026-04"
    assert document["total"]["months"][0]["start_equity"] == "1000.0"
    assert document["total"]["by_reason"]["stop_loss"] == {
        "trade_count": 1,
        "win_count": 0,
        "loss_count": 1,
        "win_rate_pct": 0.0,
        "pnl": repr(report_of(rows).symbols["BTCUSDT"].totals.pnl),
        "avg_trade_pct": -10.19,
        "undefined": {},
    }
    assert list(document["total"]["by_direction"]) == ["long"]


def test_rows_out_of_order_are_a_mistake(rows: list[EventRow]) -> None:
    with pytest.raises(AssertionError, match="sorted"):
        report_of(rows[::-1])


def test_a_run_in_which_nothing_happened_has_a_report() -> None:
    report = report_of([])

    assert report.trades == []
    assert report.events_lines == []
    assert [tuple(point) for point in report.equity] == [(UNTIL, CAPITAL, CAPITAL, 0.0, 0.0)]
    assert set(report.document()["total"]["undefined"].values()) == {"no_trades"}
    assert report.strategies == {}
