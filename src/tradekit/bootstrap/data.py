"""What the `data` commands do: take files into the store, list it, fill it with made-up candles.

Decides the order of the work and what happens when part of it fails: a mistake in what was asked
for stops everything before anything is written, a bad file stops only itself. What is wrong with a
file is the reader's business; how the outcome looks is the command line's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tradekit.api.declare import Exchange
from tradekit.bootstrap import wiring
from tradekit.domain.time import Interval, format_time
from tradekit.errors import CandleError, ConfigError, DataError, SettingsError, TradekitError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tradekit.domain.candle import CandleSeries
    from tradekit.kernels.intake import ReadReport
    from tradekit.ports.store import Appended, Holding

LOCAL: Final = "local"
SYNTHETIC: Final = "synthetic"
_EXCHANGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SYMBOL: Final = re.compile(r"[A-Z0-9]+")
# After every candle there can be: times end with the year 2100.
_ALWAYS_MS: Final = 2**42


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """A file that was taken: what it held, what was noticed in it, what the store made of it.

    Units: as in `ReadReport`, `Holding` and `Appended`.
    """

    path: Path
    symbol: str
    interval: Interval
    since_ms: int
    until_ms: int
    rows: int
    candles: int
    duplicates: int
    disorder: int
    outside: int
    zero_volume: int
    far_ts_ms: tuple[int, ...]
    holes: int
    missing: int
    added: int
    known: int
    conflict_ts_ms: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file of which nothing was taken, and why."""

    path: Path
    error: TradekitError


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What became of each file; `left_out` are those of a directory whose names say no symbol."""

    exchange: str
    taken: tuple[ImportedFile, ...]
    refused: tuple[RefusedFile, ...]
    left_out: tuple[Path, ...]

    def failures(self) -> list[TradekitError]:
        """Return what a person has to look at: refused files, and candles that contradict ours."""
        return [
            *(each.error for each in self.refused),
            *(_contradiction(self.exchange, each) for each in self.taken if each.conflict_ts_ms),
        ]


@dataclass(frozen=True, slots=True)
class Synthesised:
    """What was made of one symbol: candles in all, and those that the store did not have yet."""

    symbol: str
    interval: Interval
    since_ms: int
    until_ms: int
    candles: int
    added: int


async def import_files(
    state_dir: Path,
    paths: Sequence[Path],
    *,
    exchange: str = LOCAL,
    symbol: str | None = None,
    interval: str | None = None,
    columns: Mapping[str, str] | None = None,
) -> ImportOutcome:
    """Take candle files into the store, each whole or not at all.

    Args:
        state_dir: where the embedded store lives.
        paths: files, and directories whose CSV files are meant.
        exchange: the name under which the candles are kept.
        symbol: of all files; None takes it from each name. Likewise `interval`.
        interval: as people write it.
        columns: our names of columns to the files'.

    Raises:
        ConfigError: what was asked for makes no sense; nothing was taken. Several are a group.
        StoreError: the store failed; files before that one were taken.
    """
    _check_exchange(exchange)
    symbol = None if symbol is None else check_symbol(symbol)
    wanted = None if interval is None else _interval(interval)
    files, left_out = _expand(paths, named=symbol is not None and wanted is not None)
    _raise_all(
        f"{len(files)} files, several of which cannot be imported", _misnamed(files, symbol, wanted)
    )
    taken: list[ImportedFile] = []
    refused: list[RefusedFile] = []
    store = wiring.open_candle_store(state_dir)
    try:
        for path in files:
            try:
                report = wiring.read_candle_file(
                    path, symbol=symbol, interval=wanted, columns=columns
                )
            except DataError as error:
                refused.append(RefusedFile(path, error))
                continue
            appended = await store.append(exchange, report.symbol, report.interval, report.series)
            taken.append(_imported(path, report, appended))
    finally:
        await store.close()
    return ImportOutcome(exchange, tuple(taken), tuple(refused), tuple(left_out))


async def list_holdings(state_dir: Path) -> Sequence[Holding]:
    """Return what the store of `state_dir` has, sorted.

    Raises:
        StoreError: it cannot be read.
    """
    store = wiring.open_candle_store(state_dir)
    try:
        return await store.holdings()
    finally:
        await store.close()


async def synthesise(
    state_dir: Path,
    symbols: Sequence[str],
    since_ms: int,
    until_ms: int,
    *,
    seed: int,
    exchange: str = LOCAL,
    interval: str = "1m",
) -> tuple[Synthesised, ...]:
    """Write the made-up candles that open in `[since_ms, until_ms)` to the store.

    The same seed twice adds nothing the second time. Made-up candles are never put beside candles
    of another origin, whatever their times: nobody could tell them apart afterwards.

    Raises:
        ConfigError: the window, a symbol or the exchange makes no sense, or the store has other
            candles there; nothing was written. Several are a group.
        StoreError: the store failed; symbols before that one were written.
    """
    _check_exchange(exchange)
    step = _interval(interval)
    _check_window(since_ms, until_ms, step)
    names = list(dict.fromkeys(check_symbol(each) for each in symbols))
    source = wiring.make_source(
        Exchange.synthetic(seed), state_dir=state_dir, seed=seed, symbols=names, base_dir=state_dir
    )
    store = wiring.open_candle_store(state_dir)
    try:
        clashes = []
        for name in names:
            held = await store.load(exchange, name, step, 0, _ALWAYS_MS)
            if len(held):
                first_ms, end_ms = int(held.ts_ms[0]), int(held.ts_ms[-1]) + step.ms
                if not _same(held, await source.load(name, step, first_ms, end_ms)):
                    clashes.append(_clash(exchange, name, step, held))
        _raise_all("candles of another origin are in the way", clashes)
        written = []
        for name in names:
            series = await source.load(name, step, since_ms, until_ms)
            added = (await store.append(exchange, name, step, series)).added
            written.append(Synthesised(name, step, since_ms, until_ms, len(series), added))
    finally:
        await store.close()
    return tuple(written)


def _contradiction(exchange: str, file: ImportedFile) -> TradekitError:
    """Return the error for candles that differ from stored ones of the same times."""
    count, first = len(file.conflict_ts_ms), format_time(file.conflict_ts_ms[0])
    return CandleError(
        f"{file.path.name}: {count} candles of {file.symbol} differ from those that exchange "
        f"{exchange!r} holds, the first at {first}; they were kept out",
        fix="a candle never changes once stored: import another source under another --exchange",
    )


def check_symbol(symbol: str) -> str:
    """Return `symbol` as it is kept, in capital letters.

    Raises:
        SettingsError: it is not made of letters and digits.
    """
    upper = symbol.strip().upper()
    if not _SYMBOL.fullmatch(upper):
        raise SettingsError(f"symbol was {symbol!r}, must be letters and digits such as BTCUSDT")
    return upper


def _interval(text: str) -> Interval:
    """Return the interval written as `text`, which came from `--interval`."""
    known = {each.value: each for each in Interval}
    if text not in known:
        raise SettingsError(f"--interval was {text!r}, must be one of {', '.join(known)}")
    return known[text]


def _check_exchange(exchange: str) -> None:
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


def _check_window(since_ms: int, until_ms: int, interval: Interval) -> None:
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


def _expand(paths: Sequence[Path], *, named: bool) -> tuple[list[Path], list[Path]]:
    """Return the files meant by `paths`, each once, and those left out of directories.

    `named`: symbol and interval are given, so that no name needs to say them.
    """
    files: dict[Path, None] = {}
    left_out: list[Path] = []
    mistakes: list[ConfigError] = []
    for path in paths:
        if path.is_dir():
            found = wiring.candle_files(path)
            telling = [each for each in found if named or wiring.identify_file(each)]
            files.update(dict.fromkeys(telling))
            left_out.extend(each for each in found if each not in telling)
            if not telling:
                mistakes.append(
                    ConfigError(f"directory {path} has no CSV file named as in BTCUSDT-1m.csv")
                )
        elif path.exists():
            files[path] = None
        else:
            mistakes.append(ConfigError(f"{path} does not exist"))
    _raise_all("several paths cannot be imported", mistakes)
    return list(files), left_out


def _misnamed(
    files: Sequence[Path], symbol: str | None, interval: Interval | None
) -> list[SettingsError]:
    """Return a mistake for each file of which symbol or interval is not known."""
    if symbol is not None and interval is not None:
        return []
    return [
        SettingsError(
            f"{path.name!r} does not begin with a symbol and an interval such as BTCUSDT-1m",
            fix="rename the file, or give --symbol and --interval",
        )
        for path in files
        if wiring.identify_file(path) is None
    ]


def _raise_all(heading: str, mistakes: Sequence[TradekitError]) -> None:
    """Raise one mistake as it is, several as a group, none not at all."""
    if len(mistakes) == 1:
        raise mistakes[0]
    if mistakes:
        raise ExceptionGroup(heading, mistakes)


def _same(held: CandleSeries, made: CandleSeries) -> bool:
    """Return whether the candles held are those made of the same times."""
    positions = made.ts_ms.searchsorted(held.ts_ms)
    return all(
        bool((ours[positions] == theirs).all())
        for ours, theirs in zip(made.columns(), held.columns(), strict=True)
    )


def _clash(exchange: str, symbol: str, interval: Interval, held: CandleSeries) -> ConfigError:
    """Return the mistake of writing made-up candles over others."""
    return ConfigError(
        f"exchange {exchange!r} already has other {interval.plain} candles of {symbol} from "
        f"{format_time(int(held.ts_ms[0]))} to {format_time(int(held.ts_ms[-1]))}, "
        "must have none or those of the same --seed",
        fix="give another --exchange or the same --seed",
    )


def _imported(path: Path, report: ReadReport, appended: Appended) -> ImportedFile:
    """Return what there is to say about a file that was taken."""
    series = report.series
    return ImportedFile(
        path=path,
        symbol=report.symbol,
        interval=report.interval,
        since_ms=int(series.ts_ms[0]),
        until_ms=int(series.ts_ms[-1]) + report.interval.ms,
        rows=report.rows,
        candles=len(series),
        duplicates=report.duplicates,
        disorder=report.disorder,
        outside=report.outside,
        zero_volume=report.zero_volume,
        far_ts_ms=report.far_ts_ms,
        holes=report.holes,
        missing=report.missing,
        added=appended.added,
        known=appended.known,
        conflict_ts_ms=appended.conflict_ts_ms,
    )
