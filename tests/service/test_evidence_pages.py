"""The evidence browser: filters, every record with its level and source, questions with forest plots, gaps, timeline."""

from __future__ import annotations

import io
import re
from html import unescape

import pytest

from portico.knowledge import load_library
from portico.knowledge.pools import load_pools

from .conftest import Browser, served


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    log, folder = io.StringIO(), tmp_path_factory.mktemp("evidence")
    with served(folder, log) as client:
        yield Browser(client, log, folder)


@pytest.fixture(scope="module")
def library():
    return load_library()


def _listed(page: str) -> list[str]:
    return re.findall(r'<th role="rowheader" scope="row"><a href="/evidence/([^"]+)">', page)


def test_the_list_holds_every_record_and_filters_narrow_it(evidence, library) -> None:
    every = _listed(evidence.open("/evidence").text)
    kinds = (
        library.studies,
        library.limits,
        library.rules,
        library.regimens,
        library.volumes,
        library.scores,
        library.models,
    )
    assert sorted(every) == sorted(key for kind in kinds for key in kind)
    wanted = {one.id for one in library.studies.values() if one.verified == "abstract" and one.site == "spine"}
    assert set(_listed(evidence.open("/evidence?kind=studies&level=abstract&site=spine").text)) == wanted
    assert _listed(evidence.open("/evidence?text=KEIT-2025").text) == ["keit-2025"]
    assert "No record fits" in evidence.open("/evidence?text=nothing+of+this+kind").text


@pytest.mark.parametrize("query", ["kind=x", "level=%3Cscript%3E", "site=moon", "directness=far", f"text={'a' * 201}"])
def test_a_filter_that_is_no_word_of_the_library_is_refused(evidence, query) -> None:
    answer = evidence.open(f"/evidence?{query}")
    assert answer.status_code == 400 and "<script>" not in answer.text


def test_every_record_has_a_page_with_its_level(evidence, library) -> None:
    for kind in ("studies", "limits", "rules", "regimens", "volumes", "scores", "models"):
        for key in list(getattr(library, kind))[::17]:
            answer = evidence.open(f"/evidence/{key}")
            assert answer.status_code == 200 and "How far it was checked" in answer.text, key
            level = library.verified_of(key)
            assert f'class="level {level or ""}"' in answer.text, key
            assert not re.search(r"mappingproxy|object at 0x|\(id=|>None<", answer.text), key


def test_a_study_names_its_source_its_figures_and_its_questions(evidence, library) -> None:
    study = library.studies["keit-2025"]
    page = unescape(evidence.open("/evidence/keit-2025").text)
    assert study.citation in page
    assert study.doi is None or f"https://doi.org/{study.doi}" in page
    assert page.count('data-label="Figure"') == len(study.results)
    counts = [q for q, one in load_pools(library).answers.items() if any(row.study == "keit-2025" for row in one.rows)]
    for question in counts:
        assert re.search(rf'href="/evidence/questions/{question}">[^<]+</a> counts', page)


def test_an_older_name_of_a_study_is_found_and_an_unknown_one_is_not(evidence, library) -> None:
    alias, name = next(iter(library.aliases.items()))
    assert f"<h1>{name}</h1>" in evidence.open(f"/evidence/{alias}").text
    for path in ("/evidence/no-such-record", "/evidence/questions/no-such-question", "/evidence/%3Cscript%3E"):
        answer = evidence.open(path)
        assert answer.status_code == 404 and "<script>" not in answer.text


def test_questions_lead_to_an_answer_with_its_forest_plot_and_records(evidence, library) -> None:
    answers = load_pools(library).answers
    summary = evidence.open("/evidence/questions").text
    assert all(f"/evidence/questions/{name}" in summary for name in answers)
    name = next(key for key, one in answers.items() if one.k == 2)
    page = evidence.open(f"/evidence/questions/{name}").text
    assert page.count("<svg") >= 2  # that of the head, and the forest plot
    for row in answers[name].rows:
        assert f'<a href="/evidence/{row.study}">' in page
    gap = next(key for key, one in answers.items() if one.k == 0)
    assert "No study answers this question: a gap." in evidence.open(f"/evidence/questions/{gap}").text


def test_gaps_and_timeline_show_picture_and_table(evidence, library) -> None:
    gaps, line = evidence.open("/evidence/gaps").text, evidence.open("/evidence/timeline").text
    assert "Gap map of" in gaps and "Questions to ask next" in gaps and "Empty cells" in gaps
    assert f"Timeline of {len(library.history)} steps" in line
    assert all(one.source_id in line for one in library.history)
