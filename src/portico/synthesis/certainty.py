"""Certainty of an answer after the five domains of GRADE, each by a visible rule, and a curator's overrides.

Source of the domains: Guyatt G et al., GRADE guidelines 1, J Clin Epidemiol 2011;64:383. The thresholds are this
library's policy (``policy/certainty.yaml``), not evidence.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from portico.errors import UsageError
from portico.knowledge.pools import Answer, PoolRow

__all__ = ["DOMAINS", "JUDGEMENTS", "judge"]

DOMAINS: Final = ("risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias")
#: Judgement to the steps it takes the grade down.
JUDGEMENTS: Final = {"none": 0, "serious": 1, "very serious": 2, "not assessable": 0}
_PROSPECTIVE: Final = ("rct", "phase1_2", "prospective_cohort")
_INTACT: Final = ("spine_intact", "bone_intact", "any_intact", "spine_mixed", "bone_mixed")


def judge(answer: Answer, policy: Mapping[str, Any], overrides: Mapping[str, tuple[str, str]]) -> Answer:
    """The answer with its domains and grade.

    Parameters
    ----------
    answer : pooled, without certainty
    policy : body of the policy ``certainty``
    overrides : domain to ``(judgement, "who, when: why")``; the rule's own judgement stays in the sentence

    Raises
    ------
    UsageError : ``unknown-domain``, ``unknown-judgement``
    """
    for domain, (judgement, _) in overrides.items():
        if domain not in DOMAINS:
            raise UsageError(f"There is no domain {domain}.", code="unknown-domain", fix=", ".join(DOMAINS))
        if judgement not in JUDGEMENTS:
            raise UsageError(f"{judgement} is no judgement.", code="unknown-judgement", fix=", ".join(JUDGEMENTS))
    if answer.main is None:
        return answer
    start, said = _start(answer, policy)
    found = [
        ("risk of bias", *_bias(answer, policy["bias"], start)),
        ("inconsistency", *_inconsistency(answer, policy["inconsistency"])),
        ("indirectness", *_indirectness(answer, policy["indirectness"])),
        ("imprecision", *_imprecision(answer, policy["imprecision"])),
        ("publication bias", *_publication(answer, policy["publication"])),
    ]
    domains = [("start", start.replace("_", " "), said)]
    for domain, judgement, why in found:
        if domain in overrides:
            own, reason = overrides[domain]
            domains.append((domain, own, f"{reason} (the rule says {judgement}: {why})"))
        else:
            domains.append((domain, judgement, why))
    grades = list(policy["grades"])
    down = sum(JUDGEMENTS[judgement] for _, judgement, _ in domains[1:])
    grade = grades[min(len(grades) - 1, grades.index(start) + down)]
    return dataclasses.replace(answer, certainty=grade, domains=tuple(domains))


def _weights(rows: tuple[PoolRow, ...]) -> list[float]:
    return [row.weight if row.weight is not None else 1.0 / len(rows) for row in rows]


def _share(answer: Answer, which: tuple[str, ...], key: str) -> float:
    return sum(w for row, w in zip(answer.rows, _weights(answer.rows), strict=True) if getattr(row, key) in which)


def _start(answer: Answer, policy: Mapping[str, Any]) -> tuple[str, str]:
    start = policy["start"]
    if answer.measure != "proportion":
        if all(row.design in ("rct", "meta_analysis") for row in answer.rows):
            return start["comparison_randomised"], "a randomised comparison"
        return start["comparison_other"], "a comparison that was not randomised in every study"
    if _share(answer, _PROSPECTIVE, "design") > 0.5:
        return start["frequency_prospective"], "a frequency, mostly from prospective studies"
    return start["frequency_retrospective"], "a frequency, mostly from retrospective series"


def _bias(answer: Answer, policy: Mapping[str, Any], start: str) -> tuple[str, str]:
    share = 1.0 - _share(answer, (*_PROSPECTIVE, "meta_analysis"), "design")
    rates = any(row.basis == "rate x n" for row in answer.rows)
    sentence = f"{100 * share:.0f} % of the weight is retrospective"
    if rates:
        sentence += "; rates are read as counts, so losses and deaths before the time are not seen"
    if start == "low" and not rates:
        return "none", f"{sentence}, which the starting grade holds already"
    if rates and answer.measure == "proportion":
        return policy["frequency_rates_as_counts"], sentence
    return ("serious" if share >= policy["serious_retrospective_share"] else "none"), sentence


def _inconsistency(answer: Answer, policy: Mapping[str, Any]) -> tuple[str, str]:
    if answer.i2 is None:
        return "not assessable", "one study cannot disagree with itself"
    if answer.main is not None and answer.main.model == "counts added":
        return "none", "no study has an event"
    sentence = f"I² {answer.i2:.0f} %"
    if answer.i2 >= policy["very_serious_i2"]:
        return "very serious", sentence
    return ("serious" if answer.i2 >= policy["serious_i2"] else "none"), sentence


def _indirectness(answer: Answer, policy: Mapping[str, Any]) -> tuple[str, str]:
    share = 1.0 - _share(answer, ("post_operative", "re_irradiation"), "directness")
    sentence = f"{100 * share:.0f} % of the weight is not, or not only, from operated patients"
    if share >= policy["very_serious_share"]:
        return "very serious", sentence
    return ("serious" if share >= policy["serious_share"] else "none"), sentence


def _imprecision(answer: Answer, policy: Mapping[str, Any]) -> tuple[str, str]:
    main = answer.main
    assert main is not None
    people = answer.n
    steps, sentences = 0, []
    if answer.measure == "proportion":
        width = 100.0 * (main.hi - main.lo)
        sentences.append(f"the interval is {width:.0f} percentage points wide")
        steps = 2 if width >= policy["very_serious_width_points"] else int(width >= policy["serious_width_points"])
    else:
        holds = main.lo <= 1.0 <= main.hi
        wide = main.hi / main.lo >= 4.0
        sentences.append("the interval holds no effect" if holds else "the interval excludes no effect")
        if wide:
            sentences.append("its ends are a factor of four or more apart")
        steps = int(holds) + int(wide)
    if people is not None:
        sentences.append(f"{people} people or segments")
        least = 2 if people < policy["very_serious_people"] else int(people < policy["serious_people"])
        steps = max(steps, least)
    return ("none", "serious", "very serious")[min(steps, 2)], "; ".join(sentences)


def _publication(answer: Answer, policy: Mapping[str, Any]) -> tuple[str, str]:
    if answer.small_study_p is None:
        return "not assessable", f"fewer than {policy['least_studies']} studies"
    sentence = f"Egger's test p = {answer.small_study_p:.2g}"
    return ("serious" if answer.small_study_p < policy["serious_p"] else "none"), sentence
