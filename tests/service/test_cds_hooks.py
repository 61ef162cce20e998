"""CDS Hooks served: trust, cards with what is urgent first, prescriptions in suggestions, feedback stored, and nothing repeated."""

from __future__ import annotations

import copy
import datetime as dt
import io
import json
import random
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from portico.advice import Engine
from portico.interop.fhir_directive import prescribed
from portico.interop.fhir_import_courses import CODEX
from portico.interop.fhir_r4 import r4_problems
from portico.service import Settings, app
from portico.service.cds_hooks import cds_routes
from portico.service.cds_hooks_cards import OVERRIDE_REASONS, markdown, summary, topics_of
from portico.service.cds_hooks_clients import Clients, NotTrusted, read_clients
from portico.service.cds_hooks_feedback import feedback_of
from portico.service.cds_hooks_ids import CardNames
from portico.service.cds_hooks_rules import discovery_problems, response_problems

ROOT = Path(__file__).parents[2]
ISSUER, BASE = "https://ehr.example.org", "https://portico.example.org"
DAYS = {"femur-postop": dt.date(2026, 3, 2), "spine-postop": dt.date(2026, 4, 20), "spine-urgent": dt.date(2026, 4, 20)}
KEY = ECKey.generate_key("P-384", {"kid": "one", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"})
OTHER = ECKey.generate_key("P-384", {"kid": "one"})


def _claims(service: str = "portico-patient-view", **more: Any) -> dict[str, Any]:
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": f"{BASE}/cds-services/{service}", "exp": now + 300, "iat": now, "jti": str(uuid.uuid4()),
    } | more  # fmt: skip
    return {key: value for key, value in claims.items() if value is not ...}


def _token(claims: dict[str, Any], key: Any = KEY, **head: Any) -> str:
    header = {"alg": "ES384", "kid": "one", "typ": "JWT"} | head
    header = {name: value for name, value in header.items() if value is not ...}
    return jwt.encode(header, claims, key, algorithms=[str(header["alg"])])


def _clients_file(folder: Path, **more: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    keys = [one.as_dict(private=False) for one in (KEY, RSA)]
    (folder / "ehr.json").write_text(json.dumps({"keys": keys}))
    body = {"schema": "cds-clients/1", "base_url": BASE, "clients": [{"issuer": ISSUER, "keys": "ehr.json"}]} | more
    (folder / "cds-clients.yaml").write_text(yaml.safe_dump(body))


def _request(name: str, hook: str = "patient-view", **context: Any) -> dict[str, Any]:
    bundle = json.loads((ROOT / "examples" / "fhir" / f"{name}.json").read_text())
    kinds: dict[str, list[Any]] = {}
    for entry in bundle["entry"]:
        kinds.setdefault(entry["resource"]["resourceType"], []).append({"resource": entry["resource"]})

    def found(kind: str) -> Any:
        return {"resourceType": "Bundle", "type": "searchset", "entry": kinds[kind]} if kind in kinds else None

    patient = kinds["Patient"][0]["resource"]
    return {
        "hook": hook, "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/1", "patientId": patient["id"], **context},
        "prefetch": {
            "patient": patient, "conditions": found("Condition"), "procedures": found("Procedure"),
            "observations": found("Observation"), "medications": None,
        },
    }  # fmt: skip


def _order(gy: float | None, fractions: int, name: str = "rt-1") -> dict[str, Any]:
    dose = {"value": None if gy is None else gy * 100, "code": "cGy", "system": "http://unitsofmeasure.org"}
    parts = [{"url": "totalDose", "valueQuantity": dose}, {"url": "fractions", "valuePositiveInt": fractions}]
    return {
        "resourceType": "ServiceRequest", "id": name, "status": "draft", "intent": "original-order",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "1217123003"}]},
        "extension": [{"url": f"{CODEX}codexrt-radiotherapy-dose-prescribed-to-volume", "extension": parts}],
    }  # fmt: skip


def _orders(*orders: Any) -> dict[str, Any]:
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in orders]}


