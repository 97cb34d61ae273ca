"""What lies where in a project."""

import os

import pytest

from tradekit.bootstrap import wiring
from tradekit.bootstrap.layers import read_layers
from tradekit.bootstrap.places import find_strategy_file, run_ids, strategy_files
from tradekit.errors import NothingRegisteredError


@pytest.fixture
def project(tmp_path):
    (tmp_path / "strategies").mkdir()
    return tmp_path


def add(project, *names):
    for name in names:
        (project / "strategies" / name).write_text("")


def test_strategy_files_are_python_files_without_an_underscore(project):
    add(project, "b.py", "a.py", "_c.py", "d.txt")

    assert [path.name for path in strategy_files(project)] == ["a.py", "b.py"]
    assert strategy_files(project / "nowhere") == []


class TestStrategyFile:
    def test_given_one_starts_where_the_command_was_typed(self, project):
        found = find_strategy_file(project / "x.py", read_layers(project, {}), project / "a")

        assert found == project / "x.py"

    def test_configured_one_comes_before_the_only_one(self, project):
        add(project, "a.py")
        layers = read_layers(project, {"TRADEKIT__BACKTEST__STRATEGY_FILE": "own.py"})

        assert find_strategy_file(None, layers, project) == project / "own.py"

    def test_only_one_is_meant(self, project):
        add(project, "a.py")

        assert find_strategy_file(None, read_layers(project, {}), project).name == "a.py"

    @pytest.mark.parametrize(
        ("names", "fix"),
        [
            ([], "name a file; there is none in "),
            (["a.py", "b.py"], "name one of strategies/a.py, strategies/b.py"),
        ],
    )
    def test_none_or_several_are_refused(self, project, names, fix):
        add(project, *names)

        with pytest.raises(NothingRegisteredError, match=r"^Strategy not specified$") as caught:
            find_strategy_file(None, read_layers(project, {}), project)

        assert caught.value.fix.startswith(fix)


def test_run_ids_are_those_that_every_command_names_in_the_same_order(tmp_path):
    runs = tmp_path / "runs"
    names = ["20260101T000000Z-a-00000000", "20260101T000000Z-b-00000000", "best", "docs"]
    for age, name in enumerate(names):
        (runs / name).mkdir(parents=True)
        (runs / name / ("notes.txt" if name == "docs" else "manifest.json")).touch()
        os.utime(runs / name, (10**9, 10**9 - age))

    assert run_ids(runs) == ["20260101T000000Z-a-00000000", "20260101T000000Z-b-00000000", "best"]
    assert run_ids(runs) == wiring.open_run_store(runs).ids()
    assert run_ids(tmp_path / "nowhere") == []
