"""TAB in real shells: what is offered, and what answering it imports."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pexpect
import pytest

FILE = """
from tradekit import Exchange, Frame, strategy

spring = Frame("spring", "2026-04-01", "2026-05-01")
summer = Frame("summer", "2026-06-01", "2026-07-01")
market = Exchange.synthetic(3, name="market")


@strategy("zebra")
def zebra(ctx): ...


@strategy("yak")
def yak(ctx): ...


open("was-run", "w")
"""
RUN_IDS = ("20260401T000000Z-zebra-0a0a0a0a", "20260402T000000Z-yak-0b0b0b0b")
# What is typed before TAB → what must be offered for it.
CASES = {
    "tradekit back": {"backtest"},
    "tradekit config ": {"show", "validate", "schema"},
    "tradekit list s": {"strategies", "symbols"},
    "tradekit backtest --str": {"--strategy"},
    "tradekit check ": {"strategies/zoo.py"},
    "tradekit backtest strategies/z": {"strategies/zoo.py"},
    "tradekit backtest --strategy ": {"zebra", "yak"},
    "tradekit backtest strategies/zoo.py --exchange ": {"market", "local", "synthetic"},
    "tradekit backtest strategies/zoo.py --frame s": {"spring", "summer"},
    "tradekit backtest --symbols H": {"HYPEUSDT", "HBARUSDT"},
    "tradekit backtest --symbols BTCUSDT,S": {"BTCUSDT,SOLUSDT"},
    "tradekit config show b": {"backtest"},
    "tradekit run show 20260401": {RUN_IDS[0]},
    "tradekit run show 20260402": {RUN_IDS[1]},
}
INPUTRC = """
set show-all-if-ambiguous on
set page-completions off
set completion-query-items 0
set enable-bracketed-paste off
"""
# Colours and what is typed over are nothing; a jump of the cursor parts words.
SILENT = re.compile(r"\x1b(\[[0-9;?<>=]*[mhl]|\][^\x07\x1b]*(\x07|\x1b\\)|[=>()][A-Z0-9]?)|.\x08")
JUMP = re.compile(r"\x1b\[[0-9;]*[A-Za-z]|[\r\x07]")
PATIENCE_S = 8
# No library that takes time; `dotenv` only where there is such a file.
LIGHT = {"typer", "shellingham", "annotated_doc"}
HEAVY = {"asyncio", "multiprocessing", "pydantic", "numpy", "rich", "ccxt", "logging"}


@pytest.fixture
def project(tmp_path):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "zoo.py").write_text(FILE)
    (tmp_path / ".inputrc").write_text(INPUTRC)
    fish = tmp_path / ".config" / "fish" / "config.fish"
    fish.parent.mkdir(parents=True)
    fish.write_text("set -g fish_autosuggestion_enabled 0\n")  # it completes unasked, too
    for run_id in RUN_IDS:
        (tmp_path / "runs" / run_id).mkdir(parents=True)
    return tmp_path


class Terminal:
    """A real shell with somebody at its keyboard."""

    def __init__(self, name: str, home: Path) -> None:
        programs = Path(sys.executable).parent
        self._process = pexpect.spawn(
            name,
            ["-i"],
            cwd=home,
            env={
                "HOME": str(home),
                "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
                "LANG": "C.UTF-8",
                "TERM": "xterm",
            },
            encoding="utf-8",
            dimensions=(50, 200),
            timeout=PATIENCE_S,
        )

    def __enter__(self):
        self.run("echo re''ady", "ready")
        return self

    def __exit__(self, *error):
        self._process.close(force=True)

    def run(self, line: str, answer: str) -> None:
        """Run a command and wait for what it says."""
        self._process.sendline(line)
        self._process.expect(answer)
        self._drain()

    def offered(self, line: str, wanted: set[str]) -> str:
        """Type the line and TAB, and return what appears, at the latest when patience is over."""
        self._process.send(line)
        seen = self._drain()  # a shell that completes a word adds to what has been typed
        self._process.send("\t")
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s and not all(has(word, seen) for word in wanted):
            seen += self._read(0.1)
        # The list is given up, then the line; the next one begins where the shell answers again.
        self._process.send("\x03")
        self._drain()
        self._process.send("\x15")
        self.run("echo go''on", "goon")
        return seen

    def _drain(self) -> str:
        """Return what the shell says until it has been quiet for a moment."""
        seen = ""
        while more := self._read(0.3):
            seen += more
        return seen

    def _read(self, timeout_s: float) -> str:
        try:
            said = self._process.read_nonblocking(100_000, timeout_s)
        except pexpect.TIMEOUT:
            return ""
        return JUMP.sub("\n", SILENT.sub("", said))


def has(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text) is not None


def shell_or_skip(name: str) -> None:
    if shutil.which(name) is None:
        reason = f"{name} is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_tab_offers_what_there_is(project, name):
    shell_or_skip(name)
    with Terminal(name, project) as terminal:
        terminal.run("tradekit --install-completion", f"{name} completion installed in")

    with Terminal(name, project) as terminal:
        answers = {line: terminal.offered(line, wanted) for line, wanted in CASES.items()}

    missing = {
        line: (sorted(word for word in CASES[line] if not has(word, seen)), seen)
        for line, seen in answers.items()
    }
    assert {line: each for line, each in missing.items() if each[0]} == {}
    assert not (project / "was-run").exists()


def asked(folder, line, *command, environ=None):
    """Ask as the completion script of zsh does."""
    return subprocess.run(
        command or [Path(sys.executable).parent / "tradekit"],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "_TRADEKIT_COMPLETE": "complete_zsh",
            "_TYPER_COMPLETE_ARGS": line,
            **(environ or {}),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


PROBE = """
import json, sys
before = set(sys.modules)
from tradekit.cli.app import main
try:
    main([])
