"""The contract that every command keeps: help, examples, exit codes, one JSON document."""

import json
import re
import shlex

import pytest
import typer

from tradekit.cli import app as module
from tradekit.cli.app import app

DOCUMENTED = {0, 1, 2, 3, 4, 5, 6, 7, 130, 143}
CODE = re.compile(r"(?:^|, )(\d+)(?: and (\d+))? ")


def leaves(group, path=()):
    """Yield every command with its path, those in groups too."""
    for name, command in group.commands.items():
        found = getattr(command, "load", lambda same=command: same)()
        if hasattr(found, "commands"):
            yield from leaves(found, (*path, name))
        else:
            yield (*path, name), found


ROOT = typer.main.get_command(app)
COMMANDS = dict(leaves(ROOT))
EVERY = pytest.mark.parametrize("path", COMMANDS, ids=" ".join)


def options(command):
    return [each for each in command.params if each.param_type_name == "option"]


def parts(path):
    """Return the examples and the exit codes with which a command's help ends."""
    heading, *examples, codes = COMMANDS[path].epilog.split("\n\n")
    assert heading == "Examples:"
    return examples, codes


def parse(words):
    """Parse a command line as it would be, without running the command."""
    assert words[0] == "tradekit"
    words = words[: words.index(">")] if ">" in words else words
    context = ROOT.make_context("tradekit", words[1:])
    while hasattr(context.command, "commands"):
        rest = [*context._protected_args, *context.args]
        name, command, rest = context.command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
    return context.command_path


def test_whole_tree_is_walked():
    names = {" ".join(path) for path in COMMANDS}

    assert {"backtest", "check", "init", "version", "config show", "config validate"} <= names
    assert {"config schema", "list strategies", "list symbols", "data import", "run list"} <= names


@EVERY
def test_command_has_json(path):
    assert any("--json" in each.opts for each in options(COMMANDS[path]))


@EVERY
def test_every_option_has_a_help(path):
    assert [each.name for each in options(COMMANDS[path]) if not each.help] == []


@EVERY
def test_help_ends_with_two_examples_and_the_exit_codes(path, capsys):
    examples, codes = parts(path)

    assert module._run([*path, "--help"]) == 0

    printed = " ".join(capsys.readouterr().out.split())
    expected = " ".join(f"Examples: {' '.join(examples)} {codes}".split())
    assert len(examples) == 2
    assert printed.endswith(expected)


@EVERY
def test_exit_codes_are_documented_ones(path):
    _, codes = parts(path)
    assert codes.startswith("Exit codes: 0 ")

    found = [
        int(code)
        for pair in CODE.findall(codes.removeprefix("Exit codes: "))
        for code in pair
        if code
    ]

    assert set(found) <= DOCUMENTED
    assert found == sorted(set(found))
    assert 2 in found


@EVERY
def test_examples_parse(path):
    examples, _ = parts(path)

    assert [parse(shlex.split(each)) for each in examples] == [f"tradekit {' '.join(path)}"] * 2


def test_example_that_does_not_parse_is_found():
    with pytest.raises(Exception, match="No such option"):
        parse(["tradekit", "data", "list", "--nope"])


@EVERY
def test_wrong_usage_is_one_document(path, capsys):
    assert module._run([*path, "--no-such-option", "--json"]) == 2

    out, err = capsys.readouterr()
    document = json.loads(out)
    assert out.count("\n") == 1
    assert (document["schema"], document["ok"], document["code"]) == (
        f"tradekit.{'.'.join(path)}/1",
        False,
        2,
    )
    (error,) = document["errors"]
    assert (error["code"], error["kind"]) == (2, "UsageError")
    assert error["message"].startswith("No such option")
    assert error["fix"] == f"see: tradekit {' '.join(path)} --help"
    assert err.startswith("error: No such option")


def test_groups_and_options_of_the_whole_have_help():
    assert all(command.help for command in ROOT.commands.values())
    assert all(each.help for each in options(ROOT))
    assert ROOT.epilog.startswith("Examples:")


def test_names_in_the_list_are_what_they_stand_for():
    """A name in a table leads to a command, and is told in one short line."""
    for name, command in ROOT.commands.items():
        loaded = getattr(command, "load", lambda same=command: same)()
        assert loaded.name == name
        assert command.get_short_help_str(200)


@pytest.mark.parametrize("arguments", [(), ("data",), ("config",), ("list",), ("run",)])
def test_no_command_shows_what_there_is(arguments, capsys):
    assert module._run(list(arguments)) == 2
    assert "Commands:" in capsys.readouterr().err


def test_version_option_stays(capsys):
    assert module._run(["--version"]) == 0
    assert re.fullmatch(r"tradekit \d+\.\d+\.\d+\n", capsys.readouterr().out)
