"""Doubles by identifiers and titles, and what is no double although it looks like one."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pace import pace
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


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cervical", "thoracic"), ("hyperfractionated", "hypofractionated"), ("resectable", "unresectable"), ("with drains", "without drains"),
        ("part II", "part III"), ("preoperative", "postoperative"), ("8 Gy", "30 Gy"), ("men", "women"), ("chemotherapy", "chemoradiotherapy"),
        ("intradural", "extradural"), ("proximal", "distal"), ("prospective", "retrospective"), ("results", "erratum: results"),
    ],
)  # fmt: skip
def test_one_word_makes_another_title(one, other):
    frame = "Outcomes of a large consecutive series of patients who were operated for metastases of the bone, {}, and followed for years"
    index = Duplicates()
    index.add("first", frame.format(one), 2020)
    assert index.find(frame.format(other), 2020) is None
    assert index.find(frame.format(one).replace("operated", "oprated").upper(), 2021).why.startswith(
        "nearly the same title"
    )


def test_spellings_of_one_title():
    index = Duplicates()
    index.add(
        "first", "Post-operative radiotherapy and oesophageal toxicity at one tumour centre: a randomised study", 2020
    )
    for title in (
        "Postoperative radiotherapy and esophageal toxicity at one tumor center, a randomized study",
        "Post operative radiation therapy and esophageal toxicity at one tumor centre: randomised study",
    ):
        assert index.find(title, 2020) is not None


def test_one_doi_for_unlike_titles_is_said():
    index = Duplicates()
    index.add("first", LONG, 2020, doi="10.1/a")
    assert (
        index.find("Poster abstracts of the meeting", 2020, doi="10.1/a").why
        == "the same DOI; the titles differ, look at both"
    )


WORDS = st.lists(st.text(alphabet="abcdefghijklmnop", min_size=3, max_size=12), min_size=5, max_size=14)


@given(WORDS, st.data())
def test_a_title_written_otherwise_is_the_same(words, data):
    title = " ".join(words)
    index = Duplicates()
    index.add("first", title, 2020)
    written = data.draw(st.sampled_from([title.upper(), title.title() + ".", title.replace(" ", "  "), f"[{title}]"]))
    assert index.find(written, 2021) is not None and index.find(written, 2023) is None


def test_many_like_titles_take_seconds():
    """What a search on one topic gives: the same few words again and again. Quadratic work would take minutes."""
    draw = random.Random(2)
    first = (
        "Stereotactic body radiotherapy",
        "SBRT",
        "Postoperative radiotherapy",
        "Separation surgery and radiosurgery",
    )
    where = (
        "for spinal metastases",
        "of the cervical spine",
        "of the thoracic spine",
        "of vertebral metastases",
        "of the sacrum",
    )
    what = (
        "a systematic review",
        "a cohort study",
        "patterns of failure",
        "predictors of fracture",
        "quality of life",
        "local control",
    )
    some = [
        "margin",
        "dose",
        "fraction",
        "cord",
        "nail",
        "plate",
        "cement",
        "prosthesis",
        "wound",
        "delay",
        "timing",
        "relapse",
        "contour",
        "phase",
        "score",
        "marker",
    ]
    titles = [
        f"{draw.choice(first)} {draw.choice(where)}: {draw.choice(what)}, {' '.join(draw.sample(some, 3))}"
        for _ in range(4000)
    ]
    index = Duplicates()
    start = time.process_time()
    found = [index.add(str(at), title, 2020) for at, title in enumerate(titles)]
    assert time.process_time() - start < 20 * pace()
    keys = {" ".join(sorted(title_key(title).split())) for title in titles}
    assert sum(one is None for one in found) == len(keys)


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
