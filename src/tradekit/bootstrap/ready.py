"""Waiting until everything that a run depends on can be used, all of it at once.

Decides how long, and when to say what is being waited for. How a thing becomes ready is its own
business. Invariant: when waiting ends, nothing is left waiting in the background.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tradekit.errors import NotReadyError, TradekitError, raise_all

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

# Shorter waits are not worth a line.
SILENT_S: Final = 0.5


async def wait_until_ready(
    things: Mapping[str, Callable[[], Awaitable[None]]],
    *,
    wait_s: float,
    on_waiting: Callable[[Sequence[str]], None],
    silent_s: float = SILENT_S,
) -> None:
    """Wait for all of `things`, given by name, and say so once if it takes a while.

    Args:
        things: name → what returns when it can be used, or raises why it never will be.
        wait_s: how long all of them have together.
        on_waiting: told the names that are not ready after `silent_s`.
        silent_s: how long nothing is said.

    Raises:
        TradekitError: one of them failed or was not ready in time.
        ExceptionGroup: several of them.
    """
    pending = list(things)
    failed: list[TradekitError] = []

    async def wait_for(name: str) -> None:
        try:
            await things[name]()
        except TradekitError as error:  # the others are still waited for: all mistakes at once
            failed.append(error)
        pending.remove(name)

    try:
        async with asyncio.timeout(wait_s), asyncio.TaskGroup() as group:
            tasks = [group.create_task(wait_for(name)) for name in things]
            await asyncio.wait(tasks, timeout=silent_s)
            if pending:
                on_waiting(tuple(pending))
    except TimeoutError:
        failed += [
            NotReadyError(
                f"{name} was not ready after {wait_s:g} s",
                fix="start it, or wait longer with --wait",
            )
            for name in pending
        ]
    raise_all("not everything became ready", failed)
