"""Where settings come from: the config file, `.env`, the environment and flags, one layer each.

Decides which file is the config file, which variable means which key, and how a key is called when
something is wrong with it. Whether a value is allowed is decided by `settings`; what that takes is
not imported here, so that a shell can be answered at once. Invariant: a layer knows the origin of
every value that it holds.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from tradekit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_SYMBOLS: Final = (
    "BTCUSDT",
    "POLUSDT",
    "ZECUSDT",
    "HYPEUSDT",
    "XAUTUSDT",
    "DOGEUSDT",
    "SOLUSDT",
    "PENGUUSDT",
    "HBARUSDT",
)
# What a config file may have tables of.
SECTIONS: Final = (
    *("backtest", "costs", "limits", "paths", "ready", "mongo", "redis", "telegram", "web"),
)
Kind = Literal["default", "file", "dotenv", "environment", "flag"]
_KINDS: Final[tuple[Kind, ...]] = ("file", "dotenv", "environment", "flag")
STATE_DIR: Final = ".tradekit"
RUNS_DIR: Final = "runs"
CONFIG_NAME: Final = "tradekit.toml"
PREFIX: Final = "TRADEKIT__"
# Names that operators have in their environment from before; they stay valid.
OPERATOR_VARIABLES: Final[dict[str, tuple[str, ...]]] = {
    "CC_SYMBOL_LIST": ("symbols",),
    "CC_MONGO_CONNECTION_STRING": ("mongo", "connection_string"),
    "CC_REDIS_HOST": ("redis", "host"),
    "CC_REDIS_PORT": ("redis", "port"),
    "CC_REDIS_USER": ("redis", "user"),
    "CC_REDIS_PASSWORD": ("redis", "password"),
    "CC_TELEGRAM_API_ID": ("telegram", "api_id"),
    "CC_TELEGRAM_API_HASH": ("telegram", "api_hash"),
    "CC_TELEGRAM_TOKEN": ("telegram", "token"),
    "CC_TELEGRAM_CHANNEL": ("telegram", "channel"),
    "CC_WWWROOT_HOST": ("web", "host"),
    "CC_WWWROOT_PORT": ("web", "port"),
}
# Which settings a flag sets. Flags that choose among declared things are the plan's.
FLAG_KEYS: Final[dict[str, tuple[tuple[str, ...], ...]]] = {
    "--capital": (("backtest", "capital"),),
    "--gaps": (("backtest", "gaps"),),
    "--seed": (("backtest", "seed"),),
    "--workers": (("backtest", "workers"),),
    "--no-interval": (("backtest", "interval"),),
    "--fee": (("costs", "maker_fee_pct"), ("costs", "taker_fee_pct")),
    "--slippage": (("costs", "slippage_pct"), ("costs", "limit_slippage_pct")),
    "--runs-dir": (("paths", "runs_dir"),),
    "--wait": (("ready", "wait_s"),),
}
_PATH_KEYS: Final = (("paths", "state_dir"), ("paths", "runs_dir"), ("backtest", "strategy_file"))


@dataclass(frozen=True, slots=True)
class Layer:
    """Values by section and key, and what each was called where it was given.

    `names` maps a key's path to (its name there, the place), as in
    (`[backtest] capital`, `in tradekit.toml`).
    """

    values: dict[str, Any] = field(default_factory=dict)
    names: dict[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)

    def put(self, path: tuple[str, ...], value: object, name: str, place: str) -> None:
        """Set the value at `path`, making the sections above it."""
        here = self.values
        for section in path[:-1]:
            inner = here.setdefault(section, {})
            if not isinstance(inner, dict):  # TRADEKIT__A and TRADEKIT__A__B: the longer one wins
                inner = here[section] = {}
            here = inner
        here[path[-1]] = value
        self.names[path] = (name, place)

    def drop(self, path: tuple[str, ...]) -> None:
        """Forget the value at `path`, if there is one."""
        here: Any = self.values
        for section in path[:-1]:
            here = here.get(section) if isinstance(here, dict) else None
        if isinstance(here, dict):
            here.pop(path[-1], None)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was given: in which layer, under which name there, and the place in words."""

    layer: Kind
    name: str = ""
    place: str = ""

    def __str__(self) -> str:
        """Return it in words, as in `[costs] taker_fee_pct in tradekit.toml`."""
        return f"{self.name} {self.place}".strip() or self.layer


