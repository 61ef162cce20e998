"""Doubles by identifiers and titles, and what is no double although it looks like one."""

from __future__ import annotations

import pytest

from portico.intake import Duplicates, Record, library_index, record_match, title_key
from portico.knowledge import load_library

LONG = "Stereotactic body radiotherapy after separation surgery of spinal metastases"


@pytest.mark.parametrize(
    ("title", "year", "more", "why"),
    [
        ("Anything at all", 1990, {"doi": "10.1/a"}, "the same DOI"),
        ("Anything at all", 1990, {"pmid": "7"}, "the same PubMed number"),
        (LONG.upper(), 2021, {}, "the same title, 2020 and 2021"),
        ("SBRT after separation surgery of spinal metastases", None, {}, "the same title, 2020 and no year"),
        (LONG.replace("metastases", "metastasis"), 2020, {}, "nearly the same title"),
        (LONG.replace("separation surgery", "seperation surgery"), 2020, {}, "nearly the same title"),
    ],
)
def test_doubles(title, year, more, why):
    index = Duplicates()
    assert index.add("first", LONG, 2020, doi="10.1/a", pmid="7") is None
    assert why in index.find(title, year, **more).why


@pytest.mark.parametrize(
    ("title", "year", "more"),
    [
        (LONG, 2023, {}), (LONG, 2020, {"doi": "10.1/b"}), (LONG, 2020, {"pmid": "8"}), (f"{LONG}: part 2", 2020, {}),
        ("Stereotactic body radiotherapy after separation surgery of brain tumours", 2020, {}), ("Short", 2020, {}),
    ],
)  # fmt: skip
def test_no_doubles(title, year, more):
    index = Duplicates()
    index.add("first", LONG, 2020, doi="10.1/a", pmid="7")
    index.add("short", "Shorts", 2020)
    assert index.add("second", title, year, **more) is None
    assert len(index) == 3


def test_studies_of_the_library_are_known():
    library = load_library()
    index = library_index(library.studies.values())
    study = library.studies["alomair-2013"]
    title = "Surgical resection of epidural disease improves local control following postoperative spine stereotactic body radiotherapy"
    assert record_match(index, Record(1, 1, "ris", title, year=2013)).known == study.id
    assert record_match(index, Record(1, 1, "ris", "X", doi="10.21037/apm-24-168")).known == "keit-2025"
    assert record_match(index, Record(1, 1, "ris", "A wholly different title about knees and hips", year=2013)) is None


def test_title_key():
    assert title_key("  Métastases—8 Gy?! ") == "metastases 8 gy"
    assert title_key("SBRT of tumours") == title_key("stereotactic body radiation therapy of tumors")
