"""The risk profiles of a run: what their rules are shown, and what they say.

Decides nothing itself: limits are rules, what is at stake is the engine's own state. One book
serves all (strategy, symbol) of an account, and is asked in the order of their turns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, overload

from tradekit.api.risk import RiskAsk
from tradekit.domain.exposure import ClosedTrade
from tradekit.domain.journal import Phase
from tradekit.domain.time import DAY_MS
from tradekit.drivers.blame import is_users, name_of, told
from tradekit.engine.effects import AskRisk
from tradekit.engine.events import Verdict
from tradekit.engine.risk import exposure_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tradekit.api.context import Moment
    from tradekit.api.declare import Strategy
    from tradekit.api.risk import Risk
    from tradekit.domain.exposure import Exposure
    from tradekit.domain.journal import EventRow
    from tradekit.engine.effects import Effect
    from tradekit.engine.events import CommandIssued, StrategyAnswered
    from tradekit.engine.machine import Machine

Item = TypeVar("Item")

_ALLOWED = Verdict()


class Runner(Protocol):
    """Who has something at stake: a strategy on a symbol."""

    @property
    def machine(self) -> Machine:
        """The engine's side of it."""

    @property
    def cursor(self) -> Moment:
        """Where it is in time."""

    @property
    def strategy(self) -> Strategy:
        """Whose profiles it is under."""


class _Past(Sequence[Item]):
    """What a list holds now, read-only and not copied; what is added later is not in it."""

    __slots__ = ("_items", "_length")

    def __init__(self, items: list[Item]) -> None:
        self._items, self._length = items, len(items)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...

    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        if isinstance(index, slice):
            return tuple(self._items[: self._length])[index]
        return self._items[range(self._length)[index]]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


class RiskBook:
    """What risk profiles of a run know.

    `asked` says whether there are any: then it wants to hear of every trade that closes, since
    balances are those of the account.
    """

    def __init__(self, capital: float, equity: Callable[[], float], *, asked: bool = True) -> None:
        """Start with nothing at stake; `equity` is asked what the account is worth just now."""
        self.asked = asked
        self._equity = equity
        self._runners: Sequence[Runner] = ()
        self._balance = self._peak = self._day_balance = capital
        self._day = -1
        self._closed: dict[str, list[ClosedTrade]] = {}
        self._sent: dict[str, list[int]] = {}

    def watch(self, runners: Sequence[Runner]) -> None:
        """Read what is at stake off these, in their order."""
        self._runners = runners

    def hear(self, row: EventRow, profiles: Sequence[Risk]) -> None:
        """Take note of a `closed` row of a strategy with those profiles."""
        # A fill inside a candle is labelled with its close: at midnight it is of the day before.
        self._turn_day(row.ts_ms - (row.phase is Phase.INSIDE))
        pnl = row.data["pnl"]
        self._balance += pnl
        self._peak = max(self._peak, self._balance)
        trade = ClosedTrade(row.ts_ms, row.strategy, row.symbol, row.data["reason"], pnl)
        for profile in profiles:
            self._closed.setdefault(profile.name, []).append(trade)

    def put(self, runner: Runner, event: StrategyAnswered | CommandIssued) -> Sequence[Effect]:
        """Hand the event to the machine of `runner`, once more with a verdict if it asks for one.

        Raises:
            SignalError: the event contradicts itself.
        """
        effects = runner.machine.handle(event)
        if effects and isinstance(effects[0], AskRisk):
            verdict = self._judge(runner, effects[0], event.ts_ms)
            effects = runner.machine.handle(event._replace(verdict=verdict))
        return effects

    def _judge(self, runner: Runner, ask: AskRisk, now_ms: int) -> Verdict:
        """Return what the profiles of `runner` say: the first refusal, else that it may be sent.

        Everything is asked before anything is noted, so that a refusal leaves nothing behind.
        """
        self._turn_day(now_ms)
        equity = self._equity()
        own = _exposure(runner) if ask.kind == "average" else None
        for profile in runner.strategy.risk:
            verdict = _judged(profile, self._shown(profile, runner, ask, now_ms, own, equity))
            if verdict.rule:
                return verdict
        for profile in runner.strategy.risk:
            self._sent.setdefault(profile.name, []).append(now_ms)
        return _ALLOWED

    def _shown(
        self,
        profile: Risk,
        runner: Runner,
        ask: AskRisk,
        now_ms: int,
        own: Exposure | None,
        equity: float,
    ) -> RiskAsk:
        others = (
            _exposure(each)
            for each in self._runners
            if each is not runner and profile in each.strategy.risk
        )
        return RiskAsk(
            kind=ask.kind,
            strategy=runner.machine.terms.strategy,
            symbol=runner.machine.terms.symbol,
            direction=ask.direction,
            now=now_ms,
            price=runner.cursor.price,
            entry_price=ask.entry_price,
            stop_loss_price=ask.stop_loss_price,
            take_profit_price=ask.take_profit_price,
            cost=ask.cost,
            own=own,
            exposures=tuple(each for each in others if each is not None),
            closed=_Past(self._closed.get(profile.name, [])),
            sent_ms=_Past(self._sent.get(profile.name, [])),
            equity=equity,
            peak_equity=self._peak,
            day_equity=self._day_balance,
        )

    def _turn_day(self, ts_ms: int) -> None:
        if ts_ms // DAY_MS != self._day:
            self._day, self._day_balance = ts_ms // DAY_MS, self._balance


def _exposure(runner: Runner) -> Exposure | None:
    machine = runner.machine
    return exposure_of(machine.state, machine.terms, runner.cursor.price)


def _judged(profile: Risk, ask: RiskAsk) -> Verdict:
    """Ask the rules of one profile; whatever is not None refuses, and so does an exception."""
    for rule in profile.rules:
        name = name_of(rule)
        try:
            answer: object = rule(ask)
        except BaseException as error:
            if not is_users(error):
                raise
            return Verdict(name, f"profile {profile.name!r}: {name} raised {told(error)}")
        if answer is not None:
            # Not its repr: an address in it would differ from run to run.
            kind = type(answer).__name__
            reason = answer if isinstance(answer, str) else f"answer was a {kind!r}, must be text"
            return Verdict(name, f"profile {profile.name!r}: {reason.strip() or name}")
    return _ALLOWED
