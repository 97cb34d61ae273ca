"""A strategy file looked through before anything runs: what it declares, and every mistake in that.

Decides what can be wrong with declarations by themselves. Whether candles are there is `market`'s
business, what flags choose is `plan`'s. Invariant: the file is run once, as a module, and none of
the functions that it declares is called.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tradekit.bootstrap.choices import Choices, choose_symbols, off_grid
from tradekit.bootstrap.parameters import make_params
from tradekit.bootstrap.places import find_strategy_file
from tradekit.bootstrap.plan import Mistakes
from tradekit.bootstrap.settings import read_settings
from tradekit.registry.catalog import nothing_registered
from tradekit.registry.loader import load_strategy_file
from tradekit.registry.signatures import wrong_signatures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tradekit.api.declare import Strategy
    from tradekit.bootstrap.settings import Settings
    from tradekit.registry.loader import LoadedFile


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A strategy file in which nothing is wrong.

    `params` are the parameters of each strategy by its name, None where it declares none; `notes`
    what a backtest of the file needs beside it.
    """

    loaded: LoadedFile
    settings: Settings
    params: dict[str, object | None]
    notes: list[str] = field(default_factory=list)


def check_file(given: Path | None, cwd: Path, environ: Mapping[str, str]) -> CheckedFile:
    """Return what the file declares.

    Args:
        given: the file; None chooses as a backtest does.
        cwd: where relative paths and the search for a config file start.
        environ: the environment's variables.

    Raises:
        TradekitError: exactly one thing is wrong.
        ExceptionGroup: several things are.
    """
    settings, wrong = read_settings(cwd, environ)
    mistakes = Mistakes(list(wrong))
    loaded = mistakes.attempt(
        lambda: load_strategy_file(find_strategy_file(given, settings, cwd), root=settings.root)
    )
    if loaded is None:
        raise mistakes.summary()
    if not len(loaded.strategies):
        mistakes.found.append(nothing_registered("Strategy"))
    if (named := settings.backtest.frame) is not None and len(loaded.frames):
        mistakes.attempt(lambda: loaded.frames.get(named))
    checked = CheckedFile(loaded, settings, {}, _notes(loaded, settings))
    for strategy in loaded.strategies:
        checked.params[strategy.name] = _check(strategy, checked, mistakes)
    if mistakes.found:
        raise mistakes.summary()
    return checked


def _check(strategy: Strategy, checked: CheckedFile, mistakes: Mistakes) -> object | None:
    """Return the strategy's parameters after noting what is wrong with it."""
    mistakes.found += wrong_signatures(strategy)
    mistakes.attempt(lambda: choose_symbols((strategy,), checked.settings, Choices()))
    misfits = {frame.name: off_grid(strategy, frame) for frame in checked.loaded.frames}
    if misfits and all(misfits.values()):
        mistakes.found += next(iter(misfits.values()))
    else:
        checked.notes.extend(
            f"strategy {strategy.name!r} does not fit frame {name!r}: {wrong[0].message}"
            for name, wrong in misfits.items()
            if wrong
        )
    return mistakes.attempt(lambda: make_params(strategy, ()))


def _notes(loaded: LoadedFile, settings: Settings) -> list[str]:
    notes = []
    if not len(loaded.frames):
        notes.append("it declares no frame: a backtest needs --from and --to")
    if not len(loaded.exchanges) and settings.backtest.exchange is None:
        notes.append("it declares no exchange: a backtest needs --exchange or imported candles")
    for exchange in loaded.exchanges:
        folder = loaded.path.parent / exchange.directory
        if exchange.kind == "files" and not folder.is_dir():
            notes.append(f"exchange {exchange.name!r} reads {folder}, which is not there")
    return notes
