"""Functions of a strategy that are called on a schedule of their own, once for all symbols.

Decides when one is due and what it is shown. Whose turn comes before and after is `replay`'s
business.
"""

from __future__ import annotations

from dataclasses import replace
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from tradekit.api.run import Run
from tradekit.drivers.blame import blame, is_users, name_of
from tradekit.engine.quiet import NEVER_MS
from tradekit.errors import StrategyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.api.context import Account
    from tradekit.api.declare import Hook, Strategy
    from tradekit.domain.time import Frame
    from tradekit.drivers.runner import Runner


class Cron:
    """The `cron` functions of a strategy in a run.

    `next_ms` is the next boundary of any of them, `NEVER_MS` where none comes inside the frame;
    `runners` are the strategy's.
    """

    __slots__ = (
        "_account",
        "_calls",
        "_due_ms",
        "_hooks",
        "_on_error",
        "_params",
        "_until_ms",
        "logs",
        "next_ms",
        "runners",
        "strategy",
    )

    def __init__(
        self,
        strategy: Strategy,
        params: object,
        frame: Frame,
        account: Account,
        runners: Sequence[Runner],
    ) -> None:
        """Begin with the first whole multiple of each interval inside the frame."""
        self.strategy = strategy
        self._hooks = strategy.cron_hooks
        self._on_error = strategy.on_error
        self._params = params
        self._account = account
        self.runners = runners
        self._until_ms = frame.until_ms
        self._calls: dict[str, int] = {}
        self.logs: list[str] = []
        self._due_ms = [_from(hook, frame.since_ms) for hook in self._hooks]
        self.next_ms = NEVER_MS
        self._look()

    async def call_due(self, now_ms: int) -> StrategyError | None:
        """Call what is due now, in the order declared; return what stops all symbols, if anything.

        Raises:
            BaseException: somebody stops the run.
        """
        error = None
        for number, hook in enumerate(self._hooks):
            if error is None and self._due_ms[number] == now_ms:
                self._due_ms[number] = _from(hook, now_ms + 1)
                error = await self._call(hook, now_ms)
        self._look()
        return error

    def count_calls(self) -> dict[str, int]:
        """Return how often each function was called, by name."""
        return self._calls

    async def _call(self, hook: Hook, now_ms: int) -> StrategyError | None:
        # A symbol that has no closed candle yet has no price: its context could not but show ahead.
        shown = [each for each in self.runners if each.failure is None and each.cursor.index]
        if not shown:
            return None
        run: Run[Any] = Run(
            now=now_ms,
            params=self._params,
            account=self._account,
            contexts={each.context.symbol: each.context for each in shown},
            log=lambda message: self.logs.append(f"{now_ms} * {message}"),
        )
        name = name_of(hook.call)
        self._calls[name] = self._calls.get(name, 0) + 1
        try:
            answer = hook.call(run)
            _check_answer(name, await answer if isawaitable(answer) else answer)
        except BaseException as error:
            if not is_users(error):
                raise
            everybody = replace(shown[0].machine.terms, symbol="all symbols")
            blamed = blame(error, everybody, name, now_ms)
            if self._on_error == "stop":
                return blamed
            shown[0].callbacks.note(blamed, now_ms)
            shown[0].recall(now_ms)
        return _keep(shown, hook, now_ms)

    def _look(self) -> None:
        """Find the next boundary."""
        next_ms = min(self._due_ms, default=NEVER_MS)
        running = any(each.failure is None for each in self.runners)
        self.next_ms = next_ms if running and next_ms < self._until_ms else NEVER_MS


def _from(hook: Hook, ts_ms: int) -> int:
    """Return the first whole multiple of the hook's interval at `ts_ms` or later."""
    assert hook.every_ms is not None, "cron has an interval"
    return -(-ts_ms // hook.every_ms) * hook.every_ms


def _keep(shown: Sequence[Runner], hook: Hook, now_ms: int) -> StrategyError | None:
    """Let journals know what the function left in states; return why one cannot hold it."""
    try:
        for each in shown:
            each.callbacks.keep_state(hook.call, now_ms)
    except StrategyError as error:
        return error
    return None


def _check_answer(name: str, answer: object) -> None:
    if answer is not None:
        raise StrategyError(f"{name} returned {answer!r}, must be None")
