"""Loading a strategy file: run it once as a module of its own and collect what it declares.

Decides which objects count as declared, and turns whatever goes wrong in the user's code into one
sentence with its file and line. What the names mean is the catalog's business. Invariant: the
file's source is read once, so that its hash is that of the code which runs; the operator's own
modules that it imports are hashed right after.
"""

from __future__ import annotations

import ast
import hashlib
import os
import sys
import traceback
from collections import defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from tradekit.api.declare import Exchange, Strategy
from tradekit.domain.time import Frame
from tradekit.errors import DuplicateNameError, StrategyLoadError, TradekitError, raise_all
from tradekit.registry.catalog import Item, Registered, Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import CodeType

_PACKAGE_DIR: Final = Path(__file__).resolve().parents[1]
_MODULE_PREFIX: Final = "_tradekit_strategy_"
_NO_IMPORTS: Final = (_MODULE_PREFIX, "__main__", "__mp_main__")
_STANDARD_DIR: Final = Path(os.__file__).resolve().parent
_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """A strategy file's declarations, and the SHA-256 of its source.

    `module_hashes` has that of each module of the operator's own which was imported, by name.
    """

    path: Path
    source_hash: str
    strategies: Registry[Strategy]
    exchanges: Registry[Exchange]
    frames: Registry[Frame]
    module_hashes: Mapping[str, str] = field(default_factory=dict)


