"""Unquoted YAML words: what each stands for, and which are refused because readers disagree about them.

The accepted forms are those that YAML 1.1 and YAML 1.2 readers take alike: ``null``, ``~`` and nothing;
``true`` and ``false``; integers; decimal numbers. Everything else is text. ``no``, ``012``, ``1:30``,
``1_000`` and their like are refused, because one reader takes them for a number or a truth value and another
for text.

Source: YAML 1.1 type repository (bool, int, float, merge, value); YAML 1.2.2, section 10.3 (core schema).
"""

from __future__ import annotations

import math
import re
from typing import Final

__all__ = ["NO_VALUE", "ScalarRefused", "number_from_text", "plain_scalar"]

_CONSTANTS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
#: Words that a YAML 1.1 reader takes for a truth value and a YAML 1.2 reader for text.
_TRUTH_WORDS: Final = frozenset({"yes", "no", "on", "off", "y", "n"})
_CASE_WORDS: Final = frozenset({"true", "false", "null"})
_NOT_NUMBERS: Final = frozenset({"nan", "inf", "infinity"})

_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"(?:[-+]?(?:0|[1-9][0-9]*)\.[0-9]*|\.[0-9]+)(?:[eE][-+][0-9]+)?")
_RADIX: Final = re.compile(r"[-+]?0(?:[xX][0-9a-fA-F_]+|[oO][0-7_]+|[bB][01_]+)")
_LEADING_ZERO: Final = re.compile(r"[-+]?0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?")
_UNDERSCORED: Final = re.compile(r"(?=.*_)[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?")
_SEXAGESIMAL: Final = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-9]{1,2})+(?:\.[0-9_]*)?")
_EXPONENT: Final = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+")
_SIGNED_POINT: Final = re.compile(r"[-+]\.[0-9]+")

#: Longest text of one decimal number, in characters.
_LONGEST_NUMBER: Final = 40
NO_VALUE: Final = object()


class ScalarRefused(Exception):
    """Why a word is refused; the parser adds the place."""

    def __init__(self, code: str, message: str, fix: str) -> None:
        self.code, self.message, self.fix = code, message, fix
        super().__init__(message)


def number_from_text(text: str, *, whole: bool, max_int_digits: int) -> int | float:
    """Convert the text of a number that a parser has recognised.

    Raises
    ------
    ScalarRefused : ``number-too-long``, ``number-out-of-range`` (infinite or zero in double precision)
    """
    if whole:
        if len(text.lstrip("+-")) > max_int_digits:
            raise ScalarRefused(
                "number-too-long",
                f"An integer has more than {max_int_digits} digits.",
                "Quote it if it is a name.",
            )
        return int(text)
    if len(text) > _LONGEST_NUMBER:
        raise ScalarRefused(
            "number-too-long",
            f"A number has more than {_LONGEST_NUMBER} characters.",
            "Quote it if it is a name.",
        )
    number = float(text)
    mantissa = re.split("[eE]", text)[0]
    if math.isinf(number) or (number == 0 and re.search("[1-9]", mantissa)):
        raise ScalarRefused("number-out-of-range", "A number is too large or too near zero to be kept.", "")
    return number


def _ambiguous(what: str, fix: str) -> ScalarRefused:
    return ScalarRefused("ambiguous-scalar", f"{what}: YAML readers disagree about it.", fix)


def plain_scalar(text: str, *, max_int_digits: int) -> str | int | float | bool | None:
    """Meaning of an unquoted word.

    >>> plain_scalar("30.5", max_int_digits=18)
    30.5
    >>> plain_scalar("2024-05-01", max_int_digits=18)
    '2024-05-01'

    Parameters
    ----------
    text : the word without surrounding space
    max_int_digits : digits an integer may have

    Raises
    ------
    ScalarRefused : ``ambiguous-scalar``, ``not-a-number``, ``number-too-long``, ``number-out-of-range``
    """
    constant = _CONSTANTS.get(text, NO_VALUE)
    if constant is None or isinstance(constant, bool):
        return constant
    first = text[0]
    if first in "0123456789+-.":
        return _number_like(text, max_int_digits)
    if len(text) <= 8:
        return _word(text)
    return text


def _word(text: str) -> str:
    lower = text.lower()
    if lower in _TRUTH_WORDS:
        raise _ambiguous(f"The unquoted word {text}", "Write true or false, or quote the word.")
    if lower in _CASE_WORDS:
        raise _ambiguous(f"The word {text}", f"Write {lower}, or quote the word.")
    if lower in _NOT_NUMBERS:
        raise _not_a_number()
    if text in ("=", "<<"):
        raise _ambiguous(f"The unquoted mark {text}", "Quote it.")
    return text


def _not_a_number() -> ScalarRefused:
    return ScalarRefused(
        "not-a-number",
        "NaN and infinity are not accepted.",
        "Write null if the value is unknown, or quote the word.",
    )


def _number_like(text: str, max_int_digits: int) -> str | int | float:
    if _INT.fullmatch(text):
        return number_from_text(text, whole=True, max_int_digits=max_int_digits)
    if _FLOAT.fullmatch(text):
        return number_from_text(text, whole=False, max_int_digits=max_int_digits)
    if text.lstrip("+-.").lower() in _NOT_NUMBERS:
        raise _not_a_number()
    # The text is not shown from here on: a number with a leading zero may be a patient's number.
    if _RADIX.fullmatch(text):
        raise _ambiguous("An octal, hexadecimal or binary number", "Write it in plain digits, or quote it.")
    if _LEADING_ZERO.fullmatch(text):
        raise _ambiguous("A number with a leading zero", "Remove the zero, or quote it.")
    if _SEXAGESIMAL.fullmatch(text):
        raise _ambiguous("Digits joined by colons", "Quote it.")
    if _UNDERSCORED.fullmatch(text):
        raise _ambiguous("A number with underscores", "Remove the underscores, or quote it.")
    if _EXPONENT.fullmatch(text):
        raise _ambiguous("A number with an exponent", "Write it without, or as in 1.0e-3, or quote it.")
    if _SIGNED_POINT.fullmatch(text):
        raise _ambiguous("A signed number without a digit before its point", "Write a zero before the point.")
    return text
