"""What there is to choose from."""

import asyncio
import shutil

import pytest

from tests.support.candles import series_of
from tradekit.bootstrap import wiring
from tradekit.bootstrap.listing import list_exchanges, list_symbols, load_files
from tradekit.bootstrap.settings import load_settings
from tradekit.domain.time import Interval
from tradekit.errors import CorruptError, UnknownNameError

FILE = """
from tradekit import Exchange, Frame, strategy
market = Exchange.synthetic(3, name="market")
files = Exchange.files("candles")

@strategy("{name}")
def decide(ctx): ...
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "strategies").mkdir()
    for name in ("b", "a"):
        (tmp_path / "strategies" / f"{name}.py").write_text(FILE.replace("{name}", name))
    (tmp_path / "tradekit.toml").write_text("symbols = ['AAUSDT', 'BBUSDT']")
    return tmp_path


def loaded(project, given=None):
    settings = load_settings(project, {})
    return load_files(given, settings, project), settings


def stock(settings, exchange, symbol, interval=Interval.M1):
    store = wiring.open_candle_store(settings.state_dir)

    async def fill():
        try:
            await store.append(exchange, symbol, interval, series_of([0, 1, 2]))
        finally:
            await store.close()

    asyncio.run(fill())


def test_all_files_of_the_folder_in_order_of_their_names(project):
    files, _ = loaded(project)

    assert [each.strategies.names for each in files.loaded] == [("a",), ("b",)]
    assert files.failures == []


def test_given_file_alone(project):
    files, _ = loaded(project, project / "strategies" / "b.py")

    assert [each.strategies.names for each in files.loaded] == [("b",)]


def test_configured_file_comes_first_and_once(project):
    shutil.copy(project / "strategies" / "a.py", project / "own.py")
    for configured, expected in (("own.py", 3), ("strategies/b.py", 2)):
        (project / "tradekit.toml").write_text(f'[backtest]\nstrategy_file = "{configured}"')

        files, _ = loaded(project)

        assert files.loaded[0].path == project / configured
        assert len(files.loaded) == expected


def test_file_that_does_not_load_leaves_the_others(project):
    (project / "strategies" / "bad.py").write_text("def (")
    (project / "strategies" / "twice.py").write_text(
        "from tradekit import Frame\n"
        + "".join(
            f'{name} = Frame("{label}", "2026-04-0{day}", "2026-05-01")\n'
            for name, label, day in [("a", "x", 1), ("b", "x", 2)]
        )
    )

    files, _ = loaded(project)

    assert len(files.loaded) == 2
    assert len(files.failures) == 2


def test_exchanges_are_declared_built_in_or_stored(project):
    files, settings = loaded(project, project / "strategies" / "a.py")
    stock(settings, "local", "AAUSDT")
    stock(settings, "kraken", "AAUSDT")

    found = list_exchanges(files, settings)

    assert [(each.name, each.kind, each.origin) for each in found] == [
        ("market", "synthetic", "strategies/a.py"),
        ("files", "files", "strategies/a.py"),
        ("local", "local", "built in"),
        ("synthetic", "synthetic", "built in"),
        ("kraken", "local", "stored candles"),
    ]


def test_store_that_cannot_be_read_is_told_where_it_matters(project):
    files, settings = loaded(project)
    settings.state_dir.mkdir()
    (settings.state_dir / wiring.CANDLE_STORE_FILE).write_text("no store" * 1000)

    with pytest.raises(CorruptError):
        list_exchanges(files, settings)
    for exchange in ("local", "kraken"):
        with pytest.raises(CorruptError):
            list_symbols(exchange, files, settings)
    assert list_symbols("synthetic", files, settings)


def test_name_that_a_file_declares_hides_the_built_in_one(project):
    path = project / "strategies" / "a.py"
    path.write_text(path.read_text().replace(', name="market"', ""))

    files, settings = loaded(project, path)

    origins = [each.origin for each in list_exchanges(files, settings) if each.name == "synthetic"]
    assert origins == ["strategies/a.py"]


class TestSymbols:
    def test_those_of_the_settings(self, project):
        assert [each.symbol for each in list_symbols(None, *loaded(project))] == [
            "AAUSDT",
            "BBUSDT",
        ]

    def test_stored_ones_with_their_intervals(self, project):
        files, settings = loaded(project)
        stock(settings, "kraken", "CCUSDT")

        (found,) = list_symbols("kraken", files, settings)

        assert (found.symbol, found.intervals) == ("CCUSDT", ("1m",))

    def test_made_up_ones_include_those_of_the_settings(self, project):
        symbols = [each.symbol for each in list_symbols("synthetic", *loaded(project))]

        assert {"AAUSDT", "BBUSDT", "BTCUSDT"} <= set(symbols)
        assert symbols == sorted(symbols)

    def test_files_are_looked_for_beside_the_strategy(self, project):
        from tests.support.candles import rows_of, write_csv

        candles = project / "strategies" / "candles"
        candles.mkdir()
        write_csv(candles / "DDUSDT-1m.csv", rows_of(series_of([0, 1])))

        (found,) = list_symbols("files", *loaded(project))

        assert (found.symbol, found.intervals) == ("DDUSDT", ("1m",))

    def test_unknown_exchange_is_told(self, project):
        with pytest.raises(UnknownNameError) as caught:
            list_symbols("markt", *loaded(project))

        assert caught.value.message == (
            "exchange was 'markt', which the project does not declare; did you mean 'market'?"
        )
        assert caught.value.fix == "known: market, files, local, synthetic"
