"""A Directive on the terminal: the decision, organs without limit first, limits, volumes, timing, seal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portico.directive import Directive
from portico.knowledge import Library
from portico.report.sheet import sheet_view
from portico.report.terminal import Page, marks, print_review

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["print_directive"]


def print_directive(directive: Directive, library: Library, console: Console) -> None:
    """Print a Directive.

    Parameters
    ----------
    directive : proposed or signed
    library : for the verification level of the records it names
    console : where to
    """
    sheet = sheet_view(directive, library)
    page = Page(console)
    page.line(sheet["intended_use"], style="dim")
    if sheet["watermark"]:
        page.line(sheet["watermark"], style="bold red")
    page.head(sheet["title"])
    described = f" · {sheet['description']}" if sheet["description"] else ""
    page.line(f"{sheet['status']} · {sheet['place']}{described}")
    for notice in sheet["notices"]:
        page.line(f"NOTICE: {notice}", style="bold red")
    _decision(page, sheet)
    page.head("Dose")
    page.line(f"{sheet['technique']}; {sheet['course']}")
    page.items(f"{x['name']} ({x['roi']}): {x['dose']}; goals {x['goals']}" for x in sheet["levels"])
    _limits(page, sheet)
    if sheet["volumes"]:
        page.head("Volumes")
        page.items(
            f"{x['roi']}, {x['name']} ({'chosen' if x['chosen'] else 'not chosen'}), made from {x['made_from']}: "
            f"{x['text']}{marks(x['records'])}"
            for x in sheet["volumes"]
        )
    if sheet["plain_field"] is not None:
        page.head("Plain field")
        page.items(f"{x['name']}: {x['text']}" for x in sheet["plain_field"])
    page.head("Timing")
    page.line(f"Surgery: {sheet['timing']['surgery']}. Must hold before the first fraction: {sheet['timing']['wound']}")
    page.items(
        f"{x['name']}: day {x['day']}, {x['date']}; {x['text']}{marks(x['records'])}" for x in sheet["timing"]["marks"]
    )
    if sheet["follow_up"]:
        page.head("Follow-up")
        page.items(f"{x['what']}: {x['when']}; {x['text']}{marks(x['records'])}" for x in sheet["follow_up"])
    if sheet["prior"]:
        page.head("Earlier radiotherapy at this site")
        page.items(f"{x['dose']}, ended {x['end']}; {x['cord']}" for x in sheet["prior"])
    if sheet["reirradiation"] is not None:
        print_review(page, sheet["reirradiation"])
    page.line()
    page.line(sheet["stamp"], style="dim")
    if sheet["signatures_site"]:
        page.line(f"Signatures of {sheet['signatures_site']}", style="dim")
    page.line(f"Case {sheet['case']}", style="dim")
    page.line(f"Seal {sheet['hash']}", style="dim")


def _decision(page: Page, sheet: dict[str, Any]) -> None:
    page.head("Decision")
    decision = sheet["decision"]
    if decision is None:
        page.line("Nobody has decided yet.")
    else:
        page.line(decision["label"], style="bold")
        page.line(f"{decision['by']}, {decision['date']}. Reason: {decision['reason']}")
        if decision["override"]:
            first = f" (first was {decision['override_of']})" if decision["override_of"] else ""
            page.line(f"OVERRIDE: this choice lies outside the offered options{first}.", style="bold red")
        page.line(f"Certainty {decision['certainty']}; {decision['directness']}")
        page.items(f"says otherwise: {x['text']}{marks(x['records'])}" for x in decision["disagreements"])
    page.line(f"For planning: {'yes' if sheet['for_planning'] else 'NO'}", style="bold")
    page.items(sheet["blockers"])


def _limits(page: Page, sheet: dict[str, Any]) -> None:
    page.head("Organ limits")
    for item in sheet["no_limit"]:
        tissue = " (nerve tissue)" if item["neural"] else ""
        page.line(f"NO LIMIT: {item['roi']}{tissue}. {item['why']}", style="bold red" if item["neural"] else "")
        if item["candidates"]:
            page.line(f"Records that do not bind: {', '.join(item['candidates'])}", indent=2)
    page.items(
        f"{x['roi']}: {x['text']} on {x['defined_on']}, {x['fractions']}; {x['strength']}; {x['kind']}, "
        f"{x['verified']}{'' if x['signed_by'] is None else ', signed by ' + x['signed_by']}{marks(x['records'])}"
        for x in sheet["limits"]
    )
    if not sheet["limits"] and not sheet["no_limit"]:
        page.line("No organ is listed.")
