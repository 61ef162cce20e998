"""Each demand of CDS Hooks 2.0 as a property: what is drawn to hold has no problem, and what breaks one demand is told at its place.

Few examples are drawn of each; under PORTICO_ASSURE=1 twenty-five times as many.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.service.cds_hooks_rules import (
    HOOKS,
    SUMMARY_LIMIT,
    feedback_problems,
    request_problems,
    response_problems,
)

MORE = 25 if os.environ.get("PORTICO_ASSURE") == "1" else 1
WORDS = st.text(min_size=1, max_size=20).filter(bool)
IDS = st.from_regex(r"[A-Za-z0-9\-.]{1,20}", fullmatch=True)
URLS = st.from_regex(r"https?://[a-z]{1,10}\.example(/[a-z0-9]{0,8})?", fullmatch=True)
CODING = st.fixed_dictionaries({"system": URLS, "code": WORDS, "display": WORDS})
ORDER = st.fixed_dictionaries(
    {"resourceType": st.sampled_from(["ServiceRequest", "MedicationRequest"]), "id": IDS}, optional={"note": st.none()}
)
AUTHORIZATION = st.fixed_dictionaries(
    {
        "access_token": WORDS, "token_type": st.just("Bearer"), "expires_in": st.integers(0, 3600), "scope": WORDS, "subject": WORDS,
    },
)  # fmt: skip


@st.composite
def requests(draw: Any) -> tuple[str, dict[str, Any]]:
    """A hook and a request that holds."""
    hook = draw(st.sampled_from(sorted(HOOKS)))
    context: dict[str, Any] = {
        "userId": f"{draw(st.sampled_from(HOOKS[hook].users))}/{draw(IDS)}",
        "patientId": draw(IDS),
    }
    if draw(st.booleans()):
        context["encounterId"] = draw(IDS)
    orders = draw(st.lists(ORDER, min_size=1, max_size=3))
    if hook != "patient-view":
        context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": one} for one in orders]}
    if hook == "order-select":
        context["selections"] = [f"{orders[0]['resourceType']}/{orders[0]['id']}"]
    body = {"hook": hook, "hookInstance": str(draw(st.uuids())), "context": context}
    if draw(st.booleans()):
        body |= {"fhirServer": draw(URLS), "fhirAuthorization": draw(AUTHORIZATION)}
    if draw(st.booleans()):
        body["prefetch"] = draw(st.dictionaries(WORDS, st.none() | st.just({"resourceType": "Patient"}), max_size=3))
    return hook, body


CREATE = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["create", "update"]),
        "description": WORDS,
        "resource": st.just({"resourceType": "ServiceRequest", "note": None}),
    }
)
DELETE = st.fixed_dictionaries({"type": st.just("delete"), "description": WORDS, "resourceId": IDS})
SUGGESTION = st.fixed_dictionaries(
    {"label": WORDS}, optional={"uuid": WORDS, "actions": st.lists(CREATE | DELETE, min_size=1, max_size=2)}
)
LINK = st.fixed_dictionaries({"label": WORDS, "url": URLS, "type": st.sampled_from(["absolute", "smart"])})
SOURCE = st.fixed_dictionaries({"label": WORDS}, optional={"url": URLS, "icon": URLS, "topic": CODING})


@st.composite
def cards(draw: Any) -> dict[str, Any]:
    """A card that holds, with everything that a card may have."""
    card = draw(
        st.fixed_dictionaries(
            {
                "uuid": WORDS, "summary": st.text(min_size=1, max_size=SUMMARY_LIMIT - 1), "detail": WORDS, "source": SOURCE,
                "indicator": st.sampled_from(["info", "warning", "critical"]), "overrideReasons": st.lists(CODING, min_size=1, max_size=2),
                "links": st.lists(LINK, min_size=1, max_size=2), "suggestions": st.lists(SUGGESTION, min_size=1, max_size=3),
                "selectionBehavior": st.sampled_from(["any", "at-most-one"]),
            }
        )
    )  # fmt: skip
    for link in card["links"]:
        if link["type"] == "smart" and draw(st.booleans()):
            link["appContext"] = draw(WORDS)
    if draw(st.booleans()):
        card["suggestions"][0]["isRecommended"] = draw(st.booleans())
    return card


STAMP = st.datetimes().map(lambda moment: f"{moment.replace(microsecond=0, year=2026).isoformat()}Z")
ACCEPTED = st.fixed_dictionaries(
    {
        "card": WORDS, "outcome": st.just("accepted"), "outcomeTimestamp": STAMP,
        "acceptedSuggestions": st.lists(st.fixed_dictionaries({"id": WORDS}), min_size=1, max_size=3),
    }
)  # fmt: skip
REASON = st.fixed_dictionaries(
    {}, optional={"reason": st.fixed_dictionaries({"system": URLS, "code": WORDS}), "userComment": WORDS}
).filter(bool)
OVERRIDDEN = st.fixed_dictionaries(
    {"card": WORDS, "outcome": st.just("overridden"), "outcomeTimestamp": STAMP}, optional={"overrideReason": REASON}
)
FEEDBACK = st.lists(ACCEPTED | OVERRIDDEN, min_size=1, max_size=4).map(lambda found: {"feedback": found})
NOT_TEXT = st.integers() | st.booleans() | st.lists(st.integers(), min_size=1, max_size=2)
EMPTY = st.sampled_from([None, "", [], {}])


@settings(max_examples=6 * MORE)
@given(requests())
def test_a_request_drawn_to_hold_has_no_problem(drawn) -> None:
    hook, body = drawn
    assert request_problems(body, hook) == ()


@settings(max_examples=6 * MORE)
@given(st.lists(cards(), max_size=3))
def test_a_response_drawn_to_hold_has_no_problem(drawn) -> None:
    assert response_problems({"cards": drawn}) == ()


@settings(max_examples=6 * MORE)
@given(FEEDBACK)
def test_feedback_drawn_to_hold_has_no_problem(body) -> None:
    assert feedback_problems(body) == ()


def _gone(*path: Any) -> Callable[[Any, Any], None]:
    def act(draw: Any, body: Any) -> None:
        here = body
        for step in path[:-1]:
            here = here[step]
        here.pop(path[-1], None)

    return act


def _set(values: st.SearchStrategy[Any], *path: Any) -> Callable[[Any, Any], None]:
    def act(draw: Any, body: Any) -> None:
        here = body
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] = draw(values)

    return act


REQUEST_RULES: dict[str, Callable[[Any, Any], None]] = {
    "hook is required": _gone("hook"),
    "hook is a text": _set(NOT_TEXT, "hook"),
    "hook is that of the service": _set(WORDS.map(lambda word: f"x{word}"), "hook"),
    "hookInstance is required": _gone("hookInstance"),
    "hookInstance is a UUID": _set(WORDS, "hookInstance"),
    "context is required": _gone("context"),
    "context is an object": _set(NOT_TEXT, "context"),
    "userId is required": _gone("context", "userId"),
    "userId is a reference to a user": _set(IDS, "context", "userId"),
    "patientId is required": _gone("context", "patientId"),
    "patientId is a FHIR id": _set(IDS.map(lambda name: f"Patient/{name}"), "context", "patientId"),
    "nothing is empty": _set(EMPTY, "context", "encounterId"),
    "fhirServer is an address": _set(WORDS, "fhirServer"),
    "an authorization is an object": _set(NOT_TEXT, "fhirAuthorization"),
    "prefetch is an object": _set(NOT_TEXT, "prefetch"),
}
RESPONSE_RULES: dict[str, Callable[[Any, Any], None]] = {
    "summary is required": _gone("summary"),
    "summary is short": _set(st.text(min_size=SUMMARY_LIMIT, max_size=SUMMARY_LIMIT + 40), "summary"),
    "summary is a text": _set(NOT_TEXT, "summary"),
    "indicator is required": _gone("indicator"),
    "indicator is one of three": _set(WORDS.map(lambda word: f"x{word}"), "indicator"),
    "source is required": _gone("source"),
    "source has a label": _gone("source", "label"),
    "source has an address or none": _set(WORDS, "source", "url"),
    "detail is a text": _set(NOT_TEXT, "detail"),
    "nothing is empty": _set(EMPTY, "detail"),
    "suggestions need a behaviour": _gone("selectionBehavior"),
    "a behaviour is one of two": _set(WORDS.map(lambda word: f"x{word}"), "selectionBehavior"),
    "a suggestion has a label": _gone("suggestions", 0, "label"),
    "an action has a type": _set(
        st.just([{"description": "d", "resource": {"resourceType": "Task"}}]), "suggestions", 0, "actions"
    ),
    "a creation has a resource": _set(st.just([{"type": "create", "description": "d"}]), "suggestions", 0, "actions"),
    "a deletion names its resource": _set(
        st.just([{"type": "delete", "description": "d"}]), "suggestions", 0, "actions"
    ),
    "a reason has a display": _gone("overrideReasons", 0, "display"),
    "a link has a label": _gone("links", 0, "label"),
    "a link has an absolute address": _set(WORDS, "links", 0, "url"),
    "a link has a type": _set(WORDS.map(lambda word: f"x{word}"), "links", 0, "type"),
    "nothing else is on a card": _set(WORDS, "more"),
}
FEEDBACK_RULES: dict[str, Callable[[Any, Any], None]] = {
    "card is required": _gone("card"),
    "outcome is required": _gone("outcome"),
    "outcome is one of two": _set(WORDS.map(lambda word: f"x{word}"), "outcome"),
    "the moment is required": _gone("outcomeTimestamp"),
    "the moment is in UTC": _set(STAMP.map(lambda stamp: stamp.replace("Z", "+02:00")), "outcomeTimestamp"),
    "accepted says which suggestions": _gone("acceptedSuggestions"),
    "suggestions are not empty": _set(st.just([]), "acceptedSuggestions"),
    "a suggestion has an id": _set(st.just([{}]), "acceptedSuggestions"),
    "accepted has no reason": _set(REASON, "overrideReason"),
}


@pytest.mark.parametrize("rule", REQUEST_RULES)
def test_each_rule_of_a_request(rule) -> None:
    @settings(max_examples=2 * MORE)
    @given(requests(), st.data())
    def broken(drawn: Any, data: Any) -> None:
        hook, body = copy.deepcopy(drawn)
        REQUEST_RULES[rule](data.draw, body)
        assert request_problems(body, hook)

    broken()


@pytest.mark.parametrize("rule", RESPONSE_RULES)
def test_each_rule_of_a_response(rule) -> None:
    @settings(max_examples=2 * MORE)
    @given(cards(), st.data())
    def broken(drawn: Any, data: Any) -> None:
        card = copy.deepcopy(drawn)
        RESPONSE_RULES[rule](data.draw, card)
        assert all(one.path.startswith("cards[0]") for one in response_problems({"cards": [card]}))
        assert response_problems({"cards": [card]})

    broken()


@pytest.mark.parametrize("rule", FEEDBACK_RULES)
def test_each_rule_of_feedback(rule) -> None:
    @settings(max_examples=2 * MORE)
    @given(ACCEPTED, st.data())
    def broken(drawn: Any, data: Any) -> None:
        one = copy.deepcopy(drawn)
        FEEDBACK_RULES[rule](data.draw, one)
        assert feedback_problems({"feedback": [one]})

    broken()