def load_strategy_file(path: Path, *, root: Path) -> LoadedFile:
    """Run the file and return what it declares at module level, imported things included.

    While it runs, its own folder and `root` can be imported from: behind the standard library, so
    that a strategy called `signal.py` breaks nobody else, and before installed packages.

    Args:
        path: the file.
        root: the project's folder, for imports such as `from strategies.ladder import ladder`.

    Raises:
        StrategyLoadError: there is no such file, or it could not be run.
        DuplicateNameError: two things in it have one name.
        ExceptionGroup: several of the latter.
    """
    path, root = path.resolve(), root.resolve()
    where = _Where(path, root)
    source = _read(path, where)
    module = ModuleType(f"{_MODULE_PREFIX}{_digest(str(path).encode())[:12]}")
    module.__file__ = str(path)
    # Dataclasses and type hints look their module up by name, later too: it stays registered.
    sys.modules[module.__name__] = module
    with _importable(path.parent, root):
        try:
            tree = ast.parse(source, str(path))
            code = compile(source, str(path), "exec", dont_inherit=True)
            _run(code, module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # a file may raise anything, SystemExit included
            raise where.load_error(error) from error
    return _collect(module, tree, where, _digest(source))


def load_anew(loaded: LoadedFile, *, root: Path) -> LoadedFile | None:
    """Load a file once more as if for the first time, the operator's modules it imports as well.

    Nothing that any of them remembers is there. Returns None where the file or one of those modules
    is not the same any more.
    """
    try:
        if _digest(loaded.path.read_bytes()) != loaded.source_hash:
            return None
        for name in loaded.module_hashes:
            sys.modules.pop(name, None)
        again = load_strategy_file(loaded.path, root=root)
    except (OSError, TradekitError, ExceptionGroup):
        return None
    return again if again.module_hashes == loaded.module_hashes else None


def _run(code: CodeType, module: ModuleType) -> None:
    exec(code, module.__dict__)  # noqa: S102  # running the operator's own file is the point


def _read(path: Path, where: _Where) -> bytes:
    shown = where.shown(path)
    if path.is_dir():
        raise StrategyLoadError(f"strategy file was {shown}, a folder, must be a .py file")
    if path.suffix != ".py":
        raise StrategyLoadError(f"strategy file was {shown}, must be a .py file")
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise StrategyLoadError(f"strategy file was {shown}, which does not exist") from None
    except OSError as error:
        raise StrategyLoadError(
            f"strategy file was {shown}, which cannot be read: {error.strerror}"
        ) from error


@contextmanager
def _importable(folder: Path, root: Path) -> Iterator[None]:
    """Let modules of both folders be imported, behind the standard library, before the rest."""
    added = [each for each in dict.fromkeys((str(folder), str(root))) if each not in sys.path]
    at = next((i for i, p in enumerate(sys.path) if _INSTALLED & set(Path(p).parts)), len(sys.path))
    sys.path[at:at] = added
    try:
        yield
    finally:
        for each in added:
            if each in sys.path:
                sys.path.remove(each)


def _collect(module: ModuleType, tree: ast.Module, where: _Where, digest: str) -> LoadedFile:
    lines = _binding_lines(tree)
    found: list[tuple[object, str]] = [
        (value, where.place(where.path, lines[name][-1] if lines[name] else None))
        for name, value in list(module.__dict__.items())
    ]
    mistakes: list[TradekitError] = _shadowed(module, tree, where)

    def registry(kind: type[Item]) -> Registry[Item]:
        entries = [Registered(each, place) for each, place in found if isinstance(each, kind)]
        try:
            return Registry(kind.__name__, entries, where.shown(where.path))
        except DuplicateNameError as error:
            mistakes.append(error)
            return Registry(kind.__name__, [], where.shown(where.path))

    registries = registry(Strategy), registry(Exchange), registry(Frame)
    loaded = LoadedFile(where.path, digest, *registries, where.module_hashes())
    raise_all("several names were declared twice", mistakes)
    return loaded


def _shadowed(module: ModuleType, tree: ast.Module, where: _Where) -> list[TradekitError]:
    """Return an error for each strategy whose function replaced another of the same name.

    The first one is gone from the module then, and would be left out without a word.
    """
    defined: dict[str, list[int]] = defaultdict(list)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
            defined[node.name].append(node.lineno)
    return [
        DuplicateNameError(
            f"function {name!r} of a strategy was defined at {where.place(where.path, lines[0])} "
            f"and again at {where.place(where.path, lines[-1])}, must be unique",
            fix="rename one of them",
        )
        for name, lines in defined.items()
        if len(lines) > 1 and isinstance(module.__dict__.get(name), Strategy)
    ]


def _binding_lines(tree: ast.Module) -> dict[str, list[int]]:
    """Return the lines on which each name is bound, by definition, import or assignment."""
    lines: dict[str, list[int]] = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            lines[node.name].append(node.lineno)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                lines[alias.asname or alias.name].append(node.lineno)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            lines[node.id].append(node.lineno)
    return lines


@dataclass(frozen=True, slots=True)
class _Where:
    """How places are told: files relative to the project's folder."""

    path: Path
    root: Path

    def shown(self, path: Path) -> str:
        return str(path.relative_to(self.root) if path.is_relative_to(self.root) else path)

    def place(self, path: Path, line: int | None) -> str:
        return self.shown(path) if line is None else f"{self.shown(path)}:{line}"

    def module_hashes(self) -> dict[str, str]:
        """Return the SHA-256 of the source of each imported module of the operator's own.

        Strategy files that were loaded are no modules; one that is imported by name is.
        """
        folders = tuple(
            f"{str(each).rstrip(os.sep)}{os.sep}" for each in (self.path.parent, self.root)
        )
        hashes = {}
        for name, module in sorted(sys.modules.items()):
            file = getattr(module, "__file__", None) or ""
            # Hundreds of modules are not his: the quick look comes first.
            if not file.startswith(folders) or name.startswith(_NO_IMPORTS):
                continue
            path = Path(file)
            if self._is_users(path) and not path.is_relative_to(_STANDARD_DIR):
                with suppress(OSError):  # whatever else it is, it is no file that could be changed
                    hashes[name] = _digest(path.read_bytes())
        return hashes

    def load_error(self, error: BaseException) -> StrategyLoadError:
        """Return the sentence for whatever running the file raised."""
        fix = error.fix if isinstance(error, TradekitError) else ""
        if isinstance(error, SyntaxError) and error.filename:
            place = self.place(Path(error.filename), error.lineno)
            text = (error.text or "").strip()
            what = f"{error.msg} in {text!r}" if text else error.msg
        else:
            place = self._raised_at(error)
            what = _told(error)
            if isinstance(error, ModuleNotFoundError):
                fix = "correct the name, or install the package beside tradekit"
        return StrategyLoadError(
            f"{self.shown(self.path)} could not be loaded: {what} ({place})", fix=fix
        )

    def _raised_at(self, error: BaseException) -> str:
        """Return the deepest line of the user's own code that the error passed."""
        place = self.shown(self.path)
        for frame in traceback.extract_tb(error.__traceback__):
            path = Path(frame.filename)
            if self._is_users(path):
                place = self.place(path, frame.lineno)
        return place

    def _is_users(self, path: Path) -> bool:
        if path == self.path:
            return True
        inside = path.is_relative_to(self.path.parent) or path.is_relative_to(self.root)
        foreign = path.is_relative_to(_PACKAGE_DIR) or bool(_INSTALLED & set(path.parts))
        return inside and not foreign


def _told(error: BaseException) -> str:
    """Return what an error says, with its type where its text alone would not explain it."""
    if isinstance(error, ModuleNotFoundError):
        return f"there is no module {error.name!r}"
    if isinstance(error, TradekitError):
        return error.message
    text = " ".join(str(error).split())
    if isinstance(error, ImportError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
