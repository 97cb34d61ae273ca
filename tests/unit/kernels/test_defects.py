"""Planted defects are found where they are, and nothing else is."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.candles import DAY
from tests.support.defects import APART, KINDS, plant_everywhere, rows_of, series_of_rows
from tradekit.domain.candle import CandleSeries, empty_series
from tradekit.domain.time import DAY_MS, MINUTE_MS
from tradekit.kernels.candles import aggregate
from tradekit.kernels.defects import Finding, Kind, check_series, compare

HOUR_MS = 60 * MINUTE_MS


def walk(count: int, seed: int, *, interval_ms: int = MINUTE_MS, since_ms: int = DAY):
    """Return candles of a quiet market: steps and ranges of some thousandths."""
    dice = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(dice.normal(0.0, 0.001, count)))
    open_ = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(open_, close) * (1.0 + dice.uniform(0.0001, 0.002, count))
    low = np.minimum(open_, close) / (1.0 + dice.uniform(0.0001, 0.002, count))
    ts_ms = since_ms + np.arange(count) * interval_ms
    return CandleSeries(interval_ms, ts_ms, open_, high, low, close, dice.uniform(1.0, 9.0, count))


def changed(series: CandleSeries, index: int, **values: float) -> CandleSeries:
    """Return a copy of `series` with other values in one row."""
    rows = rows_of(series)
    names = ("ts_ms", "open", "high", "low", "close", "volume")
    for name, value in values.items():
        rows[index][names.index(name)] = value
    return series_of_rows(rows, series.interval_ms)


def places(findings) -> set[tuple[Kind, int]]:
    return {(each.kind, each.since_ms) for each in findings}


@st.composite
def planted(draw):
    count = draw(st.integers(40, 400))
    free = range(APART, count - APART, APART)
    chosen = draw(st.lists(st.sampled_from(free), unique=True, max_size=len(KINDS)))
    spots = {index: draw(st.sampled_from(KINDS)) for index in chosen}
    seed = draw(st.integers(0, 2**31))
    return (*plant_everywhere(walk(count, seed), spots, random.Random(seed)), spots)


@given(planted())
def test_what_is_planted_is_found_and_nothing_else(case) -> None:
    series, expected, spots = case

    checked = check_series(series)

    assert places(checked.findings) == expected
    assert len(checked.findings) == len(spots)


@given(planted())
def test_sound_candles_have_nothing_but_holes(case) -> None:
    series, _, _ = case

    again = check_series(check_series(series).sound)

    assert {each.kind for each in again.findings} <= {Kind.HOLE}


@given(st.integers(2, 300), st.integers(0, 2**31))
def test_nothing_is_found_where_nothing_is_wrong(count, seed) -> None:
    series = walk(count, seed)

    checked = check_series(series)

    assert checked.findings == ()
    assert checked.sound.content_hash() == series.content_hash()


def test_series_without_candles() -> None:
    assert check_series(empty_series(MINUTE_MS)).findings == ()
    assert compare([empty_series(MINUTE_MS)], empty_series(HOUR_MS)) == ()


def test_rows_that_follow_one_another_are_one_finding() -> None:
    rows = rows_of(walk(50, 1))
    for row in rows[20:24]:
        row[4] = float("nan")

    (finding,) = check_series(series_of_rows(rows, MINUTE_MS)).findings

    since_ms = DAY + 20 * MINUTE_MS
    text = "close was nan, must be a finite number"
    assert finding == Finding(Kind.IMPOSSIBLE, since_ms, since_ms + 4 * MINUTE_MS, 4, text)


def test_hole_is_told_with_the_prices_beside_it() -> None:
    rows = rows_of(walk(50, 1))
    before, after = rows[19][4], rows[23][1]
    del rows[20:23]

    (finding,) = check_series(series_of_rows(rows, MINUTE_MS)).findings

    assert (finding.kind, finding.candles) == (Kind.HOLE, 3)
    assert finding.values == f"close {before!r} before, open {after!r} after"


def test_known_holes_are_notes_and_damaged_days_none() -> None:
    minutes = {*range(100), *range(110, 200), *range(220, 300), *range(400, 450)}
    series = walk(450, 1).take(np.array(sorted(minutes)))
    at = [DAY + minute * MINUTE_MS for minute in range(451)]

    found = check_series(
        series, damaged=[(at[290], at[410])], confirmed=[(at[50], at[106]), (at[195], at[230])]
    ).findings

    assert [(each.kind, each.since_ms, each.until_ms, each.candles) for each in found] == [
        (Kind.HOLE, at[106], at[110], 4),
        (Kind.CONFIRMED, at[100], at[106], 6),
        (Kind.CONFIRMED, at[200], at[220], 20),
    ]


@pytest.mark.parametrize("index", [0, 299])
def test_first_and_last_candle_are_no_spike_yet(index) -> None:
    series = changed(walk(300, 1), index, high=900.0)

    assert check_series(series).findings == ()


@pytest.mark.parametrize(("ranges", "found"), [(15.0, 0), (25.0, 1)])
@pytest.mark.parametrize("sign", [1, -1])
def test_spike_is_twenty_ranges_of_its_neighbours(ranges, found, sign) -> None:
    # Every candle goes from 99.9 to 100.1, a range of 0.2 %: 20 of them are 4 %.
    rows = [[DAY + i * MINUTE_MS, 100.0, 100.1, 99.9, 100.0, 1.0] for i in range(80)]
    reach = 1.0 + ranges * (100.1 / 99.9 - 1.0)
    rows[40][2 if sign > 0 else 3] = 100.0 * reach**sign

    assert len(check_series(series_of_rows(rows, MINUTE_MS)).findings) == found


def test_spike_is_at_least_one_percent() -> None:
    rows = [[DAY + i * MINUTE_MS, 100.0, 100.001, 99.999, 100.0, 1.0] for i in range(80)]
    rows[40][2], rows[60][2] = 100.9, 101.1

    (finding,) = check_series(series_of_rows(rows, MINUTE_MS)).findings

    assert finding.since_ms == DAY + 60 * MINUTE_MS


def test_price_that_leaps_and_stays_is_no_spike() -> None:
    rows = rows_of(walk(300, 1))
    for row in rows[150:]:
        row[1:5] = [price * 3.0 for price in row[1:5]]

    assert check_series(series_of_rows(rows, MINUTE_MS)).findings == ()


def test_crash_is_no_spike() -> None:
    rows = rows_of(walk(300, 1))
    for i, row in enumerate(rows[150:190]):
        row[1:5] = [price * (0.97 if i % 2 else 0.99) for price in row[1:5]]
        row[3] *= 0.96

    assert check_series(series_of_rows(rows, MINUTE_MS)).findings == ()


def test_spikes_side_by_side_do_not_hide_one_another() -> None:
    series = changed(changed(walk(300, 1), 150, high=300.0), 151, high=280.0)

    found = check_series(series).findings

    at = DAY + 150 * MINUTE_MS
    assert places(found) == {(Kind.SPIKE, at), (Kind.SPIKE, at + MINUTE_MS)}


def test_spike_is_told_with_what_is_around_it() -> None:
    (up,) = check_series(changed(walk(300, 1), 150, high=300.0)).findings
    (down,) = check_series(changed(walk(300, 1), 150, low=3.0)).findings

    assert up.values.startswith("high was 300.0, the closes around it ")
    assert down.values.startswith("low was 3.0, the closes around it ")


def test_flat_candles_without_volume_are_one_note() -> None:
    rows = rows_of(walk(100, 1))
    for index in (10, 50, 51, 52, 80):
        close = rows[index - 1][4]
        rows[index][1:] = [close, close, close, close, 0.0]
        rows[index + 1][1] = close
        rows[index + 1][2] = max(rows[index + 1][2], close)
        rows[index + 1][3] = min(rows[index + 1][3], close)

    (note,) = check_series(series_of_rows(rows, MINUTE_MS)).findings

    assert note.kind.is_note
    assert (note.kind, note.since_ms, note.candles) == (
        Kind.NO_VOLUME,
        DAY + 50 * MINUTE_MS,
        5,
    )
    assert note.values == "in 3 stretches, the longest of 3 from here on"


def test_flat_price_that_leaps_without_volume_is_a_defect() -> None:
    rows = rows_of(walk(100, 1))
    price = rows[49][4] * 1.0005
    rows[50][1:] = [price, price, price, price, 0.0]

    (finding,) = check_series(series_of_rows(rows, MINUTE_MS)).findings

    assert finding.kind is Kind.MOVED
    assert finding.values.endswith(f" after close {rows[49][4]!r}")


def test_open_one_step_outside_passes_as_it_did_at_the_border() -> None:
    prices = np.full(2000, 100.0)
    ts_ms = DAY - 1000 * MINUTE_MS + np.arange(2000) * MINUTE_MS
    high, close = prices + 0.5, prices.copy()
    close[1500] = 100.6  # one step of 0.1 above its high
    columns = (prices, high, prices - 0.5, close)
    series = CandleSeries(MINUTE_MS, ts_ms, *(each.copy() for each in columns), prices.copy())
    # Another day with finer prices has a smaller step; that is no reason to find fault here.
    finer = changed(series, 10, high=100.50001)
    worse = changed(series, 1500, close=100.8)

    assert check_series(series).findings == ()
    assert check_series(finer).findings == ()
    assert places(check_series(worse).findings) == {(Kind.IMPOSSIBLE, int(ts_ms[1500]))}


@given(st.integers(0, 2**31), st.lists(st.sampled_from([0.1, 0.01, 0.001]), min_size=1, max_size=6))
def test_rows_of_days_in_any_order_have_the_step_of_their_own_day(seed, steps) -> None:
    # On each day one candle closes one step above its high, another two steps.
    dice = np.random.default_rng(seed)
    rows = []
    for day, step in enumerate(steps):
        for hour in range(24):
            high = round(100.0 + dice.integers(5, 9) * step, 3)
            close = high + step * {7: 1, 9: 2}.get(hour, -1)
            ts_ms = DAY + day * DAY_MS + hour * HOUR_MS
            rows.append([ts_ms, 100.0, high, round(100.0 - step, 3), round(close, 3), 1.0])
    dice.shuffle(rows)

    found = check_series(series_of_rows(rows, HOUR_MS)).findings

    # Rows that stand side by side are one finding, which has the time of the first.
    impossible = [each for each in found if each.kind is Kind.IMPOSSIBLE]
    assert sum(each.candles for each in impossible) == len(steps)
    assert {(each.since_ms - DAY) % DAY_MS for each in impossible} == {9 * HOUR_MS}


@given(st.integers(1, 200), st.integers(0, 2**31), st.integers(0, 300))
def test_longer_candles_made_of_the_shorter_ones_agree(hours, seed, late) -> None:
    series = walk(hours * 60, seed, since_ms=DAY + late * MINUTE_MS)

    assert compare([series], aggregate(series, HOUR_MS)) == ()


@pytest.mark.parametrize("name", ["open", "high", "low", "close", "volume"])
def test_longer_candle_that_disagrees_is_found(name) -> None:
    series = walk(20 * 60, 1)
    hours = aggregate(series, HOUR_MS)
    made = getattr(hours, name)[7].item()
    other = changed(hours, 7, **{name: made * 1.00001})

    (finding,) = compare([series], other)

    since_ms = DAY + 7 * HOUR_MS
    text = f"{name} was {made * 1.00001!r}, the shorter candles make {made!r}"
    assert finding == Finding(Kind.DISAGREES, since_ms, since_ms + HOUR_MS, 1, text)


def test_longer_candle_with_a_hole_inside_is_not_compared() -> None:
    series = walk(20 * 60, 1)
    hours = changed(aggregate(series, HOUR_MS), 7, high=900.0)
    keep = np.ones(len(series), bool)
    keep[7 * 60 + 30] = False

    assert len(compare([series], hours)) == 1
    assert compare([series.take(keep)], hours) == ()


@given(
    st.integers(0, 2**31),
    st.sets(st.integers(0, 119)),
    st.sets(st.integers(0, 23)),
    st.sets(st.integers(0, 9)),
)
def test_each_longer_candle_is_compared_with_the_shortest_that_make_it(
    seed, no_minutes, no_fives, wrong_hours
) -> None:
    minutes = walk(10 * 60, seed)
    fives = aggregate(minutes, 5 * MINUTE_MS)
    hours = aggregate(minutes, HOUR_MS)
    # Five-minute candles whose volume is wrong: an hour made of them says another one.
    other = replace(fives, volume=fives.volume * 2.0)
    spoiled = replace(hours, volume=hours.volume * 3.0)
    at = np.array([hour in wrong_hours for hour in range(10)])
    hours = replace(hours, volume=np.where(at, spoiled.volume, hours.volume))
    lacking_minutes, lacking_fives = _without(minutes, no_minutes), _without(other, no_fives)

    found = compare([lacking_minutes, lacking_fives], hours)

    expected = []
    for hour in range(10):
        if not any(minute // 60 == hour for minute in no_minutes):
            says = hour in wrong_hours
        else:
            says = not any(five // 12 == hour for five in no_fives)
        expected += [DAY + hour * HOUR_MS] if says else []
    assert [each.since_ms for each in found] == expected


def _without(series, indices):
    return series.take(np.array([i not in indices for i in range(len(series))]))


def test_rounding_of_sums_is_no_disagreement() -> None:
    series = walk(20 * 60, 1)
    hours = aggregate(series, HOUR_MS)
    volume = hours.volume[7].item() * (1.0 + 1e-8)

    assert compare([series], changed(hours, 7, volume=volume)) == ()


def test_months_of_candles_are_checked_in_a_moment() -> None:
    import time

    series = [walk(38_880, seed) for seed in range(9)]
    began_s = time.perf_counter()
    for each in series:
        assert check_series(each).findings == ()
    assert time.perf_counter() - began_s < 5.0


def test_rows_of_days_are_judged_by_their_own_day() -> None:
    series = walk(3 * 1440, 1)

    found = check_series(changed(series, 2000, close=series.high[2000].item() * 1.01)).findings

    assert places(found) == {(Kind.IMPOSSIBLE, DAY + DAY_MS + 560 * MINUTE_MS)}
