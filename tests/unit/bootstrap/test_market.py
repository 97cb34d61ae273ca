"""What the market says about a plan: symbols, coverage, warm-up, holes."""

from dataclasses import replace

import pytest

from tests.support.candles import DAY, series_of
from tests.unit.bootstrap.handed_market import HOUR, first_minute, minutes_loaded, opened, plan
from tradekit.domain.candle import empty_series
from tradekit.domain.time import MINUTE_MS, Frame, Interval
from tradekit.errors import CandleError, CandleGapError, CandlesMissingError, UnknownNameError


class TestFirstDecision:
    def test_is_at_the_start_if_the_candle_before_is_there(self):
        market = opened(series_of(range(-100, 100)))

        assert first_minute(market) == 0
        assert minutes_loaded(market) == (-1, 59)
        assert not market.notes
        assert market.tapes[0].instrument.tick_size == 0.1

    def test_is_at_the_second_candle_if_not(self):
        market = opened(series_of(range(100)))

        assert first_minute(market) == 1
        assert minutes_loaded(market) == (0, 59)
        assert not market.notes

    def test_warmup_is_read_before_the_frame(self):
        market = opened(series_of(range(-100, 100)), plan(warmup="30m"))

        assert first_minute(market) == 0
        assert minutes_loaded(market) == (-30, 59)
        assert not market.notes

    def test_moves_into_the_frame_until_the_warmup_is_there(self):
        market = opened(series_of(range(-10, 100)), plan(warmup="30m"))

        assert first_minute(market) == 20
        assert minutes_loaded(market) == (-10, 59)
        assert market.notes == [
            "A: first decision at 2026-04-01T00:20:00Z, the warm-up of 30m is not there before"
        ]

    def test_late_listing_starts_late_and_says_so(self):
        market = opened(series_of(range(10, 100)), plan(warmup="30m"))

        assert first_minute(market) == 40
        assert market.notes == [
            "A: starts late, the first candle is of 2026-04-01T00:10:00Z",
            "A: first decision at 2026-04-01T00:40:00Z, the warm-up of 30m is not there before",
        ]

    def test_notes_of_several_symbols_become_one(self):
        late = series_of(range(10, 100))

        market = opened({"A": late, "B": late}, plan("A", "B"))

        assert market.notes == ["A, B: starts late, the first candle is of 2026-04-01T00:10:00Z"]

    def test_warmup_longer_than_all_there_is_leaves_nothing(self):
        with pytest.raises(CandlesMissingError) as caught:
            opened(series_of(range(100)), plan(warmup="2h"))

        assert caught.value.message == (
            "exchange 'fake' has A from 2026-04-01T00:00:00Z to 2026-04-01T01:40:00Z, frame 'hour' "
            "needs 2026-04-01T00:00:00Z to 2026-04-01T01:00:00Z after a warm-up of 2h: no candle "
            "is left"
        )

    def test_single_candle_leaves_nothing(self):
        with pytest.raises(CandlesMissingError):
            opened(series_of(range(59, 60)))


class TestCoverage:
    @pytest.mark.parametrize("minutes", [range(-50, 0), range(60, 90), range(-5, 59)])
    def test_frame_that_is_not_covered_says_what_is_there(self, minutes):
        with pytest.raises(CandlesMissingError) as caught:
            opened(series_of(minutes))

        assert caught.value.message.startswith("exchange 'fake' has A from 2026-0")
        assert caught.value.message.endswith(
            ", frame 'hour' needs 2026-04-01T00:00:00Z to 2026-04-01T01:00:00Z"
        )
        assert caught.value.fix

    def test_symbols_that_lack_the_same_are_told_in_one_sentence(self):
        gone = series_of(range(-50, 0))

        with pytest.raises(CandlesMissingError, match="has A, B from"):
            opened({"A": gone, "B": gone}, plan("A", "B"))

    def test_listed_symbol_without_candles(self):
        with pytest.raises(CandlesMissingError, match=r"^exchange 'fake' has no 1m candles of A"):
            opened(empty_series(MINUTE_MS))

    def test_others_run(self):
        market = opened(
            {"A": series_of(range(-5, 59)), "B": series_of(range(-5, 99))}, plan("A", "B")
        )

        assert [tape.symbol for tape in market.tapes] == ["B"]
        assert market.tapes[0].symbol_index == 1
        assert market.symbols == ("A", "B")
        assert [type(error) for error in market.failures] == [CandlesMissingError]
        inside = market.inside(HOUR.since_ms, HOUR.until_ms, MINUTE_MS)
        assert {symbol: len(series) for symbol, series in inside.items()} == {"A": 0, "B": 60}

    def test_early_end_is_passed_over_with_skip(self):
        market = opened(series_of(range(-5, 50)), plan(gaps="skip"))

        assert minutes_loaded(market) == (-1, 49)
        assert market.notes == ["A: ends early, the last candle closes at 2026-04-01T00:50:00Z"]

    def test_bad_candles_stop_their_symbol_alone(self):
        good = series_of(range(-5, 99))

        market = opened({"A": good, "B": good}, plan("A", "B"), broken={"A"})

        assert [tape.symbol for tape in market.tapes] == ["B"]
        assert [type(error) for error in market.failures] == [CandleError]


