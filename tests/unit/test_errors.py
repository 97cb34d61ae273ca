"""Raising several errors, and guessing what an unknown name was meant for."""

import pytest

from tradekit.errors import (
    NEAR,
    SettingsError,
    StoreError,
    did_you_mean,
    nearest,
    raise_all,
    together,
)


def test_nothing_is_raised_without_an_error():
    raise_all("heading", [])


def test_one_error_is_raised_as_it_is():
    error = SettingsError("alone")

    with pytest.raises(SettingsError) as caught:
        raise_all("heading", [error])

    assert caught.value is error


def test_several_errors_are_raised_as_a_group_in_order():
    found = [SettingsError("a"), StoreError("b")]

    with pytest.raises(ExceptionGroup, match="heading") as caught:
        raise_all("heading", found)

    assert list(caught.value.exceptions) == found


def test_nothing_cannot_be_put_together():
    with pytest.raises(AssertionError):
        together("heading", [])


@pytest.mark.parametrize(
    ("name", "meant"),
    [("brcket", "bracket"), ("sma-cros", "sma-cross"), ("bracket", "bracket"), ("x", None)],
)
def test_nearest_name(name, meant):
    assert nearest(name, ["bracket", "sma-cross", "dip"]) == meant


def test_names_that_share_much_may_be_held_apart():
    assert nearest("NOPEUSDT", ["HYPEUSDT"], near=NEAR) == "HYPEUSDT"
    assert nearest("NOPEUSDT", ["HYPEUSDT"], near=0.8) is None


def test_question_ends_a_sentence():
    assert did_you_mean("brcket", ["bracket"]) == "; did you mean 'bracket'?"
    assert did_you_mean("x", ["bracket"]) == ""
    assert did_you_mean("x", []) == ""
