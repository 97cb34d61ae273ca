"""`tradekit run`: what its commands print, and with which exit code they end."""

import json
import re

import pytest

from tests.unit.bootstrap.kept_runs import EVENTS, FILL, MANIFEST, SECTION, TRADE, keep
from tradekit.cli.app import main

OLD = "20260401T120000Z-mine-11111111"
NEW = "20260402T120000Z-mine-22222222"
COMMANDS = ("list", "show", "rm", "export", "verify", "diff", "report")


@pytest.fixture
def tradekit(tmp_path, monkeypatch, capsys):
    """Return what runs a command in an empty directory: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["run", *arguments])
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return run


@pytest.mark.parametrize("command", COMMANDS)
def test_help_ends_with_two_examples_and_exit_codes(tradekit, command):
    code, out, _ = tradekit(command, "--help")

    assert code == 0
    text = " ".join(out.split())
    end = text[text.index("Examples:") :]
    assert end.count(f"tradekit run {command}") == 2
    assert "Exit codes: 0 " in end
    assert "--json" in text


def test_list_in_a_pipe_is_one_line_a_run(tradekit, tmp_path):
    keep(tmp_path, OLD)
    keep(tmp_path, NEW)

    code, out, err = tradekit("list", "--limit", "1")

    header, row = out.splitlines()
    assert code == 0
    assert header.split() == [
        *("run", "when", "strategy", "frame", "symbols", "trades", "PnL", "equity", "max", "DD"),
        "%",
    ]
    assert row.split() == [
        *(NEW, "2026-04-01", "12:00", "mine", "days", "BTCUSDT", "1", "-1.20", "9,998.80"),
        "-0.01",
    ]
    assert len(header) == len(row)
    assert err == "the newest 1 of 2; all of them: --limit 0\n"


def test_list_on_a_narrow_terminal_spares_columns(tradekit, tmp_path, monkeypatch):
    keep(tmp_path, OLD)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    _, out, _ = tradekit("list")

    assert OLD in out
    assert "trades" in out
    assert "frame" not in out
    assert max(map(len, re.sub(r"\x1b\[[\d;]*m", "", out).splitlines())) <= 80


def test_many_symbols_are_counted(tradekit, tmp_path):
    symbols = [f"S{number}USDT" for number in range(9)]
    keep(tmp_path, OLD, manifest={**MANIFEST, "config": {**MANIFEST["config"], "symbols": symbols}})

    assert "S0USDT,S1USDT +7" in tradekit("list")[1]


DOUBTS = {
    "interval": {
        "ambiguous_candles": 3,
        "stop_first": {"pnl": "-1.2"},
        "target_first": {"pnl": "4.5"},
        "sign_changes": True,
    },
    "gaps": [
        {
            "symbol": "BTCUSDT",
            "holes": 2,
            "missing": 1200,
            "trades_over_holes": [{"signal_id": "x", "pnl": "786.0"}],
        }
    ],
    "total": {**SECTION, "rejected": {"gap_reject": 4}, "ambiguous_count": 2},
    "first_refusals": {"gap_reject": "beyond the stop (mine-BTCUSDT-1)"},
    "failures": [{"symbol": "SOLUSDT", "error": "ValueError", "hook": "decide"}],
    "errors": [
        {"symbol": "XUSDT", "error": "KeyError", "hook": "ladder", "count": 1200, "ts_ms": 0}
    ],
    "not_started": ["SOLUSDT has no candles"],
    "warnings": ["XUSDT is not listed"],
    "notes": ["filled"],
}


def test_show_tells_every_doubt(tradekit, tmp_path):
    keep(tmp_path, OLD, manifest={**MANIFEST, "notes": ["again"]}, **DOUBTS)

    code, out, _ = tradekit("show", "last")

    assert code == 0
    paths = "PnL -1.20 stop first, +4.50 target first, THE SIGN CHANGES"
    for sentence in (
        f"ambiguous: 3 candles; {paths}",
        "holes: BTCUSDT 2, 1,200 candles missing, 1 trades met one, PnL +786.00",
        "refused: 4 gap_reject",
        "first gap_reject: beyond the stop (mine-BTCUSDT-1)",
        "failed: SOLUSDT: ValueError in decide",
        "went on: XUSDT: 1,200 KeyError in ladder",
        "not started: SOLUSDT has no candles",
        "warning: XUSDT is not listed",
        "note: filled",
        "note: again",
    ):
        assert sentence in out.splitlines()


def test_show_without_doubts_tells_none(tradekit, tmp_path):
    keep(tmp_path, OLD, interval={**DOUBTS["interval"], "ambiguous_candles": 0})

    out = tradekit("show", "last")[1]

    assert not [line for line in out.splitlines() if line.split(":")[0] in {"interval", "note"}]
    assert "parameters: fast=1" in out


def test_show_without_the_other_path_tells_one_total(tradekit, tmp_path):
    interval = {**DOUBTS["interval"], "target_first": None, "sign_changes": None}
    keep(tmp_path, OLD, interval=interval)

    assert (
        "ambiguous: 3 candles; PnL -1.20 stop first, target first was not run"
        in tradekit("show", "last")[1]
    )


def test_show_of_metrics_that_are_there(tradekit, tmp_path):
    total = {
        **SECTION,
        "sharpe_ratio": 1.234,
        "sortino_ratio": None,
        "calmar_ratio": None,
        "undefined": {"sortino_ratio": "too_few_trades", "calmar_ratio": "too_few_trades"},
        "warnings": {"yearly_return_pct": "extrapolated"},
    }
    keep(tmp_path, OLD, total=total)

    lines = tradekit("show", "last")[1].splitlines()

    ratios = "sharpe_ratio 1.23, sortino_ratio - (too_few_trades), calmar_ratio -"
    assert lines[lines.index(ratios) + 1] == "(too_few_trades)"
    assert "doubtful: yearly_return_pct, extrapolated" in lines


def test_show_draws_the_curve_where_it_can_be_shown(tradekit, tmp_path, monkeypatch):
    keep(tmp_path, OLD)
    drawn = tradekit("show", "last")[1]
    monkeypatch.setattr("tradekit.cli.run_view._encoding", lambda: "latin-1")

    plain = tradekit("show", "last")[1]

    assert "\nequity\n10,000.00 |" in drawn
    assert plain.isascii()
    assert "run folder: " in plain


def test_show_counts_entries_and_exits_where_a_trade_has_several(tradekit, tmp_path):
    keep(tmp_path, OLD)
    plain = tradekit("show", "last")[1]
    trades = [TRADE, {**TRADE, "entries": [FILL] * 1100, "exits": [FILL] * 2}]
    keep(tmp_path, NEW, trades=trades)

    lines = [line.split() for line in tradekit("show", "last")[1].splitlines()]

    assert "trades  win" in plain
    assert ["symbol", "trades", "entries", "exits", "win"] in [line[:5] for line in lines]
    assert ["BTCUSDT", "1", "1,101", "3"] in [line[:4] for line in lines]
    assert ["total", "1", "1,101", "3"] in [line[:4] for line in lines]


def test_show_of_a_trade_without_its_fills_is_told(tradekit, tmp_path):
    keep(tmp_path, OLD, trades=[{**TRADE, "exits": None}])

    code, _, err = tradekit("show", "last")

    assert code == 5
    assert f"trades.jsonl of run {OLD} has a trade without its fills\n" in err


def test_show_of_a_report_that_lacks_figures_is_told(tradekit, tmp_path):
    project = keep(tmp_path, OLD)
    (project.runs_dir / OLD / "report.json").write_text("{}")

    code, _, err = tradekit("show", "last")

    assert code == 5
    assert f"report.json of run {OLD} lacks capital\n" in err
    assert "tradekit run verify" in err


def test_diff_of_the_same_events_tells_what_had_no_effect(tradekit, tmp_path):
    config = {**MANIFEST["config"], "workers": 4, "capital": 5.0}
    keep(tmp_path, OLD)
    keep(tmp_path, NEW, manifest={**MANIFEST, "config": config})

    code, out, err = tradekit("diff", OLD, NEW)

    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "the events are the same, all 2 of them",
        "  differs without effect: settings capital: 10000.0 -> 5.0",
        "  differs without effect: settings workers: 1 -> 4",
    ]


def test_diff_with_a_run_that_ended_earlier(tradekit, tmp_path):
    keep(tmp_path, OLD)
    keep(tmp_path, NEW, events=EVENTS[:1])

    code, out, err = tradekit("diff", OLD, NEW)

    assert code == 4
    assert "B: -\n" in out
    assert err == f"error: runs {OLD} and {NEW} differ from event 2 on; cause: unknown\n"


def test_verify_as_a_sentence(tradekit, tmp_path):
    keep(tmp_path, OLD)

    assert tradekit("verify", "last") == (0, f"run {OLD} is what was written, 5 files\n", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("rm", "last", "--yes"), "run was 'last', must be an id"),
        (("rm", OLD), "--yes was not given, and there is no terminal"),
        (("rm", OLD, "x", "y", "--yes"), "run was 'y'"),
        (("export", OLD, "--trades", "parquet"), "--trades was parquet, which is no text"),
        (("export", OLD, "--trades", "xml"), "xml"),
        (("export", OLD), "--trades"),
        (("list", "--limit", "-1"), "--limit"),
        (("show", "x"), "run was 'x'"),
        (("report", OLD), "--html"),
    ],
)
def test_wrong_usage_ends_with_2_and_changes_nothing(tradekit, tmp_path, arguments, sentence):
    project = keep(tmp_path, OLD)

    code, out, err = tradekit(*arguments)

    assert (code, out) == (2, "")
    assert sentence in err
    assert project.store.ids() == [OLD]


def test_export_as_a_document(tradekit, tmp_path):
    keep(tmp_path, OLD)

    code, out, _ = tradekit("export", "last", "--trades", "csv", "--json")

    document = json.loads(out)
    assert (code, document["schema"]) == (0, "tradekit.run.export/1")
    assert [each["pnl"] for each in document["data"]["trades"]] == ["-1.2"]


def test_export_to_a_file_leaves_standard_output_alone(tradekit, tmp_path):
    keep(tmp_path, OLD)

    code, out, err = tradekit("export", OLD, "--trades", "jsonl", "--to", "t.jsonl")

    assert (code, out) == (0, "")
    assert err == f"wrote t.jsonl, {(tmp_path / 't.jsonl').stat().st_size:,} bytes\n"


def test_runs_dir_may_be_elsewhere(tradekit, tmp_path):
    keep(tmp_path / "deep", OLD)

    assert json.loads(tradekit("list", "--json")[1])["data"] == {"run_count": 0, "runs": []}
    assert OLD in tradekit("list", "--runs-dir", "deep/runs")[1]
    assert tradekit("verify", "last", "--runs-dir", "deep/runs")[0] == 0


def test_broken_settings_of_other_things_do_not_hide_runs(tradekit, tmp_path):
    keep(tmp_path, OLD)
    (tmp_path / "tradekit.toml").write_text("[costs]\nmaker_fee_pct = 99\n")

    assert tradekit("show", "last")[0] == 0


def test_control_codes_in_words_of_a_run_do_not_reach_the_terminal(tradekit, tmp_path):
    evil = "\x1b[2Jgone\x9b31m\r"
    config = {**MANIFEST["config"], "strategy": evil, "params": {evil: evil}, "symbols": [evil]}
    manifest = {**MANIFEST, "config": config, "notes": [evil]}
    keep(tmp_path, f"{OLD}{evil}", manifest=manifest, warnings=[evil])
    keep(tmp_path, NEW, events=[{**EVENTS[0], "note": evil}, EVENTS[1]])

    said = [
        tradekit(*words)[1]
        for words in (
            ("list",),
            ("show", OLD),
            ("verify", OLD),
            ("diff", OLD, NEW),
            ("rm", OLD, "--yes"),
        )
    ]

    for text in said:
        assert not set(text) & {"\x1b", "\x9b", "\r"}
        assert "\\x1b[2Jgone\\x9b31m\\r" in text
