"""Claims for ``portico verify``, chapter ``evidence``: the shipped answers, computed again by other means."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from portico.claims import Claim, chapter, claim_equal, claim_number
from portico.knowledge import load_library
from portico.knowledge.pools import Answer, load_pools
from portico.synthesis.comparison import beside_published
from portico.synthesis.gaps import gap_map
from portico.synthesis.pools import build_pools

__all__ = ["answer_claims"]

SOURCE = "records of the library; inverse-variance weights and sums written out here"


def _by_hand(answer: Answer) -> float | None:
    """Common effect of counted studies as the inverse-variance mean of logits; None where an interval stands for a count."""
    if any(row.basis == "interval" or row.events is None or row.n is None for row in answer.rows):
        return None
    x = np.array([row.events for row in answer.rows], dtype=float)
    n = np.array([row.n for row in answer.rows], dtype=float)
    bare = (x < 0.5) | (x > n - 0.5)
    x, n = np.where(bare, x + 0.5, x), np.where(bare, n + 1.0, n)
    logit, weight = np.log(x / (n - x)), x * (n - x) / n
    mean = float((weight * logit).sum() / weight.sum())
    return 1.0 / (1.0 + math.exp(-mean))


@chapter("evidence")
def answer_claims() -> Iterator[Claim]:
    """The file is current, pooled figures come out the same by hand, nothing is counted twice."""
    library = load_library()
    built = build_pools(library)
    shipped = load_pools(library)
    current = shipped is not None and shipped.to_json() == built.to_json()
    yield claim_equal(
        "evidence", "the shipped answers are those of the shipped studies", source=SOURCE, expected=True, got=current
    )
    for name, answer in built.answers.items():
        names = [row.study for row in answer.rows]
        twice = [one for one in names if set(library.studies[one].overlaps) & set(names)]
        yield claim_equal("evidence", f"{name}: studies that share patients", source=SOURCE, expected=[], got=twice)
        if answer.measure != "proportion" or answer.k < 2:
            continue
        common = next((one.est for one in answer.estimates if one.model == "common effect"), None)
        expected = _by_hand(answer)
        if common is not None and expected is not None:
            yield claim_number(
                "evidence",
                f"{name}: common effect by hand",
                source=SOURCE,
                expected=expected,
                got=common,
                tolerance=1e-9,
            )
        weights = sum(row.weight or 0.0 for row in answer.rows)
        yield claim_number(
            "evidence", f"{name}: weights add up", source=SOURCE, expected=1.0, got=weights, tolerance=1e-9
        )
        for one in beside_published(answer):
            total = sum(pull.share_of_difference for pull in one.pulls)
            yield claim_number(
                "evidence", f"{name}: shares of the difference from {one.published}", source=SOURCE, expected=1.0, got=total,
                tolerance=1e-9,
                note=f"ours {100 * one.ours[0]:.1f} %, published {100 * one.est:.1f} %",
            )  # fmt: skip
    asks = {one.id: one for one in gap_map(library, built.answers.values()).asks}
    size = asks["bone-port-or-not"].sizes[0].size
    yield claim_number(
        "evidence", "size of a trial of radiotherapy after fixation, 10.8 % against 4.6 %: evaluable per arm",
        source="issue 4, with the figures of sre-cohort-2012-2019",
        expected=289.0, got=None if size is None else size.per_arm, tolerance=1.0,
    )  # fmt: skip
