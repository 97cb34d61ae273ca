"""`tradekit run verify` and `run diff`: one thing is changed, and that one thing is named."""

import hashlib
import json
import os

import pytest

from tests.e2e.kept_project import Project


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def project(shell, made):
    return Project(shell, made)


def change_a_candle(project):
    # The entry at the open of 01:00 is known to happen; what it is paid follows from this open.
    project.rows[60][1] = repr(float(project.rows[60][1]) + 0.001)
    project.write_candles()
    return project.run()


def change_a_parameter(project):
    return project.run("--set", "target_pct=1.5")


def change_a_line(project):
    project.replace("mine.py", "ctx.price < 50.0", "ctx.price < 100.5")
    return project.run()


def change_an_imported_module(project):
    project.replace("levels.py", "1.0", "1.25")
    return project.run()


def change_a_setting(project):
    return project.run("--fee", "0.05")


def change_the_capital_at_risk(project):
    return project.run("--capital", "50")


def change_the_frame(project):
    return project.run("--from", "2026-04-01T02:00")


def change_the_engine(project):
    other = project.run("--set", "target_pct=1.5")
    path = project.place(other) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["versions"]["engine_sha256"] = "0" * 64
    manifest["config"]["params"]["target_pct"] = 2.0
    path.write_text(json.dumps(manifest))
    return other


def change_a_candle_and_what_is_done_about_holes(project):
    project.rows[60][1] = repr(float(project.rows[60][1]) + 0.001)
    project.write_candles()
    return project.run("--gaps", "skip")


def change_a_candle_and_a_later_end(project):
    project.rows[60][1] = repr(float(project.rows[60][1]) + 0.001)
    last = project.rows[-1]
    for minute in range(1, 61):
        project.rows.append([type(last[0])(int(last[0]) + minute * 60_000), *last[1:]])
    project.write_candles()
    return project.run("--to", "2026-04-02T01:00")


@pytest.mark.parametrize(
    ("change", "cause", "names"),
    [
        (change_a_candle, "data", {"BTCUSDT"}),
        (change_a_parameter, "parameter", {"target_pct"}),
        (change_a_line, "code", {"strategy_file.sha256"}),
        (change_an_imported_module, "code", {"strategy_file.modules.levels"}),
        (change_a_setting, "settings", {"costs.maker_fee_pct", "costs.taker_fee_pct"}),
        (change_the_capital_at_risk, "settings", {"capital"}),
        (change_the_frame, "settings", {"frame.since"}),
        (change_the_engine, "engine", {"versions.engine_sha256"}),
        (change_a_candle_and_what_is_done_about_holes, "data", {"BTCUSDT"}),
        (change_a_candle_and_a_later_end, "data", {"BTCUSDT"}),
    ],
)
def test_diff_names_the_one_cause_and_no_other(project, change, cause, names):
    other = change(project)

    code, document, err = project("diff", project.first, other)

    assert (code, document["code"], document["data"]["same"]) == (4, 4, False)
    assert document["data"]["causes"] == [cause]
    assert {each["name"] for each in document["data"]["differences"]} == names
    assert err.endswith(f"cause: {cause}\n")


def test_diff_does_not_blame_where_the_same_candles_are(project):
    folder = '"candles" if Path(__file__).with_name("candles").exists() else "prices"'
    project.replace("mine.py", '"candles"', folder)
    project.replace("mine.py", "from dataclasses", "from pathlib import Path\nfrom dataclasses")
    one = project.run()
    (project.folder / "candles").rename(project.folder / "prices")

    code, document, _ = project("diff", one, change_a_parameter(project))

    assert (code, document["data"]["causes"]) == (4, ["parameter"])
    assert [each["name"] for each in document["data"]["differences"]] == ["target_pct"]
    assert "exchange.directory" in {each["name"] for each in document["data"]["without_effect"]}


def test_diff_of_the_same_run_made_twice(project):
    again = project.run("--workers", "2", "--no-interval")

    code, document, _ = project("diff", project.first, again)

    data = document["data"]
    assert (code, data["same"], data["causes"], data["differences"]) == (0, True, [], [])
    assert {each["name"] for each in data["without_effect"]} == {"workers", "interval"}


