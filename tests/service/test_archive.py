"""Archives: only those of the settings; a study is picked there, checked, and report and draft go back into it."""

from __future__ import annotations

import dataclasses
import http.server
import io
import threading
import time

import pytest

from orthanc_server import orthanc_running
from portico.errors import InputRefused, UsageError
from portico.interop import DicomWeb
from portico.rt import read_contents, read_study, structures_bytes
from portico.service import Settings, app
from portico.service.archive_results import results_for_archive
from portico.service.audit import digest_of
from portico.service.jobs import Queue
from portico.service.storage import Store

from .conftest import ROOT, served

SPINE = ROOT / "tests" / "data" / "spine-phantom"


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
    DicomWeb(orthanc).store([path.read_bytes() for path in sorted(SPINE.glob("[dps]*.dcm"))])
    return str(found.StudyInstanceUID), str(found.PatientID), str(found.PatientName)


def ended(client, made):
    assert made.status_code == 202, made.text
    limit = time.monotonic() + 120
    while (state := client.get(made.headers["location"]).json())["state"] in ("queued", "running"):
        assert time.monotonic() < limit
        time.sleep(0.1)
    return state


def test_a_study_is_picked_worked_on_and_its_report_goes_back(client, study, orthanc) -> None:
    from pydicom import dcmread

    uid, patient, name = study
    assert client.get("/api/v1/archives").json() == [{"name": "pacs"}]
    listed = client.get("/api/v1/archives/pacs/studies", params={"patient_id": patient}).json()
    assert [one["study"] for one in listed] == [uid]
    state = ended(client, client.post("/api/v1/jobs/dvh", json={"archive": "pacs", "study": uid}))
    assert state["state"] == "done", state
    for _ in range(2):  # twice is once
        stored = client.post("/api/v1/archives/pacs/results", json={"job": state["id"]})
        assert stored.json() == {"stored": ["dvh.pdf"]}, stored.text
    web = DicomWeb(orthanc)
    series = [one for one in web._search(f"/studies/{uid}/series") if one["00080060"]["Value"] == ["DOC"]]
    assert len(series) == 1
    (data,) = web._retrieve(f"/studies/{uid}/series/{series[0]['0020000E']['Value'][0]}")
    report = dcmread(io.BytesIO(data))
    shown = (str(report.PatientID), str(report.PatientName), report.MIMETypeOfEncapsulatedDocument)
    assert shown == (patient, name, "application/pdf")
    made = client.get(f"/api/v1/jobs/{state['id']}/files/dvh.pdf").content
    assert report.EncapsulatedDocument[: report.EncapsulatedDocumentLength] == made
    assert client.get("/api/v1/audit-log/verify").json()["ok"] is True


def finished(queue, name, data, request):
    """A job that ended with one file."""
    queue.ask("targets", request, by="a")
    job = queue.claim("w")
    place = queue.place(job)
    place.mkdir(parents=True)
    (place / name).write_bytes(data)
    queue.end(job, "done", {"exit_status": 0, "files": [{"name": name, "bytes": len(data), "digest": digest_of(data)}]})
    return queue.job(job.id)


def test_a_draft_of_volumes_goes_back_as_structures(study, orthanc, tmp_path) -> None:
    uid, patient, _ = study
    web, store = DicomWeb(orthanc), Store(Settings(tmp_path))
    queue = Queue(store, tmp_path)
    drawn = read_study(SPINE).structure_sets[0]
    few = {key: one for key, one in drawn.structures.items() if one.name in ("CTV", "PTV")}
    data = structures_bytes(dataclasses.replace(drawn, structures=few, uid=None, label="draft"))
    job = finished(queue, "draft.dcm", data, {"archive": "pacs", "study": uid})
    names, files = results_for_archive(queue, job, web.studies(study_uid=uid))
    web.store(files)
    assert names == ["draft.dcm"]
    sets = read_contents(web.objects(uid)).structure_sets
    (draft,) = [one for one in sets if len(one.structures) == 2]
    assert [one.name for one in draft.structures.values()] == ["CTV", "PTV"] and draft.frame_uid == drawn.frame_uid
    assert [one.uid for one in web.studies(patient_id=patient)] == [uid]
    other = finished(queue, "case.csv", b"x", {})
    for row, found, code in ((other, web.studies(study_uid=uid), "nothing-to-store"), (job, (), "not-found")):
        with pytest.raises(UsageError) as refused:
            results_for_archive(queue, row, found)
        assert refused.value.code == code
    store.close()


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
