"""What a shell may complete."""

import asyncio
from types import SimpleNamespace

import pytest

from tests.support.candles import series_of
from tradekit.bootstrap import wiring
from tradekit.bootstrap.layers import SECTIONS
from tradekit.cli import completion
from tradekit.domain.time import Interval

FILE = """
from tradekit import Exchange, Frame, strategy
april = Frame("april", "2026-04-01", "2026-05-01")
market = Exchange.synthetic(3, name="market")

@strategy("bracket")
def bracket(ctx): ...

@strategy("ladder")
def ladder(ctx): ...
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CC_SYMBOL_LIST", raising=False)
    (tmp_path / "mine.py").write_text(FILE)


def typed(*arguments, file=None, **options):
    return SimpleNamespace(params={"file": file, **options}, args=list(arguments))


def stock(folder, *names):
    store = wiring.open_candle_store(folder / ".tradekit")

    async def fill():
        for exchange, symbol in names:
            await store.append(exchange, symbol, Interval.M1, series_of([0, 1]))
        await store.close()

    asyncio.run(fill())


def test_names_of_the_file():
    assert completion.strategies(typed(file="mine.py"), "") == ["bracket", "ladder"]
    assert completion.strategies(typed("mine.py"), "l") == ["ladder"]
    assert completion.frames(typed("mine.py"), "a") == ["april"]
    assert completion.exchanges(typed("mine.py"), "") == ["market", "local", "synthetic"]


def test_names_of_the_file_that_a_backtest_would_choose(tmp_path):
    (tmp_path / "tradekit.toml").write_text('[backtest]\nstrategy_file = "mine.py"')

    assert completion.strategies(typed(), "") == ["bracket", "ladder"]


def test_nothing_where_something_is_wrong():
    assert completion.strategies(typed("gone.py"), "") == []
    assert completion.exchanges(typed("gone.py"), "s") == ["synthetic"]


def test_stored_exchanges_and_their_symbols(tmp_path):
    stock(tmp_path, ("kraken", "AAUSDT"), ("local", "BBUSDT"), ("local", "BCUSDT"))

    assert completion.exchanges(typed("mine.py"), "k") == ["kraken"]
    assert completion.stored_exchanges("") == ["kraken", "local"]
    assert completion.stored_symbols(typed(exchange="local"), "") == ["BBUSDT", "BCUSDT"]
    assert completion.stored_symbols(typed(exchange="none"), "B") == ["BBUSDT", "BCUSDT"]
    assert completion.stored_symbols(typed(), "A") == ["AAUSDT"]


def test_looking_into_the_store_leaves_no_file_behind(tmp_path):
    stock(tmp_path, ("local", "BBUSDT"))

    assert completion.stored_exchanges("") == ["local"]
    assert len(list((tmp_path / ".tradekit").iterdir())) == 1


def test_store_that_cannot_be_read_completes_nothing(tmp_path):
    (tmp_path / ".tradekit").mkdir()
    (tmp_path / ".tradekit" / wiring.CANDLE_STORE_FILE).write_text("no store" * 1000)

    assert completion.stored_exchanges("") == []
    assert completion.exchanges(typed("mine.py"), "") == ["market", "local", "synthetic"]


def test_symbols_continue_a_list():
    assert completion.symbols("btc") == ["BTCUSDT"]
    assert completion.symbols("BTCUSDT,B") == []
    assert completion.symbols("SOLUSDT,h") == ["SOLUSDT,HYPEUSDT", "SOLUSDT,HBARUSDT"]


@pytest.mark.parametrize("configured", ["['aausdt', 'BBUSDT']", "'aausdt, BBUSDT'"])
def test_symbols_are_those_of_the_settings(tmp_path, configured):
    (tmp_path / "tradekit.toml").write_text(f"symbols = {configured}")

    assert completion.symbols("") == ["AAUSDT", "BBUSDT"]


def test_symbols_of_broken_settings_are_none(tmp_path):
    (tmp_path / "tradekit.toml").write_text("symbols = 3")

    assert completion.symbols("B") == []


class TestStrategyFiles:
    def test_those_of_the_project_and_those_here(self, tmp_path):
        (tmp_path / "strategies").mkdir()
        for name in ("b", "a", "_private"):
            (tmp_path / "strategies" / f"{name}.py").write_text("")

        assert completion.strategy_files("") == ["strategies/a.py", "strategies/b.py", "mine.py"]
        assert completion.strategy_files("strategies/b") == ["strategies/b.py"]
        assert completion.strategy_files("m") == ["mine.py"]

    @pytest.mark.parametrize("way", ["", "./", "deep/../"])
    def test_path_is_kept_as_it_was_typed(self, tmp_path, way):
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "own.py").write_text("")

        assert completion.strategy_files(f"{way}deep/o") == [f"{way}deep/own.py"]
        assert completion.strategy_files(f"{way}deep/") == [f"{way}deep/own.py"]


def test_runs(tmp_path):
    (tmp_path / "tradekit.toml").write_text('[paths]\nruns_dir = "out"')
    for name in ("20250101T000000Z-a-00000000", "20260101T000000Z-b-00000000", ".unfinished"):
        (tmp_path / "out" / name).mkdir(parents=True)

    older, newer = "20250101T000000Z-a-00000000", "20260101T000000Z-b-00000000"
    assert completion.run_ids("") == [newer, older]
    assert completion.run_ids("2025") == [older]


def test_sections_and_intervals():
    assert completion.sections("") == list(SECTIONS)
    assert completion.sections("co") == ["costs"]
    assert completion.intervals("1") == ["1m", "15m", "1h", "12h", "1d"]
