"""The seal of a Directive: a hash over everything else in it.

The seal shows that nothing was changed since; it does not prove who sealed it. Anyone can check it: take the
file, remove ``hash``, write the rest as canonical JSON (RFC 8785), compute SHA-256.
"""

from __future__ import annotations

from portico.directive.canonical import sha256_of
from portico.directive.model import Directive

__all__ = ["directive_hash", "seal", "verify_seal"]


def directive_hash(directive: Directive) -> str:
    """SHA-256 over the canonical JSON of a Directive without its ``hash`` field; null fields are included."""
    body = directive.to_dict()
    del body["hash"]
    return sha256_of(body)


def seal(directive: Directive) -> Directive:
    """The same Directive with its hash; an older hash is replaced."""
    return directive.model_copy(update={"hash": directive_hash(directive)})


def verify_seal(directive: Directive) -> bool:
    """Whether the Directive carries a hash and everything else in it still gives that hash."""
    return directive.hash is not None and directive.hash == directive_hash(directive)
