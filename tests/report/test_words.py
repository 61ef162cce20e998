"""Numbers and words: units always, nothing unknown filled in, one word for each code in use."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pytest
from sample import advice, limit, option, outcome

import portico.report
from portico.advice import Advice
from portico.advice.model import LevelDose
from portico.errors import ReadingRefused
from portico.knowledge import Library
from portico.report import write_report
from portico.report.amounts import (
    bed_text,
    cord_text,
    day_text,
    dose_text,
    estimate_text,
    limit_text,
    outcome_counts,
    outcome_text,
    visits_text,
)
from portico.report.clock import clock_alt, clock_svg
from portico.report.evidence import waiting_view
from portico.report.references import References
from portico.report.wording import (
    certainty,
    directness,
    limit_state,
    mark_name,
    recipe,
    technique,
    verified,
    verified_sign,
    words,
)

TEMPLATES = Path(portico.report.__file__).parent / "templates"


def test_nothing_unknown_is_filled_in() -> None:
    unknown = (
        LevelDose("boost", "PTV", 48.5, 10, 72.0, 60.0, 83.1),
        LevelDose("elective", "PTV", None, None, None, None, None),
    )
    assert bed_text(unknown) == "boost 72.0 / 60.0\u00a0Gy; elective not sourced"
    assert cord_text(unknown) == "boost 83.1\u00a0Gy; elective not sourced"
    assert cord_text(()) == "none"
    assert dose_text(None, None) == "dose not sourced, in a number of fractions not sourced"
    assert visits_text(None) == "not sourced" and visits_text(0) == "0"
    assert day_text(None) == "date unknown"
    assert limit_text(limit(value=None)) == "no value" and limit_text(limit(unit=None)) == "no value"
    assert words(None) == certainty(None) == "not stated"


def test_figures_carry_unit_interval_and_count() -> None:
    assert (
        estimate_text(outcome(estimate=0.126, low=0.1, high=0.2)) == "12.6 % (interval of unstated kind 10 % to 20 %)"
    )
    assert estimate_text(outcome(estimate=9.6, unit="months")) == "9.6 months (no interval)"
    assert estimate_text(outcome(estimate=9.6, unit=None)) == "9.6 (unit not stated) (no interval)"
    assert estimate_text(outcome(low=0.1)) == "24.8 % (no interval)"  # half an interval is none
    assert outcome_counts(outcome(n=None)) == "n not stated" and outcome_counts(outcome(events=None)) == "n = 145"
    assert outcome_text(outcome(months=12)).startswith("local recurrence at 12 months: ")
    assert (
        limit_text(limit()) == "Dmax ≤ 17 Gy" and limit_text(limit(op=">=", metric="V20Gy", unit="%")) == "V20Gy ≥ 17 %"
    )


@pytest.mark.parametrize("month", range(1, 13))
def test_dates_name_the_month(month: int) -> None:
    assert re.fullmatch(r"5 [A-Z][a-z]+ 2026", day_text(dt.date(2026, month, 5)))
    assert re.fullmatch(r"5 [A-Z][a-z]{2} 2026", day_text(dt.date(2026, month, 5), short=True))


def test_every_code_in_use_has_a_word(advice_of: Callable[[str], Advice], example: str) -> None:
    found = advice_of(example)
    for item in found.options:
        for table, code in (
            (certainty, item.certainty),
            (directness, item.directness),
            (technique, item.technique),
            (verified, item.verified),
        ):
            assert "_" not in table(code)
        assert verified_sign(item.verified)
        for row in item.limits:
            assert limit_state(row.state) != words(row.state) or row.state == "binding"
    for choice in found.volumes:
        assert recipe(choice.recipe) != choice.recipe
    for mark in found.timing.marks if found.timing else ():
        assert "_" not in mark_name(mark.name)


def test_an_unknown_code_is_shown_not_hidden() -> None:
    assert certainty("some_new_code") == "some new code" and verified_sign("new") == ""


def test_clock_labels_never_run_into_each_other(advice_of: Callable[[str], Advice], example: str) -> None:
    timing = advice_of(example).timing
    if timing is None:
        assert advice_of(example).row["site_region"] is None
        return
    root = ET.fromstring(clock_svg(timing))
    name = "{http://www.w3.org/2000/svg}"
    width = float(root.attrib["viewBox"].split()[2])
    labels = [(float(e.attrib["x"]), float(e.attrib["y"]), len(e.text or "")) for e in root.iter(f"{name}text")]
    assert len(labels) >= len(timing.marks) + 1
    assert all(x >= 0 and x + 7.8 * length <= width for x, _, length in labels)
    rows = [y for _, y, _ in labels]
    for i, (x, y, length) in enumerate(labels):
        for other_x, other_y, other in labels[i + 1 :]:
            assert y != other_y or x + 7.8 * length < other_x or other_x + 7.8 * other < x
    assert len(set(rows)) >= len(timing.marks)
    assert root.attrib["aria-label"] == clock_alt(timing)


def test_a_clock_without_day_or_marks() -> None:
    timing = advice().timing
    assert timing is not None
    unknown = dataclasses.replace(
        timing,
        days_since_surgery=None,
        surgery_date=None,
        marks=tuple(dataclasses.replace(m, date=None) for m in timing.marks),
    )
    svg = clock_svg(unknown)
    assert "date unknown" in svg and "this case" not in svg
    assert "unknown" in clock_alt(unknown)
    assert clock_svg(dataclasses.replace(timing, marks=())) == ""
    assert "this case" not in clock_svg(dataclasses.replace(timing, days_since_surgery=-3))


def test_references_know_what_they_cite(library: Library) -> None:
    references = References(library)
    marks = references.cite("rosen-2021", None, "rosen-2021", "conv-30-10", "no-such-record")
    assert [mark["id"] for mark in marks] == ["rosen-2021", "conv-30-10", "no-such-record"]
    study = references.studies()[0]
    assert study["doi"] == library.studies["rosen-2021"].doi and study["verified"] == "abstract read"
    assert {entry["type"] for entry in references.others()} == {"regimen", "unknown"}
    assert [entry["id"] for entry in references.unread()] == ["rosen-2021"]
    alias, current = next(iter(library.aliases.items()))
    assert references.cite(alias)[0]["id"] == current


def test_what_cannot_act_is_listed(library: Library) -> None:
    rows = waiting_view(advice(), library)
    ids = {row["id"] for row in rows}
    memory = {s.id for s in library.studies.values() if s.verified == "memory"}
    assert ids & memory == {i for i in memory if library.studies[i].site in ("non_spine", "any", "mixed")}
    assert set(library.waiting) <= ids
    assert memory <= {row["id"] for row in waiting_view(advice(row={}), library)}


def test_templates_hold_no_clinical_number() -> None:
    for path in TEMPLATES.iterdir():
        if path.suffix == ".typ" or path.name.endswith("html.j2"):
            assert not re.search(r"\d\s*(Gy|months|weeks|days)\b", path.read_text(encoding="utf-8")), path.name


def test_write(tmp_path: Path) -> None:
    write_report(tmp_path / "a.html", "é")
    write_report(tmp_path / "a.pdf", b"%PDF")
    assert (tmp_path / "a.html").read_bytes() == "é".encode() and (tmp_path / "a.pdf").read_bytes() == b"%PDF"
    with pytest.raises(ReadingRefused) as caught:
        write_report(tmp_path / "none" / "a.pdf", b"")
    assert caught.value.code == "cannot-write"


def test_options_are_not_shortened_on_the_board(library: Library) -> None:
    from portico.report.board import board_view

    many = tuple(option(id=f"conv-{i}", label=f"option {i}", rank=i) for i in range(1, 40))
    view = board_view(advice(options=many), References(library))
    assert [row["label"] for row in view["options"]] == [o.label for o in many]


def test_an_open_nerve_limit_stands_beside_the_option(library: Library) -> None:
    from portico.report.option_rows import option_row

    def row(**changes: object) -> str:
        return str(option_row(option(limits=(limit(value=None, **changes),)), References(library))["no_limit"])

    assert row() == "NO LIMIT: SpinalCord"
    assert row(state="cannot tell") == "CANNOT TELL: SpinalCord"
    assert row(neural=False) == ""
