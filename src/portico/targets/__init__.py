"""Draft volumes from a Directive: the spine's canal, the parts of vertebrae. Research and commissioning only."""

from portico.targets import claims as _claims  # noqa: F401  importing the room registers its claims
from portico.targets.canal import CanalLine, Frame, canal_from_bone, canal_line
from portico.targets.claims import reference_spine
from portico.targets.sectors import EPIDURAL_SECTORS, VERTEBRAL_SECTORS, epidural_sectors
from portico.targets.vertebral_parts import PARTS, Part, VertebralParts, divide_vertebra

__all__ = [
    "EPIDURAL_SECTORS",
    "PARTS",
    "VERTEBRAL_SECTORS",
    "CanalLine",
    "Frame",
    "Part",
    "VertebralParts",
    "canal_from_bone",
    "canal_line",
    "divide_vertebra",
    "epidural_sectors",
    "reference_spine",
]
