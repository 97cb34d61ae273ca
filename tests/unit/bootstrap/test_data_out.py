"""Exporting and removing what the store has: what is written, and what is gone."""

import asyncio
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.candles import DAY, same, series_of
from tests.support.defects import damage_day
from tests.unit.bootstrap.stocked import check, export, holes, prunable, put, stored
from tradekit.bootstrap import data, wiring
from tradekit.bootstrap.data_prune import Removal, prune_candles
from tradekit.domain.time import DAY_MS, MINUTE_MS, Interval
from tradekit.errors import CandlesMissingError, SettingsError, UnknownNameError


@pytest.fixture
def state(tmp_path):
    return tmp_path / ".tradekit"


@pytest.mark.parametrize("form", wiring.candle_formats())
def test_export_and_import_give_the_same_candles(state, tmp_path, form) -> None:
    series = put(state, [0, 1, 2, 1440, 1445])
    put(state, range(5), "SOLUSDT")

    written = export(state, "SOLUSDT", "BTCUSDT", out=tmp_path, form=form)
    paths = [each.path for each in written]
    asyncio.run(data.import_files(state, paths, exchange="again"))

    assert [path.name for path in paths] == [f"BTCUSDT-1m.{form}", f"SOLUSDT-1m.{form}"]
    assert same(stored(state, exchange="again"), series)
    assert written[0].content_hash == series.content_hash()
    assert (written[0].candles, written[0].since_ms) == (5, DAY)
    assert same(stored(state, "SOLUSDT", exchange="again"), series_of(range(5)))


@settings(max_examples=15)  # each one is written to disk
@given(st.sets(st.integers(0, 3000), min_size=1, max_size=40), st.data())
def test_window_of_an_export_is_half_open(tmp_path_factory, minutes, draws) -> None:
    folder = tmp_path_factory.mktemp("state")
    series = put(folder, sorted(minutes))
    since = draws.draw(st.sampled_from(sorted(minutes)))
    until = draws.draw(st.integers(since + 1, 3001))
    window = (DAY + since * MINUTE_MS, DAY + until * MINUTE_MS)

    (written,) = export(
        folder, "BTCUSDT", out=folder / "x.csv", since_ms=window[0], until_ms=window[1]
    )

    assert written.content_hash == series.between(*window).content_hash()


@pytest.mark.parametrize(
    ("name", "form", "begins"),
    [
        ("x.csv", None, b"timestamp_ms,"),
        ("x.csv.gz", None, b"\x1f\x8b"),
        ("x.jsonl", None, b'{"close"'),
        ("x.parquet", None, b"PAR1"),
        ("x", None, b"timestamp_ms,"),
        ("x.csv", "parquet", b"PAR1"),
    ],
)
def test_name_of_the_file_says_its_format(state, tmp_path, name, form, begins) -> None:
    put(state, range(5))

    (written,) = export(state, "BTCUSDT", out=tmp_path / name, form=form)

    assert written.path == tmp_path / name
    assert written.path.read_bytes().startswith(begins)


@pytest.mark.parametrize(
    ("symbols", "options", "kind", "sentence"),
    [
        (["BTCUSDT", "SOLUSDT"], {"out": "x.csv"}, SettingsError, "must be a folder that exists"),
        (["BTCUSDT"], {"form": "xls"}, SettingsError, "--format was 'xls', must be one of csv"),
        (["BTCUSDT"], {"until_ms": 5, "since_ms": DAY}, SettingsError, "--to was .*, must be afte"),
        (["BTCUSDT"], {"since_ms": 2 * DAY}, CandlesMissingError, "no 1m candle of BTCUSDT from "),
        (
            ["BTCUSDT"],
            {"since_ms": DAY + 10 * MINUTE_MS, "until_ms": DAY + 20 * MINUTE_MS},
            CandlesMissingError,
            "no 1m candle of BTCUSDT from 2026-04-01T00:10:00Z to 2026-04-01T00:20:00Z, it has ",
        ),
        (["ETHUSDT"], {}, UnknownNameError, "has no 1m candles of exchange 'local' of ETHUSDT"),
        (["BTCUSDT"], {"out": "gone/x.csv"}, SettingsError, "there is no folder gone"),
        (["BTCUSDT"], {"exchange": "abroad"}, UnknownNameError, "of exchange 'abroad'"),
    ],
)
def test_export_that_makes_no_sense(
    state, tmp_path, monkeypatch, symbols, options, kind, sentence
) -> None:
    monkeypatch.chdir(tmp_path)
    put(state, [0, 1, 50])
    put(state, range(5), "SOLUSDT")
    out = tmp_path.__class__(options.pop("out", "."))

    with pytest.raises(kind, match=sentence):
        export(state, *symbols, out=out, **options)

    assert [each.name for each in tmp_path.iterdir()] == [".tradekit"]


