"""The shape of every data file: keys, types and allowed words, in one table for the checks and the JSON Schemas.

    studies/*.yaml       study/1        one study a file
    limits/*.yaml        limit/1        organ limits, several rows a file
    limits/precedence    precedence/1   which row binds
    volumes/*.yaml       volume/1       contouring rules and margins
    regimens/*.yaml      regimen/1      doses and fractions that can be offered
    rules/*.yaml         rule/1         predicates and what they say
    policy/*.yaml        policy/1       editable choices of the house
    history/*.yaml       history/1      the timeline
    models/*.yaml        model/1        parameters of published models
    questions/*.yaml     question/1     what is asked of the studies together
    scores/*.yaml        score/1        read by ``portico.knowledge.scores``

A key that is missing and a key that is null mean the same: not known. A key that is not in the table is an error.
"""

from __future__ import annotations

from portico.knowledge.shape_types import (
    BOOL,
    INTEGER,
    NUMBER,
    TEXT,
    Field,
    Shape,
    list_of,
    one_of,
)

__all__ = [
    "BINDING_KINDS",
    "CERTAINTIES",
    "DESIGNS",
    "DIRECTNESS",
    "FIRM",
    "LIMIT_KINDS",
    "OUTCOMES",
    "POPULATIONS",
    "QUESTION_MEASURES",
    "READS",
    "RULE_KINDS",
    "SHAPES",
    "SIGNATURE",
    "SIGNED_LEVELS",
    "TECHNIQUES",
    "VERIFIED",
]

#: From the strongest to the weakest.
VERIFIED = ("full_text", "abstract", "secondary", "derived", "memory")
#: Levels that may drive rules and hard limits by themselves.
FIRM = frozenset(("full_text", "abstract"))
#: Levels that bind only after a site has signed the row.
SIGNED_LEVELS = frozenset(("secondary", "derived"))
LIMIT_KINDS = ("risk_model", "guideline", "trial_protocol", "observed", "planning_study", "practice_survey")
#: Kinds of limit that may bind; the others are shown only, however well verified.
BINDING_KINDS = frozenset(("risk_model", "guideline", "trial_protocol"))
CERTAINTIES = ("high", "moderate", "low", "very_low", "not_graded")
DIRECTNESS = (
    "post_operative", "intact_bone", "mixed", "re_irradiation", "process", "method", "laboratory",
    "prognosis", "general",
)  # fmt: skip
DESIGNS = (
    "rct", "protocol", "phase1_2", "prospective_cohort", "retrospective_cohort", "meta_analysis",
    "systematic_review", "guideline", "consensus", "survey", "narrative_review", "dose_response_model",
    "laboratory", "registry_record",
)  # fmt: skip
TECHNIQUES = (
    "conventional", "sbrt", "sib", "brachytherapy", "none", "surgery_alone", "mixed", "not_stated",
)  # fmt: skip
OUTCOMES = (
    "local_failure", "local_control", "pain_response", "pain_complete_response", "pain_score", "ambulatory",
    "limb_function", "reoperation", "retreatment", "fracture", "vcf", "myelopathy", "neuropathy",
    "skeletal_related_event", "hardware_failure", "wound_complication", "toxicity_g3", "oesophageal_toxicity",
    "overall_survival", "median_survival", "progression_free_survival", "quality_of_life",
    "hardware_coverage", "interval_surgery_rt", "process", "agreement", "dosimetry", "prognosis", "follow_up",
    "other",
)  # fmt: skip
MEASURES = (
    "proportion", "cumulative_incidence", "km_probability", "median", "mean", "hr", "or", "rr", "difference",
    "p_only", "threshold", "correlation", "text",
)  # fmt: skip
INTERVALS = ("ci95", "range", "iqr", "sd", "se", "regional_range")
RULE_KINDS = (
    "urgent", "gate", "indication", "contraindication", "prefer", "caution", "timing", "volume", "alongside",
)  # fmt: skip

VERIFIED_FIELD = one_of(*VERIFIED)
TEXT_OR_NUMBER = Field("text_or_number", null=True)


def _null(field: Field) -> Field:
    return field.nullable()


def _optional(field: Field) -> Field:
    return field.nullable().left_out()


