"""HTML: whole, readable without colour or script, silent on the network, and deaf to hostile text."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from sample import HOSTILE, OPEN, REVIEW, URGENT, advice, option, statement

from portico.advice import Advice
from portico.directive import Directive
from portico.intended_use import INTENDED_USE
from portico.knowledge import Library
from portico.report import render_directive_html, render_html

VOID = {"meta", "link", "img", "br", "hr", "input", "line", "path"}


class Page(HTMLParser):
    """The elements of a page with their attributes, in order, and what was left open."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self.wrong.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attrs for tag, attrs in self.elements if tag in tags]


def check_form(text: str) -> Page:
    page = Page(text)
    assert page.open == [] and page.wrong == []
    assert page.all("html")[0]["lang"] == "en-GB"
    assert not page.all("script", "link", "iframe", "object", "embed", "form", "base", "img", "video", "audio")
    for tag, attrs in page.elements:
        for name, value in attrs.items():
            assert not name.startswith("on"), (tag, name)
            if tag == "use" and name == "xlink:href" and (value or "").startswith("#"):
                continue  # a letter of a drawing, drawn once and used again
            if name in ("src", "srcset", "data", "action", "poster", "background", "style") or name.endswith(":href"):
                pytest.fail(f"{tag} has {name}")
            if name == "href":
                assert tag == "a" and re.match(r"#|https://(doi\.org|pubmed\.ncbi\.nlm\.nih\.gov)/", value or ""), value
    style = text[text.index("<style>") : text.index("</style>")]
    assert "url(" not in style and "@import" not in style
    policy = next(
        attrs["content"] for attrs in page.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    for landmark in ("header", "main", "footer"):
        assert len(page.all(landmark)) == 1
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(attrs.get("scope") in ("col", "row") for attrs in page.all("th"))
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {(attrs["href"] or "")[1:] for attrs in page.all("a") if (attrs.get("href") or "").startswith("#")}
    assert targets <= set(ids)
    assert {attrs["aria-labelledby"] for _, attrs in page.elements if "aria-labelledby" in attrs} <= set(ids)
    return page


def test_every_example_gives_a_whole_page(example: str, advice_of: Callable[[str], Advice], library: Library) -> None:
    found = advice_of(example)
    text = render_html(found, library)
    page = check_form(text)
    words = " ".join(" ".join(page.text).split())
    assert words.count(INTENDED_USE) == 3  # once on each page
    assert found.evidence_note.text in words
    assert found.knowledge_version[:12] in words and found.software_version in words
    for notice in found.notices:
        assert notice.title in words
    for item in found.options:
        assert item.label in words
    assert render_html(found, library) == text


def test_the_sample_shows_one_of_everything(library: Library) -> None:
    page = check_form(render_html(advice(notices=(URGENT, OPEN), reirradiation=REVIEW, watermark="TEACHING"), library))
    words = " ".join(" ".join(page.text).split())
    order = ["TEACHING", "URGENT: New deficit", "NOT EXCLUDED: Wound not known", "Is the wound healed?", "What is decided",
             "Options side by side", "30 Gy in 10", "2=", "cannot be signed as it stands", "Undetermined", "Has this site been irradiated before?",
             "Why not the others", "A gate stops it.", "Timing", "23 March 2026", "Volumes: sources disagree", "Second course at this site",
             "Is there a deficit?", "What is the Karnofsky performance status?", "NO LIMIT: SpinalCord", "Dmax ≤ 19 Gy", "References", "For the patient"]  # fmt: skip
    place = 0
    for part in order:
        place = words.index(part, place)  # raises when a part is missing or stands too early
    assert "24.8 % (no interval), 36 of 145" in words
    assert "36.0" not in words and "not sourced" in words
    svg = page.all("svg")
    assert any("day 21 after surgery" in (attrs.get("aria-label") or "") for attrs in svg)


def test_hostile_text_stays_text(library: Library) -> None:
    bad = statement(HOSTILE)
    text = render_html(
        advice(label=HOSTILE, watermark=HOSTILE, options=(option(label=HOSTILE, note=HOSTILE, why=(bad,), reasons_for=(bad,)),),
               would_change=(HOSTILE,), why_this_order=HOSTILE, alongside=(bad,), notices=(dataclasses.replace(OPEN, title=HOSTILE, ask=(HOSTILE,)),)),
        library,
    )  # fmt: skip
    page = check_form(text)
    assert not page.all("script", "img")
    assert "<script" not in text
    assert "".join(page.text).count(HOSTILE) >= 8
    assert "49" not in re.sub(r"\d{3,}", "", "".join(page.text[:40]))  # {{ 7*7 }} was not run


def test_hostile_records_cannot_break_out_of_an_attribute(library: Library) -> None:
    check_form(render_html(advice(alongside=(statement("x", '"><script>alert(1)</script>', "rosen-2021"),)), library))


def test_the_patient_page_states_only_what_a_record_or_safety_carries(
    example: str, advice_of: Callable[[str], Advice], library: Library
) -> None:
    found = advice_of(example)
    text = render_html(found, library)
    page = Page(text[text.index('<section class="sheet patient"') : text.index("</main>")])
    carried = [attrs for attrs in page.all("p", "li") if "data-basis" in attrs]
    assert carried
    for attrs in carried:
        records = (attrs["data-records"] or "").split()
        assert attrs["data-basis"] in ("evidence", "case", "safety", "general", "policy")
        if attrs["data-basis"] == "evidence":
            assert records
        for record in records:
            library.record(record)  # raises for an id that is no record
    words = " ".join(" ".join(page.text).split())
    for sign in (
        "weakness",
        "numbness",
        "bladder" if "bladder" in words else "urine",
        "Fever",
        "wound that opens",
        "Sudden pain",
    ):
        assert sign in words
    assert "Phone number of your team" in words
    assert not re.search(r"\d+(\.\d+)? ?(Gy|%)", words)
    assert ("must not be handed out" in words) == bool(found.notices)


def test_unknown_weight_bearing_is_asked_not_assumed(library: Library) -> None:
    row = {"site_region": "non_spine", "bone": None, "surgery_done": None, "weight_bearing": None}
    text = render_html(advice(row=row), library)
    assert "My surgeon said" in text and "Your surgeon allows" not in text
    assert "had an operation" not in text


@pytest.mark.parametrize(
    ("name", "option_id"),
    [
        ("femur-renal", "conv-30-10"),
        ("thoracic-separation", "sbrt-24-2"),
        ("thoracic-separation", "sib-40-30-10"),
        ("spine-reirradiation", "re-sbrt-24-2"),
    ],
)
def test_directive(name: str, option_id: str, signed: Callable[[str, str], Directive], library: Library) -> None:
    directive = signed(name, option_id)
    page = check_form(render_directive_html(directive, library))
    words = " ".join(" ".join(page.text).split())
    assert directive.hash and directive.hash in words and directive.stamps.case_sha256 in words
    assert INTENDED_USE in words and "Dr A. Example, radiation oncologist" in words
    for item in directive.no_limit:
        assert f"NO LIMIT: {item.roi}" in words
    if directive.no_limit and directive.limits:
        assert words.rindex("NO LIMIT") < words.index("Site signature")
    if directive.plain_field is not None:
        assert words.count("to be stated") >= 7
    assert ("Re-irradiation review" in words) == (directive.reirradiation is not None)


def test_a_watermark_is_printed_and_hostile_reasons_are_escaped(
    signed: Callable[[str, str], Directive], library: Library
) -> None:
    directive = signed("femur-renal", "conv-30-10")
    assert directive.decision is not None
    changed = directive.model_copy(
        update={
            "decision": directive.decision.model_copy(
                update={"reason": HOSTILE, "override": True, "override_of": "conv-8-1"}
            ),
            "stamps": directive.stamps.model_copy(update={"watermark": "TEACHING SITE, NOT FOR USE"}),
        }
    )
    text = render_directive_html(changed, library)
    page = check_form(text)
    words = "".join(page.text)
    assert words.count("TEACHING SITE, NOT FOR USE") == 2 and HOSTILE in words and "OVERRIDE" in words
