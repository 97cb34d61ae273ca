"""What a command imports: no library before it is needed."""

import json
import subprocess
import sys

import pytest

PROBE = """
import json, sys
sys.argv = ["tradekit", *sys.argv[1:]]
before = set(sys.modules)
from tradekit.cli.app import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
loaded = sorted(set(sys.modules) - before)
print(json.dumps(loaded), file=sys.stderr)
"""
HEAVY = {
    *("ccxt", "motor", "pymongo", "redis", "telethon", "qrcode", "numba", "dask", "aiohttp"),
    *("hypothesis", "pytest"),
}


@pytest.fixture
def imported(stocked):
    """Return our modules and the other top-level ones outside the standard library."""

    def imported(*arguments):
        answer = subprocess.run(
            [sys.executable, "-c", PROBE, *arguments],
            cwd=stocked.folder,
            env=stocked.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        modules = json.loads(answer.stderr.splitlines()[-1])
        ours = {name for name in modules if name.split(".")[0] == "tradekit"}
        tops = {name.split(".")[0] for name in modules} - {"tradekit"}
        made = ("_tradekit_strategy_", "_sysconfigdata_")  # at run time, or with Python itself
        tops = {top for top in tops if not top.startswith(made)}
        return ours, {top for top in tops if top not in sys.stdlib_module_names}, set(modules)

    return imported


def test_help_imports_the_command_line_and_what_parses_it(imported):
    ours, others, modules = imported("--help")

    assert ours == {
        "tradekit",
        "tradekit.cli",
        "tradekit.cli.app",
        "tradekit.cli.completion",
        "tradekit.cli.run",
        "tradekit.cli.stopping",
        "tradekit.cli.verdict",
    }
    assert others <= {"typer", "rich", "shellingham", "annotated_doc"}
    assert not modules & {"asyncio", "sqlite3", "numpy", "pydantic", "multiprocessing"}


def test_local_backtest_imports_what_it_uses(imported):
    options = ["mine.py", "--exchange", "local", "--symbols", "BTCUSDT", "--quiet"]

    ours, others, modules = imported("backtest", *options)

    adapters = {name.split(".")[2] for name in ours if name.startswith("tradekit.adapters.")}
    assert adapters == {"clock", "run_folder", "sqlite", "stored"}
    assert not others & HEAVY
    assert "multiprocessing" not in modules
    assert others <= {
        *("typer", "rich", "shellingham", "annotated_doc", "pygments", "markdown_it", "mdurl"),
        *("pydantic", "pydantic_core", "pydantic_settings", "annotated_types"),
        *("typing_extensions", "typing_inspection", "dotenv", "numpy"),
    }


def test_synthetic_backtest_opens_no_store(imported):
    ours, _, modules = imported("backtest", "mine.py", "--symbols", "BTCUSDT", "--quiet")

    assert "tradekit.adapters.sqlite" not in ours
    assert "sqlite3" not in modules
