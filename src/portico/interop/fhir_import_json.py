"""JSON of a record, read fast: what the guarded reader would accept is accepted with the same value, and it decides in every doubt.

The guarded reader knows the line of each part, which nobody asks for in a bundle that a machine sent. Here the standard library reads,
with the same refusals; as soon as anything is unusual the guarded reader reads the text again and says what is wrong.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final

from portico.reading import Limits, parse_json

__all__ = ["quick_json"]

#: Escapes that may stand for a character which no text may hold; others cannot.
_ESCAPES: Final = re.compile(rb"\\[ubf]")
#: Raw characters that the guarded reader looks at more closely.
_UNUSUAL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|[^\x00-\uffff]")
_DIGITS: Final = 18


class _Doubt(ValueError):
    """Something that only the guarded reader judges."""


def quick_json(source: str | bytes, *, name: str, limits: Limits) -> Any:
    """The value of one JSON document.

    >>> quick_json(b'{"a": [1, 2.5, null]}', name="x", limits=Limits())
    {'a': [1, 2.5, None]}

    Parameters
    ----------
    source : text, or bytes in UTF-8
    name : of the document, for errors
    limits : bounds, as of :func:`portico.reading.parse_json`

    Raises
    ------
    ReadingRefused : as :func:`portico.reading.parse_json`
    """
    try:
        data = source.encode("utf-8") if isinstance(source, str) else source
        if len(data) <= limits.max_bytes and _ESCAPES.search(data) is None:
            return _read(data, limits)
    except (ValueError, RecursionError):
        pass
    return parse_json(source, name=name, limits=limits).value


def _read(data: bytes, limits: Limits) -> Any:
    text = data.decode("utf-8")
    if _UNUSUAL.search(text):
        raise _Doubt
    value = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number, parse_int=_whole, parse_float=_finite)
    _within(value, limits)
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs) or "<<" in found:
        raise _Doubt
    return found


def _no_number(word: str) -> None:
    raise _Doubt


def _whole(word: str) -> int:
    if len(word) > _DIGITS:
        raise _Doubt
    return int(word)


def _finite(word: str) -> float:
    number = float(word)
    if not math.isfinite(number) or len(word) > _DIGITS or number == 0:
        raise _Doubt
    return number


def _within(value: Any, limits: Limits) -> None:
    """Raise for what is deeper, longer or larger than the bounds; every part and key is counted."""
    level, nodes, most = [value], 0, limits.max_scalar_chars
    for _ in range(limits.max_depth + 1):
        below: list[Any] = []
        nodes += len(level)
        for one in level:
            if isinstance(one, dict):
                nodes += len(one)
                if any(len(key) > most for key in one):
                    raise _Doubt
                below.extend(one.values())
            elif isinstance(one, list):
                below.extend(one)
            elif isinstance(one, str) and len(one) > most:
                raise _Doubt
        if nodes > limits.max_nodes:
            raise _Doubt
        if not below:
            return
        level = below
    raise _Doubt
