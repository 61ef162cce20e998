"""Parts of a vertebra: right ones on a phantom under tilt and in every orientation, bodies against real labels."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_erosion

from portico.errors import CannotTell, InputRefused
from portico.rt import Grid
from portico.targets import (
    EPIDURAL_SECTORS,
    PARTS,
    VERTEBRAL_SECTORS,
    canal_from_bone,
    canal_line,
    divide_vertebra,
    epidural_sectors,
    reference_spine,
)
from portico.targets import (
    phantom as made,
)
from portico.targets.phantom import POSITIONS

TILTS = [(0, 0, 0), (20, 0, 0), (40, 0, 0), (-40, 0, 0), (0, 40, 0), (0, -40, 0), (30, 20, 0), (-25, 0, 15), (0, 0, 40)]


def divided(parts, canal, grid, **more):
    return divide_vertebra(parts > 0, canal, canal_line(canal, grid), grid, **more)


def check(right, got):
    """The core of each part, two voxels from its edge or the whole of a thin one, is that part and no other."""
    for number, part in enumerate(PARTS, 1):
        core = binary_erosion(right == number, iterations=2)
        core = core if core.sum() >= 20 else binary_erosion(right == number)
        assert core.sum() >= 8, part
        assert (got.labels[core] == number).mean() >= 0.97, part
    body = got.mask("vertebral_body")
    assert 2 * (body & (right == 1)).sum() / (body.sum() + (right == 1).sum()) >= 0.95


@pytest.mark.parametrize("tilt", TILTS)
def test_a_tilted_vertebra_is_divided_in_its_own_axes(tilt):
    parts, canal, grid, _ = made.vertebra(made.turn(*tilt))
    got = divided(parts, canal, grid)
    check(parts, got)
    assert (got.labels > 0).sum() == (parts > 0).sum()
    assert got.frame.left @ (made.turn(*tilt) @ made.UPRIGHT)[:, 0] > 0.98


@pytest.mark.parametrize("axes", POSITIONS)
def test_left_stays_left_in_every_position(axes):
    parts, canal, grid, _ = made.vertebra(made.turn(15, 10, 0), axes)
    got = divided(parts, canal, grid)
    check(parts, got)
    index = np.argwhere(got.mask("pedicle_left", "transverse_process_left", "lamina_left"))
    assert (grid.points(index[:, ::-1])[:, 0] > -3).mean() > 0.95  # LPS: x rises to the left


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 3.0), (0.8, 1.2, 2.0)])
def test_voxels_of_other_shapes(spacing):
    parts, canal, grid, _ = made.vertebra(made.turn(20, 0, 0), spacing=spacing)
    got = divided(parts, canal, grid)
    body = got.mask("vertebral_body")
    assert 2 * (body & (parts == 1)).sum() / (body.sum() + (parts == 1).sum()) >= 0.95
    for part in ("pedicle_left", "lamina_right", "spinous_process", "transverse_process_right"):
        number = PARTS.index(part) + 1
        assert (got.labels[parts == number] == number).mean() > 0.7, part


@pytest.mark.parametrize("gone", ["spinous_process", "lamina_left", "pedicle_right"])
def test_what_surgery_took_away_is_nowhere(gone):
    """After laminectomy the rest keeps its parts."""
    parts, canal, grid, _ = made.vertebra()
    number = PARTS.index(gone) + 1
    rest = np.where(parts == number, 0, parts)
    got = divided(rest, canal, grid)
    assert not (got.labels[parts == number] > 0).any()
    for other in range(1, 9):
        core = binary_erosion(rest == other, iterations=2)
        if other != number and core.sum() >= 20:
            assert (got.labels[core] == other).mean() >= 0.95, PARTS[other - 1]


def test_a_label_of_bodies_is_taken_as_it_is():
    parts, canal, grid, _ = made.vertebra()
    body = parts == 1
    body[:, :, : body.shape[2] // 2] = False
    got = divided(parts, canal, grid, body=body)
    assert (got.mask("vertebral_body") == body).all() and got.notes == ()


def test_sectors_are_made_of_parts():
    assert sorted(part for parts in VERTEBRAL_SECTORS.values() for part in parts) == sorted(PARTS)
    parts, canal, grid, local = made.vertebra(made.turn(25, 10, 0))
    got = divided(parts, canal, grid)
    found = epidural_sectors(canal, canal_line(canal, grid), got.frame, grid, reach_mm=(10.0, 12.0))
    ring = (found > 0) & (np.hypot(local[..., 0], local[..., 1]) > 4)
    assert local[found > 0][:, 2].min() > -14 and local[found > 0][:, 2].max() < 16
    for number, name in enumerate(EPIDURAL_SECTORS, 1):
        own = local[ring & (found == number)]
        if "left" in name:
            assert (own[:, 0] > -1.5).all()
        if "right" in name:
            assert (own[:, 0] < 1.5).all()
        assert (own[:, 1] > -1.5).mean() > 0.97 if "anterior" in name else (own[:, 1] < 1.5).mean() > 0.97
    assert not epidural_sectors(
        np.zeros_like(canal), canal_line(canal, grid), got.frame, grid, reach_mm=(1.0, 1.0)
    ).any()


@pytest.fixture(scope="module")
def real():
    vertebrae, bodies = reference_spine()
    canal = canal_from_bone(vertebrae.labels > 0, vertebrae.grid)
    return vertebrae, bodies, canal, canal_line(canal, vertebrae.grid)


@pytest.mark.parametrize("number", range(27, 33))
def test_real_bodies(real, number):
    """L5 to T12 of a real CT, all fully in the field: body Dice 0.90 at least against TotalSegmentator's body label."""
    vertebrae, bodies, canal, line = real
    mask = vertebrae.labels == number
    got = divide_vertebra(mask, canal, line, vertebrae.grid)
    ours, right = got.mask("vertebral_body"), bodies & mask
    assert 2 * (ours & right).sum() / (ours.sum() + right.sum()) >= 0.95
    for part in PARTS:
        assert got.mask(part).sum() >= 5, part
    points = vertebrae.grid.points(
        np.argwhere(got.mask("lamina_left", "transverse_process_left", "pedicle_left"))[:, ::-1]
    )
    others = vertebrae.grid.points(
        np.argwhere(got.mask("lamina_right", "transverse_process_right", "pedicle_right"))[:, ::-1]
    )
    assert points[:, 0].mean() > others[:, 0].mean() + 15  # left is where x is larger
    assert got.frame.front[1] < -0.8  # the body lies in front


