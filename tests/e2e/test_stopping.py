"""Ctrl-C and SIGTERM in the middle: the code of the signal, and nothing half-written."""

import json
import signal
import time

import pytest

FRAME = ["--from", "2026-01-01", "--to", "2027-01-01", "--symbols", "BTCUSDT,SOLUSDT"]
SLOW = ["backtest", "mine.py", "--strategy", "slow", *FRAME]


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_run_ends_at_its_next_step(stocked, signum, code):
    before = stocked.stored()
    process = stocked.start(*SLOW)
    began = time.monotonic()

    answer = stocked.stop(process, signum)

    assert answer.returncode == code, answer.stderr
    assert answer.stdout == ""
    assert answer.stderr.splitlines()[-1] == "error: The run was stopped by a signal."
    assert "Traceback" not in answer.stderr
    assert stocked.stored() == before
    assert not (stocked.folder / "runs").exists()
    assert time.monotonic() - began < 20


def test_stop_is_told_as_a_document_too(shell):
    (shell.folder / "loud.py").write_text(
        "import time\n"
        "from tradekit import strategy\n"
        '@strategy("loud")\n'
        "def loud(ctx):\n"
        '    print("capital ", ctx.now)\n'
        "    time.sleep(0.0005)\n"
    )
    process = shell.start("backtest", "loud.py", "--exchange", "synthetic", *FRAME, "--json")

    answer = shell.stop(process, signal.SIGTERM)

    assert answer.returncode == 143
    document = json.loads(answer.stdout)
    assert (document["code"], document["ok"]) == (143, False)
    assert [error["kind"] for error in document["errors"]] == ["StoppedError"]


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_workers_end_with_it(shell, signum, code):
    process = shell.start(*SLOW, "--workers", "2")
    time.sleep(1.5)

    answer = shell.stop(process, signum, group=True)

    assert answer.returncode == code, answer.stderr
    assert "Traceback" not in answer.stderr
    assert not (shell.folder / "runs").exists()


def test_second_signal_ends_what_does_not_look(shell):
    (shell.folder / "stuck.py").write_text(
        "import time\n"
        "from tradekit import strategy\n"
        '@strategy("stuck")\n'
        "def stuck(ctx):\n"
        "    while True:\n"
        "        time.sleep(0.01)\n"
    )
    process = shell.start("backtest", "stuck.py", "--exchange", "synthetic", *FRAME)
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None

    answer = shell.stop(process)

    assert answer.returncode == 130
    assert "Traceback" not in answer.stderr


def test_signal_before_the_run_ends_at_once(shell):
    (shell.folder / "stuck.py").write_text(
        "import time\nprint('loading', flush=True)\ntime.sleep(60)\n"
    )
    process = shell.open("backtest", "stuck.py")
    assert process.stdout.readline() == "loading\n"

    answer = shell.stop(process, signal.SIGTERM)

    assert answer.returncode == 143
    assert "Traceback" not in answer.stderr
