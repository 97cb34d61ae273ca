"""The strategies that the README shows pass `tradekit check`.

Its commands are run one after another by tests/architecture/test_docs.py.
"""

import json

import pytest

from tests.support import documents

SHOWN = [
    block
    for block in documents.blocks("python", documents.read("README.md"))
    if "@strategy(" in block
]


def test_there_is_one():
    assert SHOWN


@pytest.mark.parametrize("text", SHOWN, ids=range(len(SHOWN)))
def test_shown_strategy_passes_the_check(shell, text):
    (shell.folder / "shown.py").write_text(text)

    answer = shell("check", "shown.py", "--json")

    assert answer.returncode == 0, answer.stderr
    data = json.loads(answer.stdout)["data"]
    assert data["strategies"]
    # Whoever saves it can run it without an option.
    assert data["notes"] == []
