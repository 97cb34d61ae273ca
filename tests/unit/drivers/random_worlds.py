"""Random worlds: nasty candles of several symbols and a strategy that does a bit of everything.

What the strategy does follows from what it is shown, so that whatever it is shown shows in what it
does. Prices lie on one coarse grid: opens, wicks, closes and the levels of orders tie often.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from zlib import crc32

from tests.support import worlds
from tests.support.worlds import Row, series_of
from tradekit.api.declare import HOOK_EVENTS, Strategy, strategy
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import event_line
from tradekit.domain.plan import Limits
from tradekit.domain.signal import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.engine.dice import Dice
    from tradekit.api.context import Context
    from tradekit.api.outcome import Event
    from tradekit.api.position import Position
    from tradekit.domain.candle import CandleSeries
    from tradekit.drivers.replay import Replayed

MINUTE_MS = 60_000
# Two hours before midnight, so that pages of a day are turned.
START_MS = 1_775_080_800_000
GRID = 0.25
FIRST, LOWEST = 320, 60
# No short that is opened and closed between these loses what it reserved.
TIGHT = (240, 440)
ROOMY = 1_000_000.0

_STEPS = (0, 0, 1, -1, 1, -1, 2, -2, 1, -1, 3, -3, 0, 0, 6, -6, 30, -30)
_WICKS = (0, 1, 0, 1, 2, 1, 3, 12)
_STILL = (600, 12, 3, 12, 3, 90)
_HOLES = (2, 1, 5, 70)


@dataclass(frozen=True)
class Idea:
    """A signal in grid steps from the last close."""

    direction: str
    entry_type: str
    entry_steps: int
    stop_steps: int | None
    target_steps: int | None
    hold: int | None
    wait: int
    cost: float | None
    equity_pct: float | None

    def signal(self, price: float) -> Signal:
        """Return the signal at last close `price`."""
        side = 1 if self.direction == "long" else -1
        fields: dict[str, Any] = {"cost": self.cost, "equity_pct": self.equity_pct}
        origin = price
        if self.entry_type != "market":
            away = -side if self.entry_type == "limit" else side
            origin = price + away * self.entry_steps * GRID
            fields |= {"entry": origin, "entry_type": self.entry_type, "wait": self.wait}
        if self.stop_steps is not None:
            fields["stop_loss"] = origin - side * self.stop_steps * GRID
        if self.target_steps is not None:
            fields["take_profit"] = origin + side * self.target_steps * GRID
        return Signal("long" if side > 0 else "short", hold=self.hold or "unlimited", **fields)


@dataclass(frozen=True)
class Style:
    """How the strategy is written and how often it does what."""

    ideas: tuple[Idea | None, ...]
    every: int
    on_boundary: bool
    kind: str
    hooks: tuple[tuple[int | None, int], ...]
    listens: bool
    reads_account: bool


@dataclass(frozen=True)
class World:
    """Candles by symbol, a frame, a strategy and its terms."""

    candles: dict[str, CandleSeries]
    until_ms: int
    style: Style
    costs: CostModel
    capital: float
    instruments: dict[str, Instrument]
    fails_ms: Mapping[str, int] = field(default_factory=dict)
    fails_in: str = ""

    def of(self, *symbols: str) -> dict[str, CandleSeries]:
        """Return the candles of these symbols."""
        return {symbol: self.candles[symbol] for symbol in symbols}

    def failing(self, symbol: str, ts_ms: int, place: str = "") -> World:
        """Return this world, but with code that raises for `symbol` from `ts_ms` on.

        Args:
            symbol: whose run fails.
            ts_ms: from when.
            place: how the name of the function that raises begins.
        """
        return replace(self, fails_ms={symbol: ts_ms}, fails_in=place)


@dataclass(frozen=True)
class Played:
    """What came of a run, and everything the strategy was shown."""

    replayed: Replayed
    calls: list[tuple[Any, ...]]

    @property
    def lines(self) -> list[str]:
        """The rows as `events.jsonl` has them."""
        return [event_line(row) for row in self.replayed.rows]

    def lines_of(self, symbol: str) -> list[str]:
        """Return the rows of one symbol."""
        return [event_line(row) for row in self.replayed.rows if row.symbol == symbol]

    def count(self, *kinds: str) -> int:
        """Return how many rows are of these kinds."""
        return sum(row.kind in kinds for row in self.replayed.rows)


class Player:
    """The strategy's code: notes what it sees, and decides by it."""

    def __init__(self, world: World) -> None:
        """Play the style of `world`."""
        self._style = world.style
        self._world = world
        self.calls: list[tuple[Any, ...]] = []

    def look(self, ctx: Context[Any], place: str, *more: Any) -> int:
        """Note a call with all that is shown, and return a number that depends on it."""
        world = self._world
        fails = ctx.now >= world.fails_ms.get(ctx.symbol, ctx.now + 1)
        if fails and place.startswith(world.fails_in):
            raise ValueError(place)
        shown = [ctx.price, *more, ctx.state.get("news", 0)]
        if self._style.reads_account:
            shown += [ctx.account.cash, ctx.account.equity]
        windows = b""
        for interval, count in (("1m", 3), ("5m", 2)):
            if ctx.has(interval, count):
                window = ctx.candles(interval, count)
                windows += window.ts_ms.tobytes() + b"".join(c.tobytes() for c in window.columns())
        self.calls.append((ctx.now, ctx.symbol, place, shown, windows))
        return crc32(repr(shown).encode() + windows)

    def decide(self, ctx: Context[Any]) -> Signal | None:
        """Return the signal of the idea whose turn it is."""
        ideas = self._style.ideas
        idea = ideas[self.look(ctx, "decide") % len(ideas)]
        return None if idea is None else idea.signal(ctx.price)

    def hook(self, number: int, rarely: int) -> Any:
        """Return a `while_open` hook that closes now and then."""

        def while_open(ctx: Context[Any], position: Position) -> None:
            shown = [position.pnl_pct, position.minutes]
            if number == 0:
                shown += [position.peak_pct, position.drawdown_pct]
            if self.look(ctx, f"hook {number}", *shown) % rarely == 0:
                position.close(note=f"hook {number}")

        return while_open

    def news(self, ctx: Context[Any], event: Event) -> None:
        """Count what happened; decisions depend on the count."""
        self.look(ctx, event.kind, event.ts_ms)
        ctx.state["news"] = ctx.state.get("news", 0) + 1


