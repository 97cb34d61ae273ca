"""Registries: order, the default, unknown names, names that are taken."""

from dataclasses import dataclass

import pytest

from tradekit.errors import DuplicateNameError, NothingRegisteredError, UnknownNameError
from tradekit.registry.catalog import Registered, Registry, nothing_registered


@dataclass(frozen=True)
class Thing:
    name: str
    value: int = 0


def registry(*things, kind="Strategy"):
    entries = [Registered(thing, f"x.py:{line}") for line, thing in enumerate(things, 1)]
    return Registry(kind, entries, "x.py")


def test_order_is_that_of_definition():
    things = registry(Thing("b"), Thing("a"), Thing("c"))

    assert things.names == ("b", "a", "c")
    assert [thing.name for thing in things] == ["b", "a", "c"]
    assert things.first() == Thing("b")
    assert len(things) == 3
    assert "a" in things
    assert "d" not in things


def test_name_finds_its_thing():
    assert registry(Thing("a"), Thing("b", 2)).get("b") == Thing("b", 2)


def test_unknown_name_shows_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        registry(Thing("bracket"), Thing("ladder")).get("brcket")

    assert caught.value.message == (
        "strategy was 'brcket', which x.py does not declare; did you mean 'bracket'?"
    )
    assert caught.value.fix == "known: bracket, ladder"


def test_unknown_name_far_from_all_shows_none():
    with pytest.raises(UnknownNameError) as caught:
        registry(Thing("bracket"), kind="Exchange").get("zzz", built_in=("local",))

    assert caught.value.message == "exchange was 'zzz', which x.py does not declare"
    assert caught.value.fix == "known: bracket, local"


@pytest.mark.parametrize("kind", ["Strategy", "Exchange", "Frame"])
def test_nothing_registered_is_told_in_the_promised_words(kind):
    with pytest.raises(NothingRegisteredError) as caught:
        registry(kind=kind).choose(None)

    assert caught.value.message == f"{kind} not specified"
    assert caught.value.fix
    assert nothing_registered(kind).message == f"{kind} not specified"


def test_a_name_among_none_is_the_same_as_none():
    with pytest.raises(NothingRegisteredError, match=r"^Strategy not specified$"):
        registry().choose("bracket")


def test_two_things_of_one_name_are_told_with_both_places():
    with pytest.raises(DuplicateNameError) as caught:
        registry(Thing("a", 1), Thing("b"), Thing("a", 2))

    assert caught.value.message == (
        "strategy name 'a' was declared at x.py:1 and again at x.py:3, must be unique"
    )


def test_one_thing_under_two_names_counts_once():
    thing = Thing("a")

    assert registry(thing, thing).names == ("a",)


def test_equal_things_count_once():
    assert registry(Thing("a", 1), Thing("a", 1)).names == ("a",)
