"""Ambiguous candles: the run is made again on the other path, and says what that came to."""

import json

import pytest

TIGHT = """
from tradekit import Frame, Signal, strategy

april = Frame("apr", "2026-04-01", "2026-04-15", base="1h")
asked = []


@strategy("tight", every="1h", hold="unlimited")
def tight(ctx):
    asked.append(ctx.now)
    print("asked", len(asked))
    if len(asked) > 1200:
        raise ValueError("it remembers the run before")
    return Signal.long(stop_loss_pct=0.5, take_profit_pct=0.6)


@strategy("wide", every="1h", hold="unlimited")
def wide(ctx):
    return Signal.long(stop_loss_pct=30, take_profit_pct=60)
"""


@pytest.fixture
def run(shell):
    (shell.folder / "mine.py").write_text(TIGHT)

    def run(*arguments):
        answer = shell(
            "backtest", "mine.py", "--exchange", "synthetic", "--seed", "7", "--json", *arguments
        )
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)["data"], answer

    return run


def test_both_paths_are_told(run):
    data, answer = run()
    interval = data["report"]["interval"]

    assert interval["ambiguous_candles"] >= 5
    assert interval["stop_first"]["pnl"] == data["report"]["total"]["pnl"]
    # A loss less and a win more, at least, for the candles in doubt.
    assert float(interval["target_first"]["pnl"]) > float(interval["stop_first"]["pnl"])
    assert interval["sign_changes"] is False
    marked = sum(trade["ambiguous"] for trade in data["trades"])
    assert marked == interval["ambiguous_candles"]
    # What the strategy prints is not printed twice.
    assert answer.stderr.count("asked 1\n") == 1


def test_the_table_tells_them_too(shell, run):
    data, _ = run()
    interval = data["report"]["interval"]
    answer = shell("backtest", "mine.py", "--exchange", "synthetic", "--seed", "7", "--quiet")

    first, second = (float(interval[path]["pnl"]) for path in ("stop_first", "target_first"))
    count = interval["ambiguous_candles"]
    wanted = (
        f"ambiguous: {count} candles; PnL {first:+,.2f} stop first, {second:+,.2f} target first"
    )
    assert wanted in answer.stdout


def test_workers_come_to_the_same(run):
    assert run("--workers", "2")[0]["report"] == run()[0]["report"]


def test_the_second_run_can_be_left_out(run):
    with_it, without = run()[0]["report"], run("--no-interval")[0]["report"]

    assert without["interval"]["target_first"] is None
    assert without["interval"]["sign_changes"] is None
    assert without["interval"]["stop_first"] == with_it["interval"]["stop_first"]
    assert without["fingerprint"] == with_it["fingerprint"]


def test_without_an_ambiguous_candle_nothing_runs_twice(run):
    data, answer = run("--strategy", "wide")
    interval = data["report"]["interval"]

    assert interval["ambiguous_candles"] == 0
    assert interval["stop_first"] == interval["target_first"]
    assert "again" not in answer.stderr


MEMORY = """
SEEN = {}
"""
REMEMBERS = """
from memory import SEEN
from tradekit import Frame, Signal, strategy

april = Frame("apr", "2026-04-01", "2026-04-15", base="1h")


@strategy("remembers", every="1h", hold="unlimited")
def remembers(ctx):
    SEEN[ctx.symbol] = SEEN.get(ctx.symbol, 0) + 1
    if SEEN[ctx.symbol] > 200:
        return None
    return Signal.long(stop_loss_pct=0.5, take_profit_pct=0.6)
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_an_imported_module_remembers_is_gone_in_the_second_run(shell, workers):
    (shell.folder / "memory.py").write_text(MEMORY)
    (shell.folder / "mine.py").write_text(REMEMBERS)

    answer = shell(
        *("backtest", "mine.py", "--exchange", "synthetic", "--seed", "7", "--json"),
        *("--workers", workers),
    )

    interval = json.loads(answer.stdout)["data"]["report"]["interval"]
    assert interval["ambiguous_candles"] > 0
    assert interval["target_first"]["trade_count"] > 200


@pytest.mark.parametrize("what", ["mine.py", "memory.py"])
def test_file_that_changes_while_it_runs_has_no_second_path(shell, what):
    (shell.folder / "memory.py").write_text(MEMORY)
    changes = f"""
    from pathlib import Path
    with Path({what!r}).open("a") as file:
        file.write("x = 1\\n")
"""
    (shell.folder / "mine.py").write_text(
        REMEMBERS.replace("    if SEEN", changes + "    if SEEN", 1)
    )

    answer = shell("backtest", "mine.py", "--exchange", "synthetic", "--seed", "7", "--json")

    assert answer.returncode == 0, answer.stderr
    interval = json.loads(answer.stdout)["data"]["report"]["interval"]
    assert interval["ambiguous_candles"] > 0
    assert interval["target_first"] is None
