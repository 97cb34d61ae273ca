"""What was chosen on the command line, and which strategies and symbols that means.

Decides who runs with which parameters; everything else of a plan is `plan`'s business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tradekit.bootstrap.parameters import make_params, share_assignments
from tradekit.bootstrap.settings import clean_symbols
from tradekit.domain.time import MINUTE_MS, format_duration
from tradekit.drivers.shared import Configured
from tradekit.errors import DuplicateNameError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.api.declare import Strategy
    from tradekit.bootstrap.settings import Settings
    from tradekit.domain.time import Frame
    from tradekit.errors import TradekitError
    from tradekit.registry.loader import LoadedFile

# A strategy's name, and the symbols that it trades if not all of a run.
Chosen = tuple[str, frozenset[str] | None]
# What `strategy()` takes where nothing is said; on a longer base interval each counts as one of it.
_UNSAID_MS: Final = {"every": MINUTE_MS, "wait": 120 * MINUTE_MS}


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line chose, as it was typed; None or empty means not given."""

    strategies: tuple[str, ...] = ()
    exchange: str | None = None
    frame: str | None = None
    since: str | None = None
    until: str | None = None
    symbols: str | None = None
    assignments: tuple[str, ...] = ()
    check_wakes: bool = False
    all_strategies: bool = False


def choose_strategies(loaded: LoadedFile, choices: Choices) -> tuple[Strategy, ...]:
    """Return those that are named, each once, or all of the file, else its first.

    Raises:
        UnknownNameError: the file has none of a name.
        NothingRegisteredError: it has none at all.
        SettingsError: all were asked for and some by name.
    """
    if choices.all_strategies:
        if choices.strategies:
            raise SettingsError("--strategy and --all-strategies were given, must be one of them")
        return tuple(loaded.strategies) or (loaded.strategies.first(),)
    named = dict.fromkeys(choices.strategies)
    return tuple(loaded.strategies.choose(name) for name in named or (None,))


def configure(
    loaded: LoadedFile, chosen: Sequence[Chosen], assignments: Sequence[str]
) -> tuple[Configured, ...]:
    """Return the strategies of those names with their parameters.

    Raises:
        TradekitError: a name is unknown, or `--set` makes no sense for one of them.
        ExceptionGroup: it does so in several ways.
    """
    symbols = dict(chosen)
    strategies = [loaded.strategies.get(name) for name in symbols]
    return tuple(
        Configured(strategy, make_params(strategy, texts), symbols[strategy.name])
        for strategy, texts in share_assignments(strategies, assignments)
    )


def chosen_of(strategies: Sequence[Strategy], choices: Choices) -> tuple[Chosen, ...]:
    """Return names and own symbols; those of the command line count for all."""
    return tuple(
        (
            strategy.name,
            frozenset(clean_symbols(strategy.symbols))
            if strategy.symbols is not None and choices.symbols is None
            else None,
        )
        for strategy in strategies
    )


def choose_symbols(
    strategies: Sequence[Strategy], settings: Settings, choices: Choices
) -> tuple[str, ...]:
    """Return the symbols of a run: those of the flag, else of its strategies.

    A strategy that names none has those of the settings.

    Raises:
        SettingsError: those that decide are none.
    """
    if choices.symbols is not None:
        named = clean_symbols(choices.symbols)
        if not named:
            raise SettingsError(f"--symbols was {choices.symbols!r}, must name at least one")
        return named
    found: dict[str, None] = {}
    for strategy in strategies:
        named = settings.symbols if strategy.symbols is None else clean_symbols(strategy.symbols)
        if not named:
            raise SettingsError(f"symbols of strategy {strategy.name!r} must name at least one")
        found |= dict.fromkeys(named)
    return tuple(found) or settings.symbols


def double_profiles(strategies: Sequence[Strategy]) -> list[TradekitError]:
    """Return an error for each name that two different risk profiles have."""
    profiles = {profile: None for strategy in strategies for profile in strategy.risk}
    names = [profile.name for profile in profiles]
    return [
        DuplicateNameError(
            f"risk profile name {name!r} was given to {names.count(name)} profiles, must be unique",
            fix="share one Risk object between strategies, or rename one",
        )
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]


def off_grid(strategy: Strategy, frame: Frame) -> list[TradekitError]:
    """Return an error for each duration of the strategy that does not fit the base interval."""
    base_ms = frame.base.ms
    durations = [
        ("every", strategy.every_ms),
        ("hold", strategy.hold_ms),
        ("wait", strategy.wait_ms),
        ("warmup", strategy.warmup_ms),
        *(("while_open every", hook.every_ms) for hook in strategy.open_hooks),
        *(("while_waiting every", hook.every_ms) for hook in strategy.waiting_hooks),
        *(("while_idle every", hook.every_ms) for hook in strategy.idle_hooks),
        *(("cron", hook.every_ms) for hook in strategy.cron_hooks),
    ]
    return [
        SettingsError(
            f"{name} of strategy {strategy.name!r} was {format_duration(duration_ms)}, must be a "
            f"multiple of the base interval {frame.base.plain} of frame {frame.name!r}"
        )
        for name, duration_ms in durations
        if duration_ms is not None
        and duration_ms % base_ms
        and not (duration_ms == _UNSAID_MS.get(name) and duration_ms < base_ms)
    ]
