"""One cell of a registry file, from text to a value of its column, or the problem with it.

>>> from portico.case.schemas import load_registry_columns
>>> option = load_registry_columns()["prescribed_option"]
>>> read_cell(option, "sbrt"), read_cell(option, "")
('sbrt', None)
>>> read_cell(option, "sbtr").sentence
'prescribed_option holds a word that is not allowed; did you mean sbrt?'

A sentence never repeats what the cell held, since a cell in the wrong place may hold a name.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from portico.case.columns import LARGEST_INT, Column, Value
from portico.reading import did_you_mean

__all__ = ["BLANKS", "Problem", "read_cell"]

#: What may stand round a value without being part of it.
BLANKS: Final = " \t\r\n\u00a0\ufeff"

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?")
_NOT_FINITE = ("nan", "inf", "+inf", "-inf", "infinity", "-infinity", "+infinity")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a cell: a column, a machine code and a sentence without the value."""

    column: str
    code: str
    sentence: str


def read_cell(column: Column, text: str) -> Value | Problem:
    """The value of a cell; None when it is empty, which says unknown.

    Parameters
    ----------
    column : type, bounds and allowed words; numbers are in its unit
    text : as in the file; blanks around it do not count

    Returns
    -------
    the value, or a problem: ``not-finite``, ``date-for-days``, ``formula``, ``not-a-number``, ``not-whole``, ``negative``,
    ``out-of-range``, ``unknown-word``
    """
    word = text.strip(BLANKS)
    if not word:
        return None
    if word.casefold() in _NOT_FINITE:
        return Problem(column.name, "not-finite", f"{column.name} holds NaN or infinity; leave it empty when unknown")
    if column.numeric:
        return _number(column, word)
    words = ("true", "false") if column.type == "bool" else column.values
    if word in words:
        return word == "true" if column.type == "bool" else word
    if text.startswith(_FORMULA):
        return Problem(column.name, "formula", f"{column.name} holds text that a spreadsheet would run as a formula")
    near = did_you_mean(word, words)
    hint = f"; did you mean {near}?" if near else ""
    return Problem(column.name, "unknown-word", f"{column.name} holds a word that is not allowed{hint}")


def _number(column: Column, word: str) -> Value | Problem:
    name = column.name
    if not _NUMBER.fullmatch(word):
        if _DATE.fullmatch(word):
            return Problem(name, "date-for-days", f"{name} holds a date where a number is needed")
        if word.startswith(_FORMULA):
            return Problem(name, "formula", f"{name} holds text that a spreadsheet would run as a formula")
        return Problem(name, "not-a-number", f"{name} holds no number")
    value = float(word)
    if not math.isfinite(value) or abs(value) > LARGEST_INT:
        return Problem(name, "out-of-range", f"{name} is too large")
    if column.type == "int" and not value.is_integer():
        return Problem(name, "not-whole", f"{name} must be a whole number")
    if value < 0 and column.low is not None and column.low >= 0:
        return Problem(name, "negative", f"{name} is less than nought")
    if (column.low is not None and value < column.low) or (column.high is not None and value > column.high):
        return Problem(name, "out-of-range", f"{name} lies outside the range of its column")
    return int(value) if column.type == "int" else value
