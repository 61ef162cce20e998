"""Who may call the hooks: clients of a file, each with its issuer and its public keys, and the token that proves a call.

No key is fetched: a client's JWK set lies in a file beside ``cds-clients.yaml``. Only ES384 and RS384 are taken, so that neither ``none``
nor a shared secret can sign, and a token is good for one call.

Source: CDS Hooks 2.0, Trusting CDS Clients; RFC 7519; RFC 8725.
"""

from __future__ import annotations

import base64
import binascii
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from portico.errors import ReadingRefused, UsageError
from portico.reading import Limits, parse_json, read_document
from portico.service.cds_hooks_rules import well_formed_url
from portico.service.settings import Settings, is_loopback

__all__ = ["ALGORITHMS", "Client", "Clients", "NotTrusted", "read_clients"]

ALGORITHMS: Final = ("ES384", "RS384")
"""What the specification recommends; nothing else is taken."""
FILE: Final = "cds-clients.yaml"
LEEWAY_S: Final = 30
"""Seconds by which the clocks of client and service may differ."""
LONGEST_LIFE_S: Final = 600
"""A token that lives longer is refused: its name must be remembered as long."""
_LONGEST_TOKEN: Final = 8 * 1024
_LONGEST_NAME: Final = 200
_FEW_NAMES: Final = 10_000
_MOST_NAMES: Final = 500_000
_FEWEST_RSA_BITS: Final = 2048
_LIMITS: Final = Limits(max_bytes=_LONGEST_TOKEN, max_depth=6, max_nodes=200)
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class NotTrusted(UsageError):
    """A call that does not prove who it comes from."""

    default_code = "not-trusted"


@dataclass(frozen=True, slots=True)
class Client:
    """A client: its issuer and its keys by name, each with the algorithm it signs with."""

    issuer: str
    keys: Mapping[str, tuple[str, ECKey | RSAKey]] = field(repr=False)
    tenants: tuple[str, ...] = ()


