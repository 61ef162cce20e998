"""REST: the documents of the command, bodies that are refused, versions, decisions, and long work from upload to report."""

from __future__ import annotations

import io
import json
import shutil
import time
from pathlib import Path

import pytest

from portico.case import read_case
from portico.cli import main

from .conftest import ROOT, served

FEMUR = ROOT / "examples" / "cases" / "femur-renal.yaml"
PLANTED = "Planted-Identifier-4711"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("api") / "data"


@pytest.fixture(scope="module")
def log():
    return io.StringIO()


@pytest.fixture(scope="module")
def client(folder, log):
    with served(folder, log) as made:
        yield made


@pytest.fixture(scope="module")
def case():
    return json.loads(read_case(FEMUR).model_dump_json(by_alias=True, exclude_none=True))


@pytest.fixture(scope="module")
def signed(client, case):
    stored = client.post("/api/v1/cases", json={"case": case}).json()
    decision = {"version": 1, "option": "conv-30-10", "by": "Dr A. Example", "reason": "tumour board"}
    made = client.post(f"/api/v1/cases/{stored['id']}/sign", json=decision)
    assert made.status_code == 201
    return {"case": stored["id"], **made.json()}


def command(capsys, *words):
    main([*map(str, words), "--json"])
    return json.loads(capsys.readouterr().out)


def ended(client, made):
    assert made.status_code == 202, made.text
    limit = time.monotonic() + 120
    while (state := client.get(made.headers["location"]).json())["state"] in ("queued", "running"):
        assert time.monotonic() < limit
        time.sleep(0.1)
    return state


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("bed?regimen=40Gy%2B30Gy/10&ab=10,2", ["bed", "40Gy+30Gy/10", "--ab", "10", "--ab", "2"]),
        ("scores/sins", ["score", "sins"]),
        ("evidence/figures?regimen=24/2&setting=spine", ["evidence", "table", "--regimen", "24/2", "--setting", "spine"]),
        ("evidence/figures?question=bone-postop-lf-crude", ["evidence", "table", "--question", "bone-postop-lf-crude"]),
        ("evidence/studies/rosen-2021", ["evidence", "show", "rosen-2021"]),
        ("evidence/questions/spine-sbrt-vcf-crude?by=directness&indirect=true&levels=shown",
         ["evidence", "pool", "spine-sbrt-vcf-crude", "--by", "directness", "--indirect", "--levels", "shown"]),
        ("evidence/questions", ["evidence", "pool"]),
        ("evidence/timeline", ["evidence", "timeline"]),
        ("knowledge/limits", ["knowledge", "list", "--kind", "limits"]),
        ("knowledge/records/patchell-2005", ["knowledge", "show", "patchell-2005"]),
    ],
)  # fmt: skip
def test_a_document_is_that_of_the_command(client, capsys, path, words) -> None:
    assert client.get(f"/api/v1/{path}").json() == command(capsys, *words)


def test_advice_and_explanation_are_those_of_the_command(client, case, capsys) -> None:
    stored = client.post("/api/v1/cases", json={"case": case}).json()
    wanted = command(capsys, "advise", FEMUR)
    assert client.post("/api/v1/advice", json={"case": case}).json() == wanted
    assert client.get(f"/api/v1/cases/{stored['id']}/advice").json() == wanted
    for name in ("conv-30-10", "urgent-new-deficit"):
        found = client.post("/api/v1/explain", json={"case": case, "id": name}).json()
        assert found == command(capsys, "explain", FEMUR, name)
    assert (
        client.post("/api/v1/explain", json={"case": case, "id": "conv-30-11"}).json()["error"]["code"] == "unknown-id"
    )


def test_scores_are_worked_out_taken_over_and_compared(client, capsys) -> None:
    answers = {"kps": "60", "breast_primary": "no"}
    found = client.post("/api/v1/scores/nrf_chow", json={"answers": answers}).json()
    assert found == command(capsys, "score", "nrf_chow", "kps=60", "breast_primary=no")
    assert client.post("/api/v1/scores/metsss", json={"class_id": "high_risk"}).status_code == 400
    taken = client.post("/api/v1/scores/metsss", json={"class_id": "high_risk", "source": "web page"}).json()
    assert taken == command(capsys, "score", "metsss", "--class", "high_risk", "--source", "web page")
    both = [
        {"id": "nrf_chow", "answers": {**answers, "bone_only_mets": "no"}},
        {"id": "van_der_linden", "answers": {"kps": "60", "primary": "lung"}},
    ]
    wanted = command(
        capsys,
        "score",
        "compare",
        "nrf_chow:breast_primary=no,bone_only_mets=no,kps=60",
        "van_der_linden:kps=60,primary=lung",
    )
    assert client.post("/api/v1/score-comparison", json={"scores": both}).json() == wanted


