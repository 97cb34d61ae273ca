"""The plan of a run: what is chosen, and every mistake in that at once."""

import pytest

from tradekit.api.declare import Exchange, strategy
from tradekit.bootstrap.choices import Choices
from tradekit.bootstrap.plan import Mistakes, make_plan, needs_store
from tradekit.bootstrap.settings import load_settings
from tradekit.domain.time import Frame, parse_time_ms
from tradekit.errors import TradekitError
from tradekit.registry.catalog import Registered, Registry
from tradekit.registry.loader import LoadedFile

APRIL = Frame("april", "2026-04-01", "2026-05-01")
HOURS = Frame("hours", "2026-04-01", "2026-05-01", base="1h")


def declared(name="s", **options):
    return strategy(name, **options)(lambda ctx: None)


@pytest.fixture
def loaded(tmp_path):
    def loaded(*items):
        def registry(kind):
            found = [Registered(each, "x.py:1") for each in items if isinstance(each, kind)]
            return Registry(kind.__name__, found, "x.py")

        registries = [registry(kind) for kind in (type(declared()), Exchange, Frame)]
        return LoadedFile(tmp_path / "x.py", "0" * 64, *registries)

    return loaded


@pytest.fixture
def plan_of(loaded, tmp_path):
    """Make a plan, or return the sentences of the mistakes."""

    def plan_of(*items, environ=None, stored=(), **choices):
        settings = load_settings(tmp_path, environ or {})
        mistakes = Mistakes()
        plan = make_plan(
            loaded(*items), settings, Choices(**choices), stored=stored, mistakes=mistakes
        )
        return plan if plan is not None else [error.message for error in mistakes.found]

    return plan_of


def test_first_of_each_kind_is_the_default(plan_of):
    plan = plan_of(
        declared("a"), declared("b"), APRIL, HOURS, Exchange.synthetic(1), Exchange.local()
    )

    assert (plan.strategies[0].strategy.name, plan.frame, plan.exchange.name) == (
        "a",
        APRIL,
        "synthetic",
    )


def test_names_choose_others(plan_of):
    plan = plan_of(
        declared("a"),
        declared("b"),
        APRIL,
        HOURS,
        Exchange.synthetic(1),
        strategies=("b",),
        frame="hours",
        exchange="local",
    )

    assert (plan.strategies[0].strategy.name, plan.frame, plan.exchange) == (
        "b",
        HOURS,
        Exchange.local(),
    )


def test_all_missing_things_are_told_in_the_promised_words(plan_of):
    assert plan_of() == [
        "Strategy not specified",
        "Frame not specified",
        "Exchange not specified",
    ]


def test_plan_takes_its_numbers_from_the_settings(plan_of):
    environ = {
        "TRADEKIT__BACKTEST__CAPITAL": "500",
        "TRADEKIT__COSTS__TAKER_FEE_PCT": "0.05",
        "TRADEKIT__LIMITS__MAX_HOLD": "2d",
        "TRADEKIT__BACKTEST__GAPS": "skip",
    }

    plan = plan_of(declared(), APRIL, environ=environ, exchange="synthetic")

    assert plan.capital == 500.0
    assert (plan.costs.maker_fee_pct, plan.costs.taker_fee_pct) == (0.1, 0.05)
    assert plan.limits.max_hold_ms == 2 * 86_400_000
    assert plan.gaps == "skip"
    assert plan.config()["frame"]["since"] == "2026-04-01T00:00:00Z"


class TestExchange:
    def test_settings_come_after_the_file(self, plan_of):
        environ = {"TRADEKIT__BACKTEST__EXCHANGE": "local"}

        with_own = plan_of(declared(), APRIL, Exchange.synthetic(), environ=environ)
        without = plan_of(declared(), APRIL, environ=environ)

        assert (with_own.exchange.name, without.exchange.name) == ("synthetic", "local")

    def test_local_is_the_last_resort_if_it_holds_candles(self, plan_of):
        assert plan_of(declared(), APRIL, stored=["local"]).exchange == Exchange.local()
        assert plan_of(declared(), APRIL, stored=["binance"]) == ["Exchange not specified"]

    def test_exchange_that_the_store_holds_can_be_named(self, plan_of):
        plan = plan_of(declared(), APRIL, stored=["binance"], exchange="binance")

        assert (plan.exchange.name, plan.exchange.kind) == ("binance", "local")

    def test_declared_name_hides_the_built_in_one(self, plan_of):
        own = Exchange.files("candles", name="local")

        assert plan_of(declared(), APRIL, own, exchange="local").exchange is own

    def test_unknown_name_is_told_with_the_built_in_ones(self, plan_of):
        assert plan_of(declared(), APRIL, exchange="synthetik") == [
            "exchange was 'synthetik', which x.py does not declare; did you mean 'synthetic'?"
        ]

    @pytest.mark.parametrize(
        ("items", "name", "expected"),
        [
            ((), None, True),
            ((), "synthetic", False),
            ((), "binance", True),
            ((Exchange.synthetic(),), None, False),
            ((Exchange.synthetic(name="binance"),), "binance", False),
        ],
    )
    def test_store_is_looked_at_only_if_it_matters(self, loaded, tmp_path, items, name, expected):
        settings = load_settings(tmp_path, {})

        assert needs_store(loaded(*items), settings, Choices(exchange=name)) is expected


