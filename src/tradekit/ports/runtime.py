"""What the program needs of the machine it runs on: a clock, and a place for what runs leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path


class Clock(Protocol):
    """The time of day."""

    def now_ms(self) -> int:
        """Return the time in ms UTC."""


class RunStore(Protocol):
    """Where the folder of each run goes, and where it is found again."""

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
            files: name → text in pieces, line ends included; taken one after the other in this
                order, so that the last may tell of those before it.

        Returns:
            Where it is now; it survives a crash from here on.

        Raises:
            StoreError: the disk is full or the place is broken; nothing is left behind.
        """

    def ids(self) -> list[str]:
        """Return the names of all kept runs, the newest first; none where there is no place yet.

        What is no run is not named, whatever lies beside them.

        Raises:
            SettingsError: the place is not a folder.
            StoreError: it cannot be read.
        """

    def place(self, run_id: str) -> Path:
        """Return where the run is, or would be."""

    def names(self, run_id: str) -> list[str]:
        """Return the names in the run's folder, sorted; one of a folder ends with `/`.

        Raises:
            StoreError: there is no such run, or it cannot be read.
        """

    def read(self, run_id: str, name: str) -> bytes | None:
        """Return what a file of the run holds, None if there is no such file.

        Raises:
            StoreError: it is there and cannot be read.
        """

    def lines(self, run_id: str, name: str) -> Iterator[bytes] | None:
        """Return the lines of a file one after the other, line ends included; None without it.

        Raises:
            StoreError: it is there and cannot be read; raised when a line is asked for.
        """

    def remove(self, run_id: str) -> None:
        """Remove a run; it is gone at once or still whole, whatever happens on the way.

        Raises:
            StoreError: there is no such run, or it may not be removed.
        """
