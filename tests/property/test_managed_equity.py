"""Trades and the account's curve of managed runs equal a plain loop over what filled.

The loop books cash itself, from prices, quantities and fees; `cash_delta`, `quantity_left` and the
figures of the `closed` row are what it is compared with.
"""

from collections import Counter
from dataclasses import astuple, dataclass, field

import pytest
from hypothesis import Phase as Stage
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.property.test_managed_oracle import declared
from tests.support import worlds
from tests.support.oracle_bridge import to_series
from tests.support.oracle_manage_worlds import GRID, ManagedWorld, managed_worlds
from tests.support.oracle_worlds import interval_name
from tradekit.analysis.outcomes import initial_risks
from tradekit.analysis.report import RunReport, build_report
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import EventRow, Phase
from tradekit.engine.account import falls_short

CHECKS = settings(max_examples=150, phases=[Stage.generate, Stage.shrink])
FILLS = ("opened", "averaged", "partial", "closed")


def near(value):
    return pytest.approx(value, rel=1e-9, abs=1e-6)


@dataclass
class Book:
    """One position as somebody keeps it who sees its fills alone."""

    direction: str
    quantity: float = 0.0
    reserved: float = 0.0
    cost: float = 0.0
    fees: float = 0.0
    gained: float = 0.0
    entries: list = field(default_factory=list)
    exits: list = field(default_factory=list)

    def enter(self, row):
        data = row.data
        self.quantity += data["quantity"]
        self.reserved += data["cost"]
        self.cost += data["cost"]
        self.entries.append(fill_of(row))
        return self._booked(-data["cost"] - data["fee"], data["fee"])

    def leave(self, fill, slippage_pct):
        """Take off a fill, bought or sold that much worse than its price."""
        short = self.direction == "short"
        paid = fill["price"] * (1.0 + (slippage_pct if short else -slippage_pct) / 100.0)
        own = self.reserved * fill["quantity"] / self.quantity
        gain = paid * fill["quantity"] - own
        self.quantity -= fill["quantity"]
        self.reserved -= own
        self.exits.append(fill)
        return self._booked(own + (-gain if short else gain) - fill["fee"], fill["fee"])

    def worth(self, close):
        value = self.quantity * close
        return 2.0 * self.reserved - value if self.direction == "short" else value

    def _booked(self, cash, fee):
        self.gained += cash
        self.fees += fee
        return cash


def fill_of(row):
    return {"ts_ms": row.ts_ms, **{name: row.data[name] for name in ("price", "quantity", "fee")}}


class Loop:
    """Goes through rows in order and keeps cash, what is open and what was closed."""

    def __init__(self, managed: ManagedWorld) -> None:
        self.costs = managed.world.costs
        self.capital = self.cash = managed.world.capital
        self.open: dict[str, Book] = {}
        self.closed: list[tuple[EventRow, Book]] = []

    def take(self, row):
        if row.kind not in FILLS:
            return
        if row.kind == "opened":
            assert row.symbol not in self.open
            self.open[row.symbol] = Book(row.data["direction"])
        book = self.open[row.symbol]
        if row.kind in ("opened", "averaged"):
            delta = book.enter(row)
        else:
            at_target = "target" in row.data.values() or "take_profit" in row.data.values()
            slippage = self.costs.limit_slippage_pct if at_target else self.costs.slippage_pct
            fill = fill_of(row) if row.kind == "partial" else row.data["exits"][-1]
            delta = book.leave(fill, slippage)
        assert row.data["cash_delta"] == near(delta)
        self.cash += delta
        if row.kind == "partial":
            assert row.data["quantity_left"] == pytest.approx(book.quantity, rel=1e-6)
            assert row.data["cost_left"] == near(book.reserved)
        if row.kind == "closed":
            self.closed.append((row, self.open.pop(row.symbol)))

    def equity(self, closes):
        return self.cash + sum(book.worth(closes[symbol]) for symbol, book in self.open.items())


def replayed(managed: ManagedWorld, *, target_first=False, shared_account=True):
    world = managed.world
    series = {symbol: to_series(each, world.interval_ms) for symbol, each in world.candles.items()}
    return worlds.run(
        declared(managed, {}),
        series,
        since_ms=world.since_ms,
        until_ms=world.until_ms,
        base=interval_name(world.interval_ms),
        capital=world.capital,
        costs=CostModel(*astuple(world.costs)),
        instruments={
            symbol: Instrument(symbol, tick_size=GRID, lot_size=world.lot_size) for symbol in series
        },
        target_first=target_first,
        shared_account=shared_account,
    )


def inside(managed: ManagedWorld):
    world = managed.world
    return {
        symbol: to_series(candles, world.interval_ms).between(world.since_ms, world.until_ms)
        for symbol, candles in world.candles.items()
    }


def reported(managed: ManagedWorld, *, target_first: bool) -> tuple[list[EventRow], RunReport]:
    world = managed.world
    rows = replayed(managed, target_first=target_first).rows
    report = build_report(
        rows,
        inside(managed),
        capital=world.capital,
        base_ms=world.interval_ms,
        since_ms=world.since_ms,
        until_ms=world.until_ms,
    )
    return rows, report


