"""The account's curve over random worlds equals a plain loop over rows and candles."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import Phase as Stage
from hypothesis import find, given, settings
from hypothesis import strategies as st

from tests.unit.analysis.journal_builder import START, Journal, candles
from tradekit.analysis.equity import AccountCurve, account_curve, equity_lines, equity_points
from tradekit.analysis.report import build_report, report_text
from tradekit.domain.candle import CandleSeries, empty_series
from tradekit.domain.journal import EventRow, Phase

GRID_MAX = 14
CAPITAL = 500.0
NAMES = ("BTCUSDT", "AAAUSDT", "ZZZUSDT", "MMMUSDT")


@dataclass(frozen=True)
class World:
    """Rows and candles of a run, and the frame they lie in."""

    rows: list[EventRow]
    series: dict[str, CandleSeries]
    base_ms: int
    until_ms: int


class Author:
    """Writes trades of one stream: each begins after the one before has ended."""

    def __init__(self, journal: Journal, dice: random.Random, base_ms: int, size: int) -> None:
        self.journal = journal
        self.dice = dice
        self.base_ms = base_ms
        self.size = size

    def label(self, index: int, phase: Phase) -> int:
        return START + (index + (phase == Phase.INSIDE)) * self.base_ms

    def trade(self, symbol: str, strategy: str, own: list[int]) -> list[int]:
        """Write one trade on the candles `own` and return those after it."""
        dice = self.dice
        first = dice.choice(own)
        phase = dice.choice((Phase.OPEN, Phase.INSIDE))
        self.journal.opened(
            self.label(first, phase),
            phase,
            price=dice.uniform(1, 200),
            quantity=dice.uniform(0.01, 3),
            fee=dice.choice((0.0, dice.uniform(0, 1))),
            direction=dice.choice(("long", "short")),
            symbol=symbol,
            strategy=strategy,
        )
        last, phase = self.end(first, phase, own)
        if last < 0:
            return []
        self.journal.closed(
            self.label(last, phase),
            phase,
            price=dice.uniform(1, 200),
            fee=dice.uniform(0, 1),
            symbol=symbol,
            strategy=strategy,
        )
        return [index for index in own if index >= last + (phase == Phase.INSIDE)]

    def end(self, first: int, phase: Phase, own: list[int]) -> tuple[int, Phase]:
        """Return where the trade ends; -1 for one that never does."""
        ends = [(-1, Phase.END), (self.size, Phase.END)]
        ends += [(index, Phase.INSIDE) for index in own if index >= first]
        ends += [(index, Phase.OPEN) for index in own if index >= first + (phase == Phase.INSIDE)]
        # A failure may stop a symbol at any moment, in a hole too.
        ends += [(index, Phase.DECISION) for index in range(first + 1, self.size + 1)]
        return self.dice.choice(ends)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    dice = draw(st.randoms(use_true_random=False))
    base_ms = draw(st.sampled_from((60_000, 3_600_000, 6 * 3_600_000, 86_400_000)))
    size = draw(st.integers(0, GRID_MAX))
    names = draw(st.permutations(NAMES))[: draw(st.integers(1, len(NAMES)))]
    holes = draw(st.booleans())
    journal = Journal(tuple(names))
    author = Author(journal, dice, base_ms, size)
    series = {}
    for symbol in names:
        own = [i for i in range(size) if not holes or dice.random() < 0.7]
        times = [START + index * base_ms for index in own]
        closes = [dice.uniform(1, 200) for _ in own]
        series[symbol] = candles(times, closes, base_ms) if own else empty_series(base_ms)
        for strategy in ("a", "b")[: dice.choice((1, 1, 2))]:
            left = own
            while left and dice.random() < 0.9:
                left = author.trade(symbol, strategy, left)
    return World(journal.rows, series, base_ms, START + max(size, 1) * base_ms)


def shown(row: EventRow, label_ms: int) -> bool:
    """Tell whether the row is known when the candle that closes at `label_ms` has closed."""
    return (row.ts_ms, row.phase) <= (label_ms, Phase.INSIDE)


def plain_points(world: World) -> list[tuple[int, list[EventRow], dict[str, float]]]:
    """Return for each point its label, the rows known by then and each symbol's last close."""
    closes = {
        symbol: dict(zip(each.ts_ms.tolist(), each.close.tolist(), strict=True))
        for symbol, each in world.series.items()
    }
    points = []
    last: dict[str, float] = {}
    for ts_ms in sorted({ts_ms for own in closes.values() for ts_ms in own}):
        last |= {symbol: own[ts_ms] for symbol, own in closes.items() if ts_ms in own}
        label_ms = ts_ms + world.base_ms
        points.append((label_ms, [r for r in world.rows if shown(r, label_ms)], dict(last)))
    points.append((world.until_ms, world.rows, dict(last)))
    return points


def positions(rows: list[EventRow]) -> dict[tuple[str, str], EventRow]:
    held: dict[tuple[str, str], EventRow] = {}
    for row in rows:
        if row.kind == "opened":
            held[row.symbol, row.strategy] = row
        else:
            del held[row.symbol, row.strategy]
    return held


