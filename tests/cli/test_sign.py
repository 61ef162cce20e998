"""portico sign and portico directive."""

from __future__ import annotations

import json
import os

import pytest

WHO = ["--by", "Dr A. Example", "--reason", "tumour board of 2 March"]


@pytest.fixture
def sign(run, cases):
    def invoke(case, option, *more):
        return run("sign", cases / f"{case}.yaml", "--option", option, *WHO, *more)

    return invoke


@pytest.fixture
def signed(sign, tmp_path):
    path = tmp_path / "directive.json"
    assert sign("femur-renal", "conv-30-10", "--out", path).status == 0
    return path


def test_a_signed_directive(sign, tmp_path) -> None:
    path = tmp_path / "new" / "directive.json"
    ended = sign("femur-renal", "conv-30-10", "--role", "consultant", "--out", path)
    assert (ended.status, ended.err) == (0, "")
    found = json.loads(path.read_text())
    assert found["status"] == "signed"
    assert found["decision"]["by"] == "Dr A. Example"
    assert found["decision"]["role"] == "consultant"
    assert found["decision"]["override"] is False
    assert found["hash"] in ended.out


def test_the_default_name_is_the_seal(sign, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = sign("femur-renal", "conv-30-10", "--json")
    (path,) = tmp_path.iterdir()
    found = ended.json
    assert path.name == f"directive-{found['directive']['hash'][:8]}.json" == found["file"]


def test_signing_twice_is_the_same_file(sign, signed) -> None:
    before = signed.read_bytes()
    assert sign("femur-renal", "conv-30-10", "--out", signed).status == 0
    assert signed.read_bytes() == before


def test_another_directive_never_replaces_one(sign, signed) -> None:
    before = signed.read_bytes()
    ended = sign("femur-renal", "conv-20-5", "--out", signed)
    assert ended.status == 2
    assert signed.read_bytes() == before


def test_an_override_is_recorded(sign, tmp_path) -> None:
    path = tmp_path / "directive.json"
    assert sign("femur-renal", "conv-20-5", "--override", "16Gy/4", "--out", path).status == 0
    found = json.loads(path.read_text())
    assert found["decision"]["override"] is True
    assert [(level["dose_gy"], level["fractions"]) for level in found["levels"]] == [(16, 4)]


def test_a_spine_directive_without_signed_limits_is_not_for_planning(sign, run, tmp_path) -> None:
    path = tmp_path / "directive.json"
    ended = sign("thoracic-separation", "conv-30-10", "--out", path)
    if ended.status == 0:
        assert "For planning: NO" in ended.out
        assert run("directive", "check", path).status == 1
    else:
        assert ended.status == 1, ended.err


def test_an_unknown_urgent_rule_blocks(sign, tmp_path) -> None:
    ended = sign("unknown-deficit", "conv-30-10", "--out", tmp_path / "new" / "d.json")
    assert (ended.status, ended.out) == (1, "")
    assert "urgent-new-deficit: NOT EXCLUDED: " in ended.err
    assert "Is there a new or worsening neurological deficit?" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_a_gate_that_holds_blocks(sign, tmp_path) -> None:
    ended = sign("femur-open-wound", "conv-30-10", "--out", tmp_path / "d.json", "--json")
    assert ended.status == 1
    assert "gate-holds" in {problem["code"] for problem in ended.json["problems"]}
    assert list(tmp_path.iterdir()) == []


def test_an_option_that_is_not_eligible_blocks(sign, run, cases, tmp_path) -> None:
    options = run("advise", cases / "femur-renal.yaml", "--json").json["options"]
    stopped = next(option["id"] for option in options if option["status"] == "not eligible")
    ended = sign("femur-renal", stopped, "--out", tmp_path / "d.json")
    assert ended.status == 1
    assert "not eligible" in ended.err


@pytest.mark.parametrize(
    ("more", "status"),
    [
        (["--by", " "], 2),
        (["--reason", ""], 2),
        (["--regimen", "30Gy/10", "--override", "25Gy/10"], 2),
        (["--regimen", "25Gy/10"], 2),
        (["--override", "25/10"], 3),
        (["--override", "2500Gy/10"], 3),
        (["--volume", "whole_bodi"], 2),
        (["--out", "d.txt"], 2),
        (["--option", "conv-30-1"], 2),
    ],
)
def test_refusals_write_nothing(sign, tmp_path, monkeypatch, more, status) -> None:
    monkeypatch.chdir(tmp_path)
    ended = sign("femur-renal", "conv-30-10", *more)
    assert ended.status == status
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["--option", "--by", "--reason"])
def test_option_name_and_reason_are_required(run, cases, name) -> None:
    words = {"--option": "conv-30-10", "--by": "A", "--reason": "B"}
    del words[name]
    assert run("sign", cases / "femur-renal.yaml", *(w for pair in words.items() for w in pair)).status == 2


