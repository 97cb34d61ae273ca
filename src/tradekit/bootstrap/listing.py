"""What there is to choose from: strategies and frames of the files, exchanges, symbols.

Decides where each is looked for. What a file declares is found by `registry.loader`, what an
exchange lists by its source.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tradekit.bootstrap import places, wiring
from tradekit.bootstrap.choices import Choices
from tradekit.bootstrap.plan import BUILT_IN_EXCHANGES, choose_exchange, needs_store
from tradekit.bootstrap.settings import DEFAULT_SYMBOLS
from tradekit.domain.time import Interval
from tradekit.errors import TradekitError
from tradekit.registry.catalog import Registered, Registry
from tradekit.registry.loader import LoadedFile, load_strategy_file

if TYPE_CHECKING:
    from pathlib import Path

    from tradekit.api.declare import Exchange
    from tradekit.bootstrap.settings import Settings
    from tradekit.ports.sources import CandleSource

# As messages show it: none of the project's files has the name.
_SOURCE: Final = "the project"


@dataclass(slots=True)
class LoadedFiles:
    """The strategy files that could be loaded, and why others could not."""

    loaded: list[LoadedFile] = field(default_factory=list)
    failures: list[TradekitError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ListedExchange:
    """An exchange: its name, its kind, and where it comes from."""

    name: str
    kind: str
    origin: str


@dataclass(frozen=True, slots=True)
class ListedSymbol:
    """A symbol, and the intervals that its exchange has candles of; none where not asked."""

    symbol: str
    intervals: tuple[str, ...] = ()


def load_files(given: Path | None, settings: Settings, cwd: Path) -> LoadedFiles:
    """Return the given file, or the configured one and all in `strategies/`, loaded."""
    paths = [cwd / given] if given is not None else []
    if given is None:
        configured = settings.strategy_file
        paths = [configured] if configured else []
        paths += places.strategy_files(settings.root)
    files = LoadedFiles()
    for path in dict.fromkeys(path.resolve() for path in paths):
        try:
            files.loaded.append(load_strategy_file(path, root=settings.root))
        except TradekitError as error:
            files.failures.append(error)
        except ExceptionGroup as group:
            files.failures += [each for each in group.exceptions if isinstance(each, TradekitError)]
    return files


def list_exchanges(files: LoadedFiles, settings: Settings) -> list[ListedExchange]:
    """Return the exchanges of the files, the built-in ones, and those that have stored candles.

    Raises:
        StoreError: the embedded store cannot be read; CorruptError: it is damaged.
    """
    found = [
        ListedExchange(exchange.name, exchange.kind, shown(each.path, settings))
        for each in files.loaded
        for exchange in each.exchanges
    ]
    further = [ListedExchange(name, name, "built in") for name in BUILT_IN_EXCHANGES]
    further += [
        ListedExchange(name, "local", "stored candles") for name in stored_exchanges(settings)
    ]
    # A name that a file declares means what it declares; the built-in one is hidden by it.
    for each in further:
        if each.name not in {earlier.name for earlier in found}:
            found.append(each)
    return found


def stored_exchanges(settings: Settings) -> list[str]:
    """Return the exchanges that the embedded store has candles of.

    Raises:
        StoreError: the store cannot be read; CorruptError: it is damaged.
    """
    return list(dict.fromkeys(exchange for exchange, _ in wiring.stored_names(settings.state_dir)))


def list_symbols(
    exchange: str | None, files: LoadedFiles, settings: Settings
) -> list[ListedSymbol]:
    """Return the symbols of the settings, or those that an exchange has candles of.

    Raises:
        UnknownNameError: there is no such exchange.
        TradekitError: its candles cannot be read.
    """
    if exchange is None:
        return [ListedSymbol(symbol) for symbol in settings.symbols]
    chosen, folder = _exchange(exchange, files, settings)
    source = wiring.make_source(
        chosen,
        state_dir=settings.state_dir,
        seed=settings.backtest.seed,
        symbols=tuple(dict.fromkeys((*DEFAULT_SYMBOLS, *settings.symbols))),
        base_dir=folder,
    )
    return asyncio.run(_symbols(source))


def shown(path: Path, settings: Settings) -> str:
    """Return a file as people in the project write it."""
    root = settings.root.resolve()
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def _exchange(name: str, files: LoadedFiles, settings: Settings) -> tuple[Exchange, Path]:
    """Return the exchange of that name, and the folder in which its relative paths start."""
    declared: dict[str, tuple[Exchange, Path]] = {}
    for each in files.loaded:
        for exchange in each.exchanges:
            declared.setdefault(exchange.name, (exchange, each.path))
    together = LoadedFile(
        settings.root,
        "",
        Registry("Strategy", [], _SOURCE),
        Registry(
            "Exchange", [Registered(item, str(path)) for item, path in declared.values()], _SOURCE
        ),
        Registry("Frame", [], _SOURCE),
    )
    choices = Choices(exchange=name)
    stored = stored_exchanges(settings) if needs_store(together, settings, choices) else []
    chosen = choose_exchange(together, settings, choices, stored)
    return chosen, declared[name][1].parent if name in declared else settings.root


async def _symbols(source: CandleSource) -> list[ListedSymbol]:
    await source.wait_ready()
    intervals: dict[str, list[str]] = defaultdict(list)
    for interval in Interval:
        for symbol in await source.symbols(interval):
            intervals[symbol].append(interval.plain)
    return [ListedSymbol(symbol, tuple(intervals[symbol])) for symbol in sorted(intervals)]
