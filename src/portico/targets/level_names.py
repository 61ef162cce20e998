"""Names of vertebrae, and the numbers of a segmentation that stand for them."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["TOTAL_LABELS", "ordered_levels", "vertebra_name"]

#: Levels from head to feet.
_LEVELS: Final = (
    *(f"C{n}" for n in range(1, 8)),
    *(f"T{n}" for n in range(1, 13)),
    *(f"L{n}" for n in range(1, 6)),
    "S1",
)
#: Labels of TotalSegmentator's task ``total`` (version 2) that are read here, as TG-263 names or levels.
TOTAL_LABELS: Final[dict[int, str]] = {
    2: "Kidney_R", 3: "Kidney_L", 5: "Liver", 25: "Sacrum", 79: "SpinalCord",
    **{26 + number: name for number, name in enumerate(reversed(_LEVELS))},
}  # fmt: skip
_NAME: Final = re.compile(r"(?:(?:vertebrae?|vert|vb)[\s_.-]*)?([CTLS])[\s_.-]?0?(\d{1,2})", re.IGNORECASE)


def vertebra_name(name: str) -> str | None:
    """Level that a structure's name stands for; None when it is no vertebra.

    >>> vertebra_name("vertebrae_T8"), vertebra_name("L03"), vertebra_name("PTV_T8"), vertebra_name("T13")
    ('T8', 'L3', None, None)
    """
    found = _NAME.fullmatch(name.strip())
    level = f"{found[1].upper()}{int(found[2])}" if found else ""
    return level if level in _LEVELS else None


def ordered_levels(levels: object) -> list[str]:
    """Levels from head to feet."""
    return [one for one in _LEVELS if one in levels]  # type: ignore[operator]  # any container
