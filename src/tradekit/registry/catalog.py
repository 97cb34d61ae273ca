"""What a strategy file declares, by name: one ordered, frozen registry for each kind.

Decides what a name means, which is the default, and what is said where there is none or an unknown
one. Finding the declarations is the loader's business; built-in exchanges and settings are the
plan's. Invariant: names are unique, and nothing is added once a registry is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar

from tradekit.errors import (
    DuplicateNameError,
    NothingRegisteredError,
    UnknownNameError,
    did_you_mean,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Named(Protocol):
    """What can be registered."""

    @property
    def name(self) -> str:
        """How it is asked for."""


Item = TypeVar("Item", bound=Named)

_HOW_TO_DECLARE: Final = {
    "Strategy": 'declare one in the file with @strategy("name"), or name another file',
    "Exchange": (
        "declare one in the file as in `Exchange.files(directory)`, name one with --exchange, "
        "set [backtest] exchange, or import candles with `tradekit data import`"
    ),
    "Frame": (
        'declare one in the file as in `Frame("april", "2026-04-01", "2026-05-01")`, '
        "or give --from and --to"
    ),
}


@dataclass(frozen=True, slots=True)
class Registered(Generic[Item]):
    """A declared object and where that was, as in `strategies/ladder.py:12`."""

    item: Item
    place: str


class Registry(Generic[Item]):
    """The declared objects of one kind in order of definition."""

    __slots__ = ("_entries", "_source", "kind")

    def __init__(self, kind: str, entries: Iterable[Registered[Item]], source: str) -> None:
        """Take the declarations, the same thing declared again counting once.

        Args:
            kind: `Strategy`, `Exchange` or `Frame`.
            entries: in order of definition.
            source: the file that was searched, as messages show it.

        Raises:
            DuplicateNameError: two different things have one name; the message has both places.
        """
        self.kind = kind
        self._source = source
        self._entries: dict[str, Registered[Item]] = {}
        for entry in entries:
            earlier = self._entries.setdefault(entry.item.name, entry)
            if earlier is not entry and not _same(earlier.item, entry.item):
                raise DuplicateNameError(
                    f"{kind.lower()} name {entry.item.name!r} was declared at {earlier.place} and "
                    f"again at {entry.place}, must be unique",
                    fix="rename one of them",
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The names in order of definition."""
        return tuple(self._entries)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._entries)

    def __iter__(self) -> Iterator[Item]:
        """Yield the objects in order of definition."""
        return (entry.item for entry in self._entries.values())

    def __contains__(self, name: object) -> bool:
        """Return whether something has this name."""
        return name in self._entries

    def first(self) -> Item:
        """Return the default: what was defined first.

        Raises:
            NothingRegisteredError: nothing was.
        """
        for item in self:
            return item
        raise nothing_registered(self.kind)

    def get(self, name: str, *, built_in: Iterable[str] = ()) -> Item:
        """Return what is registered under `name`.

        Args:
            name: exactly as it was declared.
            built_in: further names that the caller would have known, for the suggestion.

        Raises:
            UnknownNameError: nothing is; the message has the nearest name.
        """
        if entry := self._entries.get(name):
            return entry.item
        known = list(dict.fromkeys((*self._entries, *built_in)))
        raise UnknownNameError(
            f"{self.kind.lower()} was {name!r}, which {self._source} does not declare"
            f"{did_you_mean(name, known)}",
            fix=f"known: {', '.join(known) or 'none'}",
        )

    def choose(self, name: str | None) -> Item:
        """Return what is registered under `name`, the first if None.

        Raises:
            UnknownNameError: nothing has that name.
            NothingRegisteredError: there is nothing to choose from.
        """
        return self.first() if name is None or not self._entries else self.get(name)


def nothing_registered(kind: str) -> NothingRegisteredError:
    """Return the error for a needed `Strategy`, `Exchange` or `Frame` that nobody named."""
    return NothingRegisteredError(f"{kind} not specified", fix=_HOW_TO_DECLARE[kind])


def _same(one: Named, other: Named) -> bool:
    """Return whether both are one declaration, be it that its file was imported under two names."""
    if one is other or one == other:
        return True
    codes = [getattr(getattr(each, "decide", None), "__code__", None) for each in (one, other)]
    places = [code and (code.co_filename, code.co_firstlineno) for code in codes]
    return None not in places and places[0] == places[1]
