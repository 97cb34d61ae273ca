"""Choices out of a string of bytes: as quick to draw as one value, and shrunk like one.

Shrinking turns bytes into zeros and a zero chooses the first option, so put the plain case first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Sequence

Choice = TypeVar("Choice")


class Dice:
    """Chooses by the next bytes of `content`."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._used = 0

    def below(self, count: int) -> int:
        """Return a number from 0 to below `count`, at most 65,536."""
        first, self._used = self._used, self._used + (1 if count <= 256 else 2)
        return int.from_bytes(self._content[first : self._used]) % count

    def pick(self, options: Sequence[Choice]) -> Choice:
        """Return one of the options."""
        return options[self.below(len(options))]

    def often(self) -> bool:
        """Return True four times out of five."""
        return self.below(5) < 4


def dice(*, rolls: int) -> st.SearchStrategy[Dice]:
    """Draw dice for that many rolls; all after those give the first option."""
    return st.binary(min_size=rolls, max_size=rolls).map(Dice)
