"""The tree of errors: drawn as it is, each error one sentence and one documented exit code."""

import inspect
import re

import pytest

from tradekit import errors

DRAWN = re.compile(r"^(?P<indent>(?:[│ ] {3})*)(?:[├└]── )?(?P<name>[A-Z]\w*)$", re.MULTILINE)

# Of the codes that the command line documents, those that an error may carry: 1 failed at run
# time, 2 configuration, 3 a dependency refused, 4 bad data, 5 our state needs a person, 6 data not
# there, 130 stopped by a signal.
EXIT_CODES = {1, 2, 3, 4, 5, 6, 130}

ERRORS = [
    member
    for _, member in inspect.getmembers(errors, inspect.isclass)
    if member.__module__ == errors.__name__
]


def drawn_parents(drawing: str) -> dict[str, str]:
    """Return the parent of each class in a drawn tree; the root's is empty."""
    parents: dict[str, str] = {}
    path: list[str] = []
    for line in DRAWN.finditer(drawing):
        depth = len(line["indent"]) // 4 + ("── " in line.group())
        del path[depth:]
        parents[line["name"]] = path[-1] if path else ""
        path.append(line["name"])
    return parents


def test_drawn_tree_is_the_class_tree() -> None:
    actual = {
        error.__name__: "" if error is errors.TradekitError else error.__base__.__name__
        for error in ERRORS
    }

    assert drawn_parents(errors.__doc__ or "") == actual


def test_drawing_is_read_by_its_branches() -> None:
    drawing = "Tree:\n\nA\n├── B\n│   └── C\n└── D\n    └── E\n"

    assert drawn_parents(drawing) == {"A": "", "B": "A", "C": "B", "D": "A", "E": "D"}


@pytest.mark.parametrize("error", ERRORS)
def test_docstring_is_one_sentence(error: type[errors.TradekitError]) -> None:
    sentence = error.__doc__ or ""

    assert re.fullmatch(r"[A-Z][^.\n]+\.", sentence), f"{error.__name__}: {sentence!r}"


@pytest.mark.parametrize("error", ERRORS)
def test_default_message_is_the_docstring(error: type[errors.TradekitError]) -> None:
    assert str(error()) == error.__doc__


@pytest.mark.parametrize("error", ERRORS)
def test_exit_code_is_documented(error: type[errors.TradekitError]) -> None:
    assert error.exit_code in EXIT_CODES


@pytest.mark.parametrize("error", ERRORS)
def test_every_error_is_a_tradekit_error(error: type[errors.TradekitError]) -> None:
    assert issubclass(error, errors.TradekitError)
