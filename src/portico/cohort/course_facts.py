"""What an audit counts of each course: interval, referral, hardware, period, case mix, and time to local failure.

Every fact is null, or a word for it, where the row does not tell. Nothing is judged here; limits come in from the library.
"""

from __future__ import annotations

from typing import Final

import polars as pl

__all__ = ["CHARACTERISTICS", "STRATA", "course_facts"]

#: The case mix by which centres are standardised.
STRATA: Final = ("site_region", "radiosensitivity", "ecog_group")
#: Columns of Table 1.
CHARACTERISTICS: Final = (
    "site_region", "bone", "fracture_state", "histology", "radiosensitivity", "oligometastatic", "visceral_metastases", "age_years", "ecog",
    "procedure", "resection", "hardware_present", "prior_rt_at_site",
)  # fmt: skip
#: Years of age that one line of Table 1 holds.
_AGE_BAND: Final = 10


def course_facts(frame: pl.DataFrame, *, refer_by: int) -> pl.DataFrame:
    """Facts of each course, in the order of the rows.

    Parameters
    ----------
    frame : rows of a registry with the types of :func:`portico.advice.frame_schema`
    refer_by : days from surgery within which referral counts as in time

    Returns
    -------
    ``centre``; ``option``, ``dose_gy`` and ``fractions_n`` prescribed

    ``delivered`` : ``offered`` when dose and fractions delivered are those prescribed, ``not_offered`` when one differs,
    ``undetermined``; null where no radiotherapy was prescribed

    ``start`` : day of the first fraction; ``irradiated``, null where the technique is not known

    ``referral`` : ``within``, ``later``, ``unknown``

    ``hardware`` : tenth of the implant's length inside the field, 10 for all of it, −1 unknown; null without an implant

    ``year``, ``quarter``, ``ecog_group``

    ``failed_day``, ``cause`` : 1 local failure, 2 death without it, 0 end of observation; null where the last day or death is not known

    ``definition`` of local failure, and each of :data:`CHARACTERISTICS`
    """
    dose, fractions = pl.col("prescribed_dose_gy"), pl.col("prescribed_fractions")
    same = (pl.col("delivered_dose_gy") == dose) & (pl.col("delivered_fractions") == fractions)
    share = pl.col("hardware_covered_share")
    failed, last = pl.col("local_failure_day"), pl.col("follow_up_day")
    followed = last.is_not_null() & pl.col("dead").is_not_null()
    option = pl.col("prescribed_option")
    return frame.lazy().select(
        pl.col("centre").cast(pl.Categorical),
        option=option, dose_gy=dose, fractions_n=fractions,
        delivered=pl.when(option == "none").then(None).when(same).then(pl.lit("offered")).when(~same).then(pl.lit("not_offered"))
        .otherwise(pl.lit("undetermined")),
        start=pl.col("start_day"),
        irradiated=option != "none",
        referral=pl.when(pl.col("referral_day") <= refer_by).then(pl.lit("within")).when(pl.col("referral_day") > refer_by)
        .then(pl.lit("later")).otherwise(pl.lit("unknown")).cast(pl.Enum(["within", "later", "unknown"])),
        hardware=pl.when(pl.col("hardware_present") | share.is_not_null()).then((share * 10.0).floor().cast(pl.Int64).fill_null(-1)),
        year=pl.col("surgery_year"), quarter=pl.col("surgery_quarter"),
        ecog_group=_ecog_group(),
        failed_day=pl.when(followed).then(pl.coalesce(failed, last)),
        cause=pl.when(followed).then(pl.when(failed.is_not_null()).then(1).when(pl.col("dead")).then(2).otherwise(0)),
        definition=pl.when(failed.is_not_null()).then(pl.col("local_failure_definition").cast(pl.String).fill_null("?")),
        **{name: _level(name) for name in CHARACTERISTICS},
    ).collect()  # fmt: skip


def _ecog_group() -> pl.Expr:
    ecog = pl.col("ecog")
    return pl.when(ecog <= 1).then(pl.lit("0-1")).when(ecog > 1).then(pl.lit("2-4")).otherwise(pl.lit("?"))


def _level(name: str) -> pl.Expr:
    if name != "age_years":
        return pl.col(name)
    return (pl.col(name) / _AGE_BAND).floor().cast(pl.Int64) * _AGE_BAND
