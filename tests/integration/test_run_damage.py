"""Whatever happens to the files of a kept run, every command says so in a sentence."""

import copy
import json
import random
import re
import shutil

import pytest

from tradekit.cli.app import main

STRATEGY = """
from tradekit import Exchange, Frame, Signal, strategy

days = Frame("days", "2026-04-01", "2026-04-03")
market = Exchange.synthetic()


@strategy("mine", hold="4h")
def mine(ctx):
    return Signal.long(stop_loss_pct=1.0, take_profit_pct=2.0)
"""
FILES = ("events.jsonl", "trades.jsonl", "equity.csv", "report.json", "manifest.json")
JUNK = (
    *(None, True, -1, 0, 10**400, 1e300, [], {}, [None], {"a": 1}, [[]], "", "x", "nan", "1e999"),
    *("\ud800", "\x1b[2J", float("inf"), float("nan"), [{}], "2026-04-01", 2**63, "9" * 5000),
)
COMMANDS = (
    ("list",),
    ("list", "--json"),
    ("show", "{id}"),
    ("show", "{id}", "--json"),
    ("verify", "{id}"),
    ("diff", "{id}", "{other}"),
    ("diff", "{other}", "{id}", "--json"),
    ("export", "{id}", "--trades", "csv"),
    ("export", "{id}", "--trades", "jsonl", "--json"),
    ("export", "{id}", "--trades", "parquet", "--to", "t.parquet"),
    ("report", "{id}", "--html", "page.html"),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return tmp_path_factory.mktemp("made")


@pytest.fixture
def tradekit(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
        printed = capsys.readouterr()
        return end.value.code, printed.out, printed.err

    return run


def documented(tradekit):
    """Return the exit codes that the help of each command names."""
    codes = {}
    for command in {each[0] for each in COMMANDS}:
        text = " ".join(tradekit("run", command, "--help")[1].split())
        codes[command] = set(map(int, re.findall(r"(?:codes:|,) (\d) ", text)))
    return codes


def change_bytes(path, dice):
    content = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 3)):
        content[dice.randrange(len(content))] = dice.randrange(256)
    path.write_bytes(content)


def cut(path, dice):
    content = path.read_bytes()
    path.write_bytes(content[: dice.randrange(len(content))])


def leave_out(path, dice):
    content = path.read_bytes()
    start = dice.randrange(len(content))
    path.write_bytes(content[:start] + content[start + dice.randint(1, 80) :])


def double(path, dice):
    lines = path.read_bytes().splitlines(keepends=True)
    lines.insert(dice.randrange(len(lines)), dice.choice(lines))
    path.write_bytes(b"".join(lines))


def nodes(value, above=()):
    """Yield the way to each value in a document."""
    yield above
    if isinstance(value, dict | list):
        for key, each in value.items() if isinstance(value, dict) else enumerate(value):
            yield from nodes(each, (*above, key))


def replaced(document, way, dice):
    """Return a document with junk at one place, or without it."""
    if not way:
        return dice.choice(JUNK)
    document = copy.deepcopy(document)
    here = document
    for step in way[:-1]:
        here = here[step]
    if dice.random() < 0.3:
        del here[way[-1]]
    else:
        here[way[-1]] = dice.choice(JUNK)
    return document


def put_junk(path, dice):
    """Put junk in place of a value, in most cases one near the top."""
    if path.suffix == ".csv":
        rows = [line.split(",") for line in path.read_text().splitlines()]
        dice.choice(rows)[dice.randrange(5)] = str(dice.choice(JUNK[:-2]))
        text = "".join(",".join(row) + "\n" for row in rows)
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return
    documents = [path.read_text()]
    if path.suffix == ".jsonl":
        documents = documents[0].splitlines()
    number = dice.randrange(len(documents))
    document = json.loads(documents[number])
    ways = [way for way in nodes(document) if len(way) <= dice.randint(0, 4)]
    documents[number] = json.dumps(replaced(document, dice.choice(ways), dice))
    path.write_text("".join(f"{each}\n" for each in documents))


def remove(path, dice):
    path.unlink()
    if dice.random() < 0.5:
        path.mkdir()


DAMAGES = (change_bytes, cut, leave_out, double, put_junk, put_junk, put_junk, put_junk, remove)


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 10))]
)
def test_no_damage_is_an_internal_error(tradekit, tmp_path, made, seed):
    if not (made / "runs").exists():
        (tmp_path / "mine.py").write_text(STRATEGY)
        for capital in ("10000", "5000"):
            code, _, err = tradekit("backtest", "mine.py", "--capital", capital)
            assert code == 0, err
        shutil.copytree(tmp_path, made, dirs_exist_ok=True)
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    run_id, other = sorted(each.name for each in (tmp_path / "runs").iterdir())
    codes = documented(tradekit)
    dice = random.Random(seed)

    for number in range(20):
        damage, name = dice.choice(DAMAGES), dice.choice(FILES)
        damage(tmp_path / "runs" / run_id / name, dice)
        # A page takes longer than everything else together.
        for command in COMMANDS if number % 5 == 0 else COMMANDS[:-1]:
            words = [word.format(id=run_id, other=other) for word in command]
            code, _, err = tradekit("run", *words)
            told = f"{number}: {damage.__name__} of {name}, {' '.join(words)}: {code} {err}"
            assert "internal error" not in err, told
            assert code in codes[command[0]], told
        shutil.rmtree(tmp_path / "runs" / run_id)
        shutil.copytree(made / "runs" / run_id, tmp_path / "runs" / run_id)
