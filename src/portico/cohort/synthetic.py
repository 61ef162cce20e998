"""A registry of patients who never lived, with the columns of a real one, marked so that it is never taken for one.

>>> table = synthetic_registry(100, seed=1)
>>> table["patient_key"][0], table["synthetic"].all()
('SYNTHETIC-000001', True)

Three marks: every key begins with :data:`PREFIX`, the column ``synthetic`` is true in every row, and Parquet carries
:data:`METADATA`. :func:`is_synthetic` reads the first two; an audit refuses to mix such rows with real ones.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import expit

from portico.cohort.outcomes.events import Mask, Vector
from portico.cohort.synthetic_model import World
from portico.errors import InputRefused, UsageError

__all__ = ["METADATA", "PREFIX", "is_synthetic", "refuse_mixture", "synthetic_parquet", "synthetic_registry"]

PREFIX: Final = "SYNTHETIC-"
METADATA: Final[Mapping[str, str]] = {"portico.synthetic": "true"}
MOST: Final = 20_000_000

#: Dose in Gy and fractions that the invented centres write; habits of an invented world, not advice.
CONVENTIONAL: Final = ((30.0, 10), (20.0, 5), (30.0, 10), (8.0, 1), (20.0, 5))
STEREOTACTIC: Final = ((24.0, 2), (30.0, 4), (24.0, 2), (27.0, 3), (30.0, 5))

#: What every invented patient has in common, so that the rules have something to decide on; the first also in bones that are not spine.
ANSWERS: Final[Mapping[str, str | bool]] = {
    "pathology_status": "confirmed", "primary_bone_tumour_suspected": False, "prior_rt_at_site": False, "wound_state": "healed",
    "infection": False, "reoperation_planned": False, "unstable_now": False, "pregnancy": "excluded", "can_lie_flat": True,
    "dept_sbrt": True, "dept_imrt": True, "dept_image_guidance": "cbct",
}  # fmt: skip
SPINE_ANSWERS: Final[Mapping[str, str | bool]] = {
    "csf_leak": False, "compression_now": False, "deficit": "none", "sphincter_dysfunction": False, "preop_mri": True,
    "postop_mri": True, "cord_imaging": "mri_t2",
}  # fmt: skip
#: Share of the courses in which an answer is missing, and in which it is yes.
HIDDEN: Final[Mapping[str, float]] = {"wound_state": 0.05, "reoperation_planned": 0.04, "postop_mri": 0.08}
PRESENT: Final[Mapping[str, float]] = {"infection": 0.02, "unstable_now": 0.01}

#: First and last calendar year of the invented operations.
YEARS: Final = (2016, 2025)


def synthetic_registry(patients: int, *, seed: int, world: World | None = None) -> pl.DataFrame:
    """Draw a registry.

    Parameters
    ----------
    patients : one or more; some have two rows
    seed : the same seed gives the same table
    world : truth; the default world when left out

    Raises
    ------
    UsageError : ``bad-count``
    """
    if not 1 <= patients <= MOST:
        raise UsageError(f"Give from 1 to {MOST:,} patients.", code="bad-count", path="patients")
    world = world or World()
    draw = np.random.default_rng(seed)
    centres = len(world.centre_choice)
    people = np.arange(patients)
    centre = draw.integers(0, centres, patients)
    visceral, poor, resistant = (
        draw.random(patients) < share for share in (world.visceral_share, world.poor_share, world.resistant_share)
    )
    died = draw.exponential(1.0, patients) / (
        world.death_a_day
        * np.exp(world.visceral_death * visceral + world.poor_death * poor + world.resistant_death * resistant)
    )
    ends = draw.uniform(world.shortest_days, world.longest_days, patients)
    ecog = np.where(poor, draw.integers(2, 4, patients), draw.integers(0, 2, patients))
    hidden = draw.random(patients) < expit(world.ecog_hidden + world.ecog_hidden_visceral * visceral)
    age = np.round(draw.normal(65, 11, patients).clip(25, 95), 1)

    second = draw.random(patients) < world.two_lesions
    who = np.concatenate([people, people[second]])
    who.sort(kind="stable")
    first = np.concatenate([[True], who[1:] != who[:-1]])
    rows = len(who)
    sbrt = draw.random(rows) < expit(
        np.asarray(world.centre_choice)[centre[who]]
        + world.choice_visceral * visceral[who]
        + world.choice_poor * poor[who]
        + world.choice_resistant * resistant[who]
    )
    failed = draw.exponential(1.0, rows) / (
        world.failure_a_day
        * np.exp(
            world.resistant_log_ratio * resistant[who]
            + world.visceral_log_ratio * visceral[who]
            + world.sbrt_log_ratio * sbrt
        )
    )
    seen = np.minimum(died, ends)[who]
    delay = np.asarray(world.centre_delay_days)[centre[who]] * np.where(poor[who], world.poor_delay, 1.0)
    start = 7 + draw.exponential(1.0, rows) * delay
    given = np.ceil(start) < np.ceil(np.minimum(failed, seen))
    had_failure = failed < seen
    dose = _by_centre(centre[who], sbrt, 0)
    fractions = _by_centre(centre[who], sbrt, 1).astype(np.int64)
    spine = draw.random(rows) < 0.6
    tumour = np.where(
        resistant[who],
        np.array(["renal_cell", "melanoma", "colorectal"])[draw.integers(0, 3, patients)][who],
        np.array(["breast", "prostate", "lung_nsclc"])[draw.integers(0, 3, patients)][who],
    )
    referral = np.ceil(start * draw.uniform(0.2, 0.7, rows))
    last = np.ceil(seen)
    end = np.minimum(np.ceil(start) + fractions - 1, last)
    return pl.DataFrame(
        {
            "patient_key": [f"{PREFIX}{one + 1:06d}" for one in who],
            "course_key": [f"{PREFIX}{one + 1:06d}-{1 if f else 2}" for one, f in zip(who, first, strict=True)],
            "centre": [f"{PREFIX}centre-{one + 1}" for one in centre[who]],
            "synthetic": np.ones(rows, dtype=bool),
            "site_region": np.where(spine, "spine", "non_spine"),
            "bone": np.where(spine, "vertebra", "femur"),
            "histology": tumour,
            "radiosensitivity": np.where(resistant[who], "radioresistant", "radiosensitive"),
            "visceral_metastases": visceral[who],
            "age_years": age[who],
            "ecog": _unless(hidden[who], ecog[who]),
            "surgery_done": np.ones(rows, dtype=bool),
            "procedure": np.where(spine, "separation_surgery", "intramedullary_nail"),
            "prescribed_option": np.where(sbrt, "sbrt", "conventional"),
            "prescribed_dose_gy": dose,
            "prescribed_fractions": fractions,
            "delivered_dose_gy": pl.Series(np.where(given, dose, np.nan)).fill_nan(None),
            "delivered_fractions": _unless(~given, fractions),
            "referral_day": _unless(referral > last, referral),
            "start_day": _unless(~given, np.ceil(start)),
            "end_day": _unless(~given, end),
            "follow_up_day": last.astype(np.int64),
            "dead": (died < ends)[who],
            "local_failure_day": _unless(~had_failure, np.ceil(failed)),
            "local_failure_definition": ["imaging"] * rows,
            **_answers(spine, np.random.default_rng([seed, 1])),
        }
    )


def synthetic_parquet(table: pl.DataFrame) -> bytes:
    """The table as Parquet with the mark in its metadata."""
    held = io.BytesIO()
    table.write_parquet(held, metadata=dict(METADATA))
    return held.getvalue()


def is_synthetic(table: pl.DataFrame) -> pl.Series:
    """Row by row, whether a row bears a mark; an unknown mark counts as none."""
    marked = pl.lit(False)
    if "synthetic" in table.columns:
        text = pl.col("synthetic").cast(pl.String).str.to_lowercase()
        marked = marked | text.is_in(["true", "1", "yes"]).fill_null(False)
    for name in ("patient_key", "course_key", "centre"):
        if name in table.columns:
            marked = marked | pl.col(name).cast(pl.String).str.starts_with(PREFIX).fill_null(False)
    return table.select(pl.repeat(False, pl.len()).alias("none") | marked.alias("marked")).to_series()


def refuse_mixture(table: pl.DataFrame) -> bool:
    """Whether a registry is synthetic throughout.

    Raises
    ------
    InputRefused : ``synthetic-and-real``: some rows are, some are not
    """
    marked = is_synthetic(table)
    count = int(marked.sum())
    if 0 < count < len(marked):
        raise InputRefused(
            f"{count:,} of {len(marked):,} rows are synthetic.",
            code="synthetic-and-real",
            fix="Audit them apart: invented patients are never mixed with real ones.",
        )
    return count > 0


def _answers(spine: Mask, draw: np.random.Generator) -> dict[str, pl.Series]:
    """What the rules ask for beside what decides the outcome; drawn apart, so that truth and outcomes do not depend on it."""
    made = {}
    for name, answer in {**ANSWERS, **SPINE_ANSWERS}.items():
        asked = spine if name in SPINE_ANSWERS else np.ones(len(spine), dtype=bool)
        stated = asked & (draw.random(len(spine)) >= HIDDEN.get(name, 0.0))
        value = pl.lit(answer) if name not in PRESENT else pl.lit(pl.Series(draw.random(len(spine)) < PRESENT[name]))
        made[name] = pl.select(pl.when(pl.Series(stated)).then(value)).to_series()
    made["surgery_year"] = pl.Series(draw.integers(*YEARS, len(spine), endpoint=True))
    made["surgery_quarter"] = pl.Series(draw.integers(1, 4, len(spine), endpoint=True))
    return made


def _by_centre(centre: NDArray[np.int64], sbrt: Mask, place: int) -> Vector:
    usual, focused = (np.array([habit[place] for habit in habits]) for habits in (CONVENTIONAL, STEREOTACTIC))
    found: Vector = np.where(sbrt, focused[centre % len(focused)], usual[centre % len(usual)])
    return found


def _unless(unknown: Mask, values: Vector | NDArray[np.int64]) -> pl.Series:
    """Whole numbers, null where unknown."""
    filled = np.where(unknown, 0, values).astype(np.int64)
    return pl.select(pl.when(pl.Series(~unknown)).then(pl.Series(filled))).to_series()
