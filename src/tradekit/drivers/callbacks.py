"""User code of one (strategy, symbol): which of its functions is due, and calling it.

Decides in which order functions are called and what they may return. What they ask for goes to the
machine by way of whoever owns this; when a boundary comes is the schedule's business.
"""

from __future__ import annotations

import json
from copy import deepcopy
from inspect import isawaitable
from types import CoroutineType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from tradekit.api.outcome import Event, Wake
from tradekit.api.position import Position
from tradekit.api.waiting import WaitingEntry
from tradekit.domain.commands import Wake as WakeBounds
from tradekit.domain.journal import Phase
from tradekit.domain.signal import Signal
from tradekit.drivers.blame import blame, is_users, name_of
from tradekit.engine.events import HookFailed, HookSlept, StateKept, Woken
from tradekit.engine.quiet import DECIDER
from tradekit.errors import StrategyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradekit.api.context import Context, Moment
    from tradekit.api.declare import Hook, Strategy
    from tradekit.api.outcome import Outcome
    from tradekit.domain.commands import Command
    from tradekit.domain.journal import EventRow
    from tradekit.domain.plan import Plan
    from tradekit.engine.events import Event as EngineEvent
    from tradekit.engine.machine import Machine


_SCOPES: Final[tuple[Literal["symbol", "position"], ...]] = ("symbol", "position")
# Rows that hooks hear of under another name.
_HEARD_AS: Final = {"failed": "error"}


class Hands(NamedTuple):
    """How user code reaches the engine: the moment, its commands, what it asks to be looked at.

    `tell` hands the machine an event that user code caused; `opened` says whether a candle opened
    from one time on and before another.
    """

    moment: Moment
    issue: Callable[[Any, Command], Outcome]
    catch_up: Callable[[], None]
    tell: Callable[[EngineEvent], None]
    opened: Callable[[int, int], bool]


