"""FHIR over HTTP, and mutated bundles and calls: each is answered or refused, none is a fault, none is repeated.

A twentieth of PORTICO_FUZZ is run (20 unless set): a call takes as long as advice, and the import has its own mutated bundles.
"""

from __future__ import annotations

import copy
import io
import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from portico.advice import Engine
from portico.interop.fhir_r4 import r4_problems
from portico.service import Settings, app
from portico.service.cds_hooks_rules import response_problems

ROOT = Path(__file__).parents[2]
COUNT = max(int(os.environ.get("PORTICO_FUZZ", "400")) // 20, 20)
JUNK: tuple[Any, ...] = (
    None, True, -1, 1e300, "", "x", "<script>PLANTED</script>", [], {}, [[]], [None], {"coding": [None]}, {"reference": 7}, "\u202e", "Patient/x",
)  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: Any, serve: Any, loaded: Engine) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("fhir") / "data"
    folder.mkdir()
    (folder / "cds-clients.yaml").write_text("schema: cds-clients/1\nopen_on_this_machine: true\n")
    with serve(lambda port: app(Settings(folder, port=port), io.StringIO(), engine=loaded)) as made:
        yield made


def _example(name: str) -> Any:
    return json.loads((ROOT / "examples" / "fhir" / f"{name}.json").read_text(encoding="utf-8"))


def _post(
    client: httpx.Client, path: str, body: Any, kind: str = "application/fhir+json", **params: str
) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body)
    return client.post(path, content=content, headers={"content-type": kind}, params=params)


def test_import_options_and_apply(client) -> None:
    bundle, day = _example("femur-postop"), {"as-of": "2026-03-02"}
    draft = _post(client, "/fhir/$import", bundle, **day).json()
    assert draft["schema"] == "fhir-import/1"
    assert draft["case"]["as_of"] == "2026-03-02"
    options = _post(client, "/fhir/$options", bundle, **day)
    assert options.headers["content-type"].startswith("application/fhir+json")
    assert r4_problems(options.json()) == ()
    assert options.json()["entry"][0]["resource"]["subject"] == {"reference": "Patient/femur-postop-patient"}
    care = _post(client, "/fhir/PlanDefinition/portico-rules/$apply", bundle, **day).json()
    assert r4_problems(care) == ()
    assert care["resourceType"] == "CarePlan"
    parameters = {"resourceType": "Parameters", "parameter": [{"name": "data", "resource": bundle}]}
    assert _post(client, "/fhir/PlanDefinition/portico-rules/$apply", parameters, **day).json() == care


def test_the_rules_as_a_plan_definition(client) -> None:
    plan = client.get("/fhir/PlanDefinition/portico-rules")
    assert r4_problems(plan.json()) == ()
    assert "urgent-new-deficit" in {action["code"][0]["text"] for action in plan.json()["action"]}


def test_what_is_offered_and_how_it_refuses(client) -> None:
    offered = client.get("/fhir/metadata").json()
    assert r4_problems(offered) == ()
    assert offered["fhirVersion"] == "4.0.1"
    refused = _post(client, "/fhir/$import", b'{"resourceType": "Patient", "name": "PLANTED"}')
    assert refused.status_code == 400
    assert r4_problems(refused.json()) == ()
    assert refused.json()["issue"][0]["details"]["coding"][0]["code"] == "not-a-bundle"
    assert "PLANTED" not in refused.text


@pytest.mark.parametrize("path", ["/fhir/$import", "/fhir/$options", "/fhir/PlanDefinition/portico-rules/$apply"])
def test_what_is_no_bundle(client, path) -> None:
    for raw in (
        b"",
        b"{",
        b"[]",
        b"7",
        b'{"resourceType": "Patient"}',
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b"[" * 50_000,
    ):
        assert _post(client, path, raw).status_code == 400
    assert _post(client, path, {"resourceType": "Parameters", "parameter": [{"name": "x"}]}).status_code == 400
    assert _post(client, path, {"resourceType": "Parameters", "parameter": 7}).status_code == 400
    assert _post(client, path, _example("femur-postop"), **{"as-of": "today"}).status_code == 400
    assert _post(client, path, _example("femur-postop"), "text/plain").status_code == 415
    assert _post(client, path, b"x" * (3 << 20)).status_code == 413
    from_a_browser = client.post(
        path, content=json.dumps(_example("femur-postop")),
        headers={"content-type": "application/json", "cookie": "portico_form=" + "0" * 32},
    )  # fmt: skip
    assert from_a_browser.status_code == 403


def test_an_open_service_answers_this_machine_without_a_token(client) -> None:
    answer = client.post("/cds-services/portico-order-sign", json=_example("cds/order-sign"))
    assert answer.status_code == 200
    assert any("30 Gy in 10" in card["summary"] for card in answer.json()["cards"])
    foreign = client.post(
        "/cds-services/portico-order-sign",
        json=_example("cds/order-sign"),
        headers={"origin": "https://evil.example.org"},
    )
    assert foreign.status_code == 403


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return ([at] if at else []) + [place for key, inner in items for place in _places(inner, (*at, key))]


def _changed(body: Any, draw: random.Random) -> Any:
    for _ in range(draw.randint(1, 3)):
        *way, last = draw.choice(_places(body))
        here = body
        for step in way:
            here = here[step]
        if draw.random() < 0.3:
            del here[last]
        else:
            here[last] = copy.deepcopy(draw.choice(JUNK))
    return body


def _small() -> Any:
    """A call with few resources, so that most changes hit something that is read."""
    body = _example("cds/order-sign")
    body["prefetch"]["observations"]["entry"] = body["prefetch"]["observations"]["entry"][:6]
    return body


def test_mutated_calls_are_answered_or_refused(client) -> None:
    seed, answered = json.dumps(_small()), 0
    for number in range(COUNT):
        body = _changed(json.loads(seed), random.Random(number))
        answer = client.post("/cds-services/portico-order-sign", json=body)
        assert answer.status_code in (200, 400, 412), (number, answer.text)
        assert "PLANTED" not in answer.text
        if answer.status_code == 200:
            answered += 1
            assert response_problems(answer.json()) == ()
    assert answered > COUNT // 3


@pytest.mark.parametrize("path", ["/fhir/$options", "/fhir/PlanDefinition/portico-rules/$apply"])
def test_mutated_bundles_are_answered_or_refused(client, path) -> None:
    bundle = _example("femur-postop")
    bundle["entry"] = bundle["entry"][:7]
    seed = json.dumps(bundle)
    for number in range(COUNT // 5):
        answer = _post(client, path, _changed(json.loads(seed), random.Random(-number)))
        assert answer.status_code in (200, 400), (number, answer.text)
        assert "PLANTED" not in answer.text
        if answer.status_code == 200:
            assert r4_problems(answer.json()) == ()
