"""What a hook asks of the engine."""

from __future__ import annotations

from typing import NamedTuple


class Close(NamedTuple):
    """Close the open position at the open of the next candle."""

    note: str = ""


Command = Close
