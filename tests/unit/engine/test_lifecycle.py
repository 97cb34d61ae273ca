"""The lifecycle table, row by row, restated by hand; every other pair is refused."""

from itertools import product

import pytest

from tradekit.engine.lifecycle import TABLE, Status, Trigger, move
from tradekit.errors import LocalProtocolError

MOVES = {
    ("idle", "entry rested"): "scheduled",
    ("idle", "entry sent"): "opening",
    ("scheduled", "entry sent"): "opening",
    ("scheduled", "entry filled"): "active",
    ("scheduled", "entry gone"): "idle",
    ("opening", "entry filled"): "active",
    ("opening", "entry gone"): "idle",
    ("active", "close sent"): "closing",
    ("active", "exit filled"): "idle",
    ("closing", "exit filled"): "idle",
    ("closing", "entry rested"): "turning",
    ("closing", "entry sent"): "turning",
    ("turning", "entry gone"): "closing",
    ("turning", "exit filled before a resting entry"): "scheduled",
    ("turning", "exit filled before a market entry"): "opening",
}
REFUSED = [pair for pair in product(Status, Trigger) if pair not in MOVES]


@pytest.mark.parametrize(("before", "trigger"), MOVES)
def test_a_move_of_the_table(before, trigger):
    assert move(Status(before), Trigger(trigger)) is Status(MOVES[before, trigger])


@pytest.mark.parametrize(("status", "trigger"), REFUSED)
def test_every_other_move_is_refused(status, trigger):
    with pytest.raises(LocalProtocolError) as caught:
        move(status, trigger)

    assert caught.value.message == (
        f"trigger was {trigger.value!r}, cannot happen while {status.value}"
    )


def test_the_table_has_no_other_row():
    assert len(TABLE) == len(MOVES)
    assert len(MOVES) + len(REFUSED) == len(Status) * len(Trigger)


def test_nothing_leads_into_or_out_of_a_halt():
    assert Status.HALTED not in TABLE.values()
    assert Status.HALTED not in {status for status, _ in TABLE}


def test_every_other_status_can_be_reached_and_left():
    assert set(TABLE.values()) == {status for status, _ in TABLE} == set(Status) - {Status.HALTED}
