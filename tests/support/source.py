"""The project's own files as text and syntax trees, for the tests that judge them."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
NOT_OURS = {"__pycache__", "build", "dist", "htmlcov", "runs"}


@dataclass(frozen=True)
class Source:
    """One Python file of the tree under `root`."""

    root: Path
    path: Path

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    @cached_property
    def name(self) -> str:
        """The path from the root, with slashes."""
        return self.path.relative_to(self.root).as_posix()

    def at(self, line: int, problem: str) -> str:
        return f"{self.name}:{line}: {problem}"


def python_files(root: Path, *folders: str) -> list[Source]:
    """Return the Python files below the folders, in a fixed order; an absent folder is empty."""
    return [
        Source(root, path)
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
        if not is_foreign(path.relative_to(root))
    ]


def text_files(root: Path) -> list[Path]:
    """Return the files that git tracks or would track; without git, all that are not hidden."""
    git = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(git, capture_output=True, check=True, text=True).stdout
        paths = [root / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        paths = [path for path in root.rglob("*") if not is_foreign(path.relative_to(root))]
    return sorted(path for path in paths if path.is_file() and is_text(path))


def is_foreign(path: Path) -> bool:
    """Tell whether a relative path lies in a cache, an environment or a build."""
    return any(
        part in NOT_OURS or (part.startswith(".") and part != ".ci") for part in path.parts[:-1]
    )


def is_text(path: Path) -> bool:
    """Tell whether the file looks like text, as git decides it: no zero byte at its start."""
    with path.open("rb") as file:
        return b"\0" not in file.read(8000)


def words(name: str) -> set[str]:
    """Return the lower-case words of a name or sentence: `BarColumn_x` has bar, column and x."""
    return {word.lower() for word in WORD.findall(name)}


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each name that the code itself chooses: definitions, arguments, targets, aliases."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr
            case ast.alias(asname=str(name)):
                yield node.lineno, name
            case _:
                pass


def used_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each name that the code mentions, whoever chose it."""
    for node in ast.walk(tree):
        match node:
            case ast.Name():
                yield node.lineno, node.id
            case ast.Attribute():
                yield node.lineno, node.attr
            case ast.keyword(arg=str(name)):
                yield node.value.lineno, name
            case ast.ImportFrom(module=str(name)):
                yield node.lineno, name
            case ast.alias():
                yield node.lineno, node.name
            case _:
                pass


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield each string that the program may use; one that stands alone is a docstring."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in alone:
                yield node.lineno, text
            case _:
                pass


def body_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines below the signature, without the docstring."""
    body = function.body
    if ast.get_docstring(function, clean=False) is not None:
        body = body[1:]
    if not body:
        return 0
    return (body[-1].end_lineno or 0) - body[0].lineno + 1
