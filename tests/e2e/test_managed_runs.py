"""Runs of managed positions, read again: shown, exported, verified, compared and made a page of."""

import csv
import io
import json
import shutil
from collections import Counter

import pyarrow.parquet
import pytest

from tests.e2e.kept_project import walk
from tests.support.candles import write_csv
from tests.unit.adapters.run_page import block
from tradekit.bootstrap.results import manifest_text

STRATEGY = """
from dataclasses import dataclass

from tradekit import Exchange, Frame, Signal, strategy

market = Exchange.files("candles")
days = Frame("days", "2026-04-01T01:00", "2026-04-02")


@dataclass(frozen=True)
class Params:
    dip_pct: float = 0.3


@strategy("managed", hold="8h", params=Params)
def managed(ctx):
    make = Signal.long if ctx.now // 3_600_000 % 2 else Signal.short
    return make(stop_loss_pct=3, take_profit_pct=[(1.5, 40), (2.0, 60)])


@managed.while_open
def manage(ctx, position):
    far = not position.near_entry(above_pct=ctx.params.dip_pct, below_pct=ctx.params.dip_pct)
    if len(position.entries) < 4 and far:
        position.average_buy(50)
    if not position.exits and position.pnl_pct >= 0.3:
        position.close_part(pct=30, note="a part")
    if position.exits:
        position.trail_stop(pct=1.0)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return an empty folder, which the first test fills."""
    return tmp_path_factory.mktemp("made")


class Managed:
    """A folder with one kept run of managed positions."""

    def __init__(self, shell, made):
        self.shell = shell
        if list(made.iterdir()):
            shutil.copytree(made, shell.folder, dirs_exist_ok=True)
        else:
            (shell.folder / "candles").mkdir()
            (shell.folder / "managed.py").write_text(STRATEGY)
            write_csv(shell.folder / "candles" / "BTCUSDT-1m.csv", walk(1440))
            self.run()
            shutil.copytree(shell.folder, made, dirs_exist_ok=True)
        (self.place,) = (shell.folder / "runs").iterdir()

    def run(self, *options):
        arguments = ("backtest", "managed.py", "--symbols", "BTCUSDT", "--json", *options)
        answer = self.shell(*arguments)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)["data"]["run_id"]

    def rows(self, name):
        return [json.loads(line) for line in (self.place / name).read_text().splitlines()]

    def document(self, name):
        return json.loads((self.place / name).read_text())

    def forge(self, name, text):
        """Change a file as somebody would who knows how its hash is made."""
        from hashlib import sha256

        (self.place / name).write_text(text)
        manifest = self.document("manifest.json")
        manifest["files"][name] = sha256(text.encode()).hexdigest()
        (self.place / "manifest.json").write_text(manifest_text(manifest))

    def verified(self):
        answer = self.shell("run", "verify", "last", "--json")
        findings = json.loads(answer.stdout)["data"]["findings"]
        return answer.returncode, [(each["file"], each["what"]) for each in findings]


@pytest.fixture
def managed(shell, made):
    return Managed(shell, made)


def fill_of(event):
    return {name: event[name] for name in ("ts_ms", "price", "quantity", "fee")}


def test_trades_are_what_a_reader_of_the_events_makes_of_them(managed):
    events, trades = managed.rows("events.jsonl"), managed.rows("trades.jsonl")
    kinds = Counter(event["kind"] for event in events)
    assert min(kinds[kind] for kind in ("averaged", "partial", "trailed", "closed")) > 1
    entries, exits, cash = {}, {}, Counter()

    for event in events:
        signal_id = event["signal_id"]
        if event["kind"] in ("opened", "averaged"):
            entries.setdefault(signal_id, []).append(fill_of(event))
        if event["kind"] == "partial":
            exits.setdefault(signal_id, []).append(fill_of(event))
        cash[signal_id] += float(event.get("cash_delta", 0.0))

    assert kinds["opened"] == kinds["closed"] == len(trades)
    for trade in trades:
        own = exits.get(trade["signal_id"], [])
        fills = [*trade["entries"], *trade["exits"]]
        assert trade["entries"] == entries[trade["signal_id"]]
        assert trade["exits"][:-1] == own
        assert trade["entry_price"] == trade["entries"][0]["price"]
        assert trade["exit_price"] == trade["exits"][-1]["price"]
        assert float(trade["pnl"]) == pytest.approx(cash[trade["signal_id"]], abs=1e-9)
        assert float(trade["fees"]) == pytest.approx(sum(float(fill["fee"]) for fill in fills))


def test_report_counts_a_trade_once_and_adds_up_all_its_fills(managed):
    report, trades = managed.document("report.json"), managed.rows("trades.jsonl")
    total = report["total"]
    fees = [float(f["fee"]) for trade in trades for f in (*trade["entries"], *trade["exits"])]
    cash = sum(float(event.get("cash_delta", 0.0)) for event in managed.rows("events.jsonl"))

    assert total["trade_count"] == len(trades) == sum(total["exits"].values())
    assert float(total["fees"]) == pytest.approx(sum(fees))
    assert float(total["pnl"]) == pytest.approx(cash)
    assert float(report["final_equity"]) == pytest.approx(10_000.0 + cash)


