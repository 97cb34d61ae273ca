"""What a shell may complete: files, what a file declares, symbols, runs, sections of the settings.

Decides nothing; where something is wrong there is nothing to complete. A shell waits for each
answer while somebody types: names are looked up by reading files, nothing of the user's is run, and
no library is imported that takes time.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from tradekit.bootstrap.layers import Layers
    from tradekit.registry.outline import Outline

#: Set by a shell that asks for completions.
ASKED: Final = "_TRADEKIT_COMPLETE"
_BUILT_IN: Final = ("local", "synthetic")


# zsh reads the script at the first TAB of a session, and does no more unless told to.
_ZSH_FIRST_TAB: Final = """
if [[ $funcstack[1] == _%(prog_name)s ]]; then
  %(complete_func)s "$@"
fi
"""


def complete_script() -> None:
    """Have the script for zsh answer the first TAB of a session too."""
    from typer import _completion_shared

    scripts = _completion_shared._completion_scripts  # noqa: SLF001  # there is no other way in
    scripts["zsh"] = _completion_shared.COMPLETION_SCRIPT_ZSH + _ZSH_FIRST_TAB


@contextmanager
def answering() -> Iterator[None]:
    """Answer a shell: what goes wrong meanwhile is nobody's business who is typing.

    Typer would import pydantic to check what has been typed so far, and what draws tables to take
    markup out of help texts. Nothing is run here, and our help has no markup.
    """
    from typer import _completion_classes
    from typer.core import TyperArgument, TyperOption

    _completion_classes._sanitize_help_text = str  # type: ignore[assignment]  # noqa: SLF001
    for kind in (TyperArgument, TyperOption):
        kind.process_value = _as_typed  # type: ignore[assignment, method-assign]
    with suppress(Exception):
        yield


def _as_typed(parameter: object, ctx: object, value: object) -> object:
    """Take a value as it is."""
    del parameter, ctx
    return value


def strategy_files(incomplete: str) -> list[str]:
    """Return the strategy files of the project and the Python files that the path leads to."""

    def files() -> Iterator[str]:
        from tradekit.bootstrap import places

        cwd = Path.cwd()
        for path in places.strategy_files(_layers().root):
            yield str(path.relative_to(cwd) if path.is_relative_to(cwd) else path)
        folder = Path(incomplete if incomplete.endswith("/") else os.path.dirname(incomplete))  # noqa: PTH120  # `a/` and `a` differ
        for path in sorted(folder.expanduser().glob("*.py")):
            yield os.path.join(os.path.dirname(incomplete), path.name)  # noqa: PTH118, PTH120  # as it was typed

    return _begun(incomplete, files)


def strategies(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the strategies of the file."""
    return _begun(incomplete, lambda: _outline(ctx).strategies)


def exchanges(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the exchanges of the file, the built-in ones, and those that have stored candles."""
    return [
        *_begun(incomplete, lambda: _outline(ctx).exchanges),
        *_begun(incomplete, lambda: _BUILT_IN),
        *(each for each in stored_exchanges(incomplete) if each not in _BUILT_IN),
    ]


def frames(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the frames of the file."""
    return _begun(incomplete, lambda: _outline(ctx).frames)


def symbols(incomplete: str) -> list[str]:
    """Return lists of symbols that begin with what is typed, one longer than that."""

    def known() -> Iterable[str]:
        from tradekit.bootstrap.layers import DEFAULT_SYMBOLS

        configured = _layers().value(("symbols",))
        if isinstance(configured, str):
            configured = configured.split(",")
        if configured is None:
            return DEFAULT_SYMBOLS
        return [each.strip().upper() for each in configured] if isinstance(configured, list) else []

    *chosen, last = incomplete.upper().split(",")
    return [
        ",".join([*chosen, each]) for each in _begun(last, known) if each and each not in chosen
    ]


def stored_symbols(ctx: typer.Context, incomplete: str) -> list[str]:
    """Return the symbols that the store has candles of, on the exchange named before if one is."""
    # An exchange that was not named stands here by its default: it may have none.
    chosen = ctx.params.get("exchange")
    stored = _stored()
    on_chosen = [symbol for exchange, symbol in stored if exchange == chosen]
    return _begun(incomplete, lambda: on_chosen or [symbol for _, symbol in stored])


def stored_exchanges(incomplete: str) -> list[str]:
    """Return the exchanges that the store has candles of."""
    return _begun(incomplete, lambda: [exchange for exchange, _ in _stored()])


def intervals(incomplete: str) -> list[str]:
    """Return the lengths that a candle may have."""

    def known() -> Iterable[str]:
        from tradekit.domain.time import Interval

        return [each.plain for each in Interval]

    return _begun(incomplete, known)


def run_ids(incomplete: str) -> list[str]:
    """Return the ids of the runs, the latest first."""

    def known() -> Iterable[str]:
        from tradekit.bootstrap.places import run_ids

        return run_ids(_layers().runs_dir)

    return _begun(incomplete, known)


def sections(incomplete: str) -> list[str]:
    """Return the sections of the settings."""

    def known() -> Iterable[str]:
        from tradekit.bootstrap.layers import SECTIONS

        return SECTIONS

    return _begun(incomplete, known)


def _begun(incomplete: str, known: Callable[[], Iterable[str]]) -> list[str]:
    """Return the names that begin with what is typed, each once; none where looking fails."""
    with suppress(Exception):
        return [name for name in dict.fromkeys(known()) if name.startswith(incomplete)]
    return []


def _layers() -> Layers:
    from tradekit.bootstrap.layers import read_layers

    return read_layers(Path.cwd(), os.environ)


def _outline(ctx: typer.Context) -> Outline:
    """Return the names in the strategy file that is named or meant."""
    from tradekit.bootstrap.places import find_strategy_file
    from tradekit.registry.outline import read_outline

    layers = _layers()
    # With an option whose value is still being typed, arguments are left where they were.
    given = ctx.params.get("file") or next((a for a in ctx.args if a.endswith(".py")), None)
    file = find_strategy_file(Path(given) if given else None, layers, Path.cwd())
    return read_outline(file.resolve(), layers.root.resolve())


def _stored() -> list[tuple[str, str]]:
    with suppress(Exception):
        from tradekit.bootstrap.wiring import stored_names

        return stored_names(_layers().state_dir)
    return []