def assert_plain(managed: ManagedWorld, rows: list[EventRow], report: RunReport) -> Loop:
    """Compare trades, sums and the curve with a plain loop over the rows."""
    loop = Loop(managed)
    by_time = {
        symbol: dict(zip(each.ts_ms.tolist(), each.close.tolist(), strict=True))
        for symbol, each in inside(managed).items()
    }
    base_ms = managed.world.interval_ms
    left, closes, curve = list(rows), {}, []
    for ts_ms in sorted({ts_ms for own in by_time.values() for ts_ms in own}):
        label = ts_ms + base_ms
        closes |= {symbol: own[ts_ms] for symbol, own in by_time.items() if ts_ms in own}
        while left and (left[0].ts_ms, left[0].phase) <= (label, Phase.INSIDE):
            loop.take(left.pop(0))
        curve.append((label, loop.equity(closes), loop.cash))
    for row in left:
        loop.take(row)
    curve.append((managed.world.until_ms, loop.cash, loop.cash))
    assert not loop.open

    last_of_day = {-(-ts_ms // 86_400_000): point for ts_ms, *point in curve}
    assert [[each.equity, each.cash] for each in report.equity] == [
        near(point) for point in last_of_day.values()
    ]
    gained = sum(trade["pnl"] for trade in report.trades)
    assert report.final_equity == near(loop.cash) == near(loop.capital + gained)
    return loop


def assert_trades(loop: Loop, report: RunReport) -> None:
    assert len(report.trades) == len(loop.closed) == report.total.totals.trade_count
    for trade, (_, book) in zip(report.trades, loop.closed, strict=True):
        assert trade["entries"] == book.entries
        assert trade["exits"] == book.exits
        assert trade["pnl"] == near(book.gained)
        assert trade["fees"] == near(book.fees)
        assert trade["cost"] == near(book.cost)
        assert trade["pnl_pct"] == near(book.gained / book.cost * 100.0)
        assert trade["quantity"] == near(sum(fill["quantity"] for fill in book.exits))
        assert trade["entry_ts_ms"] == book.entries[0]["ts_ms"]
        assert trade["exit_ts_ms"] == book.exits[-1]["ts_ms"]
    assert report.total.totals.fees == near(sum(book.fees for _, book in loop.closed))
    assert report.total.totals.pnl == near(sum(book.gained for _, book in loop.closed))


@CHECKS
@given(managed_worlds(symbols_max=2, cash_is_short=True), st.booleans())
def test_managed_run_is_accounted_for_as_in_a_plain_loop(managed, target_first):
    rows, report = reported(managed, target_first=target_first)

    assert_trades(assert_plain(managed, rows, report), report)


@CHECKS
@given(managed_worlds(symbols_max=2, trailed=True), st.booleans())
def test_trailed_run_is_accounted_for_as_in_a_plain_loop(managed, target_first):
    rows, report = reported(managed, target_first=target_first)

    assert_trades(assert_plain(managed, rows, report), report)


@CHECKS
@given(managed_worlds(symbols_max=2, trailed=True))
def test_risk_is_that_of_the_first_entry_and_its_first_stop(managed):
    rows, _ = reported(managed, target_first=False)
    opened = {(row.symbol, row.signal_id): row.data for row in rows if row.kind == "opened"}

    expected = []
    for row in rows:
        if row.kind != "closed":
            continue
        first = opened[row.symbol, row.signal_id]
        stop = first["stop_loss_price"]
        away = None if stop is None else abs(first["price"] - stop)
        lost = stop is not None and (first["price"] > stop) == (first["direction"] == "long")
        expected.append(first["quantity"] * away if lost and away else None)

    assert initial_risks(rows) == [None if each is None else near(each) for each in expected]


@CHECKS
@given(managed_worlds(symbols_max=2, cash_is_short=True))
def test_held_candles_are_those_that_closed_with_something_left(managed):
    rows, report = reported(managed, target_first=False)
    base_ms, held, count = managed.world.interval_ms, 0, 0
    for symbol, series in inside(managed).items():
        own = [row for row in rows if row.symbol == symbol]
        for ts_ms in series.ts_ms.tolist():
            known = [r for r in own if (r.ts_ms, r.phase) <= (ts_ms + base_ms, Phase.INSIDE)]
            kinds = Counter(row.kind for row in known)
            held += kinds["opened"] > kinds["closed"]
            count += 1

    assert report.total.totals.exposure_pct.value == near(held / count * 100.0)


@CHECKS
@given(managed_worlds(symbols_max=2, cash_is_short=True), st.booleans())
def test_symbols_that_may_run_apart_come_to_the_same(managed, target_first):
    together = replayed(managed, target_first=target_first)
    apart = replayed(managed, target_first=target_first, shared_account=False)

    if not apart.used_account and not falls_short(apart.rows, managed.world.capital):
        assert apart.rows == together.rows


@CHECKS
@given(managed_worlds(symbols_max=2, cash_is_short=True))
def test_run_without_ambiguous_candles_is_the_same_on_both_paths(managed):
    stop_first = replayed(managed)
    target_first = replayed(managed, target_first=True)

    if not stop_first.ambiguous_candles:
        assert target_first.rows == stop_first.rows
        assert not target_first.ambiguous_candles
    assert stop_first.ambiguous_candles or not any(
        row.data["ambiguous"] for row in stop_first.rows if row.kind == "closed"
    )


@CHECKS
@given(managed_worlds(symbols_max=2, trailed=True))
def test_trailed_run_without_ambiguous_candles_is_the_same_on_both_paths(managed):
    stop_first = replayed(managed)

    if not stop_first.ambiguous_candles:
        assert replayed(managed, target_first=True).rows == stop_first.rows