def test_looking_removes_nothing(state) -> None:
    series = put(state, range(3 * 1440))

    (one,) = prunable(state, before_ms=DAY + DAY_MS + MINUTE_MS)

    assert (one.candles, one.since_ms) == (1441, DAY)
    assert same(stored(state), series)


def test_what_was_shown_is_removed_and_no_more(state) -> None:
    put(state, range(3 * 1440))
    put(state, range(5), "SOLUSDT")
    put(state, range(5), exchange="abroad")
    before_ms = DAY + DAY_MS + MINUTE_MS

    shown = prunable(state, "BTCUSDT", exchange="local", before_ms=before_ms)
    done = asyncio.run(prune_candles(state, shown, before_ms))

    assert done.removed == shown
    assert (done.left, done.failures()) == ((), [])
    assert done.freed_bytes > 0
    assert same(stored(state), series_of(range(1441, 3 * 1440)))
    assert len(stored(state, "SOLUSDT")) == len(stored(state, exchange="abroad")) == 5
    assert check(state).found == ()


def test_what_came_later_than_it_was_shown_stays_and_is_told(state) -> None:
    put(state, range(100))
    put(state, range(5), "SOLUSDT")
    shown = prunable(state, exchange="local")

    put(state, range(100, 1500))
    done = asyncio.run(prune_candles(state, shown))

    assert done.removed == shown
    assert same(stored(state), series_of(range(100, 1500)))
    assert [(each.symbol, each.candles) for each in done.left] == [("BTCUSDT", 1400)]
    (failure,) = done.failures()
    assert failure.exit_code == 1
    assert failure.message == (
        "BTCUSDT 1m of exchange 'local' has changed since it was shown: "
        "1,400 of its candles are still there"
    )


@pytest.mark.parametrize("came", [range(40, 60), range(-20, 0)])
def test_nothing_is_removed_where_something_came_between(state, came) -> None:
    put(state, [*range(40), *range(60, 100)])
    shown = prunable(state, "BTCUSDT")

    put(state, list(came))
    done = asyncio.run(prune_candles(state, shown))

    assert done.removed == ()
    assert len(stored(state)) == 80 + len(came)
    assert [each.candles for each in done.left] == [80 + len(came)]


def test_what_somebody_else_removed_meanwhile_is_no_failure(state) -> None:
    put(state, range(100))
    shown = prunable(state, "BTCUSDT")

    asyncio.run(prune_candles(state, shown))

    assert asyncio.run(prune_candles(state, shown)) == Removal((), (), 0)


def test_whole_exchange_is_removed(state) -> None:
    put(state, range(3 * 1440 - 7), exchange="abroad")
    put(state, range(5), interval=Interval.H1, exchange="abroad")
    put(state, range(5))
    damage_day(state, "abroad", "BTCUSDT", DAY // DAY_MS + 2)

    done = asyncio.run(prune_candles(state, prunable(state, exchange="abroad")))

    assert sum(each.candles for each in done.removed) == 3 * 1440 - 2
    assert [each.exchange for each in asyncio.run(data.list_holdings(state))] == ["local"]


def test_nothing_named_removes_nothing(state) -> None:
    put(state, range(5))

    with pytest.raises(SettingsError, match="nothing says which candles to remove"):
        prunable(state)


def test_nothing_to_remove(state) -> None:
    put(state, range(5))

    assert prunable(state, before_ms=DAY) == ()
    assert asyncio.run(prune_candles(state, (), DAY)) == Removal((), (), 0)


def test_ledger_keeps_what_was_removed(state) -> None:
    put(state, range(5), entry=holes((1, 2), kind="import"))

    asyncio.run(prune_candles(state, prunable(state, "BTCUSDT")))

    with closing(sqlite3.connect(state / wiring.CANDLE_STORE_FILE)) as connection:
        kinds = connection.execute("SELECT kind, rows FROM ledger ORDER BY entry").fetchall()
    assert kinds == [("import", 1), ("prune", 5)]
