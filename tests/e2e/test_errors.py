"""Every error reaches its exit code through the installed command line, in words and as JSON."""

import inspect
import json

import pytest

from tradekit import errors

CLASSES = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, errors.TradekitError)
]
# What each class is documented to end with; not taken from the classes themselves.
CODES = {
    1: "TradekitError StrategyError SignalError WarmupError NotInHistoryError LocalProtocolError "
    "StoreError ConflictError",
    2: "ConfigError SettingsError UnknownNameError DuplicateNameError NothingRegisteredError "
    "StrategyLoadError",
    3: "NotReadyError LoginRequiredError BrokerError RejectedError UnavailableError AuthError",
    4: "VerdictError DataError CandleError LookaheadError",
    5: "ProtocolError RemoteProtocolError OutcomeUnknownError CorruptError",
    6: "CandleGapError CandlesMissingError",
    130: "StoppedError",
}
RESTART_HELPS = {"NotReadyError", "UnavailableError"}
# Makes a command of the installed program raise what the test says, whatever it was asked for.
RAISES = """
import os
import tradekit.bootstrap.versions
import tradekit.errors

def versions(*arguments):
    kind = getattr(tradekit.errors, os.environ["TEST_RAISES"])
    raise kind("it was so (here)", fix="do this")

tradekit.bootstrap.versions.versions = versions
"""
SECRETS = {
    "CC_MONGO_CONNECTION_STRING": "mongodb://someone:hidden-1@host",
    "CC_REDIS_PASSWORD": "hidden-2",
    "CC_TELEGRAM_API_HASH": "hidden-3",
    "TRADEKIT__TELEGRAM__TOKEN": "hidden-4",
}
STRATEGIES = """
from tradekit import Exchange, Frame, Signal, strategy
days = Frame("days", "2026-04-01", "2026-04-03")
market = Exchange.synthetic()

@strategy("raises")
def raises(ctx):
    raise RuntimeError("on purpose")

@strategy("wrong-side")
def wrong_side(ctx):
    return Signal.long(stop_loss=ctx.price * 1.1)

@strategy("impatient")
def impatient(ctx):
    return ctx.candles("1h", 48).close[0]

@strategy("book-reader")
def book_reader(ctx):
    return ctx.order_book()
"""
TWICE = """
from tradekit import Frame
a = Frame("same", "2026-04-01", "2026-04-02")
b = Frame("same", "2026-05-01", "2026-05-02")
"""
# What somebody can do → the class that tells him.
NATURAL = {
    "SettingsError": ["backtest", "mine.py", "--capital", "-1"],
    "UnknownNameError": ["backtest", "mine.py", "--strategy", "brcket"],
    "DuplicateNameError": ["check", "twice.py"],
    "NothingRegisteredError": ["check"],
    "StrategyLoadError": ["check", "gone.py"],
    "ConfigError": ["init"],
    "CandleError": ["data", "import", "BTCUSDT-1m.csv"],
    "CandlesMissingError": [
        *("backtest", "mine.py", "--exchange", "local", "--symbols", "BTCUSDT"),
        *("--from", "2026-05-01", "--to", "1d"),
    ],
    "StrategyError": ["backtest", "fails.py", "--strategy", "raises"],
    "SignalError": ["backtest", "fails.py", "--strategy", "wrong-side"],
    "WarmupError": ["backtest", "fails.py", "--strategy", "impatient"],
    "CorruptError": ["data", "list"],
}


@pytest.fixture
def raising(shell):
    """Return what makes a command raise a class and gives its answer."""
    (shell.folder / "sitecustomize.py").write_text(RAISES)

    def raising(kind, *options):
        environ = {**shell.environ, **SECRETS, "PYTHONPATH": str(shell.folder)}
        return shell("version", *options, environ={**environ, "TEST_RAISES": kind.__name__})

    return raising


def told(answer):
    """Return the document and its one error, after looking at what every answer must keep."""
    assert "Traceback" not in answer.stdout + answer.stderr
    document = json.loads(answer.stdout)
    assert answer.stdout.count("\n") == 1
    assert (document["ok"], document["code"]) == (False, answer.returncode)
    first = document["errors"][0]
    assert f"error: {first['message']}\n" in answer.stderr
    return first


