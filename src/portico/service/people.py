"""Who acts: the person that is signed in, or whoever uses this machine when nobody has to."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

from portico.service.roles import Role, may

__all__ = ["LOCAL", "NOBODY", "Person", "acting", "who"]


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who uses the service.

    Parameters
    ----------
    subject : name at the provider that never changes and is never given to another; written into the audit log
    name : as the provider shows it; None when it tells none. It stands on a signed Directive and in no log
    roles : what the person may do
    program : whether it is a program with an access token; it signs nothing
    signed_in : False for whoever uses this machine without sign-in, and for nobody
    """

    subject: str
    name: str | None
    roles: frozenset[Role]
    signed_in: bool = True
    program: bool = False

    @property
    def signature(self) -> str:
        """How a Directive names the person: ``Dr A. Example (248289761001)``."""
        return self.subject if self.name is None else f"{self.name} ({self.subject})"

    def may(self, method: str, pattern: str) -> bool:
        """Whether the person may use a route.

        >>> LOCAL.may("GET", "/")
        True
        """
        return may(self.roles, method, pattern)


LOCAL: Final = Person("local", None, frozenset(Role), signed_in=False)
"""Whoever uses this machine; may do everything."""
NOBODY: Final = Person("nobody", None, frozenset(), signed_in=False)
"""Someone who has not signed in where one has to."""

acting: ContextVar[Person] = ContextVar("acting", default=LOCAL)
"""Set for each request by the gate of a service with sign-in; a thread that works for the request inherits it."""


def who() -> Person:
    """The person for whom this request is served."""
    return acting.get()
