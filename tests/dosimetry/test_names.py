"""Names are matched by the table, guessed in sight, and never invented."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.dosimetry import NameTable
from portico.dosimetry.names import named_dose_gy
from portico.errors import KnowledgeRefused
from portico.knowledge import load_library

ROWS = load_library().policy["structure-names"].body["names"]
TABLE = NameTable.of(ROWS)


@pytest.mark.parametrize(
    ("label", "roi", "how"),
    [
        ("SpinalCord", "SpinalCord", "exact"),
        ("spinal cord", "SpinalCord", "synonym"),
        ("CORD", "SpinalCord", "synonym"),
        ("Cord final", "SpinalCord", "guessed"),
        ("SpinalCord_T8", "SpinalCord", "guessed"),
        ("Spinal Chord", "SpinalCord", "guessed"),
        ("Oesophagus", "Esophagus", "synonym"),
        ("LUNG_R", "Lung_R", "synonym"),
        ("Body", "External", "synonym"),
        ("PTV boost", "PTV_High", "synonym"),
        ("nail", "Nail", "synonym"),
        # what was made for the optimiser, or cut from something, is no organ
        ("PTV-Cord", "PTV-Cord", "none"),
        ("zSpinalCord", "zSpinalCord", "none"),
        ("Heart minus PTV", "Heart minus PTV", "none"),
        ("Cord_Avoid", "Cord_Avoid", "none"),
        ("cordoba", "cordoba", "none"),
        ("", "", "none"),
    ],
)
def test_names(label, roi, how):
    found = TABLE.match(label)
    assert (found.roi, found.how) == (roi, how)


@pytest.mark.parametrize(
    ("label", "how", "margin"),
    [
        ("SpinalCord_PRV02", "exact", 2.0),
        ("SpinalCord_PRV05", "exact", 5.0),
        ("SpinalCord_PRV", "exact", None),
        ("Cord PRV", "synonym", None),
        ("Cord_PRV_2mm", "synonym", 2.0),
        ("PRV Cord 0.3 cm", "synonym", 3.0),
        ("PRV cord 1.5mm", "synonym", 1.5),
    ],
)
def test_margins_are_read_from_the_name(label, how, margin):
    found = TABLE.match(label)
    assert (found.roi, found.role, found.how, found.prv_mm) == ("SpinalCord_PRV", "organ", how, margin)


def test_the_user_goes_before_the_table():
    table = NameTable.of(ROWS, {"SpinalCord": "Structure 7"})
    assert (table.match("Structure 7").roi, table.match("Structure 7").how) == ("SpinalCord", "exact")
    assert table.match("Structure 7").role == "organ"


def test_the_type_in_the_file_tells_the_kind_and_never_the_organ():
    found = TABLE.match("XYZ", "ORGAN")
    assert (found.roi, found.role, found.how) == ("XYZ", "organ", "none")
    assert TABLE.match("XYZ", None).role == "other"


@pytest.mark.parametrize(
    ("label", "gy"),
    [
        ("PTV_2400", 24.0), ("PTV_3000", 30.0), ("PTV24Gy", 24.0), ("PTV 30 Gy", 30.0), ("PTV 2400cGy", 24.0), ("PTV1", None),
        ("PTV_T8", None), ("PTV", None), ("PTV_High", None),
    ],
)  # fmt: skip
def test_doses_in_names(label, gy):
    assert named_dose_gy(label) == gy


@pytest.mark.parametrize(
    "rows",
    [
        [{"roi": "A", "role": "organ"}],
        [{"roi": "A", "role": "nerve", "synonyms": []}],
        [{"roi": "A", "role": "organ", "synonyms": "cord"}],
        [{"roi": "A", "role": "organ", "synonyms": [3]}],
        ["A"],
    ],
)
def test_a_damaged_table_is_refused(rows):
    with pytest.raises(KnowledgeRefused) as caught:
        NameTable.of(rows)
    assert caught.value.code == "names-damaged" and caught.value.problem.path == "names[0]"


def test_one_name_for_two_structures_is_refused():
    rows = [{"roi": "A", "role": "organ", "synonyms": ["x y"]}, {"roi": "B", "role": "organ", "synonyms": ["X_Y"]}]
    with pytest.raises(KnowledgeRefused) as caught:
        NameTable.of(rows)
    assert caught.value.code == "name-twice"


@given(st.text(max_size=30))
def test_any_text_is_matched_or_left_as_it_is(label):
    found = TABLE.match(label)
    assert found.how != "none" or found.roi == label


def test_every_shipped_name_is_exact_and_its_synonyms_agree():
    for row in ROWS:
        assert TABLE.match(row["roi"]).how == "exact"
        for synonym in row["synonyms"]:
            assert TABLE.match(synonym).roi == row["roi"], synonym
