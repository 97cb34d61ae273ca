"""Every shipped strategy over seeded candles gives the journal it gave when it was accepted."""

from __future__ import annotations

import pytest

from tests.support.golden import CASES, case_names, read_case, run_case


def test_every_shipped_strategy_is_a_case() -> None:
    assert sorted(path.stem for path in CASES.glob("*.json")) == case_names()
    assert len(case_names()) >= 8


@pytest.mark.parametrize("name", case_names())
def test_shipped_strategy_gives_its_accepted_journal(name) -> None:
    accepted = read_case(name)

    now = run_case(name)

    assert now["total"] == accepted["total"]
    assert now["fingerprint"] == accepted["fingerprint"]
    assert now["total"]["trade_count"] >= 30, "a case that hardly trades shows nothing"
    assert accepted["why"]


@pytest.mark.parametrize("name", ["dca_ladder", "dca_ladder_50_minutes"])
def test_ladder_called_each_minute_gives_the_same_journal(name) -> None:
    accepted = read_case(name)

    each_minute = run_case(name, "wakes=false")

    assert each_minute["fingerprint"] == accepted["fingerprint"]
