"""What CDS Hooks 2.0 demands of a request, a response, a list of services and of feedback; each demand said where it is broken.

The published examples are of 3.0.0-ballot, which has what 2.0 has not (``autolaunchable``, pages of prefetched data) and shows cards that
break its own rules; both are told here.

Source: HL7 CDS Hooks 2.0 (STU 2, 2022), sections Calling a CDS Service, CDS Service Response, Feedback, Prefetch Template.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from portico.errors import Problem

__all__ = [
    "HOOKS",
    "discovery_problems",
    "feedback_problems",
    "request_problems",
    "response_problems",
    "well_formed_url",
]

#: Longest summary of a card: less than 140 characters.
SUMMARY_LIMIT: Final = 140
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_ID: Final = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE: Final = re.compile(r"[A-Z][A-Za-z]{1,40}/[A-Za-z0-9\-.]{1,64}")
_STAMP: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|\+00:00|-00:00)")
_TOKEN: Final = re.compile(r"\{\{([^{}]*)\}\}")
_USER_TOKENS: Final = frozenset(
    {"userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId"}
)
Broken = Iterator[Problem]


@dataclass(frozen=True, slots=True)
class Hook:
    """A hook: who may be its user, and the fields of its context."""

    users: tuple[str, ...]
    needed: tuple[str, ...]
    optional: tuple[str, ...] = ("encounterId",)

    @property
    def tokens(self) -> tuple[str, ...]:
        """Fields that a prefetch template may name."""
        return ("userId", "patientId", "encounterId")


HOOKS: Final[Mapping[str, Hook]] = {
    "patient-view": Hook(("Practitioner", "PractitionerRole", "Patient", "RelatedPerson"), ("userId", "patientId")),
    "order-select": Hook(("Practitioner", "PractitionerRole"), ("userId", "patientId", "selections", "draftOrders")),
    "order-sign": Hook(("Practitioner", "PractitionerRole"), ("userId", "patientId", "draftOrders")),
}


def _problem(code: str, path: str, message: str) -> Problem:
    return Problem(code, message, path)


def well_formed_url(value: object) -> bool:
    """Whether a value is an absolute http address."""
    if not isinstance(value, str) or not value.isprintable() or " " in value:
        return False
    try:
        parts = urlsplit(value)
        _ = parts.port  # a port that is no number is an error
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def _empty(value: object) -> bool:
    return value is None or value in ("", [], {})


def _filled(value: object, path: str, skip: tuple[str, ...] = ()) -> Broken:
    """No attribute is null or empty; what is FHIR, or an extension, is not ours to judge."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            here = f"{path}.{key}" if path else str(key)
            if key in skip or here in skip:
                continue
            if _empty(inner):
                yield _problem("empty-attribute", path, "An attribute is null or empty; it must be left out.")
            else:
                yield from _filled(inner, here, skip)
    elif isinstance(value, list):
        for inner in value:
            if _empty(inner):
                yield _problem("empty-attribute", path, "An element of a list is null or empty.")
            else:
                yield from _filled(inner, path, skip)


def _text(body: Mapping[str, Any], key: str, path: str, *, needed: bool) -> Broken:
    if key not in body:
        if needed:
            yield _problem("missing-attribute", f"{path}{key}", "This attribute is required.")
    elif not isinstance(body[key], str) or not body[key]:
        yield _problem("wrong-type", f"{path}{key}", "This attribute is a text.")


def request_problems(body: object, hook: str) -> tuple[Problem, ...]:
    """What a call of a service breaks.

    Parameters
    ----------
    body : as sent
    hook : the hook that the service listens to
    """
    return tuple(_request(body, hook))


def _request(body: object, hook: str) -> Broken:
    if not isinstance(body, Mapping):
        yield _problem("wrong-type", "", "The request is a JSON object.")
        return
    yield from _filled(body, "", ("prefetch", "extension", "context.draftOrders"))
    yield from _text(body, "hook", "", needed=True)
    if isinstance(body.get("hook"), str) and body["hook"] != hook:
        yield _problem("wrong-hook", "hook", f"This service listens to {hook}.")
    yield from _text(body, "hookInstance", "", needed=True)
    if isinstance(body.get("hookInstance"), str) and not _UUID.fullmatch(body["hookInstance"]):
        yield _problem("not-a-uuid", "hookInstance", "The instance of the hook is a UUID.")
    if "fhirServer" in body and not well_formed_url(body["fhirServer"]):
        yield _problem("bad-url", "fhirServer", "This is no absolute address.")
    if "fhirAuthorization" in body:
        yield from _authorization(body)
    if "prefetch" in body and not isinstance(body["prefetch"], Mapping):
        yield _problem("wrong-type", "prefetch", "Prefetched data are an object.")
    if "extension" in body and not isinstance(body["extension"], Mapping):
        yield _problem("wrong-type", "extension", "An extension is an object.")
    context = body.get("context")
    if not isinstance(context, Mapping):
        yield _problem("missing-attribute", "context", "The context is required, and an object.")
        return
    yield from _context(context, hook)


