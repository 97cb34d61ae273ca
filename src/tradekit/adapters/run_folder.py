"""Run folders on disk: written beside their place under another name, then moved there in one step.

Decides how a run is made durable, found and removed; what its files hold is decided by whoever
hands them over. Invariant: a folder without the leading dot was complete when it got its name.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from tradekit.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_TAKEN: Final = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_MOMENT: Final = re.compile(r"\d{8}T\d{6}Z")
_REMOVED: Final = ".removed-"
# What names a folder of ours; one that was renamed is known by its manifest instead.
_RUN_ID: Final = re.compile(r"\d{8}T\d{6}Z-.+-[0-9a-f]{8}(-\d+)?")
_MANIFEST: Final = "manifest.json"


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

    def ids(self) -> list[str]:
        """Return the names of all folders that are runs, the newest run first.

        A folder is one if its name is a run's or if it has a manifest, so that one of which half
        is left is still seen, and nobody's other folder ever is.

        When a run began stands in its name; where it does not, and among runs of one second, the
        time at which its folder was last changed decides.

        Raises:
            SettingsError: the place is a file.
            StoreError: it cannot be read.
        """
        try:
            with os.scandir(self._directory) as entries:
                found = [(each.stat().st_mtime_ns, each.name) for each in entries if _is_run(each)]
        except FileNotFoundError:
            return []
        except NotADirectoryError:
            raise SettingsError(f"runs_dir was {self._directory}, which is not a folder") from None
        except OSError as error:
            raise StoreError(f"{self._directory} cannot be read: {error.strerror}") from error
        return [name for *_, name in sorted(map(_age_key, found), reverse=True)]

    def place(self, run_id: str) -> Path:
        """Return the run's folder."""
        return self._directory / run_id

    def names(self, run_id: str) -> list[str]:
        """Return the names in the run's folder, sorted; one of a folder ends with `/`.

        Raises:
            StoreError: there is no such folder, or it cannot be read.
        """
        try:
            with os.scandir(self.place(run_id)) as entries:
                return sorted(
                    f"{each.name}/" if _is_folder(each) else each.name for each in entries
                )
        except OSError as error:
            raise StoreError(f"{self.place(run_id)} cannot be read: {error.strerror}") from error

    def read(self, run_id: str, name: str) -> bytes | None:
        """Return what a file of the run holds, None if there is no such file.

        Raises:
            StoreError: it is there and cannot be read.
        """
        try:
            # Plain calls: listing a thousand runs opens a thousand files.
            with open(f"{self._directory}/{run_id}/{name}", "rb") as file:  # noqa: PTH123
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            place = self.place(run_id) / name
            raise StoreError(f"{place} cannot be read: {error.strerror}") from error

    def lines(self, run_id: str, name: str) -> Iterator[bytes] | None:
        """Return the lines of a file one after the other, line ends included; None without it.

        Raises:
            StoreError: it is there and cannot be read.
        """
        place = self.place(run_id) / name
        return _lines(place) if place.exists() else None

    def remove(self, run_id: str) -> None:
        """Give the folder a name that is no run's in one step, then delete it at leisure.

        What such a deletion left behind when it was interrupted is deleted as well.

        Raises:
            StoreError: there is no such folder, or it may not be renamed.
        """
        try:
            self.place(run_id).rename(self._directory / f"{_REMOVED}{run_id}-{os.getpid()}")
            _sync_folder(self._directory)
        except OSError as error:
            raise StoreError(f"{self.place(run_id)} cannot be removed: {error.strerror}") from error
        for each in self._directory.glob(f"{_REMOVED}*"):
            if each.is_symlink():
                each.unlink(missing_ok=True)
            else:
                shutil.rmtree(each, ignore_errors=True)

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


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is a folder or leads to one; a link in a circle is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_run(entry: os.DirEntry[str]) -> bool:
    """Return whether an entry is the folder of a run, however damaged."""
    if entry.name.startswith(".") or not _is_folder(entry):
        return False
    return bool(_RUN_ID.fullmatch(entry.name)) or os.path.isfile(f"{entry.path}/{_MANIFEST}")  # noqa: PTH113


def _age_key(entry: tuple[int, str]) -> tuple[str, int, str]:
    """Return what sorts folders by age: the moment in the name, then that of the last change."""
    changed_ns, name = entry
    if found := _MOMENT.match(name):
        return found[0], changed_ns, name
    changed = datetime.fromtimestamp(changed_ns / 1e9, tz=UTC)
    return changed.strftime("%Y%m%dT%H%M%SZ"), changed_ns, name


def _lines(place: Path) -> Iterator[bytes]:
    try:
        with place.open("rb") as file:
            yield from file
    except OSError as error:
        raise StoreError(f"{place} cannot be read: {error.strerror}") from error


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
