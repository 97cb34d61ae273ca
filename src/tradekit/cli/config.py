"""`tradekit config`: show the settings and where each comes from, validate them, describe them.

Decides how that looks. The work is `bootstrap.config`'s.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tradekit.cli import completion
from tradekit.cli.options import AsJson, epilog
from tradekit.cli.verdict import Verdict

if TYPE_CHECKING:
    from tradekit.bootstrap.layers import Origin

app = typer.Typer(name="config", rich_markup_mode=None)

_AS_BACKTEST = "Show what holds with this option of `backtest`."


@app.command(
    "show",
    epilog=epilog(
        [
            "tradekit config show --origin",
            "tradekit config show backtest costs --fee 0.05 --origin",
        ],
        "0 done, 2 a setting is wrong or there is no such section",
    ),
)
def show(
    sections: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SECTION]...", help="Only these.", autocompletion=completion.sections
        ),
    ] = None,
    *,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say of each value where it comes from.")
    ] = False,
    capital: Annotated[float | None, typer.Option(help=_AS_BACKTEST)] = None,
    gaps: Annotated[str | None, typer.Option(help=_AS_BACKTEST)] = None,
    seed: Annotated[int | None, typer.Option(help=_AS_BACKTEST)] = None,
    workers: Annotated[int | None, typer.Option(help=_AS_BACKTEST)] = None,
    no_interval: Annotated[bool, typer.Option("--no-interval", help=_AS_BACKTEST)] = False,
    fee: Annotated[float | None, typer.Option(help=_AS_BACKTEST)] = None,
    slippage: Annotated[float | None, typer.Option(help=_AS_BACKTEST)] = None,
    wait: Annotated[float | None, typer.Option(help=_AS_BACKTEST)] = None,
    runs_dir: Annotated[Path | None, typer.Option(help=_AS_BACKTEST)] = None,
    as_json: AsJson = False,
) -> Verdict:
    """Show every setting that holds here; secrets are masked."""
    from tradekit.bootstrap.config import describe
    from tradekit.bootstrap.settings import load_settings

    flags: dict[str, object] = {
        "--capital": capital,
        "--gaps": gaps,
        "--seed": seed,
        "--workers": workers,
        "--no-interval": False if no_interval else None,
        "--fee": fee,
        "--slippage": slippage,
        "--wait": wait,
        "--runs-dir": runs_dir,
    }
    settings = load_settings(Path.cwd(), os.environ, flags)
    found = describe(settings, sections or ())
    file = settings.config_file
    if not as_json:
        from tradekit.cli.tables import print_table

        headers = ["setting", "value", *(["origin"] if origin else [])]
        rows = [[each.name, _text(each.value), str(each.origin)][: len(headers)] for each in found]
        typer.echo(f"config file: {file or 'none'}", err=True)
        print_table(headers, rows)
    settings_data = [
        {
            "name": each.name,
            "value": _plain(each.name, each.value),
            **({"origin": _origin_data(each.origin)} if origin else {}),
        }
        for each in found
    ]
    return Verdict({"config_file": str(file) if file else None, "settings": settings_data})


@app.command(
    "validate",
    epilog=epilog(
        ["tradekit config validate", "tradekit config validate tradekit.toml --json"],
        "0 everything is right, 2 something is wrong",
    ),
)
def validate(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="This config file alone; else the one in force, `.env` and the environment.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> Verdict:
    """Look for mistakes in the settings and tell all of them."""
    from tradekit.bootstrap import config

    looked_at, mistakes = config.validate(file, Path.cwd(), os.environ)
    if not as_json and not mistakes:
        what = f"{looked_at}" if looked_at else "there is no config file; the environment"
        typer.echo(f"{what} is valid")
    data = {"file": str(looked_at) if looked_at else None, "valid": not mistakes}
    return Verdict(data, mistakes)


@app.command(
    "schema",
    epilog=epilog(
        ["tradekit config schema > tradekit.schema.json", "tradekit config schema --json"],
        "0 done, 2 wrong usage",
    ),
)
def schema(as_json: AsJson = False) -> Verdict:
    """Print the JSON Schema of tradekit.toml, for editors that help with it."""
    from tradekit.bootstrap import config

    found = config.schema()
    if not as_json:
        typer.echo(json.dumps(found, indent=2, sort_keys=True))
    return Verdict(found)


def _text(value: object) -> str:
    """Return a value as a table has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(map(str, value))
    return "-" if value is None else str(value)


def _plain(name: str, value: object) -> object:
    """Return a value as the JSON documents have it; seconds are a number like other times."""
    from tradekit.domain.journal import canonical

    return value if name.endswith("_s") else canonical(name, value)


def _origin_data(origin: Origin) -> dict[str, str | None]:
    return {"layer": origin.layer, "name": origin.name or None, "place": origin.place or None}
