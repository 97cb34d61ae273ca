"""HTML elements as text that cannot be broken by what stands in them.

Decides how text becomes HTML: everything is escaped unless it is `Markup` already. What a page
says is the business of the modules that call this one.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Child = str | int | None | Iterable["Child"]

# Elements without an end tag; the slash is what SVG needs.
_EMPTY: Final = frozenset({"circle", "line", "meta", "rect"})


class Markup(str):
    """Text that is HTML; made by `el` and `raw` alone."""

    __slots__ = ()


def el(name: str, *children: Child, **attributes: str | int | bool | None) -> Markup:
    """Return an element; children that are not `Markup` are escaped.

    Args:
        name: the tag.
        children: text, elements, or iterables of them; None is left out.
        attributes: `class_` is written `class`, `data_x` is written `data-x`; None and False are
            left out, True stands without a value.
    """
    opening = [name]
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        written = key.rstrip("_").replace("_", "-")
        opening.append(written if value is True else f'{written}="{escape(str(value))}"')
    start = " ".join(opening)
    if name in _EMPTY:
        return Markup(f"<{start}/>")
    return Markup(f"<{start}>{_inner(children)}</{name}>")


def join(*children: Child) -> Markup:
    """Return the children one after the other, escaped as in `el`."""
    return Markup(_inner(children))


def table(
    head: Sequence[Child],
    rows: Iterable[Sequence[Child]],
    *,
    caption: str,
    class_: str | None = None,
    scrolls: bool = False,
) -> Markup:
    """Return a table whose first column names its rows.

    Args:
        head: what heads each column.
        rows: the cells; the first of each is the row's heading.
        caption: read out before the table, not shown.
        class_: of the table.
        scrolls: it may be wider than the page, and scrolls by itself then.
    """
    made = el(
        "table",
        el("caption", caption, class_="unseen"),
        el("thead", el("tr", [el("th", cell, scope="col") for cell in head])),
        el("tbody", [_row(row) for row in rows]),
        class_=class_,
    )
    if not scrolls:
        return made
    return el("div", made, class_="scrolls", tabindex=0, role="region", aria_label=caption)


def _row(cells: Sequence[Child]) -> Markup:
    heading, *rest = cells
    return el("tr", el("th", heading, scope="row"), [el("td", cell) for cell in rest])


def _inner(children: Iterable[Child]) -> str:
    pieces: list[str] = []
    for child in children:
        if isinstance(child, Markup):
            pieces.append(child)
        elif isinstance(child, str | int):
            pieces.append(escape(str(child)))
        elif child is not None:
            pieces.append(_inner(child))
    return "".join(pieces)
