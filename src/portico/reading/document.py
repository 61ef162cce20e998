"""A document that was read: its plain value, and on which line each part of it stands."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Document", "PathParts", "format_path"]

#: Place in a document: keys as text, list positions as numbers from 0.
PathParts = tuple[str | int, ...]

_SIMPLE_KEY = re.compile(r"[\w+-]+")
#: Characters of a key that an error shows.
_SHOWN_KEY_CHARS: Final = 40


def format_path(parts: Sequence[str | int]) -> str:
    """Write a place in a document as errors show it.

    >>> format_path(("surgeries", 0, "date"))
    'surgeries[0].date'
    >>> format_path(("a b", 1))
    '["a b"][1]'

    Parameters
    ----------
    parts : keys and positions from the root; empty means the whole document and gives ``""``
    """
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
            continue
        shown = part if len(part) <= _SHOWN_KEY_CHARS else part[:_SHOWN_KEY_CHARS] + "…"
        if _SIMPLE_KEY.fullmatch(shown):
            text += f".{shown}" if text else shown
        else:
            text += f"[{json.dumps(shown, ensure_ascii=not shown.isprintable())}]"
    return text


@dataclass(frozen=True, slots=True)
class Document:
    """What :func:`portico.reading.read_document` gives back.

    Parameters
    ----------
    value : dict, list, str, int, float, bool or None; dates stay text
    lines : 1-based line of each place; a key's line for what stands in a mapping
    name : file name as given by the user
    """

    value: Any
    lines: Mapping[PathParts, int] = field(repr=False)
    name: str

    def line(self, parts: Sequence[str | int] = ()) -> int | None:
        """Line of a place, or of its nearest parent that exists; None when not even the root has one."""
        place = tuple(parts)
        while True:
            found = self.lines.get(place)
            if found is not None or not place:
                return found
            place = place[:-1]

    def place(self, parts: Sequence[str | int] = ()) -> str:
        """The place as errors show it, e.g. ``a.b[0].c``."""
        return format_path(parts)
