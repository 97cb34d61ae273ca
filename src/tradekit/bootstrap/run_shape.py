"""What manifest.json and report.json must look like before anything is read off them.

Decides which facts must be there and of which kind, once for everybody who reads a run; what the
facts are is `results`' business, whether they are true that of `verification`. Facts that nobody
reads are not asked for, so that a newer tradekit may add some.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

Check = Callable[[str, object], Iterator[str]]

MANIFEST_SCHEMA: Final = "tradekit.manifest/2"
# It had neither hashes nor a summary, and said less about the code.
_UNHASHED: Final = "tradekit.manifest/1"
UNHASHED_TOLD: Final = "it was written by an older tradekit, which kept no hashes"
_SHOWN: Final = 40
_LARGEST: Final = 1e300


def is_unhashed(manifest: Mapping[str, Any]) -> bool:
    """Return whether a manifest is of a tradekit that kept no hashes."""
    return manifest.get("schema") == _UNHASHED


def manifest_flaw(manifest: Mapping[str, Any]) -> str | None:
    """Return the first thing that is wrong with the shape of a manifest, None if it serves."""
    schema = manifest.get("schema")
    if schema not in {MANIFEST_SCHEMA, _UNHASHED}:
        return f"has the schema {_told(schema)}, must have {MANIFEST_SCHEMA}"
    check = _OLD_MANIFEST if schema == _UNHASHED else _MANIFEST
    return next(check("", manifest), None)


def report_flaw(report: Mapping[str, Any]) -> str | None:
    """Return the first thing that is wrong with the shape of a report, None if it serves."""
    return next(_REPORT("", report), None)


def _told(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


def _kind(words: str, is_one: Callable[[object], bool]) -> Check:
    def check(name: str, value: object) -> Iterator[str]:
        if not is_one(value):
            yield f"has {_told(value)} as {name}, must have {words}"

    return check


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST


def _is_number(value: object) -> bool:
    return _is_count(value) or (isinstance(value, float) and abs(value) < _LARGEST)


def _is_money(value: object) -> bool:
    try:
        return isinstance(value, str) and math.isfinite(float(value))
    except ValueError:
        return False


def _fields(**checks: Check) -> Check:
    """Return the check of a document that has these fields at least."""

    def check(name: str, value: object) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"has {_told(value)} as {name}, must have a document"
            return
        for key, each in checks.items():
            whole = f"{name}.{key}" if name else key
            for flaw in each(whole, value.get(key)):
                yield flaw if key in value else f"lacks {whole}"

    return check


def _all(*checks: Check) -> Check:
    def check(name: str, value: object) -> Iterator[str]:
        for each in checks:
            yield from each(name, value)

    return check


def _by_name(each: Check) -> Check:
    def check(name: str, value: object) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"has {_told(value)} as {name}, must have a document"
            return
        for key, inner in value.items():
            yield from each(f"{name}.{key}", inner)

    return check


def _list(each: Check) -> Check:
    def check(name: str, value: object) -> Iterator[str]:
        if not isinstance(value, list):
            yield f"has {_told(value)} as {name}, must have a list"
            return
        for index, inner in enumerate(value):
            yield from each(f"{name}[{index}]", inner)

    return check


def _or_none(each: Check) -> Check:
    def check(name: str, value: object) -> Iterator[str]:
        if value is not None:
            yield from each(name, value)

    return check


_text: Final = _kind("text", lambda value: isinstance(value, str))
_count: Final = _kind("a whole number", _is_count)
_number: Final = _kind("a number", _is_number)
_truth: Final = _kind("true or false", lambda value: isinstance(value, bool))
_money: Final = _kind("a number as text", _is_money)
_figure: Final = _kind("a number", lambda value: _is_number(value) or _is_money(value))
_counts: Final = _by_name(_count)
_texts: Final = _list(_text)

_CONFIG: Final = _fields(
    strategy=_text,
    params=_or_none(_by_name(lambda _name, _value: iter(()))),
    exchange=_fields(name=_text, kind=_text),
    frame=_fields(name=_text, since=_text, until=_text, base=_text),
    symbols=_texts,
    costs=_fields(
        maker_fee_pct=_number,
        taker_fee_pct=_number,
        slippage_pct=_number,
        limit_slippage_pct=_number,
    ),
    capital=_number,
    gaps=_text,
    seed=_count,
)
_OLD_MANIFEST: Final = _fields(
    began=_text,
    config=_CONFIG,
    strategy_file=_fields(path=_text, sha256=_text),
    data_sha256=_by_name(_text),
    versions=_fields(tradekit=_text, python=_text, numpy=_text),
    notes=_texts,
)
_MANIFEST: Final = _all(
    _OLD_MANIFEST,
    _fields(
        files=_by_name(_text),
        lead_ms=_count,
        strategy_file=_fields(modules=_by_name(_text)),
        summary=_fields(
            trade_count=_count, pnl=_money, final_equity=_money, max_drawdown_pct=_number
        ),
        versions=_fields(engine_sha256=_text),
    ),
)
_SECTION: Final = _fields(
    trade_count=_count,
    win_rate_pct=_or_none(_number),
    pnl=_money,
    pnl_pct=_number,
    fees=_money,
    max_drawdown_pct=_number,
    exposure_pct=_or_none(_number),
    ambiguous_count=_count,
    exits=_counts,
    rejected=_counts,
    cancelled=_counts,
    undefined=_or_none(_by_name(_text)),
    warnings=_or_none(_by_name(_text)),
    **dict.fromkeys(
        ("profit_factor", "expectancy_r", "sharpe_ratio", "sortino_ratio", "calmar_ratio"),
        _or_none(_figure),
    ),
)
_PATH: Final = _or_none(_fields(pnl=_money))
_REPORT: Final = _fields(
    capital=_money,
    final_equity=_money,
    fingerprint=_text,
    total=_SECTION,
    symbols=_by_name(_SECTION),
    strategies=_or_none(_by_name(_SECTION)),
    interval=_or_none(
        _fields(
            ambiguous_candles=_count,
            stop_first=_PATH,
            target_first=_PATH,
            sign_changes=_or_none(_truth),
        )
    ),
    first_refusals=_by_name(_text),
    failures=_list(_fields(symbol=_text, error=_text, hook=_text)),
    errors=_or_none(
        _list(_fields(symbol=_text, error=_text, hook=_text, count=_count, ts_ms=_count))
    ),
    gaps=_list(
        _fields(
            symbol=_text,
            holes=_count,
            missing=_count,
            trades_over_holes=_list(_fields(pnl=_money)),
        )
    ),
    not_started=_texts,
    warnings=_texts,
    notes=_texts,
)
