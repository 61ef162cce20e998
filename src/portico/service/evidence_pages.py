"""Pages of the evidence browser: records with filters, one record, questions and their answers, gap map, timeline."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from portico.errors import UsageError
from portico.knowledge import HistoryEntry, Library, Study
from portico.knowledge.pools import Answer, Pools, load_pools
from portico.knowledge.shapes import DIRECTNESS
from portico.report.answer_view import answer_line, answer_section
from portico.report.evidence_page import Section
from portico.report.figures_text import POPULATION_WORDS, outcome_words
from portico.report.gap_view import gap_section
from portico.report.timeline_picture import timeline_drawing
from portico.service.evidence_view import KINDS, LEVELS, Filters, places_of, record_view, rows_of
from portico.service.storage import NotFound
from portico.service.views import page
from portico.synthesis import GapMap, beside_published, gap_map

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["evidence_pages"]

_SITES = ("spine", "non_spine", "mixed", "any")
_LONGEST = 200


def evidence_pages(parts: Parts) -> APIRouter:
    """The routes of the evidence browser; they read the library and nothing of any case."""
    router = APIRouter(include_in_schema=False)
    library = parts.engine.library

    @router.get("/evidence")
    def records(kind: str = "", level: str = "", site: str = "", directness: str = "", text: str = "") -> HTMLResponse:
        given = {"kind": kind, "level": level, "site": site, "directness": directness}
        choices = {"kind": tuple(KINDS), "level": LEVELS, "site": _SITES, "directness": tuple(DIRECTNESS)}
        for name, value in given.items():
            if value and value not in choices[name]:
                raise UsageError("The filter has no such word.", code="unknown-word", path=name)
        if len(text) > _LONGEST:
            raise UsageError("The words looked for are too many.", code="too-large", path="text")
        wanted = Filters(kind or None, level or None, site or None, directness or None, text)
        return page(
            "evidence_records.html.j2", rows=rows_of(library, wanted), given=given, choices=choices, kinds=KINDS, text=text,
        )  # fmt: skip

    @router.get("/evidence/questions")
    def questions() -> HTMLResponse:
        pools = _pools(library)
        rows = [
            {"id": one.question, "asks": one.asks, "population": POPULATION_WORDS[one.population],
             "outcome": outcome_words(one.outcome), "line": answer_line(one)}
            for one in pools.answers.values()
        ]  # fmt: skip
        return page("evidence_questions.html.j2", rows=rows)

    @router.get("/evidence/questions/{question}")
    def one_question(question: str) -> HTMLResponse:
        found = _pools(library).answers.get(question)
        if found is None:
            raise NotFound("There is no such question.")
        return _sections_page(found.asks, [_answer_section(found)], linked=True)

    @router.get("/evidence/gaps")
    def gaps() -> HTMLResponse:
        found = gap_map(library, _pools(library).answers.values())
        return _sections_page("What is not known", [_gap_section(found)])

    @router.get("/evidence/timeline")
    def timeline() -> HTMLResponse:
        return _sections_page("How practice changed, and on what evidence", [_timeline_section(library.history)])

    @router.get("/evidence/{record_id}")
    def record(record_id: str) -> HTMLResponse:
        try:
            view = record_view(library, record_id[:_LONGEST])
        except UsageError as error:
            raise NotFound("There is no such record.", fix=error.problem.fix) from None
        is_study = isinstance(library.record(view["id"]), Study)
        return page("evidence_record.html.j2", v=view, places=places_of(library, view["id"]) if is_study else [])

    return router


def _pools(library: Library) -> Pools:
    found = load_pools(library)
    if found is None:
        raise NotFound("The stored answers were built from another library.", fix="Run portico evidence build.")
    return found


def _sections_page(title: str, sections: list[Section], *, linked: bool = False) -> HTMLResponse:
    shown = [
        {"title": one.title, "mark": one.mark, "text": one.text, "tables": one.tables,
         "drawings": [{**drawing.for_page(), "svg": Markup(drawing.svg)} for drawing in one.drawings]}  # text as outlines
        for one in sections
    ]  # fmt: skip
    return page("evidence_sections.html.j2", title=title, sections=shown, linked=linked)


# Each section is drawn once: the same data gives the same figure, and matplotlib takes a second for some.


@lru_cache(maxsize=64)
def _answer_section(found: Answer) -> Section:
    return answer_section(found, beside=beside_published(found))


@lru_cache(maxsize=4)
def _gap_section(found: GapMap) -> Section:
    return gap_section(found)


@lru_cache(maxsize=4)
def _timeline_section(history: tuple[HistoryEntry, ...]) -> Section:
    drawing = timeline_drawing(history)
    return Section("Steps", text=(drawing.caption,), drawings=(drawing,))