SOURCE = Shape("source", {"id": TEXT, "where": _optional(TEXT)})
DISAGREEMENT = Shape("disagreement", {"id": TEXT, "says": TEXT})

ARM = Shape(
    "arm",
    {
        "id": TEXT,
        "label": TEXT,
        "n": _null(INTEGER),
        "technique": one_of(*TECHNIQUES),
        "dose_gy": _null(NUMBER),
        "fractions": _null(INTEGER),
        "dose_low_gy": _null(NUMBER),
        "dose_high_gy": _null(NUMBER),
        "fractions_low": _null(INTEGER),
        "fractions_high": _null(INTEGER),
        "boost_dose_gy": _null(NUMBER),
        "operated": _optional(BOOL),
        "note": _null(TEXT),
    },
)
RESULT = Shape(
    "result",
    {
        "arm": TEXT,
        "outcome": one_of(*OUTCOMES),
        "label": TEXT,
        "measure": one_of(*MEASURES),
        "months": _null(NUMBER),
        "events": _null(INTEGER),
        "n": _null(INTEGER),
        "est": _null(NUMBER),
        "lo": _null(NUMBER),
        "hi": _null(NUMBER),
        "interval": _null(one_of(*INTERVALS)),
        "unit": _null(TEXT),
        "p": TEXT_OR_NUMBER,
        "definition": _null(TEXT),
        "versus": _null(TEXT),
        "display_only": BOOL,
        "note": _null(TEXT),
    },
)
STUDY = Shape(
    "study/1",
    {
        "schema": one_of("study/1"),
        "id": TEXT,
        "aliases": list_of(TEXT).left_out(),
        "citation": TEXT,
        "year": _null(INTEGER),
        "doi": _null(TEXT),
        "pmid": _null(TEXT),
        "design": one_of(*DESIGNS),
        "design_as_recorded": _null(TEXT),
        "site": one_of("spine", "non_spine", "mixed", "any"),
        "directness": one_of(*DIRECTNESS),
        "population": _null(TEXT),
        "n_patients": _null(INTEGER),
        "n_lesions": _null(INTEGER),
        "years": _null(TEXT),
        "arms": list_of(ARM),
        "results": list_of(RESULT),
        "findings": list_of(TEXT),
        "limitations": list_of(TEXT),
        "overlaps": list_of(TEXT),
        "disputes": list_of(TEXT),
        "verified": VERIFIED_FIELD,
        "to_check": list_of(TEXT),
        "curator_note": _null(TEXT),
    },
)

APPLIES = Shape("applies", {"dose_gy": _optional(NUMBER), "fractions": _optional(INTEGER)})
LIMIT_ROW = Shape(
    "limit row",
    {
        "id": TEXT,
        "organs": list_of(TEXT, least=1),
        "organ_as_recorded": TEXT,
        "defined_on": TEXT,
        "metric": _null(TEXT),
        "metric_as_recorded": TEXT,
        "op": _null(one_of("<=", ">=")),
        "value": _null(NUMBER),
        "value_low": _optional(NUMBER),
        "unit": _null(one_of("Gy", "%", "cm3", "months", "ratio")),
        "fractions": _null(INTEGER),
        "fractions_low": _optional(INTEGER),
        "fractions_high": _optional(INTEGER),
        "fractions_as_recorded": _optional(TEXT),
        "techniques": list_of(one_of("conventional", "sbrt", "sib"), least=1),
        "setting": one_of(
            "de_novo", "postoperative", "reirradiation", "palliative_conventional", "compression_unoperated"
        ),
        "applies": _optional(Field("object", shape=APPLIES)),
        "scope": one_of("course", "cumulative"),
        "prior_course": _optional(TEXT),
        "endpoint": _null(TEXT),
        "risk": _null(TEXT),
        "kind": one_of(*LIMIT_KINDS),
        "source_id": _null(TEXT),
        "where": _optional(TEXT),
        "verified": VERIFIED_FIELD,
        "display_only": BOOL,
        "note": _optional(TEXT),
    },
)
LIMIT = Shape("limit/1", {"schema": one_of("limit/1"), "rows": list_of(LIMIT_ROW, least=1)})

