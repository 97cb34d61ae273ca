"""What is wrong with candles that are stored already, and where.

Decides what counts as a defect: rows that cannot be, times that are missing, repeated, disordered
or off the grid, prices that leap and come back at once, prices that move without volume, and longer
candles that the shorter ones contradict. Reading the store, its hashes and its ledger is the
business of bootstrap and the adapters. Invariant: one cause is one finding. A row that is found out
is left out of the searches after it, and still stands for the candle of its slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

import numpy as np

from tradekit.domain.candle import COLUMNS, CandleSeries
from tradekit.domain.time import DAY_MS
from tradekit.kernels.candles import aggregate
from tradekit.kernels.holes import cut_out
from tradekit.kernels.intake import outside, price_slack, row_checks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from tradekit.domain.candle import FloatArray, IntArray
    from tradekit.kernels.holes import Span

    Mask = NDArray[np.bool_]

# How many ranges of its neighbourhood a spike stands out by, and how much of the price at least.
# The crash of October 2025 reaches 13 on the exchange's own candles, no other real candle 12.
SPIKE_RANGES: Final = 20.0
SPIKE_FRAC: Final = 0.01
# A spike is judged by so many candles before and as many after it; its usual range by more.
_NEAR: Final = 3
_AROUND: Final = 30
# Longer candles are sums and extremes of shorter ones; a sum of floats depends on its order.
_PRICE_FRAC: Final = 1e-9
_VOLUME_FRAC: Final = 1e-6


class Kind(Enum):
    """What kind of thing was found; the value is how people read it."""

    DAMAGED = "damaged"
    DUPLICATE = "duplicate"
    DISORDER = "disorder"
    OFF_GRID = "off_grid"
    IMPOSSIBLE = "impossible"
    HOLE = "hole"
    SPIKE = "spike"
    MOVED = "moved_without_volume"
    DISAGREES = "disagrees"
    NO_VOLUME = "zero_volume"
    CONFIRMED = "confirmed_hole"

    @property
    def is_note(self) -> bool:
        """Whether it is worth knowing, and nothing is wrong."""
        return self in {Kind.NO_VOLUME, Kind.CONFIRMED}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was found.

    Units: `since_ms` is the open time of its first candle, `until_ms` that of its last plus the
    interval, in ms UTC; `candles` counts those concerned, the missing ones of a hole. `values` says
    in words what the first of them was.
    """

    kind: Kind
    since_ms: int
    until_ms: int
    candles: int
    values: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in a series, by kind and time, and the candles that nothing is wrong with."""

    findings: tuple[Finding, ...]
    sound: CandleSeries


def check_series(
    stored: CandleSeries, *, damaged: Sequence[Span] = (), confirmed: Sequence[Span] = ()
) -> Checked:
    """Return what is wrong with the rows of `stored`, each in itself and beside its neighbours.

    Args:
        stored: rows as they are kept, not only such as make a proper series.
        damaged: spans whose rows could not be read, sorted and apart: no holes of their own.
        confirmed: spans known to have no candles, sorted and apart: a note, no defect.

    Shapes:  ts_ms: int64[n] in any order, repeated or off the grid; the others: float64[n].
    NaN:     allowed here, and found.
    Cost:    O(n log n), vectorised.
    """
    findings: list[Finding] = []
    step = stored.interval_ms
    bad = np.zeros(len(stored), bool)
    for kind, mask, told in _row_rules(stored):
        findings += _grouped(kind, stored.ts_ms, mask & ~bad, step, told)
        bad |= mask
    order = np.argsort(stored.ts_ms, kind="stable")
    findings += _repeated(stored, order)
    findings += _disordered(stored)
    findings += _holes(stored, damaged, confirmed)
    unique = np.ones(len(order), bool)
    unique[1:] = np.diff(stored.ts_ms[order]) != 0
    order = order[unique & ~bad[order]]
    sound = stored.take(order)
    spikes, shapes = _spikes(sound)
    findings += _grouped(Kind.SPIKE, sound.ts_ms, spikes, step, shapes, apart=True)
    moved, notes = _without_volume(sound)
    findings += _grouped(Kind.MOVED, sound.ts_ms, moved, step, _moved_text(sound))
    return Checked(_sorted([*findings, *notes]), sound.take(~(spikes | moved)))


def compare(shorter: Sequence[CandleSeries], longer: CandleSeries) -> tuple[Finding, ...]:
    """Return where candles of `longer` are not what shorter ones add up to, by time.

    Only longer candles are compared that have every one of their shorter ones, each with the
    first of `shorter` of which that is true. Open, high, low and close must agree to 1e-9 of their
    value, volume to 1e-6.

    Args:
        shorter: sound candles from the shortest on; those whose interval does not divide that of
            `longer` make none.
        longer: sound candles of the same exchange and symbol.
    """
    step = longer.interval_ms
    findings: list[Finding] = []
    left = longer
    for each in shorter:
        if step % each.interval_ms:
            continue
        opens_ms, counts = np.unique(each.ts_ms - each.ts_ms % step, return_counts=True)
        whole_ms = opens_ms[counts == step // each.interval_ms]
        common_ms = np.intersect1d(whole_ms, left.ts_ms, assume_unique=True)
        if len(common_ms):
            findings += _disagreements(each, left, common_ms)
            left = left.take(~np.isin(left.ts_ms, common_ms, assume_unique=True))
    return tuple(sorted(findings, key=lambda each: each.since_ms))


def _disagreements(
    shorter: CandleSeries, longer: CandleSeries, common_ms: IntArray
) -> Iterator[Finding]:
    """Return a finding for each of `common_ms` at which one is not what the other adds up to."""
    step = longer.interval_ms
    made = aggregate(shorter, step, since_ms=int(common_ms[0]), until_ms=int(common_ms[-1]) + step)
    ours = made.take(made.ts_ms.searchsorted(common_ms))
    theirs = longer.take(longer.ts_ms.searchsorted(common_ms))
    differs = []
    for name, one, other in zip(COLUMNS, ours.columns(), theirs.columns(), strict=True):
        frac = _VOLUME_FRAC if name == "volume" else _PRICE_FRAC
        differs.append(np.abs(one - other) > frac * np.maximum(np.abs(one), np.abs(other)))

    def told(index: int) -> str:
        return ", ".join(
            f"{name} was {other[index].item()!r}, the shorter candles make {one[index].item()!r}"
            for name, mask, one, other in zip(
                COLUMNS, differs, ours.columns(), theirs.columns(), strict=True
            )
            if mask[index]
        )

    mask = np.logical_or.reduce(differs)
    return _grouped(Kind.DISAGREES, common_ms, mask, step, told, apart=True)


def _sorted(findings: list[Finding]) -> tuple[Finding, ...]:
    kinds = list(Kind)
    return tuple(sorted(findings, key=lambda each: (kinds.index(each.kind), each.since_ms)))


def _grouped(
    kind: Kind,
    ts_ms: IntArray,
    mask: Mask,
    step: int,
    told: Callable[[int], str],
    *,
    apart: bool = False,
) -> Iterator[Finding]:
    """Yield the rows of `mask`, those that follow one another as one finding unless `apart`."""
    (indices,) = np.nonzero(mask)
    if not len(indices):
        return
    follows = np.diff(indices) == 1
    cuts = np.flatnonzero(~follows) + 1 if not apart else np.arange(1, len(indices))
    for run in np.split(indices, cuts):
        first, last = int(run[0]), int(run[-1])
        yield Finding(kind, int(ts_ms[first]), int(ts_ms[last]) + step, len(run), told(first))


def _row_rules(stored: CandleSeries) -> Iterator[tuple[Kind, Mask, Callable[[int], str]]]:
    """Yield the rules of the border that rows break, with what a row says about it."""
    columns, names = stored.columns(), dict(zip(COLUMNS, stored.columns(), strict=True))
    checks = row_checks(stored.ts_ms, stored.interval_ms, columns, _slack(stored))
    for name, mask, rule in checks:
        if not mask.any():
            continue
        values = names.get(name, stored.ts_ms)
        label = name if name in names else "time"

        def told(
            index: int,
            values: FloatArray | IntArray = values,
            label: str = label,
            rule: Callable[[int], str] = rule,
        ) -> str:
            return f"{label} was {values[index].item()!r}, {rule(index)}"

        yield Kind.IMPOSSIBLE if name in names else Kind.OFF_GRID, mask, told


def _slack(stored: CandleSeries) -> FloatArray:
    """Return how far open and close may lie outside, by the step of price of the row's own day.

    A day's step is never smaller than that of the file it came in, so that nothing is found here
    which the border has let pass.
    """
    slack = np.zeros(len(stored))
    days = stored.ts_ms // DAY_MS
    concerned = np.unique(days[outside(stored.columns())])
    if not len(concerned):
        return slack
    order = np.argsort(days, kind="stable")
    bounds = [days.searchsorted(concerned, side, sorter=order) for side in ("left", "right")]
    for first, end in zip(*(each.tolist() for each in bounds), strict=True):
        own = order[first:end]
        slack[own] = price_slack(tuple(each[own] for each in stored.columns()))
    return slack


def _repeated(stored: CandleSeries, order: IntArray) -> Iterator[Finding]:
    """Yield each row whose time an earlier row has; `order` sorts the rows by time."""
    (pairs,) = np.nonzero(np.diff(stored.ts_ms[order]) == 0)
    for pair in pairs.tolist():
        ts_ms, one, other = int(stored.ts_ms[order[pair]]), order[pair], order[pair + 1]
        differing = [
            f"{name} was {each[other].item()!r}, the first row's was {each[one].item()!r}"
            for name, each in zip(COLUMNS, stored.columns(), strict=True)
            if each[one] != each[other]
        ]
        values = ", ".join(differing) or "the same values twice"
        yield Finding(Kind.DUPLICATE, ts_ms, ts_ms + stored.interval_ms, 1, values)


def _disordered(stored: CandleSeries) -> Iterator[Finding]:
    """Yield each row that is earlier than the row before it."""
    for index in np.flatnonzero(np.diff(stored.ts_ms) < 0).tolist():
        ts_ms, before_ms = int(stored.ts_ms[index + 1]), int(stored.ts_ms[index])
        values = f"stands behind a row that is {before_ms - ts_ms} ms later"
        yield Finding(Kind.DISORDER, ts_ms, ts_ms + stored.interval_ms, 1, values)


def _holes(
    stored: CandleSeries, damaged: Sequence[Span], confirmed: Sequence[Span]
) -> Iterator[Finding]:
    """Yield the slots between the first and the last row that no row stands in."""
    step = stored.interval_ms
    slots = np.unique(stored.ts_ms - stored.ts_ms % step)
    holes = [
        (int(slots[i]) + step, int(slots[i + 1])) for i in np.flatnonzero(np.diff(slots) != step)
    ]
    holes = cut_out(holes, damaged)
    unknown = cut_out(holes, confirmed)
    known = cut_out(holes, unknown)
    for kind, spans in ((Kind.HOLE, unknown), (Kind.CONFIRMED, known)):
        for since_ms, until_ms in spans:
            missing = (until_ms - since_ms) // step
            yield Finding(kind, since_ms, until_ms, missing, _edges(stored, since_ms, until_ms))


def _edges(stored: CandleSeries, since_ms: int, until_ms: int) -> str:
    """Return the prices on both sides of a hole."""
    before, after = stored.ts_ms == since_ms - stored.interval_ms, stored.ts_ms == until_ms
    texts = [
        f"{name} {column[side][0].item()!r} {where}"
        for name, column, side, where in (
            ("close", stored.close, before, "before"),
            ("open", stored.open, after, "after"),
        )
        if side.any()
    ]
    return ", ".join(texts)


def _spikes(sound: CandleSeries) -> tuple[Mask, Callable[[int], str]]:
    """Return which candles reach far beyond what came before and after, and how to say so.

    With B and A the medians of the three closes before and after, and R the greater of the median
    range of the thirty candles on each side that are not flat and the second greatest range of the
    three on each side, a candle is a spike if its high is above both B and A, or its low below
    both, by more than 20 R and more than 1 % of the price. Ranges are high / low - 1. The first and
    the last candle are none: nobody can tell yet whether they come back.
    """
    count = len(sound)
    found = np.zeros(count, bool)
    if count <= _NEAR:
        return found, str
    index = np.arange(count)
    sides = []
    for sign in (-1, 1):
        a, b, c = (
            sound.close[np.clip(index + sign * k, 0, count - 1)] for k in range(1, _NEAR + 1)
        )
        sides.append(np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c)))
    above, below = np.maximum(*sides), np.minimum(*sides)
    excess = np.maximum(sound.high / above, below / sound.low) - 1.0
    excess[[0, -1]] = 0.0
    ranges = sound.high / sound.low - 1.0
    # Of any two near ranges the smaller is at most the second greatest of all: a cheap first look.
    least = np.minimum(ranges[np.maximum(index - 1, 0)], ranges[np.minimum(index + 1, count - 1)])
    candidates = (excess > SPIKE_FRAC) & (excess > SPIKE_RANGES * least)
    for i in np.flatnonzero(candidates).tolist():
        around = np.delete(ranges[max(0, i - _AROUND) : i + _AROUND + 1], min(i, _AROUND))
        near = np.delete(ranges[max(0, i - _NEAR) : i + _NEAR + 1], min(i, _NEAR))
        traded = around[around > 0.0]
        usual = max(float(np.median(traded)) if len(traded) else 0.0, float(np.sort(near)[-2]))
        found[i] = excess[i] > SPIKE_RANGES * usual

    def told(index: int) -> str:
        high, low = sound.high[index].item(), sound.low[index].item()
        between = f"{below[index].item()!r} to {above[index].item()!r}"
        if high / above[index] >= below[index] / low:
            return f"high was {high!r}, the closes around it {between}"
        return f"low was {low!r}, the closes around it {between}"

    return found, told


def _without_volume(sound: CandleSeries) -> tuple[Mask, list[Finding]]:
    """Return where prices move without volume, and at most one note about other such candles."""
    empty = sound.volume == 0.0
    moved = empty & ((sound.high != sound.low) | _leaps(sound))
    quiet = empty & ~moved
    stretches = list(_grouped(Kind.NO_VOLUME, sound.ts_ms, quiet, sound.interval_ms, str))
    if not stretches:
        return moved, []
    longest = max(stretches, key=lambda each: each.candles)
    count = sum(each.candles for each in stretches)
    values = f"in {len(stretches):,} stretches, the longest of {longest.candles:,} from here on"
    return moved, [Finding(Kind.NO_VOLUME, longest.since_ms, longest.until_ms, count, values)]


def _leaps(sound: CandleSeries) -> Mask:
    """Return which candles open elsewhere than the one right before them closed."""
    leaps = np.zeros(len(sound), bool)
    follows = np.diff(sound.ts_ms) == sound.interval_ms
    leaps[1:] = (sound.open[1:] != sound.close[:-1]) & follows
    return leaps


def _moved_text(sound: CandleSeries) -> Callable[[int], str]:
    leaps = _leaps(sound)

    def told(index: int) -> str:
        prices = ", ".join(
            f"{name} {each[index].item()!r}"
            for name, each in zip(COLUMNS[:4], sound.columns()[:4], strict=True)
        )
        before = f" after close {sound.close[index - 1].item()!r}" if leaps[index] else ""
        return f"volume was 0.0, yet {prices}{before}"

    return told