def test_diff_that_nothing_explains_says_so(project):
    project.replace("mine.py", "ctx.price < 50.0", 'open("limit").read() == "x"')
    (project.folder / "limit").write_text("y")
    one = project.run()
    (project.folder / "limit").write_text("x")

    answer = project.shell("run", "diff", one, project.run())

    assert answer.returncode == 4
    assert "cause: unknown" in answer.stdout
    assert "that must not happen" in answer.stdout


def test_diff_shows_the_first_event_that_differs_field_by_field(project):
    other = change_a_parameter(project)
    lines = [
        (project.place(each) / "events.jsonl").read_text().splitlines()
        for each in (project.first, other)
    ]
    number = next(n for n, (a, b) in enumerate(zip(*lines, strict=False)) if a != b)

    answer = project.shell("run", "diff", project.first, other)

    assert f"number {number + 1}\n" in answer.stdout
    assert f"A: {lines[0][number]}\nB: {lines[1][number]}\n" in answer.stdout
    assert "take_profit_price" in answer.stdout.split("A: {")[0]
    assert "  differs: parameter target_pct: 2.0 -> 1.5\n" in answer.stdout


def change_a_byte(path):
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    while not chr(content[middle]).isdigit():
        middle += 1
    content[middle] = ord("7") if content[middle] != ord("7") else ord("8")
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-20])


def cut_a_line(path):
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))


FILES = ("events.jsonl", "trades.jsonl", "equity.csv", "report.json", "manifest.json")


def test_verify_of_a_run_as_it_was_written(project):
    code, document, _ = project("verify", "last")

    assert (code, document["data"]["findings"]) == (0, [])
    assert sorted(document["data"]["files"]) == sorted(FILES)


def test_manifest_has_the_hash_of_every_other_file(project):
    manifest = json.loads((project.place(project.first) / "manifest.json").read_text())

    assert manifest["files"] == {
        name: hashlib.sha256((project.place(project.first) / name).read_bytes()).hexdigest()
        for name in FILES
        if name != "manifest.json"
    }


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("damage", "telling"),
    [
        (change_a_byte, {"changed"}),
        (truncate, {"truncated"}),
        (cut_a_line, {"changed", "truncated"}),
        (os.remove, {"missing"}),
    ],
)
def test_verify_names_the_file_that_was_damaged(project, name, damage, telling):
    damage(project.place(project.first) / name)

    code, document, err = project("verify", project.first)

    ((found),) = document["data"]["findings"]
    assert (code, found["file"]) == (4, name)
    assert found["what"] in telling
    assert f"error: {name} of run {project.first} is {found['what']}: " in err


@pytest.mark.parametrize("name", ["notes.txt", "old/"])
def test_verify_names_what_was_added(project, name):
    path = project.place(project.first) / name
    path.mkdir() if name.endswith("/") else path.touch()

    code, document, _ = project("verify", "last")

    assert code == 4
    assert [(each["file"], each["what"]) for each in document["data"]["findings"]] == [
        (name, "extra")
    ]


def test_verify_sees_trades_that_are_not_those_of_the_events(project):
    """Somebody who knows how the hashes are made changes a result."""
    from tradekit.bootstrap.results import manifest_text

    place = project.place(project.first)
    change_a_byte(place / "trades.jsonl")
    manifest = json.loads((place / "manifest.json").read_text())
    digest = hashlib.sha256((place / "trades.jsonl").read_bytes()).hexdigest()
    manifest["files"]["trades.jsonl"] = digest
    (place / "manifest.json").write_text(manifest_text(manifest))

    code, document, _ = project("verify", "last")

    assert code == 4
    assert [each["file"] for each in document["data"]["findings"]] == ["trades.jsonl"]


def test_run_of_which_nothing_is_left_needs_a_person(project):
    for name in FILES:
        (project.place(project.first) / name).unlink()

    assert [project(command, "last")[0] for command in ("verify", "show")] == [5, 5]
