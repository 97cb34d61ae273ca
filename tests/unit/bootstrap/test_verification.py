"""Whether a run is what was written; each file is damaged by itself in tests/e2e/test_runs.py."""

import hashlib
import json

import pytest

from tests.unit.bootstrap.kept_runs import EVENTS, OLD_MANIFEST, SECTION, TRADE, keep
from tradekit.bootstrap.results import manifest_text
from tradekit.bootstrap.verification import verify_run
from tradekit.errors import CorruptError

RUN = "20260401T120000Z-mine-11111111"


def found(project):
    return [(each.file, each.what) for each in verify_run(project, "last").findings]


def rewrite(project, **changes):
    """Change the manifest as somebody does who knows how its hash is made."""
    path = project.runs_dir / RUN / "manifest.json"
    path.write_text(manifest_text({**json.loads(path.read_text()), **changes}))


def forge(project, name, text):
    """Write another file and its hash into the manifest."""
    (project.runs_dir / RUN / name).write_text(text)
    hashes = json.loads((project.runs_dir / RUN / "manifest.json").read_text())["files"]
    rewrite(project, files={**hashes, name: hashlib.sha256(text.encode()).hexdigest()})


def test_run_as_it_was_written_has_no_finding(tmp_path):
    assert found(keep(tmp_path, RUN)) == []


def test_trades_that_are_not_in_the_events_are_found(tmp_path):
    project = keep(tmp_path, RUN, trades=[{**TRADE, "pnl": "1.2"}])

    (finding,) = verify_run(project, "last").findings

    assert (finding.file, finding.detail) == (
        "trades.jsonl",
        "trade 1 is not what events.jsonl says",
    )


@pytest.mark.parametrize("trades", [[], [TRADE, TRADE]])
def test_trades_that_were_left_out_or_added_are_found(tmp_path, trades):
    assert found(keep(tmp_path, RUN, trades=trades)) == [("trades.jsonl", "changed")]


def test_events_of_another_run_are_found_by_the_fingerprint(tmp_path):
    project = keep(tmp_path, RUN, fingerprint="0" * 64)

    assert found(project) == [("events.jsonl", "changed")]


def test_events_that_are_none_are_found(tmp_path):
    project = keep(tmp_path, RUN, events=[{"kind": "closed"}])

    assert found(project) == [("events.jsonl", "unreadable")]


def test_summary_that_flatters_is_found(tmp_path):
    project = keep(tmp_path, RUN)
    rewrite(project, summary={"pnl": "1000000.0"})

    assert found(project) == [("manifest.json", "changed")]


EQUITY = "ts_ms,equity,cash,position_value,drawdown_pct\n1775088000000,{0},{0},0.0,0.0\n"


@pytest.mark.parametrize(
    "forged",
    [
        {"total": {**SECTION, "pnl": "1.2"}},
        {"total": {**SECTION, "fees": "0.0"}},
        {"total": {**SECTION, "trade_count": 2}},
        {"symbols": {"BTCUSDT": {**SECTION, "pnl": "1.2"}}},
        {"symbols": {"BTCUSDT": SECTION, "SOLUSDT": SECTION}},
        {"strategies": {"mine": {**SECTION, "fees": "0.0"}}},
        {"final_equity": "10001.2"},
        {"capital": "10002.4", "final_equity": "10001.2"},
    ],
)
def test_figures_that_were_forged_with_their_hashes_are_found(tmp_path, forged):
    project = keep(tmp_path, RUN, **forged)
    final = forged.get("final_equity", "9998.8")
    forge(project, "equity.csv", EQUITY.format(final))

    assert found(project) == [("report.json", "changed")]


def test_account_that_was_forged_with_its_hash_is_found(tmp_path):
    project = keep(tmp_path, RUN)
    forge(project, "equity.csv", EQUITY.format("12345.6"))

    assert found(project) == [("equity.csv", "changed")]


def test_position_that_is_still_open_may_be_worth_something(tmp_path):
    opened = {**EVENTS[0], "kind": "opened", "seq": 3}
    project = keep(
        tmp_path, RUN, events=[opened, *EVENTS, {**opened, "seq": 4}], final_equity="10011.0"
    )
    forge(project, "equity.csv", EQUITY.format("10011.0"))

    assert found(project) == []


