"""What a shell may complete."""

from types import SimpleNamespace

import pytest

from tradekit.cli import completion

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


def typed(*arguments, file=None):
    return SimpleNamespace(params={"file": file}, args=list(arguments))


def test_names_of_the_file():
    assert completion.strategies(typed(file="mine.py"), "") == ["bracket", "ladder"]
    assert completion.strategies(typed("mine.py"), "l") == ["ladder"]
    assert completion.frames(typed("mine.py"), "a") == ["april"]
    assert completion.exchanges(typed("mine.py"), "") == ["market", "local", "synthetic"]


def test_nothing_where_something_is_wrong():
    assert completion.strategies(typed("gone.py"), "") == []
    assert completion.exchanges(typed("gone.py"), "s") == ["synthetic"]


def test_symbols_continue_a_list():
    assert completion.symbols("btc") == ["BTCUSDT"]
    assert completion.symbols("BTCUSDT,B") == []
    assert completion.symbols("SOLUSDT,h") == ["SOLUSDT,HYPEUSDT", "SOLUSDT,HBARUSDT"]


def test_symbols_of_broken_settings_are_none(tmp_path):
    (tmp_path / "tradekit.toml").write_text("symbols = 3")

    assert completion.symbols("B") == []
