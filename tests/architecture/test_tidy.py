"""The tree is tidy, and each rule of tidiness finds a planted breach."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support import tidy

ROOT = Path(__file__).resolve().parents[2]

Rule = Callable[[Path], Iterator[str]]

RULES: list[Rule] = [
    tidy.long_files,
    tidy.long_functions,
    tidy.silent_modules,
    tidy.mode_words,
    tidy.unfinished_work,
    tidy.empty_module_names,
    tidy.foreign_words,
    tidy.machine_traces,
    tidy.busy_packages,
]

PACKAGE = "src/tradekit"
# Escaped, so that the rule does not find them here.
MACHINE_PATH = "\x2fhome/someone"
REGISTRY = "https://pypi\x2eorg/simple"

# (rule, file, text that breaks the rule there)
BREACHES: list[tuple[Rule, str, str]] = [
    (tidy.long_files, "tests/unit/test_x.py", "x = 1\n" * 401),
    (tidy.long_functions, f"{PACKAGE}/x.py", "def f():\n" + "    x = 1\n" * 71),
    (tidy.long_functions, f"{PACKAGE}/x.py", "async def f():\n    'D.'\n" + "    x = 1\n" * 71),
    (tidy.silent_modules, f"{PACKAGE}/x.py", "x = 1\n"),
    (tidy.mode_words, f"{PACKAGE}/engine/x.py", "is_live = True\n"),
    (tidy.mode_words, f"{PACKAGE}/domain/x.py", "def f(mode): return mode == 'paper'\n"),
    (tidy.mode_words, f"{PACKAGE}/api/x.py", "class BacktestClock: ...\n"),
    (tidy.mode_words, f"{PACKAGE}/engine/x.py", "import tradekit.drivers.paper\n"),
    (tidy.mode_words, f"{PACKAGE}/engine/x.py", "f(live=1)\n"),
    (tidy.unfinished_work, f"{PACKAGE}/x.py", "x = 1  # TODO: later\n"),
    (tidy.empty_module_names, f"{PACKAGE}/utils.py", "x = 1\n"),
    (tidy.empty_module_names, f"{PACKAGE}/_helpers/x.py", "x = 1\n"),
    (tidy.foreign_words, f"{PACKAGE}/x.py", "bar_count = 1\n"),
    (tidy.foreign_words, f"{PACKAGE}/x.py", "def f(timeframe): ...\n"),
    (tidy.foreign_words, f"{PACKAGE}/x.py", "class KlineFeed: ...\n"),
    (tidy.foreign_words, f"{PACKAGE}/x.py", "from y import fee as commission\n"),
    (tidy.foreign_words, f"{PACKAGE}/x.py", "def tick(): ...\n"),
    (tidy.machine_traces, "docs/x.md", f"Look into {MACHINE_PATH}/data.\n"),
    (tidy.machine_traces, "Makefile", f"pip install -i {REGISTRY} x\n"),
    (tidy.busy_packages, f"{PACKAGE}/engine/__init__.py", "'''D.'''\nx = 1\n"),
    (tidy.busy_packages, f"{PACKAGE}/__init__.py", "'''D.'''\nprint()\n"),
]

# (rule, file, text that comes close to a breach and is none)
NEAR_MISSES: list[tuple[Rule, str, str]] = [
    (tidy.long_files, "tests/unit/test_x.py", "x = 1\n" * 400),
    (tidy.long_functions, f"{PACKAGE}/x.py", "def f():\n    'D.'\n" + "    x = 1\n" * 70),
    (tidy.mode_words, f"{PACKAGE}/engine/x.py", "'''Serves a backtest.'''\ndelivered = 'alive'\n"),
    (tidy.mode_words, f"{PACKAGE}/drivers/x.py", "live = True\n"),
    (tidy.unfinished_work, f"{PACKAGE}/x.py", "x = 1  # TODO(#12): later\n"),
    (tidy.foreign_words, f"{PACKAGE}/x.py", "tick_size = barrier = f(timeframe='1m')\n"),
    (tidy.machine_traces, "docs/x.md", "Look into framework/x, ~/home/x and $HOME/x.\n"),
    (tidy.machine_traces, ".venv/x.md", f"Look into {MACHINE_PATH}/data.\n"),
    (
        tidy.busy_packages,
        f"{PACKAGE}/__init__.py",
        "'''D.'''\n_NAMES = {'a': 'b'}\ndef __getattr__(name): ...\n",
    ),
]


def plant(root: Path, name: str, text: str) -> Path:
    file = root / name
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_tree_keeps_the_rule(rule: Rule) -> None:
    breaches = list(rule(ROOT))

    assert not breaches, "\n".join([f"{rule.__doc__}", *breaches])


@pytest.mark.parametrize(("rule", "name", "text"), BREACHES)
def test_rule_finds_a_planted_breach(tmp_path: Path, rule: Rule, name: str, text: str) -> None:
    breaches = list(rule(plant(tmp_path / "tree", name, text)))

    assert breaches
    assert all(breach.startswith(f"{name}:") for breach in breaches)


@pytest.mark.parametrize(("rule", "name", "text"), NEAR_MISSES)
def test_rule_lets_a_near_miss_pass(tmp_path: Path, rule: Rule, name: str, text: str) -> None:
    assert not list(rule(plant(tmp_path / "tree", name, text)))


def test_every_rule_is_tried_on_a_breach() -> None:
    assert {rule for rule, _, _ in BREACHES} == set(RULES)
