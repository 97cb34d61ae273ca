"""How long the command line takes to say something, beside a bare import of what it needs."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15
TRADEKIT = str(Path(sys.executable).with_name("tradekit"))


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def test_help_beside_importing_typer_and_rich(capsys) -> None:
    bare = [sys.executable, "-c", "import typer, rich"]
    pairs = [(seconds([TRADEKIT, "--help"]), seconds(bare)) for _ in range(RUNS)]
    ours, floor = (statistics.median(each) for each in zip(*pairs, strict=True))

    with capsys.disabled():
        print(
            f"\n--help {1e3 * ours:.0f} ms, bare import {1e3 * floor:.0f} ms, "
            f"goal {1e3 * (2 * floor + 0.05):.0f} ms"
        )
