"""Trades for other programs: columns, cells, files that are whole or not there."""

import csv
import io
import json
import os
import sys

import pyarrow.parquet
import pytest

from tests.unit.bootstrap.kept_runs import TRADE, keep
from tradekit.bootstrap.runs import find_run
from tradekit.bootstrap.trade_export import columns, export_trades, trades_text
from tradekit.errors import CorruptError, SettingsError


@pytest.fixture
def run(tmp_path):
    return find_run(keep(tmp_path, "id"), "id")


def test_csv_has_every_field_and_both_spellings_of_a_time(run):
    (row,) = csv.DictReader(io.StringIO(trades_text(run, "csv")))

    assert set(row) == {*TRADE, "entry_time", "exit_time"}
    assert row["exit_time"] == "2026-04-01T00:01:00Z"
    assert (row["exit_ts_ms"], row["pnl"]) == ("1775001660000", "-1.2")
    assert row["ambiguous"] == "false"
    assert row["exits"] == '[{"fee":"0.1","price":"100.0","quantity":"1.0","ts_ms":1775001600000}]'


def test_run_without_trades_has_a_header_and_typed_columns(tmp_path):
    run = find_run(keep(tmp_path, "id", trades=[]), "id")
    export_trades(run, "parquet", tmp_path / "t.parquet")

    assert trades_text(run, "csv").splitlines() == [",".join(columns())]
    assert trades_text(run, "jsonl") == ""
    schema = pyarrow.parquet.read_schema(tmp_path / "t.parquet")
    assert schema.names == columns()
    assert str(schema.field("pnl").type) == "double"
    assert str(schema.field("exit_time").type) == "timestamp[ms, tz=UTC]"


def test_parquet_without_its_library_is_one_sentence(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    with pytest.raises(SettingsError, match="needs pyarrow") as caught:
        export_trades(run, "parquet", tmp_path / "t.parquet")
    assert "tradekit[parquet]" in caught.value.fix
    assert not list(tmp_path.glob("*t.parquet*"))


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_file_is_replaced_whole(run, tmp_path, form):
    target = tmp_path / "out" / "trades"
    target.parent.mkdir()
    target.write_text("what was there before" * 10_000)

    (tmp_path / "link").hardlink_to(target)

    export_trades(run, form, target)

    assert [each.name for each in target.parent.iterdir()] == ["trades"]
    assert b"what was there" not in target.read_bytes()
    # What was there is untouched: another file has taken its name.
    assert b"what was there" in (tmp_path / "link").read_bytes()


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("kind", ["nowhere", "folder", "fifo"])
def test_place_that_is_none_for_a_file_is_told_and_left_alone(run, tmp_path, form, kind):
    target = tmp_path / "t" if kind != "nowhere" else tmp_path / "nowhere" / "t"
    make = {"nowhere": lambda path: None, "folder": os.mkdir, "fifo": os.mkfifo}[kind]
    make(target)
    before = sorted(tmp_path.iterdir())

    with pytest.raises(SettingsError, match=r"t cannot be written: "):
        export_trades(run, form, target)

    assert sorted(tmp_path.iterdir()) == before
    assert kind != "fifo" or target.is_fifo()


def test_link_is_followed(run, tmp_path):
    (tmp_path / "link").symlink_to("t.csv")

    size = export_trades(run, "csv", tmp_path / "link")

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "t.csv").stat().st_size == size


@pytest.mark.parametrize(
    "damage",
    [
        {"exit_ts_ms": None},
        {"exit_ts_ms": "1"},
        {"entry_ts_ms": 10**30},
        {"symbol": 3},
        {"pnl": {}},
        {"entries": [3]},
        {"exits": {"a": "1"}},
        {"fees": None},
        {"ambiguous": "1"},
    ],
)
def test_damaged_row_is_told_and_never_a_hole_in_a_table(run, tmp_path, damage):
    (run.place / "trades.jsonl").write_text(json.dumps({**TRADE, **damage}) + "\n")

    with pytest.raises(CorruptError, match=r"trades.jsonl of run .* has a"):
        export_trades(run, "parquet", tmp_path / "t")
    assert not (tmp_path / "t").exists()


def test_damaged_trades_are_not_handed_on(run, tmp_path):
    (run.place / "trades.jsonl").write_text('{"pnl":"1.0"}\n')

    with pytest.raises(CorruptError, match="trade without its times"):
        export_trades(run, "csv", tmp_path / "t")
    assert not (tmp_path / "t").exists()
