"""What the events of a run say of its trades: where fills stand, and how their levels moved.

Decides in which candle something happened, which level held when, and how many steps of one are
kept. How it is packed is `payload`'s business. Invariant: the first step of a level is that of the
entry, and the last one that which held when the trade ended.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from tradekit.domain.time import align_down

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    Plain = Mapping[str, Any]
    Key = tuple[str, str, str]
    Steps = list[list[float | None]]

AVERAGE: Final = "average"
STOP: Final = "stop"
TARGET: Final = "target"
_ENTRIES: Final = ("opened", "averaged")
_EXITS: Final = ("partial", "closed")


@dataclass(slots=True)
class Course:
    """What events say of one trade; times are the open times of candles, ms UTC.

    `entry_times` and `exit_times` belong to the trade's fills. `steps` has for the average price of
    what is held, the stop and the nearest known target `[time, price]` from when on it held, None
    for none; `moves` counts how often stop and target were moved.
    """

    entry_times: list[int] = field(default_factory=list)
    exit_times: list[int] = field(default_factory=list)
    steps: dict[str, Steps] = field(default_factory=dict)
    moves: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def first(self, name: str) -> float | None:
        """Return where a level stood at the entry."""
        steps = self.steps.get(name)
        return steps[0][1] if steps else None


def key_of(row: Plain) -> Key:
    """Return what a trade and its events have in common."""
    return row["strategy"], row["symbol"], row["signal_id"]


def trade_courses(
    events: Iterable[Plain], wanted: Container[Key], *, base_ms: int, shown_ms: int
) -> dict[Key, Course]:
    """Return the course of each trade that is wanted and has events.

    Nothing is kept of all other events: there may be far more of them than of trades. Of the steps
    that a level makes within one candle shown the last one is kept.

    Args:
        events: rows of `events.jsonl`, in order.
        wanted: the trades.
        base_ms: the base interval.
        shown_ms: the interval of the candles shown.
    """
    courses: dict[Key, Course] = {}
    for event in events:
        key = key_of(event)
        if key not in wanted:
            continue
        course = courses.setdefault(key, Course())
        at_ms = event["ts_ms"] - (base_ms if event.get("phase") == "inside" else 0)
        kind = event["kind"]
        if kind in _ENTRIES:
            course.entry_times.append(at_ms)
        elif kind in _EXITS:
            course.exit_times.append(at_ms)
        _move(course, event, at_ms, shown_ms)
        if (note := event.get("note")) and note not in course.notes:
            course.notes.append(str(note))
    return courses


def _move(course: Course, event: Plain, at_ms: int, shown_ms: int) -> None:
    """Note which level an event moves, and where to."""
    kind = event["kind"]
    if kind == "opened":
        prices = {
            AVERAGE: event.get("price"),
            STOP: event.get("stop_loss_price"),
            TARGET: event.get("take_profit_price"),
        }
        course.steps = {name: [[at_ms, _number(price)]] for name, price in prices.items()}
    elif kind == "averaged":
        _step(course, AVERAGE, at_ms, event["average_entry_price"], shown_ms)
    elif kind == "trailed":
        name = event["order"]
        _step(course, name, at_ms, event["new_price"], shown_ms)
        course.moves[name] = course.moves.get(name, 0) + 1
    elif kind in _EXITS and _is_target(event):
        steps = course.steps.get(TARGET)
        if steps and steps[-1][1] is None:
            # Of several targets the farther ones are known when they fill; they were there before.
            steps[-1][1] = _number(event["exit_price" if kind == "closed" else "price"])
        if kind == "partial":
            _step(course, TARGET, at_ms, None, shown_ms)


def _is_target(event: Plain) -> bool:
    return event.get("order") == TARGET or event.get("reason") == "take_profit"


def _step(course: Course, name: str, at_ms: int, price: object, shown_ms: int) -> None:
    steps = course.steps.setdefault(name, [])
    if len(steps) > 1 and _candle(steps[-1][0], shown_ms) == _candle(at_ms, shown_ms):
        steps.pop()
    steps.append([at_ms, _number(price)])


def _candle(at_ms: float | None, shown_ms: int) -> int:
    return align_down(int(at_ms or 0), shown_ms)


def _number(price: object) -> float | None:
    return None if price is None else float(str(price))
