"""What is written can be read back, by us and by pydicom."""

from __future__ import annotations

import io

import numpy as np
import pytest
import rt_files as made
from hypothesis import given
from hypothesis import strategies as st
from pydicom import dcmread

from portico.errors import InputRefused
from portico.rt import (
    Contour,
    DoseGrid,
    Grid,
    Identity,
    PhysicalProperty,
    Structure,
    StructureSet,
    dose_bytes,
    parse_dicom,
    read_contents,
    read_study,
    structures_bytes,
    write_dose,
    write_structures,
)
from portico.rt.dicom_write import ds

AXES = [
    np.diag(signs).astype(float)[:, order]
    for signs in ((1, 1, 1), (-1, 1, -1), (1, -1, 1))
    for order in ([0, 1, 2], [1, 0, 2], [0, 2, 1])
]
GRID = Grid((-10.5, 20.25, 1 / 3), (2.0, 3.0, 2.5), np.eye(3), (3, 4, 5))
GY = np.random.default_rng(2).uniform(0, 30, GRID.shape)


def dose(grid=GRID, gy=GY, **changes):
    return DoseGrid(grid, gy, **({"summation": "PLAN", "frame_uid": made.FRAME, "dose_type": "PHYSICAL"} | changes))


def points(*values):
    return np.array(values, dtype=float)


def structure_set(**changes):
    ring = points(*made.square(5, 10)) / 3
    structures = {
        4: Structure(
            4,
            "PTV_3000",
            (Contour(ring, "CLOSED_PLANAR", "1.5.1"), Contour(ring + np.array([50, 0, 0]), "CLOSED_PLANAR")),
            "PTV",
            made.FRAME,
            "MANUAL",
        ),
        7: Structure(
            7,
            "Käfig",
            (Contour(points((1, 2, 3)), "POINT"),),
            None,
            made.FRAME,
            None,
            (PhysicalProperty("REL_ELEC_DENSITY", 1.4),),
        ),
        9: Structure(9, "Empty", (), "ORGAN", made.FRAME, "AUTOMATIC"),
    }
    return StructureSet(**({"structures": structures, "frame_uid": made.FRAME, "label": "SET"} | changes))


@pytest.mark.parametrize("axes", AXES)
def test_a_dose_comes_back(tmp_path, axes):
    given_ = dose(
        Grid(GRID.origin, GRID.spacing, axes, GRID.shape), plan_uids=("1.7.1",), heterogeneity=("IMAGE", "ROI_OVERRIDE")
    )
    write_dose(tmp_path / "dose.dcm", given_)
    back = read_study(tmp_path / "dose.dcm").doses[0]
    assert back.grid.same_as(given_.grid, 1e-9) and np.array_equal(back.grid.axes, axes)
    np.testing.assert_allclose(back.gy, GY, rtol=3e-7, atol=1e-7)
    assert (back.summation, back.dose_type, back.frame_uid, back.plan_uids, back.heterogeneity) == (
        "PLAN",
        "PHYSICAL",
        made.FRAME,
        ("1.7.1",),
        ("IMAGE", "ROI_OVERRIDE"),
    )


def test_beams_of_a_dose_come_back(tmp_path):
    write_dose(
        tmp_path / "dose.dcm", dose(summation="BEAM", plan_uids=("1.7.1",), beam_numbers=(3,), fraction_groups=(1,))
    )
    back = read_study(tmp_path / "dose.dcm").doses[0]
    assert (back.beam_numbers, back.fraction_groups) == ((3,), (1,))


def test_pydicom_reads_the_dose():
    other = dcmread(io.BytesIO(dose_bytes(dose(), identity=Identity(patient_id="4711", study_uid="1.2.3"))))
    np.testing.assert_allclose(other.pixel_array * float(other.DoseGridScaling), GY, atol=1e-7)
    assert (other.PatientID, other.StudyInstanceUID, other.DoseUnits) == ("4711", "1.2.3", "GY")
    assert [float(x) for x in other.GridFrameOffsetVector] == [0, 2.5, 5] and other.FrameIncrementPointer == 0x3004000C


def test_pydicom_reads_the_structures():
    other = dcmread(io.BytesIO(structures_bytes(structure_set())))
    assert [item.ROIName for item in other.StructureSetROISequence] == ["PTV_3000", "Käfig", "Empty"]
    data = other.ROIContourSequence[0].ContourSequence[0].ContourData
    np.testing.assert_allclose(np.array(data, dtype=float).reshape(-1, 3), points(*made.square(5, 10)) / 3, rtol=1e-12)
    str(other)  # every value is well formed: a warning would fail the test


def test_structures_come_back(tmp_path):
    given_ = structure_set()
    write_structures(tmp_path / "set.dcm", given_)
    back = read_study(tmp_path / "set.dcm").structure_sets[0]
    assert (back.frame_uid, back.label, list(back.structures)) == (made.FRAME, "SET", [4, 7, 9])
    for number, ours in given_.structures.items():
        theirs = back.structures[number]
        assert (theirs.name, theirs.interpreted_type, theirs.generation, theirs.properties) == (
            ours.name,
            ours.interpreted_type,
            ours.generation,
            ours.properties,
        )
        for one, other in zip(ours.contours, theirs.contours, strict=True):
            assert (one.kind, one.image_uid) == (other.kind, other.image_uid)
            np.testing.assert_allclose(one.points, other.points, rtol=1e-11)


