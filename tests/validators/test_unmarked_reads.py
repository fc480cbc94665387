"""Does an owner's answer count that bears no mark: numbers, and what was there before the run?"""

from __future__ import annotations

import re
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Request, Response

from gate.check import Answer
from gate.model import Json
from tests.targets.heldout_atlas import Atlas
from tests.targets.heldout_atlas_core import dumped
from tests.targets.heldout_serving import heldout
from tests.validators.scripted import Duel, owner
from tests.validators.test_unseen_causes import looked, served
from validators.crossing.foreign_reads import another
from validators.crossing.owned_reads import is_positive, is_told_apart
from validators.document.operations import Operation
from validators.estates.estate import Estate
from validators.estates.things import Thing
from validators.messages.calls import Call

STATS = Operation(method="GET", path="/spaces/{slug}/stats")
OWN: dict[str, Json] = {"issues": 3, "members": 2}
GONE: tuple[int, Json] = (404, {"detail": "Not found."})


def asked(status: int, body: Json, *otherwise: tuple[int, Json]) -> tuple[Estate, Call, Answer]:
    """What the owner of a space gets for it, beside what others are answered in turn."""
    others = cycle(otherwise or [GONE])
    estate = owner(lambda _, path, __: (status, body) if "reds" in path else next(others))
    estate.ledger.take(Thing(resource="space", fields={"slug": "reds"}))
    call = Call(operation=STATS, path=("reds",))
    return estate, call, estate.send(call)


def test_numbers_that_only_ones_own_id_gets_are_a_control() -> None:
    estate, call, answer = asked(200, OWN)
    assert not is_positive(estate, call, answer)
    assert is_told_apart(estate, call, answer)


@pytest.mark.parametrize(
    "case",
    [
        asked(200, OWN, (200, OWN)),
        asked(200, OWN, (200, {"issues": 0, "members": 1}), (200, {"issues": 1, "members": 0})),
        asked(403, OWN),
        asked(200, []),
    ],
    ids=["the same for any id", "another each time", "refused", "empty"],
)
def test_what_does_not_hang_on_the_id_is_none(case: tuple[Estate, Call, Answer]) -> None:
    assert not is_told_apart(*case)


def test_what_no_tenant_is_known_to_have_is_none() -> None:
    estate, call, answer = asked(200, OWN)
    estate.ledger.things.clear()
    assert not is_told_apart(estate, call, answer)


class Open(Atlas):
    """A tracker that counts what is in a workspace for whoever asks."""

    def answer(self, request: Request) -> Response:
        found = re.fullmatch(r"/api/workspaces/([\w-]+)/stats/", request.path)
        if found and found[1] in self.at.workspaces and "authorization" not in request.headers:
            names = ("projects", "issues", "comments", "minutes", "members", "api_calls")
            said = dict.fromkeys(names, 1)
            return Response(dumped(said), mimetype="application/json")
        return super().answer(request)


def test_nobody_who_is_answered_as_the_owner_is_found(tmp_path: Path) -> None:
    with served("atlas", Open(), tmp_path) as testbed:
        result = looked(testbed, "read-by-id")
    assert not result.failures
    found = {(each.rule, each.subject) for each in result.findings}
    assert found == {("anonymous-read", "GET /api/workspaces/{slug}/stats/")}


@pytest.mark.parametrize("hints", [True, False])
def test_reads_by_signed_links_and_of_numbers_are_covered(hints: bool, tmp_path: Path) -> None:
    with heldout("atlas", "", tmp_path, hints) as testbed:
        result = looked(testbed, "read-by-id")
    assert not result.failures
    assert not result.findings
    assert not result.doubts


class Directory(Atlas):
    """A tracker in which everybody may search for anybody, and open them by their ids."""

    def answer(self, request: Request) -> Response:
        found = re.fullmatch(r"/api/users/(\d+)/", request.path)
        row = self.at.get("users", found[1]) if found else None
        if row is None or "authorization" not in request.headers:
            return super().answer(request)
        said = {name: row[name] for name in ("id", "username", "first_name", "email")}
        return Response(dumped(said), mimetype="application/json")


def test_a_search_of_whom_anybody_may_open_is_a_directory(tmp_path: Path) -> None:
    with served("atlas", Directory("users-search"), tmp_path) as testbed:
        result = looked(testbed, "list-leak")
    assert not result.failures
    assert not result.findings


class Readable(Atlas):
    """A tracker in which everybody may open any issue, also by the labels that all have."""

    def answer(self, request: Request) -> Response:
        found = re.fullmatch(r"/api/issues/(\d+)/", request.path)
        row = self.at.get("issues", found[1]) if found and request.method == "GET" else None
        if row is None or "authorization" not in request.headers:
            return super().answer(request)
        return Response(dumped(row), mimetype="application/json")


def test_what_anybody_may_open_may_be_shown_in_what_all_have(tmp_path: Path) -> None:
    with served("atlas", Readable("label-expand"), tmp_path) as testbed:
        result = looked(testbed, "read-by-id")
    assert not result.failures
    assert {each.subject for each in result.findings} == {"GET /api/issues/{id}/"}


def test_a_read_whose_object_is_in_no_ledger_is_repeated_as_it_was() -> None:
    said: Json = {"id": "snapshot-1", "text": "of the owner alone"}
    duel: Any = Duel(owner(lambda *_: (200, said)), owner())
    read = Operation(method="GET", path="/snapshots/{snapshot_id}")
    found = another(duel, Call(operation=read, path=("snapshot-1",)), [])
    assert found is not None
    assert found[0].path == ("snapshot-1",)
    assert list(found[1]) == ["of the owner alone"], "not the id, which was sent"
