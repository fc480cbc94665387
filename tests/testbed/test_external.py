"""A target file is believed when it is right, and corrected in one sentence when it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gate.check import Testbed
from gate.errors import SetupError, UsageError
from gate.testbed.embedded import Embedded
from gate.testbed.external import external, read_target
from gate.testbed.ports import LOOPBACK, reserve

ACTOR = """
[[actors]]
tenant = "{0}"
headers = {{ Authorization = "Bearer ${{{1}}}" }}
"""
TWO = ACTOR.format("acme", "ACME_KEY") + ACTOR.format("globex", "GLOBEX_KEY")
HEAD = 'name = "staging"\nbase_url = "{0}"\n'
GOOD = HEAD.format("http://127.0.0.1:1") + TWO
ENVIRONMENT = {"ACME_KEY": "acme's own secret", "GLOBEX_KEY": "globex's own secret"}


def write(folder: Path, text: str) -> Path:
    file = folder / "target.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_running_service_becomes_a_testbed(testbed: Embedded, tmp_path: Path) -> None:
    keys = {
        name: testbed.actor(tenant).credentials["Authorization"].removeprefix("Bearer ")
        for tenant, name in (("acme", "ACME_KEY"), ("globex", "GLOBEX_KEY"))
    }
    file = write(tmp_path, HEAD.format(testbed.target.base_url + "/") + 'revision = "7"\n' + TWO)
    with external(file, tmp_path, seed=5, environment=keys) as bed:
        target: Testbed = bed
        assert target.tenants == ("acme", "globex")
        assert target.target.name == "staging"
        assert target.target.base_url == testbed.target.base_url
        assert target.target.revision == "7"
        assert target.target.offers == {"http", "openapi", "tenants"}
        assert target.actor("acme").request("GET", "/v1/me").status == 200
        assert target.actor("", "anonymous").request("GET", "/v1/me").status == 401
        assert target.openapi()["paths"] == testbed.openapi()["paths"]
        assert target.secrets == {key: f"${name}" for name, key in keys.items()}
        assert '"Authorization: Bearer $ACME_KEY"' in target.actor("acme").curl("GET", "/v1/me")
        assert not any(key in repr(target) for key in keys.values())
        with pytest.raises(SetupError, match="out of reach"):
            target.database()
        for inside in (target.telemetry, target.cache_url, target.newcomer, target.guest):
            with pytest.raises(SetupError):
                inside()
        with pytest.raises(SetupError, match="cannot be injected"):
            target.fault("postgres-killed")


def test_the_document_may_live_elsewhere(testbed: Embedded, tmp_path: Path) -> None:
    address = f'openapi = "{testbed.target.base_url}/openapi.json"\n'
    file = write(tmp_path, HEAD.format("http://127.0.0.1:1") + address + TWO)
    with external(file, tmp_path, seed=5, environment=ENVIRONMENT) as bed:
        assert bed.openapi() == testbed.openapi()


def test_a_silent_target_is_reported_with_its_address(tmp_path: Path) -> None:
    with reserve() as port:
        base_url = f"http://{LOOPBACK}:{port}"
        file = write(tmp_path, HEAD.format(base_url) + TWO)
        with (
            pytest.raises(SetupError, match=f"{base_url} does not answer") as raised,
            external(file, tmp_path, seed=5, environment=ENVIRONMENT),
        ):
            pass
    assert raised.value.exit_code == 11
    assert "Start the target" in raised.value.advice()
    assert not any(secret in str(raised.value) for secret in ENVIRONMENT.values())


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"ACME_KEY": "x" * 8}, "GLOBEX_KEY, which is not set"),
        (ENVIRONMENT | {"ACME_KEY": ""}, "ACME_KEY, which is not set"),
        (ENVIRONMENT | {"ACME_KEY": "short"}, "ACME_KEY .* needs 8 printable characters"),
        (ENVIRONMENT | {"ACME_KEY": "two\nlines!"}, "ACME_KEY .* needs 8 printable characters"),
    ],
)
def test_a_variable_that_cannot_be_a_secret_is_named(
    tmp_path: Path, environment: dict[str, str], complaint: str
) -> None:
    file = write(tmp_path, GOOD)
    with (
        pytest.raises(UsageError, match=complaint),
        external(file, tmp_path, seed=5, environment=environment),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("name =", "is not TOML"),
        (GOOD + 'tenant = "twice"\n', "is not TOML"),
        ("colour = 1\n" + GOOD, "wrong at colour: Extra inputs are not permitted"),
        (GOOD.replace('"staging"', "7"), "wrong at name: Input should be a valid string"),
        (GOOD.replace("http://", "ftp://"), "wrong at base_url"),
        (GOOD.replace("http://", "http://user:password@"), "wrong at base_url"),
        (GOOD.replace('name = "staging"', 'name = ""'), "wrong at name"),
        (GOOD.replace("globex", "acme"), "wrong at the whole: .*a role of a tenant is given twice"),
        (
            GOOD.replace('"globex"', '"acme"\nrole = "viewer"'),
            "wrong at the whole: .*at least two tenants",
        ),
        (
            GOOD.replace('"globex"', '"globex"\nrole = "admin"'),
            "globex has no actor with role owner",
        ),
        (
            GOOD.replace("Bearer ${ACME_KEY}", "Bearer letmein"),
            r"wrong at actors\.0\.headers: .*Authorization must refer to a variable",
        ),
    ],
)
def test_a_mistake_is_named_with_file_and_key(tmp_path: Path, text: str, complaint: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(UsageError, match=complaint) as raised:
        read_target(file)
    assert str(file) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "letmein" not in str(raised.value)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"absent\.toml cannot be read: No such file"):
        read_target(tmp_path / "absent.toml")
