"""What colleagues share is made before what a caller could make for himself alone."""

from __future__ import annotations

import pytest

from gate.model import Json
from validators.document.operations import list_operations
from validators.document.relations import related
from validators.estates.order import in_turn, is_personal

ADDED: Json = {"responses": {"201": {"description": "made"}}}


def document(*paths: str) -> dict[str, Json]:
    return {"openapi": "3.0.3", "paths": {path: {"post": ADDED} for path in paths}}


@pytest.mark.parametrize(
    ("own", "personal"),
    [
        ("/user/repos", True),
        ("/users/me/repos", True),
        ("/repos", False),
        ("/user/keys", False),
        ("/user/{username}/repos", False),
    ],
)
def test_what_is_made_for_oneself_waits_for_what_is_shared(own: str, personal: bool) -> None:
    read = document(own, "/orgs/{org}/repos", "/orgs/{org}/repos/{repo}/hooks")
    creations = related(read, list_operations(read))
    mine = next(each for each in creations if each.path == own)
    assert is_personal(mine, creations) is personal
    paths = [each.path for each in in_turn(creations, creations)]
    assert (paths.index("/orgs/{org}/repos") < paths.index(own)) is personal
    assert paths[-1] == "/orgs/{org}/repos/{repo}/hooks"
