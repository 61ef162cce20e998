"""The first gate of a predicate: every character belongs to a word, number, text or sign of the language.

SQL parsers accept far more than this language, and some of it silently: ``a b`` names a an alias, ``0x10`` becomes 0
with an alias, comments vanish. So the text is first cut into words here, and a word that is neither one of the
language nor a column is refused with a sentence that says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from portico.case.columns import Columns
from portico.case.predicate_nodes import MAX_DEPTH
from portico.errors import KnowledgeRefused

__all__ = ["MAX_LENGTH", "Where", "check_words"]

#: Longest predicate, in characters.
MAX_LENGTH: Final = 2000
#: Longest number, in digits: up to here decimal text and binary number are one to one.
MAX_DIGITS: Final = 15

KEYWORDS: Final = frozenset({"AND", "BETWEEN", "IN", "NOT", "OR"})
SIGNS: Final = frozenset({"=", "<>", "<", "<=", ">", ">=", "(", ")", ","})

_LEXEME = re.compile(
    r"""(?P<blank>[ \t\r\n]+)
      | (?P<comment>--|/\*|\#)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>'(?:[^']|'')*')
      | (?P<number>[0-9.][A-Za-z0-9_.]*)
      | (?P<sign>(?:<=|>=|<>|[=<>])(?![=<>])|[(),])
      | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")

_USE_NOT: Final = "Write the column alone, or NOT before it."
_UNKNOWN: Final = "A rule cannot ask whether a value is known: an unknown input makes the rule unknown by itself."
#: Words of SQL that people are likely to try, and what to do instead.
FORBIDDEN: Final = {
    "IS": _UNKNOWN,
    "ISNULL": _UNKNOWN,
    "NOTNULL": _UNKNOWN,
    "NULL": _UNKNOWN,
    "TRUE": _USE_NOT,
    "FALSE": _USE_NOT,
    "LIKE": "Name the values with IN.",
    "ILIKE": "Name the values with IN.",
    "GLOB": "Name the values with IN.",
    "REGEXP": "Name the values with IN.",
    "CASE": "Write several rules.",
    "SELECT": "A rule sees one row only.",
    "EXISTS": "A rule sees one row only.",
    "CAST": "A literal is of the type of its column.",
    "COLLATE": "Values are compared exactly as written.",
    "XOR": "Write it with AND, OR and NOT.",
    "NAN": "Numbers are finite.",
    "INF": "Numbers are finite.",
    "INFINITY": "Numbers are finite.",
}
_OTHER: Final = {
    '"': (
        "predicate-quoted-name",
        "A column is named without quotes.",
        "Text stands in single quotes: 'spine'.",
    ),
    "`": ("predicate-quoted-name", "A column is named without quotes.", ""),
    "[": ("predicate-quoted-name", "A column is named without brackets.", ""),
    "'": ("predicate-syntax", "A text has no closing quote.", ""),
    "!": ("predicate-sign", "The sign ! is not accepted.", "Write <> or NOT."),
    "=": ("predicate-sign", "This comparison sign is not accepted.", "Use one of = <> < <= > >=."),
    "<": ("predicate-sign", "This comparison sign is not accepted.", "Use one of = <> < <= > >=."),
    ">": ("predicate-sign", "This comparison sign is not accepted.", "Use one of = <> < <= > >=."),
    "?": ("predicate-parameter", "Parameters are not accepted.", "Write the value."),
    ":": ("predicate-parameter", "Parameters and casts are not accepted.", "Write the value."),
    "@": ("predicate-parameter", "Parameters are not accepted.", "Write the value."),
    "$": ("predicate-parameter", "Parameters are not accepted.", "Write the value."),
    **dict.fromkeys(
        "+*/%|&~^",
        ("predicate-arithmetic", "Arithmetic is not accepted.", "Compare one column with one literal."),
    ),
}


@dataclass(frozen=True, slots=True)
class Where:
    """Where the predicate stands, for errors."""

    file: str | None = None
    line: int | None = None
    path: str = ""

    def refused(self, code: str, message: str, fix: str = "") -> KnowledgeRefused:
        """The error to raise."""
        return KnowledgeRefused(message, code=code, path=self.path, file=self.file, line=self.line, fix=fix)


def check_words(text: str, columns: Columns, where: Where) -> list[str]:
    """The columns that the text names, from left to right, when it is made of words of the language only.

    Raises
    ------
    KnowledgeRefused : see :func:`portico.case.predicate.parse_predicate`
    """
    if not isinstance(text, str):
        raise where.refused("predicate-not-text", "A predicate must be text.", "Quote it.")
    if not text.strip():
        raise where.refused("predicate-empty", "The predicate is empty.", "A rule states when it applies.")
    if len(text) > MAX_LENGTH:
        raise where.refused(
            "predicate-too-long",
            f"The predicate is longer than {MAX_LENGTH} characters.",
            "Write several rules.",
        )
    lexemes = [(match.lastgroup or "", match.group()) for match in _LEXEME.finditer(text) if match.lastgroup != "blank"]
    lexemes.append(("end", ""))
    depth = 0
    named: list[str] = []
    before = ""  # the lexeme before, words of the language in upper case
    for (kind, lexeme), (_, after) in pairwise(lexemes):
        if kind == "comment":
            raise where.refused("predicate-comment", "Comments are not accepted in a predicate.", "Put them into YAML.")
        if kind == "number":
            _number(lexeme, where)
        elif kind == "word":
            lexeme = _word(lexeme, before, after, columns, where)
            if lexeme not in KEYWORDS:
                named.append(lexeme)
        elif kind == "other":
            _other(lexeme, before, after, where)
        elif kind == "sign":
            depth += (lexeme == "(") - (lexeme == ")")
            if depth > MAX_DEPTH:
                raise too_deep(where)
            if lexeme == ")" and before == ",":
                raise where.refused("predicate-syntax", "A comma stands before a closing bracket.")
        before = lexeme
    return named


def too_deep(where: Where) -> KnowledgeRefused:
    """The error for a predicate that nests too deep."""
    return where.refused("predicate-too-deep", f"The predicate nests deeper than {MAX_DEPTH}.", "Write several rules.")


def _number(lexeme: str, where: Where) -> None:
    if lexeme.startswith("."):
        raise where.refused(
            "predicate-number",
            "A number or name begins with a point.",
            "Write 0.5, and name columns without a table.",
        )
    if not _NUMBER.fullmatch(lexeme):
        raise where.refused(
            "predicate-number",
            "A number is not written as plain decimal digits.",
            "Write digits and at most one decimal point, no exponent, leading zero, separator or unit.",
        )
    if len(lexeme.replace(".", "")) > MAX_DIGITS:
        raise where.refused("predicate-number", f"A number has more than {MAX_DIGITS} digits.")


def _word(lexeme: str, before: str, after: str, columns: Columns, where: Where) -> str:
    upper = lexeme.upper()
    if upper in KEYWORDS:
        if upper == "NOT" and before == "NOT":
            raise where.refused("predicate-syntax", "NOT stands twice.", "Leave both out, or use brackets.")
        return upper
    if lexeme in columns:
        if after in ("(", ".") or after.startswith("."):
            raise where.refused(
                "predicate-syntax",
                f"The column {lexeme} is followed by {after[0]}.",
                "Name the column alone.",
            )
        return lexeme
    if upper in FORBIDDEN:
        raise where.refused("predicate-word", f"{upper} is not part of the language of rules.", FORBIDDEN[upper])
    if after == "(":
        raise where.refused("predicate-function", "Functions are not accepted.", "Compare one column with one literal.")
    if after.startswith("."):
        raise where.refused("predicate-qualified", "A column is named without a table.", "Name the column alone.")
    near = columns.nearest(lexeme)
    fix = f"Did you mean {near}?" if near else "Columns are listed in columns.yaml; text stands in single quotes."
    raise where.refused("predicate-column", f"There is no column {lexeme[:40]!r}.", fix)


def _other(lexeme: str, before: str, after: str, where: Where) -> None:
    if lexeme == "-":
        if (before in SIGNS or before in KEYWORDS) and before != ")" and after[:1].isdigit():
            return
        code, message, fix = _OTHER["+"]
        raise where.refused(code, message, fix)
    code, message, fix = _OTHER.get(
        lexeme, ("predicate-character", "A character is not part of the language of rules.", "")
    )
    raise where.refused(code, message, fix)
