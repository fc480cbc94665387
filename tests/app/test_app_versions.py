"""Do stages, aliases and artifacts of versions keep their promises, also when two act at once?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

import pytest
from apiflask import APIFlask

from app.schemas.models import Stage
from app.stages import MOVES, may_move
from tests.app.callers import Caller, World, build_world, upload_artifact

WAYS = {
    "none": [],
    "staging": ["staging"],
    "production": ["staging", "production"],
    "archived": ["archived"],
}


def new_version(owner: Caller, world: World, stage: str = "none", existing: str = "keep") -> str:
    """The path of a new version that has gone to this stage."""
    made = owner.make(f"/v1/models/{world.model_id}/versions")
    path = f"/v1/models/{world.model_id}/versions/{made['version']}"
    for step in WAYS[stage]:
        owner.make(f"{path}:transition", stage=step, existing=existing)
    return path


def at_once(service: APIFlask, key: str, paths: list[str], body: dict[str, object]) -> list[int]:
    """The statuses of POST requests that are sent at the same moment."""
    barrier = Barrier(len(paths))

    def send(path: str) -> int:
        barrier.wait()
        return Caller(service.test_client(), key).ask("POST", path, body).status_code

    with ThreadPoolExecutor(len(paths)) as pool:
        return sorted(pool.map(send, paths))


@pytest.mark.parametrize(("present", "wanted"), list(product(Stage, Stage)))
def test_only_legal_moves_are_made(owner: Caller, present: Stage, wanted: Stage) -> None:
    path = new_version(owner, build_world(owner, "own"), present)
    answer = owner.ask("POST", f"{path}:transition", {"stage": wanted, "existing": "keep"})
    assert answer.status_code == (200 if may_move(present, wanted) else 409)
    assert owner.read(path)["stage"] == (wanted if answer.status_code == 200 else present)


def test_production_is_reached_through_staging_only() -> None:
    assert {stage for stage, moves in MOVES.items() if Stage.PRODUCTION in moves} == {Stage.STAGING}


def test_one_version_is_in_production_unless_asked(owner: Caller) -> None:
    world = build_world(owner, "own")
    first, second, third = (new_version(owner, world, "staging") for _ in range(3))
    owner.make(f"{first}:transition", stage="production")
    refused = owner.ask("POST", f"{second}:transition", {"stage": "production"})
    assert (refused.status_code, refused.get_json()["code"]) == (409, "production-taken")
    owner.make(f"{second}:transition", stage="production", existing="archive")
    owner.make(f"{third}:transition", stage="production", existing="keep")
    stages = [owner.read(path)["stage"] for path in (first, second, third)]
    assert stages == ["archived", "production", "production"]


@pytest.mark.parametrize(
    ("existing", "statuses"), [("refuse", [200, 409]), ("archive", [200, 200])]
)
def test_two_at_once_leave_one_in_production(
    service: APIFlask, owner: Caller, existing: str, statuses: list[int]
) -> None:
    world = build_world(owner, "own")
    paths = [new_version(owner, world, "staging") for _ in range(2)]
    body: dict[str, object] = {"stage": "production", "existing": existing}
    assert at_once(service, owner.key, [f"{path}:transition" for path in paths], body) == statuses
    assert sorted(owner.read(path)["stage"] == "production" for path in paths) == [False, True]


def test_an_alias_moves_between_versions_and_is_read_with_them(owner: Caller) -> None:
    world = build_world(owner, "own")
    path = new_version(owner, world)
    alias = f"/v1/models/{world.model_id}/aliases/champion"
    assert owner.read(alias)["version"] == 1
    moved = owner.ask("PUT", alias, {"version": 2})
    assert (moved.status_code, moved.get_json()["aliases"]) == (200, ["champion"])
    owner.ask("PUT", f"/v1/models/{world.model_id}/aliases/a", {"version": 2})
    assert owner.read(path)["aliases"] == ["a", "champion"]
    listed = owner.read(f"/v1/models/{world.model_id}/versions")["items"]
    assert [version["aliases"] for version in listed] == [["a", "champion"], []]
    assert owner.read(alias) == owner.read(path)
    assert [owner.ask("DELETE", alias).status_code for _ in range(2)] == [204, 404]
    assert owner.ask("GET", alias).status_code == 404


@pytest.mark.parametrize(("name", "version"), [("champion", 9), ("Champion", 1), ("1st", 1)])
def test_an_alias_has_a_plain_name_and_an_existing_version(
    owner: Caller, name: str, version: int
) -> None:
    world = build_world(owner, "own")
    path = f"/v1/models/{world.model_id}/aliases/{name}"
    assert owner.ask("PUT", path, {"version": version}).status_code == 404


def test_a_versions_words_change_and_nothing_else(owner: Caller) -> None:
    path = new_version(owner, build_world(owner, "own"))
    before = owner.read(path)
    answer = owner.ask("PATCH", path, {"description": "new"})
    assert answer.get_json() == before | {
        "description": "new",
        "updated_at": answer.get_json()["updated_at"],
    }
    assert answer.get_json()["updated_at"] > before["updated_at"]
    assert owner.ask("PATCH", path, {"stage": "production"}).status_code == 422


def test_a_deleted_version_takes_its_aliases_and_its_number_along(owner: Caller) -> None:
    world = build_world(owner, "own")
    path = new_version(owner, world)
    owner.ask("PUT", f"/v1/models/{world.model_id}/aliases/second", {"version": 2})
    assert owner.ask("DELETE", path).status_code == 204
    assert owner.ask("GET", path).status_code == 404
    assert owner.ask("GET", f"/v1/models/{world.model_id}/aliases/second").status_code == 404
    assert owner.make(f"/v1/models/{world.model_id}/versions")["version"] == 3


@pytest.mark.parametrize(
    ("version", "code"), [("1", "deployed"), ("2", "in-production")], ids=["deployed", "production"]
)
def test_a_version_in_use_cannot_be_deleted(owner: Caller, version: str, code: str) -> None:
    world = build_world(owner, "own")
    new_version(owner, world, "production")
    answer = owner.ask("DELETE", f"/v1/models/{world.model_id}/versions/{version}")
    assert (answer.status_code, answer.get_json()["code"]) == (409, code)


@pytest.mark.parametrize("path", ["/v1/models/{model_id}", "/v1/projects/{project_id}"])
def test_what_is_deployed_cannot_be_deleted(owner: Caller, path: str) -> None:
    world = build_world(owner, "own")
    refused = owner.ask("DELETE", world.fill(path))
    assert (refused.status_code, refused.get_json()["code"]) == (409, "deployed")
    owner.ask("DELETE", f"/v1/deployments/{world.deployment_id}")
    assert owner.ask("DELETE", world.fill(path)).status_code == 204


def test_a_version_names_artifacts_which_then_stay(owner: Caller) -> None:
    world = build_world(owner, "own")
    more = upload_artifact(owner, world.run_id, "more.bin")["id"]
    ids = sorted([world.artifact_id, more])
    wanted = [more, world.artifact_id, more]
    made = owner.make(f"/v1/models/{world.model_id}/versions", artifact_ids=wanted)
    assert made["artifact_ids"] == ids
    refused = owner.ask("DELETE", f"/v1/artifacts/{more}")
    assert (refused.status_code, refused.get_json()["code"]) == (409, "in-use")
    assert owner.ask("DELETE", f"/v1/runs/{world.run_id}").status_code == 204
    assert owner.ask("GET", f"/v1/artifacts/{more}/content").status_code == 200


def test_a_foreign_artifact_cannot_be_named(
    owner: Caller, new_owner: Callable[..., Caller]
) -> None:
    foreign, own = build_world(new_owner(), "victim"), build_world(owner, "own")
    body = {"artifact_ids": [own.artifact_id, foreign.artifact_id]}
    path = f"/v1/models/{own.model_id}/versions"
    assert owner.ask("POST", path, body).status_code == 404
    assert len(owner.read(path)["items"]) == 1
