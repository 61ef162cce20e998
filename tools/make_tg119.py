"""Make ``examples/tg119/case.npz`` from the C-shape phantom of TG-119.

    python tools/make_tg119.py ../shared/data/tg119/TG119.mat.gz

Origin: CORT data set and AAPM TG-119 as shipped with pyRadPlan 0.5.0 and matRad (DKFZ), BSD-3-Clause.
"""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import numpy as np
from scipy.io import loadmat

OUT = Path(__file__).parents[1] / "examples" / "tg119" / "case.npz"


def main(path: str) -> None:
    found = loadmat(io.BytesIO(gzip.decompress(Path(path).read_bytes())), struct_as_record=False, squeeze_me=True)
    ct = found["ct"]
    hu = np.asarray(ct.cubeHU)  # rows run along y, columns along x, then z
    shape = hu.shape
    labels = {}
    for row in found["cst"]:
        mask = np.zeros(int(np.prod(shape)), bool)
        mask[np.asarray(row[3], np.int64) - 1] = True  # MATLAB's order, from 1
        labels[str(row[1])] = mask.reshape(shape, order="F").transpose(2, 0, 1)
    arrays = {f"mask_{name}": np.packbits(mask) for name, mask in labels.items()}
    table = np.asarray(ct.hlut, float)
    np.savez_compressed(
        OUT, schema=np.array("plan-case/1"), hu=np.rint(hu.transpose(2, 0, 1)).astype(np.int16),
        origin_mm=np.array([ct.x[0], ct.y[0], ct.z[0]], float),
        spacing_mm=np.array([ct.resolution.x, ct.resolution.y, ct.resolution.z], float), axes=np.eye(3),
        density_hu=table[:, 0], density=table[:, 1], density_says=np.array("table that comes with the phantom in matRad"),
        **arrays,
    )  # fmt: skip
    print(
        OUT.stat().st_size, {name: int(mask.sum()) for name, mask in labels.items()}, table.tolist(), hu.min(), hu.max()
    )


if __name__ == "__main__":
    main(sys.argv[1])
