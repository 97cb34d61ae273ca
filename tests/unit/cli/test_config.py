"""`tradekit config`: what its commands print, and with which exit code they end."""

import inspect
import json

import pytest

from tradekit.bootstrap.layers import FLAG_KEYS
from tradekit.cli.app import main
from tradekit.cli.config import app


@pytest.fixture
def tradekit(tmp_path, monkeypatch, capsys):
    """Return what runs a command in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["config", *arguments])
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return run


def row(table, name):
    (line,) = [line for line in table.splitlines() if line.split()[0] == name]
    return line.split(maxsplit=2)[1:]


def test_values_are_shown(tradekit, tmp_path):
    (tmp_path / "tradekit.toml").write_text("[backtest]\ncapital = 500")

    code, out, err = tradekit("show")

    assert (code, err) == (0, f"config file: {tmp_path / 'tradekit.toml'}\n")
    assert out.splitlines()[0].split() == ["setting", "value"]
    assert row(out, "backtest.capital") == ["500.0"]
    assert row(out, "backtest.frame") == ["-"]
    assert row(out, "backtest.interval") == ["true"]


def test_origins_are_shown_where_asked(tradekit, tmp_path, monkeypatch):
    (tmp_path / "tradekit.toml").write_text("[backtest]\ncapital = 500\nseed = 3")
    (tmp_path / ".env").write_text("TRADEKIT__BACKTEST__GAPS=skip\n")
    monkeypatch.setenv("TRADEKIT__BACKTEST__WORKERS", "2")

    _, out, _ = tradekit("show", "backtest", "costs", "--origin", "--seed", "4", "--fee", "0.2")

    assert row(out, "backtest.capital") == ["500.0", "[backtest] capital in tradekit.toml"]
    assert row(out, "backtest.gaps") == ["skip", "TRADEKIT__BACKTEST__GAPS in .env"]
    assert row(out, "backtest.workers") == ["2", "TRADEKIT__BACKTEST__WORKERS in the environment"]
    assert row(out, "backtest.seed") == ["4", "--seed on the command line"]
    assert row(out, "costs.maker_fee_pct") == ["0.2", "--fee on the command line"]
    assert row(out, "costs.slippage_pct") == ["0.1", "default"]
    assert "ready.wait_s" not in out


def test_document_has_money_as_text_and_times_as_numbers(tradekit):
    code, out, err = tradekit("show", "--json", "--origin", "--capital", "5")

    document = json.loads(out)
    settings = {each["name"]: each for each in document["data"]["settings"]}
    assert (code, err, document["schema"]) == (0, "", "tradekit.config.show/1")
    assert settings["backtest.capital"] == {
        "name": "backtest.capital",
        "value": "5.0",
        "origin": {"layer": "flag", "name": "--capital", "place": "on the command line"},
    }
    assert settings["ready.wait_s"]["value"] == 45.0
    assert settings["costs.maker_fee_pct"]["value"] == 0.1
    assert settings["symbols"]["value"][0] == "BTCUSDT"
    assert settings["symbols"]["origin"] == {"layer": "default", "name": None, "place": None}
    assert document["data"]["config_file"] is None


def test_every_flag_that_sets_something_can_be_looked_at():
    (show,) = [each.callback for each in app.registered_commands if each.name == "show"]
    parameters = set(inspect.signature(show).parameters)

    assert {flag.removeprefix("--").replace("-", "_") for flag in FLAG_KEYS} <= parameters


def test_wrong_settings_are_not_shown(tradekit):
    code, out, err = tradekit("show", "--capital", "-1")

    assert (code, out) == (2, "")
    assert err.startswith("error: --capital was -1.0 on the command line")


def test_valid_settings_are_said_to_be(tradekit, tmp_path):
    assert tradekit("validate") == (0, "there is no config file; the environment is valid\n", "")

    (tmp_path / "tradekit.toml").write_text("[costs]\nmaker_fee_pct = 1")

    assert tradekit("validate") == (0, f"{tmp_path / 'tradekit.toml'} is valid\n", "")


def test_all_mistakes_are_told_at_once(tradekit, tmp_path):
    (tmp_path / "tradekit.toml").write_text("a = 1\n[costs]\nmaker_fee_pct = 99\n[ready]\nwait_s=0")

    code, out, err = tradekit("validate", "tradekit.toml", "--json")

    document = json.loads(out)
    assert code == document["code"] == 2
    assert len(document["errors"]) == 3
    assert err.count("error: ") == 3
    assert document["data"]["valid"] is False


def test_schema_is_printed_bare_or_in_a_document(tradekit):
    code, bare, _ = tradekit("schema")
    _, document, _ = tradekit("schema", "--json")

    assert code == 0
    assert json.loads(bare)["title"] == "tradekit.toml"
    assert json.loads(document)["data"] == json.loads(bare)
    assert tradekit("schema")[1] == bare
