"""The installed command line in a subprocess, in an empty folder and an empty environment."""

import hashlib
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

STRATEGIES = """
import time

from tradekit import Exchange, Frame, Signal, strategy

days = Frame("days", "2026-04-01", "2026-04-03")
market = Exchange.synthetic()


@strategy("bracket")
def bracket(ctx):
    return Signal.long(stop_loss_pct=1.0, take_profit_pct=2.0)


@strategy("greedy", hold="4h")
def greedy(ctx):
    return Signal.long(stop_loss_pct=5.0, equity_pct=50)


@strategy("rich", hold="4h", cost=6000)
def rich(ctx):
    return Signal.long(stop_loss_pct=5.0)


@strategy("slow")
def slow(ctx):
    time.sleep(0.0001)


@strategy("wrong-side")
def wrong_side(ctx):
    if ctx.symbol == "SOLUSDT":
        return Signal.long(stop_loss=ctx.price * 1.1)
    return Signal.long(stop_loss_pct=1.0)


@strategy("raises")
def raises(ctx):
    return Signal.long(stop_loss_pct=1.0)


@raises.while_open
def look(ctx, position):
    if ctx.symbol == "SOLUSDT":
        raise ValueError("cannot look")


@strategy("chatty")
def chatty(ctx):
    print("hello from the strategy")
"""


class Shell:
    """An empty folder with a strategy file, and the command line in it."""

    program = Path(sys.executable).parent / "tradekit"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        (folder / "mine.py").write_text(STRATEGIES)

    def __call__(self, *arguments, environ=None, **options):
        """Run the command line to its end."""
        return subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            env=environ or self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            **options,
        )

    def on_a_full_disk(self, *arguments, size):
        """Run the command line where no file can grow beyond `size` bytes.

        Python would leave cut-off bytecode beside the libraries: it must not write any.
        """

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        environ = {**self.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        return self(*arguments, environ=environ, preexec_fn=limit)

    def open(self, *arguments):
        """Start the command line."""
        return subprocess.Popen(
            [self.program, *arguments],
            cwd=self.folder,
            env=self.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def start(self, *arguments):
        """Start the command line and go on once its run has begun."""
        process = self.open(*arguments)
        for line in process.stderr:
            if line.startswith("capital "):
                break
        time.sleep(0.2)
        return process

    def stop(self, process, signum=signal.SIGINT, *, group=False):
        """Send a signal, as a terminal does to the whole group, and wait for the end."""
        if group:
            os.killpg(process.pid, signum)
        else:
            process.send_signal(signum)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def stored(self):
        """Return every file in the folder with its hash."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }


@pytest.fixture
def shell(tmp_path):
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def _stored_candles(tmp_path_factory):
    """Make a store with two days of candles once."""
    shell = Shell(tmp_path_factory.mktemp("store"))
    answer = shell("data", "synth", "BTCUSDT", "--from", "2026-04-01", "--to", "2026-04-03")
    assert answer.returncode == 0, answer.stderr
    return shell.folder / ".tradekit"


@pytest.fixture
def stocked(shell, _stored_candles):
    """Return a shell beside a store that holds BTCUSDT from 2026-04-01 to 2026-04-03."""
    state = shell.folder / ".tradekit"
    state.mkdir()
    for path in _stored_candles.iterdir():
        (state / path.name).write_bytes(path.read_bytes())
    return shell
