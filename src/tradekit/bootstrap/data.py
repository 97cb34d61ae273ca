"""Taking candle files into the store, and listing what it has.

Decides the order of the work and what happens when part of it fails: a mistake in what was asked
for stops everything before anything is written, a bad file stops only itself. What is wrong with a
file is the reader's business; how the outcome looks is the command line's. Invariant: what was
taken of a file, and what was noticed in it, is written down with its candles, or neither is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tradekit.bootstrap import wiring
from tradekit.bootstrap.data_names import LOCAL, check_exchange, check_interval, check_symbol
from tradekit.domain.time import Interval, format_time
from tradekit.errors import (
    CandleError,
    ConfigError,
    DataError,
    SettingsError,
    TradekitError,
    raise_all,
)
from tradekit.ports.store import LedgerEntry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from tradekit.kernels.intake import ReadReport
    from tradekit.ports.store import Appended, Holding


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
        paths: files, and directories whose candle files are meant.
        exchange: the name under which the candles are kept.
        symbol: of all files; None takes it from each name. Likewise `interval`.
        interval: as people write it.
        columns: our names of columns to the files'.

    Raises:
        ConfigError: what was asked for makes no sense; nothing was taken. Several are a group.
        StoreError: the store failed; files before that one were taken.
    """
    check_exchange(exchange)
    symbol = None if symbol is None else check_symbol(symbol)
    wanted = None if interval is None else check_interval(interval)
    files, left_out = _expand(paths, named=symbol is not None and wanted is not None)
    raise_all(
        f"{len(files)} files, several of which cannot be imported", _misnamed(files, symbol, wanted)
    )
    taken: list[ImportedFile] = []
    refused: list[RefusedFile] = []
    store, clock = wiring.open_candle_store(state_dir), wiring.system_clock()
    try:
        for path in files:
            try:
                report = wiring.read_candle_file(
                    path, symbol=symbol, interval=wanted, columns=columns
                )
            except DataError as error:
                refused.append(RefusedFile(path, error))
                continue
            appended = await store.append(
                exchange,
                report.symbol,
                report.interval,
                report.series,
                _entry(path, report, clock.now_ms()),
            )
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


def _contradiction(exchange: str, file: ImportedFile) -> TradekitError:
    """Return the error for candles that differ from stored ones of the same times."""
    count, first = len(file.conflict_ts_ms), format_time(file.conflict_ts_ms[0])
    return CandleError(
        f"{file.path.name}: {count} candles of {file.symbol} differ from those that exchange "
        f"{exchange!r} holds, the first at {first}; they were kept out",
        fix="a candle never changes once stored: import another source under another --exchange",
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
                    ConfigError(f"directory {path} has no candle file named as in BTCUSDT-1m.csv")
                )
        elif path.exists():
            files[path] = None
        else:
            mistakes.append(ConfigError(f"{path} does not exist"))
    raise_all("several paths cannot be imported", mistakes)
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


def _entry(path: Path, report: ReadReport, at_ms: int) -> LedgerEntry:
    """Return what the ledger keeps of a file."""
    ts_ms = report.series.ts_ms
    return LedgerEntry(
        kind="import",
        at_ms=at_ms,
        source=path.name,
        sha256=report.sha256,
        since_ms=int(ts_ms[0]),
        until_ms=int(ts_ms[-1]) + report.interval.ms,
        rows=report.rows,
        duplicates=report.duplicates,
        holes=tuple(report.series.holes()),
    )
