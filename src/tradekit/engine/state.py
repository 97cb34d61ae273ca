"""Everything the engine knows about one (strategy, symbol), and what must always hold of it.

A snapshot is plain values that JSON can carry; restoring it and going on equals going on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tradekit.domain.commands import Wake
from tradekit.domain.order import Order, OrderType, Role
from tradekit.domain.plan import Plan, Target
from tradekit.domain.position import Position
from tradekit.engine.lifecycle import Status

if TYPE_CHECKING:
    from tradekit.domain.costs import CostModel
    from tradekit.domain.instrument import Instrument
    from tradekit.domain.plan import Defaults, Limits

SNAPSHOT_VERSION: Final = 1
ORDERS_MAX: Final = 16
FINISHED_MAX: Final = 32

_RESTING_ENTRY: Final = (OrderType.LIMIT, OrderType.STOP)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is fixed for a (strategy, symbol) throughout a run.

    Units: durations in ms. `watched` are the kinds of rows that are made for listeners only;
    `guarded` says that risk profiles are asked before anything is sent that opens or adds.
    """

    strategy: str
    symbol: str
    symbol_index: int
    base_ms: int
    every_ms: int
    on_boundary: bool
    defaults: Defaults
    limits: Limits
    costs: CostModel
    instrument: Instrument
    watched: frozenset[str] = frozenset()
    guarded: bool = False

    @property
    def where(self) -> str:
        """Strategy and symbol, as errors name them."""
        return f"strategy {self.strategy!r}, {self.symbol}"


@dataclass(slots=True)
class EngineState:
    """The whole state of a machine.

    `orders` holds what the venue holds (bounded); `cancelling` says why one of them is being taken
    off; `finished` remembers the last orders that ended, so that a repeated answer about one of
    them changes nothing. `asked_slot` is the last aligned slot of `every` in which the
    strategy was asked. `action_count` numbers the orders of hooks; `trail_price` is the best close
    since the last entry. `wakes` are the hooks that sleep, by number;
    `levels` and `breakeven_told` what has been told already; `kept` is the user's own state as
    JSON, of the symbol and of the position.
    """

    status: Status = Status.IDLE
    seq: int = 0
    signal_count: int = 0
    asked_slot: int = -1
    entry: Plan | None = None
    entry_deadline_ms: int | None = None
    plan: Plan | None = None
    position: Position | None = None
    hold_deadline_ms: int | None = None
    exit_reason: str = ""
    exit_note: str = ""
    action_count: int = 0
    trail_price: float | None = None
    orders: dict[str, Order] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    cancelling: dict[str, str] = field(default_factory=dict)
    finished: dict[str, None] = field(default_factory=dict)
    used_ids: dict[str, None] = field(default_factory=dict)
    wakes: dict[int, Wake] = field(default_factory=dict)
    levels: dict[str, int] = field(default_factory=dict)
    breakeven_told: bool = False
    kept: dict[str, str] = field(default_factory=dict)

    def finish(self, order_id: str) -> None:
        """Forget an order that has ended, but for its id."""
        del self.orders[order_id]
        if self.cancelling:
            self.cancelling.pop(order_id, None)
        finished = self.finished
        finished[order_id] = None
        if len(finished) > FINISHED_MAX:
            del finished[next(iter(finished))]

    def order_of(self, role: Role) -> Order | None:
        """Return the live order of that role that is not being cancelled."""
        for order in self.orders.values():
            if order.role is role and order.order_id not in self.cancelling:
                return order
        return None


