"""Files of literature that mean harm: size, entities, script, lies. Typed problems, little memory, the good records kept.

PORTICO_FUZZ sets the number of mutated files (300 unless set; 100,000 in the full run).
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pace import pace
from portico.cli import main
from portico.errors import PorticoError, Problem
from portico.intake import MAX_RECORD_BYTES, Record, read_records

sys.path.insert(0, str(Path(__file__).parents[2] / "intake"))
import literature as made

COUNT = int(os.environ.get("PORTICO_FUZZ", "300"))
#: 1 GB of each form in the full run; in the usual one 100 MB of the form that PubMed gives, and less of the others.
MEGABYTES = 1000 if "PORTICO_ASSURE" in os.environ else 4
USUAL = {"nbib": 100}


def read(path, form=None):
    return list(read_records(path, form))


def put(tmp_path, data, name="file"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


MEASURE = """
import sys
from portico.intake import read_records, Record
good = bad = 0
for one in read_records(sys.argv[1]):
    good, bad = good + isinstance(one, Record), bad + (not isinstance(one, Record))
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))  # rusage would count the parent's peak
print(good, bad, int(peak.split()[1]) // 1024)
"""


def long_records(form):
    """Two records with an abstract of usual length, a number in place of what must differ."""
    long = " ".join([made.ABSTRACT] * 30)
    if form == "bibtex":
        long = long.replace("%", "\\%")
        return f"@misc{{k0000000, title = {{{made.TITLE}}}, abstract = {{{long}}}}}\n@misc{{o0000000, title = {{{made.TITLE}}}}}\n"
    if form == "nbib":
        return f"PMID- 0000000\nTI  - {made.TITLE}\nAB  - {long[:1500]}\n      {long[1500:]}\n\nPMID- 1\nTI  - {made.TITLE}\n\n"
    body = made.FILES[form].replace("Local failure was 12% at 12 months.", long)
    return (
        f"{body[body.index('<PubmedArticle>') : body.index('</PubmedArticleSet>')] if form == 'pubmed-xml' else body}\n"
    )


@pytest.mark.parametrize("form", ["nbib", "ris", "json-lines", "pubmed-xml", "bibtex"])
def test_a_large_file_streams(tmp_path, form):
    """Memory does not grow with the file: under 200 MB in all, libraries included (they alone take some 150)."""
    path = tmp_path / "large"
    size = max(MEGABYTES, USUAL.get(form, 0)) * 1_000_000
    body = long_records(form)
    count = size // len(body.encode()) + 1
    with path.open("w", encoding="utf-8") as file:
        file.write("<PubmedArticleSet>\n" if form == "pubmed-xml" else "")
        for number in range(count):
            file.write(body.replace("0000000", f"{number:07}") if form in ("bibtex", "nbib") else body)
        file.write("</PubmedArticleSet>\n" if form == "pubmed-xml" else "")
    assert path.stat().st_size >= size
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], env=plain, capture_output=True, text=True, check=True
    )
    path.unlink()
    good, bad, megabytes = map(int, done.stdout.split())
    assert (good, bad) == (2 * count, 0)
    assert megabytes < 200


def test_a_record_too_large_is_left_out(tmp_path):
    big = "x" * (MAX_RECORD_BYTES + 10)
    tail = "TY  - JOUR\nTI  - Last one\nER  - \n"
    for data in (
        f"TY  - JOUR\nTI  - Big\nAB  - {big}\nER  - \n{tail}",
        "TY  - JOUR\nTI  - Big\n" + "AB  - more and more text\n" * 60_000 + f"ER  - \n{tail}",
        f"@article{{a, title={{Big}}, abstract={{{big}}}}}\n@misc{{b, title={{Last one}}}}\n",
        json.dumps({"title": "Big", "abstract": big * 2}) + '\n{"title": "Last one"}\n',
        f"<PubmedArticleSet><PubmedArticle><ArticleTitle>Big</ArticleTitle><Abstract><AbstractText>{big}</AbstractText></Abstract></PubmedArticle>"
        "<PubmedArticle><ArticleTitle>Last one</ArticleTitle></PubmedArticle></PubmedArticleSet>",
    ):
        found = read(put(tmp_path, data))
        assert [one.code for one in found if isinstance(one, Problem)] == ["record-too-large"]
        assert [one.title for one in found if isinstance(one, Record)] == ["Last one"]


def test_a_line_without_end(tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    path = tmp_path / "line"
    with path.open("wb") as file:
        file.write(b'{"title": "')
        for _ in range(60):
            file.write(b"a" * 1_000_000)
    found = read(path, "json-lines")
    assert [one.code for one in found] == ["record-too-large"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000


LAUGHS = """<?xml version="1.0"?><!DOCTYPE PubmedArticleSet [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><PubmedArticleSet><PubmedArticle><ArticleTitle>&c;</ArticleTitle></PubmedArticle></PubmedArticleSet>"""
OUTSIDE = """<!DOCTYPE PubmedArticleSet [<!ENTITY x SYSTEM "file:///etc/passwd">]><PubmedArticleSet><PubmedArticle>
<ArticleTitle>&x;</ArticleTitle></PubmedArticle></PubmedArticleSet>"""


@pytest.mark.parametrize("text", [LAUGHS, OUTSIDE])
def test_entities_are_refused(tmp_path, text):
    start = time.process_time()
    found = read(put(tmp_path, text))
    assert [one.code for one in found] == ["xml-entities"] and time.process_time() - start < 2 * pace()


def test_what_stands_around_the_articles_takes_no_memory(tmp_path):
    """Comments of any length: before the first article they end the reading, within one it is too large, behind the last they go."""
    one = "<PubmedArticle><ArticleTitle>Last one</ArticleTitle></PubmedArticle>"
    for text, codes, titles in (
        (f"<PubmedArticleSet><!--{'x' * 3_000_000}-->{one}</PubmedArticleSet>", ["not-xml"], []),
        (
            f"<PubmedArticleSet><PubmedArticle><!--{'x' * 5_000_000}--></PubmedArticle>{one}</PubmedArticleSet>",
            ["record-too-large"],
            ["Last one"],
        ),
        (f"<PubmedArticleSet>{one}<!--{'x' * 5_000_000}--></PubmedArticleSet>{' ' * 1000}", [], ["Last one"]),
        (f"<PubmedArticleSet>{one}</PubmedArticleSet>{'<!-- x -->' * 100_000}", [], ["Last one"]),
        (
            f"<PubmedArticleSet><PubmedArticle>{'<PubmedArticle>' * 3}{one}</PubmedArticleSet>",
            ["record-truncated"] * 4,
            ["Last one"],
        ),
    ):
        found = read(put(tmp_path, text))
        assert [thing.code for thing in found if isinstance(thing, Problem)] == codes
        assert [thing.title for thing in found if isinstance(thing, Record)] == titles


def test_a_file_of_nothing_but_faults_is_counted_and_not_listed(tmp_path, monkeypatch):
    monkeypatch.setattr("portico.cli.evidence_intake._MOST_LISTED", 5)
    path = put(tmp_path, '{"title": "Title one"}\n' + "{\n" * 50 + '{"title": "Title one"}\n' * 9, "a.jsonl")
    assert main(["evidence", "intake", str(path), "--out", str(tmp_path / "in")]) == 1
    report = json.loads((tmp_path / "in" / "report.json").read_text())
    assert (report["read"], report["kept"], report["known"], report["unreadable"]) == (10, 1, 9, 50)
    assert len(report["problems"]) == len(report["doubles"]) == 5


def test_deep_xml_and_deep_json(tmp_path):
    found = read(put(tmp_path, "<PubmedArticleSet>" + "<a>" * 500))
    assert [one.code for one in found] == ["xml-too-deep"]
    found = read(put(tmp_path, '{"title": ' + "[" * 100_000 + "\n" + '{"title": "Last one"}'))
    assert [type(one) for one in found] == [Problem, Record]


def test_script_in_an_abstract_never_reaches_an_output(tmp_path, capsys):
    evil = '<script>alert("x")</script><img src=x onerror=alert(1)>Title <b>one</b> about bones \x1b[31mred'
    path = put(tmp_path, json.dumps({"title": evil, "abstract": evil, "authors": evil}) + "\n", "a.jsonl")
    assert main(["evidence", "intake", str(path), "--out", str(tmp_path / "in")]) == 0
    assert main(["evidence", "screen", str(tmp_path / "in"), "--decide", "1=yes", "--by", "A"]) == 0
    assert main(["evidence", "draft", str(tmp_path / "in"), "--out", str(tmp_path / "drafts")]) == 0
    written = [one.read_text("utf-8") for one in tmp_path.rglob("*") if one.is_file() and one != path]
    for text in (capsys.readouterr().out, *written):
        assert "<script" not in text and "onerror" not in text and "\x1b" not in text


def test_mutated_files_never_crash(tmp_path):
    draw = random.Random(11)
    forms = list(made.FILES)
    path = tmp_path / "m"
    for at in range(COUNT):
        form = forms[at % len(forms)]
        data = bytearray(made.FILES[form].encode())
        for _ in range(draw.randrange(1, 8)):
            kind, place = draw.randrange(4), draw.randrange(len(data))
            if kind == 0:
                data[place] = draw.randrange(256)
            elif kind == 1:
                del data[place : place + draw.randrange(1, 40)]
            elif kind == 2:
                data[place:place] = data[draw.randrange(len(data)) :][: draw.randrange(1, 60)]
            else:
                data[place:place] = bytes(
                    draw.choice([b"\x00", b"{", b"}", b"<", b"\r", b"\xff\xfe", b"\\", b'"', b"\n"])
                )
            if not data:
                data = bytearray(b" ")
        path.write_bytes(data)
        try:
            for one in read_records(path, form if draw.random() < 0.7 else None):
                assert isinstance(one, (Record, Problem))
                assert not isinstance(one, Record) or ("\n" not in one.title and one.title)
        except PorticoError:
            continue
