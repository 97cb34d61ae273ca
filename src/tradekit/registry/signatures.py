"""Whether the functions of a strategy can be called as they will be, found out without a call.

What they do is nobody's business here.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from tradekit.errors import StrategyLoadError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tradekit.api.declare import Strategy
    from tradekit.errors import TradekitError


def wrong_signatures(strategy: Strategy) -> list[TradekitError]:
    """Return an error for each function that cannot be called as it will be."""
    functions: list[tuple[Callable[..., Any], tuple[str, ...]]] = [(strategy.decide, ("ctx",))]
    functions += [(hook.call, ("ctx", "position")) for hook in strategy.open_hooks]
    functions += [(hook.call, ("ctx", "order")) for hook in strategy.waiting_hooks]
    functions += [(hook.call, ("ctx",)) for hook in strategy.idle_hooks]
    functions += [(hook.call, ("run",)) for hook in strategy.cron_hooks]
    for hooks in strategy.event_hooks.values():
        functions += [(hook.call, ("ctx", "event")) for hook in hooks]
    return [
        StrategyLoadError(
            f"function {getattr(function, '__name__', function)!r} of strategy {strategy.name!r} "
            f"takes {inspect.signature(function)}, must take ({', '.join(takes)})"
        )
        for function, takes in functions
        if not _takes(function, len(takes))
    ]


def _takes(function: Callable[..., Any], count: int) -> bool:
    """Return whether the function can be called with that many arguments, without calling it."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a callable of C need not have one
        return True
    try:
        signature.bind(*(None,) * count)
    except TypeError:
        return False
    return True