@dataclass(frozen=True, slots=True)
class Layers:
    """Every layer that was read, and the folder in which relative paths start.

    `root` is that of the config file, else the one that the command was started in.
    """

    root: Path
    config_file: Path | None
    file: Layer
    dotenv: Layer = field(default_factory=Layer)
    environment: Layer = field(default_factory=Layer)
    flag: Layer = field(default_factory=Layer)

    def in_order(self) -> tuple[Layer, ...]:
        """Return the layers, the strongest last."""
        return self.file, self.dotenv, self.environment, self.flag

    def value(self, path: tuple[str, ...]) -> object | None:
        """Return what the strongest layer with a value at `path` has there, None without one."""
        for layer in reversed(self.in_order()):
            here: Any = layer.values
            for step in path:
                here = here.get(step) if isinstance(here, dict) else None
            if here is not None:
                return here  # type: ignore[no-any-return]  # it is whatever somebody wrote
        return None

    @property
    def strategy_file(self) -> Path | None:
        """The configured strategy file."""
        configured = self.value(("backtest", "strategy_file"))
        return None if configured is None else self.root / str(configured)

    @property
    def state_dir(self) -> Path:
        """Where the embedded stores live."""
        return self.root / str(self.value(("paths", "state_dir")) or STATE_DIR)

    @property
    def runs_dir(self) -> Path:
        """Where run folders are made."""
        return self.root / str(self.value(("paths", "runs_dir")) or RUNS_DIR)

    def origin(self, path: tuple[str, ...]) -> Origin:
        """Return where the value at `path` comes from."""
        for kind, layer in reversed(tuple(zip(_KINDS, self.in_order(), strict=True))):
            if path in layer.names:
                return Origin(kind, *layer.names[path])
        return Origin("default")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A config file that was found, and the table in it that is ours."""

    path: Path
    table: dict[str, Any]


def read_layers(
    cwd: Path, environ: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> Layers:
    """Read every layer; the arguments are those of `settings.read_settings`.

    Raises:
        SettingsError: a file cannot be read at all.
    """
    config = find_config(cwd)
    root = config.path.parent if config else cwd
    return Layers(
        root,
        config.path if config else None,
        file_layer(config, cwd) if config else Layer(),
        dotenv_layer(root / ".env", cwd),
        environment_layer(environ, "in the environment"),
        flag_layer(flags or {}, cwd),
    )


def read_config(path: Path) -> ConfigFile:
    """Return the config file at `path`; of a pyproject.toml, its table that is ours.

    Raises:
        SettingsError: it cannot be read, or is a pyproject.toml without such a table.
    """
    if path.name != "pyproject.toml":
        return ConfigFile(path, _read_toml(path))
    table = pyproject_table(path)
    if table is None:
        raise SettingsError(f"{path} has no [tool.tradekit], must have one to be a config file")
    return ConfigFile(path, table)


def find_config(cwd: Path) -> ConfigFile | None:
    """Return the nearest config file at or above `cwd`: tradekit.toml, or pyproject.toml's table.

    Raises:
        SettingsError: it cannot be read, or a folder has both.
    """
    for folder in (cwd, *cwd.parents):
        own = folder / CONFIG_NAME
        table = pyproject_table(folder / "pyproject.toml")
        if own.is_file():
            if table is not None:
                raise SettingsError(
                    f"{folder} has both {CONFIG_NAME} and [tool.tradekit] in pyproject.toml, "
                    "must have one of them",
                )
            return ConfigFile(own, _read_toml(own))
        if table is not None:
            return ConfigFile(folder / "pyproject.toml", table)
    return None


def file_layer(config: ConfigFile, cwd: Path) -> Layer:
    """Return the layer of the config file."""
    place = f"in {shown(config.path, cwd)}"
    layer = Layer()
    for key, value in config.table.items():
        if isinstance(value, dict):
            for inner, each in value.items():
                layer.put((key, inner), each, f"[{key}] {inner}", place)
            if not value:
                layer.put((key,), {}, f"[{key}]", place)
        else:
            layer.put((key,), value, key, place)
    return layer


def environment_layer(variables: Mapping[str, str | None], place: str) -> Layer:
    """Return the layer of the variables that are ours; an empty one counts as not set.

    Where both spellings of a key are set, `TRADEKIT__…` wins: it can only be meant for us.
    """
    layer = Layer()
    for name, path in OPERATOR_VARIABLES.items():
        if value := variables.get(name):
            layer.put(path, value, name, place)
    for name, text in variables.items():
        if name.startswith(PREFIX) and text:
            path = tuple(name.removeprefix(PREFIX).lower().split("__"))
            layer.put(path, text, name, place)
    return layer


def dotenv_layer(path: Path, cwd: Path) -> Layer:
    """Return the layer of a `.env` file, empty if there is none.

    Raises:
        SettingsError: it is there and cannot be read, or a line of it is none.
    """
    if not path.exists():
        return Layer()
    from dotenv.parser import parse_stream

    try:
        with path.open(encoding="utf-8") as file:
            bindings = list(parse_stream(file))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"{shown(path, cwd)} cannot be read: {reason}") from error
    for each in bindings:
        if each.error:
            # The line itself may hold a secret.
            raise SettingsError(
                f"line {each.original.line} of {shown(path, cwd)} cannot be read, "
                "must be NAME=value",
                fix="look for a quotation mark that is not closed",
            )
    variables = {each.key: each.value for each in bindings if each.key is not None}
    return environment_layer(variables, f"in {shown(path, cwd)}")


def flag_layer(flags: Mapping[str, object], cwd: Path) -> Layer:
    """Return the layer of the flags that were given; a relative path starts at `cwd`."""
    layer = Layer()
    for option, value in flags.items():
        if value is None:
            continue
        for path in FLAG_KEYS[option]:
            absolute = cwd / str(value) if path in _PATH_KEYS else value
            layer.put(path, absolute, option, "on the command line")
    return layer


def shown(path: Path, cwd: Path) -> str:
    """Return `path` as people at `cwd` would write it."""
    return str(path.relative_to(cwd)) if path.is_relative_to(cwd) else str(path)


def pyproject_table(path: Path) -> dict[str, Any] | None:
    """Return [tool.tradekit] of a pyproject.toml, None without it.

    One that does not mention it is not parsed.

    Raises:
        SettingsError: it mentions it and is not valid TOML.
    """
    try:
        if "tool.tradekit" not in path.read_text("utf-8", errors="replace"):
            return None
    except OSError:
        return None
    table = _read_toml(path).get("tool", {}).get("tradekit")
    return table if isinstance(table, dict) else None


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not valid TOML: {error}") from error
