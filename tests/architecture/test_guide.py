"""The guide to writing strategies is true: its files run, its tables name what there is."""

import ast
import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from tests.support import documents, source
from tests.support.documents import ROOT, rows, tradekit
from tests.support.worlds import run, series_of
from tradekit import (
    Context,
    Exchange,
    Position,
    Run,
    Signal,
    WaitingEntry,
    Wake,
    strategy,
)
from tradekit.api.declare import HOOK_EVENTS
from tradekit.bootstrap.choices import Choices
from tradekit.bootstrap.settings import LimitSettings
from tradekit.domain.costs import CostModel
from tradekit.domain.order import Fill
from tradekit.domain.position import Position as HeldPosition
from tradekit.domain.time import MINUTE_MS, Interval
from tradekit.registry.loader import load_strategy_file

GUIDE = documents.read("docs/strategies.md")
SAVED_AS = re.compile(r"Save this as `(\w+\.py)`")
FIRST_LINE = re.compile(r"# (\w+\.py)\n")
NAMED = re.compile(r"`(\w+)[^`]*`")
# Public for the drivers, not for those who write strategies.
INTERNAL = {"is_of"}
START_MS = 1_775_001_600_000


def examples() -> dict[str, str]:
    """Return the Python files of README and guide by name."""
    readme = documents.read("README.md")
    (name,) = SAVED_AS.findall(readme)
    (body,) = documents.blocks("python", readme)
    found = {name: body}
    for block in documents.blocks("python", GUIDE):
        first = FIRST_LINE.match(block)
        assert first, f"a block of the guide does not begin with its file's name: {block[:40]!r}"
        assert first[1] not in found, f"{first[1]} is shown twice"
        found[first[1]] = block
    return found


