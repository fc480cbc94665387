"""A lying proxy changes one thing, says where, and leaves everything else as it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

import pytest

from gate.catalogue import CHECKS
from gate.check import Answer, Lie, NoAnswerError
from gate.model import Json, Outcome
from gate.run import run
from gate.testbed.embedded import Embedded
from gate.testbed.lies import GOOD, mix
from gate.testbed.ports import LOOPBACK, reserve
from gate.testbed.proxy import Operations
from gate.testbed.sabotage import sabotaged

PROJECT = "GET /v1/projects/{project_id}"


def new_project(testbed: Embedded, tenant: str) -> str:
    name = f"project {uuid4().hex}"
    answer = testbed.actor(tenant).request("POST", "/v1/projects", body={"name": name})
    return str(field_of(answer, "id"))


def field_of(answer: Answer, name: str) -> Json:
    body = answer.json()
    assert isinstance(body, dict)
    return body[name]


def ask(testbed: Embedded, lie: Lie, method: str, path: str, **who: str) -> tuple[Answer, object]:
    with sabotaged(testbed, lie) as liar:
        actor = liar.testbed.actor(who.get("tenant", "globex"), who.get("role", "owner"))
        body: Json = {"description": "changed"} if method == "PATCH" else None
        return actor.request(method, path, body=body), dict(liar.told)


def test_a_read_lie_shows_another_tenant_s_object(testbed: Embedded) -> None:
    project = new_project(testbed, "acme")
    answer, told = ask(testbed, Lie.READ, "GET", f"/v1/projects/{project}")
    assert (answer.status, field_of(answer, "id")) == (200, project)
    assert told == {PROJECT: 1}


def test_a_write_lie_changes_another_tenant_s_object(testbed: Embedded) -> None:
    project = new_project(testbed, "acme")
    answer, told = ask(testbed, Lie.WRITE, "PATCH", f"/v1/projects/{project}")
    assert answer.status in GOOD
    after = testbed.actor("acme").request("GET", f"/v1/projects/{project}")
    assert field_of(after, "description") == "changed"
    assert told == {"PATCH /v1/projects/{project_id}": 1}


def test_an_error_lie_tells_the_owner_s_view_in_a_refusal(testbed: Embedded) -> None:
    project = new_project(testbed, "acme")
    answer, _ = ask(testbed, Lie.ERROR, "GET", f"/v1/projects/{project}")
    assert answer.status == 404
    assert project in answer.body


@pytest.mark.parametrize(("known", "status"), [(True, 403), (False, 404)])
def test_an_existence_lie_refuses_what_exists_in_another_way(
    testbed: Embedded, *, known: bool, status: int
) -> None:
    project = new_project(testbed, "acme") if known else str(uuid4())
    answer, told = ask(testbed, Lie.EXISTENCE, "GET", f"/v1/projects/{project}")
    assert answer.status == status
    assert bool(told) is known


def test_an_anonymous_lie_asks_for_no_credential(testbed: Embedded) -> None:
    who = {"tenant": "", "role": "anonymous"}
    answer, _ = ask(testbed, Lie.ANONYMOUS, "GET", "/v1/projects", **who)
    assert answer.status == 200


def test_a_role_lie_asks_for_no_permission(testbed: Embedded) -> None:
    project = new_project(testbed, "globex")
    answer, told = ask(testbed, Lie.ROLE, "PATCH", f"/v1/projects/{project}", role="viewer")
    assert answer.status == 200
    assert told == {"PATCH /v1/projects/{project_id}": 1}


def test_a_list_lie_mixes_in_what_another_tenant_was_shown(testbed: Embedded) -> None:
    project = new_project(testbed, "acme")
    with sabotaged(testbed, Lie.LIST) as liar:
        liar.testbed.actor("acme").request("GET", "/v1/projects")
        answer = liar.testbed.actor("globex").request("GET", "/v1/projects")
    assert project in answer.body


def test_a_header_lie_leaves_the_body_alone(testbed: Embedded) -> None:
    honest = testbed.actor("globex").request("GET", "/v1/me")
    answer, _ = ask(testbed, Lie.HEADER, "GET", "/v1/me")
    assert answer.body == honest.body
    assert "content-security-policy" in honest.headers
    assert "content-security-policy" not in answer.headers


def test_a_field_lie_leaves_one_field_out(testbed: Embedded) -> None:
    honest = testbed.actor("globex").request("GET", "/v1/me")
    answer, _ = ask(testbed, Lie.FIELD, "GET", "/v1/me")
    assert len(json.loads(answer.body)) == len(json.loads(honest.body)) - 1


def test_a_crash_lie_fails_now_and_then(testbed: Embedded) -> None:
    with sabotaged(testbed, Lie.CRASH) as liar:
        owner = liar.testbed.actor("globex")
        statuses = [owner.request("GET", "/v1/me").status for _ in range(4)]
    assert statuses == [500, 200, 200, 500]
    assert liar.told == {"GET /v1/me": 2}


def test_a_swallow_lie_acknowledges_what_never_happens(testbed: Embedded) -> None:
    with sabotaged(testbed, Lie.SWALLOW) as liar:
        owner = liar.testbed.actor("globex")
        names = [f"project {uuid4().hex}" for _ in range(3)]
        answers = [owner.request("POST", "/v1/projects", body={"name": each}) for each in names]
        listed = owner.request("GET", "/v1/projects?limit=200").body
    assert [answer.status for answer in answers] == [201, 201, 201]
    assert [name in listed for name in names] == [True, False, True]


@pytest.mark.parametrize("lie", [Lie.READ, Lie.LIST, Lie.ROLE, Lie.ANONYMOUS])
def test_a_lie_without_occasion_is_not_told(testbed: Embedded, lie: Lie) -> None:
    honest = testbed.actor("globex").request("GET", "/v1/me")
    answer, told = ask(testbed, lie, "GET", "/v1/me")
    assert answer.body == honest.body
    assert told == {}


def test_nothing_is_answered_for_a_target_that_is_gone(testbed: Embedded) -> None:
    with reserve() as port:
        dead = replace(testbed.target, base_url=f"http://{LOOPBACK}:{port}")
        with sabotaged(replace(testbed, target=dead), Lie.READ) as liar:
            with pytest.raises(NoAnswerError):
                liar.testbed.actor("globex").request("GET", "/v1/me")
            assert liar.told == {}


@pytest.mark.parametrize(
    ("method", "path", "label"),
    [
        ("GET", "/runs/7", "GET /runs/{id}"),
        ("GET", "/runs/search", "GET /runs/search"),
        ("POST", "/runs/7:restore", "POST /runs/{id}:restore"),
        ("PUT", "/runs/7", "PUT /runs/7"),
        ("GET", "/runs/7/", "GET /runs/7/"),
    ],
)
def test_an_operation_is_found_by_the_most_literal_path(method: str, path: str, label: str) -> None:
    document: Mapping[str, Json] = {
        "paths": {
            "/runs/{id}": {"get": {}, "parameters": []},
            "/runs/search": {"get": {}},
            "/runs/{id}:restore": {"post": {}},
        }
    }
    assert Operations.of(document).name(method, path) == label


def test_lists_are_mixed_where_they_stand() -> None:
    assert mix([1], [2]) == [1, 2]
    assert mix({"items": [1], "next": None}, {"items": [2]}) == {"items": [1, 2], "next": None}
    assert mix({"items": [1]}, {"items": []}) is None
    assert mix("a", "b") is None


@pytest.mark.parametrize(
    "name",
    [
        "isolation.list-leak",
        # Four kinds of lies, each looked for by all of its requests.
        pytest.param("isolation.read-by-id", marks=pytest.mark.matrix),
        "security.headers",
    ],
)
def test_a_check_finds_out_every_lie_in_the_live_service(testbed: Embedded, name: str) -> None:
    result = run(CHECKS[name], testbed, lambda _: None, sabotage=True)
    assert result.sabotages
    assert [each for each in result.sabotages if not each.caught] == []
    assert result.outcome is Outcome.PASS
