"""portico verify, on a registry of its own: every way it can end, and what it prints."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import pytest

import portico.claims
from portico.claims import ClaimSet, claim_equal, claim_number


@pytest.fixture
def registry(monkeypatch):
    claims = ClaimSet()
    monkeypatch.setattr(portico.claims, "run", claims.run)

    @claims.chapter("biology")
    def good():
        yield claim_number("biology", "BED10 of 30 Gy in 10", source="by hand", expected=39.0, got=39.0, tolerance=1e-9)

    return claims


def test_all_hold(run, registry) -> None:
    ended = run("verify")
    assert ended.status == 0
    assert "biology: 1 of 1 hold" in ended.out
    assert "1 claims, 0 failed." in ended.out


def test_one_fails(run, registry) -> None:
    @registry.chapter("timing")
    def bad():
        yield claim_equal("timing", "day 6", source="rule", expected="early", got="<late>", note="look")

    ended = run("verify")
    assert ended.status == 1
    assert "FAIL" in ended.out and "look" in ended.out
    assert run("verify", "--chapter", "biology").status == 0
    assert run("verify", "--chapter", "biology", "--chapter", "timing").status == 1


def test_json_is_one_object_a_line(run, registry) -> None:
    ended = run("verify", "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert len(lines) == 1
    assert list(lines[0]) == ["chapter", "claim", "source", "expected", "got", "tolerance", "ok"]


def test_an_unknown_chapter_is_a_usage_error(run, registry) -> None:
    ended = run("verify", "--chapter", "biologie")
    assert ended.status == 2
    assert "Did you mean biology?" in ended.err


def test_nothing_to_check_is_not_fine(run, monkeypatch) -> None:
    monkeypatch.setattr(portico.claims, "run", ClaimSet().run)
    assert run("verify").status == 4


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.outside += [value for key, value in attrs if key in ("src", "href")]


def test_the_page_escapes_and_loads_nothing(run, registry, tmp_path) -> None:
    @registry.chapter("<script>")
    def hostile():
        yield claim_equal("<script>", "<b>x</b>", source="<i>", expected=1, got=None, note="<u>")

    path = tmp_path / "a" / "verify.html"
    ended = run("verify", "--html", path)
    assert ended.status == 1
    page = _Page()
    page.feed(path.read_text())
    assert page.outside == []
    assert not {"script", "b", "i", "u"} & set(page.tags)
    assert "FAILS" in path.read_text()
    assert str(path) in ended.err


def test_a_person_who_waits_sees_progress(monkeypatch) -> None:
    import io
    import sys

    from portico.cli import verify

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    claim = claim_equal("biology", "x", source="y", expected=1, got=1)
    for patience, shown in ((-1.0, True), (3600.0, False)):
        stream = Terminal()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.setattr(verify, "_PATIENCE", patience)
        assert list(verify._watched([claim])) == [claim]
        assert ("1 claims checked" in stream.getvalue()) is shown


def test_the_shipped_claims_hold(run, monkeypatch) -> None:
    """Every chapter; those that take long with fewer shapes, in full they are tested in their rooms."""
    from portico.dosimetry import claims as dosimetry
    from portico.targets import claims as targets

    monkeypatch.setattr(dosimetry, "SIZES", ((10.0, 2),))
    monkeypatch.setattr(dosimetry, "RULE_SIZES_MM", (10.0,))
    monkeypatch.setattr(targets, "LEVELS", {28: "L4"})
    monkeypatch.setattr(targets, "TILTS", ((20, 0, 0),))
    ended = run("verify", "--json")
    lines = [json.loads(line) for line in ended.out.splitlines()]
    assert {line["chapter"] for line in lines} >= {
        "biology",
        "scores",
        "rules",
        "timing",
        "re-irradiation",
        "evidence",
        "targets",
        "planning",
    }
    assert [line for line in lines if not line["ok"]] == []
    assert ended.status == 0
