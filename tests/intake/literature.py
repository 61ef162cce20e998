"""The same two records in every form, written for the tests."""

from __future__ import annotations

import json

TITLE = "Radiotherapy after nailing of the femur: a made-up series"
ABSTRACT = "We treated 31 patients with 30 Gy in 10 fractions. Local failure was 12% at 12 months."
NBIB = f"""
PMID- 12345678
TI  - {TITLE[:40]}
      {TITLE[41:]}
AB  - {ABSTRACT[:50]}
      {ABSTRACT[51:] if ABSTRACT[50] == " " else ABSTRACT[50:]}
FAU - Müller, Karl
FAU - Smith, Ann
JT  - Journal of tests
DP  - 2024 Mar
AID - 10.1000/ABC.1 [doi]
LA  - eng
OT  - bone

PMID- 2
TI  - Another title of some length
DP  - 1999
"""
RIS = f"""TY  - JOUR
AU  - Müller, Karl
AU  - Smith, Ann
TI  - {TITLE}
JO  - Journal of tests
PY  - 2024/03/01
DO  - https://doi.org/10.1000/ABC.1
AN  - 12345678
LA  - eng
KW  - bone
AB  - {ABSTRACT}
ER  -{" "}
TY  - JOUR
T1  - Another title of some length
Y1  - 1999
ER  -{" "}
"""
BIBTEX = f"""% a comment
@string{{j = "Journal of tests"}}
@article{{muller2024,
  author = {{M{{\\"u}}ller, Karl and Smith, Ann}},
  title = {{{{Radiotherapy}} after nailing of the femur: a made-up series}},
  journal = j # "",
  year = 2024,
  doi = "10.1000/ABC.1",
  pmid = {{12345678}},
  keywords = {{bone}},
  language = {{eng}},
  abstract = {{{ABSTRACT.replace("%", chr(92) + "%")}}},
}}
@misc{{other, title = "Another title of some length", year = {{1999}}}}
"""
XML = """<?xml version="1.0"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://dtd.nlm.nih.gov/x.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">12345678</PMID><Article>
<Journal><JournalIssue><PubDate><Year>2024</Year></PubDate></JournalIssue><Title>Journal of tests</Title></Journal>
<ArticleTitle>Radiotherapy after <i>nailing</i> of the femur: a made-up series</ArticleTitle>
<Abstract><AbstractText Label="A">We treated 31 patients with 30 Gy in 10 fractions.</AbstractText>
<AbstractText>Local failure was 12% at 12 months.</AbstractText></Abstract>
<AuthorList><Author><LastName>Müller</LastName><ForeName>Karl</ForeName></Author><Author><LastName>Smith</LastName><ForeName>Ann</ForeName></Author></AuthorList>
<Language>eng</Language></Article><KeywordList><Keyword>bone</Keyword></KeywordList></MedlineCitation>
<PubmedData><ArticleIdList><ArticleId IdType="doi">10.1000/ABC.1</ArticleId></ArticleIdList>
<ReferenceList><Reference><ArticleIdList><ArticleId IdType="doi">10.9/other</ArticleId></ArticleIdList></Reference></ReferenceList></PubmedData></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID>2</PMID><Article><Journal><JournalIssue><PubDate><MedlineDate>1999 Spring</MedlineDate></PubDate></JournalIssue></Journal>
<ArticleTitle>Another title of some length</ArticleTitle></Article></MedlineCitation></PubmedArticle>
</PubmedArticleSet>"""
JSON_LINES = "\n".join(
    [
        json.dumps(
            {
                "title": TITLE, "authors": "Karl Müller, Ann Smith", "doi": "10.1000/ABC.1", "abstract": f"<p>{ABSTRACT}</p>", "pmid": 12345678,
                "journal": {"name": "Journal of tests"}, "publicationDate": "2024-03-01", "url": None, "fieldsOfStudy": None, "language": "eng",
                "keywords": ["bone"], "ArticlePicture": [], "EPubDate": "", "RegionCategory": "医学",
            },
            ensure_ascii=False,
        ),
        json.dumps({"title": "Another title of some length", "year": 1999, "authors": [{"name": "X"}]}),
    ]
)  # fmt: skip
FILES = {"nbib": NBIB, "ris": RIS, "bibtex": BIBTEX, "pubmed-xml": XML, "json-lines": JSON_LINES}
