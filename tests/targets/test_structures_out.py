"""A draft as RTSTRUCT: read back by our reader and by pydicom, rasterised again."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from portico.errors import InputRefused
from portico.geometry import mask_of_structure
from portico.rt import Grid, Image, read_contents, structures_bytes
from portico.targets import COLOURS, Draft, DraftVolume, structure_set
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
    bare = replace(volume, rows=(), source_ids=())
    long = description_of(replace(bare, says="ä" * 3000))
    assert 1020 <= len(long.encode()) <= 1024 and long.endswith("ä…")
    kept = description_of(replace(volume, says="ä " * 3000))
    assert 1020 <= len(kept.encode()) <= 1024
    assert kept.endswith("ä… Rows: isrc-table-body. Sources: cox-2012-isrc.")
    many = description_of(replace(volume, says="ä" * 3000, rows=tuple(f"row-{n}" for n in range(500))))
    assert len(many.encode()) <= 1024 and "ä… Rows: row-0, row-1" in many and many.endswith("…")
    assert description_of(replace(bare, says="a\n b\\c", verified=None)) == "DRAFT, not for treatment. a b/c"


def test_what_cannot_be_written():
    made = draft(np.eye(3))
    picture = image(made.grid)
    other = Grid(made.grid.origin, made.grid.spacing, made.grid.axes, (3, 3, 3))
    moved = Grid(made.grid.origin + np.array([0, 0, 2]), made.grid.spacing, made.grid.axes, made.grid.shape)
    twice = replace(made, volumes=made.volumes[:1] * 2)
    named = replace(made, volumes=(replace(made.volumes[0], roi="A_name_of_seventee"),))
    for bad, on, code in (
        (replace(made, frame_uid="9.9"), picture, "frame-differs"), (made, replace(picture, frame_uid=None), "frame-unknown"),
        (made, image(other), "mask-shape"), (made, image(moved), "grid-differs"), (twice, picture, "roi-repeated"), (named, picture, "roi-name"),
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


@pytest.mark.parametrize("axes", [np.eye(3), PRONE, FEET, PRONE @ FEET])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.5), (1.5, 1.5, 3.0)])
def test_thin_and_tiny_masks_survive(axes, spacing):
    parts, _, grid, local = vertebra(axes=axes, spacing=spacing, half=36.0)
    far, round_ = np.linalg.norm(local - [0, 10, 0], axis=-1), np.hypot(local[..., 0], local[..., 1])
    masks = {f"Ball{r}": far <= r for r in (3, 6, 12, 20)}
    masks |= {f"Shell{t}": (far <= 20) & (far > 20 - t) for t in (1, 1.5, 2, 3)}
    masks |= {
        "PRV": (round_ <= 9) & (round_ > 7),
        "Bone": parts > 0,
        "Pedicle": parts == 2,
        "Slab": np.abs(local[..., 2]) < 4,
    }
    for name, place in (("First", (0, 0, 0)), ("Last", (-1, -1, -1)), ("Side", (5, 3, 9))):
        masks[name] = np.zeros(grid.shape, bool)
        masks[name][place] = True
    masks["Corners"] = np.zeros(grid.shape, bool)
    masks["Corners"][4, 4, 4] = masks["Corners"][4, 5, 5] = True
    made = Draft(grid, tuple(DraftVolume(name, "CTV", mask, "Made.") for name, mask in masks.items()))
    back = read_contents([("one", structures_bytes(structure_set(made, image(grid))))]).structure_sets[0]
    assert not back.refused
    for volume, structure in zip(made.volumes, back.structures.values(), strict=True):
        again = mask_of_structure(structure, grid)
        if volume.mask.sum() <= 2:
            assert np.array_equal(again, volume.mask), volume.roi
        assert 2 * (again & volume.mask).sum() / (again.sum() + volume.mask.sum()) >= 0.98, volume.roi
        assert again.sum() == pytest.approx(volume.mask.sum(), rel=0.01), volume.roi


def test_every_kind_and_state_has_a_colour_of_its_own():
    first = draft(np.eye(3)).volumes[0]
    volumes = tuple(
        replace(first, roi=f"{kind}{role[:1]}{level or 0}"[:16], kind=kind, role=role, verified=level)
        for kind in COLOURS for role in ("drawn", "alternative") for level in (None, "memory")
    )  # fmt: skip
    made = replace(draft(np.eye(3)), volumes=volumes)
    colours = [one.colour for one in structure_set(made, image(made.grid)).structures.values()]
    assert len(set(colours)) == len(colours) == 4 * len(COLOURS)
    apart = [np.abs(np.subtract(a, b)).sum() for n, a in enumerate(colours) for b in colours[:n]]
    assert min(apart) >= 20


def test_what_was_given_is_not_called_automatic():
    made = draft(np.eye(3))
    made = replace(made, volumes=(replace(made.volumes[0], role="input"), made.volumes[1]))
    found = structure_set(made, image(made.grid)).structures
    assert [one.generation for one in found.values()] == [None, "AUTOMATIC"]
