"""LaTeX accents and commands of bibliographies as plain letters."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["without_latex"]

_ACCENTS: Final = {
    "`": "\u0300", "'": "\u0301", "^": "\u0302", "~": "\u0303", '"': "\u0308", "=": "\u0304", ".": "\u0307", "u": "\u0306",
    "v": "\u030c", "H": "\u030b", "c": "\u0327", "k": "\u0328", "r": "\u030a", "d": "\u0323", "b": "\u0331",
}  # fmt: skip
_LETTERS: Final = {
    "ss": "ß", "o": "ø", "O": "Ø", "l": "ł", "L": "Ł", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "aa": "å", "AA": "Å",
    "i": "i", "j": "j", "alpha": "α", "beta": "β", "gamma": "γ", "mu": "µ", "pm": "±", "times": "×", "leq": "≤", "le": "≤",
    "geq": "≥", "ge": "≥", "approx": "≈", "sim": "~", "ldots": "…", "textendash": "–", "textemdash": "—", "degree": "°",
}  # fmt: skip
_ACCENT: Final = re.compile(r"""\\([`'^~"=.]|[uvHckrdb](?![a-zA-Z]))\s*(?:\{\s*\\?([a-zA-Z])\s*\}|\\?([a-zA-Z]))""")
_COMMAND: Final = re.compile(r"\\([a-zA-Z]+)\s*")
_ESCAPED: Final = re.compile(r"\\([&%$#_{}])")


def without_latex(text: str) -> str:
    r"""Text without LaTeX.

    >>> without_latex(r"{M}{\"u}ller and Andr{\'e}: 8~Gy, \textit{once}")
    'Müller and André: 8 Gy, once'
    """
    text = _ACCENT.sub(lambda m: unicodedata.normalize("NFC", (m[2] or m[3]) + _ACCENTS[m[1]]), text)
    text = _ESCAPED.sub(lambda m: "\ue000" if m[1] in "{}" else m[1], text)
    text = _COMMAND.sub(lambda m: _LETTERS.get(m[1], ""), text)
    text = text.replace("---", "—").replace("--", "–").replace("~", " ").replace("$", "")
    return re.sub(r"[{}\\\ue000]", "", text)
