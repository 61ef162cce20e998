"""The scores of the library: prognosis, mechanics, neurology and outcome.

>>> from portico.knowledge.scores import compute, load_scores
>>> scores = load_scores()
>>> compute(scores["nrf_chow"], {"breast_primary": "no", "bone_only_mets": "yes", "kps": 60}).total
2

Directions differ between scores and stand in every file as words; never infer one. None of them was made to
choose dose or volume after surgery.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import resources
from types import MappingProxyType
from typing import TYPE_CHECKING

from portico.errors import KnowledgeRefused, UsageError
from portico.knowledge.scores_answers import Answer
from portico.knowledge.scores_check import check_score
from portico.knowledge.scores_compare import SurvivalBounds, class_bounds, disagreement, result_bounds
from portico.knowledge.scores_compute import Part, ScoreResult, Variant, compute
from portico.knowledge.scores_consistency import points_range
from portico.knowledge.scores_enter import enter_value
from portico.knowledge.scores_laboratory import LaboratoryTier, read_laboratory
from portico.knowledge.scores_model import Score, ScoreClass
from portico.knowledge.scores_traps import TrapOutcome, try_traps
from portico.reading import Document, did_you_mean, parse_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Answer",
    "LaboratoryTier",
    "Part",
    "Score",
    "ScoreClass",
    "ScoreResult",
    "SurvivalBounds",
    "TrapOutcome",
    "Variant",
    "check_score",
    "class_bounds",
    "classify_katagiri_laboratory",
    "compute",
    "disagreement",
    "enter_value",
    "find_score",
    "load_scores",
    "points_range",
    "read_laboratory",
    "read_score_files",
    "result_bounds",
    "try_traps",
]


@lru_cache(maxsize=1)
def read_score_files() -> Mapping[str, Document]:
    """Every score file of the package as read and unchecked, by id in alphabetical order."""
    folder = resources.files("portico") / "knowledge" / "data" / "scores"
    found = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda e: e.name)
    return MappingProxyType(
        {
            entry.name.removesuffix(".yaml"): parse_yaml(entry.read_bytes(), name=f"knowledge/data/scores/{entry.name}")
            for entry in found
        }
    )


@lru_cache(maxsize=1)
def load_scores() -> Mapping[str, Score]:
    """Every score of the library by id, checked; the mapping cannot be changed.

    >>> load_scores()["tomita"].direction
    'higher_is_worse'

    Raises
    ------
    KnowledgeRefused : a file that fails its checks, or no file at all

    Source: ``knowledge/data/scores/*.yaml``.
    """
    scores = {name: check_score(document) for name, document in read_score_files().items()}
    if not scores:
        raise KnowledgeRefused("The package carries no score.", code="scores-missing", fix="Install it again.")
    return MappingProxyType(scores)


def find_score(name: str) -> Score:
    """One score by id.

    Parameters
    ----------
    name : id of the score, such as ``sins``

    Raises
    ------
    UsageError : no score has this id
    """
    scores = load_scores()
    if name not in scores:
        guess = did_you_mean(name, scores)
        hint = f"Did you mean {guess}? " if guess else ""
        raise UsageError("There is no such score.", code="unknown-score", fix=f"{hint}Scores: {', '.join(scores)}.")
    return scores[name]


def classify_katagiri_laboratory(
    *,
    crp_mg_dl: float | None = None,
    ldh_iu_l: float | None = None,
    albumin_g_dl: float | None = None,
    platelets_per_ul: float | None = None,
    calcium_mg_dl: float | None = None,
    bilirubin_mg_dl: float | None = None,
) -> LaboratoryTier:
    """Laboratory tier of the Katagiri score from values in the units of their names.

    >>> classify_katagiri_laboratory(calcium_mg_dl=10.3).tier
    'critical'
    >>> classify_katagiri_laboratory(crp_mg_dl=0.1).possible
    ('normal', 'abnormal', 'critical')

    Parameters
    ----------
    crp_mg_dl, albumin_g_dl, calcium_mg_dl, bilirubin_mg_dl : in mg/dL, g/dL, mg/dL and mg/dL
    ldh_iu_l : in IU/L
    platelets_per_ul : in cells per microlitre, so 150000 and not 150

    None means unknown: it leaves the tier open and never counts as normal.

    Raises
    ------
    QuantityRefused : a value that cannot be in the unit of its name

    Source: ``katagiri_2014``; the limits were read in a secondary source, so the tier is amber.
    """
    given = {
        "crp_mg_dl": crp_mg_dl,
        "ldh_iu_l": ldh_iu_l,
        "albumin_g_dl": albumin_g_dl,
        "platelets_per_ul": platelets_per_ul,
        "calcium_mg_dl": calcium_mg_dl,
        "bilirubin_mg_dl": bilirubin_mg_dl,
    }
    question = find_score("katagiri_2014").input("laboratory")
    return read_laboratory(question, {name: value for name, value in given.items() if value is not None})
