"""Bad input: one sentence, the documented code, no traceback, stored data as it was."""

import json

import pytest

HEAD = "from tradekit import Frame, Signal, strategy\n"
DECIDE = '\n@strategy("s")\ndef s(ctx): ...\n'
SHORT_HOLD = f"""{HEAD}
f = Frame("f", "2026-04-01", "2026-04-03", base="1h")

@strategy("s", every="1h", hold="30m", wait="1h")
def s(ctx): ...
"""

# (name, text of the file or None, options, exit code, beginning of each sentence)
CASES = [
    (
        "syntax error",
        "x = 1\ndef f(:\n",
        [],
        2,
        ["bad.py could not be loaded: "],
    ),
    (
        "import error",
        "import not_there_at_all\n",
        [],
        2,
        ["bad.py could not be loaded: there is no module 'not_there_at_all' (bad.py:1)"],
    ),
    ("raises at import", "1 / 0\n", [], 2, ["bad.py could not be loaded: ZeroDivisionError: "]),
    (
        "no strategy",
        "x = 1\n",
        ["--exchange", "local", "--from", "2026-04-01", "--to", "1d"],
        2,
        ["Strategy not specified"],
    ),
    (
        "nothing at all",
        "x = 1\n",
        ["--exchange", "nowhere"],
        2,
        ["Strategy not specified", "Frame not specified", "exchange was 'nowhere', which bad.py"],
    ),
    (
        "two strategies of one name",
        f'{HEAD}{DECIDE}\n@strategy("s")\ndef t(ctx): ...\n',
        [],
        2,
        ["strategy name 's' was declared at bad.py:4 and again at bad.py:7, must be unique"],
    ),
    (
        "frame in the file that ends before it starts",
        f'{HEAD}f = Frame("f", "2026-05-01", "2026-04-01")\n',
        [],
        2,
        ["bad.py could not be loaded: frame 'f' ends at 2026-04-01T00:00:00Z, must end after"],
    ),
    ("missing file", None, ["gone.py"], 2, ["strategy file was gone.py, which does not exist"]),
    ("folder", None, ["."], 2, ["strategy file was ., a folder, must be a .py file"]),
    (
        "misspelt --strategy",
        None,
        ["mine.py", "--strategy", "brcket"],
        2,
        ["strategy was 'brcket', which mine.py does not declare; did you mean 'bracket'?"],
    ),
    (
        "misspelt --frame and --set",
        None,
        ["mine.py", "--frame", "dayz", "--set", "fast=3"],
        2,
        ["frame was 'dayz', which mine.py does", "--set named fast, but strategy 'bracket'"],
    ),
    (
        "unknown symbols",
        None,
        ["mine.py", "--exchange", "local", "--symbols", "BTCUSD,BTCUSDT,NOPEUSDT"],
        2,
        [
            "symbol BTCUSD, NOPEUSDT is not listed on exchange 'local'; did you mean BTCUSDT for",
        ],
    ),
    (
        "--from after --to",
        None,
        ["mine.py", "--from", "2026-05-01", "--to", "2026-04-01"],
        2,
        ["--to was 2026-04-01T00:00:00Z, must be after --from 2026-05-01T00:00:00Z"],
    ),
    (
        "frame that is not covered",
        None,
        ["mine.py", "--exchange", "local", "--symbols", "BTCUSDT", "--to", "2026-05-01"],
        6,
        [
            "exchange 'local' has BTCUSDT from 2026-04-01T00:00:00Z to 2026-04-03T00:00:00Z, frame",
        ],
    ),
    (
        "hold shorter than the base interval",
        SHORT_HOLD,
        ["--exchange", "local"],
        2,
        ["hold of strategy 's' was 30m, must be a multiple of the base interval 1h of frame 'f'"],
    ),
    (
        "signal with its stop on the wrong side",
        None,
        ["mine.py", "--strategy", "wrong-side", "--symbols", "BTCUSDT,SOLUSDT"],
        1,
        ["stop_loss_price was "],
    ),
    (
        "hook that raises",
        None,
        ["mine.py", "--strategy", "raises", "--symbols", "BTCUSDT,SOLUSDT"],
        1,
        ["ValueError: cannot look (strategy 'raises', look (mine.py:"],
    ),
    (
        "settings out of range, all at once",
        None,
        ["mine.py", "--capital", "-1", "--fee", "80", "--workers", "0", "--gaps", "guess"],
        2,
        ["--capital was -1.0 ", "--gaps was 'guess' ", "--workers was 0 ", "--fee was 80.0 "],
    ),
    (
        "runs folder that is a file",
        None,
        ["mine.py", "--runs-dir", "mine.py/runs"],
        2,
        ["runs_dir was "],
    ),
]