def test_what_cannot_be_divided(real):
    vertebrae, _, canal, line = real
    with pytest.raises(CannotTell) as caught:
        divide_vertebra(vertebrae.labels == 99, canal, line, vertebrae.grid)
    assert caught.value.code == "vertebra-too-small"
    with pytest.raises(CannotTell) as caught:
        divide_vertebra(vertebrae.labels == 28, np.zeros_like(canal), line, vertebrae.grid)
    assert caught.value.code == "canal-not-here"
    far = np.zeros_like(canal)
    far[105:111] = canal[105:111]
    with pytest.raises(CannotTell) as caught:
        divide_vertebra(vertebrae.labels == 27, far, line, vertebrae.grid)
    assert caught.value.code == "canal-not-here"
    with pytest.raises(InputRefused) as refused:
        divide_vertebra(np.ones((2, 2, 2), bool), canal, line, vertebrae.grid)
    assert refused.value.code == "mask-shape"


def test_a_canal_that_is_not_there():
    grid = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (5, 30, 30))
    with pytest.raises(CannotTell) as caught:
        canal_from_bone(np.ones(grid.shape, bool), grid)
    assert caught.value.code == "no-canal"
    two = np.zeros(grid.shape, bool)
    two[:2, 10:20, 10:20] = True
    with pytest.raises(CannotTell) as caught:
        canal_line(two, grid)
    assert caught.value.code == "no-canal"
    ring = np.zeros(grid.shape, bool)
    ring[:, 5:25, 5:25] = True
    ring[:, 9:21, 8:22] = False
    found = canal_from_bone(ring, grid)
    assert found.sum() == 5 * 12 * 14
    line = canal_line(found, grid)
    with pytest.raises(CannotTell) as caught:
        line.frame(line.points[80])
    assert caught.value.code == "no-front"
