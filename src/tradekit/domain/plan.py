"""A signal in absolute terms, and the rules that it has to keep.

A plan has absolute prices, rounded to the market's tick. Whether there is cash for it is the
account's business, whether a price is touched the venue's.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType
from typing import TYPE_CHECKING, Final, NamedTuple

from tradekit.domain.journal import utf8
from tradekit.domain.signal import NUMBER_MAX, positive
from tradekit.domain.sizes import size_of
from tradekit.domain.time import MINUTE_MS, UNLIMITED, parse_duration_ms
from tradekit.errors import SettingsError, SignalError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradekit.domain.instrument import Instrument
    from tradekit.domain.signal import Direction, EntryType, Signal
    from tradekit.domain.sizes import Money

TARGETS_MAX: Final = 8
_SEVERAL: Final = (list, tuple)
_DUST: Final = 1e-9
_DUST_PCT: Final = 1e-9
_ALL_PCT: Final = 100.0
_ID_TYPES: Final = (str, NoneType)


@dataclass(frozen=True, slots=True)
class Limits:
    """How near and far stop and target may be, and how long a position may last.

    Units: percent of the entry price; ms; max_position_cost in quote currency. None allows any
    number, and of percent 0 turns a rule off. The last two are of all entries of a position; an
    entry of so many percent of the free cash has no cost yet, and only averages after it count.
    """

    min_stop_pct: float = 0.5
    min_target_pct: float = 0.5
    max_stop_pct: float = 100.0
    max_hold_ms: int | None = None
    max_entries: int | None = None
    max_position_cost: float | None = None


class Defaults(NamedTuple):
    """What a signal takes from its strategy where it says nothing."""

    hold_ms: int | None
    wait_ms: int
    cost: float


class Target(NamedTuple):
    """A price at which a share of the position is taken off, in percent of what was entered."""

    price: float
    share_pct: float


class Plan(NamedTuple):
    """A signal in absolute terms; `reference_price` is the last close when it was made.

    Exactly one of cost and equity_pct is set; entry_price is None for a market entry. Targets are
    sorted, the nearest first.
    """

    signal_id: str
    direction: Direction
    entry_type: EntryType
    entry_price: float | None
    reference_price: float
    stop_loss_price: float | None
    targets: tuple[Target, ...]
    cost: float | None
    equity_pct: float | None
    hold_ms: int | None
    wait_ms: int
    note: str
    trail_pct: float | None = None
    trail_after_pct: float | None = None

    @property
    def take_profit_price(self) -> float | None:
        """The nearest target."""
        return self.targets[0].price if self.targets else None


class Problem(NamedTuple):
    """A broken rule. Nonsense contradicts itself; the rest is merely not allowed just now."""

    rule: str
    message: str
    nonsense: bool


def make_plan(
    signal: Signal,
    *,
    signal_id: str,
    price: float,
    defaults: Defaults,
    instrument: Instrument,
    money: Money | None = None,
) -> Plan:
    """Return the plan of `signal` at last close `price`; `money` is only needed for `risk_pct`.

    Raises:
        SignalError: the signal says a thing twice, or something that is no number, time or word.
    """
    if signal.direction not in ("long", "short"):
        msg = f"direction was {signal.direction!r}, must be 'long' or 'short'"
        raise SignalError(msg)
    if signal.entry_type not in ("limit", "stop"):
        msg = f"entry_type was {signal.entry_type!r}, must be 'limit' or 'stop'"
        raise SignalError(msg)
    if type(signal.id) not in _ID_TYPES:
        msg = f"id was {signal.id!r}, must be text"
        raise SignalError(msg)
    long = signal.direction == "long"
    down, up = instrument.floor_price, instrument.ceil_price
    entry = None
    if signal.entry is not None:
        entry = positive("entry", signal.entry)
        # A resting entry is rounded to where it fills later or worse, never better.
        entry = down(entry) if long == (signal.entry_type == "limit") else up(entry)
        if entry <= 0.0:
            msg = f"entry was {signal.entry!r}, must be at least a tick of {instrument.tick_size!r}"
            raise SignalError(msg)
    origin = price if entry is None else entry
    side = 1.0 if long else -1.0
    stop = _exit_price("stop_loss", signal.stop_loss, signal.stop_loss_pct, origin, -side)
    if stop is not None:
        stop = (down(stop) if long else up(stop)) or None
    targets = _targets(signal, origin, side, up if long else down)
    cost, equity_pct = size_of(signal, defaults.cost, entry=origin, stop=stop, money=money)
    return Plan(
        signal_id,
        signal.direction,
        "market" if entry is None else signal.entry_type,
        entry,
        price,
        stop,
        targets,
        cost,
        equity_pct,
        _hold(signal, defaults),
        defaults.wait_ms if signal.wait is None else _duration("wait", signal.wait),
        utf8(signal.note),
        *_trail(signal),
    )


def find_problems(plan: Plan, limits: Limits, *, base_ms: int = MINUTE_MS) -> list[Problem]:
    """Return every rule that `plan` breaks, none if it may be traded.

    The rules are those of the order: sides, distances at the entry, time, and whether a price that
    is reached already leaves room between stop and target. Distances are inclusive.
    """
    side = 1.0 if plan.direction == "long" else -1.0
    entry = plan.reference_price if plan.entry_price is None else plan.entry_price
    found = _stop_problems(plan, side, entry, limits)
    found += _target_problems(plan, side, entry, limits)
    found += _time_and_size_problems(plan, limits, base_ms)
    if not found and plan.entry_price is not None:
        found = _reached_problems(plan, side, entry)
    if len(found) > 1:
        # That the market has moved away explains whatever else is wrong.
        found.sort(key=lambda problem: problem.rule != "gap_reject")
    return found


def _stop_problems(plan: Plan, side: float, entry: float, limits: Limits) -> list[Problem]:
    stop = plan.stop_loss_price
    if stop is None:
        return []
    found = []
    distance_pct = side * (entry - stop) / entry * 100.0
    if side * (entry - stop) <= 0.0:
        word = "below" if side > 0 else "above"
        where = f"{_named(plan, entry)} of a {plan.direction}"
        text = f"stop_loss_price was {stop!r}, must be {word} {where}"
        found.append(Problem("stop_side", text, nonsense=True))
    if distance_pct < limits.min_stop_pct - _DUST_PCT:
        text = _distance("stop_loss_price", stop, distance_pct, _named(plan, entry))
        found.append(
            Problem("stop_too_close", f"{text} at least {limits.min_stop_pct:g} %", nonsense=False)
        )
    if limits.max_stop_pct and distance_pct > limits.max_stop_pct + _DUST_PCT:
        text = _distance("stop_loss_price", stop, distance_pct, _named(plan, entry))
        found.append(
            Problem("stop_too_far", f"{text} at most {limits.max_stop_pct:g} %", nonsense=False)
        )
    return found


def _target_problems(plan: Plan, side: float, entry: float, limits: Limits) -> list[Problem]:
    found = []
    for target, _ in plan.targets:
        distance_pct = side * (target - entry) / entry * 100.0
        if side * (target - entry) <= 0.0:
            word = "above" if side > 0 else "below"
            where = f"{_named(plan, entry)} of a {plan.direction}"
            text = f"take_profit_price was {target!r}, must be {word} {where}"
            found.append(_passed_target(text, plan, side))
        if distance_pct < limits.min_target_pct - _DUST_PCT:
            text = _distance("take_profit_price", target, distance_pct, _named(plan, entry))
            rule = f"{text} at least {limits.min_target_pct:g} %"
            found.append(Problem("target_too_close", rule, nonsense=False))
    return found


def _passed_target(text: str, plan: Plan, side: float) -> Problem:
    """Return what a target on the wrong side of the entry is.

    With a stop that is right it made sense: the market has run through the target since, which is
    a gap, not nonsense. A stop on the wrong side is never taken for that.
    """
    stop = plan.stop_loss_price
    sound = stop is not None and side * (plan.reference_price - stop) > 0.0
    if plan.entry_price is None and sound:
        return Problem("gap_reject", text, nonsense=False)
    return Problem("target_side", text, nonsense=True)


def _time_and_size_problems(plan: Plan, limits: Limits, base_ms: int) -> list[Problem]:
    found = []
    if plan.hold_ms is not None and plan.hold_ms % base_ms:
        found.append(_off_grid("hold", plan.hold_ms, base_ms))
    if plan.entry_type != "market" and plan.wait_ms % base_ms:
        found.append(_off_grid("wait", plan.wait_ms, base_ms))
    if limits.max_hold_ms is not None and (
        plan.hold_ms is None or plan.hold_ms > limits.max_hold_ms
    ):
        was = UNLIMITED if plan.hold_ms is None else f"{plan.hold_ms / MINUTE_MS:g} minutes"
        text = f"hold was {was}, must be at most {limits.max_hold_ms / MINUTE_MS:g} minutes"
        found.append(Problem("hold_too_long", text, nonsense=False))
    most = limits.max_position_cost
    if most is not None and plan.cost is not None and plan.cost > most * (1.0 + _DUST):
        text = f"cost was {plan.cost!r}, must be at most max_position_cost {most!r}"
        found.append(Problem("max_cost", text, nonsense=False))
    return found


def _off_grid(name: str, duration_ms: int, base_ms: int) -> Problem:
    text = (
        f"{name} was {duration_ms / MINUTE_MS:g} minutes, must be a multiple of the base interval "
        f"of {base_ms / MINUTE_MS:g} minutes"
    )
    return Problem(f"{name}_off_grid", text, nonsense=True)


def _reached_problems(plan: Plan, side: float, entry: float) -> list[Problem]:
    """Return what is wrong with an entry whose price is reached already and would fill at once."""
    price = plan.reference_price
    ahead = side * (price - entry)
    if ahead > 0.0 if plan.entry_type == "limit" else ahead < 0.0:
        return []
    found = []
    for name, level, sign in (
        ("stop_loss_price", plan.stop_loss_price, 1.0),
        ("take_profit_price", plan.take_profit_price, -1.0),
    ):
        if level is not None and sign * side * (price - level) <= 0.0:
            text = f"last close was {price!r}, has passed {name} {level!r} of a {plan.direction}"
            found.append(Problem("price_passed", text, nonsense=False))
    return found


def _named(plan: Plan, entry: float) -> str:
    return f"{'last close' if plan.entry_price is None else 'entry_price'} {entry!r}"


def _distance(name: str, price: float, distance_pct: float, named: str) -> str:
    return f"{name} was {price!r}, {distance_pct:.3f} % from {named}, must be"


def _targets(
    signal: Signal, origin: float, side: float, rounded: Callable[[float], float]
) -> tuple[Target, ...]:
    """Return the targets, sorted, the nearest first."""
    given, given_pct = signal.take_profit, signal.take_profit_pct
    if not isinstance(given, _SEVERAL) and not isinstance(given_pct, _SEVERAL):
        price = _exit_price("take_profit", given, given_pct, origin, side)  # type: ignore[arg-type]
        price = None if price is None else rounded(price)
        return (Target(price, _ALL_PCT),) if price else ()
    if given is not None and given_pct is not None:
        msg = "take_profit and take_profit_pct were both given, must be one of them"
        raise SignalError(msg)
    targets = []
    for pair in given_pct if given is None else given:  # type: ignore[union-attr]
        try:
            level, share = pair
        except (TypeError, ValueError):
            msg = f"take_profit had {pair!r}, must be pairs of a price or percent and a share"
            raise SignalError(msg) from None
        price = _exit_price(
            "take_profit",
            level if given_pct is None else None,
            None if given_pct is None else level,
            origin,
            side,
        )
        share_pct = positive("share", share)
        if price is not None and rounded(price):
            targets.append(Target(rounded(price), share_pct))
    if not 1 <= len(targets) <= TARGETS_MAX:
        what = given_pct if given is None else given
        msg = f"take_profit was {what!r}, must name one to {TARGETS_MAX} targets"
        raise SignalError(msg)
    shared_pct = sum(target.share_pct for target in targets)
    if shared_pct > _ALL_PCT + _DUST_PCT:
        msg = f"the shares of take_profit came to {shared_pct:g} %, must be at most 100"
        raise SignalError(msg)
    if len({target.price for target in targets}) < len(targets):
        msg = "two targets of take_profit came to one price, must differ by a tick"
        raise SignalError(msg)
    return tuple(sorted(targets, key=lambda target: side * target.price))


def _trail(signal: Signal) -> tuple[float | None, float | None]:
    if signal.trail_after_pct is not None and signal.trail_pct is None:
        msg = "trail_after_pct was given without trail_pct"
        raise SignalError(msg)
    if signal.trail_pct is None:
        return None, None
    trail_pct = positive("trail_pct", signal.trail_pct)
    if trail_pct >= _ALL_PCT:
        msg = f"trail_pct was {signal.trail_pct!r}, must be below 100"
        raise SignalError(msg)
    after = signal.trail_after_pct
    return trail_pct, None if after is None else positive("trail_after_pct", after)


def _exit_price(
    name: str, price: float | None, percent: float | None, origin: float, away: float
) -> float | None:
    """Return the level given as a price or as percent from `origin`; `away` is +1 above it."""
    if price is not None and percent is not None:
        msg = f"{name} and {name}_pct were both given, must be one of them"
        raise SignalError(msg)
    if percent is None:
        return None if price is None else positive(name, price)
    share = positive(f"{name}_pct", percent)
    level = origin * (1.0 + away * share / 100.0)
    if level >= NUMBER_MAX:
        msg = f"{name}_pct was {percent!r}, must lead to a price below {NUMBER_MAX:g}"
        raise SignalError(msg)
    # A stop 100 % away is at zero and one still farther below: never touched, so no order at all.
    return level if level > 0.0 else None


def _hold(signal: Signal, defaults: Defaults) -> int | None:
    if signal.hold is None:
        return defaults.hold_ms
    return None if signal.hold == UNLIMITED else _duration("hold", signal.hold)


def _duration(name: str, value: int | str) -> int:
    try:
        return parse_duration_ms(value, name)
    except SettingsError as error:
        raise SignalError(error.message) from None