def _declared(world: World, player: Player) -> Strategy:
    style = world.style

    def written(function: Any) -> Any:
        if style.kind == "plain":
            return function

        async def coroutine(*arguments: Any) -> Any:
            if style.kind == "suspending":
                await asyncio.sleep(0)
            return function(*arguments)

        return coroutine

    declare = strategy("s", every=style.every, on_boundary=style.on_boundary, hold=30, cost=100)
    declared = declare(written(player.decide))
    for number, (every, rarely) in enumerate(style.hooks):
        declared.while_open(every=every)(written(player.hook(number, rarely)))
    if style.listens:
        declared.on(*HOOK_EVENTS)(written(player.news))
    return declared


def play(
    world: World,
    *,
    candles: dict[str, CandleSeries] | None = None,
    skip: bool = True,
    shared_account: bool = True,
) -> Played:
    """Replay the world, or its strategy over other candles; symbols keep their place."""
    player = Player(world)
    series = world.candles if candles is None else candles
    plan = worlds.plan_of(
        _declared(world, player),
        series,
        since_ms=START_MS,
        until_ms=world.until_ms,
        capital=world.capital,
        costs=world.costs,
        limits=Limits(0.3, 0.3),
        instruments=world.instruments,
        shared_account=shared_account,
    )
    places = {symbol: index for index, symbol in enumerate(world.candles)}
    tapes = tuple(replace(tape, symbol_index=places[tape.symbol]) for tape in plan.tapes)
    run = worlds.replay(replace(plan, tapes=tapes), skip=skip, validate=True)
    return Played(asyncio.run(run), player.calls)


