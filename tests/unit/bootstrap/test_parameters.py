"""Strategy parameters: typed from text, all mistakes at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from tradekit.api.declare import strategy
from tradekit.bootstrap.parameters import make_params, plain_params
from tradekit.errors import SettingsError, UnknownNameError


@dataclass(frozen=True)
class Knobs:
    fast: int = 10
    ratio: float = 0.5
    shorts: bool = True
    side: Literal["long", "short"] = "long"
    levels: tuple[int, ...] = (1, 2)


class Model(BaseModel):
    fast: int = Field(10, ge=1)


@dataclass(frozen=True)
class Needy:
    fast: int
    slow: int = 3


@dataclass(frozen=True)
class Picky:
    fast: int = 10
    slow: int = 30

    def __post_init__(self) -> None:
        if self.fast >= self.slow:
            msg = f"fast was {self.fast}, must be below slow {self.slow}"
            raise ValueError(msg)


@dataclass(frozen=True)
class Text:
    note: str = ""


@dataclass(frozen=True)
class Listed:
    items: list[int] = field(default_factory=list)


@dataclass
class Melting:
    fast: int = 10


def made(kind, *assignments):
    return make_params(strategy("s", params=kind)(lambda ctx: None), assignments)


def refused(kind, *assignments, error=SettingsError):
    with pytest.raises(error) as caught:
        made(kind, *assignments)
    return caught.value.message


def test_defaults_hold_without_assignments():
    assert made(Knobs) == Knobs()
    assert made(Model) == Model()
    assert made(None) is None


def test_texts_become_what_the_fields_say():
    knobs = made(Knobs, "fast=12", "ratio=0.25", "shorts=false", " side = short ", "levels=[4, 5]")

    assert knobs == Knobs(12, 0.25, shorts=False, side="short", levels=(4, 5))
    assert type(knobs) is Knobs
    assert made(Model, "fast=3") == Model(fast=3)


def test_value_may_hold_an_equals_sign():
    assert made(Text, "note=a=b") == Text("a=b")


def test_unknown_name_shows_the_nearest():
    assert refused(Knobs, "fsat=12", error=UnknownNameError) == (
        "--set named 'fsat', which is no parameter of strategy 's'; did you mean 'fast'?"
    )


@pytest.mark.parametrize(
    ("kind", "assignment", "message"),
    [
        (
            Knobs,
            "fast=abc",
            (
                "--set fast was 'abc', must be a valid integer, unable to parse string as an "
                "integer (strategy 's')"
            ),
        ),
        (Model, "fast=0", "--set fast was '0', must be greater than or equal to 1 (strategy 's')"),
        (Knobs, "side=up", "--set side was 'up', must be 'long' or 'short' (strategy 's')"),
        (Knobs, "fast", "--set was 'fast', must be name=value"),
        (Knobs, "=3", "--set was '=3', must be name=value"),
        (
            Picky,
            "fast=40",
            "parameters of strategy 's' were refused: fast was 40, must be below slow 30",
        ),
    ],
)
def test_wrong_value_is_one_sentence(kind, assignment, message):
    assert refused(kind, assignment) == message


def test_value_given_twice_is_a_mistake():
    assert refused(Knobs, "fast=1", "fast=2") == "--set fast was given twice, must be given once"


def test_parameter_without_default_has_to_be_given():
    assert refused(Needy) == "parameter 'fast' of strategy 's' has no value, must have one"
    assert made(Needy, "fast=1") == Needy(1)


def test_assignment_without_declared_parameters():
    assert refused(None, "fast=12", error=UnknownNameError) == (
        "--set named fast, but strategy 's' declares no parameters"
    )


@pytest.mark.parametrize("kind", [Melting, dict, 3])
def test_parameters_that_could_change_are_refused(kind):
    assert refused(kind).endswith("must be a frozen dataclass or a pydantic model")


def test_all_mistakes_come_together():
    with pytest.raises(ExceptionGroup) as caught:
        made(Knobs, "fsat=1", "fast=x", "ratio=y", "nothing")

    assert len(caught.value.exceptions) == 4


def test_plain_values_of_a_manifest():
    @dataclass(frozen=True)
    class Nothing:
        pass

    assert plain_params(None) == {}
    assert plain_params(Nothing()) == {}
    assert plain_params(Knobs()) == {
        "fast": 10,
        "ratio": 0.5,
        "shorts": True,
        "side": "long",
        "levels": [1, 2],
    }


def test_mutable_default_of_a_field_is_made_anew():
    assert made(Listed).items == []