class Clients:
    """The clients of a service, and the names of the tokens that they used.

    Parameters
    ----------
    clients : by issuer
    base_url : address under which clients reach the service, without a slash at the end
    open_here : whether a call without a token is served when the service listens on this machine only
    clock : seconds since the epoch

    Notes
    -----
    Used names are kept in this process until their token has expired. A token from before the start of the process is refused, so that
    a restart forgets nothing that could be used again; several processes behind one address would not know each other's names.
    """

    def __init__(
        self,
        clients: Mapping[str, Client],
        base_url: str,
        *,
        open_here: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.clients = clients
        self.base_url = base_url
        self.open_here = open_here
        self._clock = clock
        self._began = clock()
        self._used: dict[tuple[str, str], float] = {}
        self._look_at = _FEW_NAMES
        self._lock = threading.Lock()

    def trusted(self, header: str | None, addresses: tuple[str, ...]) -> str:
        """Who calls; the token is used up by this.

        Parameters
        ----------
        header : ``Authorization`` of the request; None when there is none
        addresses : the endpoint that was called, in the forms in which ``aud`` may name it

        Raises
        ------
        NotTrusted : ``no-token``, ``bad-token``, ``unknown-client``, ``token-algorithm``, ``token-signature``, ``token-expired``,
            ``token-audience``, ``token-replayed``
        """
        if header is None:
            if self.open_here:
                return "this machine"
            raise NotTrusted("A call needs a token of its client.", code="no-token", fix=f"Name the client in {FILE}.")
        kind, _, token = header.partition(" ")
        if kind != "Bearer" or not 0 < len(token) <= _LONGEST_TOKEN or not token.isascii():
            raise _refused("bad-token")
        parts = token.split(".")
        if len(parts) != 3:
            raise _refused("bad-token")
        head, claims = _part(parts[0]), _part(parts[1])
        client, key = self._key(head, claims)
        try:
            found = jwt.decode(token, key, algorithms=[str(head["alg"])])
        except (JoseError, ValueError, TypeError, RecursionError):
            raise _refused("token-signature") from None
        if dict(found.claims) != claims:
            raise _refused("bad-token")
        self._use(client, claims, addresses)
        return client.issuer

    def _key(self, head: Mapping[str, Any], claims: Mapping[str, Any]) -> tuple[Client, ECKey | RSAKey]:
        algorithm, name = head.get("alg"), head.get("kid")
        if algorithm not in ALGORITHMS:
            raise _refused("token-algorithm")
        if head.get("typ") != "JWT" or "crit" in head or "jwk" in head or "x5c" in head:
            raise _refused("bad-token")
        issuer = claims.get("iss")
        client = self.clients.get(issuer) if isinstance(issuer, str) else None
        if client is None:
            raise _refused("unknown-client")
        known = client.keys.get(name) if isinstance(name, str) else None
        if known is None or known[0] != algorithm:
            raise _refused("token-signature")
        if client.tenants and claims.get("tenant") not in client.tenants:
            raise _refused("unknown-client")
        return client, known[1]

    def _use(self, client: Client, claims: Mapping[str, Any], addresses: tuple[str, ...]) -> None:
        now = self._clock()
        ends, began = _seconds(claims.get("exp")), _seconds(claims.get("iat"))
        after = _seconds(claims["nbf"]) if "nbf" in claims else began
        if (
            ends <= now - LEEWAY_S or began > now + LEEWAY_S or after > now + LEEWAY_S
            or ends - began > LONGEST_LIFE_S or began < int(self._began)
        ):  # fmt: skip
            raise _refused("token-expired")
        audience = claims.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if not named or not all(isinstance(one, str) for one in named) or not set(named) & set(addresses):
            raise _refused("token-audience")
        token = claims.get("jti")
        if not isinstance(token, str) or not 0 < len(token) <= _LONGEST_NAME:
            raise _refused("bad-token")
        with self._lock:
            if len(self._used) >= self._look_at:
                self._used = {key: until for key, until in self._used.items() if until > now}
                self._look_at = min(max(_FEW_NAMES, 2 * len(self._used)), _MOST_NAMES)
            if len(self._used) >= _MOST_NAMES or (client.issuer, token) in self._used:
                raise _refused("token-replayed")
            self._used[client.issuer, token] = ends + LEEWAY_S


_MESSAGES: Final = {
    "bad-token": "The token cannot be read.",
    "unknown-client": "The token comes from no client that is known here.",
    "token-algorithm": "The token must be signed with ES384 or RS384.",
    "token-signature": "The signature of the token does not hold.",
    "token-expired": "The token is not valid now, or lives too long.",
    "token-audience": "The token was made for another address.",
    "token-replayed": "The token was used before.",
}


def _refused(code: str) -> NotTrusted:
    return NotTrusted(_MESSAGES[code], code=code)


def _part(text: str) -> dict[str, Any]:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        value = parse_json(data, name="<token>", limits=_LIMITS).value
    except (binascii.Error, ValueError, ReadingRefused):
        raise _refused("bad-token") from None
    if not isinstance(value, dict):
        raise _refused("bad-token")
    return value


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e11:
        raise _refused("bad-token")
    return float(value)


def read_clients(settings: Settings) -> Clients:
    """The clients that ``cds-clients.yaml`` in the folder of the service names; without that file there is none.

    Raises
    ------
    ReadingRefused : the file or a JWK set cannot be read, or does not hold
    """
    path = settings.folder / FILE
    if not path.exists():
        return Clients({}, settings.origin)
    document = read_document(path)
    value = document.value

    def bad(message: str, *place: str | int) -> ReadingRefused:
        return ReadingRefused(
            message, code="bad-clients", file=FILE, path=document.place(place), line=document.line(place)
        )

    known = {"schema", "base_url", "open_on_this_machine", "clients"}
    if not isinstance(value, Mapping) or value.get("schema") != "cds-clients/1" or set(value) - known:
        raise bad("This is not a list of clients: schema cds-clients/1, base_url, open_on_this_machine, clients.")
    base, open_here, rows = (
        value.get("base_url", settings.origin),
        value.get("open_on_this_machine", False),
        value.get("clients", []),
    )
    if not well_formed_url(base) or base.endswith("/"):
        raise bad("The address is absolute and does not end with a slash.", "base_url")
    if not isinstance(open_here, bool) or not isinstance(rows, list):
        raise bad("open_on_this_machine is true or false, and clients is a list.")
    if open_here and (not is_loopback(settings.host) or settings.sign_in is not None):
        raise bad("A service that others reach cannot be open.", "open_on_this_machine")
    clients: dict[str, Client] = {}
    for i, row in enumerate(rows):
        if (
            not isinstance(row, Mapping)
            or set(row) - {"issuer", "keys", "tenants"}
            or not well_formed_url(row.get("issuer"))
        ):
            raise bad("A client has issuer, keys and perhaps tenants; the issuer is an address.", "clients", i)
        tenants = row.get("tenants", [])
        if not isinstance(tenants, list) or not all(isinstance(one, str) and one for one in tenants):
            raise bad("Tenants are a list of texts.", "clients", i, "tenants")
        if row["issuer"] in clients or not isinstance(row.get("keys"), str):
            raise bad("Each issuer stands once, with the file of its keys.", "clients", i)
        keys = _keys(settings.folder / row["keys"])
        if not keys:
            raise bad("The JWK set holds no public key for ES384 or RS384.", "clients", i, "keys")
        clients[row["issuer"]] = Client(row["issuer"], keys, tuple(tenants))
    return Clients(clients, base, open_here=open_here)


def _keys(path: Path) -> dict[str, tuple[str, ECKey | RSAKey]]:
    """The public keys of a JWK set that can sign; others, and keys without a name of their own, are left out."""
    value = read_document(path).value
    found: dict[str, tuple[str, ECKey | RSAKey]] = {}
    for one in value.get("keys", []) if isinstance(value, Mapping) and isinstance(value.get("keys"), list) else []:
        if not isinstance(one, dict) or not isinstance(one.get("kid"), str) or one.get("use", "sig") != "sig":
            continue
        public = {name: item for name, item in one.items() if name not in _PRIVATE}
        try:
            key: ECKey | RSAKey
            if one.get("kty") == "EC" and one.get("crv") == "P-384":
                algorithm, key = "ES384", ECKey.import_key(public)
            elif one.get("kty") == "RSA":
                algorithm, key = "RS384", RSAKey.import_key(public)
                if key.public_key.key_size < _FEWEST_RSA_BITS:
                    continue
            else:
                continue
        except (JoseError, ValueError, TypeError, KeyError):
            continue
        if one.get("alg", algorithm) == algorithm and one["kid"] not in found:
            found[one["kid"]] = (algorithm, key)
    return found
