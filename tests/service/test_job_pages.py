"""Pages of long work: a large plan becomes a job whose page says how far it is; forms of a draft and of a plan."""

from __future__ import annotations

import io
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portico.cli import main
from portico.errors import UsageError
from portico.service import plan_pages
from portico.service.guards import report_policy
from portico.service.work_forms import FORMS, request_of

from .conftest import FEMUR, Browser, served

SEAL = "ab" * 32


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator[Browser]:
    """One service for all tests here: starting one costs more than most of them."""
    log, folder = io.StringIO(), tmp_path_factory.mktemp("service")
    with served(folder, log) as client:
        yield Browser(client, log, folder)


@pytest.fixture
def femur() -> dict[str, str]:
    """A case of its own for each test: the same Directive is never signed for two."""
    return {**FEMUR, "label": f"Femur {secrets.token_hex(4)}"}


@pytest.fixture
def archive(root, tmp_path) -> Path:
    return Path(shutil.make_archive(str(tmp_path / "plan"), "zip", root / "tests" / "data" / "femur-phantom"))


def _sent(browser, seal: str, archive: Path, kind: str = "check", **fields: str):
    with archive.open("rb") as file:
        return browser.send(
            f"/directives/{seal}/{kind}", fields, files={"file": ("x.zip", file)}, follow_redirects=False
        )


def test_a_large_plan_is_checked_as_a_job_with_the_same_report(browser, femur, archive, monkeypatch) -> None:
    seal = browser.signed(browser.store(femur))
    at_once = browser.open(_sent(browser, seal, archive).headers["location"]).text
    monkeypatch.setattr(plan_pages, "AT_ONCE", 0)
    place = _sent(browser, seal, archive).headers["location"]
    assert re.fullmatch(r"/jobs/[0-9a-f]{16}", place)
    page = browser.open(place).text
    assert 'data-runs="yes"' in page and "Stop it" in page and '<noscript><meta http-equiv="refresh"' in page
    limit = time.monotonic() + 120
    while "/jobs/" in str((ended := browser.open(place)).url):
        assert "Failed" not in ended.text and time.monotonic() < limit, ended.text
        time.sleep(0.2)
    assert ended.text.split("<main")[1].split("<footer")[0] == at_once.split("<main")[1].split("<footer")[0]
    assert (
        place in browser.open("/jobs").text
        and str(ended.url).rpartition("/")[2] in browser.open(f"/directives/{seal}/check").text
    )
    assert not (browser.folder / place[1:] / "in").exists()


def test_a_registry_is_audited_and_only_the_report_is_kept(browser, tmp_path) -> None:
    registry = tmp_path / "r.csv"
    assert main(["synthetic-registry", str(registry), "--patients", "40", "--seed", "1"]) == 0
    with registry.open("rb") as file:
        place = browser.send(
            "/audit", {"table_by": "centre"}, files={"file": ("r.csv", file)}, follow_redirects=False
        ).headers["location"]
    limit = time.monotonic() + 120
    while "Open the report" not in (page := browser.open(place).text):
        assert "Failed" not in page and time.monotonic() < limit, page
        time.sleep(0.2)
    report = browser.open(f"{place}/report")
    assert (
        report.status_code == 200
        and "script-src" not in report.headers["content-security-policy"]
        and "INVENTED" in report.text.upper()
    )
    assert f"{place}/report" in browser.open("/audit").text
    kept = {one.name for one in (browser.folder / place[1:]).rglob("*") if one.is_file()}
    assert kept == {"audit.html", "audit.pdf", "result.json"}
    for name, status in (("audit.pdf", 200), ("../../form.key", 404), ("form.key", 404)):
        assert browser.open(f"{place}/files/{name}").status_code == status
    wrong = browser.send("/audit", {"threshold": "few"}, files={"file": ("r.csv", registry.read_bytes())})
    assert wrong.status_code == 422 and "Smallest count" in wrong.text
    assert browser.send("/audit", {}, files={"file": ("r.csv", b"")}).status_code == 422


def test_a_job_is_stopped_and_a_form_without_token_stops_nothing(browser, femur, archive) -> None:
    seal = browser.signed(browser.store(femur))
    place = _sent(browser, seal, archive, "targets", ptv="5mm").headers["location"]
    assert browser.client.post(f"{place}/cancel").status_code == 403
    page = browser.send(f"{place}/cancel", {}, page=place)
    limit = time.monotonic() + 60
    while "Stopped" not in page.text:
        assert "Failed" not in page.text and time.monotonic() < limit, page.text
        time.sleep(0.1)
        page = browser.open(place)
    assert "Run it again" in page.text and browser.client.get(f"{place}/report").status_code == 400


@pytest.mark.parametrize(
    ("kind", "fields", "label"),
    [("check", {"plan": "x"}, "Number of the plan"), ("check", {"match": "Planted"}, "Structures under other names"),
     ("check", {"match": "A=1\nA=2"}, "Structures under other names"), ("targets", {"ptv": "5 mm; rm"}, "Margin of the PTV"),
     ("targets", {"cord_source": "guess"}, "Image on which the cord was drawn"), ("plan", {"density": "0;x"}, "Density table"),
     ("plan", {"beams": "9999"}, "Number of beams"), ("plan", {"--out": "x"}, "not known")],
)  # fmt: skip
def test_a_field_that_does_not_fit_is_named_and_its_text_is_not_repeated(kind, fields, label) -> None:
    with pytest.raises(UsageError) as refused:
        request_of(FORMS[kind], SEAL, fields)
    assert label in refused.value.problem.message
    assert not any(len(value) > 2 and value in str(refused.value.to_dict()) for value in fields.values())


def test_fields_become_the_request_of_the_rest_interface() -> None:
    made = request_of(
        FORMS["targets"],
        SEAL,
        {"involved": "T8=vertebral_body,pedicle_left\n", "choose": "a-rule\nb-rule", "ptv": "5mm"},
    )
    assert (made["involved"], made["choose"], made["ptv"], made["prv"]) == (
        {"T8": "vertebral_body,pedicle_left"},
        ["a-rule", "b-rule"],
        "5mm",
        None,
    )
    made = request_of(FORMS["plan"], SEAL, {"density": "-1000,0\n0 1\n3000;2.5", "frontier": "yes", "grid_mm": "2.5"})
    assert (made["density"], made["frontier"], made["grid_mm"]) == ([[-1000, 0], [0, 1], [3000, 2.5]], True, 2.5)


def test_a_wrong_field_shows_the_form_again_with_what_was_typed(browser, femur, archive) -> None:
    seal, before = browser.signed(browser.store(femur)), set(browser.folder.glob("jobs/*"))
    ended = _sent(browser, seal, archive, "plan", beams="many", organ="<b>Cord</b>")
    assert ended.status_code == 422 and 'role="alert"' in ended.text and "Number of beams" in ended.text
    assert 'value="&lt;b&gt;Cord&lt;/b&gt;"' in ended.text and set(browser.folder.glob("jobs/*")) == before


def test_only_the_script_that_a_report_names_in_its_head_may_run() -> None:
    digest = "A" * 43 + "="
    head = f"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-{digest}'\">"
    assert f"script-src 'sha256-{digest}'" in report_policy(f"<head>{head}</head><body></body>")
    assert "script-src" not in report_policy(f"<head></head><body>{head}<script>alert(1)</script></body>")