def worth(row: EventRow, close: float) -> float:
    value: float = row.data["quantity"] * close
    return value if row.data["direction"] == "long" else 2.0 * float(row.data["cost"]) - value


def plain_cash(rows: list[EventRow]) -> float:
    cash = CAPITAL
    for row in rows:
        cash += row.data["cash_delta"]
    return cash


def curve_of(world: World) -> AccountCurve:
    return account_curve(
        world.rows,
        world.series,
        capital=CAPITAL,
        base_ms=world.base_ms,
        until_ms=world.until_ms,
    )


def times_of(world: World) -> set[int]:
    return {ts_ms for series in world.series.values() for ts_ms in series.ts_ms.tolist()}


@pytest.mark.parametrize(
    "wanted",
    [
        lambda world: sum(row.kind == "closed" for row in world.rows) > 4,
        lambda world: any(row.data["direction"] == "short" for row in world.rows),
        lambda world: any(row.phase == Phase.END for row in world.rows),
        lambda world: len(positions(world.rows)) > 1,
        lambda world: any(s.holes() for s in world.series.values()) and positions(world.rows),
        lambda world: (
            {row.ts_ms for row in world.rows if row.phase == Phase.DECISION} - times_of(world)
        ),
        lambda world: {s.ts_ms[0] for s in world.series.values() if len(s)} - {START},
        lambda world: len({row.strategy for row in world.rows if row.symbol_index == 0}) > 1,
    ],
    ids=["many", "short", "end", "open", "hole", "stopped", "late", "two"],
)
def test_the_worlds_hold_what_they_are_for(wanted: Callable[[World], object]) -> None:
    # `find` fails where no such world is drawn: the tests below would then prove nothing.
    drawing_only = settings(phases=[Stage.generate])
    world = find(worlds(), lambda world: bool(wanted(world)), settings=drawing_only)

    assert wanted(world)


@given(worlds())
def test_the_curve_is_that_of_a_plain_loop_bit_for_bit(world: World) -> None:
    curve = curve_of(world)

    points = plain_points(world)
    assert curve.ts_ms.tolist() == [label_ms for label_ms, _, _ in points]
    peak = CAPITAL
    for k, (_, rows, last) in enumerate(points):
        held = positions(rows)
        total = 0.0
        for symbol in sorted(world.series):
            value = sum((worth(r, last[s]) for (s, _), r in held.items() if s == symbol), 0.0)
            total += value
            own_cash = plain_cash([row for row in rows if row.symbol == symbol])
            assert curve.symbol_equity[symbol][k] == own_cash + value
        equity = plain_cash(rows) + total
        peak = max(peak, equity)
        assert curve.cash[k] == plain_cash(rows)
        assert curve.position_value[k] == total
        assert curve.equity[k] == equity
        assert curve.drawdown_pct[k] == (equity - peak) / peak * 100.0 <= 0.0


@given(worlds())
def test_equity_is_capital_and_realised_and_open_pnl(world: World) -> None:
    curve = curve_of(world)

    for k, (_, rows, last) in enumerate(plain_points(world)):
        expected = CAPITAL + sum(row.data["pnl"] for row in rows if row.kind == "closed")
        for (symbol, _), row in positions(rows).items():
            sign = 1.0 if row.data["direction"] == "long" else -1.0
            move = last[symbol] - row.data["price"]
            expected += sign * row.data["quantity"] * move - row.data["fee"]
        assert curve.equity[k] == pytest.approx(expected, abs=1e-6)
        own = sum(each[k] - CAPITAL for each in curve.symbol_equity.values())
        assert curve.equity[k] - CAPITAL == pytest.approx(own, abs=1e-6)


@given(worlds())
def test_held_candles_are_those_that_closed_with_a_position(world: World) -> None:
    counts = dict.fromkeys(world.series, 0)
    for symbol, series in world.series.items():
        for ts_ms in series.ts_ms.tolist():
            held = positions([row for row in world.rows if shown(row, ts_ms + world.base_ms)])
            counts[symbol] += any(name == symbol for name, _ in held)

    assert curve_of(world).held_counts == counts


@given(worlds())
def test_rows_of_the_file_are_the_last_of_each_day(world: World) -> None:
    curve = curve_of(world)
    by_day = {}
    for k, ts_ms in enumerate(curve.ts_ms.tolist()):
        by_day[-(-ts_ms // 86_400_000)] = (ts_ms, curve.equity[k], curve.cash[k])

    points = equity_points(curve)

    assert [tuple(point[:3]) for point in points] == list(by_day.values())
    assert points[-1].ts_ms == world.until_ms
    assert len({point.ts_ms for point in points}) == len(points)


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_symbols_shows_in_no_byte(world: World, dice: random.Random) -> None:
    shuffled = list(world.series.items())
    dice.shuffle(shuffled)
    texts = []
    for series in (world.series, dict(shuffled)):
        report = build_report(
            world.rows,
            series,
            capital=CAPITAL,
            base_ms=world.base_ms,
            since_ms=START,
            until_ms=world.until_ms,
        )
        texts.append((report_text(report.document()), equity_lines(report.equity)))

    assert texts[0] == texts[1]
