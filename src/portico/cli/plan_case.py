"""The case that a plan is made on: a folder with ``case.npz``, or with CT and RTSTRUCT, and the scanner's density table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from portico.errors import InputRefused, UsageError

if TYPE_CHECKING:
    from portico.directive import Directive
    from portico.knowledge import Library
    from portico.planning import DensityTable, PlanCase

__all__ = ["case_of", "overrides_of", "table_of"]

_FILE: Final = "case.npz"
#: Longest density table in bytes.
_MOST: Final = 100_000


def case_of(
    folder: Path,
    structures: Path | None,
    chosen: Mapping[str, str],
    directive: Directive,
    library: Library,
    more: Sequence[str] = (),
) -> tuple[PlanCase, DensityTable | None, Any, tuple[str, ...]]:
    """The case, its own density table, voxels of metal (None when nobody could look), and notes.

    Parameters
    ----------
    more : names of structures that are wanted beside those of the Directive

    Raises
    ------
    UsageError, InputRefused : as the readers, ``no-ct``
    """
    from portico.planning import PlanCase, read_case_file

    path = folder / _FILE if folder.is_dir() else folder
    if path.name.endswith(".npz") and path.is_file():
        case, table = read_case_file(path)
        return case, table, None, ("The case is no DICOM: metal was not looked for.",)
    import numpy as np

    from portico.cli.plan_source import study_of
    from portico.cli.target_masks import masks_of, metal_on

    study = study_of(folder, None, None)
    if len(study.images) != 1:
        raise UsageError(f"There are {len(study.images)} CT series.", code="no-ct", fix="Give a folder with one.")
    image = study.images[0]
    masks = masks_of(image, study, structures, chosen, library)
    from portico.planning.readiness import BODY_NAMES

    wanted = dict.fromkeys(
        (*(one.roi for one in directive.levels), *(one.roi for one in directive.limits), *BODY_NAMES, *more)
    )
    found = {name: mask for name in wanted if (mask := masks.find(name)) is not None}
    case = PlanCase(image.grid, image.hu, found, image, says="DICOM")
    metal = metal_on(image, library.policy)
    return case, None, np.zeros(image.grid.shape, bool) if metal is None else metal, tuple(masks.notes)


def table_of(path: Path | None) -> DensityTable | None:
    """A density table: a first line that says whose it is, then lines of ``HU,density``; None for None.

    Raises
    ------
    UsageError : ``density-table``
    """
    if path is None:
        return None
    from portico.planning import DensityTable

    try:
        raw = path.read_bytes()
        lines = [one.strip() for one in raw[:_MOST].decode("utf-8-sig").splitlines() if one.strip()]
        pairs = [tuple(float(part) for part in one.split(",")) for one in lines[1:]]
        if len(raw) > _MOST or any(len(pair) != 2 for pair in pairs):
            raise ValueError
        hu, density = zip(*pairs, strict=True)
    except FileNotFoundError:
        raise InputRefused("There is no such file.", code="file-missing", file=path.name) from None
    except (OSError, ValueError):
        raise UsageError(
            "This is no density table.", code="density-table", file=path.name,
            fix="First line: scanner and energy it belongs to; then lines of HU,density against water, HU rising.",
        ) from None  # fmt: skip
    return DensityTable(hu, density, lines[0].lstrip("# "))


def overrides_of(texts: Sequence[str] | None, case: PlanCase) -> list[tuple[Any, float]]:
    """``NAME=DENSITY`` options: what stands in a structure instead of what the CT says.

    Raises
    ------
    UsageError : ``override-form``
    InputRefused : ``structure-missing``
    """
    made = []
    for text in texts or ():
        name, sign, value = text.partition("=")
        try:
            density = float(value)
        except ValueError:
            sign = ""
        if not sign:
            raise UsageError(
                "--override takes NAME=DENSITY against water.", code="override-form", fix="--override Screws=4.2"
            )
        made.append((case.mask(name), density))
    return made
