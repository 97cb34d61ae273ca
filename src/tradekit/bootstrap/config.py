"""The settings as something to look at: each value with its origin, and their JSON Schema.

Decides what of a setting is shown; a secret is masked. What the settings are is decided by
`settings`, where they come from by `layers`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, SecretStr

from tradekit.bootstrap.layers import Layers, file_layer, read_config
from tradekit.bootstrap.settings import Settings, checked, read_settings
from tradekit.errors import UnknownNameError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from tradekit.bootstrap.layers import Origin
    from tradekit.errors import SettingsError

MASK: Final = "***"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its name as in `costs.taker_fee_pct`, its value to be shown, its origin."""

    name: str
    value: object
    origin: Origin


def describe(settings: Settings, sections: Collection[str] = ()) -> list[Setting]:
    """Return every setting in order, or those of some sections.

    Raises:
        UnknownNameError: there is no such section.
    """
    known = tuple(Settings.model_fields)
    for section in sections:
        if section not in known:
            raise UnknownNameError(
                f"section was {section!r}, which the settings do not have"
                f"{did_you_mean(section, known)}",
                fix=f"known: {', '.join(known)}",
            )
    return [
        Setting(".".join(path), _shown(value), settings.layers.origin(path))
        for path, value in leaves(settings)
        if not sections or path[0] in sections
    ]


def leaves(model: BaseModel, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the path and the value of each setting in order."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from leaves(value, (*above, name))
        else:
            yield (*above, name), value


def validate(
    file: Path | None, cwd: Path, environ: Mapping[str, str]
) -> tuple[Path | None, list[SettingsError]]:
    """Return the config file that was looked at, and everything wrong with it.

    Args:
        file: this one alone; None means the one in force, with `.env` and the environment.
        cwd: where the search starts, and what paths are shown relative to.
        environ: the environment's variables.

    Raises:
        SettingsError: a file cannot be read at all.
    """
    if file is None:
        settings, mistakes = read_settings(cwd, environ)
        return settings.config_file, mistakes
    path = cwd / file
    layers = Layers(path.parent, path, file_layer(read_config(path), cwd))
    return path, checked(layers)[1]


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a config file, for editors."""
    found = Settings.model_json_schema()
    return {**found, "$schema": _DIALECT, "title": "tradekit.toml", "description": "Settings."}


def _shown(value: object) -> object:
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value