class Ehr:
    """A client that signs its calls."""

    def __init__(self, client: httpx.Client, parts: Any, log: io.StringIO) -> None:
        self.client, self.parts, self.log = client, parts, log

    def call(self, body: Any, token: str | None = None, service: str | None = None) -> httpx.Response:
        name = service or f"portico-{body['hook']}"
        signed = _token(_claims(name)) if token is None else token
        headers = {"authorization": f"Bearer {signed}"} if signed else {}
        content = body if isinstance(body, bytes) else json.dumps(body)
        headers["content-type"] = "application/json"
        return self.client.post(f"/cds-services/{name}", content=content, headers=headers)

    def cards(self, body: Any) -> list[dict[str, Any]]:
        answer = self.call(body)
        assert answer.status_code == 200, answer.text
        assert response_problems(answer.json()) == ()
        return answer.json()["cards"]

    def feedback(self, body: Any, service: str = "portico-patient-view") -> httpx.Response:
        token = _token(_claims(service, aud=f"{BASE}/cds-services/{service}/feedback"))
        return self.client.post(
            f"/cds-services/{service}/feedback", json=body, headers={"authorization": f"Bearer {token}"}
        )


@pytest.fixture(scope="module")
def ehr(tmp_path_factory: Any, serve: Any, loaded: Engine) -> Iterator[Ehr]:
    folder, log = tmp_path_factory.mktemp("cds") / "data", io.StringIO()
    _clients_file(folder)
    made: list[Any] = []

    def build(port: int) -> Any:
        guard = app(Settings(folder, port=port), log, engine=loaded)
        made.append(guard.inner.state.parts)  # type: ignore[attr-defined]
        return guard

    with serve(build) as client:
        yield Ehr(client, made[0], log)


@pytest.fixture(scope="module")
def maker(loaded: Engine) -> Any:
    """Cards for a day of choice, without a server."""
    from portico.interop.fhir_codes import load_codes
    from portico.service.cds_hooks import _cards
    from portico.service.cds_hooks_cards import CardMaker

    names = CardNames(b"key", loaded.library.version, topics_of(loaded))
    make = CardMaker(loaded, names, BASE)
    return lambda body, day: _cards(body, body["hook"], make, load_codes(), day)


# --- trust ----------------------------------------------------------------------------------------------------------


def test_the_list_of_services(ehr) -> None:
    answer = ehr.client.get("/cds-services")
    assert answer.status_code == 200
    assert discovery_problems(answer.json()) == ()
    assert {one["hook"] for one in answer.json()["services"]} == {"patient-view", "order-select", "order-sign"}


def test_signed_calls_are_answered(ehr) -> None:
    body = _request("femur-postop")
    assert ehr.call(body).status_code == 200
    assert ehr.call(body, _token(_claims(), RSA, alg="RS384", kid="two")).status_code == 200
    assert ehr.call(body, _token(_claims(aud=[f"{BASE}/cds-services/portico-patient-view"]))).status_code == 200


def _none() -> str:
    import base64

    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none', 'kid': 'one', 'typ': 'JWT'})}.{part(_claims())}."


