"""`tradekit run`: runs found again, shown, handed on and removed by the installed command line."""

import csv
import io
import json
import shutil
import time

import pexpect
import pyarrow.parquet
import pytest

from tests.e2e.kept_project import Project
from tests.support.candles import DAY


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def project(shell, made):
    return Project(shell, made)


def test_list_has_a_row_for_a_damaged_run(project):
    other = project.run()
    (project.place(project.first) / "manifest.json").write_text("{")

    code, document, _ = project("list")
    shown = project.shell("run", "list")

    rows = document["data"]["runs"]
    assert (code, shown.returncode) == (0, 0)
    assert [row["run_id"] for row in rows] == [other, project.first]
    assert [row["damage"] is None for row in rows] == [True, False]
    assert f"damaged: {project.first}: manifest.json" in shown.stdout


def test_list_and_show_say_what_the_backtest_said(project):
    report = json.loads((project.place(project.first) / "report.json").read_text())

    _, listed, _ = project("list")
    _, shown, _ = project("show", "last")
    text = project.shell("run", "show", project.first[:16]).stdout

    (row,) = listed["data"]["runs"]
    total = report["total"]
    assert row["final_equity"] == report["final_equity"]
    assert [row[name] for name in ("trade_count", "pnl", "max_drawdown_pct")] == [
        total["trade_count"],
        total["pnl"],
        total["max_drawdown_pct"],
    ]
    assert shown["data"]["report"] == report
    assert f"{float(total['pnl']):+,.2f}" in text
    assert max(len(line) for line in text.splitlines() if str(project.folder) not in line) <= 80


def test_rm_asks_and_needs_an_answer(project):
    refused = project.shell("run", "rm", project.first, stdin=None)
    last = project.shell("run", "rm", "last", "--yes")
    screens = []
    for answer in ("n", "y"):
        child = pexpect.spawn(
            str(project.shell.program),
            ["run", "rm", project.first],
            cwd=project.folder,
            env=project.shell.environ,
            encoding="utf-8",
            timeout=60,
        )
        child.expect("remove for good")
        child.sendline(answer)
        screens.append(child.read())
        child.close()
        screens.append((child.exitstatus, project.place(project.first).exists()))

    assert (refused.returncode, last.returncode) == (2, 2)
    assert "add --yes" in refused.stderr
    assert screens[1] == (1, True)
    assert screens[3] == (0, False)


def test_rm_removes_all_or_nothing_of_what_was_named(project):
    other = project.run()

    wrong = project.shell("run", "rm", project.first, "nonsense", "--yes")
    before = sorted(each.name for each in (project.folder / "runs").iterdir())
    right = project.shell("run", "rm", project.first, other, other, "--yes")

    assert (wrong.returncode, right.returncode) == (2, 0)
    assert before == sorted([project.first, other])
    assert list((project.folder / "runs").iterdir()) == []


def test_rm_knows_no_folder_that_is_no_run(project):
    (project.folder / "docs").mkdir()
    (project.folder / "docs" / "thesis.txt").write_text("years of work")

    answers = [
        project.shell("run", "rm", name, "--yes", "--runs-dir", ".")
        for name in ("docs", "d", "runs", "candles")
    ]

    assert [each.returncode for each in answers] == [2] * 4
    assert (project.folder / "docs" / "thesis.txt").read_text() == "years of work"
    assert project.place(project.first).exists()


def test_exported_trades_are_those_of_the_run(project):
    lines = (project.place(project.first) / "trades.jsonl").read_text()
    trades = [json.loads(line) for line in lines.splitlines()]
    assert len(trades) > 3

    as_lines = project.shell("run", "export", "last", "--trades", "jsonl").stdout
    as_csv = project.shell("run", "export", "last", "--trades", "csv").stdout
    written = project.shell("run", "export", "last", "--trades", "parquet", "--to", "t.parquet")
    table = pyarrow.parquet.read_table(project.folder / "t.parquet").to_pylist()
    rows = list(csv.DictReader(io.StringIO(as_csv)))

    assert as_lines == lines
    assert written.returncode == 0
    assert [row["pnl"] for row in rows] == [trade["pnl"] for trade in trades]
    assert [json.loads(row["entries"]) for row in rows] == [trade["entries"] for trade in trades]
    assert rows[0]["entry_time"] == "2026-04-01T01:00:00Z"
    assert int(rows[0]["entry_ts_ms"]) == DAY + 3_600_000
    assert [row["pnl"] for row in table] == [float(trade["pnl"]) for trade in trades]
    assert [int(row["exit_time"].timestamp() * 1000) for row in table] == [
        trade["exit_ts_ms"] for trade in trades
    ]


def test_bad_names_are_told_with_the_way_out(shell):
    none = shell("run", "show", "last")
    empty = shell("run", "list")
    (shell.folder / "file").touch()
    no_folder = shell("run", "list", "--runs-dir", "file")

    assert (none.returncode, empty.returncode, no_folder.returncode) == (2, 0, 2)
    assert "make one: tradekit backtest FILE" in none.stderr
    assert "there are no runs" in empty.stderr
    assert "not a folder" in no_folder.stderr


def test_unknown_and_ambiguous_names_list_what_there_is(project):
    other = project.run("--fee", "0.05")

    unknown = project.shell("run", "show", f"x{other}")
    ambiguous = project.shell("run", "verify", "20")

    assert (unknown.returncode, ambiguous.returncode) == (2, 2)
    assert f"did you mean '{other}'?" in unknown.stderr
    assert project.first in ambiguous.stderr
    assert other in ambiguous.stderr


def test_thousand_runs_are_listed(project, capsys):
    runs = project.folder / "runs"
    for number in range(1, 1000):
        name = f"202501{number // 50 + 1:02}T00{number % 50:02}00Z-mine-{number:08x}"
        shutil.copytree(project.place(project.first), runs / name)

    times = []
    for _ in range(3):
        began = time.perf_counter()
        answer = project.shell("run", "list", "--limit", "0")
        times.append(time.perf_counter() - began)

    assert answer.returncode == 0
    assert len(answer.stdout.splitlines()) == 1001
    with capsys.disabled():
        print(f"\nrun list, 1,000 runs: {min(times):.2f} s")


def test_report_is_one_page(project):
    answer = project.shell("run", "report", "last", "--html", "page.html")
    code, document, _ = project("report", project.first, "--html", "again.html")
    nowhere = project.shell("run", "report", "last", "--html", "nowhere/page.html")

    size = (project.folder / "page.html").stat().st_size
    assert (answer.returncode, answer.stdout) == (0, f"wrote page.html, {size:,} bytes\n")
    assert (code, document["data"]["bytes"]) == (0, size)
    assert (project.folder / "again.html").read_text().startswith("<!")
    assert nowhere.returncode == 2
