"""What the documents show is true: examples run, tables match the code, named files exist."""

import ast
import re
import shutil
import tomllib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from tests.support import documents, draw_lifecycle, source, tidy
from tests.support.documents import FENCED, ROOT, rows, tradekit
from tradekit import errors
from tradekit.bootstrap.choices import Choices
from tradekit.bootstrap.settings import load_settings
from tradekit.domain import journal
from tradekit.registry.loader import load_strategy_file

PACKAGE = ROOT / "src" / "tradekit"
README = documents.read("README.md")
ARCHITECTURE = documents.read("docs/architecture.md")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
# Documents that speak of the code by name.
TECHNICAL = [ROOT / "docs" / "architecture.md", *sorted((ROOT / "docs" / "adr").glob("*.md"))]

LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
NAMED_FILE = re.compile(r"[\w.-]+/[\w./-]*|[\w-]+\.(?:py|md|toml)")
NAMED_MEMBER = re.compile(r"(_?[A-Z]\w+)\.(\w+)")
NAMED_FUNCTION = re.compile(r"[a-z_]+_[a-z_]+")
# Files that an operator has, not this repository.
HIS_OWN_FILES = {"tradekit.toml"}
# What cannot be the same twice.
CHANGING = ("replayed ", "run folder: ", "...")


def blocks(language: str) -> list[str]:
    """Return the README's fenced blocks of a language."""
    return documents.blocks(language, README)


def example() -> str:
    """Return the README's strategy file."""
    (body,) = blocks("python")
    return body


def shipped_strategies(folder: Path) -> None:
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "strategies", folder / "strategies", ignore=unwanted)


@pytest.fixture
def newcomer(tmp_path: Path) -> Path:
    """Return a folder with the shipped strategies, the README's one, and candles as it shows."""
    shipped_strategies(tmp_path)
    (tmp_path / "pullback.py").write_text(example(), encoding="utf-8")
    (head,) = blocks("csv")
    moment = datetime(2025, 5, 5, 0, 2, tzinfo=UTC)
    lines = []
    while moment < datetime(2025, 5, 13, tzinfo=UTC):
        price = 94_000 + 900 * (moment.timestamp() / 36_000 % 2 - 1) ** 2
        lines.append(f"{int(moment.timestamp() * 1000)},{price},{price + 9},{price - 9},{price},1")
        moment += timedelta(minutes=1)
    (tmp_path / "candles").mkdir()
    file = tmp_path / "candles" / "BTCUSDT-1m.csv"
    file.write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


# --- README -------------------------------------------------------------------------------------


def test_example_is_loaded_as_it_is_explained(tmp_path: Path) -> None:
    file = tmp_path / "pullback.py"
    file.write_text(example(), encoding="utf-8")

    loaded = load_strategy_file(file, root=tmp_path)

    assert f"Save this as `{file.name}`" in README
    assert len([line for line in example().splitlines() if line]) <= 20
    assert loaded.strategies.names == ("pullback",)
    assert loaded.exchanges.names == ("synthetic",)
    assert loaded.frames.names == ("april",)


def test_example_trades(tmp_path: Path) -> None:
    (tmp_path / "pullback.py").write_text(example(), encoding="utf-8")
    choices = Choices(symbols="BTCUSDT,SOLUSDT")

    outcome = documents.backtest(tmp_path, "pullback.py", choices)

    assert not outcome.failures
    # The hook closes, the stop stops: the example shows what it says.
    assert {"closed", "stop_loss"} <= set(outcome.report.total.exits)
    assert outcome.place.parent == tmp_path / "runs"


@pytest.mark.slow
def test_commands_run_one_after_another(newcomer: Path) -> None:
    lines = [line for line in documents.commands(README) if line.startswith("tradekit ")]

    answers = {line: tradekit(newcomer, with_few_symbols(line)) for line in lines}

    failed = {line: each.stderr for line, each in answers.items() if each.returncode}
    assert len(lines) >= 7
    assert not failed


def with_few_symbols(line: str) -> str:
    """Return a backtest of all symbols as one of a single symbol, to save time."""
    whole = line.startswith("tradekit backtest") and not {"--symbols", "--help"} & set(line.split())
    return f"{line} --symbols BTCUSDT" if whole else line


def test_other_commands_are_known() -> None:
    others = [line for line in documents.commands(README) if not line.startswith("tradekit ")]
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert others == ["make demo", "make test", ". .venv/bin/activate"]
    assert {"demo", "test", "check"} <= set(targets)


