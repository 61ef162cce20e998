"""Masks that a draft is made from: an RTSTRUCT or label maps, laid on the CT."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from portico.errors import InputRefused, UsageError

if TYPE_CHECKING:
    from portico.knowledge import Library
    from portico.rt import Image, Labels, Study

__all__ = ["Masks", "labels_on", "masks_of", "metal_on"]

_ENDINGS: Final = (".nrrd", ".nii", ".nii.gz")
#: Largest distance in voxels of a label's centre from a voxel of the CT.
_OFF: Final = 0.1


class Masks:
    """Masks by level or TG-263 name, and by the name that the user gives; each is laid on the CT when it is asked for.

    Parameters
    ----------
    image : what they are laid on
    """

    def __init__(self, image: Image) -> None:
        self.image = image
        self.notes: list[str] = []
        self._ways: dict[str, list[Callable[[], Any]]] = {}
        self._laid: dict[str, Any] = {}

    def find(self, name: str) -> Any:
        """The mask of a name; None when there is none.

        Raises
        ------
        InputRefused : ``name-twice`` and what laying it on the CT refuses
        """
        ways = self._ways.get(name, [])
        if len(ways) > 1:
            raise InputRefused(
                "Two structures stand for the same name.", code="name-twice", path=name, fix="Say which by --match."
            )
        if ways and name not in self._laid:
            self._laid[name] = ways[0]()
        return self._laid.get(name)

    def get(self, name: str | None) -> Any:
        """The mask of a name that the user gave; None for None.

        Raises
        ------
        UsageError : ``no-such-structure``
        InputRefused : as :meth:`find`
        """
        if name is None:
            return None
        mask = self.find(name)
        if mask is None:
            raise UsageError(
                "There is no structure of that name.",
                code="no-such-structure",
                fix="Use the name in the file, or --match NAME=NUMBER.",
            )
        return mask

    def sided(self, names: Sequence[str]) -> dict[str, Any]:
        """Organs whose side is held against their names; one that cannot be laid on the CT is noted and left out."""
        found = {}
        for name in names:
            try:
                mask = self.find(name)
            except InputRefused as error:
                self.notes.append(f"The side of {name} was not checked: {error.problem.message}")
                continue
            if mask is not None:
                found[name] = mask
        return found

    @property
    def vertebrae(self) -> dict[str, Any]:
        """Masks of vertebrae by level."""
        from portico.targets import vertebra_name

        return {name: self.find(name) for name in self._ways if vertebra_name(name) == name}

    def add(self, name: str, way: Callable[[], Any]) -> None:
        """Take a structure; ``way`` lays it on the CT."""
        self._ways.setdefault(name, []).append(way)


def masks_of(image: Image, study: Study, path: Path | None, chosen: Mapping[str, str], library: Library) -> Masks:
    """Masks of one file, or of the RTSTRUCT beside the CT when there is no file.

    Raises
    ------
    UsageError : ``no-structures``, ``label-form``
    InputRefused : ``frame-differs``, ``grid-differs``, ``several-structure-sets`` and what the readers refuse
    """
    made = Masks(image)
    if path is not None and path.name.lower().endswith(_ENDINGS):
        import numpy as np

        from portico.cli.label_source import called_of
        from portico.rt import read_labels
        from portico.targets import TOTAL_LABELS

        labels = labels_on(read_labels(path), image)
        own = called_of(chosen)
        present = set(np.unique(labels).tolist())
        for number, name in {**TOTAL_LABELS, **own}.items():
            if number in present:
                made.add(name, partial(np.equal, labels, number))
        made.notes.append(
            "A label map states no frame of reference: that it belongs to this CT is taken on the user's word."
        )
        return made
    from portico.rt import read_study

    sets = study.structure_sets if path is None else read_study(path).structure_sets
    if len(sets) != 1:
        code = "several-structure-sets" if sets else "no-structures"
        raise UsageError(f"There are {len(sets)} structure sets.", code=code, fix="Give one by --structures.")
    _from_set(made, sets[0], chosen, library)
    return made


def _from_set(made: Masks, structure_set: Any, chosen: Mapping[str, str], library: Library) -> None:
    from portico.dosimetry.names import NameTable
    from portico.geometry import mask_of_structure
    from portico.targets import vertebra_name

    image = made.image
    if structure_set.frame_uid is None or image.frame_uid is None or structure_set.frame_uid != image.frame_uid:
        raise InputRefused(
            "The structures and the CT are not known to be in one frame of reference.", code="frame-differs",
            fix="Export both from the same image, or register them first.",
        )  # fmt: skip
    table = NameTable.of(library.policy["structure-names"].body["names"], chosen)
    for structure in structure_set.structures.values():
        if not structure.closed:
            continue
        match = table.match(structure.name, structure.interpreted_type)
        name = vertebra_name(structure.name) or (match.roi if match.how in ("exact", "synonym") else structure.name)
        made.add(name, partial(mask_of_structure, structure, image.grid))
        if match.how == "guessed":
            made.notes.append(f"A structure looks like {match.roi} and is not used as such: name it by --match.")


def labels_on(labels: Labels, image: Image) -> Any:
    """(k, j, i) labels on the voxels of the CT; 0 beyond them.

    Raises
    ------
    InputRefused : ``grid-differs``
    """
    import numpy as np
    from scipy.ndimage import affine_transform

    own, grid = labels.grid, image.grid
    matrix = np.diag(1.0 / own.spacing) @ own.axes.T @ grid.axes @ np.diag(grid.spacing)
    offset = np.diag(1.0 / own.spacing) @ own.axes.T @ (grid.origin - own.origin)
    rough = np.rint(matrix)
    far = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)]) * (np.array(grid.shape[::-1]) - 1)
    places = far @ matrix.T + offset
    off = np.abs(places - np.rint(places)).max() if np.abs(np.abs(rough).sum(axis=0) - 1).max() == 0 else 1.0
    if off > _OFF or np.abs(matrix - rough).max() * max(grid.shape) > 0.5:
        raise InputRefused(
            "The voxels of the label map are not those of the CT.", code="grid-differs",
            fix="Resample the label map on the CT (nearest neighbour), or segment this CT.",
        )  # fmt: skip
    return affine_transform(
        labels.labels,
        rough[::-1, ::-1],
        np.rint(offset)[::-1],
        output_shape=grid.shape,
        order=0,
        mode="constant",
        cval=0,
    )


def metal_on(image: Image, policy: Any) -> Any:
    """(k, j, i) voxels that are at least half metal, by the thresholds of the policy ``plan-check``; None when there are none."""
    from portico.geometry.metal_masks import metal_by, metal_mask

    settings = policy["plan-check"].body["hardware"]
    _, found = metal_by(image.hu, image.grid, settings, highest_hu=image.highest_hu)
    return metal_mask(found, image.grid) if found else None


def pairs_of(texts: Sequence[str] | None, option: str) -> dict[str, str]:
    """``LEVEL=WORDS`` options by level.

    Raises
    ------
    UsageError : ``pair-form``, ``level-twice``
    """
    from portico.targets import vertebra_name

    found: dict[str, str] = {}
    for text in texts or ():
        level, sign, words = text.partition("=")
        name = vertebra_name(level)
        if name is None or not sign or not words.strip():
            raise UsageError(
                f"{option} takes LEVEL=WORDS.", code="pair-form", fix=f"For example {option} T8=vertebral_body."
            )
        if name in found:
            raise UsageError(f"{option} names a level twice.", code="level-twice", path=name)
        found[name] = words.strip()
    return found
