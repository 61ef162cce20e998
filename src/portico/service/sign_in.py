"""Sign-in at the provider of the department: OpenID Connect, authorization code flow with PKCE.

Source: OpenID Connect Core 1.0 section 3.1; OpenID Connect Discovery 1.0; RFC 7636 (PKCE); RFC 9207 (issuer of an
answer); RFC 9700 (best current practice of OAuth 2.0).
"""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx
from authlib.oauth2.rfc6749.parameters import (  # type: ignore[import-untyped]  # ships no types
    prepare_grant_uri,
    prepare_token_request,
)
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]  # ships no types
from joserfc.jwk import KeySet
from sqlalchemy import delete, func, insert, select

from portico.service import tables
from portico.service.audit import now, stamp
from portico.service.people import Person
from portico.service.sessions import hash_of
from portico.service.settings import Settings, SignInSettings, is_loopback
from portico.service.sign_in_token import NoSuchKey, SignInRefused, access_claims_of, claims_of, keys_of, person_of
from portico.service.storage import Store, Unavailable, guarded

__all__ = ["RETURN", "Provider", "SignIn"]

RETURN: Final = "/sign-in/return"
"""Path to which the provider sends a browser back; it must be registered there behind the public address."""
_ATTEMPT: Final = dt.timedelta(minutes=10)
_MOST_ATTEMPTS: Final = 10_000
_KEEP_S: Final = 3600.0
_ASK_AGAIN_S: Final = 30.0
_TIMEOUT_S: Final = 10.0
_LARGEST_ANSWER: Final = 1024 * 1024


