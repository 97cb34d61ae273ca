"""How figures and names read on the page: labels, numbers, times, lengths of time.

Decides the look of a value, never the value: the exact text of `report.json` is always there, as
what is shown or as the `value` of what is shown rounded. Which figures there are is the report's
business: a name that is not known here is shown by its own words.
"""

from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, Final

from tradekit.adapters.html.markup import Markup, el, join
from tradekit.analysis.definitions import DAYS, MINUTES, PERCENT, UNITS
from tradekit.domain.time import DAY_MS, MINUTE_MS, format_time

HOUR_MS: Final = 60 * MINUTE_MS
_GROUP: Final = 3
_PLACES: Final = 2
_SMALL: Final = Decimal("0.1")
_COLOURED: Final = ("pnl", "return", "expectancy", "trade_pct", "_win_pct", "_loss_pct")

# The order in which figures stand; what is not named here follows by name.
GROUPS: Final[dict[str, dict[str, str]]] = {
    "Outcome": {
        "pnl": "PnL",
        "pnl_pct": "PnL of capital",
        "final_equity": "Final equity",
        "fees": "Fees",
        "gross_profit": "Gross profit",
        "gross_loss": "Gross loss",
        "yearly_return_pct": "Yearly return",
        "max_drawdown_pct": "Max drawdown",
        "longest_drawdown_days": "Longest drawdown",
        "exposure_pct": "Exposure",
    },
    "Trades": {
        "trade_count": "Trades",
        "win_count": "Wins",
        "loss_count": "Losses",
        "win_rate_pct": "Win rate",
        "ambiguous_count": "Ambiguous trades",
        "risk_trade_count": "Trades with a stop",
        "trades_per_day": "Trades a day",
        "max_win_streak": "Longest win streak",
        "max_loss_streak": "Longest loss streak",
        "failure_count": "Failures",
        "candle_count": "Candles",
    },
    "Ratios": {
        "profit_factor": "Profit factor",
        "payoff_ratio": "Payoff ratio",
        "expectancy_r": "Expectancy in R",
        "sqn": "SQN",
        "sharpe_ratio": "Sharpe ratio",
        "sortino_ratio": "Sortino ratio",
        "calmar_ratio": "Calmar ratio",
        "recovery_factor": "Recovery factor",
        "volatility_pct": "Volatility",
        "trade_std_dev_pct": "Spread of a trade",
    },
    "PnL of a trade": {
        "avg_trade_pnl": "Average",
        "median_trade_pnl": "Median",
        "best_trade_pnl": "Best",
        "worst_trade_pnl": "Worst",
        "avg_win_pnl": "Average win",
        "avg_loss_pnl": "Average loss",
        "avg_win_streak_pnl": "Average win streak",
        "avg_loss_streak_pnl": "Average loss streak",
    },
    "Percent of a trade": {
        "avg_trade_pct": "Average",
        "median_trade_pct": "Median",
        "best_trade_pct": "Best",
        "worst_trade_pct": "Worst",
        "avg_win_pct": "Average win",
        "avg_loss_pct": "Average loss",
    },
    "Course of a trade": {
        "avg_duration_minutes": "Held on average",
        "avg_win_duration_minutes": "Held, winners",
        "avg_loss_duration_minutes": "Held, losers",
        "avg_trade_peak_pct": "Best moment, average",
        "best_trade_peak_pct": "Best moment of all",
        "avg_trade_drawdown_pct": "Worst moment, average",
        "worst_trade_drawdown_pct": "Worst moment of all",
    },
}
# In a table of many columns the group is not there to tell these apart.
_BARE: Final = frozenset({"PnL of a trade", "Percent of a trade"})
_PLACES_OF: Final = {
    name: index for index, name in enumerate(n for group in GROUPS.values() for n in group)
}
_LABELS: Final = {
    name: label
    for title, group in GROUPS.items()
    if title not in _BARE
    for name, label in group.items()
}
_UNITS: Final = {PERCENT: "%", DAYS: "days", MINUTES: "min"}
_WORDS: Final = {"pnl": "PnL", "avg": "average", "max": "max", "min": "min", "std": "standard"}


