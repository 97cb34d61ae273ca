"""Loading a strategy file: what is collected, and how its failures are told."""

import hashlib
import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from tradekit.errors import DuplicateNameError, StrategyLoadError
from tradekit.registry.loader import load_strategy_file

HEAD = "from tradekit import Exchange, Frame, strategy\n"


@pytest.fixture(autouse=True)
def _forget_modules():
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith("tradekit"):
            del sys.modules[name]


@pytest.fixture
def load(tmp_path):
    def load(text, name="strategies/mine.py"):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text), encoding="utf-8")
        return load_strategy_file(file, root=tmp_path)

    return load


def refused(load, text, **options):
    with pytest.raises(StrategyLoadError) as caught:
        load(text, **options)
    return caught.value.message


def test_declarations_are_collected_in_order(load):
    loaded = load(
        HEAD
        + """
second = Frame("b", "2026-04-01", "2026-04-02")
first = Frame("a", "2026-04-01", "2026-04-02")
market = Exchange.synthetic(3)

@strategy("two")
def two(ctx): ...

@strategy("one")
def one(ctx): ...
"""
    )

    assert loaded.strategies.names == ("two", "one")
    assert loaded.frames.names == ("b", "a")
    assert loaded.exchanges.names == ("synthetic",)


def test_modules_of_the_operators_own_are_hashed_and_no_others(load, tmp_path):
    (tmp_path / "deep_levels.py").write_text("import json\nSTOP = 1\n")
    (tmp_path / "levels.py").write_text("from deep_levels import STOP\nimport statistics\n")
    (tmp_path / "unused.py").write_text("")
    installed = tmp_path / "lib" / "site-packages"
    installed.mkdir(parents=True)
    (installed / "bought_levels.py").write_text("")
    sys.path.append(str(installed))
    try:
        loaded = load(HEAD + "import levels, bought_levels\n")
    finally:
        sys.path.remove(str(installed))

    assert loaded.module_hashes == {
        name: hashlib.sha256((tmp_path / f"{name}.py").read_bytes()).hexdigest()
        for name in ("deep_levels", "levels")
    }


def test_program_and_standard_library_are_not_the_operators(tmp_path, monkeypatch):
    """As it is where everything lies below the project's folder."""
    (tmp_path / "mine.py").write_text(HEAD + "import levels\n")
    (tmp_path / "levels.py").write_text("import json\n")
    (tmp_path / "tradekit").write_text("")
    program = str(tmp_path / "tradekit")
    monkeypatch.setattr(sys.modules["__main__"], "__file__", program, raising=False)

    loaded = load_strategy_file(tmp_path / "mine.py", root=Path("/"))

    assert "levels" in loaded.module_hashes
    assert not {"json", "os", "__main__", "tradekit.errors"} & set(loaded.module_hashes)


def test_hash_is_that_of_the_source(load, tmp_path):
    loaded = load(HEAD)

    content = (tmp_path / "strategies" / "mine.py").read_bytes()
    assert loaded.source_hash == hashlib.sha256(content).hexdigest()


def test_siblings_and_the_project_can_be_imported_while_loading(load, tmp_path):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "sibling_of_mine.py").write_text(
        HEAD + '@strategy("near")\ndef near(ctx): ...\n'
    )
    (tmp_path / "strategies" / "cousin_of_mine.py").write_text(
        HEAD + 'spring = Frame("spring", "2026-04-01", "2026-04-02")\n'
    )
    before = list(sys.path)

    loaded = load(
        """
        from sibling_of_mine import near
        from strategies.cousin_of_mine import spring
        """
    )

    assert loaded.strategies.names == ("near",)
    assert loaded.frames.names == ("spring",)
    assert sys.path == before


def test_standard_library_comes_before_siblings(load, tmp_path):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "colorsys.py").write_text("raise RuntimeError('taken for ours')")

    load("import colorsys\ncolorsys.rgb_to_hls")


def test_module_stays_for_dataclasses_and_type_hints(load):
    loaded = load(
        """
        from __future__ import annotations
        from dataclasses import dataclass
        from typing import get_type_hints
        from tradekit import strategy

        @dataclass(frozen=True)
        class Knobs:
            fast: int = 1

        @strategy("s", params=Knobs)
        def s(ctx): ...
        """
    )

    params = loaded.strategies.first().params
    assert params.__module__.startswith("_tradekit_strategy_")
    assert params.__module__ in sys.modules


def test_file_changed_within_a_second_is_read_again(load):
    load(HEAD + '@strategy("aaa")\ndef s(ctx): ...\n')

    assert load(HEAD + '@strategy("bbb")\ndef s(ctx): ...\n').strategies.names == ("bbb",)


def test_one_object_under_two_names_counts_once(load):
    loaded = load(HEAD + '@strategy("s")\ndef s(ctx): ...\nagain = s\n')

    assert loaded.strategies.names == ("s",)


def test_file_imported_under_two_module_names_counts_once(load, tmp_path):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "twice_over.py").write_text(
        HEAD + '@strategy("s")\ndef s(ctx): ...\n'
    )

    loaded = load("from twice_over import s as one\nfrom strategies.twice_over import s as other\n")

    assert loaded.strategies.names == ("s",)


