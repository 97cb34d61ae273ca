"""The outline of a strategy file has the names that running it declares."""

from pathlib import Path

import pytest

from tradekit.registry.loader import load_strategy_file
from tradekit.registry.outline import Outline, read_outline

SHIPPED = sorted((Path(__file__).resolve().parents[3] / "strategies").glob("*.py"))

WRITTEN = {
    "decorated": """
from tradekit import Exchange, Frame, strategy
april = Frame("april", "2026-04-01", "2026-05-01")
may: Frame = Frame(name="may", since="2026-05-01", until="2026-06-01")
mine = Exchange.files("candles")
other = Exchange.files("candles", name="other")
made = Exchange.synthetic(3)
kept = Exchange.local()

@strategy("one", every="15m")
async def one(ctx): ...

@strategy(name="two")
def two(ctx): ...
""",
    "called": """
import tradekit as kit
from tradekit import strategy as declare
NAME = "by-constant"

def decide(ctx): ...

first = declare("first")(decide)
second = declare(NAME)(decide)
third = kit.strategy("third")(decide)
frame = kit.Frame("frame", "2026-04-01", "2026-05-01")
plain = kit.Exchange("plain", "local")
made = kit.Exchange.synthetic()
""",
    "conditional": """
from tradekit import Frame
try:
    a = Frame("a", "2026-04-01", "2026-05-01")
except ValueError:
    pass
if True:
    b = Frame("b", "2026-04-01", "2026-05-01")
""",
    "imported": """
from beside import ladder as mine, april
from deeper.inside import *
from tradekit import Frame
may = Frame("may", "2026-05-01", "2026-06-01")
""",
    "foreign": """
from dataclasses import dataclass

def strategy(name):
    return lambda function: function

@strategy("not ours")
@dataclass
class Frame: ...
""",
}
BESIDE = """
from tradekit import Frame, strategy
april = Frame("april", "2026-04-01", "2026-05-01")
june = Frame("june", "2026-06-01", "2026-07-01")

@strategy("ladder")
def ladder(ctx): ...
"""


def declared(path, root):
    loaded = load_strategy_file(path, root=root)
    return Outline(loaded.strategies.names, loaded.exchanges.names, loaded.frames.names)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_file(path):
    outline = read_outline(path, path.parent.parent)

    assert outline == declared(path, path.parent.parent)
    assert outline.strategies


@pytest.mark.parametrize("name", WRITTEN)
def test_written_file(tmp_path, name):
    (tmp_path / "beside.py").write_text(BESIDE)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "inside.py").write_text(WRITTEN["decorated"].replace("april", "spring"))
    path = tmp_path / f"{name}.py"
    path.write_text(WRITTEN[name])

    assert read_outline(path, tmp_path) == declared(path, tmp_path)


def test_name_worked_out_at_run_time_is_left_out(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from tradekit import Exchange, Frame\n"
        "a = Frame('a' + 'b', 1, 2)\n"
        "b = Exchange.files('x', name=str(3))\n"
        "c = Exchange.files('x', name='c')\n"
    )

    assert read_outline(path, tmp_path) == Outline(exchanges=("c",))


@pytest.mark.parametrize("content", [None, b"def (", b"\x00", b"\xff\xfe"])
def test_what_cannot_be_read_declares_nothing(tmp_path, content):
    path = tmp_path / "mine.py"
    if content is not None:
        path.write_bytes(content)

    assert read_outline(path, tmp_path) == Outline()


def test_file_that_imports_itself_ends(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text("from mine import x\nfrom tradekit import Frame\nx = Frame('x', 1, 2)\n")

    assert read_outline(path, tmp_path).frames == ("x",)


def test_file_is_not_run(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(f"open({str(tmp_path / 'made')!r}, 'w')\n")

    read_outline(path, tmp_path)

    assert not (tmp_path / "made").exists()
