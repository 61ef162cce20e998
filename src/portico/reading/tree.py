"""Builds a document from openings, keys, values and closings; keeps the limits; never recurses."""

from __future__ import annotations

from typing import Any

from portico.errors import ReadingRefused
from portico.reading.document import Document, PathParts, format_path
from portico.reading.limits import Limits
from portico.reading.text import FORBIDDEN_CHARACTER

__all__ = ["TreeBuilder"]


class _Open:
    """A list or mapping that is not closed yet."""

    __slots__ = ("children", "key", "key_line", "path")

    def __init__(self, children: dict[str, Any] | list[Any], path: PathParts) -> None:
        self.children = children
        self.path = path
        self.key: str | None = None
        self.key_line = 0


class TreeBuilder:
    """Receives the parts of a document in reading order.

    Parameters
    ----------
    name : file name for errors
    limits : bounds of depth, nodes and text
    """

    def __init__(self, name: str, limits: Limits) -> None:
        self.name = name
        self.limits = limits
        self.lines: dict[PathParts, int] = {}
        self.root: Any = None
        self.finished = False
        self._stack: list[_Open] = []
        self._nodes = 0

    @property
    def wants_key(self) -> bool:
        """Whether the next scalar is a key."""
        return bool(self._stack) and isinstance(self._stack[-1].children, dict) and self._stack[-1].key is None

    @property
    def depth(self) -> int:
        """Lists and mappings open now."""
        return len(self._stack)

    def refused(
        self, code: str, message: str, line: int | None, fix: str = "", key: str | None = None
    ) -> ReadingRefused:
        """An error at the place that is being read."""
        path = self.here() if key is None else (*self._stack[-1].path, key)
        return ReadingRefused(message, code=code, path=format_path(path), file=self.name, line=line, fix=fix)

    def here(self) -> PathParts:
        """Place of the value that comes next."""
        if not self._stack:
            return ()
        top = self._stack[-1]
        if isinstance(top.children, list):
            return (*top.path, len(top.children))
        return top.path if top.key is None else (*top.path, top.key)

    def key(self, text: str, line: int) -> None:
        """A key of the open mapping."""
        self._count(line)
        self._check_text(text, line)
        top = self._stack[-1]
        if text == "<<":
            raise self.refused("merge-refused", "Merge keys are not accepted.", line, "Write the entries out.")
        if text in top.children:
            first = self.lines[(*top.path, text)]
            raise self.refused(
                "duplicate-key",
                f"The key on line {line} stands on line {first} already.",
                line,
                "Keep one of them.",
                key=text,
            )
        top.key, top.key_line = text, line
        self.lines[(*top.path, text)] = line

    def scalar(self, value: str | int | float | bool | None, line: int) -> None:
        """A value without parts."""
        self._count(line)
        if isinstance(value, str):
            self._check_text(value, line)
        self._place(value, line)
        if not self._stack:
            self.finished = True

    def open_mapping(self, line: int) -> None:
        """A mapping begins."""
        self._open({}, line)

    def open_sequence(self, line: int) -> None:
        """A list begins."""
        self._open([], line)

    def close(self) -> None:
        """The innermost list or mapping ends."""
        self._stack.pop()
        if not self._stack:
            self.finished = True

    def document(self) -> Document:
        """The finished document."""
        return Document(self.root, self.lines, self.name)

    def _open(self, children: dict[str, Any] | list[Any], line: int) -> None:
        self._count(line)
        if len(self._stack) >= self.limits.max_depth:
            raise self.refused(
                "too-deep",
                f"Lists and mappings stand more than {self.limits.max_depth} deep in one another.",
                line,
            )
        path = self.here()
        self._place(children, line)
        self._stack.append(_Open(children, path))

    def _place(self, value: Any, line: int) -> None:
        if not self._stack:
            self.root = value
            self.lines[()] = line
            return
        top = self._stack[-1]
        if isinstance(top.children, list):
            self.lines[(*top.path, len(top.children))] = line
            top.children.append(value)
        else:
            assert top.key is not None
            top.children[top.key] = value
            top.key = None

    def _count(self, line: int) -> None:
        self._nodes += 1
        if self._nodes > self.limits.max_nodes:
            raise self.refused("too-many-nodes", f"The document has more than {self.limits.max_nodes:,} parts.", line)

    def _check_text(self, text: str, line: int) -> None:
        if len(text) > self.limits.max_scalar_chars:
            raise self.refused("too-large", f"A text is longer than {self.limits.max_scalar_chars:,} characters.", line)
        found = FORBIDDEN_CHARACTER.search(text)
        if found is None:
            return
        if "\ud800" <= found[0] <= "\udfff":
            raise self.refused("encoding", "A text holds half of a character pair.", line)
        raise self.refused("control-character", f"A text holds the control character U+{ord(found[0]):04X}.", line)
