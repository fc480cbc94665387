"""No secret reaches the evidence: canaries are planted wherever one could come from."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gate import bundle, cli, session
from gate.codec import encode
from gate.model import Observation
from gate.redaction import REMOVED, body, clean, header, mask, redact, redact_log, url
from gate.run import run as run_check
from gate.signing import VARIABLE
from tests.gate.leaky import FOREIGN, MINTED, SENT_ON, leaky_service
from tests.gate.test_signing import pem
from tests.make import Stub, check, observation

ACME, GLOBEX = 'acme "canary" +/=&<1>', "globex%canary\\2$x"
DSN_PASSWORD = "dsn-canary-3"
SECRETS = {ACME: "$ACME", GLOBEX: "$GLOBEX"}


def written(secret: str) -> Iterator[str]:
    """The forms that a reader could turn back into the secret, written down independently."""
    yield from plain_forms(secret)
    for whole in base64_forms(secret):
        yield whole[4:-4]


def base64_forms(secret: str) -> Iterator[str]:
    for before in ("", "x", "xy"):
        yield base64.b64encode(f"{before}{secret}{before}".encode()).decode()


def plain_forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield re.sub("%..", lambda digits: digits[0].lower(), quote(secret, safe=""))
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(json.dumps(secret))[3:-3]
    yield html.escape(secret)
    yield secret.encode().hex()


def texts(folder: Path) -> Iterator[tuple[str, str]]:
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            data = gzip.decompress(data) if path.suffix == ".gz" else data
            text = data.decode(errors="replace")
            yield path.name, text
            yield path.name, text.replace("\\", "")


def leaks(folder: Path, secret: str) -> list[tuple[str, str]]:
    return [
        (name, form) for name, text in texts(folder) for form in written(secret) if form in text
    ]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run against a service that repeats every secret, with canaries in the environment."""
    monkeypatch.setenv("ACME", ACME)
    monkeypatch.setenv("GLOBEX", GLOBEX)
    monkeypatch.setenv("MAESTRO_DATABASE_URL", f"postgresql://u:{DSN_PASSWORD}@127.0.0.1/x")
    monkeypatch.setenv("GIT_COMMIT", f"https://u:{DSN_PASSWORD}@git.example/x")
    monkeypatch.setenv("SOMETHING_ELSE", "environment-canary-4")
    monkeypatch.setenv(VARIABLE, pem())
    with leaky_service() as base_url:
        target = tmp_path / "target.toml"
        actor = '[[actors]]\ntenant = "{0}"\nheaders = {{ X-Api-Key = "${{{0}}}" }}\n'
        actors = actor.format("ACME") + actor.format("GLOBEX")
        target.write_text(f'name = "leaky"\nbase_url = "{base_url}"\n{actors}')
        out = tmp_path / "run"
        checks = ["isolation.read-by-id", "security.headers"]
        code = cli.attempt(["gate", *checks, "--target", str(target), "--out", str(out)])
        assert code == 10
        yield out


def test_no_canary_of_a_run_is_in_its_evidence(run: Path) -> None:
    everything = "".join(text for _, text in texts(run))
    assert "$ACME" in everything
    assert "$GLOBEX" in everything
    for secret in (ACME, GLOBEX, DSN_PASSWORD, MINTED, FOREIGN, SENT_ON, "environment-canary-4"):
        assert leaks(run, secret) == []
    assert pem().splitlines()[1] not in everything


def test_a_finding_s_requests_are_in_the_archive_of_its_check(run: Path) -> None:
    verdict = bundle.load(run / bundle.VERDICT)
    for result in verdict.results:
        path = run / "raw" / "har" / f"{result.check}.har.gz"
        log = json.loads(gzip.decompress(path.read_bytes()))["log"]
        assert log["version"] == "1.2"
        keys = {each.key for each in result.findings} or {"last before the end"}
        assert {each["_why"] for each in log["entries"]} <= keys
        for each in log["entries"]:
            assert each["request"]["url"].startswith(verdict.target.base_url)
            assert each["response"]["status"] in {200, 201, 501}
            assert each["startedDateTime"].endswith("Z")


def test_a_run_with_a_key_in_the_environment_is_signed_and_verifies(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.attempt(["verify", str(run)]) == 0
    assert "Signed by SHA256:" in capsys.readouterr().out
    environment = json.loads((run / "environment.json").read_text())
    assert environment["variables"][VARIABLE] == "set"
    assert environment["options"]["signed"] is True


secrets = st.text(
    st.characters(categories=("L", "N", "P", "S"), max_codepoint=0x2FF), min_size=12, max_size=40
)


@given(secrets, st.text(max_size=30), st.text(max_size=30))
def test_a_secret_is_found_in_every_form_at_any_place(secret: str, before: str, after: str) -> None:
    for form in plain_forms(secret):
        assume(form not in before + after)
        assert form not in redact(f"{before}{form}{after}", {secret: "$"})
    for whole in base64_forms(secret):
        assume(whole[4:-4] not in before + after)
        assert whole[4:-4] not in redact(f"{before}{whole}{after}", {secret: "$"})


@given(secrets, st.data())
def test_a_secret_that_a_log_wraps_is_found(secret: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(secret) - 1))
    wrapped = data.draw(st.sampled_from(("\n", "\r\n", "\n    ")))
    clean = redact_log(f"begin {secret[:place]}{wrapped}{secret[place:]} end", {secret: r"$A\1"})
    assert clean == r"begin $A\1 end"


