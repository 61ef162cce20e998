"""A registry for research: no key, no date, no free text, nobody who stands out by age, cancer, bone and centre.

>>> import polars as pl, tempfile
>>> rows = pl.DataFrame({"patient_key": ["p7", "p9"], "course_key": ["c1", "c2"], "centre": ["x", "x"], "age_years": [91.0, 91.5]})
>>> with tempfile.TemporaryDirectory() as place:
...     made = research_export(rows, Path(place) / "out", fewest=2)
...     shown = pl.read_parquet(Path(place) / "out" / "registry.parquet")
>>> shown["age_band"].to_list(), made.blanked
(['over 89', 'over 89'], {'centre': 0, 'age_band': 0, 'histology': 0, 'bone': 0})

Columns leave by a list of those that may (:data:`ALLOWED`), so a new column stays at home until somebody lists it. Keys become
numbers drawn for this export alone, and rows are shuffled: two exports of one registry cannot be joined by them. Age is given by
ten years. A combination of centre, age, cancer and bone that fewer than ``fewest`` patients share loses its parts in that order
until enough share it. This makes it harder to find a person again; whether data may leave is for their owner to decide.

Source: Sweeney 2002, doi:10.1142/S0218488502001648 (k-anonymity).
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import polars as pl

from portico.case.columns import Columns
from portico.cohort.dictionary import dictionary_csv, registry_columns
from portico.cohort.registry_rows import MARK
from portico.cohort.synthetic import METADATA, PREFIX, refuse_mixture
from portico.errors import InputRefused, UsageError

__all__ = ["ALLOWED", "KEPT_AT_HOME", "QUASI", "ResearchExport", "research_export"]

#: Columns that may leave as they are.
ALLOWED: Final = (
    "site_region", "bone", "bone_part", "levels_n", "below_conus", "fracture_state", "lesion_type", "soft_tissue_extension",
    "paraspinal_extension", "other_lesions_in_bone", "residual_disease", "histology", "pathology_status", "radiosensitivity",
    "primary_bone_tumour_suspected", "curative_option_excluded",
    "oligometastatic", "visceral_metastases", "brain_metastases", "systemic_therapy", "systemic_cytotoxic", "systemic_recall_agent",
    "bone_modifying_agent", "ecog", "kps", "survival_months_low", "survival_months_high", "surgery_done", "days_since_surgery",
    "surgery_indication", "procedure", "resection", "margin", "hardware_present", "hardware_material", "hardware_anterior_cage",
    "hardware_length_cm", "cement", "embolised", "wound_state", "infection", "csf_leak", "reoperation_planned", "escc_preop",
    "escc_postop", "epidural_preop", "epidural_circumferential_preop", "preop_mri", "postop_mri", "cord_imaging", "deficit",
    "sphincter_dysfunction", "ambulatory", "compression_now", "unstable_now", "sectors_preop_known", "sins_preop", "mirels_preop",
    "prior_rt_at_site", "prior_rt_courses_n", "days_since_prior_rt", "prior_cord_dose_known", "prior_rt_stereotactic", "pain_worst",
    "weight_bearing", "fit_for_surgery", "prescribed_option", "prescribed_dose_gy", "prescribed_elective_gy",
    "prescribed_fractions", "prescribed_volume", "delivered_dose_gy", "delivered_fractions", "hardware_covered_share",
    "referral_day", "start_day", "end_day", "follow_up_day", "dead", "local_failure_day", "local_failure_place",
    "local_failure_definition", "reoperation_day", "reirradiation_day", "fracture_day", "hardware_failure_day",
    "wound_complication_day", "myelopathy_day", "pain_follow_up", "opioid_follow_up_mg", "walking_follow_up",
    "limb_function_follow_up",
)  # fmt: skip
#: Columns that stay, with the reason; others that are not allowed stay because nobody has listed them.
KEPT_AT_HOME: Final[Mapping[str, str]] = {
    "age_years": "given as age_band",
    "surgery_year": "a date",
    "surgery_quarter": "a date",
    "index_side": "not needed for an analysis of a group",
    "pregnancy": "rare and private",
    "cied": "another illness",
    "can_lie_flat": "another illness",
    "contrast_contraindicated": "another illness",
    "mri_possible": "another illness",
    "dept_sbrt": "tells the centre",
    "dept_imrt": "tells the centre",
    "dept_image_guidance": "tells the centre",
    "declines_radiotherapy": "a person's wish",
    "max_visits": "a person's wish",
    "goal": "a person's wish",
}
#: What may make a person stand out, in the order in which it is given up.
QUASI: Final = ("centre", "age_band", "histology", "bone")

_SPAN: Final = 10
#: A bone tells the part of the skeleton, so they go together.
_WITH: Final = {
    "bone": ("bone", "bone_part", "site_region", "levels_n", "below_conus"),
    "histology": ("histology", "radiosensitivity"),
}


@dataclass(frozen=True, slots=True)
class ResearchExport:
    """What was written.

    Parameters
    ----------
    folder : holds the registry, ``dictionary.csv`` and ``README.txt``
    rows, patients : in it
    columns : of the registry, in order
    blanked : rows that lost each of :data:`QUASI` since too few patients shared the combination
    synthetic : invented patients, and marked so
    """

    folder: Path
    rows: int
    patients: int
    columns: tuple[str, ...]
    blanked: dict[str, int]
    synthetic: bool


def research_export(
    rows: pl.DataFrame | pl.LazyFrame,
    folder: Path,
    *,
    form: Literal["parquet", "csv"] = "parquet",
    fewest: int = 5,
    oldest: int = 89,
) -> ResearchExport:
    """Write the registry without identifiers. The table is held in memory.

    Parameters
    ----------
    rows : rows that can be used, with their keys; columns that are not allowed are dropped
    folder : a new or empty folder
    form : of the registry
    fewest : patients who must share a combination of :data:`QUASI`, 2 or more
    oldest : the last age in years that has a band of its own

    Raises
    ------
    UsageError : ``bad-count``, ``unknown-option``
    InputRefused : ``folder-not-empty``, ``key-column-missing``, ``synthetic-and-real``
    """
    if fewest < 2 or not 20 <= oldest < 120:
        raise UsageError("At least 2 patients share a combination, and the oldest is from 20 to 119.", code="bad-count")
    if form not in ("parquet", "csv"):
        raise UsageError("A registry is written as parquet or csv.", code="unknown-option", path="form")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputRefused("The folder for the export is not empty.", code="folder-not-empty", file=folder.name)
    lazy = rows.lazy()
    present = lazy.collect_schema().names()
    for key in ("patient_key", "course_key"):
        if key not in present:
            raise InputRefused("The rows lack a key.", code="key-column-missing", path=key)
    table = lazy.select(
        "patient_key", "course_key", *(n for n in (MARK, "centre", "age_years", *ALLOWED) if n in present)
    )
    frame = table.collect(engine="streaming")
    synthetic = refuse_mixture(frame)
    made, blanked = _unlinked(frame, synthetic, oldest, fewest)
    patients = made["patient"].n_unique()
    names = tuple(made.columns)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        if form == "csv":
            made.write_csv(draft / "registry.csv")
        else:
            made.write_parquet(draft / "registry.parquet", metadata=dict(METADATA) if synthetic else None)
        (draft / "dictionary.csv").write_text(_dictionary(names), encoding="utf-8")
        found = ResearchExport(folder, made.height, patients, names, blanked, synthetic)
        (draft / "README.txt").write_text(_readme(found, form, fewest, oldest), encoding="utf-8")
        draft.chmod(0o755)
        draft.replace(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return found


def _unlinked(frame: pl.DataFrame, synthetic: bool, oldest: int, fewest: int) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows in random order, with fresh numbers for keys, and how many lost a part of their combination."""
    draw = np.random.default_rng(secrets.randbits(128))
    mark = PREFIX if synthetic else ""
    shuffled = frame[draw.permutation(frame.height)]
    numbered = shuffled.select(
        _fresh(shuffled["patient_key"], draw, mark).alias("patient"),
        pl.Series("course", [f"{mark}{one}" for one in range(1, frame.height + 1)]),
        _fresh(shuffled["centre"], draw, mark).alias("centre")
        if "centre" in frame.columns
        else pl.lit(None, pl.String).alias("centre"),
        _band(oldest).alias("age_band") if "age_years" in frame.columns else pl.lit(None, pl.String).alias("age_band"),
        *(pl.col(name) for name in ALLOWED if name in frame.columns),
    )
    quasi = [name for name in QUASI if name in numbered.columns]
    blanked = dict.fromkeys(QUASI, 0)
    for name in quasi:
        enough = pl.col("patient").n_unique().over(quasi) >= fewest
        nothing = pl.all_horizontal(pl.col(one).is_null() for one in quasi)
        rare = numbered.select(~enough & ~nothing).to_series()
        blanked[name] = int((rare & numbered[name].is_not_null()).sum())
        together = [one for one in _WITH.get(name, (name,)) if one in numbered.columns]
        numbered = numbered.with_columns(pl.when(rare).then(None).otherwise(pl.col(one)).alias(one) for one in together)
    if synthetic:
        numbered = numbered.with_columns(pl.lit(True).alias(MARK))
    return numbered, blanked