def test_every_class_has_a_documented_code():
    documented = {name: code for code, names in CODES.items() for name in names.split()}

    assert {each.__name__: each.exit_code for each in CLASSES} == documented


@pytest.mark.slow
@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_class_reaches_its_code(raising, kind):
    answer = raising(kind, "--json")

    code = next(code for code, names in CODES.items() if kind.__name__ in names.split())
    assert answer.returncode == code
    assert told(answer) == {
        "code": code,
        "kind": kind.__name__,
        "message": "it was so (here)",
        "fix": "do this",
        "restart_helps": kind.__name__ in RESTART_HELPS,
    }
    assert answer.stderr == "error: it was so (here)\n  fix: do this\n"
    assert "hidden" not in answer.stdout + answer.stderr


def test_traceback_only_with_debug_and_never_a_secret(raising):
    plain, debug = raising(errors.StoreError), raising(errors.StoreError, "--debug")

    assert (plain.returncode, debug.returncode) == (1, 1)
    assert (plain.stdout, debug.stdout) == ("", "")
    assert plain.stderr == "error: it was so (here)\n  fix: do this\n"
    assert "Traceback (most recent call last)" in debug.stderr
    assert debug.stderr.endswith(plain.stderr)
    assert "hidden" not in debug.stderr


@pytest.mark.parametrize("name", NATURAL)
def test_what_somebody_does_ends_with_its_class(stocked, name):
    folder = stocked.folder
    (folder / "twice.py").write_text(TWICE)
    (folder / "fails.py").write_text(STRATEGIES)
    (folder / "BTCUSDT-1m.csv").write_text(
        "timestamp_ms,open,high,low,close,volume\n1775001600000,1,0.5,2,1,1\n"
    )
    if name == "ConfigError":
        (folder / "README.md").write_text("mine")
    if name == "CorruptError":
        store = folder / ".tradekit" / "candles.sqlite3"
        store.write_bytes(b"no store at all" * 1000)

    answer = stocked(*NATURAL[name], "--json", environ={**stocked.environ, **SECRETS})

    error = told(answer)
    assert error["kind"] == name
    assert answer.returncode == getattr(errors, name).exit_code
    assert "hidden" not in answer.stdout + answer.stderr


@pytest.mark.parametrize("option", ["--json", "--debug"])
@pytest.mark.parametrize(
    "command", [("config", "show", "--origin"), ("config", "validate"), ("backtest", "mine.py")]
)
def test_secret_is_not_told_where_settings_are_wrong(shell, command, option):
    wrong = {
        **SECRETS,
        "TRADEKIT__TELEGRAM__TOKEN__DEEPER": "hidden-5",
        "TRADEKIT__MONGO__CONNECTIONSTRING": "hidden-6",
        "TRADEKIT__REDIS": "redis://:hidden-7@host",
        "TRADEKIT__BACKTEST__CAPITAL": "-1",
    }
    (shell.folder / "tradekit.toml").write_text("[telegram]\napi_hash = ['hidden-8']\n")
    (shell.folder / ".env").write_text("TRADEKIT__REDIS__PASSWORD=hidden-9\n")

    answer = shell(*command, option, environ={**shell.environ, **wrong})

    assert answer.returncode == 2
    assert "hidden" not in answer.stdout + answer.stderr
    assert "TRADEKIT__BACKTEST__CAPITAL was '-1' in the environment" in answer.stderr


def test_secrets_are_masked_where_settings_are_shown(shell):
    (shell.folder / ".env").write_text("TRADEKIT__REDIS__PASSWORD=hidden-9\n")
    without_redis = {name: text for name, text in SECRETS.items() if name != "CC_REDIS_PASSWORD"}

    for options in ([], ["--json"], ["--origin"], ["--debug"]):
        answer = shell("config", "show", *options, environ={**shell.environ, **without_redis})
        assert answer.returncode == 0
        assert "hidden" not in answer.stdout + answer.stderr
        assert answer.stdout.count("***") == 4
