"""`--gaps fill`: which candles are made up, and what is told about them."""

from tests.support.candles import DAY, series_of
from tests.unit.bootstrap.handed_market import first_minute, opened, plan
from tradekit.domain.time import MINUTE_MS


def minutes(tape):
    return [(ts_ms - DAY) // MINUTE_MS for ts_ms in tape.candles.ts_ms.tolist()]


def test_fill_makes_candles_up_from_the_first_one_on():
    held = [*range(-5, 10), *range(12, 60)]

    market = opened(series_of(held), plan(gaps="fill"))

    (tape,) = market.tapes
    assert minutes(tape) == list(range(-1, 60))
    made = tape.candles.slice(11, 13)
    assert [each.tolist() for each in made.columns()] == [[109.5] * 2] * 4 + [[0.0] * 2]
    assert market.holes == {"A": [(DAY + 10 * MINUTE_MS, DAY + 12 * MINUTE_MS)]}
    assert market.notes == ["A: 2 candles are made up, flat at the last close: --gaps fill"]
    assert market.filled_until_ms(tape) == DAY + 60 * MINUTE_MS


def test_hash_of_a_filled_symbol_is_that_of_what_the_store_has():
    series = {"A": series_of([*range(-5, 10), *range(12, 60)]), "B": series_of(range(-5, 60))}

    market = opened(series, plan("A", "B", gaps="fill"))

    read = {symbol: each.between(DAY - MINUTE_MS, 2 * DAY) for symbol, each in series.items()}
    assert market.hashes() == {symbol: each.content_hash() for symbol, each in read.items()}
    assert market.filled_until_ms(market.tapes[1]) is None


def test_fill_reaches_the_warmup_and_the_frames_end():
    series = series_of([*range(-40, -20), *range(-10, 50), *range(70, 90)])

    market = opened(series, plan(warmup="30m", gaps="fill"))

    assert minutes(market.tapes[0]) == list(range(-30, 60))
    assert first_minute(market) == 0


def test_fill_makes_nothing_up_before_the_first_close_nor_after_the_data():
    late = opened(series_of([*range(-90, -40), *range(7, 60)]), plan(gaps="fill"))
    short = opened(series_of([*range(-5, 20), 30]), plan(gaps="fill"))

    assert minutes(late.tapes[0]) == list(range(7, 60))
    assert first_minute(late) == 8
    assert late.holes == {"A": [(DAY - MINUTE_MS, DAY + 7 * MINUTE_MS)]}
    assert late.notes == []
    assert minutes(short.tapes[0]) == list(range(-1, 31))
    assert any("ends early" in note for note in short.notes)


def test_fill_of_whole_candles_changes_nothing():
    market = opened(series_of(range(-5, 60)), plan(gaps="fill"))

    assert (market.stored, market.notes, market.holes) == ({}, [], {"A": []})
