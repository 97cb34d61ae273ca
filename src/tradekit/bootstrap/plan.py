"""The plan of a run: which strategy, exchange, frame, symbols and numbers, checked before any IO.

Decides what the flags, the strategy file and the settings choose together, and collects every
mistake in that. Whether symbols are listed and candles are there is `market`'s business. Invariant:
a `RunPlan` exists only if nothing in it contradicts anything else in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tradekit.api.declare import Exchange
from tradekit.bootstrap.choices import (
    choose_strategies,
    choose_symbols,
    chosen_of,
    configure,
    double_profiles,
    off_grid,
)
from tradekit.bootstrap.parameters import plain_params
from tradekit.domain.costs import CostModel
from tradekit.domain.plan import Limits
from tradekit.domain.time import (
    Frame,
    format_time,
    parse_duration_ms,
    parse_time_ms,
)
from tradekit.errors import SettingsError, TradekitError, together
from tradekit.registry.catalog import nothing_registered
from tradekit.registry.signatures import wrong_signatures

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tradekit.bootstrap.choices import Choices, Chosen
    from tradekit.bootstrap.settings import Settings
    from tradekit.drivers.shared import Configured
    from tradekit.registry.loader import LoadedFile

T = TypeVar("T")

LOCAL: Final = "local"
SYNTHETIC: Final = "synthetic"
BUILT_IN_EXCHANGES: Final = (LOCAL, SYNTHETIC)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything that a run does, decided.

    `symbols_named` tells symbols that somebody asked for from the default list: an unknown one is
    a mistake in the first case and left out in the second. `interval` asks for the other path where
    candles are ambiguous.
    """

    strategies: tuple[Configured, ...]
    exchange: Exchange
    frame: Frame
    symbols: tuple[str, ...]
    symbols_named: bool
    costs: CostModel
    limits: Limits
    capital: float
    gaps: str
    workers: int
    seed: int
    interval: bool = True
    check_wakes: bool = False

    @property
    def name(self) -> str:
        """What is run: the strategy's name, or the names of several."""
        return "+".join(each.strategy.name for each in self.strategies)

    @property
    def warmup_ms(self) -> int:
        """The longest warm-up that a strategy asks for."""
        return max(each.strategy.warmup_ms for each in self.strategies)

    @property
    def lead_ms(self) -> int:
        """How much history the first decision needs: the warm-up, at least one candle."""
        return max(self.warmup_ms, self.frame.base.ms)

    @property
    def tied_by(self) -> str:
        """Why symbols have to take turns in one schedule, empty if they need not."""
        for each in self.strategies:
            if each.strategy.cron_hooks:
                return f"cron functions of {each.strategy.name!r} see all symbols"
            if each.strategy.risk:
                return f"risk profile {each.strategy.risk[0].name!r} is shared by symbols"
        return ""

    def chosen(self) -> tuple[Chosen, ...]:
        """Return what another process, or another load of the file, has to choose."""
        return tuple((each.strategy.name, each.symbols) for each in self.strategies)

    def config(self) -> dict[str, Any]:
        """Return the plan as plain values, as a manifest has it."""
        return {
            "strategy": self.name,
            "params": self._plain_params(),
            "exchange": {n: getattr(self.exchange, n) for n in self.exchange.__slots__},
            "frame": {
                "name": self.frame.name,
                "since": format_time(self.frame.since_ms),
                "until": format_time(self.frame.until_ms),
                "base": self.frame.base.plain,
            },
            "symbols": list(self.symbols),
            "costs": {n: getattr(self.costs, n) for n in self.costs.__slots__},
            "limits": {n: getattr(self.limits, n) for n in self.limits.__slots__},
            "capital": self.capital,
            "gaps": self.gaps,
            "workers": self.workers,
            "seed": self.seed,
            "interval": self.interval,
        }

    def _plain_params(self) -> dict[str, Any]:
        plain = {each.strategy.name: plain_params(each.params) for each in self.strategies}
        return plain if len(plain) > 1 else plain[self.name]


@dataclass(slots=True)
class Mistakes:
    """Mistakes found so far; looking goes on after one, so that all are told in one go."""

    found: list[TradekitError] = field(default_factory=list)

    def attempt(self, make: Callable[[], T]) -> T | None:
        """Return what `make` makes, or None after noting what it raised."""
        try:
            return make()
        except TradekitError as error:
            self.found.append(error)
        except ExceptionGroup as group:
            expected, rest = group.split(TradekitError)
            if rest is not None:
                raise
            assert expected is not None, "a group that was split has one half at least"
            self.found += [each for each in expected.exceptions if isinstance(each, TradekitError)]
        return None

    def summary(self) -> Exception:
        """Return what was found as one thing to raise: the one mistake, or all as a group."""
        return together("the run was not started", self.found)


