"""Bad candle files: refused whole in one sentence, the store as it was."""

import gzip
import json

import pytest

from tests.support.candles import rows_of, series_of, write_csv


def sentences(err):
    return [line.removeprefix("error: ") for line in err.splitlines() if line.startswith("error: ")]


def with_nan(path):
    rows = rows_of(series_of(range(100)))
    rows[41][2] = "nan"
    return write_csv(path / "SOLUSDT-1m.csv", rows)


def truncated(path):
    whole = write_csv(path / "SOLUSDT-1m.csv.gz", rows_of(series_of(range(5000))))
    whole.write_bytes(whole.read_bytes()[:-2000])
    return whole


def no_gzip(path):
    file = path / "SOLUSDT-1m.csv.gz"
    file.write_bytes(gzip.compress(b"timestamp_ms,open\n1,2\n", mtime=0)[:15] + b"x" * 40)
    return file


def holdings(shell):
    return json.loads(shell("data", "list", "--json").stdout)["data"]


@pytest.mark.parametrize("spoil", [with_nan, truncated, no_gzip])
def test_bad_file_is_refused_with_4(stocked, spoil):
    file = spoil(stocked.folder)
    before = holdings(stocked)

    answer = stocked("data", "import", file.name)

    assert answer.returncode == 4, answer.stderr
    (sentence,) = sentences(answer.stderr)
    assert file.name in sentence
    assert "Traceback" not in answer.stderr
    assert holdings(stocked) == before


def test_nan_is_told_with_its_row(stocked):
    answer = stocked("data", "import", with_nan(stocked.folder).name)

    (sentence,) = sentences(answer.stderr)
    assert sentence.startswith("high was 'nan'")
    assert "row 43 of SOLUSDT-1m.csv" in sentence


def test_full_disk_is_1_and_adds_nothing(stocked):
    write_csv(stocked.folder / "SOLUSDT-1m.csv", rows_of(series_of(range(5000))))
    before = holdings(stocked)

    answer = stocked.on_a_full_disk("data", "import", "SOLUSDT-1m.csv", size=8192)

    assert answer.returncode == 1, answer.stderr
    assert len(sentences(answer.stderr)) == 1
    assert "Traceback" not in answer.stderr
    assert holdings(stocked) == before
