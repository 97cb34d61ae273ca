"""Declarations: strategies with their hooks, and exchanges; what cannot be declared."""

import math

import pytest

from tradekit.api.declare import HOOK_EVENTS, Exchange, Hook, Strategy, strategy
from tradekit.domain.time import DAY_MS, MINUTE_MS
from tradekit.errors import SettingsError


def decide(ctx):
    return None


def other(ctx, position):
    return None


def declared(**fields):
    return strategy("s", **fields)(decide)


def test_a_bare_strategy_has_the_defaults():
    made = declared()

    assert isinstance(made, Strategy)
    assert (made.name, made.decide) == ("s", decide)
    assert (made.every_ms, made.on_boundary) == (MINUTE_MS, False)
    assert (made.hold_ms, made.wait_ms, made.warmup_ms) == (DAY_MS, 120 * MINUTE_MS, 0)
    assert (made.cost, made.params, made.symbols) == (100.0, None, None)
    assert (made.open_hooks, made.event_hooks) == ([], {})


def test_a_strategy_says_what_it_wants():
    class Params:
        pass

    made = declared(
        every="15m",
        on_boundary=True,
        hold=90,
        wait="4h",
        warmup="51h",
        cost=7,
        params=Params,
        symbols=["A", "B"],
    )

    assert (made.every_ms, made.on_boundary) == (15 * MINUTE_MS, True)
    assert (made.hold_ms, made.wait_ms) == (90 * MINUTE_MS, 240 * MINUTE_MS)
    assert made.warmup_ms == 51 * 60 * MINUTE_MS
    assert (made.cost, made.params, made.symbols) == (7, Params, ("A", "B"))


def test_one_symbol_may_be_named_alone():
    assert declared(symbols="BTCUSDT").symbols == ("BTCUSDT",)


@pytest.mark.parametrize("cost", [0, -1, math.nan, math.inf])
def test_a_cost_is_above_zero(cost):
    with pytest.raises(SettingsError) as caught:
        declared(cost=cost)

    assert caught.value.message == f"strategy 's': cost was {cost!r}, must be a number above 0"


def test_a_hold_may_be_unlimited():
    assert declared(hold="unlimited").hold_ms is None


@pytest.mark.parametrize("name", ["every", "hold", "wait", "warmup"])
def test_a_duration_that_does_not_parse_is_told_with_its_strategy(name):
    with pytest.raises(SettingsError) as caught:
        declared(**{name: "soon"})

    assert caught.value.message.startswith(f"strategy 's': {name} was 'soon', must be whole min")


@pytest.mark.parametrize("name", ["", "a b", "a/b", "ä b", "x\n"])
def test_a_name_becomes_part_of_ids(name):
    with pytest.raises(SettingsError) as caught:
        strategy(name)

    assert caught.value.message == (
        f"strategy name was {name!r}, must be letters, digits, '-', '_' or '.'"
    )


def test_a_name_cannot_be_left_out():
    with pytest.raises(SettingsError, match="strategy was used without a name, write @strategy"):
        strategy(decide)


@pytest.mark.parametrize("name", ["s", "sma-cross", "v1.2", "_x", "2"])
def test_a_name_may_be_anything_else(name):
    assert strategy(name)(decide).name == name


def test_hooks_are_kept_in_the_order_declared():
    made = declared()

    assert made.while_open(other) is other
    assert made.while_open(every="15m")(decide) is decide
    assert made.while_open(every=None)(other) is other

    assert made.while_idle(other) is other
    assert made.while_waiting(every="1h")(decide) is decide

    assert made.open_hooks == [
        Hook(other, None, 1),
        Hook(decide, 15 * MINUTE_MS, 2),
        Hook(other, None, 3),
    ]
    assert made.idle_hooks == [Hook(other, None, 4)]
    assert made.waiting_hooks == [Hook(decide, 60 * MINUTE_MS, 5)]


def test_an_interval_of_a_hook_that_does_not_parse_is_told():
    with pytest.raises(SettingsError, match="while_open every was 0, must be whole minutes above"):
        declared().while_open(every=0)(other)


def test_events_are_listened_to_by_kind():
    made = declared()

    assert made.on("opened", "closed")(other) is other
    made.on("closed")(decide)

    assert made.event_hooks == {"opened": [Hook(other)], "closed": [Hook(other), Hook(decide)]}


@pytest.mark.parametrize("kind", HOOK_EVENTS)
def test_every_event_can_be_listened_to(kind):
    made = declared()
    made.on(kind)(other)

    assert list(made.event_hooks) == [kind]


@pytest.mark.parametrize("kind", ["submitted", "open", ""])
def test_an_unknown_event_is_told_at_once(kind):
    with pytest.raises(SettingsError) as caught:
        declared().on("opened", kind)

    assert caught.value.message == (
        f"on() of strategy 's' was given {kind!r}, must be one of {', '.join(HOOK_EVENTS)}"
    )


def test_hooks_of_one_strategy_are_not_those_of_another():
    one, two = declared(), declared()
    one.while_open(other)
    one.on("closed")(other)

    assert (two.open_hooks, two.event_hooks) == ([], {})


@pytest.mark.parametrize(
    ("made", "name", "kind"),
    [
        (Exchange.local(), "local", "local"),
        (Exchange.files("data"), "files", "files"),
        (Exchange.files("data", name="mine"), "mine", "files"),
        (Exchange.synthetic(), "synthetic", "synthetic"),
        (Exchange.synthetic(7, name="mine"), "mine", "synthetic"),
    ],
)
def test_an_exchange_has_a_name_and_allows_everything(made, name, kind):
    assert (made.name, made.kind) == (name, kind)
    assert (made.tick_size, made.lot_size, made.min_notional, made.shorts) == (0.0, 0.0, 0.0, True)


@pytest.mark.parametrize(
    "make",
    [
        Exchange.local,
        lambda **rules: Exchange.files("data", **rules),
        lambda **rules: Exchange.synthetic(7, **rules),
    ],
)
def test_an_exchange_may_have_rules(make):
    made = make(tick_size=0.5, lot_size=0.1, min_notional=5.0, shorts=False)

    assert (made.tick_size, made.lot_size, made.min_notional, made.shorts) == (0.5, 0.1, 5.0, False)


def test_an_exchange_knows_where_its_candles_come_from():
    assert Exchange.files("data").directory == "data"
    assert Exchange.synthetic().seed is None
    assert Exchange.synthetic(0).seed == 0


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (
            lambda s: s.on(),
            "on() of strategy 's' was given nothing, must be one or more of ",
        ),
        (lambda s: s.on(lambda ctx: None), "was given function '<lambda>', must be a kind, as in"),
        (lambda s: s.cron(lambda run: None), 'must be a time, as in cron("1h")'),
        (
            lambda s: s.while_open("h"),
            "while_open of strategy 's' was given 'h', must be",
        ),
        (lambda s: s.while_idle(every="1m")(5), "while_idle of strategy 's' was given 5, must be"),
    ],
)
def test_a_decorator_without_what_it_needs_says_so(write, said):
    declared = strategy("s")(lambda ctx: None)

    with pytest.raises(SettingsError) as refused:
        write(declared)

    assert said in str(refused.value)
