"""What a run leaves: names, facts about holes, files."""

import hashlib
import json

from tradekit.bootstrap.results import engine_sha256, gap_facts, manifest_text, run_id
from tradekit.domain.journal import EventRow, Phase
from tradekit.domain.time import MINUTE_MS, parse_time_ms


def closed(entry, left, pnl=1.0, symbol="A", number=1):
    data = {"entry_ts_ms": entry * MINUTE_MS, "exit_ts_ms": left * MINUTE_MS, "pnl": pnl}
    return EventRow(
        left * MINUTE_MS,
        Phase.INSIDE,
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


def test_holes_are_counted_and_trades_over_them_listed():
    rows = [
        closed(1, 9, number=1),  # before the hole
        closed(5, 30, pnl=-2.5, number=2),  # over it
        closed(10, 12, number=3),  # exactly over it
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
        "trades_over_holes": [
            {"signal_id": "s-A-2", "pnl": -2.5},
            {"signal_id": "s-A-3", "pnl": 1.0},
        ],
    }


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

    assert other_screen == one
    assert len({one, other_source, engine_sha256()}) == 3
