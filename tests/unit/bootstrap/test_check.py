"""A strategy file looked through without running its strategies."""

import pytest

from tradekit.bootstrap.check import check_file
from tradekit.errors import NothingRegisteredError, StrategyLoadError, TradekitError

HEAD = """
from dataclasses import dataclass
from tradekit import Exchange, Frame, Signal, strategy

def never(*arguments):
    raise AssertionError("called")
"""
SOUND = f"""{HEAD}
days = Frame("days", "2026-04-01", "2026-04-03")
market = Exchange.synthetic(1)

@dataclass(frozen=True)
class Lengths:
    fast: int = 3

@strategy("one", every="15m", params=Lengths)
def one(ctx):
    never()

@one.while_open(every="15m")
def look(ctx, position):
    never()

@one.on("closed")
async def closed(ctx, event):
    never()

@strategy("two")
async def two(ctx, more=None):
    never()
"""
ONE = '@strategy("s")\ndef s(ctx): ...\n'
NEEDY = "@dataclass(frozen=True)\nclass Needy:\n    a: int\n"
HOURS = 'hours = Frame("hours", "2026-04-01", "2026-04-03", base="1h")\n'


@pytest.fixture
def check(tmp_path):
    def check(text, config=""):
        (tmp_path / "mine.py").write_text(text)
        (tmp_path / "tradekit.toml").write_text(config)
        return check_file(tmp_path / "mine.py", tmp_path, {})

    return check


def told(error):
    leaves = error.exceptions if isinstance(error, ExceptionGroup) else [error]
    return [leaf.message for leaf in leaves]


def refused(check, text, config=""):
    with pytest.raises((TradekitError, ExceptionGroup)) as caught:
        check(text, config)
    return told(caught.value)


def test_sound_file_is_described_and_nothing_in_it_called(check):
    checked = check(SOUND)

    assert checked.loaded.strategies.names == ("one", "two")
    assert checked.params["one"].fast == 3
    assert checked.params["two"] is None
    assert checked.notes == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '@strategy("s")\ndef s(): ...\n',
            "function 's' of strategy 's' takes (), must take (ctx)",
        ),
        (
            '@strategy("s")\ndef s(ctx, more): ...\n',
            "function 's' of strategy 's' takes (ctx, more), must take (ctx)",
        ),
        (
            f"{ONE}\n@s.while_open\ndef hook(ctx): ...\n",
            "function 'hook' of strategy 's' takes (ctx), must take (ctx, position)",
        ),
        (
            f'{ONE}\n@s.on("closed")\ndef hook(*, event): ...\n',
            "function 'hook' of strategy 's' takes (*, event), must take (ctx, event)",
        ),
        (
            '@strategy("s", symbols=[" "])\ndef s(ctx): ...\n',
            "symbols of strategy 's' must name at least one",
        ),
        (
            'class P: ...\n@strategy("s", params=P)\ndef s(ctx): ...\n',
            "params of strategy 's' was P, must be a frozen dataclass or a pydantic model",
        ),
        (
            f"{NEEDY}\n@strategy('s', params=Needy)\ndef s(ctx): ...\n",
            "parameter 'a' of strategy 's' has no value, must have one",
        ),
        (
            f"{HOURS}\n@strategy('s', every='90m', wait='2h')\ndef s(ctx): ...\n",
            (
                "every of strategy 's' was 90m, must be a multiple of the base interval 1h of "
                "frame 'hours'"
            ),
        ),
    ],
)
def test_mistake_is_one_sentence(check, text, sentence):
    assert refused(check, f"{HEAD}\n{text}") == [sentence]


def test_all_mistakes_are_told_at_once(check):
    text = f'{HEAD}\nf = Frame("f", "2026-04-01", "2026-04-03")\n@strategy("s")\ndef s(): ...\n'
    config = 'nonsense = 1\n[backtest]\nframe = "g"\ncapital = 0\n'

    assert len(refused(check, text, config)) == 4


def test_file_without_a_strategy_is_none(check):
    with pytest.raises(NothingRegisteredError, match="Strategy not specified"):
        check(HEAD)


def test_file_that_does_not_load_is_told(check, tmp_path):
    assert len(refused(check, "1 / 0\n")) == 1
    with pytest.raises(StrategyLoadError, match="does not exist"):
        check_file(tmp_path / "gone.py", tmp_path, {})


def test_what_a_backtest_needs_beside_is_noted(check):
    notes = check(f"{HEAD}\n{ONE}").notes

    assert notes == [
        "it declares no frame: a backtest needs --from and --to",
        "it declares no exchange: a backtest needs --exchange or imported candles",
    ]
    assert len(check(f"{HEAD}\n{ONE}", '[backtest]\nexchange = "local"').notes) == 1


def test_folder_of_candles_that_is_not_there_is_noted(check, tmp_path):
    text = f'{SOUND}\nfiles = Exchange.files("candles")\n'

    (note,) = check(text).notes
    (tmp_path / "candles").mkdir()

    assert "exchange 'files' reads " in note
    assert check(text).notes == []


def test_strategy_for_another_frame_is_noted(check):
    text = SOUND.replace("market =", f"{HOURS}\nmarket =")

    notes = check(text).notes

    assert len(notes) == 1
    assert notes[0].startswith(
        "strategy 'one' does not fit frame 'hours': every of strategy 'one' was"
    )
