"""Settings: which layer wins, where paths start, and how mistakes are told."""

import pytest

from tradekit.bootstrap.settings import DEFAULT_SYMBOLS, load_settings, read_settings
from tradekit.errors import SettingsError

UNKNOWN = "but there is no such setting"


def write(folder, text, name="tradekit.toml"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def refused(cwd, environ=None, flags=None):
    with pytest.raises(SettingsError) as caught:
        load_settings(cwd, environ or {}, flags)
    return caught.value.message


def test_defaults(tmp_path):
    settings = load_settings(tmp_path, {})

    assert settings.symbols == DEFAULT_SYMBOLS
    assert len(settings.symbols) == 9
    assert settings.backtest.capital == 10_000.0
    assert settings.backtest.gaps == "refuse"
    assert settings.backtest.workers == 1
    assert settings.limits.max_hold_ms is None
    assert settings.ready.wait_s == 45.0
    assert settings.config_file is None
    assert settings.strategy_file is None
    assert settings.state_dir == tmp_path / ".tradekit"
    assert settings.runs_dir == tmp_path / "runs"


def test_each_layer_beats_the_one_before(tmp_path):
    name = "TRADEKIT__BACKTEST__CAPITAL"
    expected = []

    def capital(environ=None, flags=None):
        return load_settings(tmp_path, environ or {}, flags).backtest.capital

    expected.append(capital())
    write(tmp_path, "[backtest]\ncapital = 1")
    expected.append(capital())
    write(tmp_path, f"{name}=2", ".env")
    expected.append(capital())
    expected.append(capital({name: "3"}))
    expected.append(capital({name: "3"}, {"--capital": 4.0}))

    assert expected == [10_000.0, 1.0, 2.0, 3.0, 4.0]


def test_layers_meet_key_by_key(tmp_path):
    write(tmp_path, "[costs]\nmaker_fee_pct = 1\ntaker_fee_pct = 2")

    settings = load_settings(tmp_path, {"TRADEKIT__COSTS__TAKER_FEE_PCT": "3"})

    assert (settings.costs.maker_fee_pct, settings.costs.taker_fee_pct) == (1.0, 3.0)


def test_flag_that_was_not_given_leaves_the_rest_alone(tmp_path):
    write(tmp_path, "[backtest]\ncapital = 5")

    settings = load_settings(tmp_path, {}, {"--capital": None, "--gaps": None})

    assert settings.backtest.capital == 5.0


def test_fee_and_slippage_flags_set_every_leg(tmp_path):
    costs = load_settings(tmp_path, {}, {"--fee": 0.2, "--slippage": 0.0}).costs

    assert costs.model_dump() == {
        "maker_fee_pct": 0.2,
        "taker_fee_pct": 0.2,
        "slippage_pct": 0.0,
        "limit_slippage_pct": 0.0,
    }


def test_config_is_found_above_and_paths_start_beside_it(tmp_path):
    write(tmp_path, '[backtest]\nstrategy_file = "mine.py"\n[paths]\nruns_dir = "out"')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    settings = load_settings(below, {})

    assert settings.root == tmp_path
    assert settings.config_file == tmp_path / "tradekit.toml"
    assert settings.state_dir == tmp_path / ".tradekit"
    assert settings.runs_dir == tmp_path / "out"
    assert settings.strategy_file == tmp_path / "mine.py"


def test_path_of_a_flag_starts_where_the_command_was_typed(tmp_path):
    write(tmp_path, "")
    below = tmp_path / "a"
    below.mkdir()

    assert load_settings(below, {}, {"--runs-dir": "r"}).runs_dir == below / "r"


def test_pyproject_with_our_table_is_a_config_file(tmp_path):
    write(tmp_path, "[tool.tradekit.backtest]\ncapital = 7", "pyproject.toml")

    assert load_settings(tmp_path, {}).backtest.capital == 7.0


def test_pyproject_without_our_table_is_passed_by(tmp_path):
    write(tmp_path, "[backtest]\ncapital = 7")
    write(tmp_path / "a", "this is [not even toml", "pyproject.toml")

    assert load_settings(tmp_path / "a", {}).root == tmp_path


def test_two_config_files_in_one_folder_are_refused(tmp_path):
    write(tmp_path, "")
    write(tmp_path, "[tool.tradekit]\n", "pyproject.toml")

    assert refused(tmp_path) == (
        f"{tmp_path} has both tradekit.toml and [tool.tradekit] in pyproject.toml, must have one "
        "of them"
    )


def test_symbols_are_cleaned(tmp_path):
    settings = load_settings(tmp_path, {"CC_SYMBOL_LIST": " btcusdt,,SOLUSDT , btcUSDT,"})

    assert settings.symbols == ("BTCUSDT", "SOLUSDT")


def test_symbols_may_be_a_list(tmp_path):
    write(tmp_path, 'symbols = ["ethusdt", "", "ETHUSDT"]')

    assert load_settings(tmp_path, {}).symbols == ("ETHUSDT",)


def test_our_own_variable_beats_the_older_name(tmp_path):
    environ = {"TRADEKIT__SYMBOLS": "AAUSDT", "CC_SYMBOL_LIST": "BBUSDT"}

    assert load_settings(tmp_path, environ).symbols == ("AAUSDT",)


def test_empty_variable_counts_as_not_set(tmp_path):
    environ = {"CC_SYMBOL_LIST": "", "TRADEKIT__BACKTEST__CAPITAL": ""}

    settings = load_settings(tmp_path, environ)

    assert settings.symbols == DEFAULT_SYMBOLS
    assert settings.backtest.capital == 10_000.0


def test_every_name_that_operators_have_is_taken(tmp_path):
    environ = {
        "CC_MONGO_CONNECTION_STRING": "mongodb://someone:hidden@host",
        "CC_REDIS_HOST": "host",
        "CC_REDIS_PORT": "6379",
        "CC_REDIS_USER": "someone",
        "CC_REDIS_PASSWORD": "hidden",
        "CC_TELEGRAM_API_ID": "12",
        "CC_TELEGRAM_API_HASH": "hidden",
        "CC_TELEGRAM_TOKEN": "hidden",
        "CC_TELEGRAM_CHANNEL": "@somewhere",
        "CC_WWWROOT_HOST": "0.0.0.0",  # noqa: S104  # nothing listens there
        "CC_WWWROOT_PORT": "8080",
        "CC": "gcc",
    }

    settings = load_settings(tmp_path, environ)

    assert (settings.redis.port, settings.telegram.api_id, settings.web.port) == (6379, 12, 8080)
    assert "hidden" not in repr(settings)
    assert settings.redis.password is not None
    assert settings.redis.password.get_secret_value() == "hidden"


def test_settings_cannot_be_changed(tmp_path):
    settings = load_settings(tmp_path, {})

    with pytest.raises(ValueError, match="frozen"):
        settings.backtest.capital = 1.0


def test_unrelated_variables_of_a_dotenv_are_none_of_our_business(tmp_path):
    write(tmp_path, "NODE_ENV=x\nTRADEKIT__READY__WAIT_S=3", ".env")

    assert load_settings(tmp_path, {}).ready.wait_s == 3.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "[backtest]\ncapitl = 5",
            (
                "[backtest] capitl was set in tradekit.toml, but there is no such setting; "
                "did you mean 'backtest.capital'?"
            ),
        ),
        (
            "[cost]\nmaker_fee_pct = 5",
            "[cost] was set in tradekit.toml, but there is no such setting; did you mean 'costs'?",
        ),
        (
            "symbolz = []",
            f"symbolz was set in tradekit.toml, {UNKNOWN}; did you mean 'symbols'?",
        ),
        (
            "backtest = 3",
            "backtest in tradekit.toml has a value of its own, must be a section with keys",
        ),
        (
            "[backtest]\ncapital = -5",
            "[backtest] capital was -5 in tradekit.toml, must be greater than 0",
        ),
        (
            "[backtest]\ncapital = inf",
            "[backtest] capital was inf in tradekit.toml, must be a finite number",
        ),
        (
            '[backtest]\ngaps = "ignore"',
            "[backtest] gaps was 'ignore' in tradekit.toml, must be 'refuse', 'skip' or 'fill'",
        ),
        (
            '[limits]\nmax_hold = "soon"',
            (
                "[limits] max_hold was 'soon' in tradekit.toml, must be 'unlimited', whole minutes "
                "above 0 or a text such as '90m', '4h', '3d'"
            ),
        ),
        ("symbols = []", "symbols was [] in tradekit.toml, must name at least one"),
        (
            "symbols = [3]",
            (
                "symbols was [3] in tradekit.toml, must be a list of symbols, or text with commas "
                "between them"
            ),
        ),
    ],
)
def test_mistake_in_the_file_is_one_sentence(tmp_path, text, message):
    write(tmp_path, text)

    assert refused(tmp_path) == message