class Callbacks:
    """The functions of a strategy on a symbol.

    `calls` counts them by name; `listened` are the kinds of rows that hooks listen to, `news` those
    they have not heard of yet; `hooks` are those that belong to where things stand, `arguments`
    what they are called with; `states` is what they keep, of the symbol and of the position, and
    `kept` what the journal knows of it; `phase` is where in a boundary they are called.
    `sleeping` false takes a `Wake` for None, so that hooks are called at every boundary.
    """

    __slots__ = (
        "_hands",
        "_machine",
        "_slept",
        "_slots",
        "_strategy",
        "arguments",
        "calls",
        "context",
        "hooks",
        "kept",
        "listened",
        "news",
        "phase",
        "sleeping",
        "states",
    )

    def __init__(
        self,
        strategy: Strategy,
        machine: Machine,
        context: Context[Any],
        hands: Hands,
        *,
        sleeping: bool,
    ) -> None:
        """Start with every slot unused."""
        self._strategy = strategy
        self._machine = machine
        self._hands = hands
        self._slots: dict[int, int] = {}
        self._slept: set[int] = set()
        self.calls: dict[str, int] = {}
        self.context = context
        self.kept = machine.state.kept
        context.state.update(json.loads(self.kept.get("symbol", "{}")))
        self.hooks: Sequence[Hook] = ()
        self.arguments: tuple[Any, ...] = (context,)
        self.states: tuple[dict[str, Any], ...] = (context.state,)
        aliases = [row for row, kind in _HEARD_AS.items() if kind in strategy.event_hooks]
        self.listened = frozenset((*strategy.event_hooks, *aliases))
        self.news: list[EventRow] = []
        self.phase = Phase.DECISION
        self.sleeping = sleeping

    def hear(self, row: EventRow) -> None:
        """Keep a row for the hooks that listen to its kind, if any do."""
        if row.kind in self.listened:
            self.news.append(row)

    def look(self, now_ms: int, *, called: bool) -> None:
        """Find the hooks for where things stand, and what they are shown.

        `called` says that this boundary's calls have been made.
        """
        state, strategy = self._machine.state, self._strategy
        held, entry = state.position, state.entry
        shown, hooks = self.arguments[-1], self.hooks
        if held is not None:
            self.hooks = strategy.open_hooks
            if not (isinstance(shown, Position) and shown.is_of(held)):
                self._settle_slots(hooks, now_ms, called=called)
                self.arguments = (self.context, self._position())
                self.states = (self.context.state, self.arguments[-1].state)
            return
        self.states = (self.context.state,)
        if entry is None:
            self.hooks, self.arguments = strategy.idle_hooks, (self.context,)
        elif state.entry_deadline_ms is None:
            self.hooks, self.arguments = (), (self.context,)
        else:
            self.hooks = strategy.waiting_hooks
            if not (isinstance(shown, WaitingEntry) and shown.is_of(entry)):
                self.arguments = (self.context, self._entry(entry, state.entry_deadline_ms))
        if self.hooks is not hooks:
            self._settle_slots(hooks, now_ms, called=called)

    def plan_calls(self, never_ms: int) -> tuple[tuple[Hook, ...], int]:
        """Return the hooks that the schedule may call at each candle, else when one is due next.

        It may as long as none of them sleeps or has an interval of its own: that takes `call_due`.
        """
        wakes = self._machine.state.wakes
        awake = [hook for hook in self.hooks if hook.number not in wakes]
        if len(awake) == len(self.hooks) and all(hook.every_ms is None for hook in awake):
            return tuple(awake), never_ms
        due_ms = never_ms
        for hook in awake:
            slot = self._slots.get(hook.number, -1) + 1
            due_ms = min(due_ms, 0 if hook.every_ms is None else slot * hook.every_ms)
        return (), due_ms

    async def deliver_news(self, now_ms: int) -> None:
        """Tell event hooks what happened, in the order of events.

        Raises:
            StrategyError: one failed.
        """
        rows, self.news = self.news, []
        for row in rows:
            kind = _HEARD_AS.get(row.kind, row.kind)
            # A copy to the bottom: what the hook does to it must not reach the journal.
            event = Event(kind, row.ts_ms, row.symbol, row.signal_id, deepcopy(row.data))
            await self._deliver(event, now_ms)

    async def say_goodbye(self, now_ms: int, reason: str) -> None:
        """Tell event hooks all that is left to tell, and that it is done.

        Raises:
            StrategyError: one failed.
        """
        while self.news:
            await self.deliver_news(now_ms)
        if "done" in self.listened:
            data = {"reason": reason}
            await self._deliver(Event("done", now_ms, self.context.symbol, "", data), now_ms)

    async def call_due(self, now_ms: int) -> None:
        """Call the hooks that are due, in order; one that another wakes is called after it.

        Raises:
            StrategyError: one failed.
        """
        wakes = self._machine.state.wakes
        for hook in self.hooks:
            if hook.number in wakes:
                continue
            if hook.every_ms is not None and not self._takes_slot(
                hook.number, hook.every_ms, now_ms
            ):
                continue
            answer = await self._call(hook.call, now_ms, self.arguments)
            if answer is not None:
                self.sleep(hook, answer, now_ms)

    def sleep(self, hook: Hook, answer: object, now_ms: int) -> None:
        """Take what a hook returned: a `Wake`.

        Raises:
            StrategyError: it is something else.
        """
        if not isinstance(answer, Wake):
            raise self._wrong(hook.call, answer, "None or a Wake", now_ms)
        self._sleep(hook.number, answer, now_ms)

    async def ask(self, now_ms: int) -> Signal | None:
        """Call the deciding function and return its signal.

        Raises:
            StrategyError: it failed, or returned something else.
        """
        decide = self._strategy.decide
        answer = await self._call(decide, now_ms, (self.context,))
        if isinstance(answer, Wake):
            self._sleep(DECIDER, answer, now_ms)
            return None
        if answer is not None and not isinstance(answer, Signal):
            raise self._wrong(decide, answer, "a Signal, a Wake or None", now_ms)
        return answer

    def wake_by_time(self, now_ms: int) -> None:
        """Wake those whose time has come."""
        wakes = self._machine.state.wakes.items()
        self._wake(
            now_ms, [n for n, wake in wakes if wake.at_ms is not None and wake.at_ms <= now_ms]
        )

    def wake_by_price(self, now_ms: int, low: float, high: float) -> None:
        """Wake those whose price a candle over [low, high] has reached."""
        reached = []
        for number, wake in self._machine.state.wakes.items():
            below, above = wake.price_below, wake.price_above
            if (below is not None and low <= below) or (above is not None and high >= above):
                reached.append(number)
        self._wake(now_ms, reached)

    def count(self, hooks: Sequence[Hook], calls: int) -> None:
        """Add calls that the schedule made by itself, of each of those hooks."""
        for hook in hooks:
            name = name_of(hook.call)
            self.calls[name] = self.calls.get(name, 0) + calls

    def blamed(
        self, error: BaseException, function: Callable[..., Any], now_ms: int
    ) -> StrategyError:
        """Return the failure of `function` as one sentence."""
        return blame(error, self._machine.terms, name_of(function), now_ms)

    def excuse(self, function: Callable[..., Any], error: BaseException, now_ms: int) -> None:
        """Note what user code raised where the strategy wants to go on without that call.

        Raises:
            StrategyError: it does not; the symbol stops.
        """
        if not is_users(error):
            raise error
        blamed = self.blamed(error, function, now_ms)
        if self._strategy.on_error == "stop":
            raise blamed from error
        self.note(blamed, now_ms)

    def note(self, blamed: StrategyError, now_ms: int) -> None:
        """Log and journal a failure that stops nothing."""
        cause = type(blamed.__cause__ or blamed).__name__
        self.context.log(blamed.message)
        self._hands.tell(HookFailed(now_ms, self.phase, cause, blamed.place))

    def keep_state(self, function: Callable[..., Any], now_ms: int) -> None:
        """Let the journal know what user code keeps, if `function` has changed it.

        Raises:
            StrategyError: JSON cannot hold it.
        """
        if not (self.states[0] or self.states[-1] or self.kept):
            return
        for scope, state in zip(_SCOPES, self.states, strict=False):
            kept = self.kept.get(scope, "{}")
            try:
                text = _as_json(scope, state, kept)
            except StrategyError as error:
                raise self.blamed(error, function, now_ms) from error
            if text != kept:
                self._hands.tell(StateKept(now_ms, self.phase, scope, text))

    async def _deliver(self, event: Event, now_ms: int) -> None:
        """Call the hooks that listen to such an event."""
        heard = len(self.news)
        for hook in self._strategy.event_hooks[event.kind]:
            answer = await self._call(hook.call, now_ms, (self.context, event))
            if answer is not None:
                raise self._wrong(hook.call, answer, "None", now_ms)
        if event.kind == "error":
            # What fails at hearing of an error is not told again: that would never end.
            del self.news[heard:]

    async def _call(
        self, function: Callable[..., Any], now_ms: int, arguments: tuple[object, ...]
    ) -> object:
        name = name_of(function)
        self.calls[name] = self.calls.get(name, 0) + 1
        try:
            answer: object = function(*arguments)
            if type(answer) is CoroutineType or isawaitable(answer):
                answer = await answer
        except BaseException as error:  # noqa: BLE001  # the user's; `excuse` raises what is not
            self.excuse(function, error, now_ms)
            return None
        self.keep_state(function, now_ms)
        return answer

    def _position(self) -> Position:
        hands = self._hands
        return Position(
            symbol=self.context.symbol,
            records=self._machine.state,
            moment=hands.moment,
            issue=hands.issue,
            catch_up=hands.catch_up,
        )

    def _entry(self, entry: Plan, deadline_ms: int) -> WaitingEntry:
        hands = self._hands
        return WaitingEntry(
            symbol=self.context.symbol,
            plan=entry,
            deadline_ms=deadline_ms,
            moment=hands.moment,
            issue=hands.issue,
        )

    def _sleep(self, number: int, wake: Wake, now_ms: int) -> None:
        if self.sleeping:
            at_ms = None if wake.after_ms is None else now_ms + wake.after_ms
            bounds = WakeBounds(wake.price_below, wake.price_above, at_ms)
            self._slept.add(number)
            self._hands.tell(HookSlept(now_ms, number, bounds))

    def _wake(self, now_ms: int, numbers: list[int]) -> None:
        if numbers:
            since_ms = now_ms - now_ms % self._machine.terms.every_ms
            slot_used = self._hands.opened(since_ms, now_ms)
            self._hands.tell(Woken(now_ms, tuple(numbers), slot_used))

    def _settle_slots(self, hooks: Sequence[Hook], now_ms: int, *, called: bool) -> None:
        """Use up the slots that hooks slept into, now that what they were for has ended."""
        for hook in hooks:
            if hook.number in self._slept and hook.every_ms is not None:
                slot = now_ms // hook.every_ms
                if not (called or self._hands.opened(slot * hook.every_ms, now_ms)):
                    slot -= 1
                self._slots[hook.number] = max(slot, self._slots.get(hook.number, -1))
        self._slept.clear()

    def _takes_slot(self, number: int, every_ms: int, now_ms: int) -> bool:
        """Return whether a hook is due that has an interval: a slot that it slept into is used."""
        slot = now_ms // every_ms
        used = slot <= self._slots.get(number, -1)
        if number in self._slept:
            self._slept.discard(number)
            used = used or self._hands.opened(slot * every_ms, now_ms)
        self._slots[number] = slot
        return not used

    def _wrong(
        self, function: Callable[..., Any], answer: object, must_be: str, now_ms: int
    ) -> StrategyError:
        text = f"{name_of(function)} returned {answer!r}, must be {must_be}"
        return self.blamed(StrategyError(text), function, now_ms)


def _as_json(scope: str, state: dict[str, Any], kept: str) -> str:
    """Return the state as text that gives it back as it is; `kept` is text that does."""
    if not state:
        return "{}"
    try:
        text = json.dumps(state, sort_keys=True, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise _no_json(scope, state, error) from error
    if text != kept and json.loads(text) != state:
        raise _no_json(scope, state, "text as keys, and lists")
    return text


def _no_json(scope: str, state: dict[str, Any], why: object) -> StrategyError:
    name = "ctx.state" if scope == "symbol" else "position.state"
    return StrategyError(f"{name} was {state!r}, must hold JSON values only: {why}")
