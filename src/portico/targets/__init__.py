"""Draft volumes from a Directive, every one explained and editable, never final. Research and commissioning only."""

from portico.targets import bone_claims as _bone_claims  # noqa: F401  importing the room registers its claims
from portico.targets import claims as _claims  # noqa: F401
from portico.targets.bone_fields import MOST_BONE_MM, bone_draft
from portico.targets.canal import CanalLine, Frame, canal_from_bone, canal_line
from portico.targets.claims import reference_spine
from portico.targets.draft import COLOURS, Choice, Draft, DraftVolume, Fact, Kind
from portico.targets.level_names import TOTAL_LABELS, vertebra_name
from portico.targets.margins import MOST_MM, StatedMargin, stated_margin
from portico.targets.sectors import EPIDURAL_SECTORS, VERTEBRAL_SECTORS, epidural_sectors
from portico.targets.spine_ctv import involvement_of
from portico.targets.spine_draft import spine_draft
from portico.targets.spine_inputs import CORD_SOURCES, SpineInputs
from portico.targets.spine_rules import Involvement, adjacent_parts
from portico.targets.spine_wishes import SpineWishes
from portico.targets.structures_out import structure_set
from portico.targets.vertebral_parts import PARTS, Part, VertebralParts, divide_vertebra

__all__ = [
    "COLOURS",
    "CORD_SOURCES",
    "EPIDURAL_SECTORS",
    "MOST_BONE_MM",
    "MOST_MM",
    "PARTS",
    "TOTAL_LABELS",
    "VERTEBRAL_SECTORS",
    "CanalLine",
    "Choice",
    "Draft",
    "DraftVolume",
    "Fact",
    "Frame",
    "Involvement",
    "Kind",
    "Part",
    "SpineInputs",
    "SpineWishes",
    "StatedMargin",
    "VertebralParts",
    "adjacent_parts",
    "bone_draft",
    "canal_from_bone",
    "canal_line",
    "divide_vertebra",
    "epidural_sectors",
    "involvement_of",
    "reference_spine",
    "spine_draft",
    "stated_margin",
    "structure_set",
    "vertebra_name",
]
