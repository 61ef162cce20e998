"""Hook of mkdocs: words after a fence's language that only the tests read are left out of the page.

The Markdown of the site knows ``console`` and ``python``, but not ``console skip`` (docs/develop.md).
"""

from __future__ import annotations

import re
from typing import Any

WORDS = re.compile(r"^([ \t]*(?:```+|~~~+)[ \t]*(?:console|python))[ \t]+skip[ \t]*$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page without those words; mkdocs calls it for each page."""
    return WORDS.sub(r"\1", markdown)
