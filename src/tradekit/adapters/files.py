"""One file written so that it is there whole or not at all, and survives a crash.

Decides how bytes become a file: a draft beside the target, made durable, then renamed over it. What
the bytes are and how an old file is to be treated otherwise is its caller's business. Invariant:
nothing but a regular file is ever replaced; a link stays a link, its target is replaced.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from tradekit.errors import SettingsError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NAME_KEPT: Final = 40
_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def write_file(path: Path, pieces: Iterable[bytes]) -> int:
    """Write the pieces to a file and return their length in bytes; a file there is replaced.

    A file that is replaced keeps its permissions.

    Raises:
        SettingsError: there is something else than a regular file, or no such folder.
        StoreError: the disk is full or nothing may be written there; what was there is there still.
    """
    target = _target(path)
    draft = target.with_name(f".{target.name[:_NAME_KEPT]}-{os.getpid()}")
    try:
        draft.unlink(missing_ok=True)  # of a process that was killed
        try:
            size = _write_durably(draft, pieces)
            if target.exists():
                draft.chmod(target.stat().st_mode & 0o777)
            draft.replace(target)
        finally:
            with suppress(OSError):  # gone after the rename, or never made
                draft.unlink()
        _sync_folder(target.parent)
    except OSError as error:
        full = "the disk is full: " if error.errno in _FULL else ""
        raise StoreError(
            f"{path} could not be written: {full}{error.strerror or error}",
            fix="make room, or name another place" if full else "",
        ) from error
    return size


def _target(path: Path) -> Path:
    """Return where a path leads, links followed, if a file may be written there."""
    try:
        if path.is_dir():
            raise SettingsError(f"{path} cannot be written: it is a folder, must be a file")
        if path.exists() and not path.is_file():
            raise SettingsError(f"{path} cannot be written: it is no regular file, must be one")
        target = path.resolve()
        if not target.parent.is_dir():
            raise SettingsError(
                f"{path} cannot be written: there is no folder {_shown_parent(path, target)}",
                fix="make it first, or name another place",
            )
    except (OSError, RuntimeError, ValueError) as error:
        # A link that leads to itself is a RuntimeError, a zero byte in the name a ValueError.
        reason = (isinstance(error, OSError) and error.strerror) or error
        raise SettingsError(f"{path} cannot be written: {reason}") from error
    return target


def _shown_parent(path: Path, target: Path) -> Path:
    return target.parent if path.is_symlink() else path.parent


def _write_durably(draft: Path, pieces: Iterable[bytes]) -> int:
    size = 0
    with draft.open("xb") as file:
        for piece in pieces:
            size += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return size


def _sync_folder(folder: Path) -> None:
    """Make what was renamed in `folder` survive a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
