"""HTML reports of advice and Directives: one page each that asks nothing of any network and runs no script."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from portico.advice.model import Advice
from portico.directive import Directive
from portico.knowledge import Library
from portico.report.answer_picture import answer_picture
from portico.report.board import board_view, frame_view
from portico.report.clock import clock_svg
from portico.report.evidence import evidence_view
from portico.report.patient import patient_view
from portico.report.references import References
from portico.report.sheet import sheet_view

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["environment", "render_directive_html", "render_html"]


@lru_cache
def environment(package: str = "portico.report") -> Environment:
    """The templates of a package; text in them is escaped, and what is not given is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render_html(advice: Advice, library: Library) -> str:
    """Advice as one HTML page: tumour board, evidence, patient.

    >>> from portico.advice import advise
    >>> from portico.case import case_from
    >>> from portico.knowledge import load_library
    >>> library = load_library()
    >>> page = render_html(advise(case_from({"schema": "case/1"}), library), library)
    >>> page.startswith("<!doctype html>")
    True

    Parameters
    ----------
    advice : of one case; its free text is escaped
    library : the library the advice came from, for citations

    Returns
    -------
    the page; the same advice gives the same text
    """
    from markupsafe import Markup

    references = References(library)
    board = board_view(advice, references)
    evidence = evidence_view(advice, library, references)
    for row in evidence["pooled"]:
        row["drawing"] = answer_picture(library, row["question"])
    figure = "" if advice.timing is None else clock_svg(advice.timing, accent="var(--accent)")
    return (
        environment()
        .get_template("advice.html.j2")
        .render(
            frame=frame_view(advice, library),
            board=board,
            evidence=evidence,
            patient=patient_view(advice),
            clock=Markup(figure),  # clock_svg escapes all text
        )
    )


def render_directive_html(directive: Directive, library: Library) -> str:
    """A Directive as one HTML page.

    Parameters
    ----------
    directive : proposed or signed
    library : for citations
    """
    return environment().get_template("directive.html.j2").render(sheet=sheet_view(directive, library))
