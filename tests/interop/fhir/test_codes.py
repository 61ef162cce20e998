"""The table of codes: every code has its source, a text that does not fit answers nothing, a department's own codes are checked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.errors import KnowledgeRefused
from portico.interop.fhir_codes import codes_from, load_codes, plain_text, site_codes
from portico.reading import parse_yaml

SCT = "http://snomed.info/sct"


def test_every_code_names_where_it_was_read() -> None:
    table = load_codes()
    assert len(table.entries) > 150
    assert all(entry.source in table.sources for entry in table.entries)
    assert set(table.sources) == {entry.source for entry in table.entries}


@pytest.mark.parametrize("entry", load_codes().entries, ids=lambda entry: entry.code)
def test_each_text_of_a_code_fits_it(entry) -> None:
    table = load_codes()
    for text in (*entry.display, *(f"x {word} y" for word in entry.words), None):
        coding = {"system": entry.system, "code": entry.code} | ({} if text is None else {"display": text})
        assert table.find(coding).means == entry.means


@given(st.text(max_size=40))
def test_another_text_never_fits(text: str) -> None:
    femur = {"system": SCT, "code": "71341001", "display": text}
    fits = plain_text(text) in {"bone structure of femur", "femur"}
    assert (load_codes().find(femur).state == "fits") is fits


def test_a_family_takes_what_stands_under_it_and_nothing_beside() -> None:
    table, system = load_codes(), "http://hl7.org/fhir/sid/icd-10-cm"
    assert table.find({"system": system, "code": "C50.811"}).means == {"histology": "breast"}
    assert table.find({"system": system, "code": "C5"}).state == "unknown"
    assert table.find({"system": system, "code": "C501"}).state == "unknown"
    assert table.find({"system": system, "code": "C71.9"}).state == "unknown"


@pytest.mark.parametrize(
    "coding", [None, [], "x", {"system": SCT}, {"system": 1, "code": 2}, {"system": SCT, "code": None}]
)
def test_what_is_no_coding_is_unknown(coding) -> None:
    assert load_codes().find(coding).state == "unknown"


OWN = """
schema: fhir-codes/1
systems: {ours: "https://clinic.example/codes"}
sources: {ours: "Catalogue of the clinic, 2026"}
codes:
- {system: ours, code: "N1", means: {procedure: intramedullary_nail}, source: ours, display: [Nail]}
"""


def test_codes_of_a_department_stand_beside_the_shipped_ones(tmp_path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OWN)
    table = site_codes(path)
    assert table.find({"system": "https://clinic.example/codes", "code": "N1"}).means == {
        "procedure": "intramedullary_nail"
    }
    assert table.find({"system": SCT, "code": "71341001"}).state == "fits"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("intramedullary_nail", "nailing"),
        ("procedure:", "operation:"),
        ("source: ours, ", "source: theirs, "),
        ("system: ours,", "system: other,"),
        ("display: [Nail]", "display: []"),
        ("display: [Nail]", "display: ['()']"),
        ('code: "N1"', "code: 1"),
        ("display: [Nail]", "display: [Nail], family: 1"),
        ("display: [Nail]", "display: [Nail], more: 1"),
        ("fhir-codes/1", "fhir-codes/2"),
        ("means: {procedure: intramedullary_nail}", "means: {}"),
        ('{ours: "Catalogue of the clinic, 2026"}', "[]"),
    ],
)
def test_a_table_that_does_not_hold_is_refused(old: str, new: str) -> None:
    assert old in OWN
    with pytest.raises(KnowledgeRefused):
        codes_from(parse_yaml(OWN.replace(old, new), name="own.yaml"))


def test_a_code_twice_is_refused() -> None:
    line = next(line for line in OWN.splitlines() if line.startswith("- "))
    with pytest.raises(KnowledgeRefused) as error:
        codes_from(parse_yaml(f"{OWN}{line}\n", name="own.yaml"))
    assert error.value.code == "code-twice"
