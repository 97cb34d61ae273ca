"""The names that a candle store holds candles under.

Decides nothing but how they are found. It stands apart from `candles` because a shell that
completes a name waits for it, and whatever reads candles takes long to load.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from tradekit.adapters.sqlite.tables import candle_file

if TYPE_CHECKING:
    from pathlib import Path

_SELECT: Final = "SELECT DISTINCT exchange, symbol FROM candle_day ORDER BY exchange, symbol"


def read_names(path: Path) -> list[tuple[str, str]]:
    """Return exchange and symbol of all stored candles, each pair once, sorted; none if no store.

    Args:
        path: the file of the store; reading makes none and leaves none beside it.

    Raises:
        StoreError: it cannot be read, or another version of tradekit made it.
        CorruptError: it is damaged, or no store.
    """
    with closing(candle_file(path)) as file, file.failures("could not be read"):
        open_ = file.reader()
        return [] if open_ is None else open_.execute(_SELECT).fetchall()
