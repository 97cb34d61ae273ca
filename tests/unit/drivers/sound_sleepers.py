"""Strategies that return a sound `Wake` from everything: nobody would act before it.

Each function acts where the last close, or the time, is in a region that follows from the position
and from numbers that never change, and asks to be woken at the edge of that region or earlier.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.support import worlds
from tests.unit.drivers.random_worlds import FIRST, GRID, LOWEST, MINUTE_MS, START_MS, world_of
from tradekit.api.declare import Strategy, strategy
from tradekit.api.outcome import Wake
from tradekit.domain.plan import Limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.drivers.random_worlds import Idea, World
    from tests.unit.engine.dice import Dice
    from tradekit.api.context import Context
    from tradekit.api.outcome import Event
    from tradekit.api.position import Position
    from tradekit.api.waiting import WaitingEntry
    from tradekit.domain.signal import Signal
    from tradekit.drivers.replay import Replayed

_NEWS = ("opened", "closed", "averaged", "partial", "level", "peak")


@dataclass(frozen=True)
class Sleepers:
    """A world and who sleeps in it; a hook is its name, its numbers and its interval."""

    world: World
    ideas: tuple[Idea, ...]
    every: int
    lines: tuple[int, int]
    period: int
    signal: dict[str, Any]
    hooks: tuple[tuple[str, tuple[Any, ...], int | None], ...]
    listens: tuple[str, ...]
    written: str


def _beyond(position: Position, price: float) -> Wake:
    """Return the wake at a price on the way to more profit."""
    if position.direction == "long":
        return Wake(price_above=price)
    return Wake(price_below=price)


def _ladder(below_pct: float, cost: float, limit_pct: float) -> Callable[..., Wake | None]:
    """Average where no entry is near on the losing side, at market or a bit further on."""

    def ladder(ctx: Context[Any], position: Position) -> Wake:
        side = 1 if position.direction == "long" else -1
        prices = [entry.price for entry in position.entries]
        edge = min(prices) if side > 0 else max(prices)
        edge *= 1.0 - side * below_pct / 100.0
        if len(prices) < 6 and side * (edge - ctx.price) >= 0.0:
            limit = ctx.price * (1.0 - side * limit_pct / 100.0) if limit_pct else None
            position.average_buy(cost, limit=limit, max_entries=6)
            position.state["asked"] = len(prices)
        return Wake(price_below=edge) if side > 0 else Wake(price_above=edge)

    return ladder


def _surroundings(prices: list[float], price: float, share: float) -> tuple[float, float]:
    """Return how far down and up from `price` everything is near to one of `prices`."""
    low = high = price
    for each in sorted(prices, reverse=True):
        low = each * (1.0 - share) if each * (1.0 - share) <= low <= each * (1.0 + share) else low
    for each in sorted(prices):
        high = (
            each * (1.0 + share) if each * (1.0 - share) <= high <= each * (1.0 + share) else high
        )
    return low, high


def _apart(pct: float, cost: float) -> Callable[..., Wake | None]:
    """Average anywhere that is near no entry, above or below."""

    def apart(ctx: Context[Any], position: Position) -> Wake:
        prices = [entry.price for entry in position.entries]
        position.state["entries"] = len(prices)
        if len(prices) >= 5:
            return Wake()
        if not position.near_entry(pct, pct):
            position.average_buy(cost, mode="anywhere")
        low, high = _surroundings(prices, ctx.price, pct / 100.0)
        return Wake(price_below=low, price_above=high)

    return apart


def _target(pnl_pct: float) -> Callable[..., Wake | None]:
    """Close what has earned enough."""

    def target(ctx: Context[Any], position: Position) -> Wake:
        if position.pnl_pct >= pnl_pct:
            position.close("target")
        return _beyond(position, position.price_at(pnl_pct))

    return target


def _part(pnl_pct: float, share_pct: float) -> Callable[..., Wake | None]:
    """Take a part off where it has earned enough, and no exit is near."""

    def part(ctx: Context[Any], position: Position) -> Wake:
        if position.pnl_pct >= pnl_pct and not position.near_exit(2.0, 2.0):
            position.close_part(pct=share_pct)
        return _beyond(position, position.price_at(pnl_pct))

    return part


def _trail(pnl_pct: float, pct: float) -> Callable[..., Wake | None]:
    """Let the stop follow once there is enough profit."""

    def trail(ctx: Context[Any], position: Position) -> Wake:
        if position.pnl_pct >= pnl_pct:
            position.trail_stop(pct=pct) if pct else position.breakeven()
        edge, stop = position.price_at(pnl_pct), position.stop_loss_price
        if stop is None or not pct:
            return _beyond(position, edge)
        if position.direction == "long":
            return Wake(price_above=max(edge, stop / (1.0 - pct / 100.0) * (1.0 - 1e-9)))
        return Wake(price_below=min(edge, stop / (1.0 + pct / 100.0) * (1.0 + 1e-9)))

    return trail


def _timed(minutes: int, share_pct: float) -> Callable[..., Wake | None]:
    """Close, or take a part off, once it has been held so long."""

    def timed(ctx: Context[Any], position: Position) -> Wake:
        if position.minutes >= minutes and len(position.exits) < 2:
            position.close_part(pct=share_pct, note="late")
        return Wake(after=max(1, minutes - position.minutes))

    return timed


def _waiting(minutes: int, steps: int) -> Callable[..., Wake | None]:
    """Take an entry back when it is old, fill it when the price has run away from it."""

    def waiting(ctx: Context[Any], order: WaitingEntry) -> Wake:
        top = order.entry_price + steps * GRID
        if ctx.price >= top:
            order.fill_now()
        elif order.age_minutes >= minutes:
            order.cancel()
        return Wake(price_above=top, after=max(1, minutes - order.age_minutes))

    return waiting


def _idle(minutes: int) -> Callable[..., Wake | None]:
    """Do nothing, now and then."""
    return lambda _ctx: Wake(after=minutes)


_OPEN = {
    "ladder": _ladder,
    "apart": _apart,
    "target": _target,
    "part": _part,
    "trail": _trail,
    "timed": _timed,
}


def _decide(sleepers: Sleepers) -> Callable[..., Any]:
    """Return a function that enters beyond one of two lines, or every so many minutes."""
    low, high = (FIRST * GRID + steps * GRID for steps in sleepers.lines)
    period = sleepers.period

    def decide(ctx: Context[Any]) -> Signal | Wake:
        minute = ctx.now // MINUTE_MS
        due = minute % period == 0 if period else not low < ctx.price < high
        if due:
            news = ctx.state.get("news", 0)
            idea = sleepers.ideas[news % len(sleepers.ideas)]
            return replace(idea.signal(ctx.price), **sleepers.signal)
        if period:
            return Wake(after=period - minute % period)
        return Wake(price_below=low, price_above=high)

    return decide


def _declared(sleepers: Sleepers) -> Strategy:
    def written(function: Callable[..., Any]) -> Callable[..., Any]:
        if sleepers.written == "plain":
            return function

        async def coroutine(*arguments: Any) -> Any:
            return function(*arguments)

        return coroutine

    declared = strategy("s", every=sleepers.every, hold=30, cost=100)(written(_decide(sleepers)))
    for name, numbers, every in sleepers.hooks:
        if name in _OPEN:
            declared.while_open(every=every)(written(_OPEN[name](*numbers)))
        elif name == "waiting":
            declared.while_waiting(every=every)(written(_waiting(*numbers)))
        else:
            declared.while_idle(every=every)(written(_idle(*numbers)))

    def news(ctx: Context[Any], _event: Event) -> None:
        ctx.state["news"] = ctx.state.get("news", 0) + 1

    if sleepers.listens:
        declared.on(*sleepers.listens)(written(news))
    return declared


def play(sleepers: Sleepers, *, sleeping: bool, skip: bool = True) -> Replayed:
    """Replay with wakes, or with every function called whenever it can be."""
    world = sleepers.world
    plan = worlds.plan_of(
        _declared(sleepers),
        world.candles,
        since_ms=START_MS,
        until_ms=world.until_ms,
        capital=world.capital,
        costs=world.costs,
        limits=Limits(0.1, 0.1),
        instruments=world.instruments,
    )
    plan = replace(plan, sleeping=sleeping)
    return asyncio.run(worlds.replay(plan, skip=skip, validate=True))


def _hook(dice: Dice) -> tuple[str, tuple[Any, ...], int | None]:
    pick = dice.pick
    name = pick(("ladder", "target", "part", "trail", "apart", "timed", "waiting", "idle"))
    numbers: dict[str, Callable[[], tuple[Any, ...]]] = {
        "ladder": lambda: (pick((0.5, 0.3, 2.0)), pick((50.0, 20.0)), pick((0.0, 0.0, 0.4))),
        "target": lambda: (pick((1.0, 0.3, 3.0)),),
        "part": lambda: (pick((0.3, 1.0)), pick((30.0, 50.0))),
        "trail": lambda: (pick((0.3, 1.0)), pick((0.5, 1.0, 0.0))),
        "apart": lambda: (pick((0.5, 1.0)), pick((20.0, 60.0))),
        "timed": lambda: (pick((7, 3, 20)), pick((100.0, 40.0))),
        "waiting": lambda: (pick((3, 12)), pick((2, 5, 30))),
        "idle": lambda: (pick((4, 33)),),
    }
    return name, numbers[name](), pick((None, None, None, 2, 7))


def sleepers_of(dice: Dice) -> Sleepers:
    """Make a world and its sleepers."""
    # The world takes as many rolls as it wants: what decides here is rolled before.
    hooks = tuple(_hook(dice) for _ in range(3 + dice.below(4)))
    trail = {"trail_pct": dice.pick((0.5, 1.0)), "trail_after_pct": dice.pick((None, 0.5))}
    every, period = dice.pick((1, 1, 3, 15)), dice.pick((0, 0, 7, 45))
    lines = dice.pick(((-2, 2), (-4, 30), (-12, 1), (0, 0)))
    listens = tuple(each for each in _NEWS if dice.pick((False, True)))
    written = dice.pick(("plain", "async"))
    more = {"hold": dice.pick((25, "unlimited", 90))} | dice.pick(({}, {}, trail))
    wide = dice.pick((8, 20, 1))
    world = world_of(dice)
    ideas = tuple(_widened(idea, wide) for idea in world.style.ideas if idea is not None)
    if not ideas:
        return sleepers_of(dice)
    rules = {name: replace(each, shorts_allowed=True) for name, each in world.instruments.items()}
    world = replace(world, capital=max(world.capital, 900.0), instruments=rules)
    return Sleepers(world, ideas, every, lines, period, more, hooks, listens, written)


def _widened(idea: Idea, wide: int) -> Idea:
    """Return the idea with its stop and target so many times as far away."""
    stop, target = (
        None if steps is None else min(steps * wide, LOWEST - 12)
        for steps in (idea.stop_steps, idea.target_steps)
    )
    return replace(idea, stop_steps=stop, target_steps=target)