def _authorization(body: Mapping[str, Any]) -> Broken:
    found = body["fhirAuthorization"]
    if "fhirServer" not in body:
        yield _problem("missing-attribute", "fhirServer", "With an authorization the server is required.")
    if not isinstance(found, Mapping):
        yield _problem("wrong-type", "fhirAuthorization", "The authorization is an object.")
        return
    for key in ("access_token", "token_type", "scope", "subject"):
        yield from _text(found, key, "fhirAuthorization.", needed=True)
    if found.get("token_type") not in (None, "Bearer"):
        yield _problem("wrong-value", "fhirAuthorization.token_type", "The type of the token is Bearer.")
    seconds = found.get("expires_in")
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        yield _problem("wrong-type", "fhirAuthorization.expires_in", "The lifetime is a whole number of seconds.")


def _context(context: Mapping[str, Any], hook: str) -> Broken:
    known = HOOKS[hook]
    for key in known.needed:
        if key not in context:
            yield _problem("missing-attribute", f"context.{key}", "This attribute is required.")
    for key in ("userId", "patientId", "encounterId"):
        yield from _text(context, key, "context.", needed=False)
    user = context.get("userId")
    if isinstance(user, str) and not (_REFERENCE.fullmatch(user) and user.partition("/")[0] in known.users):
        yield _problem("wrong-value", "context.userId", f"The user is one of: {', '.join(known.users)}.")
    for key in ("patientId", "encounterId"):
        if isinstance(context.get(key), str) and not _ID.fullmatch(context[key]):
            yield _problem("wrong-value", f"context.{key}", "This is no FHIR id.")
    if "draftOrders" in known.needed and "draftOrders" in context:
        yield from _orders(context, hook)


def _orders(context: Mapping[str, Any], hook: str) -> Broken:
    drafts = context["draftOrders"]
    if not isinstance(drafts, Mapping) or drafts.get("resourceType") != "Bundle":
        yield _problem("wrong-type", "context.draftOrders", "The draft orders are a FHIR bundle.")
        return
    entries = drafts.get("entry", [])
    resources = [e.get("resource") for e in entries if isinstance(e, Mapping)] if isinstance(entries, list) else []
    names = {
        f"{one['resourceType']}/{one['id']}"
        for one in resources
        if isinstance(one, Mapping) and isinstance(one.get("resourceType"), str) and isinstance(one.get("id"), str)
    }
    if hook != "order-select" or "selections" not in context:
        return
    selections = context["selections"]
    if not isinstance(selections, list) or not all(isinstance(one, str) for one in selections):
        yield _problem("wrong-type", "context.selections", "The selections are a list of references.")
    elif any(one not in names for one in selections):
        yield _problem("wrong-value", "context.selections", "A selection is none of the draft orders.")


def response_problems(body: object) -> tuple[Problem, ...]:
    """What an answer of a service breaks."""
    return tuple(_response(body))


def _response(body: object) -> Broken:
    if not isinstance(body, Mapping) or not isinstance(body.get("cards"), list):
        yield _problem("missing-attribute", "cards", "The answer is an object with a list of cards.")
        return
    for key in body:
        if key not in ("cards", "systemActions", "extension"):
            yield _problem("unknown-attribute", "", "CDS Hooks 2.0 has no such attribute here.")
    for i, card in enumerate(body["cards"]):
        yield from _card(card, f"cards[{i}]")
    actions = body.get("systemActions", [])
    if "systemActions" in body and (not isinstance(actions, list) or not actions):
        yield _problem("wrong-type", "systemActions", "Actions of the system are a list that is not empty.")
        return
    for i, action in enumerate(actions):
        yield from _action(action, f"systemActions[{i}]")


_CARD: Final = frozenset(
    {
        "uuid",
        "summary",
        "detail",
        "indicator",
        "source",
        "suggestions",
        "selectionBehavior",
        "overrideReasons",
        "links",
        "extension",
    }
)


