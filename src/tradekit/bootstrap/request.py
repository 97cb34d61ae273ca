"""From a request to what can be run: settings, the strategy file and a plan, all checked.

Decides nothing that needs candles, and collects every mistake before it gives up. Running is
`run`'s business.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradekit.bootstrap import wiring
from tradekit.bootstrap.places import find_strategy_file
from tradekit.bootstrap.plan import Mistakes, make_plan, needs_store
from tradekit.bootstrap.settings import read_settings
from tradekit.registry.loader import load_strategy_file

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from tradekit.bootstrap.choices import Choices
    from tradekit.bootstrap.plan import RunPlan
    from tradekit.bootstrap.settings import Settings
    from tradekit.registry.loader import LoadedFile


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for: where, in which environment, with which options.

    `flags` are those of `layers.FLAG_KEYS`; `choices` those among declared things.
    """

    file: Path | None
    cwd: Path
    environ: Mapping[str, str]
    flags: Mapping[str, object]
    choices: Choices


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that makes sense."""

    settings: Settings
    loaded: LoadedFile
    plan: RunPlan
    assignments: tuple[str, ...]

    @property
    def file(self) -> str:
        """The strategy file as people write it."""
        path, root = self.loaded.path, self.settings.root.resolve()
        return str(path.relative_to(root) if path.is_relative_to(root) else path)


def prepare(request: Request) -> Prepared:
    """Return the request as settings, loaded file and plan, or raise everything wrong with it.

    Raises:
        TradekitError: exactly one thing is wrong.
        ExceptionGroup: several things are.
    """
    settings, wrong = read_settings(request.cwd, request.environ, request.flags)
    mistakes = Mistakes(list(wrong))
    loaded = mistakes.attempt(lambda: _load(request, settings))
    if loaded is not None:
        stored = mistakes.attempt(lambda: _stored_exchanges(loaded, settings, request.choices))
        plan = make_plan(loaded, settings, request.choices, stored=stored or (), mistakes=mistakes)
        if plan is not None:
            return Prepared(settings, loaded, plan, request.choices.assignments)
    raise mistakes.summary()


def _load(request: Request, settings: Settings) -> LoadedFile:
    file = find_strategy_file(request.file, settings, request.cwd)
    return load_strategy_file(file, root=settings.root)


def _stored_exchanges(loaded: LoadedFile, settings: Settings, choices: Choices) -> Collection[str]:
    """Return the exchanges that the embedded store has candles of, if that can matter."""
    if not needs_store(loaded, settings, choices):
        return ()
    store = wiring.open_candle_store(settings.state_dir)

    async def exchanges() -> list[str]:
        try:
            return sorted({held.exchange for held in await store.holdings()})
        finally:
            await store.close()

    return asyncio.run(exchanges())
