"""The terminal: the order of what is said, at 80 columns, without colour, and with nothing that steers a terminal."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable

import pytest
from rich.console import Console
from sample import HOSTILE, OPEN, REVIEW, URGENT, advice, option, statement

from portico.advice import Advice
from portico.directive import Directive
from portico.intended_use import INTENDED_USE
from portico.knowledge import Library
from portico.report import print_advice, print_directive


def shown(found: Advice, library: Library, *, width: int = 80, all_options: bool = False, **console: object) -> str:
    out = io.StringIO()
    print_advice(found, library, Console(file=out, width=width, **console), all_options=all_options)  # type: ignore[arg-type]
    return out.getvalue()


def squeeze(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("width", [60, 80, 120])
def test_every_example_fits(example: str, width: int, advice_of: Callable[[str], Advice], library: Library) -> None:
    found = advice_of(example)
    text = shown(found, library, width=width)
    assert max(len(line) for line in text.splitlines()) <= width
    assert "\x1b" not in text
    words = squeeze(text)
    assert words.startswith(squeeze(INTENDED_USE))
    assert found.evidence_note.text in words and found.software_version in words
    for notice in found.notices:
        assert words.index(notice.title) < words.index("What is decided")


def test_order_of_the_page(library: Library) -> None:
    words = squeeze(shown(advice(notices=(URGENT, OPEN), reirradiation=REVIEW, watermark="TEACHING"), library))
    place = 0
    for part in ("TEACHING", "URGENT: New deficit", "NOT EXCLUDED: Wound not known", "Is the wound healed?", "What is decided", "Eligible options",
                 "2=", "36 of 145", "Why this order", "What would change it", "Undetermined options", "Has this site been irradiated before?", "Not eligible",
                 "Stopped: No radiotherapy now", "A gate stops it.", "Timing", "23 March 2026", "Volumes", "whole implant (proposed)", "says otherwise",
                 "Second course at this site", "cannot tell", "Alongside", "Missing answers", "BLOCKS SIGNING: Is there a deficit?", "What is the Karnofsky"):  # fmt: skip
        place = words.index(part, place)


def test_all_options_says_what_each_would_need(advice_of: Callable[[str], Advice], library: Library) -> None:
    found = advice_of("femur-renal")
    short, long = (squeeze(shown(found, library, all_options=flag)) for flag in (False, True))
    assert "would need:" not in short and "see --all" in short
    assert "would need:" in long
    for item in found.options:
        assert item.label in long


def test_colour_only_on_a_terminal(library: Library) -> None:
    assert "\x1b[" in shown(advice(notices=(URGENT,)), library, force_terminal=True, color_system="standard")
    assert "\x1b[" not in shown(advice(notices=(URGENT,)), library)


def test_hostile_text_is_printed_as_it_stands(library: Library) -> None:
    found = advice(
        label=HOSTILE + "\x1b[2J\x07\u202e", notices=(dataclasses.replace(OPEN, title=HOSTILE),), alongside=(statement(HOSTILE),),
        options=(option(label=HOSTILE),),
    )  # fmt: skip
    text = shown(found, library, width=400)
    assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text
    assert squeeze(text).count(HOSTILE) >= 3


def test_a_console_that_knows_ascii_only(library: Library) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    print_advice(advice(label="Fémur ≤"), library, Console(file=out, width=80))
    out.flush()
    assert b"F?mur ?" in raw.getvalue()


@pytest.mark.parametrize(
    ("name", "option_id"),
    [("femur-renal", "conv-30-10"), ("thoracic-separation", "sbrt-24-1"), ("spine-reirradiation", "re-sbrt-24-2")],
)
def test_directive(name: str, option_id: str, signed: Callable[[str, str], Directive], library: Library) -> None:
    directive = signed(name, option_id)
    out = io.StringIO()
    print_directive(directive, library, Console(file=out, width=80))
    text = out.getvalue()
    words = squeeze(text)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert words.startswith(squeeze(INTENDED_USE))
    assert directive.hash and directive.hash in words and "tumour board" in words
    for item in directive.no_limit:
        assert f"NO LIMIT: {item.roi}" in words
    for limit in directive.limits:
        assert limit.limit_id in words.replace("- ", "-") or limit.limit_id in words
    assert ("Second course at this site: a review by people" in words) == (directive.reirradiation is not None)
    assert ("prescription point: to be stated" in words) == (directive.plain_field is not None)


def test_an_undecided_directive_says_so(signed: Callable[[str, str], Directive], library: Library) -> None:
    directive = signed("femur-renal", "conv-30-10").model_copy(
        update={
            "decision": None,
            "status": "proposed",
            "hash": None,
            "for_planning": False,
            "blockers_for_planning": ("something",),
        }
    )
    out = io.StringIO()
    print_directive(directive, library, Console(file=out, width=80))
    words = squeeze(out.getvalue())
    for part in (
        "Proposed, not signed",
        "Nobody has decided yet.",
        "For planning: NO - something",
        "Seal none: not sealed",
    ):
        assert part in words
