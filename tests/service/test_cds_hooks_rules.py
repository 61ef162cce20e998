"""The demands of CDS Hooks 2.0, each broken by itself: what holds has no problem, and one break is told at its place.

The twelve published examples, which are of 3.0.0-ballot, are judged as 2.0 judges them.
"""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.service.cds_hooks_rules import (
    HOOKS,
    discovery_problems,
    feedback_problems,
    request_problems,
    response_problems,
    well_formed_url,
)
from portico.service.cds_hooks_services import discovery

EXAMPLES = Path(__file__).parents[1] / "data" / "fhir" / "cds_hooks"
#: What 2.0 finds in the published examples: they are of a later ballot, and two of them break its own rules.
FOUND = {
    "spec_request_3": [("missing-attribute", "context.patientId")],
    "spec_response_2": [("missing-attribute", "systemActions[0].description")],
    "spec_response_4": [("wrong-value", "cards[0].indicator"), ("unknown-attribute", "cards[0].links[0]")],
}
JUDGES = {
    "discovery": discovery_problems, "feedback": feedback_problems, "response": response_problems,
    "request": lambda body: request_problems(body, body["hook"]),
}  # fmt: skip


def _example(name: str) -> Any:
    """An example without the raw marks of the page that it was taken from."""
    text = (EXAMPLES / f"{name}.json").read_text(encoding="utf-8")
    return json.loads(re.sub(r"\{% *(end)?raw *%\}", "", text))


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.json")))
def test_the_published_examples(name) -> None:
    problems = JUDGES[name.split("_")[1]](_example(name))
    assert [(one.code, one.path) for one in problems] == FOUND.get(name, [])


def test_there_are_twelve_of_them() -> None:
    assert len(list(EXAMPLES.glob("*.json"))) == 12


def test_the_raw_marks_of_the_page_are_no_template() -> None:
    raw = json.loads((EXAMPLES / "spec_discovery_1.json").read_text(encoding="utf-8"))
    assert {one.path for one in discovery_problems(raw)} == {"services[0].prefetch", "services[1].prefetch"}


def _broken(valid: Any, path: str, value: Any) -> Any:
    """The valid document with one place set, or removed where the value is ``...``."""
    body = copy.deepcopy(valid)
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    here = body
    for step in way:
        here = here[step]
    if value is ...:
        del here[last]
    else:
        here[last] = value
    return body


ORDER = {"resourceType": "ServiceRequest", "id": "rt-1"}
AUTHORIZATION = {
    "access_token": "x", "token_type": "Bearer", "expires_in": 300, "scope": "user/Patient.read", "subject": "portico",
}  # fmt: skip
REQUEST = {
    "hook": "order-select", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea", "fhirServer": "https://ehr.example.org/fhir",
    "fhirAuthorization": AUTHORIZATION,
    "context": {
        "userId": "Practitioner/example", "patientId": "1288992", "encounterId": "89284", "selections": ["ServiceRequest/rt-1"],
        "draftOrders": {"resourceType": "Bundle", "entry": [{"resource": ORDER}]},
    },
    "prefetch": {"patient": None},
    "extension": {"com.example": None},
}  # fmt: skip


def test_a_request_that_holds() -> None:
    assert request_problems(REQUEST, "order-select") == ()


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("hook", ..., "hook"),
        ("hook", "order-sign", "hook"),
        ("hook", 1, "hook"),
        ("hookInstance", ..., "hookInstance"),
        ("hookInstance", "4711", "hookInstance"),
        ("hookInstance", None, "hookInstance"),
        ("fhirServer", ..., "fhirServer"),
        ("fhirServer", "file:///etc/passwd", "fhirServer"),
        ("fhirServer", "ehr.example.org", "fhirServer"),
        ("fhirServer", "https://ehr.example.org:x/", "fhirServer"),
        *((f"fhirAuthorization/{key}", ..., f"fhirAuthorization.{key}") for key in AUTHORIZATION),
        ("fhirAuthorization/token_type", "Basic", "fhirAuthorization.token_type"),
        ("fhirAuthorization/expires_in", "300", "fhirAuthorization.expires_in"),
        ("fhirAuthorization/expires_in", True, "fhirAuthorization.expires_in"),
        ("fhirAuthorization", [1], "fhirAuthorization"),
        ("context", ..., "context"),
        ("context", [1], "context"),
        *((f"context/{key}", ..., f"context.{key}") for key in ("userId", "patientId", "selections", "draftOrders")),
        ("context/userId", "example", "context.userId"),
        ("context/userId", "Patient/example", "context.userId"),
        ("context/userId", "Practitioner/a b", "context.userId"),
        ("context/patientId", "Patient/1", "context.patientId"),
        ("context/patientId", 1288992, "context.patientId"),
        ("context/encounterId", "", ""),
        ("context/selections", "ServiceRequest/rt-1", "context.selections"),
        ("context/selections", ["ServiceRequest/other"], "context.selections"),
        ("context/selections", [1], "context.selections"),
        ("context/draftOrders", {"resourceType": "List"}, "context.draftOrders"),
        ("prefetch", [1], "prefetch"),
        ("extension", "x", "extension"),
    ],
)
def test_each_demand_on_a_request(path, value, where) -> None:
    found = request_problems(_broken(REQUEST, path, value), "order-select")
    assert found
    assert any(one.path.startswith(where) for one in found)