def _idea(dice: Dice, *, by_cost: bool) -> Idea | None:
    if dice.below(8) == 7:
        return None
    equity_pct = None if by_cost else dice.pick((None, None, 100.0, 60.0, 10.0))
    return Idea(
        direction=dice.pick(("long", "short")),
        entry_type=dice.pick(("market", "limit", "stop")),
        # Below 0 the price is there already: filled at the next open unless that runs away.
        entry_steps=dice.pick((2, 1, 4, 9, 0, -2)),
        stop_steps=dice.pick((3, 2, 6, 12, 1, None)),
        target_steps=dice.pick((3, 2, 6, 12, 1, None)),
        hold=dice.pick((7, 3, 40, 1, None)),
        wait=dice.pick((4, 1, 30)),
        cost=None if equity_pct else dice.pick((None, 40.0, 333.0)),
        equity_pct=equity_pct,
    )


def _style(dice: Dice, *, by_cost: bool) -> Style:
    hooks = ((None, 7), (None, 3), (5, 2), (3, 4))
    return Style(
        ideas=tuple(_idea(dice, by_cost=by_cost) for _ in range(1 + dice.below(6))),
        every=dice.pick((1, 1, 3, 15)),
        on_boundary=dice.below(4) == 3,
        kind=dice.pick(("plain", "async", "suspending")),
        hooks=tuple(dice.pick(hooks) for _ in range(dice.pick((0, 0, 0, 1, 1, 3)))),
        listens=dice.pick((False, True)),
        reads_account=not by_cost and dice.pick((False, True)),
    )


def _market(dice: Dice, minutes: int, tight: bool) -> CandleSeries:
    """Make candles from a little before the start to the end, with stills, jumps and holes."""
    low, high = TIGHT if tight else (LOWEST, 4000)
    rows: list[Row] = []
    minute, last = -dice.pick((8, 1, 3)), FIRST
    while minute < minutes:
        block = dice.below(16)
        if block in {0, 1}:
            for _ in range(min(dice.pick(_STILL), minutes - minute)):
                price = last * GRID
                rows.append((START_MS + minute * MINUTE_MS, price, price, price, price, 1.0))
                minute += 1
        elif block == 2 and minute > 2:
            minute += dice.pick(_HOLES)
        else:
            opened = min(max(last + dice.pick(_STEPS), low), high)
            last = min(max(opened + dice.pick(_STEPS), low), high)
            top = min(max(opened, last) + dice.pick(_WICKS), high)
            bottom = max(min(opened, last) - dice.pick(_WICKS), low)
            prices = (opened * GRID, top * GRID, bottom * GRID, last * GRID)
            rows.append((START_MS + minute * MINUTE_MS, *prices, 1.0))
            minute += 1
    return series_of(rows)


def world_of(dice: Dice, *, tight: bool = False, by_cost: bool = False) -> World:
    """Make a world; `tight` bounds prices, `by_cost` keeps the strategy off the account."""
    minutes = dice.pick((40, 40, 90, 400))
    names = ["AUSDT", "BUSDT", "CUSDT"][: 1 + dice.pick((1, 2, 0))]
    style = _style(dice, by_cost=by_cost)
    pct = dice.pick((0.0, 0.1, 0.25))
    rules = {
        "lot_size": dice.pick((0.0, 0.0, 0.01, 0.2)),
        "tick_size": dice.pick((0.0, 0.25, 0.25, 0.1)),
        "min_notional": dice.pick((0.0, 5.0)),
        "shorts_allowed": dice.below(8) != 7,
    }
    return World(
        candles={name: _market(dice, minutes, tight) for name in names},
        until_ms=START_MS + minutes * MINUTE_MS,
        style=style,
        costs=CostModel(pct, dice.pick((0.1, 0.0)), pct, dice.pick((0.0, 0.1))),
        capital=dice.pick((ROOMY, 350.0) if by_cost else (350.0, 900.0, 3000.0, 100.05, 333.2)),
        instruments={name: Instrument(name, **rules) for name in names},
    )
