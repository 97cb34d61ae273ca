"""Nasty little markets for hypothesis: gaps, long wicks, holes, and prices that tie.

Everything lies on one coarse grid of prices, so that opens, highs, lows, closes and the levels of
orders meet exactly and often. What is done in such a world is a script by the number of the candle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.support.oracle_bridge import START_MS
from tests.support.oracle_strategies import Scripted
from tests.support.oracle_terms import MINUTE_MS, Candles, Costs, Plan

FIRST_STEPS = 400
LOWEST_STEPS = 40
ROOMY = 1_000_000.0
# A day of minutes is one stretch for the engine; hours and days cross the ends of stretches.
INTERVALS = {MINUTE_MS: "1m", 15 * MINUTE_MS: "15m", 60 * MINUTE_MS: "1h", 1440 * MINUTE_MS: "1d"}

# Mostly still, now and then a jump over several levels at once.
_small = st.sampled_from([0, 0, 0, 0, 1, -1, 1, -1, 2, -2, 3, -3, 6, -6, 12, -12, 30, -30])
_wick = st.sampled_from([0, 0, 0, 1, 1, 2, 3, 5, 9, 20])
_moves = st.tuples(_small, _small, _wick, _wick)


@dataclass(frozen=True)
class Idea:
    """A plan in grid steps from the last close; stop and target from the entry's own price."""

    direction: str
    entry_type: str
    entry_steps: int
    stop_steps: int | None
    target_steps: int | None
    hold: int | None
    wait: int
    cost: float | None
    equity_pct: float | None


@dataclass(frozen=True)
class World:
    """Candles of each symbol, what is asked for on them, and on what terms."""

    candles: dict[str, Candles]
    ideas: dict[str, list[Idea | None]]
    closes: frozenset[int]
    hooked: bool
    grid: float
    every: int
    interval_ms: int
    since_ms: int
    until_ms: int
    costs: Costs
    capital: float
    lot_size: float

    def script(self, symbol: str) -> Scripted:
        """Return the script of `symbol`; a new one for each run."""
        ideas, closes = self.ideas[symbol], self.closes

        def answer(candles: Candles, i: int) -> Plan | None:
            idea = ideas[i % len(ideas)]
            return None if idea is None else self.plan(idea, candles.close[i - 1])

        def close(_candles: Candles, i: int) -> bool:
            return self.hooked and i in closes

        return Scripted(answer, close, every_ms=self.every * self.interval_ms)

    def plan(self, idea: Idea, price: float) -> Plan:
        """Return the plan of `idea` at last close `price`."""
        side = 1 if idea.direction == "long" else -1
        at_market = idea.entry_type == "market"
        away = -side if idea.entry_type == "limit" else side
        origin = price if at_market else price + away * idea.entry_steps * self.grid
        stop, target = idea.stop_steps, idea.target_steps
        return Plan(
            idea.direction,
            stop=None if stop is None else origin - side * stop * self.grid,
            target=None if target is None else origin + side * target * self.grid,
            entry=None if at_market else origin,
            entry_type=idea.entry_type,
            cost=idea.cost,
            equity_pct=idea.equity_pct,
            hold_ms=None if idea.hold is None else idea.hold * self.interval_ms,
            wait_ms=idea.wait * self.interval_ms,
        )


@st.composite
def _ideas(draw: st.DrawFn, *, alone: bool) -> Idea | None:
    """Draw a plan; one of several symbols takes no more than half of the cash that there is.

    What is left of all of it is rounding dust, of which nothing definite can be bought.
    """
    if draw(st.integers(0, 9)) == 0:
        return None
    sized = draw(st.sampled_from([True, True, True, False]))
    return Idea(
        direction=draw(st.sampled_from(["long", "short"])),
        entry_type=draw(st.sampled_from(["market", "limit", "stop"])),
        # Below 0 the price is there already: marketable at once unless the open runs away.
        entry_steps=draw(st.integers(-4, 10)),
        stop_steps=draw(st.one_of(st.none(), st.integers(1, 14))),
        target_steps=draw(st.one_of(st.none(), st.integers(1, 14))),
        hold=draw(st.one_of(st.none(), st.integers(1, 9))),
        wait=draw(st.integers(1, 7)),
        cost=draw(st.sampled_from([100.0, 40.0, 333.3])) if sized else None,
        equity_pct=None if sized else draw(st.sampled_from([100.0 if alone else 30.0, 50.0, 7.5])),
    )


@st.composite
def _markets(draw: st.DrawFn, grid: float, history: int, count: int, interval_ms: int) -> Candles:
    moves = draw(st.lists(_moves, min_size=history + count, max_size=history + count))
    missing = set(draw(st.frozensets(st.integers(0, count - 1), max_size=3)))
    if draw(st.booleans()):
        hole = draw(st.integers(1, count - 1))
        missing |= set(range(hole, min(count - 2, hole + draw(st.integers(1, 7)))))
    missing.discard(-history)  # some candle has to be first
    times, rows, last = [], [], FIRST_STEPS
    for number, (gap, body, up, down) in enumerate(moves, start=-history):
        opened = max(LOWEST_STEPS, last + gap)
        last = max(LOWEST_STEPS, opened + body)
        high, low = max(opened, last) + up, max(LOWEST_STEPS // 2, min(opened, last) - down)
        if number in missing:
            continue
        times.append(START_MS + number * interval_ms)
        rows.append((opened * grid, high * grid, low * grid, last * grid))
    return Candles(times, *([row[column] for row in rows] for column in range(4)))


_PCT = st.sampled_from([0.0, 0.1, 0.1, 0.25])
_COSTS = st.builds(Costs, _PCT, _PCT, _PCT, _PCT)


@st.composite
def worlds(
    draw: st.DrawFn,
    *,
    symbols_max: int = 1,
    cash_is_short: bool = False,
    grids: tuple[float, ...] = (0.25, 0.3),
) -> World:
    """Draw a world; its symbols share one account."""
    grid = draw(st.sampled_from(grids))
    interval_ms = draw(st.sampled_from(list(INTERVALS)))
    history, count = draw(st.integers(0, 3)), draw(st.integers(6, 45 if symbols_max == 1 else 25))
    names = [f"S{number}USDT" for number in range(draw(st.integers(1, symbols_max)))]
    candles = {
        name: draw(_markets(grid=grid, history=history, count=count, interval_ms=interval_ms))
        for name in names
    }
    hooked = draw(st.booleans())
    ideas = _ideas(alone=len(names) == 1)
    return World(
        candles=candles,
        ideas={name: draw(st.lists(ideas, min_size=1, max_size=5)) for name in names},
        closes=draw(st.frozensets(st.integers(0, count), max_size=12 if hooked else 0)),
        hooked=hooked,
        grid=grid,
        every=draw(st.integers(1, 6)),
        interval_ms=interval_ms,
        since_ms=START_MS,
        until_ms=START_MS + count * interval_ms,
        costs=draw(_COSTS),
        capital=draw(st.sampled_from([90.0, 101.0, 250.0, 1000.0])) if cash_is_short else ROOMY,
        lot_size=draw(st.sampled_from([0.0, 0.0, 0.01, 1.0])),
    )


def rule_of(told: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return an event with a refusal's rule, where only our own name for it differs, left out."""
    if told[0] != "rejected" or told[2] in ("gap_reject", "insufficient_cash"):
        return told
    return (*told[:2], "refused")


def interval_name(interval_ms: int) -> str:
    """Return an interval as people write it."""
    return INTERVALS[interval_ms]
