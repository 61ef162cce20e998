"""Contours of every kind that occurs."""

from __future__ import annotations

import numpy as np
import pytest
import rt_files as made
from pydicom.config import disable_value_validation
from pydicom.sequence import Sequence

from portico.errors import InputRefused
from portico.rt import read_study

CLOSED, XOR = "CLOSED_PLANAR", "CLOSEDPLANAR_XOR"
OUTER, INNER = made.square(5, 10), made.square(5, 4)
KEYHOLE = [*OUTER, OUTER[0], *INNER[::-1], INNER[-1], OUTER[0]]


def read(tmp_path, rois, change=lambda dataset: None):
    dataset = made.structures(rois)
    change(dataset)
    return read_study(made.put(tmp_path / "s", made.encoded(dataset))).structure_sets[0]


def refusal(found, number=1):
    with pytest.raises(InputRefused) as caught:
        found.structure(number)
    return caught.value.code


def test_several_contours_on_one_slice(tmp_path):
    found = read(
        tmp_path, {1: ("LUNGS", [(CLOSED, made.square(5, 3, (-20, 0))), (CLOSED, made.square(5, 3, (20, 0)))])}
    )
    assert [contour.z for contour in found.structure(1).closed] == [5, 5]
    assert found.structure(1).interpreted_type == "PTV" and found.structure(1).properties is None


def test_keyhole_and_exclusive_or(tmp_path):
    found = read(tmp_path, {1: ("RING", [(CLOSED, KEYHOLE)]), 2: ("RING2", [(XOR, OUTER), (XOR, INNER)])})
    np.testing.assert_array_equal(found.structure(1).contours[0].points, np.array(KEYHOLE[:-1], dtype=float))
    assert [contour.kind for contour in found.structure(2).contours] == [XOR, XOR]


def test_point_and_empty_structure(tmp_path):
    found = read(tmp_path, {1: ("POI", [("POINT", [(1, 2, 3)])]), 2: ("EMPTY", [])})
    assert found.structure(1).is_point and not found.structure(1).closed
    assert 2 in found.structures and refusal(found, 2) == "structure-empty"
    assert refusal(found, 7) == "no-such-structure"


def test_contours_without_area_are_counted(tmp_path):
    found = read(tmp_path, {1: ("PTV", [(CLOSED, OUTER), (CLOSED, OUTER[:2]), (CLOSED, OUTER[:1])])})
    assert len(found.structure(1).contours) == 1 and found.structure(1).without_area == 2


@pytest.mark.parametrize(
    ("contour", "code"),
    [
        (("OPEN_NONPLANAR", OUTER), "contour-non-planar"),
        ((CLOSED, [(0, 0, 0), (9, 0, 0), (9, 9, 4), (0, 9, 9), (4, 4, -5)]), "contour-non-planar"),
        ((CLOSED, [(0, 0, 0), (0, 9, 0), (0, 9, 9), (0, 0, 9)]), "contour-not-axial"),
        (("SPLINE", OUTER), "contour-kind"),
        ((CLOSED, [(0, 0, 0), (9, 0, 0), (90_000, 9, 0)]), "contour-implausible"),
        (("POINT", OUTER), "contour-points"),
    ],
)
def test_one_bad_contour_refuses_its_structure_and_no_other(tmp_path, contour, code):
    found = read(tmp_path, {1: ("PTV", [(CLOSED, OUTER), contour]), 2: ("CORD", [(CLOSED, INNER)])})
    assert refusal(found) == code and 1 not in found.structures
    assert found.refused[1].path.startswith("ROI 1: ROIContourSequence[0].ContourSequence[1]")
    assert len(found.structure(2).contours) == 1


