"""What is known of the store's candles: the ledger, and the defects that are found in them."""

import asyncio
import gzip
import hashlib
from dataclasses import replace

import pytest

from tests.support.candles import DAY, rows_of, series_of, write_csv
from tests.support.defects import damage_day, store_rows
from tests.unit.bootstrap.stocked import check, holes, put
from tradekit.bootstrap import data, wiring
from tradekit.bootstrap.data_synth import synthesise
from tradekit.domain.time import DAY_MS, MINUTE_MS, Interval
from tradekit.errors import ConfigError, UnknownNameError
from tradekit.kernels.candles import aggregate
from tradekit.kernels.defects import Kind
from tradekit.ports.store import LedgerEntry

HOUR = 60


@pytest.fixture
def state(tmp_path):
    return tmp_path / ".tradekit"


def found(outcome):
    return [
        (each.symbol, each.interval.plain, each.finding.kind, each.finding.since_ms)
        for each in outcome.found
    ]


def test_import_writes_down_what_it_took(state, tmp_path) -> None:
    path = write_csv(tmp_path / "BTCUSDT-1m.csv", rows_of(series_of([0, 1, 1, 5])))
    before_ms = wiring.system_clock().now_ms()

    for _ in range(2):
        asyncio.run(data.import_files(state, [path]))

    store = wiring.open_candle_store(state)
    first, second = asyncio.run(store.ledger("local", "BTCUSDT", Interval.M1))
    assert before_ms <= first.at_ms <= second.at_ms <= wiring.system_clock().now_ms()
    assert first == LedgerEntry(
        kind="import",
        at_ms=first.at_ms,
        source="BTCUSDT-1m.csv",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        since_ms=DAY,
        until_ms=DAY + 6 * MINUTE_MS,
        rows=4,
        duplicates=1,
        holes=((DAY + 2 * MINUTE_MS, DAY + 5 * MINUTE_MS),),
    )


def test_hash_in_the_ledger_is_that_of_the_file_as_it_lies_there(state, tmp_path) -> None:
    path = write_csv(tmp_path / "BTCUSDT-1m.csv.gz", rows_of(series_of([0, 1])))
    asyncio.run(data.import_files(state, [path]))

    store = wiring.open_candle_store(state)
    (entry,) = asyncio.run(store.ledger("local", "BTCUSDT", Interval.M1))

    assert entry.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry.sha256 != hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()


def test_made_up_candles_are_written_down_too(state) -> None:
    asyncio.run(synthesise(state, ["BTCUSDT"], DAY, DAY + DAY_MS, seed=7))

    store = wiring.open_candle_store(state)
    (entry,) = asyncio.run(store.ledger("local", "BTCUSDT", Interval.M1))

    assert (entry.kind, entry.source, entry.rows) == ("synth", "seed 7", 1440)


def test_store_without_defects(state) -> None:
    put(state, range(200))
    put(state, range(50), "SOLUSDT")

    outcome = check(state)

    assert (outcome.series_count, outcome.candle_count) == (2, 250)
    assert outcome.found == ()
    assert outcome.failures() == []


def test_store_that_is_not_there(state) -> None:
    outcome = check(state)

    assert (outcome.series_count, outcome.failures()) == (0, [])
    assert not state.exists()


def test_hole_is_unknown_seen_or_confirmed(state) -> None:
    series = put(state, [*range(10), *range(15, 20), *range(25, 30), *range(35, 40)])
    put(state, series, entry=holes((20, 25), (30, 35), kind="import"))
    put(state, series, entry=holes((20, 25), (30, 35), kind="import"))
    put(state, series, entry=holes((30, 35)))

    once = check(state)
    put(state, series, entry=holes((30, 35), at_ms=2))
    twice = check(state)

    assert [each.ledger for each in once.found] == ["unknown", "seen", "seen"]
    assert [(each.finding.kind, each.ledger) for each in twice.found] == [
        (Kind.HOLE, "unknown"),
        (Kind.HOLE, "seen"),
        (Kind.CONFIRMED, "confirmed"),
    ]
    assert len(twice.defects) == 2


def test_confirmed_holes_alone_are_no_failure(state) -> None:
    series = put(state, [0, 1, 5, 6])
    for at_ms in (1, 2):
        put(state, series, entry=holes((2, 5), at_ms=at_ms))

    outcome = check(state)

    assert outcome.failures() == []
    assert [each.finding.kind for each in outcome.notes] == [Kind.CONFIRMED]


