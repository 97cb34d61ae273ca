"""Writing candles of the store to files.

Decides which file each symbol goes to and in which format. What such a file looks like is the
writer's business. Invariant: every mistake in what was asked for is told before a file is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradekit.bootstrap import wiring
from tradekit.bootstrap.data_names import ALWAYS_MS, check_interval, find_holdings
from tradekit.domain.time import format_time
from tradekit.errors import CandlesMissingError, SettingsError, raise_all

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tradekit.domain.time import Interval
    from tradekit.ports.store import Holding


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file that was written, and the candles in it; times in ms UTC, `until_ms` outside."""

    path: Path
    symbol: str
    interval: Interval
    since_ms: int
    until_ms: int
    candles: int
    content_hash: str


async def export_candles(
    state_dir: Path,
    symbols: Sequence[str],
    out: Path,
    *,
    exchange: str,
    interval: str = "1m",
    form: str | None = None,
    since_ms: int = 0,
    until_ms: int = ALWAYS_MS,
) -> tuple[ExportedFile, ...]:
    """Write the candles of each symbol that open in `[since_ms, until_ms)` to a file of its own.

    Args:
        state_dir: where the embedded store lives.
        symbols: as people write them.
        out: a folder that exists, where the files are named `SYMBOL-INTERVAL.FORMAT`; or, for one
            symbol, the file.
        exchange: under which the candles are kept.
        interval: as people write it.
        form: the format; None takes it from the end of the file's name, else CSV.
        since_ms: in ms UTC; likewise `until_ms`.

    Raises:
        ConfigError: what was asked for makes no sense. Several are a group.
        CandlesMissingError: a symbol has no candles in the window; nothing was written.
        StoreError: the store cannot be read or a file not be written; earlier files stay.
    """
    if until_ms <= since_ms:
        raise SettingsError(
            f"--to was {format_time(until_ms)}, must be after --from {format_time(since_ms)}"
        )
    if form is not None and form not in wiring.candle_formats():
        formats = ", ".join(wiring.candle_formats())
        raise SettingsError(f"--format was {form!r}, must be one of {formats}")
    step = check_interval(interval)
    is_folder = out.is_dir()  # noqa: ASYNC240  # nothing else runs meanwhile
    store = wiring.open_candle_store(state_dir)
    try:
        held = await find_holdings(store, symbols, exchange=exchange, interval=interval)
        if len(held) > 1 and not is_folder:
            raise SettingsError(
                f"--out was {str(out)!r}, must be a folder that exists for {len(held)} symbols"
            )
        absent = [x for x in held if x.until_ms <= since_ms or until_ms <= x.since_ms]
        raise_all("nothing was written", [_missing(each, since_ms, until_ms) for each in absent])
        written = []
        for each in held:
            series = await store.load(exchange, each.symbol, step, since_ms, until_ms)
            if not len(series):  # a hole
                raise _missing(each, since_ms, until_ms)
            path, chosen = _place(out, each, form)
            wiring.write_candle_file(path, series, chosen)
            written.append(
                ExportedFile(
                    path=path,
                    symbol=each.symbol,
                    interval=step,
                    since_ms=int(series.ts_ms[0]),
                    until_ms=int(series.ts_ms[-1]) + step.ms,
                    candles=len(series),
                    content_hash=series.content_hash(),
                )
            )
    finally:
        await store.close()
    return tuple(written)


def _missing(held: Holding, since_ms: int, until_ms: int) -> CandlesMissingError:
    """Return the error for a window in which there is no candle."""
    bounds = [
        f"{word} {format_time(ts_ms)}"
        for word, ts_ms in (("from", since_ms), ("to", until_ms))
        if 0 < ts_ms < ALWAYS_MS
    ]
    return CandlesMissingError(
        f"exchange {held.exchange!r} has no {held.interval.plain} candle of {held.symbol} "
        f"{' '.join(bounds)}, it has some between {format_time(held.since_ms)} and "
        f"{format_time(held.until_ms)}",
        fix="choose another window, or import what is missing",
    )


def _place(out: Path, held: Holding, form: str | None) -> tuple[Path, str]:
    """Return where a symbol's candles go, and in which format."""
    if out.is_dir():
        chosen = form or "csv"
        return out / f"{held.symbol}-{held.interval.plain}.{chosen}", chosen
    # The longer ending first: `x.csv.gz` ends in no other one.
    endings = sorted(wiring.candle_formats(), key=len, reverse=True)
    named = next((each for each in endings if out.name.endswith(f".{each}")), "csv")
    return out, form or named
