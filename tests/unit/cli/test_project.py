"""`tradekit init`, `check`, `list` and `version`: what they print."""

import json

import pytest

from tradekit.cli.app import main

FILE = """
from dataclasses import dataclass
from tradekit import Exchange, Frame, strategy

april = Frame("april", "2026-04-01", "2026-05-01", base="1h")
market = Exchange.synthetic(3, name="market")

@dataclass(frozen=True)
class Lengths:
    fast: int = 3

@strategy("one", every="4h", hold="unlimited", wait="2h", warmup="2d", cost=50, params=Lengths)
def one(ctx): ...
"""


@pytest.fixture
def tradekit(tmp_path, monkeypatch, capsys):
    """Return what runs a command beside a strategy file: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "mine.py").write_text(FILE)

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(arguments)
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return run


def data(answer):
    code, out, _ = answer
    document = json.loads(out)
    assert document["code"] == code
    return document["data"]


class TestCheck:
    def test_it_says_what_it_found(self, tradekit):
        assert tradekit("check") == (
            0,
            (
                "strategies/mine.py: nothing is wrong\n"
                "strategy one: every 4h, hold unlimited, warm-up 2d, fast=3\n"
                "exchange market: synthetic\n"
                "frame april: 2026-04-01T00:00:00Z to 2026-05-01T00:00:00Z on 1h\n"
            ),
            "",
        )

    def test_document_has_all_of_it(self, tradekit):
        found = data(tradekit("check", "strategies/mine.py", "--json"))

        assert len(found.pop("source_hash")) == 64
        assert found == {
            "file": "strategies/mine.py",
            "strategies": [
                {
                    "name": "one",
                    "every": "4h",
                    "hold": "unlimited",
                    "wait": "2h",
                    "warmup": "2d",
                    "cost": "50.0",
                    "symbols": None,
                    "params": {"fast": 3},
                }
            ],
            "exchanges": [{"name": "market", "kind": "synthetic"}],
            "frames": [
                {
                    "name": "april",
                    "from": "2026-04-01T00:00:00Z",
                    "to": "2026-05-01T00:00:00Z",
                    "base": "1h",
                }
            ],
            "notes": [],
        }

    def test_parameter_without_an_end_is_no_number_in_the_document(self, tradekit, tmp_path):
        (tmp_path / "endless.py").write_text(FILE.replace("int = 3", "float = float('inf')"))

        found = data(tradekit("check", "endless.py", "--json"))

        assert found["strategies"][0]["params"] == {"fast": "Infinity"}

    def test_mistakes_are_told_together(self, tradekit, tmp_path):
        (tmp_path / "bad.py").write_text(
            FILE.replace("def one(ctx)", "def one()").replace('"4h"', '"90m"')
        )

        code, out, err = tradekit("check", "bad.py")

        assert (code, out) == (2, "")
        assert err.count("error: ") == 2

    def test_what_else_is_needed_is_noted(self, tradekit, tmp_path):
        (tmp_path / "bare.py").write_text(
            "from tradekit import strategy\n@strategy('s')\ndef s(ctx): ...\n"
        )

        _, out, _ = tradekit("check", "bare.py")

        assert out.count("note: ") == 2


class TestList:
    @pytest.mark.parametrize(
        ("what", "first"),
        [
            ("strategies", ["one", "4h", "unlimited", "2h", "2d", "strategies/mine.py"]),
            ("exchanges", ["market", "synthetic", "strategies/mine.py"]),
            (
                "frames",
                [
                    *("april", "2026-04-01T00:00:00Z", "2026-05-01T00:00:00Z"),
                    *("1h", "strategies/mine.py"),
                ],
            ),
            ("symbols", ["BTCUSDT"]),
        ],
    )
    def test_table(self, tradekit, what, first):
        code, out, err = tradekit("list", what)

        assert (code, err) == (0, "")
        assert out.splitlines()[1].split() == first

    @pytest.mark.parametrize("what", ["strategies", "frames"])
    def test_nothing_is_said_to_be_nothing(self, tradekit, tmp_path, what):
        (tmp_path / "strategies" / "mine.py").unlink()

        assert tradekit("list", what) == (0, "", f"there are no {what}\n")

    @pytest.mark.parametrize("what", ["strategies", "exchanges", "frames"])
    def test_file_that_does_not_load_is_told_beside_the_others(self, tradekit, tmp_path, what):
        (tmp_path / "strategies" / "bad.py").write_text("def (")

        code, out, err = tradekit("list", what, "--json")

        document = json.loads(out)
        assert (code, document["code"]) == (2, 2)
        assert document["data"][what]
        assert len(document["errors"]) == err.count("error: ") == 1

    def test_files_do_not_matter_to_symbols_of_the_settings(self, tradekit, tmp_path):
        (tmp_path / "strategies" / "bad.py").write_text("def (")

        assert tradekit("list", "symbols")[0] == 0

    def test_symbols_of_an_exchange_have_intervals(self, tradekit):
        found = data(tradekit("list", "symbols", "--exchange", "market", "--json"))

        assert found["exchange"] == "market"
        assert {"symbol": "BTCUSDT"}.items() <= found["symbols"][0].items()
        assert "1m" in found["symbols"][0]["intervals"]

    def test_unknown_exchange_ends_with_2(self, tradekit):
        code, _, err = tradekit("list", "symbols", "--exchange", "markt")

        assert code == 2
        assert "did you mean 'market'?" in err

    def test_damaged_store_ends_with_5(self, tradekit, tmp_path):
        (tmp_path / ".tradekit").mkdir()
        (tmp_path / ".tradekit" / "candles.sqlite3").write_text("no store" * 1000)

        code, _, err = tradekit("list", "exchanges")

        assert code == 5
        assert "candles.sqlite3 could not be read: the file is not a database" in err

    def test_drawn_on_a_terminal(self, tradekit, monkeypatch):
        monkeypatch.setenv("COLUMNS", "200")
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

        _, out, _ = tradekit("list", "strategies")

        assert "│ one" in out


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",),
        ("list", "strategies"),
        ("list", "exchanges"),
        ("list", "symbols", "--exchange", "market"),
    ],
)
def test_what_a_file_prints_stays_out_of_the_document(tradekit, tmp_path, arguments):
    (tmp_path / "strategies" / "mine.py").write_text(f"print('loud')\n{FILE}")

    _, out, err = tradekit(*arguments, "--json")

    assert json.loads(out)["ok"]
    assert err == "loud\n"


def test_version_has_a_line_for_each_thing(tradekit, tmp_path):
    code, out, err = tradekit("version")

    lines = dict(line.split(maxsplit=1) for line in out.splitlines())
    assert (code, err) == (0, "")
    assert lines["runs_dir"] == str(tmp_path / "runs")
    assert {"tradekit", "python", "platform", "numpy"} <= set(lines)
    assert lines["config_file"] == "-"
    assert data(tradekit("version", "--json"))["tradekit"] == lines["tradekit"]


def test_init_tells_what_was_written_and_what_comes_next(tradekit):
    assert tradekit("init", "new") == (
        0,
        (
            "wrote new/strategies/pullback.py\nwrote new/tradekit.toml\nwrote new/README.md\n"
            "wrote new/.gitignore\nnext: cd new && tradekit backtest\n"
        ),
        "",
    )
