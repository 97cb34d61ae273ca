"""The rows of a candle file before they are candles: its columns by our names, cell by cell.

Decides which column of a file is which of ours, and how a cell that is no good is spoken of. How
cells come out of a file is the business of the readers of each format, what they mean that of
`cells`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tradekit.domain.candle import COLUMNS
from tradekit.errors import CandleError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import NoReturn

TIME: Final = "timestamp_ms"
NAMES: Final = (TIME, *COLUMNS)
# Headers that are taken for ours, in order of preference; case, spaces and dashes do not matter.
_ALIASES: Final[dict[str, tuple[str, ...]]] = {
    TIME: (TIME, "timestamp", "time", "ts", "date", "datetime", "open_time", "opentime"),
    "open": ("open", "o"),
    "high": ("high", "h"),
    "low": ("low", "l"),
    "close": ("close", "c"),
    "volume": ("volume", "v", "vol"),
}


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a file by our names for the columns, and how to speak of one.

    `cells` are texts, or numbers where a file keeps numbers; `lines` says for each row how people
    count it; `time_unit` is that of the times where the file says so itself.
    """

    path: Path
    cells: dict[str, Sequence[Any]]
    headers: dict[str, str]
    lines: Sequence[int]
    time_unit: str | None = None

    def refuse(self, name: str, index: int, rule: str, *, rows: int = 1) -> NoReturn:
        """Raise what refuses the file for the cell of column `name` in row `index`."""
        what = name if self.headers[name] == name else f"{name} (column {self.headers[name]!r})"
        more = f"; {rows} rows break a rule" if rows > 1 else ""
        raise CandleError(
            f"{what} was {self.cells[name][index]!r}, {rule} "
            f"(row {self.lines[index]} of {self.path}{more})"
        )


def find_places(path: Path, header: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """Return which column of the file is which of ours.

    Args:
        header: the names in the file, in its order.
        columns: our names of columns to the file's, where they are not the usual ones.

    Raises:
        CandleError: one of ours is missing.
    """
    found = {_plain(cell): place for place, cell in reversed(list(enumerate(header)))}
    places = {}
    for name in NAMES:
        wanted = (_plain(columns[name]),) if name in columns else _ALIASES[name]
        place = next((found[each] for each in wanted if each in found), None)
        if place is None:
            raise CandleError(
                f"{path} has no column {columns.get(name, name)!r}, its {len(header)} columns are "
                f"{', '.join(header)}",
                fix=f"name the column that holds it: --map {name}=NAME",
            )
        places[name] = place
    return places


def _plain(header: str) -> str:
    """Return a header without what does not matter in it."""
    return re.sub(r"[\s_-]+", "_", header.strip().lower())


def check_columns(columns: Mapping[str, str]) -> None:
    """Refuse a mapping of columns that candles do not have.

    Raises:
        SettingsError: a name is not one of ours.
    """
    unknown = [name for name in columns if name not in NAMES]
    if unknown:
        raise SettingsError(f"a column was mapped to {unknown[0]!r}, must be {', '.join(NAMES)}")
