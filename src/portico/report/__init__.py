"""Reports: advice and Directives on the terminal, as one HTML page and as tagged PDF.

Templates, typst and rich are imported when a report is made, not when the room is.
"""

from portico.report.draft_json import draft_json
from portico.report.draft_report import draft_html
from portico.report.html import render_directive_html, render_html
from portico.report.made_plan_view import made_plan_html, made_plan_json
from portico.report.pdf import render_directive_pdf, render_pdf
from portico.report.plan_report import render_plan_html, render_plan_pdf
from portico.report.terminal import print_advice
from portico.report.terminal_directive import print_directive
from portico.report.write import write_report

__all__ = [
    "draft_html",
    "draft_json",
    "made_plan_html",
    "made_plan_json",
    "print_advice",
    "print_directive",
    "render_directive_html",
    "render_directive_pdf",
    "render_html",
    "render_pdf",
    "render_plan_html",
    "render_plan_pdf",
    "write_report",
]
