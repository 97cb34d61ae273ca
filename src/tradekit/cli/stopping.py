"""SIGINT and SIGTERM: a request to stop, which the work looks for when it is safe.

Decides what the first and the second signal do. What stopping means is decided by the work itself.
There is one `STOP` because a process has one set of signals.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class StopFlag:
    """Whether somebody wants the program to stop, and by which signal."""

    def __init__(self) -> None:
        """Start without a request."""
        self.signum: int | None = None
        self._on_first: Callable[[], object] | None = None

    def install(self) -> None:
        """Listen; only the main thread may do this."""
        for each in _SIGNALS:
            signal.signal(each, self._receive)

    def requested(self) -> bool:
        """Return whether a signal has come."""
        return self.signum is not None

    @property
    def exit_code(self) -> int:
        """The code of a program that ended because of it, as shells have it."""
        return 128 + (self.signum or signal.SIGINT)

    @contextmanager
    def gently(self, on_first: Callable[[], object]) -> Iterator[None]:
        """Let the first signal call `on_first` and nothing more; the work ends by itself.

        Outside of this, and from the second signal on, work is interrupted at once.
        """
        self._on_first = on_first
        try:
            yield
        finally:
            self._on_first = None

    def _receive(self, signum: int, frame: FrameType | None) -> None:
        del frame
        first = self.signum is None
        if first:
            self.signum = signum
        if first and self._on_first is not None:
            self._on_first()
        else:
            raise KeyboardInterrupt


STOP: Final = StopFlag()