EXAMPLES = examples()
STRATEGIES = [name for name in EXAMPLES if not name.startswith("test_")]
TESTS = [name for name in EXAMPLES if name.startswith("test_")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder in which everything that is shown was saved."""
    for name, body in EXAMPLES.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    return tmp_path


def named(before: str) -> list[str]:
    """Return what the first column of a table of the guide names, each without its arguments."""
    return [name for row in rows(before, GUIDE) for name in NAMED.findall(row[0])]


# --- what is shown runs -------------------------------------------------------------------------


@pytest.mark.parametrize("name", STRATEGIES)
def test_every_strategy_that_is_shown_trades(folder: Path, name: str) -> None:
    file = load_strategy_file(folder / name, root=folder)

    for each in file.strategies:
        choices = Choices((each.name,), "synthetic", None, "2026-04-01", "8d", "BTCUSDT")
        outcome = documents.backtest(folder, name, choices)

        calls = json.loads((outcome.place / "manifest.json").read_text())["hook_calls"]
        hooks = [*each.open_hooks, *each.waiting_hooks, *each.idle_hooks, *each.cron_hooks]
        hooks += [hook for own in each.event_hooks.values() for hook in own]
        assert not outcome.failures
        assert outcome.report.total.exits
        assert {each.decide.__name__, *(hook.call.__name__ for hook in hooks)} <= set(calls)

    assert len(file.strategies)


@pytest.mark.slow
@pytest.mark.parametrize("name", TESTS)
def test_tests_that_are_shown_pass(folder: Path, name: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", name],
        cwd=folder,
        env={"PATH": f"{documents.PROGRAM.parent}:{os.environ['PATH']}", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )

    assert answer.returncode == 0, answer.stdout
    assert f"python -m pytest {name}" in documents.commands(GUIDE)


@pytest.mark.slow
def test_commands_that_are_shown_run(folder: Path) -> None:
    lines = [line for line in documents.commands(GUIDE) if line.startswith("tradekit ")]

    answers = {line: tradekit(folder, line) for line in lines}

    assert len(lines) >= 5
    assert not {line: each.stderr for line, each in answers.items() if each.returncode}


# --- the tables name what there is --------------------------------------------------------------


def public(kind: type) -> set[str]:
    """Return the names of a class, and of its objects, that are not private."""
    given = {name.partition("(")[0] for name in vars(kind) if not name.startswith("_")}
    made = re.findall(r"self\.([a-z]\w*)(?:: [^=]+)? = ", inspect.getsource(kind.__init__))
    return given | set(made)


def test_what_a_strategy_says_is_listed() -> None:
    arguments = inspect.signature(strategy).parameters

    assert named("## What a strategy says") == list(arguments)


@pytest.mark.parametrize(
    ("call", "heading"), [(strategy, "## What a strategy says"), (Signal, "## What a signal says")]
)
def test_defaults_are_those_shown(call: Callable[..., object], heading: str) -> None:
    table = rows(heading, GUIDE)
    column = 1 if call is strategy else 2
    shown = {row[0].strip("`"): row[column].strip("`") for row in table}

    for each in inspect.signature(call).parameters.values():
        if each.default not in (None, inspect.Parameter.empty):
            assert ast.literal_eval(shown[each.name]) == each.default


def test_limits_are_those_shown() -> None:
    said = dict(re.findall(r"`(m\w+)`, (\w+(?:\.\d+)?)", GUIDE))

    assert said == {
        name: f"{value:g}" if isinstance(value, float) else value or "none"
        for name, value in LimitSettings().model_dump().items()
    }


def test_fields_of_a_signal_are_listed() -> None:
    assert named("## What a signal says") == [each.name for each in fields(Signal)]


def test_what_a_context_has_is_listed() -> None:
    assert set(named("## What a strategy sees")) == public(Context)


def test_what_a_position_has_is_listed() -> None:
    assert set(named("## While a position")) == public(Position) - INTERNAL


def test_what_an_order_has_is_listed() -> None:
    assert set(named("## While an entry waits")) == public(WaitingEntry) - INTERNAL


def test_what_a_wake_takes_is_listed() -> None:
    assert named("## Sleeping until") == list(inspect.signature(Wake).parameters)


def test_what_a_run_has_is_named() -> None:
    paragraph = GUIDE.partition("## On a schedule")[2].partition("\n## ")[0]

    assert set(re.findall(r"`run\.(\w+)", paragraph)) == public(Run)


def test_arguments_of_actions_are_those_shown() -> None:
    for row in rows("## While a position", GUIDE):
        for name, given in re.findall(r"`(\w+)\(([^)]*)\)`", row[0]):
            known = list(inspect.signature(getattr(Position, name)).parameters)
            shown = [each.split("=")[0] for each in given.split(", ") if each]
            assert shown == known[1:]


def test_intervals_are_listed() -> None:
    sentence = GUIDE.partition("Intervals are ")[2].partition(", as\nfar")[0]

    assert re.findall(r"`(\w+)`", sentence) == [each.plain for each in Interval]


def test_constructors_of_exchanges_are_listed() -> None:
    made = {name for name, each in vars(Exchange).items() if isinstance(each, classmethod)}

    shown = {row[0].split("(")[0].removeprefix("`Exchange.") for row in rows("An `Exch", GUIDE)}

    assert shown == made


def test_rules_that_refuse_a_signal_are_listed() -> None:
    """A rule is a Problem that is no nonsense, or what the venue refuses with."""
    rules = set()
    for file in source.python_files(ROOT, "src/tradekit/domain", "src/tradekit/engine"):
        for node in ast.walk(file.tree):
            match node:
                case ast.Call(
                    func=ast.Name(id="Problem"),
                    args=[ast.Constant(value=rule), *_],
                    keywords=[ast.keyword(arg="nonsense", value=ast.Constant(value=False))],
                ):
                    rules.add(rule)
                case ast.Call(
                    func=ast.Attribute(attr="_refuse"),
                    args=[_, _, _, ast.Constant(value=rule), *_],
                ):
                    rules.add(rule)

    assert len(rules) >= 9
    assert set(named("leaves a `rejected` row")) == rules


def test_rules_that_refuse_an_action_are_listed() -> None:
    """A rule is what a function of the actions returns as text, or what stands as `rule`."""
    files = {"src/tradekit/engine/actions.py", "src/tradekit/drivers/runner.py"}
    rules: set[str] = set()
    for file in source.python_files(ROOT, "src"):
        if file.name not in files:
            continue
        for node in ast.walk(file.tree):
            match node:
                case (
                    ast.Return(value=ast.Constant() | ast.IfExp() as said)
                    | ast.keyword(arg="rule", value=ast.Constant() as said)
                    | ast.Assign(targets=[ast.Name(id="rule")], value=ast.IfExp() as said)
                    | ast.Call(func=ast.Name(id="_refused"), args=[ast.Constant() as said])
                ):
                    rules.update(texts(said))

    table = rows("so that `def` and `async def` read the\nsame.", GUIDE)
    shown = [row[0].strip("`") for row in table]
    assert len(rules) >= 15
    assert sorted(shown) == sorted(rules)
    actions = public(Position) | public(WaitingEntry)
    assert {name for row in table for name in NAMED.findall(row[1])} <= actions


def texts(said: ast.expr) -> set[str]:
    """Return the text of a constant, or of both ends of a choice."""
    if isinstance(said, ast.IfExp):
        return texts(said.body) | texts(said.orelse)
    text = said.value if isinstance(said, ast.Constant) else None
    return {text} if isinstance(text, str) and text else set()


def test_a_position_that_is_shown_earns_what_is_shown() -> None:
    """The worked example of the guide, once more by the position itself."""
    costs = CostModel()
    position = HeldPosition("s-X-1", "long", costs)
    for price in (100.0, 98.0):
        paid = costs.paid_price(price, buying=True, maker=False)
        fee = costs.fee(100.0, maker=False)
        position.add_entry(Fill(0, price, paid, 100.0 / paid, fee), 100.0)

    paragraph = GUIDE.partition("Worked out with")[2].partition("\n\n")[0]
    figures = [float(each) for each in re.findall(r"\d+\.\d+", paragraph.replace("−", "-"))]

    for figure, digits in [
        (position.average_entry_price, 4),
        (position.pnl_at(99.5), 4),
        (position.pnl_pct_at(99.5), 4),
        (position.quantity, 6),
    ]:
        assert round(figure, digits) in figures


def test_details_of_events_are_listed() -> None:
    """Each kind happens, and its details have the names that the guide has."""
    seen = {}

    @strategy("eventful", every="10m", hold="8m", wait="3m", on_error="continue")
    def eventful(ctx):
        turn = (ctx.now - START_MS) // (10 * MINUTE_MS)
        return (
            Signal.long(stop_loss=80, take_profit=120, hold="3m"),
            Signal.long(entry=90),
            Signal.long(stop_loss_pct=0.1),
        )[turn % 3]

    @eventful.while_open
    def manage(ctx, position):
        _ = position.average_buy(100) or position.average_buy(100, mode="anywhere")
        position.close_part(pct=10)
        position.trail_stop(price=81)
        raise ValueError("told")

    @eventful.on(*HOOK_EVENTS)
    def note(ctx, event):
        seen.setdefault(event.kind, set()).update(event.details)

    candles = [(START_MS + k * MINUTE_MS, 100.0, 100.0, 100.0, 100.0, 1.0) for k in range(-1, 40)]
    # Minute 1 goes far both ways and closes lower; minute 2 opens above what was to be a new low.
    candles[2] = (START_MS + MINUTE_MS, 100.0, 103.0, 97.0, 99.0, 1.0)
    candles[3] = (START_MS + 2 * MINUTE_MS, 101.0, 101.0, 100.0, 100.0, 1.0)
    run(
        eventful,
        {"BTCUSDT": series_of(candles)},
        since_ms=START_MS,
        until_ms=START_MS + 40 * MINUTE_MS,
    )

    shown = {row[0].strip("`"): set(NAMED.findall(row[2])) for row in rows("## Events", GUIDE)}
    assert shown == seen
    assert set(shown) == set(HOOK_EVENTS)
