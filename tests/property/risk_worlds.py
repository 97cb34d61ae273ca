"""Managed worlds under risk profiles, and a ledger of what is at stake by what rows tell alone."""

from __future__ import annotations

from dataclasses import astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.property.test_managed_oracle import declared
from tests.support import worlds
from tests.support.oracle_bridge import to_series
from tests.support.oracle_manage_worlds import GRID, ManagedWorld
from tests.support.oracle_worlds import interval_name
from tradekit.domain.costs import CostModel
from tradekit.domain.instrument import Instrument
from tradekit.domain.journal import Phase, event_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tradekit.api.declare import Strategy
    from tradekit.api.risk import Risk, RiskAsk
    from tradekit.domain.journal import EventRow
    from tradekit.drivers.replay import Replayed

DUST = 1e-9


def fine(managed: ManagedWorld) -> ManagedWorld:
    """Return the world with lots so small that every average is worth some."""
    world = managed.world
    return replace(managed, world=replace(world, lot_size=min(world.lot_size, 0.01)))


def by_cost(managed: ManagedWorld) -> ManagedWorld:
    """Return the world with every size said as a cost: nothing depends on the account."""
    ideas = {
        symbol: [
            each and replace(each, cost=each.cost or 60.0, equity_pct=None) for each in of_symbol
        ]
        for symbol, of_symbol in managed.world.ideas.items()
    }
    return replace(managed, world=replace(managed.world, ideas=ideas))


def turned(managed: ManagedWorld) -> ManagedWorld:
    """Return the world with everything that is done in it the other way round."""
    ideas = {symbol: each[::-1] for symbol, each in managed.world.ideas.items()}
    return replace(
        managed,
        world=replace(managed.world, ideas=ideas),
        extras=managed.extras[::-1],
        acts=managed.acts[::-1],
        waits=managed.waits[::-1],
    )


def strategy_of(
    managed: ManagedWorld,
    *risk: Risk,
    name: str = "scripted",
    fails: tuple[str, int] | None = None,
) -> Strategy:
    """Return the strategy of the world under those profiles.

    Args:
        managed: what it does.
        risk: its profiles.
        name: its name.
        fails: a symbol, and from when on its deciding function raises there.
    """
    chosen = replace(declared(managed, {}), name=name, risk=risk, waiting_hooks=[])
    index_of = {
        symbol: {ts_ms: i for i, ts_ms in enumerate(candles.ts_ms)}
        for symbol, candles in managed.world.candles.items()
    }
    decide = chosen.decide

    def failing(ctx):
        if fails is not None and ctx.symbol == fails[0] and ctx.now >= fails[1]:
            raise ValueError("as drawn")
        return decide(ctx)

    chosen = replace(chosen, decide=failing)

    @chosen.while_waiting
    def change(ctx, order):
        wish = managed.waits[index_of[ctx.symbol][ctx.now] % len(managed.waits)]
        if wish:
            # A profile may refuse to send it to market.
            {"cancel": order.cancel, "fill_now": order.fill_now}[wish]()

    return chosen


def run(
    managed: ManagedWorld,
    chosen: Strategy | Sequence[Strategy],
    *,
    symbols: Iterable[str] | None = None,
    skip: bool = True,
) -> Replayed:
    """Replay strategies over the world's candles; `symbols` puts them in another order."""
    world = managed.world
    named = world.candles if symbols is None else symbols
    return worlds.run(
        chosen,
        {symbol: to_series(world.candles[symbol], world.interval_ms) for symbol in named},
        since_ms=world.since_ms,
        until_ms=world.until_ms,
        base=interval_name(world.interval_ms),
        capital=world.capital,
        costs=CostModel(*astuple(world.costs)),
        instruments={
            symbol: Instrument(symbol, tick_size=GRID, lot_size=world.lot_size) for symbol in named
        },
        skip=skip,
    )


def lines(replayed: Replayed) -> list[str]:
    """Return the rows as `events.jsonl` has them."""
    return [event_line(row) for row in replayed.rows]


def streams(replayed: Replayed) -> dict[tuple[str, str], list[str]]:
    """Return the lines of each strategy and symbol."""
    found: dict[tuple[str, str], list[str]] = {}
    for row in replayed.rows:
        found.setdefault((row.strategy, row.symbol), []).append(event_line(row))
    return found