NOW = int(time.time())
UNTRUSTED = {
    "nothing": lambda: "",
    "no token": lambda: "abc",
    "three parts of nothing": lambda: "a.b.c",
    "none": _none,
    "HS256 with the public key as secret": lambda: _token(
        _claims(), OctKey.import_key(json.dumps(KEY.as_dict(private=False))), alg="HS256"
    ),
    "ES256": lambda: _token(_claims(), ECKey.generate_key("P-256"), alg="ES256"),
    "RS256": lambda: _token(_claims(), RSA, alg="RS256", kid="two"),
    "another key of the same name": lambda: _token(_claims(), OTHER),
    "a key that is not listed": lambda: _token(_claims(), OTHER, kid="three"),
    "no kid": lambda: _token(_claims(), kid=...),
    "another typ": lambda: _token(_claims(), typ="JOSE"),
    "a key in the header": lambda: _token(_claims(), OTHER, jwk=OTHER.as_dict(private=False)),
    "another issuer": lambda: _token(_claims(iss="https://evil.example.org")),
    "expired": lambda: _token(_claims(exp=NOW - 60, iat=NOW - 100)),
    "too long": lambda: _token(_claims(exp=NOW + 3600)),
    "not yet": lambda: _token(_claims(iat=NOW + 3600, exp=NOW + 3700)),
    "not before": lambda: _token(_claims(nbf=NOW + 3600)),
    "another audience": lambda: _token(_claims(aud=f"{BASE}/cds-services/portico-order-sign")),
    "no audience": lambda: _token(_claims(aud=...)),
    "an empty audience": lambda: _token(_claims(aud=[])),
    "no expiry": lambda: _token(_claims(exp=...)),
    "no issue": lambda: _token(_claims(iat=...)),
    "no jti": lambda: _token(_claims(jti=...)),
    "an empty jti": lambda: _token(_claims(jti="")),
    "true as time": lambda: _token(_claims(exp=True)),
    "changed payload": lambda: ".".join(
        [_token(_claims()).split(".")[0], _token(_claims()).split(".")[1], _token(_claims()).split(".")[2]]
    ),
    "too large": lambda: _token(_claims(more="x" * 9000)),
}


@pytest.mark.parametrize("name", UNTRUSTED)
def test_what_is_not_trusted_is_refused(ehr, name) -> None:
    answer = ehr.call(_request("femur-postop"), UNTRUSTED[name]())
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "cards" not in answer.text


def test_a_token_is_good_for_one_call(ehr) -> None:
    token, body = _token(_claims()), _request("femur-postop")
    assert ehr.call(body, token).status_code == 200
    again = ehr.call(body, token)
    assert (again.status_code, again.json()["error"]["code"]) == (401, "token-replayed")


def test_used_names_are_kept_until_their_token_has_expired() -> None:
    moment = [1_000_000.0]
    from portico.service.cds_hooks_clients import Client

    client = Client(ISSUER, {"one": ("ES384", KEY)})
    clients = Clients({ISSUER: client}, BASE, clock=lambda: moment[0])
    claims = {"iss": ISSUER, "aud": "a", "exp": 1_000_400, "iat": 1_000_000, "jti": "n"}
    header = f"Bearer {_token(claims)}"
    clients.trusted(header, ("a",))
    for later in (1, 399, 429):
        moment[0] = 1_000_000.0 + later
        with pytest.raises(NotTrusted):
            clients.trusted(header, ("a",))
    # a token from before the start is refused, so that a restart forgets nothing
    moment[0] = 1_000_100.0
    with pytest.raises(NotTrusted):
        Clients({ISSUER: client}, BASE, clock=lambda: moment[0]).trusted(header, ("a",))


def test_names_of_expired_tokens_are_forgotten(monkeypatch) -> None:
    from portico.service import cds_hooks_clients as room

    moment = [1_000_000.0]
    monkeypatch.setattr(room, "_FEW_NAMES", 3)
    client = room.Client(ISSUER, {"one": ("ES384", KEY)})
    clients = Clients({ISSUER: client}, BASE, clock=lambda: moment[0])
    for number in range(12):
        moment[0] = 1_000_000.0 + 100 * number
        now = int(moment[0])
        claims = {"iss": ISSUER, "aud": "a", "exp": now + 10, "iat": now, "jti": str(number)}
        assert clients.trusted(f"Bearer {_token(claims)}", ("a",)) == ISSUER
        assert len(clients._used) <= 3


def test_without_a_file_nobody_may_call(tmp_path) -> None:
    clients = read_clients(Settings(tmp_path))
    with pytest.raises(NotTrusted):
        clients.trusted(None, ("a",))
    with pytest.raises(NotTrusted):
        clients.trusted(f"Bearer {_token(_claims())}", ("a",))


def test_open_on_this_machine_only(tmp_path) -> None:
    _clients_file(tmp_path, open_on_this_machine=True, clients=[])
    assert read_clients(Settings(tmp_path)).trusted(None, ("a",)) == "this machine"
    from portico.errors import ReadingRefused

    with pytest.raises(ReadingRefused):
        read_clients(Settings(tmp_path, host="0.0.0.0"))


