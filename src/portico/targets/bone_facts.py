"""What is measured on a field of a long bone: length, hardware covered, joint ends and soft tissue spared."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, generate_binary_structure

from portico.targets.bone_axis import extent, stretch_mm
from portico.targets.bone_inputs import Scene, plane_axis
from portico.targets.draft import Fact

__all__ = ["field_facts", "spared_strip"]

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
#: Directions in which a strip is looked for, and thickness in mm of the sections it must run through.
_DIRECTIONS: Final = 72
_SECTION_MM: Final = 5.0
_SIDES: Final = (("right", "left"), ("front", "back"), ("lower", "upper"))


def field_facts(field: Mask, scene: Scene) -> tuple[tuple[Fact, ...], tuple[str, ...]]:
    """Facts of a field, and what must be known of them.

    Parameters
    ----------
    field : (k, j, i), not empty, where ``scene.place`` is known
    """
    axis, width = scene.axis, scene.axis.width_mm(scene.grid)
    low, high = extent(_places(field, scene), width)
    facts = [
        Fact("length", (high - low) / 10.0, "cm"),
        Fact("volume", float(field.sum()) * scene.grid.voxel_cm3, "cm3"),
        *_hardware(field, scene, width),
    ]
    notes = []
    for name, gap, cut in (
        (axis.high_end, axis.length_mm - high, axis.high_cut),
        (axis.low_end, low, axis.low_cut),
    ):
        spared_mm = 0.0 if gap <= 0.5 * width else gap
        facts.append(Fact(f"bone spared at the {name} end", None if cut else spared_mm / 10.0, "cm"))
        if cut:
            what = "the field reaches it" if gap <= 0.5 * width else f"the field ends {gap / 10.0:.1f} cm before it"
            notes.append(
                f"The {name} end of the bone is cut by the field's edge; {what}. The distance to the joint is not known."
            )
        elif gap <= 0.5 * width:
            notes.append(f"The {name} joint end of the bone lies within the field.")
    spared, strip, said = _soft_tissue(field, scene, low, high)
    facts += [Fact("soft tissue spared", spared, "%"), Fact("widest strip spared", strip, "mm")]
    return tuple(facts), (*notes, *said)


def spared_strip(field: Mask, scene: Scene, low: float, high: float) -> tuple[float, str]:
    """Widest strip in mm between the shadow of the field and the skin that runs its whole length, and its side.

    For each direction across the bone, as if beams came square to it, the narrowest place over all sections counts; the best
    direction is taken. No penumbra and no margin of a beam is in it.
    """
    grid, axis = scene.grid, scene.axis
    assert scene.limb is not None  # asked only with an outline
    across = np.linalg.svd(axis.direction[None])[2][1:]
    thick = max(_SECTION_MM, axis.width_mm(grid))
    number = int((high - low) / thick) + 1
    turn = 2.0 * np.pi * np.arange(_DIRECTIONS) / _DIRECTIONS
    ways = np.cos(turn)[:, None] * across[0] + np.sin(turn)[:, None] * across[1]
    reach = []
    for mask in (scene.limb, field):
        inside = mask & (scene.place >= low) & (scene.place <= high)
        rim = np.argwhere(inside & ~binary_erosion(inside, _flat(scene)))
        section = np.clip(((scene.place[tuple(rim.T)] - low) / thick).astype(np.int64), 0, number - 1)
        points = grid.points(rim[:, ::-1])
        far = np.full((_DIRECTIONS, number), -np.inf)
        order = np.argsort(section, kind="stable")
        here, start = np.unique(section[order], return_index=True)
        for way, one in enumerate(ways):
            far[way, here] = np.maximum.reduceat((points @ one)[order], start)
        reach.append(far)
    known = np.isfinite(reach[0]).all(axis=0) & np.isfinite(reach[1]).all(axis=0)
    strips = (reach[0][:, known] - reach[1][:, known]).min(axis=1)
    best = int(strips.argmax())
    side = int(np.abs(ways[best]).argmax())
    return max(0.0, float(strips[best])), _SIDES[side][int(ways[best][side] > 0)]


def _places(mask: Mask, scene: Scene) -> Floats:
    return scene.place[mask].astype(np.float64)


def _flat(scene: Scene) -> Mask:
    """Neighbours in the planes across the bone."""
    made: Mask = generate_binary_structure(3, 1)
    made[tuple(slice(None) if n != plane_axis(scene.grid, scene.axis) else [0, 2] for n in range(3))] = False
    return made


def _hardware(field: Mask, scene: Scene, width: float) -> list[Fact]:
    """Hardware covered by volume and by length, and what is left out at either end."""
    high_name, low_name = (
        f"hardware uncovered at the {name} end" for name in (scene.axis.high_end, scene.axis.low_end)
    )
    names = (("hardware covered", "%"), ("hardware length", "cm"), ("hardware length covered", "cm"))
    if scene.hardware is None:
        return [Fact(name, None, unit) for name, unit in (*names, (high_name, "mm"), (low_name, "mm"))]
    inside = scene.hardware & field
    whole = extent(_places(scene.hardware, scene), width)
    share = 100.0 * float(inside.sum()) / float(scene.hardware.sum())
    covered = stretch_mm(_places(inside, scene), width)
    first, last = extent(_places(inside, scene), width) if inside.any() else (None, None)
    return [
        Fact("hardware covered", share, "%"),
        Fact("hardware length", (whole[1] - whole[0]) / 10.0, "cm"),
        Fact("hardware length covered", covered / 10.0, "cm"),
        Fact(high_name, whole[1] - whole[0] if last is None else max(0.0, whole[1] - last), "mm"),
        Fact(low_name, whole[1] - whole[0] if first is None else max(0.0, first - whole[0]), "mm"),
    ]


def _soft_tissue(field: Mask, scene: Scene, low: float, high: float) -> tuple[float | None, float | None, list[str]]:
    """Share in % of the limb's soft tissue over the field's length that lies outside it, the widest strip, and words."""
    if scene.limb is None:
        return None, None, ["There is no outline of the body: the soft tissue spared is not known."]
    section = scene.limb & (scene.place >= low) & (scene.place <= high)
    soft = section & ~scene.bone
    if scene.hardware is not None:
        soft &= ~scene.hardware
    if not soft.any():
        return None, None, ["The outline of the body holds no soft tissue round the field."]
    spared = 100.0 * float((soft & ~field).sum()) / float(soft.sum())
    across = [n for n in range(3) if n != plane_axis(scene.grid, scene.axis)]
    if any(np.take(section, at, axis=n).any() for n in across for at in (0, -1)):
        said = "The limb is cut by the edge of the image: its share is of what is seen, and the strip of skin is not known."
        return spared, None, [said]
    strip, side = spared_strip(field, scene, low, high)
    words = f"The widest strip of the limb that the field's shadow leaves free over its whole length lies on the {side} side."
    return spared, strip, [words] if strip > 0.0 else ["No strip of the limb is left free over the field's length."]