PREFERENCE = Shape("preference", {"organs": list_of(TEXT, least=1), "source_ids": list_of(TEXT, least=1)})
CONTAINS = Shape("container", {"organ": TEXT, "holds": list_of(TEXT, least=1), "says": TEXT})
INCLUDED = Shape("included", {"organ": TEXT, "also": list_of(TEXT, least=1)})
PRECEDENCE = Shape(
    "precedence/1",
    {
        "schema": one_of("precedence/1"),
        "neural": list_of(TEXT, least=1),
        "settings": Field(
            "object",
            shape=Shape(
                "settings",
                {name: list_of(TEXT) for name in ("first_course", "first_course_conventional", "again")},
            ),
        ),
        "kinds": Field(
            "object",
            shape=Shape(
                "kinds",
                {name: list_of(one_of(*sorted(BINDING_KINDS)), least=1) for name in ("neural", "other")},
            ),
        ),
        "verified": list_of(VERIFIED_FIELD, least=1),
        "preferred_sources": list_of(PREFERENCE),
        "containers": list_of(CONTAINS),
        "includes": list_of(INCLUDED),
    },
)

MARGIN = Shape("margin", {"low_mm": _null(NUMBER), "high_mm": _null(NUMBER)})
VOLUME_ROW = Shape(
    "volume row",
    {
        "id": TEXT,
        "about": one_of(
            "sectors",
            "ctv",
            "epidural",
            "sib",
            "sacrum",
            "ptv_margin",
            "ptv_evaluation",
            "prv_margin",
            "organ_contour",
            "setup",
            "inputs",
            "agreement",
            "software",
        ),
        "setting": one_of("intact", "post_operative", "any"),
        "site": one_of("spine", "sacrum", "non_spine", "any"),
        "says": TEXT,
        "gtv": list_of(TEXT).left_out(),
        "ctv": list_of(TEXT).left_out(),
        "optional": list_of(TEXT).left_out(),
        "margin": _optional(Field("object", shape=MARGIN)),
        "figures": _optional(Field("any")),
        "source_ids": list_of(TEXT),
        "where": _optional(TEXT),
        "verified": VERIFIED_FIELD,
        "conflict": _optional(TEXT),
        "note": _optional(TEXT),
    },
)
VOLUME = Shape("volume/1", {"schema": one_of("volume/1"), "rows": list_of(VOLUME_ROW, least=1)})

LEVEL = Shape(
    "level",
    {
        "name": TEXT,
        "roi": TEXT,
        "dose_gy": _null(NUMBER),
        "fractions": _null(INTEGER),
        "dose_low_gy": _optional(NUMBER),
        "dose_high_gy": _optional(NUMBER),
        "fractions_low": _optional(INTEGER),
        "fractions_high": _optional(INTEGER),
    },
)
REGIMEN_ROW = Shape(
    "regimen row",
    {
        "id": TEXT,
        "label": TEXT,
        "technique": one_of("conventional", "sbrt", "sib", "none"),
        "course": one_of("first", "reirradiation"),
        "groups": list_of(TEXT, least=1),
        "intent": TEXT,
        "levels": list_of(LEVEL),
        "visits": _null(INTEGER),
        "sources": list_of(SOURCE),
        "directness": one_of(*DIRECTNESS),
        "verified": VERIFIED_FIELD,
        "signable": BOOL,
        "needs_signature": BOOL.left_out(),
        "needs": list_of(TEXT).left_out(),
        "note": _optional(TEXT),
    },
)
REGIMEN = Shape("regimen/1", {"schema": one_of("regimen/1"), "regimens": list_of(REGIMEN_ROW, least=1)})

TARGETS = Shape("targets", {"groups": list_of(TEXT).left_out(), "regimens": list_of(TEXT).left_out()})
MARK = Shape("mark", {"name": TEXT, "day": INTEGER, "says": TEXT, "source": Field("object", shape=SOURCE)})
RULE_ROW = Shape(
    "rule row",
    {
        "id": TEXT,
        "kind": one_of(*RULE_KINDS),
        "when": TEXT,
        "targets": _optional(Field("object", shape=TARGETS)),
        "title": _optional(TEXT),
        "topic": _optional(TEXT),
        "region": _optional(one_of("spine", "non_spine")),
        "volume": _optional(TEXT),
        "marks": list_of(MARK).left_out(),
        "says": TEXT,
        "sources": list_of(SOURCE),
        "certainty": one_of(*CERTAINTIES),
        "directness": one_of(*DIRECTNESS),
        "basis": one_of("evidence", "safety", "policy"),
        "comparative": BOOL.left_out(),
        "disagrees": list_of(DISAGREEMENT).left_out(),
        "verified": VERIFIED_FIELD.left_out(),
        "needs_signature": BOOL.left_out(),
        "note": _optional(TEXT),
    },
)
RULE = Shape("rule/1", {"schema": one_of("rule/1"), "rules": list_of(RULE_ROW, least=1)})

