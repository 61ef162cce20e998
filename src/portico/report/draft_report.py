"""A draft of target volumes as one HTML page that asks nothing of any network.

The one script of the page turns the volumes in three dimensions. It stands in the page, its hash is the only script that the page's
content security policy lets run, and without it a still picture stands in its place.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from portico.report.html import environment

if TYPE_CHECKING:
    from portico.directive import Directive
    from portico.targets import Draft

__all__ = ["draft_html"]


def draft_html(draft: Draft, *, title: str, directive: Directive | None = None) -> str:
    """The page; the same draft gives the same text.

    Parameters
    ----------
    draft : on an aligned grid; every text in it is escaped
    title : head of the page
    directive : for the site and the hash; None leaves them out
    """
    from markupsafe import Markup

    from portico.report.draft_view import draft_view

    view = draft_view(draft, title=title, directive=directive)
    for figure in view["figures"]:
        figure["svg"] = Markup(figure["svg"])  # made by matplotlib, text drawn as outlines
    script, digest = _viewer()
    page = environment().get_template("draft.html.j2").render(v=view, script=Markup(script), digest=digest)
    return page.lstrip()


@lru_cache(maxsize=1)
def _viewer() -> tuple[str, str]:
    """The script of the page and its SHA-256 in base 64; both are Portico's own, and no data is in them."""
    import base64
    import hashlib
    from importlib import resources

    script = resources.files("portico.report").joinpath("templates", "draft_space.js").read_text("utf-8")
    script = script.replace("\r\n", "\n")
    return script, base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
