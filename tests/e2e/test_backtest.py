"""`tradekit backtest` as it is typed: the document, pipes and terminals, workers, python -m."""

import json
import re
import subprocess
import sys

import pexpect
import pytest

ESCAPE = "\x1b["


def run_folder(shell, out):
    return shell.folder / re.search(r"^run folder: (.+)$", out, re.MULTILINE)[1].strip()


def test_document_is_alone_on_standard_output(shell):
    answer = shell("backtest", "mine.py", "--strategy", "chatty", "--symbols", "BTCUSDT", "--json")

    assert answer.returncode == 0
    assert answer.stdout.count("\n") == 1
    document = json.loads(answer.stdout)
    assert (document["ok"], document["schema"]) == (True, "tradekit.backtest/1")
    assert set(answer.stderr.splitlines()) == {"hello from the strategy"}


def test_document_is_alone_with_workers_too(shell):
    options = ("--strategy", "chatty", "--symbols", "BTCUSDT,SOLUSDT")

    answer = shell("backtest", "mine.py", *options, "--workers", "2", "--json")

    assert json.loads(answer.stdout)["code"] == 0
    assert "hello from the strategy" in answer.stderr


def test_pipe_gets_plain_lines(shell):
    answer = shell("backtest", "mine.py")

    assert answer.returncode == 0
    assert ESCAPE not in answer.stdout + answer.stderr
    assert answer.stderr.splitlines() == [
        "bracket of mine.py on synthetic (seed 0)",
        "frame days: 2026-04-01T00:00:00Z to 2026-04-03T00:00:00Z on 1m, 9 symbols",
        "capital 10,000.00, fees 0.1 % maker 0.1 % taker, slippage 0.1 %",
    ]
    assert run_folder(shell, answer.stdout).is_dir()


def test_progress_in_a_pipe_is_lines(shell):
    answer = shell("backtest", "mine.py", "--strategy", "slow", "--symbols", "BTCUSDT,SOLUSDT")

    assert answer.returncode == 0
    assert all("\r" not in line for line in answer.stderr.splitlines())


def in_a_terminal(shell, *options, **environ):
    screen, code = pexpect.run(
        f"{shell.program} backtest mine.py {' '.join(options)}",
        cwd=shell.folder,
        env={**shell.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environ},
        withexitstatus=True,
        timeout=60,
        encoding="utf-8",
    )
    assert code == 0, screen
    return screen


def test_terminal_shows_a_table_that_is_drawn_again(shell):
    screen = in_a_terminal(shell, "--strategy", "slow", "--symbols", "BTCUSDT,SOLUSDT")

    assert "candles/s" in screen
    assert "━" in screen
    assert f"{ESCAPE}2K" in screen  # a line that is drawn over


def test_terminal_gets_colours_unless_told_otherwise(shell):
    colour = re.compile(r"\x1b\[(?:1;)?3[12]m")

    assert colour.search(in_a_terminal(shell))
    assert not colour.search(in_a_terminal(shell, "--no-color"))
    assert not colour.search(in_a_terminal(shell, NO_COLOR="1"))


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["bracket", "greedy", "rich"])
def test_workers_change_nothing(shell, strategy):
    places, notes = [], []
    for workers in ("1", "2"):
        answer = shell(
            *("backtest", "mine.py", "--strategy", strategy, "--workers", workers, "--json"),
            *("--symbols", "BTCUSDT,SOLUSDT,DOGEUSDT"),
        )
        assert answer.returncode == 0, answer.stderr
        places.append(shell.folder / json.loads(answer.stdout)["data"]["run_dir"])
        notes.append(json.loads((places[-1] / "manifest.json").read_text())["notes"])

    for path in places[0].iterdir():
        if path.name != "manifest.json":
            assert path.read_bytes() == (places[1] / path.name).read_bytes(), path.name
    depends_on_the_account = strategy != "bracket"
    assert [bool(each) for each in notes] == [False, depends_on_the_account]


def test_workers_note_that_it_was_made_again(shell):
    symbols = ("--symbols", "BTCUSDT,SOLUSDT")

    answer = shell("backtest", "mine.py", "--strategy", "greedy", "--workers", "2", *symbols)

    assert "note: symbols depend on one another through the account" in answer.stderr


def test_failing_symbols_are_the_same_with_workers(shell):
    options = ("--strategy", "raises", "--symbols", "BTCUSDT,SOLUSDT", "--json")

    answers = [shell("backtest", "mine.py", *options, "--workers", n) for n in ("1", "2")]

    one, two = (json.loads(answer.stdout) for answer in answers)
    assert [answer.returncode for answer in answers] == [1, 1]
    assert one["errors"] == two["errors"]
    assert one["data"]["report"] == two["data"]["report"]


def test_module_is_the_same_command_line(shell):
    answer = subprocess.run(
        [sys.executable, "-m", "tradekit", "--version"],
        cwd=shell.folder,
        env=shell.environ,
        capture_output=True,
        text=True,
        check=True,
    )

    assert re.fullmatch(r"tradekit \d+\.\d+\.\d+\n", answer.stdout)


def test_reader_that_leaves_early_is_no_traceback(shell):
    process = shell.open("backtest", "mine.py", "--json")
    process.stdout.close()

    err = process.stderr.read()
    assert process.wait() == 141
    assert "Traceback" not in err
    assert "BrokenPipe" not in err
    process.stderr.close()
