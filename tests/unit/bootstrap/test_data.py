"""Importing, listing and making candles: what is written, and what stops it."""

import asyncio

import pytest

from tests.support.candles import DAY, rows_of, same, series_of, write_csv
from tradekit.bootstrap import data, wiring
from tradekit.bootstrap.data_synth import synthesise
from tradekit.domain.time import DAY_MS, MINUTE_MS, Interval
from tradekit.errors import CandleError, ConfigError, SettingsError, StoreError


@pytest.fixture
def state(tmp_path):
    return tmp_path / ".tradekit"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "candles"
    folder.mkdir()
    return folder


def run_import(state, *paths, **options) -> data.ImportOutcome:
    return asyncio.run(data.import_files(state, paths, **options))


def synth(state, *symbols, since=0, until=1440, seed=1, **options):
    window = (DAY + since * MINUTE_MS, DAY + until * MINUTE_MS)
    return asyncio.run(synthesise(state, symbols, *window, seed=seed, **options))


def stored(state, symbol="BTCUSDT", interval=Interval.M1, exchange="local"):
    return asyncio.run(wiring.open_candle_store(state).load(exchange, symbol, interval, 0, 2 * DAY))


def messages(error: BaseException) -> list[str]:
    return [str(each) for each in getattr(error, "exceptions", [error])]


def test_file_is_taken_into_the_store(state, folder) -> None:
    path = write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0, 1, 1, 5])))

    outcome = run_import(state, path)

    assert outcome.exchange == "local"
    assert outcome.refused == ()
    (taken,) = outcome.taken
    assert (taken.symbol, taken.interval, taken.path) == ("BTCUSDT", Interval.M1, path)
    assert (taken.since_ms, taken.until_ms) == (DAY, DAY + 6 * MINUTE_MS)
    assert (taken.rows, taken.candles, taken.added, taken.known) == (4, 3, 3, 0)
    assert (taken.duplicates, taken.holes, taken.missing) == (1, 1, 3)
    assert same(stored(state), series_of([0, 1, 5]))


def test_second_import_adds_nothing(state, folder) -> None:
    path = write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0, 1])))
    run_import(state, path)

    (taken,) = run_import(state, path).taken

    assert (taken.added, taken.known) == (0, 2)


def test_differing_candle_is_kept_out_and_told(state, folder) -> None:
    run_import(state, write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0, 1]))))
    other = write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([1, 2], first_price=50.0)))

    (taken,) = run_import(state, other).taken

    assert taken.conflict_ts_ms == (DAY + MINUTE_MS,)
    assert stored(state).open.tolist() == [100.0, 101.0, 52.0]


def test_bad_files_are_refused_and_good_ones_kept(state, folder) -> None:
    paths = [
        write_csv(folder / "ADAUSDT-1m.csv", [["nan"] * 6]),
        write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0, 1]))),
        write_csv(folder / "ZECUSDT-1m.csv", [*rows_of(series_of([0, 1])), [str(DAY), *"12345"]]),
    ]

    outcome = run_import(state, *paths)

    assert [each.path for each in outcome.taken] == [paths[1]]
    assert [each.path for each in outcome.refused] == [paths[0], paths[2]]
    assert all(isinstance(each.error, CandleError) for each in outcome.refused)
    assert [each.symbol for each in asyncio.run(data.list_holdings(state))] == ["BTCUSDT"]


def test_directory_stands_for_its_csv_files(state, folder) -> None:
    write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0])))
    write_csv(folder / "SOLUSDT-1m.csv.gz", rows_of(series_of([0])))
    (folder / "readme.txt").write_text("not looked at")
    (folder / "notes.csv").write_text("left out")

    outcome = run_import(state, folder, folder / "BTCUSDT-1m.csv")

    assert [each.symbol for each in outcome.taken] == ["BTCUSDT", "SOLUSDT"]
    assert outcome.left_out == (folder / "notes.csv",)


def test_options_win_over_names(state, folder) -> None:
    path = write_csv(folder / "BTCUSDT-1h.csv", rows_of(series_of([0, 1])), "t,a,b,c,d,e")
    columns = dict(zip(("open", "high", "low", "close", "volume"), "abcde", strict=True))

    outcome = run_import(
        state,
        path,
        exchange="abroad",
        symbol="solusdt",
        interval="1m",
        columns={"timestamp_ms": "t", **columns},
    )

    assert outcome.exchange == "abroad"
    assert same(stored(state, "SOLUSDT", exchange="abroad"), series_of([0, 1]))


def test_name_is_not_needed_where_options_say_all(state, folder) -> None:
    write_csv(folder / "x.csv", rows_of(series_of([0, 1])))

    (taken,) = run_import(state, folder, symbol="BTCUSDT", interval="1m").taken

    assert taken.symbol == "BTCUSDT"


def test_all_mistakes_are_told_at_once_and_nothing_is_taken(state, folder) -> None:
    good = write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0])))

    with pytest.raises(ExceptionGroup) as group:
        run_import(state, good, folder / "a.csv", folder / "b.csv")
    assert [text.rpartition("/")[2] for text in messages(group.value)] == [
        "a.csv does not exist",
        "b.csv does not exist",
    ]

    for name in ("c.csv", "d.csv"):
        write_csv(folder / name, rows_of(series_of([0])))
    with pytest.raises(ExceptionGroup) as group:
        run_import(state, good, folder / "c.csv", folder / "d.csv")
    assert all("does not begin with a symbol" in text for text in messages(group.value))
    assert group.group_contains(SettingsError)

    assert not state.exists()


