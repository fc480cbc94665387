"""Does a token sign in exactly the member it was issued for, and nothing forged anybody?"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event
from typing import Any
from uuid import uuid4

import jwt
import pytest
from apiflask import APIFlask
from cryptography.hazmat.primitives import serialization
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import RSAAlgorithm

from app.config import Config, Oidc
from app.context import current
from app.factory import create_app
from app.oidc import LEEWAY, TokenVerifier, new_verifier
from app.signing_keys import COOLDOWN, LIFESPAN, OLDEST, IssuerError, SigningKeys, fetch, usable
from tests.app.callers import Caller
from tests.app.issuers import AUDIENCE, DISCOVERY, TRAITS, Issuer, issuing, new_key

ALGORITHMS = ("RS256", "ES256", "EdDSA")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as running:
        for algorithm in ALGORITHMS:
            running.add(algorithm, algorithm)
        yield running


def trusting(config: Config, issuer: Issuer) -> Config:
    oidc = Oidc(issuer=issuer.url, audience=AUDIENCE, tenant_claim="tenant")
    return replace(config, oidc=oidc, anonymous_per_minute=100_000)


@pytest.fixture(scope="module")
def app(config: Config, issuer: Issuer) -> APIFlask:
    return create_app(trusting(config, issuer))


@pytest.fixture
def tenant(owner: Caller) -> str:
    """A tenant with the member `ada@example.org`, an admin."""
    owner.make("/v1/members", email="ada@example.org", role="admin")
    found: str = owner.read("/v1/me")["tenant_id"]
    return found


def ada(tenant: str, **more: Any) -> dict[str, Any]:
    verified = {"email": "ada@example.org", "email_verified": True, "sub": uuid4().hex}
    return {"tenant": tenant} | verified | more


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_signs_its_member_in(
    app: APIFlask, issuer: Issuer, tenant: str, algorithm: str
) -> None:
    caller = Caller(app.test_client(), issuer.token(algorithm, **ada(tenant)))
    me = caller.read("/v1/me")
    assert (me["tenant_id"], me["role"], me["key_id"]) == (tenant, "admin", None)
    caller.make("/v1/projects", name="by token")
    made = caller.make("/v1/api-keys", name="by token")
    assert made["member_id"] == me["member_id"]


def test_the_first_token_ties_its_subject_to_the_member(
    app: APIFlask, issuer: Issuer, tenant: str
) -> None:
    first = ada(tenant)
    assert status(app, issuer.token("ES256", **first)) == 200
    # The subject is enough now, whatever the address became.
    assert status(app, issuer.token("ES256", tenant=tenant, sub=first["sub"])) == 200
    changed = first | {"email": "other@example.org", "jti": "1"}
    assert status(app, issuer.token("ES256", **changed)) == 200
    # Somebody else who was given the address is not the member.
    assert status(app, issuer.token("ES256", **ada(tenant))) == 401


def status(app: APIFlask, token: str, path: str = "/v1/me") -> int:
    return Caller(app.test_client(), token).ask("GET", path).status_code


WRONG: dict[str, dict[str, Any]] = {
    "expired": {"exp": int(time.time()) - LEEWAY - 5},
    "without an end": {"exp": None},
    "with an endless end": {"exp": float("inf")},
    "not valid yet": {"nbf": int(time.time()) + 3600},
    "for somebody else": {"aud": "another-service"},
    "for nobody": {"aud": None},
    "from another issuer": {"iss": "https://issuer.example"},
    "from an issuer with a slash": {"iss": "SLASH"},
    "from nobody": {"iss": None},
    "without a subject": {"sub": None},
    "with an empty subject": {"sub": ""},
    "with a NUL in its subject": {"sub": "a\0b"},
    "with a number as its subject": {"sub": 7},
    "with an endless subject": {"sub": "x" * 256},
    "without a tenant": {"tenant": None},
    "with a tenant that is none": {"tenant": "acme"},
    "with a list of tenants": {"tenant": ["x"]},
    "of an unknown tenant": {"tenant": str(uuid4())},
    "of a stranger": {"email": "stranger@example.org"},
    "with an address nobody verified": {"email_verified": False},
    "with a verification that is not true": {"email_verified": "true"},
    "with a NUL in its address": {"email": "ada@example.org\0"},
}


@pytest.mark.parametrize("flaw", WRONG)
def test_a_token_with_a_flaw_signs_nobody_in(
    app: APIFlask, issuer: Issuer, tenant: str, flaw: str
) -> None:
    changed = {
        name: f"{issuer.url}/" if value == "SLASH" else value for name, value in WRONG[flaw].items()
    }
    claims = issuer.claims(**(ada(tenant) | changed))
    algorithm, private = issuer.keys["RS256"]
    token = signed(claims, private, algorithm, kid="RS256")
    answer = Caller(app.test_client(), token).ask("GET", "/v1/me")
    assert answer.status_code == 401
    assert answer.get_json()["detail"] == "This needs a valid API key."


def signed(claims: dict[str, Any], key: Any, algorithm: str, **header: Any) -> str:
    """A token whose claims are signed as they are, even when PyJWT would refuse to."""
    payload = json.dumps(claims).encode()
    return jwt.PyJWS().encode(payload, key, algorithm, headers=header)


def segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def forgeries(issuer: Issuer, tenant: str) -> dict[str, str]:
    claims = issuer.claims(**ada(tenant))
    good = issuer.token("RS256", **ada(tenant))
    header, payload, signature = good.split(".")
    public = issuer.keys["RS256"][1].public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    unsigned = f"{segment({'alg': 'HS256', 'typ': 'JWT', 'kid': 'RS256'})}.{payload}"
    digest = hmac.digest(pem, unsigned.encode(), "sha256")
    mac = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    stranger = new_key("RS256")
    jwk = json.loads(TRAITS["RS256"].to_jwk(stranger.public_key()))
    return {
        "alg none": f"{segment({'alg': 'none', 'kid': 'RS256'})}.{payload}.",
        "alg none with a signature": f"{segment({'alg': 'none', 'kid': 'RS256'})}.{payload}.x",
        "a public key as a secret": f"{unsigned}.{mac}",
        "another key": signed(claims, stranger, "RS256", kid="RS256"),
        "a key of its own in the header": signed(claims, stranger, "RS256", kid="own", jwk=jwk),
        "a key elsewhere": signed(claims, stranger, "RS256", kid="own", jku=f"{issuer.url}/evil"),
        "an algorithm of another key": signed(claims, new_key("ES256"), "ES256", kid="RS256"),
        "an algorithm that is not allowed": signed(
            claims, issuer.keys["RS256"][1], "RS512", kid="RS256"
        ),
        "no key id": signed(claims, issuer.keys["RS256"][1], "RS256"),
        "a critical extension": signed(
            claims, issuer.keys["RS256"][1], "RS256", kid="RS256", crit=["x"], x=1
        ),
        "other claims": f"{header}.{segment(claims | {'sub': 'somebody'})}.{signature}",
        "no signature": f"{header}.{payload}.",
        "four parts": f"{good}.x",
        "too long": good + "A" * 8192,
        "a list as its claims": jwt.PyJWS().encode(
            b"[]", issuer.keys["RS256"][1], "RS256", headers={"kid": "RS256"}
        ),
    }


def test_nothing_forged_signs_anybody_in(app: APIFlask, issuer: Issuer, tenant: str) -> None:
    signed_in = {name: status(app, token) for name, token in forgeries(issuer, tenant).items()}
    assert signed_in == dict.fromkeys(signed_in, 401)
    assert len(signed_in) == 15
    assert status(app, issuer.token("RS256", **ada(tenant))) == 200


@given(st.text(max_size=80), st.text(max_size=80), st.text(max_size=80))
def test_any_text_is_a_token_or_not_and_never_an_error(one: str, two: str, three: str) -> None:
    oidc = Oidc(issuer="https://issuer.example", audience="x", tenant_claim="tenant")
    verifier = TokenVerifier(oidc, SigningKeys(dict))
    assert verifier.verify(f"{one}.{two}.{three}") is None


def test_a_token_never_outlives_its_end_in_the_cache(
    config: Config, issuer: Issuer, tenant: str
) -> None:
    app = create_app(replace(trusting(config, issuer), auth_seconds=60.0))
    token = issuer.token("EdDSA", **ada(tenant, exp=int(time.time()) - LEEWAY + 2))
    assert status(app, token) == 200
    with app.app_context():
        ((until, _),) = current().keys.entries.values()
        assert until <= time.monotonic() + 2


def test_a_removed_member_is_signed_in_no_more(
    app: APIFlask, issuer: Issuer, tenant: str, owner: Caller
) -> None:
    token = issuer.token("ES256", **ada(tenant))
    member = Caller(app.test_client(), token).read("/v1/me")["member_id"]
    demoted = Caller(app.test_client(), owner.key)
    assert demoted.ask("DELETE", f"/v1/members/{member}").status_code == 204
    assert status(app, token) == 401


def test_without_an_issuer_no_token_signs_in(
    service: APIFlask, issuer: Issuer, tenant: str
) -> None:
    assert status(service, issuer.token("RS256", **ada(tenant))) == 401


def test_a_rotated_key_is_found_and_a_withdrawn_one_ends() -> None:
    clock = [0.0]
    with issuing() as issuer:
        oidc = Oidc(issuer=issuer.url, audience=AUDIENCE, tenant_claim="tenant")
        keys = SigningKeys(lambda: fetch(issuer.url), clock=lambda: clock[0])
        verifier = TokenVerifier(oidc, keys)
        issuer.add("old", "RS256")
        tenant = str(uuid4())
        old = issuer.token("old", tenant=tenant)
        assert verifier.verify(old) is not None
        issuer.add("new", "ES256")
        new = issuer.token("new", tenant=tenant)
        clock[0] = COOLDOWN
        assert verifier.verify(new) is not None
        issuer.pages["/jwks"]["keys"].pop(0)
        clock[0] += LIFESPAN + 1
        assert verifier.verify(old) is None
        assert verifier.verify(new) is not None


def test_forged_key_ids_cannot_hammer_the_issuer() -> None:
    with issuing() as issuer:
        issuer.add("k", "ES256")
        verifier = new_verifier(Oidc(issuer=issuer.url, audience=AUDIENCE, tenant_claim="tenant"))
        good = issuer.token("k", tenant=str(uuid4()))
        stranger = new_key("ES256")
        forged = [
            signed(issuer.claims(), stranger, "ES256", kid=f"forged{number}")
            for number in range(200)
        ]
        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(verifier.verify, forged)) == {None}
        assert verifier.verify(good) is not None
        assert issuer.asked == [DISCOVERY, "/jwks"]


def test_known_keys_go_on_while_the_issuer_is_down_and_not_for_ever() -> None:
    clock = [0.0]
    with issuing() as issuer:
        issuer.add("k", "RS256")
        keys = SigningKeys(lambda: fetch(issuer.url), clock=lambda: clock[0])
        assert keys.find("k") is not None
    for now in (COOLDOWN + 1, LIFESPAN + 1, LIFESPAN + 2, OLDEST):
        clock[0] = now
        assert keys.find("k") is not None
        assert keys.find("forged") is None
    clock[0] = OLDEST + COOLDOWN + 1
    assert keys.find("k") is None


def test_while_one_thread_asks_the_others_go_on_with_the_known_keys() -> None:
    asking, answer = Event(), Event()
    (key,) = usable({"keys": [public_rsa("k")]}).values()

    def ask() -> dict[str, Any]:
        asking.set()
        assert answer.wait(10)
        return {"k": key, "new": key}

    keys = SigningKeys(ask, known={"k": key})
    with ThreadPoolExecutor(1) as aside:
        found = aside.submit(keys.find, "new")
        assert asking.wait(10)
        assert keys.find("k") is key
        assert keys.find("forged") is None
        answer.set()
        assert found.result(10) is key


def public_rsa(kid: str, bits: int = 2048, **more: Any) -> dict[str, Any]:
    public = new_key("RS256", bits).public_key()
    found: dict[str, Any] = json.loads(RSAAlgorithm.to_jwk(public))
    return found | {"kid": kid} | more


def test_only_public_signing_keys_of_an_allowed_kind_are_used() -> None:
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "secret"}
    listed = [
        public_rsa("good"),
        public_rsa("short", bits=1024),
        public_rsa("encrypts", use="enc"),
        public_rsa("other", alg="RS512"),
        public_rsa("unknown", alg="XX1"),
        public_rsa("x") | {"kid": 7},
        secret,
        {"kty": "RSA", "kid": "broken"},
        "rubbish",
        None,
    ]
    assert list(usable({"keys": listed})) == ["good"]
    assert usable({"keys": "rubbish"}) == {}
    assert usable({}) == {}


Spoil = Callable[[Issuer], Any]
SPOILT: dict[str, Spoil] = {
    "another issuer's document": lambda issuer: issuer.pages.update(
        {DISCOVERY: {"issuer": "https://other.example", "jwks_uri": f"{issuer.url}/jwks"}}
    ),
    "keys over plain HTTP": lambda issuer: issuer.pages.update(
        {DISCOVERY: {"issuer": issuer.url, "jwks_uri": "http://issuer.example/jwks"}}
    ),
    "keys in a file": lambda issuer: issuer.pages.update(
        {DISCOVERY: {"issuer": issuer.url, "jwks_uri": "file:///etc/passwd"}}
    ),
    "no keys": lambda issuer: issuer.pages.update({DISCOVERY: {"issuer": issuer.url}}),
    "a redirect": lambda issuer: issuer.pages.update({"/jwks": f"{issuer.url}/elsewhere"}),
    "a missing page": lambda issuer: issuer.pages.pop("/jwks"),
    "no JSON": lambda issuer: issuer.pages.update({"/jwks": b"<html>"}),
    "a list": lambda issuer: issuer.pages.update({DISCOVERY: []}),
    "too much": lambda issuer: issuer.pages.update({"/jwks": b'{"a": "' + b"x" * (1 << 20)}),
}


@pytest.mark.parametrize("flaw", SPOILT)
def test_an_issuer_that_does_not_answer_properly_is_not_believed(flaw: str) -> None:
    with issuing() as issuer:
        issuer.add("k", "ES256")
        issuer.pages["/elsewhere"] = issuer.pages["/jwks"]
        assert list(fetch(issuer.url)) == ["k"]
        SPOILT[flaw](issuer)
        with pytest.raises(IssuerError):
            fetch(issuer.url)