@pytest.mark.parametrize(
    "more",
    [
        {"schema": "x"}, {"base_url": "x"}, {"base_url": f"{BASE}/"}, {"clients": {}}, {"clients": [{"issuer": ISSUER}]}, {"more": 1},
        {"clients": [{"issuer": "x", "keys": "ehr.json"}]}, {"clients": [{"issuer": ISSUER, "keys": "ehr.json"}] * 2},
        {"clients": [{"issuer": ISSUER, "keys": "none.json"}]}, {"clients": [{"issuer": ISSUER, "keys": "ehr.json", "tenants": "x"}]},
    ],
)  # fmt: skip
def test_a_list_of_clients_that_does_not_hold(tmp_path, more) -> None:
    from portico.errors import ReadingRefused

    _clients_file(tmp_path, **more)
    with pytest.raises(ReadingRefused):
        read_clients(Settings(tmp_path))


def test_keys_that_cannot_be_used_are_none(tmp_path) -> None:
    from portico.errors import ReadingRefused

    _clients_file(tmp_path)
    secret = OctKey.generate_key(256, {"kid": "one"}).as_dict()
    for keys in (
        [],
        [secret],
        [ECKey.generate_key("P-256", {"kid": "x"}).as_dict(private=False)],
        [{"kty": "EC", "kid": "x"}],
        "x",
    ):
        (tmp_path / "ehr.json").write_text(json.dumps({"keys": keys}))
        with pytest.raises(ReadingRefused):
            read_clients(Settings(tmp_path))


def test_a_tenant_must_be_one_of_those_named(tmp_path) -> None:
    _clients_file(tmp_path, clients=[{"issuer": ISSUER, "keys": "ehr.json", "tenants": ["ours"]}])
    clients = read_clients(Settings(tmp_path))
    time.sleep(0)
    assert (
        clients.trusted(f"Bearer {_token(_claims(aud='a', tenant='ours', iat=int(time.time()) + 1))}", ("a",)) == ISSUER
    )
    with pytest.raises(NotTrusted):
        clients.trusted(f"Bearer {_token(_claims(aud='a', tenant='theirs'))}", ("a",))


# --- requests -------------------------------------------------------------------------------------------------------


def test_what_a_call_must_bring(ehr) -> None:
    whole = _request("femur-postop")
    for key in ("patient", "conditions", "procedures"):
        body = copy.deepcopy(whole)
        del body["prefetch"][key]
        answer = ehr.call(body)
        assert (answer.status_code, answer.json()["error"]["path"]) == (412, f"prefetch.{key}")
    body = copy.deepcopy(whole)
    body["prefetch"]["conditions"]["link"] = [{"relation": "next", "url": "https://ehr.example.org/2"}]
    assert ehr.call(body).status_code == 412
    body = copy.deepcopy(whole)
    body["prefetch"]["patient"]["id"] = "another"
    assert ehr.call(body).status_code == 400
    body = copy.deepcopy(whole)
    body["prefetch"]["conditions"] = None
    assert ehr.cards(body) == []


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("spec_request_1", 412, "not-prefetched"),  # it brings what another service asked for
        ("spec_request_2", 200, None),  # an order of a drug: nothing to say, though a page of its data is missing
        ("spec_request_3", 400, "missing-attribute"),  # it names no patient
    ],
)
def test_the_published_requests(ehr, name, status, code) -> None:
    body = json.loads((ROOT / "tests" / "data" / "fhir" / "cds_hooks" / f"{name}.json").read_text(encoding="utf-8"))
    answer = ehr.call(body)
    assert answer.status_code == status
    assert answer.json() == {"cards": []} if code is None else answer.json()["error"]["code"] == code


