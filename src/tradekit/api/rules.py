"""Ready-made rules for `Risk`; each call returns one, and says at once if its limit makes no sense.

Amounts are in quote currency, times are UTC. What a rule is asked is described in `RiskAsk`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from tradekit.domain.signal import positive
from tradekit.domain.time import DAY_MS, MINUTE_MS, format_duration, parse_duration_ms
from tradekit.errors import SettingsError, SignalError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tradekit.api.risk import RiskAsk, Rule
    from tradekit.domain.exposure import Exposure

_DUST: Final = 1e-9
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EPOCH_WEEKDAY: Final = 3  # 1970-01-01 was a Thursday
_CLOCK: Final = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)")


def max_open_positions(count: int) -> Rule:
    """Refuse an entry that would make more than `count` positions, waiting ones counted."""
    most = _whole("max_open_positions", count)

    @_named("max_open_positions")
    def rule(ask: RiskAsk) -> str | None:
        there = len(ask.exposures)
        if ask.kind == "entry" and there >= most:
            return f"{there} positions are open or wanted, must be at most {most}"
        return None

    return rule


def max_exposure(cost: float) -> Rule:
    """Refuse what would bring the cost of all positions above `cost`."""
    most = _amount("max_exposure", cost)

    @_named("max_exposure")
    def rule(ask: RiskAsk) -> str | None:
        return _beyond("exposure", _cost(ask, ask.exposures), most)

    return rule


def max_symbol_exposure(cost: float) -> Rule:
    """Refuse what would bring the cost of all positions of its symbol above `cost`."""
    most = _amount("max_symbol_exposure", cost)

    @_named("max_symbol_exposure")
    def rule(ask: RiskAsk) -> str | None:
        same = [each for each in ask.exposures if each.symbol == ask.symbol]
        return _beyond(f"exposure in {ask.symbol}", _cost(ask, same), most)

    return rule


def max_correlated(groups: Mapping[str, Sequence[str]], count: int) -> Rule:
    """Refuse an entry where more than `count` symbols of one of its groups would be held.

    Args:
        groups: symbols that move together, by a name of the group; a symbol may be in several.
        count: how many of a group there may be.
    """
    most = _whole("max_correlated", count)
    members = {name: frozenset(symbols) for name, symbols in groups.items()}

    @_named("max_correlated")
    def rule(ask: RiskAsk) -> str | None:
        if ask.kind != "entry":
            return None
        for name, symbols in members.items():
            if ask.symbol in symbols:
                held = {each.symbol for each in ask.exposures} & symbols
                count = len(held | {ask.symbol})
                if count > most:
                    return f"{count} symbols of {name!r} would be held, must be at most {most}"
        return None

    return rule


def cooldown_after_stop(duration: int | str) -> Rule:
    """Refuse an entry into a symbol so long after a stop there, minutes or text such as `4h`."""
    wait_ms = parse_duration_ms(duration, "cooldown_after_stop")

    @_named("cooldown_after_stop")
    def rule(ask: RiskAsk) -> str | None:
        if ask.kind != "entry":
            return None
        for trade in reversed(ask.closed):
            if trade.ts_ms <= ask.now - wait_ms:
                break
            if trade.symbol == ask.symbol and trade.reason == "stop_loss":
                ago = _time(ask.now - trade.ts_ms)
                return f"{ask.symbol} was stopped {ago} ago, must be {_time(wait_ms)}"
        return None

    return rule


def stop_guard(stops: int, within: int | str) -> Rule:
    """Refuse entries after so many stops of any symbol within that time."""
    most = _whole("stop_guard", stops)
    window_ms = parse_duration_ms(within, "stop_guard within")

    @_named("stop_guard")
    def rule(ask: RiskAsk) -> str | None:
        if ask.kind != "entry":
            return None
        found = 0
        for trade in reversed(ask.closed):
            if trade.ts_ms <= ask.now - window_ms:
                break
            found += trade.reason == "stop_loss"
        if found >= most:
            return f"{found} stops within {_time(window_ms)}, must be fewer than {most}"
        return None

    return rule


def max_drawdown(pct: float, since: Literal["day", "run"] = "run") -> Rule:
    """Refuse everything while equity is so far below the balance of the day's start, or the best.

    Args:
        pct: percent of that balance; balances count closed trades, see `RiskAsk`.
        since: `"day"` from midnight UTC on, `"run"` from the highest balance of the run.
    """
    most_pct = _amount("max_drawdown", pct)
    if since not in ("day", "run"):
        msg = f"max_drawdown since was {since!r}, must be 'day' or 'run'"
        raise SettingsError(msg)

    @_named("max_drawdown")
    def rule(ask: RiskAsk) -> str | None:
        best = ask.day_equity if since == "day" else ask.peak_equity
        below_pct = (best - ask.equity) / best * 100.0 if best > 0.0 else 100.0
        if below_pct >= most_pct - _DUST:
            return f"drawdown of the {since} was {below_pct:.3f} %, must be below {most_pct:g} %"
        return None

    return rule


def min_reward_risk(ratio: float) -> Rule:
    """Refuse an entry whose nearest target is not `ratio` times as far away as its stop.

    Without a target there is no such ratio and it passes; without a stop it is refused.
    """
    least = _amount("min_reward_risk", ratio)

    @_named("min_reward_risk")
    def rule(ask: RiskAsk) -> str | None:
        if ask.kind != "entry" or ask.take_profit_price is None:
            return None
        if ask.stop_loss_price is None:
            return "there is no stop, must be one where reward is compared with risk"
        reward = abs(ask.take_profit_price - ask.entry_price)
        risk = abs(ask.entry_price - ask.stop_loss_price)
        if reward < least * risk * (1.0 - _DUST):
            return f"reward to risk was {reward / risk:.3f}, must be at least {least:g}"
        return None

    return rule


def min_stop_distance(pct: float) -> Rule:
    """Refuse an entry whose stop is nearer than `pct` percent of its entry price, or missing."""
    least_pct = _amount("min_stop_distance", pct)

    @_named("min_stop_distance")
    def rule(ask: RiskAsk) -> str | None:
        if ask.kind != "entry":
            return None
        if ask.stop_loss_price is None:
            return "there is no stop, must be one"
        distance_pct = abs(ask.entry_price - ask.stop_loss_price) / ask.entry_price * 100.0
        if distance_pct < least_pct - _DUST:
            return f"stop was {distance_pct:.3f} % away, must be at least {least_pct:g} %"
        return None

    return rule


def trading_hours(since: str, until: str, days: Sequence[str] = _DAYS) -> Rule:
    """Refuse an entry outside [since, until) UTC, such as `"08:00"` to `"20:00"`, or on other days.

    `until` before `since` means past midnight, and the day is that on which it began.
    """
    from_ms, to_ms = _clock("since", since), _clock("until", until)
    for day in days:
        if day not in _DAYS:
            msg = f"day of trading_hours was {day!r}, must be one of {', '.join(_DAYS)}"
            raise SettingsError(msg)
    length_ms = (to_ms - from_ms) % DAY_MS or DAY_MS

    @_named("trading_hours")
    def rule(ask: RiskAsk) -> str | None:
        if ask.kind != "entry":
            return None
        day, into_ms = divmod(ask.now - from_ms, DAY_MS)
        if into_ms < length_ms and _DAYS[(day + _EPOCH_WEEKDAY) % len(_DAYS)] in days:
            return None
        return f"it is outside {since} to {until} UTC on {', '.join(days)}"

    return rule


def max_orders(count: int, within: int | str = "1h") -> Rule:
    """Refuse what would be more than `count` orders that open or add, within that time."""
    most = _whole("max_orders", count)
    window_ms = parse_duration_ms(within, "max_orders within")

    @_named("max_orders")
    def rule(ask: RiskAsk) -> str | None:
        sent = 0
        for ts_ms in reversed(ask.sent_ms):
            if ts_ms <= ask.now - window_ms:
                break
            sent += 1
        if sent >= most:
            return f"{sent} orders within {_time(window_ms)}, must be fewer than {most}"
        return None

    return rule


def _named(name: str) -> Callable[[Rule], Rule]:
    """Call the rule by the name that it is made with: that is what a refusal is known by."""

    def rename(rule: Rule) -> Rule:
        rule.__name__ = name
        return rule

    return rename


def _cost(ask: RiskAsk, exposures: Sequence[Exposure]) -> float:
    """Return what would be at stake in those and in what is asked for."""
    own = 0.0 if ask.own is None else ask.own.cost
    return sum((each.cost for each in exposures), own) + ask.cost


def _beyond(name: str, cost: float, most: float) -> str | None:
    if cost <= most * (1.0 + _DUST):
        return None
    return f"{name} would be {cost:g}, must be at most {most:g}"


def _time(duration_ms: int) -> str:
    return format_duration(max(duration_ms, MINUTE_MS))


def _whole(name: str, value: object) -> int:
    if type(value) is not int or value < 1:
        msg = f"{name} was {value!r}, must be a whole number above 0"
        raise SettingsError(msg)
    return value


def _amount(name: str, value: object) -> float:
    try:
        return positive(name, value)
    except SignalError as error:
        raise SettingsError(error.message) from None


def _clock(name: str, value: object) -> int:
    """Return a time of day in ms."""
    found = _CLOCK.fullmatch(str(value))
    ms = -1 if found is None else (int(found[1]) * 60 + int(found[2])) * MINUTE_MS
    if not 0 <= ms <= DAY_MS:
        msg = f"{name} of trading_hours was {value!r}, must be a time from 00:00 to 24:00"
        raise SettingsError(msg)
    return ms
