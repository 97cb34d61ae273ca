"""What a strategy file declares: strategies with their hooks, and exchanges.

Declaring has no side effect: the loader collects these objects from the module. Which one runs is
decided by `registry` and `bootstrap`; running it is the drivers' business.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict, TypeVar, overload

from tradekit.api.risk import Risk
from tradekit.domain.time import UNLIMITED, parse_duration_ms
from tradekit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Unpack

    Function = TypeVar("Function", bound=Callable[..., Any])

HOOK_EVENTS: Final = (
    "opened",
    "closed",
    "scheduled",
    "cancelled",
    "rejected",
    "averaged",
    "partial",
    "trailed",
    "level",
    "breakeven",
    "peak",
    "trough",
    "error",
    "done",
)
OnError = Literal["stop", "continue"]
DEFAULT_COST: Final = 100.0

_NAME: Final = re.compile(r"[\w.-]+")


class MarketRules(TypedDict, total=False):
    """What a market allows; units as in `Exchange`."""

    tick_size: float
    lot_size: float
    min_notional: float
    shorts: bool


@dataclass(frozen=True, slots=True)
class Hook:
    """A function of the strategy file and how often it is called; numbered as declared."""

    call: Callable[..., Any]
    every_ms: int | None = None
    number: int = 0


@dataclass(slots=True, eq=False)
class Strategy:
    """A named decision function with its hooks and defaults; made by `strategy`.

    Units: durations in ms; hold_ms None means unlimited; cost in quote currency.
    """

    name: str
    decide: Callable[..., Any]
    every_ms: int
    on_boundary: bool
    hold_ms: int | None
    wait_ms: int
    warmup_ms: int
    cost: float
    params: type | None
    symbols: tuple[str, ...] | None
    risk: tuple[Risk, ...] = ()
    on_error: OnError = "stop"
    open_hooks: list[Hook] = field(default_factory=list)
    waiting_hooks: list[Hook] = field(default_factory=list)
    idle_hooks: list[Hook] = field(default_factory=list)
    cron_hooks: list[Hook] = field(default_factory=list)
    event_hooks: dict[str, list[Hook]] = field(default_factory=dict)
    hook_count: int = 0

    @overload
    def while_open(self, function: Function, /) -> Function: ...

    @overload
    def while_open(
        self, /, *, every: int | str | None = None
    ) -> Callable[[Function], Function]: ...

    def while_open(
        self, function: Function | None = None, /, *, every: int | str | None = None
    ) -> Function | Callable[[Function], Function]:
        """Call the decorated function each base interval while a position is open.

        Use it bare or with `every=`; the function takes `(ctx, position)` and returns None, or a
        `Wake` that says when to call it again.
        """
        return self._while(self.open_hooks, "while_open", function, every)

    @overload
    def while_waiting(self, function: Function, /) -> Function: ...

    @overload
    def while_waiting(
        self, /, *, every: int | str | None = None
    ) -> Callable[[Function], Function]: ...

    def while_waiting(
        self, function: Function | None = None, /, *, every: int | str | None = None
    ) -> Function | Callable[[Function], Function]:
        """Call the decorated function `(ctx, order)` each base interval while an entry waits.

        Otherwise as `while_open`.
        """
        return self._while(self.waiting_hooks, "while_waiting", function, every)

    @overload
    def while_idle(self, function: Function, /) -> Function: ...

    @overload
    def while_idle(
        self, /, *, every: int | str | None = None
    ) -> Callable[[Function], Function]: ...

    def while_idle(
        self, function: Function | None = None, /, *, every: int | str | None = None
    ) -> Function | Callable[[Function], Function]:
        """Call the decorated function `(ctx)` each base interval while nothing is open or waits.

        Otherwise as `while_open`.
        """
        return self._while(self.idle_hooks, "while_idle", function, every)

    def _while(
        self, hooks: list[Hook], name: str, function: Function | None, every: int | str | None
    ) -> Function | Callable[[Function], Function]:
        def register(function: Function) -> Function:
            _check_function(f"{name} of strategy {self.name!r}", function)
            interval = None if every is None else parse_duration_ms(every, f"{name} every")
            self.hook_count += 1
            hooks.append(Hook(function, interval, self.hook_count))
            return function

        return register if function is None else register(function)

    def cron(self, every: int | str) -> Callable[[Function], Function]:
        """Call the decorated function with the `Run` at each whole multiple of `every`, UTC.

        It is called once for all symbols, after `on` hooks and before everything else of that
        boundary, also where no symbol has a candle.

        Args:
            every: minutes or text such as `1h`.

        Raises:
            SettingsError: the time does not parse.
        """
        where = f"cron of strategy {self.name!r}"
        _refuse_function(where, every, 'a time, as in cron("1h")')
        interval_ms = parse_duration_ms(every, where)

        def register(function: Function) -> Function:
            self.cron_hooks.append(Hook(function, interval_ms))
            return function

        return register

    def on(self, *kinds: str) -> Callable[[Function], Function]:
        """Call the decorated function with `(ctx, event)` at the boundary after such an event.

        `error` comes for what a hook raised, whether that stopped the symbol or not; `done` comes
        last, when the symbol's run has ended.

        Raises:
            SettingsError: a kind is not one that can be listened to.
        """
        known = ", ".join(HOOK_EVENTS)
        where = f"on() of strategy {self.name!r}"
        if not kinds:
            msg = f"{where} was given nothing, must be one or more of {known}"
            raise SettingsError(msg)
        for kind in kinds:
            _refuse_function(where, kind, 'a kind, as in on("closed")')
            if kind not in HOOK_EVENTS:
                msg = f"{where} was given {kind!r}, must be one of {known}"
                raise SettingsError(msg)

        def register(function: Function) -> Function:
            for kind in kinds:
                self.event_hooks.setdefault(kind, []).append(Hook(function))
            return function

        return register


def strategy(  # noqa: PLR0913 - what a strategy may say of itself
    name: str,
    *,
    every: int | str = "1m",
    on_boundary: bool = False,
    hold: int | str = "1d",
    wait: int | str = "2h",
    warmup: int | str | None = None,
    cost: float = DEFAULT_COST,
    params: type | None = None,
    risk: Risk | Sequence[Risk] = (),
    symbols: str | tuple[str, ...] | list[str] | None = None,
    on_error: OnError = "stop",
) -> Callable[[Callable[..., Any]], Strategy]:
    """Declare the decorated function, `def` or `async def`, as a strategy.

    It is called with a `Context` when nothing is open or resting, at most once in each aligned
    slot of `every`, and returns a `Signal` or None.

    Args:
        name: how `--strategy` finds it; part of every signal id.
        every: length of a slot, minutes or text such as `15m`.
        on_boundary: ask only at the first moment of a slot.
        hold: how long a position may stay open, or `"unlimited"`.
        wait: how long a resting entry may wait for its price.
        warmup: how much history before the frame must be there.
        cost: what an entry is worth in quote currency unless the signal says otherwise.
        params: a frozen dataclass or pydantic model with defaults; `--set` fills it.
        risk: the profile, or several, that its entries have to pass.
        symbols: symbols of this strategy, or the only one; None for those of the run.
        on_error: what a hook that raises does: `stop` its symbol, or `continue` without it.

    Raises:
        SettingsError: a duration or the name does not parse, the cost is not above 0, or on_error
            is neither word.
    """
    if callable(name):
        msg = 'strategy was used without a name, write @strategy("name", every="15m")'
        raise SettingsError(msg)
    if not _NAME.fullmatch(str(name)):
        msg = f"strategy name was {name!r}, must be letters, digits, '-', '_' or '.'"
        raise SettingsError(msg)
    where = f"strategy {name!r}"
    if on_error not in ("stop", "continue"):
        msg = f"{where}: on_error was {on_error!r}, must be 'stop' or 'continue'"
        raise SettingsError(msg)
    if not 0.0 < cost < math.inf:
        msg = f"{where}: cost was {cost!r}, must be a number above 0"
        raise SettingsError(msg)

    def declare(function: Callable[..., Any]) -> Strategy:
        return Strategy(
            name=name,
            decide=function,
            every_ms=parse_duration_ms(every, f"{where}: every"),
            on_boundary=on_boundary,
            hold_ms=None if hold == UNLIMITED else parse_duration_ms(hold, f"{where}: hold"),
            wait_ms=parse_duration_ms(wait, f"{where}: wait"),
            warmup_ms=0 if warmup is None else parse_duration_ms(warmup, f"{where}: warmup"),
            cost=float(cost),
            params=params,
            symbols=None if symbols is None else _listed(symbols),
            risk=_profiles(where, risk),
            on_error=on_error,
        )

    return declare


def _check_function(where: str, given: object) -> None:
    if not callable(given):
        msg = f"{where} was given {given!r}, must be a function"
        raise SettingsError(msg)


def _refuse_function(where: str, given: object, wanted: str) -> None:
    """Refuse a decorator that was written without the argument it needs."""
    if callable(given):
        name = getattr(given, "__name__", "?")
        msg = f"{where} was given function {name!r}, must be {wanted}"
        raise SettingsError(msg)


def _profiles(where: str, risk: object) -> tuple[Risk, ...]:
    profiles = tuple(risk) if isinstance(risk, list | tuple) else (risk,)
    for profile in profiles:
        if not isinstance(profile, Risk):
            msg = f"{where}: risk was {profile!r}, must be a Risk or a list of them"
            raise SettingsError(msg)
    names = [profile.name for profile in profiles]
    if len(set(names)) < len(names):
        msg = f"{where}: risk was {', '.join(names)}, must name each profile once"
        raise SettingsError(msg)
    return profiles


def _listed(symbols: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (symbols,) if isinstance(symbols, str) else tuple(symbols)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Where candles and market rules come from; made by one of the constructors below.

    Units: tick_size, min_notional in quote currency, lot_size in base; 0 means no such rule.
    """

    name: str
    kind: Literal["local", "files", "synthetic"]
    directory: str = ""
    seed: int | None = None
    tick_size: float = 0.0
    lot_size: float = 0.0
    min_notional: float = 0.0
    shorts: bool = True

    @classmethod
    def local(cls, **rules: Unpack[MarketRules]) -> Exchange:
        """Return the embedded store's imported candles; `rules` are the market's, as in `files`."""
        return cls("local", "local", **rules)

    @classmethod
    def files(
        cls, directory: str, *, name: str = "files", **rules: Unpack[MarketRules]
    ) -> Exchange:
        """Return an exchange of CSV files named `SYMBOL-INTERVAL….csv[.gz]` in `directory`.

        Args:
            directory: absolute, or relative to the strategy file.
            name: how `--exchange` finds it.
            rules: tick_size, lot_size, min_notional, shorts.
        """
        return cls(name, "files", directory=str(directory), **rules)

    @classmethod
    def synthetic(
        cls, seed: int | None = None, *, name: str = "synthetic", **rules: Unpack[MarketRules]
    ) -> Exchange:
        """Return an exchange of made-up candles, always the same for one seed.

        Args:
            seed: None takes `--seed`.
            name: how `--exchange` finds it.
            rules: tick_size, lot_size, min_notional, shorts.
        """
        return cls(name, "synthetic", seed=seed, **rules)