finally:
    print(json.dumps(sorted(set(sys.modules) - before)), file=sys.stderr)
"""


@pytest.mark.parametrize("line", ["tradekit ", *CASES])
def test_answer_imports_nothing_that_takes_time(project, line):
    answer = asked(project, line, sys.executable, "-c", PROBE)

    modules = json.loads(answer.stderr)
    tops = {name.split(".")[0] for name in modules} - {"tradekit"}
    others = {top for top in tops if top not in sys.stdlib_module_names}
    assert answer.stdout.startswith("_arguments ")
    assert others <= LIGHT
    assert not HEAVY & set(modules)


def test_stored_symbols_are_looked_up_without_what_reads_candles(stocked):
    state = sorted((stocked.folder / ".tradekit").iterdir())

    answer = asked(stocked.folder, "tradekit data export ", sys.executable, "-c", PROBE)

    assert not HEAVY & set(json.loads(answer.stderr))
    assert '"BTCUSDT"' in answer.stdout
    assert sorted((stocked.folder / ".tradekit").iterdir()) == state


@pytest.mark.parametrize(
    "damage",
    [
        {"tradekit.toml": "this is [no toml"},
        {"tradekit.toml": "symbols = 3\n[paths]\nruns_dir = 7\n"},
        {"strategies/zoo.py": "def ("},
        {".tradekit/candles.sqlite3": "no store"},
        {".env": "\0"},
    ],
    ids=lambda damage: next(iter(damage)),
)
@pytest.mark.parametrize(
    "line",
    [
        "tradekit check ",
        "tradekit backtest --strategy ",
        "tradekit backtest --exchange ",
        "tradekit backtest --symbols H",
        "tradekit run show ",
    ],
)
def test_broken_things_are_told_to_nobody_who_is_typing(project, damage, line):
    for name, text in damage.items():
        path = project / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    answer = asked(project, line)

    assert answer.stderr == ""
    assert answer.returncode in {0, 1}
