"""Reading the documents: their blocks and tables; running their files and commands as shown."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import subprocess
import sys
from itertools import dropwhile, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tradekit.bootstrap.request import Request, prepare
from tradekit.bootstrap.run import run_backtest

if TYPE_CHECKING:
    from tradekit.bootstrap.choices import Choices
    from tradekit.bootstrap.run import FinishedRun

ROOT: Final = Path(__file__).resolve().parents[2]
PROGRAM: Final = Path(sys.executable).parent / "tradekit"
FENCED: Final = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def read(name: str) -> str:
    """Return the text of a document of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(language: str, text: str) -> list[str]:
    """Return the fenced blocks of a language."""
    return [body for found, body in FENCED.findall(text) if found == language]


def commands(text: str) -> list[str]:
    """Return the lines of all shell blocks."""
    return [line for block in blocks("sh", text) for line in block.splitlines()]


def rows(before: str, text: str) -> list[list[str]]:
    """Return the cells of the first table after the words `before`, its own heading left out."""
    lines = text.partition(before)[2].splitlines()[1:]
    begun = dropwhile(lambda line: not line.startswith("|"), lines)
    table = list(takewhile(lambda line: line.startswith("|"), begun))
    return [[cell.strip() for cell in line.strip("| ").split("|")] for line in table[2:]]


def tradekit(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    """Run a command line as it is shown, in `folder`, with the installed program."""
    program, *arguments = shlex.split(line)
    assert program == "tradekit"
    return subprocess.run(
        [str(PROGRAM), *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


class _Unwatched:
    """A view of a run that nobody looks at."""

    def waiting(self, *_: object) -> None: ...
    def started(self, *_: object) -> None: ...
    def progress(self, *_: object) -> None: ...
    def noted(self, *_: object) -> None: ...


def backtest(folder: Path, name: str, choices: Choices) -> FinishedRun:
    """Run a strategy file of `folder` as the command would, without a process of its own."""
    prepared = prepare(Request(Path(name), folder, {}, {}, choices))
    return asyncio.run(run_backtest(prepared, _Unwatched(), should_stop=lambda: False))
