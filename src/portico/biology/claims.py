"""Claims of this room for ``portico verify``: chapters ``biology`` and ``re-irradiation``.

Every expected figure is the one printed in its source. A tolerance is half a unit of the last printed
digit, widened by a millionth for float noise.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from portico.biology.budget import remaining_budget
from portico.biology.conditions import NiederConditions, ReirradiationConditions
from portico.biology.courses import Course
from portico.biology.factors import ReirradiationReview
from portico.biology.intervals import Interval
from portico.biology.lq import bed, dose_for_eqd2, eqd2
from portico.biology.nieder import evaluate_nieder
from portico.biology.reirradiation import evaluate_reirradiation
from portico.biology.tolerance import Exposure, ModelRange, schultheiss_logistic
from portico.claims import Claim, chapter, claim_equal, claim_number
from portico.errors import CannotTell

__all__ = ["biology_claims", "reirradiation_claims"]

TENTH = 0.05 + 1e-6
"""Half a unit of the first decimal place, in the unit of the claim."""

TABLE_SOURCE = "evidence table derived_bed_eqd2 (derived)"

CONVERSIONS = (("BED", 10.0), ("BED", 3.0), ("EQD2", 10.0), ("EQD2", 4.0), ("EQD2", 3.0), ("EQD2", 2.0))
"""Columns of the table: quantity and α/β in Gy."""

TABLE = (
    (8.0, 1, (14.4, 29.3, 12.0, 16.0, 17.6, 20.0)),
    (16.0, 1, (41.6, 101.3, 34.7, 53.3, 60.8, 72.0)),
    (18.0, 1, (50.4, 126.0, 42.0, 66.0, 75.6, 90.0)),
    (24.0, 1, (81.6, 216.0, 68.0, 112.0, 129.6, 156.0)),
    (24.0, 2, (52.8, 120.0, 44.0, 64.0, 72.0, 84.0)),
    (28.0, 2, (67.2, 158.7, 56.0, 84.0, 95.2, 112.0)),
    (24.0, 3, (43.2, 88.0, 36.0, 48.0, 52.8, 60.0)),
    (27.0, 3, (51.3, 108.0, 42.8, 58.5, 64.8, 74.2)),
    (30.0, 3, (60.0, 130.0, 50.0, 70.0, 78.0, 90.0)),
    (30.0, 4, (52.5, 105.0, 43.8, 57.5, 63.0, 71.2)),
    (20.0, 5, (28.0, 46.7, 23.3, 26.7, 28.0, 30.0)),
    (30.0, 5, (48.0, 90.0, 40.0, 50.0, 54.0, 60.0)),
    (35.0, 5, (59.5, 116.7, 49.6, 64.2, 70.0, 78.8)),
    (40.0, 5, (72.0, 146.7, 60.0, 80.0, 88.0, 100.0)),
    (30.0, 10, (39.0, 60.0, 32.5, 35.0, 36.0, 37.5)),
    (40.0, 10, (56.0, 93.3, 46.7, 53.3, 56.0, 60.0)),
    (48.5, 10, (72.0, 126.9, 60.0, 71.5, 76.1, 83.1)),
    (37.5, 15, (46.9, 68.8, 39.1, 40.6, 41.2, 42.2)),
    (42.0, 18, (51.8, 74.7, 43.2, 44.3, 44.8, 45.5)),
)
"""Total dose in Gy, fractions, and the printed figures in Gy under ``CONVERSIONS``."""

LADDER = (
    (12.4, 1, 44.6),
    (14.0, 1, 56.0),
    (17.0, 2, 44.6),
    (20.3, 3, 44.5),
    (23.0, 4, 44.6),
    (25.3, 5, 44.7),
)
"""Cord maximum in Gy, fractions, EQD2(2) in Gy."""

ISOEFFECT = ((6, 27.3), (8, 30.6), (10, 33.4), (15, 38.9))
"""Fractions and total dose in Gy at EQD2(2) 44.6 Gy, as derived by the curator."""

LOGISTIC = ((45.0, 0.027, 5e-4), (50.0, 0.20, 5e-3), (54.0, 0.85, 5e-3), (59.3, 4.8, 0.05), (61.0, 8.0, 0.05))
"""Dose in 2 Gy fractions in Gy, probability in percent, tolerance."""

CONVENTIONAL = ModelRange(1.8, 2.0, "spinal_cord", "conventional", "schultheiss-2008")

HYTEC = ReirradiationConditions(
    cumulative_eqd2_max_gy=70.0,
    new_course_eqd2_max_gy=25.0,
    new_to_cumulative_max=0.5,
    interval_min_months=5,
    alpha_beta_gy=2.0,
    contour="thecal_sac",
    fractions_low=1,
    fractions_high=5,
    source_ids=("sahgal-2021-hytec-cord", "sahgal-2012-rert"),
)

NIEDER = NiederConditions(
    cumulative_bed_no_case_gy=120.0,
    cumulative_bed_small_risk_gy=135.5,
    course_bed_max_gy=98.0,
    interval_min_months=6,
    alpha_beta_gy=2.0,
    contour="true_cord",
    source_ids=("nieder-2006",),
)


@chapter("biology")
def biology_claims() -> Iterator[Claim]:
    """BED and EQD2 table, cord iso-effect line, logistic model and its refusal."""
    for dose_gy, fractions, printed in TABLE:
        for (quantity, alpha_beta_gy), expected in zip(CONVERSIONS, printed, strict=True):
            convert = bed if quantity == "BED" else eqd2
            yield claim_number(
                "biology",
                f"{quantity}({alpha_beta_gy:g}) of {dose_gy:g} Gy in {fractions}, Gy",
                source=TABLE_SOURCE,
                expected=expected,
                got=convert(dose_gy, fractions, alpha_beta_gy),
                tolerance=TENTH,
            )
    yield from _cord_claims()
    yield from _protocol_claims()
    yield from _logistic_claims()


def _cord_claims() -> Iterator[Claim]:
    for dose_gy, fractions, expected in LADDER:
        yield claim_number(
            "biology",
            f"cord maximum {dose_gy:g} Gy in {fractions}: EQD2(2), Gy",
            source="sahgal-2021-hytec-cord (EQD2 derived)",
            expected=expected,
            got=eqd2(dose_gy, fractions, 2.0),
            tolerance=TENTH,
        )
    for fractions, expected in ISOEFFECT:
        yield claim_number(
            "biology",
            f"cord iso-effect of EQD2(2) 44.6 Gy in {fractions} fractions, Gy",
            source="sahgal-2021-hytec-cord (iso-effect derived)",
            expected=expected,
            got=dose_for_eqd2(44.6, fractions, 2.0),
            tolerance=TENTH,
        )


def _protocol_claims() -> Iterator[Claim]:
    rows = (
        ("tumour EQD2(10) of 41.94 Gy in 18, Gy", "ramses-01-2019", 43.1, eqd2(41.94, 18, 10.0)),
        ("tumour EQD2(10) of 30 Gy in 10, Gy", "ramses-01-2019", 32.5, eqd2(30.0, 10, 10.0)),
    )
    for what, source, expected, got in rows:
        yield claim_number("biology", what, source=source, expected=expected, got=got, tolerance=TENTH)
    yield claim_number(
        "biology",
        "cord EQD2(2) of 42 Gy in 18 (RAMSES-01 figure), Gy",
        source="rades-18x233",
        expected=45.5,
        got=eqd2(42.0, 18, 2.0),
        tolerance=TENTH,
        note="printed for 18 x 2.33 Gy; 41.94 Gy gives 45.4, and the stated maximum of 101.5 % gives 46.5",
    )
    yield claim_number(
        "biology",
        "cord maximum 101.5 % of 25 Gy in 5, Gy",
        source="pre-mode-2017",
        expected=25.38,
        got=25.0 * 1.015,
        tolerance=0.005 + 1e-6,
    )


def _logistic_claims() -> Iterator[Claim]:
    at_two = Exposure(2.0, "spinal_cord", "conventional")
    for dose_gy, expected, tolerance in LOGISTIC:
        probability = schultheiss_logistic(dose_gy, 69.4, 18.95, exposure=at_two, model_range=CONVENTIONAL)
        yield claim_number(
            "biology",
            f"cord logistic model at {dose_gy:g} Gy in 2 Gy fractions, percent",
            source="schultheiss-2008 (slope derived)",
            expected=expected,
            got=100.0 * probability,
            tolerance=tolerance + 1e-6,
        )
    refused = (
        ("20 Gy in 1 stereotactic", Exposure(20.0, "spinal_cord", "sbrt")),
        ("20 Gy in 1 called conventional", Exposure(20.0, "spinal_cord", "conventional")),
        ("3 Gy a fraction", Exposure(3.0, "spinal_cord", "conventional")),
        ("unknown dose per fraction", Exposure(None, "spinal_cord", "conventional")),
    )
    for what, exposure in refused:
        yield claim_equal(
            "biology",
            f"cord logistic model refuses {what}",
            source="daly-lkb (4 % seen, 54 % and 75 % predicted)",
            expected="model-out-of-range",
            got=_refusal(exposure),
        )


def _refusal(exposure: Exposure) -> str:
    try:
        schultheiss_logistic(40.0, 69.4, 18.95, exposure=exposure, model_range=CONVENTIONAL)
    except CannotTell as error:
        return error.code
    return "answered"


@chapter("re-irradiation")
def reirradiation_claims() -> Iterator[Claim]:
    """Published conditions: all met, each one failing, unknown inputs, borders, and what dose is left."""
    sac, cord = "thecal_sac", "true_cord"
    thirty, nine = Course(30.0, 10, sac), Course(9.0, 1, sac)
    after_five = Interval.between(date(2024, 3, 15), date(2024, 8, 15))
    day_before = Interval.between(date(2024, 3, 15), date(2024, 8, 14))
    c, n = "cannot_tell", "not_met"
    examples = (
        ("30 in 10, then 9 in 1 at five months", [thirty], nine, after_five, ("met", "met", "met", "met")),
        ("cumulative above 70", [Course(50.0, 25, sac)], nine, after_five, (n, "met", "met", "met")),
        ("new course above 25", [thirty], Course(10.0, 1, sac), after_five, ("met", n, "met", "met")),
        ("share above one half", [Course(8.0, 1, sac)], nine, after_five, ("met", "met", n, "met")),
        ("one day short of five months", [thirty], nine, day_before, ("met", "met", "met", n)),
        ("interval unknown", [thirty], nine, None, ("met", "met", "met", c)),
        ("earlier dose unknown", [Course(None, 10, sac)], nine, after_five, (c, "met", c, "met")),
        ("earlier dose on the true cord", [Course(30.0, 10, cord)], nine, after_five, (c, "met", c, "met")),
        ("new dose on the true cord", [thirty], Course(9.0, 1, cord), after_five, (c, c, c, "met")),
    )
    for what, prior, new, interval, expected in examples:
        review = evaluate_reirradiation(prior, new, interval, HYTEC)
        yield claim_equal(
            "re-irradiation",
            f"thecal-sac conditions, {what}",
            source="sahgal-2021-hytec-cord",
            expected=" ".join((*expected, "review")),
            got=_verdicts(review),
        )
    yield from _budget_claims()
    yield from _nieder_claims()


def _verdicts(review: ReirradiationReview) -> str:
    return " ".join([*(str(factor.verdict) for factor in review.factors), review.overall])


def _budget_claims() -> Iterator[Claim]:
    rows = (
        ("30 Gy in 10", Course(30.0, 10, "thecal_sac"), 25.0),
        ("50 Gy in 25", Course(50.0, 25, "thecal_sac"), 20.0),
        ("8 Gy in 1", Course(8.0, 1, "thecal_sac"), 20.0),
    )
    for what, prior, expected in rows:
        yield claim_number(
            "re-irradiation",
            f"EQD2(2) left for a new course after {what}, Gy",
            source="sahgal-2021-hytec-cord",
            expected=expected,
            got=remaining_budget([prior], 1, HYTEC).eqd2_gy,
            tolerance=1e-6,
        )


def _nieder_claims() -> Iterator[Claim]:
    first, half_year = Course(30.0, 10, "true_cord"), Interval.between(date(2024, 1, 31), date(2024, 7, 31))
    n = "not_met"
    examples = (
        ("30 in 10 and 15 in 5", [first], Course(15.0, 5, "true_cord"), ("met", "met", "met", "met")),
        ("30 in 10 and 20 in 5", [first], Course(20.0, 5, "true_cord"), (n, "met", "met", "met")),
        ("30 in 10 and 24 in 6", [first], Course(24.0, 6, "true_cord"), (n, n, "met", "met")),
        ("30 in 10 and 13.1 in 1", [first], Course(13.1, 1, "true_cord"), (n, n, n, "met")),
    )
    for what, prior, new, expected in examples:
        review = evaluate_nieder(prior, new, half_year, NIEDER)
        yield claim_equal(
            "re-irradiation",
            f"cumulative BED conditions, {what}",
            source="nieder-2006",
            expected=" ".join((*expected, "display")),
            got=_verdicts(review),
        )
