"""What lies where in a project: its strategy files, its run folders, the symbols in its store.

Decides which strategy file is meant where none is named. Everything is found by looking, nothing is
loaded: a shell that completes a name is answered from here. What a file declares is `registry`'s
business, what a run or a candle says that of the adapters.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final, Protocol

from tradekit.errors import NothingRegisteredError

if TYPE_CHECKING:
    from pathlib import Path

# A shell does not wait for a store that somebody is writing to.
_PATIENCE_S: Final = 0.2


class Project(Protocol):
    """Where a project is, as settings and layers know it."""

    @property
    def root(self) -> Path:
        """The folder in which relative paths start."""

    @property
    def strategy_file(self) -> Path | None:
        """The configured strategy file."""


def strategy_files(root: Path) -> list[Path]:
    """Return the strategy files in `strategies/` of the project, sorted."""
    return sorted(p for p in (root / "strategies").glob("*.py") if not p.name.startswith("_"))


def find_strategy_file(given: Path | None, project: Project, cwd: Path) -> Path:
    """Return the strategy file: the one given, else the configured, else the only one there is.

    Raises:
        NothingRegisteredError: none was named and `strategies/` does not have exactly one.
    """
    if given is not None:
        return cwd / given
    if project.strategy_file is not None:
        return project.strategy_file
    files = strategy_files(project.root)
    if len(files) == 1:
        return files[0]
    if not files:
        raise NothingRegisteredError(
            "Strategy not specified",
            fix=f"name a file; there is none in {project.root / 'strategies'}",
        )
    listed = ", ".join(f"strategies/{path.name}" for path in files)
    raise NothingRegisteredError("Strategy not specified", fix=f"name one of {listed}")


def run_ids(runs_dir: Path) -> list[str]:
    """Return the ids of the runs in `runs_dir`, the latest first."""
    if not runs_dir.is_dir():
        return []
    folders = (each for each in runs_dir.iterdir() if not each.name.startswith("."))
    return sorted((each.name for each in folders if each.is_dir()), reverse=True)


def stored_names(store: Path) -> list[tuple[str, str]]:
    """Return exchange and symbol of all candles in the embedded store, nothing if it is no store.

    Args:
        store: its file.
    """
    if not store.is_file():
        return []
    import sqlite3

    try:
        with closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", _PATIENCE_S, uri=True)) as opened:
            query = "SELECT DISTINCT exchange, symbol FROM candle_day ORDER BY exchange, symbol"
            return [(str(exchange), str(symbol)) for exchange, symbol in opened.execute(query)]
    except sqlite3.Error:
        return []
