"""What a shell may complete: names that a strategy file declares, and symbols.

Decides nothing; where something is wrong there is nothing to complete.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from tradekit.registry.loader import LoadedFile


def strategies(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the strategies of the file."""
    return _declared(ctx, incomplete, lambda loaded: loaded.strategies.names)


def exchanges(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the exchanges of the file, and the built-in ones."""
    built_in = ("local", "synthetic")
    declared = _declared(ctx, incomplete, lambda loaded: loaded.exchanges.names)
    return [*declared, *(name for name in built_in if name.startswith(incomplete))]


def frames(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the frames of the file."""
    return _declared(ctx, incomplete, lambda loaded: loaded.frames.names)


def symbols(incomplete: str) -> list[str]:
    """Return lists of symbols that begin with what is typed, one longer than that."""
    from tradekit.bootstrap.settings import load_settings

    *chosen, begun = incomplete.upper().split(",")
    try:
        known = load_settings(Path.cwd(), os.environ).symbols
    except Exception:  # noqa: BLE001  # a shell wants names or nothing
        return []
    rest = [each for each in known if each.startswith(begun) and each not in chosen]
    return [",".join([*chosen, each]) for each in rest]


def _declared(
    ctx: typer.Context, incomplete: str, names: Callable[[LoadedFile], Iterable[str]]
) -> list[str]:
    from tradekit.bootstrap.plan import find_strategy_file
    from tradekit.bootstrap.settings import load_settings
    from tradekit.registry.loader import load_strategy_file

    try:
        settings = load_settings(Path.cwd(), os.environ)
        # With an option whose value is still being typed, arguments are left where they were.
        given = ctx.params.get("file") or next((a for a in ctx.args if a.endswith(".py")), None)
        file = find_strategy_file(Path(given) if given else None, settings, Path.cwd())
        loaded = load_strategy_file(file, root=settings.root)
    except Exception:  # noqa: BLE001  # a shell wants names or nothing
        return []
    return [name for name in names(loaded) if name.startswith(incomplete)]
