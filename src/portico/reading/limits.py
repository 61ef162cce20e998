"""How much a file may ask of its reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT", "DEFAULT_ARCHIVE", "ArchiveLimits", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one YAML or JSON document.

    >>> Limits(max_bytes=8 * 1024 * 1024).max_depth
    40

    Parameters
    ----------
    max_bytes : size of the file or text in bytes
    max_depth : lists and mappings open at the same time
    max_nodes : values and keys in the document
    max_scalar_chars : characters of one value or key
    max_int_digits : digits of one integer; longer ones lose exactness in other readers
    """

    max_bytes: int = 2 * 1024 * 1024
    max_depth: int = 40
    max_nodes: int = 200_000
    max_scalar_chars: int = 100_000
    max_int_digits: int = 18


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """Bounds of one zip archive.

    Parameters
    ----------
    max_bytes : size of the archive file in bytes
    max_total_bytes : sum of the unpacked members in bytes, as declared and as read
    max_members : number of entries, directories included
    max_ratio : unpacked size divided by packed size, for each member, as declared and as read
    max_directory_bytes : size of the table of contents in bytes, checked before it is read
    """

    max_bytes: int = 1024 * 1024 * 1024
    max_total_bytes: int = 2 * 1024 * 1024 * 1024
    max_members: int = 20_000
    max_ratio: int = 100
    max_directory_bytes: int = 16 * 1024 * 1024


#: Limits for what a user gives.
DEFAULT: Final = Limits()
#: Limits for an archive that a user gives.
DEFAULT_ARCHIVE: Final = ArchiveLimits()
