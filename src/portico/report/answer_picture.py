"""The forest plot of an answer with its words, drawn once and shown on many pages."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from portico.knowledge import Library

if TYPE_CHECKING:
    from portico.knowledge.pools import Answer
    from portico.report.drawing import Drawing

__all__ = ["answer_picture"]


def answer_picture(library: Library, question: str) -> dict[str, object] | None:
    """The forest plot as ``svg``, ``alt`` and ``caption``.

    Parameters
    ----------
    library : whose answers are shown
    question : its id

    Returns
    -------
    None when the stored answers are not of this library, or no study answers the question
    """
    from markupsafe import Markup

    from portico.knowledge.pools import load_pools

    pools = load_pools(library)
    drawing = None if pools is None else _drawn(pools.answers[question])
    if drawing is None:
        return None
    return {"svg": Markup(drawing.svg), "alt": drawing.alt, "caption": drawing.caption}  # text drawn as outlines


@lru_cache(maxsize=64)
def _drawn(answer: Answer) -> Drawing | None:
    """The same answer is drawn once: matplotlib takes most of the time of a page."""
    from portico.report.forest import forest_drawing

    return forest_drawing(answer)
