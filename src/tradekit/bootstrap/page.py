"""The HTML page of a kept run: the run's own candles found again, and everything handed over.

Decides whether candles are still those that the run read: their hash is in the manifest, and where
it differs the page says so and shows none. The hash is of candles that exist; where the run made
up others to fill holes they are made up again. What the page looks like is the adapter's business.
Invariant: the figures are the run folder's, never computed from today's candles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tradekit.errors import CorruptError, TradekitError

if TYPE_CHECKING:
    from pathlib import Path

    from tradekit.bootstrap.runs import KeptRun
    from tradekit.bootstrap.settings import Settings
    from tradekit.domain.candle import CandleSeries
    from tradekit.domain.time import Interval
    from tradekit.ports.sources import CandleSource

# What reading a value that is not there, or of another kind, raises.
_DAMAGE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
_GONE = "the exchange has no candles of it any more"
_CHANGED = "the candles are not those that the run read, their hash differs"


class _Stretch(NamedTuple):
    """The candles that a run read: from its warm-up on, and the frame inside them."""

    base: Interval
    origin_ms: int
    since_ms: int
    until_ms: int
    is_filled: bool


@dataclass(frozen=True, slots=True)
class _Candles:
    """By symbol: its candles as the run stepped them, how many are made up, why there are none."""

    found: dict[str, CandleSeries] = field(default_factory=dict)
    made_up: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


async def write_page(run: KeptRun, settings: Settings, target: Path) -> int:
    """Write the page of `run` to `target` and return its length in bytes.

    Raises:
        SettingsError: the target lies in no folder, or something else than a file is there.
        CorruptError: a file of the run is missing or damaged.
        StoreError: the page cannot be written.
    """
    from tradekit.bootstrap import wiring

    try:
        candles = await _candles(run, settings)
        page = wiring.run_page(
            run_id=run.run_id,
            manifest=run.manifest,
            report=run.report,
            trades=run.trades(),
            equity=run.equity(),
            events=run.events(),
            candles=candles.found,
            candle_notes=candles.notes,
            made_up=candles.made_up,
        ).encode()
    except _DAMAGE as error:
        raise CorruptError(
            f"the files of run {run.run_id} do not hold what a page needs: "
            f"{type(error).__name__} {error}",
            fix=f"look at them: tradekit run verify {run.run_id}",
        ) from error
    return wiring.write_file(target, [page])


async def _candles(run: KeptRun, settings: Settings) -> _Candles:
    """Return the candles inside the frame by symbol, and why there are none of the others."""
    from tradekit.kernels.holes import fill_holes

    hashes: dict[str, str] = dict(run.manifest.get("data_sha256", {}))
    try:
        stretch = _stretch(run.manifest)
        source = _source(run.manifest, settings)
        await source.wait_ready()
    except TradekitError as error:
        return _Candles(notes=dict.fromkeys(hashes, error.message))
    except _DAMAGE:
        text = "the manifest does not say where they are from"
        return _Candles(notes=dict.fromkeys(hashes, text))
    candles = _Candles()
    for symbol, sha256 in hashes.items():
        try:
            series = await _same(source, symbol, stretch, sha256)
        except TradekitError as error:
            candles.notes[symbol] = error.message
            continue
        if isinstance(series, str):
            candles.notes[symbol] = series
            continue
        shown = read = series.between(stretch.since_ms, stretch.until_ms)
        if stretch.is_filled:
            span = await source.span(symbol, stretch.base)
            end_ms = min(stretch.until_ms, span[1] if span else stretch.until_ms)
            shown = fill_holes(series, end_ms).between(stretch.since_ms, stretch.until_ms)
        candles.found[symbol] = shown
        candles.made_up[symbol] = len(shown) - len(read)
    return candles


async def _same(
    source: CandleSource, symbol: str, stretch: _Stretch, sha256: str
) -> CandleSeries | str:
    """Return the candles with that hash, holes and all, or why there are none."""
    loaded = await source.load(symbol, stretch.base, stretch.origin_ms, stretch.until_ms)
    if not len(loaded):
        return _GONE
    return loaded if loaded.content_hash() == sha256 else _CHANGED


def _stretch(manifest: dict[str, Any]) -> _Stretch:
    """Return which candles the manifest speaks of.

    Raises:
        KeyError: it lacks one of the facts.
        TradekitError: one of them does not parse.
    """
    from tradekit.domain.time import parse_interval, parse_time_ms

    config = manifest["config"]
    frame = config["frame"]
    base = parse_interval(frame["base"])
    since_ms, until_ms = parse_time_ms(frame["since"]), parse_time_ms(frame["until"])
    lead_ms = int(manifest.get("lead_ms", base.ms))
    return _Stretch(base, since_ms - lead_ms, since_ms, until_ms, config.get("gaps") == "fill")


def _source(manifest: dict[str, Any], settings: Settings) -> CandleSource:
    """Return where the run's candles came from.

    Raises:
        KeyError, TypeError: the manifest does not say.
    """
    from tradekit.api.declare import Exchange
    from tradekit.bootstrap import wiring
    from tradekit.bootstrap.settings import DEFAULT_SYMBOLS

    config = manifest["config"]
    strategy_file = settings.root / manifest["strategy_file"]["path"]
    return wiring.make_source(
        Exchange(**config["exchange"]),
        state_dir=settings.state_dir,
        seed=config["seed"],
        symbols=tuple(dict.fromkeys((*DEFAULT_SYMBOLS, *config["symbols"]))),
        base_dir=strategy_file.parent,
    )
