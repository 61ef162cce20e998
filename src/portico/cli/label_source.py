"""A label map beside a dose: what the user must say because neither NIfTI nor NRRD does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from portico.errors import InputRefused, UsageError

if TYPE_CHECKING:
    from portico.rt import DoseGrid

__all__ = ["called_of", "dose_beside_labels"]

_ENDINGS = (".nrrd", ".nii", ".nii.gz")


def called_of(chosen: Mapping[str, str]) -> dict[int, str]:
    """Names of labels from ``ROI=NUMBER`` pairs.

    >>> called_of({"SpinalCord": "7"})
    {7: 'SpinalCord'}

    Raises
    ------
    UsageError : ``label-form`` (no whole number above 0), ``label-twice``
    """
    found: dict[int, str] = {}
    for name, text in chosen.items():
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0):
            raise UsageError("A label is a whole number above 0.", code="label-form", fix="--match SpinalCord=7")
        if int(text) in found:
            raise UsageError("A label has two names.", code="label-twice")
        found[int(text)] = name
    return found


def dose_beside_labels(
    path: Path | None, unit: str | None, url: str | None, study: str | None, which: str | None
) -> DoseGrid:
    """The dose that a label map is laid on.

    Parameters
    ----------
    path : NIfTI or NRRD file, whose unit the user states; or DICOM as for a plan, which states its own
    unit : ``Gy`` or ``cGy``; None when not stated
    url, study, which : as for a plan

    Raises
    ------
    UsageError : ``dose-unit-missing``, ``dose-unit-unknown``, ``dose-unit-stated`` (DICOM has its own)
    InputRefused : ``dose-missing`` and what the readers refuse
    """
    if unit not in (None, "Gy", "cGy"):
        raise UsageError("The unit of a dose is Gy or cGy.", code="dose-unit-unknown")
    if path is not None and path.name.lower().endswith(_ENDINGS):
        from portico.rt import read_dose_volume

        if unit is None:
            raise UsageError(
                "The unit of this dose is not stated in the file.", code="dose-unit-missing", fix="Add --dose-unit Gy."
            )
        return read_dose_volume(path, unit="Gy" if unit == "Gy" else "cGy")
    if unit is not None:
        raise UsageError("A dose in DICOM states its own unit.", code="dose-unit-stated", fix="Leave --dose-unit out.")
    from portico.cli.plan_source import plan_set_of, study_of

    found = plan_set_of(study_of(path, url, study), which).dose
    if found is None:
        raise InputRefused("There is no dose of a whole plan.", code="dose-missing")
    return found
