"""A plan case in one file, schema ``plan-case/1``: CT, density table and structures of a phantom or a shared data set.

A ``.npz`` (numpy, no pickled objects) with

================  ========================================================================================
``schema``        ``plan-case/1``
``hu``            int16, (k, j, i)
``origin_mm``     (3,) middle of voxel i = j = k = 0, LPS
``spacing_mm``    (3,) along i, j, k
``axes``          (3, 3) directions of i, j, k as columns
``mask_NAME``     uint8, the mask of a structure in C order, eight voxels a byte (``numpy.packbits``)
``density_hu``    (n,) with ``density`` (n,) and ``density_says``: the table; all three may be left out
================  ========================================================================================
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from portico.errors import InputRefused, PorticoError
from portico.planning.case import PlanCase
from portico.planning.density import DensityTable
from portico.rt import Grid

__all__ = ["read_case_file", "write_case_file"]

_SCHEMA: Final = "plan-case/1"
#: Largest file and largest content in bytes; a CT of 512 x 512 x 500 voxels with thirty structures is less.
_MOST_FILE, _MOST_CONTENT = 512_000_000, 2_000_000_000
_NEEDED: Final = ("schema", "hu", "origin_mm", "spacing_mm", "axes")
_TABLE: Final = ("density_hu", "density", "density_says")


def read_case_file(path: str | Path) -> tuple[PlanCase, DensityTable | None]:
    """The case, and its density table where the file has one.

    Raises
    ------
    InputRefused : ``plan-case-invalid`` for a file that is no plan case, or too large
    """
    path = Path(path)
    try:
        arrays = _arrays(path)
        if str(arrays["schema"]) != _SCHEMA or arrays["hu"].ndim != 3:
            raise _invalid(path)
        hu = arrays["hu"]
        grid = Grid(arrays["origin_mm"], arrays["spacing_mm"], arrays["axes"], hu.shape)
        masks = {}
        for name, packed in arrays.items():
            if name.startswith("mask_"):
                if packed.dtype != np.uint8 or packed.shape != ((hu.size + 7) // 8,):
                    raise _invalid(path)
                masks[name[5:]] = np.unpackbits(packed, count=hu.size).reshape(hu.shape).astype(bool)
        table = None
        if any(name in arrays for name in _TABLE):
            says = str(arrays["density_says"])
            table = DensityTable(tuple(arrays["density_hu"].tolist()), tuple(arrays["density"].tolist()), says)
    except PorticoError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _invalid(path) from error
    return PlanCase(grid, hu, masks, says=path.name), table


def write_case_file(path: str | Path, case: PlanCase, table: DensityTable | None) -> None:
    """Write a case, whole or not at all."""
    import io

    from portico.reading import write_atomic

    arrays: dict[str, Any] = {
        "schema": np.array(_SCHEMA), "hu": np.rint(case.hu).astype(np.int16), "origin_mm": case.grid.origin,
        "spacing_mm": case.grid.spacing, "axes": case.grid.axes,
    }  # fmt: skip
    arrays |= {f"mask_{name}": np.packbits(mask) for name, mask in case.masks.items()}
    if table is not None:
        arrays |= dict(zip(_TABLE, (np.array(table.hu), np.array(table.density), np.array(table.says)), strict=True))
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    write_atomic(Path(path), out.getvalue())


def _arrays(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _MOST_FILE:
        raise _invalid(path)
    with zipfile.ZipFile(path) as inside:
        if sum(one.file_size for one in inside.infolist()) > _MOST_CONTENT:
            raise _invalid(path)
    with np.load(path, allow_pickle=False) as found:
        names = found.files
        if any(name not in names for name in _NEEDED):
            raise _invalid(path)
        return {name: found[name] for name in names}


def _invalid(path: Path) -> InputRefused:
    return InputRefused(
        "This is no plan case, or it is too large.", code="plan-case-invalid", file=path.name,
        fix=f"Give a file of schema {_SCHEMA}, or a folder with CT and RTSTRUCT.",
    )  # fmt: skip
