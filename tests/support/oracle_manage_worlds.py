"""Nasty little worlds in which positions are managed: what hooks ask for, by number of candle.

All prices lie on a grid of quarters, which is also the market's tick, so that floats are exact and
ties are ties. What is done is drawn without a look at what is open: much of it is refused, which
has to be for the same rule.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.support.oracle_held import Ask, ManagedPlan, ManagedScript
from tests.support.oracle_worlds import World, worlds

if TYPE_CHECKING:
    from tests.support.oracle_terms import Candles, Plan

GRID = 0.25


@dataclass(frozen=True)
class Act:
    """An `Ask` with its price in grid steps from the last close, towards profit above 0."""

    kind: str
    steps: int | None = None
    pct: float | None = None
    cost: float = 0.0
    mode: str = "new_extreme"
    loosen: bool = False
    max_entries: int | None = None
    max_cost: float | None = None

    def at(self, close: float, side: int) -> Ask:
        """Return it in prices."""
        price = None if self.steps is None else close + side * self.steps * GRID
        rest = {each.name: getattr(self, each.name) for each in fields(self)[2:]}
        return Ask(self.kind, price, **rest)


@dataclass(frozen=True)
class Extra:
    """What a plan has besides: more targets, so many steps apart, with shares; a trailing stop.

    `wide` moves stop and target so many times as far away, `patient` waits for them for ever.
    """

    shares: tuple[float, ...]
    apart: int
    wide: int
    patient: bool
    trail_pct: float | None = None
    trail_after_pct: float | None = None


@dataclass(frozen=True)
class ManagedWorld:
    """A world, and how positions are managed in it; `hook_every` in base intervals."""

    world: World
    extras: list[Extra]
    acts: list[list[Act]]
    waits: list[str]
    hook_every: int

    def script(self, symbol: str) -> ManagedScript:
        """Return the script of `symbol`; a new one for each run."""
        plain = self.world.script(symbol)

        def answer(candles: Candles, i: int) -> Plan | None:
            plan = plain.answer(candles, i)
            return None if plan is None else self._managed(plan, i, candles.close[i - 1])

        def acts(candles: Candles, i: int, direction: str) -> list[Ask]:
            side = 1 if direction == "long" else -1
            return [act.at(candles.close[i - 1], side) for act in self.acts[i % len(self.acts)]]

        def waits(_candles: Candles, i: int) -> str:
            return self.waits[i % len(self.waits)]

        return ManagedScript(answer, every_ms=plain.every_ms, acts=acts, waits=waits)

    def _managed(self, plan: Plan, i: int, price: float) -> ManagedPlan:
        extra = self.extras[i % len(self.extras)]
        origin = price if plan.entry is None else plan.entry
        stop, target = (
            None if level is None else origin + (level - origin) * extra.wide
            for level in (plan.stop, plan.target)
        )
        stop = stop if stop is None or stop > 0.0 else plan.stop
        targets: tuple[tuple[float, float], ...] = ()
        if target is not None:
            levels = [
                (target + plan.side * number * extra.apart * GRID, share)
                for number, share in enumerate(extra.shares)
            ]
            targets = tuple(each for each in levels if each[0] > 0.0)
            target = targets[0][0] if targets else None
        own = {each.name: getattr(plan, each.name) for each in fields(plan)}
        own |= {"stop": stop, "target": target}
        if extra.patient:
            own["hold_ms"] = None
        return ManagedPlan(
            **own,
            targets=targets,
            trail_pct=extra.trail_pct,
            trail_after_pct=extra.trail_after_pct,
        )


_MODE = st.sampled_from(["anywhere", "below_effective", "new_extreme"])
_PCT = st.sampled_from([0.25, 1.0, 2.0, 5.0, 100.0])
_MAX_ENTRIES = st.sampled_from([None, None, None, 2, 4])
_MAX_COST = st.sampled_from([None, None, None, 150.0, 400.0])

_AVERAGE = st.builds(
    Act,
    st.just("average_buy"),
    steps=st.one_of(st.none(), st.integers(-6, 2), st.sampled_from([-1, -20])),
    cost=st.sampled_from([20.0, 40.0, 100.0]),
    mode=_MODE,
    max_entries=_MAX_ENTRIES,
    max_cost=_MAX_COST,
)
_PART_PCT = st.builds(
    Act, st.just("close_part"), pct=st.sampled_from([10.0, 33.0, 50.0, 100.0, 120.0])
)
_PART_COST = st.builds(Act, st.just("close_part"), cost=st.sampled_from([10.0, 40.0, 100.0]))
_STOP = st.one_of(
    st.builds(Act, st.just("trail_stop"), steps=st.integers(-12, 2), loosen=st.booleans()),
    st.builds(Act, st.just("trail_stop"), pct=_PCT, loosen=st.booleans()),
    st.just(Act("trail_stop", pct=100.0, loosen=True)),
)
_TARGET = st.one_of(
    st.builds(Act, st.just("trail_target"), steps=st.integers(-2, 12)),
    st.builds(Act, st.just("trail_target"), pct=_PCT),
)
# Of each kind so many that there is much of what is rarely accepted.
_ACT = st.sampled_from(
    [_AVERAGE] * 8
    + [_PART_PCT, _PART_COST] * 2
    + [_STOP] * 5
    + [_TARGET] * 2
    + [st.just(Act("breakeven"))] * 2
    + [st.just(Act("close"))]
).flatmap(lambda each: each)
_WIDE = st.sampled_from([8, 3, 1, 20])
_PATIENT = st.sampled_from([True, True, True, False])
_SHARES = st.sampled_from([(100.0,), (50.0,), (50.0, 50.0), (30.0, 30.0), (20.0, 30.0, 50.0)])
_FIXED = st.builds(Extra, _SHARES, st.integers(1, 6), _WIDE, _PATIENT)
_TRAILED = st.builds(
    Extra,
    _SHARES,
    st.integers(1, 6),
    _WIDE,
    _PATIENT,
    trail_pct=st.sampled_from([0.5, 1.0, 3.0]),
    trail_after_pct=st.sampled_from([None, 0.5, 1.0, 2.0]),
)
_ACTS = st.lists(st.lists(_ACT, min_size=1, max_size=4), min_size=2, max_size=8)
_WAITS = st.lists(
    st.sampled_from(["", "", "", "", "", "", "fill_now", "cancel"]), min_size=1, max_size=7
)


@st.composite
def managed_worlds(
    draw: st.DrawFn, *, symbols_max: int = 1, cash_is_short: bool = False, trailed: bool = False
) -> ManagedWorld:
    """Draw a world and what hooks do in it; its symbols share one account."""
    return ManagedWorld(
        draw(worlds(symbols_max=symbols_max, cash_is_short=cash_is_short, grids=(GRID,))),
        draw(st.lists(_TRAILED if trailed else _FIXED, min_size=1, max_size=4)),
        draw(_ACTS),
        draw(_WAITS),
        draw(st.sampled_from([1, 1, 3, 8])),
    )
