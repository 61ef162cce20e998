"""A draft as RTSTRUCT: read back by our reader and by pydicom, rasterised again."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from portico.errors import InputRefused
from portico.rt import Grid, Image, read_contents, structures_bytes
from portico.targets import COLOURS, Draft, DraftVolume, mask_of_structure, structure_set
from portico.targets.phantom import vertebra
from portico.targets.structures_out import description_of

PRONE = np.diag([-1.0, -1.0, 1.0])
FEET = np.diag([-1.0, 1.0, -1.0])


def image(grid):
    return Image(
        grid, np.zeros(grid.shape, np.int16), "1.2.3", "1.2.4", tuple(f"1.2.5.{k}" for k in range(grid.shape[0])), "HFS"
    )


def draft(axes, spacing=(1.0, 1.0, 2.0)):
    parts, canal, grid, local = vertebra(axes=axes, spacing=spacing)
    far = np.linalg.norm(local - [0, 24, 0], axis=-1)
    masks = {
        "CTV": (parts == 1) | (parts == 2), "PTV": far <= 20, "Shell": (far <= 20) & (far > 17), "SpinalCord": canal,
        "Lamina": parts == 6, "One": np.zeros(grid.shape, bool),
    }  # fmt: skip
    masks["One"][tuple(np.array(grid.shape) // 2)] = True
    return Draft(
        grid,
        tuple(DraftVolume(name, "CTV", mask, f"Made as {name}: 3 µm.") for name, mask in masks.items()),
        frame_uid="1.2.3",
    )


@pytest.mark.parametrize("axes", [np.eye(3), PRONE, FEET])
def test_masks_survive_the_round_trip(axes):
    made = draft(axes)
    picture = image(made.grid)
    data = structures_bytes(structure_set(made, picture), image=picture)
    back = read_contents([("one", data)]).structure_sets[0]
    assert back.frame_uid == "1.2.3" and not back.refused
    for volume, structure in zip(made.volumes, back.structures.values(), strict=True):
        again = mask_of_structure(structure, made.grid)
        assert structure.name == volume.roi
        assert 2 * (again & volume.mask).sum() / (again.sum() + volume.mask.sum()) >= 0.98, volume.roi
        assert again.sum() == pytest.approx(volume.mask.sum(), rel=0.01), volume.roi
        assert structure.description.startswith("DRAFT, not for treatment. Made as") and "µ" in structure.description
        assert structure.colour == COLOURS["CTV"] and structure.generation == "AUTOMATIC"


def test_a_second_reader_sees_the_same_vertices_names_and_colours():
    made = draft(np.eye(3))
    picture = image(made.grid)
    wanted = structure_set(made, picture)
    found = pydicom.dcmread(io.BytesIO(structures_bytes(wanted, image=picture)))
    assert [one.ROIName for one in found.StructureSetROISequence] == [one.roi for one in made.volumes]
    for item, structure in zip(found.ROIContourSequence, wanted.structures.values(), strict=True):
        assert tuple(item.ROIDisplayColor) == structure.colour
        for theirs, ours in zip(item.ContourSequence, structure.contours, strict=True):
            assert np.abs(np.array(theirs.ContourData, float).reshape(-1, 3) - ours.points).max() <= 0.01
            k = round((ours.z - made.grid.origin[2]) / made.grid.spacing[2])
            assert theirs.ContourImageSequence[0].ReferencedSOPInstanceUID == f"1.2.5.{k}"


def test_what_is_written_beside_a_structure():
    volume = replace(
        draft(np.eye(3)).volumes[0], verified="memory", rows=("isrc-table-body",), source_ids=("cox-2012-isrc",)
    )
    words = description_of(volume)
    assert "Unverified rule: Made as CTV" in words
    assert words.endswith("Rows: isrc-table-body. Sources: cox-2012-isrc.")
    long = description_of(replace(volume, says="ä" * 3000))
    assert len(long.encode()) <= 1024 and long.endswith("…")


def test_what_cannot_be_written():
    made = draft(np.eye(3))
    picture = image(made.grid)
    other = Grid(made.grid.origin, made.grid.spacing, made.grid.axes, (3, 3, 3))
    twice = replace(made, volumes=made.volumes[:1] * 2)
    named = replace(made, volumes=(replace(made.volumes[0], roi="A_name_of_seventee"),))
    for bad, on, code in (
        (replace(made, frame_uid="9.9"), picture, "frame-differs"), (made, replace(picture, frame_uid=None), "frame-unknown"),
        (made, image(other), "mask-shape"), (twice, picture, "roi-repeated"), (named, picture, "roi-name"),
    ):  # fmt: skip
        with pytest.raises(InputRefused) as caught:
            structure_set(bad, on)
        assert caught.value.code == code


def test_an_empty_volume_is_left_out_and_an_alternative_is_paler():
    made = draft(np.eye(3))
    first, second = made.volumes[:2]
    found = structure_set(
        replace(made, volumes=(replace(first, mask=np.zeros_like(first.mask)), replace(second, role="alternative"))),
        image(made.grid),
    )
    assert [one.name for one in found.structures.values()] == ["PTV"]
    assert all(pale > own for pale, own in zip(found.structures[1].colour, COLOURS["CTV"], strict=True))
