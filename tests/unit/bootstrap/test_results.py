"""What a run leaves: names, facts about holes, files."""

import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from tradekit.bootstrap.results import engine_sha256, gap_facts, manifest_text, run_id
from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.time import MINUTE_MS, parse_time_ms


def closed(entry, left, pnl=1.0, symbol="A", number=1, phase=Phase.INSIDE):
    data = {"entry_ts_ms": entry * MINUTE_MS, "exit_ts_ms": left * MINUTE_MS, "pnl": pnl}
    return EventRow(
        left * MINUTE_MS,
        phase,
        0,
        number,
        "s",
        symbol,
        "closed",
        f"s-{symbol}-{number}",
        data,
    )


def test_run_id_says_when_what_and_what_came_of_it():
    moment = parse_time_ms("2026-04-01T12:30:05")

    assert run_id(moment + 999, "bracket", "2263b63b0000") == "20260401T123005Z-bracket-2263b63b"


def test_run_id_of_a_very_long_name_still_fits_a_file_system():
    assert len(run_id(0, "x" * 500, "0" * 64)) < 128


def holes_of(*pairs):
    return {"A": [(start * MINUTE_MS, stop * MINUTE_MS) for start, stop in pairs], "B": []}


def opened(at, *, number, phase=Phase.OPEN, kind="opened"):
    return EventRow(at * MINUTE_MS, phase, 0, number, "s", "A", kind, f"s-A-{number}", {})


def met(*rows):
    """Return what is said of the trades that met a hole of minutes 10 and 11 or of 50 to 54."""
    (facts,) = gap_facts(holes_of((10, 12), (50, 55)), rows, MINUTE_MS)
    return {trade["signal_id"]: trade["inside"] for trade in facts["trades_over_holes"]}


def test_holes_are_counted_and_trades_over_them_listed():
    rows = [
        closed(1, 9, number=1),  # before the hole
        closed(5, 30, pnl=-2.5, number=2),  # over it
        closed(12, 40, number=4),  # after it
        closed(1, 99, symbol="B", number=5),
    ]

    (facts,) = gap_facts(holes_of((10, 12), (50, 55)), rows, MINUTE_MS)

    assert facts == {
        "symbol": "A",
        "holes": 2,
        "missing": 7,
        "longest_since_ms": 50 * MINUTE_MS,
        "longest_until_ms": 55 * MINUTE_MS,
        "trades_over_holes": [{"signal_id": "s-A-2", "pnl": -2.5, "inside": False}],
    }


def test_trades_that_begin_or_end_inside_a_hole_were_inside():
    assert met(
        closed(5, 12, number=1),  # its exit is inside minute 11
        closed(11, 30, number=2),
        closed(5, 10, phase=Phase.OPEN, number=3),
        closed(51, 53, number=4),
        closed(5, 60, number=5),  # over both
        opened(12, phase=Phase.INSIDE, number=6),  # inside minute 11
        closed(12, 20, number=6),
    ) == {"s-A-1": True, "s-A-2": True, "s-A-3": True, "s-A-4": True, "s-A-5": False, "s-A-6": True}


def test_trades_that_were_added_to_or_left_in_part_inside_a_hole_were_inside():
    assert met(
        opened(5, number=1),
        opened(12, kind="averaged", phase=Phase.INSIDE, number=1),  # inside minute 11
        closed(5, 20, number=1),
        opened(5, number=2),
        opened(51, kind="partial", number=2),
        closed(5, 70, number=2),
        opened(5, number=3),
        opened(8, kind="averaged", number=3),
        opened(12, kind="partial", number=3),  # at the first price after it
        opened(51, kind="trailed", phase=Phase.DECISION, number=3),
        closed(5, 60, number=3),
    ) == {"s-A-1": True, "s-A-2": True, "s-A-3": False}


def test_trades_that_end_as_a_hole_begins_or_begin_as_it_ends_met_none():
    assert (
        met(
            closed(5, 10, number=1),  # inside minute 9
            closed(5, 10, phase=Phase.END, number=2),
            opened(12, number=3),
            closed(12, 20, number=3),
            opened(20, number=4),
            closed(20, 49, phase=Phase.OPEN, number=4),
        )
        == {}
    )


def test_trade_that_leaves_at_the_first_price_after_a_hole_was_open_over_it():
    assert met(closed(5, 12, phase=Phase.OPEN, number=1)) == {"s-A-1": False}


@given(
    st.sets(st.integers(1, 30), max_size=12),
    st.lists(st.tuples(st.integers(1, 30), st.integers(0, 10), st.booleans()), max_size=9),
)
def test_trades_meet_the_missing_minutes_of_their_time(missing, trades):
    """A loop over minutes says the same: each trade is a range of candles, its ends included."""
    holes = [(m, m + 1) for m in sorted(missing)]
    together = []
    for start, stop in holes:
        if together and together[-1][1] == start:
            together[-1] = (together[-1][0], stop)
        else:
            together.append((start, stop))
    rows, wanted = [], {}
    for number, (entry, length, at_open) in enumerate(trades):
        left = entry + length
        phase = Phase.OPEN if at_open else Phase.INSIDE
        rows.append(opened(entry, number=number))
        rows.append(closed(entry, left + (not at_open), phase=phase, number=number))
        if missing.intersection(range(entry, left + 1)):
            wanted[f"s-A-{number}"] = entry in missing or left in missing

    facts = gap_facts(holes_of(*together), rows, MINUTE_MS)

    found = {t["signal_id"]: t["inside"] for each in facts for t in each["trades_over_holes"]}
    assert found == wanted


def test_no_holes_no_facts():
    assert gap_facts({"A": []}, [closed(1, 2)], MINUTE_MS) == []


def test_manifest_has_the_hash_of_itself_without_the_line_that_has_it():
    text = manifest_text({"b": 1, "a": {"é": None}, "manifest_sha256": "an old one"})

    plain = '{\n  "a": {\n    "é": null\n  },\n  "b": 1\n}\n'
    document = json.loads(text)
    assert document.pop("manifest_sha256") == hashlib.sha256(plain.encode()).hexdigest()
    assert document == {"b": 1, "a": {"é": None}}
    assert manifest_text(json.loads(text)) == text


def test_engine_has_one_hash_as_long_as_nobody_changes_it(monkeypatch, tmp_path):
    package = tmp_path / "tradekit"
    for folder in ("engine", "cli", "bootstrap"):
        (package / folder).mkdir(parents=True)
    source = package / "engine" / "venue.py"
    source.write_text("a = 1\n")
    (package / "cli" / "app.py").write_text("b = 1\n")
    monkeypatch.setattr(
        "tradekit.bootstrap.results.__file__", str(package / "bootstrap" / "results.py")
    )
    one = engine_sha256()

    (package / "cli" / "app.py").write_text("b = 2\n")
    other_screen = engine_sha256()
    source.write_text("a = 2\n")
    other_source = engine_sha256()
    source.rename(source.with_name("fills.py"))

    assert len({one, other_screen, other_source, engine_sha256()}) == 4
