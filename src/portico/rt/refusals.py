"""How this room refuses: by tag, item number and ROI number, never by a value that could name a patient.

File names, ROI names, labels and unique identifiers stay out of every message. A file is named by its
place among the files sorted by name.
"""

from __future__ import annotations

from portico.errors import InputRefused, Problem, ReadingRefused

__all__ = ["problem_of", "refused", "unreadable"]


def unreadable(code: str, message: str, *, path: str = "", fix: str = "") -> ReadingRefused:
    """Refusal of a file that cannot be read safely: its size, depth, lengths or syntax.

    >>> unreadable("dicom-depth", "Sequences are nested too deeply.").code
    'dicom-depth'
    """
    return ReadingRefused(message, code=code, path=path, fix=fix)


def refused(code: str, message: str, *, path: str = "", fix: str = "") -> InputRefused:
    """Refusal of an object that was read and cannot be used: what it says is missing or contradicts itself.

    >>> refused("oblique", "The dose grid is oblique.", path="ImageOrientationPatient").problem.path
    'ImageOrientationPatient'
    """
    return InputRefused(message, code=code, path=path, fix=fix)


def problem_of(error: InputRefused, place: str) -> Problem:
    """The problem of a refusal, seen from the folder: ``place`` comes before its own path."""
    found = error.problem
    path = f"{place}: {found.path}" if found.path else place
    return Problem(found.code, found.message, path, None, found.line, found.fix)
