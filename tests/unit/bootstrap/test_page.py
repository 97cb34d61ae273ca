"""The page of a kept run: the run's own candles, or the reason why there are none."""

import asyncio
import copy
import weakref
from contextlib import suppress

import pytest

from tests.support.candles import DAY, rows_of, same, series_of, write_csv
from tests.unit.bootstrap.kept_runs import EVENT, MANIFEST, keep
from tradekit.bootstrap import runs, wiring
from tradekit.bootstrap.page import write_page
from tradekit.bootstrap.runs import find_run
from tradekit.bootstrap.settings import load_settings
from tradekit.domain.time import MINUTE_MS
from tradekit.errors import CorruptError, SettingsError

RUN = "20260401T120000Z-mine-11111111"
LEAD = 3
INSIDE = range(60)
FILES = {"name": "files", "kind": "files", "directory": "candles", "seed": None}


def minutes(numbers, **changes):
    """Return candles at these minutes of the frame, which may lie before it."""
    early = 100
    since_ms = DAY - early * MINUTE_MS
    return series_of([early + m for m in numbers], since_ms=since_ms, **changes)


def stretch(*, without=()):
    """Return the candles that the run read: three before the frame, sixty inside."""
    return minutes([m for m in range(-LEAD, len(INSIDE)) if m not in without])


def manifest_of(series, **config):
    manifest = copy.deepcopy(MANIFEST)
    frame = {**manifest["config"]["frame"], "until": "2026-04-01T01:00:00Z"}
    manifest["config"].update({"exchange": FILES, "frame": frame, **config})
    manifest["data_sha256"] = {"BTCUSDT": series.content_hash()}
    manifest["lead_ms"] = LEAD * MINUTE_MS
    return manifest


@pytest.fixture
def handed(tmp_path, monkeypatch):
    """Return what writes the page of a run and tells what it was made of."""
    seen = {}
    real = wiring.run_page

    def made(**parts: object) -> str:
        seen.update(parts)
        return real(**parts)

    monkeypatch.setattr(wiring, "run_page", made)

    def run(manifest, candles=None, **report):
        folder = tmp_path / "candles"
        if candles is not None:
            folder.mkdir()
            # More than the run read, so that the right stretch has to be cut out.
            write_csv(folder / "BTCUSDT-1m.csv", rows_of(candles))
        keep(tmp_path, RUN, manifest=manifest, **report)
        settings = load_settings(tmp_path, {})
        seen["size"] = asyncio.run(
            write_page(find_run(settings, RUN), settings, tmp_path / "page.html")
        )
        seen["page"] = (tmp_path / "page.html").read_text()
        return seen

    return run


def test_page_has_the_candles_inside_the_frame_that_the_run_read(handed, tmp_path):
    seen = handed(manifest_of(stretch()), minutes(range(-LEAD - 20, 90)))

    assert seen["candle_notes"] == {}
    assert same(seen["candles"]["BTCUSDT"], minutes(INSIDE))
    assert (tmp_path / "page.html").stat().st_size == seen["size"]


def test_candles_that_are_not_those_of_the_run_are_not_shown(handed, tmp_path):
    seen = handed(manifest_of(stretch()), minutes(range(90), first_price=101.0))

    assert seen["candles"] == {}
    assert "their hash differs" in seen["candle_notes"]["BTCUSDT"]
    assert "their hash differs" in (tmp_path / "page.html").read_text()


def test_candles_that_are_gone_leave_a_page_without_them(handed):
    seen = handed(manifest_of(stretch()))

    assert seen["candles"] == {}
    assert "candles" in seen["candle_notes"]["BTCUSDT"]
    assert seen["size"] > 100_000


def test_candles_that_end_before_the_frame_leave_a_page_without_them(handed):
    seen = handed(manifest_of(stretch()), minutes(range(-90, -LEAD)))

    assert seen["candle_notes"] == {"BTCUSDT": "the exchange has no candles of it any more"}


def test_filled_holes_are_filled_again(handed):
    """The hash is of the candles that there are; what was made up is not hashed."""
    holed = stretch(without=range(10, 20))

    seen = handed(manifest_of(holed, gaps="fill"), holed)

    shown = seen["candles"]["BTCUSDT"]
    assert shown.ts_ms.tolist() == [DAY + minute * MINUTE_MS for minute in INSIDE]
    assert set(shown.close[10:20]) == set(shown.open[10:20]) == {float(shown.close[9])}
    assert set(shown.volume[10:20]) == {0.0}
    assert seen["made_up"] == {"BTCUSDT": 10}
    assert "10 of BTCUSDT" in seen["page"]