def snapshot(state: EngineState) -> dict[str, Any]:
    """Return the state as plain values."""
    return {
        "version": SNAPSHOT_VERSION,
        "status": state.status.value,
        "seq": state.seq,
        "signal_count": state.signal_count,
        "asked_slot": state.asked_slot,
        "entry": _plain_plan(state.entry),
        "entry_deadline_ms": state.entry_deadline_ms,
        "plan": _plain_plan(state.plan),
        "position": None if state.position is None else state.position.snapshot(),
        "hold_deadline_ms": state.hold_deadline_ms,
        "exit_reason": state.exit_reason,
        "exit_note": state.exit_note,
        "action_count": state.action_count,
        "trail_price": state.trail_price,
        "orders": [
            [order.order_id, order.role.value, order.order_type.value, *order[3:]]
            for order in state.orders.values()
        ],
        "targets": [list(target) for target in state.targets],
        "cancelling": dict(state.cancelling),
        "finished": list(state.finished),
        "used_ids": list(state.used_ids),
        "wakes": [[hook, *wake] for hook, wake in state.wakes.items()],
        "levels": dict(state.levels),
        "breakeven_told": state.breakeven_told,
        "kept": dict(state.kept),
    }


def restore(plain: dict[str, Any], costs: CostModel) -> EngineState:
    """Return the state that `snapshot` described; `costs` is not part of it."""
    assert plain["version"] == SNAPSHOT_VERSION, "a snapshot of another version"
    position = plain["position"]
    same = (
        "seq",
        "signal_count",
        "asked_slot",
        "entry_deadline_ms",
        "hold_deadline_ms",
        "exit_reason",
        "exit_note",
        "action_count",
        "trail_price",
        "breakeven_told",
    )
    state = EngineState(
        status=Status(plain["status"]),
        entry=_plan(plain["entry"]),
        plan=_plan(plain["plan"]),
        position=None if position is None else Position.restore(position, costs),
        orders={
            each[0]: Order(each[0], Role(each[1]), OrderType(each[2]), *each[3:])
            for each in plain["orders"]
        },
        targets=tuple(Target(*each) for each in plain["targets"]),
        cancelling=dict(plain["cancelling"]),
        finished=dict.fromkeys(plain["finished"]),
        used_ids=dict.fromkeys(plain["used_ids"]),
        wakes={hook: Wake(*wake) for hook, *wake in plain["wakes"]},
        levels=dict(plain["levels"]),
        kept=dict(plain["kept"]),
        **{name: plain[name] for name in same},
    )
    check(state)
    return state


def check(state: EngineState) -> None:
    """Assert every invariant; what fails here is an error of this program."""
    status, position, entry = state.status, state.position, state.entry
    holding = status in (Status.ACTIVE, Status.CLOSING, Status.TURNING)
    entering = status in (Status.SCHEDULED, Status.OPENING, Status.TURNING)
    if status is not Status.HALTED:
        assert (position is not None) == holding, "a position exactly while one is held"
        assert (entry is not None) == entering, "an entry exactly while one is wanted"
        exit_order = state.order_of(Role.EXIT)
        assert (exit_order is not None) == (status in (Status.CLOSING, Status.TURNING))
        assert (state.plan is not None) == holding, "a held position knows its plan"
    if position is not None:
        assert position.entries, "a position has entries"
        assert position.quantity > 0.0, "a position holds something"
        assert position.drawdown_pct <= position.peak_pct
    if status is Status.SCHEDULED and entry is not None:
        assert state.entry_deadline_ms is not None, "a resting entry has a deadline"
        order = state.order_of(Role.ENTRY)
        assert order is None or order.order_type in _RESTING_ENTRY
    assert len(state.orders) <= ORDERS_MAX, "orders are bounded"
    assert len(state.finished) <= FINISHED_MAX, "memory of ended orders is bounded"
    assert set(state.cancelling) <= set(state.orders), "only resting orders are cancelled"
    assert state.seq >= 0
    assert state.signal_count >= 0


def _plain_plan(plan: Plan | None) -> list[Any] | None:
    if plan is None:
        return None
    return [list(map(list, each)) if isinstance(each, tuple) else each for each in plan]


def _plan(plain: list[Any] | None) -> Plan | None:
    if plain is None:
        return None
    plan = Plan(*plain)
    return plan._replace(targets=tuple(Target(*each) for each in plan.targets))
