"""How figures of an answer read: proportions in percent, ratios with two decimals, and the names of outcomes."""

from __future__ import annotations

from typing import Final

__all__ = [
    "MEASURE_WORDS",
    "POPULATION_WORDS",
    "READ_WORDS",
    "counted",
    "figure_text",
    "interval_text",
    "outcome_words",
]

MEASURE_WORDS: Final = {"proportion": "share", "hr": "hazard ratio", "or": "odds ratio", "rr": "risk ratio"}
POPULATION_WORDS: Final = {
    "spine_postop": "spine, operated",
    "spine_again": "spine, second course",
    "spine_intact": "spine, not operated",
    "spine_mixed": "spine, operated or not",
    "bone_postop": "other bones, operated",
    "bone_mixed": "other bones, mixed series",
    "bone_intact": "other bones, not operated",
    "any_intact": "any bone, not operated",
}
READ_WORDS: Final = {"failure": "less is better", "harm": "less is better", "benefit": "more is better"}
_OUTCOMES: Final = {"vcf": "vertebral fracture", "hardware_failure": "failure of the implant"}


def outcome_words(code: str) -> str:
    """Words for an outcome code.

    >>> outcome_words("local_failure"), outcome_words("vcf")
    ('local failure', 'vertebral fracture')
    """
    return _OUTCOMES.get(code, code.replace("_", " "))


def counted(n: int, one: str, many: str) -> str:
    """A number with its noun.

    >>> counted(1, "study", "studies"), counted(3, "study", "studies")
    ('1 study', '3 studies')
    """
    return f"{n} {one if n == 1 else many}"


def figure_text(value: float | None, measure: str) -> str:
    """A figure as people read it.

    >>> figure_text(0.1649, "proportion"), figure_text(0.44, "hr"), figure_text(None, "hr")
    ('16.5 %', '0.44', 'not known')
    """
    if value is None:
        return "not known"
    return f"{100.0 * value:.1f} %" if measure == "proportion" else f"{value:.2f}"


def interval_text(lo: float | None, hi: float | None, measure: str) -> str:
    """An interval as people read it.

    >>> interval_text(0.1, 0.25, "proportion")
    '10.0 to 25.0 %'
    """
    if lo is None or hi is None:
        return "no interval"
    if measure == "proportion":
        return f"{100.0 * lo:.1f} to {100.0 * hi:.1f} %"
    return f"{lo:.2f} to {hi:.2f}"
