"""Lesion, surgery and spine: what was there, what was done, what is left."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictInt

from portico.case.fields import Day, Flag, LengthField, Part, Words

__all__ = ["ESCC", "Hardware", "Lesion", "Neurology", "Score", "Spine", "Surgery", "Wound"]

Side = Literal["left", "right", "midline", "bilateral"]
LEVEL_ORDER: tuple[str, ...] = (
    *(f"C{i}" for i in range(1, 8)),
    *(f"T{i}" for i in range(1, 13)),
    *(f"L{i}" for i in range(1, 6)),
    *(f"S{i}" for i in range(1, 6)),
)
Level = Annotated[
    Literal[
        "C1", "C2", "C3", "C4", "C5", "C6", "C7", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10",
        "T11", "T12", "L1", "L2", "L3", "L4", "L5", "S1", "S2", "S3", "S4", "S5",
    ],
    Field(description="vertebral level"),
]  # fmt: skip
Grade = Literal["0", "1a", "1b", "1c", "2", "3"]


class Score(Part):
    """A score of the bone before surgery: stored with its date, never applied to a fixed bone."""

    total: StrictInt | None = None
    date: Day | None = None


class Lesion(Part):
    """A bone metastasis. The index lesion is the one to be irradiated after surgery."""

    id: Words | None = None
    index: Flag | None = None
    bone: (
        Literal[
            "vertebra", "sacrum", "femur", "humerus", "tibia", "fibula", "radius", "ulna", "pelvis", "scapula",
            "clavicle", "rib", "sternum", "other",
        ]
        | None
    ) = None  # fmt: skip
    part: (
        Literal[
            "proximal", "shaft", "distal", "neck", "peritrochanteric", "acetabulum", "ilium", "ischium", "pubis",
            "body", "posterior_elements", "other",
        ]
        | None
    ) = None  # fmt: skip
    side: Side | None = None
    levels: tuple[Level, ...] | None = None
    type: Literal["lytic", "mixed", "blastic"] | None = None
    fracture: Literal["none", "impending", "actual"] | None = None
    length: LengthField | None = None
    soft_tissue_extension: Flag | None = None
    paraspinal_extension: Flag | None = None
    other_lesions_in_bone: Flag | None = None
    residual_disease: Flag | None = None
    mirels_preop: Score | None = None


class Hardware(Part):
    """The implant: material, length, and where it ends."""

    present: Flag | None = None
    material: Literal["titanium", "steel", "cobalt_chrome", "cfr_peek", "hybrid", "other"] | None = None
    length: LengthField | None = None
    extent: Words | None = None
    levels: tuple[Level, ...] | None = None
    anterior_cage: Flag | None = None


class Wound(Part):
    """The wound as last seen."""

    state: Literal["healed", "healing", "open", "dehisced"] | None = None
    infection: Flag | None = None
    csf_leak: Flag | None = None
    date: Day | None = None


class Surgery(Part):
    """One operation. ``lesion`` names the lesion it was done for; left out, it belongs to the index lesion."""

    lesion: Words | None = None
    date: Day | None = None
    side: Side | None = None
    indication: (
        Literal[
            "impending_fracture", "pathological_fracture", "cord_compression", "instability", "pain",
            "tumour_removal", "hardware_failure", "other",
        ]
        | None
    ) = None  # fmt: skip
    procedure: (
        Literal[
            "intramedullary_nail", "plate", "endoprosthesis", "arthroplasty", "en_bloc_resection", "curettage",
            "percutaneous_cement", "percutaneous_fixation", "separation_surgery", "decompression",
            "decompression_stabilisation", "stabilisation", "vertebrectomy", "amputation", "other",
        ]
        | None
    ) = None  # fmt: skip
    resection: Literal["none", "intralesional", "marginal", "wide"] | None = None
    margin: Literal["R0", "R1", "R2"] | None = None
    hardware: Hardware | None = None
    cement: Flag | None = None
    embolised: Flag | None = None
    wound: Wound | None = None
    complications: tuple[Words, ...] | None = None
    reoperation_planned: Flag | None = None


class ESCC(Part):
    """Epidural cord compression grade on axial T2 MRI at the worst level."""

    grade: Grade | None = None
    date: Day | None = None


class Neurology(Part):
    """Neurology now. ``deficit`` compares with the state just before surgery."""

    deficit: Literal["none", "stable", "improving", "new", "worsening"] | None = None
    scale: Literal["AIS", "Frankel"] | None = None
    grade: Literal["A", "B", "C", "D", "E"] | None = None
    sphincter_dysfunction: Flag | None = None
    date: Day | None = None


class Spine(Part):
    """What only the spine has. The grade is undefined below the conus."""

    below_conus: Flag | None = None
    escc_preop: ESCC | None = None
    escc_postop: ESCC | None = None
    epidural_preop: Flag | None = None
    epidural_circumferential_preop: Flag | None = None
    compression_now: Flag | None = None
    sins_preop: Score | None = None
    sectors_preop: tuple[Annotated[StrictInt, Field(ge=1, le=6)], ...] | None = None
    preop_mri: Flag | None = None
    postop_mri: Flag | None = None
    cord_imaging: Literal["mri_t2", "ct_myelogram", "none"] | None = None
    neurology: Neurology | None = None
