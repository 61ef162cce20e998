"""An audit as a study record, so that a department's own figures stand in the library beside the published ones.

A record is of one part of the skeleton and one technique, of courses after an operation. It is made at level ``derived``: shown,
pooled when asked for, and it drives no rule. :func:`portico.knowledge.own_data.signed_off` puts a named person behind exactly
these figures. Invented patients give no study.

Local failure is counted with death competing; what is not recorded at all in the file gives no figure, since nought and
unrecorded cannot be told apart there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, Final, Literal

import numpy as np
import polars as pl

from portico.cohort.outcomes import cumulative_incidence
from portico.cohort.synthetic import refuse_mixture
from portico.errors import CannotTell, InputRefused, UsageError
from portico.knowledge.own_data import OWN

__all__ = ["SITES", "TECHNIQUES", "Site", "Technique", "study_export", "study_exports", "study_text"]

Site = Literal["spine", "non_spine"]
Technique = Literal["conventional", "sbrt", "sib"]
SITES: Final[tuple[Site, ...]] = ("spine", "non_spine")
TECHNIQUES: Final[tuple[Technique, ...]] = ("conventional", "sbrt", "sib")

_MONTHS: Final = (12, 24)
_DAYS_A_MONTH: Final = 365.25 / 12
#: Event in the registry, outcome of the library (spine, other bones), and words.
_CRUDE: Final = (
    ("local_failure_day", "local_failure", "local_failure", "local failure, crude"),
    ("fracture_day", "vcf", "fracture", "fracture, crude"),
    ("hardware_failure_day", "hardware_failure", "hardware_failure", "failure of the implant, crude"),
    ("reoperation_day", "reoperation", "reoperation", "re-operation, crude"),
    ("reirradiation_day", "retreatment", "retreatment", "re-irradiation, crude"),
    ("wound_complication_day", "wound_complication", "wound_complication", "wound complication, crude"),
    ("myelopathy_day", "myelopathy", "myelopathy", "myelopathy, crude"),
)
_WORDS: Final = {
    "spine": "spine", "non_spine": "other bones", "conventional": "conventional radiotherapy", "sbrt": "stereotactic radiotherapy",
    "sib": "integrated boost",
}  # fmt: skip
_ID: Final = re.compile(r"[a-z][a-z0-9-]{2,40}")


def study_export(
    rows: pl.DataFrame | pl.LazyFrame,
    *,
    name: str,
    department: str,
    site: Site,
    technique: Technique,
    year: int,
    fewest: int = 10,
) -> dict[str, Any]:
    """The ``study/1`` record of one part of the skeleton and one technique.

    Parameters
    ----------
    rows : rows that can be used, with their keys
    name : short name in the id, which becomes ``own-NAME-SITE-TECHNIQUE``: lower-case letters, digits, hyphens
    department : how the department is called in the citation
    site, technique : which courses
    year : of the audit
    fewest : courses that a study needs

    Raises
    ------
    UsageError : ``bad-name``, ``bad-count``, ``unknown-option``
    InputRefused : ``synthetic`` (nobody in it lived), ``synthetic-and-real``, ``column-missing``
    CannotTell : ``too-few``: fewer than ``fewest`` courses can be counted
    """
    if not _ID.fullmatch(name) or not department.strip():
        raise UsageError(
            "The name of a study is of lower-case letters, digits and hyphens, and the department has one.", code="bad-name"
        )  # fmt: skip
    if site not in SITES or technique not in TECHNIQUES:
        raise UsageError(
            "A study is of one site and one technique.", code="unknown-option", fix=f"Known: {', '.join((*SITES, *TECHNIQUES))}."
        )  # fmt: skip
    if fewest < 1:
        raise UsageError("An arm needs 1 course or more.", code="bad-count")
    frame = rows.lazy().collect(engine="streaming")
    for column in ("patient_key", "site_region", "surgery_done", "prescribed_option", "follow_up_day", "dead"):
        if column not in frame.columns:
            raise InputRefused("The rows lack a column that a study needs.", code="column-missing", path=column)
    if refuse_mixture(frame):
        raise InputRefused(
            "Nobody in this registry ever lived.", code="synthetic", fix="Export the audit of real courses."
        )
    chosen, left = _chosen(frame, site, technique, fewest)
    if chosen.height < fewest:
        raise CannotTell(f"Fewer than {fewest} courses can be counted.", code="too-few")
    definition = _definition(chosen)
    recorded = [row for row in _CRUDE if row[0] in chosen.columns and chosen[row[0]].is_not_null().any()]
    patients = chosen["patient_key"].n_unique()
    limitations = [
        f"The department's own registry; counted by course, {chosen.height} in {patients} patients, and courses of one patient are "
        "taken as independent in the intervals.",
        "Not adjusted: who got which technique was decided by what the patient and the centre were like.",
        *left,
        *(
            f"Not recorded, so no figure: {words}."
            for column, _, _, words in _CRUDE
            if column not in [row[0] for row in recorded]
        ),
    ]
    return {
        "schema": "study/1",
        "id": f"own-{name}-{site}-{technique}".replace("_", "-"),
        "citation": f"{department.strip()}: audit of the department's own registry, {year}; {_WORDS[site]}, {_WORDS[technique]}",
        "year": year,
        "doi": None,
        "pmid": None,
        "design": "retrospective_cohort",
        "design_as_recorded": f"{OWN}, audited by Portico",
        "site": site,
        "directness": "post_operative",
        "population": "Courses after an operation on the metastasis, not irradiated before as far as the registry says, last day known.",
        "n_patients": patients,
        "n_lesions": chosen.height,
        "years": None,
        "arms": [_arm(technique, chosen)],
        "results": list(_results(chosen, site, definition, recorded)),
        "findings": [],
        "limitations": limitations,
        "overlaps": [],
        "disputes": [],
        "verified": "derived",
        "to_check": ["figures against the registry by a second person"],
        "curator_note": "Made by an audit; not signed off.",
    }  # fmt: skip


def study_exports(
    rows: pl.DataFrame | pl.LazyFrame, *, name: str, department: str, year: int, fewest: int = 10
) -> tuple[dict[str, Any], ...]:
    """A record for every site and technique with courses enough; arguments and errors as of :func:`study_export`.

    Raises
    ------
    CannotTell : ``too-few``: none has
    """
    frame, made = rows.lazy().collect(engine="streaming"), []
    for site, technique in product(SITES, TECHNIQUES):
        try:
            made.append(
                study_export(
                    frame, name=name, department=department, site=site, technique=technique, year=year, fewest=fewest
                )
            )
        except CannotTell:
            continue
    if not made:
        raise CannotTell(f"No technique has {fewest} courses that can be counted.", code="too-few")
    return tuple(made)


def study_text(record: dict[str, Any]) -> str:
    """The record as the YAML file that the library reads; its name is the id."""
    import yaml

    return str(yaml.safe_dump(record, allow_unicode=True, sort_keys=False, width=120))


def _chosen(frame: pl.DataFrame, site: str, technique: str, fewest: int) -> tuple[pl.DataFrame, list[str]]:
    """Courses that count, and a sentence for each reason that keeps others out."""
    if "prior_rt_at_site" not in frame.columns:
        frame = frame.with_columns(pl.lit(None, pl.Boolean).alias("prior_rt_at_site"))
    wanted = (pl.col("site_region").cast(pl.String) == site) & (
        pl.col("prescribed_option").cast(pl.String) == technique
    )
    here, left = frame.filter(wanted), []
    for keep, words in (
        (pl.col("surgery_done").fill_null(False), "no operation is recorded"),
        (~pl.col("prior_rt_at_site").fill_null(False), "the site had been irradiated before"),
        (pl.col("follow_up_day").is_not_null() & pl.col("dead").is_not_null(), "the last day or death is not known"),
    ):
        after = here.filter(keep)
        if after.height < here.height:
            left.append(f"Left out: {_count(here.height - after.height, fewest)} courses, {words}.")
        here = after
    unknown = here["prior_rt_at_site"].null_count()
    if unknown:
        left.append(f"Whether the site had been irradiated before is not known in {_count(unknown, fewest)} courses.")
    return here, left


def _count(number: int, fewest: int) -> str:
    return str(number) if number >= fewest else f"fewer than {fewest}"


def _definition(chosen: pl.DataFrame) -> str | None:
    """How local failure is defined; None when the registry does not say."""
    if "local_failure_definition" not in chosen.columns:
        return None
    counts = Counter(chosen["local_failure_definition"].cast(pl.String).drop_nulls().to_list())
    return ", ".join(word.replace("_", " ") for word, _ in counts.most_common()) or None


def _arm(technique: str, part: pl.DataFrame) -> dict[str, Any]:
    dose = _ends(part, "prescribed_elective_gy" if technique == "sib" else "prescribed_dose_gy")
    boost = _ends(part, "prescribed_dose_gy") if technique == "sib" else (None, None)
    fractions = _ends(part, "prescribed_fractions")
    one_dose, one_count = dose[0] == dose[1], fractions[0] == fractions[1]
    note = "" if boost[0] == boost[1] else f"boost of {boost[0]:g} to {boost[1]:g} Gy"
    return {
        "id": "all",
        "label": "all courses",
        "n": part.height,
        "technique": technique,
        "dose_gy": dose[0] if one_dose else None,
        "fractions": None if fractions[0] is None or not one_count else int(fractions[0]),
        "dose_low_gy": None if one_dose else dose[0],
        "dose_high_gy": None if one_dose else dose[1],
        "fractions_low": None if one_count or fractions[0] is None else int(fractions[0]),
        "fractions_high": None if one_count or fractions[1] is None else int(fractions[1]),
        "boost_dose_gy": boost[0] if boost[0] == boost[1] else None,
        "note": note,
    }


def _ends(part: pl.DataFrame, column: str) -> tuple[float | None, float | None]:
    """Lowest and highest above nought; None where unknown."""
    known = part[column].cast(pl.Float64).drop_nulls() if column in part.columns else pl.Series([], dtype=pl.Float64)
    known = known.filter(known > 0)
    return (float(known.min()), float(known.max())) if len(known) else (None, None)  # type: ignore[arg-type]


def _results(
    part: pl.DataFrame, site: str, definition: str | None, recorded: Sequence[tuple[str, str, str, str]]
) -> Iterator[dict[str, Any]]:
    last = part["follow_up_day"].cast(pl.Float64).to_numpy()
    dead = part["dead"].to_numpy()
    if any(column == "local_failure_day" for column, *_ in recorded):
        failed = part["local_failure_day"].cast(pl.Float64).to_numpy()
        happened = ~np.isnan(failed)
        cause = np.where(happened, 1, np.where(dead, 2, 0))
        for months, est, lo, hi in _at(np.where(happened, failed, last), cause):
            yield _result(
                "local_failure", "local failure, death competing", "cumulative_incidence", months=months, n=part.height,
                est=est, lo=lo, hi=hi, interval=None if lo is None else "ci95", unit="proportion", definition=definition,
            )  # fmt: skip
    people = part.sort("follow_up_day", descending=True).unique("patient_key", keep="first", maintain_order=True)
    gone = people["dead"].to_numpy()
    for months, est, lo, hi in _at(people["follow_up_day"].cast(pl.Float64).to_numpy(), gone.astype(np.int64)):
        yield _result(
            "overall_survival", "overall survival, by patient", "km_probability", months=months, n=people.height,
            est=round(1 - est, 4), lo=None if hi is None else round(1 - hi, 4), hi=None if lo is None else round(1 - lo, 4),
            interval=None if lo is None else "ci95", unit="proportion",
        )  # fmt: skip
    for column, spine, other, words in recorded:
        events = int(part[column].is_not_null().sum())
        yield _result(
            spine if site == "spine" else other, words, "proportion", events=events, n=part.height,
            est=round(events / part.height, 4), unit="proportion", definition=definition if column == "local_failure_day" else None,
        )  # fmt: skip
    if "start_day" in part.columns:
        days = part["start_day"].cast(pl.Float64).drop_nulls()
        if len(days):
            low, middle, high = (float(days.quantile(q, "linear")) for q in (0.25, 0.5, 0.75))  # type: ignore[arg-type]
            yield _result(
                "interval_surgery_rt", "days from surgery to the first fraction", "median", n=len(days), est=middle,
                lo=low, hi=high, interval="iqr", unit="days",
            )  # fmt: skip


def _at(time: Any, cause: Any) -> Iterator[tuple[int, float, float | None, float | None]]:
    """Incidence of the first cause at each horizon somebody reached, with an interval where there is one."""
    try:
        curve = cumulative_incidence(time, cause)
    except CannotTell:  # nobody had the event
        return
    for months in _MONTHS:
        day = months * _DAYS_A_MONTH
        if day > curve.last:
            return
        share = round(float(curve.at([day])[0]), 4)
        low, high = (round(float(one[0]), 4) for one in curve.interval_at([day]))
        inside = 0 < low <= share <= high < 1
        yield months, share, low if inside else None, high if inside else None


def _result(outcome: str, label: str, measure: str, **known: Any) -> dict[str, Any]:
    empty = {
        "arm": "all", "outcome": outcome, "label": label, "measure": measure, "months": None, "events": None, "n": None, "est": None,
        "lo": None, "hi": None, "interval": None, "unit": None, "p": None, "definition": None, "versus": None, "display_only": False,
        "note": "",
    }  # fmt: skip
    return empty | known