def test_holes_by_two_conventions_are_refused(tmp_path):
    assert refusal(read(tmp_path, {1: ("PTV", [(CLOSED, OUTER), (XOR, INNER)])})) == "contour-mixed"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda c: delattr(c, "ContourData"), "contour-empty"),
        (lambda c: setattr(c, "ContourData", None), "contour-empty"),
        (lambda c: setattr(c, "NumberOfContourPoints", 5), "contour-points"),
        (lambda c: setattr(c, "ContourData", [1, 2, 3, 4]), "contour-points"),
        (lambda c: delattr(c, "ContourGeometricType"), "missing-tag"),
    ],
)
def test_a_contour_that_lacks_something(tmp_path, change, code):
    found = read(
        tmp_path, {1: ("PTV", [(CLOSED, OUTER)])}, lambda d: change(d.ROIContourSequence[0].ContourSequence[0])
    )
    assert refusal(found) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda d: setattr(d.StructureSetROISequence[1], "ROINumber", 1), "number-repeated"),
        (lambda d: setattr(d.ROIContourSequence[1], "ReferencedROINumber", 9), "unknown-structure"),
        (lambda d: delattr(d, "StructureSetROISequence"), "missing-tag"),
    ],
)
def test_a_set_that_contradicts_itself(tmp_path, change, code):
    with pytest.raises(InputRefused) as caught:
        read(tmp_path, {1: ("PTV", [(CLOSED, OUTER)]), 2: ("CORD", [(CLOSED, INNER)])}, change)
    assert caught.value.code == code


def test_contours_of_one_structure_in_two_places(tmp_path):
    found = read(
        tmp_path,
        {1: ("A", [(CLOSED, OUTER)]), 2: ("B", [(CLOSED, INNER)])},
        lambda d: setattr(d.ROIContourSequence[1], "ReferencedROINumber", 1),
    )
    assert refusal(found) == "number-repeated" and refusal(found, 2) == "structure-empty"


def test_density_override(tmp_path):
    def override(dataset):
        item = made._with(ROIPhysicalProperty="REL_ELEC_DENSITY", ROIPhysicalPropertyValue="1.5")
        dataset.RTROIObservationsSequence[0].ROIPhysicalPropertiesSequence = Sequence([item])

    properties = read(tmp_path, {1: ("CAGE", [(CLOSED, OUTER)])}, override).structure(1).properties
    assert [(one.name, one.value) for one in properties] == [("REL_ELEC_DENSITY", 1.5)]


def test_colour_and_words_beside_a_structure(tmp_path):
    def say(dataset):
        dataset.ROIContourSequence[0].ROIDisplayColor = [255, 0, 16]
        dataset.StructureSetROISequence[0].ROIDescription = "Saum 5 mm, größer"
        dataset.StructureSetROISequence[0].ROIGenerationDescription = "Käfig, von Hand"

    found = read(tmp_path, {1: ("A", [(CLOSED, OUTER)]), 2: ("B", [(CLOSED, INNER)])}, say)
    first, second = found.structure(1), found.structure(2)
    assert (first.colour, first.description, first.generation_note) == (
        (255, 0, 16),
        "Saum 5 mm, größer",
        "Käfig, von Hand",
    )
    assert (second.colour, second.description, second.generation_note) == (None, None, None)


@pytest.mark.parametrize(
    "bad", [b"200\\120", b"300\\120\\9", b"-20\\120\\9", b"2.5\\120\\9", b"red\\120\\9", b"20\\120\\9\\1", b""]
)
def test_a_colour_that_is_none_is_left_out(tmp_path, bad):
    dataset = made.structures({1: ("A", [(CLOSED, OUTER)])})
    dataset.ROIContourSequence[0].ROIDisplayColor = [200, 120, 9]
    whole = made.encoded(dataset)
    good = b"200\\120\\9 "
    assert whole.count(good) == 1
    found = read_study(made.put(tmp_path / "s", whole.replace(good, bad.ljust(len(good))))).structure_sets[0]
    assert found.structure(1).colour is None and not found.refused


def test_words_too_long_to_be_read_do_not_cost_the_structure(tmp_path):
    with disable_value_validation():
        found = read(
            tmp_path,
            {1: ("A", [(CLOSED, OUTER)])},
            lambda d: setattr(d.StructureSetROISequence[0], "ROIDescription", "x" * 1500),
        )
    assert found.structure(1).description is None and not found.refused
