"""A made plan on the terminal: what it is worth, the Directive's lines, the frontier, how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico.cli.output import plain_table, show
from portico.intended_use import ANALYSIS_USE

__all__ = ["show_plan"]

_DOSES = (("gy", ".2f"), ("bed_gy", ".1f"), ("eqd2_gy", ".1f"), ("alpha_beta_gy", "g"))


def show_plan(data: Mapping[str, Any]) -> None:
    """Print a plan of schema ``made-plan/1``."""
    show(ANALYSIS_USE)
    show(f"RESEARCH, NOT DELIVERABLE: {data['engine']}. No measurement and no Monte Carlo stands behind this dose.")
    show()
    for note in (*data["notes"], *data["plan_notes"]):
        show(f"Note: {note}")
    if data["interrupted"]:
        show("INTERRUPTED: this is the best plan so far.")
    elif not data["converged"]:
        show("NOT CONVERGED: a better plan may exist.")
    show()
    rows = []
    for one in data["lines"]:
        given = "cannot tell" if one["value"] is None else f"{one['value']:.2f} {one['unit']}"
        met = {True: "yes", False: "NO", None: one["why"] or "cannot tell"}[one["met"]]
        asked = f"{one['metric']} {one['op']} {one['wanted']:g} {one['unit']}"
        rows.append(
            [one["roi"], asked, given + (" (samples)" if one["sampled"] else ""), met, one["strength"], one["source"]]
        )
    show(plain_table(["structure", "asked for", "given", "met", "strength", "source"], rows))
    if data["biological"]:
        show()
        rows = [
            [one["roi"], one["metric"], *(f"{one[name]:{form}} Gy" for name, form in _DOSES)]
            for one in data["biological"]
        ]  # fmt: skip
        show(plain_table(["structure", "measure", "dose", "BED", "EQD2", "alpha/beta"], rows))
    for one in data["not_goals"]:
        show(f"Not seen by the optimiser: {one['what']}: {one['why']}")
    if data["segments"] is not None:
        _show_segments(data["segments"])
    if data["frontier"] is not None:
        _show_frontier(data["frontier"])
    show()
    gap = data["gap"]["relative"]
    seconds = ", ".join(f"{name} {value} s" for name, value in data["seconds"].items())
    show(
        f"{len(data['beams'])} beams, {data['bixels']} bixels, {data['rows']} rows, matrix {data['matrix_mb']} MB; {seconds}."
    )
    show(
        f"Gap to the optimum: {'not known' if gap is None else f'{100.0 * gap:.2f} %'}{'' if data['gap']['convex'] else ' (not convex)'}."
    )


def _show_segments(found: Mapping[str, Any]) -> None:
    show()
    off = f"{100 * found['fluence_rms']:.1f} % rms and {100 * found['fluence_max']:.0f} % at most of the highest"
    show(
        f"As {found['count']} segments ({found['collimator']}, {found['steps_note']}): fluence off by {off}; weights optimised again."
    )
    rows = [
        [
            one["roi"],
            f"{one['metric']} {one['op']} {one['wanted']:g} {one['unit']}",
            f"{one['value']:.2f}",
            f"{one['ideal']:.2f}",
        ]
        for one in found["lines"]
        if one["value"] is not None and one["ideal"] is not None
    ]
    show(plain_table(["structure", "asked for", "segments", "ideal fluence"], rows))


def _show_frontier(found: Mapping[str, Any]) -> None:
    show()
    show(f"Frontier: {found['cord']}. No probability is given.")
    heads = ["limit Gy", "cord Gy", "cord EQD2 Gy"]
    for one in found["points"][0]["targets"]:
        heads += [f"{one['roi']} D95% Gy", f"BED{one['alpha_beta_gy']:g} Gy"]
    rows = []
    for point in found["points"]:
        row = [f"{point['limit_gy']:.2f}", f"{point['cord_gy']:.2f}", f"{point['cord_eqd2_gy']:.1f}"]
        for one in point["targets"]:
            row += [f"{one['d95_gy']:.2f}", f"{one['bed_gy']:.1f}"]
        rows.append(row)
    show(plain_table(heads, rows))
    for one in found["published"]:
        show(
            f"In the Directive: {one['roi']} {one['metric']} {one['gy']:.2f} Gy, {one['limit_id']} ({one['verified']}, {one['strength']})"
        )
    for one in found["separations"]:
        doses = ", ".join(f"{name} D95% {gy:.2f} Gy" for name, gy in one["targets"].items())
        show(f"Were the target {one['mm']:g} mm from the cord (geometry only, no reason to operate again): {doses}")