def test_what_may_be_left_out_of_a_request() -> None:
    body = _broken(REQUEST, "context/encounterId", ...)
    for key in ("fhirAuthorization", "fhirServer", "prefetch", "extension"):
        body = _broken(body, key, ...)
        assert request_problems(body, "order-select") == ()


@pytest.mark.parametrize("hook", HOOKS)
@given(body=st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["hook", "hookInstance", "context", "prefetch", "fhirServer", "userId", "draftOrders", "selections", "x"]), inner, max_size=6),
    max_leaves=12,
))  # fmt: skip
@settings(max_examples=15)
def test_whatever_is_sent_is_judged_without_a_fault(hook, body) -> None:
    assert request_problems(body, hook)


CARD = {
    "uuid": "4e0a3a1e-3283-4575-ab82-028d55fe2719", "summary": "Example", "detail": "Text", "indicator": "info",
    "source": {"label": "Source", "url": "https://example.com", "icon": "https://example.com/i.png", "topic": {"system": "s", "code": "c"}},
    "suggestions": [{"label": "Do", "uuid": "u", "isRecommended": True, "actions": [
        {"type": "create", "description": "d", "resource": {"resourceType": "ServiceRequest", "note": None}},
        {"type": "delete", "description": "d", "resourceId": "ServiceRequest/1"},
    ]}],
    "selectionBehavior": "at-most-one",
    "overrideReasons": [{"system": "s", "code": "c", "display": "d"}],
    "links": [{"label": "l", "url": "https://example.com", "type": "absolute"},
              {"label": "l", "url": "https://example.com/launch", "type": "smart", "appContext": "{}"}],
}  # fmt: skip
ANSWER = {"cards": [CARD], "systemActions": [CARD["suggestions"][0]["actions"][0]]}


def test_a_response_that_holds() -> None:
    assert response_problems(ANSWER) == ()
    assert response_problems({"cards": []}) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("cards", ...), ("cards", {}), ("cards/0", 1), ("more", 1), ("systemActions", []), ("systemActions/0/type", "change"),
        ("cards/0/summary", ...), ("cards/0/summary", ""), ("cards/0/summary", "x" * 140), ("cards/0/summary", 1),
        ("cards/0/indicator", ...), ("cards/0/indicator", "hard-stop"), ("cards/0/detail", None), ("cards/0/detail", 1), ("cards/0/uuid", ""),
        ("cards/0/source", ...), ("cards/0/source/label", ...), ("cards/0/source/url", "javascript:x"), ("cards/0/source/icon", "i.png"),
        ("cards/0/source/topic/code", ...), ("cards/0/more", 1), ("cards/0/selectionBehavior", ...), ("cards/0/selectionBehavior", "all"),
        ("cards/0/suggestions", {}), ("cards/0/suggestions/0", 1), ("cards/0/suggestions/0/label", ...), ("cards/0/suggestions/0/isRecommended", "yes"),
        ("cards/0/suggestions/0/more", 1), ("cards/0/suggestions/0/actions/0/type", ...), ("cards/0/suggestions/0/actions/0/description", ...),
        ("cards/0/suggestions/0/actions/0/resource", ...), ("cards/0/suggestions/0/actions/1/resourceId", ...),
        ("cards/0/suggestions/0/actions/0", "x"), ("cards/0/overrideReasons", []), ("cards/0/overrideReasons", "x"),
        ("cards/0/overrideReasons/0/display", ...), ("cards/0/overrideReasons/0/code", ...), ("cards/0/overrideReasons/0/system", ...),
        ("cards/0/links/0/label", ...), ("cards/0/links/0/url", "/relative"), ("cards/0/links/0/url", ...), ("cards/0/links/0/type", "page"),
        ("cards/0/links/0/appContext", "{}"), ("cards/0/links/0/autolaunchable", True), ("cards/0/links/0", None),
    ],
)  # fmt: skip
def test_each_demand_on_a_response(path, value) -> None:
    assert response_problems(_broken(ANSWER, path, value))