@dataclass
class Stake:
    """What somebody who only reads its rows knows a strategy to have at stake in a symbol."""

    entry: float | None = None
    held: float | None = None
    quantity: float = 0.0
    averages: list[tuple[float, bool]] = field(default_factory=list)
    at_market: float = 0.0
    direction: str = ""
    stop: float | None = None
    after: dict[str, Any] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """The cost of what is held and sent to be added; of its successor, if that is more."""
        held = (self.held or 0.0) + sum(cost for cost, _ in self.averages)
        return max(held, self.entry or 0.0)

    def take(self, row: EventRow) -> None:
        """Take note of its next row."""
        self._of_entry(row)
        self._of_position(row)

    def _of_entry(self, row: EventRow) -> None:
        data = row.data
        match row.kind:
            case "submitted" | "scheduled":
                self.entry, self.after = data["cost"], data
                if self.held is None:
                    self._take_sides(data)
            case "opened":
                self.held, self.quantity, self.entry = data["cost"], data["quantity"], None
                self._take_sides(data)
            case "cancelled":
                self.entry = None
            case "rejected" if row.phase != Phase.DECISION and "order" not in data:
                self.entry = None

    def _of_position(self, row: EventRow) -> None:
        data = row.data
        match row.kind:
            case "average_submitted":
                self.averages.append((data["cost"], data["limit"] is None))
                if data["limit"] is None:
                    self.at_market = data["cost"]
            case "averaged":
                # Lots make it less, by less than half: it is the smallest that it could have been.
                cost = min(each for each, _ in self.averages if each >= data["cost"] - DUST)
                self._gone(cost, at_market=row.phase == Phase.OPEN)
                self.held += data["cost"]
                self.quantity += data["quantity"]
            case "rejected" if row.phase != Phase.DECISION and data.get("order") == "average":
                self._gone(self._refused_cost(data), at_market=row.phase == Phase.OPEN)
            case "partial":
                self.held *= 1.0 - data["quantity"] / self.quantity
                self.quantity -= data["quantity"]
            case "trailed" if data["order"] == "stop":
                self.stop = data["new_price"]
            case "closed":
                self.held, self.averages = None, []
                if self.entry is not None:
                    self._take_sides(self.after)

    def _refused_cost(self, data: dict[str, Any]) -> float:
        if data["rule"] == "gap_reject":
            return self.at_market
        assert data["rule"] == "insufficient_cash"
        asked = float(data["detail"].removeprefix("cost and fee were ").split(",")[0])
        return min((cost for cost, _ in self.averages), key=lambda cost: abs(cost - asked))

    def _gone(self, cost: float, *, at_market: bool) -> None:
        """Forget an average of that cost; of two it does not matter which."""
        likely = cost, at_market
        self.averages.remove(likely if likely in self.averages else (cost, not at_market))

    def _take_sides(self, data: dict[str, Any]) -> None:
        self.direction, self.stop = data["direction"], data["stop_loss_price"]

    def shown(self) -> tuple[str, float, float | None, bool] | None:
        """Return direction, cost, stop and whether it is open, None if nothing is at stake."""
        if self.entry is None and self.held is None:
            return None
        return self.direction, self.cost, self.stop, self.held is not None


def stakes_at(replayed: Replayed, ask: RiskAsk, order: Sequence[str]) -> dict[tuple, Stake]:
    """Return what is at stake when a profile is asked, by (symbol, strategy), in their turns.

    Args:
        replayed: the whole run.
        ask: the question; whoever is before its strategy and symbol has had his turn by then.
        order: the strategies of the run in their order.
    """

    def turn(index: int, strategy: str) -> tuple[int, int]:
        return index, order.index(strategy)

    (mine,) = {
        turn(row.symbol_index, row.strategy)
        for row in replayed.rows
        if (row.symbol, row.strategy) == (ask.symbol, ask.strategy)
    }
    found: dict[tuple[int, int], tuple[tuple[str, str], Stake]] = {}
    failed = set()
    for row in replayed.rows:
        moment = row.ts_ms, row.phase
        theirs = turn(row.symbol_index, row.strategy)
        # Whoever failed is ended once all have had their turns.
        failed |= {(theirs, row.ts_ms)} if row.kind == "failed" else set()
        now = moment == (ask.now, Phase.DECISION)
        if moment < (ask.now, Phase.DECISION) or (
            now and theirs < mine and (theirs, row.ts_ms) not in failed
        ):
            key = row.symbol, row.strategy
            found.setdefault(theirs, (key, Stake()))[1].take(row)
    return {key: stake for _, (key, stake) in sorted(found.items(), key=lambda each: each[0])}
