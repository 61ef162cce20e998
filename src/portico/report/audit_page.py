"""The report of an audit: one HTML page that asks nothing of any network and runs no script, and a tagged PDF of the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from portico.cohort.audit_result import AuditResult
from portico.cohort.table_one import TableOne
from portico.intended_use import INTENDED_USE_SHORT
from portico.report.audit_methods import methods_section
from portico.report.audit_table_one import characteristics_section, table_one_section
from portico.report.audit_view import audit_sections, audit_summary
from portico.report.evidence_page import Section
from portico.report.html import environment
from portico.report.pdf import compile_pdf

__all__ = ["render_audit_html", "render_audit_pdf"]

_SYNTHETIC: Final = "SYNTHETIC: nobody here ever lived"
_USE: Final = (
    "An audit shows what was done beside what the rules would have offered. A course that differs is a question, not a fault: the "
    "registry does not hold all that those who decided knew. Differences between groups are not effects of a treatment."
)


def render_audit_html(
    result: AuditResult,
    *,
    table_one: TableOne | None = None,
    more: Sequence[Section] = (),
    title: str = "Audit of courses after surgery",
) -> str:
    """The report as one page; the same audit gives the same text.

    Parameters
    ----------
    result : of an audit; small counts are hidden here by its threshold
    table_one : by centre or another column; left out, the audit's own characteristics by technique are shown
    more : further sections, such as :func:`portico.report.audit_effects.effect_sections`
    title : head of the page
    """
    from markupsafe import Markup

    view = _view(result, table_one, more, title)
    for section in view["sections"]:
        for figure in section["drawings"]:
            figure["svg"] = Markup(figure["svg"])  # made by matplotlib, text drawn as outlines
    return environment().get_template("audit.html.j2").render(v=view).lstrip()


def render_audit_pdf(
    result: AuditResult,
    *,
    table_one: TableOne | None = None,
    more: Sequence[Section] = (),
    title: str = "Audit of courses after surgery",
) -> bytes:
    """The same as tagged PDF/UA-1 on A4; the same audit gives the same bytes.

    Raises
    ------
    CannotTell : ``no-fonts``
    """
    return compile_pdf("audit.typ", {"v": _view(result, table_one, more, title)})


def _view(result: AuditResult, table_one: TableOne | None, more: Sequence[Section], title: str) -> dict[str, Any]:
    who = characteristics_section(result) if table_one is None else table_one_section(table_one)
    rows, *others = audit_sections(result)
    sections = [rows, *([] if who is None else [who]), *others, *more, methods_section(result)]
    marks = [*([_SYNTHETIC] if result.synthetic else []), *([result.watermark] if result.watermark else [])]
    return {
        "title": title,
        "mark": " · ".join(marks) or None,
        "use": INTENDED_USE_SHORT,
        "about": _USE,
        "summary": audit_summary(result),
        "sections": [_plain(one) for one in sections],
        "stamp": f"Portico {result.software_version} · knowledge {result.knowledge_version[:12]}",
    }


def _plain(section: Section) -> dict[str, Any]:
    return {
        "title": section.title,
        "anchor": section.anchor,
        "mark": section.mark,
        "text": list(section.text),
        "drawings": [one.for_page() for one in section.drawings],
        "tables": [{"caption": one.caption, "columns": one.columns, "rows": one.rows} for one in section.tables],
    }
