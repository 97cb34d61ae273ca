"""Strategy parameters: `--set fast=12`, typed and checked against the class that declares them.

Decides how the text of a flag becomes a field's value; what the values mean is the strategy's
business. Invariant: what comes out is an instance of the declared class, or every mistake at once.
"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from tradekit.errors import SettingsError, UnknownNameError, did_you_mean, raise_all

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pydantic_core import ErrorDetails

    from tradekit.api.declare import Strategy
    from tradekit.errors import TradekitError

_SEVERAL: Final = "several parameters are wrong"


def make_params(strategy: Strategy, assignments: Iterable[str]) -> object | None:
    """Return the strategy's parameters: its defaults, changed by the `name=value` texts.

    None where the strategy declares no class for them.

    Raises:
        TradekitError: a name is unknown, a value has the wrong type, or the class is not frozen.
        ExceptionGroup: there are several of those.
    """
    where = f"strategy {strategy.name!r}"
    texts, mistakes = _parsed(assignments)
    if strategy.params is None:
        if texts:
            mistakes.append(
                UnknownNameError(
                    f"--set named {', '.join(texts)}, but {where} declares no parameters",
                    fix="declare them with @strategy(..., params=YourDataclass)",
                )
            )
        raise_all(_SEVERAL, mistakes)
        return None
    known = _field_names(strategy.params, where)
    mistakes += [_unknown(name, known, where) for name in texts if name not in known]
    given = {name: text for name, text in texts.items() if name in known}
    params = _validated(strategy.params, given, where, mistakes)
    raise_all(_SEVERAL, mistakes)
    return params


def share_assignments(
    strategies: Sequence[Strategy], assignments: Sequence[str]
) -> list[tuple[Strategy, list[str]]]:
    """Return each strategy with the `name=value` texts that are meant for it.

    `strategy.name=value` is for that strategy; without one it is for the only strategy there is.

    Raises:
        SettingsError: it is not said which of several is meant, or one that does not run is.
    """
    shared: dict[str, list[str]] = {strategy.name: [] for strategy in strategies}
    mistakes: list[TradekitError] = []
    for assignment in assignments:
        name, dot, parameter = assignment.partition("=")[0].strip().rpartition(".")
        if not dot and len(shared) == 1:
            shared[strategies[0].name].append(assignment)
        elif name in shared:
            shared[name].append(f"{parameter}={assignment.partition('=')[2]}")
        else:
            text = f"--set was {assignment!r}, must begin with the strategy it is for"
            mistakes.append(SettingsError(text, fix=f"one of {', '.join(shared)}, and a dot"))
    raise_all(_SEVERAL, mistakes)
    return [(strategy, shared[strategy.name]) for strategy in strategies]


def plain_params(params: object | None) -> dict[str, Any]:
    """Return the parameters as plain values, as a manifest has them."""
    if params is None:
        return {}
    plain: dict[str, Any] = TypeAdapter(type(params)).dump_python(params, mode="json")
    return plain


def _parsed(assignments: Iterable[str]) -> tuple[dict[str, str], list[TradekitError]]:
    texts: dict[str, str] = {}
    mistakes: list[TradekitError] = []
    for assignment in assignments:
        name, equals, text = (part.strip() for part in assignment.partition("="))
        if not (name and equals):
            mistakes.append(SettingsError(f"--set was {assignment!r}, must be name=value"))
        elif name in texts:
            mistakes.append(SettingsError(f"--set {name} was given twice, must be given once"))
        else:
            texts[name] = text
    return texts, mistakes


def _field_names(kind: object, where: str) -> tuple[str, ...]:
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return tuple(kind.model_fields)
    made_by = getattr(kind, "__dataclass_params__", None)
    if not dataclasses.is_dataclass(kind) or made_by is None or not made_by.frozen:
        name = getattr(kind, "__name__", repr(kind))
        raise SettingsError(
            f"params of {where} was {name}, must be a frozen dataclass or a pydantic model",
            fix="decorate it with @dataclass(frozen=True)",
        )
    return tuple(field.name for field in dataclasses.fields(kind) if field.init)


def _unknown(name: str, known: tuple[str, ...], where: str) -> UnknownNameError:
    return UnknownNameError(
        f"--set named {name!r}, which is no parameter of {where}{did_you_mean(name, known)}",
        fix=f"known: {', '.join(known) or 'none'}",
    )


def _validated(
    kind: type, given: dict[str, str], where: str, mistakes: list[TradekitError]
) -> object | None:
    """Return an instance made of the texts; one that is no value as it stands is read as JSON."""
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        try:
            params: object = adapter.validate_python(given)
        except ValidationError as error:
            failed = {str(each["loc"][0]) for each in error.errors() if each["loc"]}
            values = {n: _from_json(t) if n in failed else t for n, t in given.items()}
            params = adapter.validate_python(values)
    except ValidationError as error:
        mistakes += [_told(each, given, where) for each in error.errors()]
        return None
    except (PydanticUserError, NameError, TypeError, ValueError) as error:
        mistakes.append(SettingsError(f"params of {where} cannot be made: {error}"))
        return None
    return params


def _from_json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _told(problem: ErrorDetails, given: dict[str, str], where: str) -> SettingsError:
    rule = problem["msg"].replace("Input should be", "must be", 1)
    if problem["type"] == "value_error":
        rule = str(problem["ctx"]["error"])
    name = str(problem["loc"][0]) if problem["loc"] else ""
    if name in given:
        return SettingsError(f"--set {name} was {given[name]!r}, {rule} ({where})")
    if problem["type"] in {"missing", "missing_argument"}:
        return SettingsError(
            f"parameter {name!r} of {where} has no value, must have one", fix=f"--set {name}=VALUE"
        )
    return SettingsError(f"parameters of {where} were refused: {rule}")