def test_holes_before_the_frame_are_filled_and_not_counted(handed):
    holed = stretch(without=[-1, 0])

    seen = handed(manifest_of(holed, gaps="fill"), holed)

    assert len(seen["candles"]["BTCUSDT"]) == len(INSIDE)
    assert seen["made_up"] == {"BTCUSDT": 1}


def test_nothing_is_made_up_after_the_last_candle_there_is(handed):
    short = stretch(without=[20, *range(50, 60)])

    seen = handed(manifest_of(short, gaps="fill"), short)

    assert len(seen["candles"]["BTCUSDT"]) == 50
    assert seen["made_up"] == {"BTCUSDT": 1}


def test_skipped_holes_stay_holes(handed):
    holed = stretch(without=range(10, 20))

    seen = handed(manifest_of(holed, gaps="skip"), holed)

    assert len(seen["candles"]["BTCUSDT"]) == len(INSIDE) - 10


def test_symbol_that_never_started_has_no_note(handed):
    manifest = manifest_of(stretch(), symbols=["BTCUSDT", "ETHUSDT"])

    seen = handed(manifest, minutes(range(-LEAD, 60)), not_started=["no candles of ETHUSDT"])

    assert seen["candle_notes"] == {}


def test_manifest_that_does_not_say_where_candles_are_from_still_has_a_page(handed):
    manifest = manifest_of(stretch())
    manifest["config"]["exchange"]["of_another_tradekit"] = 1

    seen = handed(manifest)

    assert seen["candle_notes"] == {"BTCUSDT": "the manifest does not say where they are from"}


def test_run_that_lacks_what_a_page_needs_is_damaged(handed):
    with pytest.raises(CorruptError, match=f"run {RUN} do not hold what a page needs"):
        handed(manifest_of(stretch()), trades=[{"symbol": "BTCUSDT"}])


@pytest.mark.parametrize("events", [["text"], [{"kind": "closed"}], [{**EVENT, "symbol": []}]])
def test_events_that_are_none_are_damage_and_no_crash(handed, tmp_path, events):
    with pytest.raises(CorruptError, match=RUN) as told:
        handed(manifest_of(stretch()), events=events)

    assert told.value.exit_code == 5
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize(
    "change",
    [
        {"data_sha256": ["a"]},
        {"data_sha256": "text"},
        {"config": None},
        {"lead_ms": "long"},
        {"strategy_file": 3},
    ],
)
def test_damaged_manifest_is_no_crash(tmp_path, change):
    """However it came by: a page or the one error, never another exception."""
    keep(tmp_path, RUN, manifest=manifest_of(stretch()))
    settings = load_settings(tmp_path, {})
    run = find_run(settings, RUN)
    run.manifest.update(change)

    with suppress(CorruptError):
        asyncio.run(write_page(run, settings, tmp_path / "page.html"))


@pytest.mark.parametrize("change", [{"total": []}, {"gaps": [1]}, {"symbols": 5}, {"total": None}])
def test_damaged_report_is_damage(tmp_path, change):
    keep(tmp_path, RUN, manifest=manifest_of(stretch()))
    settings = load_settings(tmp_path, {})
    run = find_run(settings, RUN)
    run.report.update(change)

    with pytest.raises(CorruptError, match=f"run {RUN} do not hold what a page needs"):
        asyncio.run(write_page(run, settings, tmp_path / "page.html"))


def test_page_of_a_target_that_is_no_file_is_refused(handed, tmp_path):
    (tmp_path / "page.html").mkdir()

    with pytest.raises(SettingsError, match="it is a folder"):
        handed(manifest_of(stretch()))


def test_events_are_not_held_all_at_once(handed, monkeypatch):
    """A run may have half a gigabyte of them: each is let go before the next but one is read."""
    alive = weakref.WeakSet()
    most = 0

    class Row(dict):
        __hash__ = object.__hash__

    real = runs.parsed_row

    def parsed_row(*arguments):
        nonlocal most
        row = Row(real(*arguments))
        alive.add(row)
        most = max(most, len(alive))
        return row

    monkeypatch.setattr(runs, "parsed_row", parsed_row)

    handed(manifest_of(stretch()), events=[{**EVENT, "signal_id": f"r{n}"} for n in range(200)])

    assert 0 < most <= 3
