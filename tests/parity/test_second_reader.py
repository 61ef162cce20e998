"""An RTSTRUCT of ours in pydicom: the same vertices, names, colours and words, whatever the position of the patient.

dicompyler-core reads the same file in ``benchmarks/targets.py``: it needs an environment of its own, and no test may be skipped.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from pydicom import dcmread

from portico.rt import Image, structures_bytes
from portico.targets import Draft, DraftVolume, structure_set
from portico.targets.phantom import vertebra

CLOSE_MM = 0.01
"""Largest distance of a vertex from ours; a decimal string holds far more."""
POSITIONS = {
    "HFS": np.diag([1.0, 1.0, 1.0]),
    "HFP": np.diag([-1.0, -1.0, 1.0]),
    "FFS": np.diag([-1.0, 1.0, -1.0]),
    "FFP": np.diag([1.0, -1.0, -1.0]),
}


@pytest.fixture(params=POSITIONS, scope="module")
def written(request):
    """Grid, our structure set, and what pydicom finds in its bytes."""
    parts, canal, grid, local = vertebra(axes=POSITIONS[request.param], spacing=(0.9, 0.9, 2.0), half=40.0)
    far = np.linalg.norm(local - [0, 10, 0], axis=-1)
    one = np.zeros(grid.shape, bool)
    one[3, 4, 5] = True
    volumes = (
        DraftVolume("CTV_T8", "CTV", parts == 1, "Körper, 3 µm", ("row-1",), ("study-1",), "full_text"),
        DraftVolume("PTV_T8", "PTV", far <= 15, "Kugel", verified="memory"),
        DraftVolume("PRV", "AVOIDANCE", (far <= 20) & (far > 17), "Schale ≥ 3 mm", role="alternative"),
        DraftVolume("Bone", "CONTROL", parts > 0, "Knochen", role="input"),
        DraftVolume("SpinalCord", "ORGAN", canal, "Kanal"),
        DraftVolume("One", "GTV", one, "ein Voxel"),
    )
    uids = tuple(f"1.2.5.{k}" for k in range(grid.shape[0]))
    image = Image(grid, np.zeros(grid.shape, np.int16), "1.2.3", "1.2.4", uids, request.param)
    ours = structure_set(Draft(grid, volumes, frame_uid="1.2.3"), image)
    return grid, ours, dcmread(io.BytesIO(structures_bytes(ours, image=image)))


def test_every_vertex_and_its_image(written):
    grid, ours, theirs = written
    for structure, item in zip(ours.structures.values(), theirs.ROIContourSequence, strict=True):
        assert int(item.ReferencedROINumber) == structure.number
        for contour, read in zip(structure.contours, item.ContourSequence, strict=True):
            points = np.array(read.ContourData, dtype=float).reshape(-1, 3)
            assert (len(points), read.ContourGeometricType) == (int(read.NumberOfContourPoints), "CLOSED_PLANAR")
            assert np.abs(points - contour.points).max() <= CLOSE_MM
            k = round(float(grid.indices(points)[:, 2].mean()))
            assert np.abs(grid.indices(points)[:, 2] - k).max() * grid.spacing[2] <= CLOSE_MM
            assert read.ContourImageSequence[0].ReferencedSOPInstanceUID == f"1.2.5.{k}"


def test_names_kinds_colours_and_words(written):
    _, ours, theirs = written
    wanted = list(ours.structures.values())
    listed = theirs.StructureSetROISequence
    assert [(int(one.ROINumber), one.ROIName) for one in listed] == [(one.number, one.name) for one in wanted]
    assert [one.ROIDescription for one in listed] == [one.description for one in wanted]
    assert [one.ROIGenerationAlgorithm or None for one in listed] == [one.generation for one in wanted]
    assert {one.ReferencedFrameOfReferenceUID for one in listed} == {"1.2.3"}
    assert [tuple(one.ROIDisplayColor) for one in theirs.ROIContourSequence] == [one.colour for one in wanted]
    assert [one.RTROIInterpretedType for one in theirs.RTROIObservationsSequence] == [
        one.interpreted_type for one in wanted
    ]
    assert "Körper, 3 µm Rows: row-1. Sources: study-1." in listed[0].ROIDescription
    assert len({one.name for one in wanted}) == len(wanted) == 6
    str(theirs)  # every value is well formed: a warning would fail the test


def test_images_of_the_series_are_named(written):
    grid, _, theirs = written
    study = theirs.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    images = study.RTReferencedSeriesSequence[0].ContourImageSequence
    assert [one.ReferencedSOPInstanceUID for one in images] == [f"1.2.5.{k}" for k in range(grid.shape[0])]