def test_empty_directory_is_a_mistake(state, folder) -> None:
    with pytest.raises(ConfigError, match=r"has no candle file named as in BTCUSDT-1m\.csv"):
        run_import(state, folder)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"exchange": "synthetic"}, "--exchange was 'synthetic', must be another name"),
        ({"exchange": "a b"}, "--exchange was 'a b', must be letters"),
        ({"exchange": ""}, "--exchange was ''"),
        ({"symbol": "BTC/USDT"}, "symbol was 'BTC/USDT', must be letters and digits"),
        ({"interval": "7m"}, "--interval was '7m', must be one of 1m, 3m"),
        ({"columns": {"price": "close"}}, "mapped to 'price'"),
    ],
)
def test_options_that_make_no_sense(state, folder, options, sentence) -> None:
    path = write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0])))

    with pytest.raises(SettingsError, match=sentence):
        run_import(state, path, **options)

    assert not state.exists()


def test_store_that_fails_stops_the_import(state, folder) -> None:
    state.write_text("a file is in the way")
    path = write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0])))

    with pytest.raises(StoreError):
        run_import(state, path)


def test_holdings_of_a_store_that_is_not_there(state) -> None:
    assert asyncio.run(data.list_holdings(state)) == []
    assert not state.exists()


def test_made_up_candles_are_written(state) -> None:
    made = synth(state, "BTCUSDT", "solusdt", "BTCUSDT", until=2 * 1440)

    assert [(each.symbol, each.candles, each.added) for each in made] == [
        ("BTCUSDT", 2880, 2880),
        ("SOLUSDT", 2880, 2880),
    ]
    assert len(stored(state, "SOLUSDT")) == 2880


def test_same_seed_adds_only_what_is_missing(state) -> None:
    synth(state, "BTCUSDT", since=100, until=200)

    (made,) = synth(state, "BTCUSDT", until=1440)

    assert (made.candles, made.added) == (1440, 1340)
    assert stored(state).holes() == []


def test_made_up_candles_are_not_mixed_with_others(state, folder) -> None:
    path = write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([700])))
    run_import(state, path)

    with pytest.raises(ConfigError, match="'local' already has other 1m candles of BTCUSDT"):
        synth(state, "SOLUSDT", "BTCUSDT")

    assert [each.symbol for each in asyncio.run(data.list_holdings(state))] == ["BTCUSDT"]
    # Not even at other times: nobody could tell them apart afterwards.
    with pytest.raises(ConfigError, match="other 1m candles of BTCUSDT"):
        synth(state, "BTCUSDT", until=700)
    assert synth(state, "SOLUSDT", until=700)[0].added == 700
    assert synth(state, "SOLUSDT", until=800)[0].added == 100
    with pytest.raises(ConfigError, match="other 1m candles of SOLUSDT"):
        synth(state, "SOLUSDT", until=700, seed=2)


def test_made_up_hours(state) -> None:
    (made,) = synth(state, "BTCUSDT", until=1440, interval="1h", exchange="mine")

    assert (made.interval, made.candles) == (Interval.H1, 24)
    assert len(stored(state, interval=Interval.H1, exchange="mine")) == 24


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"until": 0}, "--to was 2026-04-01T00:00:00Z, must be after --from"),
        ({"until": 90, "interval": "1h"}, "--to was .*01:30:00Z, must be a multiple of the int"),
        ({"since": 1, "interval": "5m"}, "--from was .*00:01:00Z, must be a multiple"),
        ({"interval": "1w"}, "--interval was '1w', must be one of"),
        ({"exchange": "synthetic"}, "must be another name"),
    ],
)
def test_synthesis_that_makes_no_sense(state, options, sentence) -> None:
    with pytest.raises(SettingsError, match=sentence):
        synth(state, "BTCUSDT", **options)

    assert not state.exists()


def test_symbol_that_cannot_be_made(state) -> None:
    with pytest.raises(SettingsError, match="symbol was 'BTC/USDT'"):
        synth(state, "BTC/USDT")


def test_window_of_a_run_is_served_from_the_store(state) -> None:
    from tradekit.api.declare import Exchange

    synth(state, "BTCUSDT", until=2 * 1440)
    sources = [
        wiring.make_source(each, state_dir=state, seed=1, symbols=["BTCUSDT"], base_dir=state)
        for each in (Exchange.local(), Exchange.synthetic(), Exchange.synthetic(1))
    ]

    loaded = [asyncio.run(each.load("BTCUSDT", Interval.M1, DAY, DAY + DAY_MS)) for each in sources]

    assert [each.name for each in sources] == ["local", "synthetic", "synthetic"]
    assert len(loaded[0]) == 1440
    assert same(loaded[0], loaded[1])
    assert same(loaded[0], loaded[2])


def test_files_are_found_from_the_strategy_file(state, folder) -> None:
    from tradekit.api.declare import Exchange

    write_csv(folder / "BTCUSDT-1m.csv", rows_of(series_of([0, 1])))
    source = wiring.make_source(
        Exchange.files("candles", name="mine", tick_size=0.5, shorts=False),
        state_dir=state,
        seed=1,
        symbols=[],
        base_dir=folder.parent,
    )

    assert source.name == "mine"
    assert same(asyncio.run(source.load("BTCUSDT", Interval.M1, 0, 2 * DAY)), series_of([0, 1]))
    assert source.instrument("BTCUSDT").tick_size == 0.5
    assert not source.instrument("BTCUSDT").shorts_allowed
