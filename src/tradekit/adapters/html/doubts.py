"""The result and, as large beside it, the doubts about it.

Decides what of the report is a doubt and how it is told. Nothing is judged by numbers of its own:
what was found stands in `report.json` and in the manifest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from tradekit.adapters.html.markup import Markup, el, join, table
from tradekit.adapters.html.words import (
    exact,
    exact_text,
    label,
    lasting,
    missing,
    moment,
    plain,
    rounded,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tradekit.adapters.html.markup import Child

    Plain = Mapping[str, Any]

_RESULT: Final = ("final_equity", "max_drawdown_pct", "trade_count", "win_rate_pct", "fees")
_PATHS: Final = {"stop_first": "Stop first", "target_first": "Target first"}
_COMPARED: Final = (
    "pnl",
    "pnl_pct",
    "final_equity",
    "max_drawdown_pct",
    "trade_count",
    "win_rate_pct",
)
_LISTED: Final = 12


class Doubt(NamedTuple):
    """One reason to doubt; without a body it was looked for and not found."""

    name: str
    headline: Child = None
    body: Child = None
    grave: bool = False


def result(report: Plain) -> Markup:
    """Return the panel of the result, every digit as `report.json` has it."""
    total = report.get("total", {})
    figures = {"final_equity": report.get("final_equity"), **total}
    rows = [
        el("div", el("dt", label(name)), el("dd", _figure(name, figures, total)))
        for name in _RESULT
        if name in figures
    ]
    return el(
        "section",
        el("h2", "Result", id="result-title"),
        el(
            "p",
            el("span", _figure("pnl", total, total), class_="large", id="pnl"),
            el("span", _figure("pnl_pct", total, total), class_="beside", id="pnl-pct"),
        ),
        el("p", f"after all costs, on a capital of {exact_text(report.get('capital', ''))}"),
        el("dl", rows, class_="figures"),
        class_="panel",
        aria_labelledby="result-title",
    )


def doubts(report: Plain, manifest: Plain, candle_notes: Plain) -> Markup:
    """Return the panel of the doubts.

    Args:
        report: `report.json`.
        manifest: `manifest.json`.
        candle_notes: by symbol, why the page has no candles of it.
    """
    total = report.get("total", {})
    found = [
        _interval(report.get("interval"), total),
        _gaps(report.get("gaps", ())),
        _refused(total.get("rejected", {}), report.get("first_refusals", {})),
        _failures(report.get("failures", ()), manifest.get("failures", {})),
        _errors(report.get("errors") or ()),
        _sentences("symbols not started", "Not started", report.get("not_started", ()), grave=True),
        _candles(candle_notes),
        _sentences("warnings", "Warnings", (*report.get("warnings", ()), *_strange(total))),
        _sentences("notes", "Notes", (*report.get("notes", ()), *manifest.get("notes", ()))),
    ]
    told = [each for each in found if each.body is not None or each.headline is not None]
    absent = [each.name for each in found if each not in told]
    return el(
        "section",
        el("h2", "Doubts", id="doubts-title"),
        [_shown(each) for each in told],
        el("p", "Looked for and not found: ", ", ".join(absent), ".", class_="quiet")
        if absent
        else None,
        class_="panel doubts",
        aria_labelledby="doubts-title",
    )


def _shown(doubt: Doubt) -> Markup:
    return el(
        "div",
        el("h3", doubt.headline),
        doubt.body,
        class_="doubt grave" if doubt.grave else "doubt",
    )


def _figure(name: str, values: Plain, section: Plain) -> Markup:
    value = values.get(name)
    if value is None:
        return missing(section.get("undefined", {}).get(name))
    return exact(name, value)


def _interval(interval: Plain | None, total: Plain) -> Doubt:
    """Tell what the other path through ambiguous candles would have come to."""
    trades = total.get("ambiguous_count", 0)
    touched = _counted(trades, "ambiguous trade")
    if interval is None:
        text = "The other path, target before stop, was not computed."
        return Doubt("interval", join("Interval not computed, ", touched), el("p", text))
    candles = interval.get("ambiguous_candles", 0)
    if not candles:
        return Doubt("ambiguous candles (there is one path and one result)")
    counted = f"{_counted(candles, 'ambiguous candle')}, {touched}"
    if interval.get("sign_changes"):
        counted = f"The sign depends on the path: {counted}"
    paths = {key: text for key, text in _PATHS.items() if interval.get(key)}
    rows = [
        [label(name), *(_path_figure(name, interval[key]) for key in paths)]
        for name in _COMPARED
        if any(name in interval[key] for key in paths)
    ]
    body: list[Child] = [
        table(
            ["", *paths.values()],
            rows,
            caption="Totals of the two paths",
            class_="numbers",
        )
    ]
    if len(paths) < len(_PATHS):
        body.append(el("p", "The second path was not computed."))
    return Doubt("interval", counted, body, bool(interval.get("sign_changes")))


def _path_figure(name: str, path: Plain) -> Markup:
    return missing(None) if path.get(name) is None else rounded(name, path[name])


def _gaps(gaps: Sequence[Plain]) -> Doubt:
    if not gaps:
        return Doubt("holes in the candles")
    over = [(gap, trade) for gap in gaps for trade in gap.get("trades_over_holes", ())]
    inside = sum(bool(trade.get("inside")) for _, trade in over)
    made = f", {inside:,} of them traded at made-up prices" if inside else ""
    missed = sum(gap.get("missing", 0) for gap in gaps)
    rows = [
        [
            exact_text(gap.get("symbol", "")),
            f"{gap.get('holes', 0):,}",
            f"{gap.get('missing', 0):,}",
            join(
                moment(gap["longest_since_ms"]),
                f", {lasting(gap['longest_until_ms'] - gap['longest_since_ms'])}",
            ),
            f"{len(gap.get('trades_over_holes', ())):,}",
        ]
        for gap in gaps
    ]
    head = ["Symbol", "Holes", "Candles", "Longest", "Trades"]
    listed = [
        el(
            "li",
            _trade_link(trade["signal_id"]),
            " ",
            rounded("pnl", trade["pnl"]),
            " at a made-up price" if trade.get("inside") else None,
        )
        for _, trade in over[:_LISTED]
    ]
    return Doubt(
        "holes in the candles",
        f"{_counted(missed, 'candle')} missing, {_counted(len(over), 'trade')} met a hole{made}",
        [
            table(head, rows, caption="Holes by symbol", class_="numbers", scrolls=True),
            el("ul", listed, _more(len(over)), class_="links") if over else None,
        ],
        bool(over),
    )


def _refused(rejected: Plain, first: Plain) -> Doubt:
    if not rejected:
        return Doubt("refused orders")
    rows = [
        [plain(rule), f"{count:,}", exact_text(first.get(rule, ""))]
        for rule, count in rejected.items()
    ]
    total = sum(rejected.values())
    return Doubt(
        "refused orders",
        f"{_counted(total, 'order')} refused",
        table(
            ["Rule", "Times", "What the first said"],
            rows,
            caption="Refused orders by rule",
            class_="sentences",
            scrolls=True,
        ),
    )


def _failures(failures: Sequence[Plain], messages: Plain) -> Doubt:
    if not failures and not messages:
        return Doubt("failures")
    rows = [
        el(
            "li",
            el("strong", exact_text(each.get("symbol", ""))),
            " ",
            moment(each["ts_ms"]),
            f" in {exact_text(each.get('hook', ''))}: ",
            exact_text(messages.get(each.get("symbol", ""), each.get("error", ""))),
        )
        for each in failures[:_LISTED]
    ]
    named = {each.get("symbol") for each in failures}
    rows += [
        el("li", el("strong", symbol), " ", exact_text(text))
        for symbol, text in messages.items()
        if symbol not in named
    ]
    count = len(failures) or len(messages)
    headline = f"{_counted(count, 'symbol')} stopped by a failure"
    return Doubt("failures", headline, el("ul", rows, _more(len(failures))), grave=True)


def _errors(errors: Sequence[Plain]) -> Doubt:
    if not errors:
        return Doubt("errors that stopped nothing")
    rows = [
        [
            exact_text(each.get("symbol", "")),
            exact_text(each.get("hook", "")),
            exact_text(each.get("error", "")),
            f"{each['count']:,}",
            moment(each["ts_ms"]),
        ]
        for each in errors
    ]
    count = sum(each["count"] for each in errors)
    return Doubt(
        "errors that stopped nothing",
        f"{_counted(count, 'call')} of a hook raised, and the run went on",
        table(
            ["Symbol", "Hook", "Error", "Times", "First"],
            rows,
            caption="What hooks raised",
            class_="sentences",
            scrolls=True,
        ),
    )


def _sentences(name: str, title: str, texts: Iterable[object], *, grave: bool = False) -> Doubt:
    told = [exact_text(text) for text in texts]
    if not told:
        return Doubt(name)
    return Doubt(name, title, el("ul", [el("li", text) for text in told]), grave)


def _strange(total: Plain) -> list[str]:
    """Return the figures that are shown but not to be taken at their word, each with its reason."""
    warnings = total.get("warnings", {})
    return [f"{label(name)}: {plain(str(reason))}" for name, reason in warnings.items()]


def _candles(notes: Plain) -> Doubt:
    if not notes:
        return Doubt("candles that have changed since")
    by_reason: dict[str, list[str]] = {}
    for symbol, reason in notes.items():
        by_reason.setdefault(exact_text(reason), []).append(symbol)
    told = [
        el("li", el("strong", ", ".join(symbols)), ": ", reason)
        for reason, symbols in by_reason.items()
    ]
    return Doubt(
        "candles",
        "Charts without candles",
        [
            el("p", "The figures are those of the run; its candles cannot be drawn beside them."),
            el("ul", told),
        ],
        grave=True,
    )


def _trade_link(signal_id: object) -> Markup:
    text = exact_text(signal_id)
    return el("a", text, href="#trade=" + quote(text, safe=""))


def _counted(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _more(count: int) -> Markup | None:
    return el("li", f"and {count - _LISTED:,} more") if count > _LISTED else None
