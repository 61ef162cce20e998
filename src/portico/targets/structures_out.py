"""A draft as a structure set: one structure a volume, with its sentence, on the slices of the image."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from portico.errors import InputRefused
from portico.geometry import contours_of_mask
from portico.rt import Image, Structure, StructureSet
from portico.targets.draft import COLOURS, Draft, DraftVolume

__all__ = ["description_of", "structure_set"]

#: Longest ROI Description in characters (value representation ST, DICOM PS3.5 6.2) and longest name by TG-263.
_LONGEST: Final = 1024
_LONGEST_NAME: Final = 16
#: Share of white in the colour of an alternative.
_PALE: Final = 0.5


def structure_set(draft: Draft, image: Image, *, label: str = "PORTICO DRAFT") -> StructureSet:
    """The volumes that hold a voxel, in their order.

    Parameters
    ----------
    draft : on the grid of the image
    image : what it is drawn on
    label : at most 16 characters

    Raises
    ------
    InputRefused : ``frame-unknown``, ``frame-differs``, ``mask-shape``, ``roi-repeated``, ``roi-name`` and what
        :func:`portico.geometry.contours_of_mask` refuses
    """
    if image.frame_uid is None:
        raise InputRefused("The image states no frame of reference.", code="frame-unknown")
    if draft.frame_uid not in (None, image.frame_uid):
        raise InputRefused("The draft and the image are in different frames of reference.", code="frame-differs")
    if draft.grid.shape != image.grid.shape:
        raise InputRefused("The draft does not stand on the grid of the image.", code="mask-shape")
    drawn = [one for one in draft.volumes if one.mask.any()]
    if len({one.roi for one in drawn}) < len(drawn):
        raise InputRefused("Two volumes have one name.", code="roi-repeated")
    made = {}
    for number, volume in enumerate(drawn, 1):
        if len(volume.roi) > _LONGEST_NAME:
            raise InputRefused("A name is longer than 16 characters.", code="roi-name", path=volume.roi)
        contours = []
        for contour in contours_of_mask(volume.mask, draft.grid):
            k = round(float((contour.z - image.grid.origin[2]) / (image.grid.axes[2, 2] * image.grid.spacing[2])))
            uid = image.instance_uids[k] if 0 <= k < len(image.instance_uids) else None
            contours.append(replace(contour, image_uid=uid or None))
        made[number] = Structure(
            number, volume.roi, tuple(contours), volume.kind, image.frame_uid,
            None if volume.role == "input" else "AUTOMATIC", colour=_colour(volume), description=description_of(volume),
        )  # fmt: skip
    return StructureSet(made, image.frame_uid, None, label)


def description_of(volume: DraftVolume) -> str:
    """What stands beside a structure: that it is a draft, how it was made, its records and studies."""
    words = "DRAFT, not for treatment. "
    if volume.unverified:
        words += "Unverified rule: "
    words += volume.says
    if volume.rows:
        words += f" Rows: {', '.join(volume.rows)}."
    if volume.source_ids:
        words += f" Sources: {', '.join(volume.source_ids)}."
    words = words.replace("\\", "/")
    while len(words.encode("utf-8")) > _LONGEST:
        words = words[: -max(2, len(words) // 100)].rstrip() + "…"
    return words


def _colour(volume: DraftVolume) -> tuple[int, int, int]:
    own = COLOURS[volume.kind]
    if volume.role != "alternative":
        return own
    red, green, blue = (round(one + _PALE * (255 - one)) for one in own)
    return red, green, blue