def test_a_refused_case(run, hostile, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("sign", hostile / "duplicate-dose.yaml", "--option", "conv-30-10", *WHO).status == 3
    assert list(tmp_path.iterdir()) == []


def test_check_of_a_sealed_directive(run, signed) -> None:
    found = run("directive", "check", signed, "--json")
    assert found.json["signed"] is True and found.json["sealed"] is True
    assert found.status == (0 if found.json["for_planning"] else 1)
    assert "Seal: " in run("directive", "check", signed).out


def test_check_of_a_changed_directive(run, signed) -> None:
    signed.write_text(signed.read_text().replace("tumour board", "tumor board"))
    ended = run("directive", "check", signed)
    assert (ended.status, ended.out) == (3, "")
    assert "sealed" in ended.err
    assert run("directive", "show", signed, "--json").status == 3


def test_check_of_an_unsigned_directive(run, signed, tmp_path) -> None:
    plain = json.loads(signed.read_text())
    plain |= {"status": "proposed", "decision": None, "hash": None}
    path = tmp_path / "proposed.json"
    path.write_text(json.dumps(plain))
    found = run("directive", "check", path, "--json")
    assert (found.status, found.json["signed"], found.json["sealed"]) == (1, False, False)
    assert "Signed: NO" in run("directive", "check", path).out


def test_show(run, signed, tmp_path) -> None:
    assert run("directive", "show", signed, "--json").json["hash"] == json.loads(signed.read_text())["hash"]
    ended = run("directive", "show", signed, "--html", tmp_path / "d.html", "--pdf", tmp_path / "d.pdf")
    assert ended.status == 0
    assert "Dr A. Example" in ended.out
    assert (tmp_path / "d.pdf").read_bytes().startswith(b"%PDF")
    assert "Dr A. Example" in (tmp_path / "d.html").read_text()


def test_show_never_replaces_the_directive(run, signed) -> None:
    before = signed.read_bytes()
    assert run("directive", "show", signed, "--html", signed).status == 2
    assert signed.read_bytes() == before


@pytest.mark.parametrize(
    "text", ["{}", "[]", '{"schema": "directive/1", "schema": "directive/1"}', '{"schema": NaN}', "{" * 5000]
)
def test_hostile_directives(run, tmp_path, text) -> None:
    path = tmp_path / "d.json"
    path.write_text(text)
    ended = run("directive", "check", path)
    assert ended.status == 3
    assert os.fspath(path) in ended.err


def test_items_of_a_plain_field(sign, tmp_path) -> None:
    path = tmp_path / "d.json"
    more = ["--field", "energy=6 MV", "--field", "spared_strip=lateral soft tissue", "--out", path]
    assert sign("femur-renal", "conv-30-10", *more).status == 0
    field = json.loads(path.read_text())["plain_field"]
    assert (field["energy"], field["spared_strip"], field["isodose"]) == ("6 MV", "lateral soft tissue", None)
    assert sign("femur-renal", "conv-30-10", "--field", "colour=red", "--out", tmp_path / "e.json").status == 2
    assert not (tmp_path / "e.json").exists()
