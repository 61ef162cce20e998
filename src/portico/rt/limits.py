"""How much a DICOM file or a folder of them may ask of its reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT_DICOM", "DicomLimits"]


@dataclass(frozen=True, slots=True)
class DicomLimits:
    """Bounds of one DICOM file, and of one folder or archive.

    >>> DicomLimits(max_files=10).max_depth
    24

    Parameters
    ----------
    max_bytes : size of one file in bytes
    max_inflated_bytes : size in bytes of a deflated data set once inflated
    max_ratio : inflated size divided by deflated size, above ``free_inflated_bytes``
    free_inflated_bytes : inflated size in bytes below which the ratio is not judged
    max_depth : sequences open at the same time
    max_elements : data elements and items of one file, those inside sequences included
    max_values : decimal strings of one element
    max_voxels : voxels of one image or dose grid
    max_files : files of one folder or archive
    max_total_bytes : sum of the files of one folder in bytes
    """

    max_bytes: int = 512 * 1024 * 1024
    max_inflated_bytes: int = 256 * 1024 * 1024
    max_ratio: int = 100
    free_inflated_bytes: int = 16 * 1024 * 1024
    max_depth: int = 24
    max_elements: int = 600_000
    max_values: int = 3_000_000
    max_voxels: int = 400_000_000
    max_files: int = 20_000
    max_total_bytes: int = 4 * 1024 * 1024 * 1024


#: Limits for what a user gives.
DEFAULT_DICOM: Final = DicomLimits()
