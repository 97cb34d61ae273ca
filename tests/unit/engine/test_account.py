"""The account, and whether one account would have covered symbols that ran apart."""

import pytest

from tradekit.domain.journal import EventRow, Phase
from tradekit.engine.account import Account, falls_short

OPEN, INSIDE, DECISION, END = Phase.OPEN, Phase.INSIDE, Phase.DECISION, Phase.END


def opened(ts_ms, phase, cash_delta, signal="a", index=0):
    return _row(ts_ms, phase, "opened", cash_delta, signal, index)


def closed(ts_ms, phase, cash_delta, signal="a", index=0):
    return _row(ts_ms, phase, "closed", cash_delta, signal, index)


def _row(ts_ms, phase, kind, cash_delta, signal, index):
    data = {} if cash_delta is None else {"cash_delta": cash_delta}
    return EventRow(ts_ms, phase, index, 0, "s", f"S{index}", kind, signal, data)


def test_an_account_starts_with_its_capital():
    account = Account(250.0)

    assert (account.capital, account.cash, account.shared, account.was_read) == (
        250.0,
        250.0,
        True,
        False,
    )


def test_fills_change_the_cash_only():
    account = Account(250.0)

    account.book(-100.5)
    account.book(20.0)

    assert (account.cash, account.capital) == (169.5, 250.0)


@pytest.mark.parametrize(("amount", "covered"), [(250.0, True), (249.0, True), (250.0001, False)])
def test_an_entry_may_take_all_there_is(amount, covered):
    assert Account(250.0).covers(amount) is covered


def test_an_account_that_is_not_shared_covers_everything():
    assert Account(250.0, shared=False).covers(1e12)


def test_it_is_known_whether_anything_asked_for_the_cash():
    account = Account(250.0, shared=False)
    account.covers(1.0)
    account.book(-1.0)
    assert not account.was_read

    assert account.read() == 249.0
    assert account.was_read


def test_a_run_without_fills_needs_no_cash():
    assert not falls_short([], 1.0)
    assert not falls_short([_row(1, DECISION, "submitted", None, "a", 0)], 1.0)


@pytest.mark.parametrize(("cost", "short"), [(99.9, False), (100.0, True), (100.1, True)])
def test_cash_must_stay_above_zero(cost, short):
    assert falls_short([opened(1, OPEN, -cost)], 100.0) is short


@pytest.mark.parametrize(("left", "short"), [(2e-7, False), (0.5e-7, True)])
def test_dust_counts_as_nothing(left, short):
    assert falls_short([opened(1, OPEN, -(100.0 - left))], 100.0) is short


def test_entries_add_up():
    rows = [opened(1, OPEN, -60.0, "a", 0), opened(2, OPEN, -60.0, "b", 1)]

    assert falls_short(rows, 100.0)
    assert not falls_short([rows[0], closed(1, INSIDE, 60.0), rows[1]], 100.0)


def test_at_an_open_exits_come_before_entries_of_any_symbol():
    rows = [
        opened(1, OPEN, -60.0, "a", 1),
        opened(2, OPEN, -60.0, "b", 0),
        closed(2, OPEN, 60.0, "a", 1),
    ]

    assert not falls_short(rows, 100.0)


def test_what_is_opened_and_closed_at_one_open_frees_nothing_for_others():
    rows = [
        opened(1, OPEN, -60.0, "a", 0),
        closed(1, OPEN, 60.0, "a", 0),
        opened(1, OPEN, -60.0, "b", 1),
    ]

    assert falls_short(rows, 100.0)


def test_inside_a_candle_entries_come_before_exits_of_any_symbol():
    rows = [
        opened(1, OPEN, -60.0, "a", 0),
        closed(2, INSIDE, 60.0, "a", 0),
        opened(2, INSIDE, -60.0, "b", 1),
    ]

    assert falls_short(rows, 100.0)
    assert not falls_short([*rows[:2], opened(2, OPEN, -60.0, "b", 1)], 100.0)


def test_a_symbol_that_failed_frees_its_cash_before_the_open():
    rows = [
        opened(1, OPEN, -60.0, "a", 1),
        closed(2, DECISION, 60.0, "a", 1),
        opened(2, OPEN, -60.0, "b", 0),
    ]

    assert not falls_short(rows, 100.0)


def test_a_loss_beyond_what_was_reserved_is_missing_later():
    rows = [
        opened(1, OPEN, -60.0, "a"),
        closed(2, OPEN, -35.0, "a"),
        opened(3, OPEN, -10.0, "b"),
    ]

    assert falls_short(rows, 100.0)
    assert not falls_short(rows, 200.0)


def test_the_end_needs_no_cash():
    assert not falls_short([opened(1, OPEN, -60.0), closed(2, END, -90.0)], 100.0)
