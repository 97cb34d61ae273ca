"""`tradekit backtest` inside this process: options, result, run folder, document."""

import csv
import json
import re
from hashlib import sha256

import pytest

from tradekit.cli import app as module

FILE = '''
"""Strategies of the tests."""

from dataclasses import dataclass

from tradekit import Exchange, Frame, Signal, strategy

day = Frame("day", "2026-04-01", "2026-04-02")
market = Exchange.synthetic()


@dataclass(frozen=True)
class Knobs:
    stop_pct: float = 1.0


@strategy("bracket", params=Knobs)
def bracket(ctx):
    return Signal.long(stop_loss_pct=ctx.params.stop_pct, take_profit_pct=2.0)


@strategy("greedy", hold="4h")
def greedy(ctx):
    print("asked", ctx.symbol)
    ctx.log(f"has {ctx.account.cash > 0}")
    return Signal.long(stop_loss_pct=5.0, equity_pct=50)


@strategy("rich", hold="4h", cost=6000)
def rich(ctx):
    return Signal.long(stop_loss_pct=5.0)


@strategy("fragile")
def fragile(ctx):
    if ctx.symbol == "SOLUSDT":
        raise ValueError("no")
    return Signal.long(stop_loss_pct=1.0)
'''


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.delenv("CC_SYMBOL_LIST", raising=False)
    (tmp_path / "mine.py").write_text(FILE)


@pytest.fixture
def backtest(capsys):
    def backtest(*options):
        code = module._run(["backtest", "mine.py", *options])
        out, err = capsys.readouterr()
        return code, out, err

    return backtest


def place_of(out):
    return re.search(r"^run folder: (.+)$", out, re.MULTILINE)[1]


def document_of(out):
    assert out.count("\n") == 1
    return json.loads(out)


def test_result_fits_80_columns_and_says_where_it_is(backtest, tmp_path):
    code, out, err = backtest("--seed", "7")

    assert code == 0
    assert all(len(line) <= 80 for line in out.splitlines() if "run folder" not in line)
    assert re.search(r"^BTCUSDT +\d+ ", out, re.MULTILINE)
    assert re.search(r"^total +\d+ ", out, re.MULTILINE)
    assert place_of(out).startswith(str(tmp_path / "runs"))
    assert err.splitlines()[0] == "bracket of mine.py on synthetic (seed 7)"
    assert "\x1b" not in out + err


def test_quiet_prints_the_result_only(backtest):
    code, out, err = backtest("--quiet")

    assert (code, err) == (0, "")
    assert "total" in out


def test_run_folder_holds_what_was_promised(backtest, tmp_path):
    _, out, _ = backtest("--seed", "7", "--symbols", "BTCUSDT,SOLUSDT", "--set", "stop_pct=0.5")
    place = tmp_path / place_of(out)

    assert re.fullmatch(r"\d{8}T\d{6}Z-bracket-[0-9a-f]{8}", place.name)
    assert {each.name for each in place.iterdir()} == {
        "manifest.json",
        "events.jsonl",
        "trades.jsonl",
        "equity.csv",
        "report.json",
    }
    manifest = json.loads((place / "manifest.json").read_text())
    report = json.loads((place / "report.json").read_text())
    trades = [json.loads(line) for line in (place / "trades.jsonl").read_text().splitlines()]
    with (place / "equity.csv").open(newline="") as file:
        equity = list(csv.DictReader(file))
    fingerprint = sha256((place / "events.jsonl").read_bytes()).hexdigest()
    assert report["fingerprint"] == fingerprint
    assert place.name.endswith(fingerprint[:8])
    assert manifest["strategy_file"] == {
        "path": "mine.py",
        "sha256": sha256((tmp_path / "mine.py").read_bytes()).hexdigest(),
        "modules": {},
    }
    assert sorted(manifest["data_sha256"]) == ["BTCUSDT", "SOLUSDT"]
    assert manifest["seed"] == 7
    assert manifest["config"]["params"] == {"stop_pct": 0.5}
    assert manifest["hook_calls"]["bracket"] >= len(trades) > 0
    assert set(manifest["versions"]) == {"tradekit", "python", "numpy", "engine_sha256"}
    assert report["total"]["trade_count"] == len(trades)
    assert equity[-1]["equity"] == report["final_equity"]
    for name in ("events.jsonl", "trades.jsonl", "equity.csv", "report.json"):
        assert str(tmp_path) not in (place / name).read_text()


def test_same_inputs_same_bytes(backtest, tmp_path):
    places = [tmp_path / place_of(backtest("--seed", "7")[1]) for _ in range(2)]

    assert places[0] != places[1]
    for name in ("events.jsonl", "trades.jsonl", "equity.csv", "report.json"):
        assert (places[0] / name).read_bytes() == (places[1] / name).read_bytes()


def test_json_is_one_document_whatever_the_strategy_prints(backtest, tmp_path):
    code, out, err = backtest("--strategy", "greedy", "--symbols", "BTCUSDT", "--json")

    document = document_of(out)
    assert (code, document["ok"], document["code"]) == (0, True, 0)
    assert document["schema"] == "tradekit.backtest/1"
    data = document["data"]
    assert data["report"] == json.loads((tmp_path / data["run_dir"] / "report.json").read_text())
    lines = (tmp_path / data["run_dir"] / "trades.jsonl").read_text().splitlines()
    assert data["trades"] == [json.loads(line) for line in lines]
    assert set(err.splitlines()) == {"asked BTCUSDT"}


def test_what_a_strategy_logs_is_kept(backtest, tmp_path):
    _, out, _ = backtest("--strategy", "greedy", "--symbols", "BTCUSDT")

    first = (tmp_path / place_of(out) / "log.txt").read_text().splitlines()[0]
    assert first == "1775001600000 BTCUSDT has True"


def test_one_failure_leaves_the_others_and_is_1(backtest, tmp_path):
    code, out, err = backtest("--strategy", "fragile", "--symbols", "BTCUSDT,SOLUSDT", "--json")

    document = document_of(out)
    assert (code, document["code"], document["ok"]) == (1, 1, False)
    assert [error["message"] for error in document["errors"]] == [
        "ValueError: no (strategy 'fragile', fragile (mine.py:37), SOLUSDT at 2026-04-01T00:00:00Z)"
    ]
    assert err.startswith("error: ValueError: no (")
    symbols = document["data"]["report"]["symbols"]
    assert symbols["SOLUSDT"]["failure_count"] == 1
    assert symbols["BTCUSDT"]["trade_count"] > 0


def test_refusals_are_counted(backtest):
    _, out, _ = backtest("--strategy", "rich", "--symbols", "BTCUSDT,SOLUSDT", "--quiet")

    assert re.search(r"^refused: [\d,]+ insufficient_cash$", out, re.MULTILINE)


def test_default_symbol_that_is_not_listed_is_left_out_with_a_warning(backtest, tmp_path):
    assert (
        module._run(["data", "synth", "BTCUSDT", "--from", "2026-04-01", "--to", "2026-04-02"]) == 0
    )

    code, out, err = backtest("--exchange", "local")

    assert code == 0
    others = "POLUSDT, ZECUSDT, HYPEUSDT, XAUTUSDT, DOGEUSDT, SOLUSDT, PENGUUSDT, HBARUSDT"
    warning = f"warning: {others} are not listed on exchange 'local' and left out"
    assert warning in err.splitlines()
    report = json.loads((tmp_path / place_of(out) / "report.json").read_text())
    assert len(report["warnings"]) == 1
    assert list(report["symbols"]) == ["BTCUSDT"]
