"""What the `data` commands have in common: their settings, their options, and how a row is named.

Decides nothing else.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Protocol

import typer

from tradekit.cli import completion

if TYPE_CHECKING:
    from tradekit.bootstrap.settings import Settings
    from tradekit.domain.time import Interval

StoredSymbols = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SYMBOL...]",
        help="Symbols of the store; all of them without any.",
        autocompletion=completion.stored_symbols,
    ),
]
OnExchange = Annotated[
    str | None,
    typer.Option(
        "--exchange",
        metavar="NAME",
        help="Only what is kept under that name.",
        autocompletion=completion.stored_exchanges,
    ),
]
OfInterval = Annotated[
    str | None,
    typer.Option(
        "--interval", help="Only candles of that length.", autocompletion=completion.intervals
    ),
]


class Row(Protocol):
    """Candles of one symbol and interval, spanning some time."""

    @property
    def symbol(self) -> str:
        """Its name."""

    @property
    def interval(self) -> Interval:
        """The length of the candles."""

    @property
    def since_ms(self) -> int:
        """The open time of the first candle."""

    @property
    def until_ms(self) -> int:
        """When the last one ends."""


def here() -> Settings:
    """Return the settings that hold where the command was started."""
    from tradekit.bootstrap.settings import load_settings

    return load_settings(Path.cwd(), os.environ)


def named(each: Row) -> tuple[str, str, str, str]:
    """Return symbol, interval and window of a row as text."""
    from tradekit.domain.time import format_time

    window = format_time(each.since_ms), format_time(each.until_ms)
    return each.symbol, each.interval.plain, *window


def told(each: Row) -> dict[str, str]:
    """Return the same as the JSON documents have it."""
    return dict(zip(("symbol", "interval", "from", "to"), named(each), strict=True))
