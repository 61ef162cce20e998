"""Pages as responses: the service's own templates, and the reports of the other rooms with a way back."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi.responses import HTMLResponse
from markupsafe import escape

from portico.errors import PorticoError
from portico.intended_use import ANALYSIS_USE_SHORT, INTENDED_USE_SHORT
from portico.report.html import environment
from portico.service.guards import page_policy, report_policy
from portico.service.people import who

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["page", "refusal_page", "report", "script_text", "style_sheet"]


@lru_cache(maxsize=1)
def style_sheet() -> str:
    """The style sheet: that of the reports, so that both look alike, and what forms need."""
    own = environment("portico.service").get_template("service.css.j2").render()
    return environment().get_template("style.css.j2").render() + own


@lru_cache(maxsize=8)
def script_text(name: str) -> str:
    """A script of the service: ``form.js`` of the case form, ``job.js`` of a job that runs. There are no others."""
    return files("portico.service").joinpath("static", name).read_text("utf-8")


def page(name: str, status: int = 200, *, script: str = "", **values: Any) -> HTMLResponse:
    """One of the service's own pages.

    Parameters
    ----------
    name : of the template
    script : name of the script that the page may run; empty for none. Every page works without it
    values : what it shows; text in it is escaped
    """
    text = environment("portico.service").get_template(name).render(
        use=INTENDED_USE_SHORT, analysis_use=ANALYSIS_USE_SHORT, acting=who(), script=script, **values
    )  # fmt: skip
    return HTMLResponse(text, status_code=status, headers={"content-security-policy": page_policy(script=bool(script))})


def report(text: str, links: Sequence[tuple[str, str]]) -> HTMLResponse:
    """A report of another room, with links back into the service at its head.

    Parameters
    ----------
    text : the whole page
    links : address and words
    """
    items = "".join(f'<li><a href="{escape(address)}">{escape(label)}</a></li>' for address, label in links)
    shown = text.replace("<main", f'<nav aria-label="Service"><ul>{items}</ul></nav>\n<main', 1)
    return HTMLResponse(shown, headers={"content-security-policy": report_policy(shown)})


def refusal_page(error: PorticoError, status: int) -> HTMLResponse:
    """What was refused and what to do, as a page."""
    return page(
        "refusal.html.j2", status, problems=error.problems, message=error.problem.message, fix=error.problem.fix
    )
