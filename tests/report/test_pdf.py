"""PDF: tagged and named as PDF/UA-1, page 1 is one page, the same input gives the same bytes, hostile text stays text."""

from __future__ import annotations

import dataclasses
import io
import re
import shutil
import subprocess
from collections.abc import Callable

import pikepdf
import pytest
from sample import HOSTILE, OPEN, REVIEW, URGENT, advice, option, statement

from portico.advice import Advice
from portico.directive import Directive
from portico.intended_use import INTENDED_USE
from portico.knowledge import Library
from portico.report import render_directive_pdf, render_pdf


def texts(data: bytes) -> list[str]:
    """Text of each page, with white space made single; skips where poppler is missing."""
    tool = shutil.which("pdftotext")
    if tool is None:
        pytest.skip("pdftotext (poppler-utils) is not installed")
    out = subprocess.run([tool, "-layout", "-", "-"], input=data, capture_output=True, check=True).stdout.decode()
    return [" ".join(page.split()) for page in out.split("\f")[:-1]]


def check_form(data: bytes, title: str) -> int:
    """Checks what PDF/UA-1 asks of the file as a whole; gives the number of pages."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root = pdf.Root
        assert bool(root.MarkInfo.Marked) is True
        assert root.StructTreeRoot is not None
        assert str(root.Lang) == "en-GB"
        assert bool(root.ViewerPreferences.DisplayDocTitle) is True
        assert str(pdf.docinfo["/Title"]) == title
        assert "/CreationDate" not in pdf.docinfo and "/ModDate" not in pdf.docinfo
        with pdf.open_metadata() as meta:
            assert meta.get("pdfuaid:part") == "1"
        for page in pdf.pages:
            box = [float(value) for value in page.mediabox]
            assert box[2] == pytest.approx(595.28, abs=0.1) and box[3] == pytest.approx(841.89, abs=0.1)  # A4 in points
            for font in page.get("/Resources", {}).get("/Font", {}).values():
                assert "DejaVu" in str(font.BaseFont)
        assert "/JavaScript" not in root.get("/Names", {}) and "/OpenAction" not in root
        return len(pdf.pages)


def structure(data: bytes) -> list[str]:
    """Kinds of all elements of the structure tree, in reading order."""
    found: list[str] = []
    with pikepdf.open(io.BytesIO(data)) as pdf:
        todo = [pdf.Root.StructTreeRoot]
        while todo:
            node = todo.pop()
            if isinstance(node, pikepdf.Array):
                todo.extend(reversed(list(node)))
                continue
            if not isinstance(node, pikepdf.Dictionary):
                continue
            if "/S" in node:
                kind = str(node.S)
                found.append(kind)
                if kind == "/Figure":
                    assert "days since surgery" in str(node.Alt).lower()
            if "/K" in node:
                todo.append(node.K)
    return found


def test_every_example(example: str, advice_of: Callable[[str], Advice], library: Library) -> None:
    found = advice_of(example)
    data = render_pdf(found, library)
    pages = check_form(data, f"Advice: {found.label}")
    shown = texts(data)
    assert len(shown) == pages >= 3
    assert "What is decided" in shown[0] and shown[1].startswith("Evidence"), "page 1 is one page"
    assert shown[-1].startswith("For the patient") and "Whom to call" in shown[-1], "the patient's page is one page"
    for page in shown:
        assert INTENDED_USE in page.replace("- ", "") or INTENDED_USE in page
        assert found.knowledge_version[:12] in page
    for notice in found.notices:
        assert notice.title in shown[0]
        if notice.state == "true":
            assert re.sub(r"\s", "", notice.text) in re.sub(r"\s", "", shown[0])


def test_tags(advice_of: Callable[[str], Advice], library: Library) -> None:
    kinds = structure(render_pdf(advice_of("femur-renal"), library))
    assert kinds[0] == "/Document" or "/Document" in kinds
    for kind in ("/H1", "/H2", "/Table", "/THead", "/TH", "/TD", "/Figure", "/Link", "/L", "/LI", "/P"):
        assert kind in kinds, kind
    assert kinds.count("/THead") == kinds.count("/Table")


def test_same_input_same_bytes(advice_of: Callable[[str], Advice], library: Library) -> None:
    found = advice_of("thoracic-separation")
    assert render_pdf(found, library) == render_pdf(found, library)


def test_the_sample_shows_one_of_everything(library: Library) -> None:
    data = render_pdf(advice(notices=(URGENT, OPEN), reirradiation=REVIEW, watermark="TEACHING"), library)
    check_form(data, "Advice: Femur, example")
    shown = texts(data)
    for part in (
        "TEACHING",
        "URGENT: New deficit",
        "NOT EXCLUDED: Wound not known",
        "30 Gy in 10",
        "2=",
        "Is there a deficit?",
        "NO LIMIT: SpinalCord",
    ):
        assert part in shown[0]
    assert any("Published conditions" in page or "Always a review by people" in page for page in shown)
    assert all("TEACHING" in page for page in shown)


def test_hostile_text_is_not_run(library: Library) -> None:
    bad = statement(HOSTILE)
    data = render_pdf(
        advice(label=HOSTILE, options=(option(label=HOSTILE, note=HOSTILE, why=(bad,)),), would_change=(HOSTILE,), alongside=(bad,),
               notices=(dataclasses.replace(OPEN, title=HOSTILE),)),
        library,
    )  # fmt: skip
    check_form(data, f"Advice: {HOSTILE}")
    squeezed = re.sub(r"\s", "", "".join(texts(data)))
    assert re.sub(r"\s", "", HOSTILE) in squeezed


@pytest.mark.parametrize(
    "label",
    [
        "骨转移 😀 \u202eabc\u0007 \ue000 \ud7ff",
        "e\u0301 שלום مرحبا α/β ≤ 2",
        "a\u200bb\u00adc\ufeff",
        "x" * 3000,
        "long " * 800,
    ],
)
def test_any_label_gives_a_pdf(label: str, library: Library) -> None:
    data = render_pdf(advice(label=label), library)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert len(pdf.pages) >= 3


def test_lost_characters_are_said(library: Library) -> None:
    assert "cannot be printed here" in texts(render_pdf(advice(label="骨"), library))[0]
    assert "cannot be printed here" not in texts(render_pdf(advice(), library))[0]


@pytest.mark.parametrize(
    ("name", "option_id"),
    [
        ("femur-renal", "conv-30-10"),
        ("thoracic-separation", "sbrt-24-1"),
        ("thoracic-separation", "sib-40-30-10"),
        ("spine-reirradiation", "re-sbrt-24-2"),
        ("spine-cauda-l4", "sbrt-24-1"),
    ],
)
def test_directive_is_one_page(
    name: str, option_id: str, signed: Callable[[str, str], Directive], library: Library
) -> None:
    directive = signed(name, option_id)
    data = render_directive_pdf(directive, library)
    assert check_form(data, f"Directive {directive.id}") == 1
    assert data == render_directive_pdf(directive, library)
    squeezed = re.sub(r"\s", "", texts(data)[0])
    assert directive.hash and directive.hash in squeezed
    for item in directive.no_limit:
        assert item.roi in squeezed
    if directive.no_limit:
        assert "NOLIMIT" in squeezed
    if directive.plain_field is not None:
        assert squeezed.count("tobestated") >= 7
    assert re.sub(r"\s", "", INTENDED_USE) in squeezed


def test_directive_watermark_and_hostile_reason(signed: Callable[[str, str], Directive], library: Library) -> None:
    directive = signed("femur-renal", "conv-30-10")
    assert directive.decision is not None
    changed = directive.model_copy(
        update={
            "decision": directive.decision.model_copy(update={"reason": HOSTILE}),
            "stamps": directive.stamps.model_copy(update={"watermark": "TEACHING SITE"}),
        }
    )
    page = re.sub(r"\s", "", texts(render_directive_pdf(changed, library))[0])
    assert re.sub(r"\s", "", HOSTILE) in page and page.count("TEACHINGSITE") >= 2
