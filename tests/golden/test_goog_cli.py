"""GOOG once more, as an operator does it: import the candles, run the file, read the run folder."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.oracle_goog import (
    CAPITAL,
    DAY_MS,
    FEE_PCT,
    assert_equity_is_published,
    assert_trades_are_published,
    candle_file,
    close_to,
    read_goog,
    read_reference,
)

PROGRAM = Path(sys.executable).parent / "tradekit"

STRATEGY = """
from tradekit import Exchange, Frame, Signal, strategy

market = Exchange.local(lot_size=1.0)
whole = Frame("whole", "2004-08-19", "2013-03-02", base="1d")


def cross(ctx):
    closes = ctx.candles("1d", 31).close
    above = closes[-10:].mean() > closes[-30:].mean()
    before = closes[-11:-1].mean() > closes[-31:-1].mean()
    return int(above) - int(before)


@strategy("goog-cross", every="1d", hold="unlimited")
def goog_cross(ctx):
    turn = cross(ctx) if ctx.has("1d", 31) else 0
    if turn == 0:
        return None
    return Signal.long(equity_pct=100) if turn > 0 else Signal.short(equity_pct=100)


@goog_cross.while_open
def leave(ctx, position):
    if cross(ctx) == (-1 if position.direction == "long" else 1):
        position.close()
"""


def tradekit(folder, *arguments):
    answer = subprocess.run(
        [PROGRAM, *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory, shared_data) -> Path:
    """Return a folder with the strategy file and the candles in its store."""
    folder = tmp_path_factory.mktemp("goog")
    (folder / "goog.py").write_text(STRATEGY)
    document = json.loads(tradekit(folder, "data", "import", candle_file(shared_data), "--json"))
    assert document["ok"] is True
    return folder


@pytest.mark.parametrize("name", FEE_PCT)
def test_the_command_line_makes_the_published_run(name, folder, shared_data):
    candles, reference = read_goog(shared_data), read_reference(shared_data, name)
    runs = folder / f"runs-{name}"
    out = tradekit(
        folder,
        "backtest",
        "goog.py",
        *("--symbols", "GOOG", "--gaps", "skip", "--runs-dir", runs, "--json"),
        *("--capital", f"{CAPITAL:g}", "--fee", str(FEE_PCT[name]), "--slippage", "0"),
    )
    (run,) = runs.iterdir()
    trades = [json.loads(line) for line in (run / "trades.jsonl").read_text().splitlines()]
    assert_trades_are_published(trades, candles, reference)
    with (run / "equity.csv").open(newline="") as text:
        rows = list(csv.DictReader(text))
    # A row a candle, labelled with the candle's close.
    assert [int(row["ts_ms"]) for row in rows] == [ts_ms + DAY_MS for ts_ms in candles.ts_ms]
    equity = [float(row["equity"]) for row in rows]
    assert_equity_is_published(equity, reference)
    report = json.loads(out)["data"]["report"]
    assert close_to(report["final_equity"], equity[-1])
