"""A whole run, as functions called on a schedule see it; it decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic

from tradekit.api.context import Params
from tradekit.domain.journal import utf8

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tradekit.api.context import Account, Context


class Run(Generic[Params]):
    """All symbols of a run at one boundary, as a `cron` function sees them.

    `contexts` are those of the symbols that still run and have a closed candle, by symbol, in run
    order: their candles, and their `state`, in which to leave word for the strategy. `params` are
    the strategy's parameters, `account` is the run's.
    """

    __slots__ = ("_log", "account", "contexts", "now", "params")

    def __init__(
        self,
        *,
        now: int,
        params: Params,
        account: Account,
        contexts: Mapping[str, Context[Params]],
        log: Callable[[str], None],
    ) -> None:
        """Show what the driver gives; `now` is in ms UTC."""
        self.now = now
        self.params = params
        self.account = account
        self.contexts = contexts
        self._log = log

    def log(self, message: object) -> None:
        """Add a line to the run's log, marked with the time."""
        self._log(utf8(message))
