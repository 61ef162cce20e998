"""Public data and frozen answers of R, for ``portico verify``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np

from portico.cohort.outcomes.events import Index, Vector

__all__ = ["MADE_WITH", "R_ANSWERS", "Mgus2", "mgus2"]

MADE_WITH: Final = "R 4.2, survival 3.5-3 (mgus2), cmprsk 2.2-11"

R_ANSWERS: Final = {
    "incidence 60": 0.0341037129743,
    "incidence 120": 0.0637221680131,
    "incidence 240": 0.0998137159355,
    "variance 60": 2.39202128437e-05,
    "variance 120": 4.62325046121e-05,
    "variance 240": 9.61598846207e-05,
    "death 60": 0.3203670102679,
    "death 120": 0.5318177040802,
    "death 240": 0.7240279761425,
    "death variance 240": 2.44882627827e-04,
    "gray statistic": 1.19450782508,
    "gray p": 0.274422156788,
    "gray death statistic": 11.65125901213,
    "gray three groups": 2.795773803506,
    "gray three groups death": 0.664249690939,
    "fine-gray age": -0.0173381534947,
    "fine-gray male": -0.2600382378841,
    "fine-gray se age": 0.00573710323024,
    "fine-gray se male": 0.18568103479217,
    "fine-gray log likelihood": -790.12131517,
    "cox death age": 0.0645438014944,
    "cox death male": 0.3915761470586,
    "cox death se age": 0.00361663881689,
    "cox death se male": 0.06969772000017,
    "cox death clustered se age": 0.00387927095915,
    "cox death clustered se male": 0.06685768023209,
    "hazard 240": 0.2345204761469,
    "hazard se 240": 0.03371765840605,
    "death hazard 240": 1.490990364612,
    "death hazard se 240": 0.0744770277658,
}
"""Answers of R: ``cuminc``, ``crr``, ``coxph(ties = "breslow", cluster = (row %% 200))`` and ``survfit``; groups of three
are ``row %% 3``, rows counted from one. Times in months."""


@dataclass(frozen=True, slots=True, eq=False)
class Mgus2:
    """1,384 persons; ``event`` 1 plasma cell malignancy, 2 death, 0 end of observation."""

    age_years: Vector
    male: Vector
    months: Vector
    event: Index


def mgus2() -> Mgus2:
    """Read the public data; ``mgus2-source.txt`` beside it names origin and licence."""
    text = files(__name__).joinpath("mgus2.csv").read_text(encoding="utf-8")
    rows = np.array([line.split(",") for line in text.splitlines()[1:]], dtype=np.float64)
    return Mgus2(rows[:, 0], rows[:, 1], rows[:, 2], rows[:, 3].astype(np.int64))
