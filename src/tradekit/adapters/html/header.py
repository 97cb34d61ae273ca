"""The head of the page: what was run, on what, with which settings.

Everything here is read off the manifest; nothing is judged.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from tradekit.adapters.html.markup import Markup, el, join
from tradekit.adapters.html.words import exact, exact_text, label, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tradekit.adapters.html.markup import Child

    Plain = Mapping[str, Any]

_HASH: Final = re.compile(r"[0-9a-f]{64}")
_HASH_SHOWN: Final = 16
_LONG: Final = frozenset({"Frame", "Symbols", "Fingerprint", "Versions"})


def header(run_id: str, manifest: Plain, report: Plain) -> Markup:
    """Return the head of the page, the whole manifest folded in it.

    Args:
        run_id: the name of the run's folder.
        manifest: `manifest.json` as plain values.
        report: `report.json` as plain values.
    """
    config = manifest.get("config", {})
    facts = [
        ("Frame", _frame(config, report)),
        ("Symbols", ", ".join(map(str, config.get("symbols", ())))),
        ("Exchange", _exchange(config)),
        ("Capital", exact("capital", report.get("capital", ""))),
        ("Costs a leg", _pairs(config.get("costs"))),
        ("Parameters", _pairs(config.get("params")) or "none"),
        ("Limits", _pairs(config.get("limits"))),
        ("Gaps", exact_text(config.get("gaps", ""))),
        ("Strategy file", _file(manifest.get("strategy_file", {}))),
        ("Fingerprint", el("code", exact_text(report.get("fingerprint", "")))),
        ("Versions", _pairs(manifest.get("versions"))),
        ("Made", _when(manifest)),
    ]
    return el(
        "header",
        el("p", "tradekit run ", el("code", run_id), class_="over"),
        el("h1", exact_text(config.get("strategy", run_id))),
        el("dl", [_fact(*fact) for fact in facts if fact[1]], class_="facts"),
        el(
            "details",
            el("summary", "The whole manifest"),
            el("pre", json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)),
        ),
        class_="head",
    )


def _fact(name: str, value: Child) -> Markup:
    return el("div", el("dt", name), el("dd", value), class_="long" if name in _LONG else None)


def _frame(config: Plain, report: Plain) -> Markup:
    frame = config.get("frame", {})
    name, base = exact_text(frame.get("name", "")), exact_text(frame.get("base", ""))
    since_ms, until_ms = report.get("since_ms", 0), report.get("until_ms", 0)
    return join(
        el("strong", name),
        el("span", moment(since_ms), " to ", moment(until_ms), f" UTC, steps of {base}"),
    )


def _exchange(config: Plain) -> str:
    exchange = config.get("exchange", {})
    name, kind = exact_text(exchange.get("name", "")), exact_text(exchange.get("kind", ""))
    told = [] if kind == name else [kind]
    if kind == "synthetic":
        told.append(f"seed {exact_text(config.get('seed'))}")
    if exchange.get("directory"):
        told.append(exact_text(exchange["directory"]))
    if exchange.get("shorts") is False:
        told.append("no shorts")
    return f"{name} ({', '.join(told)})" if told else name


def _file(file: Plain) -> Markup:
    return join(
        el("span", exact_text(file.get("path", "")), " "),
        el(
            "code",
            exact_text(file.get("sha256", ""))[:_HASH_SHOWN],
            title=exact_text(file.get("sha256")),
        ),
    )


def _when(manifest: Plain) -> Markup:
    began, ended = (
        exact_text(manifest.get(name, "")).replace("T", " ").removesuffix("Z")
        for name in ("began", "ended")
    )
    return join(el("span", began, class_="pair"), " ", el("span", f"to {ended} UTC", class_="line"))


def _pairs(values: Plain | None) -> list[Markup]:
    """Return `name value` for each of the values, so that a line never breaks inside one."""
    return [
        el("span", f"{_lower(name)} ", _value(name, value), class_="pair")
        for name, value in sorted((values or {}).items())
        if value is not None
    ]


def _lower(name: str) -> str:
    text = label(name)
    return text[:1].lower() + text[1:]


def _value(name: str, value: object) -> Markup:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return exact(name, value)
    text = exact_text(value)
    if len(text) > _HASH_SHOWN and _HASH.fullmatch(text):
        return el("code", text[:_HASH_SHOWN], title=text)
    return join(text)
