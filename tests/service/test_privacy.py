"""Planted identifiers of a patient appear in no log, metric, address, error or file that the service leaves."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import httpx
import pydicom
import pytest

NAME, NUMBER = "Zabrowskyquill", "99887766554"
LABEL = f"{NAME} as label"
PLANTED = re.compile("zabrowskyquill|99887766554", re.IGNORECASE)


@pytest.fixture(scope="module")
def running(tmp_path_factory, postgres):
    """The command itself in a process of its own, on PostgreSQL, with its temporary folder watched."""
    folder = tmp_path_factory.mktemp("privacy")
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    (folder / "tmp").mkdir()
    (folder / "portico.toml").write_text(
        f'[service]\nfolder = "data"\nport = {port}\n[database]\nurl = "{postgres.database()}"\n'
    )
    command = [sys.executable, "-m", "portico", "serve", "--config", str(folder / "portico.toml")]
    with (folder / "printed").open("wb") as printed:
        process = subprocess.Popen(
            command, stdout=printed, stderr=printed, cwd=folder, env={**os.environ, "TMPDIR": str(folder / "tmp")}
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", follow_redirects=True, timeout=60) as client:
            for _ in range(600):
                try:
                    client.get("/health")
                    break
                except httpx.TransportError:
                    assert process.poll() is None, (folder / "printed").read_text()
                    time.sleep(0.1)
            yield client, folder, postgres
    finally:
        process.terminate()
        process.wait(60)


def _archive(root: Path, folder: Path) -> bytes:
    """A plan in which every file, name and text of a patient is planted."""
    path = folder / "plan.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, file in enumerate(sorted((root / "tests/data/femur-phantom").glob("*.dcm"))):
            data = pydicom.dcmread(file)
            data.PatientName, data.PatientID, data.PatientComments = f"{NAME}^Ada", NUMBER, f"{NAME} {NUMBER}"
            data.save_as(folder / "one.dcm")
            archive.write(folder / "one.dcm", f"{NAME}-{number}.dcm")
    (folder / "one.dcm").unlink()
    data = path.read_bytes()
    path.unlink()
    return data


def test_planted_identifiers_are_nowhere_but_in_the_database(running, femur, root, tmp_path) -> None:
    client, folder, postgres = running
    answers: list[httpx.Response] = []

    def send(method: str, path: str, **more) -> httpx.Response:
        answer = client.request(method, path, **more)
        answers.extend([*answer.history, answer])
        return answer

    def form(path: str, data: dict[str, str], **more) -> httpx.Response:
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', client.get(path).text))
        return send("POST", path, data={**hidden, **data}, **more)

    # Typed where it belongs and where it does not.
    typed = {**femur, "label": LABEL, "agent1.name": NAME}
    case = form("/cases/new", typed)
    assert case.status_code == 200
    path = case.url.path
    wrong = ("age_years", "as_of", "bone", "histology", "days_since_surgery", "pain_worst")
    assert form("/cases/new", {**typed, **dict.fromkeys(wrong, f"{NAME}{NUMBER}")}).status_code == 422
    form("/cases/new", {**typed, NAME: NUMBER})
    form("/cases/new", {**typed, "label": f"{NAME}\x00"})
    signed = form(f"{path}/sign", {"option": "conv-30-10", "by": NAME, "reason": f"{NAME} {NUMBER}"})
    assert signed.status_code == 200
    form(f"{path}/sign", {"option": NAME, "by": NAME, "reason": NUMBER, "dose": f"{NUMBER}Gy/1"})
    # Asked for in an address.
    for place in (
        f"/{NAME}",
        f"/cases/{NAME}",
        f"/?name={NAME}",
        f"/directives/{NUMBER}",
        f"{path}/sign?option={NAME}",
        f"/evidence/{NAME}",
        f"/checks/{NUMBER}",
        f"/jobs/{NAME}",
    ):
        send("GET", place)
    send(NAME.upper(), "/")
    # A plan, and what is none.
    plan = _archive(root, tmp_path)
    seal = signed.url.path
    for data in (plan, plan[: len(plan) // 2], f"{NAME}".encode() * 99):
        form(f"{seal}/check", {}, files={"file": (f"{NAME}-{NUMBER}.zip", data)})
    # Interfaces: bundles and cases that hold, and that do not.
    client.cookies.clear()
    patient = {
        "resourceType": "Patient",
        "id": NUMBER,
        "name": [{"family": NAME}],
        "birthDate": NAME,
        "identifier": [{"value": NUMBER}],
    }
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": patient}, {"resource": {"resourceType": NAME, NAME: NUMBER}}],
    }
    for body in (bundle, {NAME: NUMBER}, [NAME], {**bundle, "type": NAME}):
        for place in (
            "/fhir/$import",
            "/fhir/$options",
            f"/fhir/$import?as-of={NAME}",
            "/cds-services/portico-patient-view",
        ):
            send(
                "POST",
                place,
                content=json.dumps(body),
                headers={"content-type": "application/fhir+json" if "fhir" in place else "application/json"},
            )
    wrong = {"schema": "case/1", NAME: NUMBER, "label": NAME, "patient": {"age_years": f"{NAME}"}}
    for place in ("/api/v1/cases", "/api/v1/cases/validate", "/api/v1/advice"):
        for body in ({"case": wrong}, {NAME: wrong}, {"case": NAME}):
            send("POST", place, json=body)
        send("POST", place, content=f'{{"case": {NAME}'.encode(), headers={"content-type": "application/json"})
    send("GET", f"/api/v1/cases/{NAME}")
    # Something that the database itself refuses: its own log could hold what was to be stored.
    with pytest.raises(Exception, match="duplicate key"):
        postgres.run("INSERT INTO alembic_version SELECT version_num FROM alembic_version", running_database(folder))
    assert client.get("/health").status_code == 200
    metrics = client.get("/metrics").text

    failed = [one for one in answers if one.status_code >= 400]
    assert len(failed) > 25 and {one.status_code for one in failed} <= {400, 401, 403, 404, 405, 409, 413, 415, 422}
    for one in failed:
        # What a person typed stays in the field for correction, and a page of a case shows its label; the words of the
        # refusal repeat neither.
        said = re.sub(r"<(input|textarea|option|a)\b[^>]*>([^<]*</textarea>)?", "", one.text.replace(LABEL, ""))
        assert not PLANTED.search(said), (one.request.method, one.request.url.path, PLANTED.search(said))
    for one in answers:
        assert not PLANTED.search(one.headers.get("location", ""))
        assert not [place for place in re.findall(r'(?:href|action|src)="([^"]*)"', one.text) if PLANTED.search(place)]
        assert not PLANTED.search(str(dict(one.headers.items())))
    assert not PLANTED.search(metrics)
    printed = (folder / "printed").read_text()
    assert printed.count('"route"') > 45 and not PLANTED.search(printed)
    assert not PLANTED.search((postgres.folder / "log").read_text(errors="replace"))
    found = [file for file in folder.rglob("*") if file.is_file()]
    assert found and not [
        file for file in found if PLANTED.search(file.name) or PLANTED.search(file.read_text("latin-1"))
    ]
    assert list((folder / "tmp").iterdir()) == []


def running_database(folder: Path) -> str:
    return re.search(r'/(test_\d+)"', (folder / "portico.toml").read_text())[1]  # type: ignore[index]
