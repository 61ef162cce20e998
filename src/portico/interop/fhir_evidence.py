"""The evidence as FHIR R5: a Citation for each study, an Evidence for each answer, in one bundle.

Every reference in the bundle resolves inside it. Codes are taken from FHIR's own systems where they have one; what has
none stands as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from portico.knowledge import Library, Study
from portico.knowledge.pools import Answer, Estimate
from portico.report.figures_text import POPULATION_WORDS, outcome_words

__all__ = ["BASE", "citation_resource", "evidence_bundle", "evidence_resource", "unresolved"]

#: Canonical base of the library's resources; an id below it is a record of the library.
BASE: Final = "https://portico.example/evidence"
_STATISTIC: Final = "http://terminology.hl7.org/CodeSystem/statistic-type"
_RATIOS: Final = {"hr": ("C93150", "Hazard Ratio"), "or": ("C16932", "Odds Ratio"), "rr": ("C93152", "Relative Risk")}
_CERTAINTY: Final = "http://hl7.org/fhir/certainty-type"
_RATING: Final = "http://hl7.org/fhir/certainty-rating"
_DOMAINS: Final = {
    "risk of bias": "RiskOfBias", "inconsistency": "Inconsistency", "indirectness": "Indirectness", "imprecision": "Imprecision",
    "publication bias": "PublicationBias",
}  # fmt: skip
_JUDGED: Final = {"none": "no-concern", "serious": "serious-concern", "very serious": "very-serious-concern"}


def citation_resource(study: Study) -> dict[str, Any]:
    """A study as Citation; its level of verification stands in the note.

    Parameters
    ----------
    study : of the library
    """
    ids = [{"system": "https://doi.org", "value": study.doi}] if study.doi else []
    ids += [{"system": "https://pubmed.ncbi.nlm.nih.gov", "value": study.pmid}] if study.pmid else []
    artifact: dict[str, Any] = {"title": [{"text": study.citation}]}
    if ids:
        artifact["identifier"] = ids
    if study.doi:
        artifact["webLocation"] = [{"url": f"https://doi.org/{study.doi}"}]
    if study.year is not None:
        artifact["publicationForm"] = [{"articleDate": str(study.year)}]
    made: dict[str, Any] = {
        "resourceType": "Citation",
        "id": study.id,
        "url": f"{BASE}/Citation/{study.id}",
        "status": "active",
        "title": study.citation,
        "note": [{"text": f"Level of verification: {study.verified}. Design: {study.design.replace('_', ' ')}."}],
        "citedArtifact": artifact,
    }
    if study.findings:
        made["summary"] = [{"text": " ".join(study.findings)}]
    return made


def evidence_resource(answer: Answer, version: str) -> dict[str, Any]:
    """An answer as Evidence: population, outcome, every model as a statistic, certainty by domain, its studies.

    Parameters
    ----------
    answer : of a question, with at least one study
    version : of the knowledge
    """
    when = "at any time" if answer.months is None else f"within {answer.months:g} months"
    outcome = f"{outcome_words(answer.outcome)} {when}"
    made: dict[str, Any] = {
        "resourceType": "Evidence",
        "id": answer.question,
        "url": f"{BASE}/Evidence/{answer.question}",
        "version": version,
        "name": "".join(word.capitalize() for word in answer.question.split("-")),
        "title": answer.asks,
        "status": "active",
        "experimental": False,
        "description": " ".join(answer.notes) or answer.asks,
        "synthesisType": {"text": "meta-analysis" if answer.k > 1 else "single study"},
        "variableDefinition": [
            {"variableRole": {"text": "population"}, "description": POPULATION_WORDS[answer.population]},
            {"variableRole": {"text": "measured variable"}, "description": outcome},
        ],
        "statistic": [_statistic(answer, one) for one in answer.estimates],
        "relatedArtifact": [
            {"type": "derived-from", "resourceReference": {"reference": f"Citation/{row.study}"}, "label": row.study}
            for row in answer.rows
        ],
        "note": [{"text": f"Does not count here: {one.study} ({one.code}): {one.why}"} for one in answer.left_out],
    }
    if answer.certainty is not None:
        made["certainty"] = [_certainty(answer)]
    if not made["note"]:
        del made["note"]
    return made


def _statistic(answer: Answer, one: Estimate) -> dict[str, Any]:
    share = answer.measure == "proportion"
    kind: dict[str, Any] = (
        {"text": "proportion"}
        if share
        else {
            "coding": [
                {"system": _STATISTIC, "code": _RATIOS[answer.measure][0], "display": _RATIOS[answer.measure][1]}
            ]
        }
    )
    unit = {"unit": "1", "system": "http://unitsofmeasure.org", "code": "1"}

    def number(value: float) -> dict[str, Any]:
        return {"value": float(f"{value:.6g}"), **unit}

    size: dict[str, Any] = {"numberOfStudies": answer.k}
    if answer.n is not None:
        size["numberOfParticipants"] = answer.n
    estimates = [
        {
            "type": {"text": "confidence interval"},
            "description": one.interval,
            "level": 0.95,
            "range": {"low": number(one.lo), "high": number(one.hi)},
        }
    ]
    if one.prediction_lo is not None and one.prediction_hi is not None:
        estimates.append(
            {
                "type": {"text": "prediction interval"},
                "description": "where the next study's true figure is expected",
                "level": 0.95,
                "range": {"low": number(one.prediction_lo), "high": number(one.prediction_hi)},
            }
        )
    made: dict[str, Any] = {
        "description": f"{one.model}, {one.method}",
        "statisticType": kind,
        "quantity": number(one.est),
        "sampleSize": size,
        "attributeEstimate": estimates,
    }
    if answer.events is not None:
        made["numberOfEvents"] = answer.events
    return made


def _certainty(answer: Answer) -> dict[str, Any]:
    parts = []
    for domain, judgement, why in answer.domains:
        if domain not in _DOMAINS:
            continue
        part: dict[str, Any] = {
            "type": {"coding": [{"system": _CERTAINTY, "code": _DOMAINS[domain]}]},
            "description": why,
        }
        rated = _JUDGED.get(judgement)
        part["rating"] = {"coding": [{"system": _RATING, "code": rated}]} if rated else {"text": judgement}
        parts.append(part)
    grade = str(answer.certainty).replace("_", "-")
    return {
        "type": {"coding": [{"system": _CERTAINTY, "code": "Overall"}]},
        "rating": {"coding": [{"system": _RATING, "code": grade}]},
        "subcomponent": parts,
    }


def evidence_bundle(library: Library, answers: Iterable[Answer]) -> dict[str, Any]:
    """A collection of every answer with a study, and a Citation of every study that one of them names.

    Parameters
    ----------
    library : for the studies and the version
    answers : of its questions; those without a study are left out
    """
    shown = [one for one in answers if one.k]
    names = dict.fromkeys(row.study for one in shown for row in one.rows)
    resources = [
        *(citation_resource(library.studies[name]) for name in names),
        *(evidence_resource(one, library.version[:12]) for one in shown),
    ]
    return {
        "resourceType": "Bundle",
        "id": "portico-evidence",
        "type": "collection",
        "entry": [{"fullUrl": f"{BASE}/{one['resourceType']}/{one['id']}", "resource": one} for one in resources],
    }


def unresolved(bundle: Mapping[str, Any]) -> list[str]:
    """References of a bundle that name no resource in it; empty when every statement has its citation."""
    known = {f"{one['resource']['resourceType']}/{one['resource']['id']}" for one in bundle["entry"]}
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, Mapping):
            reference = value.get("reference")
            if isinstance(reference, str) and reference not in known:
                found.append(reference)
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(bundle["entry"])
    return found
