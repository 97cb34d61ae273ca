"""Layers: which value stands at a path, and where it was given."""

import pytest

from tradekit.bootstrap.layers import SECTIONS, Origin, read_config, read_layers
from tradekit.bootstrap.settings import Settings, load_settings
from tradekit.errors import SettingsError

CAPITAL = ("backtest", "capital")
VARIABLE = "TRADEKIT__BACKTEST__CAPITAL"


def write(folder, text, name="tradekit.toml"):
    (folder / name).write_text(text, encoding="utf-8")


def test_origin_is_that_of_the_strongest_layer(tmp_path):
    def seen(environ=None, flags=None):
        layers = read_layers(tmp_path, environ or {}, flags)
        return layers.value(CAPITAL), layers.origin(CAPITAL), str(layers.origin(CAPITAL))

    found = [seen()]
    write(tmp_path, "[backtest]\ncapital = 1")
    found.append(seen())
    write(tmp_path, f"{VARIABLE}=2", ".env")
    found.append(seen())
    found.append(seen({VARIABLE: "3"}))
    found.append(seen({VARIABLE: "3"}, {"--capital": 4.0}))

    place = "[backtest] capital"
    assert found == [
        (None, Origin("default"), "default"),
        (1, Origin("file", place, "in tradekit.toml"), f"{place} in tradekit.toml"),
        ("2", Origin("dotenv", VARIABLE, "in .env"), f"{VARIABLE} in .env"),
        (
            "3",
            Origin("environment", VARIABLE, "in the environment"),
            f"{VARIABLE} in the environment",
        ),
        (4.0, Origin("flag", "--capital", "on the command line"), "--capital on the command line"),
    ]


def test_name_of_the_operator_is_the_origin(tmp_path):
    layers = read_layers(tmp_path, {"CC_SYMBOL_LIST": "AAUSDT"})

    assert layers.origin(("symbols",)).name == "CC_SYMBOL_LIST"
    assert layers.value(("symbols",)) == "AAUSDT"


@pytest.mark.parametrize(
    "text",
    [
        "",
        '[paths]\nstate_dir = "state"\nruns_dir = "out"\n[backtest]\nstrategy_file = "mine.py"',
        '[paths]\nstate_dir = "/elsewhere/state"',
    ],
)
def test_places_are_those_of_the_settings(tmp_path, text):
    write(tmp_path, text)
    below = tmp_path / "a"
    below.mkdir()

    layers, settings = read_layers(below, {}), load_settings(below, {})

    for place in ("root", "config_file", "state_dir", "runs_dir", "strategy_file"):
        assert getattr(layers, place) == getattr(settings, place), place


def test_value_below_something_that_is_no_section_is_none(tmp_path):
    write(tmp_path, "backtest = 3")

    assert read_layers(tmp_path, {}).value(CAPITAL) is None


def test_sections_are_those_of_the_settings():
    fields = Settings.model_fields
    assert (
        tuple(name for name in fields if hasattr(fields[name].annotation, "model_fields"))
        == SECTIONS
    )


def test_config_file_is_read_by_name(tmp_path):
    write(tmp_path, "[tool.tradekit.costs]\nmaker_fee_pct = 1", "pyproject.toml")
    write(tmp_path, "[costs]\nmaker_fee_pct = 2", "other.toml")

    assert read_config(tmp_path / "pyproject.toml").table == {"costs": {"maker_fee_pct": 1}}
    assert read_config(tmp_path / "other.toml").table == {"costs": {"maker_fee_pct": 2}}


@pytest.mark.parametrize("name", ["pyproject.toml", "gone.toml"])
def test_config_file_that_is_none_is_refused(tmp_path, name):
    write(tmp_path, "[project]\nname = 'x'", "pyproject.toml")

    with pytest.raises(SettingsError, match=name):
        read_config(tmp_path / name)