def _fresh(keys: pl.Series, draw: np.random.Generator, mark: str) -> pl.Series:
    """A number for each different key, in an order that says nothing."""
    different = keys.drop_nulls().unique()
    numbers = draw.permutation(len(different)) + 1
    return keys.replace_strict(different, pl.Series([f"{mark}{one}" for one in numbers], dtype=pl.String), default=None)


def _band(oldest: int) -> pl.Expr:
    low = (pl.col("age_years") / _SPAN).floor().cast(pl.Int64) * _SPAN
    high = pl.min_horizontal(low + _SPAN - 1, pl.lit(oldest))
    band = low.cast(pl.String) + pl.lit(" to ") + high.cast(pl.String)
    return pl.when(pl.col("age_years") >= oldest + 1).then(pl.lit(f"over {oldest}")).otherwise(band)


def _dictionary(names: tuple[str, ...]) -> str:
    heading, *lines = dictionary_csv().splitlines()
    own = {
        "patient": "patient,text,,,,,Number of the patient in this export,",
        "course": "course,text,,,,,Number of the course in this export,",
        "centre": "centre,text,,,,,Number of the centre in this export,",
        "age_band": "age_band,text,years,,,,age by ten years,",
        "synthetic": "synthetic,bool,,,,,true: an invented patient,",
    }
    given = {line.split(",", 1)[0]: line for line in lines}
    return "\n".join([heading, *(own.get(name) or given[name] for name in names)]) + "\n"


