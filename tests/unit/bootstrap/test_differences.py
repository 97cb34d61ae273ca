"""How two runs differ: the first event, and why."""

import copy

import pytest

from tests.unit.bootstrap.kept_runs import EVENTS, MANIFEST, keep
from tradekit.bootstrap.differences import CAUSES, compare_runs
from tradekit.bootstrap.runs import find_run
from tradekit.errors import CorruptError

OTHER_EVENTS = [EVENTS[0], {**EVENTS[1], "pnl": "-1.3", "extra": None}]


def changed(path, value):
    """Return the manifest with another value at a dotted path; None takes it out."""
    manifest = copy.deepcopy(MANIFEST)
    *above, name = path.split(".")
    here = manifest
    for step in above:
        here = here[step]
    if value is None:
        del here[name]
    else:
        here[name] = value
    return manifest


HOLE = {"symbol": "BTCUSDT", "holes": 1, "missing": 1, "trades_over_holes": []}


def compared(folder, manifest=MANIFEST, events=OTHER_EVENTS, first=MANIFEST, gaps=()):
    keep(folder, "a", manifest=first)
    project = keep(folder, "b", manifest=manifest, events=events, gaps=list(gaps))
    return compare_runs(find_run(project, "a"), find_run(project, "b"))


@pytest.mark.parametrize(
    ("path", "value", "cause"),
    [
        ("strategy_file.sha256", "0" * 64, "code"),
        ("strategy_file.modules.levels", "0" * 64, "code"),
        ("strategy_file.modules.levels", None, "code"),
        ("strategy_file.modules.strategies.ladder", "0" * 64, "code"),
        ("config.strategy", "other", "code"),
        ("config.params.fast", 2, "parameter"),
        ("config.params.slow", 2, "parameter"),
        ("data_sha256.BTCUSDT", "0" * 64, "data"),
        ("data_sha256.BTCUSDT", None, "data"),
        ("config.costs.taker_fee_pct", 0.2, "settings"),
        ("config.limits.max_stop_pct", 5.0, "settings"),
        ("config.capital", 1.0, "settings"),
        ("config.gaps", "skip", "settings"),
        ("config.symbols", ["BTCUSDT", "SOLUSDT"], "settings"),
        ("config.frame.since", "2026-03-01T00:00:00Z", "settings"),
        ("config.exchange.tick_size", 0.1, "settings"),
        ("config.something_new", 0.1, "settings"),
        ("versions.tradekit", "2", "engine"),
        ("versions.engine_sha256", "0" * 64, "engine"),
    ],
)
def test_each_recorded_fact_is_of_one_cause(tmp_path, path, value, cause):
    manifest = copy.deepcopy(MANIFEST)
    if path.endswith("strategies.ladder"):
        manifest["strategy_file"]["modules"]["strategies.ladder"] = value
    else:
        manifest = changed(path, value)

    result = compared(tmp_path, manifest, gaps=[HOLE])

    assert result.causes == [cause]
    assert len(result.differences) == 1
    assert result.idle == result.implied == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("config.workers", 2),
        ("config.frame.name", "other"),
        ("config.seed", 5),
        ("config.gaps", "skip"),
        ("config.exchange.name", "other"),
        ("config.exchange.directory", "elsewhere"),
        ("config.frame.until", "2026-05-01T00:00:00Z"),
    ],
)
def test_what_moves_no_event_is_no_cause(tmp_path, path, value):
    result = compared(tmp_path, changed(path, value))

    assert result.causes == ["unknown"]
    assert result.differences == []
    here = MANIFEST
    for step in path.split("."):
        here = here[step]
    assert [(each.a, each.b) for each in result.idle] == [(here, value)]


def test_seed_is_a_setting_where_candles_are_made_of_it(tmp_path):
    first = changed("config.exchange.kind", "synthetic")
    other = copy.deepcopy(first)
    other["config"]["seed"] = 5
    other["data_sha256"]["BTCUSDT"] = "0" * 64

    result = compared(tmp_path, other, first=first)

    assert result.causes == ["settings"]
    assert [each.name for each in result.differences] == ["seed"]
    assert [each.name for each in result.implied] == ["BTCUSDT"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("config.frame.since", "2026-03-01T00:00:00Z"),
        ("config.exchange.name", "other"),
        ("lead_ms", 120_000),
    ],
)
def test_other_candles_that_were_asked_for_are_no_cause(tmp_path, path, value):
    manifest = changed(path, value)
    manifest["data_sha256"]["BTCUSDT"] = "0" * 64
    manifest["strategy_file"]["sha256"] = "0" * 64

    result = compared(tmp_path, manifest)

    assert "data" not in result.causes
    assert [each.cause for each in result.implied] == ["data"]


