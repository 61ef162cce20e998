"""CT series: order, spacing, rescale."""

from __future__ import annotations

import numpy as np
import pytest
import rt_files as made

from portico.errors import InputRefused
from portico.rt import read_study


def read(tmp_path, *planes):
    return read_study(made.put(tmp_path / "ct", *(made.encoded(plane) for plane in planes)))


def refusal(tmp_path, *planes):
    with pytest.raises(InputRefused) as caught:
        read(tmp_path, *planes)
    return caught.value.code


def test_planes_are_sorted_by_position_and_rescaled(tmp_path):
    image = read(tmp_path, *(made.ct_plane(z, f"1.5.{z}") for z in (30, 10, 20))).images[0]
    assert image.hu[:, 0, 0].tolist() == [10 - 1024, 20 - 1024, 30 - 1024] and image.hu.dtype == np.int16
    assert image.grid.spacing.tolist() == [1, 2, 10] and image.grid.origin.tolist() == [-10, -20, 10]
    assert image.instance_uids == ("1.5.10", "1.5.20", "1.5.30")
    assert (image.lowest_hu, image.highest_hu) == (-1024, 3071) and image.clipped_voxels == 0


def test_feet_first_series_runs_along_its_normal(tmp_path):
    image = read(tmp_path, *(made.ct_plane(z, f"1.5.{z}", orientation=(-1, 0, 0, 0, 1, 0)) for z in (10, 20))).images[0]
    assert image.hu[:, 0, 0].tolist() == [20 - 1024, 10 - 1024]
    assert image.grid.points([[0, 0, 1]])[0].tolist() == [-10, -20, 10]


def test_a_slope_that_is_not_whole(tmp_path):
    image = read(tmp_path, *(made.ct_plane(z, f"1.5.{z}", slope="0.5") for z in (11, 21))).images[0]
    assert image.hu.dtype == np.float32 and image.hu[0, 0, 0] == 5.5 - 1024


def test_metal_at_the_end_of_the_scale_is_counted(tmp_path):
    image = read(tmp_path, made.ct_plane(1, "1.5.1", value=4095), made.ct_plane(2, "1.5.2")).images[0]
    assert image.clipped_voxels == 12


@pytest.mark.parametrize(
    ("planes", "code"),
    [
        ([(10, {})], "one-plane"),
        ([(10, {}), (20, {}), (40, {})], "planes-uneven"),
        ([(10, {}), (20, {"position": [-10, -20, 10]})], "plane-repeated"),
        ([(10, {}), (20, {"position": [-10, -15, 20]})], "planes-tilted"),
        ([(10, {}), (20, {"orientation": (0, 1, 0, -1, 0, 0)})], "planes-differ"),
        ([(10, {}), (20, {"value": 60_000})], "pixel-range"),
    ],
)
def test_a_series_that_is_no_volume(tmp_path, planes, code):
    assert refusal(tmp_path, *(made.ct_plane(z, f"1.5.{z}", **change) for z, change in planes)) == code


def test_one_image_that_cannot_be_read_spoils_its_series(tmp_path):
    planes = [made.ct_plane(z, f"1.5.{z}") for z in (10, 20, 30)]
    del planes[2].RescaleSlope
    other = [made.ct_plane(z, f"1.6.{z}", series="1.2.3.6") for z in (10, 20)]
    study = read(tmp_path, *planes, *other)
    assert [image.series_uid for image in study.images] == ["1.2.3.6"]
    assert [problem.path for problem in study.refused] == ["file 3 of 5: RescaleSlope"]