def _card(card: object, at: str) -> Broken:
    if not isinstance(card, Mapping):
        yield _problem("wrong-type", at, "A card is an object.")
        return
    yield from (p for p in _filled(card, at, ("resource", "extension")))
    if set(card) - _CARD:
        yield _problem("unknown-attribute", at, "CDS Hooks 2.0 has no such attribute of a card.")
    yield from _text(card, "summary", f"{at}.", needed=True)
    if isinstance(card.get("summary"), str) and len(card["summary"]) >= SUMMARY_LIMIT:
        yield _problem("summary-too-long", f"{at}.summary", "A summary has less than 140 characters.")
    if card.get("indicator") not in ("info", "warning", "critical"):
        yield _problem("wrong-value", f"{at}.indicator", "An indicator is info, warning or critical.")
    for key in ("uuid", "detail"):
        yield from _text(card, key, f"{at}.", needed=False)
    yield from _source(card.get("source"), f"{at}.source")
    if "suggestions" in card:
        yield from _suggestions(card, at)
    for i, reason in enumerate(_list(card.get("overrideReasons", []))):
        yield from _coding(reason, f"{at}.overrideReasons[{i}]", display=True)
    for i, link in enumerate(_list(card.get("links", []))):
        yield from _link(link, f"{at}.links[{i}]")
    for key in ("suggestions", "overrideReasons", "links"):
        if key in card and not isinstance(card[key], list):
            yield _problem("wrong-type", f"{at}.{key}", "This attribute is a list.")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _source(source: object, at: str) -> Broken:
    if not isinstance(source, Mapping):
        yield _problem("missing-attribute", at, "A card names its source.")
        return
    yield from _text(source, "label", f"{at}.", needed=True)
    for key in ("url", "icon"):
        if key in source and not well_formed_url(source[key]):
            yield _problem("bad-url", f"{at}.{key}", "This is no absolute address.")
    if "topic" in source:
        yield from _coding(source["topic"], f"{at}.topic", display=False)


def _coding(coding: object, at: str, *, display: bool) -> Broken:
    if not isinstance(coding, Mapping):
        yield _problem("wrong-type", at, "A coding is an object.")
        return
    yield from _text(coding, "code", f"{at}.", needed=True)
    yield from _text(coding, "system", f"{at}.", needed=True)
    yield from _text(coding, "display", f"{at}.", needed=display)


def _suggestions(card: Mapping[str, Any], at: str) -> Broken:
    if card.get("selectionBehavior") not in ("at-most-one", "any"):
        yield _problem("wrong-value", f"{at}.selectionBehavior", "With suggestions it is at-most-one or any.")
    suggestions = _list(card["suggestions"])
    liked = [one for one in suggestions if isinstance(one, Mapping) and one.get("isRecommended") is True]
    if card.get("selectionBehavior") == "at-most-one" and len(liked) > 1:
        yield _problem(
            "wrong-value", f"{at}.suggestions", "At most one suggestion is recommended where at most one is taken."
        )
    for i, one in enumerate(suggestions):
        here = f"{at}.suggestions[{i}]"
        if not isinstance(one, Mapping):
            yield _problem("wrong-type", here, "A suggestion is an object.")
            continue
        if set(one) - {"label", "uuid", "isRecommended", "actions", "extension"}:
            yield _problem("unknown-attribute", here, "CDS Hooks 2.0 has no such attribute of a suggestion.")
        yield from _text(one, "label", f"{here}.", needed=True)
        yield from _text(one, "uuid", f"{here}.", needed=False)
        if not isinstance(one.get("isRecommended", False), bool):
            yield _problem("wrong-type", f"{here}.isRecommended", "This attribute is true or false.")
        for j, action in enumerate(_list(one.get("actions", []))):
            yield from _action(action, f"{here}.actions[{j}]")


def _action(action: object, at: str) -> Broken:
    if not isinstance(action, Mapping):
        yield _problem("wrong-type", at, "An action is an object.")
        return
    kind = action.get("type")
    if kind not in ("create", "update", "delete"):
        yield _problem("wrong-value", f"{at}.type", "An action creates, updates or deletes.")
    yield from _text(action, "description", f"{at}.", needed=True)
    resource = action.get("resource")
    if kind in ("create", "update") and not (
        isinstance(resource, Mapping) and isinstance(resource.get("resourceType"), str)
    ):
        yield _problem("missing-attribute", f"{at}.resource", "The action needs the whole resource.")
    if kind == "delete" and not isinstance(action.get("resourceId"), str):
        yield _problem("missing-attribute", f"{at}.resourceId", "A deletion names the resource.")


def _link(link: object, at: str) -> Broken:
    if not isinstance(link, Mapping):
        yield _problem("wrong-type", at, "A link is an object.")
        return
    if set(link) - {"label", "url", "type", "appContext", "extension"}:
        yield _problem("unknown-attribute", at, "CDS Hooks 2.0 has no such attribute of a link.")
    yield from _text(link, "label", f"{at}.", needed=True)
    if not well_formed_url(link.get("url")):
        yield _problem("bad-url", f"{at}.url", "This is no absolute address.")
    if link.get("type") not in ("absolute", "smart"):
        yield _problem("wrong-value", f"{at}.type", "A link is absolute or smart.")
    if "appContext" in link and link.get("type") != "smart":
        yield _problem("wrong-value", f"{at}.appContext", "Only a smart link has a context.")


