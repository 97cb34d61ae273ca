"""`tradekit data`: what its commands print, and with which exit code they end."""

import asyncio
import json

import pytest

from tests.support.candles import rows_of, series_of, write_csv
from tradekit.bootstrap.data import import_files
from tradekit.cli.app import main


@pytest.fixture
def tradekit(tmp_path, monkeypatch, capsys):
    """Return what runs a command in an empty directory: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main(["data", *arguments])
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return run


@pytest.fixture
def files(tmp_path):
    write_csv(tmp_path / "BTCUSDT-1m.csv", rows_of(series_of([0, 1, 1, 5])))
    write_csv(tmp_path / "SOLUSDT-1m.csv", [*rows_of(series_of([0])), ["1", *"12345"]])
    write_csv(tmp_path / "odd.csv", rows_of(series_of([0, 1])), "when,open,high,low,last,volume")
    return tmp_path


def document(text: str) -> dict:
    found = json.loads(text)
    assert text == json.dumps(found, sort_keys=True) + "\n"
    return found


def test_import_prints_a_table(tradekit, files) -> None:
    code, out, err = tradekit("import", "BTCUSDT-1m.csv")

    assert (code, err) == (0, "")
    header, row = out.splitlines()
    assert header.split() == [
        "file",
        "symbol",
        "interval",
        "from",
        "to",
        "candles",
        "new",
        "noticed",
    ]
    assert "2026-04-01T00:00:00Z  2026-04-01T00:06:00Z" in row
    assert row.endswith("1 duplicates dropped, 1 holes (3 candles missing)")


def test_table_is_drawn_on_a_terminal(tradekit, files, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)

    _, out, _ = tradekit("import", "BTCUSDT-1m.csv")

    assert "BTCUSDT" in out
    assert "━" in out


def test_import_as_json(tradekit, files) -> None:
    code, out, err = tradekit("import", "BTCUSDT-1m.csv", "--json")

    found = document(out)
    assert (code, err) == (0, "")
    assert {key: found[key] for key in ("schema", "ok", "code")} == {
        "schema": "tradekit.data.import/1",
        "ok": True,
        "code": 0,
    }
    (file,) = found["data"]["files"]
    assert (file["symbol"], file["from"], file["to"]) == (
        "BTCUSDT",
        "2026-04-01T00:00:00Z",
        "2026-04-01T00:06:00Z",
    )
    assert (file["candles"], file["added"], file["duplicates"], file["missing"]) == (3, 3, 1, 3)


def test_refused_file_ends_with_4_and_the_others_are_kept(tradekit, files) -> None:
    code, out, err = tradekit("import", "BTCUSDT-1m.csv", "SOLUSDT-1m.csv")

    assert code == 4
    assert "BTCUSDT" in out
    assert "SOLUSDT" not in out
    assert "1 of 2 files refused, 1 taken into 'local'" in err
    assert "error: timestamp_ms was '1', must lie between the years" in err
    assert "BTCUSDT" in tradekit("list")[1]


def test_refused_file_as_json(tradekit, files) -> None:
    code, out, _ = tradekit("import", "BTCUSDT-1m.csv", "SOLUSDT-1m.csv", "--json")

    found = document(out)
    assert (code, found["code"], found["ok"]) == (4, 4, False)
    assert [each["file"] for each in found["data"]["files"]] == ["BTCUSDT-1m.csv"]
    assert [each["file"] for each in found["data"]["refused"]] == ["SOLUSDT-1m.csv"]
    assert [each["kind"] for each in found["errors"]] == ["CandleError"]


def test_directory_tells_what_it_left_out(tradekit, files) -> None:
    code, _, err = tradekit("import", ".")

    assert code == 4
    assert "left out, no symbol and known interval in the name: odd.csv" in err


def test_columns_symbol_and_interval_are_options(tradekit, files) -> None:
    code, out, _ = tradekit(
        *("import", "odd.csv", "--symbol", "xrpusdt", "--interval", "1m"),
        *("--map", "timestamp_ms=when,close=last", "--exchange", "mine"),
    )

    assert code == 0
    assert "XRPUSDT" in out
    assert tradekit("list")[1].splitlines()[1].split()[:3] == ["mine", "XRPUSDT", "1m"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["import", "absent.csv"], "absent.csv does not exist"),
        (["import", "odd.csv"], "'odd.csv' does not begin with a symbol and an interval"),
        (["import", "BTCUSDT-1m.csv", "--map", "close"], "--map was 'close', must be OURS=THEIRS"),
        (["import", "BTCUSDT-1m.csv", "--interval", "1w"], "--interval was '1w'"),
        (["import"], "Missing argument"),
        (["synth", "BTCUSDT", "--from", "soon", "--to", "2026-04-02"], "--from was 'soon'"),
        (
            ["synth", "BTCUSDT", "--from", "2026-04-02", "--to", "2026-04-01"],
            "must be after --from",
        ),
        (["synth", "BTCUSDT", "--from", "2026-04-02"], "Missing option '--to'"),
    ],
)
def test_wrong_usage_ends_with_2(tradekit, files, arguments, sentence) -> None:
    code, out, err = tradekit(*arguments)

    assert (code, out) == (2, "")
    assert sentence in err


def test_wrong_usage_as_json(tradekit, files) -> None:
    code, out, _ = tradekit("import", "absent.csv", "gone.csv", "--json")

    found = document(out)
    assert (code, found["code"], found["schema"]) == (2, 2, "tradekit.data.import/1")
    assert [each["message"] for each in found["errors"]] == [
        "absent.csv does not exist",
        "gone.csv does not exist",
    ]


def test_list_of_an_empty_store(tradekit) -> None:
    assert tradekit("list") == (
        0,
        "",
        "the store has no candles; see: tradekit data import --help\n",
    )
    code, out, err = tradekit("list", "--json")
    assert (code, err, document(out)["data"]) == (0, "", {"holdings": []})


def test_list_as_json(tradekit, files) -> None:
    tradekit("import", "BTCUSDT-1m.csv")

    code, out, _ = tradekit("list", "--json")

    assert code == 0
    assert document(out) == {
        "schema": "tradekit.data.list/1",
        "ok": True,
        "code": 0,
        "data": {
            "holdings": [
                {
                    "exchange": "local",
                    "symbol": "BTCUSDT",
                    "interval": "1m",
                    "from": "2026-04-01T00:00:00Z",
                    "to": "2026-04-01T00:06:00Z",
                    "candles": 3,
                    "holes": 1,
                    "missing": 3,
                }
            ]
        },
    }


def test_synth_writes_to_the_store(tradekit) -> None:
    window = ("--from", "2026-04-01", "--to", "2026-04-02")

    code, out, err = tradekit("synth", "BTCUSDT", "SOLUSDT", *window, "--seed", "3")
    again, text, _ = tradekit("synth", "BTCUSDT", *window, "--seed", "3", "--json")

    assert (code, err, again) == (0, "", 0)
    assert [line.split()[1] for line in out.splitlines()] == ["symbol", "BTCUSDT", "SOLUSDT"]
    data = document(text)["data"]
    assert (data["seed"], data["exchange"]) == (3, "local")
    assert [(each["candles"], each["added"]) for each in data["symbols"]] == [(1440, 0)]


@pytest.mark.parametrize("command", ["import", "list", "synth", "verify", "export", "prune"])
def test_help_ends_with_examples_and_exit_codes(tradekit, command) -> None:
    code, out, _ = tradekit(command, "--help")

    examples, _, codes = out.partition("Examples:")[2].partition("Exit codes:")
    assert code == 0
    assert examples.count(f"tradekit data {command}") == 2
    assert codes.strip().startswith("0 ")


def test_verify_prints_where_and_ends_with_4(tradekit, files) -> None:
    tradekit("import", "BTCUSDT-1m.csv")

    code, out, err = tradekit("verify")

    header, row, total = out.splitlines()
    assert code == 4
    assert header.split() == ["exchange", "symbol", "interval", "kind", "when", "candles", "values"]
    assert row.split()[:6] == ["local", "BTCUSDT", "1m", "hole", "2026-04-01T00:02:00Z", "3"]
    assert row.endswith("seen; close 101.5 before, open 105.0 after")
    assert total == "3 candles in 1 series looked at: 1 defect, 0 notes"
    assert (
        "error: BTCUSDT 1m of exchange 'local' has a defect (hole) at 2026-04-01T00:02:00Z" in err
    )


def test_verify_as_json(tradekit, files) -> None:
    tradekit("import", "BTCUSDT-1m.csv")

    code, out, _ = tradekit("verify", "BTCUSDT", "--json")

    assert code == 4
    assert document(out)["data"] == {
        "series": 1,
        "candles": 3,
        "defects": [
            {
                "exchange": "local",
                "symbol": "BTCUSDT",
                "interval": "1m",
                "kind": "hole",
                "from": "2026-04-01T00:02:00Z",
                "to": "2026-04-01T00:05:00Z",
                "candles": 3,
                "values": "close 101.5 before, open 105.0 after",
                "ledger": "seen",
            }
        ],
        "notes": [],
    }


def test_verify_of_sound_candles(tradekit) -> None:
    tradekit("synth", "BTCUSDT", "--from", "2026-04-01", "--to", "2026-04-02")

    assert tradekit("verify") == (
        0,
        "1,440 candles in 1 series looked at: 0 defects, 0 notes\n",
        "",
    )


def test_many_rows_of_one_kind_are_cut_short(tradekit, tmp_path) -> None:
    write_csv(tmp_path / "BTCUSDT-1m.csv", rows_of(series_of(range(0, 100, 2))))
    tradekit("import", "BTCUSDT-1m.csv")

    _, out, err = tradekit("verify")
    _, text, _ = tradekit("verify", "--json")

    assert len(out.splitlines()) == 1 + 20 + 1 + 1
    assert out.splitlines()[-2].endswith("29 more, all of them with --json")
    assert len(document(text)["data"]["defects"]) == 49
    assert "and 48 more defects" in err


def test_export_and_import_again(tradekit, files) -> None:
    tradekit("import", "BTCUSDT-1m.csv")

    code, out, err = tradekit("export", "BTCUSDT", "--out", "x.parquet")
    again = tradekit("import", "x.parquet", "--symbol", "BTCUSDT", "--interval", "1m")

    assert (code, err, again[0]) == (0, "", 0)
    assert out.splitlines()[1].split()[:3] == ["x.parquet", "BTCUSDT", "1m"]
    assert again[1].splitlines()[1].split()[5:7] == ["3", "0"]


def test_export_as_json(tradekit, files) -> None:
    tradekit("import", "BTCUSDT-1m.csv")

    code, out, _ = tradekit(
        *("export", "BTCUSDT", "--out", "x", "--from", "2026-04-01T00:01", "--to", "2026-04-02"),
        *("--format", "jsonl", "--json"),
    )

    (file,) = document(out)["data"]["files"]
    assert (code, file["file"], file["candles"]) == (0, "x", 2)
    assert (file["from"], file["to"]) == ("2026-04-01T00:01:00Z", "2026-04-01T00:06:00Z")


def test_prune_shows_and_removes_nothing_without_yes(tradekit, files) -> None:
    tradekit("import", "BTCUSDT-1m.csv")

    code, out, err = tradekit("prune", "BTCUSDT")
    as_json, text, _ = tradekit("prune", "BTCUSDT", "--json")

    assert (code, as_json) == (2, 2)
    assert out.splitlines()[1].split()[-1] == "3"
    assert "error: nothing was removed: --yes was not given" in err
    assert document(text)["data"]["removed"] == []
    assert "BTCUSDT" in tradekit("list")[1]


@pytest.mark.parametrize(("answer", "left"), [("n", True), ("y", False)])
def test_prune_asks_at_a_terminal(tradekit, files, monkeypatch, answer, left) -> None:
    tradekit("import", "BTCUSDT-1m.csv")
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda question, **_: answer == "y")

    code, _, err = tradekit("prune", "BTCUSDT")

    assert code == int(left)
    assert ("error: nothing was removed" in err) is left
    assert ("BTCUSDT" in tradekit("list")[1]) is left


def test_prune_keeps_what_came_while_it_asked(tradekit, files, monkeypatch) -> None:
    tradekit("import", "BTCUSDT-1m.csv")
    later = write_csv(files / "later.csv", rows_of(series_of([8, 9])))

    def slow_answer(question, **_):
        state_dir = files / ".tradekit"
        asyncio.run(import_files(state_dir, [later], symbol="BTCUSDT", interval="1m"))
        return True

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", slow_answer)

    code, _, err = tradekit("prune", "BTCUSDT")

    assert code == 1
    assert "removed 3 candles" in err
    assert "error: BTCUSDT 1m of exchange 'local' has changed since it was shown" in err
    assert tradekit("list")[1].splitlines()[1].split()[3] == "2026-04-01T00:08:00Z"


def test_prune_with_yes(tradekit, files) -> None:
    tradekit("import", "BTCUSDT-1m.csv")

    code, out, _ = tradekit("prune", "--before", "2026-04-01T00:01", "--yes", "--json")

    found = document(out)["data"]
    assert (code, [each["candles"] for each in found["removed"]]) == (0, [1])
    assert found["found"] == found["removed"]
    assert found["freed_bytes"] >= 0
    assert tradekit("list")[1].splitlines()[1].split()[3] == "2026-04-01T00:01:00Z"


def test_prune_with_nothing_to_remove(tradekit, files) -> None:
    tradekit("import", "BTCUSDT-1m.csv")

    code, out, err = tradekit("prune", "--before", "2026-04-01")

    assert (code, out) == (0, "")
    assert err.startswith("the store has no such candles\n")
