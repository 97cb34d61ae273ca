"""`data verify` on real candles: planted defects are found, and nothing else is."""

import asyncio
import random
import time

import numpy as np
import pytest

from tests.integration.test_import_real_files import DIRTY
from tests.support.defects import APART, KINDS, damage_day, plant_everywhere, store_rows
from tradekit.adapters.candle_files.reading import identify, read_candles
from tradekit.bootstrap import data, wiring
from tradekit.bootstrap.data_check import check_candles
from tradekit.domain.time import DAY_MS, Interval, parse_time_ms
from tradekit.kernels.candles import aggregate
from tradekit.kernels.defects import Kind, check_series, compare

# The manifest of the data tells of these: real outages of the exchange, and hours without a trade.
HOLES = {
    "BTCUSDT-1h-20220101_20260428": 1,
    "BTCUSDT-1m-20210420_20210520": 1,
    "BTCUSDT-4h-20170817_20260428": 8,
    "DOGEUSDT-1m-20210420_20210520": 1,
    "ETHUSDT-1m-20210420_20210520": 1,
}


def check(state, *symbols, **options):
    return asyncio.run(check_candles(state, symbols, **options))


def put(state, series, interval, symbol="BTCUSDT"):
    store = wiring.open_candle_store(state)
    asyncio.run(store.append("local", symbol, interval, series))


def found(outcome):
    return {
        (each.interval.plain, each.finding.kind, each.finding.since_ms) for each in outcome.found
    }


@pytest.mark.slow
def test_untouched_real_files_have_nothing_but_their_known_holes(shared_data) -> None:
    paths = sorted((shared_data / "candles").rglob("*.csv.gz"))
    for path in (each for each in paths if identify(each)):
        series = read_candles(path).series

        findings = check_series(series).findings

        kinds = [each.kind for each in findings if not each.kind.is_note]
        assert kinds == [Kind.HOLE] * HOLES.get(path.name.partition(".")[0], 0), path.name


