"""Kept runs: found by their names, read back, listed."""

import json
import re

import pytest

from tests.unit.bootstrap.kept_runs import MANIFEST, OLD_MANIFEST, TRADE, keep
from tradekit.analysis.equity import EquityPoint
from tradekit.bootstrap.runs import find_id, find_run, list_runs
from tradekit.errors import CorruptError, NothingRegisteredError, UnknownNameError

OLD = "20260401T120000Z-mine-11111111"
NEW = "20260402T120000Z-mine-22222222"
OTHER = "20260402T130000Z-other-33333333"


@pytest.fixture
def project(tmp_path):
    for run_id in (OLD, NEW, OTHER):
        project = keep(tmp_path, run_id)
    return project


@pytest.mark.parametrize(
    ("text", "run_id"),
    [(OLD, OLD), ("20260401", OLD), ("20260402T13", OTHER), ("last", OTHER), (NEW, NEW)],
)
def test_run_is_found_by_its_id_its_beginning_or_as_the_last(project, text, run_id):
    assert find_id(project, text) == run_id
    assert find_run(project, text).place == project.runs_dir / run_id


def test_whole_id_wins_over_longer_ones_that_begin_with_it(project, tmp_path):
    keep(tmp_path, f"{OLD}-2")

    assert find_id(project, OLD) == OLD


def test_ambiguous_beginning_lists_the_runs(project):
    with pytest.raises(UnknownNameError, match=f"2 runs begin with: {OTHER}, {NEW}$") as caught:
        find_id(project, "20260402")
    assert caught.value.fix == "write more of it"


def test_many_ambiguous_runs_are_not_all_listed(tmp_path):
    for number in range(12):
        project = keep(tmp_path, f"20260401T1200{number:02}Z-mine")

    with pytest.raises(UnknownNameError, match=r"12 runs begin with: .* and 2 more$"):
        find_id(project, "2")


def test_unknown_name_has_the_nearest_and_the_last(project):
    with pytest.raises(UnknownNameError, match=f"did you mean '{OLD}'") as caught:
        find_id(project, OLD.replace("mine", "mime"))
    assert OTHER in caught.value.fix


@pytest.mark.parametrize("text", ["../20260401", "*", "latest"])
def test_what_is_no_beginning_is_no_run(project, text):
    with pytest.raises(UnknownNameError):
        find_id(project, text)


def test_nothing_names_no_run_even_if_there_is_but_one(tmp_path):
    project = keep(tmp_path, OLD)

    with pytest.raises(UnknownNameError):
        find_id(project, "")


def test_without_runs_there_is_a_way_to_make_one(project, tmp_path):
    project.runs_dir = tmp_path / "nowhere"

    with pytest.raises(NothingRegisteredError) as caught:
        find_id(project, "last")
    assert caught.value.fix == "make one: tradekit backtest FILE"


def test_run_reads_its_files(project):
    run = find_run(project, "last")

    (trade,) = run.trades()
    assert set(trade) == set(TRADE)
    assert (trade["pnl"], trade["entry_price"], trade["symbol"]) == (-1.2, 100.0, "BTCUSDT")
    assert trade["entries"][0]["quantity"] == 1.0
    assert trade["entry_ts_ms"] == 1_775_001_600_000
    assert run.equity() == [EquityPoint(1_775_088_000_000, 9998.8, 9998.8, 0.0, -0.012)]
    assert [row["kind"] for row in run.events()] == ["submitted", "closed"]
    assert run.manifest["config"] == MANIFEST["config"]


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("trades.jsonl", None, "trades.jsonl of run .* is missing$"),
        ("trades.jsonl", b'{}\n{"pn', "is damaged in line 2$"),
        ("trades.jsonl", b'{"pnl":"much"}\n', "has a text where a number must be$"),
        ("trades.jsonl", b"[]\n", "is damaged in line 1$"),
        ("trades.jsonl", b"\xff\n", "is not text$"),
        ("equity.csv", b"ts_ms\n1,2\n", "equity.csv of run .* is damaged$"),
        ("equity.csv", b"ts_ms\n1,x,2,3,4\n", "equity.csv of run .* is damaged$"),
        ("manifest.json", b"[]", "manifest.json of run .* is not a JSON document$"),
        ("report.json", b"", "report.json of run .* is not a JSON document$"),
    ],
)
def test_damage_is_told_with_its_file(project, name, content, sentence):
    path = project.runs_dir / OTHER / name
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)

    def read():
        run = find_run(project, "last")
        return run.trades(), run.equity()

    with pytest.raises(CorruptError, match=sentence) as caught:
        read()
    assert caught.value.fix.endswith(f"tradekit run verify {OTHER}")


def test_line_separators_inside_a_text_end_no_line(tmp_path):
    project = keep(tmp_path, OLD, trades=[{**TRADE, "reason": "a\u2028b\x85c"}])
    path = project.runs_dir / OLD / "trades.jsonl"
    path.write_text(path.read_text().replace("\\u2028", "\u2028").replace("\\x85", "\x85"))

    (trade,) = find_run(project, OLD).trades()

    assert trade["reason"] == "a\u2028b\x85c"


def test_list_is_of_the_newest_and_counts_all(project):
    found = list_runs(project, limit=2)

    assert [row["run_id"] for row in found.rows] == [OTHER, NEW]
    assert found.run_count == 3
    assert found.rows[0] == {
        "run_id": OTHER,
        "began": MANIFEST["began"],
        "strategy": "mine",
        "frame": "days",
        "symbols": ["BTCUSDT"],
        "trade_count": 1,
        "pnl": "-1.2",
        "final_equity": "9998.8",
        "max_drawdown_pct": -0.012,
        "damage": None,
    }
    assert len(list_runs(project, limit=0).rows) == 3


def test_run_of_a_tradekit_that_kept_no_hashes_is_listed_with_the_figures_of_its_report(project):
    (project.runs_dir / OTHER / "manifest.json").write_text(json.dumps(OLD_MANIFEST))

    row, like = list_runs(project, limit=2).rows

    assert row == {**like, "run_id": OTHER}
    assert find_run(project, OTHER).trades()


@pytest.mark.parametrize(
    ("content", "damage"),
    [
        (None, "manifest.json of run .* is missing"),
        ("{", "is not a JSON document"),
        ("{}", "has the schema null, must have tradekit.manifest/2$"),
        ('{"schema":"tradekit.manifest/2","began":""}', "manifest.json of run .* lacks config$"),
        ('{"schema":"tradekit.manifest/2","began":"","config":3}', "has 3 as config, must have"),
    ],
)
def test_damaged_run_has_a_row_that_says_so(project, content, damage):
    path = project.runs_dir / NEW / "manifest.json"
    if content is None:
        path.unlink()
    else:
        path.write_text(content)

    rows = list_runs(project, limit=0).rows

    assert [row["run_id"] for row in rows] == [OTHER, NEW, OLD]
    assert set(rows[1]) == {"run_id", "damage"}
    assert re.search(damage, rows[1]["damage"])
