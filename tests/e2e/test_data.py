"""Candles one can check: the installed command line on a store with a hole and worse."""

import asyncio
import base64
import json
import os
import re
import sqlite3
import zlib
from contextlib import closing

import pytest

from tests.support.candles import DAY, rows_of, series_of, write_csv
from tests.support.defects import damage_day
from tradekit.bootstrap.data import import_files, list_holdings
from tradekit.bootstrap.data_export import export_candles
from tradekit.bootstrap.data_synth import synthesise
from tradekit.domain.time import DAY_MS

HOLE = range(600, 720)


def document(answer):
    return json.loads(answer.stdout)


@pytest.fixture
def holed(shell):
    """Return a shell beside a store of two symbols for two days, one of them with a hole."""
    state, folder = shell.folder / ".tradekit", shell.folder
    names = ("BTCUSDT", "SOLUSDT")
    window = (DAY, DAY + 2 * DAY_MS)
    asyncio.run(synthesise(state, names, *window, seed=0, exchange="made"))
    asyncio.run(export_candles(state, names, folder, exchange="made"))
    file = folder / "SOLUSDT-1m.csv"
    header, *lines = file.read_text().splitlines()
    kept = [line for minute, line in enumerate(lines) if minute not in HOLE]
    file.write_text("\n".join([header, *kept]) + "\n")
    asyncio.run(import_files(state, [folder / "BTCUSDT-1m.csv", file]))
    return shell


def test_hole_is_told_with_4_and_a_sound_symbol_with_0(holed):
    answer = holed("data", "verify", "--exchange", "local", "--json")
    sound = holed("data", "verify", "BTCUSDT")

    (defect,) = document(answer)["data"]["defects"]
    assert (answer.returncode, sound.returncode) == (4, 0), sound.stderr
    assert (defect["symbol"], defect["kind"], defect["candles"]) == ("SOLUSDT", "hole", 120)
    assert (defect["from"], defect["to"]) == ("2026-04-01T10:00:00Z", "2026-04-01T12:00:00Z")
    assert "Traceback" not in answer.stderr + sound.stderr


