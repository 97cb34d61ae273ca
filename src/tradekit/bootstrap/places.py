"""What lies where in a project: its strategy files, its run folders.

Decides which strategy file is meant where none is named. Everything is found by looking, nothing is
loaded: a shell that completes a name is answered from here. What a file declares is `registry`'s
business, what a run or a candle says that of the adapters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tradekit.errors import NothingRegisteredError

if TYPE_CHECKING:
    from pathlib import Path


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
    """Return the ids of the runs in `runs_dir`, the newest first, as every command names them.

    Raises:
        SettingsError: the place is a file.
        StoreError: it cannot be read.
    """
    from tradekit.bootstrap import wiring

    return wiring.open_run_store(runs_dir).ids()
