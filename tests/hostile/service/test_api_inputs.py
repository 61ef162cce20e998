"""Every route of the REST interface with inputs from its description, and bodies with bytes and values changed.

No answer is 500, and each is one that the description allows. Counts: PORTICO_API_EXAMPLES, PORTICO_API_MUTATIONS.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portico.advice import Engine
from portico.case import read_case
from portico.knowledge import load_library
from portico.service import Settings, app

ROOT = Path(__file__).parents[3]
EXAMPLES = int(os.environ.get("PORTICO_API_EXAMPLES", "40"))
MUTATIONS = int(os.environ.get("PORTICO_API_MUTATIONS", "2000"))
HOST = b"127.0.0.1:8765"


class Service:
    """The application without a server: one call is one request."""

    def __init__(self, folder: Path) -> None:
        self.log = io.StringIO()
        self.app = app(Settings(folder), self.log, engine=Engine(load_library()))
        self.loop = asyncio.new_event_loop()

    def ask(self, method, path, body=b"", headers=()):
        """Status, headers and body of the answer."""
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": path, "raw_path": path.encode(), "query_string": query.encode("utf-8", "replace"), "root_path": "",
            "headers": [(b"host", HOST), (b"content-length", str(len(body)).encode()), *headers], "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8765),
        }  # fmt: skip
        sent = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            sent.append(message)

        self.loop.run_until_complete(self.app(scope, receive, send))
        return sent[0]["status"], dict(sent[0]["headers"]), b"".join(one.get("body", b"") for one in sent[1:])

    def send(self, method, path, value):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        return self.ask(method, path, body, [(b"content-type", b"application/json")])


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    made = Service(tmp_path_factory.mktemp("hostile") / "data")
    yield made
    made.loop.run_until_complete(made.loop.shutdown_default_executor())
    made.loop.close()


@pytest.fixture(scope="module")
def case():
    found = read_case(ROOT / "examples" / "cases" / "femur-renal.yaml")
    return json.loads(found.model_dump_json(by_alias=True, exclude_none=True))


@pytest.fixture(scope="module")
def described(service):
    schemathesis = pytest.importorskip("schemathesis")
    status, _, body = service.ask("GET", "/api/v1/openapi.json")
    assert status == 200
    return json.loads(body), schemathesis.openapi.from_dict(json.loads(body))


def test_inputs_from_the_description(service, described) -> None:
    plain, schema = described
    operations = [one.ok() for one in schema.get_all_operations()]
    assert len(operations) > 40
    seen = set()

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None, database=None)
    @given(st.data())
    def check(data) -> None:
        operation = data.draw(st.sampled_from(operations))
        made = data.draw(operation.as_strategy())
        kwargs = made.as_transport_kwargs(base_url="http://127.0.0.1:8765")
        import requests

        request = requests.Request(
            **{k: v for k, v in kwargs.items() if k in ("method", "url", "params", "json", "data", "headers")}
        ).prepare()
        body = request.body or b""
        body = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
        kind = request.headers.get("Content-Type")
        headers = (
            [(b"content-type", kind.encode("latin-1", "replace") if isinstance(kind, str) else kind)] if kind else []
        )
        status, got, answer = service.ask(request.method, request.path_url, body, headers)
        seen.add((made.method, operation.path, status))
        allowed = plain["paths"][operation.path][made.method.lower()]["responses"]
        assert status != 500 and (str(status) in allowed), (made.method, operation.path, status, answer[:300])
        if status >= 400:
            assert got[b"content-type"].startswith(b"application/json")
            assert json.loads(answer)["error"]["code"]

    check()
    assert any(status < 300 for _, _, status in seen) and any(status >= 400 for _, _, status in seen)


ODD = [
    None,
    True,
    -1,
    0,
    1e308,
    -0.0,
    2**70,
    "",
    "\u0000",
    "\ud800",
    "é" * 5000,
    [],
    {},
    [[]],
    {"": None},
    "NaN",
    "2026-02-30",
    "30Gy/10",
    "../../x",
    "<script>",
]


def places(value, path=()):
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*path, key))


def changed(value, chance):
    """The same value with one place replaced, removed, doubled or renamed."""
    copy = json.loads(json.dumps(value))
    path = chance.choice(list(places(copy))[1:])
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    what = chance.randrange(4)
    if what == 0:
        inner[path[-1]] = chance.choice(ODD)
    elif what == 1:
        del inner[path[-1]]
    elif what == 2 and isinstance(inner, list):
        inner.append(inner[path[-1]])
    elif isinstance(inner, dict):
        inner[str(path[-1]) + chance.choice(["x", " ", "\u202e"])] = inner.pop(path[-1])
    return copy


def bytes_changed(data, chance):
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(made) + 1)
        what = chance.randrange(4)
        if what == 0 and at < len(made):
            made[at] = chance.randrange(256)
        elif what == 1:
            made[at:at] = chance.choice([b'"', b"{", b"[", b"NaN", b"\xff", b"\\u0000", b"1e999", b",", b'"a":1,'])
        elif what == 2:
            del made[at : at + chance.randint(1, 40)]
        else:
            made[at:at] = made[at : at + chance.randint(1, 200)]
    return bytes(made)


def test_changed_bodies(service, case) -> None:
    chance = random.Random(4711)
    status, _, answer = service.send("POST", "/api/v1/cases", {"case": case})
    assert status == 201
    place = f"/api/v1/cases/{json.loads(answer)['id']}"
    decision = {
        "version": 1,
        "option": "conv-30-10",
        "by": "Dr A. Example",
        "reason": "x",
        "dose": None,
        "override": False,
        "plain_field": {"a": "b"},
    }
    job = {
        "upload": "0" * 16,
        "directive": "0" * 64,
        "match": {"SpinalCord": "a"},
        "start": "2026-01-01",
        "earlier": {"courses": [{"maximum": "12 Gy"}]},
    }
    bodies = [
        ("POST", "/api/v1/advice", {"case": case}, 6), ("POST", "/api/v1/cases/validate", {"case": case}, 4), ("POST", "/api/v1/explain", {"case": case, "id": "conv-30-10"}, 4),
        ("POST", "/api/v1/cases", {"case": case}, 1), ("PUT", place, {"case": case, "version": 1}, 2), ("POST", f"{place}/sign", decision, 2),
        ("POST", "/api/v1/scores/nrf_chow", {"answers": {"kps": "60", "breast_primary": "no"}}, 2), ("POST", "/api/v1/jobs/check", job, 2),
        ("POST", "/api/v1/score-comparison", {"scores": [{"id": "nrf_chow", "answers": {"kps": "60"}}, {"id": "tomita", "total": 3, "source": "x"}]}, 1),
        ("POST", "/api/v1/jobs/plan", {"upload": "0" * 16, "directive": "0" * 64, "density": [[0, 1], [1, 2]], "limits_gy": [10]}, 1),
        ("POST", "/api/v1/jobs/targets", {"upload": "0" * 16, "directive": "0" * 64, "involved": {"L3": "vertebral_body"}}, 1),
    ]  # fmt: skip
    weights = [one[3] for one in bodies]
    statuses = set()
    for _ in range(MUTATIONS):
        method, path, value, _ = chance.choices(bodies, weights)[0]
        if chance.random() < 0.5:
            body = json.dumps(changed(value, chance)).encode("utf-8", "surrogatepass")
        else:
            body = bytes_changed(json.dumps(value).encode(), chance)
        status, _, answer = service.send(method, path, body)
        statuses.add(status)
        assert status < 500, (method, path, status, body[:2000], answer[:500])
        if status >= 400:
            assert json.loads(answer)["error"]["code"]
    assert {200, 400, 422} <= statuses
    assert not any('"fault"' in line for line in service.log.getvalue().splitlines())


@pytest.mark.parametrize(
    "path",
    ["/api/v1/jobs/../../../etc/passwd", "/api/v1/jobs/x/files/..%2f..%2fform.key", "/api/v1/cases/%00", "/api/v1/cases/' OR 1=1 --",
     "/api/v1/directives/../form.key", "/api/v1/knowledge/records/__class__", "/api/v1/scores/..", "/api/v1/evidence/studies/%E2%80%AE", "/api/v1//cases",
     "/api/v1/jobs/" + "a" * 5000, "/api/v1/cases?limit=1e9", "/api/v1/evidence/figures?regimen=" + "9" * 60 + "/1"],
)  # fmt: skip
def test_odd_addresses(service, path) -> None:
    status, _, answer = service.ask("GET", path)
    assert 400 <= status < 500 and b"Traceback" not in answer
