"""Make the base data of the photon pencil beam from matRad's ``photons_Generic.mat``.

    python tools/make_photon_base.py ../shared/data/matrad/photons_Generic.mat

The file has a kernel for each millimetre of source-to-surface distance; those from 700 mm on are kept, in single precision. Origin:
matRad (DKFZ), BSD-3-Clause.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy.io import loadmat

OUT = Path(__file__).parents[1] / "src" / "portico" / "planning" / "data" / "photons_generic.npz"
LEAST_SSD_MM = 700.0


def main(path: str) -> None:
    machine = loadmat(path, struct_as_record=False, squeeze_me=True)["machine"]
    data, meta = machine.data, machine.meta
    ssd = np.array([one.SSD for one in data.kernel], np.float64)
    kernels = np.array([[one.kernel1, one.kernel2, one.kernel3] for one in data.kernel])  # (ssd, 3, radius)
    kept = ssd >= LEAST_SSD_MM
    np.savez_compressed(
        OUT, ssd_mm=ssd[kept], radius_mm=np.asarray(data.kernelPos, np.float64), kernels=kernels[kept].astype(np.float32),
        betas_per_mm=np.asarray(data.betas, np.float64), m_per_mm=np.float64(data.m), sad_mm=np.float64(meta.SAD),
        penumbra_fwhm_mm=np.float64(data.penumbraFWHMatIso), energy_mv=np.float64(data.energy),
    )  # fmt: skip
    print(f"{OUT.name}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1])
