"""The first files of a project: a strategy, a config file, a README and a .gitignore.

Decides what is in them, and that nothing of the user's is overwritten unasked. What the settings
are is decided by `settings`, from which the config file is written. Invariant: where one file is in
the way, none is written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

from pydantic import BaseModel, SecretStr

from tradekit.bootstrap.config import leaves
from tradekit.bootstrap.layers import CONFIG_NAME, Layer, Layers, pyproject_table
from tradekit.bootstrap.settings import Settings
from tradekit.errors import ConfigError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

STRATEGY_FILE: Final = "strategies/pullback.py"

STRATEGY: Final = '''\
"""Pullback: buy after a fall, sell at a profit, at a loss, or when too much time has passed."""

from dataclasses import dataclass

from tradekit import Context, Exchange, Frame, Position, Signal, strategy

# Made-up candles: always the same for one seed, no network needed. With candles of your own,
# imported with `tradekit data import`, this is Exchange.local(), or say --exchange local.
market = Exchange.synthetic(seed=7)

# What a backtest covers, in UTC; the end is not part of it. --from and --to replace it.
april = Frame("april", "2026-04-01", "2026-04-28")


@dataclass(frozen=True)
class Pullback:
    """What may be changed from outside, as in `--set fall_pct=2`."""

    hours: int = 24  # how far back the highest price is looked for
    fall_pct: float = 1.5  # how far below it to buy
    stop_pct: float = 2.0
    target_pct: float = 3.0
    patience_h: int = 12  # after that a profit is taken as it is


# Asked at most once in 15 minutes, and only while nothing is open. `warmup` is the history that
# must be there before the first question.
@strategy("pullback", every="15m", hold="2d", warmup="2d", cost=100, params=Pullback)
def pullback(ctx: Context[Pullback]) -> Signal | None:
    """Buy once the price is far enough below its highest."""
    # Closed candles only, the oldest first: a strategy cannot see what has not happened yet.
    highest = ctx.candles("1h", ctx.params.hours).high.max()
    if ctx.price > highest * (1 - ctx.params.fall_pct / 100):
        return None
    return Signal.long(
        stop_loss_pct=ctx.params.stop_pct, take_profit_pct=ctx.params.target_pct
    )


# Called at each candle while a position is open; `pnl_pct` is after all costs.
@pullback.while_open
def leave(ctx: Context[Pullback], position: Position) -> None:
    """Take a small profit when the wait has been long enough."""
    if position.minutes >= ctx.params.patience_h * 60 and position.pnl_pct > 0:
        position.close(note="patience is over")
'''

README: Final = """\
# Strategies

Made by `tradekit init`. Run the strategy on made-up candles:

```sh
tradekit backtest
tradekit backtest --symbols BTCUSDT,SOLUSDT --set fall_pct=2 --fee 0.05
```

Then:

- change `strategies/pullback.py`, and ask `tradekit check` whether it still makes sense;
- look at what can be set: `tradekit config show --origin`, and change it in `tradekit.toml`;
- bring your own candles: `tradekit data import FILE`, then `tradekit backtest --exchange local`;
- let the shell complete names: `tradekit --install-completion`;
- every command explains itself: `tradekit --help`, `tradekit backtest --help`.

Results are kept in `runs/`, candles in `.tradekit/`. Keys and passwords belong in `.env`, which
`.gitignore` keeps out of version control.
"""

GITIGNORE: Final = """\
# candles and other things that tradekit keeps
.tradekit/
# results of runs
runs/
# secrets
session.txt
.env
__pycache__/
"""

_CONFIG_HEAD: Final = """\
# Settings of tradekit. A line that begins with # shows the default; take the # away to change it.
# Stronger than this file are, in this order: .env, the environment (TRADEKIT__SECTION__KEY), and
# options of a command. `tradekit config show --origin` tells what holds and why.
"""


def write_project(directory: Path, *, force: bool) -> list[Path]:
    """Write the files of a new project and return their paths.

    Args:
        directory: made if it is not there.
        force: overwrite files that are there.

    Raises:
        ConfigError: a file is in the way and would be overwritten, or the folder cannot be one.
        StoreError: the disk is full or does not allow it.
    """
    files = {directory / name: text for name, text in project_files().items()}
    there = [path for path in files if path.exists()]
    _refuse(directory, there, force=force)
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        for path in files.keys() - set(there):
            path.unlink(missing_ok=True)
        raise StoreError(
            f"{directory} could not be written to: {error.strerror or error}"
        ) from error
    return list(files)


def project_files() -> dict[str, str]:
    """Return name and text of each file of a new project."""
    return {
        STRATEGY_FILE: STRATEGY,
        CONFIG_NAME: config_text(),
        "README.md": README,
        ".gitignore": GITIGNORE,
    }


def config_text() -> str:
    """Return a config file in which every setting is a comment with its default."""
    defaults = Settings.from_layers(Layers(Path(), None, Layer()))
    parts = [_CONFIG_HEAD]
    section = ""
    for path, value in leaves(defaults):
        if path[0] != section and len(path) > 1:
            section = path[0]
            parts.append(f"\n# {_described(section)}\n[{section}]\n")
        parts.append(_config_line(path, value))
    return "".join(parts)


def _described(section: str) -> str:
    kind = Settings.model_fields[section].annotation
    assert isinstance(kind, type), "a section is a class"
    return (kind.__doc__ or "").strip().splitlines()[0]


def _config_line(path: tuple[str, ...], value: object) -> str:
    if path == ("backtest", "strategy_file"):
        return f"strategy_file = {json.dumps(STRATEGY_FILE)}\n"
    if value is not None:
        return f"# {path[-1]} = {_toml(value)}\n"
    secret = any(each is SecretStr for each in _kinds(path))
    return f"# {path[-1]} is not set{': a secret, it belongs in .env' if secret else ''}\n"


def _kinds(path: tuple[str, ...]) -> Iterator[Any]:
    """Yield the types that a setting may have."""
    model: Any = Settings
    for step in path[:-1]:
        model = model.model_fields[step].annotation
    assert issubclass(model, BaseModel), "sections are models"
    yield from get_args(model.model_fields[path[-1]].annotation)


def _toml(value: object) -> str:
    """Return a default as TOML has it; of these, JSON looks the same."""
    plain = list(value) if isinstance(value, tuple) else value
    return json.dumps(str(plain) if isinstance(plain, Path) else plain)


def _refuse(directory: Path, there: list[Path], *, force: bool) -> None:
    """Raise if writing would destroy something, or leave a project that does not work."""
    place = directory
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise ConfigError(f"directory was {directory}, but {place} is not a folder")
    if there and not force:
        names = ", ".join(str(path.relative_to(directory)) for path in there)
        raise ConfigError(
            f"{directory} has {names} already, nothing was written",
            fix="name another folder, or overwrite them with --force",
        )
    pyproject = directory / "pyproject.toml"
    if pyproject_table(pyproject) is not None:
        raise ConfigError(
            f"{pyproject} has [tool.tradekit], must not have it beside {CONFIG_NAME}",
            fix="name another folder",
        )
