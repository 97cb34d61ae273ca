"""Settings: defaults, the config file, `.env`, the environment and flags, as one frozen object.

Decides which layer wins (the later of those five), where relative paths start, and how a mistake
is told: its file or variable, the key, the value, the rule. What a setting means is decided where
it is used. Nothing here opens a connection or makes a folder.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    WithJsonSchema,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tradekit.bootstrap.layers import (
    DEFAULT_SYMBOLS as DEFAULT_SYMBOLS,  # noqa: PLC0414  # it is a setting, and asked for here
)
from tradekit.bootstrap.layers import RUNS_DIR, STATE_DIR, Layer, Layers, read_layers
from tradekit.domain.time import UNLIMITED, parse_duration_ms
from tradekit.errors import SettingsError, did_you_mean, raise_all

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

# The one argument of Settings' construction: what the layers hold are its fields.
_LAYERS: Final = "layers"


def clean_symbols(value: object) -> tuple[str, ...]:
    """Return a list of symbols, or text with commas, upper-cased, without empty ones and repeats.

    Raises:
        ValueError: it is neither.
    """
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple) or not all(isinstance(each, str) for each in items):
        msg = "must be a list of symbols, or text with commas between them"
        raise ValueError(msg)
    return tuple(dict.fromkeys(each.strip().upper() for each in items if each.strip()))


def _some_symbols(value: object) -> tuple[str, ...]:
    symbols = clean_symbols(value)
    if not symbols:
        msg = "must name at least one"
        raise ValueError(msg)
    return symbols


def _duration_or_unlimited(value: object) -> object:
    if value != UNLIMITED:
        try:
            parse_duration_ms(value)  # type: ignore[arg-type]  # it refuses what is neither
        except SettingsError:
            msg = "must be 'unlimited', whole minutes above 0 or a text such as '90m', '4h', '3d'"
            raise ValueError(msg) from None
    return value


Symbols = Annotated[
    tuple[str, ...],
    BeforeValidator(_some_symbols),
    WithJsonSchema({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "string"}]}),
]
Hold = Annotated[int | str, BeforeValidator(_duration_or_unlimited)]
LegPct = Annotated[float, Field(ge=0.0, lt=50.0, allow_inf_nan=False)]
DistancePct = Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65_535)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BacktestSettings(_Section):
    """What a backtest runs unless flags or the strategy file say otherwise."""

    strategy_file: Path | None = None
    exchange: str | None = None
    frame: str | None = None
    capital: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] = 10_000.0
    gaps: Literal["refuse", "skip", "fill"] = "refuse"
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    interval: bool = True


class CostSettings(_Section):
    """What each fill costs, in percent of its notional."""

    maker_fee_pct: LegPct = 0.1
    taker_fee_pct: LegPct = 0.1
    slippage_pct: LegPct = 0.1
    limit_slippage_pct: LegPct = 0.1


class LimitSettings(_Section):
    """How far stop and target must and may be, how long and how large a position may become.

    max_entries and max_position_cost (in quote currency) are of all entries of a position; None is
    no limit.
    """

    min_stop_pct: DistancePct = 0.5
    min_target_pct: DistancePct = 0.5
    max_stop_pct: DistancePct = 100.0
    max_hold: Hold = UNLIMITED
    max_entries: Annotated[int, Field(ge=1)] | None = None
    max_position_cost: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None

    @property
    def max_hold_ms(self) -> int | None:
        """The longest hold in milliseconds, None without a limit."""
        return None if self.max_hold == UNLIMITED else parse_duration_ms(self.max_hold)


class PathSettings(_Section):
    """Where tradekit keeps its own files; relative ones start beside the config file."""

    state_dir: Path = Path(STATE_DIR)
    runs_dir: Path = Path(RUNS_DIR)


class ReadySettings(_Section):
    """How long everything that a run needs may take to become ready."""

    wait_s: Annotated[float, Field(gt=0.0, le=86_400.0, allow_inf_nan=False)] = 45.0


class MongoSettings(_Section):
    """The document store, where one is used."""

    connection_string: SecretStr | None = None


class RedisSettings(_Section):
    """The cache, lock and bus, where one is used."""

    host: str | None = None
    port: Port | None = None
    user: str | None = None
    password: SecretStr | None = None


class TelegramSettings(_Section):
    """The Telegram application, and the bot and channel that are written to."""

    api_id: int | None = None
    api_hash: SecretStr | None = None
    token: SecretStr | None = None
    channel: str | None = None


class WebSettings(_Section):
    """Where pages are served."""

    host: str | None = None
    port: Port | None = None


class Settings(BaseSettings):
    """Every setting, checked; made by `load_settings`."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    symbols: Symbols = DEFAULT_SYMBOLS
    backtest: BacktestSettings = BacktestSettings()
    costs: CostSettings = CostSettings()
    limits: LimitSettings = LimitSettings()
    paths: PathSettings = PathSettings()
    ready: ReadySettings = ReadySettings()
    mongo: MongoSettings = MongoSettings()
    redis: RedisSettings = RedisSettings()
    telegram: TelegramSettings = TelegramSettings()
    web: WebSettings = WebSettings()

    _layers: Layers = PrivateAttr()

    @classmethod
    def from_layers(cls, layers: Layers) -> Settings:
        """Return the settings that the layers make together."""
        settings = cls(**{_LAYERS: layers})  # type: ignore[arg-type]  # not a field: see below
        settings._layers = layers
        return settings

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the layers handed in, the strongest first, and nothing from the process itself."""
        del env_settings, dotenv_settings, file_secret_settings
        layers = init_settings()[_LAYERS]
        return tuple(
            InitSettingsSource(settings_cls, each.values) for each in reversed(layers.in_order())
        )

    @property
    def layers(self) -> Layers:
        """What they were made of."""
        return self._layers

    @property
    def root(self) -> Path:
        """The folder of the config file, else the one that the command was started in."""
        return self._layers.root

    @property
    def config_file(self) -> Path | None:
        """The config file that was found, if any."""
        return self._layers.config_file

    @property
    def state_dir(self) -> Path:
        """Where the embedded stores live."""
        return self.root / self.paths.state_dir

    @property
    def runs_dir(self) -> Path:
        """Where run folders are made."""
        return self.root / self.paths.runs_dir

    @property
    def strategy_file(self) -> Path | None:
        """The strategy file to run where a command names none."""
        configured = self.backtest.strategy_file
        return None if configured is None else self.root / configured


def load_settings(
    cwd: Path, environ: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> Settings:
    """Read every layer and return the settings that they make; the arguments are `read_settings`'.

    Raises:
        SettingsError: a value breaks a rule, or a key is unknown.
        ExceptionGroup: there are several of those.
    """
    settings, mistakes = read_settings(cwd, environ, flags)
    raise_all("several settings are wrong", mistakes)
    return settings


def read_settings(
    cwd: Path, environ: Mapping[str, str], flags: Mapping[str, object] | None = None
) -> tuple[Settings, list[SettingsError]]:
    """Read every layer and return the settings that they make, and everything wrong with them.

    A wrong value does not count: with one, the settings only serve to look for further mistakes.

    Args:
        cwd: where the search for a config file starts, upwards; flags with paths start here.
        environ: the environment's variables.
        flags: option → value for the options of `layers.FLAG_KEYS`; None means not given.

    Raises:
        SettingsError: a file cannot be read at all.
    """
    return checked(read_layers(cwd, environ, flags))


def checked(layers: Layers) -> tuple[Settings, list[SettingsError]]:
    """Return the settings that the layers make, and everything wrong with them.

    A wrong value is dropped from its layer: see `read_settings`.
    """
    try:
        return Settings.from_layers(layers), []
    except ValidationError as invalid:
        problems = invalid.errors()
    in_order = layers.in_order()
    sentences = dict.fromkeys(_told(each, in_order) for each in problems)
    for problem in problems:
        for layer in in_order:
            layer.drop(tuple(str(step) for step in problem["loc"]))
    return Settings.from_layers(layers), [SettingsError(each) for each in sentences]


def _told(problem: ErrorDetails, layers: Sequence[Layer]) -> str:
    """Return the sentence for one problem that pydantic found."""
    path = tuple(str(step) for step in problem["loc"])
    name, place = _origin(path, layers)
    if problem["type"] == "extra_forbidden":
        return f"{name} was set {place}, but there is no such setting{_meant(path)}"
    if problem["type"] == "model_type":
        return f"{name} {place} has a value of its own, must be a section with keys"
    value = "'***'" if _is_secret(path) else repr(problem["input"])
    return f"{name} was {value} {place}, {_rule(problem)}"


def _origin(path: tuple[str, ...], layers: Sequence[Layer]) -> tuple[str, str]:
    """Return what the strongest layer that gives `path` calls it, and where that is."""
    for layer in reversed(layers):
        for length in range(len(path), 0, -1):
            if path[:length] in layer.names:
                return layer.names[path[:length]]
        for given, (name, place) in layer.names.items():
            if given[: len(path)] == path:  # the whole section is meant
                return (f"[{path[0]}]" if name.startswith("[") else name), place
    return ".".join(path), ""


def _meant(path: tuple[str, ...]) -> str:
    """Return a hint at the known key that `path` was meant for, in its own section if that is."""
    section = _section_of(path)
    if len(path) > 1 and section is not None:
        return did_you_mean(".".join(path), [f"{path[0]}.{key}" for key in section.model_fields])
    return did_you_mean(path[0], list(Settings.model_fields))


def _section_of(path: tuple[str, ...]) -> type[BaseModel] | None:
    info = Settings.model_fields.get(path[0])
    section = info.annotation if info else None
    return section if isinstance(section, type) and issubclass(section, BaseModel) else None


def _is_secret(path: tuple[str, ...]) -> bool:
    """Return whether a value must not be shown: one beside a secret may be one in a wrong place."""
    section = _section_of(path)
    fields = section.model_fields.values() if section else ()
    return any(info.annotation == SecretStr | None for info in fields)


def _rule(problem: ErrorDetails) -> str:
    """Return the rule that was broken, as in `must be greater than 0`."""
    if problem["type"] == "value_error":
        return str(problem["ctx"]["error"])
    return problem["msg"].replace("Input should be", "must be", 1)
