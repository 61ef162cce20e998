"""Who may do what: one table from method and route to roles.

A route that has no entry is refused to everybody. A test walks the routes of the application and fails when one has
no entry, so that whoever adds a route also says who may use it.

>>> sorted(allowed("POST", "/cases/{case_id}/sign"))
[<Role.CLINICIAN: 'clinician'>]
>>> allowed("GET", "/no/such/route") is None
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Final

__all__ = ["BY_HAND", "EVERYBODY", "ROUTES", "Open", "Role", "allowed", "may", "roles_of"]


class Role(Enum):
    """What a person is here for. A person may have several roles; each gives what its rows of the table say."""

    VIEWER = "viewer"
    """Reads cases, advice, Directives and checks."""
    CLINICIAN = "clinician"
    """Reads, enters cases, signs, and checks plans."""
    PHYSICIST = "physicist"
    """Reads and checks plans."""
    AUDITOR = "auditor"
    """Reads, and sees the audit log and the figures of the service."""
    ADMIN = "admin"
    """Sees the figures of the service and its work, and nothing of a case."""

    def __lt__(self, other: Role) -> bool:
        return self.value < other.value


class Open(Enum):
    """What stands in the table instead of roles when nobody has to sign in."""

    EVERYBODY = "everybody"
    """Only for what shows nothing that is stored, or proves by itself who calls."""


EVERYBODY: Final = Open.EVERYBODY
_SIGNED_IN: Final = frozenset(Role)
_READ: Final = frozenset({Role.VIEWER, Role.CLINICIAN, Role.PHYSICIST, Role.AUDITOR})
_ENTER: Final = frozenset({Role.CLINICIAN})
_CHECK: Final = frozenset({Role.CLINICIAN, Role.PHYSICIST})
_WORK: Final = _CHECK | {Role.AUDITOR}
_WATCH: Final = frozenset({Role.AUDITOR, Role.ADMIN})

ROUTES: Final[Mapping[tuple[str, str], frozenset[Role] | Open]] = {
    # The service itself
    ("GET", "/health"): EVERYBODY,
    ("GET", "/static/portico.css"): EVERYBODY,
    ("GET", "/static/form.js"): EVERYBODY,
    ("GET", "/static/job.js"): EVERYBODY,
    ("GET", "/metrics"): _WATCH,
    ("GET", "/api/v1/openapi.json"): _SIGNED_IN,
    # Sign-in
    ("GET", "/sign-in"): EVERYBODY,
    ("GET", "/sign-in/return"): EVERYBODY,
    ("GET", "/signed-out"): EVERYBODY,
    ("GET", "/account"): _SIGNED_IN,
    ("POST", "/sign-out"): _SIGNED_IN,
    # Pages
    ("GET", "/"): _READ,
    ("GET", "/cases/new"): _ENTER,
    ("POST", "/cases/new"): _ENTER,
    ("GET", "/cases/{case_id}/edit"): _ENTER,
    ("POST", "/cases/{case_id}/edit"): _ENTER,
    ("GET", "/cases/{case_id}"): _READ,
    ("GET", "/cases/{case_id}/json"): _READ,
    ("GET", "/cases/{case_id}/advice"): _READ,
    ("GET", "/cases/{case_id}/advice.pdf"): _READ,
    ("GET", "/cases/{case_id}/sign"): _ENTER,
    ("POST", "/cases/{case_id}/sign"): _ENTER,
    ("GET", "/cases/{case_id}/close"): _ENTER,
    ("POST", "/cases/{case_id}/close"): _ENTER,
    ("POST", "/cases/{case_id}/export"): _ENTER,
    ("GET", "/directives/{seal}"): _READ,
    ("GET", "/directives/{seal}/pdf"): _READ,
    ("GET", "/directives/{seal}/json"): _READ,
    ("GET", "/directives/{seal}/check"): _CHECK,
    ("POST", "/directives/{seal}/check"): _CHECK,
    ("GET", "/directives/{seal}/targets"): _CHECK,
    ("POST", "/directives/{seal}/targets"): _CHECK,
    ("GET", "/directives/{seal}/plan"): _CHECK,
    ("POST", "/directives/{seal}/plan"): _CHECK,
    ("GET", "/audit"): _WORK,
    ("POST", "/audit"): _WORK,
    ("GET", "/jobs"): _WORK,
    ("GET", "/jobs/{job_id}"): _WORK,
    ("POST", "/jobs/{job_id}/cancel"): _WORK,
    ("POST", "/jobs/{job_id}/resume"): _WORK,
    ("GET", "/jobs/{job_id}/report"): _WORK,
    ("GET", "/jobs/{job_id}/files/{name}"): _WORK,
    ("GET", "/checks/{check_id}"): _READ,
    # Evidence: the library alone, nothing of a case
    ("GET", "/evidence"): _SIGNED_IN,
    ("GET", "/evidence/questions"): _SIGNED_IN,
    ("GET", "/evidence/questions/{question}"): _SIGNED_IN,
    ("GET", "/evidence/gaps"): _SIGNED_IN,
    ("GET", "/evidence/timeline"): _SIGNED_IN,
    ("GET", "/evidence/{record_id}"): _SIGNED_IN,
    # REST
    ("GET", "/api/v1/token"): _SIGNED_IN,
    ("GET", "/api/v1/bed"): _SIGNED_IN,
    ("GET", "/api/v1/scores"): _SIGNED_IN,
    ("GET", "/api/v1/scores/{score_id}"): _SIGNED_IN,
    ("POST", "/api/v1/scores/{score_id}"): _SIGNED_IN,
    ("POST", "/api/v1/score-comparison"): _SIGNED_IN,
    ("GET", "/api/v1/evidence/figures"): _SIGNED_IN,
    ("GET", "/api/v1/evidence/studies/{record_id}"): _SIGNED_IN,
    ("GET", "/api/v1/evidence/questions"): _SIGNED_IN,
    ("GET", "/api/v1/evidence/questions/{question_id}"): _SIGNED_IN,
    ("GET", "/api/v1/evidence/gaps"): _SIGNED_IN,
    ("GET", "/api/v1/evidence/timeline"): _SIGNED_IN,
    ("GET", "/api/v1/knowledge"): _SIGNED_IN,
    ("GET", "/api/v1/knowledge/records/{record_id}"): _SIGNED_IN,
    ("GET", "/api/v1/knowledge/{kind}"): _SIGNED_IN,
    ("GET", "/api/v1/cases"): _READ,
    ("GET", "/api/v1/cases/{case_id}"): _READ,
    ("GET", "/api/v1/cases/{case_id}/history"): _READ,
    ("GET", "/api/v1/cases/{case_id}/advice"): _READ,
    ("GET", "/api/v1/cases/{case_id}/advice.html"): _READ,
    ("GET", "/api/v1/cases/{case_id}/advice.pdf"): _READ,
    ("GET", "/api/v1/cases/{case_id}/directives"): _READ,
    ("GET", "/api/v1/directives/{seal}"): _READ,
    ("GET", "/api/v1/directives/{seal}/pdf"): _READ,
    ("POST", "/api/v1/cases/validate"): _READ,
    ("POST", "/api/v1/advice"): _READ,
    ("POST", "/api/v1/explain"): _READ,
    ("POST", "/api/v1/cases"): _ENTER,
    ("PUT", "/api/v1/cases/{case_id}"): _ENTER,
    ("POST", "/api/v1/cases/{case_id}/sign"): _ENTER,
    ("POST", "/api/v1/uploads"): _WORK,
    ("POST", "/api/v1/jobs/check"): _CHECK,
    ("POST", "/api/v1/jobs/dvh"): _CHECK,
    ("POST", "/api/v1/jobs/targets"): _CHECK,
    ("POST", "/api/v1/jobs/plan"): _CHECK,
    ("POST", "/api/v1/jobs/audit"): _WORK,
    ("GET", "/api/v1/jobs"): _WORK,
    ("GET", "/api/v1/jobs/{job_id}"): _WORK,
    ("POST", "/api/v1/jobs/{job_id}/cancel"): _WORK,
    ("POST", "/api/v1/jobs/{job_id}/resume"): _WORK,
    ("GET", "/api/v1/jobs/{job_id}/result"): _WORK,
    ("GET", "/api/v1/jobs/{job_id}/files/{name}"): _WORK,
    ("GET", "/api/v1/archives"): _CHECK,
    ("GET", "/api/v1/archives/{archive}/studies"): _CHECK,
    ("POST", "/api/v1/archives/{archive}/results"): _CHECK,
    ("GET", "/api/v1/audit-log/verify"): _WATCH,
    # CDS Hooks: a call proves by its own token which client it comes from
    ("GET", "/cds-services"): EVERYBODY,
    ("POST", "/cds-services/{service}"): EVERYBODY,
    ("POST", "/cds-services/{service}/feedback"): EVERYBODY,
    ("GET", "/cds-feedback"): _READ,
    # FHIR: nothing of it is stored
    ("GET", "/fhir/metadata"): EVERYBODY,
    ("GET", "/fhir/PlanDefinition/portico-rules"): _READ,
    ("POST", "/fhir/$import"): _READ,
    ("POST", "/fhir/$options"): _READ,
    ("POST", "/fhir/PlanDefinition/portico-rules/$apply"): _READ,
}
"""For each method and pattern of a route, the roles that may use it. HEAD counts as GET."""

BY_HAND: Final = frozenset({("POST", "/cases/{case_id}/sign"), ("POST", "/api/v1/cases/{case_id}/sign")})
"""What a person does in a session of their own, and no program with an access token, whatever its roles."""


def allowed(method: str, pattern: str) -> frozenset[Role] | Open | None:
    """The roles that may use a route; ``EVERYBODY`` when nobody has to sign in, None when it has no entry."""
    return ROUTES.get(("GET" if method == "HEAD" else method, pattern))


def may(roles: Iterable[Role], method: str, pattern: str) -> bool:
    """Whether someone with these roles may use a route.

    >>> may([Role.VIEWER], "GET", "/"), may([Role.VIEWER], "POST", "/cases/new"), may(Role, "GET", "/unlisted")
    (True, False, False)
    """
    found = allowed(method, pattern)
    if found is None:
        return False
    return isinstance(found, Open) or not found.isdisjoint(roles)


def roles_of(groups: Iterable[str], given_by: Mapping[str, tuple[str, ...]]) -> frozenset[Role]:
    """The roles that the groups of a person give.

    Parameters
    ----------
    groups : of the person, as the provider names them; upper and lower case count
    given_by : for each role the groups that give it

    >>> sorted(roles_of(["onkologie"], {"viewer": ("all",), "clinician": ("onkologie", "strahlen")}))
    [<Role.CLINICIAN: 'clinician'>]
    """
    own = frozenset(groups)
    return frozenset(role for role in Role if not own.isdisjoint(given_by.get(role.value, ())))
