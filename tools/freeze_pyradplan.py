"""Make ``tests/data/planning/pyradplan.npz``: columns and open fields of pyRadPlan 0.5.0, for the parity test of the dose engine.

    make peers
    .peers/pyradplan/bin/python tools/freeze_pyradplan.py

It runs with pyRadPlan's own settings (dose grid of 3 mm, rays traced on that grid, cutoff 50 mm, its own density table) on the C-shape of
TG-119 that it ships, and on a box of water. Doses are kept in half precision above a hundredth of the highest of each column. Progress
goes to the error output.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import SimpleITK as itk  # noqa: N813  its own name in the field
from pyRadPlan import PhotonPlan, calc_dose_influence, generate_stf, load_tg119
from pyRadPlan.cst import create_cst
from pyRadPlan.cst._voi import ExternalVOI, Target
from pyRadPlan.ct import create_ct, default_hlut

OUT = Path(__file__).parents[1] / "tests" / "data" / "planning" / "pyradplan.npz"
GANTRY_DEG = (0.0, 40.0, 160.0)
WIDTH_MM, GRID_MM, KEPT_SHARE = 5.0, 3.0, 0.01
#: The box of water: voxels along i, j, k of 3 mm; a shell of two voxels of air; the middle of the box is the isocentre.
BOX = (80, 80, 60)
FIELD_MM = 105.0


def plan(gantry_deg: tuple[float, ...], **geometry: float) -> PhotonPlan:
    made = PhotonPlan(machine="Generic")
    made.prop_stf = {"gantry_angles": list(gantry_deg), "couch_angles": [0.0] * len(gantry_deg), **geometry}
    made.prop_dose_calc = {"dose_grid": {"resolution": {"x": GRID_MM, "y": GRID_MM, "z": GRID_MM}}}
    return made


def water():
    hu = np.full(BOX[::-1], -1000.0, np.float32)
    hu[2:-2, 2:-2, 2:-2] = 0.0
    image = itk.GetImageFromArray(hu)
    image.SetSpacing((GRID_MM,) * 3)
    image.SetOrigin([-0.5 * (n - 1) * GRID_MM for n in BOX])
    ct = create_ct(cube_hu=image)
    body = (hu > -500).astype(np.uint8)
    target = np.zeros_like(body)
    target[29:31, 39:41, 39:41] = 1
    masks = []
    for values in (body, target):
        mask = itk.GetImageFromArray(values)
        mask.CopyInformation(image)
        masks.append(mask)
    vois = [ExternalVOI(name="BODY", ct_image=ct, mask=masks[0]), Target(name="Target", ct_image=ct, mask=masks[1])]
    return ct, create_cst(vois, ct=ct)


def kept(arrays: dict[str, np.ndarray], name: str, column: np.ndarray) -> None:
    """Keep a column: its scale, the voxels above a hundredth of it as bits, their doses against it."""
    highest = float(column.max())
    above = column > KEPT_SHARE * highest
    arrays[f"{name}_highest"] = np.float64(highest)
    arrays[f"{name}_voxels"] = np.packbits(above)
    arrays[f"{name}_dose"] = (column[above] / highest).astype(np.float16)


def on_grid(arrays: dict[str, np.ndarray], name: str, dij, stf) -> None:
    grid = dij.dose_grid
    arrays[f"{name}_origin_mm"] = np.array([grid.x[0], grid.y[0], grid.z[0]], float)
    arrays[f"{name}_spacing_mm"] = np.full(3, GRID_MM)
    arrays[f"{name}_shape"] = np.array([len(grid.z), len(grid.y), len(grid.x)])
    arrays[f"{name}_isocentre_mm"] = np.array(stf.beams[0].iso_center, float).ravel()


def tg119(arrays: dict[str, np.ndarray]) -> None:
    ct, cst = load_tg119()
    made = plan(GANTRY_DEG, bixel_width=WIDTH_MM)
    stf = generate_stf(ct, cst, made)
    dij = calc_dose_influence(ct, cst, stf, made)
    matrix = dij.physical_dose.flat[0].tocsc()
    on_grid(arrays, "tg119", dij, stf)
    places = np.array([ray.ray_pos_bev for beam in stf.beams for ray in beam.rays])[:, [0, 2]]
    beams = np.repeat(np.arange(len(stf.beams)), [len(beam.rays) for beam in stf.beams])
    arrays |= {"tg119_gantry_deg": np.array(GANTRY_DEG), "tg119_beam": beams, "tg119_x_z_mm": places}
    chosen = []
    for number in range(len(GANTRY_DEG)):
        own = np.flatnonzero(beams == number)
        chosen.append(own[(places[own] ** 2).sum(axis=1).argmin()])
        chosen.append(own[(places[own] @ [1.0, -1.0 if number else 1.0]).argmax()])
    arrays["tg119_chosen"] = np.array(chosen)
    for number, column in enumerate(chosen):
        kept(arrays, f"tg119_bixel_{number}", matrix[:, [column]].toarray().ravel())
    for number in range(2):
        kept(arrays, f"tg119_open_{number}", np.asarray(matrix[:, beams == number].sum(axis=1)).ravel())


def box(arrays: dict[str, np.ndarray]) -> None:
    ct, cst = water()
    for name, generator, width in (("bixel", "photonIMRT", WIDTH_MM), ("open", "photonOpenFields", FIELD_MM)):
        made = plan((0.0,), generator=generator, bixel_width=width)
        made.prop_stf["iso_center"] = [0.0, 0.0, 0.0]
        stf = generate_stf(ct, cst, made)
        dij = calc_dose_influence(ct, cst, stf, made)
        rays = np.array([ray.ray_pos_bev for ray in stf.beams[0].rays])
        column = int((rays**2).sum(axis=1).argmin())
        assert (rays[column] == 0.0).all()
        if name == "open":
            assert len(rays) == 1
        kept(arrays, f"water_{name}", dij.physical_dose.flat[0].tocsc()[:, [column]].toarray().ravel())
        on_grid(arrays, "water", dij, stf)
    arrays["water_box"], arrays["water_field_mm"] = np.array(BOX[::-1]), np.float64(FIELD_MM)


def main() -> None:
    warnings.simplefilter("ignore")
    arrays: dict[str, np.ndarray] = {"density_table": default_hlut(), "width_mm": np.float64(WIDTH_MM)}
    box(arrays)
    tg119(arrays)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(OUT, **arrays)
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
