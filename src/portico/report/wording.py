"""The vocabulary of the reports: one word for each code, in one place.

A code without a word is printed as it stands, with spaces for underscores, so that nothing is hidden.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "BONES",
    "NOT_EXCLUDED",
    "NOT_STATED",
    "TO_BE_STATED",
    "certainty",
    "directness",
    "interval",
    "kind",
    "limit_state",
    "mark_name",
    "measure",
    "pathway",
    "plain_item",
    "recipe",
    "setting",
    "technique",
    "verified",
    "verified_sign",
    "words",
]

NOT_STATED: Final = "not stated"
NOT_EXCLUDED: Final = "NOT EXCLUDED"
TO_BE_STATED: Final = "to be stated"

_CERTAINTY: Final = {
    "high": "high",
    "moderate": "moderate",
    "low": "low",
    "very_low": "very low",
    "not_graded": "not graded",
}
_DIRECTNESS: Final = {
    "post_operative": "studied after surgery",
    "intact_bone": "borrowed from unoperated bone",
    "mixed": "operated and unoperated mixed",
    "re_irradiation": "studied in re-irradiation",
    "general": "general, not from a study of this",
}
_VERIFIED: Final = {
    "full_text": "full text read",
    "abstract": "abstract read",
    "secondary": "secondary page read",
    "derived": "derived",
    "memory": "from memory, not active",
}
#: A form for each level, so that colour is never the only sign.
_VERIFIED_SIGN: Final = {"full_text": "●", "abstract": "◐", "secondary": "○", "derived": "△", "memory": "×"}
_LIMIT_STATE: Final = {
    "binding": "binding",
    "needs signature": "needs a site's signature",
    "no limit": "NO LIMIT",
    "cannot tell": "CANNOT TELL",
}
_KIND: Final = {
    "risk_model": "risk model",
    "guideline": "guideline",
    "trial_protocol": "trial protocol",
    "observed": "observed doses",
    "planning_study": "planning study",
    "practice_survey": "survey of practice",
}
_SETTING: Final = {
    "de_novo": "first course",
    "postoperative": "after surgery",
    "palliative_conventional": "conventional, palliative",
    "reirradiation": "second course",
}
_MARK: Final = {
    "earliest": "earliest",
    "usual_from": "usual from",
    "usual_to": "usual to",
    "aim_by": "aim to start by",
    "late_after": "late after",
    "very_late_after": "very late after",
    "refer_by": "refer by",
    "wound_watch_until": "watch the wound until",
}
_MEASURE: Final = {
    "cumulative_incidence": "cumulative incidence",
    "km_probability": "Kaplan–Meier",
    "proportion": "crude proportion",
}
_RECIPE: Final = {
    "whole_hardware": "whole implant",
    "surgical_bed": "surgical bed",
    "whole_bone": "whole bone",
    "preoperative_extent": "extent before surgery",
}
_TECHNIQUE: Final = {
    "conventional": "conventional",
    "sbrt": "SBRT",
    "sib": "integrated boost",
    "none": "no radiotherapy",
}
_INTERVAL: Final = {"ci95": "95 % interval"}
_PLAIN: Final = {
    "prescription_point": "prescription point",
    "isodose": "isodose",
    "beam_arrangement": "beam arrangement",
    "energy": "energy",
    "junctions": "junctions",
    "bolus_and_scar": "bolus and scar",
    "spared_strip": "spared strip",
}

#: Plain words for a bone on the patient's page; a bone without one is called "a bone".
BONES: Final = {
    "femur": "thigh bone",
    "humerus": "upper arm bone",
    "vertebra": "spine",
    "sacrum": "sacrum, the base of the spine",
    "pelvis": "pelvis",
    "tibia": "shin bone",
    "scapula": "shoulder blade",
    "clavicle": "collar bone",
    "rib": "rib",
    "sternum": "breast bone",
}


def words(code: str | None) -> str:
    """A code as words; ``not stated`` when None.

    >>> words("long_palliative"), words(None)
    ('long palliative', 'not stated')
    """
    return NOT_STATED if code is None else code.replace("_", " ")


def _word(table: dict[str, str], code: str | None) -> str:
    return table.get(code, words(code)) if code is not None else NOT_STATED


def certainty(code: str | None) -> str:
    """How sure the evidence makes us."""
    return _word(_CERTAINTY, code)


def directness(code: str | None) -> str:
    """Whether the evidence was gained after surgery or borrowed from unoperated bone."""
    return _word(_DIRECTNESS, code)


def verified(code: str | None) -> str:
    """How far a record was checked against its paper."""
    return _word(_VERIFIED, code)


def verified_sign(code: str | None) -> str:
    """A form that stands beside the colour of a verification level; empty when there is no level."""
    return _VERIFIED_SIGN.get(code or "", "")


def limit_state(code: str) -> str:
    """Whether a limit binds."""
    return _word(_LIMIT_STATE, code)


def kind(code: str | None) -> str:
    """What kind of source a limit comes from."""
    return _word(_KIND, code)


def setting(code: str | None) -> str:
    """The clinical setting of a limit."""
    return _word(_SETTING, code)


def mark_name(code: str) -> str:
    """Name of a day on the clock."""
    return _word(_MARK, code)


def measure(code: str) -> str:
    """How a figure was counted."""
    return _word(_MEASURE, code)


def recipe(code: str) -> str:
    """A way to draw the target."""
    return _word(_RECIPE, code)


def technique(code: str) -> str:
    """How the dose is given."""
    return _word(_TECHNIQUE, code)


def interval(code: str | None) -> str:
    """Kind of an interval; an interval of unstated kind says so."""
    return "interval of unstated kind" if code is None else _word(_INTERVAL, code)


def plain_item(code: str) -> str:
    """What the planner of a plain field must be told."""
    return _word(_PLAIN, code)


def pathway(kind_code: str, state: str) -> str:
    """Head of a notice: an urgent state or gate that holds, or one that is not excluded.

    >>> pathway("urgent", "true"), pathway("gate", "unknown")
    ('URGENT', 'NOT EXCLUDED')
    """
    if state == "unknown":
        return NOT_EXCLUDED
    return "URGENT" if kind_code == "urgent" else "STOPS RADIOTHERAPY FOR NOW"
