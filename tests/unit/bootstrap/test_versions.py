"""What is installed, and where things are kept."""

import platform
import tomllib
from importlib.metadata import version
from pathlib import Path

from tradekit.bootstrap.versions import versions

PROJECT = tomllib.loads((Path(__file__).resolve().parents[3] / "pyproject.toml").read_text())


def test_every_dependency_has_its_installed_version(tmp_path):
    found = versions(tmp_path, {})["dependencies"]

    declared = PROJECT["project"]["dependencies"]
    assert {each.split(">=")[0] for each in declared} | {"pyarrow"} == set(found)
    assert found["numpy"] == version("numpy")
    assert list(found) == sorted(found)


def test_tradekit_and_python(tmp_path):
    found = versions(tmp_path, {})

    assert found["tradekit"] == PROJECT["project"]["version"]
    assert found["python"] == platform.python_version()


def test_places_are_those_in_force(tmp_path):
    (tmp_path / "tradekit.toml").write_text('[paths]\nruns_dir = "out"')

    found = versions(tmp_path, {})

    assert found["runs_dir"] == str(tmp_path / "out")
    assert found["state_dir"] == str(tmp_path / ".tradekit")
    assert found["config_file"] == str(tmp_path / "tradekit.toml")


def test_broken_config_leaves_the_places_open(tmp_path):
    (tmp_path / "tradekit.toml").write_text("this is [no toml")

    found = versions(tmp_path, {})

    assert (found["state_dir"], found["runs_dir"], found["config_file"]) == (None, None, None)
    assert found["tradekit"]
