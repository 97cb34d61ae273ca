"""The cursor: where it is, what it shows there, and where it goes, over days and holes."""

import math

import pytest
from hypothesis import given, settings

from tests.support.candles import DAY, series_of
from tests.unit.engine.dice import dice
from tradekit.domain.instrument import Instrument
from tradekit.domain.time import DAY_MS, MINUTE_MS
from tradekit.drivers.shared import Now
from tradekit.drivers.tape import Cursor, Tape
from tradekit.engine.quiet import NEVER_MS

INF = math.inf
NEVER = (-INF, INF, NEVER_MS)


def tape_of(minutes, first_index=1, **more):
    return Tape("X", 0, series_of(minutes, **more), first_index, Instrument("X"))


def cursor_of(minutes, first_index=1, **more):
    return Cursor(tape_of(minutes, first_index, **more), Now(0))


def place_of(cursor):
    """Return the index of the candle that the cursor stands before."""
    return cursor.offset + cursor.k


def at(minute):
    return DAY + minute * MINUTE_MS


def shown(cursor):
    """Return what the page tells of the current candle: time, low, high and the close before."""
    k = cursor.k
    return cursor.times[k], cursor.lows[k], cursor.highs[k], cursor.closes[k]


def expected(series, index):
    return (
        int(series.ts_ms[index]),
        float(series.low[index]),
        float(series.high[index]),
        float(series.close[index - 1]),
    )


def test_a_decision_needs_a_closed_candle_before_it():
    with pytest.raises(AssertionError, match="needs a closed candle"):
        tape_of(range(3), first_index=0)


def test_it_starts_before_the_first_decision():
    cursor = cursor_of(range(5), first_index=2)

    assert place_of(cursor) == 2
    assert shown(cursor) == (at(2), 101.0, 103.0, 101.5)
    assert cursor.open_price == 102.0


def test_without_a_candle_to_decide_at_there_is_nothing():
    cursor = cursor_of(range(3), first_index=3)

    assert (cursor.count, place_of(cursor)) == (0, 3)
    assert cursor.last_close() == 102.5


@pytest.mark.parametrize(
    "minutes",
    [
        range(3000),
        [*range(5), *range(9, 1500), *range(1600, 3000)],
        # Midnights that nothing opens at.
        [*range(1430), *range(1450, 2870), *range(2890, 3000)],
        [0, 1440, 2880, 4320],
    ],
    ids=["whole", "holes", "holes at midnight", "days apart"],
)
def test_steps_visit_every_candle_in_turn(minutes):
    series = series_of(minutes)
    cursor = cursor_of(minutes)
    for index in range(1, len(series)):
        assert place_of(cursor) == index
        assert shown(cursor) == expected(series, index)
        assert cursor.open_price == series.open[index]
        next_ms = cursor.step()
        assert next_ms == (series.ts_ms[index + 1] if index + 1 < len(series) else NEVER_MS)
    assert place_of(cursor) == len(series)


def test_a_page_is_a_day_at_most():
    cursor = cursor_of(range(6000), since_ms=DAY + 600 * MINUTE_MS)
    sizes = []
    while cursor.step() < NEVER_MS:
        if cursor.k == 0:
            sizes.append(cursor.count)
            assert cursor.times[0] // DAY_MS == cursor.times[-1] // DAY_MS

    assert max(sizes) == 1440
    assert sum(sizes) == 5998


def test_an_open_day_is_turned_in_growing_pages():
    cursor = cursor_of(range(100))
    sizes = []
    while cursor.step() < NEVER_MS:
        if cursor.k == 0:
            sizes.append(cursor.count)

    assert sizes == [1, 4, 16, 64, 13]