class Provider:
    """What is known of the provider: its addresses and its keys, asked for when they are needed first.

    Parameters
    ----------
    settings : issuer and client
    """

    def __init__(self, settings: SignInSettings) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._found: dict[str, Any] | None = None
        self._keys: KeySet | None = None
        self._found_at = self._keys_at = float("-inf")

    def addresses(self) -> Mapping[str, Any]:
        """The discovery document, checked; kept for an hour.

        Raises
        ------
        Unavailable : the provider does not answer
        SignInRefused : ``provider``
        """
        with self._lock:
            if self._found is None or time.monotonic() - self._found_at > _KEEP_S:
                issuer = self.settings.issuer
                found = self._ask("GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
                if found.get("issuer") != issuer:
                    raise _provider("The provider names itself otherwise than the configuration names it.")
                for key in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                    self._check_address(found.get(key))
                if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
                    raise _provider("The provider does not take PKCE with SHA-256.")
                self._found, self._found_at = found, time.monotonic()
            return self._found

    def keys(self, *, anew: bool = False) -> KeySet:
        """The keys of the provider; kept for an hour, or asked for anew, at most twice a minute."""
        where = self.addresses()["jwks_uri"]
        with self._lock:
            age = time.monotonic() - self._keys_at
            if self._keys is None or age > (_ASK_AGAIN_S if anew else _KEEP_S):
                self._keys = keys_of(self._ask("GET", where))
                self._keys_at = time.monotonic()
            return self._keys

    def tokens(self, code: str, *, verifier: str, redirect: str) -> dict[str, Any]:
        """What the provider gives for a code.

        Raises
        ------
        SignInRefused : ``code-refused``
        Unavailable : the provider does not answer
        """
        found, own = self.addresses(), self.settings
        headers = {"content-type": "application/x-www-form-urlencoded"}
        more = {"code": code, "code_verifier": verifier}
        if own.client_secret is None:
            more["client_id"] = own.client_id
        elif "client_secret_basic" in found.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            pair = f"{quote(own.client_id, safe='')}:{quote(own.client_secret, safe='')}"
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            more |= {"client_id": own.client_id, "client_secret": own.client_secret}
        body = prepare_token_request("authorization_code", redirect_uri=redirect, **more)
        return self._ask("POST", found["token_endpoint"], body, headers)

    def _check_address(self, text: object) -> None:
        parts = urlsplit(text) if isinstance(text, str) else urlsplit("")
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            raise _provider("The provider gives an address that is not secured.")

    def _ask(self, method: str, url: str, body: str | None = None, headers: dict[str, str] | None = None) -> dict[str, Any]:  # fmt: skip
        data = b""
        try:
            with (
                httpx.Client(timeout=_TIMEOUT_S, follow_redirects=False) as client,
                client.stream(method, url, content=body, headers={"accept": "application/json", **(headers or {})}) as got,
            ):  # fmt: skip
                for block in got.iter_bytes():
                    data += block
                    if len(data) > _LARGEST_ANSWER:
                        raise _provider("The provider answers with too much.")
        except (httpx.HTTPError, httpx.InvalidURL):
            raise Unavailable(
                "The provider of sign-in does not answer.", code="provider-unavailable", fix="Try again in a minute."
            ) from None
        if got.status_code >= 500:
            raise Unavailable(
                "The provider of sign-in fails.", code="provider-unavailable", fix="Try again in a minute."
            )
        if method == "POST" and got.status_code >= 400:
            raise SignInRefused("The provider refused this sign-in.", code="code-refused", fix="Sign in once more.")
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            found = None
        if got.status_code != 200 or not isinstance(found, dict):
            raise _provider("The provider does not answer as OpenID Connect says.")
        return found


class SignIn:
    """Attempts to sign in: begun here, sent to the provider, and taken back once.

    Parameters
    ----------
    store : keeps the attempts, so that any process of the service can take one back
    settings : with ``sign_in``
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        assert settings.sign_in is not None
        self._store = store
        self._settings = settings.sign_in
        self._redirect = settings.origin + RETURN
        self.provider = Provider(settings.sign_in)

    def begin(self, browser: str, to: str) -> str:
        """Begin an attempt.

        Parameters
        ----------
        browser : random name that the browser keeps in a cookie; only it can come back
        to : path to open afterwards

        Returns
        -------
        address at the provider

        Raises
        ------
        Unavailable : the provider or the database does not answer, or too many attempts are open
        """
        where = self.provider.addresses()["authorization_endpoint"]
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        table = tables.sign_ins
        with guarded(), self._store.engine.begin() as connection:
            connection.execute(delete(table).where(table.c.at <= stamp(_ATTEMPT)))
            if (connection.execute(select(func.count()).select_from(table)).scalar() or 0) >= _MOST_ATTEMPTS:
                raise Unavailable("Too many people sign in at once.", fix="Try again in a minute.")
            row = {"browser": hash_of(browser), "nonce": nonce, "verifier": verifier, "to": to, "at": now()}
            connection.execute(insert(table).values(id=hash_of(state), **row))
        return str(
            prepare_grant_uri(
                where, client_id=self._settings.client_id, response_type="code", redirect_uri=self._redirect,
                scope=" ".join(self._settings.scopes), state=state, nonce=nonce,
                code_challenge=create_s256_code_challenge(verifier), code_challenge_method="S256",
            )
        )  # fmt: skip

    def finish(self, browser: str, answer: Mapping[str, str]) -> tuple[Person, str]:
        """Take back an attempt.

        Parameters
        ----------
        browser : see :meth:`begin`
        answer : what the provider gave the browser: ``state``, ``code`` or ``error``, ``iss``

        Returns
        -------
        the person, and the path to open

        Raises
        ------
        SignInRefused : ``state``, ``provider-said-no``, ``code-refused``, ``token-…``, ``no-role``
        Unavailable : the provider or the database does not answer
        """
        table, name = tables.sign_ins, hash_of(answer.get("state", ""))
        with guarded(), self._store.engine.begin() as connection:
            row = connection.execute(select(table).where(table.c.id == name)).first()
            # Whatever comes of it, it cannot come back a second time; of two at once, one removes it.
            once = connection.execute(delete(table).where(table.c.id == name)).rowcount == 1
        if (
            row is None
            or not once
            or row.at <= stamp(_ATTEMPT)
            or not hmac.compare_digest(row.browser, hash_of(browser))
        ):
            raise SignInRefused(
                "This sign-in was not begun in this browser, or it took too long.", code="state",
                fix="Sign in once more.",
            )  # fmt: skip
        if answer.get("iss", self._settings.issuer) != self._settings.issuer:
            raise SignInRefused("The answer comes from another provider.", code="state", fix="Sign in once more.")
        code = answer.get("code", "")
        if not code or "error" in answer:
            raise SignInRefused("The provider did not sign you in.", code="provider-said-no", fix="Sign in once more.")
        given = self.provider.tokens(code, verifier=row.verifier, redirect=self._redirect)
        token = given.get("id_token")
        if not isinstance(token, str):
            raise _provider("The provider gave no ID token.")
        return person_of(self._claims(token, row.nonce), self._settings), row.to

    def program(self, token: str) -> Person:
        """The program that brings an access token, with the roles that its groups give.

        Raises
        ------
        SignInRefused : the token does not hold, or programs are not let in
        Unavailable : the provider does not answer
        """
        audience = self._settings.api_audience
        if audience is None:
            raise SignInRefused("This service takes no tokens of programs.", code="no-programs")
        return person_of(
            self._with_keys(
                lambda keys: access_claims_of(token, keys, issuer=self._settings.issuer, audience=audience)
            ),
            self._settings,
        )

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        own = {"issuer": self._settings.issuer, "client_id": self._settings.client_id, "nonce": nonce}
        return self._with_keys(lambda keys: claims_of(token, keys, **own))

    def _with_keys(self, read: Callable[[KeySet], dict[str, Any]]) -> dict[str, Any]:
        try:
            return read(self.provider.keys())
        except NoSuchKey:  # the provider changed its keys
            return read(self.provider.keys(anew=True))


def _provider(message: str) -> SignInRefused:
    return SignInRefused(message, code="provider", fix="Tell whoever runs the service.")
