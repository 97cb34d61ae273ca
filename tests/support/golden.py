"""Golden cases: each shipped strategy over seeded candles, and the ritual that changes one.

    python -m tests.support.golden CASE

runs the case, shows what it was and what it is, asks why the new one is right and writes both the
result and the reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
CASES: Final = ROOT / "tests" / "golden" / "cases"
STRATEGIES: Final = ROOT / "strategies"
OPTIONS: Final = ("--exchange", "synthetic", "--seed", "7", "--frame", "apr-2026")
# What is not a strategy as it is shipped but one with a parameter set: file, then parameter.
VARIANTS: Final = {"dca_ladder_50_minutes": ("dca_ladder", "hold_minutes=50")}
# Files whose strategies are meant to run together.
TOGETHER: Final = ("portfolio",)


def case_names() -> list[str]:
    """Return the names of all cases: one for each shipped strategy file, and the variants."""
    return sorted([*(path.stem for path in STRATEGIES.glob("*.py")), *VARIANTS])


def run_case(name: str, *settings: str) -> dict[str, Any]:
    """Return what the installed command line makes of the case, with more parameters set."""
    file, *own = VARIANTS.get(name, (name,))
    chosen = [word for setting in (*own, *settings) for word in ("--set", setting)]
    chosen += ["--all-strategies"] if file in TOGETHER else []
    with tempfile.TemporaryDirectory() as folder:
        program = Path(sys.executable).with_name("tradekit")
        strategy = str(STRATEGIES / f"{file}.py")
        command = [str(program), "backtest", strategy, *OPTIONS, *chosen, "--json"]
        done = subprocess.run(
            command,
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": folder, "LANG": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=True,
        )
    report = json.loads(done.stdout)["data"]["report"]
    return {"fingerprint": report["fingerprint"], "total": report["total"]}


def read_case(name: str) -> dict[str, Any]:
    """Return the case as it was accepted: why, fingerprint and totals."""
    case: dict[str, Any] = json.loads((CASES / f"{name}.json").read_text(encoding="utf-8"))
    return case


def accept(name: str) -> None:
    """Show the old and the new result, ask for the reason, and write the case."""
    path = CASES / f"{name}.json"
    new = run_case(name)
    old = read_case(name) if path.exists() else {}
    for key in ("fingerprint", "total"):
        print(f"{key} was {old.get(key)}\n{key} is  {new[key]}")
    why = input("why is the new one right? ").strip()
    if not why:
        raise SystemExit("nothing written: a reason is needed")
    CASES.mkdir(parents=True, exist_ok=True)
    document = json.dumps({"why": why, **new}, indent=2, sort_keys=True, ensure_ascii=False)
    path.write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    accept(sys.argv[1])