def test_damaged_store_is_told_by_its_day(holed):
    damage_day(holed.folder / ".tradekit", "made", "BTCUSDT", DAY // DAY_MS + 1)

    answer = holed("data", "verify", "--exchange", "made")

    assert answer.returncode == 4
    row = next(line for line in answer.stdout.splitlines() if "BTCUSDT" in line)
    assert row.split()[3:6] == ["damaged", "2026-04-02T00:00:00Z", "1,440"]
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("form", ["csv", "csv.gz", "parquet", "jsonl"])
def test_export_and_import_give_the_same_candles(holed, form):
    out = document(holed("data", "export", "SOLUSDT", "--out", f"x.{form}", "--json"))
    taken = holed(
        *("data", "import", f"x.{form}", "--symbol", "SOLUSDT", "--interval", "1m"),
        *("--exchange", "again"),
    )
    back = document(
        holed("data", "export", "SOLUSDT", "--exchange", "again", "--out", "y.csv", "--json")
    )

    assert taken.returncode == 0, taken.stderr
    (first,), (second,) = out["data"]["files"], back["data"]["files"]
    assert first["content_hash"] == second["content_hash"]
    assert first["candles"] == second["candles"] == 2 * 1440 - len(HOLE)


def test_full_disk_leaves_no_half_file(holed):
    (holed.folder / "x.csv").write_text("old")
    before = sorted(path.name for path in holed.folder.iterdir())

    answer = holed.on_a_full_disk("data", "export", "BTCUSDT", "--out", "x.csv", size=8192)

    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert (holed.folder / "x.csv").read_text() == "old"
    assert sorted(path.name for path in holed.folder.iterdir()) == before


def test_prune_needs_a_yes(holed):
    shown = holed("data", "prune", "SOLUSDT", "--before", "2026-04-02T06:00")
    still = document(holed("data", "list", "--json"))["data"]["holdings"]
    done = holed("data", "prune", "SOLUSDT", "--before", "2026-04-02T06:00", "--yes", "--json")

    assert (shown.returncode, done.returncode) == (2, 0)
    assert "fix: add --yes" in shown.stderr
    assert sum(each["candles"] for each in still) == 4 * 2 * 1440 - len(HOLE)
    left = [
        each
        for each in document(holed("data", "list", "--json"))["data"]["holdings"]
        if each["symbol"] == "SOLUSDT"
    ]
    assert [each["from"] for each in left] == ["2026-04-02T06:00:00Z"] * 2
    assert len(document(done)["data"]["removed"]) == 2
    assert holed("data", "verify").returncode == 0


def test_parquet_without_its_extra_is_one_sentence_and_2(holed):
    holed("data", "export", "BTCUSDT", "--out", "x.parquet")
    blocked = holed.folder / "blocked" / "pyarrow"
    blocked.mkdir(parents=True)
    (blocked / "__init__.py").write_text("raise ImportError('blocked')")
    environ = {**holed.environ, "PYTHONPATH": str(blocked.parent)}

    for words in (
        ("import", "x.parquet", "--symbol", "BTCUSDT", "--interval", "1m"),
        ("export", "BTCUSDT", "--out", "y.parquet"),
    ):
        answer = holed("data", *words, environ=environ)

        assert answer.returncode == 2, answer.stderr
        first, *_ = answer.stderr.splitlines()
        assert first.endswith("needs pyarrow, and that is not installed")
        assert "pip install 'tradekit[parquet]'" in answer.stderr
    assert not (holed.folder / "y.parquet").exists()


def backtest(shell, *options):
    answer = shell(
        *("backtest", "mine.py", "--exchange", "local", "--json"),
        *("--symbols", "BTCUSDT,SOLUSDT", *options),
    )
    assert answer.returncode == 0, answer.stderr
    return shell.folder / document(answer)["data"]["run_dir"]


def test_filled_hole_runs_and_is_told(holed):
    place = backtest(holed, "--gaps", "fill")

    report = json.loads((place / "report.json").read_text())
    (gap,) = report["gaps"]
    assert (gap["symbol"], gap["holes"], gap["missing"]) == ("SOLUSDT", 1, 120)
    assert report["notes"] == [
        "SOLUSDT: 120 candles are made up, flat at the last close: --gaps fill"
    ]
    skipped = json.loads((backtest(holed, "--gaps", "skip") / "manifest.json").read_text())
    filled = json.loads((place / "manifest.json").read_text())
    assert filled["data_sha256"] == skipped["data_sha256"]


def packed(page, name):
    """Return what the page hands to its scripts under that name."""
    block = re.search(rf'id="{name}">([^<]*)<', page)[1]
    return json.loads(zlib.decompress(base64.b64decode(block)))


@pytest.mark.parametrize(("gaps", "missing"), [("fill", 0), ("skip", len(HOLE))])
def test_page_draws_the_candles_that_the_run_stepped(holed, gaps, missing):
    (holed.folder / "mine.py").write_text(BUSY)
    backtest(holed, "--strategy", "busy", "--gaps", gaps)

    answer = holed("run", "report", "last", "--html", "page.html")

    assert answer.returncode == 0, answer.stderr
    page = (holed.folder / "page.html").read_text()
    shown = [len(packed(page, f"candles-{index}")["open"]) for index in (0, 1)]
    assert shown == [2 * 1440, 2 * 1440 - missing]
    text = " ".join(page.split())
    assert ("120 of SOLUSDT, counted in candles of 1m" in text) is (gaps == "fill")
    assert ("traded at made-up prices" in text) is (gaps == "fill")
    assert "120 candles missing" in text


@pytest.mark.parametrize(
    "words", [("run", "report", "last", "--html"), ("data", "export", "BTCUSDT", "--out")]
)
def test_pipe_is_not_replaced_by_a_file(holed, words):
    backtest(holed, "--gaps", "skip")
    os.mkfifo(holed.folder / "pipe.csv")

    answer = holed(*words, "pipe.csv")

    assert answer.returncode == 2, answer.stderr
    assert "pipe.csv cannot be written: it is no regular file" in answer.stderr
    assert (holed.folder / "pipe.csv").is_fifo()


BUSY = """
from tradekit import Frame, Signal, strategy

days = Frame("days", "2026-04-01", "2026-04-03")


@strategy("busy", hold="7m")
def busy(ctx):
    return Signal.long(stop_loss_pct=50.0)
"""


def test_filled_hole_is_the_same_for_any_number_of_workers(holed):
    (holed.folder / "mine.py").write_text(BUSY)
    places = [
        backtest(holed, "--strategy", "busy", "--gaps", "fill", "--workers", each)
        for each in ("1", "2")
    ]

    exits = [json.loads(line) for line in (places[0] / "trades.jsonl").read_text().splitlines()]
    since_ms, until_ms = (DAY + minute * 60_000 for minute in (HOLE.start, HOLE.stop))
    inside = [
        each
        for each in exits
        if each["symbol"] == "SOLUSDT" and since_ms < each["exit_ts_ms"] < until_ms
    ]
    assert len(inside) > 10
    (gap,) = json.loads((places[0] / "report.json").read_text())["gaps"]
    told = {trade["signal_id"]: trade for trade in gap["trades_over_holes"]}
    assert {each["signal_id"] for each in inside} <= set(told)
    for each in inside:
        doubt = told[each["signal_id"]]
        assert (doubt["inside"], doubt["pnl"]) == (True, each["pnl"])
    assert json.loads((places[1] / "manifest.json").read_text())["notes"] == []
    names = [path.name for path in places[0].iterdir() if path.name != "manifest.json"]
    assert len(names) >= 4
    for name in names:
        assert (places[0] / name).read_bytes() == (places[1] / name).read_bytes(), name


TIMERS = """
from tradekit import Exchange, Frame, Signal, strategy

days = Frame("days", "2026-04-01", "2026-04-02")


@strategy("once", hold="30m", every="1d")
def once(ctx):
    return Signal.long(stop_loss_pct=50.0)
"""


@pytest.mark.parametrize(("gaps", "exit_minute"), [("fill", 40), ("skip", 130)])
def test_hold_runs_out_on_the_clock(shell, gaps, exit_minute):
    """Opened at 00:10, held for 30 minutes; the candles of 00:20 to 02:10 are missing."""
    minutes = [*range(9, 20), *range(130, 1440)]
    write_csv(shell.folder / "BTCUSDT-1m.csv", rows_of(series_of(minutes)))
    shell("data", "import", "BTCUSDT-1m.csv")
    (shell.folder / "timers.py").write_text(TIMERS)

    answer = shell(
        *("backtest", "timers.py", "--exchange", "local", "--symbols", "BTCUSDT", "--json"),
        *("--gaps", gaps),
    )

    assert answer.returncode == 0, answer.stderr
    place = shell.folder / document(answer)["data"]["run_dir"]
    first = json.loads((place / "trades.jsonl").read_text().splitlines()[0])
    assert (first["entry_ts_ms"], first["reason"]) == (DAY + 10 * 60_000, "time_expired")
    assert first["exit_ts_ms"] == DAY + exit_minute * 60_000
    if gaps == "fill":
        assert float(first["exit_price"]) == 119.5  # the close of 00:19


def test_store_of_the_version_before_is_taken_over(shell):
    """The first write upgrades it; what it had is there."""
    state = shell.folder / ".tradekit"
    asyncio.run(synthesise(state, ["BTCUSDT"], DAY, DAY + DAY_MS, seed=0))
    with closing(sqlite3.connect(state / "candles.sqlite3")) as connection, connection:
        connection.execute("DROP TABLE ledger")
        connection.execute("UPDATE schema SET version = 1")
    (before,) = asyncio.run(list_holdings(state))

    checked = shell("data", "verify")
    write_csv(shell.folder / "SOLUSDT-1m.csv.gz", rows_of(series_of(range(50))))
    taken = shell("data", "import", "SOLUSDT-1m.csv.gz")

    assert (checked.returncode, taken.returncode) == (0, 0), checked.stderr + taken.stderr
    first, second = asyncio.run(list_holdings(state))
    assert (first, second.symbol) == (before, "SOLUSDT")