def test_what_is_no_call(ehr) -> None:
    body = _request("femur-postop")
    assert ehr.call(body, service="portico-order-sign").json()["error"]["code"] == "wrong-hook"
    assert ehr.call(body, service="nothing").status_code == 404
    for raw in (b"", b"{", b"[]", b"null", b'{"hook": 1, "hook": 2}', b'{"hook": NaN}', b"[" * 100_000, b"\xff"):
        assert ehr.call(raw, service="portico-patient-view").status_code == 400
    assert ehr.call(b"x" * (3 << 20), service="portico-patient-view").status_code == 413
    plain = ehr.client.post("/cds-services/portico-patient-view", content="{}", headers={"content-type": "text/plain"})
    assert plain.status_code == 415


def test_nothing_is_fetched_and_nothing_of_the_patient_is_stored_or_logged(ehr) -> None:
    body = _request("femur-postop") | {"fhirServer": "https://ehr.invalid/fhir"}
    body["fhirAuthorization"] = {
        "access_token": "secret-token", "token_type": "Bearer", "expires_in": 300, "scope": "user/*.read", "subject": "portico",
    }  # fmt: skip
    cards = ehr.cards(body)
    told = json.dumps(cards) + ehr.log.getvalue()
    for word in ("Invented", "1958-05-17", "secret-token", "ehr.invalid"):
        assert word not in told
    data = b"".join(path.read_bytes() for path in ehr.parts.settings.folder.iterdir() if path.is_file())
    assert b"Invented" not in data
    assert body["context"]["patientId"].encode() not in data


# --- cards ----------------------------------------------------------------------------------------------------------


def test_what_is_urgent_comes_before_any_option(maker) -> None:
    cards = maker(_request("spine-urgent"), DAYS["spine-urgent"])
    assert [card["indicator"] for card in cards[:2]] == ["critical", "critical"]
    assert cards[0]["summary"].startswith("New or worsening neurological deficit")
    assert all("suggestions" not in card for card in cards[:2])
    assert "suggestions" in cards[2]


def test_what_is_not_excluded_stands_before_and_instead_of_options(maker) -> None:
    body = _request("spine-postop")
    body["prefetch"]["observations"] = None
    cards = maker(body, DAYS["spine-postop"])
    assert cards[0]["indicator"] == "warning"
    assert cards[0]["summary"].startswith("NOT EXCLUDED: ")
    assert not any("suggestions" in card for card in cards)


def test_a_suggestion_carries_a_prescription(maker) -> None:
    cards = maker(_request("femur-postop"), DAYS["femur-postop"])
    card = next(one for one in cards if "suggestions" in one)
    assert card["selectionBehavior"] == "at-most-one"
    assert card["overrideReasons"] == [dict(one) for one in OVERRIDE_REASONS]
    assert all(link["url"].startswith("https://") for link in card["links"])
    assert card["source"]["url"].startswith("https://doi.org/")
    doses = []
    for suggestion in card["suggestions"]:
        (action,) = suggestion["actions"]
        assert action["type"] == "create"
        assert r4_problems(action["resource"]) == ()
        assert action["resource"]["status"] == "draft"
        assert action["resource"]["subject"] == {"reference": "Patient/femur-postop-patient"}
        doses.append(prescribed(action["resource"]))
        assert "isRecommended" not in suggestion
    assert doses[0] == [(30.0, 10)]
    assert len(doses) == len({str(one) for one in doses}) == 4


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
@pytest.mark.parametrize(
    ("gy", "fractions", "indicator", "says"),
    [
        (30, 10, "info", "30 Gy in 10 is one of the options"),
        (24, 2, "warning", "24 Gy in 2 does not fit this case"),
        (31, 7, "warning", "31 Gy in 7 is none of the options"),
        (None, 10, "warning", "states no dose"),
    ],
)
def test_an_order_is_held_against_the_options(maker, hook, gy, fractions, indicator, says) -> None:
    more = {"selections": ["ServiceRequest/rt-1"]} if hook == "order-select" else {}
    body = _request("femur-postop", hook, draftOrders=_orders(_order(gy, fractions)), **more)
    cards = maker(body, DAYS["femur-postop"])
    assert (cards[0]["indicator"], says in cards[0]["summary"]) == (indicator, True)
    assert response_problems({"cards": cards}) == ()


