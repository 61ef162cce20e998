"""pyRadPlan 0.5.0 on the C-shape of TG-119 in its own environment; called by ``benchmarks/planning.py``.

    .peers/pyradplan/bin/python benchmarks/peers/pyradplan_tg119.py BIXELS.npz BEAMS [plan]

Nine beams (or the first of them), bixels of 5 mm, dose grid of 3 mm, every other setting its own. Bixels go into the file; the last line
of the output is one JSON object. With ``plan`` it optimises its goals for the phantom, which are those of matRad, and once more with a
tighter core. Doses are scaled to D95 = 50 Gy of the target; shares of volume are of whole voxels.
"""

from __future__ import annotations

import json
import logging
import resource
import sys
import time
import warnings

import numpy as np
from pyRadPlan import PhotonPlan, calc_dose_influence, fluence_optimization, generate_stf, load_tg119
from pyRadPlan.optimization.objectives import SquaredDeviation, SquaredOverdosing

#: Dose in Gy above which the core is priced: matRad's goal for it, and a tighter one.
CORES_GY = (25.0, 10.0)


def peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def figures(ct, cst, dij, fluence) -> dict[str, float]:
    dose = dij.physical_dose.flat[0] @ fluence
    rows = {
        one.name: np.asarray(one.indices_numpy).astype(np.int64)
        for one in cst.resample_on_new_ct(on_grid(ct, dij)).vois
    }
    doses = {name: dose[row] for name, row in rows.items()}
    scale = 50.0 / np.percentile(doses["OuterTarget"], 5)
    return {
        "target D10": float(scale * np.percentile(doses["OuterTarget"], 90)),
        "core D10": float(scale * np.percentile(doses["Core"], 90)),
        "body Dmax": float(scale * doses["BODY"].max()),
        "body mean": float(scale * doses["BODY"].mean()),
    }


def on_grid(ct, dij):
    return ct.resample_to_grid(dij.dose_grid)


def main(out: str, beams: int, plan: bool) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    ct, cst = load_tg119()
    made = PhotonPlan(machine="Generic")
    made.prop_stf = {
        "gantry_angles": [40.0 * n for n in range(beams)], "couch_angles": [0.0] * beams, "bixel_width": 5.0,
    }  # fmt: skip
    made.prop_dose_calc = {"dose_grid": {"resolution": {"x": 3.0, "y": 3.0, "z": 3.0}}}
    stf = generate_stf(ct, cst, made)
    begin = peak_gb()
    start, cpu = time.perf_counter(), time.process_time()
    dij = calc_dose_influence(ct, cst, stf, made)
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    matrix = dij.physical_dose.flat[0]
    places = np.array([ray.ray_pos_bev for beam in stf.beams for ray in beam.rays])[:, [0, 2]]
    np.savez(
        out, x_z_mm=places, beam=np.repeat(np.arange(beams), [len(beam.rays) for beam in stf.beams]),
        isocentre_mm=np.array(stf.beams[0].iso_center, float).ravel(),
    )  # fmt: skip
    told = {
        "seconds a beam": seconds / beams, "cpu a beam": cpu / beams,
        "entries": int(matrix.nnz), "bixels": len(places), "matrix GB": matrix.nnz * 8 / 1e9,
        "peak before GB": begin, "peak GB": peak_gb(), "plans": [],
    }  # fmt: skip
    for core_gy in CORES_GY if plan else ():
        by_name = {one.name: one for one in cst.vois}
        by_name["Core"].objectives = [SquaredOverdosing(priority=300.0, d_max=core_gy)]
        by_name["OuterTarget"].objectives = [SquaredDeviation(priority=1000.0, d_ref=50.0)]
        by_name["BODY"].objectives = [SquaredOverdosing(priority=100.0, d_max=30.0)]
        start, cpu = time.perf_counter(), time.process_time()
        fluence = fluence_optimization(ct, cst, stf, dij, made)
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        told["plans"].append(
            {"core": core_gy, "seconds": seconds, "cpu": cpu, **figures(ct, cst, dij, np.asarray(fluence))}
        )
    told["peak with plans GB"] = peak_gb()
    print(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:] == ["plan"])
