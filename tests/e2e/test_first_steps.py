"""The first minutes: `init`, `check`, `backtest`, and the examples that are printed there."""

import json
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import documents

FILES = [".gitignore", "README.md", "strategies/pullback.py", "tradekit.toml"]
# Whoever opens a connection fails.
OFFLINE = """
import socket

def refuse(*arguments, **options):
    raise OSError("no network here")

socket.socket.connect = refuse
socket.getaddrinfo = refuse
"""


@pytest.fixture
def offline(shell):
    """Return a shell whose command line reaches no network; its own strategy file is gone."""
    (shell.folder / "mine.py").unlink()
    aside = shell.folder / "aside"
    aside.mkdir()
    (aside / "sitecustomize.py").write_text(OFFLINE)
    shell.environ |= {"PYTHONPATH": str(aside), "PYTHONDONTWRITEBYTECODE": "1"}
    return shell


def test_first_backtest_works_at_once(offline):
    made = offline("init", "project", "--json")
    data = json.loads(made.stdout)["data"]
    offline.folder /= "project"

    checked = offline("check", "--json")
    ran = offline("backtest", "--json")

    assert sorted(data["written"]) == [f"project/{name}" for name in FILES]
    assert data["next"] == "cd project && tradekit backtest"
    assert (made.returncode, checked.returncode, ran.returncode) == (0, 0, 0), ran.stderr
    found = json.loads(checked.stdout)["data"]
    assert [each["name"] for each in found["strategies"]] == ["pullback"]
    assert found["notes"] == []
    report = json.loads(ran.stdout)["data"]["report"]
    # Every way out that the file speaks of is taken.
    assert report["total"]["trade_count"] > 50
    assert {"closed", "stop_loss", "take_profit"} <= set(report["total"]["exits"])
    assert sorted(each.name for each in (offline.folder / "runs").iterdir()) != []


def test_printed_next_command_is_one_that_works(offline):
    answer = offline("init", "my first project")

    step = answer.stdout.splitlines()[-1].removeprefix("next: ")
    shortened = step.replace("tradekit backtest", f"{offline.program} check")
    done = subprocess.run(
        ["sh", "-c", shortened], cwd=offline.folder, env=offline.environ, check=False
    )
    assert step == "cd 'my first project' && tradekit backtest"
    assert done.returncode == 0


@pytest.mark.parametrize("arguments", [["init"], ["init", "."], ["init", "deep/er"]])
def test_folder_may_be_any(offline, arguments):
    assert offline(*arguments).returncode == 0

    folder = offline.folder / (arguments[1] if len(arguments) > 1 else ".")
    assert all((folder / name).is_file() for name in FILES)


@pytest.mark.parametrize("name", FILES)
def test_nothing_is_overwritten_unasked(offline, name):
    place = offline.folder / name
    place.parent.mkdir(exist_ok=True)
    place.write_text("mine")
    before = offline.stored()

    refused = offline("init")
    after_refusal = offline.stored()
    forced = offline("init", "--force")

    assert refused.returncode == 2
    assert name in refused.stderr
    assert "--force" in refused.stderr
    assert after_refusal == before
    assert forced.returncode == 0
    assert place.read_text() != "mine"


def test_place_that_is_a_file_is_refused(offline):
    (offline.folder / "taken").write_text("")

    answer = offline("init", "taken/deeper")

    assert answer.returncode == 2
    assert answer.stderr.startswith("error: directory was ")


def test_full_disk_is_one_sentence(offline):
    before = offline.stored()

    answer = offline.on_a_full_disk("init", size=1000)

    assert answer.returncode == 1
    assert answer.stderr.startswith(f"error: {offline.folder} could not be written to: ")
    assert "Traceback" not in answer.stderr
    assert offline.stored() == before


def test_secrets_of_a_project_are_kept_out_of_version_control(offline):
    offline("init")

    ignored = (offline.folder / ".gitignore").read_text().splitlines()

    assert {".tradekit/", "runs/", "session.txt", ".env"} <= set(ignored)
    assert stat.S_ISREG((offline.folder / ".gitignore").stat().st_mode)


@pytest.mark.slow
def test_commands_of_the_written_readme_run(offline):
    offline("init")
    programs = Path(sys.executable).parent
    path = f"{programs}:{offline.environ['PATH']}"
    blocks = documents.blocks("sh", (offline.folder / "README.md").read_text())

    for block in blocks:
        done = subprocess.run(
            ["sh", "-e", "-c", block],
            cwd=offline.folder,
            env={**offline.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert len(blocks) == 1


def test_commands_named_in_the_written_readme_are_there(offline):
    offline("init")
    text = (offline.folder / "README.md").read_text()

    named = {each.split()[0] for each in re.findall(r"`tradekit ([a-z][^`]*)`", text)}

    assert {"check", "config", "data", "backtest"} <= named
    assert all(offline(name, "--help").returncode == 0 for name in named)