class TestGaps:
    def test_hole_inside_the_frame_is_refused(self):
        with pytest.raises(CandleGapError) as caught:
            opened(series_of([*range(-5, 10), *range(12, 20), *range(21, 60)]))

        assert caught.value.message == (
            "3 1m candles are missing of A on exchange 'fake' in 2 stretches, the first from "
            "2026-04-01T00:10:00Z to 2026-04-01T00:12:00Z"
        )

    def test_single_missing_candle_is_told_as_one(self):
        with pytest.raises(CandleGapError, match=r"^1 1m candle is missing of A .* in one stretch"):
            opened(series_of([*range(-5, 10), *range(11, 60)]))

    def test_hole_in_the_used_warmup_is_refused(self):
        series = series_of([*range(-90, -20), *range(-10, 60)])

        assert first_minute(opened(series, plan(warmup="10m"))) == 0
        with pytest.raises(CandleGapError, match="10 1m candles are missing"):
            opened(series, plan(warmup="30m"))

    def test_missing_candle_at_the_edge_of_what_is_loaded_is_a_hole(self):
        series = series_of([*range(-90, -1), *range(60)])

        with pytest.raises(CandleGapError, match="from 2026-03-31T23:59:00Z"):
            opened(series)

    def test_missing_candle_at_the_frames_end_is_a_hole(self):
        series = series_of([*range(-5, 59), *range(60, 90)])

        with pytest.raises(CandleGapError, match="from 2026-04-01T00:59:00Z"):
            opened(series)

    def test_holes_outside_do_not_matter(self):
        series = series_of([*range(-90, -40), *range(-20, 60), *range(90, 99)])

        assert not opened(series).failures

    def test_skip_takes_what_exists(self):
        market = opened(series_of([*range(-5, 10), *range(12, 60)]), plan(gaps="skip"))

        assert market.holes == {"A": [(DAY + 10 * MINUTE_MS, DAY + 12 * MINUTE_MS)]}
        assert len(market.tapes[0].candles) == 59

    def test_skip_decides_first_at_an_existing_candle_with_one_before(self):
        market = opened(series_of([*range(-9, -3), *range(7, 60)]), plan(gaps="skip"))

        assert first_minute(market) == 8

    def test_skip_measures_warmup_on_the_clock(self):
        series = series_of([*range(-40, -20), *range(-10, 60)])

        market = opened(series, plan(warmup="30m", gaps="skip"))

        assert first_minute(market) == 0
        assert minutes_loaded(market)[0] == -30

    def test_others_run(self):
        whole, holed = series_of(range(-5, 60)), series_of([*range(-5, 10), *range(11, 60)])

        market = opened({"A": holed, "B": whole}, plan("A", "B"))

        assert [tape.symbol for tape in market.tapes] == ["B"]
        assert [type(error) for error in market.failures] == [CandleGapError]


class TestSymbols:
    whole = series_of(range(-5, 60))

    def test_unknown_ones_that_were_named_are_all_told_at_once(self):
        series = {"BTCUSDT": self.whole, "SOLUSDT": self.whole}

        with pytest.raises(UnknownNameError) as caught:
            opened(series, plan("BTCUSD", "XX", "SOLUSDT"))

        assert caught.value.message == (
            "symbol BTCUSD, XX is not listed on exchange 'fake'; did you mean BTCUSDT for BTCUSD?"
        )
        assert caught.value.fix == "known: BTCUSDT, SOLUSDT"

    def test_unknown_ones_of_the_default_list_are_left_out_with_a_warning(self):
        market = opened({"A": self.whole, "C": self.whole}, plan("A", "B", "C", named=False))

        assert market.symbols == ("A", "C")
        assert [tape.symbol_index for tape in market.tapes] == [0, 1]
        assert market.warnings == ["B is not listed on exchange 'fake' and left out"]

    def test_none_of_the_default_list(self):
        with pytest.raises(CandlesMissingError) as caught:
            opened({"Z": self.whole}, plan("A", "B", named=False))

        assert caught.value.message == (
            "exchange 'fake' has no 1m candles of the default symbols A, B"
        )
        assert caught.value.fix == "choose with --symbols among Z"

    def test_exchange_without_any_candle(self):
        with pytest.raises(CandlesMissingError, match="exchange 'fake' has no candles of 1m"):
            opened({})

    def test_symbol_with_another_interval_is_told_which(self):
        series = {("GOOG", Interval.D1): self.whole, "A": self.whole}

        with pytest.raises(CandlesMissingError) as caught:
            opened(series, plan("GOOG"))

        assert caught.value.message == (
            "exchange 'fake' has candles of GOOG for 1d, not for the frame's base interval 1m"
        )

    def test_both_kinds_of_mistake_are_told_together(self):
        series = {("GOOG", Interval.D1): self.whole, "A": self.whole}

        with pytest.raises(ExceptionGroup) as caught:
            opened(series, plan("GOOG", "QQ"))

        kinds = [type(error) for error in caught.value.exceptions]
        assert kinds == [CandlesMissingError, UnknownNameError]

    def test_long_lists_are_shortened(self):
        series = {f"S{number:02}": self.whole for number in range(20)}

        with pytest.raises(UnknownNameError) as caught:
            opened(series, plan("NOPE"))

        assert caught.value.fix.endswith("S11 and 8 more")


def test_hashes_are_of_what_is_read():
    market = opened(series_of(range(-5, 60)))

    assert market.hashes() == {"A": series_of(range(-1, 60)).content_hash()}


def test_base_interval_of_the_frame_is_asked_for():
    hours = series_of(range(-3, 30), interval_ms=3_600_000)
    frame = Frame("day", DAY, DAY + 24 * 3_600_000, base="1h")

    market = opened({("A", Interval.H1): hours}, replace(plan(every="1h", wait="2h"), frame=frame))

    assert len(market.tapes[0].candles) == 25
