"""How trades spread: histograms of PnL and length, and best against worst moment of each.

Decides the columns of a histogram; every trade is in exactly one of them. Drawn as SVG, so that
the page shows them before any script has run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from tradekit.adapters.html.markup import Markup, el, join
from tradekit.adapters.html.words import lasting
from tradekit.domain.time import DAY_MS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from tradekit.adapters.html.markup import Child
    from tradekit.domain.candle import FloatArray

    Trades = Sequence[Mapping[str, Any]]

_WIDTH: Final = 400
_HEIGHT: Final = 200
_LEFT: Final = 6
_BOTTOM: Final = 24
_TOP: Final = 14
_COLUMNS: Final = 30
_POINTS: Final = 1_500
_FIELDS: Final = (56, 30)
_NICE: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_TAIL_PCT: Final = 0.5
_LABEL_WIDTH: Final = 24


class Histogram(NamedTuple):
    """Counts between edges; the first and last column also hold what lies beyond them."""

    edges: FloatArray
    counts: list[int]
    below: int
    above: int


def distributions(trades: Trades) -> Markup:
    """Return the four figures, or a sentence where there is no trade."""
    if not trades:
        return el("p", "No trade was closed.", class_="quiet")
    lengths = _column(trades, "exit_ts_ms") - _column(trades, "entry_ts_ms")
    return el(
        "div",
        _histogram_figure("PnL of a trade", _column(trades, "pnl_pct"), _percent, signed=True),
        _histogram_figure("How long it was held", lengths, lasting, signed=False),
        _extremes(trades),
        class_="plots",
    )


def histogram(values: FloatArray) -> Histogram:
    """Return the counts of `values` in at most thirty columns with edges at round numbers.

    Half a percent of the values at either end is counted in the outermost columns, so that one
    stray value does not flatten all others.

    Shapes:  values: float64[n], n above 0.
    NaN:     not allowed.
    """
    low, high = np.percentile(values, (_TAIL_PCT, 100.0 - _TAIL_PCT))
    step = _nice((high - low) / _COLUMNS) if high > low else max(abs(low) / 10.0, 1e-9)
    first, last = np.floor(low / step), np.floor(high / step) + 1.0
    edges = np.arange(first, last + 1.0) * step
    inside = np.clip(values, edges[0], np.nextafter(edges[-1], -np.inf))
    places = np.clip(np.searchsorted(edges, inside, "right") - 1, 0, len(edges) - 2)
    counts = np.bincount(places, minlength=len(edges) - 1)
    below, above = int((values < edges[0]).sum()), int((values >= edges[-1]).sum())
    return Histogram(edges, counts.tolist(), below, above)


def _nice(step: float) -> float:
    scale = 10.0 ** np.floor(np.log10(step))
    return float(next(n for n in _NICE if n * scale >= step * (1.0 - 1e-12)) * scale)


def _column(trades: Trades, name: str) -> FloatArray:
    return np.array([float(trade[name]) for trade in trades])


def _percent(value: float) -> str:
    return f"{value:.4g} %"


def _histogram_figure(
    title: str, values: FloatArray, spell: Callable[[float], str], *, signed: bool
) -> Markup:
    made = histogram(values)
    edges, most = made.edges, max(made.counts)
    width = (_WIDTH - 2 * _LEFT) / len(made.counts)
    tall = _HEIGHT - _BOTTOM - _TOP
    columns = []
    for index, count in enumerate(made.counts):
        if not count:
            continue
        height = max(1.0, count / most * tall)
        kind = "plain"
        if signed:
            kind = "down" if edges[index] < 0.0 else "up"
        told = f"{spell(edges[index])} to {spell(edges[index + 1])}: {count:,} trades"
        columns.append(
            el(
                "rect",
                x=f"{_LEFT + index * width + 0.5:.2f}",
                y=f"{_HEIGHT - _BOTTOM - height:.2f}",
                width=f"{max(width - 1.0, 0.5):.2f}",
                height=f"{height:.2f}",
                class_=kind,
                data_told=told,
            )
        )
    median = float(np.median(values))
    told = (
        f"{len(values):,} trades, median {spell(median)}, "
        f"from {spell(float(values.min()))} to {spell(float(values.max()))}."
    )
    if made.below or made.above:
        told += f" {made.below + made.above:,} beyond the edges are in the outermost columns."
    return _figure(title, told, [columns, _ticks(edges[0], edges[-1], spell), _peak(most)])


def _peak(most: int) -> Markup:
    return el("text", f"{most:,}", x=_LEFT, y=_TOP - 4, class_="most")


def _ticks(low: float, high: float, spell: Callable[[float], str]) -> list[Markup]:
    """Return the axis with four or so labels at round values."""
    floor = _HEIGHT - _BOTTOM
    parts = [el("line", x1=_LEFT, x2=_WIDTH - _LEFT, y1=floor, y2=floor, class_="axis")]
    step = _nice_length((high - low) / 4) if spell is lasting else _nice((high - low) / 4)
    at = np.ceil(low / step) * step
    while at <= high:
        x = _LEFT + (at - low) / (high - low) * (_WIDTH - 2 * _LEFT)
        anchor = _anchor(x)
        parts.append(
            el("text", spell(float(at) + 0.0), x=f"{x:.1f}", y=_HEIGHT - 7, text_anchor=anchor)
        )
        at += step
    return parts


def _anchor(x: float) -> str:
    """Keep a label inside the figure."""
    if x < _LABEL_WIDTH:
        return "start"
    return "end" if x > _WIDTH - _LABEL_WIDTH else "middle"


def _nice_length(step_ms: float) -> float:
    for nice_ms in (60e3, 300e3, 600e3, 900e3, 1800e3, 3600e3, 7.2e6, 10.8e6, 21.6e6, 43.2e6):
        if nice_ms >= step_ms:
            return nice_ms
    return max(1.0, _nice(step_ms / DAY_MS)) * DAY_MS


def _extremes(trades: Trades) -> Markup:
    """Return best against worst moment of each trade, as dots or, of very many, as fields."""
    peak, fall = _column(trades, "peak_pct"), _column(trades, "drawdown_pct")
    won = _column(trades, "pnl") > 0.0
    left, right = _edges(fall)
    bottom, top = _edges(peak)
    x = _LEFT + (np.clip(fall, left, right) - left) / (right - left) * (_WIDTH - 2 * _LEFT)
    floor = _HEIGHT - _BOTTOM
    y = floor - (np.clip(peak, bottom, top) - bottom) / (top - bottom) * (floor - _TOP)
    marks = _dots(x, y, won) if len(trades) <= _POINTS else _fields(x, y, won)
    told = (
        f"Across: worst moment, median {_percent(float(np.median(fall)))}. "
        f"Up: best moment, median {_percent(float(np.median(peak)))}. After costs."
    )
    labels = [
        el("text", f"best {_percent(top)}", x=_LEFT, y=_TOP - 4),
        *_ticks(left, right, _percent),
    ]
    return _figure("Best and worst moment of a trade", told, [marks, labels])


def _edges(values: FloatArray) -> tuple[float, float]:
    low, high = (float(each) for each in np.percentile(values, (_TAIL_PCT, 100.0 - _TAIL_PCT)))
    room = (high - low) * 0.04 or max(abs(high), 1.0) * 0.1
    return low - room, high + room


def _dots(x: FloatArray, y: FloatArray, won: NDArray[np.bool_]) -> list[Markup]:
    return [
        el("circle", cx=f"{a:.1f}", cy=f"{b:.1f}", r=2, class_="up" if w else "down")
        for a, b, w in zip(x.tolist(), y.tolist(), won.tolist(), strict=True)
    ]


def _fields(x: FloatArray, y: FloatArray, won: NDArray[np.bool_]) -> list[Markup]:
    """Return a field for each place that has trades, the darker the more there are."""
    across, up = _FIELDS
    spans = [[0, _WIDTH], [0, _HEIGHT]]
    all_counts, *_ = np.histogram2d(x, y, bins=_FIELDS, range=spans)
    won_counts, *_ = np.histogram2d(x[won], y[won], bins=_FIELDS, range=spans)
    width, height = _WIDTH / across, _HEIGHT / up
    most = all_counts.max()
    return [
        el(
            "rect",
            x=f"{i * width:.1f}",
            y=f"{j * height:.1f}",
            width=f"{width - 0.4:.1f}",
            height=f"{height - 0.4:.1f}",
            fill_opacity=f"{0.15 + 0.85 * float(np.sqrt(all_counts[i, j] / most)):.2f}",
            class_="up" if won_counts[i, j] * 2 > all_counts[i, j] else "down",
            data_told=f"{int(all_counts[i, j]):,} trades, {int(won_counts[i, j]):,} won",
        )
        for i, j in zip(*(each.tolist() for each in np.nonzero(all_counts)), strict=True)
    ]


def _figure(title: str, told: str, marks: Sequence[Child]) -> Markup:
    drawn = el(
        "svg",
        join(*marks),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}",
        role="img",
        aria_label=f"{title}. {told}",
    )
    return el("figure", el("h3", title), drawn, el("figcaption", told))
