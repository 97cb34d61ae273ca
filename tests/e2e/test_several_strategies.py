"""Several strategies of one file in one run and one account, with and without a risk profile."""

import json
from itertools import pairwise

import pytest

PORTFOLIO = """
from dataclasses import dataclass

from tradekit import Exchange, Frame, Risk, Signal, strategy
from tradekit.api import rules

days = Frame("days", "2026-04-01", "2026-04-03")
market = Exchange.synthetic()
one_each = Risk("one each", [rules.max_symbol_exposure(100)])


@dataclass(frozen=True)
class Params:
    hours: int = 4


@strategy("up", params=Params)
def up(ctx):
    return Signal.long(stop_loss_pct=1.0, hold=ctx.params.hours * 60)


@strategy("down", params=Params)
def down(ctx):
    return Signal.short(stop_loss_pct=1.0, hold=ctx.params.hours * 30)


@strategy("careful", hold="1h", risk=one_each)
def careful(ctx):
    return Signal.long(stop_loss_pct=1.0)


@strategy("prudent", every="30m", hold="2h", risk=one_each)
def prudent(ctx):
    return Signal.short(stop_loss_pct=2.0)
"""

DOUBLES = """
from tradekit import Exchange, Frame, Risk, Signal, strategy

days = Frame("days", "2026-04-01", "2026-04-03")
market = Exchange.synthetic()


@strategy("up", risk=Risk("mine"))
def up(ctx):
    return Signal.long(stop_loss_pct=1.0)


@strategy("down", risk=[Risk("mine"), Risk("yours")])
def down(ctx):
    return Signal.short(stop_loss_pct=1.0)
"""

PAIR = ("--strategy", "up", "--strategy", "down")
TIED = (
    "risk profile 'one each' is shared by symbols: "
    "replayed in one schedule, whatever --workers says"
)


@pytest.fixture
def backtest(shell):
    """Run the portfolio's file."""
    (shell.folder / "portfolio.py").write_text(PORTFOLIO)
    (shell.folder / "doubles.py").write_text(DOUBLES)

    def run(*options, file="portfolio.py", symbols="BTCUSDT,SOLUSDT"):
        return shell("backtest", file, "--symbols", symbols, *options)

    return run


def report_of(answer):
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)["data"]["report"]


def mistakes(answer):
    """Return message and fix of each error, which are also told on standard error."""
    assert answer.returncode == 2
    document = json.loads(answer.stdout)
    assert (document["ok"], document["code"]) == (False, 2)
    assert "Traceback" not in answer.stderr
    for error in document["errors"]:
        assert f"error: {error['message']}" in answer.stderr
    return [(error["message"], error["fix"]) for error in document["errors"]]


def kept(shell, answer):
    """Return the run folder of a run that was told as a document."""
    return shell.folder / "runs" / json.loads(answer.stdout)["data"]["run_id"]


def trades_of(folder):
    return [json.loads(line) for line in (folder / "trades.jsonl").read_text().splitlines()]