def make_plan(
    loaded: LoadedFile,
    settings: Settings,
    choices: Choices,
    *,
    stored: Collection[str],
    mistakes: Mistakes,
) -> RunPlan | None:
    """Return the plan of a run, or None after noting in `mistakes` why there is none.

    Args:
        loaded: what the strategy file declares.
        settings: all settings, flags included.
        choices: what the command line chose among declared things.
        stored: exchanges that the embedded store has candles of; needed if `needs_store` says so.
        mistakes: takes everything that is wrong.
    """
    attempt = mistakes.attempt
    strategies = attempt(lambda: choose_strategies(loaded, choices))
    frame = attempt(lambda: _choose_frame(loaded, settings, choices))
    exchange = attempt(lambda: choose_exchange(loaded, settings, choices, stored))
    symbols = attempt(lambda: choose_symbols(strategies or (), settings, choices))
    chosen = chosen_of(strategies or (), choices)
    configured = strategies and attempt(lambda: configure(loaded, chosen, choices.assignments))
    for strategy in strategies or ():
        mistakes.found += wrong_signatures(strategy)
        if frame is not None:
            mistakes.found += off_grid(strategy, frame)
    mistakes.found += double_profiles(strategies or ())
    if not (configured and frame and exchange and symbols) or mistakes.found:
        return None
    named = choices.symbols is not None or any(each.symbols for each in configured)
    costs, limits, backtest = settings.costs, settings.limits, settings.backtest
    return RunPlan(
        strategies=configured,
        exchange=exchange,
        frame=frame,
        symbols=symbols,
        symbols_named=named,
        costs=CostModel(**costs.model_dump()),
        limits=Limits(
            min_stop_pct=limits.min_stop_pct,
            min_target_pct=limits.min_target_pct,
            max_stop_pct=limits.max_stop_pct,
            max_hold_ms=limits.max_hold_ms,
            max_entries=limits.max_entries,
            max_position_cost=limits.max_position_cost,
        ),
        capital=backtest.capital,
        gaps=backtest.gaps,
        workers=backtest.workers,
        seed=backtest.seed if exchange.seed is None else exchange.seed,
        interval=backtest.interval,
        check_wakes=choices.check_wakes,
    )


def needs_store(loaded: LoadedFile, settings: Settings, choices: Choices) -> bool:
    """Return whether choosing the exchange takes a look at what the embedded store holds."""
    name = _exchange_name(loaded, settings, choices)
    if name is None:
        return not len(loaded.exchanges)
    return name not in loaded.exchanges and name not in BUILT_IN_EXCHANGES


def _exchange_name(loaded: LoadedFile, settings: Settings, choices: Choices) -> str | None:
    """Return the name that decides, None if the file's first exchange or the last resort does."""
    if choices.exchange is not None or len(loaded.exchanges):
        return choices.exchange
    return settings.backtest.exchange


def choose_exchange(
    loaded: LoadedFile, settings: Settings, choices: Choices, stored: Collection[str]
) -> Exchange:
    """Return the exchange of a run; see `make_plan` for the arguments.

    Raises:
        UnknownNameError: nothing has the name that decides.
        NothingRegisteredError: nobody named one, and nothing was imported.
    """
    name = _exchange_name(loaded, settings, choices)
    if name is None and len(loaded.exchanges):
        return loaded.exchanges.first()
    if name is None and LOCAL in stored:
        return Exchange.local()
    if name is None:
        raise nothing_registered("Exchange")
    if name in loaded.exchanges:
        return loaded.exchanges.get(name)
    if name == SYNTHETIC:
        return Exchange.synthetic()
    if name == LOCAL or name in stored:
        return Exchange(name, "local")
    return loaded.exchanges.get(name, built_in=(*BUILT_IN_EXCHANGES, *stored))


def _choose_frame(loaded: LoadedFile, settings: Settings, choices: Choices) -> Frame:
    """Return the frame that was named or is the default, its ends replaced by --from and --to."""
    since, until = choices.since, choices.until
    name = choices.frame or settings.backtest.frame
    if not len(loaded.frames) and name is None and since is not None and until is not None:
        return _frame_between(since, until, "1m")
    if since is None and until is None:
        return loaded.frames.choose(name)
    declared = loaded.frames.choose(name)
    return _frame_between(
        declared.since_ms if since is None else since,
        declared.until_ms if until is None else until,
        declared.base.plain,
    )


def _frame_between(since: str | int, until: str | int, base: str) -> Frame:
    """Return the frame between two times, of which one may be a length such as `30d`."""
    since_length, until_length = _length_ms(since), _length_ms(until)
    if since_length and until_length:
        raise SettingsError(f"--from was {since!r} and --to {until!r}, one must be a time")
    if until_length:
        until = _parsed_ms("--from", since) + until_length
    elif since_length:
        since = _parsed_ms("--to", until) - since_length
    since_ms, until_ms = _parsed_ms("--from", since), _parsed_ms("--to", until)
    if until_ms <= since_ms:
        raise SettingsError(
            f"--to was {format_time(until_ms)}, must be after --from {format_time(since_ms)}"
        )
    return Frame(f"{_day(since_ms)}..{_day(until_ms)}", since_ms, until_ms, base=base)


def _length_ms(value: str | int) -> int:
    """Return the length that a text such as `30d` is, 0 if it is a time or anything else."""
    try:
        return parse_duration_ms(value) if isinstance(value, str) else 0
    except SettingsError:
        return 0


def _parsed_ms(option: str, value: str | int) -> int:
    return value if isinstance(value, int) else parse_time_ms(value, option)


def _day(ts_ms: int) -> str:
    return format_time(ts_ms).removesuffix("T00:00:00Z")
