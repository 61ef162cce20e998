"""Archives: only those of the settings; a study is picked there, checked, and report and draft go back into it."""

from __future__ import annotations

import http.server
import io
import threading
import time

import pytest

from orthanc_server import orthanc_running
from portico.directive import read_directive
from portico.errors import InputRefused, UsageError
from portico.interop import DicomWeb
from portico.rt import read_contents
from portico.service import Settings, app

from .conftest import ROOT, served

SPINE = ROOT / "tests" / "data" / "spine-phantom"
DIRECTIVE = ROOT / "examples" / "directives" / "spine-24-2.json"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    with orthanc_running(tmp_path_factory.mktemp("orthanc")) as url:
        yield url


@pytest.fixture(scope="module")
def client(orthanc, tmp_path_factory):
    with served(tmp_path_factory.mktemp("service") / "data", io.StringIO(), archives={"pacs": orthanc}) as made:
        yield made


@pytest.fixture(scope="module")
def study(orthanc):
    from pydicom import dcmread

    found = dcmread(SPINE / "plan.dcm", stop_before_pixels=True)
    DicomWeb(orthanc).store([path.read_bytes() for path in sorted(SPINE.glob("*.dcm"))])
    return str(found.StudyInstanceUID), str(found.PatientID), str(found.PatientName)


def ended(client, made):
    assert made.status_code == 202, made.text
    limit = time.monotonic() + 120
    while (state := client.get(made.headers["location"]).json())["state"] in ("queued", "running"):
        assert time.monotonic() < limit
        time.sleep(0.1)
    return state


def test_a_study_is_picked_checked_and_its_report_goes_back(client, study, orthanc) -> None:
    from pydicom import dcmread

    uid, patient, name = study
    assert client.get("/api/v1/archives").json() == [{"name": "pacs"}]
    listed = client.get("/api/v1/archives/pacs/studies", params={"patient_id": patient}).json()
    assert [one["study"] for one in listed] == [uid]
    directive = read_directive(DIRECTIVE).to_dict()
    asked = {"archive": "pacs", "study": uid, "directive_document": directive, "hardware": False}
    state = ended(client, client.post("/api/v1/jobs/check", json=asked))
    assert state["state"] == "done", state
    for _ in range(2):  # twice is once
        stored = client.post("/api/v1/archives/pacs/results", json={"job": state["id"]})
        assert stored.json() == {"stored": ["check.pdf"]}, stored.text
    web = DicomWeb(orthanc)
    series = [one for one in web._search(f"/studies/{uid}/series") if one["00080060"]["Value"] == ["DOC"]]
    assert len(series) == 1
    (data,) = web._retrieve(f"/studies/{uid}/series/{series[0]['0020000E']['Value'][0]}")
    report = dcmread(io.BytesIO(data))
    assert (str(report.PatientID), str(report.PatientName), report.MIMETypeOfEncapsulatedDocument) == (
        patient,
        name,
        "application/pdf",
    )
    made = client.get(f"/api/v1/jobs/{state['id']}/files/check.pdf").content
    assert report.EncapsulatedDocument[: report.EncapsulatedDocumentLength] == made
    assert client.get("/api/v1/audit-log/verify").json()["ok"] is True


def test_a_draft_of_volumes_goes_back_as_structures(client, study, orthanc) -> None:
    uid = study[0]
    directive = read_directive(DIRECTIVE).to_dict()
    vertebrae = ROOT / "tests" / "data" / "spine-labels" / "vertebrae.nrrd"
    labels = client.post("/api/v1/uploads", content=vertebrae.read_bytes()).json()["id"]
    asked = {
        "archive": "pacs", "study": uid, "directive_document": directive, "hardware": False,
        "structures_upload": labels, "structures_are": "nrrd", "match": {"SpinalCanal": "100"},
        "involved": {"T8": "vertebral_body,pedicle_left"}, "epidural": {"T8": "anterior,left_anterior"},
        "choose": ["isrc-table-body-pedicle"], "cord_source": "ct_myelogram", "prv": "cord-prv-rotations",
        "ptv": "ptv-near-rigid",
    }  # fmt: skip
    state = ended(client, client.post("/api/v1/jobs/targets", json=asked))
    assert state["state"] == "done", state
    assert client.post("/api/v1/archives/pacs/results", json={"job": state["id"]}).json() == {"stored": ["draft.dcm"]}
    sets = read_contents(DicomWeb(orthanc).objects(uid)).structure_sets
    (draft,) = [one for one in sets if "VB_T8" not in {each.name for each in one.structures.values()}]
    assert [one.name for one in draft.structures.values()] == ["CTV", "PTV", "SpinalCord", "SpinalCord_PRV02"]
    assert draft.frame_uid == sets[0].frame_uid


def test_other_addresses_cannot_be_named(client, study, tmp_path) -> None:
    uid = study[0]
    for archive in ("other", "http://127.0.0.1:1", "pacs/../x"):
        refused = client.post("/api/v1/jobs/dvh", json={"archive": archive, "study": uid})
        assert refused.status_code in (404, 422)
    assert client.get("/api/v1/archives/other/studies?study=1.2").status_code == 404
    assert client.get("/api/v1/archives/pacs/studies?patient_id=*").json()["error"]["code"] == "bad-patient"
    assert client.get("/api/v1/archives/pacs/studies").json()["error"]["code"] == "no-source"
    for url in ("file:///etc/passwd", "http://user:secret@127.0.0.1/", "gopher://127.0.0.1/"):
        with pytest.raises(UsageError, match="no address"):
            app(Settings(tmp_path / "x", archives={"pacs": url}))


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Sends whoever asks to another host, which counts who comes."""

    to = ""
    asked = 0

    def do_GET(self):
        type(self).asked += 1
        self.send_response(302 if self.to else 200)
        self.send_header("Location", self.to)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


def test_a_redirect_to_another_host_is_not_followed(tmp_path) -> None:
    class Inside(Elsewhere):
        asked = 0

    servers = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), one) for one in (Elsewhere, Inside)]
    threads = [threading.Thread(target=one.serve_forever) for one in servers]
    for thread in threads:
        thread.start()
    try:
        Elsewhere.to = f"http://127.0.0.1:{servers[1].server_port}/"
        archives = {"lying": f"http://127.0.0.1:{servers[0].server_port}"}
        with served(tmp_path / "data", io.StringIO(), archives=archives) as client:
            found = client.get("/api/v1/archives/lying/studies?study=1.2.3")
            assert found.json()["error"]["code"] == "http-status" and "127.0.0" not in found.text
        with pytest.raises(InputRefused, match="302"):
            list(DicomWeb(archives["lying"]).objects("1.2.3"))
        assert (Elsewhere.asked, Inside.asked) == (2, 0)
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()
        for thread in threads:
            thread.join()


def test_only_what_came_from_an_archive_goes_back_into_it(client) -> None:
    upload = client.post("/api/v1/uploads", content=b"x").json()["id"]
    job = client.post("/api/v1/jobs/dvh", json={"upload": upload}).json()["id"]
    refused = client.post("/api/v1/archives/pacs/results", json={"job": job})
    assert refused.json()["error"]["code"] == "other-archive"
