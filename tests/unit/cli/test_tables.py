"""How tables look on a terminal and in a pipe."""

import sys

import pytest

from tradekit.cli.tables import print_table


@pytest.fixture
def printed(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "dumb")  # no bold headers

    def printed(headers, rows, *, terminal):
        monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
        print_table(headers, rows)
        return capsys.readouterr().out

    return printed


def test_pipe_gets_columns(printed):
    out = printed(["name", "n"], [["a", "1"], ["longer", "22"]], terminal=False)

    assert out == "name    n\na       1\nlonger  22\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_nothing_is_printed_without_rows(printed, terminal):
    assert printed(["name"], [], terminal=terminal) == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_control_characters_are_spelled_out(printed, terminal):
    out = printed(
        ["name", "text"],
        [["\x1b[2Ja", "one\ntwo\tthree"], ["b\r\x07", "[red]plain[/red]"]],
        terminal=terminal,
    )

    assert all(each.isprintable() for each in out.splitlines())
    lines = [line for line in out.splitlines() if "a" in line and "one" in line]
    assert len(lines) == 1
    assert r"\x1b[2Ja" in lines[0]
    assert r"one\ntwo\tthree" in lines[0]
    assert r"b\r\x07" in out
    assert "[red]plain[/red]" in out


@pytest.mark.parametrize(("count", "drawn"), [(100, True), (101, False)])
def test_long_tables_are_not_drawn(printed, monkeypatch, count, drawn):
    if not drawn:
        monkeypatch.setitem(sys.modules, "rich.table", None)  # importing it would fail

    out = printed(["name"], [[f"row {number}"] for number in range(count)], terminal=True)

    assert ("━" in out) is drawn
    assert f"row {count - 1}" in out
