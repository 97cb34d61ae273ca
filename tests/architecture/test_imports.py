"""The import rules of pyproject.toml hold, and each of them finds a planted trespass."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"

# (contract, {file: its text})
TRESPASSES: list[tuple[str, dict[str, str]]] = [
    ("path-of-data", {"src/tradekit/domain/trespass.py": "import tradekit.engine"}),
    ("path-of-data", {"src/tradekit/registry/trespass.py": "import tradekit.drivers"}),
    ("path-of-data", {"src/tradekit/trespass/__init__.py": "'''A package without a place.'''"}),
    ("pure-core", {"src/tradekit/engine/trespass.py": "import time"}),
    ("pure-core", {"src/tradekit/api/trespass.py": "from pathlib import Path"}),
    (
        "adapters-apart",
        {
            "src/tradekit/adapters/trespass_a.py": "import tradekit.adapters.trespass_b",
            "src/tradekit/adapters/trespass_b.py": "'''A neighbour.'''",
        },
    ),
    ("one-composition-root", {"src/tradekit/cli/trespass.py": "import tradekit.adapters"}),
    ("numba-behind-one-door", {"src/tradekit/kernels/trespass.py": "import numba"}),
    ("strategies-see-the-api-only", {"strategies/trespass.py": "import tradekit.engine"}),
    (
        "no-cycles",
        {
            "src/tradekit/domain/trespass_a.py": "import tradekit.domain.trespass_b",
            "src/tradekit/domain/trespass_b.py": "import tradekit.domain.trespass_a",
        },
    ),
]


def lint_imports(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Judge the tree under `root`, which comes before the installed package on the path."""
    return subprocess.run(
        [str(LINT_IMPORTS), "--no-logo", "--no-cache", *options],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_tree_keeps_the_import_rules() -> None:
    answer = lint_imports(ROOT)

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(("contract", "planted"), TRESPASSES)
def test_contract_finds_a_planted_trespass(
    tmp_path: Path, contract: str, planted: dict[str, str]
) -> None:
    unwanted = shutil.ignore_patterns("__pycache__")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("src", "strategies"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=unwanted)
    for name, text in planted.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")

    answer = lint_imports(tmp_path, "--contract", contract)

    assert answer.returncode == 1, answer.stdout + answer.stderr
    assert "trespass" in answer.stdout
    assert "0 kept, 1 broken" in answer.stdout