def label(name: str) -> str:
    """Return how a figure is called: its known label, else its own words."""
    if name in _LABELS:
        return _LABELS[name]
    for ending in ("_pct", "_ms", "_count"):
        name = name.removesuffix(ending)
    words = [_WORDS.get(word, word) for word in name.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


def plain(name: str) -> str:
    """Return a rule or reason as words."""
    return name.replace("_", " ")


def exact_text(value: object) -> str:
    """Return a value as `report.json` has it, without quotation marks."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def exact(name: str, value: object) -> Markup:
    """Return a figure with all its digits, those after the second decimal in a quiet colour."""
    text = exact_text(value)
    number = _number(value)
    if number is None:
        return join(text)
    if name.endswith("_ms"):
        return _lasting(name, value)
    whole, point, rest = text.partition(".")
    first = rest[:_PLACES] if "e" not in text.lower() else rest
    # The tail is there without digits too, so that the figures above and below it line up.
    shown = [_grouped(whole), point + first, el("span", rest[len(first) :], class_="tail")]
    told = unit(name) or el("span", class_="unit")
    return join(el("data", shown, value=text, class_=_sign(name, number)), told)


def rounded(name: str, value: object) -> Markup:
    """Return a figure to two decimals, small ones to two digits; the exact one is its value."""
    text = exact_text(value)
    number = _number(value)
    if number is None:
        return join(text)
    if name.endswith("_ms"):
        return _lasting(name, value)
    shown = f"{number:,}" if "." not in text and "e" not in text.lower() else _short(number)
    return join(
        el("data", shown, value=text, title=text, class_=_sign(name, number)),
        unit(name),
    )


def missing(reason: str | None) -> Markup:
    """Return what stands where a figure has no value."""
    if reason is None:
        return el("span", "none", class_="absent")
    return el("span", plain(reason), class_="absent", title=f"no value: {reason}")


def unit(name: str) -> Markup | None:
    """Return the unit that follows a figure, None for money, counts and ratios."""
    told = "%" if name.endswith("_pct") else _UNITS.get(UNITS.get(name, ""))
    return None if told is None else el("span", f" {told}", class_="unit")


def moment(ts_ms: int) -> Markup:
    """Return a time, UTC, to the minute where it lies on one."""
    iso = format_time(ts_ms)
    return el("time", iso.removesuffix(":00Z").removesuffix("Z").replace("T", " "), datetime=iso)


def lasting(duration_ms: float) -> str:
    """Return a length of time in its two largest units, as in `1d 4h`."""
    rest = round(duration_ms)
    parts = []
    for length_ms, letter in ((DAY_MS, "d"), (HOUR_MS, "h"), (MINUTE_MS, "m"), (1000, "s")):
        count, rest = divmod(rest, length_ms)
        if count:
            parts.append(f"{count}{letter}")
    return " ".join(parts[:2]) or "0m"


def _lasting(name: str, value: object) -> Markup:
    number = float(exact_text(value))
    if name.endswith("ts_ms") or name in {"since_ms", "until_ms"}:
        return moment(round(number))
    return el("data", lasting(number), value=exact_text(value), title=f"{exact_text(value)} ms")


def _number(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(exact_text(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _short(number: Decimal) -> str:
    """Return two decimals, or two digits of what is nearer to zero than 0.1."""
    places = _PLACES
    if number and abs(number) < _SMALL:
        places = 1 - number.adjusted()
    fixed = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    return f"{fixed:,f}"


def _grouped(whole: str) -> list[Markup]:
    """Return digits in groups of three, set apart by space that is no text."""
    sign, digits = (whole[0], whole[1:]) if whole.startswith("-") else ("", whole)
    first = len(digits) % _GROUP or _GROUP
    starts = [0, *range(first, len(digits), _GROUP), len(digits)]
    groups = [digits[a:b] for a, b in pairwise(starts)]
    return [join(sign + groups[0]), *(el("span", each, class_="group") for each in groups[1:])]


def _sign(name: str, number: Decimal) -> str | None:
    if not number or not any(word in name for word in _COLOURED):
        return None
    return "gain" if number > 0 else "loss"


def section_scalars(section: dict[str, Any]) -> list[str]:
    """Return the names of a section's single figures, in the order in which they are shown."""
    names = [n for n, value in section.items() if not isinstance(value, dict | list)]
    return sorted(names, key=lambda name: (_PLACES_OF.get(name, len(_PLACES_OF)), name))
