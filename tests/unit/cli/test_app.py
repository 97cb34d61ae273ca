"""The command line's edge: errors become sentences, documents and exit codes."""

import json
import signal

import pytest
import typer

from tradekit import errors
from tradekit.cli import app as module
from tradekit.cli.stopping import STOP
from tradekit.cli.verdict import Verdict, flattened, printable

CODES = [
    (errors.TradekitError, 1),
    (errors.SettingsError, 2),
    (errors.NotReadyError, 3),
    (errors.CandleError, 4),
    (errors.CorruptError, 5),
    (errors.CandlesMissingError, 6),
    (errors.StoppedError, 130),
]


@pytest.fixture
def command(monkeypatch):
    """Give the command line a command `work` that does what the test says."""

    def command(work):
        fake = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
        fake.callback()(lambda: None)

        @fake.command("work")
        def _(as_json: bool = typer.Option(False, "--json"), debug: bool = False):
            return work()

        monkeypatch.setattr(module, "app", fake)
        return module._run

    return command


def raising(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(("kind", "code"), CODES)
def test_error_ends_with_its_code_and_sentence(command, capsys, kind, code):
    assert command(raising(kind("It was so.", fix="Do this.")))(["work"]) == code

    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: It was so.\n  fix: Do this.\n"


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ((errors.StrategyError, errors.CandleGapError), 6),
        ((errors.CandleGapError, errors.CandleError), 6),
        ((errors.CandleGapError, errors.NotReadyError), 3),
        ((errors.NotReadyError, errors.SettingsError), 2),
        ((errors.SettingsError, errors.CorruptError), 5),
        ((errors.CandleError, errors.StrategyError), 4),
    ],
)
def test_most_telling_code_of_several_wins(command, capsys, kinds, code):
    group = ExceptionGroup("x", [kind(f"{number}") for number, kind in enumerate(kinds)])

    assert command(raising(group))(["work"]) == code
    assert capsys.readouterr().err == "error: 0\nerror: 1\n"


def test_errors_are_told_in_one_document(command, capsys):
    group = ExceptionGroup("x", [errors.SettingsError("a", fix="b"), errors.NotReadyError("c")])

    assert command(raising(group))(["work", "--json"]) == 2

    document = json.loads(capsys.readouterr().out)
    assert document == {
        "schema": "tradekit.work/1",
        "ok": False,
        "code": 2,
        "errors": [
            {
                "code": 2,
                "kind": "SettingsError",
                "message": "a",
                "fix": "b",
                "restart_helps": False,
            },
            {
                "code": 3,
                "kind": "NotReadyError",
                "message": "c",
                "fix": "",
                "restart_helps": True,
            },
        ],
    }


def test_data_and_failures_of_one_command_share_a_document(command, capsys):
    verdict = Verdict({"b": 1, "a": None}, [errors.StrategyError("it raised")])

    assert command(lambda: verdict)(["work", "--json"]) == 1

    out, err = capsys.readouterr()
    document = json.loads(out)
    assert out.count("\n") == 1
    assert list(document) == sorted(document)
    assert document["data"] == {"a": None, "b": 1}
    assert document["code"] == 1
    assert [error["message"] for error in document["errors"]] == ["it raised"]
    assert err == "error: it raised\n"


def test_success_is_ok(command, capsys):
    assert command(lambda: Verdict({}))(["work", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "schema": "tradekit.work/1",
        "ok": True,
        "code": 0,
        "data": {},
    }


def test_no_document_holds_what_json_does_not_have(command, capsys):
    with pytest.raises(ValueError, match="JSON"):
        command(lambda: Verdict({"x": float("nan")}))(["work", "--json"])


def test_mistake_of_ours_is_a_sentence_too(command, capsys):
    assert command(raising(ZeroDivisionError("a\nb")))(["work"]) == 1

    err = capsys.readouterr().err
    assert (
        err == "error: internal error, ZeroDivisionError: a b\n  fix: run it again with --debug\n"
    )


def test_traceback_comes_with_debug_only(command, capsys):
    run = command(raising(errors.SettingsError("a")))

    assert run(["work", "--debug"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_exit_raised_by_a_command_keeps_its_code(command):
    assert command(raising(typer.Exit(4)))(["work"]) == 4


def test_interruption_is_130(command, capsys):
    assert command(raising(KeyboardInterrupt()))(["work"]) == 130


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signal_wins_over_whatever_it_caused(command, monkeypatch, capsys, signum, code):
    monkeypatch.setattr(STOP, "signum", signum)

    assert command(raising(errors.StoppedError()))(["work"]) == code
    assert command(raising(errors.SettingsError()))(["work"]) == code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["backtst"], "No such command 'backtst'. Did you mean 'backtest'?"),
        (["data", "lisst"], "No such command 'lisst'. Did you mean 'list'?"),
        (["backtest", "--nope"], "No such option: --nope"),
    ],
)
def test_wrong_usage_is_2(capsys, arguments, message):
    assert module._run(arguments) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


def test_wrong_usage_is_one_document_too(capsys):
    assert module._run(["backtest", "--capital", "much", "--json"]) == 2

    document = json.loads(capsys.readouterr().out)
    assert document["schema"] == "tradekit.backtest/1"
    assert document["errors"][0]["kind"] == "UsageError"


def test_groups_are_opened_in_order_and_repeats_told_once():
    inner = ExceptionGroup("y", [ValueError("b"), ValueError("a")])

    leaves = flattened(ExceptionGroup("x", [ValueError("a"), inner, ValueError("c")]))

    assert [str(leaf) for leaf in leaves] == ["a", "b", "c"]


def test_what_is_printed_cannot_move_the_cursor():
    evil = "over\x1b[2J\x9bdone\r\n\tnext ünïcode"

    assert printable(evil) == "over\\x1b[2J\\x9bdone\\r\n\tnext ünïcode"
    assert printable("plain ünïcode") == "plain ünïcode"
