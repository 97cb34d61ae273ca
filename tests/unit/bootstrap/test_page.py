"""The page of a kept run: the run's own candles, or the reason why there are none."""

import asyncio
import copy
from pathlib import Path

import pytest

from tests.support.candles import DAY, rows_of, same, series_of, write_csv
from tests.unit.bootstrap.kept_runs import MANIFEST, keep
from tradekit.bootstrap import wiring
from tradekit.bootstrap.page import write_page
from tradekit.bootstrap.runs import find_run
from tradekit.bootstrap.settings import load_settings
from tradekit.domain.time import MINUTE_MS
from tradekit.errors import CorruptError
from tradekit.kernels.holes import fill_holes

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
    real = wiring.write_run_page

    def write(target: Path, **parts: object) -> int:
        seen.update(parts)
        return real(target, **parts)

    monkeypatch.setattr(wiring, "write_run_page", write)

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
    holed = stretch(without=range(10, 20))
    filled = fill_holes(holed, DAY + 60 * MINUTE_MS)

    seen = handed(manifest_of(filled, gaps="fill"), holed)

    assert len(seen["candles"]["BTCUSDT"]) == len(INSIDE)


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
