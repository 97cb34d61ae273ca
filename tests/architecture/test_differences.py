"""What docs/differences.md says can be looked up: its tests exist, and so does what it names."""

import ast
import inspect
import re
from dataclasses import is_dataclass
from functools import cache

import pytest

from tests.support import documents
from tests.support.documents import ROOT, rows
from tradekit import Context, Position, Run, Signal, WaitingEntry, strategy
from tradekit.api.declare import HOOK_EVENTS, Exchange, Strategy
from tradekit.bootstrap.settings import LimitSettings

PAGE = documents.read("docs/differences.md")
PROOF = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`(?:\s+\(rows?\s+([^)]+)\))?")
QUESTION = re.compile(r"\bQ-(\d\d)\b")
SECTION = re.compile(r"^#### ([^\n]+)\n(.*?)(?=^##|\Z)", re.DOTALL | re.MULTILINE)
MADE = re.compile(r"self\.([a-z]\w*)(?:: [^=]+)? = ")
MAP = PAGE.partition("\n## Names\n")[2]


@pytest.fixture(scope="module")
def functions():
    """Return the names of the functions of a test file, read once."""

    @cache
    def of(name: str) -> frozenset[str]:
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        kinds = ast.FunctionDef | ast.AsyncFunctionDef
        return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))

    return of


def public(kind: type) -> set[str]:
    """Return the names that a class and its objects show."""
    made = [] if is_dataclass(kind) else MADE.findall(inspect.getsource(kind.__init__))
    return {name for name in dir(kind) if not name.startswith("_")} | set(made)


def test_every_test_that_is_named_exists(functions):
    named = PROOF.findall(PAGE)

    missing = [f"{file}::{test}" for file, test, _ in named if test not in functions(file)]

    assert len(named) >= 30
    assert not missing


def test_every_row_of_a_table_that_is_named_exists():
    named = [
        (file, row)
        for file, _, listed in PROOF.findall(PAGE)
        for row in re.findall(r"`(\w+)`", listed)
    ]

    missing = [each for each in named if f'"{each[1]}"' not in (ROOT / each[0]).read_text()]

    assert named
    assert not missing


def test_every_question_is_answered_once():
    """Each has its section; whoever is not there yet says so instead of naming a proof."""
    sections = SECTION.findall(PAGE)
    numbers = [number for title, _ in sections for number in QUESTION.findall(title)]
    bare = [
        title
        for title, body in sections
        if QUESTION.search(title) and not PROOF.search(body) and "Not there yet" not in body
    ]

    assert sorted(numbers) == [f"{number:02}" for number in range(1, 37)]
    assert not bare


def test_a_section_that_is_not_there_yet_proves_nothing():
    bodies = [body for _, body in SECTION.findall(PAGE) if "Not there yet" in body]

    assert bodies
    assert not [body for body in bodies if PROOF.search(body)]


@pytest.mark.parametrize(
    ("owner", "kind", "fewest"),
    [
        ("position", Position, 30),
        ("order", WaitingEntry, 3),
        ("ctx", Context, 5),
        ("run", Run, 1),
        ("s", Strategy, 5),
        ("Exchange", Exchange, 3),
    ],
)
def test_names_that_the_map_leads_to_exist(owner, kind, fewest):
    named = re.findall(rf"(?<![\w.]){owner}\.(\w+)", MAP)

    assert len(named) >= fewest
    assert set(named) - public(kind) == set()


def test_arguments_that_the_map_leads_to_exist():
    calls = re.findall(r"`position\.(\w+)\(([^)`]*)\)`", MAP)
    wrong = [
        f"{name}({argument}=)"
        for name, given in calls
        for argument in re.findall(r"(\w+)=", given)
        if argument not in inspect.signature(getattr(Position, name)).parameters
    ]
    fields = set(re.findall(r"`(\w+)=`", MAP))
    known = {*inspect.signature(strategy).parameters, *inspect.signature(Signal).parameters}

    assert len(calls) >= 8
    assert not wrong
    assert fields
    assert fields - known == set()


def test_events_that_the_map_leads_to_exist():
    named = {kind for given in re.findall(r"s\.on\(([^)]*)\)", MAP) for kind in given.split(", ")}

    assert {kind.strip('"') for kind in named} - set(HOOK_EVENTS) == set()


def test_limits_that_the_map_leads_to_exist():
    named = set(re.findall(r"`\[limits\] (\w+)`", MAP))

    assert named
    assert named - set(LimitSettings.model_fields) == set()


def test_the_map_has_a_line_for_every_name_once():
    tables = re.findall(r"^\| ([^|]+) \|", MAP, re.MULTILINE)
    names = [name for cell in tables for name in re.findall(r"`(\w+)`", cell)]

    assert len(names) > 60
    assert [name for name in names if names.count(name) > 1] == []
    assert rows("\n### Hooks", PAGE)
