"""One record in five forms reads the same; encodings, markup, and what a file says about itself."""

from __future__ import annotations

import json

import literature as made
import pytest

from portico.errors import Problem, ReadingRefused, UsageError
from portico.intake import Record, doi_of, form_of, plain_text, pmid_of, read_records, year_of


def read(tmp_path, data, form=None):
    path = tmp_path / "file"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_records(path, form))


@pytest.mark.parametrize("form", made.FILES)
def test_the_same_record_in_every_form(tmp_path, form):
    first, second = read(tmp_path, made.FILES[form])
    assert (first.form, first.number, first.title, first.abstract) == (form, 1, made.TITLE, made.ABSTRACT)
    assert {name.replace(",", "").split()[0] for name in first.authors} <= {"Müller", "Karl", "Smith", "Ann"} and len(
        first.authors
    ) == 2
    assert (first.journal, first.year, first.doi, first.pmid) == ("Journal of tests", 2024, "10.1000/abc.1", "12345678")
    assert first.keywords == ("bone",) and first.language == "eng" and first.notes == ()
    assert (second.number, second.title, second.year, second.abstract) == (
        2,
        "Another title of some length",
        1999,
        None,
    )
    assert second.line > first.line or form == "pubmed-xml"
    assert Record.from_plain(json.loads(json.dumps(first.to_plain()))) == first


@pytest.mark.parametrize("form", [form for form in made.FILES if form != "pubmed-xml"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_encoding(tmp_path, form, encoding):
    first = read(tmp_path, made.FILES[form].encode(encoding))[0]
    assert first.title == made.TITLE and any("Müller" in name for name in first.authors)


@pytest.mark.parametrize("form", ["nbib", "ris"])
def test_a_line_in_another_encoding(tmp_path, form):
    data = b"".join(
        line.encode("cp1252") if "Müller" in line else line.encode()
        for line in made.FILES[form].splitlines(keepends=True)
    )
    first = read(tmp_path, data)[0]
    assert any("Müller" in name for name in first.authors) and first.notes == ("a line read as Windows-1252",)


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_line_ends(tmp_path, ending):
    assert next(one.title for one in read(tmp_path, made.RIS.replace("\n", ending))) == made.TITLE


def test_the_one_real_record(tmp_path):
    """The shape of the record in shared/data/intake: tags in the abstract, objects, nulls, empty text, other scripts."""
    line = json.dumps({"title": "A title.", "authors": "A B, C D", "doi": "10.21037/x-1", "DOIUrl": None, "abstract": "<p><p>One.</p></p>", "journal": {"name": "J", "volume": "14 2"}, "publicationDate": "2025-03-01", "PeriodicalIF": 0.0, "isOpenAccess": False, "openAccessPdf": "", "citationCount": "0", "FirstCategoryId": "3", "ListUrlMain": "https://doi.org/10.21037/x-1", "RegionCategory": "医学", "ArticlePicture": [], "PMCID": None, "EPubDate": ""})  # fmt: skip
    one = read(tmp_path, line)[0]
    assert (one.title, one.abstract, one.journal, one.year, one.authors) == (
        "A title.",
        "One.",
        "J",
        2025,
        ("A B", "C D"),
    )


def test_forms():
    for form, text in made.FILES.items():
        assert form_of(text.encode()) == form
    assert form_of(b"%PDF-1.7") is None and form_of(b"") is None


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(ReadingRefused) as caught:
        read(tmp_path, b"hello")
    assert caught.value.code == "form-not-known"
    with pytest.raises(UsageError) as usage:
        read(tmp_path, b"hello", "word")
    assert usage.value.code == "unknown-form"
    with pytest.raises(ReadingRefused) as caught:
        list(read_records(tmp_path / "none.ris"))
    assert caught.value.code == "cannot-read"


def test_identifiers():
    assert doi_of("doi:10.1000/AbC).") == "10.1000/abc" and doi_of(None) is None and doi_of("10.1/x") is None
    assert pmid_of("PMID: 0123") == "123" and pmid_of("12a") is None and pmid_of(None) is None
    assert year_of("(c) 20240101") is None and year_of("2024/01/01") == 2024


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("<script>alert(1)</script>x", "x"), ("a<br>b", "a b"), ("p &lt; 0.05", "p < 0.05"), ("1 < 2 > 0", "1 < 2 > 0"),
        ("<img src=x onerror=y>z", "z"), ("a\x00b\u202ec", "a bc"), ("<style>p{}</style><p>y</p>", "y"), (None, ""),
        ("<scr<script>ipt>alert(1)</script>", "ipt>alert(1)"),
    ],
)  # fmt: skip
def test_markup_goes(text, plain):
    got = plain_text(text)
    assert got == plain or ("<" not in got and "script" not in got)


def test_latex_letters(tmp_path):
    text = r"@article{a, title = {\"{U}ber {\ss} \o{} \v{c} \c{c} \~n $\alpha/\beta$ 8~Gy -- \textbf{bold} \& 50\%}, year = 2020}"
    assert read(tmp_path, text)[0].title == "Über ß ø č ç ñ α/β 8 Gy – bold & 50%"


def problems(found):
    return [one.code for one in found if isinstance(one, Problem)]


def test_problems_name_their_record_and_the_others_are_kept(tmp_path):
    ris = "TY  - JOUR\nTI  - One title\nER  - \nTY  - JOUR\nTI  - Open\nTY  - JOUR\nTI  - A\nTI  - B\nER  - \nstray\nmore\nTY  - JOUR\nAU  - X\nER  - \nTY  - JOUR\nTI  - Last\nER  - \n"
    found = read(tmp_path, ris)
    assert problems(found) == ["record-truncated", "duplicate-key", "not-a-record", "no-title"]
    assert [one.title for one in found if isinstance(one, Record)] == ["One title", "Last"]
    assert found[1].line == 4 and "Record 2" in found[1].message and found[1].file.endswith("file")
    bib = "@article{a, title={One title}}\n@article{a, title={Twice}}\n@article{b, title={X}, title={Y}}\n@article{c,\n title={Open\n@article{d,\n title={Last}}\n"
    found = read(tmp_path, bib)
    assert problems(found) == ["duplicate-key", "duplicate-key", "record-truncated"]
    assert [one.title for one in found if isinstance(one, Record)] == ["One title", "Last"]
    lines = (
        '{"title": "One title"}\n{"title"\n[1]\n{"title": "A", "title": "B"}\n{"abstract": "x"}\n{"title": "Last"}\n'
    )
    found = read(tmp_path, lines)
    assert problems(found) == ["not-json", "not-json", "duplicate-key", "no-title"]
    assert [one.title for one in found if isinstance(one, Record)] == ["One title", "Last"]
    found = read(tmp_path, made.XML.replace("</PubmedArticle>\n</PubmedArticleSet>", ""))
    assert problems(found) == ["record-truncated"] and found[0].title == made.TITLE
