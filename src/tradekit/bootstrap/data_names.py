"""What the `data` commands are told: exchange, symbols, interval, window; and what is meant by it.

Decides what is refused there, before anything is read or written. What is done with what was found
is the business of the modules of each command.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from tradekit.domain.time import Interval, format_time
from tradekit.errors import SettingsError, UnknownNameError, did_you_mean, raise_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tradekit.ports.store import CandleStore, Holding

LOCAL: Final = "local"
SYNTHETIC: Final = "synthetic"
_EXCHANGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SYMBOL: Final = re.compile(r"[A-Z0-9]+")
#: After every candle there can be: times end with the year 2100.
ALWAYS_MS: Final = 2**42


def check_symbol(symbol: str) -> str:
    """Return `symbol` as it is kept, in capital letters.

    Raises:
        SettingsError: it is not made of letters and digits.
    """
    upper = symbol.strip().upper()
    if not _SYMBOL.fullmatch(upper):
        raise SettingsError(f"symbol was {symbol!r}, must be letters and digits such as BTCUSDT")
    return upper


def check_interval(text: str) -> Interval:
    """Return the interval written as `text`, which came from `--interval`."""
    known = {each.value: each for each in Interval}
    if text not in known:
        raise SettingsError(f"--interval was {text!r}, must be one of {', '.join(known)}")
    return known[text]


def check_exchange(exchange: str) -> None:
    """Refuse names under which candles would not be found again."""
    if not _EXCHANGE.fullmatch(exchange):
        raise SettingsError(
            f"--exchange was {exchange!r}, must be letters, digits, dots, dashes and underscores"
        )
    if exchange == SYNTHETIC:
        raise SettingsError(
            f"--exchange was {exchange!r}, must be another name: that exchange makes its candles",
            fix=f"use {LOCAL!r}, or a name of your own",
        )


def check_window(since_ms: int, until_ms: int, interval: Interval) -> None:
    """Refuse a window that is empty or off the interval's grid."""
    if until_ms <= since_ms:
        raise SettingsError(
            f"--to was {format_time(until_ms)}, must be after --from {format_time(since_ms)}"
        )
    for option, ts_ms in (("--from", since_ms), ("--to", until_ms)):
        if ts_ms % interval.ms:
            raise SettingsError(
                f"{option} was {format_time(ts_ms)}, must be a multiple of the interval "
                f"{interval.plain}"
            )


async def find_holdings(
    store: CandleStore,
    symbols: Sequence[str],
    *,
    exchange: str | None = None,
    interval: str | None = None,
) -> list[Holding]:
    """Return what the store has of these symbols, of all without any, in the store's order.

    Args:
        store: where to look.
        symbols: as people write them.
        exchange: None for every exchange; likewise `interval`, which is as people write it.

    Raises:
        SettingsError: a symbol or the interval cannot be one.
        UnknownNameError: the store has nothing of a symbol, or of all that was named, there.
            Several are a group.
    """
    wanted = dict.fromkeys(check_symbol(each) for each in symbols)
    only = None if interval is None else check_interval(interval)
    stored = await store.holdings()
    held = [
        each
        for each in stored
        if exchange in {None, each.exchange} and only in {None, each.interval}
    ]
    known = sorted({each.symbol for each in held})
    where = "" if exchange is None else f" of exchange {exchange!r}"
    what = "candles" if only is None else f"{only.plain} candles"
    if not held and (exchange, only) != (None, None):
        meant = did_you_mean(exchange or "", sorted({each.exchange for each in stored}))
        raise UnknownNameError(
            f"the store has no {what}{where}{meant}", fix="see: tradekit data list"
        )
    raise_all(
        "the store lacks several symbols",
        [
            UnknownNameError(
                f"the store has no {what}{where} of {each}{did_you_mean(each, known)}",
                fix="see: tradekit data list",
            )
            for each in wanted
            if each not in known
        ],
    )
    return [each for each in held if not wanted or each.symbol in wanted]
