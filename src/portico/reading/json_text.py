"""JSON with the same refusals as YAML: duplicate keys, NaN, depth, long integers; no recursion."""

from __future__ import annotations

import bisect
import json
import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed leaves it out
from typing import Any, Final

from portico.errors import ReadingRefused
from portico.reading.document import Document
from portico.reading.limits import DEFAULT, Limits
from portico.reading.scalars import ScalarRefused, number_from_text
from portico.reading.text import FORBIDDEN_CHARACTER, checked_text
from portico.reading.tree import TreeBuilder

__all__ = ["json_value", "parse_json"]

_SPACE: Final = re.compile(r"[ \t\r\n]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD: Final = re.compile(r"[^\s,:\[\]{}\"]+")
_LINE_END: Final = re.compile(r"\r\n?|\n")
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None}
_NOT_NUMBERS: Final = frozenset({"NaN", "nan", "Infinity", "-Infinity", "inf", "-inf", "+Infinity"})


def parse_json(source: str | bytes, *, name: str = "<text>", limits: Limits = DEFAULT) -> Document:
    """Read one JSON document from text.

    >>> parse_json('{"dose": "30 Gy", "fractions": 10}').value
    {'dose': '30 Gy', 'fractions': 10}

    Parameters
    ----------
    source : text, or bytes in UTF-8 with or without byte order mark
    name : file name for errors
    limits : bounds; see :class:`portico.reading.Limits`

    Raises
    ------
    ReadingRefused
        ``too-large``, ``too-deep``, ``too-many-nodes``, ``encoding``, ``control-character``, ``syntax``,
        ``empty-document``, ``duplicate-key``, ``merge-refused``, ``ambiguous-scalar`` (a leading zero),
        ``not-a-number``, ``number-too-long``, ``number-out-of-range``

    Source: RFC 8259.
    """
    text = checked_text(source, name, limits)
    return _Reader(text, name, limits).read()


def json_value(source: str | bytes, *, name: str = "<text>", limits: Limits = DEFAULT) -> Any:
    """The value of one JSON document, where nobody asks for its lines: several times as fast as :func:`parse_json`.

    >>> json_value('{"fractions": 10}')
    {'fractions': 10}

    A short document without anything odd is read by the decoder of Python. At the first thing that it could take otherwise
    the whole document goes to the guarded reader, so values and refusals are always those of :func:`parse_json`.

    Parameters
    ----------
    source, name, limits : see :func:`parse_json`

    Raises
    ------
    ReadingRefused : as :func:`parse_json`
    """
    text = checked_text(source, name, limits)
    # A document of so few characters has no more parts, and no longer text, than the limits allow.
    if len(text) <= min(limits.max_nodes, limits.max_scalar_chars):
        try:
            value = json.loads(
                text, object_pairs_hook=_once, parse_constant=_odd, parse_float=_decimal,
                parse_int=lambda word: number_from_text(word, whole=True, max_int_digits=limits.max_int_digits),
            )  # fmt: skip
            if _shallow(value, limits.max_depth) and ("\\" not in text or not _escaped_badly(value)):
                return value
        except (ValueError, ScalarRefused, RecursionError):
            pass
    return _Reader(text, name, limits).read().value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs) or "<<" in made:
        raise ValueError
    return made


def _odd(word: str) -> Any:
    raise ValueError(word)


def _decimal(word: str) -> float:
    return number_from_text(word, whole=False, max_int_digits=0)


def _shallow(value: Any, most: int) -> bool:
    """Whether no more than so many lists and mappings stand in one another."""
    level = [value] if type(value) in (dict, list) else []
    for _ in range(most):
        if not level:
            return True
        inner = [item for one in level for item in (one.values() if type(one) is dict else one)]
        level = [item for item in inner if type(item) is dict or type(item) is list]
    return not level


