"""`tradekit backtest --check-wakes`: what sleeps soundly passes, what oversleeps is told where."""

import json
from datetime import UTC, datetime

import pytest

SLEEPERS = """
from dataclasses import dataclass

from tradekit import Exchange, Frame, Signal, Wake, strategy

days = Frame("days", "2026-04-01", "2026-04-03")
market = Exchange.synthetic()


@dataclass(frozen=True)
class Params:
    late: bool = False


@strategy("sleeper", hold="6h", params=Params)
def sleeper(ctx):
    return Signal.long(stop_loss_pct=20)


@sleeper.while_open
def target(ctx, position):
    if position.pnl_pct >= -0.2:
        position.close()
    beyond = 2.0 if ctx.params.late and ctx.symbol == "SOLUSDT" else -0.2
    return Wake(price_above=position.price_at(beyond))
"""


@pytest.fixture
def sleepers(shell):
    (shell.folder / "sleepers.py").write_text(SLEEPERS)

    def run(*options):
        symbols = ("--symbols", "BTCUSDT,SOLUSDT")
        return shell("backtest", "sleepers.py", *symbols, "--check-wakes", *options)

    return run


def kept_runs(shell):
    return sorted(path.name for path in (shell.folder / "runs").glob("*-*"))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_wakes_in_time_passes(shell, sleepers, workers):
    answer = sleepers("--workers", workers, "--json")

    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert (document["ok"], document["code"]) == (True, 0)
    assert len(kept_runs(shell)) == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_who_oversleeps_is_told_the_first_difference(shell, sleepers, workers):
    answer = sleepers("--set", "late=true", "--workers", workers)

    assert answer.returncode == 4
    told = " ".join(answer.stderr.split())
    assert "the first difference is close_submitted of SOLUSDT at 2026-04-0" in told
    assert "(without Wake)" in told
    assert "return a Wake that comes earlier" in told
    assert "Traceback" not in answer.stderr
    assert kept_runs(shell) == []


def test_every_way_of_running_finds_the_same_difference_at_the_same_time(shell, sleepers):
    documents = []
    for workers in ("1", "2"):
        answer = sleepers("--set", "late=true", "--workers", workers, "--json")
        assert answer.returncode == 4
        documents.append(json.loads(answer.stdout))
    one, two = documents

    assert (one["ok"], one["code"]) == (False, 4)
    message = json.dumps(one)
    assert "close_submitted of SOLUSDT at " in message
    assert message == json.dumps(two)
    # Awake it closes at exactly that time, the first at which SOLUSDT does.
    awake = shell.folder / "awake.py"
    awake.write_text(SLEEPERS.replace("else -0.2", "else -0.2\n    return None"))
    answer = shell("backtest", "awake.py", "--symbols", "SOLUSDT", "--json")
    assert answer.returncode == 0, answer.stderr
    (folder,) = (shell.folder / "runs").glob("*-*")
    with (folder / "events.jsonl").open() as lines:
        rows = [json.loads(line) for line in lines]
    sent = [row for row in rows if row["kind"] == "close_submitted"]
    first = next(row["ts_ms"] for row in sent if row["reason"] == "closed")
    assert f"SOLUSDT at {time_of(first)}" in message


def time_of(ts_ms):
    return datetime.fromtimestamp(ts_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_it_says_that_it_looks(sleepers):
    answer = sleepers()

    assert answer.returncode == 0
    assert "--check-wakes: replayed again with every hook called" in answer.stderr


def test_without_the_option_nobody_looks(shell, sleepers):
    symbols = ("--symbols", "BTCUSDT,SOLUSDT")
    answer = shell("backtest", "sleepers.py", *symbols, "--set", "late=true")

    assert answer.returncode == 0
    assert "check-wakes" not in answer.stderr
