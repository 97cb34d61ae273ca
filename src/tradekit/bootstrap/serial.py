"""Replaying in this process, guarded against user code that wants to end the program.

Decides nothing else: the schedule is the driver's, and whether symbols may run apart is `run`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tradekit.drivers.replay import replay
from tradekit.errors import StrategyError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tradekit.drivers.replay import Replayed, ReplayPlan, SymbolProgress


async def replay_safely(
    plan: ReplayPlan,
    *,
    on_progress: Callable[[Sequence[SymbolProgress]], None],
    should_stop: Callable[[], bool] | None = None,
) -> Replayed:
    """Replay the plan; user code that wants to end the program fails instead.

    Raises:
        StrategyError: the strategy called `sys.exit` or the like.
        StoppedError: `should_stop` said so.
    """
    try:
        return await replay(plan, on_progress=on_progress, should_stop=should_stop)
    except SystemExit as error:
        raise StrategyError(
            f"strategy {plan.strategy.name!r} raised SystemExit({error.code!r}), must return"
        ) from error
