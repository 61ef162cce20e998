"""PDF reports: tagged PDF/UA-1 on A4 by typst, with the fonts that matplotlib ships; the same input gives the same bytes."""

from __future__ import annotations

import json
import unicodedata
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from portico.advice.model import Advice
from portico.directive import Directive
from portico.errors import CannotTell
from portico.knowledge import Library
from portico.report.board import board_view, frame_view
from portico.report.clock import clock_svg
from portico.report.evidence import evidence_view
from portico.report.patient import patient_view
from portico.report.references import References
from portico.report.sheet import sheet_view

__all__ = ["compile_pdf", "render_directive_pdf", "render_pdf"]

_TEMPLATES: Final = Path(__file__).parent / "templates"
_FONTS: Final = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
_LOST: Final = "\ufffd"


@lru_cache(maxsize=1)
def _font_directory() -> Path:
    spec = find_spec("matplotlib")
    places = list(spec.submodule_search_locations or ()) if spec else []
    for place in places:
        directory = Path(place) / "mpl-data" / "fonts" / "ttf"
        if all((directory / name).is_file() for name in _FONTS):
            return directory
    raise CannotTell("The fonts for PDF are not installed.", code="no-fonts", fix="Install matplotlib.")


@lru_cache(maxsize=1)
def _printable() -> frozenset[int]:
    """Characters that both weights of the font hold."""
    from matplotlib.ft2font import FT2Font

    maps = [set(FT2Font(str(_font_directory() / name)).get_charmap()) for name in _FONTS]
    return frozenset(code for code in maps[0] & maps[1] if unicodedata.category(chr(code))[0] != "C")


class _Fit:
    """Replaces what the font cannot print, which PDF/UA forbids, and remembers that it did."""

    def __init__(self) -> None:
        self.lost = False

    def text(self, value: str) -> str:
        found = []
        for char in unicodedata.normalize("NFC", value):
            if ord(char) in _printable():
                found.append(char)
            elif char.isspace():
                found.append(" ")
            else:
                self.lost = True
                found.append(_LOST)
        return "".join(found)

    def __call__(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self(item) for item in value]
        return value


def render_pdf(advice: Advice, library: Library) -> bytes:
    """Advice as PDF: page 1 for the tumour board, then the evidence, last the page for the patient.

    Parameters
    ----------
    advice : of one case; its text reaches typst as data and is never read as markup
    library : the library the advice came from

    Raises
    ------
    CannotTell : ``no-fonts``, when matplotlib's fonts are missing

    Source: ISO 14289-1 (PDF/UA-1).
    """
    references = References(library)
    board = board_view(advice, references)
    clock = "" if advice.timing is None else clock_svg(
        advice.timing, ink="#1c2430", accent="#0b5a6b", font="DejaVu Sans"
    )  # fmt: skip
    return compile_pdf(
        "advice.typ",
        {
            "frame": frame_view(advice, library),
            "board": board,
            "evidence": evidence_view(advice, library, references),
            "patient": patient_view(advice),
            "clock": clock,
        },
    )


def render_directive_pdf(directive: Directive, library: Library) -> bytes:
    """A Directive as one A4 page.

    Parameters
    ----------
    directive : proposed or signed
    library : for the verification level of the records it names

    Raises
    ------
    CannotTell : ``no-fonts``
    """
    sheet = sheet_view(directive, library)
    groups: dict[str, dict[str, Any]] = {}
    for item in sheet["no_limit"]:
        key = f"{item['neural']} {item['why']}"
        group = groups.setdefault(key, {"organs": [], "neural": item["neural"], "why": item["why"], "candidates": []})
        group["organs"].append(item["roi"])
        group["candidates"] = sorted({*group["candidates"], *item["candidates"]})
    sheet["none"] = list(groups.values())
    return compile_pdf("directive.typ", {"sheet": sheet})


def compile_pdf(template: str, data: dict[str, Any]) -> bytes:
    import typst

    fit = _Fit()
    fitted = fit(data)
    made = typst.compile(
        str(_TEMPLATES / template),
        root=str(_TEMPLATES),
        font_paths=[str(_font_directory())],
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps({**fitted, "lost": fit.lost}, ensure_ascii=False, sort_keys=True)},
        pdf_standards="ua-1",
        format="pdf",
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave no PDF")
    return made
