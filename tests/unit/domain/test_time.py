"""Time: what parses and what does not, the grid of intervals, frames."""

import pytest

from tradekit.domain.time import (
    DAY_MS,
    MINUTE_MS,
    Frame,
    Interval,
    align_down,
    align_up,
    format_duration,
    format_time,
    parse_duration_ms,
    parse_interval,
    parse_time_ms,
)
from tradekit.errors import SettingsError

APRIL = 1_775_001_600_000


@pytest.mark.parametrize(
    ("interval", "minutes"),
    [
        (Interval.M1, 1),
        (Interval.M3, 3),
        (Interval.M5, 5),
        (Interval.M15, 15),
        (Interval.M30, 30),
        (Interval.H1, 60),
        (Interval.H2, 120),
        (Interval.H4, 240),
        (Interval.H6, 360),
        (Interval.H8, 480),
        (Interval.H12, 720),
        (Interval.D1, 1440),
    ],
)
def test_length_of_an_interval(interval, minutes):
    assert interval.ms == minutes * MINUTE_MS
    assert parse_interval(interval.plain) is interval


def test_there_is_no_other_interval():
    assert len(Interval) == 12


def test_an_interval_parses_to_itself():
    assert parse_interval(Interval.H4) is Interval.H4


@pytest.mark.parametrize("text", ["", "1", "m", "2m", "60m", "1M", "1w", "1m ", "M1"])
def test_an_unknown_interval_is_told_with_the_known_ones(text):
    with pytest.raises(SettingsError) as caught:
        parse_interval(text)

    assert caught.value.message == (
        f"interval was {text!r}, must be one of 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d"
    )


@pytest.mark.parametrize(
    ("value", "minutes"),
    [(1, 1), (90, 90), ("90m", 90), ("4h", 240), ("3d", 4320), ("2w", 20160), (" 5m ", 5)],
)
def test_duration_is_minutes_or_text(value, minutes):
    assert parse_duration_ms(value) == minutes * MINUTE_MS


@pytest.mark.parametrize(
    "value", [0, -1, 1.5, True, False, None, "", "0m", "5", "m", "-5m", "1.5h", "5 m", "5s", "5M"]
)
def test_what_is_no_duration(value):
    with pytest.raises(SettingsError) as caught:
        parse_duration_ms(value, "hold")

    assert caught.value.message == (
        f"hold was {value!r}, must be whole minutes above 0 or a text such as '90m', '4h', '3d'"
    )


@pytest.mark.parametrize(
    ("text", "ts_ms"),
    [
        ("2026-04-01", APRIL),
        (" 2026-04-01 ", APRIL),
        ("2026-04-01T00:00", APRIL),
        ("2026-04-01 00:00:00", APRIL),
        ("2026-04-01T00:00:00Z", APRIL),
        ("2026-04-01T02:00:00+02:00", APRIL),
        ("2026-03-31T19:00:00-05:00", APRIL),
        ("2026-04-01T00:00:00.250", APRIL + 250),
        (APRIL, APRIL),
        ("2000-01-01", 946_684_800_000),
        ("2099-12-31T23:59:59.999", 4_102_444_799_999),
    ],
)
def test_time_is_utc_unless_it_says_otherwise(text, ts_ms):
    assert parse_time_ms(text) == ts_ms


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "2026-04-31", "01.04.2026", True, "1"])
def test_what_is_no_time(text):
    with pytest.raises(SettingsError) as caught:
        parse_time_ms(text, "--from")

    assert caught.value.message == (
        f"--from was {text!r}, must be a date or time as in 2026-04-01 or 2026-04-01T12:30"
    )


@pytest.mark.parametrize(
    "value",
    ["1999-12-31T23:59:59.999", "2100-01-01", "2100-01-01T00:00+00:00", 1_775_001_600, 0, -1],
)
def test_time_far_from_any_exchange(value):
    # Among them a time in seconds, taken for milliseconds.
    with pytest.raises(SettingsError) as caught:
        parse_time_ms(value)

    assert caught.value.message == (
        f"time was {value!r}, must lie between the years 2000 and 2100 (milliseconds UTC)"
    )