def _escaped_badly(value: Any) -> bool:
    """Whether an escape stands for a character that no document may hold."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            waiting += one.keys()
            waiting += one.values()
        elif type(one) is list:
            waiting += one
        elif type(one) is str and FORBIDDEN_CHARACTER.search(one):
            return True
    return False


class _Reader:
    """Walks the text once; the open lists and mappings are kept by the builder."""

    def __init__(self, text: str, name: str, limits: Limits) -> None:
        self.text = text
        self.builder = TreeBuilder(name, limits)
        self.limits = limits
        self._ends = [match.start() for match in _LINE_END.finditer(text)]
        self._closers: list[str] = []

    def read(self) -> Document:
        position = self._skip(0)
        if position == len(self.text):
            raise ReadingRefused("The document is empty.", code="empty-document", file=self.builder.name)
        position = self._value(position)
        while self._closers:
            position = self._after_value(position)
        position = self._skip(position)
        if position != len(self.text):
            raise self._syntax("text follows the end of the document", position)
        return self.builder.document()

    def _after_value(self, position: int) -> int:
        """Step over one separator or closing, and over the value after a separator."""
        position = self._skip(position)
        char = self._peek(position)
        closer = self._closers[-1]
        if char == closer:
            self._closers.pop()
            self.builder.close()
            return position + 1
        if char != ",":
            raise self._syntax(f"a comma or {closer} is missing", position)
        position = self._skip(position + 1)
        return self._entry(position) if closer == "}" else self._value(position)

    def _value(self, position: int) -> int:
        """Read a scalar, or step into a list or mapping and read its first value."""
        while True:
            char = self._peek(position)
            line = self._line(position)
            if char == '"':
                string, end = self._string(position)
                self.builder.scalar(string, line)
                return end
            if char not in ("[", "{"):
                return self._bare(position, line)
            if char == "[":
                self.builder.open_sequence(line)
                closer = "]"
            else:
                self.builder.open_mapping(line)
                closer = "}"
            self._closers.append(closer)
            position = self._skip(position + 1)
            if self._peek(position) == closer:
                self._closers.pop()
                self.builder.close()
                return position + 1
            if closer == "}":
                position = self._key(position)

    def _entry(self, position: int) -> int:
        return self._value(self._key(position))

    def _key(self, position: int) -> int:
        if self._peek(position) != '"':
            raise self._syntax("a key in double quotes is missing", position)
        line = self._line(position)
        key, end = self._string(position)
        self.builder.key(key, line)
        end = self._skip(end)
        if self._peek(end) != ":":
            raise self._syntax("a colon is missing", end)
        return self._skip(end + 1)

    def _string(self, position: int) -> tuple[str, int]:
        try:
            string, end = scanstring(self.text, position + 1, True)
        except json.JSONDecodeError as error:
            raise self._syntax("a text in quotes is not closed or holds a wrong escape", error.pos) from None
        return string, end

    def _bare(self, position: int, line: int) -> int:
        match = _WORD.match(self.text, position)
        if match is None:
            raise self._syntax("a value is missing", position)
        word = match[0]
        if word in _WORDS:
            self.builder.scalar(_WORDS[word], line)
            return match.end()
        if word in _NOT_NUMBERS:
            raise self.builder.refused(
                "not-a-number",
                "NaN and infinity are not accepted.",
                line,
                "Write null if the value is unknown.",
            )
        number = _NUMBER.fullmatch(word)
        if number is None:
            if re.fullmatch(r"[-+]?0[0-9][0-9.eE+-]*", word):
                raise self.builder.refused(
                    "ambiguous-scalar", "A number has a leading zero.", line, "Remove the zero, or quote it."
                )
            raise self._syntax("a word is neither a number nor true, false or null", position)
        whole = number[1] is None and number[2] is None
        try:
            value = number_from_text(word, whole=whole, max_int_digits=self.limits.max_int_digits)
        except ScalarRefused as error:
            raise self.builder.refused(error.code, error.message, line, error.fix) from None
        self.builder.scalar(value, line)
        return match.end()

    def _skip(self, position: int) -> int:
        match = _SPACE.match(self.text, position)
        return match.end() if match else position

    def _peek(self, position: int) -> str:
        return self.text[position] if position < len(self.text) else ""

    def _line(self, position: int) -> int:
        return bisect.bisect_left(self._ends, position) + 1

    def _syntax(self, what: str, position: int) -> ReadingRefused:
        if position >= len(self.text):
            what = f"the text ends too early ({what})"
        return self.builder.refused("syntax", f"The JSON cannot be read: {what}.", self._line(position))