POLICY = Shape(
    "policy/1",
    {"schema": one_of("policy/1"), "id": TEXT, "title": TEXT, "basis": one_of("policy")},
    open_keys=True,
)

HISTORY_ROW = Shape(
    "history row",
    {"id": TEXT, "year": _null(INTEGER), "what": TEXT, "source_id": TEXT, "verified": VERIFIED_FIELD},
)
HISTORY = Shape("history/1", {"schema": one_of("history/1"), "entries": list_of(HISTORY_ROW, least=1)})

MODEL_ROW = Shape(
    "model row",
    {
        "id": TEXT,
        "type": TEXT,
        "about": TEXT,
        "parameters": Field("any"),
        "unit": _optional(TEXT),
        "formula": _optional(TEXT),
        "source_ids": list_of(TEXT),
        "verified": VERIFIED_FIELD,
        "warning": _optional(TEXT),
        "note": _optional(TEXT),
    },
)
MODEL = Shape("model/1", {"schema": one_of("model/1"), "rows": list_of(MODEL_ROW, least=1)})

#: Whom a question is about; the gap map has one row each.
POPULATIONS = (
    "spine_postop", "spine_again", "spine_intact", "spine_mixed", "bone_postop", "bone_mixed", "bone_intact", "any_intact",
)  # fmt: skip
#: What a question pools: a proportion, or a published ratio with its interval (or two counted arms).
QUESTION_MEASURES = ("proportion", "hr", "or", "rr")
#: What a larger figure means for the patient.
READS = ("failure", "harm", "benefit")
KEPT_APART = Shape("kept apart", {"studies": list_of(TEXT, least=2), "why": TEXT})
LEFT_OUT = Shape("left out", {"study": TEXT, "why": TEXT})
PICK = Shape("pick", {"study": TEXT, "label": TEXT})
PAIR = Shape("pair", {"study": TEXT, "first": TEXT, "second": TEXT})
QUESTION_ROW = Shape(
    "question row",
    {
        "id": TEXT,
        "asks": TEXT,
        "population": one_of(*POPULATIONS),
        "site": list_of(one_of("spine", "non_spine", "mixed", "any"), least=1),
        "directness": list_of(one_of(*DIRECTNESS), least=1),
        "techniques": list_of(one_of(*TECHNIQUES)),
        "measure": one_of(*QUESTION_MEASURES),
        "outcomes": list_of(one_of(*OUTCOMES), least=1),
        "reads": one_of(*READS),
        "months": _null(NUMBER),
        "versus": list_of(TEXT).left_out(),
        "pairs": list_of(PAIR).left_out(),
        "kept_apart": list_of(KEPT_APART).left_out(),
        "left_out": list_of(LEFT_OUT).left_out(),
        "pick": list_of(PICK).left_out(),
        "only": list_of(TEXT).left_out(),
        "compare": list_of(TEXT).left_out(),
        "published_pools": BOOL.left_out(),
        "note": _optional(TEXT),
    },
)
QUESTION = Shape("question/1", {"schema": one_of("question/1"), "questions": list_of(QUESTION_ROW, least=1)})

SIGNATURE_ROW = Shape(
    "signature row",
    {"id": TEXT, "sha256": TEXT, "by": TEXT, "role": TEXT, "date": TEXT, "reason": TEXT},
)
SIGNATURE = Shape(
    "signature/1",
    {"schema": one_of("signature/1"), "site": TEXT, "watermark": BOOL, "rows": list_of(SIGNATURE_ROW)},
)

#: Schema name to shape, for every file under ``knowledge/data`` that this room reads.
SHAPES: dict[str, Shape] = {
    shape.name: shape for shape in (STUDY, LIMIT, PRECEDENCE, VOLUME, REGIMEN, RULE, POLICY, HISTORY, MODEL, QUESTION)
}
