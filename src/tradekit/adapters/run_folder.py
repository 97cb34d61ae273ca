"""Run folders on disk: written beside their place under another name, then moved there in one step.

Decides how a run is made durable; what its files hold is decided by whoever hands them over.
Invariant: a folder without the leading dot is complete.
"""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tradekit.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_TAKEN: Final = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class RunFolders:
    """The run folders under `directory`, which is made with the first of them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def wait_ready(self) -> None:
        """Return if a folder could be made.

        Raises:
            SettingsError: the place, or one above it, is a file.
            StoreError: nothing may be written there.
        """
        place = self._directory
        while not place.exists() and place != place.parent:
            place = place.parent
        if not place.is_dir():
            raise SettingsError(f"runs_dir was {self._directory}, but {place} is not a folder")
        if not os.access(place, os.W_OK | os.X_OK):
            raise StoreError(f"runs_dir was {self._directory}, but {place} may not be written to")

    def write(self, run_id: str, files: Mapping[str, Iterable[str]]) -> Path:
        """Write all files of a run or nothing, and return the folder that holds them.

        Args:
            run_id: the folder's name; `-2`, `-3`, … is added where it is taken.
            files: name → text in pieces, line ends included.

        Raises:
            StoreError: the disk is full or the place is broken.
        """
        made_directory = not self._directory.exists()
        draft = self._directory / f".{run_id}-{os.getpid()}"
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            draft.mkdir()
            for name, pieces in files.items():
                _write_durably(draft / name, pieces)
            _sync_folder(draft)
            place = self._move(draft, run_id)
            _sync_folder(self._directory)
        except OSError as error:
            raise self._told(error) from error
        finally:
            # Gone after the move; whatever else happened, nothing half-written stays.
            shutil.rmtree(draft, ignore_errors=True)
            if made_directory:
                with suppress(OSError):  # it holds a run, as it should
                    self._directory.rmdir()
        return place

    def _move(self, draft: Path, run_id: str) -> Path:
        """Rename the draft to the first free name; what is there already is never touched."""
        number = 1
        while True:
            place = self._directory / (run_id if number == 1 else f"{run_id}-{number}")
            try:
                return draft.rename(place)
            except OSError as error:
                if error.errno not in _TAKEN:
                    raise
            number += 1

    def _told(self, error: OSError) -> StoreError:
        if error.errno in _FULL:
            return StoreError(
                f"the run could not be written to {self._directory}: the disk is full "
                f"({error.strerror}); nothing was left there",
                fix="make room, or name another place with --runs-dir",
            )
        return StoreError(
            f"the run could not be written to {self._directory}: {error.strerror or error}"
        )


def _write_durably(path: Path, pieces: Iterable[str]) -> None:
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make what was created or renamed in `folder` survive a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