def _readme(made: ResearchExport, form: str, fewest: int, oldest: int) -> str:
    every = Columns(registry_columns()).names
    unlisted = [name for name in every if name not in ALLOWED and name not in KEPT_AT_HOME]
    absent = [name for name in ALLOWED if name not in made.columns]
    lines = [
        "Registry of radiotherapy after surgery for bone metastases, without identifiers",
        *(["", "SYNTHETIC: nobody in this file ever lived. Every key says so, and so does the column synthetic."] * made.synthetic),
        "",
        f"registry.{form}: {made.rows} courses of {made.patients} patients. dictionary.csv: what each column means.",
        "Days count from the latest operation on the lesion. An empty cell is unknown, or was emptied as said below.",
        "",
        "What was removed",
        "- Keys of patients, courses and centres: replaced by numbers drawn for this export alone. Rows are in random order.",
        "- Every column that is none of a registry, whatever it held.",
        f"- Age: given by ten years; over {oldest} years in one group.",
        *(f"- {name}: {why}." for name, why in KEPT_AT_HOME.items() if name != "age_years"),
        *(f"- {name}: not on the list of columns that may leave." for name in unlisted),
        "",
        f"What was emptied, so that at least {fewest} patients share each combination of centre, age, cancer and bone",
        *(f"- {name}: in {count} courses." for name, count in made.blanked.items()),
        "  With the bone go its part, the region and the levels; with the cancer goes its sensitivity.",
        "",
        *([f"Not in the registry it came from: {', '.join(absent)}.", ""] if absent else []),
        "Courses of one patient share a number. Removing identifiers makes it harder to find a person again, not impossible;",
        "the owner of the data decides who may have them, and a person who gets them does not try.",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"
