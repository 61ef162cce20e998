"""The files of a folder or zip archive, one after the other, in the order of their names."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from portico.errors import ReadingRefused
from portico.reading import ArchiveLimits, open_archive, read_bytes
from portico.rt.limits import DEFAULT_DICOM, DicomLimits
from portico.rt.refusals import unreadable

__all__ = ["contents"]


def contents(path: str | os.PathLike[str], limits: DicomLimits = DEFAULT_DICOM) -> Iterator[tuple[str, bytes]]:
    """Place and bytes of each file; a place is ``"file 3 of 12"``, since file names may hold a patient's name.

    Parameters
    ----------
    path : a folder (walked with its subfolders; links are not followed), a zip archive, or one file
    limits : bounds of each file, of their number and of their sum

    Raises
    ------
    ReadingRefused
        ``no-such-file``, ``not-a-file``, ``unreadable``, ``too-large``, ``too-many-files``; the codes of an archive
    """
    source = Path(path)
    if source.is_dir():
        yield from _folder(source, limits)
    elif _starts(source) == b"PK":
        yield from _archive(source, limits)
    else:
        yield "file 1 of 1", _bounded(source, limits.max_bytes)


def _starts(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise unreadable("not-a-file", "This is neither a file nor a folder.")
        with path.open("rb") as stream:
            return stream.read(2)
    except FileNotFoundError:
        raise unreadable("no-such-file", "There is no such file or folder.") from None
    except (OSError, ValueError):
        raise unreadable("unreadable", "The file cannot be read.") from None


def _folder(folder: Path, limits: DicomLimits) -> Iterator[tuple[str, bytes]]:
    found: list[Path] = []
    for at, names, files in os.walk(folder):
        names.sort()
        found.extend(Path(at, name) for name in files)
        if len(found) > limits.max_files:
            raise unreadable("too-many-files", f"There are more than {limits.max_files:,} files.")
    regular = sorted(file for file in found if not file.is_symlink() and file.is_file())
    total = 0
    for number, file in enumerate(regular, start=1):
        data = _bounded(file, limits.max_bytes)
        total += len(data)
        if total > limits.max_total_bytes:
            raise unreadable("too-large", f"The files are larger than {limits.max_total_bytes:,} bytes together.")
        yield f"file {number} of {len(regular)}", data


def _bounded(file: Path, most: int) -> bytes:
    try:
        return read_bytes(file, max_bytes=most)
    except ReadingRefused as error:
        # The message of the reader names the file.
        raise unreadable(error.code, error.problem.message) from None


def _archive(path: Path, limits: DicomLimits) -> Iterator[tuple[str, bytes]]:
    bounds = ArchiveLimits(max_members=limits.max_files, max_total_bytes=min(limits.max_total_bytes, 2 * 1024**3))
    try:
        with open_archive(path, bounds) as archive:
            names = sorted(archive.names())
            for number, name in enumerate(names, start=1):
                yield f"file {number} of {len(names)}", archive.read(name)
    except ReadingRefused as error:
        raise unreadable(error.code, error.problem.message, path=error.problem.path, fix=error.problem.fix) from None
