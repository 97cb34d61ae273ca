"""Putting answers of workers together, and what becomes of one that dies."""

from tradekit.bootstrap.fanout import _merged
from tradekit.domain.journal import EventRow
from tradekit.drivers.replay import Replayed
from tradekit.errors import StrategyError


def row(ts_ms, phase, index, seq):
    return EventRow(ts_ms, phase, index, seq, "s", f"S{index}", "opened", "", {"n": seq})


def test_answers_are_merged_as_one_schedule_would_have_left_them():
    odd = Replayed(
        rows=[row(1, 0, 1, 1), row(5, 2, 1, 2)],
        failures={"S1": StrategyError("b")},
        hook_calls={"decide": 3, "target": 1},
        logs=["1 S1 later", "5 S1 x"],
    )
    even = Replayed(
        rows=[row(1, 0, 0, 1), row(5, 1, 2, 1)],
        failures={"S0": StrategyError("a")},
        hook_calls={"decide": 4},
        logs=["1 S0 first", "5 S0 a b"],
        used_account=True,
    )

    whole = _merged([odd, even], {"S0": 0, "S1": 1, "S2": 2})

    assert [each[:4] for each in whole.rows] == [
        (1, 0, 0, 1),
        (1, 0, 1, 1),
        (5, 1, 2, 1),
        (5, 2, 1, 2),
    ]
    assert list(whole.failures) == ["S0", "S1"]
    assert whole.hook_calls == {"decide": 7, "target": 1}
    assert whole.logs == ["1 S0 first", "1 S1 later", "5 S0 a b", "5 S1 x"]
    assert whole.used_account
