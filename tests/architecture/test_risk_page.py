"""What docs/risk.md says is so: its lists are those of the code, its examples run."""

import doctest
import inspect
import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support import documents
from tests.support.documents import ROOT, rows, tradekit
from tradekit import RiskAsk, Sizing
from tradekit.api import rules
from tradekit.bootstrap.choices import Choices
from tradekit.domain.exposure import ClosedTrade, Exposure
from tradekit.domain.time import parse_time_ms
from tradekit.registry.loader import load_strategy_file

PAGE = documents.read("docs/risk.md")
FIRST_LINE = re.compile(r"# (\w+\.py)\n")
EXAMPLES = {FIRST_LINE.match(block)[1]: block for block in documents.blocks("python", PAGE)}
RULES = rows("## Ready-made rules", PAGE)
MADE = [
    name
    for name, each in inspect.getmembers_static(rules, inspect.isfunction)
    if each.__module__ == rules.__name__ and not name.startswith("_")
]
HOUR_MS = 3_600_000
# A Saturday, at three in the morning.
NOW_MS = parse_time_ms("2026-04-04T03:00")


def held(symbol: str, cost: float) -> Exposure:
    return Exposure("s", symbol, "long", cost, 100.0, 99.0, is_open=True)


# What every ready-made rule refuses as the page makes it.
BAD = RiskAsk(
    kind="entry",
    strategy="s",
    symbol="BTCUSDT",
    direction="long",
    now=NOW_MS,
    price=100.0,
    entry_price=100.0,
    stop_loss_price=99.0,
    take_profit_price=101.5,
    cost=300.0,
    own=None,
    exposures=(
        held("BTCUSDT", 500.0),
        held("ETHUSDT", 200.0),
        held("SOLUSDT", 200.0),
        held("XAUTUSDT", 100.0),
    ),
    closed=(
        ClosedTrade(NOW_MS - 5 * HOUR_MS, "s", "ETHUSDT", "stop_loss", -9.0),
        ClosedTrade(NOW_MS - HOUR_MS, "s", "BTCUSDT", "stop_loss", -9.0),
    ),
    sent_ms=(NOW_MS - 3, NOW_MS - 2, NOW_MS - 1),
    equity=9_300.0,
    peak_equity=10_200.0,
    day_equity=10_000.0,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder in which everything that is shown was saved, and the shipped strategies."""
    for name, body in EXAMPLES.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "strategies", tmp_path / "strategies", ignore=unwanted)
    return tmp_path


# --- lists ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [RiskAsk, Exposure, ClosedTrade])
def test_fields_are_listed_in_order(kind) -> None:
    listed = [name for row in fields_of(kind.__name__) for name in re.findall(r"`(\w+)`", row)]

    assert listed == list(kind._fields)


def fields_of(name: str) -> list[str]:
    """Return the first column of the table whose heading names that class."""
    lines = PAGE.partition(f"| field of `{name}` |")[2].splitlines()[2:]
    table = lines[: next(at for at, line in enumerate(lines) if not line.startswith("|"))]
    return [line.split("|")[1] for line in table]


def test_rules_are_listed() -> None:
    assert sorted(row[0].strip("`").partition("(")[0] for row in RULES) == sorted(MADE)
    assert len(MADE) >= 11


@pytest.mark.parametrize("row", RULES, ids=lambda row: row[0].strip("`").partition("(")[0])
def test_a_rule_says_what_is_shown_and_is_asked_of_averages_as_shown(row) -> None:
    rule = eval(row[0].strip("`"), vars(rules).copy())  # noqa: S307 - of our own page
    average = BAD._replace(kind="average", own=held("BTCUSDT", 0.0))

    assert rule(BAD) == row[3].strip("`")
    assert (rule(average) is not None) is {"yes": True, "no": False}[row[2]]
    assert rule.__name__ == row[0].strip("`").partition("(")[0]


def test_constructors_of_a_sizing_are_listed() -> None:
    made = {name for name, each in vars(Sizing).items() if isinstance(each, classmethod)}
    shown = [row[0].strip("`") for row in rows("answer into `cost=`.", PAGE)]

    assert {each.partition("(")[0].removeprefix("Sizing.") for each in shown} == made
    for each in shown:
        call, _, given = each.removesuffix(")").partition("(")
        known = inspect.signature(getattr(Sizing, call.removeprefix("Sizing."))).parameters
        for argument in given.split(", "):
            name, _, default = argument.partition("=")
            assert name in known
            assert not default or float(default) == known[name].default


# --- what is shown runs --------------------------------------------------------------------------


def test_vectors_of_sizing_are_what_comes_out() -> None:
    (block,) = documents.blocks("pycon", PAGE)
    parsed = doctest.DocTestParser().get_doctest(block, {}, "risk.md", "docs/risk.md", 0)

    failed, tried = doctest.DocTestRunner(verbose=False).run(parsed)

    assert tried >= 8
    assert not failed


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_strategy_that_is_shown_trades(folder: Path, name: str) -> None:
    file = load_strategy_file(folder / name, root=folder)
    choices = Choices(
        (), "synthetic", None, "2026-04-01", "8d", "BTCUSDT,SOLUSDT,ZECUSDT", all_strategies=True
    )

    outcome = documents.backtest(folder, name, choices)

    assert not outcome.failures
    assert outcome.report.total.exits
    refused = set(outcome.report.total.rejected)
    profiles = {profile for each in file.strategies for profile in each.risk}
    assert refused <= {rule.__name__ for profile in profiles for rule in profile.rules}
    # A profile that is shown has something to do.
    assert bool(refused) is bool(profiles)


@pytest.mark.slow
def test_commands_that_are_shown_run(folder: Path) -> None:
    lines = [line for line in documents.commands(PAGE) if line.startswith("tradekit ")]

    answers = {line: tradekit(folder, line) for line in lines}

    assert len(lines) >= 4
    assert not {line: each.stderr for line, each in answers.items() if each.returncode}


def test_risk_pct_costs_what_is_worked_out(folder: Path) -> None:
    """The first entry of the example, whose account is still whole."""
    choices = Choices((), "synthetic", None, "2026-04-01", "8d", "BTCUSDT")

    outcome = documents.backtest(folder, "one_percent.py", choices)

    first = json.loads((outcome.place / "trades.jsonl").read_text().splitlines()[0])
    assert float(first["cost"]) == pytest.approx(2_000.0, rel=1e-9)
    assert "10,000 · 0.5 % / 2.5 % = 2,000" in PAGE