def test_versions_of_a_case_do_not_overwrite_each_other(client, case) -> None:
    made = client.post("/api/v1/cases", json={"case": case})
    place = made.headers["location"]
    assert made.status_code == 201 and client.get(place).json()["case"] == case
    change = {"case": {**case, "label": "B"}, "version": 1}
    assert client.put(place, json=change).json()["version"] == 2
    late = client.put(place, json=change)
    assert (late.status_code, late.json()["error"]["code"]) == (409, "changed-meanwhile")
    assert [one["version"] for one in client.get(f"{place}/history").json()] == [2, 1]
    assert client.get(place).json() in client.get("/api/v1/cases").json()
    assert client.put("/api/v1/cases/none", json=change).status_code == 404


def test_a_case_that_contradicts_itself_is_named_and_not_stored(client, case) -> None:
    wrong = {**case, "patient": {"age_years": "sixty"}, "nickname": PLANTED}
    found = client.post("/api/v1/cases/validate", json={"case": wrong}).json()
    assert found["valid"] is False and {one["path"] for one in found["problems"]} >= {"patient.age_years"}
    before = len(client.get("/api/v1/cases?limit=200").json())
    refused = client.post("/api/v1/cases", json={"case": wrong})
    assert refused.status_code == 400 and len(refused.json()["problems"]) == len(found["problems"])
    assert len(client.get("/api/v1/cases?limit=200").json()) == before
    assert client.post("/api/v1/cases/validate", json={"case": case}).json() == {"valid": True, "problems": []}


def test_the_same_decision_twice_is_stored_once_and_an_old_version_is_refused(client, signed) -> None:
    path = f"/api/v1/cases/{signed['case']}/sign"
    decision = {"version": 1, "option": "conv-30-10", "by": "Dr A. Example", "reason": "tumour board"}
    assert client.post(path, json=decision).json()["hash"] == signed["hash"]
    assert len(client.get(f"/api/v1/cases/{signed['case']}/directives").json()) == 1
    assert client.post(path, json={**decision, "version": 2}).json()["error"]["code"] == "changed-meanwhile"
    for left_out, code in (("by", "empty-text"), ("reason", "missing-field"), ("option", "missing-field")):
        body = {key: value for key, value in decision.items() if key != left_out}
        assert client.post(path, json=body).json()["error"]["code"] == code
    override = {**decision, "option": "conv-20-5", "dose": "16Gy/4", "override": True}
    assert client.post(path, json=override).json()["directive"]["decision"]["override"] is True
    found = client.get(f"/api/v1/directives/{signed['hash']}").json()
    assert found["directive"] == signed["directive"]
    assert client.get(f"/api/v1/directives/{signed['hash']}/pdf").content.startswith(b"%PDF-")


def test_signing_is_blocked_while_something_urgent_is_not_excluded(client) -> None:
    open_case = {"schema": "case/1", "as_of": "2026-03-02", "lesions": [{"bone": "vertebra", "levels": ["T8"]}]}
    made = client.post("/api/v1/cases", json={"case": open_case}).json()
    decision = {"version": 1, "option": "conv-30-10", "by": "Dr A. Example", "reason": "x"}
    refused = client.post(f"/api/v1/cases/{made['id']}/sign", json=decision)
    assert refused.status_code == 409