def test_references_to_a_series_come_back(tmp_path):
    image = read_study(made.put(tmp_path / "ct", *(made.encoded(made.ct_plane(z, f"1.5.{z}")) for z in (1, 2)))).images[
        0
    ]
    write_structures(
        tmp_path / "ct" / "set.dcm", structure_set(), image=image, identity=Identity(patient_id=made.IDENTIFIER)
    )
    found = read_study(tmp_path / "ct").plan_set()
    assert found.image.series_uid == image.series_uid == found.structure_set.series_uids[0]


def test_a_contour_too_long_for_its_representation(tmp_path):
    angle = np.linspace(0, 2 * np.pi, 6000, endpoint=False)
    ring = np.stack([np.cos(angle) * 50, np.sin(angle) * 50, np.full(6000, 5.0)], axis=1)
    one = Structure(1, "BODY", (Contour(ring, "CLOSED_PLANAR"),), None, made.FRAME)
    write_structures(tmp_path / "set.dcm", structure_set(structures={1: one}))
    back = read_study(tmp_path / "set.dcm").structure_sets[0].structure(1)
    np.testing.assert_allclose(back.contours[0].points, ring, atol=1e-9)


def test_the_same_content_gives_the_same_bytes():
    assert structures_bytes(structure_set()) == structures_bytes(structure_set())
    assert dose_bytes(dose()) == dose_bytes(dose())
    assert (
        parse_dicom(dose_bytes(dose(gy=GY + 1))).root.elements[0x00080018]
        != parse_dicom(dose_bytes(dose())).root.elements[0x00080018]
    )


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda: dose_bytes(dose(frame_uid=None)), "frame-unknown"),
        (lambda: dose_bytes(dose(dose_type=None)), "dose-type"),
        (lambda: dose_bytes(dose(summation="UNKNOWN")), "summation-unknown"),
        (lambda: dose_bytes(dose(gy=GY - 40)), "dose-negative"),
        (lambda: dose_bytes(dose(gy=GY * np.nan)), "not-a-number"),
        (lambda: structures_bytes(structure_set(frame_uid=None)), "frame-unknown"),
    ],
)
def test_what_would_be_made_up_is_not_written(make, code):
    with pytest.raises(InputRefused) as caught:
        make()
    assert caught.value.code == code


def test_a_refused_structure_is_not_lost_in_a_copy(tmp_path):
    dataset = made.structures({1: ("A", [("OPEN_NONPLANAR", made.square(1, 2))]), 2: ("B", [])})
    found = read_study(made.put(tmp_path / "s", made.encoded(dataset))).structure_sets[0]
    with pytest.raises(InputRefused) as caught:
        structures_bytes(found)
    assert caught.value.code == "structure-refused"


def coloured(**changes):
    return structure_set(structures={1: Structure(1, "CTV", (), "CTV", made.FRAME, **changes)})


WORDS = "Rand 5 mm, µ ≥ 3, größer als „Käfig“ 椎体"


def test_colour_and_description_come_back_to_us_and_to_pydicom():
    data = structures_bytes(coloured(colour=(200, 0, 255), description=WORDS))
    back = read_contents([("set", data)]).structure_sets[0].structures[1]
    assert (back.colour, back.description, back.generation_note) == ((200, 0, 255), WORDS, None)
    other = dcmread(io.BytesIO(data))
    assert list(other.ROIContourSequence[0].ROIDisplayColor) == [200, 0, 255]
    assert (other.SpecificCharacterSet, other.StructureSetROISequence[0].ROIDescription) == ("ISO_IR 192", WORDS)
    assert other.StructureSetROISequence[0]["ROIDescription"].VR == "ST"


def test_a_note_on_how_it_was_made_comes_back():
    data = structures_bytes(coloured(generation_note="Käfig, Regel 3"))
    assert read_contents([("set", data)]).structure_sets[0].structures[1].generation_note == "Käfig, Regel 3"
    element = dcmread(io.BytesIO(data)).StructureSetROISequence[0]["ROIGenerationDescription"]
    assert (element.VR, element.value) == ("LO", "Käfig, Regel 3")


def test_without_colour_and_description_neither_is_written():
    other = dcmread(io.BytesIO(structures_bytes(coloured())))
    assert "ROIDisplayColor" not in other.ROIContourSequence[0]
    assert "ROIDescription" not in other.StructureSetROISequence[0]


def test_other_words_or_another_colour_make_another_identifier():
    made_ = [coloured(), coloured(colour=(1, 2, 3)), coloured(colour=(1, 2, 4)), coloured(description="a")]
    assert len({dcmread(io.BytesIO(structures_bytes(one))).SOPInstanceUID for one in made_}) == 4


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"colour": (0, 0, 256)}, "colour"),
        ({"colour": (-1, 0, 0)}, "colour"),
        ({"colour": (1, 2)}, "colour"),
        ({"description": "ä" * 1025}, "text-too-long"),
        ({"generation_note": "ä" * 65}, "text-too-long"),
        ({"generation_note": "a\\b"}, "text-too-long"),
    ],
)
def test_what_the_standard_does_not_allow_is_not_written(changes, code):
    with pytest.raises(InputRefused) as caught:
        structures_bytes(coloured(**changes))
    assert caught.value.code == code


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e30, max_value=1e30))
def test_decimal_strings_fit_and_keep_their_value(value):
    text = ds(value)
    assert len(text) <= 16
    assert float(text) == pytest.approx(value, rel=1e-8, abs=1e-300)