def sentences(err):
    return [line.removeprefix("error: ") for line in err.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize(
    ("text", "options", "code", "beginnings"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_bad_input(stocked, text, options, code, beginnings):
    if text is not None:
        (stocked.folder / "bad.py").write_text(text)
        options = ["bad.py", *options]
    before = stocked.stored()

    answer = stocked("backtest", *options)

    assert answer.returncode == code, answer.stderr
    told = sentences(answer.stderr)
    assert len(told) == len(beginnings), answer.stderr
    for sentence, beginning in zip(told, beginnings, strict=True):
        assert sentence.startswith(beginning)
    assert "Traceback" not in answer.stdout + answer.stderr
    after = stocked.stored()
    assert {name: after.get(name) for name in before} == before
    assert all(name.startswith("runs/") for name in after.keys() - before.keys())
    assert bool(after.keys() - before.keys()) == (code == 1)


def test_same_mistake_as_a_document(stocked):
    answer = stocked("backtest", "mine.py", "--strategy", "brcket", "--json")

    document = json.loads(answer.stdout)
    assert (answer.returncode, document["code"], document["ok"]) == (2, 2, False)
    assert document["errors"][0]["kind"] == "UnknownNameError"
    assert document["errors"][0]["fix"].startswith("known: bracket, ")


def test_debug_shows_the_traceback(stocked):
    answer = stocked("backtest", "mine.py", "--strategy", "brcket", "--debug")

    assert answer.returncode == 2
    assert "Traceback (most recent call last)" in answer.stderr


def test_other_symbols_finish_beside_one_that_fails(shell):
    answer = shell(
        "backtest", "mine.py", "--strategy", "raises", "--symbols", "SOLUSDT,BTCUSDT", "--json"
    )

    symbols = json.loads(answer.stdout)["data"]["report"]["symbols"]
    assert answer.returncode == 1
    assert symbols["SOLUSDT"]["exits"] == {"failed": 1}
    assert symbols["BTCUSDT"]["trade_count"] > 1


def test_holes_end_with_6_and_the_others_run(stocked):
    for day in ("2026-04-01", "2026-04-02T01:00"):
        window = ["--from", day, "--to", "2026-04-02" if day == "2026-04-01" else "2026-04-03"]
        assert stocked("data", "synth", "SOLUSDT", *window).returncode == 0
    options = ["mine.py", "--exchange", "local", "--symbols", "BTCUSDT,SOLUSDT", "--json"]

    refused, skipped = (
        stocked("backtest", *options),
        stocked("backtest", *options, "--gaps", "skip"),
    )

    document = json.loads(refused.stdout)
    assert (refused.returncode, document["code"]) == (6, 6)
    assert document["errors"][0]["message"] == (
        "60 1m candles are missing of SOLUSDT on exchange 'local' in one stretch, from "
        "2026-04-02T00:00:00Z to 2026-04-02T01:00:00Z"
    )
    assert document["data"]["report"]["symbols"]["BTCUSDT"]["trade_count"] > 0
    assert document["data"]["report"]["symbols"]["SOLUSDT"]["candle_count"] == 0
    assert skipped.returncode == 0
    (gap,) = json.loads(skipped.stdout)["data"]["report"]["gaps"]
    assert (gap["symbol"], gap["holes"], gap["missing"]) == ("SOLUSDT", 1, 60)
    assert gap["trades_over_holes"]


def test_full_disk_is_one_sentence_and_leaves_nothing(stocked):
    before = stocked.stored()

    answer = stocked.on_a_full_disk("backtest", "mine.py", size=4096)

    assert answer.returncode == 1
    (sentence,) = sentences(answer.stderr)
    assert sentence.startswith(f"the run could not be written to {stocked.folder / 'runs'}: ")
    assert "the disk is full" in sentence
    assert "Traceback" not in answer.stderr
    assert stocked.stored() == before
    assert not (stocked.folder / "runs").exists()


def test_strategies_folder_decides_where_no_file_is_named(shell):
    folder = shell.folder / "strategies"
    folder.mkdir()
    none = shell("backtest")
    (shell.folder / "mine.py").rename(folder / "one.py")
    one = shell("backtest", "--symbols", "BTCUSDT")
    (folder / "two.py").write_text(HEAD)
    two = shell("backtest")

    assert (none.returncode, one.returncode, two.returncode) == (2, 0, 2)
    assert two.stderr == (
        "error: Strategy not specified\n  fix: name one of strategies/one.py, strategies/two.py\n"
    )
