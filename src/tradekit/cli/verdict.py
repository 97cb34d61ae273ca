"""What a command came to, and how that is told: sentences on standard error, one JSON document.

Decides the shape of both. Which exit code an error has stands in its class; which one a command
ends with is decided by `app`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tradekit.errors import TradekitError


@dataclass(frozen=True)
class Verdict:
    """What a command returns that has something to say: data, and what went wrong beside it."""

    data: dict[str, Any]
    failures: Sequence[TradekitError] = ()


def flattened(error: BaseException) -> list[BaseException]:
    """Return the errors in a group, in order and without repeats; an error alone stays alone."""
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    leaves = [leaf for each in error.exceptions for leaf in flattened(each)]
    return list({str(leaf): leaf for leaf in leaves}.values())


def printable(text: str) -> str:
    """Return `text` as a terminal may show it: control characters spelled out, but for new lines.

    Names and messages come from the operator's files and code; they must not move the cursor.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each in "\n\t" else repr(each)[1:-1] for each in text
    )


def error_object(error: TradekitError) -> dict[str, Any]:
    """Return an error as the JSON documents have it."""
    return {
        "code": error.exit_code,
        "kind": type(error).__name__,
        "message": error.message,
        "fix": error.fix,
        "restart_helps": error.restart_helps,
    }


def json_document(schema: str, code: int, **parts: object) -> str:
    """Return the one document of a command: `data`, `errors` or both in `parts`."""
    document = {"schema": schema, "ok": code == 0, "code": code, **parts}
    return json.dumps(document, sort_keys=True, ensure_ascii=False, allow_nan=False)
