"""The order of eligible options: documented steps from the policy file, ties printed as ties.

Nothing here changes what is eligible, and no step looks at the dose. Each step gives every option a key and a sentence; options
are sorted by the keys in the order of the steps, and options with the same keys share a rank.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from portico.advice.kleene import Truth
from portico.advice.model import Band, OrderStep, Statement
from portico.knowledge import Policy, Regimen

__all__ = ["ANSWERS_IN_STEPS", "Candidate", "OrderPolicy", "find_band", "first", "order_keys", "rank"]

ANSWERS_IN_STEPS: Final = ("declines_radiotherapy", "max_visits")
"""Columns that the steps look at, beside those that tell the band."""
#: Steps that look at nothing but the regimen and the rules that hold.
_STEADY: Final = frozenset({"signable", "evidence", "directness"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """An eligible regimen with the reasons that hold for this case."""

    regimen: Regimen
    reasons_for: tuple[Statement, ...]
    reasons_against: tuple[Statement, ...]


class OrderPolicy:
    """The order policy with its band predicates compiled."""

    def __init__(self, policy: Policy, compile_text: Callable[[str], Callable[[Mapping[str, Any]], Truth]]) -> None:
        body = policy.body
        self.id = policy.id
        self.steps: tuple[tuple[str, str], ...] = tuple((s["id"], s["says"]) for s in body["steps"])
        self.certainty_rank: dict[str, int] = dict(body["certainty_rank"])
        self.directness_rank: dict[str, int] = dict(body["directness_rank"])
        self.levers: tuple[str, ...] = tuple(body["levers"])
        self.survival_answers: tuple[tuple[float, float, str], ...] = tuple(
            (float(a["low"]), float(a["high"]), str(a["words"])) for a in body["survival_answers"]
        )
        self.bands = tuple(
            (b["id"], b["label"], compile_text(b["when"]), tuple(tuple(tier) for tier in b["tiers"]))
            for b in body["bands"]
        )
        self._tiers: dict[str | None, tuple[tuple[str, ...], ...]] = {key: tiers for key, _, _, tiers in self.bands}

    def tiers(self, band_id: str | None) -> tuple[tuple[str, ...], ...]:
        """Tiers of intents of a band; empty when none can be told."""
        return self._tiers.get(band_id, ())

    def tier(self, band_id: str | None, intent: str) -> int:
        """Place of an intent in a band, from 0; behind the last tier when it stands in none."""
        tiers = self.tiers(band_id)
        return next((place for place, tier in enumerate(tiers) if intent in tier), len(tiers))


def find_band(policy: OrderPolicy, row: Mapping[str, Any]) -> Band:
    """The first band that is true; bands before it that are unknown are named as possible."""
    possible: list[str] = []
    for key, label, holds, _ in policy.bands:
        value = holds(row)
        if value:
            return Band(key, label, tuple(possible))
        if value is None:
            possible.append(label)
    return Band(None, "cannot be told", tuple(possible))


def _evidence(policy: OrderPolicy, candidate: Candidate) -> tuple[int, str]:
    def best(statements: Sequence[Statement]) -> tuple[int, str]:
        comparative = [s for s in statements if s.comparative]
        if not comparative:
            return 0, "none"
        top = max(comparative, key=lambda s: policy.certainty_rank[s.certainty])
        return policy.certainty_rank[top.certainty], top.certainty.replace("_", " ")

    plus, for_text = best(candidate.reasons_for)
    minus, against_text = best(candidate.reasons_against)
    return minus - plus, f"comparative evidence for: {for_text}; against: {against_text}"


def order_keys(
    policy: OrderPolicy,
    candidate: Candidate,
    row: Mapping[str, Any],
    band: Band,
    *,
    told: Sequence[OrderStep] | None = None,
) -> tuple[OrderStep, ...]:
    """The key and the sentence of every step for one option; smaller keys come first.

    Parameters
    ----------
    told : the steps of the same candidate in another row; those that no answer changes are taken over. None works out all
    """
    return tuple(
        told[number]
        if told is not None and step in _STEADY
        else OrderStep(step, *_step(policy, step, candidate, row, band))
        for number, (step, _) in enumerate(policy.steps)
    )


def _step(policy: OrderPolicy, step: str, candidate: Candidate, row: Mapping[str, Any], band: Band) -> tuple[int, str]:
    """The key and the sentence of one step."""
    regimen = candidate.regimen
    if step == "signable":
        return (0, "can be signed") if regimen.signable else (1, "lacks a sourced figure")
    if step == "refusal":
        declined = row.get("declines_radiotherapy") is True
        key = 1 if declined and regimen.technique != "none" else 0
        return key, "the patient declines radiotherapy" if declined else "no refusal recorded"
    if step == "band":
        tiers = policy.tiers(band.id)
        key = policy.tier(band.id, regimen.intent)
        return key, f"{band.label}: place {key + 1} of {len(tiers)}" if tiers else "intent band cannot be told"
    if step == "burden":
        return _burden(regimen, row.get("max_visits"))
    if step == "evidence":
        return _evidence(policy, candidate)
    if step == "directness":
        return policy.directness_rank[regimen.directness], regimen.directness.replace("_", " ")
    raise ValueError(f"unknown step in the order policy: {step}")


def _burden(regimen: Regimen, limit: int | None) -> tuple[int, str]:
    if limit is None:
        return 0, "the patient's limit on visits is not known"
    visits = regimen.visits
    if visits is None and regimen.levels:
        visits = regimen.levels[0].fractions_high  # a range counts as its longest course
    if visits is None:
        return 1, "the number of visits is not known"
    if visits <= limit:
        return 0, f"{visits} of at most {limit} visits"
    return 2, f"{visits} visits, more than the {limit} the patient will make"


def rank(keys: Mapping[str, tuple[OrderStep, ...]]) -> dict[str, tuple[int, bool]]:
    """Rank and tie of each option id: options with equal keys share the rank and are tied."""
    plain = {option: tuple(step.key for step in steps) for option, steps in keys.items()}
    counts = Counter(plain.values())
    places: dict[tuple[int, ...], int] = {}
    before = 0
    for own in sorted(counts):
        places[own], before = before, before + counts[own]
    found: dict[str, tuple[int, bool]] = {}
    for option, own in plain.items():
        found[option] = (places[own] + 1, counts[own] > 1)
    return found


def first(keys: Mapping[str, tuple[OrderStep, ...]]) -> tuple[str, ...]:
    """Ids of the options that come first, tied ones together, in the order given."""
    plain = {option: tuple(step.key for step in steps) for option, steps in keys.items()}
    least = min(plain.values(), default=())
    return tuple(option for option, own in plain.items() if own == least)