@pytest.mark.parametrize("gaps", [[], [HOLE]])
def test_what_is_done_about_holes_does_not_explain_other_candles(tmp_path, gaps):
    manifest = changed("config.gaps", "skip")
    manifest["data_sha256"]["BTCUSDT"] = "0" * 64

    result = compared(tmp_path, manifest, gaps=gaps)

    assert result.causes == (["data", "settings"] if gaps else ["data"])


# The events of these runs are of 2026-04-01T00:01.
@pytest.mark.parametrize(
    ("until", "is_explained"),
    [
        ("2026-04-01T00:02:00Z", False),
        ("2026-05-01T00:00:00Z", False),
        ("2026-04-01T00:01:00Z", True),
        ("2026-04-01T00:00:00Z", True),
    ],
)
def test_another_end_explains_nothing_that_happened_before_it(tmp_path, until, is_explained):
    manifest = changed("config.frame.until", until)
    manifest["data_sha256"]["BTCUSDT"] = "0" * 64

    result = compared(tmp_path, manifest)

    assert result.causes == ["settings" if is_explained else "data"]
    assert [each.name for each in result.implied] == (["BTCUSDT"] if is_explained else [])
    assert [each.name for each in result.idle] == ([] if is_explained else ["frame.until"])


def test_other_hash_of_another_end_is_no_cause_where_there_is_one(tmp_path):
    manifest = changed("config.frame.until", "2026-05-01T00:00:00Z")
    manifest["data_sha256"]["BTCUSDT"] = "0" * 64
    manifest["config"]["params"]["fast"] = 9

    result = compared(tmp_path, manifest)

    assert result.causes == ["parameter"]
    assert [each.name for each in result.implied] == ["BTCUSDT"]


def test_all_causes_are_told_the_most_telling_first(tmp_path):
    manifest = changed("versions.numpy", "9")
    manifest["config"]["capital"] = 1.0
    manifest["data_sha256"]["BTCUSDT"] = "0" * 64
    manifest["config"]["params"]["fast"] = 9
    manifest["strategy_file"]["sha256"] = "0" * 64

    result = compared(tmp_path, manifest)

    assert result.causes == list(CAUSES)
    assert [each.cause for each in result.differences] == list(CAUSES)


def test_first_event_that_differs_is_told_field_by_field(tmp_path):
    result = compared(tmp_path)

    assert result.first.line == 2
    assert result.first.fields() == {"extra": (None, None), "pnl": ("-1.2", "-1.3")}
    assert result.document()["first_difference"]["fields"]["pnl"] == {"a": "-1.2", "b": "-1.3"}


@pytest.mark.parametrize("shorter", ["a", "b"])
def test_run_that_ends_earlier_differs_at_its_end(tmp_path, shorter):
    for name in "ab":
        project = keep(tmp_path, name, events=EVENTS[:1] if name == shorter else EVENTS)

    result = compare_runs(find_run(project, "a"), find_run(project, "b"))

    assert result.first.line == 2
    assert getattr(result.first, shorter) is None
    assert sorted(result.event_counts) == [1, 2]


def test_same_events_are_the_same_run_whatever_was_recorded(tmp_path):
    result = compared(tmp_path, changed("config.capital", 1.0), events=EVENTS)

    assert (result.first, result.causes) == (None, [])
    assert [each.name for each in result.differences] == ["capital"]


def test_runs_without_an_event_are_the_same(tmp_path):
    for name in "ab":
        project = keep(tmp_path, name, events=[], trades=[])

    assert compare_runs(find_run(project, "a"), find_run(project, "b")).first is None


def test_damaged_events_are_not_compared(tmp_path):
    project = keep(tmp_path, "a")
    (project.runs_dir / "a" / "events.jsonl").write_text("{}\n")

    with pytest.raises(CorruptError, match="does not have the fingerprint"):
        compare_runs(find_run(project, "a"), find_run(project, "a"))
