"""What lies where in a project."""

import asyncio
import sqlite3

import pytest

from tests.support.candles import series_of
from tradekit.bootstrap import wiring
from tradekit.bootstrap.layers import read_layers
from tradekit.bootstrap.places import find_strategy_file, run_ids, stored_names, strategy_files
from tradekit.domain.time import Interval
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

        with pytest.raises(NothingRegisteredError) as caught:
            find_strategy_file(None, read_layers(project, {}), project)

        assert caught.value.fix.startswith(fix)


def test_run_ids_are_folders_the_latest_first(tmp_path):
    for name in ("2026-b", "2025-a", ".unfinished"):
        (tmp_path / "runs" / name).mkdir(parents=True)
    (tmp_path / "runs" / "file").write_text("")

    assert run_ids(tmp_path / "runs") == ["2026-b", "2025-a"]
    assert run_ids(tmp_path / "nowhere") == []


class TestStoredNames:
    def test_they_are_those_that_the_store_holds(self, tmp_path):
        store = wiring.open_candle_store(tmp_path)

        async def fill():
            for exchange, symbol in (
                ("local", "BBUSDT"),
                ("kraken", "AAUSDT"),
                ("local", "AAUSDT"),
            ):
                await store.append(exchange, symbol, Interval.M1, series_of([0, 1]))
            held = {(each.exchange, each.symbol) for each in await store.holdings()}
            await store.close()
            return held

        held = asyncio.run(fill())

        found = stored_names(tmp_path / wiring.CANDLE_STORE_FILE)
        assert found == sorted(held)
        assert len(found) == 3

    def test_what_is_no_store_has_none(self, tmp_path):
        (tmp_path / "text").write_text("no store" * 1000)
        sqlite3.connect(tmp_path / "other").close()

        assert [stored_names(tmp_path / name) for name in ("gone", "text", "other")] == [[], [], []]
