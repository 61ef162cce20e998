"""Text out of markup: tags go, scripts and styles go with what is in them, entities become letters."""

from __future__ import annotations

import re
import unicodedata
from html.parser import HTMLParser
from typing import Final

__all__ = ["plain_text"]

_DROPPED: Final = frozenset(("script", "style", "template", "iframe", "object", "svg", "math"))
_BREAKS: Final = frozenset(("p", "br", "div", "li", "h1", "h2", "h3", "h4", "title", "sec", "td", "tr"))
_TAG: Final = re.compile(r"<[/!?a-zA-Z][^<>]*>|&[#a-zA-Z][#a-zA-Z0-9]*;|<(?:script|style)", re.IGNORECASE)


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.dropped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _DROPPED:
            self.dropped.append(tag)
        elif tag in _BREAKS:
            self.parts.append(" ")
        elif tag == "sup" and not self.dropped:
            self.parts.append("^")  # 10 to the third must not read as 103

    def handle_endtag(self, tag: str) -> None:
        if self.dropped and tag == self.dropped[-1]:
            self.dropped.pop()
        elif tag in _BREAKS:
            self.parts.append(" ")

    def handle_data(self, data: str) -> None:
        if not self.dropped:
            self.parts.append(data)


def plain_text(text: str | None) -> str:
    """One line of plain text; empty for None.

    >>> plain_text("<p>Dose of 8&nbsp;Gy <b>once</b></p><script>steal()</script>")
    'Dose of 8 Gy once'
    >>> plain_text("10<sup>3</sup> cells")
    '10^3 cells'
    >>> plain_text("p < 0.05 and n > 3")
    'p < 0.05 and n > 3'
    """
    if not text:
        return ""
    if _TAG.search(text):
        # a bare "<" before a number or blank is no tag, whatever stands around it
        parser = _Text()
        parser.feed(re.sub(r"<(?![/!?a-zA-Z])", "&lt;", text))
        parser.close()
        text = "".join(parser.parts)
    if not text.isprintable():  # false for any control, format or unassigned character, and any blank but a space
        text = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp", "Zs") else one for one in text)
        text = "".join(one for one in text if unicodedata.category(one) not in ("Cf", "Cs", "Co", "Cn"))
    return re.sub(r" {2,}", " ", text).strip()
