"""DICOMweb against Orthanc, and against servers that lie."""

from __future__ import annotations

import http.server
import json
import threading
import time
from pathlib import Path
from typing import ClassVar

import pytest

from orthanc_server import free_port, orthanc_running
from portico.cli import main
from portico.errors import InputRefused, UsageError
from portico.interop import DicomWeb, WebLimits
from portico.rt import read_contents, read_study

ROOT = Path(__file__).parents[2]
SPINE = ROOT / "tests" / "data" / "spine-phantom"


@pytest.fixture(scope="module")
def orthanc(tmp_path_factory):
    with orthanc_running(tmp_path_factory.mktemp("orthanc")) as url:
        yield url


def study_uid():
    from pydicom import dcmread

    return str(dcmread(SPINE / "plan.dcm", stop_before_pixels=True).StudyInstanceUID)


def test_a_phantom_goes_there_and_comes_back(orthanc, capsys):
    web = DicomWeb(orthanc)
    files = [path.read_bytes() for path in sorted(SPINE.glob("*.dcm"))]
    web.store(files)
    found = read_contents(web.objects(study_uid()))
    here = read_study(SPINE)
    assert (found.images[0].hu == here.images[0].hu).all() and len(found.plans) == len(found.doses) == 1
    assert (found.doses[0].gy == here.doses[0].gy).all()
    assert found.plan_set().findings == ()
    directive = str(ROOT / "examples" / "directives" / "spine-24-2.json")
    status = main(["check", "--from", orthanc, "--study", study_uid(), "--directive", directive, "--json"])
    over_web = json.loads(capsys.readouterr().out)
    assert main(["check", str(SPINE), "--directive", directive, "--json"]) == status
    assert over_web == json.loads(capsys.readouterr().out)
    with pytest.raises(InputRefused) as caught:
        list(web.objects("1.2.3"))
    assert caught.value.code == "no-such-study"
    here_uid = study_uid()
    (listed,) = web.studies(study_uid=here_uid)
    assert listed.uid == here_uid and {"CT", "RTPLAN", "RTSTRUCT", "RTDOSE"} <= set(listed.modalities)
    assert web.studies(patient_id=listed.patient_id) == (listed,)
    assert web.studies(patient_id="nobody") == web.studies(study_uid="1.2.3") == ()
    with pytest.raises(InputRefused) as caught:
        web.store([b"this is no DICOM"])
    assert caught.value.code == "http-status"


SERIES = json.dumps([{"00080060": {"vr": "CS", "Value": ["RTDOSE"]}, "0020000E": {"vr": "UI", "Value": ["1.2.3"]}}])
MULTI = 'multipart/related; type="application/dicom"; boundary=b'


class Liar(http.server.BaseHTTPRequestHandler):
    answers: ClassVar[dict[str, tuple[int, str, bytes]]] = {}

    def do_GET(self):
        status, kind, body = self.answers["list" if self.path.endswith("/series") else "object"]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) + (1000 if body.endswith(b"CUT") else 0)))
        if status == 302:
            self.send_header("Location", "http://127.0.0.2/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


@pytest.fixture
def liar():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({"list": (500, "text/plain", b"DOE^PLANTED")}, "http-status"),
        ({"list": (302, "text/plain", b"")}, "http-status"),
        ({"list": (200, "text/html", b"<html>DOE^PLANTED")}, "not-dicomweb"),
        ({"list": (200, "application/json", b'{"a": 1}')}, "not-dicomweb"),
        ({"list": (200, "application/json", b"[" * 100_000)}, "not-dicomweb"),
        ({"list": (404, "text/plain", b"")}, "no-such-study"),
        ({"list": (200, "application/json", b"[] CUT")}, "unreachable"),
        ({"object": (404, "text/plain", b"")}, "http-status"),
        ({"object": (200, "application/dicom", b"x")}, "not-dicomweb"),
        ({"object": (200, MULTI, b"--b\r\n\r\nx")}, "not-dicomweb"),
        ({"object": (200, MULTI, b"--b\r\nno end of head\r\n--b--")}, "not-dicomweb"),
        ({"object": (200, MULTI, b"--b\r\n\r\n" + b"x" * 3000 + b"\r\n--b--")}, "too-large"),
    ],
)
def test_servers_that_lie(liar, answers, code):
    Liar.answers = {"list": (200, "application/json", SERIES.encode()), **answers}
    web = DicomWeb(liar, WebLimits(seconds=2.0, max_answer_bytes=150_000, max_total_bytes=2000))
    start = time.monotonic()
    with pytest.raises(InputRefused) as caught:
        list(web.objects("1.2.840.4711"))
    assert caught.value.code == code and time.monotonic() - start < 10
    assert "PLANTED" not in str(caught.value) and "4711" not in str(caught.value) and "127.0.0" not in str(caught.value)


def test_parts_come_back_as_they_were(liar):
    body = b"--b\r\nContent-Type: application/dicom\r\n\r\none\r\n\r\ntwo\r\n--b\r\n\r\n\x00--x\r\n--b--\r\n"
    Liar.answers = {"list": (200, "application/json", SERIES.encode()), "object": (200, MULTI, body)}
    assert [data for _, data in DicomWeb(liar).objects("1.2")] == [b"one\r\n\r\ntwo", b"\x00--x"]


def test_nobody_there():
    with pytest.raises(InputRefused) as caught:
        list(DicomWeb(f"http://127.0.0.1:{free_port()}").objects("1.2"))
    assert caught.value.code == "unreachable"


@pytest.mark.parametrize(
    "url",
    ["", "file:///etc/passwd", "ftp://host/", "http://", "http://user:secret@host/", "http://host/?a=1", "http://host:0/",
     "http://host:99999/", "http://ho st/", "//host/path"],
)  # fmt: skip
def test_addresses_that_are_none(url):
    with pytest.raises(UsageError) as caught:
        DicomWeb(url)
    assert caught.value.code == "bad-url" and "secret" not in str(caught.value)


@pytest.mark.parametrize("uid", ["", "1.2.", "../etc", "1.2/3", "1" * 65])
def test_identifiers_that_are_none(uid):
    with pytest.raises(UsageError) as caught:
        list(DicomWeb("http://127.0.0.1:1").objects(uid))
    assert caught.value.code == "bad-uid"


@pytest.mark.parametrize("patient", ["", "*", "A*", "A?", "A\\B", "x" * 65, "A\nB"])
def test_a_pattern_that_would_list_other_patients_is_refused(patient):
    with pytest.raises(UsageError) as caught:
        DicomWeb("http://127.0.0.1:1").studies(patient_id=patient)
    assert caught.value.code == "bad-patient"


def test_a_server_that_lists_other_patients_is_not_believed(liar):
    one = {
        "0020000D": {"Value": ["1.2"]},
        "00100020": {"Value": ["P1"]},
        "00100010": {"Value": [{"Alphabetic": "A^B", "Phonetic": "C"}]},
    }
    other = {**one, "00100020": {"Value": ["P2"]}}
    Liar.answers = {"object": (200, "application/json", json.dumps([one, other]).encode())}
    (found,) = DicomWeb(liar).studies(patient_id="P1")
    assert (found.patient_id, found.patient_name) == ("P1", "A^B==C") and "A^B" not in repr(found)
    assert DicomWeb(liar).studies(study_uid="1.3") == ()
    Liar.answers = {"object": (200, "application/json", b"[{}]")}
    with pytest.raises(InputRefused) as caught:
        DicomWeb(liar).studies(study_uid="1.3")
    assert caught.value.code == "not-dicomweb"