def test_file_that_is_no_toml_is_told(tmp_path):
    write(tmp_path, "[backtest\n")

    assert refused(tmp_path).startswith(f"{tmp_path / 'tradekit.toml'} is not valid TOML: ")


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        (
            {"TRADEKIT__COSTS__MAKER_FEE_PCT": "50"},
            "TRADEKIT__COSTS__MAKER_FEE_PCT was '50' in the environment, must be less than 50",
        ),
        (
            {"TRADEKIT__COSTS__MAKERFEE": "1"},
            (
                "TRADEKIT__COSTS__MAKERFEE was set in the environment, but there is no such "
                "setting; did you mean 'costs.maker_fee_pct'?"
            ),
        ),
        (
            {"TRADEKIT__NONSENSE": "1"},
            "TRADEKIT__NONSENSE was set in the environment, but there is no such setting",
        ),
        (
            {"CC_REDIS_PORT": "70000"},
            "CC_REDIS_PORT was '***' in the environment, must be less than or equal to 65535",
        ),
        (
            {"TRADEKIT__MONGO": "mongodb://someone:hidden@host"},
            (
                "TRADEKIT__MONGO in the environment has a value of its own, must be a section with "
                "keys"
            ),
        ),
    ],
)
def test_mistake_in_the_environment_names_the_variable(tmp_path, environ, message):
    assert refused(tmp_path, environ) == message


