"""The settings as something to look at."""

import json

import pytest

from tradekit.bootstrap.config import describe, leaves, schema, validate
from tradekit.bootstrap.settings import Settings, load_settings
from tradekit.errors import SettingsError, UnknownNameError

SECRETS = {"mongo.connection_string", "redis.password", "telegram.api_hash", "telegram.token"}


def shown(tmp_path, environ=None, *sections):
    return {each.name: each for each in describe(load_settings(tmp_path, environ or {}), sections)}


def test_every_setting_is_there_once(tmp_path):
    found = describe(load_settings(tmp_path, {}))

    expected = []
    for name, field in Settings.model_fields.items():
        inner = getattr(field.annotation, "model_fields", None)
        expected += [f"{name}.{key}" for key in inner] if inner else [name]
    assert [each.name for each in found] == expected
    assert {str(each.origin) for each in found} == {"default"}


def test_values_and_their_origins(tmp_path):
    (tmp_path / "tradekit.toml").write_text("symbols = ['aausdt']\n[costs]\nmaker_fee_pct = 1")

    found = shown(tmp_path, {"TRADEKIT__PATHS__RUNS_DIR": "out"})

    assert found["symbols"].value == ["AAUSDT"]
    assert found["paths.runs_dir"].value == "out"
    assert found["costs.maker_fee_pct"].value == 1.0
    assert str(found["costs.maker_fee_pct"].origin) == "[costs] maker_fee_pct in tradekit.toml"
    assert found["costs.taker_fee_pct"].origin.layer == "default"
    assert found["paths.runs_dir"].origin.layer == "environment"


def test_secrets_are_masked_where_they_are_set(tmp_path):
    environ = {f"TRADEKIT__{name.upper().replace('.', '__')}": "hidden" for name in SECRETS}

    unset, set_ = shown(tmp_path), shown(tmp_path, environ)

    assert {name for name, each in set_.items() if each.value == "***"} == SECRETS
    assert all(unset[name].value is None for name in SECRETS)
    assert "hidden" not in repr(set_)


def test_sections_are_chosen_in_order_of_the_settings(tmp_path):
    assert list(shown(tmp_path, None, "ready", "symbols")) == ["symbols", "ready.wait_s"]


def test_unknown_section_is_told(tmp_path):
    with pytest.raises(UnknownNameError, match="did you mean 'costs'") as caught:
        shown(tmp_path, None, "cost")
    assert caught.value.fix.startswith("known: symbols, backtest, ")


class TestValidate:
    def test_all_mistakes_of_a_file_are_found(self, tmp_path):
        file = tmp_path / "other.toml"
        file.write_text("nonsense = 1\n[backtest]\ncapital = 0\n[costs]\nmaker_fee = 3")

        looked_at, mistakes = validate(file, tmp_path, {"TRADEKIT__X": "1"})

        assert looked_at == file
        assert sorted(each.message for each in mistakes) == [
            "[backtest] capital was 0 in other.toml, must be greater than 0",
            (
                "[costs] maker_fee was set in other.toml, but there is no such setting; did you "
                "mean 'costs.maker_fee_pct'?"
            ),
            "nonsense was set in other.toml, but there is no such setting",
        ]

    def test_without_a_file_everything_in_force_counts(self, tmp_path):
        assert validate(None, tmp_path, {}) == (None, [])

        (tmp_path / "tradekit.toml").write_text("[backtest]\nworkers = 0")
        looked_at, mistakes = validate(None, tmp_path, {"TRADEKIT__X": "1"})

        assert looked_at == tmp_path / "tradekit.toml"
        assert len(mistakes) == 2

    def test_file_that_cannot_be_read_is_told(self, tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            validate(tmp_path / "gone.toml", tmp_path, {})


class TestSchema:
    def test_it_is_the_same_every_time(self):
        assert json.dumps(schema()) == json.dumps(schema())

    def test_it_has_every_setting_with_its_default(self):
        found = schema()

        assert found["additionalProperties"] is False
        assert list(found["properties"]) == list(Settings.model_fields)
        for section, field in Settings.model_fields.items():
            inner = getattr(field.annotation, "model_fields", None)
            if inner:
                described = found["$defs"][field.annotation.__name__]
                assert described["additionalProperties"] is False
                assert list(described["properties"]) == list(inner), section

    def test_rules_are_in_it(self):
        defined = schema()["$defs"]

        assert defined["BacktestSettings"]["properties"]["workers"] == {
            "default": 1,
            "maximum": 256,
            "minimum": 1,
            "title": "Workers",
            "type": "integer",
        }
        assert "refuse" in defined["BacktestSettings"]["properties"]["gaps"]["enum"]

    def test_secrets_are_marked(self):
        text = json.dumps(schema()["$defs"]["RedisSettings"]["properties"]["password"])

        assert '"writeOnly": true' in text

    def test_symbols_may_be_a_list_or_a_text(self):
        kinds = {each["type"] for each in schema()["properties"]["symbols"]["anyOf"]}

        assert kinds == {"array", "string"}


def test_leaves_are_paths_and_values(tmp_path):
    found = dict(leaves(load_settings(tmp_path, {})))

    assert found["costs", "maker_fee_pct"] == 0.1
    assert all(len(path) in {1, 2} for path in found)