def test_what_an_ordering_hook_does_not_speak_of(maker) -> None:
    drug = {"resourceType": "MedicationRequest", "id": "m"}
    other = _order(30, 10) | {"code": {"coding": [{"system": "http://snomed.info/sct", "code": "1"}]}, "id": "x"}
    assert maker(_request("spine-urgent", "order-sign", draftOrders=_orders(drug, other)), DAYS["spine-urgent"]) == []
    body = _request(
        "femur-postop", "order-select", selections=["MedicationRequest/m"], draftOrders=_orders(drug, _order(30, 10))
    )
    assert maker(body, DAYS["femur-postop"]) == []


def test_a_record_without_an_operated_bone_metastasis_gives_no_card(maker) -> None:
    for key in ("conditions", "procedures"):
        body = _request("femur-postop")
        body["prefetch"][key] = None
        body["prefetch"]["observations"] = None
        assert maker(body, DAYS["femur-postop"]) == []


def test_doubts_of_the_record_are_a_card(maker) -> None:
    card = maker(_request("spine-postop"), DAYS["spine-postop"])[-1]
    assert card["summary"] == "1 item of the record could not be used"


# --- text that a client sends never becomes markup ------------------------------------------------------------------

MARKUP = [
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "![x](https://evil.example/p.png)",
    "**bold**",
    "`code`",
    "| a |",
]


@pytest.mark.parametrize("markup", MARKUP)
def test_no_text_of_a_bundle_reaches_a_card(maker, markup) -> None:
    body = _request("spine-postop", "order-sign", draftOrders=_orders(_order(30, 10)))

    def planted(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: planted(v) for k, v in value.items()} | {"note": [{"text": markup}], "x-planted": markup}
        if isinstance(value, list):
            return [planted(one) for one in value]
        return value

    for entry in body["prefetch"]["observations"]["entry"][::3]:
        entry["resource"] = planted(entry["resource"])
    for key in ("conditions", "procedures"):
        for entry in body["prefetch"][key]["entry"]:
            entry["resource"]["code"]["text"] = markup
            for coding in entry["resource"]["code"].get("coding", [])[1:]:
                coding["display"] = markup
    body["context"]["draftOrders"]["entry"][0]["resource"]["code"]["text"] = markup
    told = json.dumps(maker(body, DAYS["spine-postop"]))
    assert json.dumps(markup)[1:-1] not in told
    assert "evil.example" not in told
    assert "<script" not in told


@given(st.text(max_size=60))
def test_text_as_markdown_is_only_text(text: str) -> None:
    shown = markdown(text)
    assert "\n" not in shown
    assert not re.search(r"(?<!\\)(\\\\)*[<>`*_\[\]|&!#~]", shown)
    assert not re.search(r"https?:", shown)


@given(st.text(max_size=400))
def test_a_summary_is_one_short_line(text: str) -> None:
    line = summary(text)
    assert len(line) < 140
    assert line.isprintable()


# --- names and feedback ---------------------------------------------------------------------------------------------


def test_a_name_says_what_it_was_about_and_cannot_be_made_up(loaded) -> None:
    topics = topics_of(loaded)
    names = CardNames(b"one", "v", topics)
    made = [names.name(topic) for topic in topics]
    assert [names.topic(name) for name in made] == topics
    assert {uuid.UUID(name).version for name in made} == {8}
    assert len({names.name("options") for _ in range(500)}) == 500
    assert CardNames(b"two", "v", topics).topic(made[0]) is None
    assert CardNames(b"one", "w", topics).topic(made[0]) == "earlier library"
    draw = random.Random(1)
    for name in made[:20]:
        at = draw.choice([i for i, char in enumerate(name) if char not in "-"])
        changed = name[:at] + ("0" if name[at] != "0" else "1") + name[at + 1 :]
        assert names.topic(changed) is None
    for junk in ("", "x", None, 7, str(uuid.uuid4())):
        assert names.topic(junk) is None  # type: ignore[arg-type]