def test_damaged_day_is_found_and_is_no_hole(state) -> None:
    put(state, range(4 * 1440))
    damage_day(state, "local", "BTCUSDT", DAY // DAY_MS + 1)

    outcome = check(state)

    (one,) = outcome.found
    assert (one.finding.kind, one.finding.since_ms, one.finding.candles) == (
        Kind.DAMAGED,
        DAY + DAY_MS,
        1440,
    )
    (failure,) = outcome.failures()
    assert failure.exit_code == 4


def test_longer_candles_are_compared_with_the_shortest_that_fit(state) -> None:
    minutes = put(state, range(20 * HOUR))
    hours = aggregate(minutes, Interval.H1.ms)
    wrong = rows_of(hours)
    wrong[7][2] = repr(hours.high[7].item() + 1.0)
    path = write_csv(state.parent / "BTCUSDT-1h.csv", wrong)
    asyncio.run(data.import_files(state, [path]))
    put(state, aggregate(minutes, Interval.H4.ms), interval=Interval.H4)
    put(state, aggregate(minutes, Interval.M15.ms), interval=Interval.M15)

    expected = [("BTCUSDT", "1h", Kind.DISAGREES, DAY + 7 * Interval.H1.ms)]
    assert found(check(state)) == expected
    assert found(check(state, interval="1h")) == expected
    assert found(check(state, interval="4h")) == []
    assert check(state, interval="4h").series_count == 1


def test_longer_candles_are_compared_where_only_some_shorter_ones_are(state) -> None:
    # 5m candles cover twenty hours, 1m candles the last four of them and two more.
    made = series_of(range(22 * HOUR))
    fives = aggregate(made.take(made.ts_ms < DAY + 20 * Interval.H1.ms), Interval.M5.ms)
    hours = aggregate(made, Interval.H1.ms)
    closes = hours.close.copy()
    closes[[3, 18, 21]] += 0.25
    wrong = replace(hours, close=closes)
    put(state, fives, interval=Interval.M5)
    put(state, wrong, interval=Interval.H1)

    def hours_found():
        return [(at - DAY) // Interval.H1.ms for *_, at in found(check(state, interval="1h"))]

    assert hours_found() == [3, 18]
    put(state, made.take(made.ts_ms >= DAY + 16 * Interval.H1.ms))
    assert hours_found() == [3, 18, 21]
    assert {each[2] for each in found(check(state))} == {Kind.DISAGREES}


def test_longer_candles_of_another_exchange_are_not_compared(state) -> None:
    minutes = put(state, range(20 * HOUR))
    hours = aggregate(minutes, Interval.H1.ms)
    put(state, hours.take(hours.ts_ms > 0), interval=Interval.H1, exchange="abroad")
    put(state, series_of(range(20), interval_ms=Interval.H1.ms), "SOLUSDT", Interval.H1)

    assert check(state).found == ()


def test_only_what_was_named_is_looked_at(state) -> None:
    put(state, [0, 1, 5])
    put(state, [0, 1, 5], exchange="abroad")
    put(state, [0, 1, 5], "SOLUSDT")

    assert check(state, "btcusdt").series_count == 2
    assert check(state, "BTCUSDT", exchange="abroad").series_count == 1
    assert len(check(state, "SOLUSDT").found) == 1


@pytest.mark.parametrize(
    ("symbols", "options", "sentence"),
    [
        (["BTCUSDC"], {}, r"has no candles of BTCUSDC; did you mean 'BTCUSDT'\?"),
        (["BTCUSDT"], {"interval": "1h"}, "the store has no 1h candles"),
        ([], {"interval": "7m"}, "--interval was '7m', must be one of"),
        ([], {"exchange": "locla"}, r"no candles of exchange 'locla'; did you mean 'local'\?"),
        (["BTC/USDT"], {}, "symbol was 'BTC/USDT'"),
    ],
)
def test_what_the_store_lacks_is_a_mistake(state, symbols, options, sentence) -> None:
    put(state, range(10))

    with pytest.raises(ConfigError, match=sentence):
        check(state, *symbols, **options)


def test_several_unknown_symbols_are_told_together(state) -> None:
    put(state, range(10))

    with pytest.raises(ExceptionGroup) as group:
        check(state, "AAA", "BTCUSDT", "BBB")

    assert [type(each) for each in group.value.exceptions] == [UnknownNameError] * 2


def test_rows_past_the_border_are_found(state) -> None:
    put(state, range(10), "SOLUSDT")
    rows = series_of([0, 1, 3, 2, 4, 4, 5])
    store_rows(state, "local", "BTCUSDT", Interval.M1, rows)

    assert [each[2] for each in found(check(state))] == [Kind.DUPLICATE, Kind.DISORDER]
