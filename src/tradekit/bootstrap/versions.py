"""What is installed, and where things are kept: what somebody who helps asks for first.

Decides which facts those are. Nothing is imported to be asked for its version, and a config file
that cannot be read leaves the places open.
"""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version
from typing import TYPE_CHECKING, Any, Final

from tradekit.bootstrap.layers import read_layers
from tradekit.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_NAME: Final = re.compile(r"[\w.-]+")
_OF_DEVELOPERS: Final = re.compile(r"""extra\s*==\s*['"]dev['"]""")


def versions(cwd: Path, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the versions of tradekit, Python and each dependency, and the places in force.

    A dependency that is not installed has None; so have the places where the settings are broken.
    """
    try:
        layers = read_layers(cwd, environ)
        places = {"state_dir": str(layers.state_dir), "runs_dir": str(layers.runs_dir)}
        places |= {"config_file": str(layers.config_file)} if layers.config_file else {}
    except SettingsError:
        places = {}
    return {
        "tradekit": _installed("tradekit"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "config_file": places.get("config_file"),
        "state_dir": places.get("state_dir"),
        "runs_dir": places.get("runs_dir"),
        "dependencies": {name: _installed(name) for name in _dependencies()},
    }


def _dependencies() -> list[str]:
    """Return what tradekit uses, optional things included, what its developers use left out."""
    try:
        declared = requires("tradekit") or []
    except PackageNotFoundError:
        return []
    wanted = [each for each in declared if not _OF_DEVELOPERS.search(each)]
    return sorted({found[0].lower() for each in wanted if (found := _NAME.match(each))})


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
