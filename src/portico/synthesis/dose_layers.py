"""Local failure against BED10, arm by arm, in layers that are never joined: operated spine, and the rest marked.

An arm with one regimen has one dose; an arm published as a range of regimens is a bar from its lowest to its highest
BED, and enters a curve only when asked for, at the middle of the bar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from portico.biology import bed
from portico.errors import CannotTell, PorticoError
from portico.knowledge import Arm, Library, Result, Study
from portico.knowledge.pools import LeftOutStudy
from portico.synthesis.dose_response import DoseArms, DoseResponse, DoseScale, dose_response
from portico.synthesis.selection import SECONDARY_LITERATURE

__all__ = ["DoseLayer", "DosePoint", "dose_layers"]

_TIMED: Final = ("proportion", "cumulative_incidence", "km_probability")


@dataclass(frozen=True, slots=True)
class DosePoint:
    """One arm.

    Parameters
    ----------
    study, arm, label, technique : of the arm
    failure : share failing locally by the time of the layer
    events, n : rate times number, and number
    bed_gy : BED in Gy; of one regimen, or the middle of the range
    bed_low_gy, bed_high_gy : range of BED over the published regimens; equal to ``bed_gy`` for one regimen
    directness, verified : of the study
    """

    study: str
    arm: str
    label: str
    technique: str
    failure: float
    events: float
    n: int
    bed_gy: float
    bed_low_gy: float
    bed_high_gy: float
    directness: str
    verified: str

    @property
    def is_range(self) -> bool:
        """Whether the arm was published as a range of regimens."""
        return self.bed_low_gy != self.bed_high_gy


@dataclass(frozen=True, slots=True)
class DoseLayer:
    """One layer: its points, the arms without a usable dose, and the curve or the reason why there is none."""

    id: str
    label: str
    months: float
    alpha_beta_gy: float
    points: tuple[DosePoint, ...]
    left_out: tuple[LeftOutStudy, ...]
    curve: DoseResponse | None
    why_no_curve: str


def dose_layers(
    library: Library,
    *,
    months: float = 12.0,
    ranges: bool = False,
    scale: DoseScale = "logistic",
    levels: tuple[str, ...] = ("full_text", "abstract"),
) -> tuple[DoseLayer, ...]:
    """The layers of the policy ``dose-layers``.

    Parameters
    ----------
    library : the library
    months : time of the failure figures
    ranges : whether arms published as a range of regimens enter the curve, at the middle of the range
    scale : of the curve
    levels : verification levels that count

    Raises
    ------
    CannotTell : ``no-alpha-beta`` when the library's tumour α/β is not known
    """
    policy = library.policy["dose-layers"].body
    model = library.models[policy["alpha_beta"]]
    alpha_beta = model.parameters.get("alpha_beta_gy")
    if alpha_beta is None:
        raise CannotTell("The library has no alpha/beta of the tumour.", code="no-alpha-beta")
    return tuple(_layer(library, one, months, float(alpha_beta), ranges, scale, levels) for one in policy["layers"])


def _layer(
    library: Library,
    layer: Mapping[str, Any],
    months: float,
    alpha_beta: float,
    ranges: bool,
    scale: DoseScale,
    levels: tuple[str, ...],
) -> DoseLayer:
    question = library.questions.get(layer["question"].get(f"{months:g}", ""))
    apart = {} if question is None else dict(question.left_out)
    points: list[DosePoint] = []
    left: list[LeftOutStudy] = []
    for study in library.studies.values():
        if study.site not in layer["site"] or study.directness not in layer["directness"]:
            continue
        if study.design in SECONDARY_LITERATURE:
            continue
        own = [one for one in study.results if _fits(one, months)]
        if not own:
            continue
        if study.verified not in levels:
            left.append(LeftOutStudy(study.id, "level", f"Its figures are known at level {study.verified} only."))
        elif study.id in apart:
            left.append(LeftOutStudy(study.id, "curator", apart[study.id]))
        else:
            found, why = _points(study, own, alpha_beta)
            points += found
            left += [LeftOutStudy(study.id, "no-dose", sentence) for sentence in why]
    points, overlapping = _apart(points, library, question.kept_apart if question else ())
    points.sort(key=lambda one: (one.bed_gy, one.study, one.arm))
    used = [one for one in points if ranges or not one.is_range]
    curve, why_not = _curve(used, scale)
    if why_not and not ranges and any(one.is_range for one in points):
        why_not += " Arms published as a range of regimens are not in the curve unless asked for."
    return DoseLayer(
        layer["id"], layer["label"], months, alpha_beta, tuple(points), (*left, *overlapping), curve, why_not
    )


def _fits(result: Result, months: float) -> bool:
    return (
        result.outcome in ("local_failure", "local_control")
        and result.measure in _TIMED
        and result.months == months
        and result.est is not None
        and result.unit == "proportion"
        and not result.display_only
    )


def _points(study: Study, results: list[Result], alpha_beta: float) -> tuple[list[DosePoint], list[str]]:
    """Points of a study: its arms by dose where they are given, else the whole study."""
    arms = {arm.id: arm for arm in study.arms}
    found: list[DosePoint] = []
    whole: list[DosePoint] = []
    why: list[str] = []
    for result in results:
        arm = arms[result.arm]
        n = result.n if result.n is not None else arm.n
        doses = _beds(arm, alpha_beta)
        if n is None or doses is None:
            lacks = "its number is" if n is None else "its dose and fractions are"
            if arm.dose_gy is not None or arm.dose_low_gy is not None or arm.id == "all":
                why.append(f"Arm {arm.id}: {lacks} not in the record.")
            continue
        assert result.est is not None
        failure = result.est if result.outcome == "local_failure" else 1.0 - result.est
        low, high = doses
        point = DosePoint(
            study.id, arm.id, arm.label, arm.technique, failure, failure * n, n, 0.5 * (low + high), low, high,
            study.directness, study.verified,
        )  # fmt: skip
        (whole if arm.id == "all" else found).append(point)
    if len({(one.bed_low_gy, one.bed_high_gy, one.technique) for one in found}) == 1 and len(found) > 1:
        people = sum(one.n for one in found)
        events = sum(one.events for one in found)
        label = "arms of one dose counted together"
        found = [
            replace(
                found[0],
                arm="+".join(one.arm for one in found),
                label=label,
                failure=events / people,
                events=events,
                n=people,
            )
        ]
    return found or whole, [] if found else why


def _beds(arm: Arm, alpha_beta: float) -> tuple[float, float] | None:
    """Lowest and highest BED of an arm; None when the record does not say. A boost level is not mixed in."""
    if arm.boost_dose_gy is not None:
        return None
    doses = (arm.dose_low_gy, arm.dose_high_gy) if arm.dose_low_gy is not None else (arm.dose_gy, arm.dose_gy)
    counts = (
        (arm.fractions_low, arm.fractions_high) if arm.fractions_low is not None else (arm.fractions, arm.fractions)
    )
    if None in doses or None in counts:
        return None
    assert doses[0] is not None and doses[1] is not None and counts[0] is not None and counts[1] is not None
    return bed(doses[0], counts[1], alpha_beta), bed(doses[1], counts[0], alpha_beta)


def _apart(
    points: list[DosePoint], library: Library, kept_apart: tuple[tuple[tuple[str, ...], str], ...]
) -> tuple[list[DosePoint], list[LeftOutStudy]]:
    """Of studies that may share patients, the one with most people."""
    sizes: dict[str, int] = {}
    for one in points:
        sizes[one.study] = sizes.get(one.study, 0) + one.n
    kept: list[str] = []
    left: list[LeftOutStudy] = []
    for name in sorted(sizes, key=lambda key: (-sizes[key], key)):
        clash = next(
            (
                other
                for other in kept
                if name in library.studies[other].overlaps
                or other in library.studies[name].overlaps
                or any(name in names and other in names for names, _ in kept_apart)
            ),
            None,
        )
        if clash is None:
            kept.append(name)
        else:
            left.append(LeftOutStudy(name, "overlap", f"{clash} is taken instead: the same patients may be in both."))
    return [one for one in points if one.study in kept], left


def _curve(points: list[DosePoint], scale: DoseScale) -> tuple[DoseResponse | None, str]:
    if not points:
        return None, "No arm has one regimen and a figure at this time."
    try:
        arms = DoseArms.of(
            [one.bed_gy for one in points],
            [round(one.events) for one in points],
            [one.n for one in points],
            study=[one.study for one in points],
        )
        return dose_response(arms, scale=scale), ""
    except PorticoError as error:
        return None, str(error)
