"""What a strategy sees: windows of closed candles only, warm-up, the account, the log."""

import itertools

import numpy as np
import pytest

from tests.support.candles import DAY, series_of
from tradekit.api.context import Account, Context, Windows
from tradekit.domain.candle import CandleSeries
from tradekit.domain.time import MINUTE_MS, Interval
from tradekit.errors import SettingsError, WarmupError

HOUR_MS = 60 * MINUTE_MS


class At:
    """A moment at which `index` base candles have closed."""

    def __init__(self, series, index):
        self.index = index
        self.now_ms = int(series.ts_ms[index]) if index < len(series) else int(series.ts_ms[-1]) * 2
        self.price = float(series.close[index - 1])
        self.fresh_price = None


def windows_of(minutes, index, **more):
    series = series_of(minutes, **more)
    return Windows(series, At(series, index))


def context_of(minutes=range(10), index=5, **more):
    series = series_of(minutes)
    moment = At(series, index)
    usual = {
        "symbol": "X",
        "params": None,
        "moment": moment,
        "windows": Windows(series, moment),
        "account": Account(lambda: 100.0, lambda: 120.0),
        "log": lambda message: None,
    }
    return Context(**(usual | more))


def minutes_of(series):
    return ((series.ts_ms - DAY) // MINUTE_MS).tolist()


# --- base candles -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_newest_candle_is_the_one_that_just_closed(count):
    window = windows_of(range(10), 5).last("1m", count)

    assert minutes_of(window) == list(range(5 - count, 5))
    assert len(window) == count
    assert window.interval_ms == MINUTE_MS


def test_a_window_is_a_view_and_read_only():
    series = series_of(range(10))
    window = Windows(series, At(series, 5)).last("1m", 3)

    assert np.shares_memory(window.close, series.close)
    with pytest.raises(ValueError, match="read-only"):
        window.close[0] = 1.0


def test_an_interval_may_be_given_as_one():
    windows = windows_of(range(10), 5)

    assert minutes_of(windows.last(Interval.M1, 2)) == minutes_of(windows.last("1m", 2))
    with pytest.raises(WarmupError, match=r"candles\('1m', 6\)"):
        windows.last(Interval.M1, 6)


def test_over_a_hole_a_window_holds_the_last_that_there_are():
    assert minutes_of(windows_of([0, 1, 2, 7, 8, 9], 5).last("1m", 4)) == [1, 2, 7, 8]


# --- longer candles ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "closed"),
    [(4, []), (5, [0]), (9, [0]), (10, [0, 5]), (11, [0, 5]), (15, [0, 5, 10]), (19, [0, 5, 10])],
)
def test_a_longer_candle_is_seen_once_it_has_closed(index, closed):
    windows = windows_of(range(20), index)

    assert not windows.has("5m", len(closed) + 1)
    if closed:
        assert windows.has("5m", len(closed))
        assert minutes_of(windows.last("5m", len(closed))) == closed


def test_a_longer_candle_is_made_of_its_base_candles():
    (window,) = [windows_of(range(20), 10).last("5m", 1)]

    # Minutes 5 to 9: opens at 105, closes at 109.5, high 110, low 104, volume 6 + … + 10.
    assert window.interval_ms == 5 * MINUTE_MS
    assert [column.tolist() for column in window.columns()] == [
        [105.0],
        [110.0],
        [104.0],
        [109.5],
        [40.0],
    ]


@pytest.mark.parametrize("interval", ["3m", "5m", "15m"])
def test_no_later_candle_shows_in_a_longer_one(interval):
    minutes = [minute for minute in range(90) if minute not in (17, 31, 32, 45, 46, 47)]
    series = series_of(minutes)
    columns = [column.copy() for column in series.columns()]
    for index in range(20, len(series)):
        spoiled = [np.concatenate([c[:index], c[index:] * 7.0]) for c in columns]
        other = CandleSeries(MINUTE_MS, series.ts_ms.copy(), *spoiled)
        one, two = (Windows(each, At(series, index)) for each in (series, other))
        count = next(n for n in itertools.count(1) if not one.has(interval, n + 1))
        assert not two.has(interval, count + 1)
        assert one.last(interval, count).content_hash() == two.last(interval, count).content_hash()


def test_longer_candles_are_made_once():
    windows = windows_of(range(20), 15)

    assert np.shares_memory(windows.last("5m", 2).close, windows.last("5m", 3).close)


def test_a_longer_base_has_its_own_multiples():
    windows = windows_of(range(48), 24, interval_ms=HOUR_MS)

    assert windows.last("1h", 24).interval_ms == HOUR_MS
    assert windows.last("1d", 1).volume.tolist() == [sum(range(1, 25))]


