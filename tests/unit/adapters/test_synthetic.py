"""Made-up candles: the same for one seed, possible, and joined without seams."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.candles import same
from tradekit.adapters.synthetic import SyntheticSource
from tradekit.domain.instrument import Instrument
from tradekit.domain.time import DAY_MS, MINUTE_MS, Interval, parse_time_ms
from tradekit.errors import UnknownNameError
from tradekit.kernels.candles import aggregate
from tradekit.kernels.intake import find_flaw

SINCE = parse_time_ms("2026-04-01")
WEEK = (SINCE, SINCE + 7 * DAY_MS)
SYMBOLS = ["BTCUSDT", "POLUSDT", "ZECUSDT", "HYPEUSDT", "XAUTUSDT", "DOGEUSDT", "PENGUUSDT"]


def source(seed: int = 7) -> SyntheticSource:
    return SyntheticSource(seed, [*SYMBOLS, "BTCUSDT"], Instrument("", lot_size=0.5))


def load(symbol="BTCUSDT", since_ms=WEEK[0], until_ms=WEEK[1], *, seed=7, interval=Interval.M1):
    return asyncio.run(source(seed).load(symbol, interval, since_ms, until_ms))


def test_candles_are_the_same_on_every_machine() -> None:
    # A change of these hashes changes every result that was got from synthetic candles.
    hashes = {symbol: load(symbol).content_hash()[:16] for symbol in ("BTCUSDT", "NEWUSDT")}

    assert hashes == {"BTCUSDT": "d4804f404e6dd2ca", "NEWUSDT": "b2adace5ae661055"}


@pytest.mark.parametrize("symbol", [*SYMBOLS, "ANYTHING1", "QQ"])
def test_candles_are_possible(symbol) -> None:
    series = load(symbol)

    assert len(series) == 7 * 1440
    assert series.holes() == []
    assert find_flaw(series.ts_ms, MINUTE_MS, series.columns()) is None
    assert (series.high >= np.maximum(series.open, series.close)).all()
    assert (series.low <= np.minimum(series.open, series.close)).all()
    assert (series.open[1:] == series.close[:-1]).all()
    assert (series.volume > 0.0).all()


@pytest.mark.parametrize("symbol", [*SYMBOLS, "ANYTHING1"])
def test_market_moves_but_not_wildly(symbol) -> None:
    series = load(symbol)
    moves = np.diff(np.log(series.close))
    hours = moves[: len(moves) // 60 * 60].reshape(-1, 60).std(axis=1)

    assert 0.0003 < moves.std() < 0.0008
    assert hours.max() > 2.0 * hours.min()
    assert ((series.high > np.maximum(series.open, series.close)).mean()) > 0.5


def test_price_is_near_what_the_symbol_is_known_for() -> None:
    for symbol, level in {"BTCUSDT": 72_000.0, "DOGEUSDT": 0.13}.items():
        for year in ("2019", "2023", "2026"):
            since_ms = parse_time_ms(f"{year}-06-01")
            price = load(symbol, since_ms, since_ms + MINUTE_MS).open[0]
            assert level / 2 < price < level * 2


def test_prices_are_short_decimals() -> None:
    assert max(len(repr(price).partition(".")[2]) for price in load().close.tolist()) == 1
    assert max(len(repr(price)) for price in load("DOGEUSDT").close.tolist()) <= 8


@given(st.integers(0, 4 * 1440), st.integers(0, 4 * 1440), st.sampled_from(list(Interval)))
def test_any_window_is_a_cut_of_the_same_candles(start, length, interval) -> None:
    whole = WHOLE[interval]
    window = (SINCE + start * MINUTE_MS, SINCE + (start + length) * MINUTE_MS)

    assert same(load("SOLUSDT", *window, interval=interval), whole.between(*window))


WHOLE = {
    interval: load("SOLUSDT", SINCE - 20 * DAY_MS, SINCE + 20 * DAY_MS, interval=interval)
    for interval in Interval
}


@pytest.mark.parametrize("interval", list(Interval))
def test_longer_candles_are_made_of_the_short_ones(interval) -> None:
    assert same(WHOLE[interval], aggregate(WHOLE[Interval.M1], interval.ms))


def test_seed_symbol_and_day_make_a_difference() -> None:
    moves = [
        np.diff(series.close) / series.close[0]
        for series in (load(), load(seed=8), load("SOLUSDT"), load(since_ms=SINCE - 7 * DAY_MS))
    ]
    shortest = min(map(len, moves))
    correlation = np.corrcoef([each[:shortest] for each in moves])

    assert np.abs(correlation - np.eye(4)).max() < 0.05


def test_source_lists_what_it_was_made_with() -> None:
    async def ask() -> None:
        made = source()
        await made.wait_ready()
        assert made.name == "synthetic"
        assert await made.symbols(Interval.M1) == sorted(SYMBOLS)
        assert await made.span("ANYUSDT", Interval.H1) == (
            parse_time_ms("2000-01-01"),
            parse_time_ms("2099-12-31") + DAY_MS,
        )
        assert await made.span("any/usdt", Interval.H1) is None
        assert made.instrument("SOLUSDT") == Instrument("SOLUSDT", lot_size=0.5)

    asyncio.run(ask())


def test_years_without_candles_are_empty() -> None:
    first = parse_time_ms("2000-01-01")

    assert len(load(since_ms=0, until_ms=first)) == 0
    assert load(since_ms=0, until_ms=first + MINUTE_MS).ts_ms.tolist() == [first]


@pytest.mark.parametrize("symbol", ["btcusdt", "BTC/USDT", "B", "A" * 21, ""])
def test_symbol_that_cannot_be(symbol) -> None:
    with pytest.raises(UnknownNameError, match="must be 2 to 20 capital letters and digits"):
        load(symbol)
