"""portico explain."""

from __future__ import annotations

import pytest


def test_an_unknown_urgent_rule_is_not_excluded(run, cases) -> None:
    ended = run("explain", cases / "unknown-deficit.yaml", "urgent-new-deficit")
    assert ended.status == 0
    assert "urgent-new-deficit (urgent): NOT EXCLUDED" in ended.out
    assert "[true] site_region = 'spine'" in ended.out
    assert "[unknown] deficit IN ('new', 'worsening')" in ended.out
    assert "Would settle it: Is there a new or worsening neurological deficit? (deficit)" in ended.out


def test_the_same_as_json(run, cases) -> None:
    found = run("explain", cases / "unknown-deficit.yaml", "urgent-new-deficit", "--json").json
    assert (found["truth"], found["not_excluded"]) == ("unknown", True)

    def walk(part):
        yield part
        for inner in part.get("parts") or ():
            yield from walk(inner)

    atoms = {part["column"]: part for part in walk(found["parts"]) if part.get("column")}
    assert atoms["site_region"]["value"] == "spine"
    assert (atoms["deficit"]["value"], atoms["deficit"]["truth"]) == (None, "unknown")
    assert found["settle"][0] == {
        "columns": ["deficit"], "ask": ["Is there a new or worsening neurological deficit?"], "always": True,
    }  # fmt: skip


def test_an_option_with_the_rules_that_decide_it(run, cases) -> None:
    ended = run("explain", cases / "femur-renal.yaml", "conv-30-10")
    assert ended.status == 0
    assert ended.out.startswith("conv-30-10: 30 Gy in 10: ELIGIBLE")
    assert "gate-pathology (gate): false" in ended.out
    found = run("explain", cases / "femur-renal.yaml", "conv-30-10", "--json").json
    assert found["status"] == "eligible"
    assert {rule["truth"] for rule in found["stops"]} == {"false"}
    assert "true" in {rule["truth"] for rule in found["indications"]}


def test_the_status_is_the_one_that_advise_gives(run, cases) -> None:
    for name in ("femur-renal", "thoracic-separation", "almost-nothing"):
        options = run("advise", cases / f"{name}.yaml", "--json").json["options"]
        for option in options[::5]:
            found = run("explain", cases / f"{name}.yaml", option["id"], "--json").json
            assert found["status"] == option["status"], (name, option["id"])


def test_an_undetermined_option_says_what_would_settle_it(run, cases) -> None:
    options = run("advise", cases / "almost-nothing.yaml", "--json").json["options"]
    open_ones = [option["id"] for option in options if option["status"] == "undetermined" and option["settle"]]
    if not open_ones:
        pytest.fail("the emptiest case has no undetermined option that one or two answers settle")
    assert "Would settle it:" in run("explain", cases / "almost-nothing.yaml", open_ones[0]).out


def test_an_unknown_id(run, cases) -> None:
    ended = run("explain", cases / "femur-renal.yaml", "conv-30-1")
    assert (ended.status, ended.out) == (2, "")
    assert "Did you mean conv-30-10?" in ended.err


def test_a_refused_case(run, hostile) -> None:
    assert run("explain", hostile / "duplicate-dose.yaml", "conv-30-10").status == 3
