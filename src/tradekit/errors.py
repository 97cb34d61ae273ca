"""Every expected failure of tradekit, cut by what its reader should do about it.

TradekitError
├── ConfigError
│   ├── SettingsError
│   ├── UnknownNameError
│   ├── DuplicateNameError
│   ├── NothingRegisteredError
│   └── StrategyLoadError
├── NotReadyError
│   └── LoginRequiredError
├── VerdictError
├── DataError
│   ├── CandleError
│   ├── LookaheadError
│   ├── CandleGapError
│   └── CandlesMissingError
├── StrategyError
│   ├── SignalError
│   ├── WarmupError
│   └── NotInHistoryError
├── ProtocolError
│   ├── LocalProtocolError
│   └── RemoteProtocolError
├── BrokerError
│   ├── OutcomeUnknownError
│   ├── RejectedError
│   ├── UnavailableError
│   └── AuthError
├── StoreError
│   ├── ConflictError
│   └── CorruptError
└── StoppedError

An error says what was wrong, its value, the rule and where, in one sentence; `fix` says what to
do about it. Several mistakes are raised together, as a group. Turning an error into an exit code is
`cli.app`'s business alone; the code itself is a class attribute so that there is one table.
Programmer errors are assertions, never these.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

# How alike a name must be to one that was typed to be taken for what was meant, from 0 to 1.
NEAR: Final = 0.6


class TradekitError(Exception):
    """Something expected went wrong."""

    exit_code: ClassVar[int] = 1
    restart_helps: ClassVar[bool] = False

    def __init__(self, message: str = "", *, fix: str = "") -> None:
        """Keep the sentence and the remedy; without a sentence the class's own stands in."""
        self.message = message or (type(self).__doc__ or "").strip()
        self.fix = fix
        super().__init__(self.message)


class ConfigError(TradekitError):
    """A setting, a name or a file needs to be changed by a person."""

    exit_code = 2


class SettingsError(ConfigError):
    """A setting has a value that it may not have."""


class UnknownNameError(ConfigError):
    """A name was given that nothing is registered under."""


class DuplicateNameError(ConfigError):
    """Two things were registered under one name."""


class NothingRegisteredError(ConfigError):
    """A strategy, exchange or frame was needed and none is declared."""


class StrategyLoadError(ConfigError):
    """The strategy file could not be loaded."""


class NotReadyError(TradekitError):
    """Something that the run depends on did not become ready in time."""

    exit_code = 3
    restart_helps = True


class LoginRequiredError(NotReadyError):
    """Someone has to log in first."""

    restart_helps = False


class VerdictError(TradekitError):
    """What was checked is not as it must be."""

    exit_code = 4


class DataError(TradekitError):
    """Market data breaks its contract."""

    exit_code = 4


class CandleError(DataError):
    """A candle is impossible, out of order or not a number."""


class LookaheadError(DataError):
    """A view was asked for candles that have not closed."""


class CandleGapError(DataError):
    """Candles are missing inside the time that the run needs."""

    exit_code = 6


class CandlesMissingError(DataError):
    """There are no candles for the time that the run needs."""

    exit_code = 6


class StrategyError(TradekitError):
    """The strategy raised, or answered with something that makes no sense."""

    #: The function of the strategy file in which it happened, where that is known.
    place: str = ""


class SignalError(StrategyError):
    """A signal contradicts itself."""


class WarmupError(StrategyError):
    """More closed candles were asked for than there are yet."""


class NotInHistoryError(StrategyError):
    """History does not hold what was asked for."""


class ProtocolError(TradekitError):
    """The engine was handed an event that cannot happen in its state."""

    exit_code = 5


class LocalProtocolError(ProtocolError):
    """Our own driver handed the engine an impossible event."""

    exit_code = 1


class RemoteProtocolError(ProtocolError):
    """The venue said something impossible."""


class BrokerError(TradekitError):
    """The broker refused or failed."""

    exit_code = 3


class OutcomeUnknownError(BrokerError):
    """An order was sent and its fate is not known."""

    exit_code = 5


class RejectedError(BrokerError):
    """The broker gave a definite no."""


class UnavailableError(BrokerError):
    """The broker did definitely not do it, and may do it later."""

    restart_helps = True


class AuthError(BrokerError):
    """The broker does not accept these credentials."""


class StoreError(TradekitError):
    """The store failed."""


class ConflictError(StoreError):
    """Another writer was faster."""


class CorruptError(StoreError):
    """Stored data is damaged and needs a person."""

    exit_code = 5


class StoppedError(TradekitError):
    """The run was stopped by a signal."""

    exit_code = 130


def together(heading: str, errors: Sequence[Exception]) -> Exception:
    """Return what to raise for these errors: one alone as it is, several as a group."""
    assert errors, "there must be an error to raise"
    return errors[0] if len(errors) == 1 else ExceptionGroup(heading, errors)


def raise_all(heading: str, errors: Sequence[Exception]) -> None:
    """Raise these errors, one alone as it is, several as a group; do nothing without one."""
    if errors:
        raise together(heading, errors)


def nearest(name: str, known: Collection[str], *, near: float = NEAR) -> str | None:
    """Return the known name that `name` was probably meant for, None if there is none.

    Args:
        near: how alike they must be, from 0 to 1; more than `NEAR` where the known names have much
            in common, as symbols of one quote currency have.
    """
    return next(iter(get_close_matches(name, known, n=1, cutoff=near)), None)


def did_you_mean(name: str, known: Collection[str]) -> str:
    """Return the end of a sentence about an unknown name: a question, or nothing."""
    meant = nearest(name, known)
    return f"; did you mean {meant!r}?" if meant else ""