def test_two_of_a_file_run_in_one_account(shell, backtest):
    answer = backtest(*PAIR, "--json")

    report = report_of(answer)
    sections = report["strategies"]
    assert sections.keys() == {"up", "down"}
    assert all(each["trade_count"] > 10 for each in sections.values())
    assert report["total"]["trade_count"] == sum(each["trade_count"] for each in sections.values())
    pnl = sum(float(each["pnl"]) for each in sections.values())
    assert float(report["total"]["pnl"]) == pytest.approx(pnl, abs=1e-6)
    assert float(report["final_equity"]) == pytest.approx(10_000 + pnl, abs=1e-6)
    folder = kept(shell, answer)
    assert "-up+down-" in folder.name
    by_name = {trade["strategy"] for trade in trades_of(folder)}
    assert by_name == {"up", "down"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["config"]["strategy"] == "up+down"
    assert manifest["config"]["params"] == {"up": {"hours": 4}, "down": {"hours": 4}}


def test_they_do_together_what_each_does_alone(backtest):
    together = report_of(backtest(*PAIR, "--json"))["strategies"]

    for name in ("up", "down"):
        alone = report_of(backtest("--strategy", name, "--json"))["total"]
        for figure in ("trade_count", "pnl", "fees", "by_reason", "max_drawdown_pct"):
            assert together[name][figure] == alone[figure], (name, figure)


def test_each_has_a_position_of_its_own_in_each_symbol(shell, backtest):
    trades = trades_of(kept(shell, backtest(*PAIR, "--json")))

    longs, shorts = (
        [
            (trade["entry_ts_ms"], trade["exit_ts_ms"])
            for trade in trades
            if (trade["symbol"], trade["strategy"]) == ("BTCUSDT", name)
        ]
        for name in ("up", "down")
    )
    # Both are held at once, and neither strategy ever holds two.
    assert any(one[0] < other[1] and other[0] < one[1] for one in longs for other in shorts)
    for spans in (longs, shorts):
        assert all(one[1] <= other[0] for one, other in pairwise(sorted(spans)))


def test_the_order_of_names_and_a_name_twice_mean_little(backtest):
    report = report_of(backtest(*PAIR, "--json"))

    assert report_of(backtest(*PAIR, "--strategy", "up", "--json")) == report
    other = report_of(backtest("--strategy", "down", "--strategy", "up", "--json"))
    assert other["total"]["pnl"] == pytest.approx(report["total"]["pnl"])


def test_all_of_a_file_run(backtest):
    report = report_of(backtest("--all-strategies", "--json"))

    assert set(report["strategies"]) == {"up", "down", "careful", "prudent"}


def test_people_see_who_ran(backtest):
    answer = backtest(*PAIR)

    assert answer.returncode == 0
    assert answer.stderr.splitlines()[0] == "up+down of portfolio.py on synthetic (seed 0)"


# --- parameters -------------------------------------------------------------------------------


def test_a_parameter_is_set_for_the_strategy_that_is_named(shell, backtest):
    usual, answer = backtest(*PAIR, "--json"), backtest(*PAIR, "--set", "up.hours=1", "--json")

    sections, before = report_of(answer)["strategies"], report_of(usual)["strategies"]
    assert sections["up"]["trade_count"] > before["up"]["trade_count"]
    assert sections["down"] == before["down"]
    manifest = json.loads((kept(shell, answer) / "manifest.json").read_text())
    assert manifest["config"]["params"] == {"up": {"hours": 1}, "down": {"hours": 4}}


def test_the_only_strategy_needs_no_name_and_may_have_one(backtest):
    reports = [
        report_of(backtest("--strategy", "up", "--set", text, "--json"))
        for text in ("hours=2", "up.hours=2")
    ]

    assert reports[0] == reports[1]


def test_all_wrong_parameters_are_told_together(backtest):
    sets = ("--set", "hours=3", "--set", "careful.hours=3", "--set", "up.hours=3")

    must = "must begin with the strategy it is for"
    assert mistakes(backtest(*PAIR, *sets, "--json")) == [
        (f"--set was 'hours=3', {must}", "one of up, down, and a dot"),
        (f"--set was 'careful.hours=3', {must}", "one of up, down, and a dot"),
    ]


def test_an_unknown_parameter_is_told_with_its_strategy(backtest):
    assert mistakes(backtest(*PAIR, "--set", "down.days=3", "--json")) == [
        ("--set named 'days', which is no parameter of strategy 'down'", "known: hours")
    ]


# --- names ------------------------------------------------------------------------------------


def test_an_unknown_strategy_is_told_with_those_there_are(backtest):
    ((message, fix),) = mistakes(backtest("--strategy", "up", "--strategy", "dawn", "--json"))

    assert message.startswith("strategy was 'dawn', which portfolio.py does not declare")
    assert fix == "known: up, down, careful, prudent"


def test_names_and_all_of_them_are_not_both_chosen(backtest):
    ((message, _),) = mistakes(backtest("--strategy", "up", "--all-strategies", "--json"))

    assert message == "--strategy and --all-strategies were given, must be one of them"


def test_two_profiles_of_one_name_are_told_where_both_run(backtest):
    doubled = backtest(*PAIR, "--json", file="doubles.py")

    assert mistakes(doubled) == [
        (
            "risk profile name 'mine' was given to 2 profiles, must be unique",
            "share one Risk object between strategies, or rename one",
        )
    ]
    assert backtest("--strategy", "up", file="doubles.py").returncode == 0


# --- profiles and workers ---------------------------------------------------------------------


def test_a_profile_is_shared_and_its_refusals_are_told(shell, backtest):
    guarded = ("--strategy", "careful", "--strategy", "prudent")
    answer = backtest(*guarded, "--json")

    report = report_of(answer)
    assert report["total"]["rejected"].keys() == {"max_symbol_exposure"}
    folder = kept(shell, answer)
    rows = [json.loads(line) for line in (folder / "events.jsonl").read_text().splitlines()]
    refused = [row for row in rows if row["kind"] == "rejected"]
    assert len(refused) == sum(report["total"]["rejected"].values())
    assert {row["detail"] for row in refused} == {
        f"profile 'one each': exposure in {symbol} would be 200, must be at most 100"
        for symbol in ("BTCUSDT", "SOLUSDT")
    }
    spans = sorted(
        (trade["entry_ts_ms"], trade["exit_ts_ms"])
        for trade in trades_of(folder)
        if trade["symbol"] == "BTCUSDT"
    )
    assert len(spans) > 10
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_without_a_profile_workers_split_symbols_and_change_nothing(backtest):
    alone, apart = (backtest(*PAIR, "--workers", workers, "--json") for workers in ("1", "2"))

    assert report_of(alone)["fingerprint"] == report_of(apart)["fingerprint"]
    assert report_of(alone) == report_of(apart)


def test_with_a_profile_workers_do_not_split_and_the_header_says_why(shell, backtest):
    guarded = ("--strategy", "up", "--strategy", "careful")

    answer = backtest(*guarded, "--workers", "2")
    apart = backtest(*guarded, "--workers", "2", "--json")

    header = "workers: 1, risk profile 'one each' is shared by symbols"
    assert header in answer.stderr.splitlines()
    alone = backtest(*guarded, "--json")
    assert report_of(alone)["fingerprint"] == report_of(apart)["fingerprint"]
    notes = [
        json.loads((kept(shell, each) / "manifest.json").read_text())["notes"]
        for each in (alone, apart)
    ]
    assert notes == [[], [TIED]]


def test_a_profile_that_is_not_in_the_run_ties_nothing(backtest):
    answer = backtest(*PAIR, "--workers", "2")

    assert answer.returncode == 0
    header = "workers: 2, symbols share no risk profile and no function"
    assert header in answer.stderr.splitlines()


def test_results_are_shown_by_strategy_where_there_are_several(backtest, shell):
    several, one = backtest(*PAIR), backtest("--strategy", "up")
    shown = shell("run", "show", "last", "--no-color")

    def names(text):
        return [line.split()[0] for line in text.splitlines() if line.split()[:1]]

    assert {"up", "down", "total"} <= set(names(several.stdout))
    assert "up" not in names(one.stdout)
    assert "up" not in names(shown.stdout)
    kept_both = shell("run", "show", several.stdout.split("run folder: ")[1].split("/")[-1].strip())
    assert {"up", "down", "total"} <= set(names(kept_both.stdout))