def test_at_most_one_suggestion_is_recommended_where_one_is_taken() -> None:
    twice = _broken(ANSWER, "cards/0/suggestions", CARD["suggestions"] * 2)
    assert response_problems(twice)
    assert response_problems(_broken(twice, "cards/0/selectionBehavior", "any")) == ()


FEEDBACK = {"feedback": [
    {"card": "c", "outcome": "accepted", "acceptedSuggestions": [{"id": "s"}], "outcomeTimestamp": "2026-03-02T10:00:00Z"},
    {"card": "c", "outcome": "overridden", "outcomeTimestamp": "2026-03-02T10:00:00.123Z",
     "overrideReason": {"reason": {"system": "s", "code": "c"}, "userComment": "text"}},
]}  # fmt: skip


def test_feedback_that_holds() -> None:
    assert feedback_problems(FEEDBACK) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("feedback", ...), ("feedback", []), ("feedback", {}), ("feedback/0", 1), ("feedback/0/card", ...), ("feedback/0/card", 1),
        ("feedback/0/outcome", ...), ("feedback/0/outcome", "ignored"), ("feedback/0/acceptedSuggestions", ...),
        ("feedback/0/acceptedSuggestions", []), ("feedback/0/acceptedSuggestions/0", {}), ("feedback/0/acceptedSuggestions/0/id", 1),
        ("feedback/1/acceptedSuggestions", [{"id": "s"}]), ("feedback/0/overrideReason", {"userComment": "x"}),
        ("feedback/1/overrideReason", "x"), ("feedback/1/overrideReason/reason/code", ...), ("feedback/1/overrideReason/reason/system", ...),
        ("feedback/1/overrideReason/reason", "x"), ("feedback/1/overrideReason/userComment", 1), ("feedback/1/overrideReason/userComment", None),
        ("feedback/0/outcomeTimestamp", ...), ("feedback/0/outcomeTimestamp", "2026-03-02"), ("feedback/0/outcomeTimestamp", "2026-03-02T10:00:00+02:00"),
        ("feedback/0/outcomeTimestamp", "2026-02-30T10:00:00Z"), ("feedback/0/outcomeTimestamp", "2026-03-02T25:00:00Z"),
    ],
)  # fmt: skip
def test_each_demand_on_feedback(path, value) -> None:
    assert feedback_problems(_broken(FEEDBACK, path, value))


def test_the_services_hold() -> None:
    assert discovery_problems(discovery()) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("services", ...), ("services/0", 1), ("services/0/hook", ...), ("services/0/id", ...), ("services/0/description", ""),
        ("services/0/title", None), ("services/0/prefetch", "x"), ("services/0/prefetch/patient", 1),
        ("services/0/prefetch/patient", "Patient/{{context.patient.id}}"), ("services/0/prefetch/patient", "Patient/{{patientId}}"),
        ("services/0/prefetch/patient", "Patient/{context.patientId}"), ("services/0/prefetch/patient", "Patient/{{context.draftOrders}}"),
        ("services/0/usageRequirements", 1),
    ],
)  # fmt: skip
def test_each_demand_on_the_list_of_services(path, value) -> None:
    assert discovery_problems(_broken(discovery(), path, value))


@pytest.mark.parametrize(
    "value",
    ["", "x", "//x", "ftp://x", "http://", "http://[", "http://a b", "http://a:99999999", None, 1, "https://\n"],
)
def test_what_is_no_address(value) -> None:
    assert not well_formed_url(value)
