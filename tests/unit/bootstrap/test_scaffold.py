"""The files of a new project."""

import re
import tomllib

import pytest

from tradekit.bootstrap.check import check_file
from tradekit.bootstrap.scaffold import STRATEGY_FILE, config_text, project_files, write_project
from tradekit.bootstrap.settings import Settings, load_settings
from tradekit.errors import ConfigError


def test_config_as_written_changes_the_strategy_file_alone(tmp_path):
    (tmp_path / "tradekit.toml").write_text(config_text())

    written, defaults = load_settings(tmp_path, {}), load_settings(tmp_path / "none", {})

    assert tomllib.loads(config_text())["backtest"] == {"strategy_file": STRATEGY_FILE}
    assert written.strategy_file == tmp_path / STRATEGY_FILE
    assert written.costs == defaults.costs
    assert written.symbols == defaults.symbols


def test_comments_taken_away_are_the_defaults(tmp_path):
    lines = config_text().splitlines()
    text = "\n".join(re.sub(r"^# (\w+ = )", r"\1", line) for line in lines)
    (tmp_path / "tradekit.toml").write_text(text)

    settings = load_settings(tmp_path, {})

    given = tomllib.loads(text)
    default = load_settings(tmp_path / "none", {}).model_dump(mode="json")
    for section, values in given.items():
        for key, value in values.items() if isinstance(values, dict) else []:
            if key != "strategy_file":
                assert value == default[section][key], (section, key)
    assert given["symbols"] == default["symbols"]
    assert settings.backtest.capital == default["backtest"]["capital"]


def test_every_setting_is_spoken_of():
    text = config_text()
    for name, field in Settings.model_fields.items():
        for key in getattr(field.annotation, "model_fields", {}):
            section = text.partition(f"[{name}]")[2].partition("\n[")[0]
            assert re.search(rf"^(# )?{key}\b", section, re.MULTILINE), (name, key)


def test_secrets_are_sent_elsewhere():
    assert "# password is not set: a secret, it belongs in .env" in config_text()
    assert "# host is not set\n" in config_text()


def test_written_strategy_passes_the_check(tmp_path):
    written = write_project(tmp_path / "new", force=False)

    checked = check_file(None, tmp_path / "new", {})

    assert sorted(str(path.relative_to(tmp_path / "new")) for path in written) == sorted(
        project_files()
    )
    assert checked.loaded.strategies.names == ("pullback",)
    assert checked.loaded.exchanges.first().kind == "synthetic"
    assert checked.notes == []


def test_files_are_short_and_fit_a_screen():
    for name, text in project_files().items():
        lines = text.splitlines()
        assert len(lines) <= 80, name
        assert text.endswith("\n")
        if name != "tradekit.toml":
            assert max(map(len, lines)) <= 100, name


def test_pyproject_with_our_table_stands_against_a_second_config_file(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.tradekit]\n")

    with pytest.raises(ConfigError, match="must not have it beside"):
        write_project(tmp_path, force=True)
    assert [each.name for each in tmp_path.iterdir()] == ["pyproject.toml"]


def test_other_pyproject_is_no_hindrance(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[project]\n")

    assert write_project(tmp_path, force=False)
