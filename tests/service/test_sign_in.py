"""Sign-in against a real provider on this machine: the good path, and every way in which a token does not hold."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import httpx
import pytest
from joserfc.jwk import RSAKey
from oidc_provider import CLIENT, SECRET, OidcProvider
from sqlalchemy import select, text

from portico.service import Settings, app, sign_in
from portico.service.settings import SignInSettings
from portico.service.tables import audit, sessions, sign_ins

GROUPS = {"viewer": ("alle",), "clinician": ("onkologie",), "admin": ("betrieb",)}
PAGE = {"accept": "text/html"}


class Hospital:
    """A provider, a service that trusts it, and the state of both."""

    def __init__(self, provider: OidcProvider, client: httpx.Client, parts, log: io.StringIO) -> None:
        self.provider, self.client, self.parts, self.log = provider, client, parts, log

    def rows(self, table) -> list:
        with self.parts.store.reader.connect() as connection:
            return list(connection.execute(select(table)))

    def change(self, statement: str) -> None:
        with self.parts.store.engine.begin() as connection:
            connection.execute(text(statement))

    def sign_in(self, path: str = "/") -> httpx.Response:
        return self.client.get(path, headers=PAGE)

    def form(self, path: str, data: dict[str, str], page: str | None = None) -> httpx.Response:
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.client.get(page or path).text))
        return self.client.post(path, data={**hidden, **data})


@pytest.fixture(scope="module")
def _hospital(tmp_path_factory, loaded, serve) -> Iterator[Hospital]:
    provider, log = OidcProvider(), io.StringIO()
    with ExitStack() as stack:
        other = stack.enter_context(serve(lambda port: provider.application()))
        provider.issuer = str(other.base_url).rstrip("/")
        settings = SignInSettings(
            provider.issuer, CLIENT, GROUPS, client_secret=SECRET, idle_minutes=10, absolute_minutes=60,
            api_audience="portico-api",
        )  # fmt: skip
        made = {}

        def build(port: int):
            made["guard"] = app(
                Settings(tmp_path_factory.mktemp("hospital"), port=port, sign_in=settings), log, engine=loaded
            )
            return made["guard"]

        client = stack.enter_context(serve(build))
        yield Hospital(provider, client, made["guard"].inner._inner.state.parts, log)


@pytest.fixture
def hospital(_hospital):
    _hospital.provider.reset()
    _hospital.client.cookies.clear()
    _hospital.change("DELETE FROM sessions")
    return _hospital


def test_the_good_path_ends_on_the_page_that_was_asked_for(hospital) -> None:
    answer = hospital.sign_in("/cases/new")
    assert (answer.status_code, answer.url.path) == (200, "/cases/new")
    assert "Dr A. Example" in answer.text
    account = hospital.client.get("/account").text
    assert "248289761001" in account and "clinician, viewer" in account
    (session,) = hospital.rows(sessions)
    newest = hospital.rows(audit)[-1]
    assert (session.subject, newest.by, newest.action) == ("248289761001", "248289761001", "signed-in")
    assert hospital.parts.store.verify().problems == ()
    # The database holds neither what the browser holds nor a token; the log and the address bar hold no name.
    cookie = hospital.client.cookies["portico_session"]
    assert cookie not in repr(session) and hashlib.sha256(cookie.encode()).hexdigest() == session.id
    assert "Example" not in hospital.log.getvalue() and "248289761001" not in hospital.log.getvalue()


def test_cookies_are_bound_to_the_host_and_out_of_reach_of_scripts(hospital) -> None:
    hospital.client.follow_redirects = False
    try:
        there = hospital.client.get(hospital.client.get("/sign-in").headers["location"])
        answer = hospital.client.get(there.headers["location"])
    finally:
        hospital.client.follow_redirects = True
    given = {one.partition("=")[0]: one.lower() for one in answer.headers.get_list("set-cookie")}
    assert "httponly" in given["portico_session"] and "samesite=lax" in given["portico_session"]
    assert "path=/" in given["portico_session"] and "domain" not in given["portico_session"]
    assert 'portico_sign_in=""' in given["portico_sign_in"] and 'portico_form=""' in given["portico_form"]


def test_over_tls_cookies_are_secure_and_of_this_very_host(tmp_path, hospital, loaded, serve) -> None:
    own = replace(hospital.parts.settings.sign_in)
    settings = Settings(tmp_path, host="0.0.0.0", public_url="https://portico.example.org", sign_in=own)
    with serve(lambda port: app(settings, io.StringIO(), engine=loaded)) as client:
        client.follow_redirects = False
        answer = client.get("/sign-in", headers={"host": "portico.example.org"})
        cookie = answer.headers["set-cookie"].lower()
        assert cookie.startswith("__host-portico_sign_in=") and "; secure" in cookie and "httponly" in cookie
        assert "redirect_uri=https%3A%2F%2Fportico.example.org%2Fsign-in%2Freturn" in answer.headers["location"]
        assert answer.headers["strict-transport-security"].startswith("max-age=")
        assert client.get("/health").status_code == 200
        assert client.get("/health", headers={"host": "evil.example"}).status_code == 400


def test_the_session_is_a_new_one_at_each_sign_in(hospital) -> None:
    planted = "A" * 43
    hospital.client.cookies.set("portico_session", planted, domain="127.0.0.1")
    hospital.sign_in()
    first = hospital.client.cookies["portico_session"]
    hospital.client.get("/sign-in", headers=PAGE)
    second = hospital.client.cookies["portico_session"]
    assert len({planted, first, second}) == 3
    assert len(hospital.rows(sessions)) == 1
    hospital.client.cookies.set("portico_session", first, domain="127.0.0.1")
    assert hospital.client.get("/account").status_code == 401


def _part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _none(provider, claims) -> str:
    return f"{_part({'alg': 'none'})}.{_part(claims)}."


def _public_key_as_secret(provider, claims) -> str:
    body = f"{_part({'alg': 'HS256', 'kid': 'one'})}.{_part(claims)}"
    mac = hmac.new(provider.key.as_pem(private=False), body.encode(), hashlib.sha256).digest()
    return f"{body}.{urlsafe_b64encode(mac).decode().rstrip('=')}"


def _forged(provider, claims) -> str:
    return provider.sign(claims, RSAKey.generate_key(2048, {"kid": "one"}, private=True))


def _key_of_its_own(provider, claims) -> str:
    key = RSAKey.generate_key(2048, {"kid": "mine"}, private=True)
    return provider.sign(claims, key, kid="mine", jwk=key.as_dict(private=False))


def _other_body(provider, claims) -> str:
    head, _, seal = provider.sign(claims).split(".")
    return f"{head}.{_part({**claims, 'sub': 'admin'})}.{seal}"


def _with(**more):
    return lambda provider, claims: provider.sign({**claims, **more})


def _without(name: str):
    return lambda provider, claims: provider.sign({k: v for k, v in claims.items() if k != name})


PAST = int(time.time()) - 3600
BAD_TOKENS = {
    "none": _none, "HS256 with the public key": _public_key_as_secret, "another key of that name": _forged,
    "a key in its own head": _key_of_its_own, "another body": _other_body, "no token": lambda p, c: "", "a word": lambda p, c: "x.y.z",
    "expired": _with(exp=PAST), "no end": _without("exp"), "end as text": _with(exp="2099"), "from the future": _with(iat=PAST + 9000),
    "not yet": _with(nbf=PAST + 9000), "no moment": _without("iat"), "another audience": _with(aud="other"), "no audience": _without("aud"),
    "several audiences": _with(aud=[CLIENT, "other"]), "given to another": _with(aud=[CLIENT, "other"], azp="other"),
    "another issuer": _with(iss="https://evil.example"), "no issuer": _without("iss"), "another nonce": _with(nonce="x" * 43),
    "no nonce": _without("nonce"), "nonce in a list": lambda p, c: p.sign({**c, "nonce": [c["nonce"]]}), "no subject": _without("sub"),
    "empty subject": _with(sub=""), "subject as number": _with(sub=7), "odd subject": _with(sub="a\nb"), "long subject": _with(sub="a" * 300),
    "no group": _without("groups"), "other groups": _with(groups=["andere"]), "groups as number": _with(groups=7),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_TOKENS)
def test_a_token_that_does_not_hold_signs_nobody_in(hospital, name) -> None:
    entries = len(hospital.rows(audit))
    hospital.provider.twist = lambda claims: BAD_TOKENS[name](hospital.provider, claims)
    answer = hospital.sign_in()
    assert answer.status_code == (400 if answer.url.path != "/sign-in/return" else 403), answer.text
    assert "portico_session" not in hospital.client.cookies
    assert (hospital.rows(sessions), len(hospital.rows(audit))) == ([], entries)
    assert hospital.client.get("/account").status_code == 401


def test_a_token_for_several_that_was_given_to_this_service_is_taken(hospital) -> None:
    hospital.provider.twist = lambda claims: hospital.provider.sign({**claims, "aud": [CLIENT, "other"], "azp": CLIENT})
    assert hospital.sign_in().status_code == 200


def _attempt(hospital) -> httpx.URL:
    """Where the provider would send the browser back to."""
    hospital.client.follow_redirects = False
    try:
        there = hospital.client.get(hospital.client.get("/sign-in").headers["location"])
        return httpx.URL(there.headers["location"])
    finally:
        hospital.client.follow_redirects = True


def test_an_answer_comes_back_once_and_to_the_browser_that_began(hospital) -> None:
    back = _attempt(hospital)
    assert hospital.client.get(back, headers=PAGE).status_code == 200
    assert hospital.client.get(back, headers=PAGE).status_code == 403  # replayed
    hospital.client.cookies.clear()
    other = _attempt(hospital)
    hospital.client.cookies.clear()  # another browser: somebody was lured into the session of somebody else
    assert hospital.client.get(other, headers=PAGE).status_code == 403
    assert hospital.client.get("/account").status_code == 401


@pytest.mark.parametrize(
    "change",
    [{"state": "x" * 43}, {"state": ""}, {"code": ""}, {"code": "x"}, {"iss": "https://evil.example"}, {"error": "access_denied"}],
)  # fmt: skip
def test_a_changed_answer_is_refused(hospital, change) -> None:
    assert hospital.client.get(_attempt(hospital).copy_merge_params(change), headers=PAGE).status_code == 403
    assert hospital.rows(sessions) == []


def test_a_parameter_given_twice_is_refused(hospital) -> None:
    back = _attempt(hospital)
    assert hospital.client.get(f"{back}&code=x", headers=PAGE).status_code == 400


def test_a_code_is_worth_nothing_without_its_verifier_nor_a_second_time(hospital) -> None:
    back = _attempt(hospital)
    hospital.change(f"UPDATE sign_ins SET verifier = '{'y' * 43}'")
    assert hospital.client.get(back, headers=PAGE).status_code == 403
    again = _attempt(hospital)
    used = hospital.provider.codes.pop(again.params["code"])
    assert used["code_challenge"] and hospital.client.get(again, headers=PAGE).status_code == 403
    assert hospital.rows(sessions) == []


def test_an_attempt_that_took_too_long_is_refused_and_swept_away(hospital) -> None:
    back = _attempt(hospital)
    hospital.change("UPDATE sign_ins SET at = '2020-01-01T00:00:00.000Z'")
    assert hospital.client.get(back, headers=PAGE).status_code == 403
    _attempt(hospital)
    hospital.change("UPDATE sign_ins SET at = '2020-01-01T00:00:00.000Z'")
    _attempt(hospital)
    assert len(hospital.rows(sign_ins)) == 1
    hospital.change("DELETE FROM sign_ins")


def test_too_many_open_attempts_are_refused(hospital, monkeypatch) -> None:
    monkeypatch.setattr(sign_in, "_MOST_ATTEMPTS", 2)
    assert [hospital.client.get("/sign-in", follow_redirects=False).status_code for _ in range(3)] == [303, 303, 503]
    hospital.change("DELETE FROM sign_ins")


def test_several_tabs_of_one_browser_may_sign_in_at_once(hospital) -> None:
    tabs = [_attempt(hospital) for _ in range(3)]
    assert hospital.client.get(tabs[1], headers=PAGE).status_code == 200


@pytest.mark.parametrize(
    "to", ["//evil.example/", "https://evil.example", "/\\evil.example", "/a?b", "javascript:1", ""]
)
def test_sign_in_leads_to_no_other_site(hospital, to) -> None:
    answer = hospital.client.get("/sign-in", params={"to": to}, headers=PAGE)
    assert (answer.status_code, answer.url.host, answer.url.path) == (200, "127.0.0.1", "/")


def test_a_session_ends_when_it_is_idle_and_in_any_case(hospital) -> None:
    for column, minutes, alive in [
        ("seen_at", 9, True),
        ("seen_at", 11, False),
        ("began_at", 59, True),
        ("began_at", 61, False),
    ]:
        hospital.sign_in()
        then = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 60 * minutes))
        hospital.change(f"UPDATE sessions SET {column} = '{then}'")
        assert (hospital.client.get("/account").status_code == 200) is alive, (column, minutes)
        if column == "seen_at" and alive:  # a request puts the idle end off
            assert hospital.rows(sessions)[0].seen_at > then
        hospital.client.cookies.clear()
        hospital.change("UPDATE sessions SET began_at = '2020-01-01T00:00:00.000Z'")
    hospital.sign_in()
    assert len(hospital.rows(sessions)) == 1  # those that ended are swept away


def test_signing_out_ends_the_session_and_needs_the_token_of_the_form(hospital) -> None:
    hospital.sign_in()
    secret = hospital.client.cookies["portico_session"]
    assert hospital.client.post("/sign-out").status_code == 403
    assert hospital.client.get("/account").status_code == 200
    assert "You are signed out" in hospital.form("/sign-out", {}, "/account").text
    assert "portico_session" not in hospital.client.cookies and hospital.rows(sessions) == []
    hospital.client.cookies.set("portico_session", secret, domain="127.0.0.1")
    assert hospital.client.get("/account").status_code == 401
    assert hospital.rows(audit)[-1].action == "signed-out"


def test_an_admin_lands_on_the_account_and_sees_no_case(hospital) -> None:
    hospital.provider.person["groups"] = "betrieb"
    answer = hospital.sign_in()
    assert (answer.status_code, answer.url.path) == (200, "/account")
    assert hospital.client.get("/").status_code == 403
    assert hospital.client.get("/metrics").status_code == 200


def test_who_is_signed_in_signs_and_nobody_else(hospital, femur) -> None:
    hospital.sign_in()
    case = hospital.form("/cases/new", femur).url.path.rpartition("/")[2]
    assert "Signed by Dr A. Example (248289761001)" in hospital.client.get(f"/cases/{case}/sign").text
    answers = {"option": "conv-30-10", "by": "Dr B. Other", "reason": "tumour board"}
    directive = hospital.form(f"/cases/{case}/sign", answers)
    assert directive.status_code == 200, directive.text
    decision = hospital.client.get(f"{directive.url.path}/json").json()["decision"]
    assert decision["by"] == "Dr A. Example (248289761001)"
    assert [(row.by, row.action) for row in hospital.rows(audit)[-2:]] == [
        ("248289761001", "case-saved"),
        ("248289761001", "signed"),
    ]
    assert "Example" not in hospital.log.getvalue()


def test_new_keys_of_the_provider_are_asked_for(hospital, monkeypatch) -> None:
    monkeypatch.setattr(sign_in, "_ASK_AGAIN_S", 0.0)
    hospital.sign_in()
    old = hospital.provider.key
    hospital.provider.key = RSAKey.generate_key(2048, {"kid": "two", "use": "sig"}, private=True)
    hospital.provider.twist = lambda claims: hospital.provider.sign(claims, kid="two")
    try:
        assert hospital.client.get("/sign-in", headers=PAGE).status_code == 200
    finally:
        hospital.provider.key = old
    hospital.provider.reset()
    assert hospital.client.get("/sign-in", headers=PAGE).status_code == 200  # and asked for once more


def _provider_of(hospital, **more) -> sign_in.Provider:
    return sign_in.Provider(replace(hospital.parts.settings.sign_in, **more))


@pytest.mark.parametrize(
    "more",
    [
        {"issuer": "https://evil.example"}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": None},
        {"code_challenge_methods_supported": ["plain"]},
    ],
)  # fmt: skip
def test_a_provider_that_is_not_what_it_should_be_is_refused(hospital, more) -> None:
    hospital.provider.more = more
    with pytest.raises(sign_in.SignInRefused) as refused:
        _provider_of(hospital).addresses()
    assert refused.value.code == "provider"


def test_a_provider_that_does_not_answer_is_said_so(hospital) -> None:
    with pytest.raises(sign_in.Unavailable) as refused:
        _provider_of(hospital, issuer="http://127.0.0.1:9/x").addresses()
    assert refused.value.code == "provider-unavailable"


def _bearer(hospital, **more) -> dict[str, str]:
    now = int(time.time())
    claims = {
        "iss": hospital.provider.issuer,
        "aud": "portico-api",
        "sub": "robot",
        "iat": now,
        "exp": now + 60,
        "groups": ["onkologie"],
    }
    return {"authorization": "Bearer " + hospital.provider.sign({**claims, **more})}


def test_a_program_with_an_access_token_may_what_its_roles_say_except_sign(hospital, femur) -> None:
    get, post = hospital.client.get, hospital.client.post
    assert get("/api/v1/cases", headers=_bearer(hospital)).status_code == 200
    assert get("/api/v1/cases", headers=_bearer(hospital, groups=["betrieb"])).status_code == 403
    assert get("/metrics", headers=_bearer(hospital, groups=["betrieb"])).status_code == 200
    refused = post("/api/v1/cases/0123456789abcdef/sign", headers=_bearer(hospital), json={})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    stored = post("/api/v1/cases", headers=_bearer(hospital), json={"case": {"schema": "case/1", "label": "x"}})
    assert stored.status_code < 300, stored.text
    assert hospital.rows(audit)[-1].by == "robot"
    # Pages are for people: a token opens none.
    assert get("/account", headers=_bearer(hospital)).status_code == 401


@pytest.mark.parametrize(
    "more",
    [{"aud": CLIENT}, {"aud": "other"}, {"iss": "https://evil.example"}, {"exp": PAST}, {"sub": ""}, {"groups": []}],
)  # fmt: skip
def test_an_access_token_that_does_not_hold_opens_nothing(hospital, more) -> None:
    hospital.sign_in()
    answer = hospital.client.get("/api/v1/cases", headers=_bearer(hospital, **more))
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "sign-in-needed")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert hospital.client.get("/api/v1/cases", headers={"authorization": "Bearer x.y.z"}).status_code == 401


def test_the_secret_of_the_client_never_travels_in_a_body(hospital) -> None:
    hospital.sign_in()
    assert all("secret" not in body for body in hospital.provider.bodies)
