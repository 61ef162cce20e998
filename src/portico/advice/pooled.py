"""Pooled figures beside an option: answers of at least three studies that match its site, course and technique.

An answer about operated patients comes first; one about unoperated or mixed patients is shown, marked, only where the
outcome has no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portico.advice.model import PooledOutcome
from portico.advice.outcomes import FAMILIES, TECHNIQUES_OF
from portico.knowledge import Question, Regimen
from portico.knowledge.pools import Answer

__all__ = ["LEAST_STUDIES", "pooled_for"]

#: Fewer studies are shown one by one.
LEAST_STUDIES: Final = 3
#: Populations of a site and course, the direct one first.
_POPULATIONS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("spine", "first"): ("spine_postop", "spine_mixed", "spine_intact"),
    ("spine", "reirradiation"): ("spine_again",),
    ("non_spine", "first"): ("bone_postop", "bone_mixed", "bone_intact"),
    ("non_spine", "reirradiation"): (),
}


def pooled_for(
    regimen: Regimen, site: str, questions: Mapping[str, Question], answers: Mapping[str, Answer]
) -> tuple[PooledOutcome, ...]:
    """Pooled figures for a regimen at a site, in the order of the outcome families.

    Parameters
    ----------
    regimen : the regimen; none for an option without radiotherapy
    site : ``spine`` or ``non_spine``
    questions, answers : of the library, by question
    """
    if regimen.technique == "none":
        return ()
    populations = _POPULATIONS.get((site, regimen.course), ())
    found: list[tuple[tuple[int, int, float, str], PooledOutcome]] = []
    for name, answer in answers.items():
        question = questions[name]
        main = answer.main
        if answer.measure != "proportion" or main is None or answer.k < LEAST_STUDIES or answer.certainty is None:
            continue
        if answer.population not in populations:
            continue
        if question.techniques and not set(question.techniques) & set(TECHNIQUES_OF[regimen.technique]):
            continue
        family = next((key for key, codes in FAMILIES.items() if answer.outcome in codes), None)
        if family is None:
            continue
        place = populations.index(answer.population)
        made = PooledOutcome(
            family, name, answer.asks, answer.population, place > 0, answer.outcome, answer.months, main.est, main.lo,
            main.hi, main.prediction_lo, main.prediction_hi, answer.k, answer.n, answer.certainty,
            tuple(row.study for row in answer.rows),
        )  # fmt: skip
        found.append(((list(FAMILIES).index(family), place, answer.months or 999.0, name), made))
    found.sort(key=lambda one: one[0])
    direct = {one.family for _, one in found if not one.indirect}
    return tuple(one for _, one in found if not one.indirect or one.family not in direct)
