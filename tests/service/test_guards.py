"""What stands before every page: binding, names, origins, sizes, tokens, headers, the log, uploads."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import pytest

from portico.errors import UsageError
from portico.service import Settings, app
from portico.service.logs import ALLOWED

PLANTED = "Planted-Identifier-4711"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])
def test_an_address_beyond_this_machine_is_refused_before_anything_is_made(tmp_path, host) -> None:
    with pytest.raises(UsageError) as refused:
        app(Settings(tmp_path / "data", host=host))
    assert refused.value.code == "sign-in-needed"
    assert not (tmp_path / "data").exists()


def test_another_name_for_this_machine_is_refused(browser) -> None:
    for name in ("evil.example", "127.0.0.1.evil.example", "[", ""):
        assert browser.client.get("/", headers={"host": name}).status_code == 400
    assert browser.client.get("/", headers={"host": "localhost"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(browser, headers) -> None:
    assert browser.send("/cases/new", {"bone": "femur"}, headers=headers).status_code == 403
    assert "No case is stored yet" in browser.open("/").text


def test_every_form_needs_the_token_of_its_browser(browser, femur) -> None:
    case_id = browser.store(femur)
    seal = browser.signed(case_id)
    for path in ("/cases/new", f"/cases/{case_id}/edit", f"/cases/{case_id}/sign", f"/directives/{seal}/check"):
        page = browser.open(path).text
        assert 'name="csrf"' in page
        for wrong in ({}, {"csrf": "0" * 64}, {"csrf": "é"}):
            assert browser.client.post(path, data={"version": "1", **wrong}).status_code == 403, path
    token = browser.open("/cases/new").text.split('name="csrf" value="')[1][:64]
    browser.client.cookies.clear()
    assert browser.client.post("/cases/new", data={"csrf": token}).status_code == 403


def test_too_large_a_request_is_413_stated_or_counted(browser) -> None:
    body = b"a" * (2 * 1024 * 1024 + 1)
    assert browser.client.post("/cases/new", content=body).status_code == 413
    head = b'--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n'
    blocks = [head, *(body[i : i + 65536] for i in range(0, len(body), 65536)), b"\r\n--x--\r\n"]
    form = {"content-type": "multipart/form-data; boundary=x"}
    assert browser.client.post("/cases/new", content=iter(blocks), headers=form).status_code == 413


def test_a_field_sent_twice_and_control_characters_are_400(browser) -> None:
    token = browser.open("/cases/new").text.split('name="csrf" value="')[1][:64]
    form = {"content-type": "application/x-www-form-urlencoded"}
    for more in ("bone=femur&bone=tibia", "label=%00", "label=%1b%5b2J", "&".join(f"a{i}=1" for i in range(400))):
        assert browser.client.post("/cases/new", content=f"csrf={token}&{more}", headers=form).status_code == 400


def _zip(name: str, data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return made.getvalue()


def test_hostile_uploads_are_refused_and_leave_nothing(browser, femur) -> None:
    seal = browser.signed(browser.store(femur))
    path = f"/directives/{seal}/check"
    uploads = [
        _zip("../../evil.dcm", b"x"), _zip("/etc/evil", b"x"), _zip("bomb.dcm", b"\0" * 30_000_000), b"", b"PK", b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, 65535, 65535, 2**31, 0, 0),
        _zip("plan.dcm", b"not DICOM"), _zip(f"{PLANTED}.dcm", b"DICM" * 99),
    ]  # fmt: skip
    for data in uploads:
        ended = browser.send(path, {}, files={"file": (f"../{PLANTED}.zip", data)})
        assert ended.status_code == 422 and 'role="alert"' in ended.text
        assert PLANTED not in ended.text
    assert sorted(p.name.split(".")[0] for p in browser.folder.iterdir()) == ["form", "jobs"] + ["portico"] * 3
    assert not list((browser.folder / "jobs").iterdir())
    assert not list(browser.folder.parent.rglob("*evil*"))


def test_the_log_holds_nothing_that_was_typed(browser, femur) -> None:
    planted = {**femur, "label": PLANTED, "agent1.name": PLANTED, "age_years": PLANTED}
    browser.send("/cases/new", planted)
    case_id = browser.store({**planted, "age_years": "67"})
    browser.signed(case_id, by=PLANTED, reason=PLANTED)
    for path in (f"/{PLANTED}", f"/cases/{PLANTED}", f"/?name={PLANTED}", f"/cases/{case_id}/sign?option={PLANTED}"):
        browser.open(path)
    browser.client.request(PLANTED.upper(), "/")
    lines = [json.loads(line) for line in browser.log.getvalue().splitlines()]
    assert len(lines) > 6 and all(line.keys() <= ALLOWED for line in lines)
    for text in (browser.log.getvalue(), browser.open("/metrics").text):
        assert PLANTED.lower() not in text.lower() and case_id not in text


def test_headers_health_and_metrics(browser) -> None:
    for path in ("/", "/health", "/metrics", "/nothing", "/static/portico.css"):
        headers = browser.open(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert browser.open("/health").text == "fine\n"
    assert 'portico_requests_total{method="GET",route="/health",status="200"} 2' in browser.open("/metrics").text