@pytest.mark.parametrize(
    ("levels", "index"),
    [
        (NEVER, 50),
        ((-INF, INF, at(10)), 10),
        ((-INF, INF, at(10) - 1), 10),
        ((-INF, INF, at(10) + 1), 11),
        ((-INF, 121.0, NEVER_MS), 20),
        ((-INF, 121.0, at(10)), 10),
        ((-INF, 121.0, at(30)), 20),
        ((INF, -INF, 0), 2),
        ((-INF, INF, 0), 2),
        ((-INF, INF, at(2)), 2),
        ((-INF, INF, at(3)), 3),
        ((99.0, INF, NEVER_MS), 50),
    ],
)
def test_a_skip_goes_to_what_comes_first(levels, index):
    cursor = cursor_of(range(50))

    next_ms = cursor.skip(*levels)

    assert next_ms == (at(index) if index < 50 else NEVER_MS)
    assert place_of(cursor) == index


def test_a_deadline_in_a_hole_is_met_after_it():
    cursor = cursor_of([0, 1, 2, 3, 20, 21, 22])

    assert cursor.skip(-INF, INF, at(10)) == at(20)
    assert shown(cursor) == (at(20), 119.0, 121.0, 103.5)


def test_a_skip_never_stays():
    cursor = cursor_of([0, 1, 2, 3, 20, 21, 22], first_index=3)

    assert cursor.skip(-INF, INF, at(4)) == at(20)
    assert cursor.skip(-INF, INF, at(5)) == at(21)


@pytest.mark.parametrize("minutes", [range(50), [*range(10), *range(15, 50)]])
def test_the_close_that_was_known(minutes):
    series = series_of(minutes)
    cursor = cursor_of(minutes)
    for minute in range(-3, 60):
        known = [
            float(close)
            for ts_ms, close in zip(series.ts_ms, series.close, strict=True)
            if ts_ms < at(minute)
        ]
        assert cursor.close_before(at(minute)) == (known[-1] if known else series.close[0])


def test_extremes_of_a_stretch():
    assert cursor_of(range(50)).extremes(3, 6)[:2] == (106.0, 102.0)
    assert cursor_of(range(50)).extremes(3, 4)[:2] == (104.0, 102.0)


def test_the_last_close():
    assert cursor_of(range(50)).last_close() == 149.5


@settings(max_examples=60)
@given(dice(rolls=120))
def test_any_walk_of_steps_and_skips_shows_the_candles_as_they_are(dice):
    minutes, minute = [], 0
    for _ in range(dice.pick((40, 400))):
        minutes.append(minute)
        minute += dice.pick((1, 1, 1, 1, 1, 1, 1, 3, 90))
    series = series_of(minutes, since_ms=DAY - 100 * MINUTE_MS)
    cursor = cursor_of(minutes, since_ms=DAY - 100 * MINUTE_MS)
    for _ in range(60):
        assert shown(cursor) == expected(series, place_of(cursor))
        before = place_of(cursor)
        if dice.often():
            next_ms, wanted = cursor.step(), before + 1
        else:
            deadline_ms = int(series.ts_ms[before]) + dice.below(200) * MINUTE_MS // 2
            high = 101.0 + before + dice.pick((5, 1, 50, 1000))
            next_ms = cursor.skip(-INF, high, deadline_ms)
            wanted = before + 1
            while (
                wanted < len(series)
                and series.ts_ms[wanted] < deadline_ms
                and series.high[wanted] < high
            ):
                wanted += 1
        assert place_of(cursor) == wanted
        if wanted == len(series):
            assert next_ms == NEVER_MS
            return
        assert next_ms == series.ts_ms[wanted]


@pytest.mark.parametrize("placed", [2, 7, 11])
@pytest.mark.parametrize(("minute", "closed"), [(2, 2), (4, 4), (7, 4), (9, 5), (12, 8)])
def test_what_has_closed_goes_by_the_time_of_the_run(placed, minute, closed):
    minutes = [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15]
    cursor = cursor_of(minutes)

    cursor.place(placed)
    cursor.now.ms = at(minute)

    assert cursor.index == closed
    assert cursor.price == minutes[closed - 1] + 100.5
    assert cursor.now_ms == at(minute)
