"""The page of a run: its parts put together.

Decides what stands where and what the page may do: by its content security policy nothing but its
own two scripts, identified by their hashes, and no network at all. What the parts say is decided
where they are made. Invariant: the same run and candles give the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any, Final

from tradekit.adapters.html.distributions import distributions
from tradekit.adapters.html.doubts import doubts, result
from tradekit.adapters.html.figures import figures
from tradekit.adapters.html.header import header
from tradekit.adapters.html.markup import Markup, el, join
from tradekit.adapters.html.months import months
from tradekit.adapters.html.payload import (
    candle_columns,
    equity_columns,
    packed,
    shown_interval,
    trade_columns,
)
from tradekit.domain.time import Interval

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from importlib.resources.abc import Traversable

    from tradekit.analysis.equity import EquityPoint
    from tradekit.domain.candle import CandleSeries

_ASSETS: Final = files(__package__) / "assets"
_LIBRARY: Final = _ASSETS / "vendor" / "lightweight-charts"
_SCRIPTS: Final = (
    "format.js",
    "unpack.js",
    "equity.js",
    "drawing.js",
    "candles.js",
    "trades.js",
    "start.js",
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A run as its folder has it, and the candles it ran over.

    `trades` have money and prices as floats; the other documents are as their files have them.
    `candles` are the base candles inside the frame, by symbol; `candle_notes` say of the other
    symbols why there are none, and `made_up` how many of a symbol's candles fill its holes.
    `events` are gone through once.
    """

    run_id: str
    manifest: Mapping[str, Any]
    report: Mapping[str, Any]
    trades: Sequence[Mapping[str, Any]]
    equity: Sequence[EquityPoint]
    events: Iterable[Mapping[str, Any]]
    candles: Mapping[str, CandleSeries]
    candle_notes: Mapping[str, str]
    made_up: Mapping[str, int]


def page(kept: Kept) -> str:
    """Return the whole page as text."""
    report, manifest = kept.report, kept.manifest
    capital = float(report.get("capital", 0.0))
    library = _text(_LIBRARY / "lightweight-charts.standalone.production.js")
    own = "\n".join(_text(_ASSETS / name) for name in _SCRIPTS)
    scripts = [library, f'(() => {{\n"use strict";\n{own}}})();\n']
    parts = {
        "policy": _policy(scripts),
        "title": join(str(manifest.get("config", {}).get("strategy", "")), " ", kept.run_id),
        "styles": _text(_ASSETS / "page.css"),
        "header": header(kept.run_id, manifest, report),
        "result": result(report),
        "doubts": doubts(report, manifest, kept.candle_notes),
        "figures": figures(report),
        "months": months(report, kept.equity, capital),
        "distributions": distributions(kept.trades),
        "equity_note": _equity_note(report),
        "candles_note": _candles_note(kept),
        "notice": join(_text(_LIBRARY / "NOTICE").strip()),
        "licence": join(_text(_LIBRARY / "LICENSE")),
        "data": _data(kept, capital),
        "scripts": join([Markup(f"<script>{script}</script>") for script in scripts]),
    }
    return Template(_text(_ASSETS / "page.html")).substitute(parts)


def _text(asset: Traversable) -> str:
    return asset.read_text(encoding="utf-8")


def _policy(scripts: Sequence[str]) -> Markup:
    hashes = (base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in scripts)
    allowed = " ".join(f"'sha256-{each}'" for each in hashes)
    policy = (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    return el("meta", http_equiv="Content-Security-Policy", content=policy)


def _equity_note(report: Mapping[str, Any]) -> Markup:
    deepest = report.get("total", {}).get("max_drawdown_pct")
    told = ["One point a UTC day, as in equity.csv, or a base candle where that is longer."]
    if deepest is not None:
        told.append(
            f" The deepest fall, {deepest} %, was measured at every {_base(report).plain} close "
            "and may lie between two points."
        )
    return join(told)


def _candles_note(kept: Kept) -> Markup:
    if not kept.candles:
        return join("There are no candles; the line joins the prices traded.")
    base = _base(kept.report)
    shown = _interval(kept)
    made = _made_up_note(kept.made_up, base)
    if shown is base:
        return join(f"Every {base.plain} candle of the run.", made)
    return join(
        f"Candles of {shown.plain}, put together from {base.plain} ones: the finest that keep the "
        "page small. Entries and exits stand at their own prices.",
        made,
    )


def _made_up_note(made_up: Mapping[str, int], base: Interval) -> str:
    """Say how many candles of which symbol never were."""
    told = [f"{count:,} of {symbol}" for symbol, count in made_up.items() if count]
    if not told:
        return ""
    return (
        f" Made up to fill holes, flat at the last close before them: {', '.join(told)}, counted "
        f"in candles of {base.plain}."
    )


def _base(report: Mapping[str, Any]) -> Interval:
    return next((i for i in Interval if i.ms == report.get("base_ms")), Interval.M1)


def _interval(kept: Kept) -> Interval:
    length_ms = kept.report.get("until_ms", 0) - kept.report.get("since_ms", 0)
    return shown_interval(_base(kept.report), length_ms, len(kept.candles))


def _data(kept: Kept, capital: float) -> Markup:
    report, config = kept.report, kept.manifest.get("config", {})
    base, shown = _base(kept.report), _interval(kept)
    symbols = list(dict.fromkeys([*config.get("symbols", ()), *sorted(kept.candles)]))
    general = {
        "run_id": kept.run_id,
        "base_ms": base.ms,
        "since_ms": report.get("since_ms", 0),
        "until_ms": report.get("until_ms", 0),
        "symbols": symbols,
        "equity": equity_columns(kept.equity, report.get("since_ms", 0), capital),
        "trades": trade_columns(kept.trades, kept.events, base_ms=base.ms, shown_ms=shown.ms),
    }
    blocks = [_block("run-data", packed(general))]
    for index, symbol in enumerate(symbols):
        series = kept.candles.get(symbol)
        if series is not None and len(series):
            blocks.append(_block(f"candles-{index}", packed(candle_columns(series, shown))))
    return join(blocks)


def _block(name: str, text: str) -> Markup:
    return el("script", Markup(text), type="application/octet-stream", id=name)
