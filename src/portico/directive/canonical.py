"""Canonical JSON and its hash: equal data give equal bytes, on every machine.

>>> canonical_json({"b": 1.0, "a": [0.03, None, "é"]}).decode()
'{"a":[0.03,null,"é"],"b":1}'
>>> canonical_json({"a": 24}) == canonical_json({"a": 24.0})
True

The form is that of the JSON Canonicalization Scheme, so that any program with an implementation of it can
check a hash. One thing is stricter: an integer that a 64-bit float cannot hold exactly is refused, because
another reader would change it.

Source: RFC 8785; numbers as in its section 3.2.2.3, order of keys as in 3.2.3.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any, Final

from portico.errors import DirectiveRefused

__all__ = ["canonical_json", "sha256_of"]

#: Lists and mappings that may be open at the same time.
_DEEPEST: Final = 100
#: Every integer up to here is exact as a 64-bit float.
_EXACT: Final = 2**53


def canonical_json(value: Any) -> bytes:
    """Write plain data as canonical JSON in UTF-8.

    Parameters
    ----------
    value : mappings with text keys, lists, tuples, text, numbers, True, False, None; nothing else. Dates and
        quantities are turned into text by whoever calls

    Raises
    ------
    DirectiveRefused
        ``not-a-number`` for NaN and infinity; ``number-not-exact`` for an integer beyond a 64-bit float;
        ``bad-text`` for half of a character pair; ``too-deep``; ``not-json`` for any other type

    Source: RFC 8785.
    """
    parts: list[str] = []
    _write(value, 0, parts.append)
    return "".join(parts).encode("utf-8")


def sha256_of(value: Any) -> str:
    """SHA-256 of the canonical JSON, as 64 lower-case hexadecimal digits.

    >>> sha256_of({})[:12]
    '44136fa355b3'

    Parameters
    ----------
    value : see :func:`canonical_json`

    Raises
    ------
    DirectiveRefused : the codes of :func:`canonical_json`
    """
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _write(value: Any, depth: int, out: Callable[[str], None]) -> None:
    if value is None:
        out("null")
    elif isinstance(value, bool):
        out("true" if value else "false")
    elif isinstance(value, str):
        out(_text(value))
    elif isinstance(value, int | float):
        out(_number(value))
    elif depth >= _DEEPEST:
        raise _refused("too-deep", f"Data stand more than {_DEEPEST} deep in one another.")
    elif isinstance(value, Mapping):
        _mapping(value, depth, out)
    elif isinstance(value, list | tuple):
        out("[")
        for index, item in enumerate(value):
            if index:
                out(",")
            _write(item, depth + 1, out)
        out("]")
    else:
        raise _refused("not-json", f"A {type(value).__name__} is not plain data.")


def _mapping(value: Mapping[Any, Any], depth: int, out: Callable[[str], None]) -> None:
    if not all(isinstance(key, str) for key in value):
        raise _refused("not-json", "A key is not text.")
    # RFC 8785 sorts by UTF-16 code units of the raw key, which differs from Python's order above U+FFFF
    plain = all(key.isascii() for key in value)
    out("{")
    for index, key in enumerate(sorted(value) if plain else sorted(value, key=_units)):
        out(f",{_text(key)}:" if index else f"{_text(key)}:")
        _write(value[key], depth + 1, out)
    out("}")


def _units(key: str) -> bytes:
    return key.encode("utf-16-be", "surrogatepass")


def _text(text: str) -> str:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            raise _refused("bad-text", "A text holds half of a character pair.") from None
    return encode_basestring(str(text))


def _number(value: int | float) -> str:
    if isinstance(value, int) and -_EXACT <= value <= _EXACT:
        return str(int(value))
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _refused("not-a-number", "A number is not finite.")
    if isinstance(value, int) and int(number) != value:
        raise _refused("number-not-exact", "An integer is too long to be kept exactly.")
    if number == 0:
        return "0"
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(exponent, int)  # finite, as checked above
    shown = "".join(map(str, digits))
    point = len(shown) + exponent  # where the decimal point stands, counted from the first digit
    return ("-" if sign else "") + _decimal(shown, point)


def _decimal(digits: str, point: int) -> str:
    """The digits as ECMAScript prints a number: plain up to 21 places, else with an exponent."""
    if len(digits) <= point <= 21:
        return digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    mantissa = f"{digits[0]}.{digits[1:]}" if len(digits) > 1 else digits
    return f"{mantissa}e{point - 1:+d}"


def _refused(code: str, message: str) -> DirectiveRefused:
    return DirectiveRefused(message, code=code)
