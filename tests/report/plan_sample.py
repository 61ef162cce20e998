"""A plan check made by hand: a vertebra with two rods, or a femur with a nail, in an analytic dose.

Everything is a formula of x, y, z in mm (LPS), so that a test knows where each thing lies. The patient is not symmetric: the left
lung (x > 0) is missing, and the oesophagus lies to the left of the midline.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from sample import HOSTILE

from portico.directive import CheckItem, CheckResult, Directive, read_directive, summarise
from portico.dosimetry import Implant, PlanCheck, StructureDose, dvh
from portico.errors import Problem
from portico.intended_use import ANALYSIS_USE
from portico.rt import Contour, DoseGrid, Grid, Image, PlanSet, Structure, StructureSet

ROOT = Path(__file__).parents[2]
Floats = np.ndarray[Any, np.dtype[np.float64]]


def circle(x: float, y: float, rx: float, ry: float | None = None, points: int = 48) -> Floats:
    angle = 2.0 * np.pi * np.arange(points) / points
    return np.column_stack([x + rx * np.cos(angle), y + (rx if ry is None else ry) * np.sin(angle)])


def stack(number: int, name: str, rings: Sequence[Floats], low: float, high: float, step: float = 2.0, kind: str | None = None) -> Structure:
    """The same rings on every slice from ``low`` to ``high`` mm."""
    heights = np.arange(low, high + 1e-6, step)
    contours = tuple(
        Contour(np.column_stack([ring, np.full(len(ring), z)]), "CLOSED_PLANAR") for z in heights for ring in rings
    )
    return Structure(number, name, contours, kind)


def points_of(grid: Grid) -> tuple[Floats, Floats, Floats]:
    k, j, i = np.meshgrid(*(np.arange(size, dtype=np.float64) for size in grid.shape), indexing="ij")
    at = grid.points(np.column_stack([i.ravel(), j.ravel(), k.ravel()]))
    x, y, z = (at[:, axis].reshape(grid.shape) for axis in range(3))
    return x, y, z


def upright(low: Sequence[float], spacing: Sequence[float], shape: tuple[int, int, int]) -> Grid:
    return Grid(np.array(low, float), np.array(spacing, float), np.eye(3), shape)


def turned(low: Sequence[float], high: Sequence[float], spacing: float, degrees: float) -> Grid:
    """A grid about the same centre, turned about z."""
    size = np.ceil((np.array(high, float) - np.array(low, float)) / spacing).astype(int) + 1
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    axes = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    centre = (np.array(low, float) + np.array(high, float)) / 2
    origin = centre - axes @ ((size - 1) * spacing / 2)
    return Grid(origin, np.full(3, spacing), axes, (int(size[2]), int(size[1]), int(size[0])))


def ct(grid: Grid) -> Image:
    """Body, vertebra, a right lung only, two rods of metal."""
    x, y, z = points_of(grid)
    hu = np.full(grid.shape, -1000.0, np.float32)
    hu[(x / 95) ** 2 + (y / 75) ** 2 < 1] = 40
    hu[((x + 50) / 30) ** 2 + ((y + 10) / 40) ** 2 < 1] = -800
    hu[x**2 / 22**2 + y**2 / 16**2 < 1] = 350
    hu[x**2 + (y - 26) ** 2 < 81] = 20
    hu[(np.abs(x) < 30) & (np.abs(y - 40) < 5) & (np.abs(z) < 40)] = 500
    hu[rods(x, y, z)] = 3071
    return Image(grid, np.asarray(hu, dtype=np.int16), "1.2.3", "1.2.4", patient_position="HFS", highest_hu=3071.0)


def rods(x: Floats, y: Floats, z: Floats) -> Any:
    return (np.minimum((x - 18) ** 2, (x + 18) ** 2) + (y - 42) ** 2 < 3.0**2) & (np.abs(z) < 36)


def spine_dose(grid: Grid, top: float = 26.0) -> DoseGrid:
    """A plateau around the vertebra with a notch at the cord."""
    x, y, z = points_of(grid)
    r = np.sqrt((x / 30) ** 2 + (y / 24) ** 2 + (z / 24) ** 2)
    gy = top / (1.0 + np.exp((r - 1.0) / 0.12))
    gy *= 1.0 - 0.55 * np.exp(-(((x / 9) ** 2 + ((y - 26) / 9) ** 2) ** 2))
    return DoseGrid(grid, np.asarray(gy, np.float32), "PLAN", "1.2.3", "PHYSICAL", ("1.2.5",), uid="1.2.6")


def spine_structures(hostile: bool = False, step: float = 2.0) -> list[tuple[Structure, str, str, str]]:
    """Structure, TG-263 name, how it was matched, role."""
    vertebra = circle(0, 0, 25, 19)
    return [
        (stack(1, "BODY", [circle(0, 0, 95, 75)], -60, 60, step), "External", "synonym", "external"),
        (stack(2, "PTV", [vertebra], -18, 18, step, "PTV"), "PTV", "exact", "target"),
        (stack(3, "SpinalCord", [circle(0, 26, 5)], -60, 60, step), "SpinalCord", "exact", "organ"),
        (stack(4, HOSTILE if hostile else "cord+2", [circle(0, 26, 7)], -60, 60, step), "SpinalCord_PRV", "synonym", "organ"),
        (stack(5, "Oesophagus new", [circle(14, -30, 8, 6)], -60, 60, step), "Esophagus", "guessed", "organ"),
        (stack(6, "Lung_R", [circle(-50, -10, 30, 40)], -60, 60, step), "Lung_R", "exact", "organ"),
        (stack(7, "Heart", [circle(10, -58, 25, 12)], -60, -10, step), "Heart", "exact", "organ"),
        (stack(8, "zz_ring<b>", [circle(0, 0, 45, 40), circle(0, 0, 30, 24)], -30, 30, step), "zz_ring<b>", "none", "other"),
    ]  # fmt: skip


def item(**fields: Any) -> CheckItem:
    return CheckItem.model_validate({"why": "A reason.", **fields})


def spine_items(hostile: bool = False) -> tuple[CheckItem, ...]:
    prv = HOSTILE if hostile else "cord+2"
    source = {"limit_id": "hytec-cord-2fx-dmax", "source_id": "sahgal-2021-hytec-cord", "verified": "abstract"}
    trial = {"source_id": "bmc-2025-spine-sbrt-trial", "verified": "abstract"}
    return (
        item(kind="limit", code="limit", roi="SpinalCord", structure="SpinalCord", matched="exact", defined_on="true_cord", metric="Dmax",
             value=16.2, unit="Gy", limit=17.0, op="<=", verdict="met", why="Read on SpinalCord: 16.20 Gy, <= 17 Gy is asked for.", **source),
        item(kind="limit", code="limit", roi="SpinalCord_PRV", structure=prv, matched="synonym", defined_on="prv", metric="D0.03cc",
             value=19.8, unit="Gy", limit=19.0, op="<=", verdict="not_met", limit_id="bmc2025-cordprv-2fx-d0p03cc", **trial),
        item(kind="limit", code="limit", roi="Esophagus", structure="Oesophagus new", matched="guessed", defined_on="organ",
             metric="D2.5cc", value=12.0, unit="Gy", limit=19.0, op="<=", verdict="cannot_tell", why="The structure was guessed from its name.",
             limit_id="bmc2025-oesophagus-2fx-d2p5cc", **trial),
        item(kind="limit", code="limit", roi="Lung_L", defined_on="organ", metric="Dmean", unit="Gy", limit=5.0, op="<=",
             verdict="cannot_tell", why="No structure is matched to Lung_L.", limit_id="bmc2025-lung-1to2fx-dmean", **trial),
        item(kind="limit", code="limit", roi="Lung_R", structure="Lung_R", matched="exact", defined_on="organ", metric="V20Gy", value=0.4, unit="%",
             limit=20.0, op="<=", verdict="info", why="Shown only, it does not bind.", limit_id="row-of-a-site", source_id="no-such-study", verified="secondary"),
        item(kind="limit", code="no-limit", roi="Heart", structure="Heart", matched="exact", metric="Dmax", value=1.94, unit="Gy",
             verdict="no_limit", why="No limit of a kind that may bind is known. Its highest dose is 1.94 Gy."),
        item(kind="limit", code="organ-in-dose", structure="Oesophagus new", matched="guessed", metric="D0.03cc", value=14.1, unit="Gy",
             verdict="no_limit", why="The organ lies in or near the dose and the Directive has no limit for it."),
        item(kind="goal", code="goal", roi="PTV", structure="PTV", matched="exact", metric="V24Gy", value=88.5, unit="%", limit=90.0, op=">=",
             verdict="not_met", source_id="bmc-2025-spine-sbrt-trial"),
        item(kind="goal", code="goal", roi="PTV", structure="PTV", matched="exact", metric="D95%", value=23.1, unit="Gy", limit=22.8, op=">=", verdict="met"),
        item(kind="goal", code="target-figure", roi="PTV", structure="PTV", matched="exact", metric="D98%", value=21.6, unit="Gy", verdict="info", why="target level, for information."),
        item(kind="goal", code="target-figure", roi="PTV", structure="PTV", matched="exact", metric="D2%", value=25.9, unit="Gy", verdict="info", why="target level, for information."),
        item(kind="goal", code="target-quality", roi="PTV", structure="PTV", matched="exact", verdict="info", why="ICRU 83 homogeneity 0.12; Paddick conformity 0.71."),
        item(kind="prescription", code="fractions", verdict="met", why="The plan has 2 fractions, as the Directive."),
        item(kind="integrity", code="dose-grid", verdict="met", why="The dose grid is 2 mm."),
        item(kind="integrity", code="density-curve", verdict="cannot_tell", why="No file says which density curve was used."),
        item(kind="integrity", code="prv-margin", structure=prv, matched="synonym", verdict="met", why="The margin found is 2.0 mm."),
        item(kind="identity", code="directive-signed", verdict="met", why="The Directive is signed and for planning."),
        item(kind="hardware", code="coverage", verdict="info", why="Two rods; 67 % and 66 % of their length get half of the prescription."),
        item(kind="earlier_dose", code="interval", verdict="cannot_tell", why="The interval is not known."),
    )  # fmt: skip


def result(items: Sequence[CheckItem], directive: Directive, **changes: Any) -> CheckResult:
    summary, status = summarise(items)
    return CheckResult.model_validate({
        "schema": "check-result/1", "directive_hash": directive.hash,
        "plan": [{"kind": kind, "sop_uid_sha256": hashlib.sha256(kind.encode()).hexdigest()} for kind in ("plan", "dose", "structures", "image")],
        "items": list(items), "summary": summary, "exit_status": status, "end_cap": "tapered", "watermark": None,
        "intended_use": ANALYSIS_USE, "software_version": "0.1.0", **changes,
    })  # fmt: skip


def implant(number: int, x: float, grid: Grid, **changes: Any) -> Implant:
    a, b, z = points_of(grid)
    mask = rods(a, b, z) & (np.sign(a) == np.sign(x))
    line = np.column_stack([np.full(37, x), np.full(37, 42.0), np.arange(-36, 37, 2.0)])
    fields: dict[str, Any] = {
        "number": number, "origin": "threshold", "label": None, "kind": "rod", "volume_cm3": 2.04, "centre_line_mm": line, "length_mm": 72.0,
        "at_edge": False, "covered": {50.0: 0.67, 90.0: 0.31, 95.0: None}, "uncovered_proximal_mm": 11.5, "uncovered_distal_mm": None,
        "mask_grid": grid, "mask": mask, "note": None,
    }  # fmt: skip
    return Implant(**{**fields, **changes})


def histograms(structures: Sequence[tuple[Structure, str, str, str]], dose: DoseGrid | None) -> tuple[StructureDose, ...]:
    made = []
    for one, name, how, role in structures:
        found = None if dose is None or role == "external" else dvh(one, dose)
        problem = None if found is not None else Problem("not-wanted", "No histogram is wanted of this one.")
        made.append(StructureDose(one.number, one.name, name, how, role, found, problem))  # type: ignore[arg-type]
    return tuple(made)


@cache
def directive(name: str = "spine-24-2") -> Directive:
    return read_directive(ROOT / "examples" / "directives" / f"{name}.json")


CT_GRID = upright((-110, -90, -70), (2, 2, 2), (71, 91, 111))
#: Ends inside the right lung, so that a part of it has no dose.
DOSE_GRID = upright((-75, -75, -65), (2.5, 2.5, 2.5), (53, 59, 61))


@cache
def spine(
    *, hostile: bool = False, image: bool = True, oblique: bool = False, ct_grid: Grid = CT_GRID, dose_grid: Grid = DOSE_GRID, step: float = 2.0
) -> PlanCheck:
    """The whole check; ``oblique`` turns the CT, ``image=False`` leaves it out."""
    structures = spine_structures(hostile, step)
    dose = spine_dose(dose_grid)
    scan = ct(turned((-110, -90, -70), (110, 90, 70), 2.0, 20.0) if oblique else ct_grid) if image else None
    whole = StructureSet({one[0].number: one[0] for one in structures}, "1.2.3", "1.2.7", "Planted Name", ("1.2.4",))
    plan_set = PlanSet(None, whole, dose, scan, (Problem("plan-missing", "There is no plan."),))
    rods_found = (implant(1, 18.0, ct_grid), implant(2, -18.0, ct_grid, at_edge=True, note="It touches the edge of the CT: bounds only."))
    return PlanCheck(
        plan_set, directive(), histograms(structures, dose), rods_found, result(spine_items(hostile), directive()),
        ("One name was guessed.",),
    )  # fmt: skip


def changed(check: PlanCheck, **changes: Any) -> PlanCheck:
    fields: dict[str, Callable[[], Any] | Any] = {name: getattr(check, name) for name in ("plan_set", "directive", "structures", "implants", "result", "notes")}
    return PlanCheck(**{**fields, **changes})


def femur_nail(x: Floats, y: Floats, z: Floats) -> Any:
    return (x - 90) ** 2 + y**2 < 5.5**2


@cache
def femur() -> PlanCheck:
    """A long bone with a nail beyond the field, treated without a target volume's contour: a plain field."""
    grid = upright((30, -60, -230), (2, 2, 3), (155, 61, 61))
    x, y, z = points_of(grid)
    r = (x - 90) ** 2 + y**2
    hu = np.select([femur_nail(x, y, z), r < 8**2, r < 15**2, r < 55**2], [3071, 150, 1100, 50], -1000)
    gy = 30.0 / (1 + np.exp((np.abs(z) - 150) / 4)) / (1 + np.exp((np.abs(x - 90) - 40) / 3)) * (1.03 - 0.0008 * (y + 60))
    scan = Image(grid, hu.astype(np.int16), "1.2.3", "1.2.4")
    dose = DoseGrid(grid, gy.astype(np.float32), "PLAN", "1.2.3", "PHYSICAL", ("1.2.5",), uid="1.2.6")
    bone = stack(1, "Femur_L", [circle(90, 0, 15)], -228, 228, 3.0)
    whole = StructureSet({1: bone}, "1.2.3", "1.2.7")
    structures = histograms([(bone, "Femur_L", "exact", "organ")], dose)
    line = np.column_stack([np.full(147, 90.0), np.zeros(147), np.arange(-219, 220, 3.0)])
    nail = Implant(1, "threshold", None, "nail", 41.3, line, 438.0, False, {50.0: 0.684, 90.0: 0.64, 95.0: 0.63}, 69.0, 69.0, grid,
                   femur_nail(x, y, z) & (np.abs(z) < 220), None)  # fmt: skip
    given = directive("femur-30-10")
    items = (
        item(kind="prescription", code="prescription-point", verdict="met", why="The dose at the prescription point is 30.1 Gy."),
        item(kind="hardware", code="coverage", verdict="info", why="68 % of the nail gets half of the prescription."),
    )
    return PlanCheck(PlanSet(None, whole, dose, scan), given, structures, (nail,), result(items, given))
