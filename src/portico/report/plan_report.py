"""The report of a plan: one HTML page that asks nothing of any network, and a tagged PDF."""

from __future__ import annotations

from typing import TYPE_CHECKING

from portico.knowledge import Library
from portico.report.html import environment
from portico.report.pdf import compile_pdf

if TYPE_CHECKING:
    from portico.dosimetry import PlanCheck

__all__ = ["render_plan_html", "render_plan_pdf"]


def render_plan_html(check: PlanCheck, library: Library) -> str:
    """A plan check, or histograms alone, as one HTML page.

    Parameters
    ----------
    check : names of structures in it are escaped
    library : for the version of the knowledge

    Returns
    -------
    the page; the same check gives the same text
    """
    from markupsafe import Markup

    from portico.report.plan_view import plan_view

    view = plan_view(check, library)
    for figure in view["figures"]:
        figure["svg"] = Markup(figure["svg"])  # made by matplotlib, text drawn as outlines
    return environment().get_template("plan.html.j2").render(v=view)


def render_plan_pdf(check: PlanCheck, library: Library) -> bytes:
    """The same as tagged PDF/UA-1 on A4; the same check gives the same bytes.

    Raises
    ------
    CannotTell : ``no-fonts``
    """
    from portico.report.plan_view import plan_view

    return compile_pdf("plan.typ", {"v": plan_view(check, library)})
