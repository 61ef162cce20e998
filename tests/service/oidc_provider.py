"""A small real provider of OpenID Connect for tests: discovery, keys, codes with PKCE, and ID tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT = "portico"
SECRET = "s:cret/of+the client"


class OidcProvider:
    """Signs in whoever comes as ``person``; ``twist`` makes another token of the claims that are due."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
        self.person: dict[str, Any] = {}
        self.twist: Callable[[dict[str, Any]], str] | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.more: dict[str, Any] = {}
        self.answer_more: dict[str, str] = {}
        self.asked: list[dict[str, str]] = []
        self.bodies: list[str] = []
        self.reset()

    def reset(self) -> None:
        self.person = {"sub": "248289761001", "name": "Dr A. Example", "groups": ["onkologie", "alle"]}
        self.twist, self.more, self.answer_more = None, {}, {}

    def sign(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        key = key or self.key
        return jwt.encode(
            {"alg": "RS256", "kid": "one", **header}, claims, key, algorithms=[header.get("alg", "RS256")]
        )

    def application(self) -> FastAPI:
        made = FastAPI(openapi_url=None)

        @made.get("/.well-known/openid-configuration")
        def discovery() -> Response:
            own = self.issuer
            return JSONResponse(
                {
                    "issuer": own, "authorization_endpoint": f"{own}/authorize", "token_endpoint": f"{own}/token",
                    "jwks_uri": f"{own}/keys", "code_challenge_methods_supported": ["S256"],
                    "token_endpoint_auth_methods_supported": ["client_secret_basic"], **self.more,
                }
            )  # fmt: skip

        @made.get("/keys")
        def keys() -> Response:
            weak = {"kty": "oct", "k": "AAAA", "kid": "weak"}
            return JSONResponse({"keys": [weak, {"kty": "new"}, self.key.as_dict(private=False)]})

        @made.get("/authorize")
        def authorize(request: Request) -> Response:
            asked = dict(request.query_params)
            self.asked.append(asked)
            assert asked["client_id"] == CLIENT and asked["response_type"] == "code"
            assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
            assert len(asked["state"]) >= 43 and len(asked["nonce"]) >= 43 and "openid" in asked["scope"].split()
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            given = {"code": code, "state": asked["state"], "iss": self.issuer, **self.answer_more}
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(given)}", status_code=302)

        @made.post("/token")
        async def token(request: Request) -> Response:
            self.bodies.append((await request.body()).decode())
            form = {k: str(v) for k, v in (await request.form()).items()}
            scheme, _, pair = request.headers.get("authorization", "").partition(" ")
            name, _, secret = base64.b64decode(pair).decode().partition(":")
            known = (scheme, unquote(name), unquote(secret)) == ("Basic", CLIENT, SECRET)
            asked = self.codes.pop(form.get("code", ""), None)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            if not known or asked is None or asked["code_challenge"] != challenge.decode().rstrip("="):
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
            if form["redirect_uri"] != asked["redirect_uri"] or form["grant_type"] != "authorization_code":
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
            now = int(time.time())
            due = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
            claims = {**due, **self.person}
            made_token = self.twist(claims) if self.twist else self.sign(claims)
            return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": made_token})

        return made
