"""The ID token of OpenID Connect: who signed in, proved by a key of the provider.

Source: OpenID Connect Core 1.0 incorporating errata set 2, section 3.1.3.7; RFC 8725 (best current practices of JWT).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from joserfc import jws, jwt
from joserfc.errors import ExpiredTokenError, InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from portico.errors import UsageError
from portico.service.people import Person
from portico.service.roles import roles_of
from portico.service.settings import SignInSettings

__all__ = [
    "ALGORITHMS",
    "LEEWAY_S",
    "NoSuchKey",
    "SignInRefused",
    "access_claims_of",
    "claims_of",
    "keys_of",
    "person_of",
]

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures that are taken: by a private key that only the provider has. Neither ``none`` nor a shared secret."""
LEEWAY_S: Final = 60
"""Seconds by which the clocks of provider and service may differ."""
_LONGEST_TOKEN: Final = 64 * 1024
_LONGEST_SUBJECT: Final = 190
_FEWEST_RSA_BITS: Final = 2048
_MOST_GROUPS: Final = 10_000


class SignInRefused(UsageError):
    """Someone could not be signed in."""

    default_code = "sign-in-refused"


class NoSuchKey(SignInRefused):
    """A token names a key that the provider does not list, or did not when it was asked last."""

    default_code = "token-key"


def keys_of(document: Mapping[str, Any]) -> KeySet:
    """The public signing keys of a JWK set; keys of other kinds, for encryption or too short are left out.

    Raises
    ------
    SignInRefused : ``provider-keys``, when none is left
    """
    found = document.get("keys")
    kept: list[RSAKey | ECKey | OKPKey] = []
    for one in found if isinstance(found, list) else []:
        if not isinstance(one, dict) or one.get("use", "sig") != "sig":
            continue
        kinds: dict[Any, type[RSAKey] | type[ECKey] | type[OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
        kind = kinds.get(one.get("kty"))
        if kind is None:
            continue
        try:
            key = kind.import_key({name: value for name, value in one.items() if name not in ("d", "p", "q")})
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if isinstance(key, RSAKey) and key.public_key.key_size < _FEWEST_RSA_BITS:
            continue
        kept.append(key)
    if not kept:
        raise SignInRefused("The provider lists no key that a signature could be checked with.", code="provider-keys")
    return KeySet(list(kept))


def claims_of(token: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that holds in every respect.

    Parameters
    ----------
    token : as the provider gave it
    keys : of the provider, from :func:`keys_of`
    issuer, client_id : who must have made it, and for whom
    nonce : which this attempt to sign in sent to the provider

    Raises
    ------
    SignInRefused : ``token-signature``, ``token-expired``, ``token-claims``
    NoSuchKey : ``token-key``
    """
    claims = _holding(token, keys, issuer=issuer, audience=client_id, nonce={"essential": True, "value": nonce})
    audience = claims["aud"]
    many = isinstance(audience, list) and len(audience) > 1
    # A token for several must say to whom it was given; one that says so must mean this service.
    if claims.get("azp", None if many else client_id) != client_id or claims["nonce"] != nonce:
        raise _refused("token-claims")
    return claims


def access_claims_of(token: str, keys: KeySet, *, issuer: str, audience: str) -> dict[str, Any]:
    """The claims of an access token that a program brings, made by the provider for this service's interfaces.

    Parameters
    ----------
    audience : name of the interfaces at the provider; never that of the client, whose ID tokens are no access tokens

    Raises
    ------
    SignInRefused, NoSuchKey : see :func:`claims_of`
    """
    return _holding(token, keys, issuer=issuer, audience=audience)


def _holding(token: str, keys: KeySet, *, issuer: str, audience: str, **more: Any) -> dict[str, Any]:
    if len(token) > _LONGEST_TOKEN:
        raise _refused("token-claims")
    try:
        found = jwt.decode(token, keys, algorithms=list(ALGORITHMS), registry=_registry())
    except InvalidKeyIdError:
        raise NoSuchKey("The provider signed with a key that it does not list.", fix="Sign in once more.") from None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise _refused("token-signature") from None
    claims: dict[str, Any] = dict(found.claims)
    try:
        rules = jwt.JWTClaimsRegistry(
            now=lambda: int(time.time()), leeway=LEEWAY_S,
            iss={"essential": True, "value": issuer}, sub={"essential": True}, aud={"essential": True, "value": audience},
            exp={"essential": True}, iat={"essential": True}, **more,
        )  # fmt: skip
        rules.validate(claims)
    except ExpiredTokenError:
        raise _refused("token-expired") from None
    except (JoseError, ValueError, TypeError, OverflowError):
        raise _refused("token-claims") from None
    return claims


def person_of(claims: Mapping[str, Any], settings: SignInSettings) -> Person:
    """The person of an ID token that was checked, with the roles of their groups.

    Raises
    ------
    SignInRefused : ``no-role``, when none of the groups gives one; ``token-claims``
    """
    subject, name, groups = claims["sub"], claims.get("name"), claims.get(settings.groups_claim)
    if not subject or len(subject) > _LONGEST_SUBJECT or not subject.isascii() or not subject.isprintable():
        raise _refused("token-claims")
    listed: Sequence[Any] = [groups] if isinstance(groups, str) else groups if isinstance(groups, list) else []
    roles = roles_of((one for one in listed[:_MOST_GROUPS] if isinstance(one, str)), settings.groups)
    if not roles:
        raise SignInRefused(
            "None of your groups may use this service.", code="no-role", fix="Ask whoever runs it for a role."
        )
    shown = " ".join("".join(c if c.isprintable() else " " for c in name).split()) if isinstance(name, str) else ""
    # Name and subject together stand on a Directive.
    return Person(subject, shown[: _LONGEST_SUBJECT - 3 - len(subject)].strip() or None, roles)


def _registry() -> jws.JWSRegistry:
    return jws.JWSRegistry(algorithms=list(ALGORITHMS))


def _refused(code: str) -> SignInRefused:
    return SignInRefused("What the provider of sign-in gave does not hold.", code=code, fix="Sign in once more.")