def test_mistake_on_the_command_line_names_the_option(tmp_path):
    assert refused(tmp_path, flags={"--fee": 80.0}) == (
        "--fee was 80.0 on the command line, must be less than 50"
    )


def test_secret_is_masked_in_a_mistake(tmp_path):
    write(tmp_path, "[telegram]\ntoken = 5")

    assert refused(tmp_path) == (
        "[telegram] token was '***' in tradekit.toml, must be a valid string"
    )


def test_several_mistakes_are_told_together(tmp_path):
    write(tmp_path, "[backtest]\ncapital = 0\nworkers = 0")

    with pytest.raises(ExceptionGroup) as caught:
        load_settings(tmp_path, {"TRADEKIT__X": "1"})

    assert sorted(error.message for error in caught.value.exceptions) == [
        "TRADEKIT__X was set in the environment, but there is no such setting",
        "[backtest] capital was 0 in tradekit.toml, must be greater than 0",
        "[backtest] workers was 0 in tradekit.toml, must be greater than or equal to 1",
    ]


def test_wrong_values_do_not_count_while_looking_for_more_mistakes(tmp_path):
    write(tmp_path, "[backtest]\ncapital = 0\nworkers = 3\n[nonsense]\na = 1")

    settings, mistakes = read_settings(tmp_path, {}, {"--seed": -1})

    assert len(mistakes) == 3
    assert settings.backtest.capital == 10_000.0
    assert settings.backtest.workers == 3
