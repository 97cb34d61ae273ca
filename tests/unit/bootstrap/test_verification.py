"""Whether a run is what was written; each file is damaged by itself in tests/e2e/test_runs.py."""

import json

import pytest

from tests.unit.bootstrap.kept_runs import EVENTS, TRADE, keep
from tradekit.bootstrap.results import manifest_text
from tradekit.bootstrap.verification import verify_run
from tradekit.errors import CorruptError


def found(project):
    return [(each.file, each.what) for each in verify_run(project, "last").findings]


def rewrite(project, **changes):
    """Change the manifest as somebody does who knows how its hash is made."""
    path = project.runs_dir / "id" / "manifest.json"
    path.write_text(manifest_text({**json.loads(path.read_text()), **changes}))


def test_run_as_it_was_written_has_no_finding(tmp_path):
    assert found(keep(tmp_path, "id")) == []


def test_trades_that_are_not_in_the_events_are_found(tmp_path):
    project = keep(tmp_path, "id", trades=[{**TRADE, "pnl": "1.2"}])

    (finding,) = verify_run(project, "last").findings

    assert (finding.file, finding.detail) == (
        "trades.jsonl",
        "trade 1 is not what events.jsonl says",
    )


@pytest.mark.parametrize("trades", [[], [TRADE, TRADE]])
def test_trades_that_were_left_out_or_added_are_found(tmp_path, trades):
    assert found(keep(tmp_path, "id", trades=trades)) == [("trades.jsonl", "changed")]


def test_events_of_another_run_are_found_by_the_fingerprint(tmp_path):
    project = keep(tmp_path, "id", fingerprint="0" * 64)

    assert found(project) == [("events.jsonl", "changed")]


def test_events_that_are_none_are_found(tmp_path):
    project = keep(tmp_path, "id", events=[{"kind": "closed"}])

    assert found(project) == [("events.jsonl", "unreadable")]


def test_summary_that_flatters_is_found(tmp_path):
    project = keep(tmp_path, "id")
    rewrite(project, summary={"pnl": "1000000.0"})

    assert found(project) == [("manifest.json", "changed")]


@pytest.mark.parametrize("text", ['{"a": NaN}\n', "{}\n", '{"files": {}}\n'])
def test_manifest_that_was_not_written_with_the_run_is_found(tmp_path, text):
    project = keep(tmp_path, "id")
    (project.runs_dir / "id" / "manifest.json").write_text(text)

    assert found(project) == [("manifest.json", "changed")]


def test_fact_in_the_manifest_that_was_changed_is_found(tmp_path):
    project = keep(tmp_path, "id")
    path = project.runs_dir / "id" / "manifest.json"
    path.write_text(path.read_text().replace('"capital": 10000.0', '"capital": 20000.0'))

    assert found(project) == [("manifest.json", "changed")]


def test_several_are_all_named(tmp_path):
    project = keep(tmp_path, "id")
    place = project.runs_dir / "id"
    (place / "equity.csv").unlink()
    (place / "trades.jsonl").write_text("")
    (place / "more").mkdir()

    assert found(project) == [
        ("equity.csv", "missing"),
        ("more/", "extra"),
        ("trades.jsonl", "truncated"),
    ]


def test_without_a_manifest_the_rest_is_still_judged(tmp_path):
    project = keep(tmp_path, "id")
    (project.runs_dir / "id" / "manifest.json").unlink()
    (project.runs_dir / "id" / "events.jsonl").write_text(json.dumps(EVENTS[0]) + "\n")

    assert found(project) == [("events.jsonl", "changed"), ("manifest.json", "missing")]


def test_file_that_became_a_folder_is_found(tmp_path):
    project = keep(tmp_path, "id")
    (project.runs_dir / "id" / "equity.csv").unlink()
    (project.runs_dir / "id" / "equity.csv").mkdir()

    assert found(project) == [("equity.csv", "missing"), ("equity.csv/", "extra")]


def test_without_manifest_and_report_nothing_can_be_judged(tmp_path):
    project = keep(tmp_path, "id")
    (project.runs_dir / "id" / "manifest.json").unlink()
    (project.runs_dir / "id" / "report.json").write_text("{")

    with pytest.raises(
        CorruptError, match=r"manifest.json is missing, report.json is damaged$"
    ) as caught:
        verify_run(project, "last")
    assert caught.value.fix.endswith("tradekit run rm id")


@pytest.mark.parametrize("target", ["nowhere", "equity.csv"])
def test_file_that_cannot_be_read_is_found(tmp_path, target):
    project = keep(tmp_path, "id")
    path = project.runs_dir / "id" / "equity.csv"
    path.unlink()
    path.symlink_to(target)

    assert found(project) == [("equity.csv", "unreadable")]