def feedback_problems(body: object) -> tuple[Problem, ...]:
    """What feedback breaks."""
    return tuple(_feedback(body))


def _feedback(body: object) -> Broken:
    if not isinstance(body, Mapping) or not isinstance(body.get("feedback"), list) or not body["feedback"]:
        yield _problem("missing-attribute", "feedback", "Feedback is an object with a list that is not empty.")
        return
    for i, one in enumerate(body["feedback"]):
        at = f"feedback[{i}]"
        if not isinstance(one, Mapping):
            yield _problem("wrong-type", at, "An element of feedback is an object.")
            continue
        yield from _filled(one, at, ("extension",))
        yield from _text(one, "card", f"{at}.", needed=True)
        outcome = one.get("outcome")
        if outcome not in ("accepted", "overridden"):
            yield _problem("wrong-value", f"{at}.outcome", "An outcome is accepted or overridden.")
        stamp = one.get("outcomeTimestamp")
        if not isinstance(stamp, str) or not _STAMP.fullmatch(stamp) or not _exists(stamp):
            yield _problem("wrong-value", f"{at}.outcomeTimestamp", "The moment is an ISO timestamp in UTC.")
        accepted = one.get("acceptedSuggestions")
        if outcome == "accepted" and (not isinstance(accepted, list) or not accepted):
            yield _problem("missing-attribute", f"{at}.acceptedSuggestions", "Accepted says which suggestions.")
        if outcome == "overridden" and accepted is not None:
            yield _problem(
                "wrong-value", f"{at}.acceptedSuggestions", "What was overridden has no accepted suggestion."
            )
        for j, suggestion in enumerate(_list(accepted)):
            if not isinstance(suggestion, Mapping) or not isinstance(suggestion.get("id"), str) or not suggestion["id"]:
                yield _problem(
                    "missing-attribute", f"{at}.acceptedSuggestions[{j}].id", "A suggestion is named by its id."
                )
        if "overrideReason" in one:
            yield from _reason(one["overrideReason"], outcome, f"{at}.overrideReason")


def _reason(reason: object, outcome: object, at: str) -> Broken:
    if not isinstance(reason, Mapping):
        yield _problem("wrong-type", at, "A reason is an object.")
        return
    if outcome == "accepted":
        yield _problem("wrong-value", at, "What was accepted has no reason to override.")
    if "reason" in reason:
        yield from _coding(reason["reason"], f"{at}.reason", display=False)
    yield from _text(reason, "userComment", f"{at}.", needed=False)


def _exists(stamp: str) -> bool:
    try:
        dt.datetime.fromisoformat(re.sub(r"\.\d+", "", stamp))
    except ValueError:
        return False
    return True


def discovery_problems(body: object) -> tuple[Problem, ...]:
    """What a list of services breaks, prefetch templates included."""
    return tuple(_discovery(body))


def _discovery(body: object) -> Broken:
    if not isinstance(body, Mapping) or not isinstance(body.get("services"), list):
        yield _problem("missing-attribute", "services", "The list of services is required.")
        return
    for i, service in enumerate(body["services"]):
        at = f"services[{i}]"
        if not isinstance(service, Mapping):
            yield _problem("wrong-type", at, "A service is an object.")
            continue
        yield from _filled(service, at, ("extension",))
        for key, needed in (
            ("hook", True),
            ("description", True),
            ("id", True),
            ("title", False),
            ("usageRequirements", False),
        ):
            yield from _text(service, key, f"{at}.", needed=needed)
        templates = service.get("prefetch", {})
        if not isinstance(templates, Mapping):
            yield _problem("wrong-type", f"{at}.prefetch", "Prefetch templates are an object.")
            continue
        for template in templates.values():
            if not isinstance(template, str):
                yield _problem("wrong-type", f"{at}.prefetch", "A prefetch template is a text.")
                continue
            yield from _template(template, str(service.get("hook")), f"{at}.prefetch")


def _template(template: str, hook: str, at: str) -> Broken:
    known = HOOKS.get(hook)
    fields = {f"context.{name}" for name in known.tokens} if known else None
    for token in _TOKEN.findall(template):
        if token not in _USER_TOKENS and not (token.startswith("context.") if fields is None else token in fields):
            yield _problem("wrong-value", at, "A prefetch token names a field of the context, or the user.")
    rest = _TOKEN.sub("x", template)
    if "{" in rest or "}" in rest:
        yield _problem("wrong-value", at, "A prefetch token stands between two pairs of braces.")
