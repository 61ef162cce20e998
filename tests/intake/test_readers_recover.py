"""One fault costs one record: what stands before and after it in the file is kept, and nothing is lost in silence."""

from __future__ import annotations

import literature as made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.errors import Problem
from portico.intake import Record, doi_of, plain_text, read_records


def read(tmp_path, data, form=None):
    path = tmp_path / "file"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_records(path, form))


def told(found):
    return [one.code if isinstance(one, Problem) else one.title for one in found]


FIRST, SECOND = made.TITLE, "Another title of some length"


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("@misc{a, title={One a}} @misc{b, title={Two b}}", ["One a", "Two b"]),
        ("@misc{a, title={One a}}@misc{b, title={Two b}} @misc{c", ["One a", "Two b", "record-truncated"]),
        ("@misc(a, title = {One (a) b}, year = 2020)\n@misc{b, title={Two b}}", ["One (a) b", "Two b"]),
        ('@misc(a, title = "One) a")\n', ["One) a"]),
        ("@misc\n{a, title={One a}}", ["One a"]),
        ("@misc{a,\n\n title={One a}\n\n}\n\n", ["One a"]),
        ("@misc{a, title={Open\n@article{b, title={Two b}}", ["record-truncated", "Two b"]),
        ("@comment{a {b} c}\n% note\nwords\nmore words\n@misc{b, title={Two b}}", ["not-a-record", "Two b"]),
    ],
)
def test_bibtex_entries(tmp_path, text, right):
    assert told(read(tmp_path, text, "bibtex")) == right


def test_one_bad_article_costs_one_article(tmp_path):
    bad = made.XML.replace("</Journal>", "</Jxx>", 1)
    found = read(tmp_path, bad)
    assert told(found) == ["not-xml", SECOND] and found[0].line == 5 and found[1].line == 13
    assert told(read(tmp_path, made.XML.replace("</PubmedArticle>", "", 1))) == ["record-truncated", SECOND]
    assert told(read(tmp_path, made.XML.replace("</PubmedArticleSet>", ""))) == [FIRST, SECOND, "file-truncated"]
    deep = made.XML.replace("<Language>", "<a>" * 80 + "</a>" * 80 + "<Language>")
    assert told(read(tmp_path, deep)) == ["xml-too-deep", SECOND]
    undeclared = made.XML.replace("a made-up series", "a made-up series &x;")
    assert told(read(tmp_path, undeclared)) == ["not-xml", SECOND]
    assert told(read(tmp_path, "<PubmedArticleSet></PubmedArticleSet>")) == []
    assert told(read(tmp_path, "<PubmedArticleSet>")) == ["not-xml"]
    assert told(read(tmp_path, "<a>" + "x" * 2_000_000, "pubmed-xml")) == ["not-xml"]


def test_articles_in_other_encodings(tmp_path):
    found = read(tmp_path, made.XML.encode("cp1252"))
    assert told(found) == [FIRST, SECOND] and found[0].authors[0] == "Karl Müller"
    assert found[0].notes == ("a line read as Windows-1252",) and found[1].notes == ()
    assert read(tmp_path, made.XML.encode("utf-16"))[0].authors[0] == "Karl Müller"


def test_an_article_is_cut_out_wherever_a_chunk_ends(tmp_path, monkeypatch):
    right = read(tmp_path, made.XML)
    for size in (1, 7, 40, 41, 333):
        monkeypatch.setattr("portico.intake.pubmed_xml._CHUNK", size)
        assert read(tmp_path, made.XML) == right


def test_raised_digits_do_not_join_the_number_before(tmp_path):
    text = made.XML.replace("<i>nailing</i>", "10<sup>3</sup> nails")
    assert "10^3 nails" in read(tmp_path, text)[0].title
    assert plain_text("p = 10<sup>-3</sup>") == "p = 10^-3"


def test_line_ends_of_old_files(tmp_path):
    text = made.RIS.replace("\n", "\r") * 6000  # one line of more than a megabyte, were they not seen
    found = read(tmp_path, text)
    assert len(found) == 12_000 and all(isinstance(one, Record) for one in found) and found[1].line == 13


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("10.1002/(SICI)1097-0142(19990101)85:1<72::AID-CNCR12>3.0.CO;2-#", "10.1002/(sici)1097-0142(19990101)85:1<72::aid-cncr12>3.0.co;2-#"),
        ("https://doi.org/10.1002/(SICI)1(2)3%3C72::AID%3E4", "10.1002/(sici)1(2)3<72::aid>4"), ("(doi: 10.1000/a(b).)", "10.1000/a(b)"),
        ("<p>10.1000/ab</p>", "10.1000/ab"), ("10.1000/", None),
    ],
)  # fmt: skip
def test_dois_with_brackets_stay_apart(text, right):
    assert doi_of(text) == right


@pytest.mark.parametrize(
    ("line", "pmid"), [("DB  - PubMed", "123"), ("DP  - NLM", "123"), ("DB  - CINAHL", None), ("ID  - x", "123")]
)
def test_an_accession_number_of_another_database_is_no_pubmed_number(tmp_path, line, pmid):
    assert read(tmp_path, f"TY  - JOUR\nTI  - A title\nAN  - 123\n{line}\nER  - \n")[0].pmid == pmid


@given(st.text(max_size=300))
def test_plain_text_is_one_printable_line(text):
    once = plain_text(text)
    assert once.isprintable() and "  " not in once and once == once.strip()


@given(st.sampled_from(sorted(made.FILES)), st.integers(0, 3000))
@settings(max_examples=60, deadline=None)
def test_a_file_cut_anywhere_keeps_its_first_record_or_says_so(tmp_path_factory, form, at):
    data = made.FILES[form].encode()
    at = min(at, len(data))
    path = tmp_path_factory.mktemp("cut") / "file"
    path.write_bytes(data[:at])
    found = list(read_records(path, form))
    whole = [one for one in found if isinstance(one, Record) and one.title == FIRST]
    if at > len(data) - 30:
        assert whole
    if found and form in ("ris", "bibtex", "pubmed-xml") and not whole:
        assert isinstance(found[0], Problem)


LETTERS = (
    st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüßé0123456789 ", min_size=3, max_size=60)
    .map(str.strip)
    .filter(lambda one: one[:1].isalpha())
)


@given(st.lists(LETTERS, min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_what_was_written_is_read(tmp_path_factory, titles):
    folder = tmp_path_factory.mktemp("round")
    texts = {
        "nbib": "".join(f"PMID- {at}\nTI  - {one}\n\n" for at, one in enumerate(titles, 1)),
        "ris": "".join(f"TY  - JOUR\nTI  - {one}\nER  - \n" for one in titles),
        "bibtex": "".join(f"@misc{{k{at}, title = {{{one}}}}}\n" for at, one in enumerate(titles)),
        "json-lines": "".join(f'{{"title": "{one}"}}\n' for one in titles),
        "pubmed-xml": "<PubmedArticleSet>"
        + "".join(f"<PubmedArticle><ArticleTitle>{one}</ArticleTitle></PubmedArticle>" for one in titles)
        + "</PubmedArticleSet>",
    }
    for form, text in texts.items():
        (folder / form).write_text(text, encoding="utf-8")
        found = list(read_records(folder / form))
        assert [one.title for one in found] == [plain_text(one) for one in titles], form
