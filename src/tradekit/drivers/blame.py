"""Say what the user's code did wrong, and where in his file."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradekit.domain.time import format_time
from tradekit.errors import DataError, StrategyError, TradekitError

if TYPE_CHECKING:
    from tradekit.engine.state import Terms

_OWN: Final = str(Path(__file__).resolve().parent.parent)


def blame(error: BaseException, terms: Terms, place: str, now_ms: int) -> StrategyError:
    """Return the failure of user code as one sentence: what, where in the file, which symbol, when.

    Args:
        error: what was raised; tradekit's own sentences are kept as they are.
        terms: whose code it was.
        place: the function's name.
        now_ms: the boundary at which it was called.
    """
    where = f"strategy {terms.strategy!r}, {place}{_line(error)}, {terms.symbol} at "
    where += format_time(now_ms)
    if isinstance(error, TradekitError):
        kind = type(error) if isinstance(error, StrategyError) else StrategyError
        fix = error.fix or ("check the candles" if isinstance(error, DataError) else "")
        raised = kind(f"{error.message} ({where})", fix=fix)
    else:
        raised = StrategyError(f"{told(error)} ({where})")
    raised.__cause__ = error
    raised.place = place
    return raised


def told(error: BaseException) -> str:
    """Return kind and text of an error in one line."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def is_users(error: BaseException) -> bool:
    """Return whether the user's code is to blame; somebody who stops the run is not."""
    if isinstance(error, StrategyError):
        return not error.place
    return not isinstance(error, KeyboardInterrupt | asyncio.CancelledError)


def name_of(function: object) -> str:
    """Return how the user calls his function."""
    return str(getattr(function, "__name__", type(function).__name__))


def _line(error: BaseException) -> str:
    """Return file and line of the innermost frame that is not tradekit's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not frame.filename.startswith(_OWN):
            return f" ({Path(frame.filename).name}:{frame.lineno})"
    return ""
