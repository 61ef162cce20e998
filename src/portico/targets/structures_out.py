"""A draft as a structure set: one structure a volume, with its sentence, on the slices of the image."""

from __future__ import annotations

from typing import Final

from portico.errors import InputRefused
from portico.geometry import contours_on
from portico.rt import Image, Structure, StructureSet
from portico.targets.draft import COLOURS, Draft, DraftVolume

__all__ = ["description_of", "structure_set"]

#: Longest ROI Description in characters (value representation ST, DICOM PS3.5 6.2) and longest name by TG-263.
_LONGEST: Final = 1024
_LONGEST_NAME: Final = 16
#: Share of white, or below 0 of black, in a colour: by whether the volume is an alternative and whether it is unverified.
_SHADES: Final = {(False, False): 0.0, (True, False): 0.5, (False, True): -0.4, (True, True): 0.75}


def structure_set(draft: Draft, image: Image, *, label: str = "PORTICO DRAFT") -> StructureSet:
    """The volumes that hold a voxel, in their order.

    Parameters
    ----------
    draft : on the grid of the image
    image : what it is drawn on
    label : at most 16 characters

    Raises
    ------
    InputRefused : ``frame-unknown``, ``frame-differs``, ``mask-shape``, ``grid-differs``, ``roi-repeated``, ``roi-name`` and what
        :func:`portico.geometry.contours_of_mask` refuses
    """
    if image.frame_uid is None:
        raise InputRefused("The image states no frame of reference.", code="frame-unknown")
    if draft.frame_uid not in (None, image.frame_uid):
        raise InputRefused("The draft and the image are in different frames of reference.", code="frame-differs")
    if draft.grid.shape != image.grid.shape:
        raise InputRefused("The draft does not stand on the grid of the image.", code="mask-shape")
    if not draft.grid.same_as(image.grid):
        raise InputRefused("The draft stands elsewhere than the image.", code="grid-differs")
    drawn = [one for one in draft.volumes if one.mask.any()]
    if len({one.roi for one in drawn}) < len(drawn):
        raise InputRefused("Two volumes have one name.", code="roi-repeated")
    made = {}
    for number, volume in enumerate(drawn, 1):
        if len(volume.roi) > _LONGEST_NAME:
            raise InputRefused("A name is longer than 16 characters.", code="roi-name", path=volume.roi)
        made[number] = Structure(
            number, volume.roi, contours_on(volume.mask, image), volume.kind, image.frame_uid,
            None if volume.role == "input" else "AUTOMATIC", colour=_colour(volume), description=description_of(volume),
        )  # fmt: skip
    return StructureSet(made, image.frame_uid, None, label)


def description_of(volume: DraftVolume) -> str:
    """What stands beside a structure: that it is a draft, how it was made, its records and studies.

    It is at most 1024 bytes long. The sentence is cut before the records are, so that they can be looked up.
    """
    words = "DRAFT, not for treatment. "
    if volume.unverified:
        words += "Unverified rule: "
    words += volume.says
    after = f" Rows: {', '.join(volume.rows)}." if volume.rows else ""
    if volume.source_ids:
        after += f" Sources: {', '.join(volume.source_ids)}."
    words, after = (" ".join(part.replace("\\", "/").split()) for part in (words, after))
    after = _cut(after and f" {after}", _LONGEST // 2)
    return _cut(words, _LONGEST - len(after.encode("utf-8"))) + after


def _cut(words: str, most: int) -> str:
    """The words, or as many letters of them as leave room for an ellipsis in so many bytes."""
    raw = words.encode("utf-8")
    if len(raw) <= most:
        return words
    return raw[: most - len("…".encode())].decode("utf-8", errors="ignore").rstrip() + "…"


def _colour(volume: DraftVolume) -> tuple[int, int, int]:
    shade = _SHADES[volume.role == "alternative", volume.unverified]
    towards = 255 if shade > 0 else 0
    red, green, blue = (round(one + abs(shade) * (towards - one)) for one in COLOURS[volume.kind])
    return red, green, blue