def test_run_of_a_tradekit_that_kept_no_hashes_is_told_as_that_alone(tmp_path):
    project = keep(tmp_path, RUN)
    path = project.runs_dir / RUN / "manifest.json"
    path.write_text(json.dumps(OLD_MANIFEST))

    (finding,) = verify_run(project, "last").findings

    assert finding == (
        "manifest.json",
        "unhashed",
        "it was written by an older tradekit, which kept no hashes",
    )


@pytest.mark.parametrize(
    ("name", "change", "flaw"),
    [
        ("manifest.json", {"files": ["a"]}, 'it has ["a"] as files, must have a document'),
        ("manifest.json", {"schema": "x/9"}, 'it has the schema "x/9", must have tradekit'),
        ("report.json", {"total": 3}, "it has 3 as total, must have a document"),
        ("report.json", {"capital": "nan"}, 'it has "nan" as capital, must have a number as text'),
    ],
)
def test_file_of_a_wrong_shape_is_found_whatever_its_hash_is(tmp_path, name, change, flaw):
    project = keep(tmp_path, RUN)
    if name == "manifest.json":
        rewrite(project, **change)
    else:
        path = project.runs_dir / RUN / name
        forge(project, name, json.dumps({**json.loads(path.read_text()), **change}) + "\n")

    (finding,) = verify_run(project, "last").findings

    assert (finding.file, finding.what) == (name, "changed")
    assert finding.detail.startswith(flaw)


@pytest.mark.parametrize("text", ['{"a": NaN}\n', "{}\n", '{"files": {}}\n'])
def test_manifest_that_was_not_written_with_the_run_is_found(tmp_path, text):
    project = keep(tmp_path, RUN)
    (project.runs_dir / RUN / "manifest.json").write_text(text)

    assert found(project) == [("manifest.json", "changed")]


def test_fact_in_the_manifest_that_was_changed_is_found(tmp_path):
    project = keep(tmp_path, RUN)
    path = project.runs_dir / RUN / "manifest.json"
    path.write_text(path.read_text().replace('"capital": 10000.0', '"capital": 20000.0'))

    assert found(project) == [("manifest.json", "changed")]


def test_several_are_all_named(tmp_path):
    project = keep(tmp_path, RUN)
    place = project.runs_dir / RUN
    (place / "equity.csv").unlink()
    (place / "trades.jsonl").write_text("")
    (place / "more").mkdir()

    assert found(project) == [
        ("equity.csv", "missing"),
        ("more/", "extra"),
        ("trades.jsonl", "truncated"),
    ]


def test_without_a_manifest_the_rest_is_still_judged(tmp_path):
    project = keep(tmp_path, RUN)
    (project.runs_dir / RUN / "manifest.json").unlink()
    (project.runs_dir / RUN / "events.jsonl").write_text(json.dumps(EVENTS[0]) + "\n")

    assert found(project) == [("events.jsonl", "changed"), ("manifest.json", "missing")]


def test_file_that_became_a_folder_is_found(tmp_path):
    project = keep(tmp_path, RUN)
    (project.runs_dir / RUN / "equity.csv").unlink()
    (project.runs_dir / RUN / "equity.csv").mkdir()

    assert found(project) == [("equity.csv", "missing"), ("equity.csv/", "extra")]


def test_without_manifest_and_report_nothing_can_be_judged(tmp_path):
    project = keep(tmp_path, RUN)
    (project.runs_dir / RUN / "manifest.json").unlink()
    (project.runs_dir / RUN / "report.json").write_text("{")

    with pytest.raises(
        CorruptError, match=r"manifest.json is missing, report.json is damaged$"
    ) as caught:
        verify_run(project, "last")
    assert caught.value.fix.endswith(f"tradekit run rm {RUN}")


@pytest.mark.parametrize("target", ["nowhere", "equity.csv"])
def test_file_that_cannot_be_read_is_found(tmp_path, target):
    project = keep(tmp_path, RUN)
    path = project.runs_dir / RUN / "equity.csv"
    path.unlink()
    path.symlink_to(target)

    assert found(project) == [("equity.csv", "unreadable")]
