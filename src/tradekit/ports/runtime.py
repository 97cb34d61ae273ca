"""What the program needs of the machine it runs on: a clock, and a place for what runs leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path


class Clock(Protocol):
    """The time of day."""

    def now_ms(self) -> int:
        """Return the time in ms UTC."""


class RunStore(Protocol):
    """Where the folder of each run goes."""

    async def wait_ready(self) -> None:
        """Return once a run could be kept; nothing is made before one is.

        Raises:
            SettingsError: the place is not a folder.
            StoreError: nothing may be written there.
        """

    def write(self, run_id: str, files: Mapping[str, Iterable[str]]) -> Path:
        """Keep a run: all of its files or none.

        Args:
            run_id: the folder's name; a counter is added where it is taken.
            files: name → text in pieces, line ends included.

        Returns:
            Where it is now; it survives a crash from here on.

        Raises:
            StoreError: the disk is full or the place is broken; nothing is left behind.
        """
