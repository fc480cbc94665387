"""A change is a call's doing when it points at the call."""

from __future__ import annotations

import pytest

from gate.testbed.embedded import Embedded
from validators.document.operations import Operation
from validators.estates.estate import LEAST
from validators.estates.ground import stand
from validators.estates.states import State
from validators.messages.calls import Call, send
from validators.roles.role_effects import is_own_doing, is_unseen_end
from validators.roles.role_trials import Stage, Staging, stage

VIEW = "GET /notes"
CALL = Call(
    operation=Operation(method="PATCH", path="/notes/{id}"),
    path=("note-4711",),
    body={"text": "kmark0001", "n": 3},
)
SCENE = Stage({"note": "note-4711"}, lambda _: CALL, ())


def state(text: str, status: str = "200") -> State:
    return State(places={f"{VIEW} status": status}, texts={VIEW: text})


@pytest.mark.parametrize(
    ("quiet", "after", "own"),
    [
        (state("note-4711 old"), state("note-4711 kmark0001"), True),
        (state("note-4711 old"), state(""), True),
        (state("old"), state("no such note", "404"), True),
        (state("note-4711 1"), state("note-4711 2"), False),
        (state("note-4711 kmark0001"), state("note-4711 kmark0001 2"), False),
        (state("old"), state("slow down", "429"), False),
        (state("old"), state("note-4711"), False),
    ],
    ids=["sent", "gone", "not found", "counter", "known", "limited", "named in the path"],
)
def test_what_points_at_the_call(quiet: State, after: State, own: bool) -> None:
    assert is_own_doing(CALL, SCENE, quiet, after) is own


def test_an_end_that_no_read_shows_is_seen(testbed: Embedded) -> None:
    duel, _ = stand(testbed).duels()
    label = "DELETE /v1/uploads/{upload_id}"
    operation = next(each for each in duel.ground.operations if each.label == label)
    staged = stage(duel, operation, alone=False)
    assert isinstance(staged, Staging)
    scene, other = staged.fresh(), staged.fresh()
    admin = testbed.actor(duel.victim.client.tenant, "admin")
    assert send(admin, scene.call(LEAST)).status == 204
    assert is_unseen_end(duel, staged, scene)
    assert not is_unseen_end(duel, staged, other)
