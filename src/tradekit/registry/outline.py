"""What a strategy file seems to declare: the names in it, read without running it.

Decides nothing that counts: a shell that completes a name is answered from here at once, a run asks
`loader`. A name that is worked out at run time is left out. Invariant: no code of the file is run,
and nothing is imported that takes time.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

Kind = Literal["strategy", "exchange", "frame"]

_KINDS: Final[dict[str, Kind]] = {
    "strategy": "strategy",
    "Exchange": "exchange",
    "Frame": "frame",
}
# Those of Exchange; each is also the name of what it makes where none is given.
_CONSTRUCTORS: Final = ("local", "files", "synthetic")
_MOST_IMPORTS: Final = 4


@dataclass(frozen=True, slots=True)
class Outline:
    """The names that a file declares, by kind, in order of definition."""

    strategies: tuple[str, ...] = ()
    exchanges: tuple[str, ...] = ()
    frames: tuple[str, ...] = ()


def read_outline(path: Path, root: Path) -> Outline:
    """Return what the file declares, things imported from files beside it or in `root` included.

    What cannot be read or parsed declares nothing.
    """
    found = _declarations(path, (path.parent, root), _MOST_IMPORTS)

    def names(kind: Kind) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for its, name in found.values() if its == kind))

    return Outline(names("strategy"), names("exchange"), names("frame"))


def _declarations(
    path: Path, folders: Sequence[Path], imports_left: int
) -> dict[str, tuple[Kind, str]]:
    """Return kind and declared name of what the file binds, by the name that it is bound to."""
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return {}
    reader = _Reader()
    for node in _top_level(tree.body):
        if isinstance(node, ast.ImportFrom) and not reader.imports(node) and imports_left:
            theirs = _declarations(_module_file(node, folders), folders, imports_left - 1)
            for alias in node.names:
                wanted = theirs if alias.name == "*" else [alias.name]
                reader.found |= {
                    (alias.asname or name if alias.name != "*" else name): theirs[name]
                    for name in wanted
                    if name in theirs
                }
        else:
            reader.read(node)
    return reader.found


def _top_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run when the module does, those under a condition included."""
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _top_level([*node.body, *node.orelse])
        else:
            yield node


def _module_file(node: ast.ImportFrom, folders: Sequence[Path]) -> Path:
    parts = (node.module or "").split(".")
    files = [folder.joinpath(*parts).with_suffix(".py") for folder in folders]
    return next((file for file in files if file.is_file()), files[0])


@dataclass(slots=True)
class _Reader:
    """What was found in a module so far.

    `known` maps names in it to the public names of tradekit that they stand for, `modules` are
    names of tradekit itself, `texts` those of constants.
    """

    found: dict[str, tuple[Kind, str]] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    modules: set[str] = field(default_factory=set)
    texts: dict[str, str] = field(default_factory=dict)

    def imports(self, node: ast.ImportFrom) -> bool:
        """Take an import from tradekit, and return whether it is one."""
        if (node.module or "").split(".")[0] != "tradekit":
            return False
        self.known |= {alias.asname or alias.name: alias.name for alias in node.names}
        return True

    def read(self, node: ast.stmt) -> None:
        """Take what another statement declares."""
        if isinstance(node, ast.Import):
            ours = [alias for alias in node.names if alias.name == "tradekit"]
            self.modules |= {alias.asname or alias.name for alias in ours}
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for decorator in node.decorator_list:
                self._bind(node.name, decorator)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._assign(target.id, node.value)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            self._assign(node.target.id, node.value)

    def _assign(self, target: str, value: ast.expr) -> None:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            self.texts[target] = value.value
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Call):
            self._bind(target, value.func)  # strategy("name")(function)
        else:
            self._bind(target, value)

    def _bind(self, target: str, value: ast.expr) -> None:
        """Note what `target = value` declares, if it does."""
        if not isinstance(value, ast.Call):
            return
        kind = _KINDS.get(self._called(value.func) or "")
        name = self._name(value, positional=True) if kind else None
        function = value.func
        if isinstance(function, ast.Attribute) and self._called(function.value) == "Exchange":
            kind = "exchange"
            named = any(each.arg == "name" for each in value.keywords)
            default = function.attr if function.attr in _CONSTRUCTORS else None
            name = self._name(value, positional=False) if named else default
        if kind and name:
            self.found[target] = kind, name

    def _called(self, function: ast.expr) -> str | None:
        """Return the public name of tradekit that an expression stands for."""
        if isinstance(function, ast.Name):
            return self.known.get(function.id)
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            return function.attr if function.value.id in self.modules else None
        return None

    def _name(self, call: ast.Call, *, positional: bool) -> str | None:
        """Return the `name` argument of a call, where it is a text that is written out."""
        given = [each.value for each in call.keywords if each.arg == "name"]
        if positional and call.args:
            given = [call.args[0]]
        if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
            return given[0].value
        return self.texts.get(given[0].id) if given and isinstance(given[0], ast.Name) else None