def test_feedback_is_stored_once_with_its_entry_in_the_log(ehr) -> None:
    body = _request("femur-postop")
    body["context"]["encounterId"] = "7"
    card = next(one for one in ehr.cards(body) if one["summary"])
    accepted = [{"id": one["uuid"]} for one in card.get("suggestions", [])[:1]]
    sent = {"feedback": [
        {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:00:00Z",
         "overrideReason": {"reason": {k: OVERRIDE_REASONS[0][k] for k in ("code", "system")}, "userComment": "seen <b>today</b>"}},
    ]}  # fmt: skip
    if accepted:
        sent["feedback"].append({
            "card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": accepted, "outcomeTimestamp": "2026-03-02T10:01:00Z",
        })  # fmt: skip
    before = len(feedback_of(ehr.parts.store))
    for _ in range(2):
        assert ehr.feedback(sent).status_code == 200
    rows = feedback_of(ehr.parts.store)
    assert len(rows) == before + len(sent["feedback"])
    row = next(one for one in rows if one.outcome == "overridden")
    assert (row.comment, row.client, row.reason_code) == ("seen <b>today</b>", ISSUER, "known")
    assert row.topic.startswith(("options", "stop:", "open", "doubts"))
    assert ehr.parts.store.verify().problems == ()
    assert "today" not in ehr.log.getvalue()
    shown = ehr.client.get("/cds-feedback").json()
    assert shown["feedback"][0]["id"] in {one.id for one in rows}
    assert sum(one["n"] for one in shown["counts"]) == len(rows)


def test_feedback_that_does_not_hold_is_refused_whole(ehr) -> None:
    card = ehr.cards(_request("femur-postop"))[0]["uuid"]
    fine = {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-03-02T11:00:00Z"}
    before = len(feedback_of(ehr.parts.store))
    for wrong in (
        {**fine, "card": str(uuid.uuid4())},
        {**fine, "outcome": "ignored"},
        {**fine, "overrideReason": {"userComment": "x" * 2001}},
        {**fine, "outcome": "accepted", "acceptedSuggestions": [{"id": str(uuid.uuid4())}]},
    ):
        assert ehr.feedback({"feedback": [fine, wrong]}).status_code == 400
    assert ehr.feedback({"feedback": [fine] * 101}).status_code == 400
    assert ehr.feedback({"feedback": []}).status_code == 400
    assert len(feedback_of(ehr.parts.store)) == before
    for name in ("spec_feedback_1", "spec_feedback_2", "spec_feedback_3"):
        example = json.loads((ROOT / "tests" / "data" / "fhir" / "cds_hooks" / f"{name}.json").read_text())
        assert ehr.feedback(example).json()["error"]["code"] == "unknown-card"


def test_a_comment_that_was_changed_is_found(ehr) -> None:
    from sqlalchemy import update

    from portico.service.tables import cds_feedback

    card = ehr.cards(_request("femur-postop"))[0]["uuid"]
    one = {
        "card": card,
        "outcome": "overridden",
        "outcomeTimestamp": "2026-03-02T12:00:00Z",
        "overrideReason": {"userComment": "a"},
    }
    assert ehr.feedback({"feedback": [one]}).status_code == 200
    mine = cds_feedback.c.card == card
    with ehr.parts.store.engine.begin() as connection:
        connection.execute(update(cds_feedback).where(mine).values(comment="b"))
    assert any("was changed" in problem for problem in ehr.parts.store.verify().problems)
    with ehr.parts.store.engine.begin() as connection:
        connection.execute(update(cds_feedback).where(mine).values(comment="a"))
    assert ehr.parts.store.verify().problems == ()


def test_the_routes_take_their_clients_and_their_day(ehr) -> None:
    router = cds_routes(ehr.parts, Clients({}, BASE), today=lambda: DAYS["femur-postop"])
    assert [route.path for route in router.routes] == [  # type: ignore[attr-defined]
        "/cds-services", "/cds-feedback", "/cds-services/{service}", "/cds-services/{service}/feedback",
    ]  # fmt: skip
