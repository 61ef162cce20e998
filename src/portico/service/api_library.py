"""REST: what the library knows, sums of biology, scores, and the audit log.

Answers about the library depend on it alone, so each is made once and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response

from portico.errors import UsageError
from portico.intended_use import INTENDED_USE
from portico.knowledge.scores import ScoreResult, compute, disagreement, enter_value, find_score, load_scores
from portico.report.bed_json import bed_json
from portico.report.evidence_json import (
    Asked,
    figures_json,
    figures_of,
    gap_map_of,
    gaps_json,
    pool_json,
    pool_of,
    pools_json,
    study_json,
)
from portico.report.record_json import counts, list_json, record_json, timeline_json, version_json
from portico.service import api_models as shapes
from portico.service.api_body import api_router, as_json, json_answer
from portico.synthesis import answer_question

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["library_routes"]

RecordId = Annotated[str, Path(max_length=100, examples=["patchell-2005"])]
QuestionId = Annotated[str, Path(max_length=100, examples=["spine-postop-sbrt-lf12"])]
Word = Annotated[str | None, Query(max_length=60)]
#: Answers that are kept; each is some kilobytes, the largest about one megabyte.
_KEPT: Final = 256


def library_routes(parts: Parts) -> APIRouter:
    """The routes."""
    router = api_router()
    library = parts.engine.library

    @lru_cache(maxsize=_KEPT)
    def kept(make: Callable[..., Any], *words: Any) -> bytes:
        return as_json(make(*words))

    def answer(make: Callable[..., Any], *words: Any) -> Response:
        return Response(kept(make, *words), media_type="application/json")

    @router.get("/bed", response_model=shapes.Document, tags=["biology"])
    def bed(
        regimen: Annotated[str, Query(max_length=60, examples=["30Gy/10"])],
        ab: Annotated[str, Query(max_length=100, examples=["10,2"], description="α/β ratios in Gy, by commas.")],
    ) -> Response:
        """BED and EQD2 of a regimen for each dose level and α/β ratio."""
        return json_answer(bed_json(regimen, ab.split(","), library))

    @router.get("/scores", response_model=list[shapes.Document], tags=["scores"])
    def list_scores() -> Response:
        """Scores of the library."""
        return answer(_scores)

    @router.get("/scores/{score_id}", response_model=shapes.Document, tags=["scores"])
    def show_score(score_id: RecordId) -> Response:
        """A score: its questions, what each may be answered, and what was published about it."""
        found = find_score(score_id)
        return json_answer({"schema": "score/1", "score": found.model_dump(mode="json")})

    @router.post("/scores/{score_id}", response_model=shapes.Document, tags=["scores"])
    def work_out(score_id: RecordId, asked: shapes.ScoreAsked) -> Response:
        """Compute a score, or take over a value that was worked out elsewhere; a missing answer leaves a range."""
        found = _score(score_id, asked)
        return json_answer({"intended_use": INTENDED_USE, "schema": "score-result/1", **found.to_dict()})

    @router.post("/score-comparison", response_model=shapes.Document, tags=["scores"])
    def compare(asked: shapes.Compared) -> Response:
        """Hold scores against each other: where their published statements cannot both hold."""
        found = [_score(one.id, one) for one in asked.scores]
        made = {
            "schema": "score-comparison/1", "intended_use": INTENDED_USE,
            "disagreement": disagreement(found, load_scores()), "results": [one.to_dict() for one in found],
        }  # fmt: skip
        return json_answer(made)

    @router.get("/evidence/figures", response_model=shapes.Document, tags=["evidence"])
    def figures(
        question: Annotated[str | None, Query(max_length=100)] = None,
        setting: Word = None,
        directness: Word = None,
        design: Word = None,
        regimen: Word = None,
        endpoint: Word = None,
        level: Word = None,
    ) -> Response:
        """Published figures one by one: ``portico evidence table --json``."""
        asked = Asked(question, setting, directness, design, regimen, endpoint, level)
        return json_answer(figures_json(figures_of(library, asked)))

    @router.get("/evidence/studies/{record_id}", response_model=shapes.Document, tags=["evidence"])
    def study(record_id: RecordId) -> Response:
        """A study: its record, its figures, and which questions they answer or why not."""
        return json_answer(study_json(library, record_id))

    @router.get("/evidence/questions", response_model=shapes.Document, tags=["evidence"])
    def questions() -> Response:
        """The answer to every question of the library."""
        return answer(all_pools)

    def all_pools() -> Any:
        built = parts.engine.answers  # the same answers, made and checked with the library
        return pools_json(library, [built.get(name) or answer_question(library, name) for name in library.questions])

    @router.get("/evidence/questions/{question_id}", response_model=shapes.Document, tags=["evidence"])
    def question_of(
        question_id: QuestionId,
        levels: Literal["firm", "shown"] = "firm",
        indirect: bool = False,
        by: Literal["year", "design", "directness", "site"] | None = None,
    ) -> Response:
        """What the studies say together on a question: ``portico evidence pool --json``."""
        return answer(one_pool, question_id, levels, indirect, by)

    def one_pool(question: str, levels: str, indirect: bool, by: str | None) -> Any:
        return pool_json(pool_of(library, question, levels=levels, indirect=indirect, by=by))

    @router.get("/evidence/gaps", response_model=shapes.Document, tags=["evidence"])
    def gaps() -> Response:
        """The gap map and the questions to ask next."""
        return answer(gap_document)

    def gap_document() -> Any:
        return gaps_json(gap_map_of(library))

    @router.get("/evidence/timeline", response_model=shapes.Document, tags=["evidence"])
    def timeline() -> Response:
        """How practice changed, and on what evidence."""
        return json_answer(timeline_json(library))

    @router.get("/knowledge", response_model=shapes.Document, tags=["knowledge"])
    def knowledge() -> Response:
        """Versions of software and knowledge, and the number of records of each kind."""
        return json_answer({**version_json(library), "records": counts(library)})

    @router.get("/knowledge/records/{record_id}", response_model=shapes.Document, tags=["knowledge"])
    def record(record_id: RecordId) -> Response:
        """A record of any kind by its id."""
        return json_answer(record_json(library, record_id))

    @router.get("/knowledge/{kind}", response_model=shapes.Document, tags=["knowledge"])
    def records(kind: Annotated[str, Path(max_length=20, examples=["limits"])]) -> Response:
        """Records of a kind: studies, limits, rules, regimens, scores, volumes, history or waiting."""
        return json_answer(list_json(library, kind))

    @router.get("/audit-log/verify", response_model=shapes.Verified, tags=["service"])
    def verify(
        head: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$", description="A hash noted earlier.")] = None,
    ) -> Response:
        """Follow the chain of the audit log and hold it against everything that is stored."""
        found = parts.store.verify(head)
        made = {"schema": "audit-log/1", "ok": not found.problems, "entries": found.entries, "head": found.head}
        return json_answer({**made, "problems": list(found.problems)})

    return router


def _scores() -> list[dict[str, Any]]:
    return [
        {"schema": "score-list/1", "id": one.id, "name": one.name, "describes": one.describes,
         "computable": one.computable, "verified": one.verified, "amber": one.amber}
        for one in load_scores().values()
    ]  # fmt: skip


def _score(score_id: str, asked: shapes.ScoreAsked) -> ScoreResult:
    found = find_score(score_id)
    entered = asked.total is not None or asked.class_id is not None
    if not entered and asked.source is None:
        return compute(found, dict(asked.answers))
    if asked.answers:
        raise UsageError("Give answers or an entered value, not both.", code="entered-and-answered")
    return enter_value(found, source=asked.source or "", total=asked.total, class_id=asked.class_id)