def test_a_longer_secret_is_not_half_replaced_by_a_shorter_one() -> None:
    assert redact("canary-long", {"canary": "$A", "canary-long": "$B"}) == "$B"


def test_passwords_in_urls_and_private_keys_go_whoever_s_they_are() -> None:
    assert mask("at redis://:hunter22@h:1/0 ok") == f"at redis://:{REMOVED}@h:1/0 ok"
    assert mask("postgresql+psycopg2://a:b@h/x") == f"postgresql+psycopg2://a:{REMOVED}@h/x"
    assert mask(f"key:\n{pem()}.") == f"key:\n{REMOVED}\n."
    assert mask("http://h:80/a@b") == "http://h:80/a@b"


pieces = st.lists(
    st.sampled_from(('"', "\\", "\n", "://u:", "secret", "@h", "-----BEGIN PRIVATE KEY-----"))
    | st.just("-----END PRIVATE KEY-----")
    | st.text(max_size=3),
    max_size=9,
).map("".join)


def shape(value: object) -> object:
    return [shape(each) for each in value] if isinstance(value, list) else type(value)


@given(st.recursive(pieces, st.lists))
def test_json_stays_json_of_the_same_shape_when_it_is_masked(value: object) -> None:
    dense = json.dumps(value, separators=(",", ":"))
    assert shape(json.loads(clean(dense, SECRETS))) == shape(value)


def test_what_a_probe_died_of_and_how_it_was_called_hold_no_password() -> None:
    def die(_: object) -> Iterator[Observation]:
        raise RuntimeError(f"cannot reach postgresql://u:{FOREIGN}@h/x")
        yield observation()

    result = run_check(check(probe=die), Stub(), lambda _: None)
    assert FOREIGN not in encode(result)
    assert f"://u:{REMOVED}@h/x" in encode(result)
    command = f"maestro gate --history s3://u:{FOREIGN}@bucket/x"
    assert FOREIGN not in session.provenance(seed=1, started="", command=command).command


def test_a_credential_header_shows_a_known_placeholder_or_nothing() -> None:
    assert header("Authorization", f"Bearer {ACME}", SECRETS) == "Bearer $ACME"
    assert header("Authorization", "Bearer other", SECRETS) == REMOVED
    assert header("Set-Cookie", "a=b", SECRETS) == REMOVED
    assert header("X-Request-Id", "7", SECRETS) == "7"


def test_parameters_and_members_named_like_a_secret_lose_their_value() -> None:
    assert url("http://h/x?a=1&access_token=zz", SECRETS) == (
        "http://h/x?a=1&access_token=%5Bredacted%5D"
    )
    assert url("http://h/x?a=1&b=%20", SECRETS) == "http://h/x?a=1&b=%20"
    form = "application/x-www-form-urlencoded"
    assert body("user=a&password=zz", form, SECRETS) == "user=a&password=%5Bredacted%5D"
    assert json.loads(body('[{"api_key": "zz", "n": 1}]', "", SECRETS)) == [
        {"api_key": REMOVED, "n": 1}
    ]
    assert body('{"n":  1}', "application/json", SECRETS) == '{"n":  1}'
    assert body("not json", "text/plain", SECRETS) == "not json"


def test_raw_evidence_is_collected_without_secrets_and_cut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw, folder = tmp_path / "private", tmp_path / "run"
    (raw / "logs").mkdir(parents=True)
    (raw / "logs" / "service.log").write_bytes(b"\xff " + f"told {GLOBEX}\n".encode())
    (raw / "long.log").write_text("a" * 1000 + "b" * 1000)
    (raw / "more.log").write_text("c" * 1000)
    monkeypatch.setattr(session, "LARGEST_RAW", 1000)
    monkeypatch.setattr(session, "LARGEST_RAW_IN_ALL", 1500)
    session.collect(raw, folder, SECRETS)
    assert (folder / "raw/logs/service.log").read_bytes() == b"\xff told $GLOBEX\n"
    cut = (folder / "raw/long.log").read_text()
    assert cut.startswith("a" * 250 + "\n[… 1000 bytes left out")
    assert cut.endswith("…]\n" + "b" * 750)
    assert "bytes left out" in (folder / "raw/more.log").read_text()