def test_demo_prints_what_is_shown(tmp_path: Path) -> None:
    shipped_strategies(tmp_path)
    arguments = re.search(r"^DEMO_ARGS \?= (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    (shown,) = blocks("text")

    answer = tradekit(tmp_path, f"tradekit backtest {arguments[1]}")

    printed = answer.stderr.splitlines() + answer.stdout.splitlines()
    expected = [line for line in shown.splitlines() if not line.startswith(CHANGING)]
    assert [line for line in expected if line not in printed] == []
    for word in ("replayed ", "run folder: "):
        assert any(line.startswith(word) for line in printed)


def test_settings_shown_are_settings(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    (tmp_path / "tradekit.toml").write_text(text, encoding="utf-8")

    settings = load_settings(tmp_path, {})

    given = tomllib.loads(text)
    assert list(settings.symbols) == given["symbols"]
    assert settings.backtest.capital == given["backtest"]["capital"]
    assert settings.costs.taker_fee_pct == given["costs"]["taker_fee_pct"]


def test_exit_codes_are_those_of_the_errors() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type)]
    codes = {each.exit_code for each in classes if issubclass(each, errors.TradekitError)}

    table = rows("## Exit codes", README)

    # 0 is no error, 141 nobody to read the output, and 143 is what StoppedError's 130 becomes when
    # SIGTERM was the signal.
    assert {int(row[0]) for row in table} == codes | {0, 141, 143}


# --- the code by name ---------------------------------------------------------------------------


@cache
def defined() -> tuple[frozenset[str], dict[str, frozenset[str]]]:
    """Return the names of all functions, and the members of each class, of the package."""
    functions: set[str] = set()
    members: dict[str, frozenset[str]] = {}
    for file in source.python_files(ROOT, "src"):
        for node in ast.walk(file.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.add(node.name)
            if isinstance(node, ast.ClassDef):
                names = [getattr(each, "name", None) for each in node.body]
                names += [getattr(getattr(each, "target", None), "id", None) for each in node.body]
                members[node.name] = frozenset(name for name in names if name)
    return frozenset(functions), members


def quoted(document: Path) -> list[str]:
    text = FENCED.sub("", document.read_text(encoding="utf-8"))
    return QUOTED.findall(text)


@pytest.mark.parametrize("document", TECHNICAL, ids=lambda path: path.name)
def test_named_files_exist(document: Path) -> None:
    named = [each for each in quoted(document) if NAMED_FILE.fullmatch(each)]

    missing = [
        each
        for each in named
        if each not in HIS_OWN_FILES
        and not (PACKAGE / each).exists()
        and not (ROOT / each).exists()
    ]

    assert named
    assert not missing


@pytest.mark.parametrize("document", TECHNICAL, ids=lambda path: path.name)
def test_named_members_exist(document: Path) -> None:
    _, members = defined()
    named = [found for each in quoted(document) if (found := NAMED_MEMBER.fullmatch(each))]

    missing = [each[0] for each in named if each[2] not in members.get(each[1], ())]

    assert not missing


def test_functions_named_beside_files_exist() -> None:
    """`name` in `file.py` means that the file defines it."""
    pairs = re.findall(r"`(\w+)`\s+in\s+`([\w/]+\.py)`", ARCHITECTURE)

    missing = [
        f"{name} in {file}"
        for name, file in pairs
        if not re.search(
            rf"^(?:async )?(?:def|class) {name}\b", (PACKAGE / file).read_text(), re.MULTILINE
        )
    ]

    assert len(pairs) >= 20
    assert not missing


def test_lifecycle_is_drawn_as_it_is() -> None:
    committed = draw_lifecycle.PAGE.read_text(encoding="utf-8")

    assert committed == draw_lifecycle.page(), "run `make docs`"


def test_a_state_without_a_sentence_is_not_drawn() -> None:
    class Light(StrEnum):
        """What a lamp does.

        - on: it burns.
        """

        ON = "on"
        OFF = "off"

    with pytest.raises(ValueError, match=r"explained .'on'., must explain .'on', 'off'."):
        draw_lifecycle.meanings(Light)


def test_journal_rows_are_all_listed() -> None:
    lines = re.findall(r"^- (\w+(?:, \w+)*): ", journal.__doc__ or "", re.MULTILINE)
    kinds = [kind for line in lines for kind in line.split(", ")]

    table = rows("## Journal rows", ARCHITECTURE)
    listed = [kind for row in table for kind in QUOTED.findall(row[0])]

    assert sorted(listed) == sorted(kinds)


def test_packages_are_all_listed() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}

    listed = {row[0].strip("`/") for row in rows("plants a\nbreach", ARCHITECTURE)}

    assert packages - listed == set()


# --- all documents ------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    targets = LINK.findall(document.read_text(encoding="utf-8"))
    local = [each.partition("#")[0] for each in targets if "://" not in each]

    assert all((document.parent / each).exists() for each in local if each)


def test_glossary_has_the_words_that_are_not_used() -> None:
    glossary = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    singular = [word for word in {**tidy.FOREIGN_WORDS, **tidy.FOREIGN_NAMES} if word[-1] != "s"]

    missing = [word for word in singular if not re.search(rf"\b{word}\b", glossary)]

    assert singular
    assert not missing


def test_a_word_has_one_meaning() -> None:
    listed = re.findall(r"^\| ([^|]+) \|", documents.read("docs/glossary.md"), re.MULTILINE)
    words = [word for cell in listed for word in cell.split(", ") if cell not in ("word", "verb")]

    assert len(words) > 100
    assert [word for word in words if words.count(word) > 1 and word != "---"] == []
