"""The rules of tidiness: each takes the root of a tree and yields what breaks it there.

Not here: what ruff, mypy and import-linter can say themselves.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.support import source

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 70

MODE_WORDS = {"backtest", "backtests", "backtesting", "paper", "live"}
MODELESS = tuple(f"src/tradekit/{name}" for name in ("engine", "domain", "api"))

EMPTY_MODULE_NAMES = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}

# docs/glossary.md says which word stands for each of these.
FOREIGN_WORDS = {
    "bar": "candle",
    "bars": "candles",
    "commission": "fee",
    "commissions": "fees",
    "kline": "candle",
    "klines": "candles",
    "timeframe": "interval",
    "timeframes": "intervals",
}
FOREIGN_NAMES = {"tick": "tick_size, step or event"}

UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX)\b(?!.*(#|issues/)\d)")
MACHINE_PATH = re.compile(r"(?<![\w.~$}-])/(work|root|home|Users)/")
REGISTRY_HOST = re.compile(r"\b(pypi\.org|pythonhosted\.org|pypi\.python\.org)\b")


def long_files(root: Path) -> Iterator[str]:
    """A file is at most 400 lines long."""
    for file in source.python_files(root, "src", "tests", "strategies"):
        length = len(file.text.splitlines())
        if length > FILE_LINES_MAX:
            yield file.at(length, f"length was {length} lines, must be at most {FILE_LINES_MAX}")


def long_functions(root: Path) -> Iterator[str]:
    """A function is at most 70 lines long, its signature and docstring not counted."""
    for file in source.python_files(root, "src", "tests", "strategies"):
        for node in ast.walk(file.tree):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            length = source.body_length(node)
            if length > FUNCTION_LINES_MAX:
                yield file.at(
                    node.lineno,
                    f"{node.name} was {length} lines long, must be at most {FUNCTION_LINES_MAX}",
                )


def silent_modules(root: Path) -> Iterator[str]:
    """A module says what its business is."""
    for file in source.python_files(root, "src"):
        if not (ast.get_docstring(file.tree) or "").strip():
            yield file.at(1, "has no docstring")


def mode_words(root: Path) -> Iterator[str]:
    """The engine and what it stands on cannot tell a backtest from the real thing."""
    for file in source.python_files(root, *MODELESS):
        for find in (source.bound_names, source.used_names, source.strings):
            for line, text in find(file.tree):
                for word in sorted(source.words(text) & MODE_WORDS):
                    yield file.at(line, f"the mode word {word!r} stands in {text!r}")


def unfinished_work(root: Path) -> Iterator[str]:
    """Work that is left for later has an issue."""
    for file in source.python_files(root, "src", "tests", "strategies"):
        for token in tokenize.generate_tokens(io.StringIO(file.text).readline):
            if token.type == tokenize.COMMENT and UNFINISHED.search(token.string):
                yield file.at(token.start[0], f"{token.string!r} names no issue")


def empty_module_names(root: Path) -> Iterator[str]:
    """A module is named after what is in it."""
    for file in source.python_files(root, "src", "tests"):
        for part in Path(file.name).with_suffix("").parts:
            if part.strip("_") in EMPTY_MODULE_NAMES:
                yield file.at(1, f"the name {part!r} says nothing")


def foreign_words(root: Path) -> Iterator[str]:
    """One thing has one name; names that a library chose are not ours to change."""
    for file in source.python_files(root, "src"):
        for line, name in source.bound_names(file.tree):
            for word in sorted(source.words(name) & FOREIGN_WORDS.keys()):
                yield file.at(line, f"{name!r}: tradekit says {FOREIGN_WORDS[word]}, not {word}")
            if name.strip("_").lower() in FOREIGN_NAMES:
                yield file.at(line, f"{name!r}: say {FOREIGN_NAMES[name.strip('_').lower()]}")


def machine_traces(root: Path) -> Iterator[str]:
    """No file depends on one machine's folders or on one package index."""
    for path in source.text_files(root):
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), start=1):
            for pattern in (MACHINE_PATH, REGISTRY_HOST):
                if found := pattern.search(line):
                    yield f"{path.relative_to(root).as_posix()}:{number}: holds {found.group()!r}"


def busy_packages(root: Path) -> Iterator[str]:
    """An `__init__.py` holds a docstring and re-exports only; the top one may be lazy."""
    for file in source.python_files(root, "src"):
        if file.path.name != "__init__.py":
            continue
        is_top = file.name == "src/tradekit/__init__.py"
        for node in file.tree.body:
            if not (is_reexport(node) or (is_top and is_lazy_reexport(node))):
                yield file.at(node.lineno, "is neither a docstring nor a re-export")


def is_reexport(node: ast.stmt) -> bool:
    """Tell whether the statement is a docstring, an import, or `__all__`."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())) | ast.Import() | ast.ImportFrom():
            return True
        case (
            ast.Assign(targets=[ast.Name(id="__all__")])
            | ast.AnnAssign(target=ast.Name(id="__all__"))
        ):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=[]):
            return all(is_reexport(inner) for inner in node.body)
        case _:
            return False


def is_lazy_reexport(node: ast.stmt) -> bool:
    """Tell whether the statement belongs to a module-level `__getattr__`."""
    match node:
        case ast.FunctionDef(name="__getattr__" | "__dir__"):
            return True
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name.startswith("_")
        case _:
            return False