def test_two_strategies_of_one_name_are_told_with_both_places(load):
    with pytest.raises(DuplicateNameError) as caught:
        load(HEAD + '@strategy("s")\ndef one(ctx): ...\n\n@strategy("s")\ndef other(ctx): ...\n')

    assert caught.value.message == (
        "strategy name 's' was declared at strategies/mine.py:3 and again at "
        "strategies/mine.py:6, must be unique"
    )


def test_strategy_that_replaces_another_is_told(load):
    with pytest.raises(DuplicateNameError) as caught:
        load(HEAD + '@strategy("s")\ndef s(ctx): ...\n\n@strategy("s")\ndef s(ctx): ...\n')

    assert caught.value.message == (
        "function 's' of a strategy was defined at strategies/mine.py:3 and again at "
        "strategies/mine.py:6, must be unique"
    )


def test_duplicates_of_several_kinds_are_told_together(load):
    with pytest.raises(ExceptionGroup) as caught:
        load(
            HEAD
            + 'f = Frame("x", "2026-04-01", "2026-04-02")\n'
            + 'g = Frame("x", "2026-04-01", "2026-04-03")\n'
            + "a = Exchange.synthetic(1)\nb = Exchange.synthetic(2)\n"
        )

    assert [type(error) for error in caught.value.exceptions] == [DuplicateNameError] * 2


def test_missing_file(tmp_path):
    with pytest.raises(StrategyLoadError) as caught:
        load_strategy_file(tmp_path / "gone.py", root=tmp_path)

    assert caught.value.message == "strategy file was gone.py, which does not exist"


def test_folder(tmp_path):
    (tmp_path / "strategies").mkdir()

    with pytest.raises(StrategyLoadError) as caught:
        load_strategy_file(tmp_path / "strategies", root=tmp_path)

    assert caught.value.message == "strategy file was strategies, a folder, must be a .py file"


def test_other_suffix(load):
    assert refused(load, "", name="mine.txt") == "strategy file was mine.txt, must be a .py file"


def test_unreadable_file(load, tmp_path):
    if os.geteuid() == 0:
        pytest.skip("root may read anything")
    load("")
    (tmp_path / "strategies" / "mine.py").chmod(0)

    with pytest.raises(StrategyLoadError, match="which cannot be read: Permission denied"):
        load_strategy_file(tmp_path / "strategies" / "mine.py", root=tmp_path)


def test_syntax_error(load):
    message = refused(load, "x = 1\ndef f(:\n    pass\n")

    assert message.startswith("strategies/mine.py could not be loaded: ")
    assert message.endswith(" in 'def f(:' (strategies/mine.py:2)")


def test_syntax_error_of_a_sibling(load, tmp_path):
    (tmp_path / "strategies").mkdir()
    (tmp_path / "strategies" / "broken_sibling.py").write_text("\n\nx = = 1\n")

    assert refused(load, "import broken_sibling").endswith(
        " in 'x = = 1' (strategies/broken_sibling.py:3)"
    )


def test_bytes_that_are_no_text(load, tmp_path):
    load("")
    (tmp_path / "strategies" / "mine.py").write_bytes(b"x = '\xff'\n")

    with pytest.raises(StrategyLoadError, match=r"could not be loaded: .*utf-8"):
        load_strategy_file(tmp_path / "strategies" / "mine.py", root=tmp_path)


def test_module_that_is_not_there(load):
    assert refused(load, "x = 1\nimport not_there_at_all\n") == (
        "strategies/mine.py could not be loaded: there is no module 'not_there_at_all' "
        "(strategies/mine.py:2)"
    )


def test_name_that_a_module_does_not_have(load):
    message = refused(load, "from tradekit import Strategie\n")

    assert "cannot import name 'Strategie' from 'tradekit'" in message
    assert message.endswith("(strategies/mine.py:1)")


def test_any_exception_is_told_with_its_place_in_the_users_code(load):
    message = refused(
        load,
        """
        import json

        def parse():
            return json.loads("{")

        parse()
        """,
    )

    assert message.startswith("strategies/mine.py could not be loaded: JSONDecodeError: ")
    assert message.endswith("(strategies/mine.py:5)")


def test_message_of_several_lines_becomes_one(load):
    assert refused(load, 'raise ValueError("a\\n  b")') == (
        "strategies/mine.py could not be loaded: ValueError: a b (strategies/mine.py:1)"
    )


def test_our_own_refusal_keeps_its_words(load):
    assert refused(load, HEAD + 'f = Frame("x", "2026-05-01", "2026-04-01")\n') == (
        "strategies/mine.py could not be loaded: frame 'x' ends at 2026-04-01T00:00:00Z, must end "
        "after its start 2026-05-01T00:00:00Z (strategies/mine.py:2)"
    )


def test_file_that_ends_the_program_does_not(load):
    assert refused(load, "raise SystemExit(3)") == (
        "strategies/mine.py could not be loaded: SystemExit: 3 (strategies/mine.py:1)"
    )


def test_ctrl_c_while_loading_goes_through(load):
    with pytest.raises(KeyboardInterrupt):
        load("raise KeyboardInterrupt")
