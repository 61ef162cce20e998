"""A made plan as plain data, schema ``made-plan/1``, and as one HTML page that asks nothing of any network."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from portico import __version__
from portico.intended_use import ANALYSIS_USE, ANALYSIS_USE_SHORT
from portico.report.html import environment

if TYPE_CHECKING:
    from portico.planning import Escalation, Frontier, Line, Plan, Prepared, Sequenced

__all__ = ["made_plan_html", "made_plan_json"]


def made_plan_json(
    prepared: Prepared,
    plan: Plan,
    notes: Sequence[str],
    escalation: Escalation | None = None,
    *,
    segments: Sequenced | None = None,
    peak_mb: float | None = None,
) -> dict[str, Any]:
    """Everything that can be printed of a plan.

    Parameters
    ----------
    notes : what must be said beside every figure
    escalation, segments : None when they were not asked for
    peak_mb : memory of the process at its highest; None when the machine does not say
    """
    from portico.planning import biological_doses, lines_of

    bixels = prepared.bixels
    return {
        "schema": "made-plan/1", "use": ANALYSIS_USE_SHORT, "engine": prepared.influence.says, "directive": prepared.directive.id,
        "directive_hash": prepared.directive.hash, "case": prepared.case.says, "notes": list(notes),
        "beams": [
            {"gantry_deg": one.gantry_deg, "couch_deg": one.couch_deg, "collimator_deg": one.collimator_deg} for one in bixels.beams
        ],
        "isocentre_mm": [round(one, 2) for one in prepared.isocentre], "bixel_mm": bixels.width_mm, "grid_mm": prepared.settings.grid_mm,
        "bixels": len(bixels), "rows": len(prepared.rows), "entries": int(prepared.influence.matrix.nnz),
        "matrix_mb": round(prepared.influence.bytes / 1e6, 1), "peak_mb": peak_mb,
        "seconds": {**{name: round(value, 2) for name, value in prepared.seconds.items()}, "optimiser": round(plan.seconds, 2)},
        "converged": plan.converged, "interrupted": plan.interrupted, "steps": plan.steps,
        "gap": {
            "objective": _finite(plan.gap.objective), "lower_bound": _finite(plan.gap.lower_bound),
            "relative": _finite(plan.gap.relative), "convex": plan.gap.convex,
        },
        "hard_limits_kept": plan.hard_kept, "lines": [_line(one) for one in lines_of(prepared, plan)],
        "goals": [
            {"goal": one.goal.text, "priority": one.goal.priority, "value_gy": round(one.value_gy, 3), "missed_gy": round(one.missed_gy, 3)}
            for one in plan.goals
        ],
        "not_goals": [{"what": one.what, "why": one.why} for one in prepared.not_goals],
        "biological": [
            {
                "roi": one.roi, "metric": one.metric, "gy": round(one.gy, 3), "alpha_beta_gy": one.alpha_beta_gy,
                "bed_gy": round(one.bed_gy, 2), "eqd2_gy": round(one.eqd2_gy, 2),
            }
            for one in biological_doses(prepared, plan)
        ],
        "plan_notes": list(plan.notes), "segments": None if segments is None else _segments(prepared, plan, segments),
        "frontier": None if escalation is None else _escalation(escalation),
    }  # fmt: skip


def made_plan_html(
    prepared: Prepared,
    plan: Plan,
    data: Mapping[str, Any],
    escalation: Escalation | None = None,
    segments: Sequenced | None = None,
) -> str:
    """The page; the same plan and data give the same text.

    Parameters
    ----------
    data : what :func:`made_plan_json` says of the plan
    escalation, segments : None when they were not asked for
    """
    from markupsafe import Markup

    from portico.report.escalation_figures import frontier_drawing, separation_drawing
    from portico.report.plan_dose_figures import aperture_drawing, dose_drawing, fluence_drawing, histogram_drawing

    drawn = [histogram_drawing(prepared, plan), dose_drawing(prepared, plan), fluence_drawing(prepared, plan)]
    if segments is not None:
        drawn.append(aperture_drawing(prepared, segments))
    if escalation is not None:
        more = (frontier_drawing(prepared, escalation), separation_drawing(prepared, escalation))
        drawn = [*(one for one in more if one is not None), *drawn]
    figures = [
        {**one.for_page(), "svg": Markup(one.svg)} for one in drawn
    ]  # made by matplotlib, text drawn as outlines
    directive = prepared.directive
    stamp = f"Portico {__version__}"
    if directive.hash is not None:
        stamp += f" · Directive {directive.hash[:12]}"
    view = {
        "title": "Plan in ideal fluence", "use": ANALYSIS_USE, "mark": f"RESEARCH, NOT DELIVERABLE. {ANALYSIS_USE_SHORT}",
        "place": "; ".join(one for one in (directive.site.description, directive.technique) if one), "figures": figures, "stamp": stamp,
    }  # fmt: skip
    return environment().get_template("made_plan.html.j2").render(v=view, d=data).lstrip()


def _line(one: Line) -> dict[str, Any]:
    return {
        "roi": one.roi, "metric": one.metric, "op": one.op, "wanted": one.wanted, "unit": one.unit, "strength": one.strength,
        "source": one.source, "value": one.value, "met": one.met, "why": one.why, "sampled": one.sampled,
    }  # fmt: skip


def _segments(prepared: Prepared, plan: Plan, found: Sequenced) -> dict[str, Any]:
    from portico.planning import lines_of

    ideal = lines_of(prepared, plan)
    return {
        "count": int((found.segments.weight > 0.0).sum()), "collimator": found.segments.collimator.name,
        "steps_note": "leakage and transmission not modelled", "fluence_rms": round(found.fluence_rms, 4),
        "fluence_max": round(found.fluence_max, 4), "converged": found.plan.converged,
        "lines": [{**_line(one), "ideal": before.value} for one, before in zip(lines_of(prepared, found.plan), ideal, strict=True)],
    }  # fmt: skip


def _escalation(found: Escalation) -> dict[str, Any]:
    return {
        "cord": found.fine.cord.says, "fractions": found.fine.fractions, "asked": found.asked, "complete": found.fine.complete,
        "points": _points(found.fine), "half_resolution": None if found.coarse is None else _points(found.coarse),
        "published": [
            {
                "roi": one.roi, "metric": one.metric, "gy": one.gy, "limit_id": one.limit_id, "verified": one.verified,
                "strength": one.strength,
            }
            for one in found.published
        ],
        "separations": [
            {"mm": one.mm, "targets": {name: round(gy, 3) for name, gy in one.targets}, "converged": one.plan.converged}
            for one in found.separations
        ],
    }  # fmt: skip


def _points(found: Frontier) -> list[dict[str, Any]]:
    return [
        {
            "limit_gy": point.limit_gy, "cord_gy": round(point.cord_gy, 3), "cord_eqd2_gy": round(point.cord_eqd2_gy, 2),
            "cord_alpha_beta_gy": found.cord_alpha_beta_gy, "converged": point.plan.converged, "gap": _finite(point.plan.gap.relative),
            "targets": [
                {
                    "roi": one.roi, "d95_gy": round(one.d95_gy, 3), "bed_gy": round(one.bed_gy, 2), "eqd2_gy": round(one.eqd2_gy, 2),
                    "alpha_beta_gy": found.target_alpha_beta_gy,
                }
                for one in point.targets
            ],
        }
        for point in found.points
    ]  # fmt: skip


def _finite(value: float) -> float | None:
    """A number that JSON can hold; None for one that is not known."""
    return float(value) if math.isfinite(value) else None
