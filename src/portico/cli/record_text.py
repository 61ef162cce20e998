"""A record of the library as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

__all__ = ["record_lines"]

#: What each level of verification means for use, printed above a record.
_USE: Final = {
    "full_text": "read in full; may drive rules and limits",
    "abstract": "read as abstract; may drive rules and limits",
    "secondary": "read in secondary pages only: shown marked, binds only when a site signs it",
    "derived": "derived, not published as such: shown marked, binds only when a site signs it",
    "memory": "from memory only: never active, a task for a reader",
}
#: Longer texts of a list stand on lines of their own.
_SHORT: Final = 40


def record_lines(record: Mapping[str, Any]) -> Iterator[str]:
    """Lines of a record: the level of verification first, then every field that the record fills.

    A field that the record leaves open is listed at the end as not recorded.
    """
    verified = record.get("verified")
    yield f"{record['id']}"
    if verified is not None:
        yield f"verified: {verified} ({_USE[verified]})"
    empty: list[str] = []
    for key, value in record.items():
        if key in ("id", "verified"):
            continue
        if value is None or value in ("", [], {}):
            empty.append(key)
        else:
            yield from _lines(key, value, "")
    if empty:
        yield f"not recorded: {', '.join(empty)}"


def _lines(key: str, value: Any, pad: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield f"{pad}{key}:"
        for inner, item in value.items():
            if item is not None:
                yield from _lines(inner, item, f"{pad}  ")
    elif isinstance(value, list):
        if all(not isinstance(item, dict | list) and len(_text(item)) <= _SHORT for item in value):
            yield f"{pad}{key}: {', '.join(_text(item) for item in value)}"
            return
        yield f"{pad}{key}:"
        for item in value:
            if isinstance(item, dict):
                filled = {k: v for k, v in item.items() if v is not None and v != []}
                yield f"{pad}  - " + "; ".join(f"{k}: {_text(v)}" for k, v in filled.items())
            else:
                yield f"{pad}  - {_text(item)}"
    else:
        yield f"{pad}{key}: {_text(value)}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {_text(v)}" for k, v in value.items()) + "}"
    return f"{value:g}" if isinstance(value, float) else str(value)