@pytest.mark.parametrize("interval", ["1m", "30m"])
def test_nothing_is_finer_than_the_base(interval):
    windows = windows_of(range(48), 24, interval_ms=HOUR_MS)

    for ask in (windows.last, windows.has):
        with pytest.raises(WarmupError) as caught:
            ask(interval, 1)
        assert caught.value.message == (
            f"interval was {interval!r}, must be a multiple of the base interval of 60 minutes"
        )


def test_an_interval_that_the_base_does_not_divide_is_refused():
    with pytest.raises(WarmupError, match="interval was '5m', must be a multiple of the base"):
        windows_of(range(48), 24, interval_ms=3 * MINUTE_MS).last("5m", 1)


def test_an_unknown_interval_is_told():
    with pytest.raises(SettingsError, match="interval was '7m', must be one of"):
        windows_of(range(10), 5).last("7m", 1)


# --- warm-up ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("interval", "count", "closed", "warmup"),
    [
        ("1m", 6, 5, "6m"),
        ("1m", 120, 5, "2h"),
        ("1m", 90, 5, "90m"),
        # A longer candle may begin within the warm-up: one more makes up for it.
        ("5m", 2, 1, "15m"),
        ("1h", 24, 0, "25h"),
    ],
)
def test_what_has_not_closed_yet_is_told_with_the_warm_up_that_would_do(
    interval, count, closed, warmup
):
    windows = windows_of(range(10), 5)

    assert not windows.has(interval, count)
    with pytest.raises(WarmupError) as caught:
        windows.last(interval, count)
    assert caught.value.message == (
        f"candles({interval!r}, {count}) was asked for when {closed} had closed; "
        f'@strategy(..., warmup="{warmup}") would do'
    )


@pytest.mark.parametrize("offset", range(60))
def test_the_warm_up_that_is_named_does(offset):
    # Whatever minute the first decision falls on, an hour before it and one more hold one hour.
    series = series_of(range(offset, offset + 121))

    assert Windows(series, At(series, 120)).has("1h", 1)


@pytest.mark.parametrize("count", [0, -1])
def test_a_count_is_above_zero(count):
    windows = windows_of(range(10), 5)

    with pytest.raises(WarmupError) as caught:
        windows.last("1m", count)
    assert caught.value.message == (
        f"candles('1m', {count}): the count must be a whole number above 0"
    )


@pytest.mark.parametrize("count", [-1, 0, 1, 5, 6])
@pytest.mark.parametrize("interval", ["1m", "5m"])
def test_has_tells_whether_candles_would_succeed(interval, count):
    windows = windows_of(range(10), 5)
    try:
        windows.last(interval, count)
    except WarmupError:
        succeeds = False
    else:
        succeeds = True

    assert windows.has(interval, count) is succeeds


# --- the context ------------------------------------------------------------------------------


def test_a_context_reads_where_the_driver_is():
    ctx = context_of(index=5)

    assert (ctx.symbol, ctx.now, ctx.price) == ("X", DAY + 5 * MINUTE_MS, 104.5)
    assert minutes_of(ctx.candles("1m", 2)) == [3, 4]
    assert ctx.candles("1m", 1).close[-1] == ctx.price
    assert ctx.has("1m", 5)
    assert not ctx.has("1m", 6)
    assert ctx.has_book is False


def test_a_context_follows_the_driver():
    series = series_of(range(10))
    moment = At(series, 5)
    ctx = context_of(moment=moment, windows=Windows(series, moment))

    moment.index, moment.now_ms, moment.price = 6, DAY + 6 * MINUTE_MS, 7.0

    assert (ctx.now, ctx.price, minutes_of(ctx.candles("1m", 1))) == (moment.now_ms, 7.0, [5])


def test_the_account_is_read_not_written():
    ctx = context_of()

    assert (ctx.account.cash, ctx.account.equity) == (100.0, 120.0)
    for name in ("cash", "equity"):
        with pytest.raises(AttributeError):
            setattr(ctx.account, name, 1e9)


@pytest.mark.parametrize("name", ["now", "price", "has_book"])
def test_time_and_price_are_read_not_written(name):
    with pytest.raises(AttributeError):
        setattr(context_of(), name, 0)


def test_a_state_is_its_own():
    one, other = context_of(), context_of()
    one.state["n"] = 1

    assert other.state == {}


@pytest.mark.parametrize(("message", "line"), [("text", "text"), (1.5, "1.5"), (None, "None")])
def test_anything_can_be_logged(message, line):
    lines = []
    context_of(log=lines.append).log(message)

    assert lines == [line]


def test_parameters_are_handed_through():
    params = object()

    assert context_of(params=params).params is params
