"""`tradekit init`, `check` and `version`: commands about a project as a whole.

Decides how their outcome looks. Writing files is `bootstrap.scaffold`'s work, looking through a
strategy file `bootstrap.check`'s.
"""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tradekit.cli.options import AsJson, StrategyFile, aside, epilog
from tradekit.cli.verdict import Verdict

if TYPE_CHECKING:
    from tradekit.api.declare import Strategy
    from tradekit.domain.time import Frame

app = typer.Typer(rich_markup_mode=None)


@app.command(
    "init",
    epilog=epilog(
        ["tradekit init", "tradekit init my-strategies"],
        "0 done, 1 the disk does not allow it, 2 a file is there already (nothing was written)",
    ),
)
def init(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder; made if it is not there.")
    ] = Path(),
    *,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")] = False,
    as_json: AsJson = False,
) -> Verdict:
    """Write the first files of a project: a strategy, a config file, a README, a .gitignore."""
    from tradekit.bootstrap.scaffold import write_project

    cwd = Path.cwd()
    written = write_project(Path(os.path.normpath(cwd / directory)), force=force)
    step = "tradekit backtest"
    if directory != Path():
        step = f"cd {shlex.quote(str(directory))} && {step}"
    names = [str(directory / path.relative_to(cwd / directory)) for path in written]
    if not as_json:
        for name in names:
            typer.echo(f"wrote {name}")
        typer.echo(f"next: {step}")
    return Verdict({"directory": str(directory), "written": names, "next": step})


@app.command(
    "check",
    epilog=epilog(
        ["tradekit check strategies/sma_cross.py", "tradekit check --json"],
        "0 nothing is wrong, 2 something is wrong (all of it is told)",
    ),
)
def check(file: StrategyFile = None, *, as_json: AsJson = False) -> Verdict:
    """Load a strategy file and look for mistakes; none of its strategies is run."""
    from tradekit.bootstrap.check import check_file
    from tradekit.bootstrap.listing import shown

    with aside(as_json=as_json):
        checked = check_file(file, Path.cwd(), os.environ)
    loaded = checked.loaded
    data: dict[str, Any] = {
        "file": shown(loaded.path, checked.settings),
        "source_hash": loaded.source_hash,
        "strategies": [
            {**strategy_data(each), "params": params_data(checked.params[each.name])}
            for each in loaded.strategies
        ],
        "exchanges": [{"name": each.name, "kind": each.kind} for each in loaded.exchanges],
        "frames": [frame_data(each) for each in loaded.frames],
        "notes": checked.notes,
    }
    if not as_json:
        _tell_checked(data)
    return Verdict(data)


@app.command(
    "version",
    epilog=epilog(["tradekit version", "tradekit version --json"], "0 done, 2 wrong usage"),
)
def version(as_json: AsJson = False) -> Verdict:
    """Print the versions of tradekit, Python and the libraries, and where things are kept."""
    from tradekit.bootstrap.versions import versions

    data = versions(Path.cwd(), os.environ)
    if not as_json:
        flat = {**data, **data["dependencies"]}
        width = max(map(len, flat))
        for name, value in flat.items():
            if name != "dependencies":
                typer.echo(f"{name:{width}}  {'-' if value is None else value}")
    return Verdict(data)


def strategy_data(strategy: Strategy) -> dict[str, Any]:
    """Return what a strategy says of itself as the JSON documents have it."""
    from tradekit.domain.journal import canonical
    from tradekit.domain.time import UNLIMITED, format_duration

    hold_ms = strategy.hold_ms
    return {
        "name": strategy.name,
        "every": format_duration(strategy.every_ms),
        "hold": UNLIMITED if hold_ms is None else format_duration(hold_ms),
        "wait": format_duration(strategy.wait_ms),
        "warmup": format_duration(strategy.warmup_ms),
        "cost": canonical("cost", float(strategy.cost)),
        "symbols": None if strategy.symbols is None else list(strategy.symbols),
    }


def frame_data(frame: Frame) -> dict[str, str]:
    """Return a frame as the JSON documents have it."""
    from tradekit.domain.time import format_time

    return {
        "name": frame.name,
        "from": format_time(frame.since_ms),
        "to": format_time(frame.until_ms),
        "base": frame.base.plain,
    }


def params_data(params: object | None) -> Any:  # noqa: ANN401  # whatever JSON can hold
    """Return parameters as the JSON documents have them; infinity is a text there."""
    from tradekit.bootstrap.parameters import plain_params

    return json.loads(json.dumps(plain_params(params)), parse_constant=str)


def _tell_checked(data: dict[str, Any]) -> None:
    typer.echo(f"{data['file']}: nothing is wrong")
    for each in data["strategies"]:
        params = " ".join(f"{name}={value}" for name, value in each["params"].items())
        facts = f"every {each['every']}, hold {each['hold']}, warm-up {each['warmup']}"
        typer.echo(f"strategy {each['name']}: {facts}{', ' if params else ''}{params}")
    for each in data["exchanges"]:
        typer.echo(f"exchange {each['name']}: {each['kind']}")
    for each in data["frames"]:
        typer.echo(f"frame {each['name']}: {each['from']} to {each['to']} on {each['base']}")
    for note in data["notes"]:
        typer.echo(f"note: {note}")
