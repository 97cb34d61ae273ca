"""The composition root: the only module that imports adapters, each where it is first needed.

What is built here is handed out under the type of its port. What is done with it, and in which
order, is the business of the other modules of bootstrap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tradekit.domain.instrument import Instrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tradekit.analysis.equity import EquityPoint
    from tradekit.api.declare import Exchange
    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.time import Interval
    from tradekit.kernels.intake import ReadReport
    from tradekit.ports.runtime import Clock, RunStore
    from tradekit.ports.sources import CandleSource
    from tradekit.ports.store import CandleStore

CANDLE_STORE_FILE: Final = "candles.sqlite3"


def open_candle_store(state_dir: Path) -> CandleStore:
    """Return the embedded candle store of `state_dir`; nothing is made on disk before a write."""
    from tradekit.adapters.sqlite.candles import SqliteCandleStore

    return SqliteCandleStore(state_dir / CANDLE_STORE_FILE)


def stored_names(state_dir: Path) -> list[tuple[str, str]]:
    """Return exchange and symbol of all candles in the embedded store of `state_dir`, sorted.

    Raises:
        StoreError: the store cannot be read, or another version of tradekit made it.
        CorruptError: it is damaged.
    """
    from tradekit.adapters.sqlite.names import read_names

    return read_names(state_dir / CANDLE_STORE_FILE)


def make_source(
    exchange: Exchange, *, state_dir: Path, seed: int, symbols: Sequence[str], base_dir: Path
) -> CandleSource:
    """Return where the candles of `exchange` come from.

    Args:
        exchange: as the strategy file declares it.
        state_dir: where the embedded store lives.
        seed: of `--seed`, for a synthetic exchange that names none itself.
        symbols: what a synthetic exchange lists.
        base_dir: what a relative directory of files is relative to: the strategy file's own.
    """
    rules = Instrument(
        symbol="",
        tick_size=exchange.tick_size,
        lot_size=exchange.lot_size,
        min_notional=exchange.min_notional,
        shorts_allowed=exchange.shorts,
    )
    if exchange.kind == "files":
        from tradekit.adapters.candle_files.source import FilesSource

        return FilesSource(exchange.name, base_dir / exchange.directory, rules)
    if exchange.kind == "synthetic":
        from tradekit.adapters.synthetic import SyntheticSource

        own_seed = seed if exchange.seed is None else exchange.seed
        return SyntheticSource(own_seed, symbols, rules, name=exchange.name)
    from tradekit.adapters.stored import StoredSource

    return StoredSource(open_candle_store(state_dir), exchange.name, rules)


def read_candle_file(
    path: Path,
    *,
    symbol: str | None = None,
    interval: Interval | None = None,
    columns: Mapping[str, str] | None = None,
) -> ReadReport:
    """Return the candles of a file and what was noticed in it.

    Raises:
        ConfigError: there is no such file, its symbol or interval is not known, or it is Parquet
            and pyarrow is not installed.
        CandleError: a candle in it is impossible, or it cannot be read.
    """
    from tradekit.adapters.candle_files.reading import read_candles

    return read_candles(path, symbol=symbol, interval=interval, columns=columns)


def candle_formats() -> tuple[str, ...]:
    """Return the names of the formats in which candles can be written."""
    from tradekit.adapters.candle_files.writing import FORMATS

    return tuple(FORMATS)


def write_candle_file(path: Path, series: CandleSeries, form: str) -> None:
    """Write candles to a file in one of `candle_formats()`, whole or not at all.

    Raises:
        ConfigError: there is no such folder, something else than a regular file is there, or
            pyarrow is wanted and not installed.
        StoreError: the file could not be written.
    """
    from tradekit.adapters.candle_files.writing import candle_pieces

    write_file(path, candle_pieces(path, series, form))


def candle_files(directory: Path) -> list[Path]:
    """Return the candle files in `directory`, sorted."""
    from tradekit.adapters.candle_files.reading import find_files

    return find_files(directory)


def identify_file(path: Path) -> tuple[str, Interval] | None:
    """Return symbol and interval from a file's name, None if it does not say them."""
    from tradekit.adapters.candle_files.reading import identify

    return identify(path)


def system_clock() -> Clock:
    """Return the clock of this machine."""
    from tradekit.adapters.clock import SystemClock

    return SystemClock()


def open_run_store(runs_dir: Path) -> RunStore:
    """Return the place of run folders; nothing is made on disk before a run is written."""
    from tradekit.adapters.run_folder import RunFolders

    return RunFolders(runs_dir)


def write_file(path: Path, pieces: Iterable[bytes]) -> int:
    """Write a file, whole or not at all, and return its length in bytes.

    Raises:
        SettingsError: there is something else than a regular file, or no such folder.
        StoreError: it cannot be written.
    """
    from tradekit.adapters.files import write_file as write

    return write(path, pieces)


def run_page(  # noqa: PLR0913  # a run has this many files
    *,
    run_id: str,
    manifest: Mapping[str, Any],
    report: Mapping[str, Any],
    trades: Sequence[Mapping[str, Any]],
    equity: Sequence[EquityPoint],
    events: Iterable[Mapping[str, Any]],
    candles: Mapping[str, CandleSeries],
    candle_notes: Mapping[str, str],
    made_up: Mapping[str, int],
) -> str:
    """Return the HTML page of a kept run; see `adapters.html.page.Kept` for what it is made of."""
    from tradekit.adapters.html.page import Kept, page

    return page(
        Kept(run_id, manifest, report, trades, equity, events, candles, candle_notes, made_up)
    )