def test_show_has_columns_of_entries_and_exits(managed):
    trades = managed.rows("trades.jsonl")
    counts = [str(sum(len(trade[name]) for trade in trades)) for name in ("entries", "exits")]

    lines = [line.split() for line in managed.shell("run", "show", "last").stdout.splitlines()]

    assert ["symbol", "trades", "entries", "exits"] in [line[:4] for line in lines]
    shown = [line[:4] for line in lines if line[:1] in (["BTCUSDT"], ["total"])]
    assert shown == [[name, str(len(trades)), *counts] for name in ("BTCUSDT", "total")]


def test_export_hands_on_every_fill(managed):
    trades = managed.rows("trades.jsonl")

    as_lines = managed.shell("run", "export", "last", "--trades", "jsonl").stdout
    as_csv = managed.shell("run", "export", "last", "--trades", "csv").stdout
    managed.shell("run", "export", "last", "--trades", "parquet", "--to", "t.parquet")

    rows = list(csv.DictReader(io.StringIO(as_csv)))
    table = pyarrow.parquet.read_table(managed.shell.folder / "t.parquet").to_pylist()
    assert as_lines == (managed.place / "trades.jsonl").read_text()
    for name in ("entries", "exits"):
        assert [json.loads(row[name]) for row in rows] == [trade[name] for trade in trades]
        for row, trade in zip(table, trades, strict=True):
            told = [
                {key: value if key == "ts_ms" else float(value) for key, value in fill.items()}
                for fill in trade[name]
            ]
            assert row[name] == told


def test_page_has_every_fill_of_trades_that_have_several(managed):
    trades = managed.rows("trades.jsonl")

    answer = managed.shell("run", "report", "last", "--html", "page.html")

    assert answer.returncode == 0, answer.stderr
    told = block((managed.shell.folder / "page.html").read_text(), "run-data")["trades"]
    expected = {
        str(index): [
            [float(fill["price"]) for fill in trade[side]] for side in ("entries", "exits")
        ]
        for index, trade in enumerate(trades)
        if len(trade["entries"]) > 1 or len(trade["exits"]) > 1
    }
    shown = {
        index: [[fill[1] for fill in side] for side in sides]
        for index, sides in told["fills"].items()
    }
    assert shown == expected


def test_verify_of_a_managed_run_as_it_was_written(managed):
    assert managed.verified() == (0, [])


@pytest.mark.parametrize("kind", ["averaged", "partial", "trailed", "average_submitted"])
def test_verify_finds_a_changed_event_of_any_kind(managed, kind):
    lines = (managed.place / "events.jsonl").read_text().splitlines(keepends=True)
    number = next(n for n, line in enumerate(lines) if f'"kind":"{kind}"' in line)
    lines[number] = lines[number].replace('"phase":"', '"phase":"x')
    managed.forge("events.jsonl", "".join(lines))

    assert managed.verified() == (4, [("events.jsonl", "changed")])


@pytest.mark.parametrize("side", ["entries", "exits"])
@pytest.mark.parametrize("field", ["price", "quantity", "fee"])
def test_verify_finds_one_fill_that_is_not_that_of_the_events(managed, side, field):
    trades = managed.rows("trades.jsonl")
    fill = max(trades, key=lambda trade: len(trade[side]))[side][0]
    fill[field] = repr(float(fill[field]) * 1.5)
    lines = (json.dumps(each, sort_keys=True, separators=(",", ":")) for each in trades)
    managed.forge("trades.jsonl", "".join(f"{line}\n" for line in lines))

    assert managed.verified() == (4, [("trades.jsonl", "changed")])


def test_diff_of_other_rungs_begins_at_an_average_and_names_the_parameter(managed):
    other = managed.run("--set", "dip_pct=0.4")

    answer = managed.shell("run", "diff", managed.place.name, other, "--json")

    data = json.loads(answer.stdout)["data"]
    first = data["first_difference"]
    assert (answer.returncode, data["causes"]) == (4, ["parameter"])
    assert "average_submitted" in (first["a"]["kind"], first["b"]["kind"])


def test_hooks_that_raised_without_stopping_anything_are_told(managed):
    strategy = managed.shell.folder / "managed.py"
    text = strategy.read_text().replace('hold="8h"', 'hold="8h", on_error="continue"')
    strategy.write_text(
        text.replace("    if position.exits:\n", "    if position.exits:\n        1 / 0\n")
    )

    run_id = managed.run()

    place = managed.place.with_name(run_id)
    (told,) = json.loads((place / "report.json").read_text())["errors"]
    kinds = Counter(
        json.loads(line)["kind"] for line in (place / "events.jsonl").read_text().splitlines()
    )
    assert told["count"] == kinds["error"] > 1
    shown = managed.shell("run", "show", run_id).stdout
    assert f"went on: BTCUSDT: {told['count']:,} ZeroDivisionError in manage" in shown


def test_managed_run_is_the_same_in_two_processes(managed):
    other = managed.run("--workers", "2")

    answer = managed.shell("run", "diff", managed.place.name, other)

    assert answer.returncode == 0, answer.stdout