@pytest.mark.parametrize(
    ("ts_ms", "text"),
    [
        (APRIL, "2026-04-01T00:00:00Z"),
        (APRIL + 250, "2026-04-01T00:00:00.250Z"),
        (APRIL + DAY_MS - 1000, "2026-04-01T23:59:59Z"),
    ],
)
def test_time_is_written_as_it_is_read(ts_ms, text):
    assert format_time(ts_ms) == text
    assert parse_time_ms(text) == ts_ms


@pytest.mark.parametrize(
    ("ts_ms", "down", "up"), [(0, 0, 0), (1, 0, 5), (4, 0, 5), (5, 5, 5), (6, 5, 10)]
)
def test_alignment(ts_ms, down, up):
    assert align_down(ts_ms, 5) == down
    assert align_up(ts_ms, 5) == up


def test_frame_is_a_half_open_window():
    frame = Frame("april", "2026-04-01", "2026-04-28")

    assert (frame.name, frame.since_ms, frame.base) == ("april", APRIL, Interval.M1)
    assert frame.until_ms == APRIL + 27 * DAY_MS


def test_frame_takes_milliseconds_and_a_base():
    frame = Frame("hours", APRIL, APRIL + DAY_MS, base="1h")

    assert (frame.since_ms, frame.until_ms, frame.base) == (APRIL, APRIL + DAY_MS, Interval.H1)


def test_frame_does_not_change():
    frame = Frame("april", "2026-04-01", "2026-04-28")

    with pytest.raises(AttributeError):
        frame.until_ms = 0
    assert frame == Frame("april", "2026-04-01", "2026-04-28")


@pytest.mark.parametrize("until", ["2026-04-01", "2026-03-31T23:59"])
def test_frame_ends_after_its_start(until):
    with pytest.raises(SettingsError) as caught:
        Frame("x", "2026-04-01", until)

    assert caught.value.message == (
        f"frame 'x' ends at {format_time(parse_time_ms(until))}, "
        "must end after its start 2026-04-01T00:00:00Z"
    )


@pytest.mark.parametrize(
    ("since", "until", "base", "off"),
    [
        ("2026-04-01T00:00:30", "2026-04-02", "1m", "2026-04-01T00:00:30Z"),
        ("2026-04-01", "2026-04-02T00:00:01", "1m", "2026-04-02T00:00:01Z"),
        ("2026-04-01T00:30", "2026-04-02", "1h", "2026-04-01T00:30:00Z"),
        ("2026-04-01", "2026-04-02T12:00", "1d", "2026-04-02T12:00:00Z"),
    ],
)
def test_frame_lies_on_its_base(since, until, base, off):
    with pytest.raises(SettingsError) as caught:
        Frame("x", since, until, base=base)

    assert caught.value.message == f"frame 'x': {off} does not lie on its base interval {base}"


@pytest.mark.parametrize(
    ("since", "until", "words"),
    [
        ("soon", "2026-04-01", "frame 'x': its start was 'soon'"),
        ("2026-04-01", "late", "frame 'x': its end was 'late'"),
    ],
)
def test_frame_says_which_time_does_not_parse(since, until, words):
    with pytest.raises(SettingsError, match=words):
        Frame("x", since, until)


def test_frame_says_which_intervals_there_are():
    with pytest.raises(SettingsError, match="interval was '7m'"):
        Frame("x", "2026-04-01", "2026-04-02", base="7m")


@pytest.mark.parametrize(
    ("duration_ms", "text"),
    [(86_400_000, "1d"), (36 * 3_600_000, "36h"), (5_400_000, "90m"), (60_000, "1m")],
)
def test_durations_read_as_people_write_them(duration_ms, text):
    assert format_duration(duration_ms) == text