BODIES = [
    ('{"case": {}, "case": {}}', 400, "duplicate-key"), ('{"case": {"a": NaN}}', 400, "not-a-number"),
    ('{"case": {"a": 1e999}}', 400, None), ('{"case": ' + "[" * 60 + "]" * 60 + "}", 400, "too-deep"), ("{", 400, "syntax"),
    ("", 400, "empty-document"), ('{"case": {"schema": "case/1"}, "Planted-Identifier-4711": 1}', 422, "unknown-field"),
    ('["case"]', 422, "wrong-type"), ('{"case": "Planted-Identifier-4711"}', 422, None), ("{}", 422, "missing-field"),
    ('{"case": {"schema": "case/1", "Planted-Identifier-4711": 1}}', 400, None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code"), BODIES)
def test_a_body_that_cannot_be_used_is_told_by_a_code(client, body, status, code) -> None:
    ended = client.post("/api/v1/advice", content=body, headers={"content-type": "application/json"})
    assert ended.status_code == status
    assert code in (None, ended.json()["error"]["code"])
    assert ended.json()["problems"][0] == ended.json()["error"]


def test_what_stands_before_a_body(client, case) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        assert client.post("/api/v1/advice", content="{}", headers={"content-type": kind}).status_code == 415
    assert client.post("/api/v1/advice", content=b" " * (3 << 20)).status_code == 413
    assert (
        client.post(
            "/api/v1/advice", content=iter([b" " * 65536] * 40), headers={"content-type": "application/json"}
        ).status_code
        == 413
    )
    foreign = {"origin": "https://evil.example"}
    assert client.post("/api/v1/advice", json={"case": case}, headers=foreign).status_code == 403
    for path, status, code in (
        ("bed?regimen=30Gy/10&ab=10&x=1", 400, "unknown-field"), ("bed?regimen=30Gy/10&ab=10&ab=2", 400, "duplicate-key"),
        ("bed?regimen=30Gy/10", 422, "missing-field"), ("bed?regimen=30Gy/10%1b&ab=1", 400, "control-character"),
        ("cases?limit=0", 422, None), ("nothing", 404, "not-found"), ("cases/none", 404, "not-found"),
        ("knowledge/records/no-such-record", 400, "unknown-record"), ("evidence/questions/no-such-question", 400, "unknown-question"),
    ):  # fmt: skip
        found = client.get(f"/api/v1/{path}")
        assert found.status_code == status and code in (None, found.json()["error"]["code"]), path
    assert client.delete("/api/v1/cases").json()["error"]["code"] == "method-not-allowed"


def test_a_browser_needs_its_token(client, case) -> None:
    token = client.get("/api/v1/token").json()["token"]
    try:
        body = {"case": case}
        assert client.post("/api/v1/advice", json=body).status_code == 403
        assert client.post("/api/v1/advice", json=body, headers={"X-Portico-Token": "0" * 64}).status_code == 403
        assert client.post("/api/v1/advice", json=body, headers={"X-Portico-Token": token}).status_code == 200
        assert client.post("/api/v1/uploads", content=b"x").status_code == 403
    finally:
        client.cookies.clear()


def test_a_plan_is_checked_as_the_command_checks_it(client, signed, tmp_path, capsys, folder) -> None:
    plan = ROOT / "tests" / "data" / "femur-phantom"
    archive = Path(shutil.make_archive(str(tmp_path / "plan"), "zip", plan))
    upload = client.post("/api/v1/uploads", content=archive.read_bytes()).json()["id"]
    asked = {"upload": upload, "directive": signed["hash"]}
    made = client.post("/api/v1/jobs/check", json=asked, headers={"Idempotency-Key": "k"})
    assert (
        client.post("/api/v1/jobs/check", json=asked, headers={"Idempotency-Key": "k"}).json()["id"]
        == made.json()["id"]
    )
    reused = client.post("/api/v1/jobs/check", json={**asked, "end_cap": "none"}, headers={"Idempotency-Key": "k"})
    assert reused.json()["error"]["code"] == "key-reused"
    state = ended(client, made)
    assert (state["state"], [one["name"] for one in state["files"]]) == (
        "done",
        ["check.html", "check.pdf", "result.json"],
    )
    directive = tmp_path / "d.json"
    directive.write_text(json.dumps(signed["directive"]))
    wanted = command(capsys, "check", archive, "--directive", directive)
    place = made.headers["location"]
    assert client.get(f"{place}/result").json() == wanted
    assert state["exit_status"] == wanted["exit_status"]
    assert client.get(f"{place}/files/check.pdf").content.startswith(b"%PDF-")
    assert client.get(f"{place}/files/..%2f..%2fform.key").status_code == 404
    assert "femur" in client.get(f"/checks/{state['id']}").text.lower()
    assert not list(folder.glob("jobs/*/in"))
    assert client.get("/api/v1/audit-log/verify").json()["ok"] is True


def test_a_registry_is_asked_for_and_cancelled(client) -> None:
    upload = client.post("/api/v1/uploads", content=b"centre,case\n").json()["id"]
    made = client.post("/api/v1/jobs/audit", json={"upload": upload, "upload_is": "csv", "threshold": 7})
    assert (made.status_code, made.json()["kind"]) == (202, "audit")
    client.post(f"{made.headers['location']}/cancel")
    assert ended(client, made)["state"] in ("cancelled", "failed")  # it may have ended by then


def test_long_work_that_cannot_be_done_says_why(client, signed) -> None:
    upload = client.post("/api/v1/uploads", content=b"no archive " + PLANTED.encode()).json()["id"]
    state = ended(client, client.post("/api/v1/jobs/dvh", json={"upload": upload, "metrics": ["--html"]}))
    assert state["state"] == "failed" and state["error"]["code"] and PLANTED not in json.dumps(state)
    assert client.get(f"/api/v1/jobs/{state['id']}/result").json()["error"]["code"] == "job-not-done"
    assert client.post(f"/api/v1/jobs/{state['id']}/cancel").json()["error"]["code"] == "job-ended"
    resumed = client.post(f"/api/v1/jobs/{state['id']}/resume").json()
    assert resumed["id"] == state["id"]
    assert client.get("/api/v1/jobs").json()[0]["id"] == state["id"]


@pytest.mark.parametrize(
    ("kind", "more", "code"),
    [
        ("check", {}, "no-directive"), ("check", {"directive": "0" * 64}, "not-found"),
        ("check", {"directive_document": {"schema": "directive/1"}}, None),
        ("check", {"upload": None}, "no-source"), ("check", {"archive": "pacs"}, "no-source"),
        ("dvh", {"upload": None, "archive": "pacs", "study": "1.2"}, "not-found"), ("dvh", {"upload": "0" * 16}, "not-found"),
        ("check", {"earlier": {"courses": [{"dose": "../../form.key"}]}}, "file-in-body"),
        ("targets", {"involved": {"L3": "x\n--out=/tmp/x"}}, "wrong-form"), ("plan", {"organ": "a=b"}, "wrong-form"),
        ("plan", {"density": [[0.0, 1.0], [1.0, 1e400]]}, None), ("dvh", {"bin_gy": 0}, None), ("dvh", {"other": 1}, "unknown-field"),
    ],
)  # fmt: skip
def test_work_that_is_not_taken(client, kind, more, code) -> None:
    upload = client.post("/api/v1/uploads", content=b"x").json()["id"]
    refused = client.post(
        f"/api/v1/jobs/{kind}",
        content=json.dumps({"upload": upload, **more}),
        headers={"content-type": "application/json"},
    )
    assert refused.status_code in (400, 404, 422) and code in (None, refused.json()["error"]["code"])


def test_the_description_names_every_route_and_its_documents(client) -> None:
    found = client.get("/api/v1/openapi.json").json()
    assert len(found["paths"]) > 35 and all(path.startswith("/api/v1/") for path in found["paths"])
    given = found["components"]["schemas"]["CaseGiven"]["properties"]["case"]
    assert given["$ref"] == "#/components/schemas/Case"
    references = {one for one in json.dumps(found).split('"') if one.startswith("#/components/schemas/")}
    assert {one.rpartition("/")[2] for one in references} <= found["components"]["schemas"].keys()
    for path, methods in found["paths"].items():
        for method, one in methods.items():
            assert one.get("description"), (method, path)


def test_nothing_that_was_sent_stands_in_the_log(client, log, case) -> None:
    client.post("/api/v1/advice", json={"case": {**case, "label": PLANTED}})
    client.get(f"/api/v1/cases/{PLANTED}")
    assert PLANTED not in log.getvalue()
    assert '"route": "/api/v1/advice"' in log.getvalue()


def test_the_reference_lists_every_address(client) -> None:
    found = client.get("/api/v1/openapi.json").json()["paths"]
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    listed = {tuple(line.split("`")[1].split(" ")) for line in page.splitlines() if line.startswith("| `")}
    assert listed == {(method.upper(), path) for path, methods in found.items() for method in methods}