class TestFrame:
    def window(self, plan):
        frame = plan.frame
        return frame.since_ms, frame.until_ms, frame.base.plain

    def ms(self, *texts):
        return tuple(parse_time_ms(text) for text in texts)

    def test_two_times_stand_in_for_one(self, plan_of):
        plan = plan_of(declared(), exchange="local", since="2026-04-01", until="2026-04-03T12:00")

        assert self.window(plan) == (*self.ms("2026-04-01", "2026-04-03T12:00"), "1m")
        assert plan.frame.name == "2026-04-01..2026-04-03T12:00:00Z"

    def test_one_time_may_be_a_length(self, plan_of):
        days = (*self.ms("2026-04-01", "2026-04-28"), "1m")

        for since, until in (("2026-04-01", "27d"), ("27d", "2026-04-28")):
            plan = plan_of(declared(), exchange="local", since=since, until=until)
            assert self.window(plan) == days

    def test_ends_of_the_declared_one_can_be_replaced(self, plan_of):
        late = plan_of(declared(), HOURS, exchange="local", since="2026-04-20")
        early = plan_of(declared(), HOURS, exchange="local", until="2026-04-02")

        assert self.window(late) == (*self.ms("2026-04-20", "2026-05-01"), "1h")
        assert self.window(early) == (*self.ms("2026-04-01", "2026-04-02"), "1h")

    @pytest.mark.parametrize(
        ("choices", "message"),
        [
            (
                {"since": "2026-05-01", "until": "2026-04-01"},
                "--to was 2026-04-01T00:00:00Z, must be after --from 2026-05-01T00:00:00Z",
            ),
            ({"since": "3d", "until": "4d"}, "--from was '3d' and --to '4d', one must be a time"),
            ({"since": "2026-04-01"}, "Frame not specified"),
            ({"frame": "april"}, "Frame not specified"),
        ],
    )
    def test_mistakes(self, plan_of, choices, message):
        assert plan_of(declared(), exchange="local", **choices) == [message]

    def test_what_is_no_time_is_told_with_its_option(self, plan_of):
        (message,) = plan_of(declared(), exchange="local", since="yesterday", until="2026-04-01")

        assert message.startswith("--from was 'yesterday', must be a date or time")

    def test_unknown_name(self, plan_of):
        assert plan_of(declared(), APRIL, exchange="local", frame="aprl") == [
            "frame was 'aprl', which x.py does not declare; did you mean 'april'?"
        ]


class TestSymbols:
    def test_default_list_is_not_named_by_anybody(self, plan_of):
        plan = plan_of(declared(), APRIL, exchange="local", environ={"CC_SYMBOL_LIST": "aausdt"})

        assert (plan.symbols, plan.symbols_named) == (("AAUSDT",), False)

    def test_strategy_comes_before_the_default_and_the_flag_before_both(self, plan_of):
        own = declared(symbols=["ownusdt"])

        plan = plan_of(own, APRIL, exchange="local")
        flagged = plan_of(own, APRIL, exchange="local", symbols="x, y,,X")

        assert (plan.symbols, plan.symbols_named) == (("OWNUSDT",), True)
        assert (flagged.symbols, flagged.symbols_named) == (("X", "Y"), True)

    def test_empty_list_is_a_mistake(self, plan_of):
        assert plan_of(declared(), APRIL, exchange="local", symbols=" ,") == [
            "--symbols was ' ,', must name at least one"
        ]


class TestGrid:
    def test_every_duration_is_checked(self, plan_of):
        off = declared(every="90m", hold="30m", wait="45m", warmup="100m")
        off.while_open(every=7)(lambda ctx, position: None)

        rule = "must be a multiple of the base interval 1h of frame 'hours'"
        assert plan_of(off, HOURS, exchange="local") == [
            f"every of strategy 's' was 90m, {rule}",
            f"hold of strategy 's' was 30m, {rule}",
            f"wait of strategy 's' was 45m, {rule}",
            f"warmup of strategy 's' was 100m, {rule}",
            f"while_open every of strategy 's' was 7m, {rule}",
        ]

    def test_what_nobody_said_counts_as_one_candle_of_a_long_base(self, plan_of):
        days = Frame("days", "2026-04-01", "2026-05-01", base="1d")

        assert plan_of(declared(), days, exchange="local").frame is days

    def test_unlimited_hold_fits_any_base(self, plan_of):
        plan = plan_of(declared(every="1h", hold="unlimited"), HOURS, exchange="local")

        assert plan.strategies[0].strategy.hold_ms is None

    def test_first_decision_needs_the_warmup_and_one_candle_at_least(self, plan_of):
        bare = plan_of(declared(), APRIL, exchange="local")
        warm = plan_of(declared(warmup="51h"), APRIL, exchange="local")

        assert (bare.lead_ms, warm.lead_ms) == (60_000, 51 * 3_600_000)


def test_mistakes_of_all_kinds_come_together(plan_of):
    found = plan_of(
        declared("a"),
        APRIL,
        strategies=("b",),
        exchange="x",
        frame="y",
        symbols=",",
        assignments=("z",),
    )

    assert len(found) == 4


class TestMistakes:
    def test_one_is_raised_alone(self):
        mistakes = Mistakes([TradekitError("a")])

        assert mistakes.summary() is mistakes.found[0]

    def test_groups_are_opened(self):
        mistakes = Mistakes()

        def fail():
            raise ExceptionGroup("x", [TradekitError("a"), TradekitError("b")])

        assert mistakes.attempt(fail) is None
        assert [error.message for error in mistakes.found] == ["a", "b"]
        assert isinstance(mistakes.summary(), ExceptionGroup)

    def test_what_nobody_expected_goes_through(self):
        def fail():
            raise ExceptionGroup("x", [TradekitError("a"), ValueError("b")])

        with pytest.raises(ExceptionGroup):
            Mistakes().attempt(fail)
