"""Claims of this room for ``portico verify``: chapter ``synthesis``.

Every frozen value of R is claimed by itself, with the call that made it, and beside them the figures that the papers
print. Tolerances are absolute, on values of about one; a value above one scales its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from portico.claims import Claim, chapter, claim_equal, claim_number
from portico.errors import CannotTell
from portico.synthesis.effects import Effects
from portico.synthesis.parity import answers
from portico.synthesis.pooling import pool
from portico.synthesis.reference.metafor_values import FROZEN, MADE_WITH
from portico.synthesis.sample_size import two_proportions

__all__ = ["frozen_claims", "published_claims", "tolerance_of"]

CLOSED = 1e-6
"""For methods whose answer R computes to the last digits."""

SEARCHED = 2e-5
"""For values that R finds with lme4, whose optimiser and numerical second derivatives stop earlier."""

PRINTED = (
    ("pignon all", "ratio", 0.8951, "Pignon 2000: hazard ratio of death, all 65 trials"),
    ("pignon adjuvant", "ratio", 0.9770, "Pignon 2000: hazard ratio, adjuvant"),
    ("pignon neoadjuvant", "ratio", 0.9456, "Pignon 2000: hazard ratio, neoadjuvant"),
    ("pignon concomitant", "ratio", 0.8144, "Pignon 2000: hazard ratio, concomitant"),
    ("pritz GLMM common", "natural", 0.7546, "Zhou 1999: proportion improved, common effect"),
)
"""Key, value, printed figure to four decimals, what it is."""


def tolerance_of(key: str, value: float) -> float:
    """Largest allowed difference from a frozen value."""
    base = SEARCHED if "GLMM" in key or key.startswith("dose response") else CLOSED
    return base * max(1.0, abs(value))


@chapter("synthesis")
def frozen_claims() -> Iterator[Claim]:
    """Every value that R computed, computed again here."""
    for key, frozen in FROZEN.items():
        got = answers(key)
        for name, value in frozen.values.items():
            yield claim_number(
                "synthesis",
                f"{key}: {name}",
                source=f"{MADE_WITH}: {frozen.call}",
                expected=value,
                got=got.get(name),
                tolerance=tolerance_of(key, value),
            )


@chapter("synthesis")
def published_claims() -> Iterator[Claim]:
    """Figures as printed, the sample size of the missing trial, and a refusal."""
    for key, name, printed, what in PRINTED:
        yield claim_number(
            "synthesis", what, source="as printed", expected=printed, got=answers(key)[name], tolerance=5e-5 + 1e-6
        )
    need = two_proportions(0.108, 0.046)
    yield claim_number(
        "synthesis",
        "local failure 10.8 % against 4.6 %: evaluable patients in each arm",
        source="issue of the evidence room; power.prop.test of R gives 289.05",
        expected=289.0,
        got=need.per_arm,
        tolerance=0.5,
        note=f"{need.formula}, two-sided alpha 0.05, power 0.8; rounded up it is {need.first}",
    )
    yield claim_equal(
        "synthesis",
        "one study is not pooled",
        source="by design",
        expected="too-few-studies",
        got=_refusal(),
    )


def _refusal() -> str:
    try:
        pool(Effects.of([0.1], [0.1]))
    except CannotTell as error:
        return error.code
    return "answered"
