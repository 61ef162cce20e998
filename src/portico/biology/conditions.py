"""Published conditions for a second course at the spine.

The figures live in the knowledge and arrive here as arguments; nothing in this room knows them.
"""

from __future__ import annotations

from dataclasses import dataclass

from portico.biology.inputs import positive, share, whole_number
from portico.errors import QuantityRefused

__all__ = ["NiederConditions", "ReirradiationConditions"]


def _require_origin(contour: str, source_ids: tuple[str, ...]) -> None:
    if not contour.strip():
        raise QuantityRefused("Conditions need the contour they hold for.", code="no-contour", path="contour")
    if not source_ids or not all(source.strip() for source in source_ids):
        raise QuantityRefused("Conditions need a source.", code="no-source", path="source_ids")


@dataclass(frozen=True, slots=True)
class ReirradiationConditions:
    """The four conditions on a stereotactic course after an earlier course, read on one contour.

    >>> published = ReirradiationConditions(
    ...     cumulative_eqd2_max_gy=70.0, new_course_eqd2_max_gy=25.0, new_to_cumulative_max=0.5,
    ...     interval_min_months=5, alpha_beta_gy=2.0, contour="thecal_sac",
    ...     fractions_low=1, fractions_high=5, source_ids=("sahgal-2021-hytec-cord",))
    >>> published.unit
    'Gy EQD2(2)'

    Parameters
    ----------
    cumulative_eqd2_max_gy : highest sum of EQD2 maxima over all courses, in Gy, itself allowed
    new_course_eqd2_max_gy : highest EQD2 maximum of the new course, in Gy, itself allowed
    new_to_cumulative_max : highest share of the new course in that sum, no unit, itself allowed
    interval_min_months : least interval in whole months, itself enough
    alpha_beta_gy : α/β in Gy of every EQD2 here
    contour : contour on which every maximum must be read, e.g. ``"thecal_sac"``
    fractions_low, fractions_high : fractions of the new course that the conditions were published for
    source_ids : study ids, at least one

    Raises
    ------
    QuantityRefused : a figure that is not positive, ``not-a-share``, ``range-reversed``, ``no-source``,
        ``no-contour``

    Source: studies ``sahgal-2021-hytec-cord`` and ``sahgal-2012-rert``.
    """

    cumulative_eqd2_max_gy: float
    new_course_eqd2_max_gy: float
    new_to_cumulative_max: float
    interval_min_months: int
    alpha_beta_gy: float
    contour: str
    fractions_low: int
    fractions_high: int
    source_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        positive(self.cumulative_eqd2_max_gy, "cumulative_eqd2_max_gy")
        positive(self.new_course_eqd2_max_gy, "new_course_eqd2_max_gy")
        share(self.new_to_cumulative_max, "new_to_cumulative_max")
        whole_number(self.interval_min_months, "interval_min_months")
        positive(self.alpha_beta_gy, "alpha_beta_gy")
        whole_number(self.fractions_low, "fractions_low")
        whole_number(self.fractions_high, "fractions_high", least=self.fractions_low)
        _require_origin(self.contour, self.source_ids)

    @property
    def unit(self) -> str:
        """Unit of the EQD2 figures, with their α/β."""
        return f"Gy EQD2({self.alpha_beta_gy:g})"


@dataclass(frozen=True, slots=True)
class NiederConditions:
    """The conditions on cumulative BED of the cord; shown only, no limit is read from them.

    >>> shown = NiederConditions(
    ...     cumulative_bed_no_case_gy=120.0, cumulative_bed_small_risk_gy=135.5, course_bed_max_gy=98.0,
    ...     interval_min_months=6, alpha_beta_gy=2.0, contour="true_cord", source_ids=("nieder-2006",))
    >>> shown.unit
    'Gy BED(2)'

    Parameters
    ----------
    cumulative_bed_no_case_gy : sum of BED in Gy up to which the study saw no case, itself included
    cumulative_bed_small_risk_gy : sum of BED in Gy of a small risk as the study says, included
    course_bed_max_gy : highest BED of any one course, in Gy, itself allowed
    interval_min_months : least interval in whole months, itself enough
    alpha_beta_gy : α/β in Gy of every BED here
    contour : contour on which every dose must be read
    source_ids : study ids, at least one

    Raises
    ------
    QuantityRefused : as :class:`ReirradiationConditions`; ``range-reversed`` when the two sums are swapped

    Source: study ``nieder-2006``.
    """

    cumulative_bed_no_case_gy: float
    cumulative_bed_small_risk_gy: float
    course_bed_max_gy: float
    interval_min_months: int
    alpha_beta_gy: float
    contour: str
    source_ids: tuple[str, ...]

    def __post_init__(self) -> None:
        low = positive(self.cumulative_bed_no_case_gy, "cumulative_bed_no_case_gy")
        high = positive(self.cumulative_bed_small_risk_gy, "cumulative_bed_small_risk_gy")
        if low > high:
            raise QuantityRefused(
                "The two cumulative figures are swapped.",
                code="range-reversed",
                path="cumulative_bed_small_risk_gy",
            )
        positive(self.course_bed_max_gy, "course_bed_max_gy")
        whole_number(self.interval_min_months, "interval_min_months")
        positive(self.alpha_beta_gy, "alpha_beta_gy")
        _require_origin(self.contour, self.source_ids)

    @property
    def unit(self) -> str:
        """Unit of the BED figures, with their α/β."""
        return f"Gy BED({self.alpha_beta_gy:g})"