@pytest.mark.parametrize("name", ["BTCUSDT", "SUIUSDT"])
@pytest.mark.parametrize("seed", range(3))
def test_planted_defects_are_found_where_they_are(shared_data, tmp_path, seed, name) -> None:
    path = shared_data / "candles" / "binance-usdm" / f"{name}-1m-20250505_20250602.csv.gz"
    minutes = read_candles(path).series
    dice = random.Random(f"{name}{seed}")
    # Hours in the shorter candles' sight, one of them wrong; one day of its own for the damage.
    hours = aggregate(minutes, Interval.H1.ms)
    wrong = dice.randrange(len(hours))
    wrong_ms = int(hours.ts_ms[wrong])
    close = hours.close.copy()
    close[wrong] = (hours.high[wrong] + hours.low[wrong]) / 2.0
    assert close[wrong] != hours.close[wrong]
    spoiled_hours = hours.take(np.arange(len(hours)))
    object.__setattr__(spoiled_hours, "close", close)
    damaged_ms = int(minutes.ts_ms[0]) + dice.randrange(5, 20) * DAY_MS
    untouched = [(wrong_ms, wrong_ms + Interval.H1.ms), (damaged_ms, damaged_ms + DAY_MS)]
    free = [
        index
        for index in range(100, len(minutes) - 100, 2 * APART)
        if not any(
            since - 600_000 <= int(minutes.ts_ms[index]) < until + 600_000
            for since, until in untouched
        )
    ]
    spots = dict(zip(dice.sample(free, len(KINDS)), KINDS, strict=True))
    rows, expected = plant_everywhere(minutes, spots, dice)
    put(tmp_path, minutes.slice(0, 1), Interval.M1)
    store_rows(tmp_path, "local", "BTCUSDT", Interval.M1, rows)
    damage_day(tmp_path, "local", "BTCUSDT", damaged_ms // DAY_MS)
    put(tmp_path, spoiled_hours, Interval.H1)

    outcome = check(tmp_path)

    in_the_damaged_day = damaged_ms <= wrong_ms < damaged_ms + DAY_MS
    assert found(outcome) == {
        *(("1m", kind, since_ms) for kind, since_ms in expected),
        ("1m", Kind.DAMAGED, damaged_ms),
        *([] if in_the_damaged_day else [("1h", Kind.DISAGREES, wrong_ms)]),
    }
    assert len(outcome.found) == len(KINDS) + 2 - in_the_damaged_day


def test_dirty_files_are_imported_and_their_holes_counted(shared_data, tmp_path) -> None:
    for name in DIRTY:
        path = shared_data / "dirty" / f"{name}.csv.gz"
        asyncio.run(data.import_files(tmp_path, [path], exchange=name))

    holes = {}
    for name in DIRTY:
        outcome = check(tmp_path, exchange=name)
        own = [each for each in outcome.found if each.finding.kind is Kind.HOLE]
        holes[name] = (len(own), sum(each.finding.candles for each in own))
        assert {each.ledger for each in own} <= {"seen"}
        assert {each.finding.kind for each in outcome.defects} <= {Kind.HOLE, Kind.SPIKE}

    assert holes == {name: (known.holes, known.missing) for name, known in DIRTY.items()}


def test_prices_of_a_test_net_are_the_only_ones_with_many_spikes(shared_data) -> None:
    spikes = {}
    for name in DIRTY:
        findings = check_series(read_candles(shared_data / "dirty" / f"{name}.csv.gz").series)
        spikes[name] = sum(each.kind is Kind.SPIKE for each in findings.findings)

    thin = {"BTCUSDC-1m-binanceus-depeg": 6, "BTCUSDT-1m-bybit-testnet-like": 11}
    assert spikes == {name: thin.get(name, 0) for name in DIRTY}


def test_candles_of_the_exchange_agree_with_its_minutes_but_for_the_outage(
    shared_data, tmp_path
) -> None:
    folder = shared_data / "candles" / "binance-spot"
    for name in ("BTCUSDT-1m-20210420_20210520", "BTCUSDT-4h-20170817_20260428"):
        asyncio.run(data.import_files(tmp_path, [folder / f"{name}.csv.gz"]))

    outcome = check(tmp_path, interval="4h")

    # The data's manifest: one low and two volumes differ, the others of 177 are equal.
    differing = [each.finding for each in outcome.found if each.finding.kind is Kind.DISAGREES]
    assert [(each.since_ms, each.values.count("was")) for each in differing] == [
        (parse_time_ms("2021-04-22"), 2),
        (parse_time_ms("2021-04-23"), 1),
    ]
    assert differing[0].values.startswith("low was 52561.0, the shorter candles make 52569.17, vol")
    assert differing[1].values.startswith("volume was ")


@pytest.mark.parametrize(
    ("longer", "shorter"),
    [
        ("BTCUSDT-15m-20250501_20260131", "BTCUSDT-1m-20250520_20250818"),
        ("BTCUSDT-1h-20220101_20260428", "BTCUSDT-1m-20251218_20260131"),
        ("ETHUSDT-1h-20240101_20260428", "ETHUSDT-1m-20250520_20250630"),
    ],
)
def test_longer_candles_of_the_exchange_agree_with_its_minutes(
    shared_data, longer, shorter
) -> None:
    folder = shared_data / "candles" / "binance-spot"
    long, short = (read_candles(folder / f"{each}.csv.gz").series for each in (longer, shorter))
    whole = set((short.ts_ms // long.interval_ms).tolist())
    compared = whole & set((long.ts_ms // long.interval_ms).tolist())

    assert len(compared) > 900
    assert compare([short], long) == ()


@pytest.mark.slow
def test_a_month_of_eight_symbols_is_checked_in_a_moment(shared_data, tmp_path) -> None:
    folder = shared_data / "candles" / "binance-usdm"
    asyncio.run(data.import_files(tmp_path, [folder]))
    began_s = time.perf_counter()

    outcome = check(tmp_path)

    assert (outcome.series_count, outcome.candle_count) == (8, 8 * 41_760)
    assert outcome.found == ()
    assert time.perf_counter() - began_s < 10.0
