"""Results by month, by reason and by direction add up, and midnight belongs where it should."""

import numpy as np
import pytest

from tests.unit.analysis.journal_builder import DAY, START, Journal
from tradekit.analysis.breakdowns import Group, Month, closing_moments, groups, month_starts, months
from tradekit.analysis.metrics import Measure
from tradekit.analysis.trades import trades
from tradekit.domain.journal import EventRow, Phase

MAY = START + 30 * DAY
JUNE = MAY + 31 * DAY


def test_months_are_those_that_the_window_touches() -> None:
    assert month_starts(START, MAY).tolist() == [START, MAY]
    assert month_starts(START + DAY, MAY + 1).tolist() == [START, MAY, JUNE]
    assert month_starts(START, START + 1).tolist() == [START, MAY]


def rows_of(*exits: tuple[int, Phase, float]) -> list[EventRow]:
    journal = Journal()
    for number, (ts_ms, phase, price) in enumerate(exits):
        symbol = f"S{number}"
        journal.opened(START, price=100.0, quantity=1.0, symbol=symbol)
        journal.closed(ts_ms, phase, price=price, symbol=symbol)
    return journal.rows


def test_midnight_belongs_to_the_day_that_it_ends_unless_the_open_filled() -> None:
    rows = rows_of((MAY, Phase.INSIDE, 110.0), (MAY, Phase.OPEN, 95.0), (JUNE, Phase.END, 101.0))

    assert closing_moments(rows).tolist() == [MAY - 1, MAY, JUNE - 1]


def by_month(rows: list[EventRow], levels: list[float], times: list[int]) -> list[Month]:
    return months(
        trades(rows),
        closing_moments(rows),
        np.array(levels),
        np.array(times),
        starts_ms=month_starts(START, JUNE + DAY),
        capital=1_000.0,
    )


def test_each_month_says_what_its_trades_and_its_equity_did() -> None:
    rows = rows_of((MAY, Phase.INSIDE, 110.0), (MAY, Phase.OPEN, 95.0), (MAY + 1, Phase.OPEN, 99.0))

    # A position that is still open adds 30 by the end of April and nothing in the end.
    table = by_month(rows, [1_010.0, 1_040.0, 1_004.0, 1_004.0], [MAY - 1, MAY, JUNE, JUNE + DAY])

    assert table == [
        Month("2026-04", 1, 1_000.0, 10.0, Measure(1.0), Measure(4.0)),
        Month(
            "2026-05",
            2,
            1_040.0,
            -6.0,
            Measure(pytest.approx(-6 / 10.4)),
            Measure(pytest.approx(-36 / 10.4)),
        ),
        Month("2026-06", 0, 1_004.0, 0.0, Measure(0.0), Measure(0.0)),
    ]


def test_a_month_that_began_with_nothing_has_no_percent() -> None:
    april, may, _ = by_month([], [-5.0, -5.0], [MAY, JUNE + DAY])

    assert april.return_pct.value == pytest.approx(-100.5)
    assert may.return_pct == may.pnl_pct == Measure(None, "blown_up")


def test_groups_hold_the_trades_that_say_the_same() -> None:
    closed = [
        {"reason": "stop_loss", "pnl": -1.0, "pnl_pct": -0.5},
        {"reason": "frame_end", "pnl": 0.0, "pnl_pct": 0.0},
        {"reason": "stop_loss", "pnl": 3.0, "pnl_pct": 2.5},
    ]

    assert groups(closed, "reason") == {
        "frame_end": Group(1, 0, 0, Measure(None, "no_decisive_trade"), 0.0, Measure(0.0)),
        "stop_loss": Group(2, 1, 1, Measure(50.0), 2.0, Measure(1.0)),
    }
    assert list(groups(closed, "reason")) == ["frame_end", "stop_loss"]
    assert groups([], "reason") == {}
